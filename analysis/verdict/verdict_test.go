package verdict

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

func TestShippedWeights(t *testing.T) {
	w := Shipped()
	for _, k := range w.Names() {
		x := w.Kinds[k]
		if x.Group == "" || x.Reason == "" || math.Abs(x.Bits) > 8 || !strings.HasSuffix(x.Reason, ".") {
			t.Errorf("%s: %+v", k, x)
		}
	}
	for g := range w.Gates {
		if _, ok := w.Kinds["gate."+g]; !ok {
			t.Errorf("gate %s has no weight", g)
		}
	}
	if _, err := Parse([]byte(`{"share": 2}`)); err == nil {
		t.Error("a share of 2 was taken")
	}
	if _, err := Parse([]byte(`{`)); err == nil {
		t.Error("broken JSON was taken")
	}
}

func weights() *Weights {
	return &Weights{Prior: -5, Hostile: 2, Suspicious: 0.5, Share: 0.5, Kinds: map[string]Weight{
		"a.one": {4, "a", ""}, "a.two": {2, "a", ""}, "b.one": {3, "b", ""}, "gate.partner": {-2, "gate", ""}, "gate.mailing-list": {-1, "gate", ""}},
		Gates: map[string][]string{"mailing-list": {"b."}}}
}

func run(a *coldwatch.Analysis) *coldwatch.Analysis {
	New(weights()).Analyze(a)
	return a
}

func f(kind string, chain ...bool) coldwatch.Finding {
	return coldwatch.Finding{Kind: kind, Reason: "It is so.", Chain: len(chain) > 0}
}

func TestSum(t *testing.T) {
	for _, c := range []struct {
		name     string
		findings []coldwatch.Finding
		gates    []string
		bits     float64
		class    coldwatch.Class
	}{
		{"nothing", nil, nil, -5, coldwatch.Unremarkable},
		{"two groups", []coldwatch.Finding{f("a.one"), f("b.one")}, nil, 2, coldwatch.Hostile},
		{"a share within a group", []coldwatch.Finding{f("a.two"), f("a.one")}, nil, 0, coldwatch.Unremarkable},
		{"the same kind twice counts once", []coldwatch.Finding{f("a.one"), f("a.one")}, nil, -1, coldwatch.Unremarkable},
		{"for the chain", []coldwatch.Finding{f("a.one", true), f("b.one"), f("a.two")}, nil, 3, coldwatch.Targeted},
		{"a gate explains its own", []coldwatch.Finding{f("a.one"), f("b.one"), f("gate.mailing-list")}, []string{"mailing-list"}, -2, coldwatch.Unremarkable},
		{"an unknown kind brings its weight", []coldwatch.Finding{{Kind: "z.z", Bits: 6, Group: "z", Reason: "So."}}, nil, 1, coldwatch.Suspicious},
	} {
		a := run(&coldwatch.Analysis{Findings: c.findings, Gates: c.gates})
		if a.Verdict.Bits != c.bits || a.Verdict.Class != c.class {
			t.Errorf("%s: %v %s, want %v %s", c.name, a.Verdict.Bits, a.Verdict.Class, c.bits, c.class)
		}
		if a.Verdict.Summary == "" || a.Verdict.Action == "" {
			t.Errorf("%s: no words", c.name)
		}
	}
}

// The ledger adds up to the verdict, and the order of the findings does not matter.
func TestLedgerAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	kinds := []string{"a.one", "a.two", "b.one", "gate.partner", "c.c"}
	for range 200 {
		var list []coldwatch.Finding
		for range r.IntN(8) {
			x := f(kinds[r.IntN(len(kinds))])
			x.Bits, x.Group = 1.5, "c"
			list = append(list, x)
		}
		a := run(&coldwatch.Analysis{Findings: append([]coldwatch.Finding{}, list...)})
		sum := a.Verdict.Prior
		for _, e := range a.Verdict.Ledger {
			sum += e.Bits
		}
		if math.Abs(sum-a.Verdict.Bits) > 0.001 {
			t.Errorf("ledger %v, verdict %v", sum, a.Verdict.Bits)
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if b := run(&coldwatch.Analysis{Findings: list}); b.Verdict.Bits != a.Verdict.Bits {
			t.Errorf("order matters: %v %v", a.Verdict.Bits, b.Verdict.Bits)
		}
	}
}

func TestWordsCountLessInLongTexts(t *testing.T) {
	a := &coldwatch.Analysis{Findings: []coldwatch.Finding{{Kind: "lure.prize", Bits: 4, Group: "Lure", Reason: "So."}}, Payloads: []coldwatch.Payload{{ID: "1", Via: "body", Text: strings.Repeat("word ", 4*usualText/5)}}}
	if run(a); a.Findings[0].Bits != 2 {
		t.Error(a.Findings[0].Bits)
	}
}

func TestThreatIndex(t *testing.T) {
	hostile := []coldwatch.Finding{f("a.one", true), f("b.one"), f("a.two")}
	for _, c := range []struct {
		a    coldwatch.Analysis
		want float64
	}{
		{coldwatch.Analysis{}, 0},
		{coldwatch.Analysis{Findings: hostile}, 2},
		{coldwatch.Analysis{Findings: hostile, Impersonated: coldwatch.Impersonation{Organisation: "x"}}, 3},
		{coldwatch.Analysis{Findings: hostile, Impersonated: coldwatch.Impersonation{Organisation: "x"}, Payloads: []coldwatch.Payload{{Layers: []string{"atob", "xor"}}}}, 4.5},
		{coldwatch.Analysis{Findings: hostile, Impersonated: coldwatch.Impersonation{Organisation: "x", Kind: "account"}}, 4},
	} {
		if a := run(&c.a); a.TTI != c.want {
			t.Errorf("got %v, want %v", a.TTI, c.want)
		}
	}
}
