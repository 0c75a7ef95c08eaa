package stix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Limits of what Parse takes in. A bundle comes from somebody else.
const (
	MaxBytes   = 32 << 20
	MaxDepth   = 64
	MaxObjects = 100_000
)

// ErrTooLarge means that a bundle is larger than MaxBytes (HTTP says 413) or has more than MaxObjects.
var ErrTooLarge = errors.New("the bundle is too large")

// A Problem is an object that was left out, or a property of one that was.
type Problem struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Parse reads a bundle (STIX 2.1 section 8). Objects of other producers are kept as they came, properties that this package does
// not know included, so that what is parsed and marshalled again says the same; what breaks the rules on ids, types and times, or
// stands twice, is left out and reported. The error is ErrTooLarge, or tells why the whole is no bundle.
//
// Whether an object may replace one that is stored (same creator, later modified, marking not lower) is for the store to ask, with
// Replaces.
func Parse(r io.Reader) ([]Object, []Problem, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("stix: %w", err)
	}
	if len(raw) > MaxBytes {
		return nil, nil, ErrTooLarge
	}
	if d := depth(raw); d > MaxDepth {
		return nil, nil, fmt.Errorf("stix: the bundle is nested %d deep, at most %d are read", d, MaxDepth)
	}
	var bundle struct {
		Type    string            `json:"type"`
		Objects []json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(raw, &bundle); err != nil {
		return nil, nil, fmt.Errorf("stix: %w", err)
	}
	if bundle.Type != "bundle" {
		return nil, nil, fmt.Errorf("stix: the type is %.40q, not bundle", bundle.Type)
	}
	if len(bundle.Objects) > MaxObjects {
		return nil, nil, ErrTooLarge
	}
	var out []Object
	var problems []Problem
	seen := map[string]bool{}
	for i, raw := range bundle.Objects {
		o := Object{}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber() // a number keeps its spelling
		if err := d.Decode(&o); err != nil {
			problems = append(problems, Problem{fmt.Sprintf("object %d", i), "is no JSON object"})
			continue
		}
		if reason := wrong(o); reason != "" {
			problems = append(problems, Problem{fmt.Sprintf("object %d %.100s", i, o.ID()), reason})
			continue
		}
		key := o.ID() + " " + o.text("modified")
		if seen[key] {
			problems = append(problems, Problem{o.ID(), "stands twice"})
			continue
		}
		seen[key] = true
		out = append(out, o)
	}
	return out, problems, nil
}

// depth returns how deep brackets nest, strings left out.
func depth(raw []byte) int {
	deep, most, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			deep++
			most = max(most, deep)
		case c == '}' || c == ']':
			deep--
		}
	}
	return most
}

func (o Object) text(property string) string { s, _ := o[property].(string); return s }

// wrong tells what is wrong with an object's common properties (section 3.2), "" for nothing.
func wrong(o Object) string {
	kind, id := o.Type(), o.ID()
	name, tail, ok := strings.Cut(id, "--")
	switch {
	case kind == "" || len(kind) < 3 || len(kind) > 250 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "has no type"
	case !ok || name != kind || !isUUID(tail):
		return "has no id of its type"
	case o["spec_version"] != nil && o.text("spec_version") != "2.1" && o.text("spec_version") != "2.0":
		return "has another spec_version"
	}
	for _, p := range []string{"created", "modified", "valid_from", "valid_until", "first_seen", "last_seen", "first_observed", "last_observed", "published"} {
		if v, ok := o[p]; ok {
			if _, err := parseTime(v); err != nil {
				return p + " is no timestamp"
			}
		}
	}
	if c, m := o.text("created"), o.text("modified"); c != "" && m != "" {
		from, _ := parseTime(c)
		to, _ := parseTime(m)
		if to.Before(from) {
			return "was modified before it was created"
		}
	}
	for p, v := range o {
		if strings.HasSuffix(p, "_refs") {
			list, ok := v.([]any)
			if !ok || len(list) == 0 {
				return p + " is no list"
			}
			for _, r := range list {
				if s, ok := r.(string); !ok || !isID(s) {
					return p + " holds what is no id"
				}
			}
		} else if strings.HasSuffix(p, "_ref") {
			if s, ok := v.(string); !ok || !isID(s) {
				return p + " is no id"
			}
		}
	}
	if kind == "indicator" && (o.text("pattern") == "" || o["valid_from"] == nil) {
		return "has no pattern or no valid_from"
	}
	return ""
}

func isID(s string) bool {
	kind, tail, ok := strings.Cut(s, "--")
	return ok && kind != "" && isUUID(tail)
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !strings.Contains("0123456789abcdefABCDEF", s[i:i+1]) {
				return false
			}
		}
	}
	return true
}

// Observables returns what a bundle's indicators and cyber-observables name, sorted and once each: the equality tests of STIX
// patterns on hosts, addresses, web addresses and SHA-256 hashes. Owned is set for what an indicator names.
func Observables(objects []Object) []coldwatch.Observable {
	owned := map[coldwatch.Observable]bool{}
	add := func(kind, value string, own bool) {
		o := coldwatch.Observable{Kind: coldwatch.ObservableKind(kind), Value: strings.ToLower(value)}
		if kind == string(coldwatch.URL) {
			o.Value = value
		}
		if value != "" && len(value) <= 4096 {
			owned[o] = owned[o] || own
		}
	}
	for _, o := range objects {
		switch kind := o.Type(); kind {
		case "domain-name", "email-addr", "ipv4-addr", "ipv6-addr", "url":
			add(kind, o.text("value"), false)
		case "file":
			hashes, _ := o["hashes"].(map[string]any)
			if s, _ := hashes["SHA-256"].(string); s != "" {
				add("file", s, false)
			}
		case "indicator":
			if revoked, _ := o["revoked"].(bool); !revoked && (o["pattern_type"] == nil || o.text("pattern_type") == "stix") {
				for _, t := range equalities(o.text("pattern")) {
					add(t[0], t[1], true)
				}
			}
		}
	}
	return sorted(owned)
}
