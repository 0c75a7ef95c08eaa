package message

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A job is another way to read a part or the whole message.
type job struct {
	why       string
	part      int    // the part to be read otherwise
	sense     *sense // another sense of its fields
	start     int    // where to start, 0 for the part's body
	boundary  string // an undeclared boundary
	entity    bool   // src[start:end] is an entity with a header of its own
	end       int    // with entity
	decoded   bool   // read the part's decoded content
	extend    bool   // read on to the end of what is around the part
	loose     bool   // any short line that holds the boundary is a delimiter
	late      bool   // at start the part's header goes on
	whole     bool   // read the whole message
	cr        bool
	strip     bool // without NUL bytes
	prefix    bool
	noClose   bool
	innermost bool
	mild      bool // finding something is no sign of trickery
}

// alternatives notes the other ways to read part i.
func (s *scan) alternatives(i int, o origin, senses []sense, h head) {
	for k := 1; k < len(senses); k++ {
		s.jobs = append(s.jobs, job{why: "its fields can be taken otherwise", part: i, sense: &senses[k]})
	}
	if h.later > 0 && s.reading == 0 && o.sense.encoding != "" {
		s.jobs = append(s.jobs, job{why: "the line that ends the header is no content", part: i, start: h.later, sense: &senses[0]})
	}
	if h.other >= 0 && h.other < h.body {
		s.jobs = append(s.jobs, job{why: "the header may end earlier", part: i, start: h.other, sense: s.earlier(h, o)})
	}
	x := &o.sense
	if strings.HasPrefix(x.media, "multipart/") && (x.encoding == "base64" || x.encoding == "quoted-printable") {
		s.jobs = append(s.jobs, job{why: "a multipart is decoded first", part: i, decoded: true})
	}
}

// earlier returns the sense of the fields before the place where the header may end.
func (s *scan) earlier(h head, o origin) *sense {
	n := 0
	for n < len(h.fields) && h.fields[n].Offset < s.off(h.other) {
		n++
	}
	r := s.sense(mimeOf(h.fields[:n]), 0, 0, 0, o.outer, h.start)
	return &r.sense
}

// preamble looks at the text before the first delimiter of a multipart.
func (s *scan) preamble(f *frame, at int) { s.between("preamble", f.part, s.p.meta[f.part].body, at) }

// between looks at text of a multipart that belongs to no part. No client should show it (RFC 2046 section 5.1.1);
// if it looks like more than a remark, it is read as a part.
func (s *scan) between(what string, part, start, end int) {
	text := s.src[start:end]
	if s.reading > 0 || len(text) < 16 || len(bytes.TrimSpace(text)) < 16 {
		return
	}
	if s.p.salvages > 8 {
		return
	}
	head := text[:min(len(text), 64<<10)]
	suspect := suspectText(head)
	if !suspect && !containsFold(head, "http") {
		return
	}
	s.p.salvages++
	s.defect("mime."+what, "the "+what+" of a multipart holds more than a remark", start, end-start, suspect)
	// Mailing lists put their footers there, with links.
	s.jobs = append(s.jobs, job{why: "the " + what + " is a part", part: part, entity: true, start: start, end: end, mild: !suspect})
}

// suspectText tells whether text between parts could carry a payload.
func suspectText(b []byte) bool {
	if containsFold(b, "content-") || bytes.IndexByte(b, '<') >= 0 {
		return true
	}
	if _, _, _, ok := uuBegin(b, 0); ok {
		return true
	}
	return looksBase64(b)
}

// looksBase64 tells whether text has two long lines of nothing but base64, or is one.
func looksBase64(b []byte) bool {
	good := 0
	lines := 0
	for len(b) > 0 && lines < 8 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		line = bytes.TrimRight(bytes.TrimSpace(line), "=")
		if len(line) == 0 {
			continue
		}
		lines++
		for _, c := range line {
			if !isBase64(c) {
				return false
			}
		}
		good += len(line)
	}
	return good >= 60 || (good >= 20 && lines == 1)
}

// An extra is another decoding of one leaf.
type extra struct {
	part     int
	encoding string
	filename string
	media    string
	content  []byte
	why      string
}

// otherContents notes other decodings of the leaf.
func (s *scan) otherContents(i int, body []byte) {
	p := s.p
	part := &p.msg.Parts[i]
	if len(p.extras) > 64 || p.work < len(body) {
		return
	}
	add := func(e extra) {
		p.work -= len(body)
		e.part = i
		if e.encoding == "" {
			e.encoding = part.Encoding
		}
		p.extras = append(p.extras, e)
	}
	switch part.Encoding {
	case "base64":
		shape := shapeOfBase64(body)
		if !shape.junk && !shape.behind {
			return
		}
		if shape.share < 90 && !looksBase64(body[:min(len(body), 4096)]) {
			s.defect("mime.not_base64", "what is said to be base64 is not", s.text, 0, true)
			add(extra{encoding: "8bit", content: body, why: "not decoded"})
		}
		if shape.behind {
			s.defect("mime.base64_padding", "data follow the padding of base64", s.text, 0, true)
			add(extra{content: decodeBase64(body, base64Stop), why: "base64 ends at its padding"})
			add(extra{content: decodeBase64(body, base64Ignore), why: "padding of base64 is skipped"})
			if shapeOfQuoted(body).escapes > 0 { // what a relay encoded once more, and a reader that undoes both
				add(extra{content: decodeBase64(decodeQuotedPrintable(body), base64Standard), why: "base64 within quoted-printable"})
			}
		}
		if shape.junk {
			s.defect("mime.base64_junk", "base64 holds foreign characters", s.text, 0, true)
			if shape.url {
				add(extra{content: decodeBase64(body, base64URL), why: "base64 in the URL alphabet"})
			}
			add(extra{content: decodeBase64(body, base64Strict), why: "base64 ends at the first foreign character"})
			if lines := withoutJunkLines(body); len(lines) < len(body) {
				add(extra{content: decodeBase64(lines, base64Standard), why: "lines that are not all base64 are skipped"})
			}
		}
	case "quoted-printable":
		if looksBase64(body[:min(len(body), 1024)]) {
			if shape := shapeOfBase64(body); shape.share >= 95 {
				s.defect("mime.undeclared_base64", "a part looks like base64 but says that it is quoted-printable", s.text, 0, true)
				add(extra{encoding: "base64", content: decodeBase64(body, base64Standard), why: "base64 that is not declared"})
			}
		}
		if shape := shapeOfQuoted(body); shape.broken+shape.ragged > 0 {
			s.defect("mime.quoted_broken", "quoted-printable holds what is no escape", s.text, 0, false)
			add(extra{content: decodeQuotedLoosely(body), why: "broken escapes are dropped"})
		}
	case "7bit", "8bit", "binary", "uuencode":
		if shape := shapeOfQuoted(body); shape.likely(len(body)) {
			s.defect("mime.undeclared_quoted", "a part looks like quoted-printable but does not say so", s.text, 0, true)
			add(extra{encoding: "quoted-printable", content: decodeQuotedPrintable(body), why: "quoted-printable that is not declared"})
		}
		if part.Encoding != "uuencode" && (looksBase64(body[:min(len(body), 1024)])) {
			if shape := shapeOfBase64(body); shape.share >= 95 {
				s.defect("mime.undeclared_base64", "a part looks like base64 but does not say so", s.text, 0, true)
				add(extra{encoding: "base64", content: decodeBase64(body, base64Standard), why: "base64 that is not declared"})
			}
		}
		s.inlineUU(i, body, add)
	default:
		s.defect("mime.unknown_encoding", "the transfer encoding is not known", s.text, 0, true)
		if shape := shapeOfBase64(body); shape.share >= 95 {
			add(extra{encoding: "base64", content: decodeBase64(body, base64Standard), why: "base64 under another name"})
		}
		if bytes.IndexByte(body, '=') >= 0 {
			add(extra{encoding: "quoted-printable", content: decodeQuotedPrintable(body), why: "quoted-printable under another name"})
		}
		s.inlineUU(i, body, add)
	}
}

// withoutJunkLines drops the lines that hold what is no base64.
func withoutJunkLines(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line = b[:i+1]
		}
		b = b[len(line):]
		good := true
		for _, c := range bytes.TrimRight(line, "= \t\r\n") {
			if !isBase64(c) {
				good = false
				break
			}
		}
		if good {
			out = append(out, line...)
		}
	}
	return out
}

// inlineUU finds uuencoded files within text, which clients of old show as attachments.
func (s *scan) inlineUU(i int, body []byte, add func(extra)) {
	part := &s.p.msg.Parts[i]
	pos := 0
	for n := 0; n < 16; n++ {
		at, name, data, ok := uuBegin(body, pos)
		if !ok {
			return
		}
		content, end := decodeUU(body, data)
		pos = max(end, data)
		if len(content) == 0 || part.Encoding == "uuencode" && n == 0 {
			continue
		}
		s.defect("mime.inline_uuencode", "the text holds a uuencoded file", s.text+at, pos-at, true)
		add(extra{encoding: "uuencode", filename: name, media: "application/octet-stream", content: content, why: "a uuencoded file in the text"})
	}
}

type leafKey struct {
	sum                  uint64
	media, name, charset string
}

func (p *parser) key(part *coldwatch.Part) leafKey {
	return leafKey{maphash.Bytes(p.seed, part.Content), part.MediaType, part.Filename, part.Params["charset"]}
}

// isNew tells whether a leaf is not known from an earlier reading, and remembers it.
func (p *parser) isNew(part *coldwatch.Part) bool {
	k := p.key(part)
	if p.seen[k] {
		return false
	}
	p.seen[k] = true
	return true
}

// readOthers reads the message in the other ways, outermost first.
func (p *parser) readOthers(src source, jobs []job, root origin) {
	if len(jobs) == 0 && len(p.extras) == 0 {
		return
	}
	p.seed = maphash.MakeSeed()
	p.seen = map[leafKey]bool{}
	for i := range p.msg.Parts {
		if part := &p.msg.Parts[i]; part.Leaf() && len(part.Content) > 0 {
			p.seen[p.key(part)] = true
		}
	}
	type task struct {
		source
		job
	}
	var queue []task
	for _, j := range jobs {
		queue = append(queue, task{src, j})
	}
	p.addExtras()
	tries := 0
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		if tries++; tries > p.lim.Readings || p.work <= 0 {
			p.limit("limit.readings", "the message can be read in too many ways", 0)
			return
		}
		s, o := p.prepare(t.source, t.job, root)
		if s == nil || o.end-o.body < 1 {
			continue
		}
		p.work -= o.end - o.body
		before := len(p.msg.Parts)
		p.extras = p.extras[:0]
		s.run(o)
		moved, ok := p.keep(before, t.why, !t.mild)
		if !ok {
			continue
		}
		for _, j := range s.jobs {
			if j.part >= before {
				if j.part = moved[j.part-before]; j.part < 0 {
					continue // nothing in it was new
				}
			}
			queue = append(queue, task{s.source, j})
		}
		p.addExtras()
	}
}

// prepare makes the scan for a job.
func (p *parser) prepare(src source, j job, root origin) (*scan, origin) {
	p.readings++
	s := &scan{p: p, source: src, reading: p.readings, cr: j.cr, prefix: j.prefix, noClose: j.noClose, innermost: j.innermost}
	if j.whole {
		o := root
		s.source = source{src: p.msg.Raw} // whatever the job was found in
		if j.strip {
			raw := bytes.ReplaceAll(p.msg.Raw, []byte{0}, nil)
			s.source = source{src: raw, derived: true, n: len(p.msg.Raw)}
		}
		if j.cr || j.strip {
			h := s.readHeader(0, len(s.src), true)
			senses := s.senses(h.fields, "", 0, nil)
			o = origin{fields: h.fields, sense: senses[0], body: h.body, end: len(s.src), parent: -1}
		}
		return s, o
	}
	if j.part >= len(p.msg.Parts) {
		return nil, origin{}
	}
	part, m := &p.msg.Parts[j.part], &p.meta[j.part]
	o := origin{fields: part.Header, sense: m.sense, body: m.body, end: m.end, parent: part.Parent, depth: part.Depth, path: m.path, outer: m.outer}
	if j.sense != nil {
		o.sense = *j.sense
	}
	if j.late {
		h := s.readHeader(j.start, m.end, false)
		o.fields = append(part.Header[:len(part.Header):len(part.Header)], h.fields...)
		o.sense, o.body = s.senses(o.fields, m.outer, j.start, nil)[0], h.body
	} else if j.start > 0 && !j.entity {
		o.body = j.start
	}
	if j.boundary != "" {
		o.sense.media, o.sense.boundary = "multipart/mixed", j.boundary
		o.sense.encoding = ""
	}
	if j.extend {
		o.end = len(s.src)
		if part.Parent >= 0 {
			o.end = p.meta[part.Parent].end
		}
	}
	if j.entity {
		if j.end == 0 {
			j.end = m.end
		}
		h := s.readHeader(j.start, j.end, false)
		if len(h.fields) == 0 {
			h.body = j.start
		}
		senses := s.senses(h.fields, "", j.start, nil)
		o = origin{fields: h.fields, sense: senses[0], body: h.body, end: j.end, parent: j.part, depth: part.Depth + 1, path: child(m.path, 0)}
	}
	if j.loose {
		const delimiter = "coldwatch-loose"
		content := loosen(s.src[o.body:max(o.body, min(o.end, len(s.src)))], j.boundary, delimiter)
		s.source = source{src: content, derived: true, off: s.off(o.body), n: s.length(o.body, o.end)}
		o.body, o.end, o.sense.boundary = 0, len(content), delimiter
	}
	if j.decoded {
		body := s.src[m.body:min(m.end, len(s.src))]
		content := decodeBody(&coldwatch.Part{Encoding: m.sense.encoding}, body)
		if !bytes.Contains(content, []byte("--"+o.sense.boundary)) {
			return nil, o
		}
		p.defect("mime.encoded_multipart", "a multipart is encoded as a whole", s.off(m.body), 0, true)
		s.source = source{src: content, derived: true, off: s.off(m.body), n: s.length(m.body, m.end)}
		o.body, o.end = 0, len(content)
		o.sense.encoding = ""
	}
	// The multipart around a part may have been read from another source, longer than what was derived from it.
	o.end = min(o.end, len(s.src))
	o.body = min(o.body, o.end)
	return s, o
}

// loosen returns body with every short line that holds the boundary, in any case, made a delimiter.
func loosen(body []byte, boundary, delimiter string) []byte {
	out := make([]byte, 0, len(body)+1024)
	want := lowerASCII(boundary)
	for len(body) > 0 {
		line := body
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			line = body[:i+1]
		}
		body = body[len(line):]
		text := bytes.TrimSpace(line)
		if i := bytes.LastIndexByte(text, '\r'); i >= 0 {
			out, text = append(append(out, text[:i]...), '\n'), text[i+1:]
		}
		hit := len(text) <= len(want)+16
		if hit && want == "" {
			hit = string(text) == "--" || string(text) == "----"
		} else if hit {
			hit = containsFold(text, want)
		}
		if !hit {
			out = append(out, line...)
			continue
		}
		out = append(append(out, "--"...), delimiter...)
		if len(text) > 2 && bytes.HasSuffix(text, newlineDashes[1:]) && !strings.HasSuffix(want, "--") {
			out = append(out, "--"...)
		}
		out = append(out, '\n')
	}
	return out
}

func child(path string, n int) string {
	if path == "" {
		return strconv.Itoa(n)
	}
	return path + "." + strconv.Itoa(n)
}

// keep keeps the parts from before on that lead to new leaves and drops the others. It tells whether there were any, and
// where each went, -1 for those dropped.
func (p *parser) keep(before int, why string, ambiguous bool) (moved []int, ok bool) {
	parts := p.msg.Parts
	want := make([]bool, len(parts)-before)
	found := false
	for i := len(parts) - 1; i >= before; i-- {
		part := &parts[i]
		if part.Leaf() && len(bytes.TrimSpace(part.Content)) > 0 && p.isNew(part) {
			want[i-before] = true
		}
		if want[i-before] {
			found = true
			if part.Parent >= before {
				want[part.Parent-before] = true
			}
		}
	}
	if !found {
		p.msg.Parts, p.meta = parts[:before], p.meta[:before]
		p.readings--
		return nil, false
	}
	moved = make([]int, len(want))
	n := before
	for i := before; i < len(parts); i++ {
		if !want[i-before] {
			moved[i-before] = -1
			continue
		}
		if parent := parts[i].Parent; parent >= before {
			parts[i].Parent = moved[parent-before]
		}
		moved[i-before] = n
		parts[n], p.meta[n] = parts[i], p.meta[i]
		n++
	}
	for k := range p.extras { // decodings of parts that were dropped go with them
		e := &p.extras[k]
		if e.part >= before {
			if want[e.part-before] {
				e.part = moved[e.part-before]
			} else {
				e.part = -1
			}
		}
	}
	p.msg.Parts, p.meta = parts[:n], p.meta[:n]
	first := &p.msg.Parts[before]
	p.defect("mime.reading", fmt.Sprintf("reading %d: %s", first.Reading, why), first.Offset, 0, ambiguous)
	return moved, true
}

// addExtras adds the other decodings as parts of their own.
func (p *parser) addExtras() {
	for _, e := range p.extras {
		if e.part < 0 || len(p.msg.Parts) >= p.lim.Parts {
			continue
		}
		part := p.msg.Parts[e.part]
		part.Encoding, part.Content, part.Text, part.Charset = e.encoding, e.content, "", ""
		if e.filename != "" {
			part.Filename = e.filename
			part.Disposition = "attachment"
		}
		if e.media != "" {
			part.MediaType, part.Params = e.media, nil
		}
		if len(e.content) == 0 || p.decoded+len(e.content) > p.lim.Decoded || !p.isNew(&part) {
			continue
		}
		p.decoded += len(e.content)
		p.readings++
		part.Reading = p.readings
		m := p.meta[e.part]
		part.ID = m.path
		if part.ID == "" {
			part.ID = "1"
		}
		part.ID += "~" + strconv.Itoa(part.Reading)
		if strings.HasPrefix(part.MediaType, "text/") {
			p.setText(&part)
		}
		p.msg.Parts = append(p.msg.Parts, part)
		p.meta = append(p.meta, m)
		p.defect("mime.reading", fmt.Sprintf("reading %d: %s", part.Reading, e.why), part.Offset, 0, true)
	}
	p.extras = p.extras[:0]
}
