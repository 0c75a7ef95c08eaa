package compound

import (
	"encoding/binary"
	"slices"
	"testing"
)

// file makes a compound file by hand: a FAT in sector 0, a directory of four entries in sector 1, the mini FAT in sector 2, the mini stream
// in sector 3 and a stream of 9 sectors behind it. change may spoil it.
func file(change func(b []byte)) []byte {
	b := make([]byte, 512*14)
	le := binary.LittleEndian
	copy(b, magic)
	le.PutUint16(b[30:], 9)
	le.PutUint32(b[48:], 1)    // directory
	le.PutUint32(b[56:], 4096) // cutoff
	le.PutUint32(b[60:], 2)    // mini FAT
	le.PutUint32(b[68:], endOfChain)
	for i := range 109 {
		le.PutUint32(b[76+4*i:], 0xFFFFFFFF)
	}
	le.PutUint32(b[76:], 0)
	for i := range 128 {
		le.PutUint32(b[512+4*i:], endOfChain)
		le.PutUint32(b[3*512+4*i:], endOfChain)
	}
	for i := 4; i < 12; i++ {
		le.PutUint32(b[512+4*i:], uint32(i+1))
	}
	entry := func(n int, name string, kind byte, left, right, down, start, size uint32) {
		e := b[1024+128*n:]
		for i, c := range name {
			le.PutUint16(e[2*i:], uint16(c))
		}
		le.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66] = kind
		for i, v := range []uint32{left, right, down} {
			le.PutUint32(e[68+4*i:], v)
		}
		le.PutUint32(e[116:], start)
		le.PutUint32(e[120:], size)
	}
	const none = 0xFFFFFFFF
	entry(0, "Root Entry", root, none, none, 2, 3, 512)
	entry(1, "small", Stream, none, none, none, 0, 5)
	entry(2, "dir", Storage, 1, 3, 3, 0, 0)
	entry(3, "large", Stream, none, none, none, 4, 4500)
	copy(b[4*512:], "hello")
	for i := range 4500 {
		b[5*512+i] = byte(i)
	}
	if change != nil {
		change(b)
	}
	return b
}

// all visits every entry below the root, and returns the names with the sizes of their content.
func all(b []byte) (names []string, total int) {
	f, err := Open(b)
	if err != nil {
		return nil, 0
	}
	var walk func(n int)
	walk = func(n int) {
		for _, k := range f.Children(n) {
			e := &f.Entries[k]
			names = append(names, e.Name)
			if e.Kind == Storage {
				walk(k)
				continue
			}
			total += len(f.Content(e))
		}
	}
	walk(0)
	return names, total
}

func TestOpen(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		name   string
		change func(b []byte)
		names  []string
		total  int
	}{
		{"whole", nil, []string{"dir", "small", "large"}, 4505},
		{"chain in a circle", func(b []byte) { le.PutUint32(b[512+4*5:], 4) }, []string{"dir", "small", "large"}, 4505},
		{"chain out of the file", func(b []byte) { le.PutUint32(b[512+4*5:], 9999) }, []string{"dir", "small", "large"}, 5 + 1024},
		{"tree in a circle", func(b []byte) { le.PutUint32(b[1024+128+68:], 2) }, []string{"dir", "small", "large"}, 4505},
		{"directory in a circle", func(b []byte) { le.PutUint32(b[512+4:], 1) }, []string{"dir", "small", "large"}, 4505},
		{"no root", func(b []byte) { b[1024+66] = Stream }, nil, 0},
		{"a stream that says it is huge", func(b []byte) { le.PutUint32(b[1024+3*128+120:], 1<<31) }, []string{"dir", "small", "large"}, 9*512 + 5},
	} {
		names, total := all(file(c.change))
		if !slices.Equal(names, c.names) || total != c.total {
			t.Errorf("%s: %v, %d bytes", c.name, names, total)
		}
	}
	f, err := Open(file(nil))
	if err != nil || string(f.Content(&f.Entries[1])) != "hello" {
		t.Errorf("%v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(file(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, total := all(b); total > 2*len(b)+1<<20 {
			t.Fatalf("%d bytes out of %d", total, len(b))
		}
	})
}
