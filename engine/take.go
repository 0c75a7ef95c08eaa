package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/coldwatch/coldwatch"
)

// ErrBusy says that so much waits to be analysed that no more is taken in just now; senders that keep their mail try again.
var ErrBusy = errors.New("too much waits to be analysed")

// Bounds of what is taken in. A commit takes what came while the one before it was on its way to the disk, so that its cost is
// shared by as many messages as come at once (group commit).
const (
	takeMost  = 512
	takeBytes = 32 << 20
	busyBytes = 8 << 30  // of raw mail that waits
	unlooked  = 64 << 20 // taken in since the queue was looked at, which takes the longer the longer it is
)

// A Door takes messages in from intakes that wait for the commit.
type Door struct {
	e    *Engine
	in   chan *taking
	stop <-chan struct{}
	done sync.WaitGroup

	since int64 // bytes taken in since the queue was looked at
	busy  bool  // it was too long then
}

type taking struct {
	subs []coldwatch.Submission
	size int
	done chan error
	new  int
}

// Door opens the way in until ctx ends; what was begun is finished, and Close waits for it.
func (e *Engine) Door(ctx context.Context) *Door {
	d := &Door{e: e, in: make(chan *taking), stop: ctx.Done(), since: unlooked + 1}
	d.done.Go(d.run)
	return d
}

// Close waits for the last commit, once the context of the door has ended.
func (d *Door) Close() { d.done.Wait() }

// Take keeps messages. When it returns without an error they are on the disk, and may be acknowledged; after an error nothing may
// be acknowledged, though it may have been kept: the same messages again are no second ones. It returns how many were not known.
func (d *Door) Take(ctx context.Context, subs []coldwatch.Submission) (fresh int, err error) {
	t := &taking{subs: subs, done: make(chan error, 1)}
	for i := range subs {
		t.size += len(subs[i].Raw)
	}
	select {
	case d.in <- t:
	case <-d.stop:
		return 0, context.Canceled
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case err := <-t.done:
		return t.new, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (d *Door) run() {
	for {
		var first *taking
		select {
		case first = <-d.in:
		case <-d.stop:
			return
		}
		group, n, size := []*taking{first}, len(first.subs), first.size
	gather:
		for n < takeMost && size < takeBytes {
			select {
			case t := <-d.in:
				group, n, size = append(group, t), n+len(t.subs), size+t.size
			default:
				break gather
			}
		}
		d.commit(group)
	}
}

// commit keeps a group; if the store refuses it, each is tried alone, for one may be the reason.
func (d *Door) commit(group []*taking) {
	ctx := context.Background() // who waits may go away; the commit is finished all the same
	if err := d.room(ctx, group); err != nil {
		for _, t := range group {
			t.done <- err
		}
		return
	}
	var all []coldwatch.Submission
	for _, t := range group {
		all = append(all, t.subs...)
	}
	queued, err := d.e.Receive(ctx, all)
	for _, t := range group {
		if err == nil {
			t.new, queued = sum(queued[:len(t.subs)]), queued[len(t.subs):]
			t.done <- nil
			continue
		}
		alone, err := d.e.Receive(ctx, t.subs)
		t.new = sum(alone)
		t.done <- err
	}
}

// room tells whether there is room in the queue for a group.
func (d *Door) room(ctx context.Context, group []*taking) error {
	if d.busy || d.since > unlooked {
		q, err := d.e.Store.Queued(ctx)
		if err != nil {
			return err
		}
		d.since, d.busy = 0, q.Bytes > busyBytes
	}
	if d.busy {
		return ErrBusy
	}
	for _, t := range group {
		d.since += int64(t.size)
	}
	return nil
}

// Glance says at once what a message is and which campaign it would join, without keeping anything. The campaign is left out while
// the linker is busy: nobody's mail waits for that.
func (e *Engine) Glance(ctx context.Context, sub coldwatch.Submission) (a *coldwatch.Analysis, campaign string) {
	w := e.Walk(sub)
	if e.mu.TryLock() {
		defer e.mu.Unlock()
		if e.links != nil {
			campaign = e.links.Preview(w.Sighting).Campaign
		}
	}
	return w.Analysis, campaign
}
