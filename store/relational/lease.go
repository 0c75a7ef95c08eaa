package relational

import (
	"context"
	"database/sql"

	"github.com/coldwatch/coldwatch/store"
)

// Beat takes a lease that is free, or shows that its holder lives. It returns who holds it now.
func (s *Store) Beat(ctx context.Context, name, owner string) (store.Lease, error) {
	var l store.Lease
	err := transactTwice(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO lease (name, owner, beat) VALUES (?, ?, 1)
			ON CONFLICT (name) DO UPDATE SET beat = lease.beat + 1 WHERE lease.owner = excluded.owner`, name, owner)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT owner, beat FROM lease WHERE name = ?`, name).Scan(&l.Owner, &l.Beat)
	})
	return l, err
}

// Seize takes a lease from a holder that has not beaten since it was seen; false when it has, or another was faster.
func (s *Store) Seize(ctx context.Context, name, owner string, seen store.Lease) (bool, error) {
	seized := false
	err := transact(ctx, s.Write, func(tx *Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE lease SET owner = ?, beat = beat + 1 WHERE name = ? AND owner = ? AND beat = ?`,
			owner, name, seen.Owner, seen.Beat)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		seized = n > 0
		return err
	})
	return seized, err
}

// Leave gives a lease back, if it is the owner's.
func (s *Store) Leave(ctx context.Context, name, owner string) error {
	return transactTwice(ctx, s.Write, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM lease WHERE name = ? AND owner = ?`, name, owner)
		return err
	})
}

// Leases gives every lease by name.
func (s *Store) Leases(ctx context.Context) (map[string]store.Lease, error) {
	rows, err := s.Write.QueryContext(ctx, `SELECT name, owner, beat FROM lease ORDER BY name`)
	if err != nil {
		return nil, classify(err)
	}
	out := map[string]store.Lease{}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var name string
		var l store.Lease
		err := r.Scan(&name, &l.Owner, &l.Beat)
		out[name] = l
		return struct{}{}, err
	})
	return out, err
}
