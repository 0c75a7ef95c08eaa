package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

const plenty = 1 << 20

// mail makes n submissions, the first of them the same whatever n.
func mail(n int) []coldwatch.Submission {
	var out []coldwatch.Submission
	for i := range n {
		out = append(out, coldwatch.Submission{Raw: fmt.Appendf(nil, "Subject: %d\r\n\r\nbody %d\r\n", i, i), Organisation: "org", Source: fmt.Sprintf("lmtp/%d", i)})
	}
	return out
}

func ids(subs []coldwatch.Submission) []string {
	var out []string
	for _, s := range subs {
		out = append(out, s.ID())
	}
	return out
}

// analysed makes the record of a claimed message.
func analysed(t *testing.T, s engine.Store, sub coldwatch.Submission) store.Record {
	t.Helper()
	r := record(t, s, 0, "org")
	r.ID, r.Raw, r.Queued = sub.ID(), nil, true
	return r
}

func queue(t *testing.T, s engine.Store) {
	ctx := t.Context()
	subs := mail(5)
	for i, sub := range subs {
		if queued := must[[]bool](t)(s.Receive(ctx, []coldwatch.Submission{sub, sub}, day.Add(time.Duration(i)*time.Second))); !slices.Equal(queued, []bool{true, false}) {
			t.Fatalf("a message received twice was queued: %v", queued)
		}
	}
	if queued := must[[]bool](t)(s.Receive(ctx, subs, day.Add(time.Hour))); len(queued) != len(subs) || slices.Contains(queued, true) {
		t.Errorf("messages that wait already were queued again: %v", queued)
	}
	q := must[store.Queue](t)(s.Queued(ctx))
	if q.Waiting != 5 || q.Claimed != 0 || !q.Oldest.Equal(day) || q.Bytes == 0 {
		t.Errorf("queue %+v", q)
	}
	got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "a", 2, plenty))
	if !slices.Equal(ids(got), ids(subs[:2])) || string(got[0].Raw) != string(subs[0].Raw) || got[0].Organisation != "org" || got[0].Source != "lmtp/0" {
		t.Errorf("claimed %+v, want the two that wait longest", got)
	}
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "b", 9, int64(len(subs[2].Raw)))); !slices.Equal(ids(got), ids(subs[2:3])) {
		t.Errorf("%d claimed, want as many as the bytes allow", len(got))
	}
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "c", 9, 1)); len(got) != 1 {
		t.Errorf("%d claimed, want one though it is larger than the bytes allowed", len(got))
	}
	if who := must[[]string](t)(s.Claimants(ctx)); !slices.Equal(who, []string{"a", "b", "c"}) {
		t.Errorf("claimants %v", who)
	}
	if q := must[store.Queue](t)(s.Queued(ctx)); q.Waiting != 1 || q.Claimed != 4 {
		t.Errorf("queue %+v", q)
	}
	must[int](t)(s.Put(ctx, []store.Record{analysed(t, s, subs[0]), analysed(t, s, subs[1])}, nil))
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "b", 9, plenty)); !slices.Equal(ids(got), ids(subs[2:3])) {
		t.Errorf("%v claimed by b, want what it had", ids(got))
	}
	for _, w := range []string{"b", "c", "nobody"} {
		if err := s.Unclaim(ctx, w); err != nil {
			t.Fatal(err)
		}
	}
	if q := must[store.Queue](t)(s.Queued(ctx)); q.Waiting != 3 || q.Claimed != 0 {
		t.Errorf("queue %+v after all was given back", q)
	}
	if queued := must[[]bool](t)(s.Receive(ctx, subs[:2], day)); len(queued) != 2 || slices.Contains(queued, true) {
		t.Errorf("analysed messages were queued again: %v", queued)
	}
	known := coldwatch.Submission{Raw: []byte("Subject: x\r\n\r\n"), Received: day, Envelope: coldwatch.Envelope{From: "a@b", To: []string{"c@d", "e@f"}}}
	must[[]bool](t)(s.Receive(ctx, []coldwatch.Submission{known}, day.Add(-time.Hour)))
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "d", 1, plenty)); !reflect.DeepEqual(got, []coldwatch.Submission{known}) {
		t.Errorf("received %+v, claimed %+v", known, got)
	}
	sum := sha256.Sum256(subs[3].Raw)
	if raw := must[[]byte](t)(s.Raw(ctx, hex.EncodeToString(sum[:]))); string(raw) != string(subs[3].Raw) {
		t.Errorf("the raw message of one that waits is %q", raw)
	}
}

// suspects: what was claimed often comes last, and alone.
func suspects(t *testing.T, s engine.Store) {
	ctx := t.Context()
	subs := mail(4)
	must[[]bool](t)(s.Receive(ctx, subs[:2], day))
	for range 3 {
		if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "w", 9, plenty)); len(got) != 2 {
			t.Fatalf("%d claimed", len(got))
		}
	}
	if err := s.Unclaim(ctx, "w"); err != nil { // it died
		t.Fatal(err)
	}
	must[[]bool](t)(s.Receive(ctx, subs[2:], day.Add(time.Hour)))
	if q := must[store.Queue](t)(s.Queued(ctx)); q.Suspect != 2 {
		t.Errorf("queue %+v, want 2 suspect", q)
	}
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "w", 9, plenty)); len(got) != 2 || slices.Contains(ids(got), subs[0].ID()) {
		t.Errorf("%v claimed, want those that are new", ids(got))
	}
	must[int](t)(s.Put(ctx, []store.Record{analysed(t, s, subs[2]), analysed(t, s, subs[3])}, nil))
	if got := must[[]coldwatch.Submission](t)(s.Claim(ctx, "w", 9, plenty)); len(got) != 1 {
		t.Errorf("%d suspects claimed together", len(got))
	}
}

// claims: many workers at once: each message goes to one.
func claims(t *testing.T, s engine.Store) {
	const n = 200
	must[[]bool](t)(s.Receive(t.Context(), mail(n), day))
	var mu sync.Mutex
	times := map[string]int{}
	var wg sync.WaitGroup
	for w := range 5 {
		wg.Go(func() {
			for {
				got, err := s.Claim(t.Context(), fmt.Sprint("w", w), 7, plenty)
				if err != nil || len(got) == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var rs []store.Record
				mu.Lock()
				for _, sub := range got {
					times[sub.ID()]++
					rs = append(rs, analysed(t, s, sub))
				}
				mu.Unlock()
				if _, err := s.Put(t.Context(), rs, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if len(times) != n {
		t.Errorf("%d of %d messages were claimed", len(times), n)
	}
	for id, k := range times {
		if k != 1 {
			t.Errorf("%s was claimed %d times", id, k)
		}
	}
	if q := must[store.Queue](t)(s.Queued(t.Context())); q.Waiting+q.Claimed != 0 {
		t.Errorf("queue %+v when all is done", q)
	}
}

func lease(t *testing.T, s engine.Store) {
	ctx := t.Context()
	first := must[store.Lease](t)(s.Beat(ctx, "linker", "a"))
	again := must[store.Lease](t)(s.Beat(ctx, "linker", "a"))
	if first.Owner != "a" || again.Owner != "a" || again.Beat <= first.Beat {
		t.Errorf("beats %+v, %+v", first, again)
	}
	if l := must[store.Lease](t)(s.Beat(ctx, "linker", "b")); l != again {
		t.Errorf("another sees %+v, want %+v", l, again)
	}
	if must[bool](t)(s.Seize(ctx, "linker", "b", first)) {
		t.Error("a lease was seized whose holder had beaten since")
	}
	if !must[bool](t)(s.Seize(ctx, "linker", "b", again)) || must[bool](t)(s.Seize(ctx, "linker", "c", again)) {
		t.Error("a lease without a beat goes to the first who seizes it")
	}
	if l := must[store.Lease](t)(s.Beat(ctx, "linker", "a")); l.Owner != "b" {
		t.Errorf("who lost the lease holds it again: %+v", l)
	}
	if err := s.Leave(ctx, "linker", "a"); err != nil {
		t.Fatal(err)
	}
	if l := must[map[string]store.Lease](t)(s.Leases(ctx)); l["linker"].Owner != "b" {
		t.Errorf("leases %+v after another left", l)
	}
	if err := s.Leave(ctx, "linker", "b"); err != nil {
		t.Fatal(err)
	}
	if l := must[store.Lease](t)(s.Beat(ctx, "linker", "c")); l.Owner != "c" {
		t.Errorf("a lease that was left is held by %+v", l)
	}
}
