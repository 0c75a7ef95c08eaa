package identity

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

func (c *check) add(kind, group, reason string, chain bool, tech []string, ev ...coldwatch.Evidence) {
	kept := ev[:0]
	for _, e := range ev {
		if e.Span.Where != "" {
			kept = append(kept, e)
		}
	}
	if len(kept) > 0 {
		c.a.Add(coldwatch.Finding{Kind: kind, Group: group, Reason: reason, Chain: chain, Evidence: kept, Techniques: tech, Analyzer: Name})
	}
}

// strength orders the places of a claim by how plainly the reader sees it. A person's name alone says less than a
// company's, for others have it as well.
func (m *made) strength() int {
	s := 0
	switch m.From {
	case "display-name":
		s = 7
	case "look-alike", "domain":
		s = 6
	case "signature", "body":
		s = 5
	case "local-part", "quoted":
		s = 3
	case "organization-field", "subject", "letterhead":
		s = 2
	case "attachment", "metadata":
		s = 1
	}
	switch {
	case m.relation:
		s = min(s, 1)
	case m.Kind == "person" && m.From == "display-name":
		s = 3
	case m.Kind == "person":
		s = min(s, 1)
	}
	if m.weak {
		s--
	}
	return max(s, 0)
}

// A support is what speaks for one organisation being claimed.
type support struct {
	org                                    int
	first                                  *made // the plainest claim
	brand, person, signed, domain, related bool  // brand or person in the name shown; brand in the text; look-alike domain or mailbox; a mere relation
}

// supports gathers the claims by organisation, in order of first claim.
func (c *check) supports() []support {
	var out []support
	for i := range c.made {
		m := &c.made[i]
		var s *support
		for j := range out {
			if out[j].org == m.org {
				s = &out[j]
			}
		}
		if s == nil {
			out = append(out, support{org: m.org, first: m})
			s = &out[len(out)-1]
		}
		if m.strength() > s.first.strength() {
			s.first = m
		}
		switch {
		case m.relation:
			s.related = true
		case m.weak:
		case m.From == "display-name" && m.Kind == "brand":
			s.brand = true
		case m.From == "display-name":
			s.person = true
		case (m.From == "signature" || m.From == "body") && m.Kind == "brand":
			s.signed = true
		case m.From == "look-alike" || m.From == "local-part" || m.From == "subject" && m.Kind == "brand":
			s.domain = true
		}
	}
	return out
}

// plain ranks how plainly an organisation is claimed: 3 by its name or by a person with the company or domain beside
// it, 2 by a signature, 1 by a person's name alone, which others may have as well.
func (s *support) plain() int {
	switch {
	case s.brand, s.person && (s.signed || s.domain), s.signed && s.domain:
		return 3
	case s.signed:
		return 2
	case s.person:
		return 1
	}
	return 0
}

// contradictions holds each claimed organisation against who sent the message.
func (c *check) contradictions() {
	if c.field == nil || c.from.Domain == "" {
		return
	}
	if c.owner >= 0 {
		c.ofOwner()
		return
	}
	list := c.supports()
	maybe := -1 // whose name the sending domain is, where the directory knows no domain of theirs
	if m, ok := c.d.imitated.Find(names.Organisational(c.from.Domain)); ok && own(c.org(m.Owner), m) {
		maybe = m.Owner
	}
	best, related := -1, -1
	for i := range list {
		if list[i].related {
			related = i
		}
		if p := list[i].plain(); p > 0 && list[i].org != maybe && (best < 0 || p > list[best].plain()) && !(list[i].org == c.own && p == 2) {
			best = i
		}
	}
	if related >= 0 && (best < 0 || list[best].plain() < 3) {
		c.add("identity.relation", "identity", fmt.Sprintf("The sender says it works with %s; nothing here confirms that.", c.org(list[related].org).Name), true, nil, list[related].first.Evidence, c.sent())
		return
	}
	if best < 0 {
		return
	}
	s := list[best]
	who := s.first.claimed(c)
	free := names.FreeMail(c.from.Domain)
	tech := []string{"T1656"}
	notTheirs := fmt.Sprintf("was sent by %s, which is not theirs as far as the directory knows.", c.from.Domain)
	switch {
	case s.plain() == 1 && free:
		kind := "identity.person_free_mail"
		if purchases[c.a.Lure.Theme] {
			kind = "identity.person_free_business"
		}
		c.add(kind, "identity", fmt.Sprintf("The sender has the name of %s but writes from a free mailbox at %s.", who, c.from.Domain), false, nil, s.first.Evidence, c.sent())
	case s.plain() == 1:
		c.add("identity.person", "identity", fmt.Sprintf("The sender has the name of %s but writes from %s.", who, c.from.Domain), false, nil, s.first.Evidence, c.sent())
	case s.org == c.own:
		c.add("identity.own_claimed", "identity", fmt.Sprintf("The message claims to come from %s, the reader's own organisation, but was sent by %s.", who, c.from.Domain), true, tech, s.first.Evidence, c.sent())
	case free:
		c.add("identity.free_mail", "identity", fmt.Sprintf("The message claims to come from %s but was sent from a free mailbox at %s.", who, c.from.Domain), true, append(tech, "T1585.002"), s.first.Evidence, c.sent())
	case c.answersTo(s.org):
		c.add("identity.contradiction_answered", "identity", "The message claims to come from "+who+" but "+notTheirs+" Answers go to "+c.org(s.org).Name+" itself.", true, tech, s.first.Evidence, c.sent())
	case s.plain() == 3:
		c.add("identity.contradiction", "identity", "The message claims to come from "+who+" but "+notTheirs, true, tech, s.first.Evidence, c.sent())
	default:
		c.add("identity.signature", "identity", "The message is signed as "+who+" but "+notTheirs, true, tech, s.first.Evidence, c.sent())
	}
}

// answersTo tells whether answers go to a true domain of the organisation.
func (c *check) answersTo(org int) bool {
	if len(c.a.Sender.ReplyTo) == 0 {
		return false
	}
	for _, m := range c.a.Sender.ReplyTo {
		if o := c.d.pack.OwnerOf(m.Domain); o == nil || o != c.org(org) {
			return false
		}
	}
	return true
}

// ofOwner handles mail in a directory domain: confirmed, forged, or in another's name.
func (c *check) ofOwner() {
	o := c.org(c.owner)
	if !c.proven[c.owner] && c.failed && c.owner != c.own {
		c.add("identity.forged", "identity", fmt.Sprintf("The message says that it is from %s (%s), and the receiver did not find that confirmed.", o.Name, c.from.Domain), true,
			[]string{"T1656"}, headerEvidence(c.field, c.from.Address), c.result())
	}
	for i := range c.made {
		m := &c.made[i]
		if m.From == "display-name" && m.org != c.owner && m.org != c.own && !m.relation && !m.weak && !c.names(c.owner) && m.Kind == "brand" {
			c.add("identity.partner_as_other", "identity", fmt.Sprintf("%s writes under the name of %s.", o.Name, c.org(m.org).Name), true, []string{"T1656"}, m.Evidence, c.sent())
			return
		}
	}
}

// names tells whether the message also names the organisation as its own.
func (c *check) names(org int) bool {
	for i := range c.made {
		if c.made[i].org == org && c.made[i].From != "domain" {
			return true
		}
	}
	return false
}

// claimed says in words who is claimed.
func (m *made) claimed(c *check) string {
	if m.Person != "" {
		return m.Person + " of " + c.org(m.org).Name
	}
	return c.org(m.org).Name
}

// sent is the second fact: whose address it is, by the receiver's word where there is one.
func (c *check) sent() coldwatch.Evidence {
	if e := c.result(); e.Span.Where != "" && c.a.Authentication.Aligned {
		return e
	}
	return headerEvidence(c.field, c.from.Address)
}

func (c *check) result() coldwatch.Evidence {
	for _, n := range [...]string{"Authentication-Results", "Received-SPF"} {
		if f := c.a.Message.Field(n); f != nil && c.a.Authentication.Source != "none" {
			return headerEvidence(f, f.Value)
		}
	}
	return coldwatch.Evidence{}
}

// domains compares every domain that the sender shows or answers to with those of the directory and the reader's own.
func (c *check) domains() {
	if c.field == nil {
		return
	}
	seen := ""
	try := func(domain string, f *coldwatch.Field, where string) {
		if domain == "" || f == nil || names.FreeMail(domain) || c.d.pack.OwnerOf(domain) != nil || strings.Contains(seen, " "+domain+" ") {
			return
		}
		seen += " " + domain + " "
		m, ok := c.d.imitated.Find(domain)
		if !ok {
			c.ownDomain(domain, f)
			return
		}
		o := c.org(m.Owner)
		if own(o, m) || c.brands.Owner(domain) != nil {
			return
		}
		ev := headerEvidence(f, message.DecodeHeader(f.Value))
		tech := []string{"T1583.001"}
		target := m.Domain
		if target == "" {
			target = o.Name
		}
		kind := "lookalike." + string(m.Kind)
		if m.Kind != lookalike.Homoglyph && !c.mentions(m.Owner) {
			kind = "lookalike.only"
		}
		c.add(kind, "domain", lookalikeReason(domain, target, o.Name, m), true, tech, ev)
		if where != "from" && c.owner >= 0 && m.Owner == c.owner {
			c.add("identity.reply_lookalike", "reply", fmt.Sprintf("The message shows %s, but answers go to its imitation %s.", c.from.Domain, domain), true, tech, headerEvidence(c.field, c.from.Address), ev)
		}
		mm := made{org: m.Owner, imitated: m.Domain, kind: string(m.Kind), weak: m.Kind == lookalike.Edit2}
		mm.Name, mm.Kind, mm.From, mm.Evidence = domain, "domain", "look-alike", ev
		c.claim(mm)
	}
	try(c.from.Domain, c.field, "from")
	if len(c.a.Sender.ReplyTo) > 0 {
		try(c.a.Sender.ReplyTo[0].Domain, c.a.Message.Field("Reply-To"), "reply-to")
	}
	try(names.Domain(c.a.Sender.ReturnPath), c.a.Message.Field("Return-Path"), "return-path")
}

// own tells whether a domain may as well be the organisation's own: it is just its name, and the directory knows no
// domain of theirs.
func own(o *knowledge.Organisation, m lookalike.Match) bool {
	return len(o.Domains) == 0 && m.Kind == lookalike.Suffix
}

// mentions tells whether anything but domains speaks of the organisation.
func (c *check) mentions(org int) bool {
	for i := range c.made {
		if c.made[i].org == org && c.made[i].From != "domain" && c.made[i].From != "look-alike" {
			return true
		}
	}
	for i := range c.pending {
		for _, e := range c.pending[i].entries {
			if e.org == org {
				return true
			}
		}
	}
	return false
}

func lookalikeReason(domain, target, owner string, m lookalike.Match) string {
	switch m.Kind {
	case lookalike.Homoglyph:
		return fmt.Sprintf("The domain %s looks like %s of %s: letters are replaced by ones of the same shape.", domain, target, owner)
	case lookalike.Suffix:
		return fmt.Sprintf("The domain %s is the name of %s (%s) under another suffix.", domain, owner, target)
	case lookalike.Combosquat:
		if target == owner || !strings.Contains(domain, m.Added) { // the letters of a skeleton are not always those written
			return fmt.Sprintf("The domain %s is the name of %s with something added.", domain, owner)
		}
		return fmt.Sprintf("The domain %s is the name of %s (%s) with %q added.", domain, owner, target, m.Added)
	case lookalike.Subdomain:
		return fmt.Sprintf("The host %s carries the name of %s (%s) in front of another's domain.", domain, owner, target)
	}
	return fmt.Sprintf("The domain %s is a letter or two off %s of %s.", domain, target, owner)
}

// ownDomain compares with the domains that the message was delivered to, known to the directory or not.
func (c *check) ownDomain(domain string, f *coldwatch.Field) {
	label := strings.ReplaceAll(names.Label(domain), "-", "")
	for i, r := range c.a.Recipients {
		if i == 5 {
			return
		}
		own := strings.ReplaceAll(names.Label(r.Domain), "-", "")
		if names.Aligned(domain, r.Domain) || names.FreeMail(r.Domain) || len(own) < 6 {
			continue
		}
		a, b := names.Skeleton(label), names.Skeleton(own)
		if a == b && label != own || len(own) >= 7 && label != own && lookalike.Distance(a, b, 1) == 1 {
			c.add("lookalike.own", "domain", fmt.Sprintf("The sender's domain %s looks like the reader's own %s.", domain, r.Domain), false, []string{"T1583.001"}, headerEvidence(f, message.DecodeHeader(f.Value)))
			return
		}
	}
}

// brandClaims looks for well-known brands in the sender's name and domain.
func (c *check) brandClaims() {
	if c.field == nil {
		return
	}
	dom := c.from.Domain
	shown := headerEvidence(c.field, message.DecodeHeader(c.field.Value))
	if b := c.brands.InName(c.from.Name); b != nil && !b.Owns(dom) && c.brands.Owner(dom) == nil && c.owner < 0 && !strings.HasSuffix(dom, "."+strings.ToLower(b.Name)) {
		kind := "brand.name"
		if names.FreeMail(dom) {
			kind = "brand.name_free_mail"
		}
		c.add(kind, "brand", fmt.Sprintf("The sender calls itself %s but writes from %s.", b.Name, dom), false, []string{"T1656"}, shown)
		c.setBrand(b.Name)
	} else if b != nil && b.Owns(dom) && c.failed && (c.a.Authentication.DMARC == coldwatch.Fail || c.a.Authentication.SPF == coldwatch.Fail) {
		c.add("brand.forged", "brand", fmt.Sprintf("The message says that it is from %s, and the receiver found that it is not.", b.Name), false, []string{"T1656"}, shown, c.result())
		c.setBrand(b.Name)
	}
	if b, m := c.brands.Imitated(dom); b != nil && c.owner < 0 {
		c.add("brand.domain_"+string(m.Kind), "brand-domain", fmt.Sprintf("The sender's domain %s imitates %s.", dom, b.Name), false, []string{"T1583.001"}, shown)
		c.setBrand(b.Name)
	}
	if local := strings.Map(spaced, names.Local(c.from.Address)); len(local) < 64 && c.brands.Owner(dom) == nil && c.owner < 0 {
		if list := c.brands.InText(local, 1); len(list) > 0 && !list[0].Owns(dom) {
			c.add("brand.local_part", "brand", fmt.Sprintf("The sender's mailbox is named after %s but is at %s.", list[0].Name, dom), false, []string{"T1656"}, shown)
			c.setBrand(list[0].Name)
		}
	}
	if f := c.a.Message.Field("Subject"); f != nil && c.brands.Owner(dom) == nil && c.owner < 0 && len(c.a.Subject) < 300 {
		if list := c.brands.InText(c.a.Subject, 1); len(list) > 0 && !list[0].Owns(dom) && !c.a.Authentication.Forwarded {
			c.add("brand.subject", "brand", fmt.Sprintf("The subject names %s, the sender is %s.", list[0].Name, dom), false, nil, headerEvidence(f, c.a.Subject), shown)
		}
	}
}

// setBrand names the brand as the one impersonated, unless a directory organisation is; it has no pack id.
func (c *check) setBrand(name string) {
	if c.a.Impersonated.Name == "" {
		c.a.Impersonated = coldwatch.Impersonation{Name: name, Kind: "brand", Persona: c.from.Name}
	}
}

// impersonated chooses whom the message pretends to be, should it prove hostile: the directory organisation with the
// most claims to be it, the true owner of the sending account if there is none.
func (c *check) impersonated() {
	score := map[int]int{}
	var order []int
	for i := range c.made {
		m := &c.made[i]
		if m.org == c.own && c.owner != c.own && m.From != "display-name" && m.From != "look-alike" {
			continue
		}
		if score[m.org] == 0 {
			order = append(order, m.org)
		}
		score[m.org] += m.strength()
	}
	best := -1
	for _, o := range order {
		if score[o] >= 3 && (best < 0 || score[o] > score[best]) {
			best = o
		}
	}
	if best < 0 {
		if best = c.owner; best < 0 {
			return
		}
	}
	im := coldwatch.Impersonation{Organisation: c.org(best).ID, Name: c.org(best).Name, Persona: c.from.Name, Kind: "domain"}
	top := 0
	for i := range c.made {
		m := &c.made[i]
		if m.org != best {
			continue
		}
		if m.Person != "" && m.From == "display-name" {
			im.Persona = m.Person
		}
		if s := m.strength(); s > top {
			top, im.Kind = s, m.Kind
		}
	}
	if best == c.owner && c.proven[best] {
		im.Kind = "account"
	}
	c.a.Impersonated = im
}
