package profile

import (
	"fmt"

	"github.com/coldwatch/coldwatch"
)

// own is the author of evidence that the program found by itself.
const own = "coldwatch"

type ranges = map[string][2]float64

// automatic grades what the sightings themselves say about the class of actor. Each item is weak by design: mail shows
// methods, and methods are shared, bought and imitated. All are B by source (a member's own telemetry).
func automatic(p *coldwatch.Profile, f *Fold) []coldwatch.GradedItem {
	var out []coldwatch.GradedItem
	add := func(id, group, cost, text string, r ranges) {
		out = append(out, coldwatch.GradedItem{ID: id, Group: group, Text: text, Grade: "B2", Cost: cost, Ranges: r, Author: own})
	}
	n := max(f.Len(), 1)
	part := func(kind int, values ...string) float64 {
		c := 0
		for _, v := range values {
			c += f.shares[kind][v].n
		}
		return float64(c) / float64(n)
	}
	if share := max(part(objectives, "payment"), part(acts, "pay", "change-bank")); share >= .2 {
		add("payment", "objective", "easy", fmt.Sprintf("%s of the messages ask for money or a change of bank details.", percent(share)),
			ranges{"state": {.01, .05}, "crime": {.4, .7}, "commodity": {.2, .5}, "competitor": {.01, .05}, "test": {.02, .1}, "other": {.1, .3}})
	} else if share := part(objectives, "credentials"); share >= .5 {
		add("credentials", "objective", "easy", fmt.Sprintf("%s of the messages ask for credentials, and few or none for money.", percent(share)),
			ranges{"state": {.4, .7}, "crime": {.3, .5}, "commodity": {.4, .7}, "competitor": {.2, .4}, "test": {.5, .8}, "other": {.2, .5}})
	}
	hitStages := 0
	for _, s := range p.Stages {
		for _, r := range s.Roles {
			if r.Hit > 0 {
				hitStages++
				break
			}
		}
	}
	if len(p.Targets) >= minTargets && hitStages >= 3 {
		add("breadth", "victims", "moderate", fmt.Sprintf("%s at %d stages of the chain were hit.", counted(len(p.Targets), "organisation", "organisations"), hitStages),
			ranges{"state": {.3, .6}, "crime": {.2, .4}, "commodity": {.2, .4}, "competitor": {.05, .2}, "test": {.02, .1}, "other": {.1, .3}})
	}
	right := p.Claims[coldwatch.Correct] + p.Claims[coldwatch.Plausible]
	checked := right + p.Claims[coldwatch.Wrong]
	if p.Fidelity.N >= 3 && p.Fidelity.Median >= 35 && checked >= 5 && right*5 >= checked*4 {
		add("fidelity", "lure", "moderate", fmt.Sprintf("Of %d checkable facts of the trade in the lures, %d are right or plausible.", checked, right),
			ranges{"state": {.3, .6}, "crime": {.2, .4}, "commodity": {.05, .2}, "competitor": {.3, .6}, "test": {.1, .3}, "other": {.1, .3}})
	} else if p.Fidelity.N == 0 && f.Len() >= 10 {
		add("no-facts", "lure", "easy", "The lures state no checkable fact of the trade.",
			ranges{"state": {.2, .5}, "crime": {.3, .6}, "commodity": {.4, .7}, "competitor": {.1, .4}, "test": {.4, .7}, "other": {.3, .6}})
	}
	if len(p.Impersonated) > 0 && float64(p.Impersonated[0].Count) >= .8*float64(n) && n >= 5 {
		add("one-partner", "lure", "easy", "Nearly all messages pretend to come from one and the same partner of the chain.",
			ranges{"state": {.4, .7}, "crime": {.4, .6}, "commodity": {.3, .5}, "competitor": {.3, .6}, "test": {.3, .6}, "other": {.2, .5}})
	}
	if span := p.Last.Sub(p.First); span >= 60*day && len(p.Timeline) >= 3 {
		add("persistence", "tempo", "hard", fmt.Sprintf("The campaign came back in %d waves over %.0f weeks.", len(p.Timeline), span.Hours()/24/7),
			ranges{"state": {.4, .7}, "crime": {.3, .5}, "commodity": {.2, .4}, "competitor": {.2, .4}, "test": {.02, .1}, "other": {.1, .3}})
	}
	owned, shared := 0, 0
	for _, i := range p.Infrastructure {
		if i.Kind == coldwatch.DomainName || i.Kind == coldwatch.URL {
			if i.Owned {
				owned++
			} else {
				shared++
			}
		}
	}
	if owned == 0 && shared >= 3 {
		add("borrowed", "infrastructure", "easy", "All infrastructure is free, hacked or shared; none looks like the sender's own.",
			ranges{"state": {.2, .4}, "crime": {.3, .5}, "commodity": {.4, .7}, "competitor": {.2, .4}, "test": {.05, .2}, "other": {.2, .4}})
	}
	if share := part(findings, "simulation", "gate.simulation", "test.simulation"); share > 0 {
		add("simulation", "infrastructure", "moderate", "Messages carry the marks of a phishing test service.",
			ranges{"state": {.01, .05}, "crime": {.01, .05}, "commodity": {.01, .05}, "competitor": {.01, .05}, "test": {.6, .9}, "other": {.05, .2}})
	}
	return out
}
