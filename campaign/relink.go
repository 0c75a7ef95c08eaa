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
	l.recountPlain()
	order := l.t.canonical(l.links)
	old := l.label
	labels := l.replay(order)
	n := l.recount(labels, order)
	for range max(1, l.p.Passes-1) {
		labels = l.pass(labels, order, n, l.p.Relink)
		n = l.recount(labels, order)
	}
	l.label = labels
	l.s.labels = labels
	l.s.setTotals(n, float64(l.plain))
	l.s.own = l.p.OwnBits
	l.gather(order)
	l.missed()
	l.stale = false
	return l.rename(old)
}

// classify gives each row the class that its verdict and the words make.
func (l *Linker) classify() {
	for r, c := range l.t.class {
		if c == classMissed || c == classSaid {
			c = classBenign
		}
		said := 0
		if len(l.said) > 0 {
			said = l.said[l.t.ids.at(uint32(r))]
		}
		benign := said&saidBenign != 0
		switch {
		case benign && c&15 != classDropped:
			c = classDropped | c<<4
		case !benign && c&15 == classDropped:
			c >>= 4
		}
		if c == classBenign && said&saidLinked != 0 {
			c = classSaid
		}
		l.t.class[r] = c
	}
}

// replay places all rows as if they had arrived in canonical order, and returns their labels. A cluster that grows row by
// row leaves its own values out of the counts from its second member on; counting first and clustering then would hold
// a campaign's size against it.
func (l *Linker) replay(order []uint32) []uint32 {
	clear(l.t.head)
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
	const many = ^uint32(0)
	org := map[uint32]uint32{} // the organisation that reported all of a cluster
	for _, r := range order {
		lab := labels[r]
		if o, ok := org[lab]; !ok {
			org[lab] = l.t.org[r]
		} else if o != l.t.org[r] {
			org[lab] = many
		}
	}
	rows := slices.Clone(order)
	slices.SortFunc(rows, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(org[labels[a]], org[labels[b]]), cmp.Compare(labels[a], labels[b]))
	})
	y := l.newTally()
	last := make([]uint32, len(l.t.key)) // ticket of the cluster that counted a value last
	n, prev := uint32(0), many
	for _, r := range rows {
		if labels[r] != prev {
			prev = labels[r]
			n++
			y.org(org[prev], org[prev] != many)
		}
		for _, x := range l.t.feats(r) {
			if last[x] != n {
				last[x] = n
				y.count(x)
			}
		}
	}
	y.close()
	for x := range l.t.g {
		l.t.g[x] = uint32(y.robust(uint32(x)))
	}
	l.count = int(y.size())
	return y.size()
}

// recountPlain counts, for each value, the ordinary messages that hold it.
func (l *Linker) recountPlain() {
	var rows []uint32
	for r, c := range l.t.class {
		if c == classBenign || c&15 == classDropped {
			rows = append(rows, uint32(r))
		}
	}
	slices.SortFunc(rows, func(a, b uint32) int { return cmp.Compare(l.t.org[a], l.t.org[b]) })
	y := l.newTally()
	for _, r := range rows {
		y.org(l.t.org[r], true)
		for _, x := range l.t.feats(r) {
			y.count(x)
		}
	}
	y.close()
	for x := range l.t.b {
		l.t.b[x] = float32(y.robust(uint32(x)))
	}
	l.plain = int(y.size())
}

// A tally counts values by organisation, all of one organisation in a row, so that no single organisation can make a
// value look common, or rare by much else: what the one with most says counts only in proportion to what the others say.
type tally struct {
	total, top, cur []float32
	touched         []uint32
	now             uint32
	open, capped    bool
	n, most, all    float32 // clusters or messages of this organisation, of the one with most, and of all
	orgs            int
}

func (l *Linker) newTally() *tally {
	n := len(l.t.key)
	return &tally{total: make([]float32, n), top: make([]float32, n), cur: make([]float32, n), orgs: len(l.t.orgs)}
}

// org begins a cluster or message of an organisation; capped is false where several reported it.
func (y *tally) org(o uint32, capped bool) {
	if y.open && o != y.now {
		y.close()
	}
	y.open, y.now, y.capped = true, o, capped
	y.n++
}

func (y *tally) count(x uint32) {
	if y.cur[x] == 0 {
		y.touched = append(y.touched, x)
	}
	y.cur[x]++
}

func (y *tally) close() {
	for _, x := range y.touched {
		c := y.cur[x]
		y.total[x] += c
		if y.capped {
			y.top[x] = max(y.top[x], c)
		}
		y.cur[x] = 0
	}
	y.all += y.n
	if y.capped {
		y.most = max(y.most, y.n)
	}
	y.touched, y.n, y.open = y.touched[:0], 0, false
}

// robust returns the count of a value, that of the organisation with most cut down to one and twice the rest.
func (y *tally) robust(x uint32) float32 { return y.cut(y.total[x], y.top[x]) }

// size returns the number of clusters or messages, where no organisation counts for more than three average others.
func (y *tally) size() float64 {
	if y.orgs < 2 {
		return float64(y.all)
	}
	rest := y.all - y.most
	return float64(rest + min(y.most, max(10, 3*rest/float32(y.orgs-1))))
}

func (y *tally) cut(total, top float32) float32 {
	if y.orgs < 2 {
		return total
	}
	rest := total - top
	return rest + min(top, 1+2*rest)
}

// pass links all rows of order once against the counts of labels, and returns the new labels.
func (l *Linker) pass(labels, order []uint32, n, need float64) []uint32 {
	s := l.s
	s.labels = labels
	s.setTotals(n, float64(l.plain))
	clear(s.memo)
	need += grow(n)
	s.own = l.p.OwnRelink
	rank := make([]uint32, len(labels))
	for i, r := range order {
		rank[r] = uint32(i)
	}
	u := s.newReuse(order, need)
	g := &grower{l: l, scores: u, labels: labels, rank: rank, need: need}
	g.edges = l.edges(labels, order, u)
	return g.run(order)
}

// edges returns the links that reach the threshold among all candidate pairs: neighbours in the chains, the newest of several
// organisations where a chain is long, and each row with the exemplars of its fragment.
func (l *Linker) edges(labels, order []uint32, u *reuse) []edge {
	t := l.t
	mixed := map[uint32][]uint32{}
	met := make([]uint32, len(labels)) // row + 1 that was compared with it last
	var out []edge
	try := func(r, q uint32) {
		if met[q] == r+1 {
			return
		}
		met[q] = r + 1
		if bits, ok := u.link(r, q, leftOut(labels, r, q)); ok {
			out = append(out, edge{r, q, float32(bits)})
		}
	}
	for _, r := range order {
		for _, x := range t.feats(r) {
			n := l.offers(x, l.p.Window)
			if n == 0 {
				continue
			}
			q, ok := t.older(r, x)
			for ; ok && n > 0; q, ok = t.older(q, x) {
				n--
				try(r, q)
			}
			if ok { // one organisation may fill the window with its own
				for _, q := range mixed[x] {
					try(r, q)
				}
			}
			if t.chained(x) {
				mixed[x] = l.mix(mixed[x], r)
			}
		}
		if c := l.clusters[labels[r]]; c != nil {
			for _, q := range c.ex {
				if q != r && l.t.before(q, r) {
					try(r, q)
				}
			}
		}
	}
	return out
}

// mix adds a row to the newest holders of a value, of which at most a quarter may be of one organisation.
func (l *Linker) mix(rows []uint32, r uint32) []uint32 {
	n, oldest := 0, 0
	for i := len(rows) - 1; i >= 0; i-- {
		if l.t.org[rows[i]] == l.t.org[r] {
			n++
			oldest = i
		}
	}
	if n >= max(2, l.p.Window/4) || len(rows) >= l.p.Window {
		if n < max(2, l.p.Window/4) {
			oldest = 0
		}
		rows = slices.Delete(rows, oldest, oldest+1)
	}
	return append(rows, r)
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

// missedRounds is how often ordinary mail that joined may bring more of its like.
const missedRounds = 4

// missed lets ordinary mail join on overwhelming evidence, after the clusters stand. All of a round is decided before any joins.
func (l *Linker) missed() {
	plain := l.t.canonical(func(r uint32) bool { return l.t.class[r] == classBenign })
	type joiner struct{ row, label uint32 }
	for range missedRounds {
		l.reset()
		l.tick = 0
		var js []joiner
		for _, r := range plain {
			if l.t.class[r] != classBenign {
				continue
			}
			if c := l.candidates(r, l.t.feats(r), classBenign); len(c) > 0 {
				js = append(js, joiner{r, c[0].label})
			}
		}
		for _, j := range js {
			l.admit(j.row, j.label)
		}
		if len(js) == 0 {
			return
		}
	}
}

// admit puts an ordinary message into a cluster; it is no longer background.
func (l *Linker) admit(r, label uint32) {
	c := l.clusters[label]
	if c == nil {
		c = &cluster{rows: []uint32{label}, ex: []uint32{label}}
		l.clusters[label] = c
	}
	l.background(l.t.feats(r), -1)
	l.setTotals()
	l.label[r] = label
	l.t.class[r] = classMissed
	for _, x := range l.t.feats(r) {
		if !l.holds(label, c, x) {
			l.t.g[x]++
		}
	}
	c.rows = append(c.rows, r)
	l.exemplify(c, r)
	l.t.chain(r)
}
