package stix

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// sector gives the word of STIX's industry-sector-ov (section 10.8) for a stage of the chain; "" where none fits.
func sector(stage string) string {
	switch stage {
	case "supply", "manufacture":
		return "manufacturing"
	case "storage", "transport", "distribution":
		return "transportation"
	case "border", "oversight":
		return "government"
	case "last-mile":
		return "healthcare"
	case "service":
		return "technology"
	}
	return ""
}

func (b *builder) location(country string) string {
	return b.add(b.common("location", country, Object{"name": dossier.CountryName(country), "country": country}))
}

// isCountry tells whether a code looks like ISO 3166-1 alpha-2, which is all that the country property may hold.
func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// identities puts in who is impersonated and who was hit, and where.
func (b *builder) identities() {
	for _, s := range b.p.Impersonated {
		name := s.Name
		if name == "" {
			name = s.Value
		}
		if name = dossier.Visible(name); name == "" {
			continue
		}
		who := b.add(b.common("identity", "impersonated\x00"+name, Object{"name": name, "identity_class": "organization"}))
		b.relate(b.target, "related-to", who, "The campaign impersonates this organisation, which is a victim of it.")
	}
	groups := b.groups()
	for _, g := range groups {
		o := b.own("identity", []string{"target", g.name}, Object{"name": g.name, "identity_class": g.class})
		if len(g.roles) > 0 {
			o["roles"] = g.roles
		}
		if len(g.sectors) > 0 {
			o["sectors"] = g.sectors
		}
		who := b.add(o)
		b.relate(b.target, "targets", who, "")
		if isCountry(g.country) {
			b.relate(who, "located-at", b.location(g.country), "")
		}
		s := b.own("sighting", []string{who}, Object{"sighting_of_ref": b.target, "where_sighted_refs": []string{who}, "count": min(g.messages, 999999999), "summary": true})
		if !g.first.IsZero() {
			s["first_seen"], s["last_seen"] = stamp(g.first), stamp(later(g.first, g.last))
		}
		b.add(s)
	}
	for _, c := range b.p.Countries {
		if isCountry(c.Value) {
			b.relate(b.target, "targets", b.location(c.Value), "")
		}
	}
}

// A group is a target as the marking lets it be told: an organisation, or all of a role and country.
type group struct {
	name, class, country string
	roles, sectors       []string
	messages             int
	first, last          time.Time
}

func (b *builder) groups() []group {
	named := dossier.Level(b.r.Marking.TLP) >= dossier.NamesInFeeds
	byName := map[string]*group{}
	for _, t := range b.p.Targets {
		g := group{name: dossier.Visible(t.Name), class: "organization", country: t.Country}
		for _, r := range t.Roles {
			g.roles = append(g.roles, dossier.Visible(dossier.RoleName(b.p, r)))
			for _, st := range b.p.Stages {
				if slices.ContainsFunc(st.Roles, func(h coldwatch.RoleHit) bool { return h.Role == r }) {
					if s := sector(st.Stage); s != "" {
						g.sectors = append(g.sectors, s)
					}
				}
			}
		}
		slices.Sort(g.sectors)
		g.sectors = slices.Compact(g.sectors)
		if !named || t.Organisation == "" || g.name == "" {
			g.class = "class"
			g.name = "Organisations on the chain"
			if len(g.roles) > 0 {
				g.name = strings.Join(g.roles, ", ")
			}
			if g.country != "" {
				g.name += " in " + dossier.CountryName(g.country)
			}
		}
		have := byName[g.name]
		if have == nil {
			have = &g
			byName[g.name] = have
		}
		have.messages += t.Messages
		if have.first.IsZero() || !t.First.IsZero() && t.First.Before(have.first) {
			have.first = t.First
		}
		have.last = later(have.last, t.Last)
	}
	out := make([]group, 0, len(byName))
	for _, g := range byName {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(x, y group) int { return strings.Compare(x.name, y.name) })
	return out
}

// use says what an observable's role makes of it: the infrastructure it is part of and that infrastructure's type.
func use(role string) (name, kind string) {
	switch role {
	case "exfiltration":
		return "Collection of what victims typed", "exfiltration"
	case "link", "landing", "hotlink":
		return "Pages that the messages lead to", "phishing"
	case "attachment":
		return "", ""
	}
	return "Senders of the messages", "phishing"
}

// infrastructure puts in the observables, what they are part of, and an indicator for each that is the attacker's own.
func (b *builder) infrastructure() {
	type system struct {
		name, kind  string
		refs        []string
		first, last time.Time
		messages    int
	}
	systems := map[string]*system{}
	for _, i := range dossier.Indicators(b.p, b.pack) {
		ref := b.add(b.observable(i.Observable))
		name, kind := use(i.Role)
		key := name
		switch {
		case name == "":
			key = "Files that the messages carried"
		case !i.Owned:
			name += ", on shared services"
			key = name
		}
		s := systems[key]
		if s == nil {
			s = &system{name: name, kind: kind, first: i.First, last: i.First}
			systems[key] = s
		}
		s.refs = append(s.refs, ref)
		s.messages = max(s.messages, i.Messages)
		if i.First.Before(s.first) {
			s.first = i.First
		}
		s.last = later(s.last, later(i.First, i.Last))
	}
	keys := make([]string, 0, len(systems))
	for k := range systems {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	observed := map[string]string{}
	for _, k := range keys {
		s := systems[k]
		slices.Sort(s.refs)
		s.refs = slices.Compact(s.refs)
		data := b.add(b.own("observed-data", []string{k}, Object{"first_observed": stamp(s.first), "last_observed": stamp(s.last),
			"number_observed": max(1, min(s.messages, 999999999)), "object_refs": s.refs}))
		for _, ref := range s.refs {
			observed[ref] = data
		}
		b.observed = append(b.observed, data)
		if s.name == "" {
			continue
		}
		system := b.add(b.own("infrastructure", []string{k}, Object{"name": s.name, "infrastructure_types": []string{s.kind}, "first_seen": stamp(s.first), "last_seen": stamp(s.last)}))
		b.relate(b.target, "uses", system, "")
		for _, ref := range s.refs {
			b.relate(system, "consists-of", ref, "")
		}
	}
	for _, i := range dossier.Indicators(b.p, b.pack) {
		if dossier.Blockable(i) {
			b.indicator(i, observed[b.observable(i.Observable).ID()])
		}
	}
}

func (b *builder) indicator(i coldwatch.Infrastructure, data string) {
	pattern := Pattern(i.Observable)
	first := i.First
	if first.IsZero() {
		first = b.made
		i.First, i.Last = first, first
	}
	o := b.own("indicator", []string{pattern}, Object{"name": dossier.KindName(i.Kind) + " " + i.Value, "indicator_types": []string{"malicious-activity"},
		"pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1", "valid_from": stamp(first), "valid_until": stamp(dossier.ValidUntil(b.p, i)),
		"confidence":  50,
		"description": "Seen as " + strings.ReplaceAll(dossier.Visible(i.Role), "-", " ") + " in " + dossier.Count(i.Messages, "message", "messages") + "."})
	ref := b.add(o)
	b.relate(ref, "indicates", b.target, "")
	if data != "" {
		b.relate(ref, "based-on", data, "")
	}
}

// Pattern writes the STIX pattern (section 9) of an observable. A domain matches as a host and as the domain of a mail address.
func Pattern(o coldwatch.Observable) string {
	v := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(o.Value)
	switch o.Kind {
	case coldwatch.FileHash:
		return "[file:hashes.'SHA-256' = '" + v + "']"
	case coldwatch.DomainName:
		p := "[domain-name:value = '" + v + "']"
		if !strings.ContainsAny(v, "_%") { // wildcards of LIKE, which has no escape
			p += " OR [email-addr:value LIKE '%@" + v + "']"
		}
		return p
	}
	return "[" + string(o.Kind) + ":value = '" + v + "']"
}

// observable makes the cyber-observable object with the deterministic id of section 2.9: UUIDv5 over the canonical JSON (RFC 8785)
// of the id contributing properties.
func (b *builder) observable(o coldwatch.Observable) Object {
	out := Object{"type": string(o.Kind), "spec_version": "2.1", "object_marking_refs": b.marks}
	var name []byte
	if o.Kind == coldwatch.FileHash {
		hashes := map[string]string{"SHA-256": o.Value}
		seed := map[string]any{"hashes": hashes}
		out["hashes"] = hashes
		if n := dossier.Visible(o.Name); n != "" {
			out["name"], seed["name"] = n, n
		}
		name = canonical(seed)
	} else {
		out["value"] = o.Value
		name = canonical(map[string]any{"value": o.Value})
	}
	out["id"] = string(o.Kind) + "--" + uuid.NewSHA1(observableSpace, name).String()
	return out
}

// canonical writes JSON by RFC 8785 for the strings and maps that observables are made of: sorted keys, no spaces, no needless
// escapes.
func canonical(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil // strings and maps of strings always encode
	}
	return []byte(strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(b.String(), "\n")))
}
