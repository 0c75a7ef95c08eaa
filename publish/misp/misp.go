// Package misp writes a campaign as a MISP event (MISP core format, draft-dulaunoy-misp-core-format) and as a feed folder that
// any MISP instance can pull: manifest.json, hashes.csv and one file an event.
//
// The event holds attributes for the attacker's indicators and objects of the public templates email, phishing, file and victim.
// Victims are classes by role and country unless the marking lets them be named, and never persons: target-user and target-email
// are not used. Tags are of the taxonomies tlp and workflow and of the galaxy mitre-attack-pattern. Distribution follows the
// marking: what is stricter than TLP:GREEN stays in the organisation, TLP:GREEN in the community. Only what may be blocked
// outright has to_ids set. Ids are UUIDv5 over content, timestamps come from the report.
package misp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// Format is the MISP event format.
type Format struct{}

// Name returns "misp".
func (Format) Name() string { return "misp" }

// Extension returns ".misp.json".
func (Format) Extension() string { return ".misp.json" }

// Write writes the event.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	raw, err := encode(map[string]any{"Event": Build(r, pack)})
	if err != nil {
		return fmt.Errorf("misp event: %w", err)
	}
	_, err = w.Write(raw)
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// An Event is a MISP event.
type Event struct {
	UUID             string       `json:"uuid"`
	Info             string       `json:"info"`
	Date             string       `json:"date"`
	ThreatLevel      string       `json:"threat_level_id"` // "1" high to "4" undefined
	Analysis         string       `json:"analysis"`        // "0" initial, "1" ongoing, "2" complete
	Distribution     string       `json:"distribution"`    // "0" organisation, "1" community, "3" all
	Published        bool         `json:"published"`
	PublishTimestamp string       `json:"publish_timestamp"`
	Timestamp        string       `json:"timestamp"`
	Orgc             Organisation `json:"Orgc"`
	Tags             []Tag        `json:"Tag"`
	Attributes       []Attribute  `json:"Attribute"`
	Objects          []Object     `json:"Object"`
}

// An Organisation made an event.
type Organisation struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// A Tag is a machine tag.
type Tag struct {
	Name   string `json:"name"`
	Colour string `json:"colour,omitempty"`
}

// An Attribute is one value.
type Attribute struct {
	UUID         string `json:"uuid"`
	Relation     string `json:"object_relation,omitempty"`
	Type         string `json:"type"`
	Category     string `json:"category"`
	Value        string `json:"value"`
	ToIDs        bool   `json:"to_ids"`
	Comment      string `json:"comment"`
	Distribution string `json:"distribution"` // "5": as the event
	Timestamp    string `json:"timestamp"`
	FirstSeen    string `json:"first_seen,omitempty"`
	LastSeen     string `json:"last_seen,omitempty"`
}

// An Object is a set of attributes by a template.
type Object struct {
	UUID            string      `json:"uuid"`
	Name            string      `json:"name"`
	MetaCategory    string      `json:"meta-category"`
	Description     string      `json:"description"`
	TemplateUUID    string      `json:"template_uuid"`
	TemplateVersion string      `json:"template_version"`
	Distribution    string      `json:"distribution"`
	Timestamp       string      `json:"timestamp"`
	Comment         string      `json:"comment"`
	Attributes      []Attribute `json:"Attribute"`
}

var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/coldwatch/coldwatch#misp"))

func id(parts ...string) string {
	return uuid.NewSHA1(space, []byte(strings.Join(parts, "\x00"))).String()
}

// The templates of MISP/misp-objects that we fill.
var templates = map[string][4]string{ // meta-category, description, uuid, version
	"email":    {"network", "Email object describing an email with meta-information", "a0c666e0-fc65-4be8-b48f-3423d788b552", "3"},
	"phishing": {"network", "Phishing template to describe a phishing website and its analysis.", "2dad6f9d-d425-4217-8fda-0b0a2d815307", "5"},
	"file":     {"file", "File object describing a file with meta-information", "688c46fb-5edb-40a3-8273-1af7923e2215", "23"},
	"victim":   {"misc", "Victim object describes the target of an attack or abuse.", "a8806e40-39ad-435f-be02-ac2a13d6fc7d", "10"},
}

// Build makes the event of a report. The pack may be nil.
func Build(r coldwatch.Report, pack *knowledge.Pack) Event {
	r = dossier.Redact(r, pack, dossier.NamesInFeeds)
	p := r.Profile
	made := r.Made
	if made.IsZero() {
		made = p.Last
	}
	now := "0"
	if !made.IsZero() {
		now = strconv.FormatInt(made.Unix(), 10)
	}
	name := dossier.DefangText(p.Name)
	if name == "" {
		name = strings.TrimSpace("Campaign " + dossier.Visible(p.Campaign))
	}
	if p.Possible {
		name = "Possible campaign: " + name
	}
	if r.Synthetic {
		name = "[synthetic] " + name
	}
	if r.Withdrawn != nil {
		name = "[withdrawn] " + name
		now = strconv.FormatInt(max(made.Unix(), r.Withdrawn.At.Unix()), 10) // later than the version before
	}
	b := &builder{p: p, now: now, event: id("event", p.Campaign), withdrawn: r.Withdrawn != nil}
	e := Event{UUID: b.event, Info: name, Date: day(p.First, made), ThreatLevel: "2", Analysis: "1", Distribution: distribution(r.Marking.TLP), Published: true,
		PublishTimestamp: now, Timestamp: now, Orgc: Organisation{UUID: id("organisation", "coldwatch"), Name: "coldwatch"}, Tags: tags(r), Attributes: []Attribute{}, Objects: []Object{}}
	if p.Possible {
		e.ThreatLevel, e.Analysis = "3", "0"
	}
	all := dossier.Indicators(p, pack)
	e.Attributes = append(e.Attributes, b.attributes(all)...)
	for _, s := range p.Impersonated {
		v := s.Name
		if v == "" {
			v = s.Value
		}
		if v = dossier.Visible(v); v != "" {
			e.Attributes = append(e.Attributes, b.attribute("", "text", "External analysis", v, "organisation impersonated; a victim of the campaign", false, s.First, s.Last))
		}
	}
	for _, s := range p.Summary {
		if s = dossier.DefangText(s); s != "" {
			e.Attributes = append(e.Attributes, b.attribute("", "comment", "External analysis", s, "what happened", false, time.Time{}, time.Time{}))
		}
	}
	e.Objects = append(e.Objects, b.files(all)...)
	e.Objects = append(e.Objects, b.pages(all)...)
	e.Objects = append(e.Objects, b.mails(all)...)
	e.Objects = append(e.Objects, b.victims(r.Marking)...)
	return e
}

func day(first, made time.Time) string {
	if first.IsZero() {
		first = made
	}
	if first.IsZero() {
		return "1970-01-01"
	}
	return first.UTC().Format(time.DateOnly)
}

func distribution(tlp string) string {
	switch dossier.Level(tlp) {
	case 0:
		return "3"
	case 1:
		return "1"
	}
	return "0"
}

func tags(r coldwatch.Report) []Tag {
	tlp := strings.ToLower(dossier.Label(r.Marking.TLP))
	out := []Tag{{tlp, map[string]string{"tlp:clear": "#ffffff", "tlp:green": "#339900", "tlp:amber": "#ffc000", "tlp:amber+strict": "#ffc000", "tlp:red": "#cc0033"}[tlp]}}
	if r.Synthetic {
		out = append(out, Tag{Name: "coldwatch:synthetic=\"yes\""})
	}
	for _, t := range r.Profile.Techniques {
		if name, tactic := dossier.Technique(t.Value); tactic != "" {
			out = append(out, Tag{Name: fmt.Sprintf("misp-galaxy:mitre-attack-pattern=\"%s - %s\"", name, t.Value)})
		}
	}
	return out
}

type builder struct {
	p          coldwatch.Profile
	now, event string
	withdrawn  bool // nothing of it is to be detected any more
}

func (b *builder) attribute(parent, kind, category, value, comment string, ids bool, first, last time.Time) Attribute {
	a := Attribute{UUID: id(b.event, parent, kind, category, value, comment), Type: kind, Category: category, Value: value, ToIDs: ids && !b.withdrawn, Comment: comment, Distribution: "5", Timestamp: b.now}
	if !first.IsZero() {
		a.FirstSeen = first.UTC().Format("2006-01-02T15:04:05.000000+00:00")
		if last.Before(first) {
			last = first
		}
		a.LastSeen = last.UTC().Format("2006-01-02T15:04:05.000000+00:00")
	}
	return a
}

func (b *builder) object(name, seed, comment string, attributes []Attribute) Object {
	t := templates[name]
	return Object{UUID: id(b.event, "object", name, seed), Name: name, MetaCategory: t[0], Description: t[1], TemplateUUID: t[2], TemplateVersion: t[3],
		Distribution: "5", Timestamp: b.now, Comment: comment, Attributes: attributes}
}

// related makes an attribute of an object.
func (b *builder) related(parent, relation, kind, category, value string, ids bool) Attribute {
	a := b.attribute(parent, kind, category, value, "", ids, time.Time{}, time.Time{})
	a.Relation = relation
	a.UUID = id(b.event, parent, relation, value)
	return a
}

// attributes gives each indicator that is no file as an attribute of the event.
func (b *builder) attributes(all []coldwatch.Infrastructure) []Attribute {
	out := []Attribute{}
	for _, i := range all {
		kind, category := "", "Network activity"
		switch i.Kind {
		case coldwatch.DomainName:
			kind = "domain"
		case coldwatch.URL:
			kind = "url"
		case coldwatch.IPv4Address, coldwatch.IPv6Address:
			kind = "ip-src"
			if i.Role != "sending-host" {
				kind = "ip-dst"
			}
		case coldwatch.EmailAddress:
			kind, category = "email-src", "Payload delivery"
			if i.Role == "reply-to" {
				kind = "email-reply-to"
			}
		default:
			continue
		}
		comment := strings.ReplaceAll(dossier.Visible(i.Role), "-", " ") + ", " + dossier.Count(i.Messages, "message", "messages")
		if !i.Owned {
			comment += "; shared or borrowed service, do not block"
		}
		out = append(out, b.attribute("", kind, category, i.Value, comment, dossier.Blockable(i), i.First, i.Last))
	}
	return out
}

func (b *builder) files(all []coldwatch.Infrastructure) []Object {
	var out []Object
	seen := map[string]bool{}
	for _, i := range all {
		if i.Kind != coldwatch.FileHash || seen[i.Value] {
			continue
		}
		seen[i.Value] = true
		a := []Attribute{b.related(i.Value, "sha256", "sha256", "Payload delivery", i.Value, true)}
		if n := dossier.Visible(i.Name); n != "" {
			a = append(a, b.related(i.Value, "filename", "filename", "Payload delivery", n, false))
		}
		out = append(out, b.object("file", i.Value, "carried by "+dossier.Count(i.Messages, "message", "messages"), a))
	}
	return out
}

func (b *builder) pages(all []coldwatch.Infrastructure) []Object {
	var out []Object
	for _, i := range all {
		if i.Kind != coldwatch.URL || i.Role != "landing" && i.Role != "exfiltration" {
			continue
		}
		seed := i.Role + "\x00" + i.Value
		a := []Attribute{b.related(seed, "url", "url", "Network activity", i.Value, dossier.Blockable(i))}
		for _, s := range b.p.Impersonated[:min(1, len(b.p.Impersonated))] {
			if n := dossier.Visible(s.Name); n != "" {
				a = append(a, b.related(seed, "target", "text", "Other", n, false))
			}
		}
		comment := "page that the messages lead to"
		if i.Role == "exfiltration" {
			comment = "takes what victims type"
		}
		out = append(out, b.object("phishing", seed, comment, a))
	}
	return out
}

// mails describes the messages by their senders: an address with the names shown. There is no object a message, for that would
// hold what only its recipient knows.
func (b *builder) mails(all []coldwatch.Infrastructure) []Object {
	var a []Attribute
	for _, i := range all {
		if i.Kind != coldwatch.EmailAddress {
			continue
		}
		switch i.Role {
		case "sender":
			a = append(a, b.related("mail", "from", "email-src", "Payload delivery", i.Value, dossier.Blockable(i)))
		case "reply-to":
			a = append(a, b.related("mail", "reply-to", "email-reply-to", "Payload delivery", i.Value, dossier.Blockable(i)))
		}
	}
	for _, s := range b.p.Personas {
		if v := dossier.Visible(s.Value); v != "" {
			a = append(a, b.related("mail", "from-display-name", "email-src-display-name", "Payload delivery", v, false))
		}
	}
	if len(a) == 0 {
		return nil
	}
	return []Object{b.object("email", "mail", "senders of the messages and the names that they show", a)}
}

func (b *builder) victims(m coldwatch.Marking) []Object {
	var out []Object
	named := dossier.Level(m.TLP) >= dossier.NamesInFeeds
	seen := map[string]bool{}
	for _, t := range b.p.Targets {
		var roles []string
		for _, r := range t.Roles {
			roles = append(roles, dossier.Visible(dossier.RoleName(b.p, r)))
		}
		slices.Sort(roles)
		seed := strings.Join(append(roles, t.Country), "\x00")
		var a []Attribute
		class := "class"
		if n := dossier.Visible(t.Name); named && t.Organisation != "" && n != "" {
			seed, class = "named\x00"+n, "organization"
			a = append(a, b.related(seed, "name", "target-org", "Targeting data", n, false))
		}
		if seen[seed] {
			continue
		}
		seen[seed] = true
		a = append(a, b.related(seed, "classification", "text", "Other", class, false))
		if t.Country != "" {
			a = append(a, b.related(seed, "regions", "target-location", "Targeting data", dossier.CountryName(t.Country), false))
		}
		for _, r := range roles {
			if r != "" {
				a = append(a, b.related(seed, "roles", "text", "Other", r, false))
			}
		}
		out = append(out, b.object("victim", seed, "", a))
	}
	return out
}
