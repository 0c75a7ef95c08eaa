package campaign

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// A Tuning is what [Linker.Tune] proposes. Nothing is applied: the caller shows it, and restarts the linker with New.
type Tuning struct {
	Old     Parameters `json:"old"`
	New     Parameters `json:"new"`
	Views   []Moved    `json:"views"`   // views whose m moved, most first
	Ask     bool       `json:"ask"`     // some m moved by more than 0.1: a person should look before it is applied
	Pairs   int        `json:"pairs"`   // blocked pairs that were learnt from
	Changes []Change   `json:"changes"` // campaigns that would be others
}

// Moved is one view's m before and after.
type Moved struct {
	View coldwatch.View `json:"view"`
	Old  float64        `json:"old"`
	New  float64        `json:"new"`
}

// A Change is a campaign that the new parameters would make another.
type Change struct {
	Campaign string `json:"campaign"`
	Members  int    `json:"members"`
	Becomes  []int  `json:"becomes"` // sizes of what its members would stand in, largest first; 1 for those alone
}

const (
	tunePairs  = 400000 // random pairs for u
	tuneBlock  = 30     // pairs of one blocking value at most
	tuneMost   = 200000 // blocked pairs of a view at most
	tuneRounds = 100    // of EM
)

// A pattern is a comparison of two rows: for each view 1 agrees, 0 differs, -1 missing.
type pattern [maxViews]int8

// Tune learns m from the linker's own sightings, without labels: u from random pairs, m by expectation and maximisation
// (Dempster, Laird and Rubin 1977) over the pairs that share a value of one view, with that view's group left out,
// averaged over three such views; what is old counts less. The result is the same for the same sightings and seed.
func (l *Linker) Tune(seed int64) (Tuning, error) {
	t := Tuning{Old: l.p, New: l.p}
	rows := l.t.canonical(func(r uint32) bool { return l.t.class[r] == classLink || l.t.class[r] == classJoin })
	if len(rows) < 50 {
		return t, fmt.Errorf("campaign: tune: %d hostile or suspicious sightings are too few, 50 are needed", len(rows))
	}
	r := rand.New(rand.NewSource(seed))
	u := l.chance(rows, r)
	sum, n := make([]float64, len(l.s.views)), make([]float64, len(l.s.views))
	for _, name := range [...]coldwatch.View{coldwatch.ViewHost, coldwatch.ViewText, coldwatch.ViewSender} {
		v, ok := l.number[name]
		if !ok {
			continue
		}
		counts, pairs := l.blocked(rows, v, r)
		t.Pairs += pairs
		if pairs < 100 {
			continue
		}
		m, weight := l.maximise(counts, u)
		for w := range m {
			if l.s.views[w].group != l.s.views[v].group && weight[w] >= 30 {
				sum[w] += m[w]
				n[w]++
			}
		}
	}
	learnt := map[coldwatch.View]float64{}
	for w := range n {
		if n[w] == 0 {
			continue
		}
		v := l.p.Views[w]
		m := math.Round(min(.98, max(.02, sum[w]/n[w]))*100) / 100
		if m != v.M {
			learnt[v.View] = m
			t.Views = append(t.Views, Moved{v.View, v.M, m})
			t.Ask = t.Ask || math.Abs(m-v.M) > .1
		}
	}
	slices.SortFunc(t.Views, func(a, b Moved) int {
		switch x, y := math.Abs(a.New-a.Old), math.Abs(b.New-b.Old); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	if len(t.Views) == 0 {
		return t, nil
	}
	t.New = l.p.Learnt(learnt)
	var err error
	t.Changes, err = l.changes(t.New)
	return t, err
}

func (l *Linker) pattern(a, b uint32) (g pattern) {
	_, both, same := l.s.agree(l.t.feats(a), l.t.feats(b), l.t.mask[a], l.t.mask[b])
	for v := range l.s.views {
		switch {
		case both&(1<<v) == 0:
			g[v] = -1
		case same&(1<<v) != 0:
			g[v] = 1
		}
	}
	return g
}

// chance estimates, for each view, how often two random rows agree.
func (l *Linker) chance(rows []uint32, r *rand.Rand) []float64 {
	agree, all := make([]float64, len(l.s.views)), make([]float64, len(l.s.views))
	for range min(tunePairs, len(rows)*len(rows)) {
		a, b := rows[r.Intn(len(rows))], rows[r.Intn(len(rows))]
		if a == b {
			continue
		}
		g := l.pattern(a, b)
		for v := range agree {
			if g[v] >= 0 {
				all[v]++
				agree[v] += float64(g[v])
			}
		}
	}
	for v := range agree {
		agree[v] = (agree[v] + .5) / (all[v] + 1)
	}
	return agree
}

// blocked counts the patterns of pairs that share a value of view v, the view's group taken for missing.
func (l *Linker) blocked(rows []uint32, v uint8, r *rand.Rand) (map[pattern]float64, int) {
	holders := map[uint32][]uint32{}
	var values []uint32 // by first holder, so that the order of arrival does not show
	for _, q := range rows {
		for _, x := range l.t.feats(q) {
			if l.t.vview[x] == v {
				if holders[x] == nil {
					values = append(values, x)
				}
				holders[x] = append(holders[x], q)
			}
		}
	}
	slices.SortFunc(values, func(x, y uint32) int {
		if l.t.key[x] < l.t.key[y] {
			return -1
		}
		return 1
	})
	counts, n := map[pattern]float64{}, 0
	for _, x := range values {
		h := holders[x]
		if len(h) < 2 || n >= tuneMost {
			continue
		}
		for range min(tuneBlock, len(h)*(len(h)-1)/2) {
			a, b := h[r.Intn(len(h))], h[r.Intn(len(h))]
			if a == b {
				continue
			}
			g := l.pattern(a, b)
			for w := range l.s.views {
				if l.s.views[w].group == l.s.views[v].group {
					g[w] = -1
				}
			}
			counts[g] += l.recency(a, b)
			n++
		}
	}
	return counts, n
}

// halfLife is after how many days a pair counts half: methods change.
const halfLife = 90

func (l *Linker) recency(a, b uint32) float64 {
	days := float64(l.newest-min(l.t.at[a], l.t.at[b])) / 86_400_000
	return math.Exp2(-days / halfLife)
}

// maximise runs EM with u fixed, and returns m and the weight of evidence behind each.
func (l *Linker) maximise(counts map[pattern]float64, u []float64) (m, weight []float64) {
	patterns := make([]pattern, 0, len(counts))
	for g := range counts {
		patterns = append(patterns, g)
	}
	slices.SortFunc(patterns, func(a, b pattern) int { return slices.Compare(a[:], b[:]) })
	m, weight = make([]float64, len(u)), make([]float64, len(u))
	for v := range m {
		m[v] = .7
	}
	lambda := .3
	for range tuneRounds {
		hit := make([]float64, len(u))
		clear(weight)
		same, all := 0.0, 0.0
		for _, g := range patterns {
			odds := math.Log(lambda / (1 - lambda))
			for v := range u {
				switch g[v] {
				case 1:
					odds += math.Log(m[v] / u[v])
				case 0:
					odds += math.Log((1 - m[v]) / (1 - u[v]))
				}
			}
			w := counts[g] / (1 + math.Exp(-odds))
			same += w
			all += counts[g]
			for v := range u {
				if g[v] >= 0 {
					weight[v] += w
					hit[v] += w * float64(g[v])
				}
			}
		}
		lambda = min(.999, max(.001, same/all))
		moved := 0.0
		for v := range m {
			if weight[v] > 0 {
				next := (hit[v] + .5) / (weight[v] + 1)
				moved += math.Abs(next - m[v])
				m[v] = next
			}
		}
		if moved < 1e-5 {
			break
		}
	}
	return m, weight
}

// changes re-links a copy under other parameters and compares the campaigns.
func (l *Linker) changes(p Parameters) ([]Change, error) {
	var buf bytes.Buffer
	if err := l.Snapshot(&buf); err != nil {
		return nil, err
	}
	c, err := restore(&buf, p, l.p)
	if err != nil {
		return nil, err
	}
	c.stale = true
	c.Relink()
	var out []Change
	for _, k := range l.Campaigns() {
		in := map[uint32]int{}
		for _, id := range k.Members {
			if r, ok := c.t.ids.row(id); ok {
				in[c.label[r]]++
			}
		}
		whole := false
		var sizes []int
		for lab := range in {
			n := 1
			if cl := c.clusters[lab]; cl != nil {
				n = len(cl.rows)
			}
			sizes = append(sizes, n)
			whole = len(in) == 1 && n == len(k.Members)
		}
		if !whole {
			slices.Sort(sizes)
			slices.Reverse(sizes)
			out = append(out, Change{k.ID, len(k.Members), sizes})
		}
	}
	return out, nil
}
