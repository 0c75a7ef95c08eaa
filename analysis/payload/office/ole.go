package office

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/coldwatch/coldwatch/message/compound"
)

var le = binary.LittleEndian

const (
	maxStreams = 2000
	maxStream  = 16 << 20
	maxAll     = 64 << 20
	maxNested  = 16 // storages within storages
)

// OLE reads a compound file.
func OLE(data []byte) *Document {
	d := &Document{Kind: "ole"}
	f, err := compound.Open(data)
	if err != nil {
		d.trait("damaged")
		return d
	}
	left, streams := maxAll, 0
	var walk func(storage int, path []string)
	walk = func(storage int, path []string) {
		for _, n := range f.Children(storage) {
			e := &f.Entries[n]
			if e.Kind == compound.Storage {
				if strings.EqualFold(e.Name, "VBA") || strings.EqualFold(e.Name, "Macros") || e.Name == "_VBA_PROJECT_CUR" {
					d.trait("macro")
				}
				if len(path) < maxNested {
					walk(n, append(path[:len(path):len(path)], e.Name))
				}
				continue
			}
			if streams++; streams > maxStreams || left <= 0 {
				return
			}
			body := f.Content(e)
			body = body[:min(len(body), maxStream, left)]
			left -= len(body)
			if len(body) > 0 {
				d.stream(e.Name, path, body)
			}
		}
	}
	walk(0, nil)
	slices.Sort(d.Traits)
	return d
}

// stream looks at one stream of a compound file.
func (d *Document) stream(name string, path []string, body []byte) {
	low := strings.ToLower(name)
	switch {
	case low == "worddocument":
		d.Kind = "word"
		d.Text = wide(body)
	case low == "workbook" || low == "book":
		d.Kind = "excel"
		d.Text = wide(body)
	case low == "powerpoint document":
		d.Kind = "powerpoint"
	case strings.HasPrefix(low, "__properties_version"):
		d.Kind = "message"
	case low == "encryptedpackage":
		d.Kind = "encrypted"
		d.trait("encrypted")
	case strings.HasSuffix(low, "ole10native"):
		d.trait("embedded-object")
		if f, ok := native(body); ok {
			d.Files = append(d.Files, f)
		}
	case low == "package" && len(path) > 0:
		d.trait("embedded-object")
		d.Files = append(d.Files, File{"package", body})
	case strings.Contains(low, "equation native"):
		d.trait("equation")
	case strings.HasSuffix(low, "summaryinformation") && low[0] != 'd':
		d.summary(body)
	}
	if slices.ContainsFunc(path, func(s string) bool { return strings.EqualFold(s, "VBA") }) && low != "dir" && !strings.HasPrefix(low, "__srp") {
		d.trait("macro")
		// A module's source starts with "Attribute VB_Name": a signature, a chunk header and a byte of flags stand before.
		if i := bytes.Index(body, []byte("\x00Attribut")); i >= 3 {
			d.macro(string(decompressVBA(body[i-3:])))
		}
	}
}

// macro looks at a module's source.
func (d *Document) macro(src string) {
	if src == "" || len(d.Macro) > maxText {
		return
	}
	d.Macro += src + "\n"
	low := strings.ToLower(src)
	for _, n := range [...]string{"AutoOpen", "Auto_Open", "AutoExec", "AutoClose", "Auto_Close", "AutoNew", "Document_Open", "DocumentOpen", "Document_Close", "Document_New",
		"Workbook_Open", "Workbook_Activate", "Workbook_BeforeClose", "Presentation_Open", "InkPicture1_Painted", "Image1_Click", "SlideShowPageChange"} {
		if strings.Contains(low, "sub "+strings.ToLower(n)) && !slices.Contains(d.AutoExec, n) {
			d.AutoExec = append(d.AutoExec, n)
			d.trait("autoexec")
		}
	}
	for _, w := range [...]string{"shell", "createobject", "urldownloadtofile", "wscript", "powershell", "getobject", "winmgmts", "xmlhttp", "adodb.stream", "callbyname", "declare ptrsafe", "environ("} {
		if strings.Contains(low, w) {
			d.trait("macro-suspicious")
		}
	}
}

// decompressVBA decompresses a container ([MS-OVBA] section 2.4.1.3).
func decompressVBA(b []byte) []byte {
	if len(b) < 3 || b[0] != 1 {
		return nil
	}
	var out []byte
	for at := 1; at+2 < len(b) && len(out) < maxText; {
		h := le.Uint16(b[at:])
		end := min(at+int(h&0xfff)+3, len(b))
		at += 2
		start := len(out)
		if h>>15 == 0 {
			out = append(out, b[at:min(at+4096, len(b))]...)
			at += 4096
			continue
		}
		for at < end {
			flags := b[at]
			at++
			for bit := 0; bit < 8 && at < end; bit++ {
				if flags>>bit&1 == 0 {
					out = append(out, b[at])
					at++
					continue
				}
				if at+1 >= len(b) {
					return out
				}
				tok := int(le.Uint16(b[at:]))
				at += 2
				width := 4
				for 1<<width < len(out)-start {
					width++
				}
				width = min(width, 12)
				off, n := tok>>(16-width)+1, tok&(0xffff>>width)+3
				if off > len(out)-start {
					return out
				}
				for range n {
					out = append(out, out[len(out)-off])
				}
			}
		}
	}
	return out
}

// native reads a packaged file ([MS-OLEDS] section 2.3.6 and what the packager writes into it).
func native(b []byte) (File, bool) {
	if len(b) < 10 {
		return File{}, false
	}
	r := b[6:]
	take := func() string {
		i := bytes.IndexByte(r, 0)
		if i < 0 {
			r = nil
			return ""
		}
		s := string(r[:i])
		r = r[i+1:]
		return s
	}
	label := take()
	path := take()
	if len(r) < 8 {
		return File{Name: label, Content: b[4:]}, true
	}
	r = r[4:]
	n := int(le.Uint32(r))
	if n < 0 || 4+n > len(r) {
		return File{Name: label, Content: b[4:]}, true
	}
	r = r[4+n:]
	if len(r) < 4 {
		return File{}, false
	}
	size := int(le.Uint32(r))
	r = r[4:]
	if label == "" {
		label = path[strings.LastIndexAny(path, `/\`)+1:]
	}
	return File{Name: label, Content: r[:min(max(size, 0), len(r))]}, true
}

// summary reads the property set of author and application ([MS-OLEPS] section 2.21).
func (d *Document) summary(b []byte) {
	if len(b) < 48 {
		return
	}
	base := int(le.Uint32(b[44:]))
	if base < 0 || base+8 > len(b) {
		return
	}
	set := b[base:]
	keys := map[uint32]string{2: "title", 4: "author", 7: "template", 8: "last_author", 18: "application"}
	for i := 0; i < int(min(le.Uint32(set[4:]), 64)); i++ {
		at := 8 + 8*i
		if at+8 > len(set) {
			return
		}
		id, off := le.Uint32(set[at:]), int(le.Uint32(set[at+4:]))
		k := keys[id]
		if k == "" || off < 0 || off+8 > len(set) || le.Uint32(set[off:]) != 30 {
			continue
		}
		n := int(le.Uint32(set[off+4:]))
		if n <= 0 || n > 500 || off+8+n > len(set) {
			continue
		}
		d.meta(k, strings.TrimRight(string(set[off+8:off+8+n]), "\x00"))
	}
}

// wide collects the runs of text in a binary document, in one byte or two a character.
func wide(b []byte) string {
	b = b[:min(len(b), 4<<20)]
	var out strings.Builder
	flush := func(s string) {
		if len(s) >= 8 {
			out.WriteString(s)
			out.WriteByte('\n')
		}
	}
	start := -1
	for i := 0; i <= len(b); i++ {
		if i < len(b) && (b[i] >= ' ' && b[i] < 0x7f || b[i] == '\t') {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			flush(string(b[start:i]))
			start = -1
		}
	}
	var u []uint16
	for i := 0; i+1 < len(b); i += 2 {
		c := le.Uint16(b[i:])
		if c >= ' ' && c < 0x7f || c >= 0xa0 && c < 0x3000 && c != 0x2020 {
			u = append(u, c)
			continue
		}
		if len(u) >= 8 {
			flush(string(utf16.Decode(u)))
		}
		u = u[:0]
		if out.Len() > maxText {
			break
		}
	}
	return out.String()
}
