package suites

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

// split takes an mbox apart, with the line ends that IMAP has.
func split(mbox []byte) (out [][]byte) {
	var cur []byte
	started := false
	for line := range bytes.Lines(mbox) {
		if bytes.HasPrefix(line, []byte("From ")) {
			if started {
				out = append(out, cur)
			}
			cur, started = nil, true
			continue
		}
		cur = append(cur, append(bytes.TrimRight(line, "\r\n"), "\r\n"...)...)
	}
	return append(out, cur)
}

// An entity is a message or a part as IMAP numbers it (RFC 9051 section 6.4.5.1).
type entity struct {
	m *coldwatch.Message
	i int
}

func (e entity) part() *coldwatch.Part { return &e.m.Parts[e.i] }

func (e entity) body() []byte {
	p := e.part()
	if e.i == 0 {
		return e.m.Raw[p.Offset:] // our multipart ends with its closing delimiter, IMAP's with the epilogue
	}
	return e.m.Raw[p.Offset : p.Offset+p.Length]
}

func (e entity) header() []byte {
	p := e.part()
	if len(p.Header) == 0 {
		return []byte("\r\n")
	}
	return e.m.Raw[p.Header[0].Offset:p.Offset]
}

// walk goes down to the part with that number. A message that a part is becomes what the numbers below it count in.
func (e entity) walk(number string) (entity, bool) {
	numbered := false // a number led to e
	for step := range strings.SplitSeq(number, ".") {
		n, err := strconv.Atoi(step)
		if err != nil {
			return e, false
		}
		if p := e.part(); numbered && p.MediaType == "message/rfc822" {
			e = entity{message.Parse(p.Content, message.Limits{}), 0}
		}
		numbered = true
		if e.part().Leaf() {
			if n != 1 {
				return e, false
			}
			continue // a body that is no multipart is its own part 1
		}
		child := -1
		for k := range e.m.Parts {
			if q := &e.m.Parts[k]; q.Parent == e.i && q.Reading == 0 && k != e.i {
				if n--; n == 0 {
					child = k
				}
			}
		}
		if child < 0 {
			return e, false
		}
		e.i = child
	}
	return e, true
}

var sectionWord = regexp.MustCompile(`(?i)\.?(mime|header|text)$`)

// section returns BODY[s], or the decoded form for BINARY[s].
func section(raw []byte, s string, binary bool) ([]byte, bool) {
	top := entity{message.Parse(raw, message.Limits{}), 0}
	word := strings.ToLower(strings.TrimPrefix(sectionWord.FindString(s), "."))
	number := sectionWord.ReplaceAllString(s, "")
	if number == "" {
		switch word {
		case "header":
			return top.header(), true
		case "text":
			return top.body(), true
		}
		return raw, true
	}
	e, ok := top.walk(number)
	if !ok {
		return nil, false
	}
	inner := func() entity { return entity{message.Parse(e.part().Content, message.Limits{}), 0} }
	switch word {
	case "mime":
		return e.header(), true
	case "header":
		return inner().header(), true
	case "text":
		return inner().body(), true
	}
	if binary && e.part().Leaf() {
		return e.part().Content, true
	}
	return e.body(), true
}

// addresses writes an address list as ENVELOPE does, mailboxes only: groups are flattened by our reader.
func addresses(m *coldwatch.Message, names ...string) string {
	for _, name := range names {
		f := m.Field(name)
		if f == nil {
			continue
		}
		list, _ := message.AddressList(f.Value)
		var out []string
		for _, a := range list {
			out = append(out, a.Name+"|"+a.Address)
		}
		if len(out) > 0 {
			return strings.Join(out, ", ")
		}
	}
	return ""
}

var (
	quad     = regexp.MustCompile(`\((NIL|"(?:[^"\\]|\\.)*") (NIL|"(?:[^"\\]|\\.)*") (NIL|"(?:[^"\\]|\\.)*") (NIL|"(?:[^"\\]|\\.)*")\)`)
	answer   = regexp.MustCompile(`(?im)^\* (\d+) fetch \(`)
	literal  = regexp.MustCompile(`(?is)(body|binary)\[([0-9.a-z]*)\] ~?(?:\{\{\{\n(.*?)\n\}\}\}|"((?:[^"\\]|\\.)*)")`)
	size     = regexp.MustCompile(`(?i)binary\.size\[([0-9.]+)\] (\d+)`)
	envelope = regexp.MustCompile(`(?i)envelope \((.*)\)\)\n`)
)

func unquote(s string) string {
	if s == "NIL" {
		return ""
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}

// envelopeOf compares the six address lists of an ENVELOPE, and Subject, In-Reply-To and Message-ID.
func envelopeOf(raw []byte, want string) string {
	m := message.Parse(raw, message.Limits{})
	fields := topLevel(want)
	if len(fields) != 10 {
		return "cannot read the expected envelope"
	}
	for i, name := range []string{"Date", "Subject", "", "", "", "", "", "", "In-Reply-To", "Message-ID"} {
		if name != "" && unquote(fields[i]) != m.Get(name) {
			return fmt.Sprintf("%s %q, theirs %q", name, m.Get(name), unquote(fields[i]))
		}
	}
	for i, names := range [][]string{{"From"}, {"Sender", "From"}, {"Reply-To", "From"}, {"To"}, {"Cc"}, {"Bcc"}} {
		var list []string
		for _, q := range quad.FindAllStringSubmatch(fields[2+i], -1) {
			if q[3] != "NIL" && q[4] != "NIL" { // the others begin and end a group
				list = append(list, message.DecodeHeader(unquote(q[1]))+"|"+unquote(q[3])+"@"+strings.ToLower(unquote(q[4])))
			}
		}
		if got, want := addresses(m, names...), strings.Join(list, ", "); got != want {
			return fmt.Sprintf("%s %q, theirs %q", names[0], got, want)
		}
	}
	return ""
}

// topLevel splits what stands between the outermost spaces of an IMAP list.
func topLevel(s string) (out []string) {
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ' ' && depth == 0:
			out, start = append(out, s[start:i]), i+1
		}
	}
	return append(out, s[start:])
}

func TestImaptest(t *testing.T) {
	total, agreed := 0, 0
	check := func(name, what, diff string) {
		total++
		if diff == "" {
			agreed++
			return
		}
		t.Logf("%s: %s: %s", name, what, diff)
	}
	for _, file := range find(t, ".mbox") {
		script, err := os.ReadFile(strings.TrimSuffix(file, ".mbox"))
		if err != nil || !strings.Contains(file, "imaptest") {
			continue
		}
		mbox, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails, name := split(mbox), filepath.Base(file)
		text := string(bytes.ReplaceAll(script, []byte("\r\n"), []byte("\n")))
		starts := append(answer.FindAllStringSubmatchIndex(text, -1), []int{len(text), len(text), 0, 0})
		for k, at := range starts[:len(starts)-1] {
			n, _ := strconv.Atoi(text[at[2]:at[3]])
			if n < 1 || n > len(mails) {
				continue
			}
			block, raw := text[at[0]:starts[k+1][0]], mails[n-1]
			for _, x := range literal.FindAllStringSubmatch(block, -1) {
				want := x[3]
				if x[4] != "" {
					want = unquote(`"` + x[4] + `"`)
				}
				got, ok := section(raw, x[2], strings.EqualFold(x[1], "binary"))
				diff := ""
				if a, b := lines(got), lines([]byte(want)); !ok || !bytes.Equal(a, b) {
					diff = fmt.Sprintf("%q, theirs %q", a, b)
				}
				check(name, x[1]+"["+x[2]+"]", diff)
			}
			for _, x := range size.FindAllStringSubmatch(block, -1) {
				want, _ := strconv.Atoi(x[2])
				got, ok := section(raw, x[1], true)
				diff := ""
				if !ok || len(got) != want {
					diff = fmt.Sprintf("%d, theirs %d", len(got), want)
				}
				check(name, "size of "+x[1], diff)
			}
			if x := envelope.FindStringSubmatch(block); x != nil && !strings.Contains(x[1], "$!") {
				check(name, fmt.Sprintf("envelope %d", n), envelopeOf(raw, x[1]))
			}
		}
	}
	t.Logf("imaptest: %d of %d answers agree", agreed, total)
	if total > 0 && agreed*2 < total {
		t.Error("most answers differ")
	}
}
