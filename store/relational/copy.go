package relational

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrNotEmpty says that a database to be copied into holds something already.
var ErrNotEmpty = errors.New("the database is not empty")

// rowsAtOnce is how many rows a copy commits together.
const rowsAtOnce = 500

// Copy puts everything that one store holds into another, which must be empty; it moves a database from one engine to the
// other, either way. report is called with the table and its rows so far. Nobody may write to either meanwhile. It returns
// the number of rows of each table, counted again in the copy.
func Copy(ctx context.Context, from, to *Store, report func(table string, rows int)) (map[string]int, error) {
	source, err := from.tables(ctx)
	if err != nil {
		return nil, err
	}
	target, err := to.tables(ctx)
	if err != nil {
		return nil, err
	}
	for name, t := range target {
		n, err := rowsOf(ctx, t.home, name)
		if err != nil {
			return nil, err
		}
		if n > 0 && name != "counter" { // a migration puts a row there
			return nil, fmt.Errorf("%w: its table %s has %d rows", ErrNotEmpty, name, n)
		}
	}
	counts := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(source)) {
		t, ok := target[name]
		if !ok {
			return nil, fmt.Errorf("copy: the other database has no table %s", name)
		}
		n, err := copyTable(ctx, source[name], t, to, name, report)
		if err != nil {
			return nil, fmt.Errorf("copy of table %s: %w", name, err)
		}
		have, err := rowsOf(ctx, t.home, name)
		if err != nil {
			return nil, err
		}
		if have != n {
			return nil, fmt.Errorf("table %s: %d rows were read and %d are there", name, n, have)
		}
		counts[name] = n
	}
	return counts, nil
}

// A table is where it lies and what it has.
type table struct {
	home    *DB
	columns []string
}

func rowsOf(ctx context.Context, db *DB, table string) (n int, err error) {
	err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n)
	return n, err
}

// tables gives every table that is copied: all but the index of words, which is made again, the count of
// migrations, and who does what just now.
func (s *Store) tables(ctx context.Context) (map[string]table, error) {
	out := map[string]table{}
	for _, db := range []*DB{s.Write, s.RawDB} {
		rows, err := db.QueryContext(ctx, s.dialect.Tables)
		if err != nil {
			return nil, err
		}
		names, err := collect(rows, func(r *sql.Rows) (name string, err error) { err = r.Scan(&name); return })
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if name == "goose_db_version" || name == "lease" || strings.HasPrefix(name, "message_text") || strings.HasPrefix(name, "sqlite_") {
				continue
			}
			rows, err := db.QueryContext(ctx, `SELECT * FROM `+name+` LIMIT 0`)
			if err != nil {
				return nil, err
			}
			columns, err := rows.Columns()
			rows.Close()
			if err != nil {
				return nil, err
			}
			out[name] = table{db, columns}
		}
		if s.RawDB == s.Write {
			break
		}
	}
	return out, nil
}

func copyTable(ctx context.Context, from, to table, into *Store, name string, report func(string, int)) (int, error) {
	columns := from.columns
	insert := `INSERT INTO ` + name + ` (` + strings.Join(columns, ", ") + `) VALUES (?` + strings.Repeat(", ?", len(columns)-1) + `)`
	rows, err := from.home.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if _, err := to.home.ExecContext(ctx, `DELETE FROM `+name); err != nil { // what a migration put there
		return 0, err
	}
	n := 0
	for more := true; more; {
		err := transact(ctx, to.home, func(tx *Tx) error {
			b := tx.batch()
			for i := 0; i < rowsAtOnce; i++ {
				if more = rows.Next(); !more {
					break
				}
				values, err := scanAll(rows.Rows, len(columns))
				if err != nil {
					return err
				}
				b.Add(insert, values...)
				if name == "message" {
					if err := into.index(b, columns, values); err != nil {
						return err
					}
				}
				n++
			}
			return b.Send(ctx)
		})
		if err != nil {
			return n, err
		}
		if report != nil {
			report(name, n)
		}
	}
	return n, rows.Err()
}

// index queues the words of a copied message for the copy's own search.
func (s *Store) index(b Batch, columns []string, values []any) error {
	var seq any
	var terms []byte
	for i, c := range columns {
		switch c {
		case "seq":
			seq = values[i]
		case "terms":
			terms, _ = values[i].([]byte) // nothing where an older version stored none
		}
	}
	if terms == nil {
		return nil
	}
	words, err := s.codec.Expand(terms)
	if err != nil {
		return err
	}
	text := string(words)
	if s.dialect.Terms != nil {
		text = s.dialect.Terms(text)
	}
	b.Add(s.dialect.PutTerms, seq, text)
	return nil
}

func scanAll(rows *sql.Rows, n int) ([]any, error) {
	values, at := make([]any, n), make([]any, n)
	for i := range values {
		at[i] = &values[i]
	}
	if err := rows.Scan(at...); err != nil {
		return nil, err
	}
	return values, nil
}
