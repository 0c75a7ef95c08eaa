package engine_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
)

// TestWatch: what a scan lists for a watch is what a hunt finds afterwards among the new messages, and nothing else.
func TestWatch(t *testing.T) {
	ctx := t.Context()
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "c.db"))
	var indicators []bulletin.Indicator
	for _, sub := range w.subs[:60] { // the senders, links and files of a few messages stand for a report
		a := e.Walk(sub).Analysis
		for _, m := range a.Sender.From {
			indicators = append(indicators, bulletin.Indicator{Kind: coldwatch.EmailAddress, Value: m.Address})
		}
		for _, p := range a.Payloads {
			if p.SHA256 != "" {
				indicators = append(indicators, bulletin.Indicator{Kind: coldwatch.FileHash, Value: p.SHA256})
			}
			for _, l := range p.Links {
				indicators = append(indicators, bulletin.Extract([]byte(l.URL))...)
			}
		}
	}
	half := len(w.subs) / 2
	if sum, err := e.Scan(ctx, &list{subs: w.subs[:half]}, nil); err != nil || sum.OnWatch != 0 {
		t.Fatalf("without a watch %d messages are on watch, %v", sum.OnWatch, err)
	}
	if err := e.Watch(ctx, engine.Watch{Name: "report", Indicators: indicators}, false); err != nil {
		t.Fatal(err)
	}
	if err := e.Watch(ctx, engine.Watch{Name: "none", Indicators: bulletin.Extract([]byte("nowhere-at-all.example"))}, false); err != nil {
		t.Fatal(err)
	}
	sum, err := e.Scan(ctx, &list{subs: w.subs}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fresh := map[string]bool{}
	for _, sub := range w.subs[half:] {
		fresh[sub.ID()] = true
	}
	for _, sub := range w.subs[:half] {
		delete(fresh, sub.ID())
	}
	h, err := e.Hunt(ctx, indicators)
	if err != nil {
		t.Fatal(err)
	}
	carried := map[string][]string{}
	for _, hit := range h.Hits {
		for _, m := range hit.Messages {
			if fresh[m] {
				carried[m] = append(carried[m], hit.Value)
			}
		}
	}
	if len(carried) == 0 || len(carried) == len(fresh) {
		t.Fatalf("%d of %d messages carry an indicator: no test", len(carried), len(fresh))
	}
	for _, m := range sum.Watched {
		want := carried[m.Message]
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(m.Indicators, want) || m.Watch != "report" {
			t.Errorf("%s: watched for %v, hunted %v", m.Message, m.Indicators, want)
		}
		delete(carried, m.Message)
	}
	if len(carried) > 0 || sum.OnWatch != len(sum.Watched) {
		t.Errorf("not listed: %v; %d on watch, %d listed", carried, sum.OnWatch, len(sum.Watched))
	}
}

func TestWatches(t *testing.T) {
	ctx := t.Context()
	e := newEngine(t, world{pack: &knowledge.Pack{}}, filepath.Join(t.TempDir(), "c.db"))
	a, b := bulletin.Extract([]byte("a.example")), bulletin.Extract([]byte("b.example a.example"))
	for _, step := range []func() error{
		func() error { return e.Watch(ctx, engine.Watch{Name: "y", Indicators: b}, false) },
		func() error { return e.Watch(ctx, engine.Watch{Name: "x", Indicators: a}, false) },
		func() error { return e.Watch(ctx, engine.Watch{Name: "x", Indicators: b}, true) },
		func() error { return e.Watch(ctx, engine.Watch{Name: "y", Indicators: a}, false) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := e.Watches(ctx)
	if err != nil || len(ws) != 2 || ws[0].Name != "x" || len(ws[0].Indicators) != 2 || len(ws[1].Indicators) != 1 {
		t.Errorf("watches %+v, %v", ws, err)
	}
	for _, name := range []string{"x", "y"} {
		if err := e.Unwatch(ctx, name); err != nil {
			t.Error(err)
		}
	}
	if err := e.Unwatch(ctx, "x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a watch that is gone: %v", err)
	}
	if ws, err := e.Watches(ctx); err != nil || len(ws) != 0 {
		t.Errorf("watches %+v, %v", ws, err)
	}
}
