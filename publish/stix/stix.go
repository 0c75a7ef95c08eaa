// Package stix writes a campaign as a STIX 2.1 bundle (OASIS Standard, 10 June 2021).
//
// The bundle holds a report over a campaign with its attack-patterns, infrastructure, indicators (section 9 patterns),
// observed-data with their cyber-observables, the identities impersonated and targeted with their locations, sightings, notes
// and relationships of the types that section 4 names. An intrusion-set stands in it only when an analyst entered an actor and
// the profile lets it be named. Opinions are left to other producers: section 4.14 has them for somebody else's objects.
//
// Ids are UUIDv5: for observables over their id contributing properties in the namespace of section 2.9, for all else over what
// the object is about in a namespace of our own. Section 3.6 wants created to stay the same over all versions, and what a
// campaign's first mail was may change; so created is a fixed day and modified carries the time. Objects that say the same in
// every bundle (techniques, countries, us) are TLP:CLEAR and never change. The marking is TLP 2.0 by the extension that OASIS
// published (extension-definition--60a3c5c5…), with its ids.
//
// Of a campaign that was withdrawn, all objects that are its own are revoked (section 3.2).
//
// Organisations that were hit are named from TLP:AMBER+STRICT on; below, identities are classes by role and country. A
// recipient's address never stands in a bundle.
package stix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// Format is the STIX 2.1 format.
type Format struct{}

// Name returns "stix".
func (Format) Name() string { return "stix" }

// Extension returns ".stix.json".
func (Format) Extension() string { return ".stix.json" }

// Write writes the bundle, indented, with a final line break.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	raw, err := Marshal(Bundle(r, pack))
	if err != nil {
		return fmt.Errorf("stix bundle: %w", err)
	}
	_, err = w.Write(raw)
	return err
}

// An Object is one STIX object, property by property.
type Object map[string]any

// ID returns the object's id.
func (o Object) ID() string { s, _ := o["id"].(string); return s }

// Type returns the object's type.
func (o Object) Type() string { s, _ := o["type"].(string); return s }

// Marshal writes an object with its properties sorted, so that equal objects give equal bytes.
func Marshal(o Object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(o)
	return b.Bytes(), err
}

var (
	observableSpace = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7") // STIX 2.1 section 2.9
	ownSpace        = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/coldwatch/coldwatch"))
)

const created = "2020-01-01T00:00:00.000Z"

func id(kind string, parts ...string) string {
	return kind + "--" + uuid.NewSHA1(ownSpace, []byte(kind+"\x00"+strings.Join(parts, "\x00"))).String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Bundle makes the bundle of a report. The pack may be nil.
func Bundle(r coldwatch.Report, pack *knowledge.Pack) Object {
	r = dossier.Redact(r, pack, dossier.NamesInFeeds)
	b := &builder{r: r, p: r.Profile, pack: pack, seen: map[string]bool{}}
	b.made = r.Made
	if b.made.IsZero() {
		b.made = r.Profile.Last
	}
	if b.made.Year() < 2020 {
		b.made = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if r.Withdrawn != nil && r.Withdrawn.At.After(b.made) {
		b.made = r.Withdrawn.At
	}
	b.markings()
	b.campaign()
	b.techniques()
	b.identities()
	b.infrastructure()
	b.notes()
	b.report()
	slices.SortFunc(b.objects, func(x, y Object) int { return strings.Compare(x.ID(), y.ID()) })
	list := make([]any, len(b.objects))
	for i, o := range b.objects {
		list[i] = o
	}
	return Object{"type": "bundle", "id": id("bundle", r.Profile.Campaign, fmt.Sprint(r.Profile.Version), stamp(b.made), b.tlp), "objects": list}
}

type builder struct {
	r       coldwatch.Report
	p       coldwatch.Profile
	pack    *knowledge.Pack
	made    time.Time
	tlp     string   // id of the report's marking
	marks   []string // markings of the campaign's own objects
	author  string
	target  string // campaign id
	objects []Object
	seen    map[string]bool

	observed []string // observed-data ids
}

// add puts an object into the bundle once and returns its id.
func (b *builder) add(o Object) string {
	if !b.seen[o.ID()] {
		b.seen[o.ID()] = true
		b.objects = append(b.objects, o)
	}
	return o.ID()
}

// own makes an object that belongs to this campaign, with the report's marking.
func (b *builder) own(kind string, seed []string, more Object) Object {
	o := Object{"type": kind, "spec_version": "2.1", "id": id(kind, append([]string{b.p.Campaign}, seed...)...), "created_by_ref": b.author,
		"created": created, "modified": stamp(b.made), "object_marking_refs": b.marks}
	if b.r.Synthetic {
		o["labels"] = []string{"synthetic"}
	}
	if b.r.Withdrawn != nil {
		o["revoked"] = true
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// common makes an object that says the same in every bundle.
func (b *builder) common(kind, seed string, more Object) Object {
	o := Object{"type": kind, "spec_version": "2.1", "id": id(kind, seed), "created_by_ref": b.author, "created": created, "modified": created,
		"object_marking_refs": []string{tlp[0].id}}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func (b *builder) relate(source, kind, target, description string) {
	o := b.own("relationship", []string{source, kind, target}, Object{"relationship_type": kind, "source_ref": source, "target_ref": target})
	if description != "" {
		o["description"] = description
	}
	b.add(o)
}

// The markings that OASIS published for TLP 2.0, the freest first.
var tlp = [...]struct{ id, name, value string }{
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR", "clear"},
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN", "green"},
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER", "amber"},
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "TLP:AMBER+STRICT", "amber+strict"},
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "TLP:RED", "red"},
}

const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

func (b *builder) markings() {
	level := dossier.Level(b.r.Marking.TLP)
	for _, i := range []int{0, level} {
		b.add(Object{"type": "marking-definition", "spec_version": "2.1", "id": tlp[i].id, "created": "2022-10-01T00:00:00.000Z", "name": tlp[i].name,
			"extensions": Object{tlpExtension: Object{"extension_type": "property-extension", "tlp_2_0": tlp[i].value}}})
	}
	b.tlp = tlp[level].id
	b.marks = []string{b.tlp}
	us := id("identity", "coldwatch")
	b.author = us
	b.add(Object{"type": "identity", "spec_version": "2.1", "id": us, "created_by_ref": us, "created": created, "modified": created, "name": "coldwatch",
		"identity_class": "system", "object_marking_refs": []string{tlp[0].id},
		"description": "Finds phishing campaigns against a supply chain across the mail of many organisations."})
	statement := func(name, text string) {
		b.marks = append(b.marks, b.add(Object{"type": "marking-definition", "spec_version": "2.1", "id": id("marking-definition", name, text), "created_by_ref": us,
			"created": created, "name": name, "definition_type": "statement", "definition": Object{"statement": text}}))
	}
	if b.r.Synthetic {
		statement("Synthetic", "Synthetic: invented data for a demonstration. No such mail was sent.")
	}
	if g := dossier.Visible(b.r.Marking.Group); g != "" {
		statement("Sharing group", "For the sharing group "+g+" only.")
	}
}

func (b *builder) campaign() {
	p := b.p
	name := dossier.DefangText(p.Name)
	if name == "" {
		name = strings.TrimSpace("Campaign " + dossier.Visible(p.Campaign))
	}
	o := b.own("campaign", nil, Object{"name": name})
	if alias := dossier.Visible(p.Campaign); alias != "" {
		o["aliases"] = []string{alias}
	}
	if s := sentences(p.Summary); s != "" {
		o["description"] = s
	}
	if !p.First.IsZero() {
		o["first_seen"] = stamp(p.First)
		o["last_seen"] = stamp(later(p.First, p.Last))
	}
	if s := sentences(p.Objective.Observed); s != "" {
		o["objective"] = s
	}
	b.target = b.add(o)
	if actor := dossier.Visible(p.Attribution.Actor); actor != "" {
		set := b.own("intrusion-set", []string{actor}, Object{"name": actor, "description": "Entered by an analyst. " + dossier.DefangText(p.Attribution.Statement)})
		if c := dossier.ConfidenceNumber(p.Attribution.Confidence); c > 0 {
			set["confidence"] = c
		}
		b.relate(b.target, "attributed-to", b.add(set), "")
	}
}

func sentences(in []string) string {
	var out []string
	for _, s := range in {
		if s = strings.TrimSpace(dossier.DefangText(s)); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

func later(a, b time.Time) time.Time {
	if b.Before(a) {
		return a
	}
	return b
}

func (b *builder) techniques() {
	for _, t := range b.p.Techniques {
		if !isTechnique(t.Value) {
			continue
		}
		name, tactic := dossier.Technique(t.Value)
		o := b.common("attack-pattern", t.Value, Object{"name": name,
			"external_references": []any{Object{"source_name": "mitre-attack", "external_id": t.Value, "url": dossier.TechniqueURL(t.Value)}}})
		if tactic != "" {
			o["kill_chain_phases"] = []any{Object{"kill_chain_name": "mitre-attack", "phase_name": tactic}}
		}
		b.relate(b.target, "uses", b.add(o), "")
	}
}

// isTechnique tells whether s is an ATT&CK technique id: T and four digits, a sub-technique three more after a dot.
func isTechnique(s string) bool {
	if len(s) != 5 && len(s) != 9 || s[0] != 'T' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if i == 5 && s[i] == '.' {
			continue
		}
		if i == 5 || s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (b *builder) notes() {
	p := b.p
	note := func(abstract, content string) {
		if content = strings.TrimSpace(content); content != "" {
			b.add(b.own("note", []string{abstract, content}, Object{"abstract": abstract, "content": content, "object_refs": []string{b.target}}))
		}
	}
	judge := func(abstract string, j coldwatch.Judgement) {
		if j.Text == "" {
			return
		}
		c := dossier.DefangText(j.Text)
		if j.Likelihood != "" {
			c += " (" + dossier.Visible(j.Likelihood) + ")"
		}
		if j.Confidence != "" {
			c += "\n" + dossier.DefangText(j.Confidence)
		}
		for _, part := range []struct {
			name  string
			items []string
		}{{"Rests on: ", j.Basis}, {"Not known: ", j.Gaps}, {"Would change it: ", j.Change}} {
			if s := sentences(part.items); s != "" {
				c += "\n" + part.name + s
			}
		}
		note(abstract, c)
	}
	for _, j := range p.Judgements {
		judge("Judgement", j)
	}
	judge("Activity", p.Activity)
	judge("Objective, inferred", p.Objective.Inferred)
	if a := p.Attribution; a.Statement != "" {
		c := dossier.DefangText(a.Statement)
		if a.Confidence != "" {
			c += "\nConfidence in this statement is " + dossier.Visible(a.Confidence) + "."
		}
		note("Attribution", c)
	}
	if p.Size.Assessed {
		note("Size", fmt.Sprintf("At least %s. %s", dossier.Count(p.Size.AtLeast, "organisation", "organisations"), dossier.DefangText(p.Size.Reason)))
	}
	if len(p.Gaps) > 0 {
		note("Not known", sentences(p.Gaps))
	}
}

// report comes last: it refers to all that went before, but the markings.
func (b *builder) report() {
	var refs []string
	for _, o := range b.objects {
		if o.Type() != "marking-definition" {
			refs = append(refs, o.ID())
		}
	}
	slices.Sort(refs)
	name := dossier.DefangText(b.p.Name)
	if name == "" {
		name = strings.TrimSpace("Campaign " + dossier.Visible(b.p.Campaign))
	}
	if b.p.Possible {
		name = "Possible campaign: " + name
	}
	o := b.own("report", nil, Object{"name": name, "report_types": []string{"campaign", "threat-report"}, "published": stamp(b.made), "object_refs": refs,
		"external_references": []any{Object{"source_name": "coldwatch", "external_id": dossier.Version(b.p)}}})
	if s := sentences(b.p.Summary); s != "" {
		o["description"] = s
	}
	b.add(o)
}
