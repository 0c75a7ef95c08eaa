// Package history holds a message against what its sender did before.
//
// An account that is taken over passes SPF, DKIM and DMARC (ATT&CK T1586.002); what changes are its habits: another mail
// program, another network, another time zone, answers that go elsewhere. What the habits are, the organisation that
// received the earlier mail knows. A [Note] is what one message says of them; it is made from that message alone. The notes
// of one correspondent, in the order of receipt, give the [Habits] that a later message is held against. So what is found
// depends on which mail there is, not on the order in which it was read.
//
// Two things keep an intruder from making habits of his own: only mail that nothing else speaks against makes any, and only
// after a fortnight.
package history

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// Name is the analyser's name and version as findings quote it.
const Name = "history/2"

// Numbers from which habits say something.
const (
	knownFrom   = 3                    // messages that make an address known
	settledFrom = 5                    // messages after which a change is a change
	crowdFrom   = 10                   // messages of a domain after which what a new address of it does is a change
	dormantFor  = 180 * 24 * time.Hour // silence after which a known address is dormant
)

// What of the past counts: a message makes habits from that age on, and of those older the newest ones do.
const (
	Settling = 14 * 24 * time.Hour
	Memory   = 200
)

// A Note is what a message says of its sender's habits, and Bits what spoke against it before anything was known of them.
type Note struct {
	Address string  `json:"a"`
	Reply   string  `json:"r,omitempty"` // organisational domain that answers go to
	Tool    string  `json:"t,omitempty"` // fingerprint of the program
	Net     string  `json:"n,omitempty"` // network that handed the mail over, /16 or /32
	Zone    string  `json:"z,omitempty"` // time zone
	Clean   bool    `json:"c,omitempty"` // nothing speaks against the message, and nobody found its sender forged
	Bits    float64 `json:"b"`

	ID string    `json:"-"` // of the message
	At time.Time `json:"-"` // trusted receipt
}

// NoteOf gives a message's note and the correspondent that it is of: the organisational domain, or the address where a
// domain is everybody's. Not ok is a message whose receiver or time of receipt is not known, or that only claims a sender.
func NoteOf(a *coldwatch.Analysis) (correspondent string, n Note, ok bool) {
	from := a.Sender.Author()
	au := &a.Authentication
	if from.Address == "" || from.Domain == "" || a.Organisation == "" || a.Received.IsZero() || !au.Traced || a.Hearsay {
		return "", Note{}, false
	}
	forged := !au.Aligned && (au.SPF == coldwatch.Fail || au.SPF == coldwatch.SoftFail || au.DMARC == coldwatch.Fail)
	n = Note{Address: strings.ToLower(from.Address), Reply: replyDomain(a), Tool: a.Tooling.Fingerprint, Net: Net(au.Hop), Zone: a.Tooling.Zone,
		Clean: a.Verdict.Class == coldwatch.Unremarkable && !forged, Bits: a.Verdict.Bits, ID: a.ID, At: a.Received}
	correspondent = names.Organisational(from.Domain)
	if names.FreeMail(from.Domain) {
		correspondent = n.Address
	}
	return correspondent, n, true
}

// Habits are what a correspondent did before, as one organisation saw it.
type Habits struct {
	Messages   int // from the address
	Others     int // from other addresses of the same correspondent
	First      bool
	Last       time.Time // from the address
	ReplyTo    []string  // organisational domains that answers went to, sorted
	Tools      []string  // fingerprints of the programs, sorted
	Nets       []string  // networks, sorted
	Zones      []string  // time zones, sorted
	CrowdNets  []string  // of all the correspondent's addresses
	CrowdZones []string
}

// Of gives the habits that the i-th of a correspondent's notes is held against. The notes are in order of receipt and id.
func Of(notes []Note, i int) Habits {
	n := &notes[i]
	h := Habits{First: true}
	until := n.At.Add(-Settling)
	for j, seen := i-1, 0; j >= 0 && seen < Memory; j-- {
		m := &notes[j]
		settled := m.At.Before(until)
		if settled {
			seen++
		}
		h.First = h.First && !m.Clean
		if !settled || !m.Clean {
			continue
		}
		put(&h.CrowdNets, m.Net)
		put(&h.CrowdZones, m.Zone)
		if m.Address != n.Address {
			h.Others++
			continue
		}
		if h.Messages++; h.Messages == 1 {
			h.Last = m.At
		}
		put(&h.ReplyTo, m.Reply)
		put(&h.Tools, m.Tool)
		put(&h.Nets, m.Net)
		put(&h.Zones, m.Zone)
	}
	return h
}

// put keeps a sorted list of what was seen.
func put(list *[]string, s string) {
	if i, ok := slices.BinarySearch(*list, s); !ok && s != "" {
		*list = slices.Insert(*list, i, s)
	}
}

// A Remark is what the habits say of a message.
type Remark struct {
	Kind       string
	Reason     string
	Techniques []string
}

// Reach are the bits from which a message is suspicious and hostile. Weak remarks are made where they could change a verdict.
type Reach struct{ Suspicious, Hostile float64 }

// Remarks holds a note against the habits. What is weak is said only of a message within reach of another class.
func Remarks(n Note, h Habits, reach Reach) []Remark {
	var out []Remark
	add := func(kind, reason string, tech ...string) { out = append(out, Remark{"history." + kind, reason, tech}) }
	weak := n.Bits >= reach.Suspicious-1 && n.Bits < reach.Hostile+2
	mild := weak && n.Bits < reach.Hostile-1 // that nobody knows the sender makes no message hostile
	silent := n.At.Sub(h.Last)
	changed := changes(n, h)
	switch {
	case h.First && mild:
		add("first_contact", n.Address+" has not written to the organisation before.")
	case len(changed) >= 2 && h.Messages >= settledFrom:
		add("changed", fmt.Sprintf("%s has written %d times before, but never %s.", n.Address, h.Messages, strings.Join(changed, " or ")), "T1586.002")
	case h.Messages < knownFrom && h.Messages+h.Others >= crowdFrom && n.Net != "" && n.Zone != "" && !has(h.CrowdNets, n.Net) && !has(h.CrowdZones, n.Zone):
		add("changed", fmt.Sprintf("The %d messages before from the sender's domain never came by this network or in this time zone.", h.Messages+h.Others), "T1586.002")
	case len(changed) == 0 && h.Messages >= knownFrom && silent < dormantFor && weak:
		add("known", fmt.Sprintf("%s has written %d times before, in the same way.", n.Address, h.Messages))
	}
	if h.Messages >= settledFrom && n.Reply != "" && !has(h.ReplyTo, n.Reply) {
		add("changed_reply_to", fmt.Sprintf("Answers to %s never went to %s before.", n.Address, n.Reply), "T1586.002")
	}
	if h.Messages >= knownFrom && silent >= dormantFor && (weak || len(out) > 0) {
		add("dormant", fmt.Sprintf("%s has been silent for %d days.", n.Address, int(silent.Hours()/24)))
	}
	return out
}

// changes names the habits that the message breaks.
func changes(n Note, h Habits) []string {
	var out []string
	if n.Tool != "" && len(h.Tools) > 0 && !has(h.Tools, n.Tool) {
		out = append(out, "with this mail program")
	}
	if n.Net != "" && len(h.Nets) > 0 && !has(h.Nets, n.Net) {
		out = append(out, "by this network")
	}
	if n.Zone != "" && len(h.Zones) > 0 && !has(h.Zones, n.Zone) {
		out = append(out, "in this time zone")
	}
	return out
}

func has(sorted []string, s string) bool {
	i := sort.SearchStrings(sorted, s)
	return i < len(sorted) && sorted[i] == s
}

// replyDomain is the organisational domain that an answer goes to.
func replyDomain(a *coldwatch.Analysis) string {
	if len(a.Sender.ReplyTo) > 0 && a.Sender.ReplyTo[0].Domain != "" {
		return names.Organisational(a.Sender.ReplyTo[0].Domain)
	}
	return names.Organisational(a.Sender.Author().Domain)
}

// Net returns the network of an address that counts as one habit: /16 of IPv4, /32 of IPv6; "" for none.
func Net(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	bits := 32
	if addr.Is4() {
		bits = 16
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// A Past gives the remarks on a message, none where nothing is known. It must be safe for concurrent use.
type Past func(a *coldwatch.Analysis) []Remark

// An Analyzer adds the remarks of a past as findings.
type Analyzer struct {
	past Past
}

// New returns an analyser over a past.
func New(past Past) *Analyzer { return &Analyzer{past} }

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs Sender, Authentication and Tooling.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	f := a.Message.Field("From")
	if z.past == nil || f == nil || a.Hearsay {
		return
	}
	ev := coldwatch.Evidence{Span: coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length},
		Quote: strings.ToValidUTF8("From: "+a.Sender.Author().Address, "\uFFFD")}
	for _, r := range z.past(a) {
		a.Add(coldwatch.Finding{Kind: r.Kind, Group: "history", Reason: r.Reason, Evidence: []coldwatch.Evidence{ev}, Techniques: r.Techniques, Analyzer: Name})
	}
}
