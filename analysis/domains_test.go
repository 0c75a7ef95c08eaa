package analysis

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

// TestBenignDomains estimates how often honest domains look alike: those that harmless mail comes from or links to, half of
// them protected and the other half held against these. What a way of imitation is worth as evidence follows: the bits are at
// most the log2 of (its share among imitations : its share here), for as many protected domains.
func TestBenignDomains(t *testing.T) {
	dir := corpora(t)
	room := New(knowledge.Default(), Options{})
	seen := map[string]bool{}
	for _, c := range []string{"lists", "enron_rfq", "spamassassin/easy-ham-1", "spamassassin/hard-ham-1"} {
		for _, p := range walkFiles(t, filepath.Join(dir, c)) {
			raw, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			a := room.Analyze(coldwatch.Submission{Raw: raw}, message.Parse(raw, message.Default()))
			seen[names.Organisational(a.Sender.Author().Domain)] = true
			for i := range a.Payloads {
				for _, l := range a.Payloads[i].Links {
					seen[names.Organisational(names.Host(l.URL))] = true
				}
			}
		}
	}
	var protected []lookalike.Protected
	var held []string
	for i, d := range slices.Sorted(maps.Keys(seen)) {
		switch {
		case names.Label(d) == "" || names.FreeMail(d):
		case i%2 == 0:
			protected = append(protected, lookalike.Protected{Domain: d, Label: names.Label(d), Owner: i})
		default:
			held = append(held, d)
		}
	}
	index := lookalike.New(protected)
	count := map[lookalike.Kind]int{}
	for _, d := range held {
		if m, ok := index.Find(d); ok {
			count[m.Kind]++
			if count[m.Kind] <= 8 {
				t.Logf("%-11s %s, %s", m.Kind, d, m.Domain)
			}
		}
	}
	t.Logf("%d honest domains held against %d others", len(held), len(protected))
	for _, k := range slices.Sorted(maps.Keys(count)) {
		rate := float64(count[k]) / float64(len(held))
		t.Logf("%-11s %4d, %.5f of all, %.2e of all pairs; bits of an attack in five that does so, against as many: %.1f", k, count[k], rate, rate/float64(len(protected)), math.Log2(0.2/rate))
	}
}
