package conformance

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// habits: notes come back in order of receipt; what was held against them is settled until a message before it goes.
func habits(t *testing.T, s engine.Store) {
	ctx := t.Context()
	var batch []store.Record
	for n := range 6 {
		r := record(t, s, n, "org")
		r.Habit = &store.Habit{Message: r.ID, Organisation: "org", Correspondent: "polar.example", Received: r.Received, Note: []byte{'n', byte('0' + n)}}
		batch = append(batch, r)
	}
	batch[5].Habit.Correspondent = "other.example"
	batch[0], batch[4] = batch[4], batch[0]
	must[int](t)(s.Put(ctx, batch, nil))
	open := must[[]store.Correspondence](t)(s.Unsettled(ctx, 9))
	want := []store.Correspondence{{Organisation: "org", Correspondent: "other.example", From: batch[5].Received}, {Organisation: "org", Correspondent: "polar.example", From: day}}
	if !reflect.DeepEqual(open, want) {
		t.Errorf("unsettled %+v, want %+v", open, want)
	}
	if one := must[[]store.Correspondence](t)(s.Unsettled(ctx, 1)); len(one) != 1 {
		t.Errorf("%d correspondences, 1 was asked for", len(one))
	}
	got := must[[]store.Habit](t)(s.Habits(ctx, "org", "polar.example", day.Add(2*time.Hour), 1))
	if len(got) != 4 || string(got[0].Note) != "n1" || string(got[3].Note) != "n4" {
		t.Fatalf("habits %+v, want those from the third on and the one before", got)
	}
	all := must[[]store.Habit](t)(s.Habits(ctx, "org", "polar.example", day, 0))
	stale := all[3]
	stale.Said = "what another analysis was made with"
	if err := s.Settle(ctx, append(all[:3:3], stale)); err != nil {
		t.Fatal(err)
	}
	if open := must[[]store.Correspondence](t)(s.Unsettled(ctx, 9)); len(open) != 2 || !open[1].From.Equal(all[3].Received) {
		t.Errorf("unsettled %+v, want from the fourth on", open)
	}
	if err := s.Settle(ctx, all); err != nil {
		t.Fatal(err)
	}
	must[[]string](t)(s.Purge(ctx, "", all[1].Received))
	open = must[[]store.Correspondence](t)(s.Unsettled(ctx, 9))
	if len(open) != 2 || !open[1].From.Equal(all[1].Received) {
		t.Errorf("unsettled %+v, want all that came after the message that is gone", open)
	}
	sub := must[coldwatch.Submission](t)(s.Submission(ctx, all[2].Message))
	if sub.ID() != all[2].Message || sub.Organisation != "org" {
		t.Errorf("submission %+v", sub)
	}
	if _, err := s.Submission(ctx, all[0].Message); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a purged submission: %v", err)
	}
}
