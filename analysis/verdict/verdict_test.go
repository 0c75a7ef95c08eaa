package verdict

import (
	"math"
	"math/rand/v2"
	"reflect"
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
		"a.one": {Bits: 4, Group: "a"}, "a.two": {Bits: 2, Group: "a"}, "b.one": {Bits: 3, Group: "b"}, "gate.partner": {Bits: -2, Group: "gate"}, "gate.mailing-list": {Bits: -1, Group: "gate"}},
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

func TestLearnt(t *testing.T) {
	w := &Weights{Kinds: map[string]Weight{
		"often":  {Bits: 2, Group: "a", Reason: "So.", Seen: &Rates{400, 1000, 2, 1000}},
		"never":  {Bits: 2, Group: "a", Reason: "So.", Seen: &Rates{0, 3000, 0, 1000}},
		"turned": {Bits: 2, Group: "a", Reason: "So.", Seen: &Rates{10, 1000, 400, 1000}},
		"unseen": {Bits: 2, Group: "a", Reason: "So."},
	}, Gates: map[string][]string{"bounce": {"auth."}}, Voids: map[string][]string{"partner": {"never"}}}
	got := w.Learnt().Kinds
	if b := got["often"].Bits; b <= 2.5 || b > 4 {
		t.Errorf("often: %v", b)
	}
	if b := got["never"].Bits; b != 2 {
		t.Errorf("never: %v, want what was stated", b)
	}
	if b := got["turned"].Bits; b != 0 {
		t.Errorf("turned: %v, want the bound", b)
	}
	if b := got["unseen"].Bits; b != 2 {
		t.Errorf("unseen: %v", b)
	}
	js, err := w.Format()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(js)
	if err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("%v\n%s", err, js)
	}
}
