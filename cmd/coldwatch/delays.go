package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/warning"
)

// A live is how long it took, in live mode, from the message of the second organisation that a campaign hit to the warnings.
type live struct {
	Messages  int       `json:"messages"`
	Rate      float64   `json:"per_second"` // messages handed in
	Campaigns int       `json:"campaigns"`  // that were warned of
	P50       float64   `json:"p50_seconds"`
	P95       float64   `json:"p95_seconds"`
	Max       float64   `json:"max_seconds"`
	Seconds   []float64 `json:"seconds"` // of each campaign, sorted
}

// live hands the mail of scenarios in as if it came now, in the order of its receipt, analyses and links it as coldwatch serve does,
// and measures.
func (c measureCmd) live(ctx context.Context, g *Globals) error {
	if c.Rate <= 0 {
		return &userError{err: errors.New("--rate must be more than nothing"), hint: "for example --rate 20", code: 2}
	}
	var all []live
	for _, dir := range c.Scenarios {
		if !isScenario(dir) {
			return hinted("a scenario is a folder with scenario.json, pack/, mail/ and truth/; coldwatch demo makes one", "%s is no scenario", dir)
		}
		l, err := g.liveOne(ctx, dir, c.Rate)
		if err != nil {
			return err
		}
		all = append(all, l)
		if !g.JSON {
			g.print("%s: %s at %.0f a second, %s warned of", dir, count(l.Messages, "message"), l.Rate, count(l.Campaigns, "campaign"))
			g.print("  from the second organisation's message to the warnings: median %.1f s, 95 %% within %.1f s, the longest %.1f s", l.P50, l.P95, l.Max)
		}
	}
	if g.JSON {
		return g.printJSON(all)
	}
	return nil
}

func (g *Globals) liveOne(ctx context.Context, dir string, rate float64) (live, error) {
	pack, err := g.pack(dir)
	if err != nil {
		return live{}, err
	}
	e, done, err := g.scratch(ctx, pack)
	if err != nil {
		return live{}, err
	}
	defer done()
	subs, err := received(ctx, dir)
	if err != nil {
		return live{}, err
	}
	for i := range subs { // the order of receipt is what the walk finds
		subs[i].w = e.Walk(subs[i].Submission).Analysis
	}
	slices.SortStableFunc(subs, func(a, b comes) int { return a.w.Received.Compare(b.w.Received) })
	work, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	failed := make(chan error, 2)
	for _, f := range []func(context.Context) error{e.Follow, func(ctx context.Context) error { return e.Work(ctx, nil) }} {
		wg.Go(func() { failed <- f(work) })
	}
	defer wg.Wait()
	defer stop()
	at := map[string]time.Time{}
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	begin := time.Now()
	for _, s := range subs {
		select {
		case <-tick.C:
		case err := <-failed:
			return live{}, err
		case <-ctx.Done():
			return live{}, ctx.Err()
		}
		at[s.w.ID] = time.Now()
		if _, err := e.Receive(ctx, []coldwatch.Submission{s.Submission}); err != nil {
			return live{}, err
		}
	}
	rate = float64(len(subs)) / time.Since(begin).Seconds()
	if err := settled(ctx, e, failed); err != nil {
		return live{}, err
	}
	ws, err := e.Store.Warnings(ctx)
	if err != nil {
		return live{}, err
	}
	l := live{Messages: len(subs), Rate: rate, Seconds: delays(ws, at)}
	l.Campaigns = len(l.Seconds)
	if n := len(l.Seconds); n > 0 {
		l.P50, l.P95, l.Max = l.Seconds[n/2], l.Seconds[min(n-1, n*95/100)], l.Seconds[n-1]
	}
	return l, nil
}

// comes is a message that is to come in.
type comes struct {
	coldwatch.Submission
	w *coldwatch.Analysis
}

// received reads all messages of a scenario.
func received(ctx context.Context, dir string) ([]comes, error) {
	src, err := intake.Open(ctx, []string{dir}, intake.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var out []comes
	for {
		item, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", dir, err)
		}
		out = append(out, comes{Submission: item.Submission})
	}
}

// settled waits until all that was received is analysed and linked: a word is honoured by a pass over everything.
func settled(ctx context.Context, e *engine.Engine, failed <-chan error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		q, err := e.Store.Queued(ctx)
		if err != nil {
			return err
		}
		if q.Waiting+q.Claimed == 0 {
			break
		}
		select {
		case <-tick.C:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return e.Say(ctx, coldwatch.Word{ID: "w-measure", At: e.Clock(), Kind: "benign", Message: "none", Reason: "to wait for the pass"})
}

// delays gives, for each campaign, the time from the message that made its second organisation to the first warnings that tell of both,
// sorted. at says when each message came in. Warnings of one second are one batch.
func delays(ws []coldwatch.Warning, at map[string]time.Time) []float64 {
	ws = slices.Clone(ws)
	slices.SortStableFunc(ws, func(a, b coldwatch.Warning) int { return a.At.Compare(b.At) })
	type told struct {
		second time.Time            // when two organisations were told
		came   map[string]time.Time // organisation → the first of its messages
	}
	seen := map[string]*told{}
	for i := range ws {
		w := &ws[i]
		if w.Reason != warning.Targeted {
			continue
		}
		c := seen[w.Campaign]
		if c == nil {
			c = &told{came: map[string]time.Time{}}
			seen[w.Campaign] = c
		}
		if !c.second.IsZero() && w.At.Sub(c.second) > time.Second {
			continue
		}
		for _, id := range w.Messages {
			t, came := at[id]
			if old, ok := c.came[w.Reader]; came && (!ok || t.Before(old)) {
				c.came[w.Reader] = t
			}
		}
		if c.second.IsZero() && len(c.came) > 1 {
			c.second = w.At
		}
	}
	var out []float64
	for _, c := range seen {
		if c.second.IsZero() {
			continue
		}
		var times []time.Time
		for _, t := range c.came {
			times = append(times, t)
		}
		slices.SortFunc(times, time.Time.Compare)
		out = append(out, max(0, c.second.Sub(times[1]).Seconds()))
	}
	slices.Sort(out)
	return out
}
