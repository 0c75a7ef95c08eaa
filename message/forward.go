package message

import (
	"bytes"
	"html"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// forwarded finds a message that a client forwarded inline: its header fields stand as text above its body, in the
// language of who forwarded it. What follows them becomes a message with these fields, together with the attachments.
// A reply quotes in the same form, so either the subject or a line above the fields must say "forwarded".
func (p *parser) forwarded() {
	subject := DecodeHeader(p.msg.Get("Subject"))
	marked := forwardSubject(subject)
	for _, media := range [...]string{"text/html", "text/plain"} { // HTML first: it has the links
		for i := range p.msg.Parts {
			part := &p.msg.Parts[i]
			if part.Reading > 0 || part.MediaType != media || part.Disposition == "attachment" || len(part.Text) < 40 {
				continue
			}
			if !marked && !mayForward(part.Text) {
				continue
			}
			lines := plainLines(part.Text)
			if media == "text/html" {
				lines = htmlLines(part.Text)
			}
			f, ok := findForward(lines, marked)
			if !ok {
				continue
			}
			p.addInner(p.composeForward(f, part), "inline-forward", part, false)
			return
		}
	}
}

// A textLine is a line of shown text with the offset of what follows it in the source.
type textLine struct {
	text string
	end  int
}

const maxForwardText = 256 << 10

// plainLines returns the first lines of plain text.
func plainLines(s string) []textLine {
	var out []textLine
	for pos := 0; pos < len(s) && pos < maxForwardText; {
		nl := strings.IndexByte(s[pos:], '\n')
		next := len(s)
		line := s[pos:]
		if nl >= 0 {
			next = pos + nl + 1
			line = s[pos : pos+nl]
		}
		out = append(out, textLine{line, next})
		pos = next
	}
	return out
}

// htmlLines returns the first lines of an HTML page as they show: block elements and br end a line.
func htmlLines(s string) []textLine {
	var out []textLine
	var line strings.Builder
	s = s[:min(len(s), maxForwardText)]
	flush := func(end int) {
		if t := strings.TrimSpace(line.String()); t != "" {
			out = append(out, textLine{html.UnescapeString(t), end})
		}
		line.Reset()
	}
	for i := 0; i < len(s); {
		if s[i] != '<' {
			j := strings.IndexByte(s[i:], '<')
			if j < 0 {
				j = len(s) - i
			}
			line.WriteString(strings.Map(func(r rune) rune {
				if r == '\n' || r == '\r' || r == '\t' {
					return ' '
				}
				return r
			}, s[i:i+j]))
			i += j
			continue
		}
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			break
		}
		tag := strings.TrimLeft(s[i+1:i+end], "/")
		k := 0
		for k < len(tag) && k < 12 && (lower(tag[k]) >= 'a' && lower(tag[k]) <= 'z' || tag[k] >= '0' && tag[k] <= '9') {
			k++
		}
		i += end + 1
		switch lowerASCII(tag[:k]) {
		case "br", "p", "div", "tr", "table", "hr", "li", "blockquote", "h1", "h2", "h3", "body":
			flush(i)
		case "style", "script":
			if close := strings.Index(s[i:], "</"); close >= 0 {
				i += close
			}
		case "td":
			line.WriteByte(' ')
		}
	}
	flush(len(s))
	return out
}

// A forward is the head of a forwarded message.
type forward struct {
	from, to, cc, date, subject string
	body                        int // offset of its body in the text
}

// findForward finds the first block of header fields. A block without a line above it that says "forwarded" counts only
// if marked.
func findForward(lines []textLine, marked bool) (forward, bool) {
	said := false
	for i := 0; i < len(lines); i++ {
		text := cleanLine(lines[i].text)
		if forwardPhrase(text) {
			said = true
		}
		label, _ := FieldLabel(text)
		if label != "from" && !(said && label != "") {
			continue
		}
		var f forward
		found := 0
		var slot *string  // of the last label
		list := false     // that is a list of addresses
		before := byte(0) // the last byte of the line before
		j, blanks := i, 0
		for ; j < len(lines) && j < i+16; j++ {
			text := cleanLine(lines[j].text)
			if text == "" {
				if blanks++; found >= 3 || blanks > 2 {
					break
				}
				continue
			}
			label, value := FieldLabel(text)
			if label == "" {
				if slot != nil && *slot == "" && slot != &f.subject && slot != &f.cc {
					*slot = text // the value stands below its label, as in a table
					continue
				}
				if list && (before == ',' || before == ';') {
					before = text[len(text)-1]
					continue // a long list goes on
				}
				break
			}
			slot = map[string]*string{"from": &f.from, "to": &f.to, "cc": &f.cc, "date": &f.date, "subject": &f.subject, "other": new(string)}[label]
			if *slot == "" {
				*slot = value
			}
			list, before = label == "to" || label == "cc", text[len(text)-1]
			found++
		}
		if f.from != "" && found >= 3 && (marked || said) && (f.subject != "" || f.date != "") {
			f.body = lines[min(j, len(lines))-1].end
			return f, true
		}
		if found > 1 {
			i = j - 1
		}
	}
	return forward{}, false
}

// cleanLine drops quote marks, emphasis and no-break spaces.
func cleanLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u202f', '\r':
			return ' '
		case '*', '\u200b', '\u200e', '\ufeff':
			return -1
		}
		return r
	}, s[:min(len(s), 2000)])
	return strings.TrimSpace(strings.TrimLeft(s, "> \t|"))
}

// composeForward writes the forwarded message: its fields, the rest of the text, and the attachments as they are.
func (p *parser) composeForward(f forward, text *coldwatch.Part) []byte {
	var out bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			out.WriteString(name + ": " + value + "\r\n")
		}
	}
	field("From", mailtoBrackets(strings.ReplaceAll(f.from, "<mailto:", "<")))
	field("To", mailtoBrackets(strings.ReplaceAll(f.to, "<mailto:", "<")))
	field("Cc", mailtoBrackets(f.cc))
	field("Date", f.date)
	field("Subject", f.subject)
	out.WriteString("MIME-Version: 1.0\r\n")
	var attached []*coldwatch.Part
	for i := range p.msg.Parts {
		if part := &p.msg.Parts[i]; part.Reading == 0 && part != text && part.Leaf() && part.Parent >= 0 && (part.Filename != "" || part.Disposition == "attachment" || part.ContentID != "") {
			attached = append(attached, part)
		}
	}
	body := text.Text[min(f.body, len(text.Text)):]
	boundary := "=_coldwatch_forward"
	for bytes.Contains(p.msg.Raw, []byte(boundary)) {
		boundary += "_"
	}
	if len(attached) > 0 {
		out.WriteString("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n")
	}
	out.WriteString("Content-Type: " + text.MediaType + "; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	out.WriteString(body)
	if len(attached) == 0 {
		return out.Bytes()
	}
	for _, a := range attached {
		out.WriteString("\r\n--" + boundary + "\r\n")
		for _, h := range a.Header {
			out.Write(p.msg.Raw[h.Offset : h.Offset+h.Length])
		}
		out.WriteString("\r\n")
		out.Write(p.msg.Raw[a.Offset : a.Offset+a.Length])
	}
	out.WriteString("\r\n--" + boundary + "--\r\n")
	return out.Bytes()
}

// mailtoBrackets turns "Name [mailto:a@b.example]", as Outlook writes it, into "Name <a@b.example>" of the same length.
func mailtoBrackets(s string) string {
	b := []byte(s)
	for i := 0; ; {
		k := bytes.Index(b[i:], []byte("[mailto:"))
		if k < 0 {
			return string(b)
		}
		i += k
		copy(b[i:], "<       ")
		if j := bytes.IndexByte(b[i:], ']'); j >= 0 {
			b[i+j] = '>'
			i += j
		}
	}
}
