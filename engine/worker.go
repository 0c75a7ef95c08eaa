package engine

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// What a worker claims at once. A claim is one transaction, and what it claimed is one commit.
const (
	claimed      = 64
	claimedBytes = 8 << 20
	hands        = 2                // one walks while the other commits
	retryPause   = 30 * time.Second // at most, while the store refuses
)

// workerLease is the lease by which a worker shows that it lives.
func workerLease(name string) string { return "worker/" + name }

// Receive keeps messages that Work is to analyse. When it returns they are on the disk and may be acknowledged; the same
// message again is no error and changes nothing.
// It tells of each whether it was queued.
func (e *Engine) Receive(ctx context.Context, subs []coldwatch.Submission) (queued []bool, err error) {
	queued, err = e.Store.Receive(ctx, subs, e.Clock())
	for range min(sum(queued), hands) {
		select {
		case e.arrived <- struct{}{}:
		default:
		}
	}
	return queued, err
}

// sum counts what is so.
func sum(all []bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// Work analyses what was received until ctx ends, on all cores. Any number of processes may: a message goes to one of them,
// and what one that died had claimed goes to the others, to the same end. report is told of what was analysed.
func (e *Engine) Work(ctx context.Context, report func([]store.Record)) error {
	workers := e.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	walk := make(chan struct{}, workers)
	var h *hold
	for h == nil {
		var err error
		if h, err = e.attempt(ctx, workerLease(e.Name), new(store.Lease), new(int)); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			slog.Warn("the database does not answer; trying again", "error", err)
			_ = pause(ctx, e.Beat)
		}
	}
	defer h.leave()
	var wg sync.WaitGroup
	for i := range hands {
		wg.Go(func() { e.hand(ctx, fmt.Sprint(e.Name, ".", i), walk, report) })
	}
	wg.Go(func() { e.bury(ctx) })
	wg.Wait()
	return nil
}

// hand claims, walks and commits, one claim after the other.
func (e *Engine) hand(ctx context.Context, name string, walk chan struct{}, report func([]store.Record)) {
	defer func() {
		if err := e.Store.Unclaim(context.WithoutCancel(ctx), name); err != nil {
			slog.Warn("what was claimed was not given back; others take it after a while", "error", err)
		}
	}()
	wait := e.Beat / 20
	for ctx.Err() == nil {
		subs, err := e.Store.Claim(ctx, name, claimed, claimedBytes)
		if err != nil || len(subs) == 0 {
			if err != nil && ctx.Err() == nil {
				slog.Warn("nothing could be claimed; trying again", "error", err)
				wait = max(wait, e.Beat)
			}
			if e.pauseForWork(ctx, wait) != nil {
				return
			}
			wait = min(2*wait, e.Beat/2) // who has nothing to do asks less often
			continue
		}
		wait = e.Beat / 20
		records, err := e.walkAll(ctx, subs, walk)
		if err != nil {
			slog.Error("a message could not be made ready to store", "error", err)
			if err := e.Store.Unclaim(ctx, name); err != nil { // so that others come before it
				slog.Warn("what was claimed was not given back", "error", err)
			}
			_ = pause(ctx, e.Beat)
			continue
		}
		if len(records) < len(subs) {
			return // stopped in the middle
		}
		if e.store(ctx, records) {
			e.nudge()
			if report != nil {
				report(records)
			}
		}
	}
}

// walkAll walks what was claimed, on as many cores as are free.
func (e *Engine) walkAll(ctx context.Context, subs []coldwatch.Submission, walk chan struct{}) ([]store.Record, error) {
	out := make([]store.Record, len(subs))
	var g errgroup.Group
	n := 0
	for i, sub := range subs {
		select {
		case walk <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		n++
		g.Go(func() error {
			defer func() { <-walk }()
			r, err := e.record(e.Walk(sub))
			r.Raw, r.Queued = nil, true // the raw message is where it came from
			out[i] = r
			return err
		})
	}
	err := g.Wait()
	return out[:n], err
}

// store commits; while the store refuses, it tries again. False when it was stopped before.
func (e *Engine) store(ctx context.Context, records []store.Record) bool {
	for wait := e.Beat / 2; ; wait = min(2*wait, retryPause) {
		_, err := e.Store.Put(ctx, records, nil)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		slog.Warn("what was analysed could not be stored; trying again", "messages", len(records), "error", err)
		if pause(ctx, wait) != nil {
			return false
		}
	}
}

// bury gives back what workers had claimed that give no sign of life, and their leases.
func (e *Engine) bury(ctx context.Context) {
	seen, n := map[string]store.Lease{}, map[string]int{}
	for pause(ctx, e.Beat) == nil {
		leases, err := e.Store.Leases(ctx)
		if err != nil {
			continue
		}
		who, err := e.Store.Claimants(ctx)
		if err != nil {
			continue
		}
		claims := map[string][]string{} // by worker; one that left without giving back has no lease
		for lease := range leases {
			if name, ok := strings.CutPrefix(lease, workerLease("")); ok {
				claims[name] = nil
			}
		}
		for _, c := range who {
			name, _, _ := strings.Cut(c, ".")
			claims[name] = append(claims[name], c)
		}
		for name, hands := range claims {
			l := leases[workerLease(name)]
			if last, ok := seen[name]; !ok || last != l {
				seen[name], n[name] = l, 0
			} else if n[name]++; n[name] >= strikes && name != e.Name {
				e.give(ctx, name, l, hands)
			}
		}
	}
}

// give gives back what a dead worker had.
func (e *Engine) give(ctx context.Context, name string, l store.Lease, hands []string) {
	slog.Warn("a worker gave no sign of life; others do its work", "worker", name)
	for _, c := range hands {
		if err := e.Store.Unclaim(ctx, c); err != nil {
			slog.Warn("what it claimed was not given back", "error", err)
			return
		}
	}
	if err := e.Store.Leave(ctx, workerLease(name), l.Owner); err != nil {
		slog.Warn("its lease was not given back", "error", err)
	}
}

// pauseForWork is pause, cut short by word that something came.
func (e *Engine) pauseForWork(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.arrived:
		return nil
	case <-time.After(d):
		return nil
	}
}

// pause waits, or says that ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
