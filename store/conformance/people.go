package conformance

import (
	"errors"
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

// listing: every condition of a query alone and together, page after page.
func listing(t *testing.T, s engine.Store) {
	ctx := t.Context()
	var rs []store.Record
	for i := range 7 {
		r := record(t, s, i, []string{"one", "two", ""}[i%3])
		r.Class = []coldwatch.Class{coldwatch.Hostile, coldwatch.Unremarkable}[i%2]
		r.Received = day.Add(time.Duration(i/2) * time.Hour) // pairs of the same time
		rs = append(rs, r)
	}
	must[int](t)(s.Put(ctx, rs, nil))
	state := store.CampaignState{Campaign: coldwatch.Campaign{ID: "c", Members: []string{rs[0].ID, rs[6].ID}}, Profile: coldwatch.Profile{Campaign: "c", Version: 3}}
	if err := s.PutCampaigns(ctx, store.CampaignUpdate{States: []store.CampaignState{state}}); err != nil {
		t.Fatal(err)
	}
	find := func(what string, q store.MessageQuery, want ...int) []store.Row {
		t.Helper()
		rows := must[[]store.Row](t)(s.List(ctx, q))
		var got []string
		for _, r := range rows {
			got = append(got, r.ID)
		}
		var ids []string
		for _, i := range want {
			ids = append(ids, rs[i].ID)
		}
		slices.Sort(ids)
		sorted := slices.Sorted(slices.Values(got))
		if !slices.Equal(sorted, ids) {
			t.Errorf("%s: %d rows, want %v", what, len(rows), want)
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].Received.After(rows[i-1].Received) {
				t.Errorf("%s: not the newest first", what)
			}
		}
		return rows
	}
	find("all", store.MessageQuery{}, 0, 1, 2, 3, 4, 5, 6)
	find("an organisation", store.MessageQuery{Organisation: "one"}, 0, 3, 6)
	find("no organisation, fenced", store.MessageQuery{Fenced: true}, 2, 5)
	find("a class", store.MessageQuery{Classes: []coldwatch.Class{coldwatch.Unremarkable}}, 1, 3, 5)
	find("two classes", store.MessageQuery{Classes: []coldwatch.Class{coldwatch.Unremarkable, coldwatch.Hostile}}, 0, 1, 2, 3, 4, 5, 6)
	find("a campaign", store.MessageQuery{Campaign: "c"}, 0, 6)
	find("a campaign, fenced", store.MessageQuery{Campaign: "c", Organisation: "two", Fenced: true})
	find("words", store.MessageQuery{Words: "offer number3"}, 3)
	find("words and a class", store.MessageQuery{Words: "offer", Classes: []coldwatch.Class{coldwatch.Hostile}, Organisation: "two"}, 4)
	s.(interface{ LookThrough(int) }).LookThrough(2) // as if the words stood in very many
	find("a common word", store.MessageQuery{Words: "offer", Limit: 3}, 4, 5, 6)
	find("a common word of one organisation", store.MessageQuery{Words: "offer", Organisation: "one", Limit: 9}, 0, 3, 6)
	find("a common word and classes", store.MessageQuery{Words: "offer", Classes: []coldwatch.Class{coldwatch.Hostile, coldwatch.Unremarkable, coldwatch.Hostile}, Limit: 9}, 0, 1, 2, 3, 4, 5, 6)
	find("a pattern is no pattern", store.MessageQuery{Organisation: "%"})
	seen := map[string]bool{}
	q := store.MessageQuery{Limit: 2}
	for {
		page := must[[]store.Row](t)(s.List(ctx, q))
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			if seen[r.ID] {
				t.Errorf("%s is on two pages", r.ID)
			}
			seen[r.ID] = true
		}
		q.Before, q.AfterID = page[len(page)-1].Received, page[len(page)-1].ID
	}
	if len(seen) != len(rs) {
		t.Errorf("page after page %d of %d messages", len(seen), len(rs))
	}
	if c := must[store.Totals](t)(s.TotalsOf(ctx, "one")); c.Messages != 3 || c.Classes[coldwatch.Hostile] != 2 {
		t.Errorf("totals of one: %+v", c)
	}
	if v := must[[]store.CampaignVersion](t)(s.CampaignVersions(ctx)); !reflect.DeepEqual(v, []store.CampaignVersion{{Campaign: "c", Version: 3}}) {
		t.Errorf("versions %+v", v)
	}
}

func accounts(t *testing.T, s engine.Store) {
	ctx := t.Context()
	a := store.Account{Name: "ana", Secret: "x", Role: "analyst", Organisation: "org", Created: day}
	if !must[bool](t)(s.PutAccount(ctx, a, true)) || must[bool](t)(s.PutAccount(ctx, a, true)) {
		t.Error("a fresh account is stored once")
	}
	a.Disabled, a.Subject = true, "issuer subject"
	must[bool](t)(s.PutAccount(ctx, a, false))
	if got := must[store.Account](t)(s.Account(ctx, "ana")); got != a {
		t.Errorf("account %+v, want %+v", got, a)
	}
	if _, err := s.Account(ctx, "Ana"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another name: %v", err)
	}
	for i := range 3 {
		x := store.Session{Hash: fmt.Sprint("h", i), Account: []string{"ana", "ben"}[i/2], Created: day, Seen: day.Add(time.Hour), Expires: day.Add(time.Duration(i) * time.Hour), Address: "::1", Agent: "a"}
		if err := s.PutSession(ctx, x); err != nil {
			t.Fatal(err)
		}
		if got := must[store.Session](t)(s.Session(ctx, x.Hash)); got != x {
			t.Errorf("session %+v, want %+v", got, x)
		}
	}
	left := func(what, account string, want int) {
		t.Helper()
		if got := must[[]store.Session](t)(s.Sessions(ctx, account)); len(got) != want {
			t.Errorf("%s: %d sessions of %s, want %d", what, len(got), account, want)
		}
	}
	left("at first", "ana", 2)
	if err := s.EndSessions(ctx, "h0", "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	left("one ended", "ana", 1)
	if err := s.EndSessions(ctx, "", "ana", time.Time{}); err != nil {
		t.Fatal(err)
	}
	left("all of an account ended", "ana", 0)
	left("all of another ended", "ben", 1)
	if err := s.EndSessions(ctx, "", "", day.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	left("expired", "ben", 0)
	if err := s.DeleteAccount(ctx, "ana"); err != nil {
		t.Fatal(err)
	}
	if all := must[[]store.Account](t)(s.Accounts(ctx)); len(all) != 0 {
		t.Errorf("accounts %+v after the only one was deleted", all)
	}
}

// auditLog: entries of many at once make one chain without a gap.
func auditLog(t *testing.T, s engine.Store) {
	ctx := t.Context()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				if _, err := s.Append(ctx, store.AuditEntry{At: day, Actor: fmt.Sprint("w", w), Action: "act", Object: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var last store.AuditEntry
	written := must[int64](t)(s.AuditTrail(ctx, func(e store.AuditEntry) error {
		if e.Seq != last.Seq+1 || e.Previous != last.Hash || e.Sum() != e.Hash {
			t.Errorf("entry %+v does not follow %+v", e, last)
		}
		last = e
		return nil
	}))
	if written != 40 || last.Seq != 40 {
		t.Errorf("%d entries written, the last is number %d", written, last.Seq)
	}
	if got := must[[]store.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Actor: "w1", Before: 41, Limit: 3})); len(got) != 3 || got[0].Seq < got[1].Seq || got[0].Actor != "w1" {
		t.Errorf("the newest of w1: %+v", got)
	}
}
