package campaign

import (
	"github.com/coldwatch/coldwatch"
)

// What an analyst's words say of one sighting, as bits.
const (
	saidBenign = 1 << iota
	saidAlone
	saidHeld   // apart from another: placed after all that is not disputed
	saidLinked // to another, whatever its verdict
)

// Say takes an analyst's word in. "must-link", "cannot-link" and "same-look" speak of Message and Other, either of
// which may be a campaign's id, which stands for the sighting that the campaign is named after; "not-part" of Message
// and Campaign; "benign" of Message. Other kinds are no matter of linking. A word with Undone takes back the word of
// that id. Words take effect for new sightings at once and for all at the next [Linker.Relink].
func (l *Linker) Say(w coldwatch.Word) {
	l.stale = true
	for i := range l.words {
		if l.words[i].ID == w.ID {
			l.words[i] = w
			l.compile()
			return
		}
	}
	l.words = append(l.words, w)
	l.compile()
}

// Words returns the words said, in order of saying.
func (l *Linker) Words() []coldwatch.Word { return append([]coldwatch.Word(nil), l.words...) }

// A verbs holds the words in force as pairs of sighting ids.
type verbs struct {
	must, cannot [][2]string
}

// compile makes the words ready. A campaign's id stands for its anchor, so that the meaning does not depend on what
// the campaign held at the time of saying.
func (l *Linker) compile() {
	l.said = map[string]int{}
	l.verbs = verbs{}
	anchors := l.anchors()
	as := func(id string) string {
		if a, ok := anchors[id]; ok {
			return a
		}
		return id
	}
	for _, w := range l.words {
		if w.Undone {
			continue
		}
		a, b := as(w.Message), as(w.Other)
		if a == "" {
			a = as(w.Campaign)
		} else if b == "" {
			b = as(w.Campaign)
		}
		switch w.Kind {
		case "must-link":
			if a != "" && b != "" && a != b {
				l.must = append(l.must, [2]string{a, b})
				l.said[a] |= saidLinked
				l.said[b] |= saidLinked
			}
		case "cannot-link", "same-look", "not-part":
			if a == b || b == "" { // the sighting that the campaign is named after: it stands alone
				l.said[a] |= saidAlone
				continue
			}
			l.said[a] |= saidHeld
			if w.Kind != "not-part" {
				l.said[b] |= saidHeld
			}
			l.cannot = append(l.cannot, [2]string{a, b})
		case "benign":
			l.said[a] |= saidBenign
		}
	}
}

// anchors maps the campaign ids that words name to the sighting each is named after.
func (l *Linker) anchors() map[string]string {
	want := map[string]bool{}
	for _, w := range l.words {
		for _, id := range [3]string{w.Message, w.Other, w.Campaign} {
			if isCampaign(id) {
				want[id] = true
			}
		}
	}
	out := map[string]string{}
	if len(want) == 0 {
		return out
	}
	for r := range l.t.ids.len() {
		id := l.t.ids.at(uint32(r))
		if n := nameOf(id); want[n] && (out[n] == "" || id < out[n]) {
			out[n] = id
		}
	}
	return out
}

// rows returns pairs of ids as pairs of rows, unknown sightings left out.
func (l *Linker) pairs(ids [][2]string) (out [][2]uint32) {
	for _, p := range ids {
		a, ok1 := l.t.ids.row(p[0])
		b, ok2 := l.t.ids.row(p[1])
		if ok1 && ok2 {
			out = append(out, [2]uint32{a, b})
		}
	}
	return out
}

// forbidden tells whether a word keeps row r out of a cluster.
func (l *Linker) forbidden(r, label uint32) bool {
	if len(l.words) == 0 {
		return false
	}
	if l.said[l.t.ids.at(r)]&saidAlone != 0 || l.said[l.t.ids.at(label)]&saidAlone != 0 {
		return true
	}
	for _, p := range l.pairs(l.cannot) {
		if p[0] == r && l.label[p[1]] == label || p[1] == r && l.label[p[0]] == label {
			return true
		}
	}
	return false
}

// forbiddenPair tells whether a word keeps two clusters apart.
func (l *Linker) forbiddenPair(ra, rb []uint32) bool {
	la, lb := l.label[ra[0]], l.label[rb[0]]
	for _, p := range l.pairs(l.cannot) {
		x, y := l.label[p[0]], l.label[p[1]]
		if x == la && y == lb || x == lb && y == la {
			return true
		}
	}
	return false
}
