package stix

import (
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// equalities returns the type and value of each test "type:path = 'value'" in a pattern (section 9) that names an observable of
// ours. It reads token by token in linear time; what it does not know it passes over.
func equalities(pattern string) [][2]string {
	var out [][2]string
	tokens := patternTokens(pattern)
	for i := 2; i < len(tokens); i++ {
		value := tokens[i]
		if tokens[i-1] != "=" || !strings.HasPrefix(value, "'") || i >= 3 && tokens[i-3] == "NOT" {
			continue
		}
		value = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(value[1 : len(value)-1])
		kind, path, _ := strings.Cut(tokens[i-2], ":")
		switch {
		case path == "value" && slices.Contains([]string{"domain-name", "email-addr", "ipv4-addr", "ipv6-addr", "url"}, kind):
			out = append(out, [2]string{kind, value})
		case kind == "file" && (path == "hashes.'SHA-256'" || path == `hashes."SHA-256"`):
			out = append(out, [2]string{"file", value})
		case kind == "email-message" && (path == "from_ref.value" || path == "sender_ref.value"):
			out = append(out, [2]string{"email-addr", value})
		}
	}
	return out
}

// patternTokens splits a pattern into object paths, operators, words and quoted constants.
func patternTokens(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'':
			j := quotedEnd(s, i)
			if j < 0 {
				return out
			}
			out = append(out, s[i:j])
			i = j
		case strings.IndexByte("[]()=<>!,", c) >= 0:
			j := i + 1
			if c != '[' && c != ']' && c != '(' && c != ')' && j < len(s) && s[j] == '=' {
				j++
			}
			out = append(out, s[i:j])
			i = j
		default:
			j := i
			for j < len(s) && strings.IndexByte(" \t\r\n[]()=<>!,", s[j]) < 0 {
				if s[j] == '\'' { // a quoted step of a path: hashes.'SHA-256'
					if k := quotedEnd(s, j); k > 0 {
						j = k
						continue
					}
					return out
				}
				j++
			}
			out = append(out, s[i:j])
			i = j
		}
	}
	return out
}

// quotedEnd returns the index after the quote that ends the constant which begins at i, -1 if none does.
func quotedEnd(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '\'':
			return j + 1
		}
	}
	return -1
}

func sorted(owned map[coldwatch.Observable]bool) []coldwatch.Observable {
	out := make([]coldwatch.Observable, 0, len(owned))
	for o, own := range owned {
		o.Owned = own
		out = append(out, o)
	}
	slices.SortFunc(out, func(x, y coldwatch.Observable) int {
		if c := strings.Compare(string(x.Kind), string(y.Kind)); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	})
	return out
}

func parseTime(v any) (time.Time, error) {
	s, _ := v.(string)
	return time.Parse(time.RFC3339Nano, s)
}

// NotLater is the reason of Replaces for a version that is as old as the stored one, or older.
const NotLater = "not later than what is stored"

// Replaces tells whether an object that came in may replace the stored one of the same id, and why not: only its creator may, with
// a later time, not from the future (more than a day ahead of now), not what was revoked, and not under a freer marking.
func Replaces(stored, incoming Object, now time.Time) (reason string, ok bool) {
	modified, err := parseTime(incoming["modified"])
	was, wasErr := parseTime(stored["modified"])
	revoked, _ := stored["revoked"].(bool)
	switch {
	case stored.ID() != incoming.ID():
		return "another object", false
	case stored.text("created_by_ref") != incoming.text("created_by_ref"):
		return "another creator", false
	case err != nil || wasErr != nil:
		return "not versioned", false
	case modified.After(now.Add(24 * time.Hour)):
		return "modified in the future", false
	case !modified.After(was):
		return NotLater, false
	case revoked:
		return "what is stored was revoked", false
	case strictest(incoming) < strictest(stored):
		return "its marking is freer than what is stored", false
	}
	return "", true
}

// TLP returns the label of the strictest TLP marking that one of the objects bears, "" when none bears any.
func TLP(objects []Object) string {
	level := -1
	for _, o := range objects {
		level = max(level, marked(o))
	}
	if level < 0 {
		return ""
	}
	return tlp[level].name
}

// strictest returns the level of the strictest TLP marking of an object: 0 for TLP:CLEAR or none, to 4 for TLP:RED.
func strictest(o Object) int { return max(0, marked(o)) }

// marked returns the level of the strictest TLP marking of an object or of a part of it, -1 for none. The ids of TLP 1 (section
// 7.2.1.4) count too.
func marked(o Object) int {
	level := -1
	refs, _ := o["object_marking_refs"].([]any)
	parts, _ := o["granular_markings"].([]any)
	for _, p := range parts {
		if m, ok := p.(map[string]any); ok {
			refs = append(refs[:len(refs):len(refs)], m["marking_ref"])
		}
	}
	for _, r := range refs {
		s, _ := r.(string)
		for i, m := range tlp {
			if s == m.id {
				level = max(level, i)
			}
		}
		switch s {
		case "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9":
			level = max(level, 0)
		case "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da":
			level = max(level, 1)
		case "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82":
			level = max(level, 2)
		case "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed":
			level = max(level, 4)
		}
	}
	return level
}
