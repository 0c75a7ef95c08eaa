package campaign

import (
	"cmp"
	"math"
	"slices"
)

// A reuse scores pairs while the counts stand still, and scores no pair of equal messages twice: a score depends on what the two
// rows hold and on how many clusters are left out, and on nothing else of theirs. Copies of one message, of which a flood
// consists, and the exemplars that the grower compares again and again then cost a look-up.
type reuse struct {
	s     *scorer
	need  float64  // bits below which a link need not be scored to the end
	shape []uint32 // by row: the least row that holds the same values
	kept  []kept
}

// A kept is the part of a score that decides.
type kept struct {
	a, b            uint32 // shapes
	out             uint8  // 0: nothing is kept here
	hopeless        bool   // it cannot reach the need, and was not scored to the end
	groups          int
	bits, own, role float64
}

const keptScores = 1 << 15

// newReuse makes a reuse for the rows of order.
func (s *scorer) newReuse(order []uint32, need float64) *reuse {
	u := &reuse{s: s, need: need, shape: make([]uint32, len(s.labels)), kept: make([]kept, keptScores)}
	type hashed struct {
		hash uint64
		row  uint32
	}
	for r := range u.shape {
		u.shape[r] = uint32(r)
	}
	hs := make([]hashed, len(order))
	for i, r := range order {
		h := uint64(14695981039346656037)
		for _, x := range s.t.feats(r) {
			h = (h ^ uint64(x)) * 1099511628211
		}
		hs[i] = hashed{h, r}
	}
	slices.SortFunc(hs, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row)) })
	for i, h := range hs {
		if i > 0 && hs[i-1].hash == h.hash {
			if like := u.shape[hs[i-1].row]; slices.Equal(s.t.feats(like), s.t.feats(h.row)) {
				u.shape[h.row] = like
			}
		}
	}
	return u
}

// link scores the rows a and b and tells whether they reach the need.
func (u *reuse) link(a, b uint32, out float64) (float64, bool) {
	k := u.at(a, b, out)
	if k.out == 0 {
		u.keep(k, a, b, out, u.need)
	}
	return k.bits, u.holds(k, u.need)
}

// compare scores the rows a and b to the end. The result stands until the next call.
func (u *reuse) compare(a, b uint32, out float64) *kept {
	k := u.at(a, b, out)
	if k.out == 0 || k.hopeless {
		u.keep(k, a, b, out, math.Inf(-1))
	}
	return k
}

func (u *reuse) holds(k *kept, need float64) bool {
	return u.s.holds(&score{bits: k.bits, groups: k.groups, own: k.own, role: k.role}, need)
}

// at returns the place of a pair's score, with out 0 where another pair's was there or none.
func (u *reuse) at(a, b uint32, out float64) *kept {
	a, b = u.shape[a], u.shape[b]
	k := &u.kept[(uint64(a)*0x9e3779b97f4a7c15^uint64(b)*0xc2b2ae3d27d4eb4f)>>20%uint64(len(u.kept))]
	if k.a != a || k.b != b || k.out != uint8(out) {
		k.out = 0
	}
	return k
}

func (u *reuse) keep(k *kept, a, b uint32, out, need float64) {
	sc := u.s.compareFeats(u.s.t.feats(a), u.s.t.feats(b), u.s.t.mask[a], u.s.t.mask[b], out, need, 1)
	*k = kept{
		a: u.shape[a], b: u.shape[b], out: uint8(out), hopeless: math.IsInf(sc.bits, -1),
		groups: sc.groups, bits: sc.bits, own: sc.own, role: sc.role,
	}
}
