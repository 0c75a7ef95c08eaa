// Package gate says what a message is, where that explains what would otherwise look odd.
//
// A bounce (RFC 3464) has no sender, an automatic answer (RFC 3834) goes to strangers, a mailing list (RFC 2369, RFC 2919)
// breaks signatures and answers elsewhere, a registered envelope asks for a password, an advisory quotes attackers. Each is
// recognised by more than a header that anybody can write: by the trace, by authentication, by the shape of the message.
// A gate explains certain kinds of finding only; the verdict's table says which. A list header does not make a form that
// asks for a password harmless.
package gate

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Name is the analyser's name and version as findings quote it.
const Name = "gate/1"

// An Analyzer fills Gates.
type Analyzer struct {
	pack *knowledge.Pack
}

// New returns an analyser.
func New(pack *knowledge.Pack) *Analyzer { return &Analyzer{pack: pack} }

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs Sender, Authentication, Recipients, Payloads and Claimed.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	c := &check{a: a, m: a.Message, pack: z.pack, from: a.Sender.Author()}
	for _, g := range [...]struct {
		name string
		is   func() (*coldwatch.Field, string)
	}{
		{"bounce", c.bounce}, {"auto-reply", c.autoReply}, {"mailing-list", c.mailingList}, {"newsletter", c.newsletter}, {"secure-envelope", c.envelope},
		{"simulation", c.simulation}, {"partner", c.partner}, {"internal", c.internal}, {"advisory", c.advisory}, {"forwarded", c.forwarded},
	} {
		f, reason := g.is()
		if reason == "" {
			continue
		}
		a.Gates = append(a.Gates, g.name)
		if f == nil {
			f = a.Message.Field("From")
		}
		if f != nil {
			a.Add(coldwatch.Finding{Kind: "gate." + g.name, Group: "gate", Reason: reason, Analyzer: Name, Evidence: []coldwatch.Evidence{{
				Span: coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length}, Quote: f.Name + ": " + clip(f.Value)}}})
		}
	}
}

type check struct {
	a    *coldwatch.Analysis
	m    *coldwatch.Message
	pack *knowledge.Pack
	from coldwatch.Mailbox
}

func clip(s string) string {
	if len(s) > 160 {
		cut := 160
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// asksPassword tells whether anything in the message asks for a password.
func (c *check) asksPassword() bool {
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		for j := range p.Forms {
			if p.Forms[j].Password {
				return true
			}
		}
		for j := range p.Destinations {
			if p.Destinations[j].Credentials {
				return true
			}
		}
	}
	return false
}

func (c *check) bounce() (*coldwatch.Field, string) {
	if c.asksPassword() || len(c.m.Parts) == 0 {
		return nil, ""
	}
	root := &c.m.Parts[0]
	report := root.MediaType == "multipart/report" && strings.EqualFold(root.Params["report-type"], "delivery-status")
	empty := c.m.Field("Return-Path") != nil && c.a.Sender.ReturnPath == ""
	local := strings.ToLower(names.Local(c.from.Address))
	daemon := local == "mailer-daemon" || local == "postmaster"
	if report && (empty || daemon) || empty && daemon {
		return c.m.Field("Content-Type"), "The message reports that a mail could not be delivered."
	}
	return nil, ""
}

func (c *check) autoReply() (*coldwatch.Field, string) {
	if c.asksPassword() {
		return nil, ""
	}
	if f := c.m.Field("Auto-Submitted"); f != nil && strings.HasPrefix(strings.ToLower(f.Value), "auto-replied") {
		return f, "The message is an automatic answer."
	}
	for _, n := range [...]string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"} {
		if f := c.m.Field(n); f != nil && n != "X-Auto-Response-Suppress" {
			return f, "The message is an automatic answer."
		}
	}
	return nil, ""
}

// mailingList needs the list's own host in the trace, not only its name in a header.
func (c *check) mailingList() (*coldwatch.Field, string) {
	f := c.m.Field("List-Id")
	if f == nil {
		if f = c.m.Field("X-BeenThere"); f == nil {
			if f = c.m.Field("List-Post"); f == nil {
				return nil, ""
			}
		}
	}
	if c.asksPassword() {
		return nil, ""
	}
	value := strings.ToLower(f.Value)
	if open := strings.LastIndexByte(value, '<'); open >= 0 {
		value = strings.Trim(value[open:], "<> ")
	}
	domain := value
	if at := strings.LastIndexByte(value, '@'); at >= 0 {
		domain = strings.Trim(value[at+1:], "<> ")
	}
	list := names.Organisational(domain)
	if list == "" || names.Aligned(list, c.from.Domain) && c.m.Field("List-Unsubscribe") != nil && c.m.Field("List-Post") == nil && c.m.Field("X-BeenThere") == nil {
		return nil, ""
	}
	au := &c.a.Authentication
	carried := names.Aligned(au.HopName, list) || names.Aligned(au.Border, list) || names.Aligned(names.Domain(c.a.Sender.ReturnPath), list) || names.Aligned(au.SPFDomain, list)
	for _, d := range au.DKIMDomains {
		carried = carried || names.Aligned(d, list)
	}
	if !carried {
		for _, r := range c.m.Fields("Received") {
			carried = carried || strings.Contains(r.Value, list)
		}
	}
	posted := c.m.Field("List-Post") != nil || c.m.Field("X-BeenThere") != nil || strings.EqualFold(c.m.Get("Precedence"), "list") || c.m.Field("X-Mailing-List") != nil || c.m.Field("Mailing-List") != nil
	if carried && posted {
		return f, "The message came over the mailing list " + clip(value) + "."
	}
	return nil, ""
}

func (c *check) newsletter() (*coldwatch.Field, string) {
	f := c.m.Field("List-Unsubscribe")
	if f == nil || c.a.Gate("mailing-list") || c.asksPassword() || !c.a.Authentication.Aligned {
		return nil, ""
	}
	return f, "The message is bulk mail that its sender stands for: it is authenticated and lets the reader unsubscribe."
}

// envelope recognises mail that a gateway encrypted into an attached page. What the page sends goes to a partner's true
// site, whoever seems to have sent it: nobody else gains by that. Of a sender that the directory does not know it takes
// more: authentication, the gateway's usual file name, and no sign that the sender poses as another.
func (c *check) envelope() (*coldwatch.Field, string) {
	owner := c.pack.OwnerOf(c.from.Domain)
	if owner == nil && (!c.a.Authentication.Aligned || c.poses()) {
		return nil, ""
	}
	home := func(url string) bool {
		host := names.Host(url)
		return host == "" || envelopeMakers[names.Organisational(host)] || owner != nil && c.pack.OwnerOf(host) == owner || owner == nil && names.Aligned(host, c.from.Domain)
	}
	found := false
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if p.Kind != "html" || p.Via == "body" {
			continue
		}
		asks, ours := false, false
		for _, d := range p.Destinations {
			asks = asks || d.Credentials
			if !home(d.URL) {
				return nil, ""
			}
			ours = ours || names.Host(d.URL) != ""
		}
		for _, f := range p.Forms {
			asks = asks || f.Password
			if !home(f.Action) {
				return nil, ""
			}
			ours = ours || names.Host(f.Action) != ""
		}
		found = found || asks && ours && (owner != nil || envelopeName(p.Name))
	}
	if !found {
		return nil, ""
	}
	return nil, "The attached page is an encrypted envelope whose answers go to the sender's own gateway."
}

// poses tells whether the sender was found to claim another's name.
func (c *check) poses() bool {
	for i := range c.a.Findings {
		k := c.a.Findings[i].Kind
		if strings.HasPrefix(k, "identity.") || strings.HasPrefix(k, "lookalike.") || strings.HasPrefix(k, "brand.") {
			return true
		}
	}
	return false
}

func envelopeName(name string) bool {
	name = strings.ToLower(name)
	for _, p := range [...]string{"securedoc", "securemessage", "secure_message", "securemail", "message", "encrypted", "envelope", "readme"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

var envelopeMakers = map[string]bool{"cisco.com": true, "res.cisco.com": true, "zixmail.net": true, "zixcorp.com": true, "proofpoint.com": true, "mimecast.com": true, "office365.com": true, "outlook.com": true, "virtru.com": true, "echoworx.com": true, "seppmail.ch": true, "totemomail.com": true}

// simulation needs the vendor's authenticated domain, for its header can be copied by anybody.
func (c *check) simulation() (*coldwatch.Field, string) {
	for _, n := range [...]string{"X-PHISHTEST", "X-PhishTest-Id", "X-KnowBe4", "X-Cofense-Simulation", "X-ThreatSim-Id", "X-ThreatSim-Header", "X-Hoxhunt", "X-Gophish-Contact", "X-Simulation"} {
		f := c.m.Field(n)
		if f == nil {
			continue
		}
		for _, d := range append(append([]string{}, c.a.Authentication.DKIMDomains...), c.a.Authentication.SPFDomain) {
			if simulators[names.Organisational(d)] && (c.a.Authentication.SPF == coldwatch.Pass || c.a.Authentication.DKIM == coldwatch.Pass) {
				return f, "The message is a phishing exercise by a training company."
			}
		}
	}
	return nil, ""
}

var simulators = map[string]bool{"knowbe4.com": true, "psm.knowbe4.com": true, "cofense.com": true, "phishme.com": true, "threatsim.com": true, "wombatsecurity.com": true, "hoxhunt.com": true, "phishingbox.com": true, "sosafe.de": true, "securitymetrics.com": true}

// partner withholds itself where answers leave the partner: then the account may be a partner's, the writer is not.
func (c *check) partner() (*coldwatch.Field, string) {
	for _, m := range c.a.Sender.ReplyTo {
		if names.FreeMail(m.Domain) {
			return nil, ""
		}
	}
	if o := c.pack.OwnerOf(c.from.Domain); o != nil && c.a.Authentication.Aligned && o.ID != c.a.Organisation {
		return c.m.Field("Authentication-Results"), "The message truly comes from " + o.Name + "."
	}
	return nil, ""
}

func (c *check) internal() (*coldwatch.Field, string) {
	au := &c.a.Authentication
	own := au.Inside
	if o := c.pack.OwnerOf(c.from.Domain); o != nil && o.ID == c.a.Organisation {
		own = true
	}
	if own && !names.FreeMail(c.from.Domain) && (au.Aligned || au.Border != "" && au.Hop == "") {
		return nil, "The message comes from inside the reader's own organisation."
	}
	return nil, ""
}

// advisory recognises a warning that quotes attackers: indicators made harmless, nothing to click or fill in.
func (c *check) advisory() (*coldwatch.Field, string) {
	defanged := 0
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if len(p.Forms) > 0 || len(p.Destinations) > 0 {
			return nil, ""
		}
		for _, l := range p.Links {
			host := names.Host(l.URL)
			if host != "" && !names.Aligned(host, c.from.Domain) && !defangedLink(p, &l) {
				return nil, ""
			}
		}
		if p.Via == "body" {
			defanged += strings.Count(p.Text, "hxxp") + strings.Count(p.Text, "[.]") + strings.Count(p.Text, "[dot]")
		}
	}
	if defanged >= 2 {
		return c.m.Field("Subject"), "The message is a warning that quotes attackers' addresses made harmless."
	}
	return nil, ""
}

// defangedLink tells whether a link was read out of an address that the writer had made harmless.
func defangedLink(p *coldwatch.Payload, l *coldwatch.Hyperlink) bool {
	if l.Kind != "text" || l.Span.Where != p.ID || l.Span.End > len(p.Content) || l.Span.Start > l.Span.End {
		return false
	}
	return strings.Contains(string(p.Content[l.Span.Start:l.Span.End]), "xx") || strings.Contains(l.Shown, "hxxp") || strings.Contains(l.Shown, "[.]")
}

func (c *check) forwarded() (*coldwatch.Field, string) {
	if c.a.Authentication.Forwarded && !c.a.Gate("mailing-list") {
		return nil, "The message came by a forwarder, which breaks authentication."
	}
	return nil, ""
}
