package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/conformance"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) engine.Store { return open(t, filepath.Join(t.TempDir(), "a #?% b.db")) })
}

func TestNewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	open(t, path).Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, store.ErrNewer) {
		t.Fatalf("a database from a newer version: %v, want ErrNewer", err)
	}
}

func TestNotADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	if err := os.WriteFile(path, []byte("From: someone\n\nthis is a message, not a database, and long enough to be looked at as one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
		t.Fatalf("a text file as a database: %v, want ErrDamaged", err)
	}
}

func TestMissingFolder(t *testing.T) {
	if _, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "no", "c.db")); !errors.Is(err, store.ErrReadOnly) {
		t.Fatalf("a folder that is not there: %v, want ErrReadOnly", err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "c.db"))
	r := store.Record{ID: "m", RawSHA256: "x", Raw: s.Codec().Compress([]byte("raw")), Size: 3, Analysis: s.Codec().Compress([]byte("{}")), Sighting: []byte("{}")}
	if _, err := s.Put(t.Context(), []store.Record{r}, nil); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy")
	if _, err := s.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), to); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second backup into the same folder: %v, want ErrExist", err)
	}
	back := filepath.Join(dir, "back.db")
	if err := sqlite.Restore(t.Context(), to, back); err != nil {
		t.Fatal(err)
	}
	raw, err := open(t, back).Raw(t.Context(), "x")
	if err != nil || string(raw) != "raw" {
		t.Errorf("after the restore the raw message is %q, %v", raw, err)
	}
	if err := sqlite.Restore(t.Context(), to, back); !errors.Is(err, os.ErrExist) {
		t.Errorf("a restore over a database: %v, want ErrExist", err)
	}
}
