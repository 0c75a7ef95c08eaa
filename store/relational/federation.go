package relational

import (
	"context"
	"database/sql"
	"strings"

	"github.com/coldwatch/coldwatch/store"
)

// PutIntake stores what a hub took in, all or nothing. What is known already changes nothing; documents are replaced.
func (s *Store) PutIntake(ctx context.Context, in store.Intake) error {
	at := in.At.UnixMicro()
	return transact(ctx, s.Write, func(tx *Tx) error {
		if _, err := s.putMessages(ctx, tx, in.Records); err != nil {
			return err
		}
		b := tx.batch()
		for _, f := range in.Frames {
			b.Add(`INSERT INTO fed_frame (member, number, sum, at) VALUES (?, ?, ?, ?) ON CONFLICT (member, number) DO NOTHING`, f.Member, int64(f.Number), f.Sum, at)
		}
		for _, h := range in.Held {
			b.Add(`INSERT INTO fed_held (token, member, at) VALUES (?, ?, ?) ON CONFLICT (token, member) DO NOTHING`, h.Token, h.Member, at)
		}
		for _, d := range in.Documents {
			if len(d.Body) == 0 {
				b.Add(`DELETE FROM fed_document WHERE kind = ? AND id = ?`, d.Kind, d.ID)
				continue
			}
			b.Add(`INSERT INTO fed_document (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`, d.Kind, d.ID, d.Body)
		}
		if in.Setting != "" {
			b.Add(`INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, in.Setting, in.Value)
		}
		if err := auditLines(ctx, tx, b, in.Audit); err != nil {
			return err
		}
		return b.Send(ctx)
	})
}

// auditLines adds lines behind the last one, within the transaction, so that no other comes between.
func auditLines(ctx context.Context, tx *Tx, b Batch, follow func(last []byte) ([][]byte, error)) error {
	if follow == nil {
		return nil
	}
	var seq int64
	var last []byte
	switch err := tx.QueryRowContext(ctx, `SELECT seq, line FROM fed_audit ORDER BY seq DESC LIMIT 1`).Scan(&seq, &last); err {
	case nil, sql.ErrNoRows:
	default:
		return err
	}
	lines, err := follow(last)
	for i, l := range lines {
		b.Add(`INSERT INTO fed_audit (seq, line) VALUES (?, ?)`, seq+int64(i)+1, l)
	}
	return err
}

// Frames gives those of a member's frames with one of these numbers that are known.
func (s *Store) Frames(ctx context.Context, member string, numbers []uint64) ([]store.Frame, error) {
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = int64(n)
	}
	return inChunks(ctx, s, `SELECT number, sum FROM fed_frame WHERE member = ? AND number IN `, []any{member}, args, ``, func(r *sql.Rows) (f store.Frame, err error) {
		var n int64
		err = r.Scan(&n, &f.Sum)
		f.Member, f.Number = member, uint64(n)
		return f, err
	})
}

// Holders gives who showed these tokens, as far as they are known, by token and member within each.
func (s *Store) Holders(ctx context.Context, tokens []string) ([]store.Held, error) {
	return inChunks(ctx, s, `SELECT token, member FROM fed_held WHERE token IN `, nil, texts(tokens), ` ORDER BY token, member`, scanHeld)
}

func scanHeld(r *sql.Rows) (h store.Held, err error) {
	err = r.Scan(&h.Token, &h.Member)
	return h, err
}

func texts(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

// inChunks asks for a list of values piece by piece: one text for all pieces, so that it is parsed once.
func inChunks[T any](ctx context.Context, s *Store, query string, before, values []any, after string, one func(*sql.Rows) (T, error)) ([]T, error) {
	const most = 64
	query += `(?` + strings.Repeat(`, ?`, most-1) + `)` + after
	var out []T
	for len(values) > 0 {
		n := min(most, len(values))
		args := append([]any(nil), before...)
		for i := range most {
			args = append(args, values[min(i, n-1)])
		}
		values = values[n:]
		rows, err := s.Read.QueryContext(ctx, query, args...)
		if err != nil {
			return nil, classify(err)
		}
		page, err := collect(rows, one)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
	}
	return out, nil
}

// AllHeld calls f with every token and the members that showed it, by token.
func (s *Store) AllHeld(ctx context.Context, f func(token string, members []string) error) error {
	rows, err := s.Read.QueryContext(ctx, `SELECT token, member FROM fed_held ORDER BY token, member`)
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	token, members := "", []string(nil)
	for rows.Next() {
		h, err := scanHeld(rows.Rows)
		if err != nil {
			return classify(err)
		}
		if h.Token != token && token != "" {
			if err := f(token, members); err != nil {
				return err
			}
			members = members[:0]
		}
		token, members = h.Token, append(members, h.Member)
	}
	if err := rows.Err(); err != nil || token == "" {
		return classify(err)
	}
	return f(token, members)
}

// RenameHolder counts what a member showed under another name: a member that leaves stays as a count.
func (s *Store) RenameHolder(ctx context.Context, member, as string) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE fed_held SET member = ? WHERE member = ?`, as, member)
		return err
	})
}

// ForgetHeld forgets who showed what.
func (s *Store) ForgetHeld(ctx context.Context) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM fed_held`)
		return err
	})
}

// ForgetOrganisation forgets every message that an organisation reported, and returns their ids.
func (s *Store) ForgetOrganisation(ctx context.Context, organisation string) ([]string, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT id FROM message WHERE organisation = ? ORDER BY id`, organisation)
	if err != nil {
		return nil, classify(err)
	}
	ids, err := collect(rows, func(r *sql.Rows) (id string, err error) { err = r.Scan(&id); return })
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return ids, s.forget(ctx, ids)
}

// Documents gives those of a kind, by id.
func (s *Store) Documents(ctx context.Context, kind string) ([]store.Document, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT id, body FROM fed_document WHERE kind = ? ORDER BY id`, kind)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Document, error) {
		d := store.Document{Kind: kind}
		err := r.Scan(&d.ID, &d.Body)
		return d, err
	})
}

// AuditLines gives the lines of the audit after one, in order, at most limit.
func (s *Store) AuditLines(ctx context.Context, after int64, limit int) ([][]byte, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT line FROM fed_audit WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (b []byte, err error) { err = r.Scan(&b); return })
}

// SightingsInOrder gives the sightings that are stored after a sequence number and say something against their message, by
// sequence number, at most limit.
func (s *Store) SightingsInOrder(ctx context.Context, after int64, limit int) ([]store.Numbered, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT seq, sighting FROM message WHERE seq > ? AND class <> 'unremarkable' ORDER BY seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (n store.Numbered, err error) { err = r.Scan(&n.Number, &n.Sighting); return })
}
