package identity

import (
	"bytes"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// body reads the lines under the text and the introductions in it.
func (c *check) body() {
	text, where, content := bodyText(c.a)
	if text == "" {
		return
	}
	const opening, closing, longest = 30, 14, 400
	lines := ownLines(text)
	for i, l := range lines {
		last := i >= len(lines)-closing
		if i >= opening && !last {
			continue
		}
		if len(l) > longest {
			l = cutRune(l, longest)
		}
		if item(l) {
			continue
		}
		hits := c.d.find(l, false)
		if len(hits) == 0 {
			continue
		}
		// A line of a signature is little more than the name.
		named := hits[0].end - hits[0].start
		switch {
		case last && len(l) <= 90 && strings.Count(l, " ") <= 12 && (hits[0].start <= 12 || named*3 >= len(l)) && !addressed(l[:hits[0].start]):
			c.hits(hits, l, "signature", bodyEvidence(where, content, l))
		case i < opening && introduced(l[:hits[0].start]):
			c.hits(hits[:1], l, "body", bodyEvidence(where, content, l))
		}
	}
}

// item tells whether a line is one of a list of goods, "- 5 x Make Model" or "3) Make Model, 20 pcs": its name is that of
// what is wanted, not of who wants it.
func item(l string) bool {
	rest := strings.TrimLeft(l, "-*•·–—▪o \t")
	bullet := len(rest) < len(l) && l[0] != 'o'
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits > 6 {
		return bullet && strings.ContainsAny(rest, "0123456789")
	}
	after := strings.TrimLeft(rest[digits:], " \t")
	if after == "" {
		return false
	}
	switch after[0] {
	case ')', '.', 'x', 'X':
		return true
	}
	for _, unit := range [...]string{"×", "pcs", "pc ", "units", "sets", "nos", "stk", "stück", "unid", "uds", "pieces", "шт"} {
		if strings.HasPrefix(strings.ToLower(after), unit) {
			return true
		}
	}
	return bullet
}

// addressed tells whether what stands before a name says that it is somebody else's: the reader's, a consignee's.
func addressed(before string) bool {
	found := false
	low := names.Fold(before)
	names.Words(low, func(i, j int) bool { found = addressees[low[i:j]]; return !found })
	return found
}

var addressees = wordSet(`dear hello hi to deliver delivery ship shipping attn attention customer client consignee recipient bill invoice subject re project site cc via hallo
	liebe lieber sehr an kunde empfanger lieferung bonjour cher chere client destinataire hola estimado estimada estimados cliente destinatario gentile spettabile`)

// introductions are the words before a name by which a writer says who they are.
var introductions = [...]string{"i am ", "i'm ", "my name is ", "this is ", "on behalf of ", "writing from ", "we are ", "we at ", "ich bin ", "mein name ist ", "im namen ",
	"im auftrag ", "je suis ", "au nom de ", "soy ", "en nombre de ", "sono ", "per conto di ", "sou ", "em nome de ", "jmenuji se ", "jsem ", "nazywam się ", "w imieniu "}

// introduced tells whether what stands before a name, not too far from it, introduces the writer.
func introduced(before string) bool {
	const reach = 70
	low := strings.ToLower(before)
	if len(low) > reach {
		low = low[len(low)-reach:]
	}
	for _, intro := range introductions {
		if i := strings.Index(low, intro); i == 0 || i > 0 && (low[i-1] == ' ' || low[i-1] == ',') {
			return true
		}
	}
	return false
}

func cutRune(s string, n int) string {
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// bodyText returns the text that the reader sees first, with the id and bytes that its evidence points into.
func bodyText(a *coldwatch.Analysis) (text, where string, content []byte) {
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if p.Via == "body" && (p.Kind == "text" || p.Kind == "html") && strings.TrimSpace(p.Text) != "" {
			return p.Text, p.ID, p.Content
		}
	}
	if len(a.Payloads) > 0 || a.Message == nil {
		return "", "", nil
	}
	for i := range a.Message.Parts {
		p := &a.Message.Parts[i]
		if p.Leaf() && p.MediaType == "text/plain" && p.Disposition != "attachment" {
			return p.Text, p.ID, p.Content
		}
	}
	return "", "", nil
}

// ownLines returns the non-empty lines that the writer wrote: what stands before the first quoted message, at most the
// first and last part of a long text.
func ownLines(text string) []string {
	const most = 32 << 10
	if len(text) > most {
		text = cutRune(text, most)
	}
	var out []string
	for text != "" {
		line := text
		if nl := strings.IndexByte(text, '\n'); nl >= 0 {
			line, text = text[:nl], text[nl+1:]
		} else {
			text = ""
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if quoteStarts(line) && len(out) > 0 {
			break
		}
		if line[0] == '>' {
			continue
		}
		out = append(out, line)
	}
	return out
}

// quoteStarts tells whether a line opens a quoted message.
func quoteStarts(l string) bool {
	if strings.HasSuffix(l, " wrote:") || strings.HasSuffix(l, " schrieb:") || strings.HasSuffix(l, "a écrit :") || strings.HasSuffix(l, "escribió:") {
		return true
	}
	if strings.HasPrefix(l, "----") {
		low := strings.ToLower(l)
		return strings.Contains(low, "original message") || strings.Contains(low, "forwarded message") || strings.Contains(low, "ursprüngliche nachricht")
	}
	return strings.HasPrefix(l, "From: ") && strings.IndexByte(l, '@') > 0 || strings.HasPrefix(l, "Von: ") && strings.IndexByte(l, '@') > 0
}

// bodyEvidence points at a quotation in decoded content; where the quotation is a rendering it points at all of it.
func bodyEvidence(where string, content []byte, text string) coldwatch.Evidence {
	quote := clip(text)
	at := bytes.Index(content, []byte(strings.TrimSuffix(quote, "…")))
	if at < 0 {
		return coldwatch.Evidence{Span: coldwatch.Span{Where: where, Start: 0, End: len(content)}, Quote: quote}
	}
	return coldwatch.Evidence{Span: coldwatch.Span{Where: where, Start: at, End: at + len(strings.TrimSuffix(quote, "…"))}, Quote: quote}
}

// files reads the names of attached files and what documents say about their author.
func (c *check) files() {
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if i == 50 {
			break
		}
		ev := coldwatch.Evidence{Span: coldwatch.Span{Where: p.ID, Start: 0, End: len(p.Content)}}
		if p.Name != "" && len(p.Name) < 200 {
			ev.Quote = p.Name
			c.text(strings.Map(spaced, p.Name), "attachment", ev, false)
		}
		if p.Via != "body" {
			c.letterhead(p)
		}
		for _, k := range [...]string{"author", "company", "creator"} {
			if v := p.Metadata[k]; v != "" && len(v) < 200 {
				ev.Quote = k + ": " + clip(v)
				c.text(v, "metadata", ev, false)
			}
		}
	}
}

// letterhead reads the first lines of an attached document, where its sender's name stands.
func (c *check) letterhead(p *coldwatch.Payload) {
	const lines, longest, reach = 6, 90, 2 << 10
	text := p.Text
	if len(text) > reach {
		text = cutRune(text, reach)
	}
	n := 0
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if n++; n > lines {
			return
		}
		if len(l) > longest || item(l) {
			continue
		}
		if hits := c.d.find(l, false); len(hits) > 0 && !addressed(l[:hits[0].start]) {
			c.hits(hits[:1], l, "letterhead", bodyEvidence(p.ID, p.Content, l))
		}
	}
}

func spaced(r rune) rune {
	if r == '_' || r == '.' || r == '-' {
		return ' '
	}
	return r
}
