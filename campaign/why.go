package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Link returns the whole ledger between two sightings, suppressed evidence included; the zero Link when one is
// unknown.
func (l *Linker) Link(a, b string) coldwatch.Link {
	ra, ok1 := l.t.ids.row(a)
	rb, ok2 := l.t.ids.row(b)
	if !ok1 || !ok2 || ra == rb {
		return coldwatch.Link{A: a, B: b}
	}
	l.setTotals()
	return l.ledger(ra, rb, leftOut(l.label, ra, rb))
}

// Why explains a campaign: a spanning tree of its strongest links, strongest first.
func (l *Linker) Why(id string) []coldwatch.Link {
	lab, ok := l.labelOf(id)
	if !ok {
		return nil
	}
	l.setTotals()
	var out []coldwatch.Link
	for _, e := range l.tree(lab) {
		out = append(out, l.ledger(e.a, e.b, 1))
	}
	return out
}

const fullTree = 64 // members up to which every pair is compared for an explanation

// tree returns a spanning tree of strongest links (Kruskal's algorithm), strongest first, those that hold before those that have the
// bits and no evidence of the operator's own. In a large campaign the pairs are a member's neighbours in the chains of its values, and the
// exemplars.
func (l *Linker) tree(label uint32) []edge {
	c := l.clusters[label]
	rows := slices.Clone(c.rows)
	slices.SortFunc(rows, l.t.order)
	need := l.threshold(l.p.Relink, classLink)
	var es []edge
	holds, met := map[[2]uint32]bool{}, map[[2]uint32]bool{}
	try := func(r, q uint32) {
		key := [2]uint32{min(r, q), max(r, q)}
		if r != q && !met[key] {
			met[key] = true
			sc := l.s.compare(r, q, 1, l.tick)
			holds[key] = l.s.holds(&sc, need)
			es = append(es, edge{r, q, float32(sc.bits)})
		}
	}
	for i, r := range rows {
		if len(rows) <= fullTree {
			for _, q := range rows[:i] {
				try(r, q)
			}
			continue
		}
		for _, q := range c.ex {
			try(r, q)
		}
		l.neighbours(r, label, try)
	}
	at := map[uint32]int{}
	for i, r := range rows {
		at[r] = i
	}
	weak := func(e edge) int {
		if holds[[2]uint32{min(e.a, e.b), max(e.a, e.b)}] {
			return 0
		}
		return 1
	}
	slices.SortFunc(es, func(p, q edge) int {
		return cmp.Or(cmp.Compare(weak(p), weak(q)), cmp.Compare(q.bits, p.bits), cmp.Compare(at[p.a], at[q.a]), cmp.Compare(at[p.b], at[q.b]))
	})
	parent := map[uint32]uint32{}
	find := func(r uint32) uint32 {
		for {
			p, ok := parent[r]
			if !ok {
				return r
			}
			r = p
		}
	}
	var out []edge
	for _, e := range es {
		if a, b := find(e.a), find(e.b); a != b {
			parent[a] = b
			out = append(out, e)
		}
	}
	return out
}

// neighbours gives the members of a cluster that stand next to r in the chains of its blocking values.
func (l *Linker) neighbours(r, label uint32, give func(r, q uint32)) {
	for _, x := range l.t.feats(r) {
		if l.s.views[l.t.vview[x]].block == blockNever {
			continue
		}
		n := 4
		q, ok := l.t.older(r, x)
		for steps := 0; ok && n > 0 && steps < walk; steps++ {
			if l.label[q] == label {
				give(r, q)
				n--
			}
			q, ok = l.t.older(q, x)
		}
	}
}

// closest returns the exemplar of its own campaign that a row is linked to most.
func (l *Linker) closest(r uint32) (uint32, bool) {
	best, found, bits := uint32(0), false, 0.0
	for _, e := range l.exemplars(l.label[r]) {
		if e == r {
			continue
		}
		if sc := l.s.compare(r, e, 1, l.tick); !found || sc.bits > bits {
			best, bits, found = e, sc.bits, true
		}
	}
	return best, found
}

// ledger puts the comparison of two rows in words.
func (l *Linker) ledger(a, b uint32, out float64) coldwatch.Link {
	sc := l.s.compare(a, b, out, l.tick)
	k := coldwatch.Link{
		A: l.t.ids.at(a), B: l.t.ids.at(b), Bits: round(sc.bits), Threshold: round(l.threshold(l.p.Relink, classLink)),
		Probability: l.s.probability(sc.bits),
	}
	for i := range sc.items {
		k.Terms = append(k.Terms, l.term(sc.items, i, out))
	}
	slices.SortStableFunc(k.Terms, func(p, q coldwatch.Term) int {
		switch {
		case p.Bits > q.Bits:
			return -1
		case p.Bits < q.Bits:
			return 1
		}
		return 0
	})
	for g := range l.groups {
		if sc.neg[g] < 0 {
			v := l.s.views[sc.negV[g]]
			k.Terms = append(k.Terms, coldwatch.Term{Group: l.groups[g], View: v.name, Bits: round(sc.neg[g]), Of: int(l.s.n), Note: string(v.name) + " differs"})
		}
	}
	return k
}

func (l *Linker) term(items []item, i int, out float64) coldwatch.Term {
	it := items[i]
	v := l.s.views[it.v]
	t := coldwatch.Term{Group: l.groups[v.group], View: v.name, Value: l.valueOf(it), Bits: round(it.w), Of: int(l.s.n)}
	t.Seen = int(l.s.others(it.x, out))
	where := fmt.Sprintf("in %d of %d other clusters", t.Seen, max(0, t.Of-int(out)))
	if int(it.x) < len(l.s.share) {
		where = "common in ordinary mail"
	} else if plain := int(l.t.b[it.x]); plain > 0 {
		where = fmt.Sprintf("in %d other clusters and ordinary messages", t.Seen)
	}
	switch {
	case it.other:
		t.Note = fmt.Sprintf("%s %s: the accounts on the host differ, so it tells of the landlord", v.name, t.Value)
	case it.implied >= 0 && it.w < 1:
		j := items[it.implied]
		t.Implied = l.valueOf(j)
		t.Note = fmt.Sprintf("%s %s: implied by the %s", v.name, t.Value, l.s.views[j.v].name)
	case it.implied >= 0:
		j := items[it.implied]
		t.Implied = l.valueOf(j)
		t.Note = fmt.Sprintf("%s %s: %s, partly implied by the %s", v.name, t.Value, where, l.s.views[j.v].name)
	case it.w < 1:
		t.Note = fmt.Sprintf("%s %s: too common, %s", v.name, t.Value, where)
	case it.shared:
		t.Note = fmt.Sprintf("%s %s: %s; counted in part beside stronger evidence of its group", v.name, t.Value, where)
	default:
		t.Note = fmt.Sprintf("%s %s: %s", v.name, t.Value, where)
	}
	return t
}

func (l *Linker) valueOf(it item) string {
	if k := l.s.kind[it.v]; k > 0 {
		return fmt.Sprintf("%d of %d bands equal", it.count, banded[k-1].of)
	}
	return l.t.text(it.x)
}

func round(x float64) float64 {
	if x < 0 {
		return -round(-x)
	}
	return float64(int(x*100+.5)) / 100
}

// brief names the strongest evidence of a link.
func brief(k coldwatch.Link) string {
	var parts []string
	for _, t := range k.Terms {
		if t.Bits >= 1 && len(parts) < 3 {
			parts = append(parts, fmt.Sprintf("%s %s (%.1f bits)", t.View, t.Value, t.Bits))
		}
	}
	return fmt.Sprintf("%s; %.1f bits in all", strings.Join(parts, ", "), k.Bits)
}

// Without tells what a campaign falls into when one value is taken for missing: its parts, largest first, each sorted.
// One part means that the campaign holds. An empty value takes away the whole view.
func (l *Linker) Without(id string, v coldwatch.View, value string) [][]string {
	lab, ok := l.labelOf(id)
	if !ok {
		return nil
	}
	l.setTotals()
	return l.without(l.clusters[lab].rows, v, value)
}

func (l *Linker) without(rows []uint32, v coldwatch.View, value string) [][]string {
	n, ok := l.number[v]
	if !ok {
		return nil
	}
	if l.s.kind[n] > 0 {
		value = "" // its values are pieces of one sketch
	}
	hide := func(r uint32) []uint32 {
		var out []uint32
		for _, x := range l.t.feats(r) {
			if l.t.vview[x] != n || value != "" && l.t.text(x) != value {
				out = append(out, x)
			}
		}
		return out
	}
	kept := make([][]uint32, len(rows))
	masks := make([]uint32, len(rows))
	for i, r := range rows {
		kept[i] = hide(r)
		masks[i] = l.t.maskOf(kept[i])
	}
	parent := make([]int, len(rows))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	need := l.threshold(l.p.Relink, classLink)
	for i := range rows {
		for j, most := i-1, 0; j >= 0 && most < 400; j, most = j-1, most+1 {
			if find(i) == find(j) {
				continue
			}
			sc := l.s.compareFeats(kept[i], kept[j], masks[i], masks[j], 1, need, l.tick)
			if l.s.holds(&sc, need) {
				parent[find(i)] = find(j)
			}
		}
	}
	parts := map[int][]string{}
	for i, r := range rows {
		parts[find(i)] = append(parts[find(i)], l.t.ids.at(r))
	}
	var out [][]string
	for _, p := range parts {
		slices.Sort(p)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b []string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a[0], b[0])
	})
	return out
}
