package stix_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A strict check of bundles against STIX 2.1: required and allowed properties by type, the form of ids, times and references,
// the types that a reference may point to, relationship types between the types that section 4 names, open vocabularies
// (strict: values outside are refused), the form of TLP 2.0 markings, and that every reference has its object in the bundle.

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9-]*--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$`)
)

var commonProperties = "type spec_version id created_by_ref created modified revoked labels confidence lang external_references object_marking_refs granular_markings extensions"

// properties by type: required, then optional.
var properties = map[string][2]string{
	"attack-pattern":     {"name", "description aliases kill_chain_phases"},
	"campaign":           {"name", "description aliases first_seen last_seen objective"},
	"identity":           {"name", "description roles identity_class sectors contact_information"},
	"indicator":          {"pattern pattern_type valid_from", "name description indicator_types pattern_version valid_until kill_chain_phases"},
	"infrastructure":     {"name", "description infrastructure_types aliases kill_chain_phases first_seen last_seen"},
	"intrusion-set":      {"name", "description aliases first_seen last_seen goals resource_level primary_motivation secondary_motivations"},
	"location":           {"country", "name description latitude longitude precision region administrative_area city street_address postal_code"},
	"note":               {"content object_refs", "abstract authors"},
	"observed-data":      {"first_observed last_observed number_observed object_refs", ""},
	"report":             {"name published object_refs", "description report_types"},
	"relationship":       {"relationship_type source_ref target_ref", "description start_time stop_time"},
	"sighting":           {"sighting_of_ref", "description first_seen last_seen count observed_data_refs where_sighted_refs summary"},
	"marking-definition": {"", "name definition_type definition"},
	"domain-name":        {"value", "resolves_to_refs"},
	"email-addr":         {"value", "display_name belongs_to_ref"},
	"ipv4-addr":          {"value", "resolves_to_refs belongs_to_refs"},
	"ipv6-addr":          {"value", "resolves_to_refs belongs_to_refs"},
	"url":                {"value", ""},
	"file":               {"hashes", "name size name_enc magic_number_hex mime_type ctime mtime atime parent_directory_ref contains_refs content_ref"},
}

var observables = []string{"domain-name", "email-addr", "ipv4-addr", "ipv6-addr", "url", "file"}

// relationships of section 4 that we use: source, type, targets.
var relationships = map[string]string{
	"campaign uses":              "attack-pattern infrastructure malware tool",
	"campaign targets":           "identity location vulnerability",
	"campaign attributed-to":     "intrusion-set threat-actor",
	"indicator indicates":        "attack-pattern campaign infrastructure intrusion-set malware threat-actor tool",
	"indicator based-on":         "observed-data",
	"identity located-at":        "location",
	"infrastructure consists-of": "infrastructure observed-data " + strings.Join(observables, " "),
}

var vocabularies = map[string]string{
	"identity_class":       "individual group system organization class unknown",
	"sectors":              "agriculture aerospace automotive chemical commercial communications construction defense education energy entertainment financial-services government emergency-services government-local government-national government-public-services government-regional healthcare hospitality-leisure infrastructure dams nuclear water insurance manufacturing mining non-profit pharmaceuticals retail technology telecommunications transportation utilities",
	"infrastructure_types": "amplification anonymization botnet command-and-control control-system exfiltration firewall hosting-malware hosting-target-lists phishing reconnaissance routers-switches staging workstation unknown",
	"indicator_types":      "anomalous-activity anonymization benign compromised malicious-activity attribution unknown",
	"report_types":         "attack-pattern campaign identity indicator intrusion-set malware observed-data threat-actor threat-report tool vulnerability",
	"pattern_type":         "stix",
}

var tlpIDs = map[string]string{
	"clear": "94868c89-83c2-464b-929b-a1a8aa3c8487", "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003", "red": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}

type object = map[string]any

// validate returns what is wrong with a bundle.
func validate(raw []byte) (problems []string) {
	var bundle object
	if err := json.Unmarshal(raw, &bundle); err != nil {
		return []string{err.Error()}
	}
	bad := func(o object, format string, args ...any) {
		problems = append(problems, fmt.Sprint(o["id"])+": "+fmt.Sprintf(format, args...))
	}
	for k := range bundle {
		if k != "type" && k != "id" && k != "objects" {
			bad(bundle, "a bundle has no %s", k)
		}
	}
	if bundle["type"] != "bundle" || !strings.HasPrefix(fmt.Sprint(bundle["id"]), "bundle--") || !idForm.MatchString(fmt.Sprint(bundle["id"])) {
		bad(bundle, "no bundle")
	}
	list, _ := bundle["objects"].([]any)
	if len(list) == 0 {
		bad(bundle, "no objects")
	}
	byID := map[string]object{}
	for _, v := range list {
		o, _ := v.(object)
		id := fmt.Sprint(o["id"])
		if byID[id] != nil {
			bad(o, "stands twice")
		}
		byID[id] = o
	}
	for _, v := range list {
		o := v.(object)
		validateObject(o, byID, func(format string, args ...any) { bad(o, format, args...) })
	}
	return problems
}

func validateObject(o object, byID map[string]object, bad func(string, ...any)) {
	kind := fmt.Sprint(o["type"])
	spec, ok := properties[kind]
	if !ok {
		bad("type %q is not one of ours", kind)
		return
	}
	sco := slices.Contains(observables, kind)
	common := strings.Fields(commonProperties)
	required := append(strings.Fields(spec[0]), "type", "spec_version", "id")
	switch {
	case sco:
		common = strings.Fields("type spec_version id object_marking_refs granular_markings defanged extensions")
		required = append(required, "object_marking_refs")
	case kind == "marking-definition":
		common = strings.Fields("type spec_version id created_by_ref created external_references object_marking_refs granular_markings extensions")
		required = append(required, "created")
	default:
		required = append(required, "created", "modified", "created_by_ref", "object_marking_refs")
	}
	for _, k := range required {
		if o[k] == nil {
			bad("%s is missing", k)
		}
	}
	for k, v := range o {
		if !slices.Contains(common, k) && !slices.Contains(strings.Fields(spec[0]+" "+spec[1]), k) {
			bad("a %s has no %s", kind, k)
		}
		switch x := v.(type) {
		case []any:
			if len(x) == 0 {
				bad("%s is an empty list", k)
			}
		case object:
			if len(x) == 0 {
				bad("%s is an empty dictionary", k)
			}
		case string:
			if x == "" {
				bad("%s is an empty string", k)
			}
		}
	}
	if o["spec_version"] != "2.1" {
		bad("spec_version %v", o["spec_version"])
	}
	id := fmt.Sprint(o["id"])
	if !strings.HasPrefix(id, kind+"--") || !idForm.MatchString(id) && kind != "marking-definition" {
		bad("malformed id")
	}
	validateTimes(o, bad)
	validateReferences(o, byID, bad)
	validateWords(o, bad)
	switch kind {
	case "marking-definition":
		validateMarking(o, bad)
	case "indicator":
		if err := parsePattern(fmt.Sprint(o["pattern"])); err != nil {
			bad("pattern %s: %v", o["pattern"], err)
		}
	case "relationship":
		validateRelationship(o, bad)
	case "location":
		if c := fmt.Sprint(o["country"]); len(c) != 2 || strings.ToUpper(c) != c {
			bad("country %q", c)
		}
	}
}

func validateTimes(o object, bad func(string, ...any)) {
	for _, k := range strings.Fields("created modified first_seen last_seen valid_from valid_until first_observed last_observed published") {
		if v, ok := o[k]; ok && !timeForm.MatchString(fmt.Sprint(v)) {
			bad("%s %v is no timestamp in milliseconds", k, v)
		}
	}
	for _, p := range [][2]string{{"created", "modified"}, {"first_seen", "last_seen"}, {"first_observed", "last_observed"}} {
		if a, b := o[p[0]], o[p[1]]; a != nil && b != nil && fmt.Sprint(a) > fmt.Sprint(b) {
			bad("%s is before %s", p[1], p[0])
		}
	}
	if a, b := o["valid_from"], o["valid_until"]; b != nil && fmt.Sprint(a) >= fmt.Sprint(b) {
		bad("valid_until is not after valid_from")
	}
}

func validateReferences(o object, byID map[string]object, bad func(string, ...any)) {
	check := func(k string, ref any, types ...string) {
		to := byID[fmt.Sprint(ref)]
		if to == nil {
			bad("%s points at %v, which is not there", k, ref)
			return
		}
		if len(types) > 0 && !slices.Contains(types, fmt.Sprint(to["type"])) {
			bad("%s points at a %v", k, to["type"])
		}
	}
	allowed := map[string][]string{
		"created_by_ref": {"identity"}, "object_marking_refs": {"marking-definition"}, "where_sighted_refs": {"identity", "location"},
		"observed_data_refs": {"observed-data"}, "sighting_of_ref": {"campaign", "indicator", "intrusion-set", "attack-pattern", "infrastructure"},
	}
	for k, v := range o {
		if strings.HasSuffix(k, "_ref") {
			check(k, v, allowed[k]...)
		}
		if strings.HasSuffix(k, "_refs") {
			seen := map[string]bool{}
			for _, r := range v.([]any) {
				if seen[fmt.Sprint(r)] {
					bad("%s has %v twice", k, r)
				}
				seen[fmt.Sprint(r)] = true
				types := allowed[k]
				if k == "object_refs" && o["type"] == "observed-data" {
					types = append(slices.Clone(observables), "relationship")
				}
				check(k, r, types...)
			}
		}
	}
}

func validateWords(o object, bad func(string, ...any)) {
	for k, words := range vocabularies {
		var values []any
		switch v := o[k].(type) {
		case nil:
			continue
		case []any:
			values = v
		default:
			values = []any{v}
		}
		for _, v := range values {
			if !slices.Contains(strings.Fields(words), fmt.Sprint(v)) {
				bad("%s %v is outside of the vocabulary", k, v)
			}
		}
	}
	whole := func(k string, low, high float64) {
		if v, ok := o[k]; ok {
			f, isNumber := v.(float64)
			if !isNumber || f != float64(int(f)) || f < low || f > high {
				bad("%s %v", k, v)
			}
		}
	}
	whole("confidence", 0, 100)
	whole("count", 0, 999999999)
	whole("number_observed", 1, 999999999)
	if refs, ok := o["external_references"].([]any); ok {
		for _, r := range refs {
			ref := r.(object)
			for k, v := range ref {
				if !slices.Contains([]string{"source_name", "description", "url", "hashes", "external_id"}, k) || fmt.Sprint(v) == "" {
					bad("external reference with %s %v", k, v)
				}
			}
			if ref["source_name"] == nil || len(ref) < 2 {
				bad("external reference %v", ref)
			}
		}
	}
	if phases, ok := o["kill_chain_phases"].([]any); ok {
		for _, p := range phases {
			if ph := p.(object); len(ph) != 2 || ph["kill_chain_name"] != "mitre-attack" || ph["phase_name"] != strings.ToLower(fmt.Sprint(ph["phase_name"])) {
				bad("kill chain phase %v", ph)
			}
		}
	}
}

func validateMarking(o object, bad func(string, ...any)) {
	if o["definition_type"] != nil {
		def, _ := o["definition"].(object)
		if o["definition_type"] != "statement" || len(def) != 1 || fmt.Sprint(def["statement"]) == "" || o["created_by_ref"] == nil || !idForm.MatchString(fmt.Sprint(o["id"])) {
			bad("malformed statement marking")
		}
		return
	}
	ext, _ := o["extensions"].(object)
	tlp, _ := ext["extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"].(object)
	word := fmt.Sprint(tlp["tlp_2_0"])
	if len(ext) != 1 || tlp["extension_type"] != "property-extension" || o["id"] != "marking-definition--"+tlpIDs[word] ||
		o["name"] != "TLP:"+strings.ToUpper(word) || o["created"] != "2022-10-01T00:00:00.000Z" {
		bad("not the TLP 2.0 marking that OASIS published")
	}
}

func validateRelationship(o object, bad func(string, ...any)) {
	source, _, _ := strings.Cut(fmt.Sprint(o["source_ref"]), "--")
	target, _, _ := strings.Cut(fmt.Sprint(o["target_ref"]), "--")
	kind := fmt.Sprint(o["relationship_type"])
	if kind == "related-to" {
		return
	}
	if !slices.Contains(strings.Fields(relationships[source+" "+kind]), target) {
		bad("%s %s %s is not in section 4", source, kind, target)
	}
}
