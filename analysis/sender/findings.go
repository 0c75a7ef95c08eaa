package sender

import (
	"fmt"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/message"
)

// findings says what is odd about who sent the message. Weights come from the verdict's table.
func (h *header) findings() {
	if h.a.Via == "inline-forward" {
		h.addressFindings(false) // the header is what a program or person copied from it
		return
	}
	h.resultFindings()
	h.addressFindings(true)
	h.scriptFindings()
	h.oddities()
}

func (h *header) add(kind, group, reason string, ev ...coldwatch.Evidence) {
	if len(ev) == 0 {
		return
	}
	h.a.Add(coldwatch.Finding{Kind: kind, Group: group, Reason: reason, Evidence: ev, Analyzer: Name})
}

// resultField finds the field that a statement about authentication can quote.
func (h *header) resultField() *coldwatch.Field {
	for _, n := range [...]string{"Authentication-Results", "Received-SPF"} {
		for _, f := range h.m.Fields(n) {
			if h.above(f) || h.besideBorder(f) || h.border < 0 {
				return f
			}
		}
	}
	return nil
}

func (h *header) resultFindings() {
	au, from := &h.a.Authentication, h.a.Sender.Author()
	for _, id := range au.Forged {
		for _, f := range h.m.Fields("Authentication-Results") {
			if strings.HasPrefix(strings.ToLower(f.Value), id) {
				h.add("auth.forged_results", "auth", "Authentication results that came with the message pose as a receiver's own ("+id+").", quote(f, f.Value))
				break
			}
		}
	}
	if au.Source == "none" || from.Domain == "" {
		return
	}
	var ev []coldwatch.Evidence
	says, refuses := "The receiver", false
	f := h.resultField()
	if au.Source == "own" {
		f, says, refuses = h.m.Field("Received"), "Our own check", h.policy == "reject" || h.policy == "quarantine"
	} else if f != nil {
		refuses = strict(f.Value)
	}
	if f != nil {
		ev = append(ev, quote(f, f.Value))
	}
	if h.from != nil && (f != nil || au.Source == "own") {
		ev = append(ev, quote(h.from, message.DecodeHeader(h.from.Value)))
	}
	who := from.Domain
	switch {
	case au.Aligned:
		h.add("auth.aligned", "auth", says+" confirmed that "+who+" sent the message.", ev...)
	case au.Forwarded:
	case au.DMARC == coldwatch.Fail && refuses:
		h.add("auth.dmarc_fail_strict", "auth", says+" found that "+who+" did not send the message, and "+who+" asks to refuse such mail (DMARC failed).", ev...)
	case au.DMARC == coldwatch.Fail:
		h.add("auth.dmarc_fail", "auth", says+" found that "+who+" did not send the message (DMARC failed).", ev...)
	case au.SPF == coldwatch.Fail && au.DKIM != coldwatch.Pass:
		h.add("auth.spf_fail", "auth", "The sending host is not one that "+au.SPFDomain+" sends from (SPF failed).", ev...)
	case au.SPF == coldwatch.SoftFail && au.DKIM != coldwatch.Pass:
		h.add("auth.spf_softfail", "auth", "The sending host is hardly one that "+au.SPFDomain+" sends from (SPF softfail).", ev...)
	case au.SPF == coldwatch.Pass || au.DKIM == coldwatch.Pass:
		h.add("auth.unaligned", "auth", "What authenticated is not "+who+", which the reader sees.", ev...)
	case au.SPF == coldwatch.None || au.SPF == coldwatch.Neutral || au.SPF == coldwatch.TempError || au.SPF == coldwatch.PermError:
		h.add("auth.none", "auth", "Nothing confirms that "+who+" sent the message.", ev...)
	}
}

// strict tells whether a results field says that the From domain's policy is to quarantine or reject (RFC 7489 section 6.3).
func strict(v string) bool {
	v = strings.ToLower(v)
	for _, mark := range [...]string{"p=reject", "p=quarantine", "policy=reject", "policy=quarantine", "action=oreject", "action=reject", "action=quarantine"} {
		if strings.Contains(v, mark) {
			return true
		}
	}
	return false
}

// addressFindings compares the addresses that a message shows, answers to and bounces to. The form of the fields says
// something only where they are the original ones.
func (h *header) addressFindings(original bool) {
	s := &h.a.Sender
	from := s.Author()
	if h.from == nil || from.Address == "" {
		if h.from != nil && original {
			if malformed(h.from.Value) {
				h.malformed()
			}
			h.add("sender.no_address", "shape", "The From field holds no mail address.", quote(h.from, message.DecodeHeader(h.from.Value)))
		}
		return
	}
	shown := quote(h.from, message.DecodeHeader(h.from.Value))
	if h.authors > 1 {
		for _, other := range s.From[1:h.authors] {
			if !names.Aligned(other.Domain, from.Domain) {
				h.add("sender.several_from", "shape", "Two senders from different domains are shown, and programs differ in which they show.", shown)
				break
			}
		}
	}
	if addr := addressIn(from.Name); addr != "" && names.Domain(addr) != "" && !names.Aligned(names.Domain(addr), from.Domain) {
		h.add("sender.name_address", "name", fmt.Sprintf("The name shown is an address at %s, the true address is at %s.", names.Domain(addr), from.Domain), shown)
	}
	if d := domainIn(from.Name); d != "" && !names.Aligned(d, from.Domain) {
		h.add("sender.name_domain", "name", fmt.Sprintf("The name shown is the site %s, the address is at %s.", d, from.Domain), shown)
	}
	if names.FreeHost(from.Domain) {
		h.add("sender.free_host", "random", "The sender's domain "+from.Domain+" is one that anybody can have by the hour.", shown)
	}
	if original && malformed(h.from.Value) {
		h.malformed()
	}
	h.otherPerson(from, shown)
	h.replyFindings(from, shown)
	if original {
		h.recipientFindings(from, shown)
	}
	if h.ownDomain(from.Domain) && !h.a.Authentication.Aligned && h.border >= 0 && h.hops[h.border].ip.IsValid() && !h.a.Authentication.Forwarded {
		switch au := &h.a.Authentication; {
		case au.DMARC == coldwatch.Fail || au.SPF == coldwatch.Fail || au.SPF == coldwatch.SoftFail:
			h.add("sender.own_domain_forged", "own", "The message says that it is from the reader's own domain "+from.Domain+", came from outside and failed authentication.",
				shown, quote(h.hops[h.border].field, h.hops[h.border].field.Value))
		case au.SPF == coldwatch.None:
			h.add("sender.own_domain_outside", "own", "The message says that it is from the reader's own domain "+from.Domain+" but came from outside.",
				shown, quote(h.hops[h.border].field, h.hops[h.border].field.Value))
		}
	}
}

// ownDomain tells whether a domain is one that the trace shows the message to have been delivered for.
func (h *header) ownDomain(domain string) bool {
	if domain == "" {
		return false
	}
	for i, r := range h.a.Recipients {
		if i == 50 {
			break
		}
		if names.Aligned(r.Domain, domain) && h.ours(r.Domain) && !names.FreeMail(domain) {
			return true
		}
	}
	return false
}

func (h *header) replyFindings(from coldwatch.Mailbox, shown coldwatch.Evidence) {
	s := &h.a.Sender
	if h.replyTo != nil && len(s.ReplyTo) > 0 && !h.a.Authentication.Forwarded {
		reply := s.ReplyTo[0]
		ev := quote(h.replyTo, message.DecodeHeader(h.replyTo.Value))
		switch {
		case reply.Domain == "" || names.Aligned(reply.Domain, from.Domain):
			if names.FreeMail(from.Domain) && reply.Address != from.Address {
				h.add("sender.reply_to_other_mailbox", "reply", "An answer goes to another free mailbox, "+reply.Address+", than the one shown.", shown, ev)
			}
		case names.FreeMail(reply.Domain) && !names.FreeMail(from.Domain):
			h.add("sender.reply_to_free", "reply", "An answer goes to a free mailbox at "+reply.Domain+", not to "+from.Domain+".", shown, ev)
		case names.FreeMail(reply.Domain):
			h.add("sender.reply_to_other_mailbox", "reply", "An answer goes to another free mailbox, "+reply.Address+", than the one shown.", shown, ev)
		default:
			h.add("sender.reply_to_other", "reply", "An answer goes to "+reply.Domain+", not to "+from.Domain+".", shown, ev)
		}
	}
	if f := h.m.Field("Return-Path"); f != nil && !h.a.Authentication.Forwarded && !h.a.Authentication.Aligned {
		if d := names.Domain(s.ReturnPath); d != "" && !names.Aligned(d, from.Domain) {
			h.add("sender.return_path_other", "reply", "Bounces go to "+d+", not to "+from.Domain+".", shown, quote(f, f.Value))
		}
	}
}

func (h *header) recipientFindings(from coldwatch.Mailbox, shown coldwatch.Evidence) {
	if h.a.Authentication.Forwarded {
		return
	}
	switch {
	case h.to == nil && h.m.Field("Cc") == nil:
		h.add("sender.no_recipient", "recipients", "No recipient is shown.", shown)
	case h.to != nil && strings.Contains(strings.ToLower(h.to.Value), "undisclosed"):
		h.add("sender.undisclosed", "recipients", "The recipients are hidden.", quote(h.to, h.to.Value))
	case h.to != nil:
		for i, r := range h.a.Recipients {
			if i == 3 {
				break
			}
			if h.to.Offset <= r.Span.Start && r.Span.End <= h.to.Offset+h.to.Length && r.Address == from.Address && len(h.a.Recipients) == 1 {
				h.add("sender.to_is_from", "recipients", "The message is addressed to its own sender.", shown, quote(h.to, h.to.Value))
			}
		}
	}
}

func (h *header) malformed() {
	h.add("sender.malformed_from", "shape", "The From field is put together in a way that no mail program does.", quote(h.from, message.DecodeHeader(h.from.Value)))
}

// domainIn returns the site that a display name consists of or begins with, "" if there is none.
func domainIn(name string) string {
	word, _, _ := strings.Cut(strings.ToLower(strings.Trim(name, " \"'.,")), " ")
	word = strings.TrimPrefix(word, "www.")
	dot := strings.LastIndexByte(word, '.')
	if dot < 2 || len(word)-dot < 3 || len(word)-dot > 5 {
		return ""
	}
	for i := 0; i < len(word); i++ {
		if c := word[i]; !alnum(c) && c != '.' && c != '-' || i > dot && '0' <= c && c <= '9' {
			return ""
		}
	}
	if suffix := word[dot+1:]; !suffixes[suffix] {
		return ""
	}
	return word
}

// suffixes are those that a name is taken for a site by; initials and titles end otherwise.
var suffixes = map[string]bool{"com": true, "net": true, "org": true, "de": true, "fr": true, "es": true, "it": true, "uk": true, "ru": true, "br": true, "gov": true, "us": true,
	"io": true, "me": true, "ch": true, "nl": true, "pl": true, "eu": true, "info": true, "biz": true, "online": true, "shop": true, "jp": true, "cn": true, "kr": true, "cz": true, "pt": true}

// malformed tells whether a From field is written as no mail program writes it: a name cut off by a comma, an address
// in a comment or in quotes, a blank or a character in the address that no address has, a bracket left open.
func malformed(v string) bool {
	if strings.IndexByte(v, '@') < 0 {
		return false
	}
	quoted, address, angle, depth := false, false, false, 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0:
			if angle {
				return true
			}
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '<' && depth > 0 && strings.IndexByte(v[i:], '@') > 0 && !address:
			return true
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == '@':
			address = true
			if i+1 < len(v) && strings.IndexByte("%'\"_-. ", v[i+1]) >= 0 {
				return true
			}
		case angle && address && (c == ' ' || c >= 0x80):
			return true
		case c == ',':
			if !address {
				return true
			}
			address = false
		}
	}
	return angle || quoted
}

// addressIn returns the mail address that a display name holds, "" if there is none.
func addressIn(name string) string {
	at := strings.IndexByte(name, '@')
	if at <= 0 {
		return ""
	}
	start, end := at, at+1
	for start > 0 && addressByte(name[start-1]) {
		start--
	}
	for end < len(name) && addressByte(name[end]) {
		end++
	}
	addr := strings.Trim(name[start:end], ".-_'")
	if dot := strings.LastIndexByte(addr, '.'); start == at || dot < strings.IndexByte(addr, '@') {
		return ""
	}
	return addr
}

func addressByte(c byte) bool {
	return alnum(c) || c == '.' || c == '-' || c == '_' || c == '+'
}

// scriptFindings looks at the letters of the name and the subject.
func (h *header) scriptFindings() {
	pictured := func(f *coldwatch.Field, kind, where string) {
		h.add(kind, "pictures", "The "+where+" is decorated with pictures.", quote(f, message.DecodeHeader(f.Value)))
	}
	check := func(f *coldwatch.Field, text, where string) {
		if f == nil || !nonASCII(text) {
			return
		}
		invisible, styled, pictures, struck, mixed := 0, 0, 0, 0, false
		for _, r := range text {
			if names.Invisible(r) && r != 0x200D && r != 0xFE0F && r != 0x200C && r != 0x200E && r != 0x200F {
				invisible++
			}
			if 0x1D400 <= r && r <= 0x1D7FF || 0x1F130 <= r && r <= 0x1F189 || 0x24B6 <= r && r <= 0x24E9 {
				styled++
			}
			if 0x334 <= r && r <= 0x338 || 0x20D2 <= r && r <= 0x20E5 {
				struck++
			}
			if 0x1F300 <= r && r <= 0x1FAFF || 0x2600 <= r && r <= 0x27BF || 0x2B00 <= r && r <= 0x2BFF {
				pictures++
			}
		}
		names.Words(text, func(start, end int) bool {
			mixed = mixed || names.Mixed(text[start:end])
			return !mixed
		})
		if mixed {
			h.add("script.mixed", "script", "A word in the "+where+" mixes alphabets to look like another word.", quote(f, text))
		}
		if invisible > 0 {
			h.add("script.invisible", "script", "The "+where+" holds invisible characters.", quote(f, text))
		}
		if pictures > 0 && f == h.from {
			pictured(f, "script.pictures_name", where)
		} else if pictures > 0 {
			pictured(f, "script.pictures", where)
		}
		if struck > 0 {
			h.add("script.struck", "script", "Letters of the "+where+" are struck through so that filters do not read them.", quote(f, text))
		}
		if styled > 2 {
			h.add("script.styled", "script", "The "+where+" is written in mathematical letters that filters do not read as text.", quote(f, text))
		}
	}
	check(h.from, h.a.Sender.Author().Name, "sender's name")
	subject := h.m.Field("Subject")
	check(subject, h.a.Subject, "subject")
	if subject == nil {
		return
	}
	if placeholder(h.a.Subject) || h.from != nil && placeholder(h.a.Sender.Author().Name) {
		h.add("script.placeholder", "script", "A placeholder of a mass mailing was left unfilled.", quote(subject, h.a.Subject))
	}
	if reply(h.a.Subject) && h.m.Field("In-Reply-To") == nil && h.m.Field("References") == nil && h.m.Field("Thread-Index") == nil && h.border >= 0 {
		h.add("header.fake_reply", "header", "The subject says that the message answers another; the header does not.", quote(subject, h.a.Subject))
	}
}

// placeholder tells whether a text holds a field name that a mass mailer should have replaced.
func placeholder(s string) bool {
	for _, pair := range [...][2]string{{"{", "}"}, {"[", "]"}, {"%", "%"}, {"##", "##"}} {
		_, rest, ok := strings.Cut(s, pair[0])
		if !ok {
			continue
		}
		inner, _, ok := strings.Cut(rest, pair[1])
		if inner = strings.ToLower(strings.Trim(inner, "{}#%_ ")); ok && placeholders[inner] {
			return true
		}
	}
	return false
}

var placeholders = map[string]bool{"firstname": true, "first_name": true, "fname": true, "name": true, "lastname": true, "email": true, "emailaddress": true, "username": true, "user": true,
	"your-subject": true, "domain": true, "company": true, "date": true, "to": true, "random": true, "rand": true, "number": true, "recipient": true, "vorname": true, "nachname": true, "prenom": true, "nom": true, "nombre": true}

// reply tells whether a subject begins as those of answers do.
func reply(s string) bool {
	if len(s) < 4 {
		return false
	}
	head := strings.ToLower(s[:min(len(s), 5)])
	return strings.HasPrefix(head, "re:") || strings.HasPrefix(head, "re :") || strings.HasPrefix(head, "aw:") || strings.HasPrefix(head, "sv:") || strings.HasPrefix(head, "res:")
}

func nonASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return true
		}
	}
	return false
}

// oddities are marks of bulk and forged mail in the rest of the header.
func (h *header) oddities() {
	from := h.a.Sender.Author()
	if f := h.m.Field("Date"); f != nil {
		if d, ok := skew(h.a); ok && (d > 26*time.Hour || d < -14*24*time.Hour) && !h.a.Authentication.Forwarded {
			h.add("header.date_off", "header", "The message is dated days away from its receipt.", quote(f, f.Value))
		}
	}
	if f := h.m.Field("Message-ID"); f != nil && h.border >= 0 {
		host := names.Domain(f.Value)
		if host != "" && h.ours(host) && !h.ownDomain(from.Domain) && !names.Aligned(host, from.Domain) && !sendingPool(h.hops[h.border].name()) {
			h.add("header.id_by_receiver", "header", "The sending program wrote no Message-ID; the receiver had to.", quote(f, f.Value))
		}
	}
	if h.from != nil && from.Domain != "" {
		if label := names.Label(from.Domain); gibberish(label) {
			h.add("sender.random_domain", "random", "The sender's domain "+from.Domain+" looks made by a machine.", quote(h.from, message.DecodeHeader(h.from.Value)))
		} else if local := names.Local(from.Address); !strings.ContainsAny(local, ".#=+-") && gibberish(local) && !h.a.Authentication.Aligned {
			h.add("sender.random_local", "random", "The sender's mailbox name looks made by a machine.", quote(h.from, message.DecodeHeader(h.from.Value)))
		}
		if h.border >= 0 && h.hops[h.border].ip.IsValid() && gibberish(names.Label(h.hops[h.border].helo)) {
			h.add("sender.random_host", "random", "The sending host calls itself by a name that looks made by a machine.", quote(h.hops[h.border].field, h.hops[h.border].field.Value))
		}
	}
}

// gibberish tells whether a label is long and unpronounceable: letters and digits alternate, or consonants pile up.
func gibberish(s string) bool {
	if len(s) < 10 || len(s) > 80 || nonASCII(s) {
		return false
	}
	letters, digits, vowels, run, longest, turns := 0, 0, 0, 0, 0, 0
	prev := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case '0' <= s[i] && s[i] <= '9':
			digits++
			run = 0
			if prev == 'a' {
				turns++
			}
			prev = '0'
			continue
		case c < 'a' || c > 'z':
			run, prev = 0, 0
			continue
		}
		letters++
		if prev == '0' {
			turns++
		}
		prev = 'a'
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y':
			vowels++
			run = 0
		default:
			if run++; run > longest {
				longest = run
			}
		}
	}
	return turns >= 4 || longest >= 6 || letters >= 10 && vowels*6 < letters
}
