package campaign

import (
	"fmt"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
)

// A Linker links sightings into campaigns. It is not safe for concurrent use.
type Linker struct {
	clock func() time.Time // time of events; nil: receipt of the newest sighting

	p      Parameters
	t      *table
	s      *scorer
	groups []string // names of the dependence groups
	number map[coldwatch.View]uint8
	plain  int // ordinary rows seen

	label    []uint32            // cluster of each row: a row number that stands for it
	clusters map[uint32]*cluster // clusters of two or more, by label
	count    int                 // clusters in all, single rows included
	bridges  map[[2]uint32][]edge
	names    map[uint32]string // label → campaign id
	events   map[string][]event
	words    []coldwatch.Word
	verbs
	said   map[string]int
	newest int64
	stale  bool // something came since the last Relink

	cand  []candidate
	seen  []uint32 // by label: tick of the placement that had it as a candidate last
	tick  uint32   // placements so far
	quiet bool     // a replay: no names, no events
}

// A cluster is what the online pass knows of a cluster of two or more rows.
type cluster struct {
	rows []uint32 // members in order of joining
	ex   []uint32 // exemplars: the first two and those that brought a new host, sender or text
}

// New returns an empty linker.
func New(p Parameters) *Linker {
	l := &Linker{
		p: p, t: newTable(), number: map[coldwatch.View]uint8{}, clusters: map[uint32]*cluster{},
		bridges: map[[2]uint32][]edge{}, names: map[uint32]string{}, events: map[string][]event{},
		said: map[string]int{},
	}
	views, groups, text := p.compile()
	l.groups = groups
	for i, v := range views {
		l.number[v.name] = uint8(i)
	}
	l.s = &scorer{p: &l.p, t: l.t, views: views, ngroup: len(groups), text: text, account: noView, own: p.OwnBits, memo: make([]memo, 1<<16)}
	for v := range views {
		if views[v].role {
			l.s.roles |= 1 << v
		}
	}
	for k, b := range banded {
		if v, ok := l.number[b.view]; ok {
			l.s.kind[v] = uint8(k) + 1
		}
	}
	if v, ok := l.number[coldwatch.ViewAccount]; ok {
		l.s.account = v
	}
	l.warmUp()
	return l
}

// Parameters returns the parameters that the linker runs with.
func (l *Linker) Parameters() Parameters { return l.p }

// Len returns how many sightings the linker knows, ordinary mail included.
func (l *Linker) Len() int { return l.t.ids.len() }

// Holds tells whether a message was placed.
func (l *Linker) Holds(id string) bool {
	_, ok := l.t.ids.row(id)
	return ok
}

// values interns a sighting's features: ascending numbers without repeats. Views that are no part of the parameters
// are left out.
func (l *Linker) values(s *coldwatch.Sighting) []uint32 {
	out := make([]uint32, 0, len(s.Features))
	for _, f := range s.Features {
		if v, ok := l.number[f.View]; ok && f.Value != "" {
			out = append(out, l.t.intern(v, f.Value, l.s.kind[v] == 0))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// setTotals brings the denominators up to date.
func (s *scorer) setTotals(clusters, plain float64) {
	s.n = clusters
	s.plain = plain
	s.cap = s.p.Cap + max(0, grow(clusters))
}

func (l *Linker) now() time.Time {
	if l.clock != nil {
		return l.clock()
	}
	return time.UnixMilli(l.newest).UTC()
}

// An event is a coldwatch.CampaignEvent in less memory: a campaign of thousands has as many of them.
type event struct {
	At     int64   `json:"t"` // Unix nanoseconds
	Kind   uint8   `json:"k"`
	Row    uint32  `json:"r,omitempty"` // sighting's row + 1
	With   uint32  `json:"w,omitempty"` // row + 1 that it is linked to
	Bits   float32 `json:"b,omitempty"`
	Other  string  `json:"o,omitempty"`
	Reason string  `json:"s,omitempty"` // "": made of With and Bits
}

const (
	opened = iota
	joined
	left
	merged
	split
)

var kinds = [...]string{opened: "opened", joined: "joined", left: "left", merged: "merged", split: "split"}

// note adds an event to a campaign's history and returns it as others see it.
func (l *Linker) note(campaign string, e event) coldwatch.CampaignEvent {
	e.At = l.now().UnixNano()
	l.events[campaign] = append(l.events[campaign], e)
	return l.show(campaign, e)
}

func (l *Linker) show(campaign string, e event) coldwatch.CampaignEvent {
	out := coldwatch.CampaignEvent{At: time.Unix(0, e.At).UTC(), Kind: kinds[e.Kind], Campaign: campaign, Other: e.Other, Reason: e.Reason}
	if e.Row > 0 {
		out.Sighting = l.t.ids.at(e.Row - 1)
	}
	if out.Reason == "" && e.With > 0 {
		out.Reason = fmt.Sprintf("linked to sighting %.12s by %.1f bits of evidence", l.t.ids.at(e.With-1), e.Bits)
	}
	return out
}

// History returns the events of a campaign that stands or stood.
func (l *Linker) History(id string) []coldwatch.CampaignEvent {
	var out []coldwatch.CampaignEvent
	for _, e := range l.events[id] {
		out = append(out, l.show(id, e))
	}
	return out
}

// SetClock sets the clock that dates events. Without one an event has the receipt of the newest sighting.
func (l *Linker) SetClock(now func() time.Time) { l.clock = now }
