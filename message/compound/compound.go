// Package compound reads compound files ([MS-CFB]), the file system in a file in which Outlook keeps a message and the
// older Office its documents.
//
// A file is cut into sectors. A table, the FAT, names for every sector the next one of its chain (section 2.3); a
// directory, itself a chain, holds an entry for each storage and stream, in a red-black tree per storage (section 2.6).
// Streams shorter than a cutoff live in sectors of 64 bytes within a stream of their own, the mini stream (section 2.4).
// Hostile files let chains and trees lead in circles and let streams share sectors: every chain ends at the size of the
// file, an entry is visited once, and all streams together give no more than a multiple of the file's size.
package compound

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// ErrFormat says that bytes are no compound file.
var ErrFormat = errors.New("compound: not a compound file")

const (
	endOfChain = 0xFFFFFFFE
	maxEntries = 200_000
	maxStream  = 256 << 20
)

// Kinds of Entry.
const (
	Storage = 1
	Stream  = 2
	root    = 5
)

var magic = []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")

// A File is an open compound file. Chains that lead in a circle or out of the file end there.
type File struct {
	Entries    []Entry // as in the directory; the first is the root storage
	b          []byte
	sector     int
	fat        []uint32
	mini       []uint32
	miniStream []byte
	cutoff     uint32
	used       []bool // entries that Children has returned
	budget     int    // bytes of streams that may still be put together
}

// An Entry is a directory entry (section 2.6.1).
type Entry struct {
	Name              string
	Kind              byte // Storage, Stream
	left, right, down uint32
	start             uint32
	size              uint64
}

// Is tells whether bytes begin like a compound file.
func Is(b []byte) bool { return len(b) >= 512 && string(b[:8]) == string(magic) }

// Open reads the tables and the directory of a compound file.
func Open(b []byte) (*File, error) {
	if !Is(b) {
		return nil, ErrFormat
	}
	c := &File{b: b, budget: 2*len(b) + 1<<20}
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
	for i := 0; i+128 <= len(dir) && len(c.Entries) < maxEntries; i += 128 {
		c.Entries = append(c.Entries, readEntry(dir[i:i+128]))
	}
	if len(c.Entries) == 0 || c.Entries[0].Kind != root {
		return nil, ErrFormat
	}
	c.used = make([]bool, len(c.Entries))
	c.miniStream = c.chain(c.Entries[0].start, c.fat, int(min(c.Entries[0].size, maxStream)))
	mini := c.chain(binary.LittleEndian.Uint32(b[60:]), c.fat, -1)
	c.mini = words(mini)
	return c, nil
}

// readFAT puts the sector table together from the list in the header and the chained lists behind it (section 2.5).
func (c *File) readFAT() {
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

func (c *File) sectorAt(n uint32) []byte {
	off := (int64(n) + 1) * int64(c.sector)
	if off >= int64(len(c.b)) {
		return nil
	}
	return c.b[off:min(off+int64(c.sector), int64(len(c.b)))]
}

// chain puts the sectors of a chain together, size bytes of them or all if size is negative.
func (c *File) chain(start uint32, table []uint32, size int) []byte {
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

// Content returns the content of a stream.
func (c *File) Content(e *Entry) []byte {
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

func readEntry(b []byte) Entry {
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
	return Entry{
		Name: string(utf16.Decode(u)), Kind: b[66],
		left: binary.LittleEndian.Uint32(b[68:]), right: binary.LittleEndian.Uint32(b[72:]), down: binary.LittleEndian.Uint32(b[76:]),
		start: binary.LittleEndian.Uint32(b[116:]), size: uint64(binary.LittleEndian.Uint32(b[120:])),
	}
}

// Children returns the indexes of the entries in a storage, a node of its tree before those at its sides. An entry is returned once in the
// life of the File, so that a tree that leads in a circle ends.
func (c *File) Children(storage int) []int {
	var out []int
	stack := []uint32{c.Entries[storage].down}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n >= uint32(len(c.Entries)) || c.used[n] {
			continue
		}
		c.used[n] = true
		e := &c.Entries[n]
		stack = append(stack, e.right, e.left)
		if e.Kind == Storage || e.Kind == Stream {
			out = append(out, int(n))
		}
	}
	return out
}
