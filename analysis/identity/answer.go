package identity

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/message"
)

// An answer is a domain that the writer wants to hear from the reader at.
type answer struct {
	domain string
	where  string // "reply-to", "signature", "document"
	ev     coldwatch.Evidence
}

// mostAnswers bounds how many are looked at.
const mostAnswers = 8

// answers collects where answers go: Reply-To, the addresses that the writer signs with, and those in attached documents.
func (c *check) answers() []answer {
	var out []answer
	add := func(address, where string, ev coldwatch.Evidence) {
		d := names.Domain(strings.ToLower(address))
		if d == "" || strings.IndexByte(d, '.') < 0 || names.FreeMail(d) || names.Aligned(d, c.from.Domain) || len(out) == mostAnswers {
			return
		}
		for _, r := range c.a.Recipients[:min(len(c.a.Recipients), 10)] {
			if names.Aligned(d, r.Domain) {
				return
			}
		}
		for i := range out {
			if out[i].domain == d {
				return
			}
		}
		out = append(out, answer{d, where, ev})
	}
	if f := c.a.Message.Field("Reply-To"); f != nil {
		for _, m := range c.a.Sender.ReplyTo[:min(len(c.a.Sender.ReplyTo), 3)] {
			add(m.Address, "reply-to", headerEvidence(f, message.DecodeHeader(f.Value)))
		}
	}
	if text, where, content := bodyText(c.a); text != "" {
		for _, l := range tail(ownLines(text)) {
			if addr := addressIn(l); addr != "" {
				add(addr, "signature", bodyEvidence(where, content, l))
			}
		}
	}
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if p.Via != "attachment" || i > 50 {
			continue
		}
		for j := range p.Links {
			if rest, ok := strings.CutPrefix(p.Links[j].URL, "mailto:"); ok && j < 50 {
				add(addressIn(rest), "document", coldwatch.Evidence{Span: coldwatch.Span{Where: p.ID, Start: 0, End: len(p.Content)}, Quote: clip(rest)})
			}
		}
	}
	return out
}

// tail returns the lines that may be a signature.
func tail(lines []string) []string {
	const closing = 14
	return lines[max(0, len(lines)-closing):]
}

// addressIn returns the first mail address in a line, "" if there is none.
func addressIn(l string) string {
	at := strings.IndexByte(l, '@')
	if at <= 0 {
		return ""
	}
	from, to := at, at+1
	for from > 0 && addressByte(l[from-1]) {
		from--
	}
	for to < len(l) && addressByte(l[to]) {
		to++
	}
	if from == at {
		return ""
	}
	return strings.Trim(l[from:to], ".-")
}

func addressByte(b byte) bool { return wordByte(b) || b == '.' || b == '-' || b == '_' || b == '+' }

// imitatedAnswer holds where answers go against whose names those domains carry. Who shows one address and has answers
// sent to a domain that is another company's name with a word added, or a letter off, means to be taken for that company:
// a shared suffix alone proves nothing, for companies own many.
func (c *check) imitatedAnswer() {
	if c.field == nil || c.from.Domain == "" || c.owner >= 0 || c.a.Authentication.Forwarded {
		return
	}
	free := names.FreeMail(c.from.Domain)
	for _, ans := range c.answers() {
		if !free && ans.where != "reply-to" || c.d.pack.OwnerOf(ans.domain) != nil || c.brands.Owner(ans.domain) != nil {
			continue
		}
		name, chain, match := "", false, lookalike.Match{}
		if m, ok := c.d.imitated.Find(ans.domain); ok && m.Kind != lookalike.Suffix && m.Kind != lookalike.Edit2 && (c.mentions(m.Owner) || c.brandNamed(c.org(m.Owner).Name)) {
			name, chain, match = c.org(m.Owner).Name, true, m
		} else if b, m := c.brands.Imitated(ans.domain); b != nil && m.Kind != lookalike.Suffix && c.brandNamed(b.Name) {
			name, match = b.Name, m
		}
		if name == "" {
			continue
		}
		kind := "identity.answer_imitates"
		if !free {
			kind = "identity.answer_imitates_other"
		}
		c.add(kind, "reply", fmt.Sprintf("The message speaks as %s, was sent from %s, and has answers sent to %s, which carries that name (%s) and is not known to be theirs.",
			name, c.from.Domain, ans.domain, match.Kind), chain, []string{"T1583.001", "T1656"}, ans.ev, headerEvidence(c.field, c.from.Address))
		if !chain {
			c.setBrand(name)
		}
		return
	}
}

// brandNamed tells whether the writer's name, subject or signature names a company.
func (c *check) brandNamed(name string) bool {
	want := names.Fold(name)
	if len(want) < 3 {
		return false
	}
	if word(names.Fold(c.from.Name), want) || word(names.Fold(c.a.Subject), want) {
		return true
	}
	text, _, _ := bodyText(c.a)
	for _, l := range ownLines(text) {
		if len(l) < 400 && word(names.Fold(l), want) {
			return true
		}
	}
	return false
}

// word tells whether want stands in s as words of its own, not as part of an address or of another word.
func word(s, want string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], want)
		if i < 0 {
			return false
		}
		i += from
		j := i + len(want)
		if (i == 0 || !addressByte(s[i-1]) && s[i-1] != '@' && s[i-1] < 0x80) && (j == len(s) || !addressByte(s[j]) && s[j] != '@' && s[j] < 0x80 || s[j] == '.' && j+1 == len(s)) {
			return true
		}
		from = j
	}
}

// purchases are the themes of business that a company does from its own mailboxes.
var purchases = map[string]bool{"quotation": true, "tender": true, "order": true, "contract": true, "invoice": true, "customs": true, "programme": true}

// company looks for a request of business that is signed in a company's name, sent from a free mailbox, and kept from
// being seen: to hidden recipients or with answers going elsewhere. Small firms do write from free mail, but to those
// whom they mean and to be answered there.
func (c *check) company() {
	if c.field == nil || !names.FreeMail(c.from.Domain) || !purchases[c.a.Lure.Theme] || c.a.Authentication.Forwarded {
		return
	}
	hidden := ""
	for i := range c.a.Findings {
		switch k := c.a.Findings[i].Kind; k {
		case "sender.undisclosed", "sender.no_recipient", "sender.to_is_from", "sender.reply_to_other", "sender.reply_to_other_mailbox":
			hidden = k
		}
	}
	text, where, content := bodyText(c.a)
	if hidden == "" || text == "" {
		return
	}
	for _, l := range tail(ownLines(text)) {
		if len(l) > 90 || !companyName(l) {
			continue
		}
		how := "its recipients are hidden"
		if strings.HasPrefix(hidden, "sender.reply") {
			how = "answers go elsewhere"
		}
		c.add("identity.company_free_mail", "identity", fmt.Sprintf("A request of business is signed by a company (%s), comes from a free mailbox at %s, and %s.", clip(l), c.from.Domain, how),
			false, []string{"T1585.002"}, bodyEvidence(where, content, l), headerEvidence(c.field, c.from.Address))
		return
	}
}

// divertedAnswer looks for a request of business from a company's own domain whose answers go to a free mailbox: what a
// taken-over account does whose owner must not see the answers (ATT&CK T1586.002).
func (c *check) divertedAnswer() {
	f := c.a.Message.Field("Reply-To")
	if c.field == nil || f == nil || c.from.Domain == "" || names.FreeMail(c.from.Domain) || !purchases[c.a.Lure.Theme] || c.a.Authentication.Forwarded || c.a.Message.Field("List-Unsubscribe") != nil {
		return
	}
	for _, m := range c.a.Sender.ReplyTo {
		if !names.FreeMail(m.Domain) {
			return
		}
	}
	if len(c.a.Sender.ReplyTo) > 0 {
		c.add("identity.business_answer_free", "identity", fmt.Sprintf("A request of business from %s's own domain has its answers sent to a free mailbox at %s.", c.from.Domain, c.a.Sender.ReplyTo[0].Domain),
			false, []string{"T1586.002"}, headerEvidence(f, message.DecodeHeader(f.Value)), headerEvidence(c.field, c.from.Address))
	}
}

// companyName tells whether a line is a company's name: it ends with a legal form, or nearly.
func companyName(l string) bool {
	var words []string
	folded := names.Fold(l)
	names.Words(folded, func(i, j int) bool { words = append(words, folded[i:j]); return len(words) < 10 })
	for i := max(1, len(words)-3); i < len(words) && len(words) < 10; i++ {
		if companyForms[words[i]] {
			return true
		}
	}
	return false
}

// companyForms are the legal forms that are hardly ever another word.
var companyForms = wordSet(`ltd limited llc inc incorporated corp corporation gmbh ag sarl srl spa bv nv oy oyj aps plc pte pty bhd sro zrt kft ooo gmbh ltda pvt jsc fze fzco`)
