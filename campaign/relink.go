package campaign

import (
	"cmp"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// Relink does all linking again, without the order of arrival, and returns the events of what changed. The partition
// afterwards is a function of the set of sightings, the parameters and the words.
//
//  1. The rows are placed anew in canonical order, by receipt and id: this gives the fragments.
//  2. Each row is compared with its nearest neighbours in the chains of its values, with the fragments as the clusters
//     that the counts are over and a lower threshold, for there is no burn-in any more.
//  3. Clusters grow along the links, strongest first, under the rules of merging (see grower).
//  4. Ordinary mail with overwhelming evidence joins last.
//  5. Clusters take the campaign id that they overlap most.
func (l *Linker) Relink() []coldwatch.CampaignEvent {
	if !l.stale {
		return nil
	}
	l.compile()
	l.classify()
	order := l.t.canonical(func(r uint32) bool { return l.t.class[r] == classJoin || l.t.class[r] == classLink })
	old := l.label
	labels := l.replay(order)
	n := l.recount(labels, order)
	for range max(1, l.p.Passes-1) {
		labels = l.pass(labels, order, n, l.p.Relink)
		n = l.recount(labels, order)
	}
	l.label = labels
	l.s.labels = labels
	l.s.setTotals(n, float64(l.plain)+l.warm)
	l.s.own = l.p.OwnBits
	l.gather(order)
	l.missed()
	l.stale = false
	return l.rename(old)
}

// classify gives each row the class that its verdict and the words make, and counts the background anew.
func (l *Linker) classify() {
	for r := range l.t.class {
		c := l.t.class[r]
		if c == classMissed {
			c = classBenign
			l.background(l.t.feats(uint32(r)), 1)
		}
		benign := l.said[l.t.ids[r]]&saidBenign != 0
		switch {
		case benign && c&15 != classDropped:
			if c != classBenign {
				l.background(l.t.feats(uint32(r)), 1)
			}
			c = classDropped | c<<4
		case !benign && c&15 == classDropped:
			c >>= 4
			if c != classBenign {
				l.background(l.t.feats(uint32(r)), -1)
			}
		}
		l.t.class[r] = c
	}
}

// replay places all rows as if they had arrived in canonical order, and returns their labels. A cluster that grows row by
// row leaves its own values out of the counts from its second member on; counting first and clustering then would hold
// a campaign's size against it.
func (l *Linker) replay(order []uint32) []uint32 {
	clear(l.t.head)
	clear(l.t.size)
	clear(l.t.g)
	l.label = make([]uint32, len(l.label))
	for r := range l.label {
		l.label[r] = uint32(r)
	}
	l.s.labels = l.label
	l.reset()
	l.clusters, l.count, l.tick, l.quiet = map[uint32]*cluster{}, 0, 0, true
	l.s.own = l.p.OwnBits
	for _, r := range order {
		l.setTotals()
		l.settle(r, l.candidates(r, l.t.feats(r), l.t.class[r]))
	}
	l.quiet = false
	return l.label
}

// reset forgets what was remembered of earlier counts.
func (l *Linker) reset() {
	clear(l.bridges)
	clear(l.seen)
	clear(l.s.mark)
	clear(l.s.memo)
	l.s.ticket = 0
}

// recount counts, for each value, the clusters that hold it, and returns the number of clusters.
func (l *Linker) recount(labels, order []uint32) float64 {
	clear(l.t.g)
	byLabel := slices.Clone(order)
	slices.SortStableFunc(byLabel, func(a, b uint32) int { return cmp.Compare(labels[a], labels[b]) })
	last := make([]uint32, len(l.t.key)) // ticket of the cluster that counted a value last
	n, prev := uint32(0), ^uint32(0)
	for _, r := range byLabel {
		if labels[r] != prev {
			prev = labels[r]
			n++
		}
		for _, x := range l.t.feats(r) {
			if last[x] != n {
				last[x] = n
				l.t.g[x]++
			}
		}
	}
	l.count = int(n)
	return float64(n)
}

// pass links all rows of order once against the counts of labels, and returns the new labels.
func (l *Linker) pass(labels, order []uint32, n, need float64) []uint32 {
	s := l.s
	s.labels = labels
	s.setTotals(n, float64(l.plain)+l.warm)
	clear(s.memo)
	need += grow(n)
	s.own = l.p.OwnRelink
	rank := make([]uint32, len(labels))
	for i, r := range order {
		rank[r] = uint32(i)
	}
	g := &grower{l: l, s: s, labels: labels, rank: rank, need: need}
	g.edges = l.edges(labels, order, need)
	return g.run(order)
}

// edges returns the links that reach the threshold among all candidate pairs.
func (l *Linker) edges(labels, order []uint32, need float64) []edge {
	t := l.t
	met := make([]uint32, len(labels)) // row + 1 that was compared with it last
	var out []edge
	for _, r := range order {
		for _, x := range t.feats(r) {
			n := l.offers(x, l.p.Window)
			if n == 0 || t.size[x] < 2 {
				continue
			}
			for q, ok := t.older(r, x); ok && n > 0; q, ok = t.older(q, x) {
				n--
				if met[q] == r+1 {
					continue
				}
				met[q] = r + 1
				sc := l.s.compare(r, q, leftOut(labels, r, q), 1)
				if l.s.holds(&sc, need) {
					out = append(out, edge{r, q, float32(sc.bits)})
				}
			}
		}
	}
	return out
}

func leftOut(labels []uint32, a, b uint32) float64 {
	if labels[a] == labels[b] {
		return 1
	}
	return 2
}

// gather makes the clusters of two or more out of the labels.
func (l *Linker) gather(order []uint32) {
	l.clusters = map[uint32]*cluster{}
	first := map[uint32]uint32{}
	for _, r := range order {
		lab := l.label[r]
		f, ok := first[lab]
		if !ok {
			first[lab] = r
			continue
		}
		c := l.clusters[lab]
		if c == nil {
			c = &cluster{rows: []uint32{f}, ex: []uint32{f}}
			l.clusters[lab] = c
		}
		c.rows = append(c.rows, r)
		l.exemplify(c, r)
	}
}

// missed lets ordinary mail join on overwhelming evidence, after the clusters stand and without being counted.
func (l *Linker) missed() {
	l.reset()
	l.tick = 0
	type joiner struct{ row, label uint32 }
	var js []joiner
	for _, r := range l.t.canonical(func(r uint32) bool { return l.t.class[r] == classBenign }) {
		if c := l.candidates(r, l.t.feats(r), classBenign); len(c) > 0 {
			js = append(js, joiner{r, c[0].label})
		}
	}
	for _, j := range js {
		c := l.clusters[j.label]
		if c == nil {
			c = &cluster{rows: []uint32{j.label}, ex: []uint32{j.label}}
			l.clusters[j.label] = c
		}
		c.rows = append(c.rows, j.row)
		l.label[j.row] = j.label
		l.t.class[j.row] = classMissed
		l.background(l.t.feats(j.row), -1)
	}
}
