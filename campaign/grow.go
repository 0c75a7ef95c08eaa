package campaign

import (
	"math"
	"slices"
)

// A grower grows clusters along links, the strongest first, as Kruskal's algorithm grows a spanning forest. The order
// of work is by strength, then receipt and id, so the result depends on nothing else.
//
// A link joins two clusters when no word forbids it, when not too many of their exemplars contradict each other, and
// when the evidence is enough: one link for a single row; for two clusters, two links that no one organisation could
// have planted. Links between the exemplars count as evidence too. Refused links are tried again at the end, for the
// clusters may have grown by then.
type grower struct {
	l      *Linker
	scores *reuse
	labels []uint32 // the counts' partition
	rank   []uint32 // canonical place of each row
	need   float64
	edges  []edge

	parent []uint32
	sets   map[uint32]*set // of two or more
	tried  map[[2]uint32]int
	apart  [][2]uint32
	known  map[[2]uint32][]edge // refused links by the clusters at the round's beginning
	late   bool                 // not the first round

	held     map[uint32]bool // rows whose links come last
	bridging map[uint32]bool // rows that would have merged what nothing else merges
}

// A set is a growing cluster.
type set struct {
	n   int
	ex  []uint32 // by rank
	org uint32   // the organisation that reported all, or several
}

func (g *grower) find(r uint32) uint32 {
	for g.parent[r] != r {
		g.parent[r] = g.parent[g.parent[r]]
		r = g.parent[r]
	}
	return r
}

func (g *grower) of(root uint32) *set {
	if s := g.sets[root]; s != nil {
		return s
	}
	return &set{n: 1, ex: []uint32{root}, org: g.l.t.org[root]}
}

// run returns the label of each row. Where one organisation's rows would have joined clusters that nothing else joins, or
// flood one, it runs again with those rows placed last, so that they do not draw others away from their own.
func (g *grower) run(order []uint32) []uint32 {
	l := g.l
	g.held = map[uint32]bool{}
	if len(l.said) > 0 {
		for _, r := range order {
			if l.said[l.t.ids.at(r)]&saidHeld != 0 {
				g.held[r] = true
			}
		}
		g.edges = slices.DeleteFunc(g.edges, func(e edge) bool {
			return (l.said[l.t.ids.at(e.a)]|l.said[l.t.ids.at(e.b)])&saidAlone != 0
		})
	}
	g.bridging = map[uint32]bool{}
	g.grow()
	g.floods(order)
	if len(g.bridging) > 0 {
		for r := range g.bridging {
			g.held[r] = true
		}
		g.grow()
	}
	out := make([]uint32, len(g.labels))
	for r := range out {
		out[r] = uint32(r)
	}
	for _, r := range order {
		out[r] = g.find(r)
	}
	return out
}

// floods adds to the bridging rows those of an organisation that makes up nearly all of a cluster of several: they must not
// decide which way the rows of others go.
func (g *grower) floods(order []uint32) {
	type key struct{ root, org uint32 }
	n := map[key]int{}
	for _, r := range order {
		if root := g.find(r); g.sets[root] != nil && g.sets[root].org == several {
			n[key{root, g.l.t.org[r]}]++
		}
	}
	for _, r := range order {
		root := g.find(r)
		if c := n[key{root, g.l.t.org[r]}]; c >= 5 && c*5 >= g.sets[root].n*4 {
			g.bridging[r] = true
		}
	}
}

// grow grows all clusters from single rows.
func (g *grower) grow() {
	l := g.l
	g.parent = make([]uint32, len(g.labels))
	for i := range g.parent {
		g.parent[i] = uint32(i)
	}
	g.sets, g.tried = map[uint32]*set{}, map[[2]uint32]int{}
	g.apart = l.pairs(l.cannot)
	for _, p := range l.pairs(l.must) {
		a, b := g.find(p[0]), g.find(p[1])
		if a != b && l.links(p[0]) && l.links(p[1]) && !g.forbidden(a, b) {
			g.union(a, b)
		}
	}
	slices.SortFunc(g.edges, g.order)
	rest := g.edges
	for round := range 8 {
		g.late = round > 0
		g.between(rest)
		var refused []edge
		joined := false
		for _, e := range rest {
			a, b := g.find(e.a), g.find(e.b)
			switch {
			case a == b:
			case g.joins(a, b, e):
				g.union(a, b)
				joined = true
			default:
				refused = append(refused, e)
			}
		}
		if rest = refused; !joined && round > 0 || len(rest) == 0 {
			break
		}
	}
}

// links tells whether a row takes part in linking.
func (l *Linker) links(r uint32) bool {
	switch l.t.class[r] {
	case classJoin, classLink, classSaid:
		return true
	}
	return false
}

func (g *grower) order(p, q edge) int {
	if len(g.held) > 0 {
		hp, hq := g.held[p.a] || g.held[p.b], g.held[q.a] || g.held[q.b]
		if hp != hq {
			if hp {
				return 1
			}
			return -1
		}
	}
	switch {
	case p.bits > q.bits:
		return -1
	case p.bits < q.bits:
		return 1
	case g.rank[p.a] != g.rank[q.a]:
		return int(g.rank[p.a]) - int(g.rank[q.a])
	}
	return int(g.rank[p.b]) - int(g.rank[q.b])
}

// between begins a round: it sorts the links that were refused by the clusters they would join, so that the evidence between two
// is judged as a whole.
func (g *grower) between(rest []edge) {
	clear(g.tried)
	g.known = map[[2]uint32][]edge{}
	if !g.late {
		return
	}
	for _, e := range rest {
		if a, b := g.find(e.a), g.find(e.b); a != b {
			key := [2]uint32{min(a, b), max(a, b)}
			g.known[key] = append(g.known[key], e)
		}
	}
}

// joins decides whether an edge makes one cluster of two.
func (g *grower) joins(a, b uint32, e edge) bool {
	sa, sb := g.of(a), g.of(b)
	key := [2]uint32{min(a, b), max(a, b)}
	if n := g.tried[key]; n > 0 && (sa.n+sb.n)*2 < n*3 {
		return false // refused in this round, and not much has changed
	}
	if g.forbidden(a, b) {
		return false
	}
	var es []edge
	for _, e := range g.known[key] {
		if float64(e.bits) >= g.need+g.l.p.Merge*math.Log2(float64(min(sa.n, sb.n))) {
			es = append(es, e)
		}
	}
	need := g.need + g.l.p.Merge*math.Log2(float64(min(sa.n, sb.n)))
	if float64(e.bits) >= need {
		es = append(es, e)
	}
	agree := 0
	var backing []edge
	for _, x := range sa.ex {
		for _, y := range sb.ex {
			sc := g.scores.compare(x, y, leftOut(g.labels, x, y))
			if sc.bits >= 0 {
				agree++
			}
			if g.scores.holds(sc, need) && !(x == e.a && y == e.b) && !(x == e.b && y == e.a) {
				es = append(es, edge{x, y, float32(sc.bits)})
			} else if sc.bits >= need && sc.groups >= g.l.p.Groups && sc.role >= g.l.p.RoleBits {
				backing = append(backing, edge{x, y, float32(sc.bits)})
			}
		}
	}
	ok := float64(agree) >= g.l.p.Fraction*float64(len(sa.ex)*len(sb.ex)) && g.enough(es, backing, sa, sb)
	if !ok {
		g.tried[key] = sa.n + sb.n
	}
	return ok
}

// enough tells whether edges between two sets are enough: see Linker.bridged. One at least must hold; backing, which has the bits and the
// role but nothing of the operator's own, then counts towards the second organisation, for nobody could have planted it all. A single row whose only link is to one
// organisation's messages in a cluster of several waits for the second round: first the rows of one campaign must have had the time
// to find each other, else a bridge would draw them over one by one.
func (g *grower) enough(es, backing []edge, sa, sb *set) bool {
	if len(es) == 0 {
		return false
	}
	es = append(es, backing...)
	if len(es) < min(2, sa.n, sb.n) {
		return false
	}
	o, bad := g.l.planted(es, sa.org, sb.org)
	if !bad || g.late && min(sa.n, sb.n) == 1 {
		return true
	}
	if min(sa.n, sb.n) > 1 {
		for _, e := range es {
			for _, r := range [2]uint32{e.a, e.b} {
				if g.l.t.org[r] == o {
					g.bridging[r] = true
				}
			}
		}
	}
	return false
}

// union makes one cluster of two. Its exemplars are spread evenly over the two clusters' by receipt.
func (g *grower) union(a, b uint32) {
	sa, sb := g.of(a), g.of(b)
	if g.rank[b] < g.rank[a] {
		a, b = b, a
	}
	s := &set{n: sa.n + sb.n, org: sa.org}
	if sa.org != sb.org {
		s.org = several
	}
	ex := append(slices.Clone(sa.ex), sb.ex...)
	slices.SortFunc(ex, func(x, y uint32) int { return int(g.rank[x]) - int(g.rank[y]) })
	if most := max(2, g.l.p.Exemplars*2/3); len(ex) > most {
		for i := range most {
			ex[i] = ex[i*(len(ex)-1)/(most-1)]
		}
		ex = ex[:most]
	}
	s.ex = ex
	g.parent[b] = a
	g.sets[a] = s
	delete(g.sets, b)
}

func (g *grower) forbidden(a, b uint32) bool {
	for _, p := range g.apart {
		x, y := g.find(p[0]), g.find(p[1])
		if x == a && y == b || x == b && y == a {
			return true
		}
	}
	return false
}
