package office

import (
	"bytes"
	"slices"
	"strings"
)

// RTF reads a rich text document: its text, fields, template and embedded objects.
func RTF(data []byte) *Document {
	d := &Document{Kind: "rtf"}
	var text strings.Builder
	var objects [][]byte
	depth, skip, collect := 0, 0, 0 // the depths at which a group that is not shown, or an object's data, started
	var hex []byte
	half := byte(0)
	have := false
	field := &strings.Builder{}
	inField := 0
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case '{':
			depth++
			i++
		case '}':
			if collect == depth && collect > 0 {
				if len(hex) > 16 && len(objects) < 50 {
					objects = append(objects, hex)
				}
				hex, collect, have = nil, 0, false
			}
			if inField == depth && inField > 0 {
				d.field(field.String())
				field.Reset()
				inField = 0
			}
			if skip == depth {
				skip = 0
			}
			depth--
			i++
		case '\\':
			var word string
			var num int
			word, num, i = control(data, i)
			switch word {
			case "objdata":
				collect = depth
			case "bin":
				n := min(max(num, 0), len(data)-i)
				if collect > 0 {
					hex = append(hex, data[i:i+n]...)
				}
				i += n
			case "fldinst":
				inField = depth
			case "template":
				inField = depth
				field.WriteString("TEMPLATE ")
			case "objupdate", "objautlink":
				d.trait("object-update")
			case "object":
				d.trait("embedded-object")
			case "fonttbl", "colortbl", "stylesheet", "info", "pict", "listtable", "rsidtbl", "themedata", "colorschememapping", "datastore", "latentstyles", "generator":
				if skip == 0 {
					skip = depth
				}
			case "par", "line", "row", "page":
				text.WriteByte('\n')
			case "tab", "cell":
				text.WriteByte('\t')
			case "'":
				d.char(rune(num), skip, collect, inField, &text, field)
			case "u":
				if num < 0 {
					num += 65536
				}
				d.char(rune(num), skip, collect, inField, &text, field)
				if i < len(data) && data[i] == '?' {
					i++
				}
			}
		case '\r', '\n':
			i++
		default:
			if collect > 0 {
				if v := unhex(c); v >= 0 && len(hex) < maxStream {
					if have {
						hex = append(hex, half<<4|byte(v))
					} else {
						half = byte(v)
					}
					have = !have
				}
			} else {
				d.char(rune(c), skip, collect, inField, &text, field)
			}
			i++
		}
	}
	d.Text = strings.TrimSpace(text.String())
	for _, o := range objects {
		d.object(o)
	}
	slices.Sort(d.Traits)
	return d
}

func (d *Document) char(r rune, skip, collect, inField int, text, field *strings.Builder) {
	switch {
	case collect > 0:
	case inField > 0:
		if field.Len() < 4096 {
			field.WriteRune(r)
		}
	case skip == 0 && text.Len() < maxText:
		text.WriteRune(r)
	}
}

// control reads a control word with its number, or a control symbol.
func control(b []byte, i int) (word string, num, next int) {
	i++
	if i >= len(b) {
		return "", 0, i
	}
	if !(b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z') {
		if b[i] == '\'' && i+2 < len(b) {
			h, l := unhex(b[i+1]), unhex(b[i+2])
			if h >= 0 && l >= 0 {
				return "'", h<<4 | l, i + 3
			}
		}
		return string(b[i : i+1]), 0, i + 1
	}
	start := i
	for i < len(b) && i-start < 32 && b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' {
		i++
	}
	word = string(b[start:i])
	neg := i < len(b) && b[i] == '-'
	if neg {
		i++
	}
	for digits := 0; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if digits < 9 {
			num = num*10 + int(b[i]-'0')
		}
		digits++
	}
	if neg {
		num = -num
	}
	if i < len(b) && b[i] == ' ' {
		i++
	}
	return word, num, i
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

// field reads a field's instruction.
func (d *Document) field(s string) {
	up := strings.ToUpper(s)
	switch {
	case strings.Contains(up, "HYPERLINK"), strings.Contains(up, "INCLUDEPICTURE"), strings.Contains(up, "LINK "):
		if i := strings.IndexByte(s, '"'); i >= 0 {
			u, _, _ := strings.Cut(s[i+1:], `"`)
			d.Links = append(d.Links, Link{u, "hyperlink"})
		} else if f := strings.Fields(s); len(f) > 1 {
			d.Links = append(d.Links, Link{f[1], "hyperlink"})
		}
	case strings.HasPrefix(up, "TEMPLATE "):
		if t := strings.TrimSpace(s[9:]); remote(t) {
			d.trait("external-template")
			d.Links = append(d.Links, Link{t, "template"})
		}
	case strings.Contains(up, "DDE"):
		d.trait("dde")
	}
}

// object reads an embedded object's data ([MS-OLEDS] section 2.2.5): its class, then the native data.
func (d *Document) object(b []byte) {
	d.trait("embedded-object")
	if bytes.Contains(bytes.ToLower(b[:min(len(b), 100)]), []byte("equation")) {
		d.trait("equation")
	}
	if i := bytes.Index(b, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")); i >= 0 {
		d.Files = append(d.Files, File{"object.ole", b[i:]})
		return
	}
	if i := bytes.Index(b, []byte("Package\x00")); i >= 0 {
		if rest := b[i+8:]; len(rest) > 12 {
			if f, ok := native(rest[8:]); ok {
				d.Files = append(d.Files, f)
				return
			}
		}
	}
	d.Files = append(d.Files, File{"object.bin", b})
}
