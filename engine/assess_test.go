package engine_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/warning"
)

// story scans the mail of a world up to a day, and then all of it, into one database. It returns the campaign that holds
// most of the world's operation after either.
func story(t *testing.T, w world, e *engine.Engine) (early, late coldwatch.Profile, truth *measure.Truth) {
	t.Helper()
	truth, err := measure.LoadTruth(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{} // message → true campaign
	received := map[string]time.Time{}
	var times []time.Time
	for _, s := range w.subs {
		received[s.ID()] = e.Walk(s).Sighting.Received
		if c := truth.Messages[engine.ScenarioPath(w.dir, s.Source)].Campaign; c != "" {
			of[s.ID()] = c
			times = append(times, received[s.ID()])
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	middle := times[len(times)/6]
	main := func() coldwatch.Profile {
		ps, err := e.Update(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		best, most := coldwatch.Profile{}, 0
		for _, p := range ps {
			n := 0
			for _, m := range p.Members {
				if of[m] == truth.Campaigns[0].ID {
					n++
				}
			}
			if n > most {
				best, most = p, n
			}
		}
		return best
	}
	var first []coldwatch.Submission
	for _, s := range w.subs {
		if received[s.ID()].Before(middle) {
			first = append(first, s)
		}
	}
	scan(t, e, t.Context(), &list{subs: first})
	early = main()
	scan(t, e, t.Context(), &list{subs: w.subs})
	return early, main(), truth
}

func organisations(p coldwatch.Profile) []string {
	var out []string
	for _, t := range p.Targets {
		out = append(out, t.Organisation)
	}
	slices.Sort(out)
	return out
}

// The story of a campaign that is seen first in part and then whole: it keeps its id, and the difference names exactly the
// organisations that came.
func TestCampaignGrows(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "x.db"))
	early, late, truth := story(t, w, e)
	if early.Campaign == "" || early.Campaign != late.Campaign {
		t.Fatalf("%q became %q", early.Campaign, late.Campaign)
	}
	if late.Version <= early.Version {
		t.Errorf("version %d after %d", late.Version, early.Version)
	}
	want := slices.Sorted(slices.Values(truth.Campaigns[0].TargetsSeen))
	if got := organisations(late); !slices.Equal(got, want) {
		t.Errorf("targets %v, want %v", got, want)
	}
	d, err := e.Diff(t.Context(), late.Campaign, early.Version, late.Version)
	if err != nil {
		t.Fatal(err)
	}
	var added []string
	for _, o := range organisations(late) {
		if !slices.Contains(organisations(early), o) {
			added = append(added, o)
		}
	}
	if len(added) == 0 || !slices.Equal(d.Organisations.Added, added) || len(d.Organisations.Removed) > 0 {
		t.Errorf("the difference adds %v and removes %v, want %v", d.Organisations.Added, d.Organisations.Removed, added)
	}
	if late.Attribution.Stated != "" || late.Attribution.Actor != "" {
		t.Errorf("mail alone: %s", late.Attribution.Statement)
	}
	if d, err := e.Diff(t.Context(), late.Campaign, 0, 0); err != nil || d.To != late.Version {
		t.Errorf("%+v %v", d, err)
	}
}

// caseEvidence is what an analyst would enter of the public case beside what the mail shows.
func caseEvidence() []coldwatch.GradedItem {
	type r = [2]float64
	item := func(group, grade, cost, text string, state, crime, commodity, competitor, test, other r) coldwatch.GradedItem {
		return coldwatch.GradedItem{Group: group, Grade: grade, Cost: cost, Text: text,
			Ranges: map[string][2]float64{"state": state, "crime": crime, "commodity": commodity, "competitor": competitor, "test": test, "other": other}}
	}
	return []coldwatch.GradedItem{
		item("victims", "B2", "hard", "Chosen executives of organisations that only knowledge of the chain ties together.",
			r{.5, .8}, r{.15, .4}, r{.01, .1}, r{.2, .5}, r{.01, .05}, r{.05, .3}),
		item("value", "C3", "moderate", "What access would show has a buyer among states and hardly any on criminal markets.",
			r{.5, .8}, r{.2, .4}, r{.1, .3}, r{.4, .7}, r{.2, .4}, r{.2, .5}),
		item("tempo", "B2", "hard", "The first wave came months before any vaccine was approved.",
			r{.4, .7}, r{.15, .35}, r{.05, .2}, r{.1, .3}, r{.1, .3}, r{.1, .3}),
	}
}

// What analysts enter is honoured by every later update, survives more mail, and taken back leaves nothing behind.
func TestEnteredEvidence(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "x.db"))
	_, p, _ := story(t, w, e)
	before := p.Attribution
	var words []coldwatch.Word
	for i, it := range caseEvidence() {
		d, err := json.Marshal(it)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, coldwatch.Word{ID: "w-" + it.Group, At: noon(), Author: "ana", Kind: engine.WordEvidence, Campaign: p.Campaign, Reason: "public", Detail: d})
		if err := e.Judge(t.Context(), words[i]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := e.Store.Profile(t.Context(), p.Campaign, 0)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Attribution
	if a.Hypotheses[0].Name != "state" || a.Hypotheses[0].Words != "likely" || a.Hypotheses[1].Name != "crime" || a.Actor != "" {
		t.Errorf("%s %+v", a.Statement, a.Hypotheses)
	}
	again := newEngineOn(t, w, e.Store)
	if _, err := again.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	if q, _ := again.Store.Profile(t.Context(), p.Campaign, 0); q.Version != p.Version || len(q.Attribution.Evidence) != len(a.Evidence) {
		t.Errorf("another engine makes version %d of %d", q.Version, p.Version)
	}
	for _, word := range words {
		word.Undone = true
		if err := again.Say(t.Context(), word); err != nil {
			t.Fatal(err)
		}
	}
	p, _ = again.Store.Profile(t.Context(), p.Campaign, 0)
	x, _ := json.Marshal(before)
	y, _ := json.Marshal(p.Attribution)
	if string(x) != string(y) {
		t.Errorf("taken back, and still\n%s\nbecame\n%s", x, y)
	}
}

func TestWarningsWaitForApproval(t *testing.T) {
	w := makeWorld(t)
	for i := range w.pack.Organisations {
		w.pack.Organisations[i].SecurityContact = "alerts@" + w.pack.Organisations[i].ID + ".example"
	}
	e := newEngine(t, w, filepath.Join(t.TempDir(), "x.db"))
	scan(t, e, t.Context(), &list{subs: w.subs})
	if _, err := e.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	ws, err := e.Warnings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ws, func(w coldwatch.Warning) bool { return w.Held == warning.HeldApproval })
	if i < 0 {
		t.Fatal("no warning waits for approval")
	}
	word := coldwatch.Word{ID: "w-1", At: noon(), Author: "ana", Kind: engine.WordWithdraw, Other: ws[i].ID, Reason: "A phishing test."}
	if _, err := e.Withdraw(t.Context(), word); err != engine.ErrReachedNobody {
		t.Errorf("a held warning was taken back: %v", err)
	}
	if err := e.Approve(t.Context(), coldwatch.Word{ID: "w-2", At: noon(), Author: "ana", Kind: engine.WordApprove, Other: ws[i].ID}); err != nil {
		t.Fatal(err)
	}
	if got, err := e.Warning(t.Context(), ws[i].ID[:10]); err != nil || got.Held != "" {
		t.Errorf("approved: %q %v", got.Held, err)
	}
	p, err := e.Store.Profile(t.Context(), ws[i].Campaign, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range p.Targets {
		if x.Organisation == ws[i].Reader || slices.ContainsFunc(p.Impersonated, func(s coldwatch.Share) bool { return s.Value == x.Organisation }) {
			continue
		}
		tells := word
		tells.Reason = "A phishing test of " + x.Name + "."
		if _, err := e.Withdraw(t.Context(), tells); !errors.Is(err, engine.ErrReason) {
			t.Errorf("a reason names %s, which was hit: %v", x.Name, err)
		}
	}
	out, err := e.Withdraw(t.Context(), word)
	if err != nil || len(out) != 1 || out[0].Reader != ws[i].Reader || !strings.Contains(out[0].Text, "A phishing test.") {
		t.Errorf("%+v %v", out, err)
	}
	after, err := e.Warnings(t.Context())
	if err != nil || len(after) != len(ws)+1 {
		t.Errorf("%d warnings after %d: %v", len(after), len(ws), err)
	}
}

// newEngineOn is another engine over the same store, as if the program had been started again.
func newEngineOn(t *testing.T, w world, st engine.Store) *engine.Engine {
	t.Helper()
	e := newEngine(t, w, filepath.Join(t.TempDir(), "unused.db"))
	c := e.Config
	c.Store = st
	return engine.New(c)
}

// Whatever the mail of a scenario shows, no campaign is stated as a state's, and no actor is named, before an analyst
// entered evidence.
func TestMailAloneStatesNoState(t *testing.T) {
	for _, family := range []string{"easy", "kits"} {
		dir := filepath.Join(t.TempDir(), family)
		if err := scenario.Generate(dir, scenario.Options{Family: family, Seed: 3, Messages: 300}); err != nil {
			t.Fatal(err)
		}
		w := load(t, dir)
		e := newEngine(t, w, filepath.Join(t.TempDir(), "x.db"))
		scan(t, e, t.Context(), &list{subs: w.subs})
		ps, err := e.Update(t.Context())
		if err != nil || len(ps) == 0 {
			t.Fatal(len(ps), err)
		}
		for _, p := range ps {
			if p.Attribution.Stated == "state" || p.Attribution.Actor != "" {
				t.Errorf("%s %s: %s", family, p.Campaign, p.Attribution.Statement)
			}
		}
	}
}
