package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/relational"
)

// Purge is that of package relational; what is deleted is overwritten, and the write-ahead logs, where deleted pages would
// live on, are emptied.
func (s *Store) Purge(ctx context.Context, recipient string, before time.Time) ([]string, error) {
	gone, err := s.Store.Purge(ctx, recipient, before)
	if err != nil || len(gone) == 0 {
		return gone, err
	}
	for _, db := range []*relational.DB{s.Write, s.RawDB} {
		if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// Backup writes a consistent copy of both files into dir, which must not hold one yet. The store stays in use meanwhile.
// It returns the paths written.
func (s *Store) Backup(ctx context.Context, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	main := filepath.Join(dir, filepath.Base(s.path))
	raw := filepath.Join(dir, filepath.Base(RawPath(s.path)))
	for _, p := range []string{main, raw} {
		if _, err := os.Lstat(p); err == nil {
			return nil, fmt.Errorf("backup: %s: %w", p, os.ErrExist)
		}
	}
	// The derived file first: what is raw by then is in the second copy too.
	for _, c := range []struct {
		db *relational.DB
		to string
	}{{s.Read, main}, {s.RawDB, raw}} {
		if _, err := c.db.ExecContext(ctx, `VACUUM INTO ?`, c.to); err != nil {
			_ = os.Remove(main)
			_ = os.Remove(raw)
			return nil, fmt.Errorf("backup: %w", classify(err))
		}
		if err := os.Chmod(c.to, 0o600); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
	}
	return []string{main, raw}, nil
}

// Restore puts the copy in dir at path, which must be free: nothing is ever overwritten.
func Restore(ctx context.Context, dir, path string) error {
	for _, p := range []string{path, RawPath(path)} {
		if _, err := os.Lstat(p); err == nil {
			return fmt.Errorf("restore: %s: %w", p, os.ErrExist)
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.raw.*"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("restore: %s: %w: one pair of NAME.db and NAME.raw.db is looked for", dir, store.ErrNotFound)
	}
	from := strings.Replace(found[0], ".raw.", ".", 1)
	for _, c := range [][2]string{{from, path}, {found[0], RawPath(path)}} {
		db, err := open(c[0], 1)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, `VACUUM INTO ?`, c[1])
		db.Close()
		if err != nil {
			_ = os.Remove(path)
			_ = os.Remove(RawPath(path))
			return fmt.Errorf("restore %s: %w", c[0], classify(err))
		}
	}
	return nil
}

// Check looks for damage: the structure of both files, raw messages whose bytes do not give their name, submissions
// without their analysis, analyses without their raw message. It returns one sentence for each fault.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	var faults []string
	for _, c := range []struct {
		name string
		db   *relational.DB
	}{{s.path, s.Read}, {RawPath(s.path), s.RawDB}} {
		lines, err := integrity(ctx, c.db)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s cannot be checked: %v", c.name, err))
		}
		for _, l := range lines {
			if l != "ok" {
				faults = append(faults, c.name+": "+l)
			}
		}
	}
	return append(faults, s.CheckContents(ctx)...), nil
}

// integrity asks SQLite for the first faults in the structure of a file: "ok" alone when there is none.
func integrity(ctx context.Context, db *relational.DB) (lines []string, err error) {
	rows, err := db.QueryContext(ctx, `PRAGMA integrity_check(20)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l string
		if err := rows.Scan(&l); err != nil {
			return lines, err
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}
