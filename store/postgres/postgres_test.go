package postgres_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/conformance"
	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/postgres/pgtest"
	"github.com/coldwatch/coldwatch/store/relational"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

func TestConformance(t *testing.T) {
	server := pgtest.Start(t)
	conformance.Run(t, func(t *testing.T) engine.Store {
		s, err := postgres.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// walk puts a scenario into a store.
func walk(t *testing.T, dir string, st engine.Store) {
	t.Helper()
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	noon := func() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }
	e := engine.New(engine.Config{Store: st, Pack: pack, Limits: message.Default(), Linking: campaign.Default(), Clock: noon, Workers: 1})
	if _, err := e.Scan(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// dump is everything that a store says of campaigns and messages.
func dump(t *testing.T, st engine.Store) string {
	t.Helper()
	var out strings.Builder
	ps, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	say := func(v any, err error) {
		b, wrong := json.Marshal(v)
		if err = errors.Join(err, wrong); err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
	}
	for _, p := range ps {
		say(p, nil)
		events, err := st.Events(t.Context(), p.Campaign)
		say(events, err)
	}
	rows, err := st.Search(t.Context(), "vaccine", 1000)
	say(rows, err)
	for _, row := range rows {
		raw, err := st.Raw(t.Context(), row.RawSHA256)
		say(raw, err)
		a, err := st.Analysis(t.Context(), row.ID)
		say(a, err)
	}
	err = st.Sightings(t.Context(), 0, func(seq int64, s []byte) error { say(s, nil); return nil })
	say(nil, err)
	totals, err := st.Totals(t.Context())
	say(totals, err)
	return out.String()
}

// The same mail gives the same campaigns on both engines, and moves between them unchanged.
func TestSameOnBothAndCopied(t *testing.T) {
	server := pgtest.Start(t)
	open := func() *postgres.Store {
		s, err := postgres.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	file := func() *sqlite.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	lite, pg := file(), open()
	walk(t, dir, lite)
	walk(t, dir, pg)
	want := dump(t, lite)
	if len(want) < 10000 || strings.Contains(want, `"campaigns":0,`) {
		t.Fatalf("the scenario gives no campaigns: %.300s", want)
	}
	same := func(what string, got engine.Store) {
		t.Helper()
		if d := dump(t, got); d != want {
			i := 0
			for i < min(len(d), len(want)) && d[i] == want[i] {
				i++
			}
			t.Fatalf("%s differs from SQLite at byte %d:\n%s\n--- SQLite\n%s", what, i, d[max(0, i-200):min(len(d), i+200)], want[max(0, i-200):min(len(want), i+200)])
		}
	}
	same("PostgreSQL", pg)
	up, down := open(), file()
	for _, step := range []struct {
		what     string
		from, to *relational.Store
		got      engine.Store
	}{
		{"a copy to PostgreSQL", lite.Store, up.Store, up},
		{"a copy back to SQLite", up.Store, down.Store, down},
	} {
		counts, err := relational.Copy(t.Context(), step.from, step.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if counts["message"] != 260 || counts["campaign"] == 0 {
			t.Errorf("%s: rows %v", step.what, counts)
		}
		same(step.what, step.got)
	}
	if _, err := relational.Copy(t.Context(), lite.Store, up.Store, nil); !errors.Is(err, relational.ErrNotEmpty) {
		t.Errorf("a copy over a filled database: %v", err)
	}
	accounts := file() // of which a copy would have made an end
	if _, err := accounts.PutAccount(t.Context(), store.Account{Name: "ana", Role: "viewer"}, true); err != nil {
		t.Fatal(err)
	}
	if _, err := relational.Copy(t.Context(), up.Store, accounts.Store, nil); !errors.Is(err, relational.ErrNotEmpty) {
		t.Errorf("a copy over accounts: %v", err)
	}
}

func TestScratchGoes(t *testing.T) {
	address := pgtest.Start(t).Database(t)
	s, err := postgres.OpenScratch(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSetting(t.Context(), "a", []byte("b")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if v, err := st.Setting(t.Context(), "a"); err != nil || v != nil {
		t.Errorf("the database beside the scratch holds %q, %v", v, err)
	}
	var n int
	if err := st.Write.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'coldwatch%'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d scratch schemas stayed, %v", n, err)
	}
}

// A database that was opened before opens again, for several at once too.
func TestOpenAgain(t *testing.T) {
	address := pgtest.Start(t).Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2 {
				s, err := postgres.Open(t.Context(), address)
				if err != nil {
					t.Error(err)
					return
				}
				s.Close()
			}
		})
	}
	wg.Wait()
}
