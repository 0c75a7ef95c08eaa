package lookalike

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/analysis/names"
)

func TestFind(t *testing.T) {
	x := New([]Protected{
		{Domain: "haierbiomedical.com", Label: "haierbiomedical", Owner: 0},
		{Domain: "polar-cargo.example", Label: "polar-cargo", Owner: 1},
		{Domain: "frostwerk.example", Label: "frostwerk", Owner: 2},
		{Domain: "gavi.org", Label: "gavi", Owner: 3},
		{Label: "northernvaccinestore", Owner: 4},
	})
	for _, c := range []struct {
		host string
		kind Kind
		own  int
	}{
		{"haierbiomedical.com", "", 0},
		{"mail.haierbiomedical.com", "", 0},
		{"haierbiomedical.test", Suffix, 0},
		{"ha1erbiomedical.test", Homoglyph, 0},
		{"haierbiornedical.com", Homoglyph, 0},
		{"xn--haierbomedical-bbm.test", Homoglyph, 0},
		{"haierbiomedica.test", Edit, 0},
		{"haierbiomediical.test", Edit, 0},
		{"hiaerbiomedical.test", Edit, 0},
		{"haierbiomedicol.test", Edit, 0},
		{"haierbiomedical-sales.test", Combosquat, 0},
		{"haier-biomedical-sales.test", Combosquat, 0},
		{"haierbiomedicalonline.test", Combosquat, 0},
		{"rfq-haierbiomedicl.test", Combosquat, 0},
		{"haierbiomedical.com.files.test", Subdomain, 0},
		{"haierbiomedical-com.files.test", Subdomain, 0},
		{"polarcargo.example", Suffix, 1},
		{"polar-cargo-intl.example", Combosquat, 1},
		{"frostwerks.example", Edit, 2},
		{"frostwerkservice-nv.example", Combosquat, 2},
		{"frostwerksupplychain.example", Combosquat, 2},
		{"frostwerk-procurementservices.example", Combosquat, 2},
		{"globalfrostwerk-bv.example", Combosquat, 2},
		{"frostwerkeria.example", "", 0},
		{"frostwerk.gmbh", Suffix, 2},
		{"gavi-supply.test", Combosquat, 3},
		{"gave.test", "", 0},
		{"navi-supply.test", "", 0},
		{"northern-vaccine-store.test", Suffix, 4},
		{"cobaltworks.example", "", 0},
		{"polar.example", "", 0},
		{"", "", 0},
		{"com", "", 0},
	} {
		m, ok := x.Find(c.host)
		if c.kind == "" {
			if ok {
				t.Errorf("%s: found %+v", c.host, m)
			}
			continue
		}
		if !ok || m.Kind != c.kind || m.Owner != c.own {
			t.Errorf("%s: got %v %+v, want %s of %d", c.host, ok, m, c.kind, c.own)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		d    int
	}{{"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "xbc", 1}, {"abcd", "badc", 2}, {"abc", "xyz", 3}} {
		if d := Distance(c.a, c.b, 2); d != c.d {
			t.Errorf("%s %s: %d", c.a, c.b, d)
		}
		if Distance(c.a, c.b, 2) != Distance(c.b, c.a, 2) {
			t.Errorf("%s %s: not symmetric", c.a, c.b)
		}
	}
}

// Every label one edit away from a protected one is found: the deletion index misses nothing that the distance finds.
func TestIndexAgreesWithDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := synthetic(500, r)
	x := New(list)
	for range 4000 {
		p := list[r.IntN(len(list))].Label
		i := r.IntN(len(p) - 1)
		var q string
		switch r.IntN(4) {
		case 0:
			q = p[:i] + p[i+1:]
		case 1:
			q = p[:i] + string(rune('a'+r.IntN(26))) + p[i:]
		case 2:
			q = p[:i] + string(rune('a'+r.IntN(26))) + p[i+1:]
		case 3:
			q = p[:i] + p[i+1:i+2] + p[i:i+1] + p[i+2:]
		}
		if q == p || len(q) < minEdit || len(names.Skeleton(q)) < minEdit || Distance(names.Skeleton(q), names.Skeleton(p), 1) > 1 {
			continue
		}
		if _, ok := x.Find(q + ".zz"); !ok {
			t.Errorf("%s is one edit from %s and was not found", q, p)
		}
	}
}

func synthetic(n int, r *rand.Rand) []Protected {
	syllables := strings.Fields("bo ka ri mon tel ves ark lun dor fin gal hex jor kip lam nor pol qui ras sul tam ult vek wim yor zan")
	var out []Protected
	for i := range n {
		label := ""
		for range 3 + r.IntN(3) {
			label += syllables[r.IntN(len(syllables))]
		}
		out = append(out, Protected{Domain: fmt.Sprintf("%s.example", label), Label: label, Owner: i})
	}
	return out
}

func BenchmarkFind10000(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	x := New(synthetic(10000, r))
	hosts := []string{"mail.somecompany-online.example", "bokaritel.example", "newsletter.unrelated-firm.test", "a-b-c-d-e.example", "lists.kernel.org"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.Find(hosts[i%len(hosts)])
	}
}

func FuzzFind(f *testing.F) {
	x := New(synthetic(100, rand.New(rand.NewPCG(5, 6))))
	for _, s := range []string{"bokaritel.example", "xn--80ak6aa92e.com", "a..b", "-.-", strings.Repeat("a.", 120), "xn--\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { x.Find(s); x.Word(s) })
}
