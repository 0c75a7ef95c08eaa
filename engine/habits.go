package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/history"
	"github.com/coldwatch/coldwatch/store"
)

// Habits of senders. A message is first walked by itself; its note of the sender's habits is stored with it. Before messages
// are linked, they are settled: each is held against the notes of its correspondent that are stored by then, and the few of
// which there is something to say walk again with it. A message that comes late unsettles what was received after it. So
// the end is the same whatever order mail comes in.

// correspondences is how many are settled between two looks at what is left.
const correspondences = 256

// habit makes what is stored of a message's habits, nil where it says nothing of them.
func habit(a *coldwatch.Analysis) (*store.Habit, error) {
	correspondent, n, ok := history.NoteOf(a)
	if !ok {
		return nil, nil
	}
	js, err := json.Marshal(n)
	return &store.Habit{Message: a.ID, Organisation: a.Organisation, Correspondent: correspondent, Received: a.Received, Note: js}, err
}

// said puts remarks into the one text by which they are compared.
func said(remarks []history.Remark) string {
	var b strings.Builder
	for _, r := range remarks {
		b.WriteString(r.Kind + " " + r.Reason + "\n")
	}
	return b.String()
}

// notes reads what is stored of habits.
func notes(habits []store.Habit) ([]history.Note, error) {
	out := make([]history.Note, len(habits))
	for i := range habits {
		if err := json.Unmarshal(habits[i].Note, &out[i]); err != nil {
			return nil, fmt.Errorf("habit of message %s: %w", habits[i].Message, err)
		}
		out[i].ID, out[i].At = habits[i].Message, habits[i].Received
	}
	return out, nil
}

// settle holds everything that is not settled against the habits stored. It returns the messages that have a new analysis.
func (e *Engine) settle(ctx context.Context) (changed []string, err error) {
	for {
		list, err := e.Store.Unsettled(ctx, correspondences)
		if err != nil || len(list) == 0 {
			return changed, err
		}
		s := settling{e: e}
		for _, c := range list {
			if err := s.one(ctx, c); err != nil {
				return changed, err
			}
		}
		if err := s.flush(ctx); err != nil {
			return changed, err
		}
		if err := e.Store.Settle(ctx, s.same); err != nil {
			return changed, err
		}
		changed = append(changed, s.changed...)
		if len(list) < correspondences {
			return changed, nil
		}
	}
}

// settling is what came of some correspondences.
type settling struct {
	e       *Engine
	same    []store.Habit // of messages of which nothing else is said than before
	walked  []store.Record
	changed []string // all that walked
}

func (s *settling) flush(ctx context.Context) error {
	if len(s.walked) == 0 {
		return nil
	}
	_, err := s.e.Store.Put(ctx, s.walked, nil)
	s.walked = nil
	return err
}

// one settles a correspondence from the earliest message on that is not.
func (s *settling) one(ctx context.Context, c store.Correspondence) error {
	habits, err := s.e.Store.Habits(ctx, c.Organisation, c.Correspondent, c.From.Add(-history.Settling), history.Memory)
	if err != nil {
		return err
	}
	past, err := notes(habits)
	if err != nil {
		return err
	}
	for i := range habits {
		h := &habits[i]
		if h.Received.Before(c.From) {
			continue
		}
		remarks := history.Remarks(past[i], history.Of(past, i), s.e.room.Reach())
		if said(remarks) == h.Said {
			if !h.Settled {
				s.same = append(s.same, *h)
			}
			continue
		}
		r, err := s.e.rewalk(ctx, *h, past[i], remarks)
		if errors.Is(err, store.ErrNotFound) { // purged meanwhile
			continue
		}
		if err != nil {
			return err
		}
		s.walked, s.changed = append(s.walked, r), append(s.changed, h.Message)
		if len(s.walked) == batchSize {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewalk walks a stored message again with what its sender's habits say of it. The note stays: it is of the message alone.
func (e *Engine) rewalk(ctx context.Context, h store.Habit, n history.Note, remarks []history.Remark) (store.Record, error) {
	sub, err := e.Store.Submission(ctx, h.Message)
	if err != nil {
		return store.Record{}, err
	}
	r, err := e.record(e.walkKnowing(sub, n, remarks))
	h.Said, h.Settled = said(remarks), true
	r.Raw, r.Habit = nil, &h // the raw message is where it came from
	return r, err
}

// walkKnowing walks a message with remarks on the habits of the sender that the note names.
func (e *Engine) walkKnowing(sub coldwatch.Submission, n history.Note, remarks []history.Remark) Walked {
	return e.walk(e.room.Knowing(func(a *coldwatch.Analysis) []history.Remark {
		if !strings.EqualFold(a.Sender.Author().Address, n.Address) {
			return nil
		}
		return remarks
	}), sub)
}

// withHabits walks a message that need not be stored, with what the stored habits of its sender say of it.
func (e *Engine) withHabits(ctx context.Context, sub coldwatch.Submission) (Walked, error) {
	w := e.Walk(sub)
	correspondent, n, ok := history.NoteOf(w.Analysis)
	if !ok {
		return w, nil
	}
	habits, err := e.Store.Habits(ctx, w.Analysis.Organisation, correspondent, n.At.Add(-history.Settling), history.Memory)
	if err != nil {
		return w, err
	}
	past, err := notes(habits)
	if err != nil {
		return w, err
	}
	past = slices.DeleteFunc(past, func(m history.Note) bool { return m.ID == n.ID })
	i, _ := slices.BinarySearchFunc(past, n, func(a, b history.Note) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	past = slices.Insert(past, i, n)
	if remarks := history.Remarks(n, history.Of(past, i), e.room.Reach()); len(remarks) > 0 {
		w = e.walkKnowing(sub, n, remarks)
	}
	return w, nil
}

// ready settles what is to be linked next; e.mu is held, and this is the process that links. What was linked by an analysis
// that changed is linked anew.
func (e *Engine) ready(ctx context.Context) error {
	if e.links == nil {
		l, err := e.load(ctx)
		if err != nil {
			return err
		}
		e.links = l
	}
	last := e.links.placed
	err := e.Store.Sightings(ctx, last, func(seq int64, _ []byte) error {
		last = max(last, seq)
		return nil
	})
	if err != nil {
		return err
	}
	changed, err := e.settle(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(changed, e.links.Holds) {
		slog.Info("mail that came late changed what earlier mail says; linking begins anew")
		if err := e.Store.PutSetting(ctx, linkerSetting, nil); err != nil {
			return err
		}
		if e.links, err = e.load(ctx); err != nil {
			e.links = nil
			return err
		}
	}
	e.links.settled = last
	return nil
}
