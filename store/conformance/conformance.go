// Package conformance is the one suite that every store passes: what the engine relies on, whatever the engine of storage.
package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// Run runs the suite; each case opens its own empty store with the function given.
func Run(t *testing.T, open func(t *testing.T) engine.Store) {
	for name, f := range map[string]func(*testing.T, engine.Store){
		"put and read":      putAndRead,
		"put twice":         putTwice,
		"order":             order,
		"search":            search,
		"checkpoint":        checkpoint,
		"campaigns":         campaigns,
		"words":             words,
		"warnings":          warnings,
		"settings":          settings,
		"purge":             purge,
		"shared raw":        sharedRaw,
		"missing":           missing,
		"batch is atomic":   atomic,
		"check finds holes": check,
		"objects":           objects,
		"object times":      objectTimes,
		"deliveries":        deliveries,
		"hostile texts":     hostileTexts,
		"order of texts":    orderOfTexts,
		"phrases":           phrases,
		"writers":           writers,
		"campaign changes":  campaignChanges,
		"listing":           listing,
		"accounts":          accounts,
		"audit log":         auditLog,
		"habits":            habits,
		"queue":             queue,
		"suspects":          suspects,
		"claims":            claims,
		"lease":             lease,
		"intake":            intake,
		"audit chain":       auditChain,
		"replies":           replies,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

var day = time.Date(2020, 9, 7, 4, 51, 0, 0, time.UTC)

// record makes the n-th message, reported by org.
func record(t *testing.T, s engine.Store, n int, org string) store.Record {
	t.Helper()
	raw := fmt.Appendf(nil, "From: a%d@evil.example\r\nSubject: offer %d\r\n\r\nbody %d\r\n", n, n, n)
	sum := sha256.Sum256(raw)
	id := coldwatch.Submission{Raw: raw, Organisation: org}.ID()
	return store.Record{ID: id, RawSHA256: hex.EncodeToString(sum[:]), Raw: s.Codec().Compress(raw), Size: len(raw), Organisation: org,
		Source: fmt.Sprintf("mail/%d.eml", n), Received: day.Add(time.Duration(n) * time.Hour), Class: coldwatch.Hostile, Bits: 7.5,
		Subject: fmt.Sprintf("offer %d", n), From: fmt.Sprintf("a%d@evil.example", n), Recipients: []string{fmt.Sprintf("Victim%d@org.example", n)},
		Terms: fmt.Sprintf("offer freezer number%d", n), Analysis: s.Codec().Compress([]byte(`{"n":1}`)), Sighting: fmt.Appendf(nil, `{"id":%q}`, id)}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func putN(t *testing.T, s engine.Store, n int) []store.Record {
	t.Helper()
	var rs []store.Record
	for i := range n {
		rs = append(rs, record(t, s, i, "org"))
	}
	if fresh := must[int](t)(s.Put(t.Context(), rs, nil)); fresh != n {
		t.Fatalf("put %d records, %d were new", n, fresh)
	}
	return rs
}

func putAndRead(t *testing.T, s engine.Store) {
	ctx := t.Context()
	r := putN(t, s, 3)[1]
	row := must[store.Row](t)(s.Row(ctx, r.ID))
	want := store.Row{ID: r.ID, RawSHA256: r.RawSHA256, Organisation: "org", Source: r.Source, Received: r.Received, Class: r.Class,
		Bits: r.Bits, Subject: r.Subject, From: r.From, Size: r.Size}
	if row != want {
		t.Errorf("row\n got %+v\nwant %+v", row, want)
	}
	if raw := must[[]byte](t)(s.Raw(ctx, r.RawSHA256)); len(raw) != r.Size {
		t.Errorf("raw message has %d bytes, want %d", len(raw), r.Size)
	}
	if a := must[[]byte](t)(s.Analysis(ctx, r.ID)); string(a) != `{"n":1}` {
		t.Errorf("analysis is %s", a)
	}
	if id := must[string](t)(s.Find(ctx, r.ID[:12])); id != r.ID {
		t.Errorf("the prefix finds %s", id)
	}
	totals := must[store.Totals](t)(s.Totals(ctx))
	if n, bytes, err := s.RawTotals(ctx); err != nil || n != 3 || bytes == 0 {
		t.Errorf("raw messages: %d, %d bytes, %v", n, bytes, err)
	}
	if totals.Messages != 3 || totals.Classes[coldwatch.Hostile] != 3 || !totals.First.Equal(day) {
		t.Errorf("totals %+v", totals)
	}
	if c := must[map[string]int](t)(s.OrganisationCounts(ctx)); c["org"] != 3 {
		t.Errorf("organisation counts %v", c)
	}
}

func putTwice(t *testing.T, s engine.Store) {
	ctx := t.Context()
	rs := putN(t, s, 2)
	rs[0].Class, rs[0].Terms = coldwatch.Suspicious, "changed"
	rs[1].Raw = nil // known already: no need to bring it again
	if fresh := must[int](t)(s.Put(ctx, rs, nil)); fresh != 0 {
		t.Errorf("%d of two known messages were called new", fresh)
	}
	if row := must[store.Row](t)(s.Row(ctx, rs[0].ID)); row.Class != coldwatch.Suspicious {
		t.Errorf("the second analysis did not replace the first: %v", row.Class)
	}
	if hits := must[[]store.Row](t)(s.Search(ctx, "number0", 9)); len(hits) != 0 {
		t.Errorf("search still finds the words of the replaced analysis")
	}
	if n := must[store.Totals](t)(s.Totals(ctx)).Messages; n != 2 {
		t.Errorf("%d messages stored", n)
	}
}

func order(t *testing.T, s engine.Store) {
	rs := putN(t, s, 5)
	late := record(t, s, -4, "org")
	must[int](t)(s.Put(t.Context(), []store.Record{late}, nil))
	var got []string
	if err := s.Sightings(t.Context(), 0, func(_ int64, b []byte) error { got = append(got, string(b)); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []string{string(late.Sighting)}
	for _, r := range rs {
		want = append(want, string(r.Sighting))
	}
	if !slices.Equal(got, want) {
		t.Errorf("sightings come as %v, want by time received", got)
	}
	var newer []int64
	if err := s.Sightings(t.Context(), 4, func(seq int64, _ []byte) error { newer = append(newer, seq); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(newer, []int64{6, 5}) {
		t.Errorf("after number 4 come %v, want 6 and 5 by time received", newer)
	}
	var ids []string
	if err := s.Submissions(t.Context(), func(sub coldwatch.Submission) error { ids = append(ids, sub.ID()); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(ids) != 6 || !slices.IsSorted(ids) {
		t.Errorf("submissions: %v", ids)
	}
}

func search(t *testing.T, s engine.Store) {
	rs := putN(t, s, 4)
	hits := must[[]store.Row](t)(s.Search(t.Context(), "freezer", 3))
	if len(hits) != 3 || hits[0].ID != rs[3].ID {
		t.Errorf("search gives %d rows, newest first expected", len(hits))
	}
	for _, q := range []string{`"`, `freezer AND`, `*`, `'; DROP TABLE message; --`, ``} {
		if _, err := s.Search(t.Context(), q, 3); err != nil {
			t.Errorf("query %q: %v", q, err)
		}
	}
}

func checkpoint(t *testing.T, s engine.Store) {
	c := store.Checkpoint{Path: "/m/box", Size: 900, Modified: day, Offset: 300}
	must[int](t)(s.Put(t.Context(), nil, []store.Checkpoint{c}))
	c.Offset = 600
	must[int](t)(s.Put(t.Context(), nil, []store.Checkpoint{c}))
	if got := must[store.Checkpoint](t)(s.Checkpoint(t.Context(), "/m/box")); got != c {
		t.Errorf("checkpoint %+v, want %+v", got, c)
	}
}

func campaigns(t *testing.T, s engine.Store) {
	ctx := t.Context()
	rs := putN(t, s, 3)
	state := func(version int, members ...string) []store.CampaignState {
		return []store.CampaignState{{Campaign: coldwatch.Campaign{ID: "c-1", Members: members},
			Profile: coldwatch.Profile{Campaign: "c-1", Version: version, Messages: len(members), Members: members}}}
	}
	ev := []coldwatch.CampaignEvent{{At: day, Kind: "opened", Campaign: "c-1", Reason: "two messages"}}
	for v, members := range [][]string{{rs[0].ID, rs[1].ID}, {rs[0].ID, rs[1].ID, rs[2].ID}} {
		if err := s.PutCampaigns(ctx, store.CampaignUpdate{All: true, States: state(v+1, members...), Events: ev}); err != nil {
			t.Fatal(err)
		}
	}
	if ps := must[[]coldwatch.Profile](t)(s.Campaigns(ctx)); len(ps) != 1 || ps[0].Messages != 3 {
		t.Errorf("campaigns %+v", ps)
	}
	if p := must[coldwatch.Profile](t)(s.Profile(ctx, "c-1", 1)); p.Messages != 2 {
		t.Errorf("version 1 has %d messages", p.Messages)
	}
	if p := must[coldwatch.Profile](t)(s.Profile(ctx, "c-1", 0)); p.Version != 2 {
		t.Errorf("the newest version is %d", p.Version)
	}
	if id := must[string](t)(s.CampaignOf(ctx, rs[2].ID)); id != "c-1" {
		t.Errorf("the message is in %q", id)
	}
	if es := must[[]coldwatch.CampaignEvent](t)(s.Events(ctx, "c-1")); len(es) != 2 || !reflect.DeepEqual(es[0], ev[0]) {
		t.Errorf("history %+v", es)
	}
	if n := must[map[string]int](t)(s.EventCounts(ctx)); !maps.Equal(n, map[string]int{"c-1": 2}) {
		t.Errorf("events counted %v", n)
	}
}

// campaignChanges: an update of some leaves the others alone; who lost the lease changes nothing.
func campaignChanges(t *testing.T, s engine.Store) {
	ctx := t.Context()
	rs := putN(t, s, 4)
	state := func(id string, version int, members ...string) store.CampaignState {
		return store.CampaignState{Campaign: coldwatch.Campaign{ID: id, Members: members},
			Profile: coldwatch.Profile{Campaign: id, Version: version, Messages: len(members), Members: members}}
	}
	put := func(u store.CampaignUpdate) {
		t.Helper()
		if err := s.PutCampaigns(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	there := func(want ...string) {
		t.Helper()
		var got []string
		for _, p := range must[[]coldwatch.Profile](t)(s.Campaigns(ctx)) {
			got = append(got, fmt.Sprint(p.Campaign, "/", p.Messages))
		}
		if !slices.Equal(got, want) {
			t.Errorf("campaigns %v, want %v", got, want)
		}
	}
	put(store.CampaignUpdate{All: true, States: []store.CampaignState{state("a", 1, rs[0].ID), state("b", 1, rs[1].ID)}})
	put(store.CampaignUpdate{States: []store.CampaignState{state("c", 1, rs[2].ID, rs[3].ID)}})
	there("a/1", "b/1", "c/2")
	put(store.CampaignUpdate{States: []store.CampaignState{state("a", 2, rs[0].ID, rs[1].ID)}, Warnings: []coldwatch.Warning{{ID: "w", At: day}}})
	there("a/2", "c/2")
	if ws := must[[]coldwatch.Warning](t)(s.Warnings(ctx)); len(ws) != 1 {
		t.Errorf("%d warnings", len(ws))
	}
	must[store.Lease](t)(s.Beat(ctx, store.LinkerLease, "me"))
	u := store.CampaignUpdate{All: true, Owner: "another"}
	if err := s.PutCampaigns(ctx, u); !errors.Is(err, store.ErrLost) {
		t.Errorf("without the lease: %v", err)
	}
	there("a/2", "c/2")
	u.Owner = "me"
	put(u)
	there()
	var got []string
	err := s.SightingsOf(ctx, []string{rs[2].ID, "none", rs[0].ID}, func(b []byte) error { got = append(got, string(b)); return nil })
	if err != nil || !slices.Equal(got, []string{string(rs[0].Sighting), string(rs[2].Sighting)}) {
		t.Errorf("sightings %q, %v", got, err)
	}
}

func words(t *testing.T, s engine.Store) {
	a := coldwatch.Word{ID: "w1", At: day, Author: "ana", Kind: "must-link", Message: "m", Other: "n", Reason: "same kit"}
	b := coldwatch.Word{ID: "w0", At: day, Author: "ana", Kind: "benign", Message: "m", Reason: "their own"}
	for _, w := range []coldwatch.Word{a, b} {
		if err := s.PutWord(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	a.Undone = true
	if err := s.PutWord(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if got := must[[]coldwatch.Word](t)(s.Words(t.Context())); !reflect.DeepEqual(got, []coldwatch.Word{a, b}) {
		t.Errorf("words %+v", got)
	}
}

func warnings(t *testing.T, s engine.Store) {
	w := coldwatch.Warning{ID: "x", Campaign: "c-1", Reader: "org", Text: "first", At: day}
	again := w
	again.Text = "second"
	for _, v := range []coldwatch.Warning{w, again} {
		if err := s.PutWarnings(t.Context(), []coldwatch.Warning{v}); err != nil {
			t.Fatal(err)
		}
	}
	if got := must[[]coldwatch.Warning](t)(s.Warnings(t.Context())); len(got) != 1 || got[0].Text != "first" {
		t.Errorf("warnings %+v", got)
	}
}

func settings(t *testing.T, s engine.Store) {
	if v := must[[]byte](t)(s.Setting(t.Context(), "none")); v != nil {
		t.Errorf("an unset setting is %q", v)
	}
	for _, v := range []string{"a", "b"} {
		if err := s.PutSetting(t.Context(), "k", []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	if v := must[[]byte](t)(s.Setting(t.Context(), "k")); string(v) != "b" {
		t.Errorf("setting is %q", v)
	}
	if err := s.PutSetting(t.Context(), "k", nil); err != nil {
		t.Fatal(err)
	}
	if v := must[[]byte](t)(s.Setting(t.Context(), "k")); v != nil {
		t.Errorf("a setting taken away is %q", v)
	}
}

func purge(t *testing.T, s engine.Store) {
	ctx := t.Context()
	rs := putN(t, s, 4)
	if gone := must[[]string](t)(s.Purge(ctx, "victim2@ORG.example", time.Time{})); !slices.Equal(gone, []string{rs[2].ID}) {
		t.Errorf("purging by recipient took %v", gone)
	}
	if gone := must[[]string](t)(s.Purge(ctx, "", day.Add(90*time.Minute))); len(gone) != 2 {
		t.Errorf("purging by age took %v", gone)
	}
	if _, err := s.Raw(ctx, rs[2].RawSHA256); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the raw message is still there: %v", err)
	}
	if hits := must[[]store.Row](t)(s.Search(ctx, "freezer", 9)); len(hits) != 1 {
		t.Errorf("search finds %d messages after the purge, want 1", len(hits))
	}
	if faults := must[[]string](t)(s.Check(ctx)); len(faults) != 0 {
		t.Errorf("after a purge: %v", faults)
	}
	if _, err := s.Purge(ctx, "", time.Time{}); err == nil {
		t.Error("a purge of everything was accepted")
	}
}

func sharedRaw(t *testing.T, s engine.Store) {
	ctx := t.Context()
	a, b := record(t, s, 1, "one"), record(t, s, 1, "two")
	b.Recipients = []string{"other@two.example"}
	if fresh := must[int](t)(s.Put(ctx, []store.Record{a, b}, nil)); fresh != 2 {
		t.Fatalf("the same mail reported by two organisations is %d messages", fresh)
	}
	must[[]string](t)(s.Purge(ctx, "other@two.example", time.Time{}))
	must[[]byte](t)(s.Raw(ctx, a.RawSHA256))
}

func missing(t *testing.T, s engine.Store) {
	ctx := t.Context()
	for name, f := range map[string]func() error{
		"row":        func() error { _, err := s.Row(ctx, "no"); return err },
		"raw":        func() error { _, err := s.Raw(ctx, "no"); return err },
		"analysis":   func() error { _, err := s.Analysis(ctx, "no"); return err },
		"profile":    func() error { _, err := s.Profile(ctx, "no", 0); return err },
		"find":       func() error { _, err := s.Find(ctx, "ab"); return err },
		"checkpoint": func() error { _, err := s.Checkpoint(ctx, "no"); return err },
	} {
		if err := f(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	if ok := must[bool](t)(s.Have(ctx, "no")); ok {
		t.Error("it has what was never put")
	}
}

func atomic(t *testing.T, s engine.Store) {
	rs := []store.Record{record(t, s, 1, "org"), record(t, s, 2, "org")}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, rs, nil); err == nil {
		t.Fatal("a cancelled batch was accepted")
	}
	if n := must[store.Totals](t)(s.Totals(t.Context())).Messages; n != 0 {
		t.Errorf("%d messages of a failed batch were kept", n)
	}
	must[int](t)(s.Put(t.Context(), rs, nil))
}

func check(t *testing.T, s engine.Store) {
	r := record(t, s, 1, "org")
	r.Raw = nil
	must[int](t)(s.Put(t.Context(), []store.Record{r}, nil))
	if faults := must[[]string](t)(s.Check(t.Context())); len(faults) == 0 {
		t.Error("an analysis without its raw message was not found")
	}
}

// hostileTexts: what a message calls itself may hold anything.
func hostileTexts(t *testing.T, s engine.Store) {
	r := record(t, s, 1, "org")
	r.Subject, r.From, r.Source = "a\x00b\xff\xfe\u202e?", "\x00@\xc3(", "box\x00/1"
	r.Recipients = []string{"x\x00y@org.example", "\xff"}
	r.Terms = strings.Repeat("\x00\xff word '\\ & | ! <-> :* ", 100) + strings.Repeat("z", 5000)
	must[int](t)(s.Put(t.Context(), []store.Record{r}, []store.Checkpoint{{Path: "a\x00\xff"}}))
	must[store.Row](t)(s.Row(t.Context(), r.ID))
	for _, q := range []string{"word", "a\x00", "\xff", "word' & !x", "<->", strings.Repeat("q", 5000)} {
		must[[]store.Row](t)(s.Search(t.Context(), q, 3))
	}
	if hits := must[[]store.Row](t)(s.Search(t.Context(), "WORD", 3)); len(hits) != 1 {
		t.Errorf("the word is found %d times", len(hits))
	}
}

// orderOfTexts: by their bytes, on every engine and under every locale.
func orderOfTexts(t *testing.T, s engine.Store) {
	want := []string{"B", "_", "a", "a-b", "ab", "é"}
	for _, w := range []string{"é", "ab", "_", "a-b", "B", "a"} {
		must[bool](t)(s.PutDelivery(t.Context(), store.Delivery{Warning: w, State: store.Waiting}, true))
	}
	var got []string
	for _, d := range must[[]store.Delivery](t)(s.Deliveries(t.Context())) {
		got = append(got, d.Warning)
	}
	if !slices.Equal(got, want) {
		t.Errorf("texts are ordered %q, want %q", got, want)
	}
}

// phrases: what is several words to the engine must stand together, and marks on letters do not matter.
func phrases(t *testing.T, s engine.Store) {
	r := record(t, s, 1, "org")
	r.Terms = "Bestätigung\nmail@evil.example\nhttps://cold.chain.test/a-b?x=1"
	must[int](t)(s.Put(t.Context(), []store.Record{r}, nil))
	for q, want := range map[string]int{"bestatigung": 1, "BESTÄTIGUNG": 1, "evil.example": 1, "example.evil": 0, "chain.test evil": 1, "mail example": 1, "cold.chain.test/a-b": 1, "chai": 0} {
		if hits := must[[]store.Row](t)(s.Search(t.Context(), q, 3)); len(hits) != want {
			t.Errorf("%q is found %d times, want %d", q, len(hits), want)
		}
	}
}

// writers: many at once, some with the same messages: each is stored once, and numbers rise without a gap.
func writers(t *testing.T, s engine.Store) {
	const each, writers = 20, 6
	var wg sync.WaitGroup
	fresh := make([]int, writers)
	for w := range writers {
		var rs []store.Record
		for i := range each {
			rs = append(rs, record(t, s, w/2*each+i, "org")) // two writers bring the same
		}
		wg.Go(func() {
			for len(rs) > 0 {
				n, err := s.Put(t.Context(), rs[:4], nil)
				if err != nil {
					t.Error(err)
					return
				}
				fresh[w] += n
				rs = rs[4:]
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range fresh {
		sum += n
	}
	seqs := map[int64]bool{}
	if err := s.Sightings(t.Context(), 0, func(seq int64, _ []byte) error { seqs[seq] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if want := each * writers / 2; sum != want || len(seqs) != want || !seqs[1] || !seqs[int64(want)] {
		t.Errorf("%d called new, %d numbers, want %d of each, from 1 without a gap", sum, len(seqs), want)
	}
}
