package federation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/knowledge"
)

// A SightingBody is what a frame says of one message. Numbers are whole: bits and the threat index in tenths.
type SightingBody struct {
	ID         string          `json:"id"`      // keyed hash of the message's id: only its member can tell which it is
	Hour       string          `json:"hour"`    // of receipt
	Quarter    Quarter         `json:"quarter"` // of the key of the tokens
	Class      coldwatch.Class `json:"class"`
	Bits       int             `json:"bits"`
	Kinds      []string        `json:"kinds,omitempty"`
	Imitated   string          `json:"imitated,omitempty"`
	As         string          `json:"as,omitempty"` // person, brand, domain, account
	Function   string          `json:"function,omitempty"`
	Features   Features        `json:"features"`
	Theme      string          `json:"theme,omitempty"`
	Act        string          `json:"act,omitempty"`
	Language   string          `json:"language,omitempty"`
	Fidelity   int             `json:"fidelity,omitempty"`
	FidelityOf int             `json:"fidelity_of,omitempty"`
	Models     []string        `json:"models,omitempty"`
	Programmes []string        `json:"programmes,omitempty"`
	Claims     map[string]int  `json:"claims,omitempty"` // result → band of the count
	Chain      bool            `json:"chain,omitempty"`
	Techniques []string        `json:"techniques,omitempty"`
	Threat     int             `json:"threat"`
	Objective  string          `json:"objective"`
	Carrier    string          `json:"carrier"`
	Layers     []string        `json:"layers,omitempty"`
	Indicators []Indicator     `json:"indicators,omitempty"`
	TLP        string          `json:"tlp"`
	Group      string          `json:"group,omitempty"`
}

// A BodyFeature is one value of one view: a token, with that of the quarter before while the two overlap; or in clear, where it is
// a word of the program or so common that it tells nothing.
type BodyFeature struct {
	View  coldwatch.View
	Token string
	Was   string
	Clear string
}

// Features are written by view, each value as "token", "token was" or "=clear", sorted: the order of the values themselves would
// tell something of them.
type Features []BodyFeature

// MarshalJSON writes them.
func (fs Features) MarshalJSON() ([]byte, error) {
	out := map[coldwatch.View][]string{}
	for _, f := range fs {
		v := f.Token
		switch {
		case f.Clear != "":
			v = "=" + f.Clear
		case f.Was != "":
			v += " " + f.Was
		}
		out[f.View] = append(out[f.View], v)
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (fs *Features) UnmarshalJSON(raw []byte) error {
	var in map[coldwatch.View][]string
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	for _, view := range slices.Sorted(maps.Keys(in)) {
		for _, v := range in[view] {
			f := BodyFeature{View: view}
			if clear, ok := strings.CutPrefix(v, "="); ok {
				f.Clear = clear
			} else {
				f.Token, f.Was, _ = strings.Cut(v, " ")
			}
			*fs = append(*fs, f)
		}
	}
	return nil
}

// An Indicator is something of the attacker's that a reader can block.
type Indicator struct {
	Kind  coldwatch.ObservableKind `json:"kind"`
	Value string                   `json:"value"`
	Role  string                   `json:"role"`
}

// What becomes of a value.
const (
	Clear    = "clear"
	Token    = "token"
	Withheld = "withheld"
)

// A Decision is what becomes of one value, and why.
type Decision struct {
	Field   string `json:"field"`
	Value   string `json:"value"`
	Outcome string `json:"outcome"`
	Sent    string `json:"sent,omitempty"` // what leaves in its place
	Reason  string `json:"reason"`
}

// A wall lets sightings pass by a policy.
type wall struct {
	policy Policy
	ring   *Ring
	own    string // the member's organisation in the pack
	secret []byte // hides which message a sighting is of
	pack   *knowledge.Pack
	common func(coldwatch.View, string) bool
}

func newWall(p Policy, r *Ring, own string, secret []byte, pack *knowledge.Pack) *wall {
	return &wall{p, r, own, secret, pack, campaign.Common()}
}

// clearViews are the views whose values are words of the program or of the pack that everybody has.
var clearViews = map[coldwatch.View]bool{coldwatch.ViewLayers: true, coldwatch.ViewTheme: true, coldwatch.ViewModels: true}

// shares tells whether messages of that class give a sighting.
func (w *wall) shares(c coldwatch.Class) bool { return slices.Contains(w.policy.Share, c) }

// pass makes what leaves of a sighting, and tells of every value what becomes of it.
func (w *wall) pass(s *coldwatch.Sighting, now time.Time) (SightingBody, []Decision) {
	p := passage{wall: w, s: s, now: now}
	p.head()
	p.features()
	p.details()
	p.indicators()
	return p.body, p.told
}

// wireID is the id under which the hub knows a message.
func (w *wall) wireID(id string) string {
	h := hmac.New(sha256.New, w.secret)
	h.Write([]byte("sighting " + id))
	return hex.EncodeToString(h.Sum(nil))
}

// A passage is one sighting on its way through the wall.
type passage struct {
	*wall
	s    *coldwatch.Sighting
	now  time.Time // tokens are made with the key of its quarter
	body SightingBody
	told []Decision
}

func (p *passage) tell(field, value, outcome, sent, reason string) {
	p.told = append(p.told, Decision{field, value, outcome, sent, reason})
}

func (p *passage) head() {
	s := p.s
	p.body = SightingBody{ID: p.wireID(s.ID), Hour: s.Received.UTC().Truncate(time.Hour).Format(time.RFC3339), Quarter: QuarterOf(p.now), Class: s.Class,
		Bits: tenths(s.Bits), TLP: p.policy.TLP, Group: p.policy.Group, Threat: tenths(s.TTI), Features: Features{}}
	p.tell("id", s.ID, Token, p.body.ID, "hashed with a secret of this member: only it can tell which message this is")
	p.tell("organisation", s.Organisation, Withheld, "", "the hub knows who sends; nobody else is told")
	p.tell("received", s.Received.UTC().Format(time.RFC3339), Clear, p.body.Hour, "the hour")
	p.tell("class", string(s.Class), Clear, string(s.Class), "the verdict")
	p.tell("target", strings.TrimSpace(strings.Join(s.Target.Roles, " ")+" "+s.Target.Country), Withheld, "", "the hub has the member's place from its enrolment, and generalises it")
}

// tenths rounds to whole tenths within what a body can hold.
func tenths(f float64) int {
	switch {
	case f != f:
		return 0
	case f > 1e6:
		return 1e7
	case f < -1e6:
		return -1e7
	case f < 0:
		return int(f*10 - .5)
	}
	return int(f*10 + .5)
}

func (p *passage) features() {
	q := p.body.Quarter
	now := p.ring.tokens(q)
	var was *tokenizer
	if overlapping(p.now) {
		t := p.ring.tokens(q.before())
		was = &t
	}
	for _, f := range p.s.Features {
		field := "feature " + string(f.View)
		switch {
		case slices.Contains(p.policy.Withhold, f.View):
			p.tell(field, f.Value, Withheld, "", "the policy withholds this view")
		case clearViews[f.View] && p.policy.Details, f.View == coldwatch.ViewIdentity && p.policy.Imitated && !strings.HasPrefix(f.Value, "name:"):
			p.body.Features = append(p.body.Features, BodyFeature{View: f.View, Clear: f.Value})
			p.tell(field, f.Value, Clear, f.Value, "a word of the program or of the shared pack")
		case p.common(f.View, f.Value):
			p.body.Features = append(p.body.Features, BodyFeature{View: f.View, Clear: f.Value})
			p.tell(field, f.Value, Clear, f.Value, "so common in ordinary mail that it tells nothing")
		default:
			b := BodyFeature{View: f.View, Token: now.of(f.View, f.Value)}
			reason := "compared with others' by its token of " + string(q)
			if was != nil {
				b.Was = was.of(f.View, f.Value)
				reason += ", and of the quarter before while the two overlap"
			}
			p.body.Features = append(p.body.Features, b)
			p.tell(field, f.Value, Token, b.Token, reason)
		}
	}
}

func (p *passage) details() {
	s, b := p.s, &p.body
	if p.policy.Imitated && s.Impersonated.Organisation != "" {
		b.Imitated, b.As = s.Impersonated.Organisation, s.Impersonated.Kind
		p.tell("imitated", b.Imitated, Clear, b.Imitated, "an id of the shared pack")
	}
	for _, v := range []string{s.Impersonated.Name, s.Impersonated.Persona} {
		if v != "" {
			p.tell("imitated", v, Withheld, "", "a name: it may be a real person's whose account was taken over")
		}
	}
	switch {
	case s.Target.Function == "":
	case p.policy.Person:
		b.Function = s.Target.Function
		p.tell("function", b.Function, Clear, b.Function, "a kind of work, never a person")
	default:
		p.tell("function", s.Target.Function, Withheld, "", "the policy says so")
	}
	b.Objective, b.Carrier = s.Objective, s.Carrier
	if !p.policy.Details {
		p.tell("details", "findings, lure, methods", Withheld, "", "the policy says so")
		return
	}
	b.Kinds, b.Techniques, b.Layers = s.Kinds, s.Techniques, s.Layers
	b.Theme, b.Act, b.Language, b.Fidelity, b.FidelityOf = s.Lure.Theme, s.Lure.Act, s.Lure.Language, s.Lure.Fidelity, s.Lure.FidelityOf
	b.Models, b.Programmes, b.Chain = s.Lure.Models, s.Lure.Programmes, s.Lure.Chain
	for result, n := range s.Lure.Claims {
		if b.Claims == nil {
			b.Claims = map[string]int{}
		}
		b.Claims[result] = band(n)
	}
	p.tell("details", "findings, lure, methods", Clear, "", "words of the program and of the shared pack; counts as bands")
}

// band rounds a count down to a power of two: 0, 1, 2, 4, 8 …
func band(n int) int {
	b := 1
	for b*2 <= n {
		b *= 2
	}
	return min(b, n)
}

// indicators lets out, readable, what is the attacker's own.
func (p *passage) indicators() {
	seen := map[Indicator]bool{}
	for _, o := range p.s.Observables {
		value, kind, why := p.readable(o)
		field := "indicator " + o.Role
		if why != "" {
			p.tell(field, o.Value, Withheld, "", why)
			continue
		}
		i := Indicator{kind, value, o.Role}
		if !seen[i] {
			seen[i] = true
			p.body.Indicators = append(p.body.Indicators, i)
		}
		p.tell(field, o.Value, Clear, value, "the attacker's own, and nobody's in the pack")
	}
}

// readable gives what leaves of an observable, or why nothing does.
func (p *passage) readable(o coldwatch.Observable) (value string, kind coldwatch.ObservableKind, why string) {
	kind, value = o.Kind, strings.ToLower(strings.TrimSpace(o.Value))
	host, allow := value, clearHosts
	switch o.Kind {
	case coldwatch.FileHash:
		host, allow = "", clearFiles
	case coldwatch.IPv4Address, coldwatch.IPv6Address:
		host, allow = "", clearNetworks
		if ip, err := netip.ParseAddr(value); err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return "", kind, "an address of an internal network"
		}
	case coldwatch.EmailAddress:
		_, host, _ = strings.Cut(value, "@")
		allow = clearMailboxes
	case coldwatch.URL:
		return "", kind, "a whole web address often holds the victim's; its host goes by itself"
	case coldwatch.DomainName:
	default:
		return "", kind, "not a kind that leaves"
	}
	switch {
	case !p.s.Class.Bad():
		why = "the message is only suspicious"
	case !o.Owned:
		why = "shared or borrowed, not the attacker's own"
	case !slices.Contains(p.policy.Clear, allow):
		why = "the policy does not let out " + allow
	case host != "" && p.pack.OwnerOf(host) != nil:
		why = "it belongs to an organisation of the pack"
	case host != "" && internal(host):
		why = "a name of an internal network"
	case o.Kind == coldwatch.DomainName && knowledge.IsFreeMail(value):
		why = "many use it"
	case p.banned(value):
		why = "it names this member, or something that the policy never lets out"
	}
	return value, kind, why
}

// banned tells whether a value holds what the policy never lets out, or one of the member's own domains.
func (p *wall) banned(value string) bool {
	if slices.ContainsFunc(p.policy.Never, func(n string) bool { return strings.Contains(value, n) }) {
		return true
	}
	o := p.pack.Organisation(p.own)
	return o != nil && slices.ContainsFunc(o.Domains, func(d string) bool { return naming(value, d) })
}

// naming tells whether a value holds a domain, or its own label: attackers like to put the victim's name into theirs.
func naming(value, domain string) bool {
	if strings.Contains(value, domain) {
		return true
	}
	suffix, _ := publicsuffix.PublicSuffix(domain)
	label := strings.TrimSuffix(domain, "."+suffix)
	if dot := strings.LastIndexByte(label, '.'); dot >= 0 {
		label = label[dot+1:]
	}
	bare := strings.NewReplacer("-", "", ".", "", "_", "")
	label = bare.Replace(label)
	return len(label) >= 5 && strings.Contains(bare.Replace(value), label)
}

// internal tells whether a name cannot be of the public network: one label, or under a suffix that nobody can register (RFC 6761,
// RFC 6762 appendix G, and what is used in practice).
func internal(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 {
		return true
	}
	switch host[dot+1:] {
	case "local", "internal", "intranet", "lan", "corp", "home", "private", "localdomain", "localhost", "arpa":
		return true
	}
	_, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err != nil
}
