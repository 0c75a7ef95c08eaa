package identity

import (
	"fmt"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/message"
)

// A quoted message is the head of earlier mail as a text shows it: the line "On …, Ana <ana@a.example> wrote:", or the block of
// From, Sent, To and Subject that programs put over it.
type quotedMail struct {
	name, address string
	sent          time.Time // zero where it cannot be read for sure
	line          string    // that names the author
}

// What ends the line that a program puts over mail it quotes, in the languages of programs.
var wroteMarks = [...]string{" wrote:", " schrieb:", " a écrit :", " a écrit:", " escribió:", " escreveu:", " ha scritto:", " napsal(a):", " napsal:", " napisał(a):", " написал(а):", " написав(ла):", " пише:", " пишет:"}

// quotedHead finds the head of the first earlier mail that a text shows.
func quotedHead(text string) (q quotedMail, ok bool) {
	const most, reach = 32 << 10, 4
	if len(text) > most {
		text = cutRune(text, most)
	}
	from := -1
	i := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimLeft(strings.TrimSpace(line), "> *_")
		i++
		if len(line) > 400 {
			continue
		}
		label, value := message.FieldLabel(line)
		if from >= 0 && i-from <= reach {
			if label == "date" {
				q.sent = quotedTime(strings.Trim(value, " *\t"))
				return q, true
			}
			continue
		}
		low := strings.ToLower(line)
		for _, m := range wroteMarks {
			if strings.HasSuffix(low, m) {
				head := line[:len(line)-len(m)]
				if q.name, q.address = quotedAuthor(head); q.address != "" {
					q.line = line
					q.sent = quotedTime(beforeAuthor(head, q.name))
					return q, true
				}
			}
		}
		if label == "from" {
			if name, address := quotedAuthor(strings.Trim(value, " *\t")); address != "" {
				q, from = quotedMail{name: name, address: address, line: line}, i
			}
		}
	}
	return quotedMail{}, false
}

// quotedAuthor reads "… Ana Example <ana@a.example>", with [mailto:…] and without brackets.
func quotedAuthor(s string) (name, address string) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", ""
	}
	start, end := at, at
	for start > 0 && !strings.ContainsRune(" <[(\":,;", rune(s[start-1])) {
		start--
	}
	for end < len(s) && !strings.ContainsRune(" >])\",;", rune(s[end])) {
		end++
	}
	address = strings.ToLower(s[start:end])
	if names.Domain(address) == "" || strings.IndexByte(names.Domain(address), '.') < 0 {
		return "", ""
	}
	name = strings.Trim(strings.TrimSuffix(strings.TrimRight(s[:start], " <[(:"), "mailto"), " <[(:\"'*")
	if i := strings.LastIndexAny(name, ",;:"); i >= 0 && strings.ContainsAny(name[:i], "0123456789") {
		name = strings.TrimSpace(name[i+1:]) // the date stands before it
	}
	if f := strings.Fields(name); len(f) > 2 && strings.ContainsAny(strings.Join(f[:len(f)-2], " "), "0123456789") {
		name = strings.Join(f[len(f)-2:], " ")
	}
	return name, address
}

// beforeAuthor is what stands before a name, without the words that introduce a date.
func beforeAuthor(head, name string) string {
	if i := strings.Index(head, name); name != "" && i >= 0 {
		head = head[:i]
	} else if i := strings.LastIndexByte(head, ','); i >= 0 {
		head = head[:i]
	}
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(head), "On "), " ,")
}

// quotedTime reads a date that cannot be taken for another one: with the month as an English word or the year first.
func quotedTime(s string) time.Time {
	if t, ok := message.Date(s); ok {
		return t
	}
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, " at ", " ")), " ")
	for _, layout := range [...]string{"Monday, January 2, 2006 3:04 PM", "Monday, January 2, 2006 3:04:05 PM", "Monday, 2 January 2006 15:04", "Monday, 2 January 2006 3:04 PM", "2 January 2006 15:04",
		"Mon, Jan 2, 2006 3:04 PM", "Mon, Jan 2, 2006 15:04", "Mon, 2 Jan 2006 15:04", "Jan 2, 2006, 3:04 PM", "January 2, 2006 3:04 PM", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// thread holds the mail that the text quotes against the mail that quotes it. A thread that was stolen goes on from an address
// that is not the one before (ATT&CK T1586.002 the first time, T1583.001 from then on); one that was made up tends to have a
// head that does not fit.
func (c *check) thread() {
	text, where, content := bodyText(c.a)
	if text == "" || c.field == nil || c.from.Address == "" {
		return
	}
	q, ok := quotedHead(text)
	if !ok {
		return
	}
	ev := bodyEvidence(where, content, q.line)
	if !q.sent.IsZero() && c.a.Authentication.Traced && q.sent.After(c.a.Received.Add(36*time.Hour)) {
		c.add("thread.later", "thread", fmt.Sprintf("The message quotes mail of %s, which is later than the message itself.", q.sent.Format(time.DateOnly)), false, nil, ev)
	}
	domain := names.Domain(q.address)
	if names.Aligned(domain, c.from.Domain) || !samePerson(q, c.from) {
		return
	}
	who := q.name
	if who == "" {
		who = q.address
	}
	reason := fmt.Sprintf("The message goes on a thread of %s, who wrote from %s before, from %s.", who, domain, c.from.Domain)
	switch near := nearby(domain, c.from.Domain); {
	case near && !names.FreeMail(domain) && !names.FreeMail(c.from.Domain) && names.Label(domain) != names.Label(c.from.Domain):
		c.add("thread.moved_lookalike", "thread", reason+" The two look alike.", false, []string{"T1656", "T1583.001"}, ev, c.sent())
	default:
		c.add("thread.moved", "thread", reason, false, []string{"T1656"}, ev, c.sent())
	}
	if o := c.d.pack.OwnerOf(domain); o != nil && c.index(o) != c.own {
		m := made{org: c.index(o)}
		m.Name, m.Kind, m.From, m.Evidence = q.address, "domain", "quoted", ev
		c.claim(m)
	}
}

// samePerson tells whether a quoted author and the sender carry one name, or one mailbox name that is not an office's.
func samePerson(q quotedMail, from coldwatch.Mailbox) bool {
	a, b := strings.Fields(names.Fold(q.name)), strings.Fields(names.Fold(from.Name))
	if len(a) >= 2 && len(a) == len(b) {
		same := 0
		for _, w := range a {
			for _, x := range b {
				if strings.Trim(w, ",.") == strings.Trim(x, ",.") {
					same++
					break
				}
			}
		}
		if same == len(a) {
			return true
		}
	}
	local := strings.ToLower(names.Local(q.address))
	return local == strings.ToLower(names.Local(from.Address)) && strings.IndexByte(local, '.') > 0 && len(local) >= 8
}

// nearby tells whether two domains could be taken for each other: their labels a letter or two apart, or one in the other.
func nearby(a, b string) bool {
	x, y := names.Skeleton(strings.ReplaceAll(names.Label(a), "-", "")), names.Skeleton(strings.ReplaceAll(names.Label(b), "-", ""))
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 5 {
		return false
	}
	most := 1
	if len(x) >= 8 {
		most = 2
	}
	return strings.Contains(y, x) || lookalike.Distance(x, y, most) <= most
}
