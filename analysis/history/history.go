// Package history holds a message against what its sender did before.
//
// An account that is taken over passes SPF, DKIM and DMARC (ATT&CK T1586.002); what changes are its habits: another mail
// program, another network, another time zone, answers that go elsewhere. What the habits are, the organisation that
// received the earlier mail knows. Only mail received before the message counts, by the trusted receipt time, and only
// mail that nothing spoke against; so the result does not depend on the order in which stored mail walks.
package history

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// Name is the analyser's name and version as findings quote it.
const Name = "history/1"

// Habits are what an address did before, as one organisation saw it.
type Habits struct {
	Messages    int // from the address
	FromDomain  int // from its organisational domain, the address included
	Ever        int // to the organisation from anybody
	First, Last time.Time
	ReplyTo     []string // organisational domains that answers went to, sorted
	Tooling     []string // fingerprints of the programs, sorted
	Nets        []string // networks that handed the mail over, /16 or /32, sorted
	Zones       []string // time zones, sorted
}

// A Past tells an address's habits towards an organisation before a time. It must be safe for concurrent use.
type Past func(organisation, address string, before time.Time) Habits

// An Analyzer adds findings about changed habits.
type Analyzer struct {
	past Past
}

// New returns an analyser over a past.
func New(past Past) *Analyzer { return &Analyzer{past} }

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Numbers from which habits say something.
const (
	knownFrom   = 3                    // messages that make an address known
	settledFrom = 5                    // messages after which a change is a change
	memoryFrom  = 50                   // messages to the organisation after which a first contact means something
	dormantFor  = 180 * 24 * time.Hour // silence after which a known address is dormant
)

// Analyze needs Sender, Authentication and Tooling.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	from := a.Sender.Author()
	f := a.Message.Field("From")
	if z.past == nil || f == nil || from.Address == "" || a.Organisation == "" || a.Received.IsZero() || a.Hearsay {
		return
	}
	h := z.past(a.Organisation, from.Address, a.Received)
	ev := coldwatch.Evidence{Span: coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length}, Quote: strings.ToValidUTF8("From: "+from.Address, "\uFFFD")}
	add := func(kind, reason string, tech ...string) {
		a.Add(coldwatch.Finding{Kind: kind, Group: "history", Reason: reason, Evidence: []coldwatch.Evidence{ev}, Techniques: tech, Analyzer: Name})
	}
	switch {
	case h.FromDomain == 0 && h.Ever >= memoryFrom:
		add("history.first_contact", "Nobody at "+names.Organisational(from.Domain)+" has written to the organisation before.")
		return
	case h.Messages < knownFrom:
		return
	}
	changed := z.changes(a, h)
	switch {
	case len(changed) >= 2 && h.Messages >= settledFrom:
		add("history.changed", fmt.Sprintf("%s has written %d times before, but never %s.", from.Address, h.Messages, strings.Join(changed, " or ")), "T1586.002")
	case len(changed) == 0 && a.Authentication.Aligned && a.Received.Sub(h.Last) < dormantFor:
		add("history.known", fmt.Sprintf("%s has written %d times before, in the same way.", from.Address, h.Messages))
	}
	if r := replyDomain(a); h.Messages >= settledFrom && !has(h.ReplyTo, r) {
		add("history.changed_reply_to", fmt.Sprintf("Answers to %s never went to %s before.", from.Address, r), "T1586.002")
	}
	if a.Received.Sub(h.Last) >= dormantFor {
		add("history.dormant", fmt.Sprintf("%s has been silent for %d days.", from.Address, int(a.Received.Sub(h.Last).Hours()/24)))
	}
}

// changes names the habits that the message breaks.
func (z *Analyzer) changes(a *coldwatch.Analysis, h Habits) []string {
	var out []string
	if t := a.Tooling.Fingerprint; t != "" && len(h.Tooling) > 0 && !has(h.Tooling, t) {
		out = append(out, "with this mail program")
	}
	if n := Net(a.Authentication.Hop); n != "" && len(h.Nets) > 0 && !has(h.Nets, n) {
		out = append(out, "by this network")
	}
	if t := a.Tooling.Zone; t != "" && len(h.Zones) > 0 && !has(h.Zones, t) {
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

// A Book keeps the past in memory. It is safe for concurrent use; what it tells depends on what it was given, not on the
// order.
type Book struct {
	mu    sync.RWMutex
	notes map[string][]note // by organisation and organisational domain, sorted by time
	times map[string][]time.Time
}

type note struct {
	at                              time.Time
	address, reply, tool, net, zone string
	id                              string
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{notes: map[string][]note{}, times: map[string][]time.Time{}} }

// Learn notes a message that nothing speaks against; any other is ignored, and so is one already noted.
func (b *Book) Learn(a *coldwatch.Analysis) {
	from := a.Sender.Author()
	if a.Verdict.Class != coldwatch.Unremarkable || a.Hearsay || from.Address == "" || a.Organisation == "" || a.Received.IsZero() {
		return
	}
	n := note{a.Received, strings.ToLower(from.Address), replyDomain(a), a.Tooling.Fingerprint, Net(a.Authentication.Hop), a.Tooling.Zone, a.ID}
	key := a.Organisation + " " + names.Organisational(from.Domain)
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.notes[key]
	i := sort.Search(len(list), func(i int) bool { return list[i].at.After(n.at) || list[i].at.Equal(n.at) && list[i].id >= n.id })
	if i < len(list) && list[i].id == n.id {
		return
	}
	b.notes[key] = insert(list, i, n)
	all := b.times[a.Organisation]
	b.times[a.Organisation] = insert(all, sort.Search(len(all), func(i int) bool { return all[i].After(n.at) }), n.at)
}

func insert[T any](list []T, i int, x T) []T {
	list = append(list, x)
	copy(list[i+1:], list[i:])
	list[i] = x
	return list
}

// Past tells the habits of an address; it is a [Past].
func (b *Book) Past(organisation, address string, before time.Time) Habits {
	address = strings.ToLower(address)
	b.mu.RLock()
	defer b.mu.RUnlock()
	var h Habits
	reply, tool, net, zone := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range b.notes[organisation+" "+names.Organisational(names.Domain(address))] {
		if !n.at.Before(before) {
			break
		}
		h.FromDomain++
		if n.address != address {
			continue
		}
		if h.Messages == 0 {
			h.First = n.at
		}
		h.Messages, h.Last = h.Messages+1, n.at
		reply[n.reply], tool[n.tool], net[n.net], zone[n.zone] = true, true, true, true
	}
	all := b.times[organisation]
	h.Ever = sort.Search(len(all), func(i int) bool { return !all[i].Before(before) })
	h.ReplyTo, h.Tooling, h.Nets, h.Zones = keys(reply), keys(tool), keys(net), keys(zone)
	return h
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		if k != "" {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}
