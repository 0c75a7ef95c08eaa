package campaign

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// A snapshot is a magic line, the parameters, the words and campaigns as JSON, the table's arrays as little-endian
// numbers, each with its length, and a CRC-32 of it all. Chains, counts and clusters are stored, so that a restored
// linker places the next sighting as the old one would have.

const magic = "coldwatch linker 2\n"

// maxItems bounds what a damaged length can make us allocate at once.
const maxItems = 1 << 31

// errSnapshot marks a snapshot that is damaged or was made by other parameters.
var errSnapshot = errors.New("campaign: snapshot does not fit")

// A head is the part of a snapshot that is JSON.
type head struct {
	Parameters Parameters
	Words      []coldwatch.Word
	Names      map[uint32]string
	Events     map[string][]event
	Orgs       []string
	Plain      int
	Count      int
	Tick       uint32
	Newest     int64
	Stale      bool
	Bridges    []bridgeState
}

type bridgeState struct {
	Key   [2]uint32
	Edges []edgeState
}

type edgeState struct {
	A, B uint32
	Bits float32
}

// Snapshot writes the linker's state.
func (l *Linker) Snapshot(w io.Writer) error {
	buf := bufio.NewWriterSize(w, 1<<20)
	sum := crc32.NewIEEE()
	out := &encoder{w: io.MultiWriter(buf, sum)}
	h := head{
		Parameters: l.p, Words: l.words, Names: l.names, Events: l.events, Orgs: l.t.orgs, Plain: l.plain, Count: l.count,
		Tick: l.tick, Newest: l.newest, Stale: l.stale,
	}
	for _, k := range slices.SortedFunc(maps.Keys(l.bridges), func(a, b [2]uint32) int { return slices.Compare(a[:], b[:]) }) {
		s := bridgeState{Key: k}
		for _, e := range l.bridges[k] {
			s.Edges = append(s.Edges, edgeState{e.a, e.b, e.bits})
		}
		h.Bridges = append(h.Bridges, s)
	}
	js, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("campaign: snapshot: %w", err)
	}
	t := l.t
	out.bytes([]byte(magic))
	put(out, js)
	put(out, t.ids.raw)
	put(out, t.ids.off)
	put(out, t.at)
	for _, a := range [][]uint32{t.org, t.off, t.mask, t.feat, t.next, t.name, t.head, t.g, l.label} {
		put(out, a)
	}
	put(out, t.class)
	put(out, t.key)
	put(out, t.vview)
	put(out, t.b)
	put(out, t.names)
	var cs []uint32
	for _, lab := range slices.Sorted(maps.Keys(l.clusters)) {
		c := l.clusters[lab]
		cs = append(cs, lab, uint32(len(c.rows)), uint32(len(c.ex)))
		cs = append(append(cs, c.rows...), c.ex...)
	}
	put(out, cs)
	if out.err == nil {
		out.err = binary.Write(buf, binary.LittleEndian, sum.Sum32())
	}
	if out.err == nil {
		out.err = buf.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("campaign: snapshot: %w", out.err)
	}
	return nil
}

// Restore reads a snapshot. It fails when the snapshot is damaged or was made with other parameters; the linker is then
// made by placing all sightings again.
func Restore(r io.Reader, p Parameters) (*Linker, error) { return restore(r, p, p) }

// restore reads a snapshot made with the parameters was for a linker with the parameters p, whose views must be the same.
func restore(r io.Reader, p, was Parameters) (*Linker, error) {
	sum := crc32.NewIEEE()
	in := &decoder{r: bufio.NewReaderSize(r, 1<<20), sum: sum}
	if string(in.raw(len(magic))) != magic {
		return nil, errSnapshot
	}
	var h head
	if js := get[byte](in); in.err != nil || json.Unmarshal(js, &h) != nil || !reflect.DeepEqual(h.Parameters, was) {
		return nil, errors.Join(errSnapshot, in.err)
	}
	l := New(p)
	t := newTable()
	t.ids.raw, t.ids.off = get[byte](in), get[uint32](in)
	t.at = get[int64](in)
	for _, a := range []*[]uint32{&t.org, &t.off, &t.mask, &t.feat, &t.next, &t.name, &t.head, &t.g, &l.label} {
		*a = get[uint32](in)
	}
	t.class, t.key, t.vview = get[byte](in), get[uint64](in), get[byte](in)
	t.b, t.names = get[float32](in), get[byte](in)
	cs := get[uint32](in)
	want := sum.Sum32()
	var crc uint32
	if in.err == nil {
		in.err = binary.Read(in.r, binary.LittleEndian, &crc)
	}
	if in.err != nil || crc != want {
		return nil, errors.Join(errSnapshot, in.err)
	}
	l.adopt(t, h, cs)
	return l, nil
}

// adopt takes the checked state over.
func (l *Linker) adopt(t *table, h head, cs []uint32) {
	t.orgs = h.Orgs
	for i, o := range t.orgs {
		t.orgNum[o] = uint32(i)
	}
	t.ids.rehash(1024)
	n := 1024
	for len(t.key)*4 >= n*3 {
		n *= 2
	}
	t.rehash(n)
	for len(cs) >= 3 {
		lab, rows, ex := cs[0], cs[1], cs[2]
		cs = cs[3:]
		l.clusters[lab] = &cluster{rows: slices.Clone(cs[:rows]), ex: slices.Clone(cs[rows : rows+ex])}
		cs = cs[rows+ex:]
	}
	l.t, l.s.t, l.s.labels = t, t, l.label
	l.seen, l.s.mark = make([]uint32, t.ids.len()), make([]uint32, t.ids.len())
	l.words, l.plain, l.count, l.tick, l.newest, l.stale = h.Words, h.Plain, h.Count, h.Tick, h.Newest, h.Stale
	if h.Names != nil {
		l.names = h.Names
	}
	if h.Events != nil {
		l.events = h.Events
	}
	for _, s := range h.Bridges {
		for _, e := range s.Edges {
			l.bridges[s.Key] = append(l.bridges[s.Key], edge{e.A, e.B, e.Bits})
		}
	}
	l.compile()
}

type encoder struct {
	w   io.Writer
	err error
}

func (e *encoder) bytes(b []byte) {
	if e.err == nil {
		_, e.err = e.w.Write(b)
	}
}

type number interface {
	byte | uint32 | uint64 | int64 | float32
}

// put writes the length and the numbers of a slice, in pieces, so that no second copy of it stands in memory.
func put[T number](e *encoder, a []T) {
	e.bytes(binary.LittleEndian.AppendUint64(nil, uint64(len(a))))
	for piece := range slices.Chunk(a, 1<<16) {
		b, err := binary.Append(nil, binary.LittleEndian, piece)
		if err != nil && e.err == nil {
			e.err = err
		}
		e.bytes(b)
	}
}

type decoder struct {
	r   io.Reader
	sum hash.Hash32
	err error
}

func (d *decoder) raw(n int) []byte {
	b := make([]byte, n)
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, b)
		d.sum.Write(b)
	}
	return b
}

func get[T number](d *decoder) []T {
	n := binary.LittleEndian.Uint64(d.raw(8))
	if d.err == nil && n > maxItems {
		d.err = errSnapshot
	}
	if d.err != nil {
		return nil
	}
	var zero T
	size := binary.Size(zero)
	var out []T
	for n > 0 && d.err == nil {
		k := min(n, 1<<16)
		piece := make([]T, k)
		if _, err := binary.Decode(d.raw(int(k)*size), binary.LittleEndian, piece); err != nil {
			d.err = err
		}
		out = append(out, piece...)
		n -= k
	}
	return out
}
