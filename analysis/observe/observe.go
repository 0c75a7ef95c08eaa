// Package observe lists the infrastructure that a message shows, as STIX 2.1 cyber-observables (section 6): who sent it, where
// it leads, what it carries.
//
// An observable is owned when it looks like the attacker's own: a domain that authenticated or that answers are sent to, a
// free-mail account, the place that credentials go to. What is shared (a file host, a shortener) is named by its URL, never by
// its domain; what is borrowed (a forged sender, a brand's true domain, a hot-linked logo) is not the attacker's and is left
// out. Recipients, partners and members are never observables.
package observe

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/brand"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Name is the analyser's name and version.
const Name = "observe/1"

// maxLinks bounds how many links of a message are looked at.
const maxLinks = 200

// An Analyzer lists observables. It is safe for concurrent use.
type Analyzer struct {
	pack   *knowledge.Pack
	brands *brand.List
}

// New returns an analyser.
func New(pack *knowledge.Pack) *Analyzer { return &Analyzer{pack, brand.Default()} }

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs the verdict: of unremarkable mail nothing is infrastructure of anybody's campaign.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	if a.Verdict.Class == coldwatch.Unremarkable {
		return
	}
	l := &list{Analyzer: z, a: a}
	l.senders()
	l.payloads()
	slices.SortFunc(l.out, func(x, y coldwatch.Observable) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Value, y.Value), cmp.Compare(x.Role, y.Role), cmp.Compare(x.Name, y.Name))
	})
	a.Observables = slices.Compact(l.out)
}

type list struct {
	*Analyzer
	a   *coldwatch.Analysis
	out []coldwatch.Observable
}

func (l *list) add(kind coldwatch.ObservableKind, value, role string, owned bool) {
	if value != "" && len(value) <= 2048 {
		l.out = append(l.out, coldwatch.Observable{Kind: kind, Value: value, Role: role, Owned: owned})
	}
}

// senders gives the addresses that the message shows as its own, and the host that handed it over.
func (l *list) senders() {
	s, auth := l.a.Sender, l.a.Authentication
	for _, m := range s.From {
		// A From that did not authenticate may be anybody's: it is what was shown, not what sent.
		l.address(m.Address, "sender", auth.Aligned)
	}
	for _, m := range s.ReplyTo {
		l.address(m.Address, "reply-to", true) // answers have to arrive
	}
	if auth.SPF == coldwatch.Pass {
		l.address(s.ReturnPath, "envelope", true)
	}
	for _, d := range auth.DKIMDomains {
		l.domain(d, "dkim", auth.Aligned)
	}
	if ip, err := netip.ParseAddr(auth.Hop); err == nil {
		kind := coldwatch.IPv4Address
		if ip.Unmap().Is6() {
			kind = coldwatch.IPv6Address
		}
		l.add(kind, ip.Unmap().String(), "sending-host", false) // mail services lend their hosts
	}
}

func (l *list) address(address, role string, owned bool) {
	address = strings.ToLower(address)
	d := names.Domain(address)
	if d == "" || l.theirs(d) {
		return
	}
	l.add(coldwatch.EmailAddress, address, role, owned)
	if !names.FreeMail(d) {
		l.domain(d, role, owned)
	}
}

func (l *list) domain(d, role string, owned bool) {
	d = names.Organisational(strings.ToLower(d))
	if d == "" || names.FreeMail(d) || l.theirs(d) {
		return
	}
	l.add(coldwatch.DomainName, d, role, owned)
}

// theirs tells a domain of a partner, a member, the recipient or a well-known brand: never the attacker's.
func (l *list) theirs(d string) bool {
	if l.pack.OwnerOf(d) != nil || !names.FreeMail(d) && l.brands.Owner(d) != nil {
		return true
	}
	return slices.ContainsFunc(l.a.Recipients, func(r coldwatch.Mailbox) bool {
		return r.Domain != "" && !names.FreeMail(r.Domain) && names.Organisational(r.Domain) == names.Organisational(d)
	})
}

// payloads gives where the message leads and the files that it carries.
func (l *list) payloads() {
	seen := 0
	for i := range l.a.Payloads {
		p := &l.a.Payloads[i]
		for _, d := range p.Destinations {
			l.url(d.URL, "exfiltration", true)
		}
		for _, k := range p.Links {
			if seen++; seen > maxLinks {
				break
			}
			role := "link"
			switch k.Kind {
			case "image", "style", "script":
				role = "hotlink"
			case "qr", "refresh":
				role = "landing"
			}
			l.url(k.URL, role, role == "landing")
		}
		switch p.Via {
		case "attachment", "archive", "embedded":
			if p.SHA256 != "" {
				l.out = append(l.out, coldwatch.Observable{Kind: coldwatch.FileHash, Value: p.SHA256, Role: "attachment", Name: p.Name, Owned: p.Via == "attachment" && len(p.Destinations) > 0})
			}
		}
	}
}

func (l *list) url(raw, role string, owned bool) {
	if m, ok := strings.CutPrefix(raw, "mailto:"); ok {
		m, _, _ = strings.Cut(m, "?")
		if role != "hotlink" {
			l.address(m, role, owned)
		}
		return
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws" && u.Scheme != "wss" {
		return
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "" || l.theirs(host) {
		return
	}
	if role == "hotlink" {
		return // decoration is borrowed from whoever is imitated
	}
	u.Host, u.User = strings.ToLower(u.Host), nil
	if len(u.Path) > 1 || u.RawQuery != "" {
		l.add(coldwatch.URL, l.withoutRecipient(u), role, owned)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		kind := coldwatch.IPv4Address
		if ip.Is6() {
			kind = coldwatch.IPv6Address
		}
		l.add(kind, ip.String(), role, owned)
		return
	}
	if names.FreeHost(host) || names.Shortener(host) {
		return // many strangers share it: the URL says whose
	}
	l.domain(host, role, owned)
}

// withoutRecipient gives the URL without query and fragment values: they often name the recipient.
func (l *list) withoutRecipient(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	if c.RawQuery != "" {
		q := c.Query()
		for k := range q {
			q[k] = []string{""}
		}
		c.RawQuery = q.Encode()
	}
	s := c.String()
	for _, r := range l.a.Recipients {
		if r.Address != "" && strings.Contains(strings.ToLower(s), strings.ToLower(r.Address)) {
			return ""
		}
	}
	return s
}
