package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

// Bounds of a scan. Analysing a message takes several times its size; what is in flight is bounded in raw bytes.
const (
	inFlight   = 40 << 20
	batchSize  = 1024
	batchBytes = 12 << 20
	batchTime  = time.Second
)

// Progress is how far a scan has come.
type Progress struct {
	Messages int   // read
	Bytes    int64 // read
	Total    int64 // bytes in all, 0 when unknown
}

// Summary is what a scan did.
type Summary struct {
	Messages  int                     `json:"messages"` // read
	New       int                     `json:"new"`      // not known before
	Known     int                     `json:"known"`    // known already, skipped
	Skipped   []Skipped               `json:"skipped,omitempty"`
	NotMail   int                     `json:"not_mail"` // files that are no mail
	Classes   map[coldwatch.Class]int `json:"classes"`  // of the new messages
	Roles     RoleCoverage            `json:"organisations"`
	Seconds   float64                 `json:"seconds"`
	Stopped   bool                    `json:"stopped,omitempty"` // by the user, before the end
	Watched   []Watched               `json:"watched,omitempty"` // new messages that carry a watched indicator; the first thousand
	OnWatch   int                     `json:"on_watch"`          // how many there are
	Campaigns []coldwatch.Profile     `json:"-"`
}

// Skipped is a file that was not read, and why. Only the first hundred are listed.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

func (s *Summary) skip(item intake.Item) {
	s.NotMail++
	if len(s.Skipped) < 100 {
		s.Skipped = append(s.Skipped, Skipped{item.Path, item.Skipped})
	}
}

// RoleCoverage counts the new messages by what is known of their reporting organisation.
type RoleCoverage struct {
	Known   int `json:"known"`
	Unknown int `json:"unknown"` // role unknown
}

// A job is one submission on its way through the workers.
type job struct {
	item intake.Item
	size int64
	done chan result
}

type result struct {
	record  store.Record
	known   bool
	role    bool
	watched []Watched
	err     error
}

// Scan reads a source to its end: every message that is not known yet walks through the rooms on all cores and is
// stored. Batches are committed in the order of the source together with how far it was read, so that a scan that is
// stopped goes on where it was. A cancelled context ends it cleanly: what was walked is committed, and Stopped is set.
func (e *Engine) Scan(ctx context.Context, src intake.Source, report func(Progress)) (Summary, error) {
	start := time.Now()
	s := &scan{e: e, sem: semaphore.NewWeighted(inFlight), report: report, total: src.Total(), start: start,
		sum: Summary{Classes: map[coldwatch.Class]int{}}}
	var err error
	if s.lookout, s.watches, err = e.lookout(ctx); err != nil {
		return s.sum, err
	}
	workers := e.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	jobs := make(chan *job, 4*workers)
	ordered := make(chan *job, 4096)
	g, gctx := errgroup.WithContext(context.WithoutCancel(ctx))
	g.Go(func() error {
		defer close(jobs)
		defer close(ordered)
		return s.read(ctx, gctx, src, jobs, ordered)
	})
	for range workers {
		g.Go(func() error {
			for j := range jobs {
				j.done <- s.work(gctx, j)
			}
			return nil
		})
	}
	g.Go(func() error { return s.commit(gctx, ordered) })
	err = g.Wait()
	s.sum.Stopped = ctx.Err() != nil
	s.sum.Seconds = time.Since(start).Seconds()
	return s.sum, err
}

type scan struct {
	e      *Engine
	sem    *semaphore.Weighted
	report func(Progress)
	total  int64
	start  time.Time
	done   Progress
	sum    Summary

	lookout *lookout
	watches []Watch
}

// read feeds the workers until the source ends or the user stops it.
func (s *scan) read(ctx, gctx context.Context, src intake.Source, jobs, ordered chan<- *job) error {
	for {
		if ctx.Err() != nil || gctx.Err() != nil {
			return nil
		}
		item, err := src.Next(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		j := &job{item: item, size: min(int64(len(item.Submission.Raw))+4096, inFlight), done: make(chan result, 1)}
		if err := s.sem.Acquire(gctx, j.size); err != nil {
			return nil // the committer failed and says why
		}
		select {
		case ordered <- j:
		case <-gctx.Done():
			return nil
		}
		if item.Skipped != "" {
			j.done <- result{}
			continue
		}
		select {
		case jobs <- j:
		case <-gctx.Done():
			return nil
		}
	}
}

// work walks one message, unless it is known.
func (s *scan) work(ctx context.Context, j *job) result {
	known, err := s.e.Store.Have(ctx, j.item.Submission.ID())
	if err != nil || known {
		return result{known: known, err: err}
	}
	w := s.e.Walk(j.item.Submission)
	r, err := s.e.record(w)
	return result{record: r, role: s.e.Pack.Organisation(r.Organisation) != nil, watched: watched(s.lookout, s.watches, w), err: err}
}

// record makes what is stored of a walked message.
func (e *Engine) record(w Walked) (store.Record, error) {
	a := w.Analysis
	slim := *a
	slim.Payloads = slimPayloads(a.Payloads)
	js, err := json.Marshal(slim)
	if err != nil {
		return store.Record{}, fmt.Errorf("%s: %w", a.Source, err)
	}
	sight, err := sighting.Marshal(w.Sighting)
	if err != nil {
		return store.Record{}, err
	}
	sum := sha256.Sum256(w.Submission.Raw)
	codec := e.Store.Codec()
	r := store.Record{
		ID: a.ID, RawSHA256: hex.EncodeToString(sum[:]), Raw: codec.Compress(w.Submission.Raw), Size: len(w.Submission.Raw),
		Organisation: a.Organisation, Source: w.Submission.Source, Received: a.Received, Class: a.Verdict.Class, Bits: a.Verdict.Bits,
		Subject: clip(a.Subject, 500), From: clip(sender(a), 300), Terms: terms(w), Analysis: codec.Compress(js), Sighting: sight,
		Trusted: w.Submission.Received, Envelope: w.Submission.Envelope,
	}
	if r.Habit, err = habit(a); err != nil {
		return r, fmt.Errorf("%s: %w", a.Source, err)
	}
	for _, m := range a.Recipients {
		if m.Address != "" && len(r.Recipients) < 1000 {
			r.Recipients = append(r.Recipients, m.Address)
		}
	}
	return r, nil
}

// slimPayloads leaves out the links: they are the bulk of an analysis, and the raw message gives them again at any time.
func slimPayloads(ps []coldwatch.Payload) []coldwatch.Payload {
	out := make([]coldwatch.Payload, len(ps))
	copy(out, ps)
	for i := range out {
		out[i].Links = nil
	}
	return out
}

func sender(a *coldwatch.Analysis) string {
	m := a.Sender.Author()
	if m.Name == "" {
		return m.Address
	}
	return m.Name + " <" + m.Address + ">"
}

// clip shortens to n bytes without cutting a letter.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// commit stores what the workers give, in the order of the source. A batch that does not fill up is committed after a
// while all the same: the source may be waiting for the memory that it holds.
func (s *scan) commit(ctx context.Context, ordered <-chan *job) error {
	b := batch{reached: map[string]store.Checkpoint{}}
	tick := time.NewTicker(batchTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.flush(ctx, &b); err != nil {
				return err
			}
		case j, more := <-ordered:
			if !more {
				return s.flush(ctx, &b)
			}
			var r result
			select {
			case r = <-j.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if r.err != nil {
				return r.err
			}
			s.count(j, r)
			b.add(j, r)
			if len(b.records) >= batchSize || b.bytes >= batchBytes || b.held > inFlight*2/3 {
				if err := s.flush(ctx, &b); err != nil {
					return err
				}
			}
		}
	}
}

// A batch is what is committed together.
type batch struct {
	records []store.Record
	reached map[string]store.Checkpoint
	bytes   int64 // of compressed raw messages
	held    int64 // of the memory bound
}

func (b *batch) add(j *job, r result) {
	b.held += j.size
	if j.item.Skipped == "" && !r.known {
		b.records = append(b.records, r.record)
		b.bytes += int64(len(r.record.Raw))
	}
	if j.item.End > 0 && (j.item.Offset > 0 || j.item.End < j.item.Size) { // a file of one message is known by the message
		b.reached[j.item.Path] = store.Checkpoint{Path: j.item.Path, Size: j.item.Size, Modified: j.item.Modified, Offset: j.item.End}
	}
}

func (b *batch) checkpoints() []store.Checkpoint {
	var out []store.Checkpoint
	for _, path := range slices.Sorted(maps.Keys(b.reached)) {
		out = append(out, b.reached[path])
	}
	return out
}

func (s *scan) flush(ctx context.Context, b *batch) error {
	if b.held == 0 {
		return nil
	}
	if len(b.records) > 0 || len(b.reached) > 0 {
		begun := time.Now()
		fresh, err := s.e.Store.Put(ctx, b.records, b.checkpoints())
		if err != nil {
			return err
		}
		slog.Debug("committed", "messages", len(b.records), "bytes", b.bytes, "took", time.Since(begun))
		s.sum.New += fresh
		for i := range b.records {
			s.sum.Classes[b.records[i].Class]++
		}
	}
	s.sem.Release(b.held)
	clear(b.records)
	b.records, b.bytes, b.held = b.records[:0], 0, 0
	clear(b.reached)
	return nil
}

func (s *scan) count(j *job, r result) {
	if j.item.Skipped != "" {
		s.sum.skip(j.item)
		return
	}
	s.sum.Messages++
	if len(r.watched) > 0 {
		s.sum.OnWatch++
		s.sum.Watched = append(s.sum.Watched, r.watched[:min(len(r.watched), maxWatched-len(s.sum.Watched))]...)
	}
	switch {
	case r.known:
		s.sum.Known++
	case r.role:
		s.sum.Roles.Known++
	default:
		s.sum.Roles.Unknown++
	}
	s.done.Messages++
	s.done.Bytes += int64(len(j.item.Submission.Raw))
	if s.report != nil {
		p := s.done
		p.Total = s.total
		s.report(p)
	}
}
