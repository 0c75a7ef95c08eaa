package outlook

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// ErrFormat says that bytes are no compound file or hold no message.
var ErrFormat = errors.New("outlook: not an Outlook message")

const (
	freeSector  = 0xFFFFFFFF
	endOfChain  = 0xFFFFFFFE
	maxEntries  = 200_000
	maxStream   = 256 << 20
	typeStorage = 1
	typeStream  = 2
	typeRoot    = 5
)

var magic = []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")

// A compound is a compound file ([MS-CFB]). Chains that lead in a circle or out of the file end there.
type compound struct {
	b          []byte
	sector     int
	fat        []uint32
	mini       []uint32
	miniStream []byte
	cutoff     uint32
	entries    []entry
	budget     int // bytes of streams that may still be put together
}

// An entry is a directory entry (section 2.6.1).
type entry struct {
	name              string
	kind              byte
	left, right, down uint32
	start             uint32
	size              uint64
}

func openCompound(b []byte) (*compound, error) {
	if len(b) < 512 || string(b[:8]) != string(magic) {
		return nil, ErrFormat
	}
	c := &compound{b: b, budget: 2*len(b) + 1<<20}
	shift := binary.LittleEndian.Uint16(b[30:])
	if shift != 9 && shift != 12 {
		shift = 9
	}
	c.sector = 1 << shift
	c.cutoff = binary.LittleEndian.Uint32(b[56:])
	if c.cutoff == 0 || c.cutoff > 1<<16 {
		c.cutoff = 4096
	}
	c.readFAT()
	dir := c.chain(binary.LittleEndian.Uint32(b[48:]), c.fat, -1)
	for i := 0; i+128 <= len(dir) && len(c.entries) < maxEntries; i += 128 {
		c.entries = append(c.entries, readEntry(dir[i:i+128]))
	}
	if len(c.entries) == 0 || c.entries[0].kind != typeRoot {
		return nil, ErrFormat
	}
	c.miniStream = c.chain(c.entries[0].start, c.fat, int(min(c.entries[0].size, maxStream)))
	mini := c.chain(binary.LittleEndian.Uint32(b[60:]), c.fat, -1)
	c.mini = words(mini)
	return c, nil
}

// readFAT puts the sector table together from the list in the header and the chained lists behind it (section 2.5).
func (c *compound) readFAT() {
	b := c.b
	var list []uint32
	for i := 0; i < 109; i++ {
		list = append(list, binary.LittleEndian.Uint32(b[76+4*i:]))
	}
	next := binary.LittleEndian.Uint32(b[68:])
	for seen := 0; next < endOfChain && seen <= len(b)/c.sector; seen++ {
		s := c.sectorAt(next)
		if len(s) < c.sector {
			break
		}
		w := words(s)
		list = append(list, w[:len(w)-1]...)
		next = w[len(w)-1]
	}
	for _, n := range list {
		if n >= endOfChain-4 || len(c.fat) > len(b)/4 {
			continue
		}
		s := c.sectorAt(n)
		c.fat = append(c.fat, words(s)...)
	}
}

func words(b []byte) []uint32 {
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

func (c *compound) sectorAt(n uint32) []byte {
	off := (int64(n) + 1) * int64(c.sector)
	if off >= int64(len(c.b)) {
		return nil
	}
	return c.b[off:min(off+int64(c.sector), int64(len(c.b)))]
}

// chain puts the sectors of a chain together, size bytes of them or all if size is negative.
func (c *compound) chain(start uint32, table []uint32, size int) []byte {
	var out []byte
	limit := len(c.b)/c.sector + 1
	for n := start; n < endOfChain-4 && limit > 0 && (size < 0 || len(out) < size); limit-- {
		s := c.sectorAt(n)
		if s == nil || c.budget < len(s) {
			break
		}
		c.budget -= len(s)
		out = append(out, s...)
		if int(n) >= len(table) {
			break
		}
		n = table[n]
	}
	if size >= 0 && len(out) > size {
		out = out[:size]
	}
	return out
}

// stream returns the content of a stream.
func (c *compound) stream(e *entry) []byte {
	size := int(min(e.size, maxStream))
	if e.size >= uint64(c.cutoff) {
		return c.chain(e.start, c.fat, size)
	}
	var out []byte
	for n, limit := e.start, len(c.miniStream)/64+1; n < endOfChain-4 && limit > 0 && len(out) < size; limit-- {
		off := int64(n) * 64
		if off >= int64(len(c.miniStream)) || c.budget < 64 {
			break
		}
		c.budget -= 64
		out = append(out, c.miniStream[off:min(off+64, int64(len(c.miniStream)))]...)
		if int(n) >= len(c.mini) {
			break
		}
		n = c.mini[n]
	}
	return out[:min(len(out), size)]
}

func readEntry(b []byte) entry {
	n := int(binary.LittleEndian.Uint16(b[64:]))
	if n > 64 {
		n = 64
	}
	var u []uint16
	for i := 0; i+2 <= n; i += 2 {
		if v := binary.LittleEndian.Uint16(b[i:]); v != 0 {
			u = append(u, v)
		}
	}
	return entry{
		name: string(utf16.Decode(u)), kind: b[66],
		left: binary.LittleEndian.Uint32(b[68:]), right: binary.LittleEndian.Uint32(b[72:]), down: binary.LittleEndian.Uint32(b[76:]),
		start: binary.LittleEndian.Uint32(b[116:]), size: uint64(binary.LittleEndian.Uint32(b[120:])),
	}
}

// children returns the indexes of the entries in a storage, in the order of its tree. used marks entries that have been
// returned, so that a tree that leads in a circle ends.
func (c *compound) children(storage int, used map[uint32]bool) []int {
	var out []int
	stack := []uint32{c.entries[storage].down}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n >= uint32(len(c.entries)) || used[n] {
			continue
		}
		used[n] = true
		e := &c.entries[n]
		stack = append(stack, e.right, e.left)
		if e.kind == typeStorage || e.kind == typeStream {
			out = append(out, int(n))
		}
	}
	return out
}
