package pdf

import (
	"bytes"
	"strconv"
	"unicode/utf16"
)

// scan finds every object and trailer of the file, the later of a number winning, as an update would have it.
func (d *document) scan() []dict {
	var trailers []dict
	for at := 0; at < len(d.data); {
		i := bytes.Index(d.data[at:], []byte("obj"))
		if i < 0 {
			break
		}
		at += i
		num, gen, start, ok := d.header(at)
		if !ok {
			at += 3
			continue
		}
		if len(d.order) >= d.lim.Objects {
			d.limit = "limit.pdf_objects"
			break
		}
		p := &parser{s: d.data, at: at + 3, doc: d}
		o := &object{num: num, gen: gen, pos: start}
		o.val = p.value(0)
		at = max(p.at, at+3)
		if m, isDict := o.val.(dict); isDict {
			if s, end, found := d.streamAt(at, m); found {
				o.stream, at = s, end
				if m["Type"] == name("XRef") {
					trailers = append(trailers, m)
				}
			}
		}
		d.add(o)
	}
	for at := 0; len(trailers) < 64; {
		i := bytes.Index(d.data[at:], []byte("trailer"))
		if i < 0 {
			break
		}
		at += i + 7
		p := &parser{s: d.data, at: at, doc: d}
		if m, ok := p.value(0).(dict); ok {
			trailers = append(trailers, m)
		}
	}
	return trailers
}

func (d *document) add(o *object) {
	if d.objects[o.num] == nil {
		d.order = append(d.order, o.num)
	}
	d.objects[o.num] = o
}

// header reads "12 0 obj" backwards from where "obj" stands.
func (d *document) header(at int) (num, gen, start int, ok bool) {
	i := at - 1
	back := func() (int, bool) {
		for i >= 0 && space(d.data[i]) {
			i--
		}
		end := i + 1
		for i >= 0 && d.data[i] >= '0' && d.data[i] <= '9' && end-i < 12 {
			i--
		}
		n, err := strconv.Atoi(string(d.data[i+1 : end]))
		return n, err == nil
	}
	if gen, ok = back(); !ok {
		return
	}
	if i < 0 || !space(d.data[i]) {
		return 0, 0, 0, false
	}
	num, ok = back()
	return num, gen, i + 1, ok
}

// streamAt reads the stream that follows a dictionary (section 7.3.8): by its length where that leads to "endstream",
// else to the next "endstream".
func (d *document) streamAt(at int, m dict) ([]byte, int, bool) {
	for at < len(d.data) && space(d.data[at]) {
		at++
	}
	if !bytes.HasPrefix(d.data[at:], []byte("stream")) {
		return nil, at, false
	}
	at += 6
	if at < len(d.data) && d.data[at] == '\r' {
		at++
	}
	if at < len(d.data) && d.data[at] == '\n' {
		at++
	}
	if n, ok := m["Length"].(float64); ok && n >= 0 && at+int(n) <= len(d.data) {
		end := at + int(n)
		if tail := bytes.TrimLeft(d.data[end:min(end+20, len(d.data))], "\r\n\t \x00"); bytes.HasPrefix(tail, []byte("endstream")) {
			return d.data[at:end], end, true
		}
	}
	i := bytes.Index(d.data[at:], []byte("endstream"))
	if i < 0 {
		return d.data[at:], len(d.data), true
	}
	return bytes.TrimRight(d.data[at:at+i], "\r\n"), at + i, true
}

// objectStreams opens the streams that hold objects (section 7.5.7).
func (d *document) objectStreams() {
	for i := 0; i < len(d.order); i++ {
		o := d.objects[d.order[i]]
		m, _ := o.val.(dict)
		if m == nil || o.stream == nil || m["Type"] != name("ObjStm") {
			continue
		}
		body := d.decode(o)
		first, _ := d.num(m["First"])
		count, _ := d.num(m["N"])
		p := &parser{s: body, doc: d}
		for range int(min(count, 20_000)) {
			n, ok1 := p.value(0).(float64)
			off, ok2 := p.value(0).(float64)
			if !ok1 || !ok2 || len(d.order) >= d.lim.Objects {
				break
			}
			at := int(first) + int(off)
			if at < 0 || at >= len(body) || n < 0 {
				continue
			}
			if have := d.objects[int(n)]; have != nil && !have.inner && have.stream != nil {
				continue
			}
			q := &parser{s: body, at: at, doc: d}
			d.add(&object{num: int(n), val: q.value(0), pos: o.pos, inner: true})
		}
	}
}

// parser reads objects' syntax (section 7.3).
type parser struct {
	s   []byte
	at  int
	doc *document
}

func space(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}
func delimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return space(c)
}

func (p *parser) skip() {
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case space(c):
			p.at++
		case c == '%':
			for p.at < len(p.s) && p.s[p.at] != '\n' && p.s[p.at] != '\r' {
				p.at++
			}
		default:
			return
		}
	}
}

// keyword is a word that is no value: an operator, or the end of something.
type keyword string

func (p *parser) value(depth int) any {
	p.skip()
	if p.at >= len(p.s) || depth > 64 {
		p.at = len(p.s)
		return nil
	}
	switch c := p.s[p.at]; {
	case c == '/':
		return p.name()
	case c == '(':
		return p.literal()
	case c == '<':
		if p.at+1 < len(p.s) && p.s[p.at+1] == '<' {
			return p.dict(depth)
		}
		return p.hex()
	case c == '[':
		p.at++
		var a array
		for len(a) < 100_000 {
			p.skip()
			if p.at >= len(p.s) {
				return a
			}
			if p.s[p.at] == ']' {
				p.at++
				return a
			}
			before := p.at
			v := p.value(depth + 1)
			if k, ok := v.(keyword); ok {
				if k == "endobj" || k == "stream" {
					return a
				}
				if p.at == before {
					p.at++
				}
				continue
			}
			a = append(a, v)
		}
		return a
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		return p.number()
	}
	start := p.at
	for p.at < len(p.s) && !delimiter(p.s[p.at]) {
		p.at++
	}
	if p.at == start {
		p.at++
		return keyword(p.s[start:p.at])
	}
	switch w := string(p.s[start:p.at]); w {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		return keyword(w)
	}
}

func (p *parser) name() name {
	p.at++
	var b []byte
	for p.at < len(p.s) && !delimiter(p.s[p.at]) {
		c := p.s[p.at]
		if c == '#' && p.at+2 < len(p.s) {
			if v, err := strconv.ParseUint(string(p.s[p.at+1:p.at+3]), 16, 8); err == nil {
				c = byte(v)
				p.at += 2
			}
		}
		b = append(b, c)
		p.at++
	}
	return name(b)
}

// number reads a number, or a reference if "0 R" follows.
func (p *parser) number() any {
	start := p.at
	for p.at < len(p.s) && (p.s[p.at] >= '0' && p.s[p.at] <= '9' || p.s[p.at] == '+' || p.s[p.at] == '-' || p.s[p.at] == '.') {
		p.at++
	}
	f, err := strconv.ParseFloat(string(p.s[start:min(p.at, start+40)]), 64)
	if err != nil {
		f = 0
	}
	i := p.at
	for i < len(p.s) && i < p.at+4 && space(p.s[i]) {
		i++
	}
	if i > p.at && i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
		j := i
		for j < len(p.s) && j < i+6 && p.s[j] >= '0' && p.s[j] <= '9' {
			j++
		}
		k := j
		for k < len(p.s) && k < j+4 && space(p.s[k]) {
			k++
		}
		if k > j && k < len(p.s) && p.s[k] == 'R' && (k+1 >= len(p.s) || delimiter(p.s[k+1])) && f >= 0 && f < 1<<31 {
			p.at = k + 1
			return ref(f)
		}
	}
	return f
}

func (p *parser) literal() string {
	p.at++
	var b []byte
	for depth := 1; p.at < len(p.s); p.at++ {
		c := p.s[p.at]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.at++
				return string(b)
			}
		case '\\':
			p.at++
			if p.at >= len(p.s) {
				return string(b)
			}
			switch e := p.s[p.at]; e {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case '\n':
				continue
			case '\r':
				if p.at+1 < len(p.s) && p.s[p.at+1] == '\n' {
					p.at++
				}
				continue
			default:
				c = e
				if e >= '0' && e <= '7' {
					v := 0
					j := p.at
					for j < len(p.s) && j < p.at+3 && p.s[j] >= '0' && p.s[j] <= '7' {
						v = v*8 + int(p.s[j]-'0')
						j++
					}
					p.at = j - 1
					c = byte(v)
				}
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func (p *parser) hex() string {
	p.at++
	var b []byte
	half, have := byte(0), false
	for ; p.at < len(p.s); p.at++ {
		c := p.s[p.at]
		if c == '>' {
			p.at++
			break
		}
		v := unhex(c)
		if v < 0 {
			continue
		}
		if have {
			b = append(b, half<<4|byte(v))
		} else {
			half = byte(v)
		}
		have = !have
	}
	if have {
		b = append(b, half<<4)
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func (p *parser) dict(depth int) dict {
	p.at += 2
	m := dict{}
	for len(m) < 20_000 {
		p.skip()
		if p.at >= len(p.s) {
			return m
		}
		if p.s[p.at] == '>' {
			p.at++
			if p.at < len(p.s) && p.s[p.at] == '>' {
				p.at++
			}
			return m
		}
		if p.s[p.at] != '/' {
			before := p.at
			if k, ok := p.value(depth + 1).(keyword); ok && (k == "endobj" || k == "stream") {
				p.at = before
				return m
			}
			if p.at == before {
				p.at++
			}
			continue
		}
		key := p.name()
		p.skip()
		if p.at+1 < len(p.s) && p.s[p.at] == '>' && p.s[p.at+1] == '>' {
			continue
		}
		before := p.at
		v := p.value(depth + 1)
		if k, ok := v.(keyword); ok && (k == "endobj" || k == "stream") {
			p.at = before
			return m
		}
		m[string(key)] = v
	}
	return m
}

// decodeText decodes a text string: UTF-16 or UTF-8 by mark, else PDFDocEncoding, which is Latin-1 where it matters.
func decodeText(s string) string {
	if len(s) >= 2 && (s[0] == 0xfe && s[1] == 0xff || s[0] == 0xff && s[1] == 0xfe) {
		u := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			if s[0] == 0xfe {
				u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
			} else {
				u = append(u, uint16(s[i+1])<<8|uint16(s[i]))
			}
		}
		return string(utf16.Decode(u))
	}
	if len(s) >= 3 && s[:3] == "\xef\xbb\xbf" {
		return s[3:]
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			r := make([]rune, len(s))
			for j := range len(s) {
				r[j] = rune(s[j])
			}
			return string(r)
		}
	}
	return s
}
