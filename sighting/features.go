package sighting

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// features collects the values that a message gives in the views of the ledger.
type features struct {
	pack *knowledge.Pack
	a    *coldwatch.Analysis
	out  []coldwatch.Feature
}

func (f *features) add(v coldwatch.View, value string) {
	if value == "" || len(value) > 400 {
		return
	}
	f.out = append(f.out, coldwatch.Feature{View: v, Value: value})
}

func (f *features) collect() {
	f.payloads()
	f.sender()
	f.text()
	a := f.a
	f.add(coldwatch.ViewNet, network(a.Authentication.Hop))
	f.add(coldwatch.ViewTooling, a.Tooling.Fingerprint)
	if id := a.Impersonated.Organisation; id != "" {
		f.add(coldwatch.ViewIdentity, id)
	} else if n := a.Impersonated.Name; n != "" {
		f.add(coldwatch.ViewIdentity, "name:"+fold(n))
	}
	f.add(coldwatch.ViewTheme, a.Lure.Theme)
	if len(a.Lure.Models) > 0 {
		f.add(coldwatch.ViewModels, strings.Join(a.Lure.Models, ";"))
	}
}

// payloads gives the values of what was opened: where it leads, how it is built, what it is called.
func (f *features) payloads() {
	for i := range f.a.Payloads {
		p := &f.a.Payloads[i]
		body := p.Via == "body" || p.Parent == "" && p.Via != "attachment"
		for _, d := range p.Destinations {
			f.destination(d.URL)
		}
		for _, l := range p.Links {
			f.link(l, p.Via == "qr" || !body)
		}
		if p.Structure != "" {
			if body {
				f.add(coldwatch.ViewStructure, "body:"+p.Structure)
			} else {
				f.add(coldwatch.ViewStructure, p.Structure)
			}
		}
		if len(p.Layers) > 0 {
			f.add(coldwatch.ViewLayers, strings.Join(p.Layers, ">"))
		}
		if body {
			continue
		}
		if p.Via == "attachment" || p.Via == "archive" || p.Via == "embedded" {
			if p.SHA256 != emptyFile {
				f.add(coldwatch.ViewAttachment, p.SHA256)
			}
			for _, b := range fuzzyBands(p.Fuzzy) {
				f.add(coldwatch.ViewFuzzy, b)
			}
			for _, b := range imageBands(p.ImageHash) {
				f.add(coldwatch.ViewImage, b)
			}
			if p.Name != "" {
				f.add(coldwatch.ViewFileName, f.maskName(p.Name))
			}
		}
		if m := metadata(p.Metadata); m != "" {
			f.add(coldwatch.ViewMetadata, m)
		}
	}
}

// emptyFile is the SHA-256 of nothing.
const emptyFile = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// destination takes where the credentials would go. Its host and its path are two views of one thing: a rented panel has
// the customer in the one and the kit in the other.
func (f *features) destination(raw string) {
	f.landing(raw)
}

// landing takes a place that belongs to the attack: its host, the customer's name or account there, and its path.
func (f *features) landing(raw string) {
	host, path := f.place(raw)
	if host == "" {
		return
	}
	f.add(coldwatch.ViewHost, host)
	f.add(coldwatch.ViewPath, path)
	full, accounts := f.tenant(raw, host)
	f.add(coldwatch.ViewHost, full)
	for _, a := range accounts {
		f.add(coldwatch.ViewAccount, a)
	}
}

// link takes what the reader would click. Within something that was opened it is the landing place; in a body it is
// weaker, for bodies link to much that is not the sender's.
func (f *features) link(l coldwatch.Hyperlink, inside bool) {
	switch l.Kind {
	case "image", "style", "script":
		return // hot-linked decoration is borrowed from whoever is imitated
	}
	host, path := f.place(l.URL)
	if host == "" {
		return
	}
	if inside || l.Kind == "qr" || l.Kind == "refresh" || l.Kind == "form" {
		f.landing(l.URL)
		return
	}
	if f.borrowed(host) {
		return
	}
	f.add(coldwatch.ViewLinkHost, host)
	_, accounts := f.tenant(l.URL, host)
	for _, a := range accounts {
		f.add(coldwatch.ViewAccount, a)
	}
	if len(f.a.Payloads) > 0 && path != "" && path != "/" {
		f.add(coldwatch.ViewPath, path)
	}
}

// borrowed tells whether a host in a body is the true site of the name that is imitated: its label is the name, under a suffix that names of
// old are under. What imitates a site is seldom the site's own name.
func (f *features) borrowed(host string) bool {
	label, suffix, ok := strings.Cut(host, ".")
	if !ok || label != strings.Map(keepLetters, strings.ToLower(f.a.Impersonated.Name)) {
		return false
	}
	switch suffix {
	case "com", "org", "net", "io", "co.uk", "com.br", "com.au":
		return true
	case "tk", "ml", "ga", "cf", "gq", "cc", "ws", "pw":
		return false
	}
	return len(suffix) == 2
}

func keepLetters(r rune) rune {
	if notLetter(r) && !unicode.IsDigit(r) {
		return -1
	}
	return r
}

// place normalises a URL to the host value and the path template of linking; both are empty for what is no evidence.
func (f *features) place(raw string) (host, path string) {
	if strings.HasPrefix(raw, "mailto:") {
		addr := strings.ToLower(strings.TrimPrefix(raw, "mailto:"))
		if q := strings.IndexByte(addr, '?'); q >= 0 {
			addr = addr[:q]
		}
		return f.address(addr), ""
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" {
		return "", ""
	}
	h := strings.TrimRight(strings.ToLower(u.Hostname()), ".>")
	if h == "" || f.pack.OwnerOf(h) != nil || f.recipientDomain(h) {
		return "", ""
	}
	if ip, err := netip.ParseAddr(h); err == nil {
		return ip.String(), pathTemplate(u)
	}
	if shared(h) {
		t := token(u)
		if t == "" {
			return "", pathTemplate(u) // the service's own page, a decoy as often as not
		}
		return h + "/" + t, pathTemplate(u)
	}
	return organisational(h), pathTemplate(u)
}

// tenant names who rents a place: the whole host where a label before the domain looks made, as on free hosting that gives
// each customer a label; and as accounts that label, and the first value of the query that looks made, as on a rented panel that
// tells its customers apart by a number. Accounts are hashed, for such a value may also stand for the victim.
func (f *features) tenant(raw, host string) (full string, accounts []string) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" { // an address of mail is an account itself
		return "", nil
	}
	account := func(v string) {
		sum := sha256.Sum256([]byte(host + "\x00" + v))
		accounts = append(accounts, host+"#"+hex.EncodeToString(sum[:6]))
	}
	h := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if labels, ok := strings.CutSuffix(h, "."+host); ok {
		for label := range strings.SplitSeq(labels, ".") {
			if looksMade(label) {
				full = h
				account(label)
				break
			}
		}
	}
	for kv := range strings.SplitSeq(u.RawQuery, "&") {
		_, v, _ := strings.Cut(kv, "=")
		v, _, _ = strings.Cut(v, "?")
		if looksMade(v) && len(v) <= 64 && !strings.Contains(v, "%40") {
			account(v)
			break
		}
	}
	return full, accounts
}

// recipientDomain tells whether the host belongs to whoever got the message, which the pack may not know.
func (f *features) recipientDomain(host string) bool {
	d := organisational(host)
	for _, r := range f.a.Recipients {
		if r.Domain != "" && organisational(r.Domain) == d && !freeMail(r.Domain) {
			return true
		}
	}
	return false
}

// sender gives the values of who sent it, as far as they are the attacker's own.
func (f *features) sender() {
	s := f.a.Sender
	for i, m := range s.From {
		f.add(coldwatch.ViewSender, f.address(m.Address))
		if i == 0 {
			f.add(coldwatch.ViewPersona, f.persona(m))
		}
	}
	for _, m := range s.ReplyTo {
		f.add(coldwatch.ViewReplyTo, f.address(m.Address))
	}
	f.add(coldwatch.ViewEnvelope, f.address(strings.ToLower(s.ReturnPath)))
	for _, d := range f.a.Authentication.Signed {
		if f.pack.OwnerOf(d) == nil {
			f.add(coldwatch.ViewDKIM, organisational(d))
		}
	}
}

// address normalises a mail address: the whole address of a free-mail service, else the organisational domain. Members'
// and partners' addresses give nothing.
func (f *features) address(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	d := strings.TrimSuffix(strings.ToLower(addr[at+1:]), ".")
	switch {
	case d == "", f.pack.OwnerOf(d) != nil, f.recipientDomain(d):
		return ""
	case freeMail(d):
		return strings.ToLower(addr[:at]) + "@" + d
	}
	return organisational(d)
}

// persona is the display name, when it is a name rather than an address or the recipient's own.
func (f *features) persona(m coldwatch.Mailbox) string {
	n := fold(m.Name)
	if n == "" || strings.Contains(n, "@") || len(n) > 80 {
		return ""
	}
	for _, r := range f.a.Recipients {
		if at := strings.IndexByte(r.Address, '@'); n == fold(r.Name) || at > 0 && n == strings.ToLower(r.Address[:at]) {
			return ""
		}
	}
	return n
}

// text gives the band tokens of the body and the subject's template.
func (f *features) text() {
	m := newMasker(f.a)
	if t := m.subject(f.a.Subject); t != "" {
		f.add(coldwatch.ViewSubject, t)
	}
	for _, t := range bands(m.words(bodyText(f.a))) {
		f.add(coldwatch.ViewText, t)
	}
}

// bodyText is the longest body: of the alternatives of one message it says the most.
func bodyText(a *coldwatch.Analysis) string {
	text := ""
	for i := range a.Payloads {
		if p := &a.Payloads[i]; p.Via == "body" && len(p.Text) > len(text) {
			text = p.Text
		}
	}
	if text != "" || a.Message == nil {
		return text
	}
	for i := range a.Message.Parts {
		if p := &a.Message.Parts[i]; p.MediaType == "text/plain" && p.Disposition != "attachment" && len(p.Text) > len(text) {
			text = p.Text
		}
	}
	return text
}

// network gives the /24 of an IPv4 and the /48 of an IPv6 address, "" for private ones.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return ""
	}
	ip = ip.Unmap()
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
		return ""
	}
	bits := 24
	if ip.Is6() {
		bits = 48
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// metadata keeps what names the maker of a document, not when it was made.
func metadata(m map[string]string) string {
	var parts []string
	for _, k := range []string{"author", "company", "creator", "producer"} {
		if v := fold(m[k]); v != "" {
			parts = append(parts, k+"="+maskDigits(v))
		}
	}
	return strings.Join(parts, ";")
}

// observables gives the analysis's observables without those of partners and of whoever got the message, which the
// analyser may not have known.
func (f *features) observables() []coldwatch.Observable {
	var out []coldwatch.Observable
	for _, o := range f.a.Observables {
		if f.partner(o) {
			continue
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b coldwatch.Observable) int {
		return strings.Compare(string(a.Kind)+a.Value+a.Role, string(b.Kind)+b.Value+b.Role)
	})
	return slices.Compact(out)
}

func (f *features) partner(o coldwatch.Observable) bool {
	d := o.Value
	switch o.Kind {
	case coldwatch.EmailAddress:
		d = d[strings.LastIndexByte(d, '@')+1:]
	case coldwatch.URL:
		u, err := url.Parse(d)
		if err != nil {
			return true
		}
		d = u.Hostname()
	case coldwatch.DomainName:
	default:
		return false
	}
	d = strings.ToLower(d)
	return f.pack.OwnerOf(d) != nil || f.recipientDomain(d)
}
