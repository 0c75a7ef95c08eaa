// Package sighting is the privacy wall: it turns an analysed message into the Sighting that may leave the house.
//
// Package campaign and package profile know a message only as a [coldwatch.Sighting]: the linking features, the target's
// place in the chain, the verdict. No body, no subject, no recipient passes. Values are normalised so that what one
// operation reuses becomes equal and what differs by victim is masked away:
//
//   - hosts become the registrable domain (the public suffix list of publicsuffix.org, private section included); on form
//     services, file hosts and shorteners, which many rent at once, the account or token in the path is kept with the host;
//   - paths become templates: digits N, hexadecimal and base64 runs X, UUIDs U;
//   - sender domains become organisational domains (RFC 7489 section 3.2); a free-mail address stays whole;
//   - addresses of hosts become their /24 or /48;
//   - texts become band tokens of a MinHash sketch over five-word shingles (Broder 1997; one permutation with optimal
//     densification, Shrivastava 2017), with names, numbers, addresses and dates masked.
//
// What belongs to the reporting members and their partners is never a feature: their domains are no evidence of who attacks.
package sighting

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// From makes the sighting of an analysed message. The pack tells whose domains are partners' and never evidence.
func From(a *coldwatch.Analysis, pack *knowledge.Pack) coldwatch.Sighting {
	s := coldwatch.Sighting{
		ID:           a.ID,
		Organisation: a.Organisation,
		Received:     a.Received.UTC(),
		Target:       a.Target,
		Class:        a.Verdict.Class,
		Bits:         a.Verdict.Bits,
		Impersonated: a.Impersonated,
		Techniques:   a.Techniques,
		TTI:          a.TTI,
		Marking:      coldwatch.Marking{TLP: "TLP:AMBER"},
		Provenance:   coldwatch.Provenance{Analyzers: a.Analyzers, Pack: a.Pack},
	}
	for _, f := range a.Findings {
		s.Kinds = append(s.Kinds, f.Kind)
	}
	slices.Sort(s.Kinds)
	s.Kinds = slices.Compact(s.Kinds)
	s.Lure = lure(a)
	s.Carrier, s.Layers = carrier(a)
	s.Objective = objective(a)
	f := features{pack: pack, a: a}
	f.collect()
	s.Features = Sort(f.out)
	s.Observables = f.observables()
	return s
}

// Marshal gives the bytes of a sighting as they pass the wall: JSON with a fixed field order.
func Marshal(s coldwatch.Sighting) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("marshal sighting %s: %w", s.ID, err)
	}
	return b, nil
}

// Unmarshal reads what Marshal wrote.
func Unmarshal(b []byte) (coldwatch.Sighting, error) {
	if s, ok := read(string(b)); ok {
		return s, nil
	}
	var s coldwatch.Sighting
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read sighting: %w", err)
	}
	return s, nil
}

func lure(a *coldwatch.Analysis) coldwatch.SightingLure {
	l := coldwatch.SightingLure{Theme: a.Lure.Theme, Act: a.Lure.Act, Language: a.Lure.Language, Fidelity: a.Lure.Fidelity,
		FidelityOf: a.Lure.FidelityOf, Models: a.Lure.Models, Programmes: a.Lure.Programmes, Chain: a.Lure.Chain}
	for _, c := range a.Lure.Claims {
		if l.Claims == nil {
			l.Claims = map[string]int{}
		}
		l.Claims[c.Result]++
	}
	return l
}

// carrier tells what brings the attack, and the wrappings taken off it. What asks for credentials counts before what
// merely comes along.
func carrier(a *coldwatch.Analysis) (string, []string) {
	kind, layers := "", []string(nil)
	rank := map[string]int{"html-attachment": 7, "archive": 6, "qr": 5, "pdf": 4, "office": 3, "message": 2, "link": 1}
	set := func(k string) {
		if rank[k] > rank[kind] {
			kind = k
		}
	}
	if a.Via != "" {
		set("message")
	}
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if len(p.Layers) > len(layers) {
			layers = p.Layers
		}
		switch {
		case p.Via == "body" || p.Via == "layer":
			if len(p.Links) > 0 {
				set("link")
			}
		case p.Kind == "archive":
			set("archive")
		case (p.Kind == "html" || p.Kind == "svg" || p.Kind == "script") && p.Via == "attachment":
			set("html-attachment")
		case p.Kind == "pdf", p.Kind == "office":
			set(p.Kind)
		case p.Via == "qr":
			set("qr")
		}
	}
	if kind == "" {
		kind = "text"
	}
	return kind, layers
}

// objective reads what was sought off the destinations first, off the requested act second.
func objective(a *coldwatch.Analysis) string {
	for i := range a.Payloads {
		for _, d := range a.Payloads[i].Destinations {
			if d.Credentials {
				return "credentials"
			}
		}
		for _, f := range a.Payloads[i].Forms {
			if f.Password {
				return "credentials"
			}
		}
	}
	for i := range a.Payloads {
		if p := &a.Payloads[i]; p.Kind == "executable" || p.Trait("autoexec") {
			return "run-file"
		}
	}
	switch a.Lure.Act {
	case "sign-in":
		return "credentials"
	case "pay", "change-bank":
		return "payment"
	case "send-information":
		return "documents"
	case "reply":
		return "reply"
	}
	return "unknown"
}

// Sort puts features in their order, by view, then value, each once.
func Sort(fs []coldwatch.Feature) []coldwatch.Feature {
	slices.SortFunc(fs, func(x, y coldwatch.Feature) int {
		return cmp.Or(cmp.Compare(x.View, y.View), cmp.Compare(x.Value, y.Value))
	})
	return slices.Compact(fs)
}
