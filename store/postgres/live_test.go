package postgres_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/postgres/pgtest"
)

var restarts = flag.Int("restarts", 4, "how often TestRestarts stops the server at once and starts it again")

// While mail comes in, two processes analyse it and one of them links, the server is stopped at once again and again, as by a
// crash: what was acknowledged is there in the end, once, and the campaigns are those of a quiet run.
func TestRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	noon := func() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }
	process := func(st engine.Store, name string) *engine.Engine {
		return engine.New(engine.Config{Store: st, Pack: pack, Limits: message.Default(), Linking: campaign.Default(), Clock: noon,
			Name: name, Beat: 50 * time.Millisecond, Workers: 1})
	}
	server := pgtest.Start(t)
	open := func(address string) *postgres.Store {
		s, err := postgres.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	quiet := open(server.Database(t))
	walk(t, dir, quiet)

	address := server.Database(t)
	st := open(address)
	a, b := process(st, "a"), process(open(address), "b")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, f := range []func(context.Context) error{
		a.Follow, b.Follow,
		func(ctx context.Context) error { return a.Work(ctx, nil) },
		func(ctx context.Context) error { return b.Work(ctx, nil) },
	} {
		wg.Go(func() {
			if err := f(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	subs := submissions(t, dir)
	var acknowledged atomic.Int64
	wg.Go(func() {
		for _, sub := range subs {
			for { // as a mail server does, until it is taken
				if _, err := a.Receive(t.Context(), []coldwatch.Submission{sub}); err == nil {
					break
				}
			}
			acknowledged.Add(1)
		}
	})
	for i := range *restarts {
		until(t, func() bool { return acknowledged.Load() >= int64(len(subs)*(i+1)/(*restarts+1)) })
		server.Down(t)
		server.Up(t)
	}
	last := time.Now()
	until(t, func() bool {
		q, err := st.Queued(t.Context())
		return err == nil && acknowledged.Load() == int64(len(subs)) && q.Waiting+q.Claimed == 0
	})
	t.Logf("caught up %s after the last of %d restarts", time.Since(last).Round(10*time.Millisecond), *restarts)
	stop()
	wg.Wait()
	if _, err := process(st, "c").Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	totals, err := st.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if raw, _, err := st.RawTotals(t.Context()); err != nil || totals.Messages != len(subs) || raw != len(subs) {
		t.Errorf("%d messages and %d raw of %d acknowledged, %v", totals.Messages, raw, len(subs), err)
	}
	if got, want := partition(t, st), partition(t, quiet); got != want {
		t.Errorf("other campaigns than in a quiet run:\n%s\n--- want\n%s", got, want)
	}
	if faults, err := st.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	if leases, err := st.Leases(t.Context()); err != nil || len(leases) > 0 {
		t.Errorf("leases stayed: %v, %v", leases, err)
	}
}

// until waits until something holds; the test's own deadline ends it otherwise.
func until(t *testing.T, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never came")
		}
	}
}

// submissions reads a scenario's mail.
func submissions(t *testing.T, dir string) []coldwatch.Submission {
	t.Helper()
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var out []coldwatch.Submission
	for {
		item, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item.Submission)
	}
}

// partition says which messages belong together, whatever the campaigns are called.
func partition(t *testing.T, st engine.Store) string {
	t.Helper()
	ps, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range ps {
		out = append(out, fmt.Sprint(ps[i].Messages, ps[i].Members))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
