package pdf

import (
	"bytes"
	"encoding/ascii85"
	"io"

	"github.com/klauspost/compress/flate"
)

// filters are the names of a stream's filters (section 7.4).
func (d *document) filters(m dict) []string {
	v := d.resolve(m["Filter"])
	if v == nil {
		v = d.resolve(m["F"])
	}
	switch f := v.(type) {
	case name:
		return []string{long(string(f))}
	case array:
		var out []string
		for _, e := range f {
			if len(out) < 8 {
				out = append(out, long(d.name(e)))
			}
		}
		return out
	}
	return nil
}

func long(short string) string {
	if l, ok := map[string]string{"Fl": "FlateDecode", "AHx": "ASCIIHexDecode", "A85": "ASCII85Decode", "LZW": "LZWDecode", "RL": "RunLengthDecode", "DCT": "DCTDecode"}[short]; ok {
		return l
	}
	return short
}

// decode decodes a stream once, as far as it goes.
func (d *document) decode(o *object) []byte {
	if o.done {
		return o.decoded
	}
	o.done = true
	m, _ := o.val.(dict)
	data := o.stream
	if d.crypt != nil && !o.inner && d.name(m["Type"]) != "XRef" {
		data = d.crypt.open(data, o.num, o.gen)
	}
	for i, f := range d.filters(m) {
		data = d.filter(f, data, d.params(m, i))
	}
	o.decoded = data
	return data
}

func (d *document) params(m dict, i int) dict {
	v := d.resolve(m["DecodeParms"])
	if v == nil {
		v = d.resolve(m["DP"])
	}
	switch p := v.(type) {
	case dict:
		return p
	case array:
		if i < len(p) {
			return d.dict(p[i])
		}
	}
	return nil
}

func (d *document) filter(f string, data []byte, parms dict) []byte {
	switch f {
	case "FlateDecode":
		if len(data) > 2 && data[0]&0x0f == 8 {
			data = data[2:]
		}
		return d.predict(d.drain(flate.NewReader(bytes.NewReader(data))), parms)
	case "LZWDecode":
		return d.predict(d.drain(newLZW(data)), parms)
	case "ASCIIHexDecode":
		p := &parser{s: append([]byte{'<'}, data...)}
		return []byte(p.hex())
	case "ASCII85Decode":
		if i := bytes.Index(data, []byte("~>")); i >= 0 {
			data = data[:i]
		}
		data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~"))
		return d.drain(ascii85.NewDecoder(bytes.NewReader(data)))
	case "RunLengthDecode":
		return d.runLength(data)
	}
	return data
}

// drain reads a decoder within the budget.
func (d *document) drain(r io.Reader) []byte {
	if d.budget <= 0 {
		d.limit = "limit.pdf_bytes"
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r, min(d.budget, 32<<20)))
	_ = err // what came out before the damage is used
	if int64(len(b)) >= min(d.budget, 32<<20) {
		d.limit = "limit.pdf_bytes"
	}
	d.budget -= int64(len(b))
	return b
}

func (d *document) runLength(data []byte) []byte {
	var out []byte
	for i := 0; i < len(data) && int64(len(out)) < d.budget; {
		n := int(data[i])
		i++
		switch {
		case n < 128:
			out = append(out, data[i:min(i+n+1, len(data))]...)
			i += n + 1
		case n > 128 && i < len(data):
			out = append(out, bytes.Repeat(data[i:i+1], 257-n)...)
			i++
		default:
			return out
		}
	}
	d.budget -= int64(len(out))
	return out
}

// newLZW decodes PDF's LZW: most significant bit first, with codes that grow one early, as in TIFF.
func newLZW(data []byte) io.Reader {
	return &lzwEarly{data: data}
}

// lzwEarly is a decoder of its own, for the standard library grows its codes late.
type lzwEarly struct {
	data  []byte
	out   []byte
	state bool
}

func (l *lzwEarly) Read(p []byte) (int, error) {
	if !l.state {
		l.state = true
		l.decode()
	}
	if len(l.out) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

func (l *lzwEarly) decode() {
	type entry struct {
		prev int32
		c    byte
		n    int32
	}
	table := make([]entry, 258, 4096)
	for i := range 256 {
		table[i] = entry{-1, byte(i), 1}
	}
	width, bits, acc := 9, 0, uint32(0)
	prev := int32(-1)
	write := func(code int32) byte {
		n := int(table[code].n)
		at := len(l.out)
		l.out = append(l.out, make([]byte, n)...)
		for i := n - 1; i >= 0 && code >= 0; i-- {
			l.out[at+i] = table[code].c
			code = table[code].prev
		}
		return l.out[at]
	}
	for _, b := range l.data {
		acc = acc<<8 | uint32(b)
		bits += 8
		if bits < width {
			continue
		}
		code := int32(acc >> (bits - width) & (1<<width - 1))
		bits -= width
		switch {
		case code == 256:
			table, width, prev = table[:258], 9, -1
			continue
		case code == 257 || len(l.out) > 32<<20:
			return
		case int(code) < len(table):
			first := write(code)
			if prev >= 0 && len(table) < 4096 {
				table = append(table, entry{prev, first, table[prev].n + 1})
			}
		case int(code) == len(table) && prev >= 0 && len(table) < 4096:
			c := prev
			for table[c].prev >= 0 {
				c = table[c].prev
			}
			table = append(table, entry{prev, table[c].c, table[prev].n + 1})
			write(code)
		default:
			return
		}
		prev = code
		for width < 12 && len(table)+1 >= 1<<width {
			width++
		}
	}
}

// predict undoes a predictor (section 7.4.4.4).
func (d *document) predict(data []byte, parms dict) []byte {
	p, _ := d.num(parms["Predictor"])
	if p < 2 {
		return data
	}
	get := func(k string, def int) int {
		if f, ok := d.num(parms[k]); ok && f > 0 && f < 1<<20 {
			return int(f)
		}
		return def
	}
	colors, bpc, columns := get("Colors", 1), get("BitsPerComponent", 8), get("Columns", 1)
	bpp := max(1, colors*bpc/8)
	row := (colors*bpc*columns + 7) / 8
	if row <= 0 || row > 1<<24 {
		return data
	}
	if p == 2 {
		for i := 0; i+row <= len(data) && bpc == 8; i += row {
			for j := bpp; j < row; j++ {
				data[i+j] += data[i+j-bpp]
			}
		}
		return data
	}
	out := make([]byte, 0, len(data))
	last := make([]byte, row)
	for i := 0; i+1 < len(data); i += row + 1 {
		t := data[i]
		cur := append([]byte(nil), data[i+1:min(i+1+row, len(data))]...)
		for j := range cur {
			var left, up, diag int
			if j >= bpp {
				left, diag = int(cur[j-bpp]), int(last[j-bpp])
			}
			up = int(last[j])
			switch t {
			case 1:
				cur[j] += byte(left)
			case 2:
				cur[j] += byte(up)
			case 3:
				cur[j] += byte((left + up) / 2)
			case 4:
				cur[j] += byte(paeth(left, up, diag))
			}
		}
		out = append(out, cur...)
		copy(last, cur)
	}
	return out
}

func paeth(a, b, c int) int {
	p := a + b - c
	pa, pb, pc := abs(p-a), abs(p-b), abs(p-c)
	if pa <= pb && pa <= pc {
		return a
	}
	if pb <= pc {
		return b
	}
	return c
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}
