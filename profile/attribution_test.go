package profile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// caseEvidence is the public case of 2020 as an analyst would enter it, beside what the mail itself shows.
func caseEvidence() []coldwatch.GradedItem {
	item := func(id, group, grade, cost, text string, state, crime, commodity, competitor, test, other [2]float64) coldwatch.GradedItem {
		return coldwatch.GradedItem{ID: id, Group: group, Grade: grade, Cost: cost, Text: text, Author: "analyst",
			Ranges: map[string][2]float64{"state": state, "crime": crime, "commodity": commodity, "competitor": competitor, "test": test, "other": other}}
	}
	return []coldwatch.GradedItem{
		item("precise-roles", "victims", "B2", "hard", "Chosen executives in sales, procurement, IT and finance of organisations that only knowledge of the chain ties together.",
			[2]float64{.5, .8}, [2]float64{.15, .4}, [2]float64{.01, .1}, [2]float64{.2, .5}, [2]float64{.01, .05}, [2]float64{.05, .3}),
		item("no-market", "value", "C3", "moderate", "What access would show has a buyer among states and hardly any on criminal markets.",
			[2]float64{.5, .8}, [2]float64{.2, .4}, [2]float64{.1, .3}, [2]float64{.4, .7}, [2]float64{.2, .4}, [2]float64{.2, .5}),
		item("before-approval", "tempo", "B2", "hard", "The first wave came months before any vaccine was approved.",
			[2]float64{.4, .7}, [2]float64{.15, .35}, [2]float64{.05, .2}, [2]float64{.1, .3}, [2]float64{.1, .3}, [2]float64{.1, .3}),
	}
}

func TestCaseOf2020(t *testing.T) {
	pack, o := knowledge.Default(), Options{}
	all := sightings(60, 7)
	mail := Build(coldwatch.Campaign{ID: "c-2020000000"}, all, testPack(), o)
	if mail.Attribution.Stated != "" || mail.Attribution.Actor != "" {
		t.Errorf("mail alone states %q: %+v", mail.Attribution.Stated, mail.Attribution.Hypotheses)
	}
	a := attribute(pack.Priors, nil, append(mail.Attribution.Evidence, caseEvidence()...), 10)
	best, second := a.Hypotheses[0], a.Hypotheses[1]
	if best.Name != "state" || best.Words != "likely" || second.Name != "crime" {
		t.Errorf("%+v", a.Hypotheses)
	}
	if a.Actor != "" || !strings.Contains(a.Statement, "actor is unknown") || !strings.Contains(a.Statement, "targeted crime") {
		t.Error(a.Statement)
	}
	t.Log(a.Statement, a.Confidence, a.Linchpin, best, second)
}

func TestNonDiagnosticEvidenceChangesNothing(t *testing.T) {
	for round := range 40 {
		r := rand.New(rand.NewPCG(uint64(round), 4))
		var items []coldwatch.GradedItem
		for i := range 1 + r.IntN(5) {
			it := coldwatch.GradedItem{ID: fmt.Sprint(i), Group: fmt.Sprint(r.IntN(3)), Grade: "B2", Cost: "moderate", Ranges: map[string][2]float64{}}
			for _, p := range BuiltinPriors() {
				lo := r.Float64() * .8
				it.Ranges[p.Hypothesis] = [2]float64{lo, lo + .2}
			}
			items = append(items, it)
		}
		flat := coldwatch.GradedItem{ID: "flat", Group: fmt.Sprint(r.IntN(4)), Grade: "A1", Cost: "hard", Ranges: map[string][2]float64{}}
		for _, p := range BuiltinPriors() {
			flat.Ranges[p.Hypothesis] = [2]float64{.1, .9}
		}
		a, b := attribute(nil, nil, items, 3), attribute(nil, nil, append(slices.Clone(items), flat), 3)
		if fmt.Sprint(a.Hypotheses) != fmt.Sprint(b.Hypotheses) || a.Confidence != b.Confidence || a.Statement != b.Statement {
			t.Fatalf("flat evidence changed %+v to %+v", a.Hypotheses, b.Hypotheses)
		}
	}
}

func TestActorOnlyWhenEnteredWithProof(t *testing.T) {
	actor := Hypothesis{Name: "Frost Group", Actor: true, Prior: .05, Reason: "Named by the analyst."}
	strong := func(id, group, exclusive string) coldwatch.GradedItem {
		r := map[string][2]float64{"Frost Group": {.9, .99}}
		for _, p := range BuiltinPriors() {
			r[p.Hypothesis] = [2]float64{.001, .01}
		}
		return coldwatch.GradedItem{ID: id, Group: group, Grade: "A1", Cost: "hard", Ranges: r, Author: "analyst", Exclusive: exclusive}
	}
	var items []coldwatch.GradedItem
	for i := range 6 {
		items = append(items, strong(fmt.Sprint(i), fmt.Sprint("g", i), ""))
	}
	if a := attribute(nil, []Hypothesis{actor}, items, 3); a.Actor != "" || a.Stated != "" {
		t.Errorf("named without an exclusive artefact: %q %q", a.Actor, a.Stated)
	}
	items[0].Exclusive = "Frost Group"
	a := attribute(nil, []Hypothesis{actor}, items, 3)
	if a.Actor != "Frost Group" || a.Linchpin != "" {
		t.Errorf("not named: %+v, linchpin %q", a.Hypotheses, a.Linchpin)
	}
	if p := Lint(a.Statement); len(p) > 0 {
		t.Errorf("%+v", p)
	}
	if a := attribute(nil, []Hypothesis{actor}, items[:2], 3); a.Actor != "" {
		t.Error("named on two groups")
	}
	if a := attribute(nil, nil, items, 3); a.Actor != "" || strings.Contains(a.Statement, "Frost") {
		t.Errorf("named although no analyst entered it: %s", a.Statement)
	}
}

// Whatever the mail shows, the automatic evidence alone never states a state-directed operation.
func TestMailAloneNeverStatesAState(t *testing.T) {
	for round := range 40 {
		all := sightings(20+round*2, uint64(round))
		for i := range all {
			all[i].Lure.Fidelity = 95
			if round%2 == 0 {
				all[i].Received = all[i].Received.AddDate(0, i%5, 0)
			}
		}
		for _, pack := range []*knowledge.Pack{testPack()} {
			pack.Priors = knowledge.Default().Priors
			if p := Build(coldwatch.Campaign{ID: fmt.Sprint(round)}, all, pack, options()); p.Attribution.Stated == "state" {
				t.Fatalf("%+v", p.Attribution)
			}
		}
	}
}

func TestNextRefusesAndRanks(t *testing.T) {
	pack := testPack()
	few := map[string]bool{"org-000": true, "org-006": true, "org-012": true, "org-018": true}
	if p := next(pack, few, "partner", 0, Options{}); p.Assessed || !strings.HasPrefix(p.Reason, "Not assessed") {
		t.Errorf("%+v", p.Reason)
	}
	few["org-024"] = true // five of one role
	p := next(pack, few, "partner", 0, Options{})
	if !p.Assessed || len(p.Ranked) == 0 {
		t.Fatal(p.Reason)
	}
	sameRole := 0
	for _, c := range p.Ranked[:10] {
		if few[c.Organisation] || c.Organisation == "partner" {
			t.Errorf("%s is ranked", c.Organisation)
		}
		if pack.Organisation(c.Organisation).Roles[0] == "role-supply" {
			sameRole++
		}
		if c.Words != Words(c.Probability) || c.Probability <= 0 || c.Probability >= 1 {
			t.Errorf("%+v", c)
		}
	}
	if sameRole < 8 {
		t.Errorf("%d of ten share the role that was hit", sameRole)
	}
}

// settle finds what sorting finds.
func TestSettle(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 300 {
		values := make([]float64, 1+r.IntN(200))
		for i := range values {
			values[i] = float64(r.IntN(1 + round)) // with many equal ones
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		for _, q := range []float64{.5, .05, .95, 0, 1} {
			if settle(values, q); quantile(values, q) != quantile(sorted, q) {
				t.Fatalf("%v of %v: %v", q, sorted, quantile(values, q))
			}
		}
	}
}
