package profile

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Options are what a profile needs besides sightings and pack. The zero Options work; what they leave out is then not
// assessed.
type Options struct {
	Telemetry  time.Time              // first day for which mail was seen at all
	Now        time.Time              // clock of the data: the last receipt of any mail; zero: that of the campaign
	Seen       map[string]int         // all mail seen by reporting organisation, the denominator of the targeting index
	Past       [][]string             // targets of other campaigns, for who is next
	Anchors    []Anchor               // hard dates for the start
	Hypotheses []Hypothesis           // an analyst's, besides the pack's classes
	Evidence   []coldwatch.GradedItem // an analyst's
	Excursions []coldwatch.Excursion  // temperatures past a limit, of any lane
	Weights    Weights                // of the score of who is next; zero: DefaultWeights
	Memo       *Memo                  // shared by campaigns that are profiled in one go; nil: each has its own
}

// Build makes the profile of a campaign from its sightings. Sightings that the campaign does not list are left out; a
// campaign that lists none takes all. The version is left 0; Revise sets it.
func Build(c coldwatch.Campaign, sightings []coldwatch.Sighting, pack *knowledge.Pack, o Options) coldwatch.Profile {
	f := NewFold()
	member := make(map[string]bool, len(c.Members))
	for _, id := range c.Members {
		member[id] = true
	}
	for i := range sightings {
		if len(member) == 0 || member[sightings[i].ID] {
			f.Add(&sightings[i])
		}
	}
	return f.Profile(c.ID, pack, o)
}

// resolve names the organisation that was hit: the one that reported the message from its own mailboxes, else the one
// addressed; "" when the pack knows neither.
func (e entry) resolve(pack *knowledge.Pack) string {
	for _, id := range [2]string{e.member, e.target} {
		if id != "" && pack.Organisation(id) != nil {
			return id
		}
	}
	return ""
}

// Profile works the dossier out from the sums.
func (f *Fold) Profile(id string, pack *knowledge.Pack, o Options) coldwatch.Profile {
	p := coldwatch.Profile{Campaign: id, Pack: strings.TrimSpace(pack.Name + " " + pack.Version), Messages: len(f.seen), Members: sortedKeys(f.seen),
		Possible: len(f.seen) == 1, Claims: maps.Clone(f.claims)}
	entries := f.victims(&p, pack)
	f.methods(&p, pack)
	targets := map[string]bool{}
	for _, t := range p.Targets {
		targets[t.Organisation] = true
	}
	partner := ""
	if mostly(&p) {
		partner = p.Impersonated[0].Value
	}
	now := o.Now
	if now.IsZero() || now.Before(p.Last) {
		now = p.Last
	}
	p.Stages = stages(pack, targets)
	p.Timeline = waves(entries)
	memo := o.Memo
	if memo == nil {
		memo = f.memo
	}
	p.Phases = f.phases(memo)
	p.Start = estimateStart(f.firstSightings(&p), o)
	p.Activity = activity(sortedDays(f.days), now)
	p.HalfLife = halfLife(p.Infrastructure, p.Last, p.Last.Sub(p.First))
	p.Specificity, p.RoleIndexes = specificity(pack, entries, o)
	p.NotTargeted = notTargeted(pack, targets, o)
	p.Relations = relations(pack, targets, partner)
	p.Doses = doses(pack, targets)
	p.Excursions = excursions(o.Excursions, targets)
	var expected float64
	p.Size, expected = size(pack, targets, o)
	p.Next = next(pack, targets, partner, expected, o)
	evidence := append(automatic(&p, f), o.Evidence...)
	p.Attribution = memo.attribute(pack.Priors, o.Hypotheses, evidence, len(p.Targets))
	describe(&p, f, o)
	return p
}

// victims fills targets, countries, roles and functions, and gives the entries with their target resolved.
func (f *Fold) victims(p *coldwatch.Profile, pack *knowledge.Pack) []entry {
	byOrg := map[string]*coldwatch.TargetEntry{}
	countries, roles := map[string]tally{}, map[string]tally{}
	entries := make([]entry, 0, len(p.Members))
	for _, id := range p.Members {
		e := f.seen[id]
		e.target = e.resolve(pack)
		entries = append(entries, e)
		at := clock(e.at)
		if e.at != 0 {
			if p.First.IsZero() || at.Before(p.First) {
				p.First = at
			}
			if at.After(p.Last) {
				p.Last = at
			}
		}
		if e.target == "" {
			p.Unknown++
			continue
		}
		t := byOrg[e.target]
		if t == nil {
			org := pack.Organisation(e.target)
			t = &coldwatch.TargetEntry{Organisation: org.ID, Name: org.Name, Roles: org.Roles, Country: org.Country, First: at}
			byOrg[e.target] = t
		}
		t.Messages++
		t.Sightings = append(t.Sightings, id)
		if e.function != "" && !slices.Contains(t.Functions, e.function) {
			t.Functions = append(t.Functions, e.function)
		}
		if e.at != 0 && (t.First.IsZero() || at.Before(t.First)) {
			t.First = at
		}
		if at.After(t.Last) {
			t.Last = at
		}
		one := tally{1, e.at, e.at}
		if t.Country != "" {
			countries[t.Country] = countries[t.Country].with(one)
		}
		for _, r := range t.Roles {
			roles[r] = roles[r].with(one)
		}
	}
	for _, t := range byOrg {
		slices.Sort(t.Functions)
		p.Targets = append(p.Targets, *t)
	}
	sort.Slice(p.Targets, func(i, j int) bool {
		a, b := p.Targets[i], p.Targets[j]
		if !a.First.Equal(b.First) {
			return a.First.Before(b.First)
		}
		return a.Organisation < b.Organisation
	})
	p.Countries = sharesOf(countries, nil)
	p.Roles = sharesOf(roles, func(id string) string {
		if r := pack.Role(id); r != nil {
			return r.Name
		}
		return ""
	})
	return entries
}

func sharesOf(tallies map[string]tally, name func(string) string) []coldwatch.Share {
	f := Fold{}
	f.shares[0] = tallies
	return f.share(0, name)
}

// methods fills capability and infrastructure.
func (f *Fold) methods(p *coldwatch.Profile, pack *knowledge.Pack) {
	organisation := func(id string) string {
		if o := pack.Organisation(id); o != nil {
			return o.Name
		}
		return ""
	}
	p.Impersonated = f.share(impersonated, organisation)
	p.Personas = f.share(personas, nil)
	p.Functions = f.share(functions, nil)
	p.Themes = f.share(themes, nil)
	p.Acts = f.share(acts, nil)
	p.Carriers = f.share(carriers, nil)
	p.Models = f.share(models, nil)
	p.Programmes = f.share(programmes, func(id string) string { return programmeName(pack, id) })
	p.Layers = f.share(layers, nil)
	p.Techniques = f.share(techniques, nil)
	p.Objectives = f.share(objectives, nil)
	p.Classes = f.share(classes, nil)
	p.Fidelity = rangeOf(f.fid)
	p.TTI = rangeOf(f.tti)
	for k, t := range f.infra {
		p.Infrastructure = append(p.Infrastructure, coldwatch.Infrastructure{
			Observable: coldwatch.Observable{Kind: k.kind, Value: k.value, Role: k.role, Name: t.name, Owned: !t.shared},
			Messages:   t.n, First: clock(t.first), Last: clock(t.last)})
	}
	sort.Slice(p.Infrastructure, func(i, j int) bool {
		a, b := &p.Infrastructure[i], &p.Infrastructure[j]
		if a.Messages != b.Messages {
			return a.Messages > b.Messages
		}
		if a.Kind != b.Kind {
			return a.Kind < b.Kind
		}
		if a.Value != b.Value {
			return a.Value < b.Value
		}
		return a.Role < b.Role
	})
	months := make([]int64, 0, len(f.months))
	for m := range f.months {
		months = append(months, m)
	}
	slices.Sort(months)
	for _, m := range months {
		p.FidelityOverTime = append(p.FidelityOverTime, coldwatch.FidelityPoint{From: clock(m), Messages: f.months[m].n,
			Fidelity: rangeOf(f.months[m].fid), Claims: maps.Clone(f.months[m].claims)})
	}
}

// firstSightings gives the first sighting of each organisation, or of each day where fewer than three are known.
func (f *Fold) firstSightings(p *coldwatch.Profile) []int64 {
	var out []int64
	for _, t := range p.Targets {
		if !t.First.IsZero() {
			out = append(out, t.First.Unix())
		}
	}
	if len(out) < 3 {
		byDay := map[int64]int64{}
		for _, e := range f.seen {
			if e.at == 0 {
				continue
			}
			d := floorDay(e.at)
			if first, known := byDay[d]; !known || e.at < first {
				byDay[d] = e.at
			}
		}
		out = out[:0]
		for _, at := range byDay {
			out = append(out, at)
		}
	}
	if !p.First.IsZero() {
		out = append(out, p.First.Unix()) // a message to an unknown organisation may be the earliest
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sortedDays(days map[int64]map[view]map[string]int) []int64 {
	out := make([]int64, 0, len(days))
	for d := range days {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}
