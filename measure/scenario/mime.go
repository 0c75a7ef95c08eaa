package scenario

import (
	"archive/zip"
	"bytes"
	stdbase64 "encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

type mailbox struct{ name, address string }

func (m mailbox) String() string {
	if m.name == "" {
		return m.address
	}
	special := strings.ContainsAny(m.name, `.,()<>@;:"`)
	if strings.ContainsFunc(m.name, func(r rune) bool { return r > 126 }) {
		if special { // what ends a phrase must not stand bare in an encoded word (RFC 2047 section 5)
			return mime.BEncoding.Encode("utf-8", m.name) + " <" + m.address + ">"
		}
		return mime.QEncoding.Encode("utf-8", m.name) + " <" + m.address + ">"
	}
	if special {
		return `"` + m.name + `" <` + m.address + ">"
	}
	return m.name + " <" + m.address + ">"
}

// A part is an attachment.
type part struct {
	name, kind string // file name, media type
	content    []byte
}

// A draft is a message before its trace.
type draft struct {
	from, replyTo, to mailbox
	cc                []mailbox
	subject           string
	sent              time.Time
	program           *program
	text, html        string
	parts             []part
	extra             [][2]string // further fields
	inReplyTo         string
	report            bool // multipart/report (RFC 6522)
	id                string
}

// A program is what a message was written with: the order of its fields and its shapes.
type program struct {
	name     string
	order    []string
	encoding string // "quoted-printable", "base64", "8bit"
	htmlToo  bool   // writes an HTML alternative of its own
	fixed    map[string]string
}

var programs = []*program{
	{"cloud", []string{"From", "To", "Cc", "Subject", "Thread-Topic", "Thread-Index", "Date", "Message-ID", "References", "In-Reply-To", "Accept-Language", "Content-Language", "X-MS-Has-Attach", "X-MS-TNEF-Correlator", "Content-Type", "MIME-Version"},
		"quoted-printable", true, map[string]string{"Accept-Language": "en-US", "Content-Language": "en-US", "X-MS-TNEF-Correlator": ""}},
	{"suite", []string{"MIME-Version", "References", "In-Reply-To", "From", "Date", "Message-ID", "Subject", "To", "Cc", "Content-Type"}, "quoted-printable", true, nil},
	{"thunderbird", []string{"To", "Cc", "From", "Reply-To", "Subject", "Message-ID", "Date", "User-Agent", "MIME-Version", "In-Reply-To", "References", "Content-Type", "Content-Language"},
		"8bit", false, map[string]string{"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:78.0) Gecko/20100101 Thunderbird/78.3.2", "Content-Language": "en-US"}},
	{"desktop", []string{"From", "To", "Cc", "Reply-To", "References", "In-Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "X-Mailer", "Thread-Index", "Content-Language"},
		"quoted-printable", true, map[string]string{"X-Mailer": "Microsoft Outlook 16.0", "Content-Language": "de"}},
	{"webmail", []string{"MIME-Version", "Date", "From", "To", "Cc", "Subject", "Reply-To", "In-Reply-To", "References", "User-Agent", "Message-ID", "X-Sender", "Content-Type"},
		"quoted-printable", false, map[string]string{"User-Agent": "Roundcube Webmail/1.4.8"}},
	{"phpmailer", []string{"Date", "To", "From", "Reply-To", "Subject", "Message-ID", "X-Mailer", "MIME-Version", "Content-Type"}, "base64", false,
		map[string]string{"X-Mailer": "PHPMailer 6.1.7 (https://github.com/PHPMailer/PHPMailer)"}},
	{"script", []string{"Content-Type", "MIME-Version", "From", "To", "Reply-To", "Subject", "Date", "Message-ID"}, "base64", false, nil},
	{"foxmail", []string{"Date", "From", "To", "Cc", "Reply-To", "Subject", "References", "X-Priority", "X-Has-Attach", "X-Mailer", "Mime-Version", "Message-ID", "Content-Type"}, "base64", true,
		map[string]string{"X-Priority": "3", "X-Mailer": "Foxmail 7.2.18.111[en]"}},
	{"apple", []string{"From", "Content-Type", "Mime-Version", "Subject", "In-Reply-To", "Date", "Cc", "References", "To", "Message-ID", "X-Mailer"}, "quoted-printable", false,
		map[string]string{"X-Mailer": "Apple Mail (2.3608.120.23.2.4)"}},
	{"service", []string{"Date", "From", "Reply-To", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type"}, "quoted-printable", false, nil},
}

func programNamed(name string) *program {
	for _, p := range programs {
		if p.name == name {
			return p
		}
	}
	panic("scenario: no program " + name)
}

// program returns one that fits the system.
func (s *system) program(d dice) *program {
	switch s.kind {
	case "cloud":
		return programNamed("cloud")
	case "suite":
		return programNamed(pick(d, []string{"suite", "suite", "apple"}))
	case "hosting":
		return programNamed(pick(d, []string{"webmail", "phpmailer", "thunderbird", "desktop"}))
	case "freemail":
		return programNamed(pick(d, []string{"suite", "suite", "webmail", "apple", "thunderbird", "desktop"}))
	}
	return programNamed(pick(d, []string{"thunderbird", "desktop", "desktop", "apple", "foxmail", "webmail"}))
}

func (p *program) boundary(d dice) string {
	switch p.name {
	case "cloud":
		return "_000_" + strings.ToUpper(d.hex(32)) + d.from(capnum, 12) + "_"
	case "suite":
		return "000000000000" + d.hex(16)
	case "thunderbird":
		return "------------" + strings.ToUpper(d.hex(24))
	case "desktop":
		return fmt.Sprintf("----=_NextPart_000_%04X_01D6%04X.%08X", d.IntN(65536), d.IntN(65536), d.IntN(1<<31))
	case "webmail":
		return "=_" + d.hex(32)
	case "phpmailer":
		return "b1_" + d.from(b64set[:62], 43)
	case "script":
		return "===============" + d.from("123456789", 19) + "=="
	case "foxmail":
		return fmt.Sprintf("----=_001_NextPart%d_=----", d.between(100000000, 999999999))
	case "apple":
		return "Apple-Mail=_" + strings.ToUpper(d.uuid())
	}
	return "--==_mimepart_" + d.hex(20)
}

func (p *program) messageID(d dice, from, host string, sent time.Time) string {
	domain := domainOf(from)
	switch p.name {
	case "cloud":
		if !strings.HasSuffix(host, ".outlook.com") {
			host = "DB7PR05MB" + d.from(digits, 4) + ".eurprd05.prod.outlook.com"
		}
		return "<" + strings.SplitN(host, ".", 2)[0] + d.from(capnum, 22) + "@" + host + ">"
	case "suite":
		return "<CA" + d.from(b64set[:62], 48) + "@mail.gmail.com>"
	case "thunderbird", "apple":
		return "<" + d.uuid() + "@" + domain + ">"
	case "desktop":
		return fmt.Sprintf("<%06x01d6%04x$%08x$%08x$@%s>", d.IntN(1<<24), d.IntN(65536), d.IntN(1<<31), d.IntN(1<<31), domain)
	case "webmail":
		return "<" + d.hex(32) + "@" + domain + ">"
	case "phpmailer":
		return "<" + d.from(b64set[:62], 43) + "@" + host + ">"
	case "script":
		return fmt.Sprintf("<%d.%d.%s@%s>", sent.UnixNano()/1000, d.between(100, 30000), d.from(digits, 12), host)
	case "foxmail":
		return fmt.Sprintf("<%s%s@%s>", sent.Format("20060102150405"), d.from(digits, 9), domain)
	}
	return "<" + d.hex(24) + "." + d.from(alnum, 8) + "@" + domain + ">"
}

// compose returns the author's fields and the body.
func (m *draft) compose(d dice, s *system) (head, body []byte) {
	p := m.program
	if m.id == "" {
		host := s.host
		if s.inner != "" && s.inner != "localhost" {
			host = s.inner
		}
		m.id = p.messageID(d, m.from.address, host, m.sent)
	}
	kind, fields, body := m.body(d)
	values := map[string]string{"From": m.from.String(), "To": m.to.String(), "Subject": encodeSubject(m.subject), "Date": zoned(m.sent, s.zone).Format(stamp), "Message-ID": m.id,
		"MIME-Version": "1.0", "Mime-Version": "1.0", "Content-Type": kind}
	if p.name == "apple" {
		values["Mime-Version"] = "1.0 (Mac OS X Mail 13.4 \\(3608.120.23.2.4\\))"
	}
	for k, v := range p.fixed {
		values[k] = v
	}
	if m.replyTo.address != "" {
		values["Reply-To"] = m.replyTo.String()
	}
	if len(m.cc) > 0 {
		var cc []string
		for _, c := range m.cc {
			cc = append(cc, c.String())
		}
		values["Cc"] = strings.Join(cc, ",\r\n\t")
	}
	if m.inReplyTo != "" {
		values["In-Reply-To"], values["References"] = m.inReplyTo, m.inReplyTo
	}
	for _, f := range p.order {
		switch f {
		case "Thread-Topic":
			values[f] = encodeSubject(strings.TrimPrefix(strings.TrimPrefix(m.subject, "RE: "), "Re: "))
		case "Thread-Index":
			values[f] = "Ad" + d.from(b64set[:62], 26) + "=="
		case "X-MS-Has-Attach":
			values[f] = ""
			if len(m.parts) > 0 {
				values[f] = "yes"
			}
		case "X-Has-Attach":
			values[f] = map[bool]string{true: "yes", false: "no"}[len(m.parts) > 0]
		case "X-Sender":
			values[f] = m.from.address
		}
	}
	var b bytes.Buffer
	write := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	written := map[string]bool{}
	for _, f := range p.order {
		if v, ok := values[f]; ok {
			write(f, v)
			written[f] = true
		}
	}
	for _, f := range []string{"Cc", "Reply-To", "In-Reply-To", "References"} {
		if v, ok := values[f]; ok && !written[f] {
			write(f, v)
		}
	}
	for _, x := range append(m.extra, fields...) {
		write(x[0], x[1])
	}
	return b.Bytes(), body
}

// encodeSubject encodes and folds a subject.
func encodeSubject(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r > 126 }) {
		return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
	}
	if len(s) > 68 {
		if cut := strings.LastIndexByte(s[:68], ' '); cut > 0 {
			return s[:cut] + "\r\n " + s[cut+1:]
		}
	}
	return s
}

// body returns the content type, further content fields and the encoded body.
func (m *draft) body(d dice) (kind string, fields [][2]string, body []byte) {
	leafs := [][2]string{}
	if m.text != "" || m.html == "" {
		leafs = append(leafs, [2]string{"text/plain", m.text})
	}
	html := m.html
	if html == "" && m.program.htmlToo {
		html = htmlOf(m.text, m.program.name)
	}
	if html != "" {
		leafs = append(leafs, [2]string{"text/html", html})
	}
	leaf := func(l [2]string) (string, string, []byte) {
		enc := m.program.encoding
		content := strings.ReplaceAll(l[1], "\n", "\r\n")
		if enc == "8bit" && longest(content) > 990 {
			enc = "quoted-printable"
		}
		return l[0] + "; charset=\"utf-8\"", enc, encode([]byte(content), enc)
	}
	var b bytes.Buffer
	var enc string
	if len(leafs) == 1 {
		kind, enc, body = leaf(leafs[0])
		fields = [][2]string{{"Content-Transfer-Encoding", enc}}
	} else {
		bd := m.program.boundary(d)
		for _, l := range leafs {
			k, e, c := leaf(l)
			fmt.Fprintf(&b, "--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n", bd, k, e)
			b.Write(c)
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "--%s--\r\n", bd)
		kind, body = "multipart/alternative;\r\n\tboundary=\""+bd+"\"", b.Bytes()
	}
	if len(m.parts) == 0 {
		return kind, fields, body
	}
	bd := m.program.boundary(d)
	var out bytes.Buffer
	fmt.Fprintf(&out, "--%s\r\nContent-Type: %s\r\n", bd, kind)
	for _, f := range fields {
		out.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	out.WriteString("\r\n")
	out.Write(body)
	for _, p := range m.parts {
		if strings.HasPrefix(p.kind, "message/") { // never encoded (RFC 2046 section 5.2)
			fmt.Fprintf(&out, "\r\n--%s\r\nContent-Type: %s\r\nContent-Disposition: attachment; filename=\"%s\"\r\n\r\n", bd, p.kind, p.name)
			out.Write(p.content)
			continue
		}
		name := p.name
		if strings.ContainsFunc(name, func(r rune) bool { return r > 126 }) {
			name = mime.QEncoding.Encode("utf-8", name)
		}
		fmt.Fprintf(&out, "\r\n--%s\r\nContent-Type: %s; name=\"%s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename=\"%s\"\r\n\r\n", bd, p.kind, name, name)
		out.Write(encode(p.content, "base64"))
	}
	fmt.Fprintf(&out, "\r\n--%s--\r\n", bd)
	if m.report {
		return "multipart/report; report-type=delivery-status;\r\n\tboundary=\"" + bd + "\"", nil, out.Bytes()
	}
	return "multipart/mixed;\r\n\tboundary=\"" + bd + "\"", nil, out.Bytes()
}

func longest(s string) int {
	most := 0
	for _, l := range strings.Split(s, "\r\n") {
		most = max(most, len(l))
	}
	return most
}

func encode(content []byte, enc string) []byte {
	var b bytes.Buffer
	switch enc {
	case "quoted-printable":
		w := quotedprintable.NewWriter(&b)
		w.Write(content) // a buffer never fails
		w.Close()
		b.WriteString("\r\n")
	case "base64":
		s := stdbase64.StdEncoding.EncodeToString(content)
		for len(s) > 76 {
			b.WriteString(s[:76] + "\r\n")
			s = s[76:]
		}
		b.WriteString(s + "\r\n")
	default:
		b.Write(content)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// htmlOf is the HTML that a mail program writes of plain text.
func htmlOf(text, program string) string {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	lines := strings.Split(esc, "\n")
	switch program {
	case "suite":
		return "<div dir=\"ltr\">" + strings.Join(lines, "<br>\n") + "</div>\n"
	case "foxmail":
		return "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=UTF-8\"></head><body>\n<div>" + strings.Join(lines, "</div>\n<div>") + "</div>\n</body></html>\n"
	}
	return "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n<style>p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:\"Calibri\",sans-serif}</style>\n</head>\n<body lang=\"EN-US\">\n<div>\n<p class=\"MsoNormal\">" +
		strings.Join(lines, "</p>\n<p class=\"MsoNormal\">") + "</p>\n</div>\n</body>\n</html>\n"
}

// zipped puts one file into an archive.
func zipped(name string, content []byte, at time.Time) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()}) // a buffer never fails
	w.Write(content)
	z.Close()
	return b.Bytes()
}

// pdf is a small document with some lines of text and, if link is set, one link over all of the page.
func pdf(title, producer string, lines []string, link string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 11 Tf 56 780 Td 15 TL\n")
	for _, l := range lines {
		var latin []byte
		for _, r := range l {
			if r > 255 {
				r = '?'
			}
			if r == '(' || r == ')' || r == '\\' {
				latin = append(latin, '\\')
			}
			latin = append(latin, byte(r))
		}
		text.WriteString("(" + string(latin) + ") Tj T*\n")
	}
	text.WriteString("ET")
	annots := ""
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		fmt.Sprintf("<< /Title (%s) /Producer (%s) >>", title, producer)}
	if link != "" {
		objects = append(objects, "<< /Type /Annot /Subtype /Link /Rect [40 500 560 800] /Border [0 0 0] /A << /S /URI /URI ("+link+") >> >>")
		annots = " /Annots [7 0 R]"
	}
	objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R" + annots + " >>"
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}
