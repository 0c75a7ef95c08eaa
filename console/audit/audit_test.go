package audit_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

func clock() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }

// entries is how many the log of a test has.
const entries = 7

func newLog(t *testing.T) (*sqlite.Store, *audit.Log) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	log := audit.New(st, clock)
	ctx := access.With(t.Context(), access.Viewer{Account: "ana", Address: "192.0.2.1"})
	for i := range entries {
		if err := log.Add(ctx, audit.Actions()[i], fmt.Sprint("object ", i), "detail"); err != nil {
			t.Fatal(err)
		}
	}
	return st, log
}

func verify(t *testing.T, log *audit.Log, noted string) audit.Verdict {
	t.Helper()
	v, err := log.Verify(t.Context(), noted)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhole(t *testing.T) {
	_, log := newLog(t)
	v := verify(t, log, "")
	if v.Entries != entries || len(v.Faults) > 0 || v.Head == "" {
		t.Fatalf("%+v", v)
	}
	if again := verify(t, log, v.Head); len(again.Faults) > 0 {
		t.Errorf("with the hash that was noted: %v", again.Faults)
	}
	list, err := log.List(t.Context(), store.AuditQuery{Actor: "ana", Action: audit.Actions()[2]})
	if err != nil || len(list) != 1 || list[0].Seq != 3 || list[0].Address != "192.0.2.1" || !list[0].At.Equal(clock()) {
		t.Errorf("listed %+v, %v", list, err)
	}
}

// Every field of every entry changed once, every entry taken out once, any two swapped, the tail cut, one slipped in: each is found.
func TestTampered(t *testing.T) {
	statements := []string{
		`DELETE FROM audit WHERE seq > 4`, `DELETE FROM audit`,
		`INSERT INTO audit SELECT 0, at, actor, action, object, detail, address, '', hash FROM audit WHERE seq = 1`,
		`INSERT INTO audit SELECT seq + 1, at, actor, action, object, detail, address, hash, hash FROM audit ORDER BY seq DESC LIMIT 1`,
	}
	for seq := 1; seq <= entries; seq++ {
		for _, field := range []string{"at = at + 1", "actor = 'eve'", "action = 'x'", "object = object || ' '", "detail = ''", "address = ''", "previous = 'x'", "hash = 'x'",
			"actor = actor || action, action = ''"} {
			statements = append(statements, fmt.Sprintf(`UPDATE audit SET %s WHERE seq = %d`, field, seq))
		}
		statements = append(statements, fmt.Sprintf(`DELETE FROM audit WHERE seq = %d`, seq))
		if seq < entries {
			statements = append(statements, fmt.Sprintf(`UPDATE audit SET seq = CASE seq WHEN %d THEN -1 ELSE seq END; UPDATE audit SET seq = %d WHERE seq = %d; UPDATE audit SET seq = %d WHERE seq = -1`,
				seq, seq, seq+1, seq+1))
		}
	}
	for _, s := range statements {
		t.Run(s, func(t *testing.T) {
			st, log := newLog(t)
			for one := range strings.SplitSeq(s, ";") {
				if _, err := st.Write.ExecContext(t.Context(), one); err != nil {
					t.Fatal(err)
				}
			}
			if v := verify(t, log, ""); len(v.Faults) == 0 {
				t.Errorf("not found")
			}
		})
	}
}

// Who writes the whole chain anew, counter and all, is found by the hash that was noted elsewhere.
func TestWrittenAnew(t *testing.T) {
	st, log := newLog(t)
	noted := verify(t, log, "").Head
	for _, s := range []string{`DELETE FROM audit`, `UPDATE counter SET value = 0 WHERE name = 'audit'`} {
		if _, err := st.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for range entries {
		if err := log.AddBy(t.Context(), "eve", "", audit.SignIn, "eve", ""); err != nil {
			t.Fatal(err)
		}
	}
	if v := verify(t, log, ""); len(v.Faults) > 0 {
		t.Fatalf("the new chain does not hold: %v", v.Faults)
	}
	if v := verify(t, log, noted); len(v.Faults) != 1 {
		t.Errorf("faults %v, want that the noted hash is gone", v.Faults)
	}
}

// Many at once make one chain.
func TestTogether(t *testing.T) {
	_, log := newLog(t)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			if err := log.AddBy(t.Context(), "ana", "", audit.WordSay, fmt.Sprint(i), strings.Repeat("long", 1000)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if v := verify(t, log, ""); v.Entries != entries+40 || len(v.Faults) > 0 {
		t.Errorf("%+v", v)
	}
}
