// Package link looks at where a message leads: the addresses that its body and attachments link to, held against who
// sent it and what the text says.
//
// A URL (RFC 3986) is read by its host first. Hosts where anybody may publish, short links, bare IP addresses, names made
// by a machine, names that carry a brand which is not theirs, and text that shows another address than the link goes
// to are each weak by themselves: honest bulk mail has tracking links too. Together with who sent the message they are not.
package link

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/brand"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Name is the analyser's name and version as findings quote it.
const Name = "link/1"

// An Imitator tells which directory organisation a host imitates; package identity has one.
type Imitator func(host string) (*knowledge.Organisation, lookalike.Match)

// An Analyzer adds findings about links. It is safe for concurrent use.
type Analyzer struct {
	pack     *knowledge.Pack
	brands   *brand.List
	imitated Imitator
}

// New returns an analyser.
func New(pack *knowledge.Pack, imitated Imitator) *Analyzer {
	return &Analyzer{pack: pack, brands: brand.Default(), imitated: imitated}
}

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs Sender, Authentication, Recipients and Payloads.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	c := &check{Analyzer: z, a: a, from: a.Sender.Author().Domain, seen: map[string]bool{}, hosts: map[string]*seenHost{}}
	c.posed = c.claimed()
	for i := range a.Payloads {
		c.payload(&a.Payloads[i])
	}
	c.overall()
}

type check struct {
	*Analyzer
	a     *coldwatch.Analysis
	from  string
	seen  map[string]bool // kinds found, each once a message
	hosts map[string]*seenHost
	text  string // first visible text

	posed *knowledge.Organisation // see claimed

	anchors, foreign, partner  int
	firstForeign, firstPartner coldwatch.Evidence
	strange                    *coldwatch.Evidence // first link that is neither the sender's nor the claimed partner's nor a well-known site's
	strangeHost                string
}

type seenHost struct {
	kin     bool // the sender's own, or the reader's
	checked bool
}

const mostLinks = 300

func (c *check) payload(p *coldwatch.Payload) {
	if c.text == "" && p.Via == "body" {
		c.text = p.Text
	}
	for i := range p.Links {
		if i == mostLinks {
			break
		}
		c.link(p, &p.Links[i])
	}
	for i := range p.Destinations {
		if i == mostLinks {
			break
		}
		c.destination(p, &p.Destinations[i])
	}
}

func (c *check) add(kind, group, reason string, tech []string, ev ...coldwatch.Evidence) {
	if c.seen[kind] || ev[0].Span.Where == "" {
		return
	}
	c.seen[kind] = true
	c.a.Add(coldwatch.Finding{Kind: kind, Group: group, Reason: reason, Evidence: ev, Techniques: tech, Analyzer: Name})
}

// kin tells whether a host belongs to whoever sent the message or to the reader.
func (c *check) kin(host string) bool {
	if h := c.hosts[host]; h != nil {
		return h.kin
	}
	h := &seenHost{kin: names.Aligned(host, c.from)}
	for _, d := range c.a.Authentication.DKIMDomains {
		h.kin = h.kin || names.Aligned(host, d)
	}
	if c.a.Authentication.SPF == coldwatch.Pass {
		h.kin = h.kin || names.Aligned(host, c.a.Authentication.SPFDomain)
	}
	for i, r := range c.a.Recipients {
		h.kin = h.kin || i < 10 && names.Aligned(host, r.Domain)
	}
	if o := c.pack.OwnerOf(host); o != nil {
		if s := c.pack.OwnerOf(c.from); s == o {
			h.kin = true
		}
	}
	if b := c.brands.Owner(c.from); b != nil && b.Owns(host) {
		h.kin = true
	}
	c.hosts[host] = h
	return h.kin
}

func evidence(p *coldwatch.Payload, s coldwatch.Span, quote string) coldwatch.Evidence {
	if s.Where == "" {
		s = coldwatch.Span{Where: p.ID, Start: 0, End: len(p.Content)}
	}
	return coldwatch.Evidence{Span: s, Quote: clip(quote)}
}

func clip(s string) string {
	const most = 200
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func clickable(kind string) bool {
	switch kind {
	case "anchor", "text", "area", "qr", "pdf", "office", "refresh", "form":
		return true
	}
	return false
}

func (c *check) link(p *coldwatch.Payload, l *coldwatch.Hyperlink) {
	url, host := l.URL, names.Host(l.URL)
	if gateways[names.Organisational(host)] {
		url = unwrap(url)
		host = names.Host(url)
	}
	if host == "" {
		if clickable(l.Kind) && strings.HasPrefix(strings.ToLower(strings.TrimSpace(l.URL)), "data:text/html") {
			c.add("link.data_page", "link", "A link opens a page that the message itself carries.", nil, evidence(p, l.Span, l.URL))
		}
		return
	}
	if !clickable(l.Kind) {
		return
	}
	ev := evidence(p, l.Span, l.URL)
	c.anchors++
	if o := c.pack.OwnerOf(host); o != nil && o == c.posed {
		c.partner++
		if c.firstPartner.Span.Where == "" {
			c.firstPartner = ev
		}
	}
	if !c.kin(host) {
		if c.foreign++; c.foreign == 1 {
			c.firstForeign = ev
		}
		if c.pack.OwnerOf(host) == nil && c.strange == nil && c.brands.Owner(host) == nil {
			c.strange, c.strangeHost = &ev, host
		}
	}
	c.shown(p, l, host, ev)
	c.address(url, host, ev)
	if h := c.hosts[host]; !h.checked {
		h.checked = true
		c.host(host, ev)
	}
	if l.Kind == "qr" && !c.kin(host) {
		c.add("link.qr", "qr", "A picture holds a code that leads to "+host+".", []string{"T1566.002"}, ev)
	}
}

// claimed returns the organisation that the message poses as without being it, nil if there is none.
func (c *check) claimed() *knowledge.Organisation {
	if c.a.Impersonated.Organisation == "" {
		return nil
	}
	for i := range c.a.Findings {
		switch c.a.Findings[i].Kind {
		case "identity.contradiction", "identity.signature", "identity.free_mail", "identity.forged", "identity.own_claimed":
			return c.pack.Organisation(c.a.Impersonated.Organisation)
		}
	}
	return nil
}

// host looks at a host by itself.
func (c *check) host(host string, ev coldwatch.Evidence) {
	kin := c.kin(host)
	switch {
	case isIP(host):
		c.add("link.ip_host", "link", "A link leads to a bare address, "+host+".", nil, ev)
		return
	case names.Shortener(host) && !kin:
		c.add("link.shortener", "link", "A link hides where it leads behind "+host+".", nil, ev)
	case names.FreeHost(host) && !kin:
		c.add("link.free_host", "link", "A link leads to "+host+", where anybody may publish.", nil, ev)
	case badSuffix(host):
		c.add("link.suffix", "link", "A link leads to "+host+", under a suffix that is mostly abused.", nil, ev)
	}
	if kin {
		return
	}
	if label := names.Label(host); odd(label) {
		c.add("link.random_host", "link", "A link leads to "+host+", a name that looks made by a machine.", nil, ev)
	}
	if b, m := c.brands.Imitated(host); b != nil && m.Kind == lookalike.Subdomain {
		c.add("link.brand_front", "link-brand", fmt.Sprintf("A link leads to %s, which carries the name of %s in front of another's domain.", host, b.Name), nil, ev)
	} else if b != nil && m.Kind != lookalike.Suffix && (!names.FreeHost(host) || m.Kind != lookalike.Combosquat) {
		c.add("link.brand_host", "link-brand", fmt.Sprintf("A link leads to %s, which carries the name of %s but is not theirs.", host, b.Name), []string{"T1583.001"}, ev)
	}
	if c.imitated != nil && c.pack.OwnerOf(host) == nil {
		if o, m := c.imitated(host); o != nil && c.pack.OwnerOf(c.from) != o {
			c.a.Add(coldwatch.Finding{Kind: "link.lookalike", Group: "link-brand", Chain: true, Techniques: []string{"T1583.001"}, Evidence: []coldwatch.Evidence{ev}, Analyzer: Name,
				Reason: fmt.Sprintf("A link leads to %s, which imitates %s (%s).", host, o.Name, m.Kind)})
		}
	}
}

// shown compares a link with the text shown for it.
func (c *check) shown(p *coldwatch.Payload, l *coldwatch.Hyperlink, host string, ev coldwatch.Evidence) {
	s := strings.TrimSpace(l.Shown)
	if l.Kind == "anchor" && len(s) <= 120 && fileNamed(s) && !c.kin(host) && c.pack.OwnerOf(host) == nil && c.brands.Owner(host) == nil {
		c.add("link.file_shown", "link-shown", "A link shows the name of a file but leads to "+host+", which is neither the sender's nor a partner's.", []string{"T1566.002"}, ev)
	}
	if l.Kind != "anchor" || s == "" || len(s) > 200 || strings.ContainsAny(s, " \n") {
		return
	}
	text := names.Host(s)
	if text == "" && strings.IndexByte(s, '@') < 0 {
		text = bareHost(strings.ToLower(s))
	}
	if text == "" || names.Aligned(text, host) {
		return
	}
	switch {
	case c.kin(host):
		c.add("link.shown_tracked", "link-shown", fmt.Sprintf("A link shows %s but goes through the sender's %s.", text, host), nil, ev)
	default:
		c.add("link.shown_other", "link-shown", fmt.Sprintf("A link shows %s but leads to %s.", text, host), []string{"T1566.002"}, ev)
	}
}

// fileNamed tells whether a text is the name of a document or an archive.
func fileNamed(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 3 || strings.ContainsAny(s, "/\\@:?") {
		return false
	}
	switch strings.ToLower(s[dot+1:]) {
	case "pdf", "doc", "docx", "xls", "xlsx", "xlsm", "ppt", "pptx", "zip", "rar", "7z", "iso":
		return true
	}
	return false
}

// bareHost returns the host of a text like "www.company.com/page", "" if it is none.
func bareHost(s string) string {
	if end := strings.IndexAny(s, "/?#:"); end >= 0 {
		s = s[:end]
	}
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || len(s)-dot < 3 {
		return ""
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c == '.' || c == '-' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return ""
		}
	}
	if fileSuffix[s[dot+1:]] || !names.Delegated(s) {
		return ""
	}
	return s
}

var fileSuffix = map[string]bool{"pdf": true, "doc": true, "docx": true, "xls": true, "xlsx": true, "html": true, "htm": true, "txt": true, "jpg": true, "png": true, "zip": true, "php": true, "py": true, "sh": true}

// address looks at the whole URL.
func (c *check) address(url, host string, ev coldwatch.Evidence) {
	after := url[strings.Index(url, "://")+3:]
	authority := after
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		authority, after = after[:end], after[end:]
	} else {
		after = ""
	}
	if strings.IndexByte(authority, '@') >= 0 {
		c.add("link.userinfo", "link", "A link puts a name before the @ so that it seems to lead elsewhere.", nil, ev)
	}
	if strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--") {
		c.add("link.idn", "link", "A link leads to "+names.Unicode(host)+", a name in other letters.", nil, ev)
	}
	if c.kin(host) || len(after) < 8 {
		return
	}
	if redirects(host, after) {
		c.add("link.redirect", "link", "A link uses "+host+" to send the reader on elsewhere.", nil, ev)
	}
	if broken(after) {
		c.add("link.compromised", "link-path", "A link leads into the inner folders of a site, where pages are put by whoever broke in.", nil, ev)
	} else if path, _, query := strings.Cut(after, "?"); query && strings.HasSuffix(path, ".php") && c.brands.Owner(host) == nil {
		c.add("link.script_page", "link-path", "A link leads to a script page with a key of its own for the reader.", nil, ev)
	}
	for i, r := range c.a.Recipients {
		if i == 3 {
			break
		}
		if len(r.Address) < 6 {
			continue
		}
		if hash := strings.IndexByte(after, '#'); hash >= 0 && (strings.Contains(after[hash:], r.Address) || strings.Contains(after[hash:], encoded(r.Address))) {
			c.add("link.recipient", "link-recipient", "A link carries the reader's address in its fragment, as credential pages use it.", nil, ev)
		} else if strings.Contains(after, encoded(r.Address)) {
			c.add("link.recipient", "link-recipient", "A link carries the reader's address encoded.", nil, ev)
		} else if strings.Contains(after, r.Address) {
			c.add("link.recipient_plain", "link-recipient", "A link carries the reader's address.", nil, ev)
		}
	}
}

// broken tells whether a path lies in folders of a content system that hold no pages by design.
func broken(after string) bool {
	path, _, _ := strings.Cut(strings.ToLower(after), "?")
	path, _, _ = strings.Cut(path, "#")
	for _, dir := range [...]string{"/wp-content/", "/wp-includes/", "/wp-admin/", "/.well-known/", "/vendor/phpunit/", "/sites/default/files/"} {
		if i := strings.Index(path, dir); i >= 0 {
			last := path[strings.LastIndexByte(path, '/')+1:]
			return strings.HasSuffix(last, ".php") || strings.HasSuffix(last, ".html") || strings.HasSuffix(last, ".htm") || last == "" || !strings.Contains(last, ".")
		}
	}
	return false
}

// encoded is the part of an address's base64 form that does not depend on what follows it.
func encoded(address string) string {
	s := base64.StdEncoding.EncodeToString([]byte(address))
	return s[:len(address)/3*4]
}

// redirects tells whether a URL is an open redirect of a large site.
func redirects(host, after string) bool {
	low := strings.ToLower(after)
	switch {
	case strings.HasPrefix(names.Organisational(host), "google.") && (strings.HasPrefix(low, "/url?") || strings.HasPrefix(low, "/amp/")):
		return true
	case strings.HasSuffix(host, "bing.com") && strings.HasPrefix(low, "/ck/"):
		return true
	case host == "t.co", host == "googleads.g.doubleclick.net", strings.HasSuffix(host, "adclick.g.doubleclick.net"):
		return true
	}
	return strings.Count(low, "http%3a%2f%2f")+strings.Count(low, "https%3a%2f%2f")+strings.Count(low, "=http") > 0 && (strings.Contains(low, "redirect") || strings.Contains(low, "/url?"))
}

func (c *check) destination(p *coldwatch.Payload, d *coldwatch.Destination) {
	if !d.Credentials {
		return
	}
	host := names.Host(d.URL)
	if host == "" {
		return
	}
	ev := evidence(p, d.Span, d.URL)
	if c.kin(host) {
		c.add("link.credentials_kin", "credentials", "A password typed here would go to the sender's own "+host+".", nil, ev)
	} else {
		c.add("link.credentials", "credentials", "A password typed here would go to "+host+", which is neither the sender's nor the reader's.", []string{"T1598.002"}, ev)
	}
}

// document looks for an attached document that says little and leads only to a stranger's site: a link that hides from
// filters in a file (ATT&CK T1566.001).
func (c *check) document() {
	const little = 1200
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if p.Via != "attachment" || p.Kind != "pdf" && p.Kind != "office" && p.Kind != "rtf" || len(p.Text) > little || len(p.Links) == 0 || len(p.Links) > 5 {
			continue
		}
		host, at := "", 0
		for j := range p.Links {
			h := names.Host(p.Links[j].URL)
			if h == "" || !clickable(p.Links[j].Kind) {
				continue
			}
			if c.kin(h) || c.pack.OwnerOf(h) != nil || c.brands.Owner(h) != nil || host != "" && h != host {
				host = ""
				break
			}
			host, at = h, j
		}
		if host != "" {
			c.add("link.document_only", "link-document", "An attached document says little and leads only to "+host+", which is neither the sender's nor a partner's.", []string{"T1566.001"}, evidence(p, p.Links[at].Span, p.Links[at].URL))
		}
	}
}

// overall looks at the links of a message together.
func (c *check) overall() {
	c.document()
	claimed := c.posed
	switch {
	case c.anchors == 0 && claimed != nil && claimed == c.pack.OwnerOf(c.from) && c.inert():
		c.add("link.nothing_forged", "link-foreign", "Whoever might have forged "+c.from+" gains nothing: there is nothing to click, fill in or run, and answers go to "+claimed.Name+".", nil, c.fromEvidence())
	case c.anchors == 0 && claimed != nil && c.inert():
		c.add("link.nothing", "link-foreign", "The message poses as "+claimed.Name+" and holds nothing to click, fill in or run; answers go where they seem to.", nil, c.fromEvidence())
	case c.anchors == 0:
	case claimed != nil && c.strange != nil && claimed == c.pack.OwnerOf(c.from) && c.a.Message.Field("List-Unsubscribe") != nil:
		c.add("link.not_partner_bulk", "link-foreign", fmt.Sprintf("Bulk mail that says it is from %s leads to %s, which is neither theirs nor the sender's.", claimed.Name, c.strangeHost), nil, *c.strange)
	case claimed != nil && c.strange != nil:
		c.add("link.not_partner", "link-foreign", fmt.Sprintf("The message poses as %s and leads to %s, which is neither theirs nor the sender's.", claimed.Name, c.strangeHost),
			[]string{"T1566.002"}, *c.strange)
	case claimed != nil && c.partner == c.anchors && claimed == c.pack.OwnerOf(c.from) && c.inert():
		c.add("link.partner_only_forged", "link-foreign", "Whoever might have forged "+c.from+" gains nothing: every link leads to the true site of "+claimed.Name+".", nil, c.firstPartner)
	case claimed != nil && c.partner == c.anchors:
		c.add("link.partner_only", "link-foreign", "Every link leads to the true site of "+claimed.Name+".", nil, c.firstPartner)
	case c.foreign == c.anchors:
		c.add("link.all_foreign", "link-foreign", "No link leads to the sender's own site.", nil, c.firstForeign)
	}
	if badSuffix(c.from) {
		c.add("sender.suffix", "random", "The sender's domain "+c.from+" is under a suffix that is mostly abused.", nil, c.fromEvidence())
	}
	if c.a.Authentication.Forwarded || c.brands.Owner(c.from) != nil || c.pack.OwnerOf(c.from) != nil || c.text == "" || c.anchors == 0 {
		return
	}
	text := c.text
	if len(text) > 600 {
		text = text[:600]
		for len(text) > 0 && text[len(text)-1]&0xC0 == 0x80 {
			text = text[:len(text)-1]
		}
	}
	for _, b := range c.brands.InText(text, 3) {
		own := false
		for host := range c.hosts {
			own = own || b.Owns(host)
		}
		if !own && c.foreign > 0 {
			c.add("brand.body", "brand", fmt.Sprintf("The text speaks for %s, but neither the sender nor a link is theirs.", b.Name), nil, c.firstForeign)
			return
		}
	}
}

// inert tells whether nothing in the message could do harm by itself, and answers go to the address shown.
func (c *check) inert() bool {
	for _, r := range c.a.Sender.ReplyTo {
		if r.Domain != c.from {
			return false
		}
	}
	for i := range c.a.Payloads {
		p := &c.a.Payloads[i]
		if len(p.Forms) > 0 || len(p.Destinations) > 0 || p.Limit != "" || p.Trait("encrypted") {
			return false
		}
		switch p.Kind {
		case "text", "pdf", "image", "calendar", "contact":
		case "html":
			if p.Via != "body" && (len(p.Layers) > 0 || p.Trait("script") || p.Trait("javascript") || p.Trait("opaque-script") || p.Trait("meta-refresh")) {
				return false
			}
		case "archive":
			if !c.opened(p.ID) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// opened tells whether a payload gave up others.
func (c *check) opened(id string) bool {
	for i := range c.a.Payloads {
		if c.a.Payloads[i].Parent == id {
			return true
		}
	}
	return false
}

func (c *check) fromEvidence() coldwatch.Evidence {
	f := c.a.Message.Field("From")
	if f == nil {
		return coldwatch.Evidence{}
	}
	return coldwatch.Evidence{Span: coldwatch.Span{Where: "raw", Start: f.Offset, End: f.Offset + f.Length}, Quote: "From: " + clip(f.Value)}
}

func isIP(host string) bool {
	if strings.HasPrefix(host, "[") {
		return true
	}
	digit := false
	for i := 0; i < len(host); i++ {
		if c := host[i]; c != '.' && (c < '0' || c > '9') {
			return false
		}
		digit = true
	}
	return digit
}

// badSuffix tells whether a host is under a top-level domain that abuse reports rank first, year after year.
func badSuffix(host string) bool {
	return badSuffixes[host[strings.LastIndexByte(host, '.')+1:]]
}

// Source: the yearly rankings of abused top-level domains by Spamhaus, Interisle and Netcraft.
var badSuffixes = func() map[string]bool {
	out := map[string]bool{}
	for _, s := range strings.Fields(`top xyz click icu cfd sbs buzz cyou rest quest bond cam monster hair beauty skin makeup lol mom autos boats homes yachts motorcycles
		tk ml ga cf gq pw su ru.com za.com sa.com work loan date racing win bid trade review stream download gdn men party accountant faith science cricket webcam
		surf fit kim ooo zip mov lat christmas shop store online site website space live fun host press world club vip today life best`) {
		out[s] = true
	}
	return out
}()

// odd tells whether a label mixes letters and digits without sense, or has no vowels to speak of.
func odd(s string) bool {
	if len(s) < 9 {
		return false
	}
	turns, letters, vowels := 0, 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		digit := '0' <= c && c <= '9'
		if i > 0 && digit != ('0' <= s[i-1] && s[i-1] <= '9') {
			turns++
		}
		if 'a' <= c && c <= 'z' {
			letters++
			if strings.IndexByte("aeiouy", c) >= 0 {
				vowels++
			}
		}
	}
	return turns >= 4 || letters >= 9 && vowels*6 < letters
}
