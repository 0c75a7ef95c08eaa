package profile

import (
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/coldwatch/coldwatch"
)

// A Fold holds the sums of a campaign's sightings. Adding is commutative and a repeated sighting counts once, so two
// folds of the same set are equal however they came about. The zero Fold is not ready; use NewFold.
type Fold struct {
	seen   map[string]entry // by sighting id
	shares [kinds]map[string]tally
	infra  map[infraKey]infraTally
	claims map[string]int
	months map[int64]*month                  // by first day of the month, Unix seconds
	days   map[int64]map[view]map[string]int // drift counts by day, Unix days
	fid    map[int]int                       // fidelity, where something could be checked → messages
	tti    map[float64]int
	memo   *Memo
}

// An entry is what is kept of one sighting.
type entry struct {
	at       int64 // Unix seconds, 0 when not known
	member   string
	target   string
	function string
}

// Kinds of share that a fold counts.
const (
	impersonated = iota
	personas
	functions
	themes
	acts
	carriers
	models
	programmes
	layers
	techniques
	objectives
	findings
	senders
	classes
	kinds
)

type tally struct {
	n           int
	first, last int64
}

func (t tally) with(o tally) tally {
	if t.n == 0 {
		return o
	}
	if o.n == 0 {
		return t
	}
	t.n += o.n
	if t.first == 0 || o.first != 0 && o.first < t.first {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	return t
}

type infraKey struct {
	kind  coldwatch.ObservableKind
	value string
	role  string
}

type infraTally struct {
	tally
	name   string
	shared bool // some sighting held it for shared or borrowed
}

type month struct {
	n      int
	fid    map[int]int
	claims map[string]int
}

// NewFold returns an empty fold.
func NewFold() *Fold {
	f := &Fold{seen: map[string]entry{}, infra: map[infraKey]infraTally{}, claims: map[string]int{}, months: map[int64]*month{},
		days: map[int64]map[view]map[string]int{}, fid: map[int]int{}, tti: map[float64]int{}, memo: NewMemo()}
	for i := range f.shares {
		f.shares[i] = map[string]tally{}
	}
	return f
}

// Len returns the number of sightings in the fold.
func (f *Fold) Len() int { return len(f.seen) }

// Add counts a sighting and tells whether it was new.
func (f *Fold) Add(s *coldwatch.Sighting) bool {
	if _, again := f.seen[s.ID]; again {
		return false
	}
	at := unix(s.Received)
	f.seen[s.ID] = entry{at: at, member: s.Organisation, target: s.Target.Organisation, function: s.Target.Function}
	one := tally{1, at, at}
	for kind, values := range shown(s) {
		for i, v := range values {
			if v != "" && !slices.Contains(values[:i], v) {
				f.shares[kind][v] = f.shares[kind][v].with(one)
			}
		}
	}
	f.addInfrastructure(s, one)
	f.addKnowledge(s)
	f.addDrift(s)
	return true
}

// shown gives the values of a sighting that are counted in shares, by kind.
func shown(s *coldwatch.Sighting) (out [kinds][]string) {
	out[impersonated] = []string{s.Impersonated.Organisation}
	out[personas] = []string{s.Impersonated.Persona}
	out[functions] = []string{s.Target.Function}
	out[themes] = []string{s.Lure.Theme}
	out[acts] = []string{s.Lure.Act}
	out[carriers] = []string{s.Carrier}
	out[models] = s.Lure.Models
	out[programmes] = s.Lure.Programmes
	out[layers] = s.Layers
	out[techniques] = s.Techniques
	out[objectives] = []string{s.Objective}
	out[findings] = s.Kinds
	out[classes] = []string{string(s.Class)}
	out[senders] = s.Values(coldwatch.ViewSender)
	return out
}

func (f *Fold) addInfrastructure(s *coldwatch.Sighting, one tally) {
	for i, o := range s.Observables {
		k := infraKey{o.Kind, o.Value, o.Role}
		if slices.ContainsFunc(s.Observables[:i], func(p coldwatch.Observable) bool { return infraKey{p.Kind, p.Value, p.Role} == k }) {
			continue
		}
		t := f.infra[k]
		t.tally = t.with(one)
		t.shared = t.shared || !o.Owned
		if o.Name != "" && (t.name == "" || o.Name < t.name) {
			t.name = o.Name
		}
		f.infra[k] = t
	}
}

func (f *Fold) addKnowledge(s *coldwatch.Sighting) {
	f.tti[s.TTI]++
	for r, n := range s.Lure.Claims {
		f.claims[r] += n
	}
	if s.Lure.FidelityOf > 0 {
		f.fid[s.Lure.Fidelity]++
	}
	if s.Received.IsZero() {
		return
	}
	t := s.Received.UTC()
	key := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).Unix()
	m := f.months[key]
	if m == nil {
		m = &month{fid: map[int]int{}, claims: map[string]int{}}
		f.months[key] = m
	}
	m.n++
	for r, n := range s.Lure.Claims {
		m.claims[r] += n
	}
	if s.Lure.FidelityOf > 0 {
		m.fid[s.Lure.Fidelity]++
	}
}

// Merge adds another fold's sightings that this one does not have. The folds must be disjoint or one a copy of the
// other; sums of folds that overlap in part cannot be told apart, so such a fold is refused and false is returned.
func (f *Fold) Merge(o *Fold) bool {
	for id := range o.seen {
		if _, twice := f.seen[id]; twice {
			return false
		}
	}
	maps.Copy(f.seen, o.seen)
	for i := range f.shares {
		for v, t := range o.shares[i] {
			f.shares[i][v] = f.shares[i][v].with(t)
		}
	}
	for k, t := range o.infra {
		mine := f.infra[k]
		mine.tally = mine.with(t.tally)
		mine.shared = mine.shared || t.shared
		if t.name != "" && (mine.name == "" || t.name < mine.name) {
			mine.name = t.name
		}
		f.infra[k] = mine
	}
	addCounts(f.claims, o.claims)
	addCounts(f.fid, o.fid)
	addCounts(f.tti, o.tti)
	for k, m := range o.months {
		mine := f.months[k]
		if mine == nil {
			mine = &month{fid: map[int]int{}, claims: map[string]int{}}
			f.months[k] = mine
		}
		mine.n += m.n
		addCounts(mine.fid, m.fid)
		addCounts(mine.claims, m.claims)
	}
	for d, views := range o.days {
		for v, counts := range views {
			addCounts(f.drift(d, v), counts)
		}
	}
	return true
}

func addCounts[K comparable](to, from map[K]int) {
	for k, n := range from {
		to[k] += n
	}
}

// share lists a kind's values, most frequent first, then by value.
func (f *Fold) share(kind int, name func(string) string) []coldwatch.Share {
	out := make([]coldwatch.Share, 0, len(f.shares[kind]))
	for v, t := range f.shares[kind] {
		s := coldwatch.Share{Value: v, Count: t.n, First: clock(t.first), Last: clock(t.last)}
		if name != nil {
			s.Name = name(v)
		}
		out = append(out, s)
	}
	sortShares(out)
	return out
}

func sortShares(s []coldwatch.Share) {
	sort.Slice(s, func(i, j int) bool {
		if s[i].Count != s[j].Count {
			return s[i].Count > s[j].Count
		}
		return s[i].Value < s[j].Value
	})
}

// rangeOf gives the 5 %, 50 % and 95 % points of counted values.
func rangeOf[K int | float64](counts map[K]int) coldwatch.Range {
	keys := slices.Sorted(maps.Keys(counts))
	n := 0
	for _, k := range keys {
		n += counts[k]
	}
	at := func(q float64) float64 {
		rank, below := int(q*float64(n-1)+.5), 0
		for _, k := range keys {
			if below += counts[k]; rank < below {
				return float64(k)
			}
		}
		return 0
	}
	if n == 0 {
		return coldwatch.Range{}
	}
	return coldwatch.Range{Low: at(.05), Median: at(.5), High: at(.95), N: n}
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func clock(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
