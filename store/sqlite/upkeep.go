package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// Purge forgets messages with all that was made of them: those that went to a recipient, or those received before a time;
// both conditions hold where both are given. A raw message that another organisation reported too stays for it. It returns
// the ids forgotten, by id. What is deleted is overwritten.
func (s *Store) Purge(ctx context.Context, recipient string, before time.Time) ([]string, error) {
	var where []string
	var args []any
	if recipient != "" {
		where = append(where, `id IN (SELECT message_id FROM recipient WHERE address = ?)`)
		args = append(args, strings.ToLower(recipient))
	}
	if !before.IsZero() {
		where = append(where, `received < ?`)
		args = append(args, before.UnixMicro())
	}
	if len(where) == 0 {
		return nil, errors.New("purge: neither a recipient nor a time was given")
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM message WHERE `+strings.Join(where, " AND ")+` ORDER BY id`, args...)
	if err != nil {
		return nil, classify(err)
	}
	ids, err := collect(rows, func(r *sql.Rows) (id string, err error) { err = r.Scan(&id); return })
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if err := s.forget(ctx, ids); err != nil {
		return nil, err
	}
	return ids, s.forgetRaw(ctx, ids)
}

func (s *Store) forget(ctx context.Context, ids []string) error {
	err := transact(ctx, s.write, func(tx *sql.Tx) error {
		for _, id := range ids {
			for _, q := range []string{
				`DELETE FROM message_text WHERE rowid = (SELECT seq FROM message WHERE id = ?)`,
				`DELETE FROM recipient WHERE message_id = ?`,
				`DELETE FROM campaign_member WHERE message_id = ?`,
				`DELETE FROM message WHERE id = ?`,
			} {
				if _, err := tx.ExecContext(ctx, q, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.shrink(ctx, s.write)
}

func (s *Store) forgetRaw(ctx context.Context, ids []string) error {
	err := transact(ctx, s.raw, func(tx *sql.Tx) error {
		for _, id := range ids {
			var sha string
			switch err := tx.QueryRowContext(ctx, `SELECT raw_sha256 FROM submission WHERE id = ?`, id).Scan(&sha); err {
			case nil:
			case sql.ErrNoRows:
				continue
			default:
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM submission WHERE id = ?`, id); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM raw WHERE sha256 = ? AND NOT EXISTS
				(SELECT 1 FROM submission WHERE raw_sha256 = ?)`, sha, sha); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.shrink(ctx, s.raw)
}

// shrink empties the write-ahead log, where deleted pages would live on.
func (s *Store) shrink(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return classify(err)
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
		db *sql.DB
		to string
	}{{s.read, main}, {s.raw, raw}} {
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
		db   *sql.DB
	}{{s.path, s.read}, {RawPath(s.path), s.raw}} {
		rows, err := c.db.QueryContext(ctx, `PRAGMA integrity_check(20)`)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s cannot be checked: %v", c.name, err))
			continue
		}
		lines, err := collect(rows, func(r *sql.Rows) (l string, err error) { err = r.Scan(&l); return })
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s cannot be checked: %v", c.name, err))
		}
		for _, l := range lines {
			if l != "ok" {
				faults = append(faults, c.name+": "+l)
			}
		}
	}
	bad, err := s.checkRaw(ctx)
	if err != nil {
		return append(faults, fmt.Sprintf("the raw store cannot be read to its end: %v", err)), nil
	}
	faults = append(faults, bad...)
	orphans, err := s.checkPairs(ctx)
	if err != nil {
		return append(faults, fmt.Sprintf("messages and submissions cannot be compared: %v", err)), nil
	}
	return append(faults, orphans...), nil
}

func (s *Store) checkRaw(ctx context.Context) ([]string, error) {
	var faults []string
	after := ""
	for {
		rows, err := s.raw.QueryContext(ctx, `SELECT sha256, body FROM raw WHERE sha256 > ? ORDER BY sha256 LIMIT 64`, after)
		if err != nil {
			return faults, classify(err)
		}
		n := 0
		_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
			var b []byte
			if err := r.Scan(&after, &b); err != nil {
				return struct{}{}, err
			}
			n++
			full, err := s.codec.Expand(b)
			if sum := sha256.Sum256(full); err != nil || hex.EncodeToString(sum[:]) != after {
				faults = append(faults, "raw message "+after+" is damaged: its bytes do not give its name")
			}
			return struct{}{}, nil
		})
		if err != nil {
			return faults, err
		}
		if n < 64 {
			return faults, nil
		}
	}
}

// checkPairs compares the two files both ways.
func (s *Store) checkPairs(ctx context.Context) ([]string, error) {
	ids := func(db *sql.DB, q string) (map[string]bool, error) {
		rows, err := db.QueryContext(ctx, q)
		if err != nil {
			return nil, classify(err)
		}
		set := map[string]bool{}
		_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
			var id string
			err := r.Scan(&id)
			set[id] = true
			return struct{}{}, err
		})
		return set, err
	}
	messages, err := ids(s.read, `SELECT id FROM message`)
	if err != nil {
		return nil, err
	}
	subs, err := ids(s.raw, `SELECT s.id FROM submission s JOIN raw r ON r.sha256 = s.raw_sha256`)
	if err != nil {
		return nil, err
	}
	var faults []string
	missing, lost := 0, 0
	for id := range subs {
		if !messages[id] {
			missing++
		}
	}
	for id := range messages {
		if !subs[id] {
			lost++
		}
	}
	if missing > 0 {
		faults = append(faults, fmt.Sprintf("%d raw messages have no analysis", missing))
	}
	if lost > 0 {
		faults = append(faults, fmt.Sprintf("%d analyses have lost their raw message", lost))
	}
	return faults, nil
}
