package campaign

import (
	"encoding/binary"
	"encoding/hex"
)

// ids numbers sighting ids in order of arrival. An id of 64 hex digits, as all of ours are, takes 33 bytes.
type ids struct {
	raw   []byte   // for each: 0 and 32 bytes, or length + 1 as uvarint and the text
	off   []uint32 // where each begins
	slots []uint32 // open addressing: number + 1
}

func newIDs() ids { return ids{slots: make([]uint32, 1024)} }

func (d *ids) len() int { return len(d.off) }

// packed gives the stored form of an id.
func packed(buf []byte, id string) []byte {
	if len(id) == 64 {
		var b [32]byte
		if _, err := hex.Decode(b[:], []byte(id)); err == nil && hex.EncodeToString(b[:]) == id {
			return append(append(buf, 0), b[:]...)
		}
	}
	return append(binary.AppendUvarint(buf, uint64(len(id))+1), id...)
}

// form returns the stored bytes of id number r.
func (d *ids) form(r uint32) []byte {
	end := uint32(len(d.raw))
	if int(r)+1 < len(d.off) {
		end = d.off[r+1]
	}
	return d.raw[d.off[r]:end]
}

// at returns id number r.
func (d *ids) at(r uint32) string {
	f := d.form(r)
	if f[0] == 0 {
		return hex.EncodeToString(f[1:])
	}
	_, k := binary.Uvarint(f)
	return string(f[k:])
}

// slot returns the slot of a stored form, or the free one where it would go.
func (d *ids) slot(form []byte) uint64 {
	mask := uint64(len(d.slots) - 1)
	i := digest(0, string(form)) & mask
	for d.slots[i] != 0 && string(d.form(d.slots[i]-1)) != string(form) {
		i = (i + 1) & mask
	}
	return i
}

// row returns the number of an id.
func (d *ids) row(id string) (uint32, bool) {
	var buf [80]byte
	n := d.slots[d.slot(packed(buf[:0], id))]
	return n - 1, n != 0
}

// add appends an id that is not there yet.
func (d *ids) add(id string) {
	d.off = push(d.off, uint32(len(d.raw)))
	d.raw = packed(d.raw, id)
	if len(d.off)*4 >= len(d.slots)*3 {
		d.rehash(len(d.slots) * 2)
		return
	}
	d.slots[d.slot(d.form(uint32(len(d.off)-1)))] = uint32(len(d.off))
}

// rehash makes the slots anew.
func (d *ids) rehash(n int) {
	for len(d.off)*4 >= n*3 {
		n *= 2
	}
	d.slots = make([]uint32, n)
	for r := range d.off {
		d.slots[d.slot(d.form(uint32(r)))] = uint32(r) + 1
	}
}

// drop takes the newest id away. Nothing was put behind it, so its slot is simply free again.
func (d *ids) drop() {
	r := uint32(len(d.off) - 1)
	d.slots[d.slot(d.form(r))] = 0
	d.raw, d.off = d.raw[:d.off[r]], d.off[:r]
}

// push appends like append, but large slices grow by an eighth: memory counts for more than copying.
func push[T any](s []T, v T) []T {
	if len(s) == cap(s) && cap(s) >= 1<<16 {
		s = append(make([]T, 0, len(s)+len(s)/8), s...)
	}
	return append(s, v)
}
