package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/store/postgres/pgtest"
)

var kills = flag.Int("kills", 2, "how many workers TestKilledWorkers kills")

// program starts the program as another process.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Args[0] = "coldwatch" // as testscript.Main tells its commands apart
	cmd.Stderr = &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// Workers are killed in the middle of their work, the one that links among them: in the end every message is analysed once,
// and the campaigns are those of a scan.
func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 600}); err != nil {
		t.Fatal(err)
	}
	quiet := filepath.Join(t.TempDir(), "quiet.db")
	finish(t, program(t, "scan", "--quiet", "--db", quiet, dir))
	want := partition(t, quiet)
	for name, database := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "a.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			finish(t, program(t, "scan", "--queue", "--quiet", "--db", db, dir))
			st, err := openStore(t.Context(), db, false)
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			for i := range *kills {
				w := program(t, "worker", "--quiet", "--db", db)
				for left := waiting(t, st); waiting(t, st) == left && left > 0; { // it is at work
				}
				if err := w.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = w.Wait() // it was killed
				if waiting(t, st) == 0 && i == 0 {
					t.Fatal("the worker was done before it was killed")
				}
			}
			died := time.Now()
			finish(t, program(t, "worker", "--until-empty", "--quiet", "--db", db))
			t.Logf("all analysed and linked %s after the last of %d kills", time.Since(died).Round(100*time.Millisecond), *kills)
			totals, err := st.Totals(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if raw, _, err := st.RawTotals(t.Context()); err != nil || totals.Messages != 600 || raw != 600 {
				t.Errorf("%d messages, %d raw, of 600, %v", totals.Messages, raw, err)
			}
			if faults, err := st.Check(t.Context()); err != nil || len(faults) > 0 {
				t.Errorf("check: %v, %v", faults, err)
			}
			if got := partition(t, db); !slices.Equal(got, want) {
				t.Errorf("other campaigns than a scan gives:\n%v\n--- want\n%v", got, want)
			}
		})
	}
}

func finish(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, cmd.Stderr)
	}
}

func waiting(t *testing.T, st engine.Store) int {
	t.Helper()
	q, err := st.Queued(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return q.Waiting + q.Claimed
}

// partition says which messages belong together, whatever the campaigns are called.
func partition(t *testing.T, db string) []string {
	t.Helper()
	st, err := openStore(t.Context(), db, false)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	return membersOf(t, st)
}

func membersOf(t *testing.T, st engine.Store) []string {
	t.Helper()
	ps, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range ps {
		out = append(out, fmt.Sprint(ps[i].Members))
	}
	slices.Sort(out)
	return out
}
