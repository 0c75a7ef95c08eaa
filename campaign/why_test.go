package campaign

import (
	"math"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
)

func placed(t *testing.T, ss []coldwatch.Sighting) *Linker {
	t.Helper()
	l := New(Default())
	for _, s := range ss {
		l.Place(s)
	}
	l.Relink()
	return l
}

// TestLedgerAddsUp: the terms of a link sum up to its bits.
func TestLedgerAddsUp(t *testing.T) {
	l := placed(t, waves(5, 12))
	for _, c := range l.Campaigns() {
		ks := l.Why(c.ID)
		if len(ks) != len(c.Members)-1 {
			t.Fatalf("%s: %d links explain %d members", c.ID, len(ks), len(c.Members))
		}
		for _, k := range ks {
			sum := 0.0
			for _, term := range k.Terms {
				sum += term.Bits
				if term.Note == "" {
					t.Errorf("a term without words: %+v", term)
				}
			}
			if math.Abs(sum-k.Bits) > .2 {
				t.Errorf("%s–%s: terms sum up to %.2f, link has %.2f", k.A, k.B, sum, k.Bits)
			}
		}
	}
}

// TestExplanationsAreSound: with all cited evidence gone from one end, the link is gone.
func TestExplanationsAreSound(t *testing.T) {
	ss := waves(5, 12)
	by := map[string]coldwatch.Sighting{}
	for _, s := range ss {
		by[s.ID] = s
	}
	l := placed(t, ss)
	tried := 0
	for _, c := range l.Campaigns() {
		for _, k := range l.Why(c.ID) {
			s := by[k.A]
			s.ID = "without " + s.ID
			s.Features = slices.DeleteFunc(slices.Clone(s.Features), func(f coldwatch.Feature) bool {
				return slices.ContainsFunc(k.Terms, func(t coldwatch.Term) bool {
					return t.Bits > 0 && t.View == f.View && (t.Value == f.Value || t.View == coldwatch.ViewText)
				})
			})
			m := placed(t, append(slices.Clone(ss), s))
			if link := m.Link(s.ID, k.B); link.Bits >= link.Threshold {
				t.Errorf("%s–%s holds without its evidence: %.1f bits, %+v", k.A, k.B, link.Bits, link.Terms)
			}
			if tried++; tried > 25 {
				return
			}
		}
	}
}

func TestSuppressedEvidenceIsShown(t *testing.T) {
	l := placed(t, waves(5, 12))
	implied := 0
	for _, c := range l.Campaigns() {
		for _, k := range l.Why(c.ID) {
			for _, term := range k.Terms {
				if term.Implied != "" {
					implied++
				}
			}
		}
	}
	if implied == 0 {
		t.Error("no implied evidence is shown")
	}
}

func TestWithout(t *testing.T) {
	side := func(n string) []string {
		return []string{"host=h.example", "sender=s" + n + ".example", "structure=k" + n, "subject=j" + n, "tooling=t" + n, "net=n" + n}
	}
	var ss []coldwatch.Sighting
	for i, n := range []string{"a", "a", "b", "b"} {
		ss = append(ss, make1("m"+string(rune('0'+i)), "org"+n, i, side(n)...))
	}
	for i := range 30 {
		n := "x" + string(rune('A'+i))
		ss = append(ss, make1(n, "org9", i, "host="+n+".example", "sender="+n+".example", "structure="+n, "subject="+n, "tooling="+n, "net="+n))
	}
	l := New(Default())
	for _, s := range ss {
		l.Place(s)
	}
	l.Say(coldwatch.Word{ID: "1", Kind: "must-link", Message: "m0", Other: "m2"})
	l.Relink()
	c := l.Campaigns()
	if len(c) != 1 || len(c[0].Members) != 4 {
		t.Fatalf("campaigns: %+v", c)
	}
	if parts := l.Without(c[0].ID, coldwatch.ViewHost, "h.example"); len(parts) != 2 || len(parts[0]) != 2 {
		t.Errorf("without the host: %v", parts)
	}
}

func TestPreviewChangesNothing(t *testing.T) {
	ss := waves(9, 10)
	l := placed(t, ss[:len(ss)-20])
	before := l.Len()
	for _, s := range ss[len(ss)-20:] {
		p := l.Preview(s)
		q := l.Preview(s)
		if p.Campaign != q.Campaign || p.Link.Bits != q.Link.Bits || l.Len() != before {
			t.Fatalf("a preview left traces: %+v %+v", p, q)
		}
		if got := l.Place(s); p.Campaign != "" && got.Campaign != p.Campaign {
			t.Errorf("preview said %s, placed in %s", p.Campaign, got.Campaign)
		}
		before = l.Len()
	}
}

func TestWords(t *testing.T) {
	ss := waves(4, 12)
	l := placed(t, ss)
	of := func(id string) string {
		for _, c := range l.Campaigns() {
			if slices.Contains(c.Members, id) {
				return c.ID
			}
		}
		return ""
	}
	var a, b string // two members of one campaign
	for _, c := range l.Campaigns() {
		if len(c.Members) >= 4 {
			a, b = c.Members[0], c.Members[1]
			break
		}
	}
	before := partition(l)
	for _, w := range []coldwatch.Word{
		{Kind: "cannot-link", Message: a, Other: b}, {Kind: "same-look", Message: a, Other: b},
		{Kind: "not-part", Message: b, Campaign: of(b)}, {Kind: "benign", Message: b},
	} {
		w.ID = "w"
		l.Say(w)
		l.Relink()
		if of(a) == of(b) && of(a) != "" {
			t.Errorf("%s is not honoured", w.Kind)
		}
		w.Undone = true
		l.Say(w)
		l.Relink()
		if got := partition(l); !slices.EqualFunc(got, before, slices.Equal) {
			t.Errorf("%s is not undone cleanly", w.Kind)
		}
	}
	l.Say(coldwatch.Word{ID: "m", Kind: "must-link", Message: a, Other: "x03"})
	l.Relink()
	if of(a) != of("x03") || of(a) == "" {
		t.Error("must-link is not honoured")
	}
}

// TestIDsStay: a campaign keeps its id while it grows, and the history tells of what happened.
func TestIDsStay(t *testing.T) {
	ss := waves(6, 10)
	l := New(Default())
	ids := map[string]bool{}
	for i, s := range ss {
		l.Place(s)
		if i == len(ss)/2 {
			l.Relink()
			for _, c := range l.Campaigns() {
				ids[c.ID] = true
			}
		}
	}
	l.Relink()
	kept := 0
	for _, c := range l.Campaigns() {
		if ids[c.ID] {
			kept++
		}
		if len(c.Events) == 0 || c.Events[0].Kind != "opened" {
			t.Errorf("%s has no beginning: %v", c.ID, c.Events)
		}
	}
	if kept < len(ids)-1 {
		t.Errorf("%d of %d ids stayed", kept, len(ids))
	}
}

func TestTune(t *testing.T) {
	l := placed(t, waves(8, 40))
	a, err := l.Tune(1)
	if err != nil {
		t.Fatal(err)
	}
	if a.Pairs == 0 || len(a.Views) == 0 || a.New.Version == a.Old.Version {
		t.Errorf("nothing was learnt: %+v", a)
	}
	for _, v := range a.New.Views {
		if v.M < .02 || v.M > .98 {
			t.Errorf("m of %s is %f", v.View, v.M)
		}
	}
	if _, err := New(Default()).Tune(1); err == nil {
		t.Error("an empty linker was tuned")
	}
}

// TestOtherAccounts: a rented panel on which two messages use different accounts says nothing, unless both accounts are
// seen but once: then they may be the victims'.
func TestOtherAccounts(t *testing.T) {
	panel := func(id, account string) coldwatch.Sighting {
		return make1(id, "org"+id, 1, "host=panel.example", "path=/excel.php?cid", "account=panel.example#"+account, "sender=s"+id+".example")
	}
	l := New(Default())
	for i, account := range []string{"a", "a", "b", "b", "c", "d"} {
		l.Place(panel(string(rune('0'+i)), account))
	}
	for _, c := range []struct {
		a, b string
		says bool
	}{{"0", "1", true}, {"0", "2", false}, {"4", "5", true}, {"0", "4", false}} {
		bits := 0.0
		for _, term := range l.Link(c.a, c.b).Terms {
			if term.View == coldwatch.ViewHost {
				bits = term.Bits
			}
		}
		if (bits > 1) != c.says {
			t.Errorf("%s and %s: the panel's host gives %.1f bits", c.a, c.b, bits)
		}
	}
}

// TestOrdinaryMailAlone: mail that no verdict speaks against never makes a campaign by itself, however alike, in any order and beside others; an
// analyst's word makes it one, and its undoing leaves nothing.
func TestOrdinaryMailAlone(t *testing.T) {
	var ss []coldwatch.Sighting
	for i := range 3 {
		s := make1("p"+string(rune('a'+i)), "org"+string(rune('0'+i%3)), i, append(body("order", 32), "host=o.example", "sender=s.example", "structure=o", "subject=o", "file-name=o")...)
		s.Class = coldwatch.Unremarkable
		ss = append(ss, s)
	}
	l := placed(t, append(ss, waves(4, 12)...))
	made := func() (n int) {
		for _, c := range l.Campaigns() {
			if slices.Contains(c.Members, "pa") {
				n = len(c.Members)
			}
		}
		return n
	}
	if n := made(); n != 0 {
		t.Fatalf("ordinary mail stands in a campaign of %d", n)
	}
	w := coldwatch.Word{ID: "w", Kind: "must-link", Message: "pa", Other: "pb"}
	l.Say(w)
	l.Relink()
	if n := made(); n < 2 {
		t.Errorf("two ordinary messages that an analyst linked: %d together", n)
	}
	w.Undone = true
	l.Say(w)
	l.Relink()
	if n := made(); n != 0 {
		t.Errorf("the word is undone, and a campaign of %d stays", n)
	}
	hostile := make1("q", "org1", 20, append(body("order", 32), "host=o.example", "sender=s.example", "structure=o", "subject=o", "file-name=o")...)
	l.Place(hostile)
	l.Relink()
	if n := made(); n < 2 {
		t.Errorf("beside a hostile message the like of it stands alone")
	}
	l.Say(coldwatch.Word{ID: "b", Kind: "benign", Message: "q"})
	l.Relink()
	if n := made(); n != 0 {
		t.Errorf("the only hostile message is benign, and a campaign of %d stays", n)
	}
}
