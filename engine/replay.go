package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	return n, e.forgetLinks(ctx)
}

// Purge forgets messages by recipient or age, and the campaigns are made anew without them.
func (e *Engine) Purge(ctx context.Context, recipient string, before time.Time) (int, error) {
	gone, err := e.Store.Purge(ctx, recipient, before)
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	if err := e.forgetLinks(ctx); err != nil {
		return len(gone), err
	}
	_, err = e.Update(ctx)
	return len(gone), err
}

// WordID names a word by what it says, who says it and when.
func WordID(w coldwatch.Word) string {
	sum := sha256.Sum256([]byte(w.Kind + w.Message + w.Other + w.Campaign + w.Author + w.At.Format(time.RFC3339Nano) + string(w.Detail)))
	return "w-" + hex.EncodeToString(sum[:5])
}

// Say stores an analyst's word, or its undoing, and brings the campaigns up to date with it.
func (e *Engine) Say(ctx context.Context, w coldwatch.Word) error {
	return e.SayAll(ctx, []coldwatch.Word{w})
}

// patience is how long a word waits for the pass that honours it; after that it is honoured all the same, a little later.
const patience = 10 * time.Second

// SayAll stores words, or their undoing, and brings the campaigns up to date once. Where another process links, that one does.
func (e *Engine) SayAll(ctx context.Context, words []coldwatch.Word) error {
	for _, w := range words {
		if err := e.Store.PutWord(ctx, w); err != nil {
			return err
		}
	}
	if done := e.wantPass(); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
		case <-time.After(patience):
		}
		return nil
	}
	if _, err := e.Update(ctx); !errors.Is(err, ErrElsewhere) {
		return err
	}
	return nil
}

// Forget lets go of what linking remembers, after messages were taken out of the store; the next Update makes it anew.
func (e *Engine) Forget(ctx context.Context) error { return e.forgetLinks(ctx) }
