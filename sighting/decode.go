package sighting

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// A reader reads JSON of exactly the form that Marshal writes: the fields in their order, no blanks, no escapes. Anything
// else makes it fail, and the caller reads with encoding/json, to which the form is nothing special. Every sighting is
// read again at each update, so this is worth its lines: it takes a fifth of the time.
type reader struct {
	s      string // what is left
	failed bool
}

// read gives a sighting whose strings share the memory of s.
func read(s string) (out coldwatch.Sighting, ok bool) {
	r := &reader{s: s}
	r.need(`{"id":`)
	out.ID = r.text()
	r.need(`,"organisation":`)
	out.Organisation = r.text()
	r.need(`,"received":`)
	at := r.s
	r.text()
	if r.failed || out.Received.UnmarshalJSON([]byte(at[:len(at)-len(r.s)])) != nil {
		return out, false
	}
	r.need(`,"target":{"organisation":`)
	out.Target.Organisation = r.text()
	r.need(`,"roles":`)
	out.Target.Roles = r.texts()
	r.need(`,"country":`)
	out.Target.Country = r.text()
	r.need(`,"function":`)
	out.Target.Function = r.text()
	r.need(`},"class":`)
	out.Class = coldwatch.Class(r.text())
	r.need(`,"bits":`)
	out.Bits = r.float()
	if r.take(`,"kinds":`) {
		out.Kinds = r.texts()
	}
	r.need(`,"impersonated":{`)
	r.impersonated(&out.Impersonated)
	r.need(`},"features":`)
	out.Features = list(r, strings.Count(r.s, `{"view":`), (*reader).feature)
	r.need(`,"lure":{`)
	r.lure(&out.Lure)
	r.need(`}`)
	if r.take(`,"techniques":`) {
		out.Techniques = r.texts()
	}
	r.need(`,"tti":`)
	out.TTI = r.float()
	r.need(`,"objective":`)
	out.Objective = r.text()
	if r.take(`,"layers":`) {
		out.Layers = r.texts()
	}
	r.need(`,"carrier":`)
	out.Carrier = r.text()
	if r.take(`,"observables":`) {
		out.Observables = list(r, strings.Count(r.s, `{"kind":`), (*reader).observable)
	}
	r.need(`,"marking":{"tlp":`)
	out.Marking.TLP = r.text()
	if r.take(`,"group":`) {
		out.Marking.Group = r.text()
	}
	r.need(`},"provenance":{`)
	r.provenance(&out.Provenance)
	r.need(`}}`)
	return out, !r.failed && r.s == ""
}

func (r *reader) impersonated(out *coldwatch.Impersonation) {
	first := true
	for _, f := range [...]struct {
		key string
		at  *string
	}{{`"organisation":`, &out.Organisation}, {`"name":`, &out.Name}, {`"persona":`, &out.Persona}, {`"kind":`, &out.Kind}} {
		if r.member(f.key, &first) {
			*f.at = r.text()
		}
	}
}

func (r *reader) feature() (f coldwatch.Feature) {
	r.need(`{"view":`)
	f.View = coldwatch.View(r.text())
	r.need(`,"value":`)
	f.Value = r.text()
	f.Token = r.take(`,"token":true`)
	r.need(`}`)
	return f
}

func (r *reader) observable() (o coldwatch.Observable) {
	r.need(`{"kind":`)
	o.Kind = coldwatch.ObservableKind(r.text())
	r.need(`,"value":`)
	o.Value = r.text()
	r.need(`,"role":`)
	o.Role = r.text()
	if r.take(`,"name":`) {
		o.Name = r.text()
	}
	r.need(`,"owned":`)
	o.Owned = r.boolean()
	r.need(`}`)
	return o
}

func (r *reader) lure(l *coldwatch.SightingLure) {
	r.need(`"theme":`)
	l.Theme = r.text()
	r.need(`,"act":`)
	l.Act = r.text()
	if r.take(`,"language":`) {
		l.Language = r.text()
	}
	r.need(`,"fidelity":`)
	l.Fidelity = r.count()
	r.need(`,"fidelity_of":`)
	l.FidelityOf = r.count()
	if r.take(`,"models":`) {
		l.Models = r.texts()
	}
	if r.take(`,"programmes":`) {
		l.Programmes = r.texts()
	}
	if r.take(`,"claims":{`) {
		l.Claims = map[string]int{}
		for more := true; more && !r.failed; more = r.take(`,`) {
			key := r.text()
			r.need(`:`)
			l.Claims[key] = r.count()
		}
		r.need(`}`)
	}
	r.need(`,"chain":`)
	l.Chain = r.boolean()
}

func (r *reader) provenance(p *coldwatch.Provenance) {
	first := true
	if r.member(`"analyzers":`, &first) {
		p.Analyzers = r.texts()
	}
	if !first {
		r.need(`,`)
	}
	r.need(`"pack":`)
	p.Pack = r.text()
	if r.take(`,"node":`) {
		p.Node = r.text()
	}
	if r.take(`,"number":`) {
		p.Number = uint64(r.count())
	}
}

// member takes the key of a field that may be left out, with the comma before it.
func (r *reader) member(key string, first *bool) bool {
	rest := r.s
	if !*first {
		if rest == "" || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	if !strings.HasPrefix(rest, key) {
		return false
	}
	r.s, *first = rest[len(key):], false
	return true
}

func (r *reader) take(literal string) bool {
	if !strings.HasPrefix(r.s, literal) {
		return false
	}
	r.s = r.s[len(literal):]
	return true
}

func (r *reader) need(literal string) {
	if !r.take(literal) {
		r.failed = true
	}
}

func (r *reader) text() string {
	if r.failed || r.s == "" || r.s[0] != '"' {
		r.failed = true
		return ""
	}
	s, high := r.s[1:], byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			r.s = s[i+1:]
			if high >= utf8.RuneSelf && !utf8.ValidString(s[:i]) {
				r.failed = true
			}
			return s[:i]
		case c == '\\' || c < ' ':
			r.failed = true
			return ""
		default:
			high |= c
		}
	}
	r.failed = true
	return ""
}

func (r *reader) boolean() bool {
	if r.take("true") {
		return true
	}
	r.need("false")
	return false
}

// count reads a small whole number.
func (r *reader) count() int {
	n, i := 0, 0
	for i < len(r.s) && i < 18 && r.s[i] >= '0' && r.s[i] <= '9' {
		n = n*10 + int(r.s[i]-'0')
		i++
	}
	r.failed = r.failed || i == 0 || i > 1 && r.s[0] == '0'
	r.s = r.s[i:]
	return n
}

func (r *reader) float() float64 {
	i := strings.IndexAny(r.s, ",}")
	if i < 1 || r.s[0] != '-' && (r.s[0] < '0' || r.s[0] > '9') || !json.Valid([]byte(r.s[:i])) {
		r.failed = true
		return 0
	}
	f, err := strconv.ParseFloat(r.s[:i], 64)
	r.failed = r.failed || err != nil
	r.s = r.s[i:]
	return f
}

func (r *reader) texts() []string { return list(r, 4, (*reader).text) }

func list[T any](r *reader, expect int, one func(*reader) T) []T {
	if r.take(`null`) {
		return nil
	}
	r.need(`[`)
	if r.take(`]`) {
		return []T{}
	}
	out := make([]T, 0, expect)
	for more := true; more && !r.failed; more = r.take(`,`) {
		out = append(out, one(r))
	}
	r.need(`]`)
	return out
}
