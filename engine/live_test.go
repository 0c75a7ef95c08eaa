package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// process is one of several that share a store, quick to beat.
func process(st engine.Store, w world, name string) *engine.Engine {
	return engine.New(engine.Config{Store: st, Pack: w.pack, Limits: message.Default(), Linking: campaign.Default(), Clock: noon,
		Name: name, Beat: 10 * time.Millisecond})
}

// until waits until something holds; the test's own deadline ends it otherwise.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("it never came that %s", what)
		}
	}
}

// start runs f beside the test; the function returned stops it and waits.
func start(t *testing.T, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			t.Error(err)
		}
	})
	return sync.OnceFunc(func() { cancel(); wg.Wait() })
}

func open(t *testing.T, path string) engine.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func analysed(t *testing.T, st engine.Store) int {
	t.Helper()
	totals, err := st.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return totals.Messages
}

func waiting(t *testing.T, st engine.Store) int {
	t.Helper()
	q, err := st.Queued(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q.Waiting + q.Claimed
}

// Mail that comes in one by one, analysed by two workers and linked beside, gives the campaigns of a scan.
func TestLiveGivesWhatAScanGives(t *testing.T) {
	w := makeWorld(t)
	clean := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, clean, t.Context(), &list{subs: w.subs})
	want := state(t, clean)

	st := open(t, filepath.Join(t.TempDir(), "b.db"))
	a, b := process(st, w, "a"), process(st, w, "b")
	for _, f := range []func(context.Context) error{
		a.Follow,
		func(ctx context.Context) error { return a.Work(ctx, nil) },
		func(ctx context.Context) error { return b.Work(ctx, nil) },
	} {
		defer start(t, f)()
	}
	for i, sub := range w.subs {
		for range 1 + i%2 { // every other one twice
			if _, err := a.Receive(t.Context(), []coldwatch.Submission{sub}); err != nil {
				t.Fatal(err)
			}
		}
	}
	until(t, "all is analysed", func() bool { return waiting(t, st) == 0 })
	if n := analysed(t, st); n != len(w.subs) {
		t.Errorf("%d messages stored, of %d received", n, len(w.subs))
	}
	until(t, "the second message of a campaign leads to warnings", func() bool {
		ws, err := st.Warnings(t.Context())
		return err != nil || len(ws) > 0
	})
	// A word waits for the pass that honours it: after it all is linked.
	if err := a.Say(t.Context(), coldwatch.Word{ID: "w", Kind: "benign", Message: "none"}); err != nil {
		t.Fatal(err)
	}
	ps, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clear := process(open(t, filepath.Join(t.TempDir(), "c.db")), w, "c")
	scan(t, clear, t.Context(), &list{subs: w.subs})
	whole, err := clear.Update(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(ps) != len(whole) {
		t.Errorf("%d campaigns live, %d from a scan", len(ps), len(whole))
	}
	// Another process may not link meanwhile, and says who does.
	if _, err := b.Update(t.Context()); !errors.Is(err, engine.ErrElsewhere) {
		t.Errorf("a second process updates: %v", err)
	}
	if got := state(t, a); got != want {
		t.Errorf("live gives other campaigns:\n%s", firstDifference(got, want))
	}
}

// What was stored while nobody linked, and by processes that died in the middle, is linked by who takes over.
func TestStandby(t *testing.T) {
	w := makeWorld(t)
	path := filepath.Join(t.TempDir(), "a.db")
	st := open(t, path)
	// The first is dead: it holds the lease, and a claim, and does not beat.
	if _, err := st.Beat(t.Context(), store.LinkerLease, "dead"); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Beat(t.Context(), "worker/dead", "dead"); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Receive(t.Context(), w.subs, noon()); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Claim(t.Context(), "dead.0", 30, 1<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Claim(t.Context(), "left.1", 30, 1<<30); err != nil { // this one has no lease at all
		t.Fatal(err)
	}
	b := process(st, w, "b")
	stopWork := start(t, func(ctx context.Context) error { return b.Work(ctx, nil) })
	stopLink := start(t, b.Follow)
	until(t, "all is analysed", func() bool { return waiting(t, st) == 0 })
	until(t, "the lease of the dead is gone", func() bool {
		leases, err := st.Leases(t.Context())
		return err != nil || leases["worker/dead"].Owner == ""
	})
	until(t, "campaigns stand", func() bool {
		ps, err := st.Campaigns(t.Context())
		return err != nil || len(ps) > 1
	})
	stopWork()
	stopLink()
	if leases, err := st.Leases(t.Context()); err != nil || len(leases) > 0 {
		t.Errorf("after a clean stop leases stay, of the dead or the living: %v, %v", leases, err)
	}
	if n := analysed(t, st); n != len(w.subs) {
		t.Errorf("%d of %d messages stored", n, len(w.subs))
	}
}

// Who lost the lease stores nothing, and makes its state anew when it leads again.
func TestOusted(t *testing.T) {
	w := makeWorld(t)
	st := open(t, filepath.Join(t.TempDir(), "a.db"))
	a := process(st, w, "a")
	scan(t, a, t.Context(), &list{subs: w.subs[:100]})
	stop := start(t, a.Follow)
	until(t, "a links", func() bool { ps, err := st.Campaigns(t.Context()); return err != nil || len(ps) > 0 })
	for ousted := false; !ousted; {
		leases, err := st.Leases(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ousted, err = st.Seize(t.Context(), store.LinkerLease, "b", leases[store.LinkerLease]); err != nil {
			t.Fatal(err)
		}
	}
	lives := start(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			if _, err := st.Beat(context.WithoutCancel(ctx), store.LinkerLease, "b"); err != nil {
				return err
			}
		}
		return nil
	})
	before := fmt.Sprint(st.Campaigns(t.Context()))
	scan(t, process(st, w, "c"), t.Context(), &list{subs: w.subs[100:]})
	if after := fmt.Sprint(st.Campaigns(t.Context())); after != before {
		t.Error("who lost the lease changed the campaigns")
	}
	stop()
	lives()
	if err := st.Leave(t.Context(), store.LinkerLease, "b"); err != nil {
		t.Fatal(err)
	}
	clean := newEngine(t, w, filepath.Join(t.TempDir(), "b.db"))
	scan(t, clean, t.Context(), &list{subs: w.subs})
	if got, want := state(t, a), state(t, clean); got != want {
		t.Errorf("other campaigns after losing the lease:\n%s", firstDifference(got, want))
	}
}

// A report belongs to the member whose domain vouches for it; a From field alone vouches for nothing.
func TestReporter(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	var member, other string
	for _, o := range w.pack.Organisations {
		if len(o.Domains) == 0 {
			continue
		}
		if o.Member && member == "" {
			member = o.ID
		} else if !o.Member {
			other = o.Domains[0]
		}
	}
	domain := w.pack.Organisation(member).Domains[0]
	const border = "Authentication-Results: mx.hub.example; dmarc=%s header.from=%s; spf=%s smtp.mailfrom=%s\r\nReceived: from mail.example (mail.example [192.0.2.7]) by mx.hub.example with ESMTPS id 1; Tue, 01 Dec 2020 10:00:00 +0000\r\n"
	for name, c := range map[string]struct{ head, want string }{
		"authenticated":            {fmt.Sprintf(border, "pass", domain, "pass", domain) + "From: Desk <desk@" + domain + ">\r\n", member},
		"a forged From":            {"From: Desk <desk@" + domain + ">\r\n", ""},
		"failed":                   {fmt.Sprintf(border, "fail", domain, "fail", domain) + "From: Desk <desk@" + domain + ">\r\n", ""},
		"another's domain vouches": {fmt.Sprintf(border, "pass", "evil.example", "pass", "evil.example") + "From: Desk <desk@" + domain + ">\r\n", ""},
		"no member":                {fmt.Sprintf(border, "pass", other, "pass", other) + "From: Desk <desk@" + other + ">\r\n", ""},
		"results written by one who came to us directly": {"Received: from x.example ([192.0.2.8])\r\n\tby coldwatch.hub.example with ESMTP\r\n" + fmt.Sprintf(border, "pass", domain, "pass", domain) + "From: Desk <desk@" + domain + ">\r\n", ""},
		"results written by a sender":                    {"Received: from x.example (x.example [192.0.2.8]) by mx.hub.example with ESMTP id 2; Tue, 01 Dec 2020 10:00:00 +0000\r\n" + fmt.Sprintf(border, "pass", domain, "pass", domain) + "From: Desk <desk@" + domain + ">\r\n", ""},
	} {
		raw := c.head + "To: report@hub.example\r\nSubject: please look\r\nDate: Tue, 01 Dec 2020 09:59:00 +0000\r\n\r\nWe got this.\r\n"
		if got := e.Reporter(coldwatch.Submission{Raw: []byte(raw)}); got.Organisation != c.want {
			t.Errorf("%s: reported by %q, want %q", name, got.Organisation, c.want)
		}
	}
}
