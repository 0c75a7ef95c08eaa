package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// ErrElsewhere says that another process has the lease, and lives.
var ErrElsewhere = errors.New("another process does this")

// strikes is how many looks in a row, a beat apart, find no beat of a process before it counts as dead. Looks are counted,
// not time: while the database is away nobody can beat, and nobody looks either.
const strikes = 3

// A hold is a lease that this process has; it beats until it is left or lost.
type hold struct {
	lost  <-chan struct{} // closed when another process took the lease
	leave func()          // gives it back
}

// attempt tries once to get a lease. seen is what the last attempt saw, n how often in a row; a holder that gave no beat
// over that time loses it.
func (e *Engine) attempt(ctx context.Context, name string, seen *store.Lease, n *int) (*hold, error) {
	l, err := e.Store.Beat(ctx, name, e.Name)
	if err != nil {
		return nil, err
	}
	if l.Owner == e.Name {
		return e.beat(ctx, name), nil
	}
	if l != *seen {
		*seen, *n = l, 0
		return nil, nil
	}
	if *n++; *n < strikes {
		return nil, nil
	}
	seized, err := e.Store.Seize(ctx, name, e.Name, *seen)
	if err != nil || !seized {
		return nil, err
	}
	slog.Warn("took over from a process that gave no sign of life", "what", name, "from", seen.Owner)
	return e.beat(ctx, name), nil
}

// take gets the linker's lease for a while, if nobody has it who lives: a holder that beats while we look does.
func (e *Engine) take(ctx context.Context) (*hold, error) {
	var seen store.Lease
	n := 0
	for {
		was := seen
		h, err := e.attempt(ctx, store.LinkerLease, &seen, &n)
		if err != nil || h != nil {
			return h, err
		}
		if was.Owner == seen.Owner && was.Beat != seen.Beat {
			return nil, fmt.Errorf("%w: %s brings the campaigns up to date", ErrElsewhere, seen.Owner)
		}
		if err := pause(ctx, e.Beat); err != nil {
			return nil, err
		}
	}
}

// beat keeps a lease alive that this process has got.
func (e *Engine) beat(ctx context.Context, name string) *hold {
	stop, done, lost := make(chan struct{}), make(chan struct{}), make(chan struct{})
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer close(done)
		t := time.NewTicker(e.Beat)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				l, err := e.Store.Beat(ctx, name, e.Name)
				if err != nil {
					slog.Warn("no sign of life could be given", "what", name, "error", err)
				} else if l.Owner != e.Name {
					close(lost)
					return
				}
			}
		}
	}()
	return &hold{lost: lost, leave: func() {
		close(stop)
		<-done
		if err := e.Store.Leave(ctx, name, e.Name); err != nil {
			slog.Warn("a lease was not given back; others wait for it", "what", name, "error", err)
		}
	}}
}
