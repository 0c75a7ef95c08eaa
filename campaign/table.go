package campaign

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A table holds what the linker knows of every sighting and every value, in flat arrays: a sighting is a row number, a
// value of a view is a value number, and a value's holders are a chain through the rows, newest first. At a million
// sightings the arrays come to some hundred bytes a sighting; a map for each would cost ten times that.
type table struct {
	// By row.
	ids   ids
	at    []int64  // receipt, Unix milliseconds
	org   []uint32 // number of the reporting organisation
	class []uint8  // see classOf
	off   []uint32 // first slot; off[row+1] ends it
	mask  []uint32 // views present, by bit

	// By slot: one feature of one row; a row's values ascend.
	feat []uint32
	next []uint32 // older row holding the same value + 1, 0 at the end

	// By value.
	key   []uint64
	vview []uint8
	name  []uint32  // offset into names, 0 for bands: they are hashes already
	head  []uint32  // newest row + 1
	g     []uint32  // clusters that hold it
	b     []float32 // ordinary messages that hold it

	names []byte   // uvarint length and text
	slots []uint32 // open addressing: value + 1

	orgs   []string
	orgNum map[string]uint32
}

const (
	classBenign  = iota // counted, never linked
	classJoin           // may join, may not open
	classLink           // links
	classMissed         // ordinary by its verdict, a member on overwhelming evidence
	classDropped        // an analyst's word took it out
	classSaid           // ordinary by its verdict, linked by an analyst's word
)

func classOf(c coldwatch.Class) uint8 {
	switch c {
	case coldwatch.Hostile, coldwatch.Targeted:
		return classLink
	case coldwatch.Suspicious:
		return classJoin
	}
	return classBenign
}

func newTable() *table {
	return &table{ids: newIDs(), off: []uint32{0}, names: []byte{0}, slots: make([]uint32, 1024), orgNum: map[string]uint32{}}
}

// digest is FNV-1a over the view's number and the value, finished so that all bits of the slot index depend on it.
func digest(v uint8, s string) uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ uint64(v)) * 1099511628211
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// find returns the number of a value, or ok false.
func (t *table) find(v uint8, s string) (uint32, bool) {
	h := digest(v, s)
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		n := t.slots[i]
		if n == 0 {
			return 0, false
		}
		if t.key[n-1] == h && t.vview[n-1] == v && t.same(n-1, s) {
			return n - 1, true
		}
	}
}

// same guards against hashes made to collide.
func (t *table) same(x uint32, s string) bool { return t.name[x] == 0 || t.text(x) == s }

// text returns a value's text, "" for a band.
func (t *table) text(x uint32) string {
	o := t.name[x]
	if o == 0 {
		return ""
	}
	n := uint32(t.names[o]) | uint32(t.names[o+1])<<8
	return string(t.names[o+2 : o+2+n])
}

const maxValue = 512 // bytes of a value that are kept

// intern returns the number of a value, a new one where it was not known.
func (t *table) intern(v uint8, s string, keep bool) uint32 {
	if len(s) > maxValue {
		s = s[:maxValue]
	}
	if x, ok := t.find(v, s); ok {
		return x
	}
	if len(t.key)*4 >= len(t.slots)*3 {
		t.rehash(len(t.slots) * 2)
	}
	x := uint32(len(t.key))
	h := digest(v, s)
	var at uint32
	if keep {
		at = uint32(len(t.names))
		t.names = append(t.names, byte(len(s)), byte(len(s)>>8))
		t.names = append(t.names, s...)
	}
	t.key = push(t.key, h)
	t.vview = push(t.vview, v)
	t.name = push(t.name, at)
	t.head = push(t.head, 0)
	t.g = push(t.g, 0)
	t.b = push(t.b, 0)
	t.put(x)
	return x
}

func (t *table) put(x uint32) {
	mask := uint64(len(t.slots) - 1)
	i := t.key[x] & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = x + 1
}

func (t *table) rehash(n int) {
	t.slots = make([]uint32, n)
	for x := range t.key {
		t.put(uint32(x))
	}
}

// add appends a row; it stands in no chain yet. The features must be numbers, ascending, without repeats.
func (t *table) add(s *coldwatch.Sighting, class uint8, feats []uint32) uint32 {
	r := uint32(t.ids.len())
	t.ids.add(s.ID)
	t.at = push(t.at, s.Received.UnixMilli())
	o, ok := t.orgNum[s.Organisation]
	if !ok {
		o = uint32(len(t.orgs))
		t.orgs = append(t.orgs, s.Organisation)
		t.orgNum[s.Organisation] = o
	}
	t.org = push(t.org, o)
	t.class = push(t.class, class)
	for _, x := range feats {
		t.feat = push(t.feat, x)
		t.next = push(t.next, 0)
	}
	t.off = push(t.off, uint32(len(t.feat)))
	t.mask = push(t.mask, t.maskOf(feats))
	return r
}

func (t *table) maskOf(feats []uint32) (m uint32) {
	for _, x := range feats {
		m |= 1 << t.vview[x]
	}
	return m
}

func (t *table) feats(r uint32) []uint32 { return t.feat[t.off[r]:t.off[r+1]] }

// slot returns where row r holds value x, which it must.
func (t *table) slot(r, x uint32) uint32 {
	lo, hi := t.off[r], t.off[r+1]
	for lo < hi {
		mid := (lo + hi) / 2
		if t.feat[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (t *table) has(r, x uint32) bool {
	s := t.slot(r, x)
	return s < t.off[r+1] && t.feat[s] == x
}

// older returns the next row of x's chain after r, ok false at the end.
func (t *table) older(r, x uint32) (uint32, bool) {
	n := t.next[t.slot(r, x)]
	return n - 1, n != 0
}

// chained tells whether two rows or more hold x.
func (t *table) chained(x uint32) bool {
	if t.head[x] == 0 {
		return false
	}
	_, ok := t.older(t.head[x]-1, x)
	return ok
}

// chain puts row r at the head of its values' chains.
func (t *table) chain(r uint32) {
	for s := t.off[r]; s < t.off[r+1]; s++ {
		x := t.feat[s]
		t.next[s] = t.head[x]
		t.head[x] = r + 1
	}
}

// canonical returns the rows for which keep is true by receipt, then id.
func (t *table) canonical(keep func(r uint32) bool) []uint32 {
	var out []uint32
	for r := range t.ids.len() {
		if keep(uint32(r)) {
			out = append(out, uint32(r))
		}
	}
	slices.SortFunc(out, t.order)
	return out
}

// order compares rows in the canonical order.
func (t *table) order(a, b uint32) int {
	if c := cmp.Compare(t.at[a], t.at[b]); c != 0 {
		return c
	}
	return strings.Compare(t.ids.at(a), t.ids.at(b))
}

// before is the canonical order of rows.
func (t *table) before(a, b uint32) bool {
	if t.at[a] != t.at[b] {
		return t.at[a] < t.at[b]
	}
	return t.ids.at(a) < t.ids.at(b)
}

// unadd takes away the newest row, which must stand in no chain.
func (t *table) unadd(r uint32) {
	t.ids.drop()
	t.feat, t.next = t.feat[:t.off[r]], t.next[:t.off[r]]
	t.at, t.org, t.class = t.at[:r], t.org[:r], t.class[:r]
	t.mask, t.off = t.mask[:r], t.off[:r+1]
}
