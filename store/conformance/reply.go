package conformance

import (
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

func replies(t *testing.T, s engine.Store) {
	ctx := t.Context()
	later := day.Add(time.Minute)
	put := func(message, address string, next time.Time) store.Reply {
		r := store.Reply{Message: message, Address: address, Asked: day, State: store.Waiting, Next: next}
		if err := s.PutReply(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	late, soon := put("b", "x@a.example", later), put("c", "x@a.example", day)
	put("c", "evil@z.example", later) // it is there
	due := func(now time.Time) string {
		out := ""
		for _, r := range must[[]store.Reply](t)(s.DueReplies(ctx, store.Waiting, now, 9)) {
			out += r.Message + " " + r.Address + " "
		}
		return out
	}
	if got := due(day); got != "c x@a.example " {
		t.Errorf("due: %s", got)
	}
	if got := due(later); got != "c x@a.example b x@a.example " {
		t.Errorf("due later: %s", got)
	}
	if n := must[int](t)(s.RepliesTo(ctx, "x@a.example", day)); n != 2 {
		t.Errorf("%d answers to one address, want 2", n)
	}
	if n := must[int](t)(s.RepliesTo(ctx, "x@a.example", later)); n != 0 {
		t.Errorf("%d answers since then, want 0", n)
	}
	soon.State, soon.Attempts, soon.Problem = store.Sending, 1, "p"
	for i, want := range []bool{true, false} {
		if got := must[bool](t)(s.MoveReply(ctx, store.Waiting, soon)); got != want {
			t.Errorf("the %d. that begins: %v", i+1, got)
		}
	}
	if got := must[[]store.Reply](t)(s.DueReplies(ctx, store.Sending, later, 9)); len(got) != 1 || got[0] != soon {
		t.Errorf("under way: %+v, want %+v", got, soon)
	}
	if got := due(later); got != late.Message+" x@a.example " {
		t.Errorf("due after one was begun: %s", got)
	}
}
