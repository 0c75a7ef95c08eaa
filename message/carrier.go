package message

import (
	"archive/zip"
	"bytes"
	"io"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message/outlook"
)

// carriers finds the whole messages inside.
func (p *parser) carriers() {
	report := p.isReport()
	for i := range p.msg.Parts {
		part := &p.msg.Parts[i]
		if !part.Leaf() || len(part.Content) < 16 {
			continue
		}
		switch carrierKind(part) {
		case "rfc822":
			if part.MediaType == "message/rfc822" && (part.Encoding == "base64" || part.Encoding == "quoted-printable") {
				// RFC 2046 section 5.2.1 forbids it, so some readers decode and others do not.
				p.defect("mime.encoded_message", "a message inside has a transfer encoding", part.Offset, 0, true)
			}
			if p.implied(part) {
				p.defect("mime.implied_message", "a part of a digest is a message with parts of its own and does not say so", part.Offset, 0, true)
			}
			p.addInner(part.Content, "rfc822", part, report)
		case "zip":
			p.zipped(part, report)
		case "msg":
			if raw, err := FromMSG(part.Content); err == nil {
				p.addInner(raw, "msg", part, report)
			}
		case "tnef":
			if raw, err := outlook.FromTNEF(part.Content, p.topHeader(), decoder); err == nil {
				p.addInner(raw, "tnef", part, report)
			}
		}
	}
	p.forwarded()
}

// implied tells whether a part is a message by its place in a digest alone (RFC 2046 section 5.1.5) and holds more than
// plain text: readers that do not know the rule show it as text, encoded as it is.
func (p *parser) implied(part *coldwatch.Part) bool {
	if part.Parent < 0 || p.msg.Parts[part.Parent].MediaType != "multipart/digest" {
		return false
	}
	s := scan{p: &parser{lim: p.lim, msg: &coldwatch.Message{}, count: map[string]int{}}, source: source{src: part.Content}}
	m := mimeOf(part.Header)
	inner := mimeOf(s.readHeader(0, len(part.Content), true).fields)
	return len(m.types) == 0 && len(inner.types) > 0 && parseStructured(inner.types[0].Value, &p.lim).main != "text/plain"
}

// topHeader returns the bytes of the message's own header.
func (p *parser) topHeader() []byte {
	if len(p.msg.Header) == 0 {
		return nil
	}
	last := p.msg.Header[len(p.msg.Header)-1]
	return p.msg.Raw[p.msg.Header[0].Offset : last.Offset+last.Length]
}

// FromMSG returns the message of an Outlook .msg file in the form of RFC 5322. It fails if raw holds none.
func FromMSG(raw []byte) ([]byte, error) { return outlook.FromMSG(raw, decoder) }

func decoder(b []byte, charset string) string {
	text, _ := Charset(b, charset)
	return text
}

func (p *parser) addInner(raw []byte, via string, part *coldwatch.Part, report bool) bool {
	if p.inner >= p.lim.Inner {
		p.limit("limit.inner", "too many messages are carried inside", part.Offset)
		return false
	}
	p.inner++
	if report && (via == "rfc822" || via == "msg") {
		via = "report-button"
	}
	p.msg.Inner = append(p.msg.Inner, coldwatch.Inner{Raw: raw, Via: via, Part: part.ID})
	return true
}

// carrierKind tells what a leaf carries, by type, by name and by look: senders name types wrongly.
func carrierKind(part *coldwatch.Part) string {
	b := part.Content
	switch part.MediaType {
	case "message/rfc822", "message/global", "message/rfc-822", "message/news":
		if LooksLikeMail(b) {
			return "rfc822"
		}
		return ""
	}
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "zip"
	case outlook.IsMSG(b):
		return "msg"
	case outlook.IsTNEF(b):
		return "tnef"
	}
	ext := extension(part.Filename)
	if ext == ".eml" || ext == ".mht" && part.MediaType == "message/rfc822" || part.MediaType == "application/octet-stream" && ext == "" {
		if LooksLikeMail(b) {
			return "rfc822"
		}
	}
	return ""
}

// LooksLikeMail tells whether bytes begin with a mail header: at least two fields of which one is of those that mail
// has.
func LooksLikeMail(b []byte) bool {
	s := scan{p: &parser{}, source: source{src: b}}
	b = bytes.TrimLeft(b[:min(len(b), 64<<10)], "\r\n \t\xEF\xBB\xBF")
	s.src = b
	fields, known := 0, 0
	for pos, n := 0, 0; pos < len(b) && n < 200; n++ {
		next, line := s.line(pos, len(b))
		if len(line) == 0 {
			break
		}
		if pos == 0 && (bytes.HasPrefix(line, fromLine) || bytes.HasPrefix(line, gtFromLine)) {
			pos = next
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if fields == 0 {
				return false
			}
			pos = next
			continue
		}
		colon := fieldName(line)
		if colon < 0 {
			break
		}
		fields++
		if mailField(string(bytes.TrimRight(line[:colon], " \t"))) {
			known++
		}
		pos = next
	}
	return known >= 2 || fields >= 2 && known >= 1 || known == 1 && fields == 1 && bytes.Contains(b, []byte("\n"))
}

func mailField(name string) bool {
	switch lowerASCII(name) {
	case "received", "from", "to", "subject", "date", "message-id", "return-path", "delivered-to", "mime-version", "content-type",
		"sender", "reply-to", "x-mailer", "dkim-signature", "authentication-results", "cc", "x-original-to", "content-transfer-encoding",
		"arc-seal", "received-spf", "in-reply-to", "references", "resent-from", "bcc":
		return true
	}
	return false
}

// isReport tells whether the message is what a report button or a feedback loop (RFC 5965) sends.
func (p *parser) isReport() bool {
	root := &p.msg.Parts[0]
	if root.MediaType == "multipart/report" && strings.EqualFold(root.Params["report-type"], "feedback-report") {
		return true
	}
	for i := range p.msg.Header {
		name := p.msg.Header[i].Name
		if len(name) < 7 || lower(name[0]) != 'x' {
			continue
		}
		for _, prefix := range [...]string{"x-phish", "x-cofense", "x-ms-report"} {
			if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
				return true
			}
		}
	}
	subject := strings.ToLower(DecodeHeader(p.msg.Get("Subject")))
	for _, mark := range [...]string{"[phish alert]", "[phishalarm]", "potential phish", "suspected phish", "reported phish", "phishing report", "report phishing", "[user reported]", "[suspicious email]"} {
		if strings.Contains(subject, mark) {
			return true
		}
	}
	return false
}

// zipped finds mail in a zip archive, as far as names tell. Other content of archives is the analysers' matter.
func (p *parser) zipped(part *coldwatch.Part, report bool) {
	directory := part.Content[max(0, len(part.Content)-(1<<20)):]
	if !containsFold(directory, ".eml") && !containsFold(directory, ".msg") {
		return
	}
	z, err := zip.NewReader(bytes.NewReader(part.Content), int64(len(part.Content)))
	if err != nil {
		return
	}
	files := z.File
	if len(files) > p.lim.ArchiveFiles {
		p.limit("limit.archive_entries", "an archive has too many entries", part.Offset)
		files = files[:p.lim.ArchiveFiles]
	}
	sort.SliceStable(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	left := int64(p.lim.ArchiveBytes)
	for _, f := range files {
		ext := extension(f.Name)
		if ext != ".eml" && ext != ".msg" || f.Flags&1 != 0 {
			continue
		}
		r, err := f.Open()
		if err != nil {
			continue
		}
		b, _ := io.ReadAll(io.LimitReader(r, left+1))
		r.Close()
		if left -= int64(len(b)); left < 0 {
			p.limit("limit.archive_total", "an archive unpacks to too much", part.Offset)
			return
		}
		if ext == ".msg" {
			if b, err = FromMSG(b); err != nil {
				continue
			}
		}
		if LooksLikeMail(b) && !p.addInner(b, "zip", part, report) {
			return
		}
	}
}

// smuggled finds a second message behind a bare end-of-data sequence: a server that takes one that others do not ends
// the first message there (SMTP smuggling, RFC 5321 section 4.1.1.4).
func (p *parser) smuggled(raw []byte, behindDot int) {
	rest := raw[behindDot:]
	for k := 0; k < 2 && len(rest) > 0 && (rest[0] == '\r' || rest[0] == '\n'); k++ {
		rest = rest[1:]
	}
	if !hasPrefixFold(rest, "mail from:") && !hasPrefixFold(rest, "ehlo ") && !hasPrefixFold(rest, "helo ") && !hasPrefixFold(rest, "rset") {
		return
	}
	p.defect("smtp.smuggling", "an SMTP dialogue with a second message stands in the body", behindDot-1, 1, true)
	head := rest[:min(len(rest), 4096)]
	for k := 0; k < len(head); {
		nl := bytes.IndexAny(head[k:], "\r\n")
		if nl < 0 {
			return
		}
		line := bytes.TrimSpace(head[k : k+nl])
		k += nl + 1
		if strings.EqualFold(string(line), "data") {
			inner := bytes.TrimLeft(rest[k:], "\r\n")
			if LooksLikeMail(inner) {
				p.addInner(inner, "smuggled", &p.msg.Parts[0], false)
			}
			return
		}
	}
}
