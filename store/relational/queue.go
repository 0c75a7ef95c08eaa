package relational

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// Receive keeps messages that are to be analysed later, all or nothing; when it returns they are on the disk and may be
// acknowledged. One that is analysed already, or waits already, is no error and is not queued again. It tells of each whether it
// was queued.
//
// The queue is a table beside the raw messages, so that one transaction keeps a message and queues it. What is claimed by a
// worker that died is given back by Unclaim.
func (s *Store) Receive(ctx context.Context, subs []coldwatch.Submission, at time.Time) ([]bool, error) {
	ctx = s.uninterrupted(ctx)
	known := make([]bool, len(subs))
	for i := range subs {
		var err error
		if known[i], err = s.Have(ctx, subs[i].ID()); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(known, false) {
		return make([]bool, len(subs)), nil
	}
	queued := make([]bool, len(subs))
	err := transactTwice(ctx, s.RawDB, func(tx *Tx) error {
		b := tx.batch()
		for i := range subs {
			if queued[i] = false; known[i] {
				continue
			}
			sub := &subs[i]
			sum := sha256.Sum256(sub.Raw)
			sha, id := hex.EncodeToString(sum[:]), sub.ID()
			r, err := tx.ExecContext(ctx, `INSERT INTO queue (id, arrived, size, owner) VALUES (?, ?, ?, '') ON CONFLICT (id) DO NOTHING`,
				id, at.UnixMicro(), len(sub.Raw))
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			queued[i] = true
			b.Add(`INSERT INTO raw (sha256, size, body) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING`, sha, len(sub.Raw), s.codec.Compress(sub.Raw))
			b.Add(putSubmission, id, sha, sub.Organisation, sub.Source, at.UnixMicro(), micros(sub.Received), envelope(sub.Envelope))
		}
		return b.Send(ctx)
	})
	return queued, err
}

// Claim gives a worker what it has claimed already, else the messages that wait longest and that nobody has: at most most,
// and no more than bytes of raw mail unless the first alone is larger. A worker that works on what it claimed calls
// it only when it is done with that. What was claimed often, and never analysed, comes last and alone: it may be what
// the workers die of.
func (s *Store) Claim(ctx context.Context, worker string, most int, bytes int64) ([]coldwatch.Submission, error) {
	var ids []string
	err := transactTwice(ctx, s.RawDB, func(tx *Tx) error {
		err := s.byKey(ctx, tx)
		if err != nil {
			return err
		}
		if ids, err = s.next(ctx, tx, worker, most, bytes); err == nil && len(ids) == 0 {
			ids, err = s.next(ctx, tx, "", most, bytes)
		}
		if err != nil {
			return err
		}
		b := tx.batch()
		for _, id := range ids {
			b.Add(`UPDATE queue SET owner = ?, tries = tries + 1 WHERE id = ?`, worker, id)
		}
		return b.Send(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]coldwatch.Submission, 0, len(ids))
	for _, id := range ids {
		sub, err := s.scanSubmission(s.RawDB.QueryRowContext(ctx, `SELECT `+submissionColumns+` WHERE s.id = ?`, id).Scan)
		if err == sql.ErrNoRows { // forgotten meanwhile
			if err = s.dequeue(ctx, []string{id}); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, classify(err)
		}
		out = append(out, sub)
	}
	return out, nil
}

// next gives those that come next of what an owner has; nobody's owner is ”.
func (s *Store) next(ctx context.Context, tx *Tx, owner string, most int, bytes int64) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, size, tries FROM queue WHERE owner = ? ORDER BY tries, arrived, id LIMIT ?`+
		s.dialect.SkipLocked, owner, most)
	if err != nil {
		return nil, err
	}
	full := false
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var id string
		var size, tries int64
		err := r.Scan(&id, &size, &tries)
		full = full || len(ids) > 0 && (size > bytes || tries >= suspect)
		if !full {
			ids = append(ids, id)
			bytes -= size
			full = tries >= suspect
		}
		return struct{}{}, err
	})
	return ids, err
}

// suspect is how often a message is claimed before it is taken alone.
const suspect = 3

// Unclaim gives back what a worker claimed and did not finish.
func (s *Store) Unclaim(ctx context.Context, worker string) error {
	return transactTwice(ctx, s.RawDB, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE queue SET owner = '' WHERE owner = ?`, worker)
		return err
	})
}

// Claimants lists the workers that have claimed something.
func (s *Store) Claimants(ctx context.Context) ([]string, error) {
	rows, err := s.RawDB.QueryContext(ctx, `SELECT DISTINCT owner FROM queue WHERE owner <> '' ORDER BY owner`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (owner string, err error) { err = r.Scan(&owner); return })
}

// Queued counts what waits.
func (s *Store) Queued(ctx context.Context) (store.Queue, error) {
	var q store.Queue
	var oldest sql.NullInt64
	err := s.RawDB.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN owner = '' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN owner = '' THEN 0 ELSE 1 END), 0),
		COALESCE(SUM(CASE WHEN tries >= ? THEN 1 ELSE 0 END), 0), COALESCE(SUM(size), 0), MIN(arrived) FROM queue`, suspect).
		Scan(&q.Waiting, &q.Claimed, &q.Suspect, &q.Bytes, &oldest)
	if oldest.Valid {
		q.Oldest = time.UnixMicro(oldest.Int64).UTC()
	}
	return q, classify(err)
}

func (s *Store) dequeue(ctx context.Context, ids []string) error {
	return transactTwice(ctx, s.RawDB, func(tx *Tx) error {
		b := tx.batch()
		for _, id := range ids {
			b.Add(`DELETE FROM queue WHERE id = ?`, id)
		}
		return b.Send(ctx)
	})
}
