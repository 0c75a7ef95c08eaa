// Package attackflow writes a campaign as an Attack Flow (Center for Threat-Informed Defense, extension 2.0.0): a STIX 2.1 bundle
// in which attack-action objects follow each other by effect_refs in the order in which they happen to a victim, so that the
// order of a campaign's actions is kept where a plain list of techniques loses it.
//
// What mail shows is the way from preparation to the stolen password; actions after that are not seen and not invented. Actions of
// one step stand side by side. Dates are those of the first and the last message that showed the technique.
package attackflow

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/stix"
)

// Format is the Attack Flow format.
type Format struct{}

// Name returns "attack-flow".
func (Format) Name() string { return "attack-flow" }

// Extension returns ".attack-flow.json".
func (Format) Extension() string { return ".attack-flow.json" }

const (
	extension = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
	creator   = "identity--fb9c968a-745b-4ade-9b25-c324172197f4"
	defined   = "2022-08-02T19:34:35.143Z"
)

var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/coldwatch/coldwatch#attack-flow"))

// order is that of the tactics as a victim meets them; tactic ids are ATT&CK's.
var order = []struct{ tactic, id string }{
	{"reconnaissance", "TA0043"}, {"resource-development", "TA0042"}, {"initial-access", "TA0001"}, {"defense-evasion", "TA0005"},
	{"execution", "TA0002"}, {"persistence", "TA0003"}, {"credential-access", "TA0006"}, {"lateral-movement", "TA0008"}, {"collection", "TA0009"},
	{"command-and-control", "TA0011"}, {"exfiltration", "TA0010"}, {"impact", "TA0040"},
}

// Write writes the flow. A campaign without techniques has one action, of the tactic that every phishing mail shows.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	raw, err := stix.Marshal(Bundle(r, pack))
	if err != nil {
		return fmt.Errorf("attack flow: %w", err)
	}
	_, err = w.Write(raw)
	return err
}

// Bundle makes the bundle of a flow.
func Bundle(r coldwatch.Report, pack *knowledge.Pack) stix.Object {
	r = dossier.Redact(r, pack, dossier.NamesInFeeds)
	p := r.Profile
	base := stix.Bundle(coldwatch.Report{Marking: r.Marking, Made: r.Made, Synthetic: r.Synthetic, Profile: coldwatch.Profile{Campaign: p.Campaign, Version: p.Version, Techniques: p.Techniques}}, nil)
	var objects []any
	var author, marks, made any
	techniques := map[string]string{}
	for _, v := range base["objects"].([]any) {
		o := v.(stix.Object)
		switch o.Type() {
		case "marking-definition", "identity":
			objects = append(objects, o)
		case "attack-pattern":
			refs := o["external_references"].([]any)
			techniques[refs[0].(stix.Object)["external_id"].(string)] = o.ID()
			objects = append(objects, o)
		case "campaign":
			author, marks, made = o["created_by_ref"], o["object_marking_refs"], o["modified"]
		}
	}
	object := func(kind, seed string, more stix.Object) stix.Object {
		o := stix.Object{"type": kind, "spec_version": "2.1", "id": kind + "--" + uuid.NewSHA1(space, []byte(p.Campaign+"\x00"+kind+"\x00"+seed)).String(),
			"created_by_ref": author, "created": "2020-01-01T00:00:00.000Z", "modified": made, "object_marking_refs": marks,
			"extensions": stix.Object{extension: stix.Object{"extension_type": "new-sdo"}}}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	steps := actions(p, techniques, object)
	for i, step := range steps {
		for _, a := range step {
			if i+1 < len(steps) {
				var next []string
				for _, b := range steps[i+1] {
					next = append(next, b.ID())
				}
				a["effect_refs"] = next
			}
			objects = append(objects, a)
		}
	}
	var start []string
	for _, a := range steps[0] {
		start = append(start, a.ID())
	}
	name := dossier.DefangText(p.Name)
	if name == "" {
		name = strings.TrimSpace("Campaign " + dossier.Visible(p.Campaign))
	}
	flow := object("attack-flow", "", stix.Object{"name": name, "scope": "campaign", "start_refs": start})
	if s := dossier.DefangText(strings.Join(p.Summary, " ")); s != "" {
		flow["description"] = s
	}
	objects = append(objects, flow, stix.Object{"type": "extension-definition", "spec_version": "2.1", "id": extension, "created": defined, "modified": defined,
		"created_by_ref": creator, "name": "Attack Flow", "description": "Extends STIX 2.1 with features to create Attack Flows.",
		"schema": "https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json", "version": "2.0.0", "extension_types": []string{"new-sdo"}},
		stix.Object{"type": "identity", "spec_version": "2.1", "id": creator, "created": defined, "modified": defined, "created_by_ref": creator,
			"name": "MITRE Center for Threat-Informed Defense", "identity_class": "organization"})
	slices.SortFunc(objects, func(x, y any) int { return strings.Compare(x.(stix.Object).ID(), y.(stix.Object).ID()) })
	return stix.Object{"type": "bundle", "id": "bundle--" + uuid.NewSHA1(space, []byte(fmt.Sprint(base["id"]))).String(), "objects": objects}
}

// actions makes the actions, step by step.
func actions(p coldwatch.Profile, techniques map[string]string, object func(kind, seed string, more stix.Object) stix.Object) [][]stix.Object {
	var steps [][]stix.Object
	for _, o := range order {
		var step []stix.Object
		for _, t := range p.Techniques {
			name, tactic := dossier.Technique(t.Value)
			if tactic != o.tactic || techniques[t.Value] == "" {
				continue
			}
			more := stix.Object{"name": name, "tactic_id": o.id, "technique_id": t.Value, "technique_ref": techniques[t.Value],
				"description": "Seen in " + dossier.Count(t.Count, "message", "messages") + "."}
			if !t.First.IsZero() {
				more["execution_start"] = stamp(t.First)
				if !t.Last.Before(t.First) {
					more["execution_end"] = stamp(t.Last)
				}
			}
			step = append(step, object("attack-action", t.Value, more))
		}
		if len(step) > 0 {
			steps = append(steps, step)
		}
	}
	if len(steps) == 0 {
		steps = [][]stix.Object{{object("attack-action", "", stix.Object{"name": "Initial Access", "tactic_id": "TA0001", "description": "Phishing by mail; no technique was told apart."})}}
	}
	return steps
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
