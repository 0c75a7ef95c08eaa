package relational

import (
	"context"
	"database/sql"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// PutReply keeps that a reporter is to be answered; one for the message that is there already stays as it is.
func (s *Store) PutReply(ctx context.Context, r store.Reply) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO reply (message_id, address, asked, state, attempts, next_at, problem)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
			r.Message, r.Address, r.Asked.UnixMicro(), r.State, r.Attempts, r.Next.UnixMicro(), r.Problem)
		return err
	})
}

// MoveReply stores what became of an answer, if its state is still the one given: of several that try, one sends.
func (s *Store) MoveReply(ctx context.Context, from string, r store.Reply) (moved bool, err error) {
	err = transact(ctx, s.Write, func(tx *Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE reply SET state = ?, attempts = ?, next_at = ?, problem = ? WHERE message_id = ? AND state = ?`,
			r.State, r.Attempts, r.Next.UnixMicro(), r.Problem, r.Message, from)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		moved = n > 0
		return err
	})
	return moved, err
}

// DueReplies gives the answers in a state whose time has come, the longest due first.
func (s *Store) DueReplies(ctx context.Context, state string, now time.Time, most int) ([]store.Reply, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT message_id, address, asked, state, attempts, next_at, problem FROM reply
		WHERE state = ? AND next_at <= ? ORDER BY next_at, message_id LIMIT ?`, state, now.UnixMicro(), most)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(rows *sql.Rows) (r store.Reply, err error) {
		var asked, next int64
		err = rows.Scan(&r.Message, &r.Address, &asked, &r.State, &r.Attempts, &next, &r.Problem)
		r.Asked, r.Next = time.UnixMicro(asked).UTC(), time.UnixMicro(next).UTC()
		return r, err
	})
}

// RepliesTo counts the answers to an address that were asked for since.
func (s *Store) RepliesTo(ctx context.Context, address string, since time.Time) (n int, err error) {
	err = s.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM reply WHERE address = ? AND asked >= ?`, address, since.UnixMicro()).Scan(&n)
	return n, classify(err)
}
