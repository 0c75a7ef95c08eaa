package campaign

import (
	"cmp"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
)

var start = time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC)

// make1 makes a sighting of features written "view=value".
func make1(id, org string, day int, features ...string) coldwatch.Sighting {
	s := coldwatch.Sighting{ID: id, Organisation: org, Received: start.AddDate(0, 0, day), Class: coldwatch.Hostile}
	for _, f := range features {
		for i := range f {
			if f[i] == '=' {
				s.Features = append(s.Features, coldwatch.Feature{View: coldwatch.View(f[:i]), Value: f[i+1:]})
				break
			}
		}
	}
	return s
}

func body(name string, same int) (out []string) {
	for b := range 32 {
		if b < same {
			out = append(out, fmt.Sprintf("text=%d:%s", b, name))
		} else {
			out = append(out, fmt.Sprintf("text=%d:%s-%d", b, name, b*7))
		}
	}
	return out
}

// waves makes campaigns of 3 to 10 sightings at four organisations, with strangers among them, in order of receipt.
func waves(seed int64, campaigns int) []coldwatch.Sighting { return rotating(seed, campaigns, 2) }

// rotating is waves with the number of hosts that a campaign rotates through.
func rotating(seed int64, campaigns, hosts int) []coldwatch.Sighting {
	r := rand.New(rand.NewSource(seed))
	var out []coldwatch.Sighting
	for c := range campaigns {
		for i := range 3 + r.Intn(8) {
			f := []string{
				fmt.Sprintf("host=h%d-%d.example", c, r.Intn(hosts)), fmt.Sprintf("sender=s%d-%d.example", c, r.Intn(1+hosts)),
				fmt.Sprintf("structure=kit%d", c%3), fmt.Sprintf("net=n%d", r.Intn(9)), fmt.Sprintf("subject=sub%d-%d", c, r.Intn(2)),
				fmt.Sprintf("tooling=t%d", r.Intn(3)), fmt.Sprintf("theme=th%d", c%2),
			}
			f = append(f, body(fmt.Sprintf("c%d-%d", c, r.Intn(hosts)), 32)...)
			out = append(out, make1(fmt.Sprintf("m%02d-%02d", c, i), fmt.Sprintf("org%d", r.Intn(4)), c*3+i, f...))
		}
		f := append(body(fmt.Sprintf("x%d", c), 32), fmt.Sprintf("host=x%d.example", c), fmt.Sprintf("structure=kit%d", c%3), "tooling=t1", fmt.Sprintf("sender=y%d.example", c))
		out = append(out, make1(fmt.Sprintf("x%02d", c), "org1", c*4, f...))
		plain := make1(fmt.Sprintf("b%02d", c), "org2", c*4, fmt.Sprintf("sender=p%d.example", c), "tooling=t1", "net=n1")
		plain.Class = coldwatch.Unremarkable
		out = append(out, plain)
	}
	slices.SortStableFunc(out, func(a, b coldwatch.Sighting) int { return cmp.Compare(a.Received.Unix(), b.Received.Unix()) })
	return out
}

// partition returns the members of the campaigns, sorted.
func partition(l *Linker) (out [][]string) {
	for _, c := range l.Campaigns() {
		out = append(out, c.Members)
	}
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out
}

func TestPartitionForgetsOrder(t *testing.T) {
	t.Parallel()
	ss := waves(3, 14)
	words := []coldwatch.Word{
		{ID: "w1", Kind: "cannot-link", Message: ss[0].ID, Other: ss[4].ID},
		{ID: "w2", Kind: "must-link", Message: "x01", Other: "x02"},
		{ID: "w3", Kind: "benign", Message: "m03-00"},
		{ID: "w4", Kind: "not-part", Message: "m05-01", Campaign: nameOf("m05-00")},
	}
	var want [][]string
	for n := range 50 {
		r := rand.New(rand.NewSource(int64(n)))
		order := slices.Clone(ss)
		if n > 0 {
			r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		l := New(Default())
		taken := coldwatch.Word{ID: "w0", Kind: "must-link", Message: "m02-00", Other: "m07-00"}
		if n%2 == 1 {
			l.Say(taken) // and taken back in the end
		}
		said := 0
		for _, s := range order {
			l.Place(s)
			if r.Intn(4) == 0 {
				l.Place(order[r.Intn(len(order))]) // repeats, and sightings out of turn
			}
			if r.Intn(20) == 0 {
				l.Relink() // batches
			}
			if said < len(words) && r.Intn(10) == 0 {
				l.Say(words[said])
				said++
			}
		}
		for ; said < len(words); said++ {
			l.Say(words[said])
		}
		if n%2 == 1 {
			taken.Undone = true
			l.Say(taken)
		}
		l.Relink()
		got := partition(l)
		if n == 0 {
			if want = got; len(want) < 10 {
				t.Fatalf("found %d campaigns only: %v", len(want), want)
			}
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("shuffle %d: partition differs\n got %v\nwant %v", n, got, want)
		}
		if a := l.Relink(); len(a) != 0 {
			t.Fatalf("a second re-link changed something: %v", a)
		}
	}
}

// TestReplayForgetsOrder: counts that the replay remembers, for which there is less room than pairs, are forgotten in the same order whatever came
// first.
func TestReplayForgetsOrder(t *testing.T) {
	t.Parallel()
	ss := waves(3, 40)
	var want []string
	for n := range 4 {
		order := slices.Clone(ss)
		if n > 0 {
			rand.New(rand.NewSource(int64(n))).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		l := New(Default())
		l.s.memo = make([]memo, 16)
		for _, s := range order {
			l.Place(s)
		}
		l.classify()
		l.recountPlain()
		l.replay(l.t.canonical(l.links))
		var got []string
		for _, m := range l.s.memo {
			if m.at != 0 {
				got = append(got, fmt.Sprintf("%x %x: %d of %d at %d", l.t.key[m.x], l.t.key[m.y], m.both, m.holds, m.at))
			}
		}
		if n == 0 {
			want = got
		}
		if len(got) < 8 || !slices.Equal(got, want) {
			t.Fatalf("shuffle %d: remembered\n%q\nwant\n%q", n, got, want)
		}
	}
}

// TestLongLedgerForgetsOrder: of more shared values than a ledger has lines, the same stay whatever came first.
func TestLongLedgerForgetsOrder(t *testing.T) {
	t.Parallel()
	var shared []string
	for i := range 300 {
		shared = append(shared, fmt.Sprintf("host=h%d.example", i), fmt.Sprintf("text=%d:x", i))
	}
	var want coldwatch.Link
	for n := range 4 {
		rand.New(rand.NewSource(int64(n))).Shuffle(len(shared), func(i, j int) { shared[i], shared[j] = shared[j], shared[i] })
		l := New(Default())
		for _, id := range []string{"a", "b"} {
			l.Place(make1(id, "org1", 1, shared...))
		}
		for i := range 40 { // other counts for some
			l.Place(make1(fmt.Sprintf("x%02d", i), "org2", 2, fmt.Sprintf("host=h%d.example", i*7), fmt.Sprintf("text=%d:x", i*3)))
		}
		l.Relink()
		got := l.Link("a", "b")
		if n == 0 {
			want = got
		}
		if len(got.Terms) == 0 || !reflect.DeepEqual(got, want) {
			t.Fatalf("shuffle %d: %d lines, want %d: %+v", n, len(got.Terms), len(want.Terms), got)
		}
	}
}
