package relational

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

func putHabit(b Batch, h *store.Habit) {
	b.Add(`INSERT INTO habit (message_id, organisation, correspondent, received, note, said, settled) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (message_id) DO UPDATE SET organisation = excluded.organisation, correspondent = excluded.correspondent,
		received = excluded.received, note = excluded.note, said = excluded.said, settled = excluded.settled`,
		h.Message, h.Organisation, h.Correspondent, h.Received.UnixMicro(), h.Note, h.Said, bit(h.Settled))
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Unsettled gives the correspondences that have messages not yet held against the habits stored, at most limit.
func (s *Store) Unsettled(ctx context.Context, limit int) ([]store.Correspondence, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT organisation, correspondent, MIN(received) FROM habit WHERE settled = 0
		GROUP BY organisation, correspondent ORDER BY organisation, correspondent LIMIT ?`, limit)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (c store.Correspondence, err error) {
		var from int64
		err = r.Scan(&c.Organisation, &c.Correspondent, &from)
		c.From = time.UnixMicro(from).UTC()
		return c, err
	})
}

// Habits gives what the messages of a correspondence received from a time on say, and that many of the newest before, in
// order of receipt and id.
func (s *Store) Habits(ctx context.Context, organisation, correspondent string, from time.Time, before int) ([]store.Habit, error) {
	const columns = `SELECT message_id, received, note, said, settled FROM habit WHERE organisation = ? AND correspondent = ? AND received `
	read := func(query string, args ...any) ([]store.Habit, error) {
		rows, err := s.Read.QueryContext(ctx, query, args...)
		if err != nil {
			return nil, classify(err)
		}
		return collect(rows, func(r *sql.Rows) (store.Habit, error) {
			h := store.Habit{Organisation: organisation, Correspondent: correspondent}
			var received, settled int64
			err := r.Scan(&h.Message, &received, &h.Note, &h.Said, &settled)
			h.Received, h.Settled = time.UnixMicro(received).UTC(), settled != 0
			return h, err
		})
	}
	past, err := read(columns+`< ? ORDER BY received DESC, message_id DESC LIMIT ?`, organisation, correspondent, from.UnixMicro(), before)
	if err != nil {
		return nil, err
	}
	slices.Reverse(past)
	rest, err := read(columns+`>= ? ORDER BY received, message_id`, organisation, correspondent, from.UnixMicro())
	return append(past, rest...), err
}

// Settle notes that these were held against the habits stored; one whose analysis was made anew meanwhile stays unsettled.
func (s *Store) Settle(ctx context.Context, settled []store.Habit) error {
	if len(settled) == 0 {
		return nil
	}
	return transactTwice(ctx, s.Write, func(tx *Tx) error {
		b := tx.batch()
		for i := range settled {
			b.Add(`UPDATE habit SET settled = 1 WHERE message_id = ? AND said = ? AND note = ?`, settled[i].Message, settled[i].Said, settled[i].Note)
		}
		return b.Send(ctx)
	})
}

// forgetHabit takes a message's note away; what later messages of the same correspondent were held against is no longer so.
func forgetHabit(ctx context.Context, tx *Tx, id string) error {
	var organisation, correspondent string
	var received int64
	err := tx.QueryRowContext(ctx, `SELECT organisation, correspondent, received FROM habit WHERE message_id = ?`, id).Scan(&organisation, &correspondent, &received)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM habit WHERE message_id = ?`, id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE habit SET settled = 0 WHERE organisation = ? AND correspondent = ? AND received >= ?`, organisation, correspondent, received)
	return err
}

// Submission gives a stored message as it was received. ErrNotFound if there is none.
func (s *Store) Submission(ctx context.Context, id string) (coldwatch.Submission, error) {
	sub, err := s.scanSubmission(s.RawDB.QueryRowContext(ctx, `SELECT `+submissionColumns+` WHERE s.id = ?`, id).Scan)
	return sub, classify(err)
}
