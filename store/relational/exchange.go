package relational

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// PutObjects adds versions of objects to a collection, all or nothing, and returns those that were new with their times of
// addition. A version that is there already, and an object of one version that is there, change nothing.
//
// The times rise strictly, whatever the clock does and whatever was deleted; whoever writes holds the collection's row, so that
// they also rise in the order of the commits: a reader that has seen a time has seen all before it.
func (s *Store) PutObjects(ctx context.Context, collection string, now time.Time, objects []store.Object) ([]store.Object, error) {
	var added []store.Object
	err := transact(ctx, s.Write, func(tx *Tx) error {
		added = nil
		if _, err := tx.ExecContext(ctx, `INSERT INTO taxii_collection (collection, last_added) VALUES (?, 0)
			ON CONFLICT (collection) DO UPDATE SET last_added = taxii_collection.last_added`, collection); err != nil {
			return err
		}
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT last_added FROM taxii_collection WHERE collection = ?`, collection).Scan(&last); err != nil {
			return err
		}
		at := now.UnixMicro()
		for _, o := range objects {
			at = max(at, last+1)
			version := o.Version.UnixMicro()
			if o.Version.IsZero() {
				var n int
				if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM taxii_object WHERE collection = ? AND id = ?`, collection, o.ID).Scan(&n); err != nil {
					return err
				}
				if n > 0 {
					continue
				}
				version = at
			}
			res, err := tx.ExecContext(ctx, `INSERT INTO taxii_object (collection, id, version, date_added, spec_version, type, source, object)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collection, id, version) DO NOTHING`,
				collection, o.ID, version, at, o.Spec, o.Type, o.Source, s.codec.Compress(o.JSON))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			o.Version, o.Added, last = time.UnixMicro(version).UTC(), time.UnixMicro(at).UTC(), at
			added = append(added, o)
		}
		_, err := tx.ExecContext(ctx, `UPDATE taxii_collection SET last_added = ? WHERE collection = ?`, last, collection)
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// Objects gives the versions that a query chooses, by time of addition.
func (s *Store) Objects(ctx context.Context, q store.ObjectQuery) ([]store.Object, error) {
	where, args := chosen(q)
	query := `SELECT o.id, o.type, o.spec_version, o.version, o.date_added, o.source, o.object FROM taxii_object o WHERE ` + where + ` ORDER BY `
	if len(q.IDs) > 0 {
		query += `+` // SQLite would go through the whole collection in its order rather than sort the few that are named
	}
	query += `o.date_added`
	if q.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, q.Limit)
	}
	rows, err := s.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (o store.Object, err error) {
		var version, added int64
		var b []byte
		if err = r.Scan(&o.ID, &o.Type, &o.Spec, &version, &added, &o.Source, &b); err == nil {
			o.Version, o.Added = time.UnixMicro(version).UTC(), time.UnixMicro(added).UTC()
			o.JSON, err = s.codec.Expand(b)
		}
		return o, err
	})
}

// DeleteObjects deletes the versions that a query chooses, whatever its limit, and returns how many.
func (s *Store) DeleteObjects(ctx context.Context, q store.ObjectQuery) (int, error) {
	where, args := chosen(q)
	var n int64
	err := transact(ctx, s.Write, func(tx *Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM taxii_object WHERE (collection, id, version) IN
			(SELECT o.collection, o.id, o.version FROM taxii_object o WHERE `+where+`)`, args...)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return int(n), err
}

// chosen writes a query as a condition on taxii_object o.
func chosen(q store.ObjectQuery) (string, []any) {
	where := []string{`o.collection = ?`}
	args := []any{q.Collection}
	if !q.After.IsZero() {
		where = append(where, `o.date_added > ?`)
		args = append(args, q.After.UnixMicro())
	}
	for _, list := range []struct {
		column string
		values []string
	}{{"o.id", q.IDs}, {"o.type", q.Types}, {"o.spec_version", q.Specs}} {
		if len(list.values) > 0 {
			where = append(where, list.column+` IN (?`+strings.Repeat(`, ?`, len(list.values)-1)+`)`)
			for _, v := range list.values {
				args = append(args, v)
			}
		}
	}
	if q.Source != "" {
		where = append(where, `o.source = ?`)
		args = append(args, q.Source)
	}
	var any []string
	other := `NOT EXISTS (SELECT 1 FROM taxii_object n WHERE n.collection = o.collection AND n.id = o.id AND n.version `
	if q.Last {
		any = append(any, other+`> o.version)`)
	}
	if q.First {
		any = append(any, other+`< o.version)`)
	}
	for _, v := range q.Versions {
		any = append(any, `o.version = ?`)
		args = append(args, v.UnixMicro())
	}
	if len(any) > 0 {
		where = append(where, `(`+strings.Join(any, ` OR `)+`)`)
	}
	return strings.Join(where, ` AND `), args
}

// PutDelivery stores how far a delivery has come. With fresh set it is stored only when the pair of warning and channel is new;
// it returns whether it was stored.
func (s *Store) PutDelivery(ctx context.Context, d store.Delivery, fresh bool) (bool, error) {
	conflict := `DO UPDATE SET state = excluded.state, attempts = excluded.attempts, next_at = excluded.next_at,
		changed_at = excluded.changed_at, problem = excluded.problem`
	if fresh {
		conflict = `DO NOTHING`
	}
	var n int64
	err := transact(ctx, s.Write, func(tx *Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO delivery (warning_id, channel, state, attempts, next_at, changed_at, problem)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (warning_id, channel) `+conflict,
			d.Warning, d.Channel, d.State, d.Attempts, d.Next.UnixMicro(), d.Changed.UnixMicro(), d.Problem)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n > 0, err
}

// BeginDelivery moves a waiting delivery to Sending and returns whether it was waiting still: of several that try, one sends.
func (s *Store) BeginDelivery(ctx context.Context, warning, channel string, now time.Time) (bool, error) {
	var n int64
	err := transact(ctx, s.Write, func(tx *Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE delivery SET state = ?, attempts = attempts + 1, changed_at = ? WHERE warning_id = ? AND channel = ? AND state = ?`,
			store.Sending, now.UnixMicro(), warning, channel, store.Waiting)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n > 0, err
}

// Deliveries gives every delivery, by warning and channel.
func (s *Store) Deliveries(ctx context.Context) ([]store.Delivery, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT warning_id, channel, state, attempts, next_at, changed_at, problem FROM delivery ORDER BY warning_id, channel`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (d store.Delivery, err error) {
		var next, changed int64
		err = r.Scan(&d.Warning, &d.Channel, &d.State, &d.Attempts, &next, &changed, &d.Problem)
		d.Next, d.Changed = time.UnixMicro(next).UTC(), time.UnixMicro(changed).UTC()
		return d, err
	})
}
