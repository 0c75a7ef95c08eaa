// Package sender reads who handed a message over and what the receiver's own machines say about it, before anything is
// believed.
//
// Every relay puts a Received field on top (RFC 5321 section 4.4), so the fields above the hop by which the mail came
// into the receiving organisation, the border, are its own and true; whatever stands below it came with the mail and is
// a claim. Authentication-Results (RFC 8601) count only from the receiving side: by authserv-id and place. SPF (RFC 7208)
// speaks for the envelope's domain, DKIM (RFC 6376) for the signer's, and DMARC (RFC 7489) asks whether either is the
// organisational domain that the reader sees in From. Where nobody trusted says anything the result is "unknown", never
// "fail".
//
// The package also notes the shape of the addresses (who is shown, who gets the answer) and the marks of the program
// that wrote the message.
package sender

import (
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/message"
)

// Name is the analyser's name and version as findings quote it.
const Name = "sender/1"

// Options are what an operator may tell the analyser.
type Options struct {
	Trusted  []string     // authserv-ids whose Authentication-Results count wherever they stand above the border; empty: learnt from the trace
	Resolver dns.Resolver // for our own checks where no trusted receiver speaks; nil: none are made
}

// An Analyzer fills Sender, Authentication, Received and Tooling of an analysis, and adds findings about them.
type Analyzer struct {
	trusted  map[string]bool
	resolver dns.Resolver
}

// New returns an analyser.
func New(o Options) *Analyzer {
	a := &Analyzer{trusted: map[string]bool{}, resolver: o.Resolver}
	for _, id := range o.Trusted {
		a.trusted[strings.ToLower(id)] = true
	}
	return a
}

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze reads the header of a.Message. It needs Recipients, where they are known.
func (s *Analyzer) Analyze(a *coldwatch.Analysis) {
	h := readHeader(a)
	a.Sender = h.sender()
	h.trace()
	h.authenticate(s.trusted)
	if s.resolver != nil {
		h.verify(s.resolver)
	}
	a.Authentication.Inside = h.ownDomain(a.Sender.Author().Domain)
	a.Tooling = tooling(a.Message, a.Sender.Author().Domain)
	h.findings()
}

// A header is one message's header while it is being read.
type header struct {
	a    *coldwatch.Analysis
	m    *coldwatch.Message
	hops []hop
	// border is the index in hops of the hop that came from outside, -1 if the trace shows none.
	border int
	inside map[string]bool // organisational domains of the receiving side
	policy string          // what the author's domain asks to do with mail that fails, by our own check

	authors int // mailboxes of From in the standard reading

	from, replyTo, senderField, to *coldwatch.Field
}

func readHeader(a *coldwatch.Analysis) *header {
	h := &header{a: a, m: a.Message, border: -1, inside: map[string]bool{}}
	h.from, h.replyTo, h.senderField, h.to = h.m.Field("From"), h.m.Field("Reply-To"), h.m.Field("Sender"), h.m.Field("To")
	return h
}

// sender parses the fields that name an author. Several From fields all count: clients differ in which they show.
func (h *header) sender() coldwatch.Sender {
	var s coldwatch.Sender
	var hidden []coldwatch.Mailbox
	for _, f := range h.m.Fields("From") {
		standard, other := message.AddressList(f.Value)
		s.From = append(s.From, shownAs(standard, f)...)
		hidden = append(hidden, shownAs(other, f)...)
	}
	if len(s.From) == 1 && s.From[0].Address == "" && len(hidden) > 0 {
		hidden[0].Name = s.From[0].Name // an address in brackets after a bare name is what programs answer to
		s.From, hidden = hidden[:1], hidden[1:]
	}
	h.authors = len(s.From)
	s.From = append(s.From, hidden...)
	if h.replyTo != nil {
		s.ReplyTo = h.mailboxes(h.replyTo)
	}
	if h.senderField != nil {
		s.Sender = h.mailboxes(h.senderField)
	}
	if f := h.m.Field("Return-Path"); f != nil {
		s.ReturnPath = strings.Trim(f.Value, " <>\t")
	}
	return s
}

// shownAs cleans up a list of authors: a name without an address, as a stray comma makes it, belongs to the address
// that follows, for that is how programs show it.
func shownAs(list []coldwatch.Mailbox, f *coldwatch.Field) []coldwatch.Mailbox {
	var out []coldwatch.Mailbox
	name := ""
	for i, m := range list {
		m.Span = fieldSpan(f)
		if m.Address == "" && (i+1 < len(list) || len(out) > 0) {
			name = strings.TrimPrefix(name+", "+m.Name, ", ")
			continue
		}
		if name != "" {
			m.Name = strings.Trim(name+", "+m.Name, ", ")
			name = ""
		}
		out = append(out, m)
	}
	if len(out) == 0 && name != "" {
		out = append(out, coldwatch.Mailbox{Name: name, Span: fieldSpan(f)})
	}
	return out
}

// mailboxes parses an address field in every way that a client might.
func (h *header) mailboxes(f *coldwatch.Field) []coldwatch.Mailbox {
	return message.FieldAddresses(h.m.Raw, f)
}

func fieldSpan(f *coldwatch.Field) coldwatch.Span {
	return coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length}
}

// quote is the evidence that a header field gives: its place, and its value, decoded and cut to a readable length.
func quote(f *coldwatch.Field, text string) coldwatch.Evidence {
	const most = 200
	if len(text) > most {
		cut := most
		for cut > 0 && text[cut]&0xC0 == 0x80 {
			cut--
		}
		text = text[:cut] + "…"
	}
	return coldwatch.Evidence{Span: fieldSpan(f), Quote: strings.ToValidUTF8(f.Name+": "+text, "\uFFFD")}
}

// trace reads the Received chain, finds the border and sets the trusted receipt time.
func (h *header) trace() {
	const first, last = 100, 100 // reference: analyse the first and the last hundred
	fields := h.m.Fields("Received")
	if len(fields) > first+last {
		fields = append(fields[:first:first], fields[len(fields)-last:]...)
	}
	for _, f := range fields {
		h.hops = append(h.hops, parseHop(f))
	}
	if !h.a.Hearsay {
		h.receivingSide()
		h.findBorder()
	} else {
		h.hops = nil // a trace that came with the message is a claim
	}

	au := &h.a.Authentication
	if h.border >= 0 {
		b := h.hops[h.border]
		au.Border, au.HopName = b.by, b.name()
		if b.ip.IsValid() {
			au.Hop = b.ip.String()
		}
		au.Received, au.Traced = b.time, !b.time.IsZero()
	}
	for i := 0; i < len(h.hops) && !au.Traced && (i <= h.border || h.border < 0); i++ {
		au.Received, au.Traced = h.hops[i].time, !h.hops[i].time.IsZero()
	}
	if !au.Traced {
		au.Received = h.a.Date
	}
	if h.a.Received.IsZero() {
		h.a.Received = au.Received
	} else {
		au.Received, au.Traced = h.a.Received, true
	}
	au.Received = au.Received.UTC()
	h.a.Received = h.a.Received.UTC()
}

// receivingSide collects the organisational domains that are the receiver's own: of the host that wrote the topmost
// trace field and of the addresses that the mail was delivered to.
func (h *header) receivingSide() {
	add := func(domain string) {
		if d := names.Organisational(domain); d != "" {
			h.inside[d] = true
		}
	}
	if len(h.hops) > 0 {
		add(h.hops[0].by)
		add(names.Domain(h.hops[0].recipient))
	}
	for _, name := range [...]string{"Delivered-To", "X-Original-To", "Envelope-To"} {
		if f := h.m.Field(name); f != nil && (len(h.hops) == 0 || f.Offset < h.hops[0].field.Offset+h.hops[0].field.Length*4) {
			add(names.Domain(f.Value))
		}
	}
}

// findBorder walks the trace from the top until the mail comes from outside. Addresses in ranges reserved for
// documentation and benchmarks (RFC 5737, RFC 2544) count as outside: only private ones are inside.
func (h *header) findBorder() {
	if ip := h.statedClient(); ip != "" {
		for i := range h.hops {
			if h.hops[i].ip.IsValid() && h.hops[i].ip.String() == ip && h.ours(h.hops[i].by) {
				h.border = i
				return
			}
		}
	}
	for i := range h.hops {
		hop := &h.hops[i]
		if i > 0 && hop.by != "" && !h.ours(hop.by) {
			if strings.IndexByte(hop.by, '.') > 0 {
				return
			}
		}
		if h.external(hop) {
			h.border = i
			return
		}
	}
}

// statedClient is the address that the topmost result field says it checked; it helps where a provider's outbound and
// inbound hosts share a domain.
func (h *header) statedClient() string {
	for i := range h.m.Header {
		f := &h.m.Header[i]
		switch {
		case strings.EqualFold(f.Name, "Authentication-Results"):
			if ip := after(f.Value, "sender IP is "); ip != "" {
				return ip
			}
		case strings.EqualFold(f.Name, "Received-SPF"):
			if ip := after(f.Value, "client-ip="); ip != "" {
				return ip
			}
		}
	}
	return ""
}

// after returns the address-like word that follows a mark in s.
func after(s, mark string) string {
	i := strings.Index(s, mark)
	if i < 0 {
		return ""
	}
	s = s[i+len(mark):]
	if end := strings.IndexAny(s, " ;),\t<>\""); end >= 0 {
		s = s[:end]
	}
	return parseIP(s)
}

func (h *header) ours(host string) bool {
	return host != "" && h.inside[names.Organisational(host)]
}

func (h *header) external(hop *hop) bool {
	if !hop.ip.IsValid() || hop.ip.IsPrivate() || hop.ip.IsLoopback() || hop.ip.IsLinkLocalUnicast() || hop.ip.IsUnspecified() {
		return false
	}
	if sendingPool(hop.helo) {
		return true
	}
	if hop.rdns != "" {
		return !h.ours(hop.rdns)
	}
	return !h.ours(hop.helo)
}

// sendingPool tells whether a host is one from which a large provider sends its customers' mail to others; its name
// alone does not make the mail the receiver's own.
func sendingPool(host string) bool {
	return strings.HasSuffix(host, ".outbound.protection.outlook.com") ||
		strings.HasPrefix(host, "mail-") && strings.HasSuffix(host, ".google.com")
}

// skew is the time by which the Date field claims to lie after the receipt, negative for the past.
func skew(a *coldwatch.Analysis) (time.Duration, bool) {
	if a.Date.IsZero() || !a.Authentication.Traced {
		return 0, false
	}
	return a.Date.Sub(a.Authentication.Received), true
}
