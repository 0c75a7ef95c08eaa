package campaign

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

// apart returns the partition without the sightings whose id begins with "evil".
func apart(l *Linker) (out [][]string) {
	for _, members := range partition(l) {
		members = slices.DeleteFunc(members, func(id string) bool { return strings.HasPrefix(id, "evil") })
		if len(members) > 1 {
			out = append(out, members)
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// copyOf makes a sighting that one organisation reports, with the marks of others.
func copyOf(id string, day int, class coldwatch.Class, from ...coldwatch.Sighting) coldwatch.Sighting {
	s := make1(id, "evil", day)
	s.Class = class
	for _, f := range from {
		s.Features = append(s.Features, f.Features...)
	}
	return s
}

func only(s coldwatch.Sighting, views ...coldwatch.View) coldwatch.Sighting {
	s.Features = slices.Clone(s.Features)
	s.Features = slices.DeleteFunc(s.Features, func(f coldwatch.Feature) bool { return !slices.Contains(views, f.View) })
	return s
}

// TestOneMemberCannotMergeOrSplit lets one organisation report what it likes: copies of one message in a flood, messages
// made of two campaigns' marks, ordinary or hostile mail full of a campaign's host and sender. The other sightings must
// fall into the same campaigns as without.
func TestOneMemberCannotMergeOrSplit(t *testing.T) {
	for seed := int64(1); seed <= 6; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			poison(t, rotating(seed, 14, 1))
		})
	}
}

func poison(t *testing.T, base []coldwatch.Sighting) {
	by := map[string]coldwatch.Sighting{}
	for _, s := range base {
		by[s.ID] = s
	}
	a, b, c := by["m02-00"], by["m05-00"], by["m08-01"]
	attacks := map[string]func() []coldwatch.Sighting{
		"flood": func() (out []coldwatch.Sighting) {
			for i := range 400 {
				out = append(out, copyOf(fmt.Sprintf("evil%d", i), 10+i%20, coldwatch.Hostile, a))
			}
			return out
		},
		"flood of variants": func() (out []coldwatch.Sighting) {
			for i := range 400 {
				s := copyOf(fmt.Sprintf("evil%d", i), 10+i%20, coldwatch.Hostile, a)
				s.Features = append(s.Features, make1("", "", 0, fmt.Sprintf("sender=e%d.example", i), fmt.Sprintf("host=e%d.example", i), fmt.Sprintf("net=e%d", i)).Features...)
				out = append(out, s)
			}
			return out
		},
		"bridge": func() (out []coldwatch.Sighting) {
			for i := range 30 {
				out = append(out, copyOf(fmt.Sprintf("evil%d", i), 5+i, coldwatch.Hostile, a, b))
			}
			return out
		},
		"flood of bridges": func() (out []coldwatch.Sighting) {
			for i := range 1500 {
				out = append(out, copyOf(fmt.Sprintf("evil%d", i), i%40, coldwatch.Hostile, a, b))
			}
			return out
		},
		"half and half": func() (out []coldwatch.Sighting) {
			for i := range 30 {
				out = append(out, copyOf(fmt.Sprintf("evil%d", i), 5+i, coldwatch.Hostile, only(a, "host", "sender", "net"), only(c, "text", "subject", "structure")))
			}
			return out
		},
		"benign hub": func() (out []coldwatch.Sighting) {
			for i := range 2000 {
				s := copyOf(fmt.Sprintf("evil%d", i), i%40, coldwatch.Unremarkable, only(a, "host", "sender", "subject"), only(b, "host", "text"))
				out = append(out, s)
			}
			return out
		},
		"hostile hub": func() (out []coldwatch.Sighting) {
			for i := range 500 {
				s := copyOf(fmt.Sprintf("evil%d", i), i%40, coldwatch.Hostile, only(a, "host"))
				if i%2 == 0 {
					s = copyOf(fmt.Sprintf("evil%d", i), i%40, coldwatch.Hostile, only(a, "sender"))
				}
				s.Features = append(s.Features, make1("", "", 0, fmt.Sprintf("structure=e%d", i), fmt.Sprintf("net=e%d", i), fmt.Sprintf("subject=e%d", i)).Features...)
				s.Features = append(s.Features, make1("", "", 0, body(fmt.Sprintf("e%d", i), 32)...).Features...)
				out = append(out, s)
			}
			return out
		},
	}
	honest := New(Default())
	for _, s := range base {
		honest.Place(s)
	}
	honest.Relink()
	want := apart(honest)
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			l := New(Default())
			for _, s := range append(slices.Clone(base), attack()...) {
				l.Place(s)
			}
			l.Relink()
			if got := apart(l); !reflect.DeepEqual(got, want) {
				t.Errorf("partition changed\n got %v\nwant %v", differ(got, want), differ(want, got))
			}
		})
	}
}

// differ returns the members of a that b does not have in the same company.
func differ(a, b [][]string) [][]string {
	return slices.DeleteFunc(slices.Clone(a), func(x []string) bool {
		return slices.ContainsFunc(b, func(y []string) bool { return slices.Equal(x, y) })
	})
}

// TestMergeByTwoOrganisations shows that the same bridging evidence from two organisations does merge.
func TestMergeByTwoOrganisations(t *testing.T) {
	var ss []coldwatch.Sighting
	side := func(n string, i int) []string {
		return append(body("t"+n, 32), "host="+n+".example", "sender=s"+n+".example", "structure=k"+n, "subject=j"+n, "net="+n)
	}
	for i := range 4 {
		ss = append(ss, make1(fmt.Sprintf("a%d", i), fmt.Sprintf("org%d", i), i, side("a", i)...), make1(fmt.Sprintf("b%d", i), fmt.Sprintf("org%d", i+1), i, side("b", i)...))
	}
	run := func(orgs ...string) int {
		l := New(Default())
		for _, s := range ss {
			l.Place(s)
		}
		for i, o := range orgs {
			l.Place(make1(fmt.Sprintf("x%d", i), o, 5+i, append(side("a", 0), side("b", 0)...)...))
		}
		l.Relink()
		return len(l.Campaigns())
	}
	if n := run("evil", "evil", "evil"); n != 2 {
		t.Errorf("one organisation's bridges: %d campaigns, want 2", n)
	}
	if n := run("org7", "org8"); n != 1 {
		t.Errorf("two organisations' bridges: %d campaigns, want 1", n)
	}
}

// TestCustomersOfOneKit: two operations rent one kit, so that their messages are alike in all that is sold. One member's messages with the marks
// of both do not make them one.
func TestCustomersOfOneKit(t *testing.T) {
	kit := []string{"structure=k", "path=/k.php", "tooling=k", "subject=k", "file-name=k", "metadata=k", "layers=k"}
	var ss []coldwatch.Sighting
	for i := range 5 {
		for _, n := range []string{"a", "b"} {
			own := append(body("t"+n, 32), "host="+n+".example", "sender=s"+n+".example", "net="+n, "identity="+n, "persona="+n)
			ss = append(ss, make1(fmt.Sprintf("%s%d", n, i), fmt.Sprintf("org%d", i), i, append(own, kit...)...))
		}
	}
	ss = append(ss, waves(4, 12)...)
	for i := range 20 {
		ss = append(ss, copyOf(fmt.Sprintf("evil%d", i), 3+i%5, coldwatch.Hostile, only(ss[0], "host", "sender", "text", "identity"), only(ss[1], "host", "sender", "text", "persona", "structure", "path")))
	}
	for _, members := range apart(placed(t, ss)) {
		if slices.Contains(members, "a0") && slices.Contains(members, "b0") {
			t.Errorf("one organisation merged two customers of a kit: %v", members)
		}
	}
}

// TestTenThousandHostile: one member's ten thousand messages, each with marks of two campaigns and some of its own, leave the campaigns of others as
// they were.
func TestTenThousandHostile(t *testing.T) {
	t.Parallel()
	base := rotating(2, 14, 1)
	want := apart(placed(t, base))
	all := slices.Clone(base)
	for i := range 10_000 {
		a, b := base[i%len(base)], base[(i*7+3)%len(base)]
		s := copyOf(fmt.Sprintf("evil%d", i), i%50, coldwatch.Hostile, only(a, "host", "subject", "structure"), only(b, "sender", "net"))
		s.Features = append(s.Features, make1("", "", 0, append(body(fmt.Sprintf("e%d", i%400), 32), fmt.Sprintf("host=e%d.example", i%900))...).Features...)
		all = append(all, s)
	}
	if got := apart(placed(t, all)); !reflect.DeepEqual(got, want) {
		t.Errorf("partition changed\n got %v\nwant %v", differ(got, want), differ(want, got))
	}
}
