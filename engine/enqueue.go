package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/store"
)

// Enqueue reads a source to its end and receives every message of it, for workers to analyse. What was received is on the
// disk together with how far the source was read; a cancelled context ends it cleanly, and Stopped is set.
func (e *Engine) Enqueue(ctx context.Context, src intake.Source, report func(Progress)) (Summary, error) {
	start := time.Now()
	out := Summary{Classes: map[coldwatch.Class]int{}}
	done := Progress{Total: src.Total()}
	b := batch{reached: map[string]store.Checkpoint{}}
	var subs []coldwatch.Submission
	flush := func() error {
		queued, err := e.Receive(ctx, subs)
		if err != nil {
			return err
		}
		fresh := sum(queued)
		out.New += fresh
		out.Known += len(subs) - fresh
		if len(b.reached) > 0 {
			if _, err := e.Store.Put(ctx, nil, b.checkpoints()); err != nil {
				return err
			}
		}
		subs, b = nil, batch{reached: b.reached}
		clear(b.reached)
		return nil
	}
	for {
		item, err := src.Next(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			break
		}
		if err != nil {
			return out, err
		}
		b.add(&job{item: item, size: int64(len(item.Submission.Raw))}, result{known: true})
		if item.Skipped != "" {
			out.skip(item)
			continue
		}
		out.Messages++
		subs = append(subs, item.Submission)
		done.Messages++
		done.Bytes += int64(len(item.Submission.Raw))
		if report != nil {
			report(done)
		}
		if len(subs) >= batchSize/4 || b.held >= batchBytes {
			if err := flush(); err != nil {
				return out, err
			}
		}
	}
	out.Stopped = ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	err := flush()
	out.Seconds = time.Since(start).Seconds()
	return out, err
}
