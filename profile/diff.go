package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A Difference is what changed between two versions of a campaign's profile.
type Difference struct {
	Campaign      string   `json:"campaign"`
	From          int      `json:"from"`
	To            int      `json:"to"`
	Messages      int      `json:"messages"` // more than before; below 0 when some left
	Organisations Change   `json:"organisations"`
	Countries     Change   `json:"countries"`
	Roles         Change   `json:"roles"`
	Impersonated  Change   `json:"impersonated"`
	Personas      Change   `json:"personas"`
	Themes        Change   `json:"themes"`
	Carriers      Change   `json:"carriers"`
	Layers        Change   `json:"layers"`
	Techniques    Change   `json:"techniques"`
	Owned         Change   `json:"infrastructure"` // owned by the adversary
	Phases        int      `json:"phases"`         // more than before
	AtLeast       [2]int   `json:"at_least"`       // size before and after
	Next          Change   `json:"next"`           // among the ten ranked first
	Hypotheses    Change   `json:"hypotheses"`
	Evidence      Change   `json:"evidence"` // by its text
	Attribution   Turn     `json:"attribution"`
	Activity      Turn     `json:"activity"`
	Sentences     []string `json:"sentences"`
}

// A Change lists the values that came and went, sorted.
type Change struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// A Turn is a statement before and after; both are empty when it stayed.
type Turn struct {
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Diff tells what changed from one version of a profile to another.
func Diff(old, new coldwatch.Profile) Difference {
	values := func(s []coldwatch.Share) []string {
		out := make([]string, len(s))
		for i := range s {
			out[i] = s[i].Value
		}
		return out
	}
	d := Difference{Campaign: new.Campaign, From: old.Version, To: new.Version, Messages: new.Messages - old.Messages,
		Organisations: changed(organisations(old), organisations(new)),
		Countries:     changed(values(old.Countries), values(new.Countries)),
		Roles:         changed(values(old.Roles), values(new.Roles)),
		Impersonated:  changed(values(old.Impersonated), values(new.Impersonated)),
		Personas:      changed(values(old.Personas), values(new.Personas)),
		Themes:        changed(values(old.Themes), values(new.Themes)),
		Carriers:      changed(values(old.Carriers), values(new.Carriers)),
		Layers:        changed(values(old.Layers), values(new.Layers)),
		Techniques:    changed(values(old.Techniques), values(new.Techniques)),
		Owned:         changed(owned(old), owned(new)),
		Phases:        len(new.Phases) - len(old.Phases),
		AtLeast:       [2]int{old.Size.AtLeast, new.Size.AtLeast},
		Next:          changed(leaders(old), leaders(new)),
		Hypotheses:    changed(hypothesisNames(old), hypothesisNames(new)),
		Evidence:      changed(evidenceTexts(old), evidenceTexts(new)),
		Attribution:   turn(old.Attribution.Statement, new.Attribution.Statement),
		Activity:      turn(old.Activity.Text, new.Activity.Text),
	}
	d.Sentences = sentences(d, old, new)
	return d
}

func organisations(p coldwatch.Profile) []string {
	var out []string
	for _, t := range p.Targets {
		out = append(out, t.Organisation)
	}
	return out
}

func owned(p coldwatch.Profile) []string {
	var out []string
	for _, i := range p.Infrastructure {
		if i.Owned {
			out = append(out, i.Value)
		}
	}
	return out
}

func hypothesisNames(p coldwatch.Profile) []string {
	var out []string
	for _, h := range p.Attribution.Hypotheses {
		out = append(out, h.Name)
	}
	return out
}

func evidenceTexts(p coldwatch.Profile) []string {
	var out []string
	for _, it := range p.Attribution.Evidence {
		if it.Author != own { // what the program grades by itself follows from the rest
			out = append(out, it.Text)
		}
	}
	return out
}

func leaders(p coldwatch.Profile) []string {
	var out []string
	for _, c := range p.Next.Ranked[:min(10, len(p.Next.Ranked))] {
		out = append(out, c.Organisation)
	}
	return out
}

func changed(before, after []string) Change {
	c := Change{Added: []string{}, Removed: []string{}}
	was, is := map[string]bool{}, map[string]bool{}
	for _, v := range before {
		was[v] = true
	}
	for _, v := range after {
		is[v] = true
	}
	for _, v := range sortedKeys(is) {
		if !was[v] {
			c.Added = append(c.Added, v)
		}
	}
	for _, v := range sortedKeys(was) {
		if !is[v] {
			c.Removed = append(c.Removed, v)
		}
	}
	return c
}

func turn(before, after string) Turn {
	if before == after {
		return Turn{}
	}
	return Turn{before, after}
}

// sentences tells the difference as prose, the victims first.
func sentences(d Difference, old, new coldwatch.Profile) []string {
	var out []string
	say := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	switch {
	case d.Messages > 0:
		say("The campaign grew from %s to %d.", counted(old.Messages, "message", "messages"), new.Messages)
	case d.Messages < 0:
		say("The campaign shrank from %s to %d.", counted(old.Messages, "message", "messages"), new.Messages)
	}
	names := map[string]string{}
	for _, p := range []coldwatch.Profile{old, new} {
		for _, t := range p.Targets {
			names[t.Organisation] = t.Name
		}
		for _, shares := range [][]coldwatch.Share{p.Impersonated, p.Roles} {
			for _, s := range shares {
				names[s.Value] = s.Name
			}
		}
		for _, c := range p.Next.Ranked {
			names[c.Organisation] = c.Name
		}
	}
	named := func(ids []string) string {
		var out []string
		for _, id := range ids {
			if names[id] != "" {
				id = names[id]
			}
			out = append(out, id)
		}
		slices.Sort(out)
		return end(list(out, len(out)))
	}
	few := func(ids []string) string { return end(list(ids, 5)) }
	pair := func(c Change, one, many string) {
		if n := len(c.Added); n > 0 {
			say("%s: %s.", counted(n, "new "+one, "new "+many), named(c.Added))
		}
		if n := len(c.Removed); n > 0 {
			say("%s: %s.", counted(n, one+" left out", many+" left out"), named(c.Removed))
		}
	}
	pair(d.Organisations, "targeted organisation", "targeted organisations")
	pair(d.Countries, "country", "countries")
	pair(d.Roles, "role on the chain", "roles on the chain")
	pair(d.Impersonated, "impersonated organisation", "impersonated organisations")
	pair(d.Personas, "persona", "personas")
	pair(d.Themes, "theme", "themes")
	pair(d.Carriers, "carrier", "carriers")
	pair(d.Layers, "layer of obfuscation", "layers of obfuscation")
	pair(d.Techniques, "technique", "techniques")
	if n := len(d.Owned.Added); n > 0 {
		say("%s: %s.", counted(n, "new owned host, address or file", "new owned hosts, addresses or files"), few(legible(d.Owned.Added)))
	}
	for _, p := range new.Phases[min(len(old.Phases), len(new.Phases)):] {
		say("A new phase began on %s: %s", date(p.From), strings.Join(p.Changes, " "))
	}
	if d.AtLeast[0] != d.AtLeast[1] {
		say("The size changed from at least %d to at least %d organisations.", d.AtLeast[0], d.AtLeast[1])
	}
	if d.Activity.After != "" {
		say("%s Before: %s", d.Activity.After, d.Activity.Before)
	}
	for _, name := range d.Hypotheses.Added {
		say("An analyst entered the hypothesis %s.", end(name))
	}
	for _, name := range d.Hypotheses.Removed {
		say("The hypothesis %s was taken back.", end(name))
	}
	for _, text := range d.Evidence.Added {
		say("Evidence entered: %s.", end(text))
	}
	for _, text := range d.Evidence.Removed {
		say("Evidence taken back: %s.", end(text))
	}
	if d.Attribution.After != "" {
		say("%s Before: %s", d.Attribution.After, d.Attribution.Before)
	}
	if !old.First.Equal(new.First) && !new.First.IsZero() {
		say("The earliest message known is now of %s.", date(new.First))
	}
	return out
}

// legible puts names before digests, and shortens what nobody reads to the end.
func legible(values []string) []string {
	var names, digests []string
	for _, v := range values {
		switch {
		case len(v) >= 32 && strings.Trim(v, "0123456789abcdef") == "":
			digests = append(digests, "the file "+v[:12]+"…")
		case len(v) > 60:
			names = append(names, strings.ToValidUTF8(v[:57], "")+"…")
		default:
			names = append(names, v)
		}
	}
	return append(names, digests...)
}

// Revise gives the new profile its version: the next one when the campaign itself changed, the old one's when only what
// surrounds it did: other mail seen, the clock, other campaigns. Else every message to anyone would make a version of
// every campaign. The first profile of a campaign, with the zero Profile before it, is version 1.
func Revise(old, new coldwatch.Profile) coldwatch.Profile {
	new.Version = old.Version
	a, errA := json.Marshal(itself(old))
	b, errB := json.Marshal(itself(new))
	if old.Version == 0 || errA != nil || errB != nil || !bytes.Equal(a, b) {
		new.Version++
	}
	return new
}

// itself is the profile without what depends on its surroundings. Whether the campaign is active stays.
func itself(p coldwatch.Profile) coldwatch.Profile {
	p.Version = 0
	p.Specificity, p.RoleIndexes, p.NotTargeted = coldwatch.Index{}, nil, nil
	p.Size, p.Next = coldwatch.Size{}, coldwatch.Prediction{}
	p.Activity = coldwatch.Judgement{Text: p.Activity.Text}
	p.Summary, p.Judgements, p.Gaps = nil, nil, nil
	p.Start.AtLeast = false
	return p
}
