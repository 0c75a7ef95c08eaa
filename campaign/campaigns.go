package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// nameOf is the campaign id that a sighting gives when a campaign is named after it: "c-" and the first 10 hex digits of
// the sighting's id.
func nameOf(id string) string {
	if len(id) >= 10 && strings.Trim(id[:10], "0123456789abcdef") == "" {
		return "c-" + id[:10]
	}
	h := sha256.Sum256([]byte(id))
	return "c-" + hex.EncodeToString(h[:5])
}

func isCampaign(id string) bool { return len(id) == 12 && strings.HasPrefix(id, "c-") }

// fresh names a campaign after its first member, or the first later one whose name was never given.
func (l *Linker) fresh(first uint32) string {
	name := nameOf(l.t.ids.at(first))
	for n := byte('a'); l.events[name] != nil; n++ { // the name was given in another life of the cluster
		name = nameOf("again " + string(n) + l.t.ids.at(first))
	}
	return name
}

// rename gives the clusters of two or more their ids: the largest overlap with a campaign of before keeps its id, the
// rest are named after their first member. It returns the events.
func (l *Linker) rename(old []uint32) []coldwatch.CampaignEvent {
	before := l.names
	type overlap struct {
		name  string
		label uint32
		n     int
	}
	labels := l.sorted()
	count := map[string]map[uint32]int{}
	was := map[uint32]string{} // row → campaign before
	for r, lab := range old {
		if n := before[lab]; n != "" {
			was[uint32(r)] = n
			if l.clusters[l.label[r]] != nil {
				if count[n] == nil {
					count[n] = map[uint32]int{}
				}
				count[n][l.label[r]]++
			}
		}
	}
	var all []overlap
	for name, m := range count {
		for lab, n := range m {
			all = append(all, overlap{name, lab, n})
		}
	}
	slices.SortFunc(all, func(a, b overlap) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name), cmp.Compare(l.t.ids.at(l.clusters[a.label].rows[0]), l.t.ids.at(l.clusters[b.label].rows[0])))
	})
	l.names = map[uint32]string{}
	taken := map[string]uint32{}
	for _, o := range all {
		if _, ok := taken[o.name]; !ok && l.names[o.label] == "" {
			l.names[o.label] = o.name
			taken[o.name] = o.label
		}
	}
	var out []coldwatch.CampaignEvent
	add := func(campaign string, e event) { out = append(out, l.note(campaign, e)) }
	for _, lab := range labels {
		if l.names[lab] == "" {
			first := l.first(lab)
			l.names[lab] = l.fresh(first)
			add(l.names[lab], event{Kind: opened, Row: first + 1, Reason: "the re-link pass found these sightings to be one operation"})
		}
	}
	const apart = "with all sightings counted, the evidence between the two parts does not reach the threshold"
	const together = "with all sightings counted, the evidence between the two reaches the threshold"
	for _, o := range all {
		now := l.names[o.label]
		if now == o.name {
			continue
		}
		if _, alive := taken[o.name]; alive {
			add(o.name, event{Kind: split, Other: now, Reason: apart})
		} else {
			add(o.name, event{Kind: merged, Other: now, Reason: together})
			add(now, event{Kind: merged, Other: o.name, Reason: together})
		}
	}
	l.moves(was, add)
	return out
}

// moves tells of single sightings that joined or left.
func (l *Linker) moves(was map[uint32]string, add func(string, event)) {
	for _, r := range l.t.canonical(func(r uint32) bool { return was[r] != l.names[l.label[r]] }) {
		now := l.names[l.label[r]]
		if was[r] != "" && now == "" {
			add(was[r], event{Kind: left, Row: r + 1, Reason: "its evidence no longer reaches the threshold"})
		}
		if was[r] == "" && now != "" {
			add(now, event{Kind: joined, Row: r + 1, Reason: "linked in the re-link pass"})
		}
	}
}

// sorted returns the labels of the clusters by their first member.
func (l *Linker) sorted() []uint32 {
	out := make([]uint32, 0, len(l.clusters))
	for lab := range l.clusters {
		out = append(out, lab)
	}
	slices.SortFunc(out, func(a, b uint32) int {
		if l.t.before(l.first(a), l.first(b)) {
			return -1
		}
		return 1
	})
	return out
}

func (l *Linker) first(label uint32) uint32 {
	f := l.clusters[label].rows[0]
	for _, r := range l.clusters[label].rows {
		if l.t.before(r, f) {
			f = r
		}
	}
	return f
}

// Campaigns returns the clusters of two or more sightings, by their first sighting.
func (l *Linker) Campaigns() []coldwatch.Campaign {
	var out []coldwatch.Campaign
	for _, lab := range l.sorted() {
		out = append(out, l.campaign(lab))
	}
	return out
}

func (l *Linker) campaign(label uint32) coldwatch.Campaign {
	c := coldwatch.Campaign{ID: l.names[label], Events: l.History(l.names[label])}
	for _, r := range l.clusters[label].rows {
		c.Members = append(c.Members, l.t.ids.at(r))
	}
	slices.Sort(c.Members)
	return c
}

// Campaign returns a campaign that stands.
func (l *Linker) Campaign(id string) (coldwatch.Campaign, bool) {
	lab, ok := l.labelOf(id)
	if !ok || l.clusters[lab] == nil {
		return coldwatch.Campaign{}, false
	}
	return l.campaign(lab), true
}

// EventsSince returns the events of every campaign beyond the number that told has of it, and counts them into told.
func (l *Linker) EventsSince(told map[string]int) []coldwatch.CampaignEvent {
	var out []coldwatch.CampaignEvent
	for _, id := range slices.Sorted(maps.Keys(l.events)) {
		for n := told[id]; n < len(l.events[id]); n++ {
			out = append(out, l.show(id, l.events[id][n]))
		}
		told[id] = max(told[id], len(l.events[id]))
	}
	slices.SortStableFunc(out, func(a, b coldwatch.CampaignEvent) int { return a.At.Compare(b.At) })
	return out
}

// Singles returns the hostile sightings that stand alone, by receipt: each a possible campaign of one message.
func (l *Linker) Singles() []string {
	var out []string
	for _, r := range l.t.canonical(func(r uint32) bool { return l.t.class[r] == classLink && l.clusters[l.label[r]] == nil }) {
		out = append(out, l.t.ids.at(r))
	}
	return out
}

// Alone tells whether a sighting is hostile and stands alone.
func (l *Linker) Alone(id string) bool {
	r, ok := l.t.ids.row(id)
	return ok && l.t.class[r] == classLink && l.clusters[l.label[r]] == nil
}

// Stale tells whether sightings or words came since the last [Linker.Relink].
func (l *Linker) Stale() bool { return l.stale }

// labelOf returns the label of a campaign id.
func (l *Linker) labelOf(id string) (uint32, bool) {
	for lab, n := range l.names {
		if n == id {
			return lab, true
		}
	}
	return 0, false
}
