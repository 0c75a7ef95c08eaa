// Package identity finds out who a message claims to be from and holds it against who it is from.
//
// An identity is claimed by the display name and local-part of the address (RFC 5322 section 3.4), by a domain that looks
// like another, by the lines under the text, by an introduction ("I am … of …"), by names and heads of files and their metadata, by
// going on a thread of somebody.
// Claims are resolved to the organisations and people of a chain pack: case, accents, alphabet, legal form, name order
// and titles do not matter, one letter may be off. What authenticated (package sender) says whose domain it is. A claim to
// be a partner that what authenticated does not bear out is a contradiction, the core finding: two facts, both quoted.
//
// A contradiction alone is not an attack. A partner may write from a new domain, a distributor names the maker that it
// sells for, people have private mailboxes. It tells who is impersonated if the rest of the message is hostile.
package identity

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/brand"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

// Name is the analyser's name and version as findings quote it.
const Name = "identity/1"

// An Analyzer fills Claimed and Impersonated of an analysis. It is safe for concurrent use.
type Analyzer struct {
	dir    *directory
	brands *brand.List
}

// New makes the pack ready for searching; the pack must not change afterwards.
func New(pack *knowledge.Pack) *Analyzer {
	return &Analyzer{dir: newDirectory(pack), brands: brand.Default()}
}

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs Sender, Authentication, Organisation and, where there are any, Payloads.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	c := &check{a: a, d: z.dir, brands: z.brands, from: a.Sender.Author(), owner: -1, own: -1, field: a.Message.Field("From")}
	c.speaker()
	c.claims()
	c.thread()
	c.domains()
	c.resolve()
	c.contradictions()
	c.brandClaims()
	c.imitatedAnswer()
	c.company()
	c.divertedAnswer()
	c.impersonated()
}

// A check is one message under examination.
type check struct {
	a      *coldwatch.Analysis
	d      *directory
	brands *brand.List
	from   coldwatch.Mailbox
	field  *coldwatch.Field // From, nil if missing

	owner  int          // organisation that owns the From domain, -1 if the pack knows none
	own    int          // the reader's organisation, -1 if unknown
	proven map[int]bool // organisations that authentication speaks for
	failed bool         // the receiver looked and did not find the From domain confirmed, and no forwarder explains it

	made    []made
	pending []pending // names that several organisations have
}

// pending is a claim whose organisation is still open.
type pending struct {
	entries []entry
	made
}

// made is a claim with what the check needs beside it.
type made struct {
	coldwatch.Claimed
	org      int
	relation bool // claims to work for, sell for or service the organisation, not to be it
	weak     bool
	imitated string // true domain that a look-alike imitates
	kind     string // of look-alike
}

// speaker finds whose mail it is, as far as the receiver confirmed it.
func (c *check) speaker() {
	c.proven = map[int]bool{}
	au := &c.a.Authentication
	pack := c.d.pack
	if o := pack.OwnerOf(c.from.Domain); o != nil {
		c.owner = c.index(o)
		if au.Aligned {
			c.proven[c.owner] = true
		}
	}
	if o := pack.Organisation(c.a.Organisation); o != nil {
		c.own = c.index(o)
	}
	if c.owner >= 0 && !au.Aligned {
		o := &pack.Organisations[c.owner]
		for _, d := range au.DKIMDomains {
			if within(d, o.DKIMDomains) {
				c.proven[c.owner] = true
			}
		}
		if au.SPF == coldwatch.Pass && within(au.SPFDomain, o.MailServices) {
			c.proven[c.owner] = true
		}
	}
	c.failed = !au.Aligned && !au.Forwarded && (au.DMARC == coldwatch.Fail || au.SPF == coldwatch.Fail || au.SPF == coldwatch.SoftFail ||
		au.SPF == coldwatch.None || au.SPF == coldwatch.Neutral || au.SPF == coldwatch.Pass)
}

func within(domain string, list []string) bool {
	for _, d := range list {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

func (c *check) index(o *knowledge.Organisation) int {
	for i := range c.d.pack.Organisations {
		if &c.d.pack.Organisations[i] == o {
			return i
		}
	}
	return -1
}

func (c *check) org(i int) *knowledge.Organisation { return &c.d.pack.Organisations[i] }

// claims collects every identity that the message claims.
func (c *check) claims() {
	for i, m := range c.a.Sender.From {
		if i == 5 {
			break
		}
		c.name(m, "display-name", c.field)
	}
	if c.field != nil {
		c.local()
	}
	if f := c.a.Message.Field("Organization"); f != nil {
		c.text(message.DecodeHeader(f.Value), "organization-field", headerEvidence(f, message.DecodeHeader(f.Value)), false)
	}
	if f := c.a.Message.Field("Subject"); f != nil && len(c.a.Subject) < 400 {
		c.text(c.a.Subject, "subject", headerEvidence(f, c.a.Subject), false)
	}
	c.body()
	c.files()
	if c.owner >= 0 {
		c.claim(made{org: c.owner, Claimed: coldwatch.Claimed{Name: c.from.Domain, Kind: "domain", From: "domain", Evidence: headerEvidence(c.field, c.from.Address)}})
	}
}

// claim notes a claim once.
func (c *check) claim(m made) {
	o := c.org(m.org)
	m.Organisation, m.Authentic = o.ID, c.proven[m.org]
	for i := range c.made {
		if c.made[i].org == m.org && c.made[i].From == m.From && c.made[i].Kind == m.Kind {
			return
		}
	}
	if len(c.made) < 40 {
		c.made = append(c.made, m)
		c.a.Claimed = append(c.a.Claimed, m.Claimed)
	}
}

func (c *check) name(m coldwatch.Mailbox, from string, f *coldwatch.Field) {
	if m.Name == "" || f == nil {
		return
	}
	c.text(m.Name, from, headerEvidence(f, m.Name), true)
}

// relations are words by which a company says that it works with another and is not it.
var relations = wordSet(`partner distributor dealer reseller agent representative authorised authorized autorise autorisierter vertriebspartner servicepartner
	distribuidor distribuidora distributeur revendeur rivenditore representante via certified zertifizierter customer client`)

// text looks for names in a short text and claims those that stand there.
func (c *check) text(s, from string, ev coldwatch.Evidence, fuzzy bool) {
	if hits := c.d.find(s, fuzzy); len(hits) > 0 {
		c.hits(hits, s, from, ev)
	}
}

// hits claims the names found in a text.
func (c *check) hits(hits []hit, s, from string, ev coldwatch.Evidence) {
	relation := false
	folded := names.Fold(s)
	names.Words(folded, func(i, j int) bool {
		relation = relation || relations[folded[i:j]]
		return !relation
	})
	for n, h := range hits {
		if n == 8 {
			break
		}
		if inHost(s, h.start, h.end) || h.words == 1 && !alone(s, h.start, h.end) {
			continue
		}
		m := made{weak: h.fuzzy && h.words == 1, relation: relation && h.entries[0].person == nil}
		m.Name, m.Kind, m.From, m.Evidence = s[h.start:h.end], "brand", from, ev
		c.settle(h.entries, m)
	}
}

// alone tells whether a one-word name makes up its stretch between separators but for words that say nothing of whose it
// is: "Ana Vogel - Dometic", "Dometic Sales", but not "Polar Bear Tours".
func alone(s string, start, end int) bool {
	from, to := 0, len(s)
	for i, r := range s {
		if strings.ContainsRune(",;:|/()[]\"<>@–—•·", r) || r == '-' && i > 0 && i+1 < len(s) && s[i-1] == ' ' && s[i+1] == ' ' {
			if i < start {
				from = i + 1
			} else if i >= end && i < to {
				to = i
			}
		}
	}
	ok := true
	names.Words(s[from:to], func(i, j int) bool {
		if i+from < end && j+from > start {
			return true
		}
		w := names.Fold(s[from:to][i:j])
		ok = relations[w] || legalForms[w] || titles[w] || plainWords[w]
		return ok
	})
	return ok
}

// plainWords go with a company's name and are nobody's own.
var plainWords = wordSet(`sales team support service services office procurement purchasing logistics department dept group company international global head headquarters
	customer care help desk helpdesk it hr finance accounts accounting billing invoice invoices orders order export import quality management project projects supply
	from at of by the your for on behalf with in contact info news newsletter alerts notification notifications portal online secure security system systems admin
	vertrieb einkauf kundenservice verkauf buchhaltung service equipe ventes achats ventas compras technik
	manufacturing factory plant biologics pharma pharmaceutical pharmaceuticals vaccine vaccines healthcare holding holdings europe asia africa america
	germany france belgium netherlands luxembourg italy spain portugal austria switzerland poland czech ireland denmark sweden norway finland hungary romania greece
	turkey ukraine russia china japan korea taiwan singapore malaysia thailand vietnam indonesia philippines australia canada mexico brazil argentina chile
	egypt nigeria kenya uganda ghana ethiopia pakistan bangladesh emirates uae dubai usa uk kingdom united states deutschland belgique nederland italia espana schweiz polska`)

// inHost tells whether a stretch of text is part of an address or host name rather than a written name.
func inHost(s string, start, end int) bool {
	from, to := start, end
	for from > 0 && s[from-1] != ' ' && s[from-1] != '<' && s[from-1] != '(' {
		from--
	}
	for to < len(s) && s[to] != ' ' && s[to] != '>' && s[to] != ')' {
		to++
	}
	if strings.IndexByte(s[start:end], ' ') < 0 {
		start, end = to, to // one word: all of it counts
	}
	for i := from; i < to; i++ {
		if start <= i && i < end {
			continue
		}
		switch s[i] {
		case '@', '/':
			return true
		case '.':
			if i > from && i+1 < to && wordByte(s[i-1]) && wordByte(s[i+1]) {
				return true
			}
		}
	}
	return false
}

func wordByte(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' }

// settle claims a name that means one organisation and puts off one that means several.
func (c *check) settle(entries []entry, m made) {
	if len(entries) > 1 {
		if len(c.pending) < 20 {
			c.pending = append(c.pending, pending{entries, m})
		}
		return
	}
	c.claimAs(entries[0], m)
}

func (c *check) claimAs(e entry, m made) {
	m.org = e.org
	if e.person != nil {
		m.Person, m.Kind = e.person.Name, "person"
	}
	c.claim(m)
}

// resolve settles the names that were put off: for the true sender, else for an organisation that the message claims
// elsewhere, else for the first that is not the reader's own.
func (c *check) resolve() {
	for _, p := range c.pending {
		best, rank := p.entries[0], -1
		for _, e := range p.entries {
			r := 1
			switch {
			case e.org == c.owner:
				r = 3
			case c.names(e.org):
				r = 2
			case e.org == c.own:
				r = 0
			}
			if r > rank {
				best, rank = e, r
			}
		}
		c.claimAs(best, p.made)
	}
}

// local reads the part before the @: a person's name, or a company's label in a mailbox of another domain.
func (c *check) local() {
	local := names.Local(c.from.Address)
	if len(local) > 64 || c.owner >= 0 && c.proven[c.owner] {
		return
	}
	ev := headerEvidence(c.field, c.from.Address)
	words := strings.FieldsFunc(strings.ToLower(local), func(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '+' || '0' <= r && r <= '9' })
	if len(words) == 0 {
		return
	}
	for _, h := range c.d.find(strings.Join(words, " "), false) {
		if h.words > 1 || h.entries[0].person == nil && h.end-h.start >= 5 {
			m := made{weak: true}
			m.Name, m.Kind, m.From, m.Evidence = local, "brand", "local-part", ev
			c.settle(h.entries, m)
		}
	}
	for _, w := range words {
		if len(w) < 6 {
			continue
		}
		org, ok := c.d.labelled(names.Skeleton(w))
		if ok {
			m := made{org: org}
			m.Name, m.Kind, m.From, m.Evidence = w, "brand", "local-part", ev
			c.claim(m)
		}
	}
}

func headerEvidence(f *coldwatch.Field, text string) coldwatch.Evidence {
	if f == nil {
		return coldwatch.Evidence{}
	}
	return coldwatch.Evidence{Span: coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length}, Quote: f.Name + ": " + clip(text)}
}

func clip(s string) string {
	const most = 160
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Imitated returns the directory organisation that a host imitates and how, nil if none.
func (z *Analyzer) Imitated(host string) (*knowledge.Organisation, lookalike.Match) {
	m, ok := z.dir.imitated.Find(host)
	if !ok {
		return nil, m
	}
	o := &z.dir.pack.Organisations[m.Owner]
	if own(o, m) {
		return nil, lookalike.Match{}
	}
	return o, m
}
