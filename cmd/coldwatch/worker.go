package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

type workerCmd struct {
	Link       bool `help:"Also bring the campaigns up to date: one process does at a time, the others stand by and take over." default:"true" negatable:""`
	UntilEmpty bool `help:"End when nothing waits any more."`
}

func (workerCmd) Help() string {
	return "Analyses the mail that was received by coldwatch serve or scan --queue. Any number of workers may share a database, on PostgreSQL " +
		"from any number of machines: a message goes to one of them, and when one dies the others take over what it had, within seconds. " +
		"Every machine needs the same chain pack: name it with --pack where it is not the embedded one. COLDWATCH_DB may name the database."
}

// worked is what --json prints at the end.
type worked struct {
	Messages int64                     `json:"messages"`
	Classes  map[coldwatch.Class]int64 `json:"classes"`
	Seconds  float64                   `json:"seconds"`
}

func (c workerCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	q, err := e.Store.Queued(ctx)
	if err != nil {
		return err
	}
	if !c.UntilEmpty {
		g.note("worker %s: %s to be analysed; Ctrl-C ends it", e.Name, wait(q.Waiting+q.Claimed))
	}
	start := time.Now()
	w := worked{Classes: map[coldwatch.Class]int64{}}
	var n atomic.Int64
	var mu sync.Mutex
	p := g.progress("analysing")
	report := func(rs []store.Record) {
		mu.Lock()
		defer mu.Unlock()
		for i := range rs {
			w.Classes[rs[i].Class]++
		}
		p.show(engine.Progress{Messages: int(n.Add(int64(len(rs))))})
	}
	live, stop := context.WithCancel(ctx)
	defer stop()
	group, live := errgroup.WithContext(live)
	group.Go(func() error { return e.Work(live, report) })
	if c.Link {
		group.Go(func() error { return e.Follow(live) })
	}
	if c.UntilEmpty {
		group.Go(func() error {
			defer stop()
			return untilEmpty(live, e)
		})
	}
	err = group.Wait()
	p.done()
	if err != nil {
		return err
	}
	w.Messages, w.Seconds = n.Load(), time.Since(start).Seconds()
	if c.Link {
		if _, err := e.Update(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, engine.ErrElsewhere) {
			return fmt.Errorf("last re-link pass: %w", err)
		}
	}
	if g.JSON {
		return g.printJSON(w)
	}
	g.print("%s analysed in %.1f s, %.0f a second", count(int(w.Messages), "message"), w.Seconds, float64(w.Messages)/w.Seconds)
	return nil
}

// untilEmpty waits until nothing is left to analyse, by this worker or another.
func untilEmpty(ctx context.Context, e *engine.Engine) error {
	t := time.NewTicker(e.Beat / 20)
	defer t.Stop()
	for {
		q, err := e.Store.Queued(ctx)
		switch {
		case err == nil && q.Waiting+q.Claimed == 0:
			return nil
		case err != nil && ctx.Err() == nil:
			slog.Warn("the queue could not be read; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}
