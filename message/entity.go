package message

import (
	"bytes"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A sense is one way to take the MIME fields of an entity.
type sense struct {
	media       string
	params      map[string]string
	boundary    string
	encoding    string // lower case; "" for none
	disposition string
	filename    string
	contentID   string
	charset     string
}

// mimeFields are the MIME fields of a header block, by index, in order.
type mimeFields struct {
	types, encodings, dispositions, ids []*coldwatch.Field
	odd                                 bool // a name holds bytes that some readers drop and others do not
}

func mimeOf(fields []coldwatch.Field) mimeFields {
	var m mimeFields
	for i := range fields {
		f := &fields[i]
		if n := len(f.Name); n < 10 || n > 40 || lower(f.Name[0]) != 'c' && f.Name[0] > ' ' && f.Name[0] < 127 {
			continue
		}
		name, odd := mimeName(f.Name)
		switch name {
		case "content-type":
			m.types = append(m.types, f)
		case "content-transfer-encoding":
			m.encodings = append(m.encodings, f)
		case "content-disposition":
			m.dispositions = append(m.dispositions, f)
		case "content-id":
			m.ids = append(m.ids, f)
		default:
			continue
		}
		m.odd = m.odd || odd
	}
	return m
}

// mimeName is cleanName for the MIME fields, and copies nothing in the usual case.
func mimeName(name string) (clean string, odd bool) {
	for _, want := range [...]string{"content-type", "content-transfer-encoding", "content-disposition", "content-id"} {
		if len(name) == len(want) && strings.EqualFold(name, want) {
			return want, false
		}
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < 33 || c > 126 {
			return cleanName(name)
		}
	}
	return "", false
}

// senses returns the ways to read an entity's fields, the standard one first. parent is the media type of the
// multipart around it; body serves to drop boundaries that stand nowhere.
func (s *scan) senses(fields []coldwatch.Field, parent string, at int, body []byte) []sense {
	m := mimeOf(fields)
	first := s.sense(m, 0, 0, 0, parent, at)
	out := []sense{first.sense}
	if first.boundary != "" && !strings.Contains(first.media, "multipart") && first.media != "" {
		// RFC 2046 section 5.1: a boundary is a multipart's. Readers that go by it find parts here, or nothing.
		// Old mailers leave one behind on plain text.
		if first.media != "text/plain" {
			s.defect("mime.stray_boundary", "a part that is no multipart has a boundary", at, 0, true)
		}
		if s.p.hasDelimiter(body, first.boundary) {
			x := first.sense
			x.media = "multipart/mixed"
			out = append(out, x)
		}
	}
	if !first.dirty && len(m.types) <= 1 && len(m.encodings) <= 1 && len(m.dispositions) <= 1 && !m.odd {
		return out
	}
	add := func(x sense) {
		for i := range out {
			if sameSense(&out[i], &x) {
				return
			}
		}
		if len(out) < 12 {
			out = append(out, x)
		}
	}
	withBoundaries := func(r reading) {
		for _, b := range boundaries(r.ctype) {
			if b != r.boundary && s.p.hasDelimiter(body, b) {
				x := r.sense
				x.boundary = b
				if !strings.HasPrefix(x.media, "multipart/") {
					x.media = "multipart/mixed"
				}
				add(x)
			}
		}
		for _, e := range encodings(r.rawEncoding) {
			x := r.sense
			x.encoding = e
			add(x)
		}
		for _, name := range filenames(r.ctype, r.cdisp) {
			if name != r.filename && extension(name) != extension(r.filename) {
				x := r.sense
				x.filename = name
				add(x)
			}
		}
		if strings.Contains(r.media, "multipart") && r.boundary != "" && !strings.HasPrefix(r.media, "multipart/") {
			x := r.sense
			x.media = "multipart/mixed"
			add(x)
		}
	}
	withBoundaries(first)
	for i := 0; i < max(1, min(len(m.types), 4)); i++ {
		for j := 0; j < max(1, min(len(m.encodings), 4)); j++ {
			for k := 0; k < max(1, min(len(m.dispositions), 3)); k++ {
				if i+j+k > 0 {
					r := s.sense(m, i, j, k, parent, at)
					add(r.sense)
					withBoundaries(r)
				}
			}
		}
	}
	if m.odd { // a reader that does not know the odd names
		var x mimeFields
		for _, f := range fields {
			if _, odd := cleanName(f.Name); !odd {
				one := mimeOf([]coldwatch.Field{f})
				x.types = append(x.types, one.types...)
				x.encodings = append(x.encodings, one.encodings...)
				x.dispositions = append(x.dispositions, one.dispositions...)
			}
		}
		add(s.sense(x, 0, 0, 0, parent, at).sense)
	}
	s.fieldDefects(m, first.dirty, at)
	return out
}

// fieldDefects records what makes the MIME fields of an entity doubtful.
func (s *scan) fieldDefects(m mimeFields, dirty bool, at int) {
	for _, d := range []struct {
		fields []*coldwatch.Field
		kind   string
	}{{m.types, "mime.duplicate_type"}, {m.encodings, "mime.duplicate_encoding"}, {m.dispositions, "mime.duplicate_disposition"}} {
		if len(d.fields) > 1 {
			same := true
			for _, f := range d.fields[1:] {
				same = same && strings.EqualFold(f.Value, d.fields[0].Value)
			}
			last := d.fields[len(d.fields)-1]
			s.rawDefect(d.kind, "a MIME field is there more than once", last.Offset, last.Length, !same)
		}
	}
	if m.odd {
		s.defect("mime.odd_name", "the name of a MIME field holds bytes that some readers drop", at, 0, true)
	}
	if dirty {
		s.defect("mime.odd_parameters", "a MIME field is written so that readers take it differently", at, 0, true)
	}
}

// A reading is a sense with what it was read from.
type reading struct {
	sense
	ctype, cdisp structured
	rawEncoding  string
	dirty        bool
}

func (s *scan) sense(m mimeFields, i, j, k int, parent string, at int) reading {
	var r reading
	lim := &s.p.lim
	if i < len(m.types) {
		r.ctype = parseStructured(m.types[i].Value, lim)
		r.media = r.ctype.main
	}
	if j < len(m.encodings) {
		r.rawEncoding = m.encodings[j].Value
		var odd bool
		r.encoding, odd = encodingName(r.rawEncoding)
		r.dirty = r.dirty || odd
	}
	if k < len(m.dispositions) {
		r.cdisp = parseStructured(m.dispositions[k].Value, lim)
		switch {
		case r.cdisp.main == "":
			if r.cdisp.has("filename") {
				r.disposition = "attachment"
			}
		case r.cdisp.main == "inline":
			r.disposition = "inline"
		default:
			r.disposition = "attachment" // RFC 2183 section 2.8: an unknown type counts as attachment
		}
	}
	if len(m.ids) > 0 {
		r.contentID = strings.Trim(m.ids[0].Value, "<> \t")
	}
	if r.ctype.overflow || r.cdisp.overflow {
		s.limit("limit.params", "a field has too many parameters", at)
	}
	if r.ctype.segments || r.cdisp.segments {
		s.limit("limit.segments", "a field has too many RFC 2231 pieces", at)
	}
	r.params = paramMap(&r.ctype)
	r.boundary = strings.TrimRight(r.params["boundary"], " \t")
	r.charset = r.params["charset"]
	if names := filenames(r.ctype, r.cdisp); len(names) > 0 {
		r.filename = names[0]
	}
	r.dirty = r.dirty || dirtyType(&r.ctype) || dirtyName(&r.ctype, &r.cdisp)
	if r.media == "" {
		r.media = "text/plain"
		if parent == "multipart/digest" {
			r.media = "message/rfc822" // RFC 2046 section 5.1.5
		}
	} else if strings.IndexByte(r.media, '/') < 0 {
		r.media = wholeType(r.media)
	}
	return r
}

// wholeType makes a media type of a lone word, which old mailers wrote (RFC 1049).
func wholeType(word string) string {
	switch word {
	case "text", "plain":
		return "text/plain"
	case "html":
		return "text/html"
	case "multipart":
		return "multipart/mixed"
	case "message":
		return "message/rfc822"
	}
	return "application/octet-stream"
}

func paramMap(v *structured) map[string]string {
	if len(v.params) == 0 {
		return nil
	}
	m := make(map[string]string, len(v.params))
	for i := range v.params {
		p := &v.params[i]
		if _, ok := m[p.name]; !ok || p.ext {
			m[p.name] = p.val
		}
	}
	return m
}

// dirtyType tells whether the type or the boundary can be taken in several ways.
func dirtyType(v *structured) bool {
	n := 0
	for i := range v.params {
		if v.params[i].name == "boundary" {
			n++
		}
	}
	if n > 1 {
		return true
	}
	return v.dirty && (n > 0 || strings.Contains(v.main, "multipart") || strings.Count(v.main, "/") > 1)
}

// dirtyName tells whether readers give the part names with different endings.
func dirtyName(ct, cd *structured) bool {
	names := filenames(*ct, *cd)
	for _, n := range names {
		if extension(n) != extension(names[0]) {
			return true
		}
	}
	return false
}

// boundaries returns every string that some reader takes for the boundary of a Content-Type value.
func boundaries(v structured) []string {
	var out []string
	add := func(b string) {
		b = strings.TrimRight(b, " \t\r\n")
		if b != "" && len(b) < 1000 && len(out) < 32 && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	for i := range v.params {
		p := &v.params[i]
		if p.name != "boundary" {
			continue
		}
		add(p.val)
		raw := strings.TrimSpace(p.raw)
		add(raw)
		add(strings.Trim(raw, `"'`))
		add(strings.TrimLeft(p.val, " \t"))
		add(DecodeHeader(p.val))
		noComment, _ := dropComments(raw, 0)
		add(strings.Trim(noComment, `" `))
		add(strings.ReplaceAll(p.val, "\\", ""))
		add(strings.ReplaceAll(p.val, "\x00", ""))
		add(string(appendPercent(nil, strings.Trim(raw, `"`))))
		if strings.ContainsAny(raw, ",\"") {
			for piece := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == ',' || r == '"' || r == ' ' }) {
				add(strings.TrimPrefix(piece, "boundary="))
			}
		}
		for _, stop := range []string{" ", "\x00", "(", ";", ",", "\"", "'", "?", "="} {
			if i := strings.Index(p.val, stop); i > 0 {
				add(p.val[:i])
			}
			if i := strings.Index(raw, stop); i > 0 {
				add(strings.Trim(raw[:i], `"`))
			}
		}
		if len(p.val) > 70 {
			add(p.val[:70]) // RFC 2046 section 5.1.1: no longer than 70
		}
	}
	return out
}

// hasDelimiter tells whether the delimiter of the boundary stands in body. It takes from the budget of other readings
// and says no when that is used up.
func (p *parser) hasDelimiter(body []byte, boundary string) bool {
	if p.work -= len(body) / 8; p.work < 0 { // a search costs less than a scan
		return false
	}
	return bytes.Contains(body, []byte("--"+boundary))
}

// filenames returns the names that readers may show for a part, the standard one first.
func filenames(ct, cd structured) []string {
	var out []string
	add := func(v *structured, name string) {
		ext := v.get(name)
		if ext != "" {
			out = append(out, cleanFilename(ext))
		}
		for i := range v.params {
			if p := &v.params[i]; p.name == name && p.val != ext {
				out = append(out, cleanFilename(p.val))
			}
		}
	}
	if len(cd.params) > 0 {
		add(&cd, "filename")
		add(&cd, "name")
	}
	if len(ct.params) > 0 {
		add(&ct, "name")
		add(&ct, "filename")
	}
	return out
}

func cleanFilename(s string) string {
	s = DecodeHeader(s)
	return strings.Trim(s, " \t\r\n\"")
}

func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	return lowerASCII(strings.TrimRight(name[i:], " ."))
}

// encodingName returns the transfer encoding that a value names, and whether readers could differ over it.
func encodingName(value string) (name string, odd bool) {
	v := lowerASCII(strings.TrimSpace(value))
	switch v {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		return v, false
	case "x-uuencode", "uuencode", "x-uue", "x-uu", "uue":
		return "uuencode", false
	}
	v, _ = dropComments(v, ';')
	v = strings.Trim(v, " \t\"'.,")
	switch v {
	case "7bit", "8bit", "binary", "base64", "quoted-printable":
		return v, true
	case "7-bit", "8-bit", "7bits", "8bits", "utf-8", "utf8", "us-ascii", "none", "7 bit", "8 bit", "iso-8859-1":
		return "8bit", false
	}
	return v, true
}

// encodings returns the encodings that some reader takes an odd value for.
func encodings(value string) []string {
	if _, odd := encodingName(value); !odd {
		return nil
	}
	v := lowerASCII(value)
	var out []string
	if strings.Contains(v, "64") || strings.Contains(v, "base") {
		out = append(out, "base64")
	}
	if strings.Contains(v, "quot") || strings.Contains(v, "print") || strings.Contains(v, "qp") {
		out = append(out, "quoted-printable")
	}
	if strings.Contains(v, "uu") {
		out = append(out, "uuencode")
	}
	if decoded := lowerASCII(strings.TrimSpace(DecodeHeader(value))); decoded != v {
		if name, odd := encodingName(decoded); !odd {
			out = append(out, name)
		}
	}
	return append(out, "8bit")
}

func sameSense(a, b *sense) bool {
	return a.media == b.media && a.boundary == b.boundary && a.encoding == b.encoding && a.filename == b.filename &&
		a.charset == b.charset
}
