package message

import (
	"bytes"
	"hash/maphash"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message/outlook"
)

// A parser holds what all scans of one message share.
type parser struct {
	lim       Limits
	msg       *coldwatch.Message
	meta      []meta
	spans     []fieldSpan // scratch
	decoded   int
	work      int // bytes that other readings may still look at
	readings  int
	salvages  int
	sameTried bool
	bareCR    bool
	nul       bool
	extras    []extra
	count     map[string]int // defects by kind
	seed      maphash.Seed
	seen      map[leafKey]bool
	inner     int
}

// maxDefects is how many defects of one kind are recorded; more say nothing new.
const maxDefects = 32

// Parse reads a message. It never fails and never panics; the result shares the bytes of raw, which must not change.
// An Outlook .msg file is converted first, so that Raw is the converted form.
func Parse(raw []byte, lim Limits) *coldwatch.Message {
	if outlook.IsMSG(raw) {
		if converted, err := FromMSG(raw); err == nil {
			raw = converted
		}
	}
	p := &parser{lim: lim.orDefault(), msg: &coldwatch.Message{Raw: raw}, count: map[string]int{}}
	p.work = p.lim.ReadingWork * max(len(raw), 1024)
	p.msg.Parts = make([]coldwatch.Part, 0, 8)
	p.meta = make([]meta, 0, 8)
	s := &scan{p: p, source: source{src: raw}}
	h := s.readHeader(0, len(raw), true)
	s.noteHead(h)
	p.msg.Header = h.fields
	senses := s.senses(h.fields, "", 0, raw[h.body:])
	o := origin{fields: h.fields, sense: senses[0], body: h.body, end: len(raw), parent: -1}
	s.run(o)
	s.alternatives(0, o, senses, h)
	p.headerDefects(h)
	p.wholeReadings(s, raw)
	p.readOthers(s.source, s.jobs, o)
	p.carriers()
	sort.SliceStable(p.msg.Defects, func(i, j int) bool { return p.msg.Defects[i].Offset < p.msg.Defects[j].Offset })
	return p.msg
}

// headerDefects records what is odd about the fields that say who wrote to whom.
func (p *parser) headerDefects(h head) {
	if len(h.fields) == 0 {
		p.defect("header.missing", "there is no header", 0, 0, true)
		return
	}
	var first [len(singletons)]int
	for i := range h.fields {
		f := &h.fields[i]
		for k, name := range singletons {
			if len(f.Name) != len(name) || !strings.EqualFold(f.Name, name) {
				continue
			}
			if first[k] == 0 {
				first[k] = i + 1
			} else if h.fields[first[k]-1].Value != f.Value {
				// RFC 5322 section 3.6: once at most. Clients show the first, the last, or all.
				p.defect("header.duplicate_"+strings.ToLower(strings.ReplaceAll(name, "-", "_")), "there is more than one "+name+" field", f.Offset, f.Length, true)
			}
		}
	}
	if h.nul {
		p.defect("header.nul", "the header holds NUL bytes", 0, 0, true)
	}
	if h.bare {
		p.defect("header.bare_cr", "the header holds bare CRs", 0, 0, true)
	}
}

var singletons = [...]string{"From", "Sender", "Reply-To", "Subject", "To", "Cc", "Date", "Message-ID"}

// noteHead keeps what a header block gives reason to read otherwise.
func (s *scan) noteHead(h head) {
	s.p.bareCR = s.p.bareCR || h.bare
	s.p.nul = s.p.nul || h.nul
}

// leaf ends a leaf whose encoded body is src[start:end], and decodes it.
func (s *scan) leaf(i, start, end int) {
	p := s.p
	part := &p.msg.Parts[i]
	m := &p.meta[i]
	m.body, m.end = start, end
	body := s.src[start:end]
	part.Offset, part.Length = s.off(start), s.length(start, end)
	if len(body) == 0 {
		part.Content = []byte{}
		return
	}
	if p.decoded+len(body) > p.lim.Decoded {
		p.limit("limit.decoded", "the message holds too much content", part.Offset)
		part.Content, part.Encoding = body, "7bit"
		return
	}
	clean := false
	if part.Encoding == "base64" {
		part.Content, clean = decodeBase64Clean(body, base64Standard)
	} else {
		part.Content = decodeBody(part, body)
	}
	if part.Content == nil {
		part.Content = []byte{}
	}
	p.decoded += len(part.Content)
	if strings.HasPrefix(part.MediaType, "text/") {
		p.setText(part)
	}
	if !clean {
		s.otherContents(i, body)
	}
	if s.reading == 0 && p.salvages < 8 && !strings.HasPrefix(part.MediaType, "message/") && part.MediaType != "text/rfc822-headers" {
		s.lateHeader(i, start, end)
	}
}

// lateHeader looks for MIME fields in the first lines of a leaf's body: some readers go on with the header there.
func (s *scan) lateHeader(i, start, end int) {
	if bytes.IndexByte(s.src[start:min(end, start+512)], ':') < 0 {
		return
	}
	for pos, n := start, 0; pos < end && n < 8; n++ {
		next, line := s.line(pos, end)
		if bytes.HasPrefix(line, newlineDashes[1:]) {
			return // fields of a part that another reading finds
		}
		if hasContentName(line) && fieldName(bytes.TrimLeft(line, " \t")) > 0 {
			at := pos + len(line) - len(bytes.TrimLeft(line, " \t"))
			s.p.salvages++
			s.defect("mime.header_in_body", "fields stand at the top of a part's body", at, len(line), true)
			s.jobs = append(s.jobs, job{why: "the header goes on in the body", part: i, start: at, late: true})
			return
		}
		pos = next
	}
}

func (p *parser) setText(part *coldwatch.Part) {
	declared := part.Params["charset"]
	part.Text, part.Charset = Charset(part.Content, declared)
	if declared == "" || part.Reading > 0 {
		return
	}
	if want := charsetName(declared); want != part.Charset && part.Charset != "us-ascii" {
		kind, detail := "charset.wrong", "the text is not in the charset that is declared"
		if want != "utf-8" && want != "us-ascii" && encodingOf(want) == nil {
			kind, detail = "charset.unknown", "the declared charset is not known"
		}
		p.defect(kind, detail, part.Offset, 0, false)
	}
}

// decodeBody takes the transfer encoding off. What an unknown encoding names stays as it is (RFC 2045 section 6.4).
func decodeBody(part *coldwatch.Part, body []byte) []byte {
	switch part.Encoding {
	case "base64":
		return decodeBase64(body, base64Standard)
	case "quoted-printable":
		return decodeQuotedPrintable(body)
	case "uuencode":
		if _, name, data, ok := uuBegin(body, 0); ok {
			out, _ := decodeUU(body, data)
			if part.Filename == "" {
				part.Filename = name
			}
			return out
		}
	}
	return body
}

func (p *parser) defect(kind, detail string, off, n int, ambiguous bool) {
	if p.count[kind]++; p.count[kind] > maxDefects {
		return
	}
	p.msg.Defects = append(p.msg.Defects, coldwatch.Defect{Kind: kind, Detail: detail, Offset: off, Length: n, Ambiguous: ambiguous})
}

// limit records a limit once.
func (p *parser) limit(kind, detail string, off int) {
	if p.count[kind] == 0 {
		p.defect(kind, detail, off, 0, false)
	}
}

// wholeReadings adds the readings that concern the message as a whole.
func (p *parser) wholeReadings(s *scan, raw []byte) {
	v := survey(raw)
	if v.bareCR && (p.bareCR || bytes.Contains(raw, []byte("\r--"))) {
		p.defect("mime.bare_cr", "bare CRs may end lines", 0, 0, true)
		s.jobs = append(s.jobs, job{why: "a bare CR ends a line", whole: true, cr: true})
	}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		p.defect("mime.nul", "the message holds NUL bytes", i, 1, true)
		s.jobs = append(s.jobs, job{why: "NUL bytes are dropped", whole: true, strip: true})
	}
	if v.from > 0 && p.fromLineInBody(raw, v.from) {
		p.defect("mbox.from_in_body", "a line of the body would part messages in an mbox", v.from, 5, false)
	}
	if v.dot > 0 {
		p.smuggled(raw, v.dot)
	} else if v.bareCR {
		if i := bytes.Index(raw, []byte("\r.\r")); i >= 0 {
			p.smuggled(raw, i+2)
		}
	}
}

// A view is what one look at all lines tells.
type view struct {
	from   int  // offset of the first line behind the top that begins with "From ", 0 if none
	dot    int  // offset behind the dot of the first line that is a lone dot, 0 if none
	bareCR bool // a CR stands without LF
}

func survey(raw []byte) view {
	var v view
	crlf := 0
	for i := 0; ; {
		k := bytes.IndexByte(raw[i:], '\n')
		if k < 0 {
			break
		}
		if i += k + 1; i > 1 && raw[i-2] == '\r' {
			crlf++
		}
		if i+1 >= len(raw) {
			break
		}
		switch raw[i] {
		case '.':
			if c := raw[i+1]; v.dot == 0 && (c == '\r' || c == '\n') {
				v.dot = i + 1
			}
		case 'F':
			if v.from == 0 && bytes.HasPrefix(raw[i:], fromLine) {
				v.from = i
			}
		}
	}
	v.bareCR = bytes.Count(raw, crByte) > crlf
	return v
}

// fromLineInBody tells whether the "From " line at i is followed by header fields.
func (p *parser) fromLineInBody(raw []byte, i int) bool {
	nl := bytes.IndexByte(raw[i:], '\n')
	if nl < 0 || bytes.Contains(raw[i:i+nl], []byte("Mon Sep 17 00:00:00 2001")) { // a Git patch
		return false
	}
	s := scan{p: p, source: source{src: raw}}
	return s.headerish(i+nl+1, len(raw))
}
