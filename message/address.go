package message

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"golang.org/x/net/idna"
)

// Addresses returns every mailbox that some client could show for an address field: first those of the standard
// reading (RFC 5322 section 3.4), in order, then those that only other readings give, which stand in display names, in
// comments, in encoded words, or before and after NUL bytes. Groups are flattened, quotes and brackets may be broken.
// Spans count from the start of value.
func Addresses(value string) []coldwatch.Mailbox {
	standard, other := AddressList(value)
	return append(standard, other...)
}

// AddressList is [Addresses] with the two kinds apart.
func AddressList(value string) (standard, other []coldwatch.Mailbox) {
	if strings.Contains(value, "[mailto:") {
		value = mailtoBrackets(value)
	}
	a := addressParser{s: value}
	a.parse()
	standard = a.list
	known := map[string]bool{}
	for _, m := range standard {
		known[m.Address] = true
	}
	add := func(list []coldwatch.Mailbox) {
		for _, m := range list {
			if !known[m.Address] && m.Domain != "" && m.Address[0] != '@' {
				known[m.Address] = true
				other = append(other, m)
			}
		}
	}
	for _, t := range a.aside {
		add(scanAddresses(t.text, t.start, t.end))
	}
	if strings.IndexByte(value, 0) >= 0 {
		for _, piece := range append(strings.Split(value, "\x00"), strings.ReplaceAll(value, "\x00", "")) {
			b := addressParser{s: piece}
			b.parse()
			for i := range b.list {
				b.list[i].Span = coldwatch.Span{End: len(value)}
			}
			add(b.list)
		}
	}
	return standard, other
}

// FieldAddresses is [Addresses] for a header field, with spans in the raw message.
func FieldAddresses(raw []byte, f *coldwatch.Field) []coldwatch.Mailbox {
	if f == nil || f.Offset < 0 || f.Offset+f.Length > len(raw) {
		return nil
	}
	text := string(raw[f.Offset : f.Offset+f.Length])
	colon := strings.IndexByte(text, ':')
	if colon < 0 || len(text) > 2*len(f.Value)+len(f.Name)+1024 || !strings.HasPrefix(text, f.Name) {
		return Addresses(f.Value)
	}
	list := Addresses(text[colon+1:])
	for i := range list {
		list[i].Span.Where = "raw"
		list[i].Span.Start += f.Offset + colon + 1
		list[i].Span.End += f.Offset + colon + 1
	}
	return list
}

// An aside is text that is no address by the standard but may hold one.
type aside struct {
	text       string
	start, end int
}

// An addressParser reads an address list in one pass.
type addressParser struct {
	s     string
	list  []coldwatch.Mailbox
	aside []aside

	name        strings.Builder // display name so far, quotes taken off
	bare        strings.Builder // the same text as an addr-spec: white space and comments dropped
	spaced      bool            // white space came since the last atom
	quoted      bool            // the name holds a quoted string
	start       int             // where the current mailbox starts, -1 between mailboxes
	angle       string          // address in angle brackets
	hasAngle    bool
	comment     string
	parts       int // atoms in bare, to tell "a@b" from "John a@b"
	lastAt      bool
	wordAddress string // the last word of the name that holds an "@"
	prefix      string // text before a comma that held no address: part of the next display name
	prefixStart int
	openEnded   int // comments that never closed; after some, brackets are no longer looked at
}

func (a *addressParser) parse() {
	s := a.s
	a.start = -1
	i := 0
	for i < len(s) {
		c := s[i]
		if a.start < 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',' && c != ';' {
			a.start = i
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			a.spaced = true
			i++
		case '"':
			i = a.quotedString(i)
		case '(':
			i = a.readComment(i)
		case '<':
			i = a.angleAddress(i)
		case ',', ';':
			a.flush(i)
			i++
		case ':':
			a.reset() // a group's name, or "mailto"
			i++
		default:
			i = a.atom(i)
		}
	}
	a.flush(len(s))
	a.flushPrefix(len(s))
}

func (a *addressParser) space() {
	if a.spaced && a.name.Len() > 0 {
		a.name.WriteByte(' ')
	}
	a.spaced = false
}

// quotedString reads a quoted string that starts at i. One that never ends is taken as text.
func (a *addressParser) quotedString(i int) int {
	end := skipQuoted(a.s, i)
	inner := a.s[i+1 : end]
	if end > i+1 && a.s[end-1] == '"' {
		inner = inner[:len(inner)-1]
	} else if j := strings.IndexByte(a.s[i+1:], '<'); j >= 0 {
		end = i + 1 + j
		inner = a.s[i+1 : end]
	}
	a.space()
	a.name.WriteString(unescape(inner))
	a.bare.WriteString(a.s[i:end])
	a.quoted = true
	return end
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// readComment skips a comment, which may hold others.
func (a *addressParser) readComment(i int) int {
	if a.openEnded > 16 {
		return i + 1
	}
	depth, j := 0, i
	for ; j < len(a.s); j++ {
		switch a.s[j] {
		case '\\':
			j++
			continue
		case '(':
			depth++
			continue
		case ')':
			if depth--; depth > 0 {
				continue
			}
		default:
			continue
		}
		break
	}
	if j >= len(a.s) {
		j = len(a.s) - 1
		if depth > 0 { // it never ends: only the bracket is dropped
			a.openEnded++
			a.spaced = true
			return i + 1
		}
	}
	text := strings.Trim(a.s[i:j+1], "()")
	if a.comment == "" {
		a.comment = text
	}
	if strings.Contains(text, "@") {
		a.aside = append(a.aside, aside{text, i, j + 1})
	}
	a.spaced = true
	return j + 1
}

// angleAddress reads what stands in angle brackets from i on. A bracket that never closes ends at the next comma or at
// the end.
func (a *addressParser) angleAddress(i int) int {
	s := a.s
	j := i + 1
	quote := false
loop:
	for ; j < len(s); j++ {
		switch c := s[j]; {
		case c == '\\' && quote:
			j++
		case c == '"':
			quote = !quote && strings.IndexByte(s[j+1:min(len(s), j+400)], '"') >= 0
		case quote:
		case c == '>' || c == '<':
			break loop
		case c == ',' && strings.IndexByte(s[i+1:j], '@') >= 0 && s[i+1] != '@':
			break loop
		}
	}
	j = min(j, len(s))
	inner := s[i+1 : j]
	if j < len(s) && s[j] == '>' {
		j++
	}
	inner = strings.TrimSpace(inner)
	if strings.HasPrefix(inner, "@") { // a source route (RFC 5322 section 4.4)
		if k := strings.IndexByte(inner, ':'); k >= 0 {
			inner = inner[k+1:]
		}
	}
	if a.hasAngle { // two in a row: the comma is missing
		if strings.Contains(inner, "@") && strings.Contains(a.angle, "@") {
			a.flush(i)
			a.start = i
		} else if strings.Contains(a.angle, "@") {
			return j
		}
	}
	if strings.Contains(inner, "@") || !a.hasAngle {
		a.angle, a.hasAngle = inner, true
	}
	return j
}

// atom reads characters up to the next special one.
func (a *addressParser) atom(i int) int {
	s := a.s
	j := i
	for j < len(s) && strings.IndexByte(" \t\r\n\"(<,;:", s[j]) < 0 {
		if s[j] == '=' && j+1 < len(s) && s[j+1] == '?' { // an encoded word may hold commas and brackets when broken
			closing := -1
			if _, _, _, end, ok := encodedWord(s[:min(len(s), j+2000)], j, &closing); ok && end > j {
				j = end
				continue
			}
		}
		j++
	}
	if j == i {
		j++
	}
	word := s[i:j]
	glue := a.lastAt || word[0] == '@' || word[0] == '.'
	if a.spaced && a.bare.Len() > 0 && !glue {
		a.parts++
	}
	a.space()
	a.name.WriteString(word)
	a.bare.WriteString(word)
	if strings.IndexByte(word, '@') >= 0 && len(word) > 1 {
		a.wordAddress = strings.Trim(word, ">'\"[]")
	}
	last := word[len(word)-1]
	a.lastAt = last == '@' || last == '.'
	return j
}

// flushPrefix gives text that stood before a comma as a mailbox without an address.
func (a *addressParser) flushPrefix(end int) {
	if a.prefix != "" {
		name := strings.Trim(DecodeHeader(a.prefix), " ,")
		a.list = append(a.list, coldwatch.Mailbox{Name: name, Span: coldwatch.Span{Start: a.prefixStart, End: end}})
		a.prefix = ""
	}
}

// flush ends a mailbox at end.
func (a *addressParser) flush(end int) {
	if a.start < 0 {
		a.reset()
		return
	}
	name := a.name.String()
	span := coldwatch.Span{Start: a.start, End: end}
	comma := end < len(a.s) && a.s[end] == ','
	if a.prefix != "" && a.hasAngle && strings.Contains(a.angle, "@") { // a comma in a display name without quotes
		name, span.Start = a.prefix+" "+name, a.prefixStart
		a.prefix = ""
	}
	if !strings.Contains(a.bare.String(), "@") && !a.hasAngle && comma && len(a.prefix) < 200 && strings.TrimSpace(name) != "" {
		if a.prefix == "" {
			a.prefixStart = a.start
		} else {
			name = a.prefix + " " + name
		}
		a.prefix = name + ","
		a.reset()
		return
	}
	a.flushPrefix(a.start)
	switch {
	case a.hasAngle && a.angle != "":
		shown := DecodeHeader(strings.TrimSpace(name))
		if shown == "" {
			shown = DecodeHeader(a.comment)
		}
		addr, domain := normalAddress(a.angle)
		a.list = append(a.list, coldwatch.Mailbox{Name: shown, Address: addr, Domain: domain, Span: span})
		if strings.Contains(shown, "@") {
			a.aside = append(a.aside, aside{shown, span.Start, span.End})
		}
	case a.parts == 0 && strings.Contains(a.bare.String(), "@") && (!strings.Contains(a.bare.String(), "=?") || strings.Contains(a.bare.String(), "?=@")):
		addr, domain := normalAddress(strings.Trim(a.bare.String(), "<>"))
		a.list = append(a.list, coldwatch.Mailbox{Name: DecodeHeader(a.comment), Address: addr, Domain: domain, Span: span})
	case a.wordAddress != "" && !strings.Contains(a.wordAddress, "=?"):
		addr, domain := normalAddress(a.wordAddress)
		shown := DecodeHeader(strings.TrimSpace(strings.Replace(name, a.wordAddress, "", 1)))
		a.list = append(a.list, coldwatch.Mailbox{Name: strings.Trim(shown, " <>[]"), Address: addr, Domain: domain, Span: span})
		a.aside = append(a.aside, aside{name, span.Start, span.End})
	default:
		shown := DecodeHeader(strings.TrimSpace(name))
		found := []coldwatch.Mailbox(nil)
		if strings.Contains(shown, "@") {
			found = scanAddresses(shown, span.Start, span.End)
		}
		switch {
		case len(found) > 0: // the whole mailbox stands in an encoded word or in quotes
			if i := strings.LastIndexByte(shown, '<'); i > 0 {
				found[len(found)-1].Name = strings.Trim(shown[:i], " \"")
			}
			a.list = append(a.list, found[len(found)-1])
			if len(found) > 1 {
				a.aside = append(a.aside, aside{shown, span.Start, span.End})
			}
		case strings.Trim(shown, " <>\"") != "":
			a.list = append(a.list, coldwatch.Mailbox{Name: shown, Span: span})
		}
	}
	a.reset()
}

func (a *addressParser) reset() {
	a.name.Reset()
	a.bare.Reset()
	a.spaced, a.quoted, a.hasAngle, a.lastAt = false, false, false, false
	a.start, a.parts = -1, 0
	a.angle, a.comment, a.wordAddress = "", "", ""
}

// normalAddress cleans an addr-spec: white space and comments dropped, the domain in lower case and punycode.
func normalAddress(s string) (address, domain string) {
	if strings.Contains(s, "(") {
		s, _ = dropComments(s, 0)
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if i := strings.IndexByte(s, 0); i > 0 {
		s = s[:i]
	}
	s = strings.Trim(s, " \t\r\n<>,;")
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s, ""
	}
	local := strings.Trim(strings.TrimSpace(s[:at]), "'")
	domain = normalDomain(strings.Trim(s[at+1:], " \t\r\n'\">"))
	return local + "@" + domain, domain
}

// normalDomain returns a domain in lower case and punycode without a trailing dot. A name that IDNA refuses stays as it
// is, in lower case.
func normalDomain(d string) string {
	d = strings.TrimRight(d, ".")
	plain := true
	space := false
	for i := 0; i < len(d); i++ {
		plain = plain && d[i] < 0x80
		space = space || d[i] <= ' '
	}
	if space {
		d = strings.Join(strings.Fields(d), "")
	}
	if plain {
		return lowerASCII(d)
	}
	if a, err := idna.Lookup.ToASCII(d); err == nil {
		return a
	}
	if a, err := idna.Punycode.ToASCII(strings.ToLower(d)); err == nil {
		return a
	}
	return strings.ToLower(d)
}

// scanAddresses finds what looks like addresses in free text.
func scanAddresses(text string, start, end int) []coldwatch.Mailbox {
	var out []coldwatch.Mailbox
	for pos := 0; pos < len(text); {
		i := strings.IndexByte(text[pos:], '@')
		if i < 0 {
			break
		}
		i += pos
		l := i
		for l > pos && localByte(text[l-1]) {
			l--
		}
		r := i + 1
		for r < len(text) && domainByte(text[r]) {
			r++
		}
		pos = r
		d := strings.Trim(text[i+1:r], ".-")
		if l == i || strings.IndexByte(d, '.') <= 0 {
			continue
		}
		domain := normalDomain(d)
		out = append(out, coldwatch.Mailbox{Address: text[l:i] + "@" + domain, Domain: domain, Span: coldwatch.Span{Start: start, End: end}})
	}
	return out
}

func localByte(c byte) bool {
	return isBase64(c) || c >= 0x80 || strings.IndexByte(".!#$%&*-=?^_`{|}~", c) >= 0 && c != '='
}

func domainByte(c byte) bool {
	return isBase64(c) && c != '+' && c != '/' || c == '.' || c == '-' || c >= 0x80
}
