package relational

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Purge forgets messages with all that was made of them: those that went to a recipient, or those received before a time;
// both conditions hold where both are given. A raw message that another organisation reported too stays for it. It returns
// the ids forgotten, by id.
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
	rows, err := s.Read.QueryContext(ctx, `SELECT id FROM message WHERE `+strings.Join(where, " AND ")+` ORDER BY id`, args...)
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
	return transactTwice(ctx, s.Write, func(tx *Tx) error {
		for _, id := range ids {
			var seq int64
			switch err := tx.QueryRowContext(ctx, `SELECT seq FROM message WHERE id = ?`, id).Scan(&seq); err {
			case nil:
			case sql.ErrNoRows:
				continue
			default:
				return err
			}
			if _, err := tx.ExecContext(ctx, s.dialect.DropTerms, seq); err != nil {
				return err
			}
			if err := forgetHabit(ctx, tx, id); err != nil {
				return err
			}
			for _, q := range []string{
				`DELETE FROM recipient WHERE message_id = ?`,
				`DELETE FROM reply WHERE message_id = ?`,
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
}

func (s *Store) forgetRaw(ctx context.Context, ids []string) error {
	return transactTwice(ctx, s.RawDB, func(tx *Tx) error {
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
}

// CheckContents looks for raw messages whose bytes do not give their name, submissions without their analysis, analyses
// without their raw message. It returns one sentence for each fault.
func (s *Store) CheckContents(ctx context.Context) []string {
	faults, err := s.checkRaw(ctx)
	if err != nil {
		return append(faults, fmt.Sprintf("the raw store cannot be read to its end: %v", err))
	}
	orphans, err := s.checkPairs(ctx)
	if err != nil {
		return append(faults, fmt.Sprintf("messages and submissions cannot be compared: %v", err))
	}
	return append(faults, orphans...)
}

func (s *Store) checkRaw(ctx context.Context) ([]string, error) {
	var faults []string
	after := ""
	for {
		rows, err := s.RawDB.QueryContext(ctx, `SELECT sha256, body FROM raw WHERE sha256 > ? ORDER BY sha256 LIMIT 64`, after)
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
	ids := func(db *DB, q string) (map[string]bool, error) {
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
	messages, err := ids(s.Read, `SELECT id FROM message WHERE raw_sha256 <> ''`) // a hub has sightings without their messages
	if err != nil {
		return nil, err
	}
	subs, err := ids(s.RawDB, `SELECT s.id FROM submission s JOIN raw r ON r.sha256 = s.raw_sha256`)
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
