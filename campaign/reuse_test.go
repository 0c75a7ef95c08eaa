package campaign

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
)

// flooded is campaigns and strangers with n copies of messages of one campaign, as one member reports a mass mailing.
func flooded(n int) []coldwatch.Sighting {
	ss := rotating(5, 14, 2)
	for i := range n {
		ss = append(ss, copyOf(fmt.Sprintf("evil%d", i), i%40, coldwatch.Hostile, ss[i%5]))
	}
	return ss
}

// TestReuseIsExact scores pairs at random, copies of each other among them, with and without what was scored before.
func TestReuseIsExact(t *testing.T) {
	l := placed(t, flooded(60))
	order := l.t.canonical(l.links)
	r := rand.New(rand.NewSource(1))
	for _, need := range []float64{0, l.p.Relink, 30} {
		u := l.s.newReuse(order, need)
		if copies := slices.DeleteFunc(slices.Clone(order), func(r uint32) bool { return u.shape[r] == r }); len(copies) < 55 {
			t.Fatalf("%d of 60 copies found", len(copies))
		}
		u.kept = u.kept[:256] // so few that places are fought for
		held := 0
		for range 40_000 {
			a, b, out := order[r.Intn(len(order))], order[r.Intn(len(order))], float64(1+r.Intn(2))
			want, ok := l.s.link(a, b, out, need, 1)
			bits, held1 := u.link(a, b, out)
			if held1 != ok || ok && bits != want.bits {
				t.Fatalf("link of %d and %d: %v %v, want %v %v", a, b, bits, held1, want.bits, ok)
			}
			if ok {
				held++
			}
			if r.Intn(3) > 0 {
				continue
			}
			want = l.s.compare(a, b, out, 1)
			got := u.compare(a, b, out)
			if got.bits != want.bits || got.groups != want.groups || got.own != want.own || got.role != want.role {
				t.Fatalf("%d and %d: %+v, want %v bits, %d groups, own %v, role %v", a, b, *got, want.bits, want.groups, want.own, want.role)
			}
		}
		if held == 0 {
			t.Errorf("no pair reaches %v", need)
		}
	}
	if math.IsInf(l.s.newReuse(order, 1e6).compare(order[0], order[1], 1).bits, -1) {
		t.Error("a score to the end is given up")
	}
}

// BenchmarkRelinkFlood re-links when one member reported two thousand copies.
func BenchmarkRelinkFlood(b *testing.B) {
	l := New(Default())
	for _, s := range flooded(2000) {
		l.Place(s)
	}
	for b.Loop() {
		l.stale = true
		l.Relink()
	}
}
