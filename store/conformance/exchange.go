package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

func object(n, version int, source string) store.Object {
	o := store.Object{ID: fmt.Sprintf("indicator--%d", n), Type: "indicator", Spec: "2.1", Source: source, JSON: fmt.Appendf(nil, `{"n":%d,"v":%d}`, n, version)}
	if version > 0 {
		o.Version = day.Add(time.Duration(version) * time.Second)
	}
	return o
}

func objects(t *testing.T, s engine.Store) {
	ctx := t.Context()
	put := func(os ...store.Object) []store.Object {
		return must[[]store.Object](t)(s.PutObjects(ctx, "c", day, os))
	}
	got := func(q store.ObjectQuery) string {
		q.Collection = "c"
		out := ""
		for _, o := range must[[]store.Object](t)(s.Objects(ctx, q)) {
			out += string(o.JSON)
		}
		return out
	}
	first := put(object(1, 1, "a"), object(2, 1, "b"), object(1, 3, "a"), object(1, 2, "a"), object(3, 0, "a"))
	if len(first) != 5 || !first[4].Version.Equal(first[4].Added) {
		t.Fatalf("added %+v", first)
	}
	if again := put(object(1, 1, "a"), object(3, 0, "b"), object(2, 2, "b")); len(again) != 1 || again[0].ID != "indicator--2" {
		t.Errorf("versions that were there are added again: %+v", again)
	}
	must[[]store.Object](t)(s.PutObjects(ctx, "other", day, []store.Object{object(9, 1, "a")}))
	for want, q := range map[string]store.ObjectQuery{
		`{"n":1,"v":3}{"n":3,"v":0}{"n":2,"v":2}`: {Last: true},
		`{"n":1,"v":1}{"n":2,"v":1}{"n":3,"v":0}`: {First: true},
		`{"n":1,"v":1}{"n":1,"v":3}{"n":1,"v":2}`: {IDs: []string{"indicator--1"}},
		`{"n":1,"v":3}{"n":1,"v":2}`:              {IDs: []string{"indicator--1"}, Last: true, Versions: []time.Time{day.Add(2 * time.Second)}},
		`{"n":2,"v":1}{"n":2,"v":2}`:              {Source: "b", Types: []string{"indicator", "x"}, Specs: []string{"2.1"}},
		`{"n":3,"v":0}{"n":2,"v":2}`:              {After: first[3].Added},
		`{"n":1,"v":1}{"n":2,"v":1}`:              {Limit: 2},
		``:                                        {Specs: []string{"2.0"}},
	} {
		if g := got(q); g != want {
			t.Errorf("%+v gives %s, want %s", q, g, want)
		}
	}
	if n := must[int](t)(s.DeleteObjects(ctx, store.ObjectQuery{Collection: "c", IDs: []string{"indicator--1"}, Last: true})); n != 1 {
		t.Errorf("%d versions deleted, want 1", n)
	}
	if g := got(store.ObjectQuery{IDs: []string{"indicator--1"}, Last: true}); g != `{"n":1,"v":2}` {
		t.Errorf("after the deletion the last version is %s", g)
	}
}

// objectTimes: times of addition rise strictly though the clock goes back and the newest object is deleted.
func objectTimes(t *testing.T, s engine.Store) {
	ctx := t.Context()
	var times []time.Time
	for i, clock := range []time.Time{day, day, day.Add(-time.Hour), day.Add(time.Nanosecond)} {
		for _, o := range must[[]store.Object](t)(s.PutObjects(ctx, "c", clock, []store.Object{object(2*i, 1, ""), object(2*i+1, 1, "")})) {
			times = append(times, o.Added)
		}
		if i == 1 {
			must[int](t)(s.DeleteObjects(ctx, store.ObjectQuery{Collection: "c", IDs: []string{"indicator--3"}}))
		}
	}
	if len(times) != 8 {
		t.Errorf("%d objects added, want 8", len(times))
	}
	for i := 1; i < len(times); i++ {
		if !times[i].After(times[i-1]) {
			t.Errorf("%v was given after %v", times[i], times[i-1])
		}
	}
}

func deliveries(t *testing.T, s engine.Store) {
	ctx := t.Context()
	d := store.Delivery{Warning: "w", Channel: "mail a@b.example", State: store.Waiting, Next: day, Changed: day}
	if !must[bool](t)(s.PutDelivery(ctx, d, true)) || must[bool](t)(s.PutDelivery(ctx, d, true)) {
		t.Error("a delivery must be new once")
	}
	if !must[bool](t)(s.BeginDelivery(ctx, d.Warning, d.Channel, day)) || must[bool](t)(s.BeginDelivery(ctx, d.Warning, d.Channel, day)) {
		t.Error("a delivery must begin once")
	}
	if got := must[[]store.Delivery](t)(s.Deliveries(ctx)); len(got) != 1 || got[0].State != store.Sending || got[0].Attempts != 1 {
		t.Errorf("begun: %+v", got)
	}
	d.State, d.Attempts, d.Problem = store.Failed, 3, "refused"
	must[bool](t)(s.PutDelivery(ctx, d, false))
	if got := must[[]store.Delivery](t)(s.Deliveries(ctx)); len(got) != 1 || got[0] != d {
		t.Errorf("deliveries %+v, want %+v", got, d)
	}
}
