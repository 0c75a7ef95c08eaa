package conformance

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// A community is what member and hub need of a store.
type community interface {
	engine.Store
	PutIntake(ctx context.Context, in store.Intake) error
	Frames(ctx context.Context, member string, numbers []uint64) ([]store.Frame, error)
	Holders(ctx context.Context, tokens []string) ([]store.Held, error)
	AllHeld(ctx context.Context, f func(token string, members []string) error) error
	RenameHolder(ctx context.Context, member, as string) error
	ForgetHeld(ctx context.Context) error
	ForgetOrganisation(ctx context.Context, organisation string) ([]string, error)
	Documents(ctx context.Context, kind string) ([]store.Document, error)
	AuditLines(ctx context.Context, after int64, limit int) ([][]byte, error)
	SightingsInOrder(ctx context.Context, after int64, limit int) ([]store.Numbered, error)
}

// intake stores what a hub takes in, twice: the second time nothing changes.
func intake(t *testing.T, st engine.Store) {
	s, ok := st.(community)
	if !ok {
		t.Fatal("the store keeps no community")
	}
	ctx := t.Context()
	var recs []store.Record
	for i := range 3 {
		r := record(t, s, i, []string{"ice", "lines"}[i%2])
		r.Raw, r.RawSHA256 = nil, ""
		recs = append(recs, r)
	}
	in := store.Intake{Records: recs, Frames: []store.Frame{{Member: "m-1", Number: 1, Sum: "a"}, {Member: "m-1", Number: 1 << 40, Sum: "b"}, {Member: "m-2", Number: 1, Sum: "c"}},
		Held:      []store.Held{{Token: "t1", Member: "m-1"}, {Token: "t1", Member: "m-2"}, {Token: "t2", Member: "m-2"}},
		Documents: []store.Document{{Kind: "member", ID: "m-1", Body: []byte("one")}, {Kind: "member", ID: "m-2", Body: []byte("two")}, {Kind: "entry", ID: "x", Body: []byte("y")}},
		Setting:   "mark", Value: []byte("here"), At: day}
	for range 2 {
		if err := s.PutIntake(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	equal := func(what string, got any, err error, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
		}
	}
	frames, err := s.Frames(ctx, "m-1", []uint64{1, 2, 1 << 40})
	equal("frames", frames, err, in.Frames[:2])
	held, err := s.Holders(ctx, []string{"t1", "t3"})
	equal("holders", held, err, in.Held[:2])
	docs, err := s.Documents(ctx, "member")
	equal("documents", docs, err, in.Documents[:2])
	mark, err := s.Setting(ctx, "mark")
	equal("setting", string(mark), err, "here")
	all, err := s.SightingsInOrder(ctx, 0, 2)
	if err != nil || len(all) > 2 {
		t.Errorf("%d sightings, %v", len(all), err)
	}
	if err := s.PutIntake(ctx, store.Intake{Documents: []store.Document{{Kind: "member", ID: "m-1"}}, At: day}); err != nil {
		t.Fatal(err)
	}
	docs, err = s.Documents(ctx, "member")
	equal("after one was taken away", docs, err, in.Documents[1:2])

	if err := s.RenameHolder(ctx, "m-2", "gone"); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err = s.AllHeld(ctx, func(token string, members []string) error {
		seen = append(seen, fmt.Sprint(token, members))
		return nil
	})
	equal("held", seen, err, []string{"t1[gone m-1]", "t2[gone]"})
	if err := s.ForgetHeld(ctx); err != nil {
		t.Fatal(err)
	}
	held, err = s.Holders(ctx, []string{"t1"})
	equal("nothing is held", len(held), err, 0)

	gone, err := s.ForgetOrganisation(ctx, "ice")
	totals, err2 := s.Totals(ctx)
	if err != nil || err2 != nil || len(gone) != 2 || totals.Messages != 1 {
		t.Errorf("%d forgotten, %d left, %v, %v", len(gone), totals.Messages, err, err2)
	}
	if faults, err := s.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("a hub's database has faults: %v, %v", faults, err)
	}
}

// auditChain adds lines that each see the one before.
func auditChain(t *testing.T, st engine.Store) {
	s, ok := st.(community)
	if !ok {
		t.Fatal("the store keeps no community")
	}
	for range 3 {
		err := s.PutIntake(t.Context(), store.Intake{At: day, Audit: func(last []byte) ([][]byte, error) {
			return [][]byte{append([]byte("a"), last...), append([]byte("ba"), last...)}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	lines, err := s.AuditLines(t.Context(), 2, 3)
	if err != nil || len(lines) != 3 || string(lines[0]) != "aba" || string(lines[1]) != "baba" || string(lines[2]) != "ababa" {
		t.Errorf("%q, %v", lines, err)
	}
	err = s.PutIntake(t.Context(), store.Intake{At: day, Documents: []store.Document{{Kind: "k", ID: "i", Body: []byte("b")}},
		Audit: func([]byte) ([][]byte, error) { return nil, fmt.Errorf("no") }})
	if docs, err2 := s.Documents(t.Context(), "k"); err == nil || err2 != nil || len(docs) > 0 {
		t.Errorf("half of an intake was stored: %v, %v, %v", docs, err, err2)
	}
}
