package relational

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

const accountColumns = `SELECT name, secret, role, organisation, subject, created, disabled FROM account`

func scanAccount(sc interface{ Scan(...any) error }) (a store.Account, err error) {
	var created, disabled int64
	err = sc.Scan(&a.Name, &a.Secret, &a.Role, &a.Organisation, &a.Subject, &created, &disabled)
	a.Created, a.Disabled = time.UnixMicro(created).UTC(), disabled != 0
	return a, err
}

// PutAccount stores an account. With fresh set it is stored only when there is none of the name; it returns whether it was stored.
func (s *Store) PutAccount(ctx context.Context, a store.Account, fresh bool) (bool, error) {
	conflict := `DO UPDATE SET secret = excluded.secret, role = excluded.role, organisation = excluded.organisation,
		subject = excluded.subject, disabled = excluded.disabled`
	if fresh {
		conflict = `DO NOTHING`
	}
	disabled := 0
	if a.Disabled {
		disabled = 1
	}
	var n int64
	err := transact(ctx, s.Write, func(tx *Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO account (name, secret, role, organisation, subject, created, disabled)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) `+conflict,
			a.Name, a.Secret, a.Role, a.Organisation, a.Subject, a.Created.UnixMicro(), disabled)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n > 0, err
}

// Account gives an account by its name. ErrNotFound if there is none.
func (s *Store) Account(ctx context.Context, name string) (store.Account, error) {
	a, err := scanAccount(s.Read.QueryRowContext(ctx, accountColumns+` WHERE name = ?`, name))
	return a, classify(err)
}

// Accounts gives every account, by name.
func (s *Store) Accounts(ctx context.Context) ([]store.Account, error) {
	rows, err := s.Read.QueryContext(ctx, accountColumns+` ORDER BY name`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Account, error) { return scanAccount(r) })
}

// DeleteAccount takes an account away, and its sessions. ErrNotFound if there is none.
func (s *Store) DeleteAccount(ctx context.Context, name string) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE account = ?`, name); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM account WHERE name = ?`, name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = store.ErrNotFound
			}
			return err
		}
		return nil
	})
}

const sessionColumns = `SELECT hash, account, created, seen, expires, address, agent FROM session`

func scanSession(sc interface{ Scan(...any) error }) (x store.Session, err error) {
	var created, seen, expires int64
	err = sc.Scan(&x.Hash, &x.Account, &created, &seen, &expires, &x.Address, &x.Agent)
	x.Created, x.Seen, x.Expires = time.UnixMicro(created).UTC(), time.UnixMicro(seen).UTC(), time.UnixMicro(expires).UTC()
	return x, err
}

// PutSession stores a session; of one that is known only Seen and Expires change.
func (s *Store) PutSession(ctx context.Context, x store.Session) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO session (hash, account, created, seen, expires, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET seen = excluded.seen, expires = excluded.expires`,
			x.Hash, x.Account, x.Created.UnixMicro(), x.Seen.UnixMicro(), x.Expires.UnixMicro(), x.Address, x.Agent)
		return err
	})
}

// Session gives a session by its hash. ErrNotFound if there is none.
func (s *Store) Session(ctx context.Context, hash string) (store.Session, error) {
	x, err := scanSession(s.Read.QueryRowContext(ctx, sessionColumns+` WHERE hash = ?`, hash))
	return x, classify(err)
}

// Sessions gives the sessions of an account, the newest first.
func (s *Store) Sessions(ctx context.Context, account string) ([]store.Session, error) {
	rows, err := s.Read.QueryContext(ctx, sessionColumns+` WHERE account = ? ORDER BY created DESC, hash`, account)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Session, error) { return scanSession(r) })
}

// EndSessions takes sessions away: that of a hash, those of an account, those that expired before a time; what is empty ends none.
func (s *Store) EndSessions(ctx context.Context, hash, account string, expired time.Time) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM session WHERE hash = ? OR (account = ? AND account <> '') OR expires < ?`,
			hash, account, max(0, expired.UnixMicro()))
		return err
	})
}

const auditColumns = `SELECT seq, at, actor, action, object, detail, address, previous, hash FROM audit`

func scanAudit(r *sql.Rows) (e store.AuditEntry, err error) {
	var at int64
	err = r.Scan(&e.Seq, &at, &e.Actor, &e.Action, &e.Object, &e.Detail, &e.Address, &e.Previous, &e.Hash)
	e.At = time.UnixMicro(at).UTC()
	return e, err
}

// Append adds an entry to the audit log and gives it with its number and hashes. Whoever appends holds the counter's row, so that
// the chain never forks.
func (s *Store) Append(ctx context.Context, e store.AuditEntry) (store.AuditEntry, error) {
	err := transact(ctx, s.Write, func(tx *Tx) error {
		if err := tx.QueryRowContext(ctx, `UPDATE counter SET value = value + 1 WHERE name = 'audit' RETURNING value`).Scan(&e.Seq); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT hash FROM audit WHERE seq = ?`, e.Seq-1).Scan(&e.Previous)
		if err == sql.ErrNoRows {
			e.Previous, err = "", nil // the first; or what was there is gone, which the check finds
		}
		if err != nil {
			return err
		}
		e.At = e.At.UTC().Truncate(time.Microsecond)
		e.Hash = e.Sum()
		_, err = tx.ExecContext(ctx, `INSERT INTO audit (seq, at, actor, action, object, detail, address, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Seq, e.At.UnixMicro(), e.Actor, e.Action, e.Object, e.Detail, e.Address, e.Previous, e.Hash)
		return err
	})
	return e, err
}

// Audit gives entries of the audit log, the newest first.
func (s *Store) Audit(ctx context.Context, q store.AuditQuery) ([]store.AuditEntry, error) {
	var where []string
	var args []any
	add := func(condition string, v any) { where, args = append(where, condition), append(args, v) }
	if q.Before > 0 {
		add(`seq < ?`, q.Before)
	}
	if q.Actor != "" {
		add(`actor = ?`, q.Actor)
	}
	if q.Action != "" {
		add(`action = ?`, q.Action)
	}
	query := auditColumns
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	query += ` ORDER BY seq DESC`
	if q.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, q.Limit)
	}
	rows, err := s.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, scanAudit)
}

// AuditTrail calls f with every entry there is, by number, and gives how many were ever written: of an honest log the number of the
// last one. What is written meanwhile comes too.
func (s *Store) AuditTrail(ctx context.Context, f func(store.AuditEntry) error) (int64, error) {
	after, written := int64(math.MinInt64), int64(-1)
	for {
		rows, err := s.Read.QueryContext(ctx, auditColumns+` WHERE seq > ? ORDER BY seq LIMIT 500`, after)
		if err != nil {
			return 0, classify(err)
		}
		page, err := collect(rows, scanAudit)
		if err != nil {
			return 0, err
		}
		for _, e := range page {
			if err := f(e); err != nil {
				return 0, err
			}
			after = e.Seq
		}
		if len(page) == 500 {
			continue
		}
		// The counter is read after the entries, so that it is never behind them; once more where it went on meanwhile.
		was := written
		if err := s.Read.QueryRowContext(ctx, `SELECT value FROM counter WHERE name = 'audit'`).Scan(&written); err != nil {
			return 0, classify(err)
		}
		if written <= after || written == was {
			return written, nil
		}
	}
}
