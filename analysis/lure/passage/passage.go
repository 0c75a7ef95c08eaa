// Package passage gathers what a reader of a message sees, as passages that a phrase can be looked up in and quoted from.
//
// A passage is one stretch of visible text with its place: the subject (RFC 5322 section 3.6.5), a body, the text of an
// attachment, its title or its file name (RFC 2183 section 2.3). Two analysers read them, lure (what the message wants)
// and claim (what it knows), so the gathering, the folding and the quoting stand here once.
//
// [Fold] brings a passage into one plain form, so that tables hold each phrase once: lower case, accents off, full-width
// and mathematical letters to ASCII (the compatibility mappings of UAX #15), invisible characters dropped, letters of
// another script that only look Latin mapped back within a mixed word (UTS #39 section 4), white space to one space. Each
// byte of the folded form remembers where it came from. A [Trie] finds many phrases in one pass over it.
package passage

import (
	"bytes"
	"html"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A Kind says what a passage is to the reader.
type Kind int

// Kinds of passage, in the order in which Collect gives them.
const (
	Subject Kind = iota
	Body
	Attachment // visible text of anything but a body
	Title      // title of a document
	Name       // file name
)

// Limits of what is read of one message, in bytes. Beyond the head of a long text only its tail is read: what a text
// wants stands at one end of it.
const (
	headBytes  = 64 << 10
	tailBytes  = 16 << 10
	totalBytes = 256 << 10
	maxPieces  = 200
)

// A Passage is one stretch of visible text.
type Passage struct {
	Kind  Kind
	Where string // payload or part id; "" for the subject
	Text  string // UTF-8, may hold invalid bytes
	start int    // offset of Text in the whole text
}

// Collect gives the passages of a message, the subject first, then bodies, attachments, titles and names. Texts that
// nobody opened yet are taken from the message's own parts.
func Collect(a *coldwatch.Analysis) []Passage {
	c := collector{left: totalBytes}
	c.add(Subject, "", a.Subject)
	if len(a.Payloads) == 0 {
		c.parts(a.Message)
		return c.out
	}
	for i := range a.Payloads {
		if p := &a.Payloads[i]; p.Via == "body" {
			c.add(Body, p.ID, p.Text)
		}
	}
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if p.Via != "body" {
			c.add(Attachment, p.ID, p.Text)
			c.add(Name, p.ID, p.Name)
		}
		c.add(Title, p.ID, p.Title)
	}
	return c.out
}

type collector struct {
	out  []Passage
	left int
}

func (c *collector) add(k Kind, where, text string) {
	if text == "" || c.left <= 0 || len(c.out) >= maxPieces {
		return
	}
	head, tail := text, ""
	if len(text) > headBytes {
		head = text[:headBytes]
		if rest := text[headBytes:]; len(rest) > tailBytes {
			tail = rest[len(rest)-tailBytes:]
		} else {
			tail = rest
		}
	}
	if len(head) > c.left {
		head, tail = head[:c.left], ""
	}
	c.left -= len(head) + len(tail)
	c.out = append(c.out, Passage{Kind: k, Where: where, Text: head})
	if tail != "" {
		c.out = append(c.out, Passage{Kind: k, Where: where, Text: tail, start: len(text) - len(tail)})
	}
}

func (c *collector) parts(m *coldwatch.Message) {
	if m == nil {
		return
	}
	for i := range m.Parts {
		p := &m.Parts[i]
		kind := Body
		if p.Disposition == "attachment" || p.Filename != "" {
			kind = Attachment
			c.add(Name, p.ID, p.Filename)
		}
		switch p.MediaType {
		case "text/html":
			c.add(kind, p.ID, strip(p.Text))
		case "text/plain":
			c.add(kind, p.ID, p.Text)
		}
	}
}

// strip takes the tags off HTML, roughly: enough to find words when no better reading is at hand.
func strip(s string) string {
	if len(s) > 4*headBytes {
		s = s[:4*headBytes]
	}
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:open])
		s = s[open:]
		end := ">"
		for _, name := range [...]string{"style", "script"} {
			if len(s) > len(name) && strings.EqualFold(s[1:1+len(name)], name) {
				end = "</" + name
			}
		}
		n := indexFold(s, end)
		if n < 0 {
			break
		}
		if end == ">" {
			b.WriteByte(gap(s))
		}
		s = s[n+len(end):]
	}
	return html.UnescapeString(b.String())
}

// gap is what a tag leaves in the text: a line end for one that begins a block, else a space.
func gap(tag string) byte {
	if len(tag) > 2 {
		switch tag[1] | 0x20 {
		case 'p', 'd', 't', 'h', 'l':
			return '\n'
		}
	}
	return ' '
}

// indexFold is strings.Index for a short lower-case ASCII needle in any case.
func indexFold(s, needle string) int {
	if needle == ">" {
		return strings.IndexByte(s, '>')
	}
	for from := 0; ; {
		n := strings.IndexByte(s[from:], needle[0])
		if n < 0 || from+n+len(needle) > len(s) {
			return -1
		}
		from += n
		if strings.EqualFold(s[from:from+len(needle)], needle) {
			return from
		}
		from++
	}
}

const maxQuote = 160

// Quote gives the evidence for bytes from start to end of a passage's Text. Spans point at the very bytes where these
// stand in the decoded content; where the text was decoded or pieced together on the way, at the whole of what holds it.
func Quote(a *coldwatch.Analysis, p *Passage, start, end int) coldwatch.Evidence {
	start, end = max(0, min(start, len(p.Text))), max(0, min(end, len(p.Text)))
	if end < start {
		end = start
	}
	quote := strings.ToValidUTF8(p.Text[start:end], "\uFFFD")
	if len(quote) > maxQuote {
		quote = strings.ToValidUTF8(quote[:maxQuote], "") + "…"
	}
	ev := coldwatch.Evidence{Quote: strings.Join(strings.Fields(quote), " ")}
	switch {
	case p.Kind == Subject:
		ev.Span = subjectSpan(a, p.Text[start:end])
	case p.Kind == Name:
		ev.Span = nameSpan(a, p.Where, p.Text)
	default:
		ev.Span = contentSpan(a, p, start, end)
	}
	return ev
}

func subjectSpan(a *coldwatch.Analysis, s string) coldwatch.Span {
	if a.Message == nil {
		return coldwatch.Span{Where: "raw"}
	}
	f := a.Message.Field("Subject")
	if f == nil {
		return coldwatch.Span{Where: "raw"}
	}
	return inField(a.Message, f, s)
}

// inField finds s in a header field of the raw message, else gives the whole field.
func inField(m *coldwatch.Message, f *coldwatch.Field, s string) coldwatch.Span {
	from := max(0, min(f.Offset, len(m.Raw)))
	to := max(from, min(f.Offset+f.Length, len(m.Raw)))
	if n := bytes.Index(m.Raw[from:to], []byte(s)); n >= 0 && s != "" {
		return coldwatch.Span{Where: "raw", Start: from + n, End: from + n + len(s)}
	}
	return coldwatch.Span{Where: "raw", Start: from, End: to}
}

func nameSpan(a *coldwatch.Analysis, where, name string) coldwatch.Span {
	if a.Message != nil {
		if part := a.Message.Part(where); part != nil {
			for i := range part.Header {
				f := &part.Header[i]
				if strings.EqualFold(f.Name, "Content-Disposition") || strings.EqualFold(f.Name, "Content-Type") {
					if sp := inField(a.Message, f, name); sp.End-sp.Start == len(name) {
						return sp
					}
				}
			}
		}
	}
	return coldwatch.Span{Where: where, End: len(content(a, where))}
}

// searchBytes is as far as a quotation is looked for in content that does not stand there as it is read.
const searchBytes = 1 << 20

func contentSpan(a *coldwatch.Analysis, p *Passage, start, end int) coldwatch.Span {
	c := content(a, p.Where)
	s := p.Text[start:end]
	if from, to := p.start+start, p.start+end; to <= len(c) && string(c[from:to]) == s {
		return coldwatch.Span{Where: p.Where, Start: from, End: to}
	}
	if n := bytes.Index(c[:min(len(c), searchBytes)], []byte(s)); n >= 0 && s != "" {
		return coldwatch.Span{Where: p.Where, Start: n, End: n + len(s)}
	}
	return coldwatch.Span{Where: p.Where, End: len(c)}
}

func content(a *coldwatch.Analysis, where string) []byte {
	if pl := a.Payload(where); pl != nil {
		return pl.Content
	}
	if a.Message != nil {
		if part := a.Message.Part(where); part != nil {
			return part.Content
		}
	}
	return nil
}

// lineBytes is as far back as the beginning of a line is looked for.
const lineBytes = 300

// Quoted tells whether the line that holds an offset of the text is a quotation of earlier mail ("> ").
func (p *Passage) Quoted(offset int) bool {
	offset = min(offset, len(p.Text))
	from := max(0, offset-lineBytes)
	line := strings.LastIndexByte(p.Text[from:offset], '\n')
	if line < 0 && from > 0 {
		return false
	}
	line += from + 1 // the first line has no line end before it: -1
	return line < len(p.Text) && p.Text[line] == '>'
}

// threadMarks open the copy of an earlier message in the languages of mail programs.
var threadMarks = [...]string{" wrote:", " schrieb:", " a écrit :", " escribió:", " ha scritto:", " escreveu:", "Original Message", "Ursprüngliche Nachricht", "Message d'origine",
	"Mensaje original", "Messaggio originale", "Mensagem original", "Původní zpráva", "Wiadomość oryginalna"}

// Thread gives the offset from which a text is the copy of earlier mail, its length if there is none. What a message only
// passes on, with nothing of its own in front, is its own.
func (p *Passage) Thread() int {
	first := len(p.Text)
	if p.Kind != Body {
		return first
	}
	for _, mark := range threadMarks {
		if i := strings.Index(p.Text[:first], mark); i >= 0 {
			first = i
		}
	}
	if first == len(p.Text) {
		return first
	}
	line := strings.LastIndexByte(p.Text[:first], '\n') + 1
	if len(strings.TrimSpace(p.Text[:line])) < ownWords {
		return len(p.Text)
	}
	return line
}

// ownWords is how many bytes in front of a thread make a message of its own.
const ownWords = 40

// String names the passage for a reader of tests.
func (p *Passage) String() string {
	return [...]string{"subject", "body", "attachment", "title", "name"}[p.Kind] + " " + p.Where + " (" + strconv.Itoa(len(p.Text)) + " bytes)"
}
