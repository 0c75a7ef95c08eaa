package pdf

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// A font maps character codes to text by its ToUnicode map (section 9.10.3).
type font struct {
	wide bool // codes of two bytes
	to   map[uint32]string
}

// pages reads the text of every page in the order of the file.
func (d *document) pages() {
	for _, n := range d.order {
		o := d.objects[n]
		m, _ := o.val.(dict)
		if m == nil || d.name(m["Type"]) != "Page" {
			continue
		}
		d.out.Pages++
		if d.out.Pages > 200 || len(d.out.Text) > d.lim.Text {
			continue
		}
		var b strings.Builder
		var content []byte
		switch c := d.resolve(m["Contents"]).(type) {
		case array:
			for _, e := range c {
				if r, ok := e.(ref); ok && d.objects[int(r)] != nil && len(content) < 8<<20 {
					content = append(append(content, d.decode(d.objects[int(r)])...), '\n')
				}
			}
		default:
			if r, ok := m["Contents"].(ref); ok && d.objects[int(r)] != nil {
				content = d.decode(d.objects[int(r)])
			}
		}
		d.show(content, d.resources(m), &b, 0)
		if t := strings.TrimSpace(b.String()); t != "" {
			if d.out.Text != "" {
				d.out.Text += "\n\n"
			}
			d.out.Text += t
		}
	}
}

// resources are a page's, or those of the nodes above it (section 7.7.3.4).
func (d *document) resources(m dict) dict {
	for range 16 {
		if r := d.dict(m["Resources"]); r != nil {
			return r
		}
		if m = d.dict(m["Parent"]); m == nil {
			return nil
		}
	}
	return nil
}

// show walks a content stream (section 9.4) and writes its text, with lines broken where the text position moves down.
func (d *document) show(content []byte, res dict, b *strings.Builder, depth int) {
	if depth > 5 {
		return
	}
	fonts, forms := d.dict(res["Font"]), d.dict(res["XObject"])
	var args []any
	var f *font
	newline := func() {
		if s := b.String(); s != "" && s[len(s)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	lastY := 0.0
	paint := newPainter(d)
	p := &parser{s: content, doc: d}
	for p.at < len(p.s) && d.steps > 0 && b.Len() < d.lim.Text {
		d.steps--
		v := p.value(0)
		op, ok := v.(keyword)
		if !ok {
			if len(args) < 64 {
				args = append(args, v)
			}
			continue
		}
		paint.do(op, args)
		switch op {
		case "Tf":
			if len(args) > 1 {
				if n, isName := args[0].(name); isName {
					f = d.font(fonts[string(n)])
				}
			}
		case "Tj", "'", "\"":
			if op != "Tj" {
				newline()
			}
			if len(args) > 0 {
				if s, isText := args[len(args)-1].(string); isText {
					b.WriteString(f.text(s))
				}
			}
		case "TJ":
			if len(args) > 0 {
				a, _ := args[0].(array)
				for _, e := range a {
					switch x := e.(type) {
					case string:
						b.WriteString(f.text(x))
					case float64:
						if x < -180 {
							b.WriteByte(' ')
						}
					}
				}
			}
		case "Td", "TD":
			if len(args) > 1 {
				if y, _ := args[1].(float64); y != 0 {
					newline()
				} else if x, _ := args[0].(float64); x > 0 {
					b.WriteByte(' ')
				}
			}
		case "T*":
			newline()
		case "Tm":
			if len(args) > 5 {
				if y, _ := args[5].(float64); y != lastY {
					newline()
					lastY = y
				} else {
					b.WriteByte(' ')
				}
			}
		case "ET":
			newline()
		case "BI":
			if i := bytes.Index(p.s[p.at:], []byte("EI")); i >= 0 {
				p.at += i + 2
			}
		case "Do":
			if len(args) > 0 {
				if n, isName := args[0].(name); isName {
					d.form(forms[string(n)], res, b, depth)
				}
			}
		}
		args = args[:0]
	}
}

// form shows a form XObject (section 8.10).
func (d *document) form(v any, outer dict, b *strings.Builder, depth int) {
	r, ok := v.(ref)
	if !ok {
		return
	}
	o := d.objects[int(r)]
	if o == nil || o.stream == nil {
		return
	}
	m, _ := o.val.(dict)
	if d.name(m["Subtype"]) != "Form" {
		return
	}
	res := d.dict(m["Resources"])
	if res == nil {
		res = outer
	}
	d.show(d.decode(o), res, b, depth+1)
}

// font reads how a font's codes become text.
func (d *document) font(v any) *font {
	key := -1
	if r, ok := v.(ref); ok {
		key = int(r)
		if f, seen := d.fonts[key]; seen {
			return f
		}
	}
	m := d.dict(v)
	f := &font{wide: d.name(m["Subtype"]) == "Type0"}
	if r, ok := m["ToUnicode"].(ref); ok && d.objects[int(r)] != nil {
		f.to = map[uint32]string{}
		d.toUnicode(d.decode(d.objects[int(r)]), f)
	}
	if key >= 0 {
		d.fonts[key] = f
	}
	return f
}

// toUnicode reads the bfchar and bfrange sections of a character map.
func (d *document) toUnicode(cmap []byte, f *font) {
	p := &parser{s: cmap, doc: d}
	var args []any
	for p.at < len(p.s) && d.steps > 0 {
		d.steps--
		v := p.value(0)
		op, ok := v.(keyword)
		if !ok {
			if len(args) < 1000 {
				args = append(args, v)
			}
			continue
		}
		switch op {
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				from, ok1 := args[i].(string)
				to, ok2 := args[i+1].(string)
				if ok1 && ok2 && len(f.to) < 70_000 {
					f.to[code(from)] = utf16Text(to)
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				lo, ok1 := args[i].(string)
				hi, ok2 := args[i+1].(string)
				if !ok1 || !ok2 {
					break
				}
				f.fill(code(lo), code(hi), args[i+2])
			}
		}
		args = args[:0]
	}
}

func (f *font) fill(lo, hi uint32, to any) {
	for c := lo; c <= hi && c-lo < 65536 && len(f.to) < 70_000; c++ {
		switch t := to.(type) {
		case string:
			r := []rune(utf16Text(t))
			if len(r) == 0 {
				return
			}
			r[len(r)-1] += rune(c - lo)
			f.to[c] = string(r)
		case array:
			if int(c-lo) >= len(t) {
				return
			}
			if s, ok := t[c-lo].(string); ok {
				f.to[c] = utf16Text(s)
			}
		default:
			return
		}
	}
}

func code(s string) (c uint32) {
	for i := 0; i < len(s) && i < 4; i++ {
		c = c<<8 | uint32(s[i])
	}
	return c
}

func utf16Text(s string) string {
	u := make([]uint16, len(s)/2)
	for i := range u {
		u[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return string(utf16.Decode(u))
}

// text decodes a shown string. Without a map, codes of one byte are taken for Latin-1; of two bytes they tell nothing.
func (f *font) text(s string) string {
	if f == nil || f.to == nil && !f.wide {
		return printable(decodeText(s))
	}
	var b strings.Builder
	step := 1
	if f.wide {
		step = 2
	}
	for i := 0; i+step <= len(s); i += step {
		c := code(s[i : i+step])
		if t, ok := f.to[c]; ok {
			b.WriteString(t)
		} else if !f.wide {
			b.WriteRune(rune(c))
		}
	}
	return printable(b.String())
}

// printable drops control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
