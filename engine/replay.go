package engine

import (
	"context"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// Replay walks every stored message again from its raw bytes: after the pack or an analyser changed, or to rebuild what was
// lost. It returns how many walked. The campaigns are brought up to date by Update.
func (e *Engine) Replay(ctx context.Context, report func(Progress)) (int, error) {
	n := 0
	var batch []store.Record
	flush := func() error {
		_, err := e.Store.Put(ctx, batch, nil)
		batch = batch[:0]
		return err
	}
	err := e.Store.Submissions(ctx, func(sub coldwatch.Submission) error {
		r, err := e.record(e.Walk(sub))
		if err != nil {
			return err
		}
		r.Raw = nil // it is where it came from
		batch = append(batch, r)
		if n++; report != nil {
			report(Progress{Messages: n})
		}
		if len(batch) >= batchSize {
			return flush()
		}
		return ctx.Err()
	})
	if err != nil {
		return n, err
	}
	if err := flush(); err != nil {
		return n, err
	}
	return n, e.forgetLinker(ctx)
}

// Purge forgets messages by recipient or age, and the campaigns are made anew without them.
func (e *Engine) Purge(ctx context.Context, recipient string, before time.Time) (int, error) {
	gone, err := e.Store.Purge(ctx, recipient, before)
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	if err := e.forgetLinker(ctx); err != nil {
		return len(gone), err
	}
	_, err = e.Update(ctx)
	return len(gone), err
}

func (e *Engine) forgetLinker(ctx context.Context) error {
	e.linker, e.placed = nil, 0
	return e.Store.PutSetting(ctx, linkerSetting, nil)
}

// Say stores an analyst's word, or its undoing, and brings the campaigns up to date with it.
func (e *Engine) Say(ctx context.Context, w coldwatch.Word) error {
	l, err := e.Linker(ctx)
	if err != nil {
		return err
	}
	if err := e.Store.PutWord(ctx, w); err != nil {
		return err
	}
	l.Say(w)
	_, err = e.Update(ctx)
	return err
}
