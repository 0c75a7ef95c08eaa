package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// world is a small scenario, made once for all tests of the package.
type world struct {
	dir  string
	pack *knowledge.Pack
	subs []coldwatch.Submission
}

func makeWorld(t testing.TB) world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	return load(t, dir)
}

// load reads a scenario's pack and mail.
func load(t testing.TB, dir string) world {
	t.Helper()
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	w := world{dir: dir, pack: pack}
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for {
		item, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return w
		}
		if err != nil {
			t.Fatal(err)
		}
		w.subs = append(w.subs, item.Submission)
	}
}

// noon is the clock of every test.
func noon() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }

func newEngine(t testing.TB, w world, path string) *engine.Engine {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return engine.New(engine.Config{Store: st, Pack: w.pack, Limits: message.Default(), Linking: campaign.Default(), Clock: noon})
}

// list is a source of given submissions.
type list struct {
	subs []coldwatch.Submission
	stop func() // called when half of it was read
	at   int
}

func (l *list) Next(ctx context.Context) (intake.Item, error) {
	if l.stop != nil && l.at == len(l.subs)/2 {
		l.stop()
	}
	if l.at == len(l.subs) || ctx.Err() != nil {
		return intake.Item{}, io.EOF
	}
	l.at++
	return intake.Item{Submission: l.subs[l.at-1], Path: l.subs[l.at-1].Source}, nil
}
func (l *list) Total() int64 { return 0 }
func (l *list) Close() error { return nil }

// state is what may not depend on order, repeats and batches: partition and current profiles, without ids and versions.
func state(t *testing.T, e *engine.Engine) string {
	t.Helper()
	ps, err := e.Update(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range ps {
		p.Campaign, p.Version = "", 0
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	b, _ := json.Marshal(out)
	return string(b)
}

func scan(t *testing.T, e *engine.Engine, ctx context.Context, l *list) engine.Summary {
	t.Helper()
	sum, err := e.Scan(ctx, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestOrderAndRepeatsDoNotMatter(t *testing.T) {
	w := makeWorld(t)
	clean := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, clean, t.Context(), &list{subs: w.subs})
	want := state(t, clean)
	if len(want) < 1000 {
		t.Fatalf("the scenario gives no campaign: %s", want)
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		subs := slices.Clone(w.subs)
		for range len(subs) / 4 {
			subs = append(subs, subs[r.IntN(len(w.subs))])
		}
		r.Shuffle(len(subs), func(i, j int) { subs[i], subs[j] = subs[j], subs[i] })
		e := newEngine(t, w, filepath.Join(t.TempDir(), fmt.Sprint(seed, ".db")))
		// Two batches, with campaigns made in between: they may not leave a trace either.
		cut := r.IntN(len(subs))
		scan(t, e, t.Context(), &list{subs: subs[:cut]})
		state(t, e)
		scan(t, e, t.Context(), &list{subs: subs[cut:]})
		if got := state(t, e); got != want {
			t.Errorf("seed %d: another order gives other campaigns:\n%s", seed, firstDifference(got, want))
		}
	}
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, min(len(s), i-200)):min(len(s), i+200)] }
	return cut(a) + "\n--- want\n" + cut(b)
}

func TestScanTwiceChangesNothing(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	first := scan(t, e, t.Context(), &list{subs: w.subs})
	if first.New != len(w.subs) {
		t.Fatalf("%d of %d messages were new", first.New, len(w.subs))
	}
	before, err := e.Update(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := scan(t, e, t.Context(), &list{subs: w.subs})
	if again.New != 0 || again.Known != len(w.subs) {
		t.Errorf("the second scan calls %d new and %d known", again.New, again.Known)
	}
	after, err := e.Update(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(before)
	b, _ := json.Marshal(after)
	if string(a) != string(b) {
		t.Errorf("the second scan changed the campaigns:\n%s", firstDifference(string(b), string(a)))
	}
}

func TestStoppedScanGoesOn(t *testing.T) {
	w := makeWorld(t)
	clean := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, clean, t.Context(), &list{subs: w.subs})
	want := state(t, clean)

	path := filepath.Join(t.TempDir(), "b.db")
	e := newEngine(t, w, path)
	ctx, cancel := context.WithCancel(t.Context())
	sum := scan(t, e, ctx, &list{subs: w.subs, stop: cancel})
	if !sum.Stopped || sum.New == 0 || sum.New == len(w.subs) {
		t.Fatalf("stopped %v with %d of %d messages stored", sum.Stopped, sum.New, len(w.subs))
	}
	e = newEngine(t, w, path) // another process
	rest := scan(t, e, t.Context(), &list{subs: w.subs})
	if rest.New+sum.New != len(w.subs) {
		t.Errorf("%d and %d messages stored, of %d", sum.New, rest.New, len(w.subs))
	}
	if got := state(t, e); got != want {
		t.Errorf("going on gives other campaigns:\n%s", firstDifference(got, want))
	}
}

func TestRebuildGivesTheSame(t *testing.T) {
	w := makeWorld(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	e := newEngine(t, w, path)
	scan(t, e, t.Context(), &list{subs: w.subs})
	want := state(t, e)
	if err := e.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	e = newEngine(t, w, path)
	n, err := e.Replay(t.Context(), nil)
	if err != nil || n != len(w.subs) {
		t.Fatalf("%d messages walked again, %v", n, err)
	}
	if got := state(t, e); got != want {
		t.Errorf("rebuilt from the raw messages the campaigns differ:\n%s", firstDifference(got, want))
	}
}

// Campaign and profile know the bytes that pass the wall and nothing else.
func TestThroughTheWall(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	straight, through := campaign.New(campaign.Default()), campaign.New(campaign.Default())
	straight.SetClock(noon)
	through.SetClock(noon)
	var a, b []coldwatch.Sighting
	for _, sub := range w.subs {
		s := e.Walk(sub).Sighting
		wire, err := sighting.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		r, err := sighting.Unmarshal(wire)
		if err != nil {
			t.Fatal(err)
		}
		straight.Place(s)
		through.Place(r)
		a, b = append(a, s), append(b, r)
	}
	straight.Relink()
	through.Relink()
	x, y := straight.Campaigns(), through.Campaigns()
	if len(x) == 0 || len(x) != len(y) {
		t.Fatalf("%d campaigns straight, %d through bytes", len(x), len(y))
	}
	for i := range x {
		p, _ := json.Marshal(profile.Build(x[i], a, w.pack, profile.Options{Now: noon()}))
		q, _ := json.Marshal(profile.Build(y[i], b, w.pack, profile.Options{Now: noon()}))
		if string(p) != string(q) {
			t.Errorf("campaign %s differs through the bytes:\n%s", x[i].ID, firstDifference(string(q), string(p)))
		}
	}
}

func TestNoRecipientPassesTheWall(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	for _, sub := range w.subs {
		walked := e.Walk(sub)
		b, err := sighting.Marshal(walked.Sighting)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range walked.Analysis.Recipients {
			if r.Address != "" && bytes.Contains(b, []byte(r.Address)) {
				t.Errorf("%s: the recipient %s passed the wall", sub.Source, r.Address)
			}
		}
	}
}

func TestHuntFindsEveryCarrier(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, e, t.Context(), &list{subs: w.subs})
	ps, err := e.Update(t.Context())
	if err != nil || len(ps) == 0 {
		t.Fatal(err, len(ps))
	}
	var domain string
	var messages int
	for _, x := range ps[0].Infrastructure {
		if x.Kind == coldwatch.DomainName && x.Messages > messages {
			domain, messages = x.Value, x.Messages
		}
	}
	if domain == "" {
		t.Fatal("the gravest campaign has no domain to hunt for")
	}
	report := "The sender was hxxp://" + domain[:len(domain)-len(".test")] + "[.]" + domain[len(domain)-4:] + "/x and unseen[.]example"
	h, err := e.Hunt(t.Context(), bulletin.Extract([]byte(report)))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Messages) < messages || h.Searched != len(w.subs) {
		t.Errorf("%d messages carry %s, the hunt found %d of %d searched: %+v", messages, domain, len(h.Messages), h.Searched, h.Hits)
	}
	for _, hit := range h.Hits {
		if hit.Value == "unseen.example" && len(hit.Messages) > 0 {
			t.Errorf("an indicator that no message carries was found %d times", len(hit.Messages))
		}
	}
}

// BenchmarkWalk walks the messages of a generated scenario, one at a time, without storage: the time and the allocations of
// a message. Use with -cpuprofile and -memprofile.
func BenchmarkWalk(b *testing.B) {
	w := makeWorld(b)
	e := newEngine(b, w, filepath.Join(b.TempDir(), "walk.db"))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		e.Walk(w.subs[n%len(w.subs)])
	}
}
