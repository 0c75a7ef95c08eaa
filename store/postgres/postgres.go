// Package postgres is the store that several machines share: PostgreSQL 14 or newer, where one machine is outgrown.
//
// The statements are those of package relational, which SQLite shares; here is what is PostgreSQL's own: one database holds
// raw and derived together, so that a batch is one transaction; a batch of statements goes in one round trip (the extended
// query protocol's pipeline, PostgreSQL documentation section 55.2.3); words are found by a tsvector (chapter 12); and the
// server may go away and come back, for which statements are tried again.
//
// Texts are compared by their bytes (COLLATE "C"), as SQLite does, so that both give the same order on every machine.
package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
	"golang.org/x/text/unicode/norm"

	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// A Store keeps messages in PostgreSQL. Its methods may be called from any goroutine and any number of machines.
type Store struct {
	*relational.Store
}

// connections is how many one process holds at most.
const connections = 8

// Is tells whether the name of a database is an address of PostgreSQL rather than a file.
func Is(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// dialect is where PostgreSQL parts from SQLite.
var dialect = &relational.Dialect{
	Goose: database.DialectPostgres, Dollar: true, Text: text, Classify: classify, Lost: lost, Batch: newBatch,
	Terms: vector, Query: query,
	PutTerms: `INSERT INTO message_text (number, terms) VALUES (?, CAST(CAST(? AS TEXT) AS TSVECTOR))
		ON CONFLICT (number) DO UPDATE SET terms = excluded.terms`,
	DropTerms:  `DELETE FROM message_text WHERE number = ?`,
	Found:      `SELECT number FROM message_text WHERE terms @@ to_tsquery('simple', CAST(? AS TEXT))`,
	ByKey:      `SET LOCAL enable_seqscan = off`,
	SkipLocked: ` FOR UPDATE SKIP LOCKED`,
	Tables:     `SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname`,
}

// Open opens the database at an address (postgres://user@host/name?…, the parameters of libpq) and brings it up to this
// version; of several processes that start at once, one does. The database itself must exist. Errors wrap those of package
// store.
func Open(ctx context.Context, address string) (*Store, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
	return open(ctx, c)
}

// A Scratch is a store in a schema of its own, which goes when it is closed: for measuring beside what the database holds.
type Scratch struct {
	*Store
	drop func() error
}

// OpenScratch makes a scratch store in the database at an address.
func OpenScratch(ctx context.Context, address string) (*Scratch, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the database: %w", err)
	}
	name := "coldwatch_scratch_" + strings.ToLower(rand.Text())
	db := stdlib.OpenDB(*c)
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA `+name); err != nil {
		db.Close()
		return nil, fmt.Errorf("postgres %s/%s: %w", c.Host, c.Database, classify(err))
	}
	drop := func() error {
		_, err := db.ExecContext(context.WithoutCancel(ctx), `DROP SCHEMA `+name+` CASCADE`)
		return errors.Join(err, db.Close())
	}
	c.RuntimeParams["search_path"] = name
	st, err := open(ctx, c)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	return &Scratch{st, drop}, nil
}

// Close closes the store and drops its schema.
func (s *Scratch) Close() error { return errors.Join(s.Store.Close(), s.drop()) }

func open(ctx context.Context, c *pgx.ConnConfig) (*Store, error) {
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "coldwatch"
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	fail := func(err error) (*Store, error) {
		db.Close()
		return nil, fmt.Errorf("postgres %s/%s: %w", c.Host, c.Database, err)
	}
	own, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fail(err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fail(err)
	}
	if err := relational.Migrate(ctx, dialect, db, relational.Layers{own, relational.Migrations()}, goose.WithSessionLocker(locker)); err != nil {
		return fail(classify(err))
	}
	if _, err := db.ExecContext(ctx, collate); err != nil {
		return fail(classify(err))
	}
	d := relational.NewDB(db, dialect)
	st, err := relational.New(ctx, dialect, d, d, d)
	if err != nil {
		return fail(err)
	}
	return &Store{st}, nil
}

// collate makes texts compare by their bytes in the tables that both engines share, whose definition cannot say so.
const collate = `DO $$
DECLARE c RECORD;
BEGIN
	FOR c IN SELECT a.attrelid::regclass AS tab, a.attname FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
		WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
		AND a.atttypid = 'text'::regtype AND a.attnum > 0 AND NOT a.attisdropped AND a.attcollation <> '"C"'::regcollation
		AND t.relname <> 'goose_db_version'
	LOOP
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE TEXT COLLATE "C"', c.tab, c.attname);
	END LOOP;
END $$`

// Check looks for what CheckContents finds; the server keeps watch over its own files (data checksums, amcheck).
func (s *Store) Check(ctx context.Context) ([]string, error) { return s.CheckContents(ctx), nil }

// text takes out what PostgreSQL refuses in a text: bytes that are no UTF-8, and NUL.
func text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// tokens takes a text apart as FTS5's unicode61 does: letters and digits, lower case, without their diacritics.
func tokens(s string) []string {
	folded := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(text(s)))
	out := strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Co, r) })
	for i, w := range out {
		if len(w) > longestWord { // a longer one is not indexed at all
			out[i] = strings.ToValidUTF8(w[:longestWord], "")
		}
	}
	return out
}

// vector writes a tsvector: each word with its places. The server would take the text apart too, but there is one server
// for many workers.
func vector(s string) string {
	places := map[string][]int{}
	var order []string
	size := 0
	for i, w := range tokens(s) {
		if i >= lastPlace {
			break
		}
		if len(places[w]) == 0 {
			if size += len(w) + 1; size > largestVector {
				break
			}
			order = append(order, w)
		}
		if len(places[w]) < mostPlaces {
			places[w] = append(places[w], i+1)
		}
	}
	var b strings.Builder
	for _, w := range order {
		b.WriteString("'" + w + "'")
		for i, p := range places[w] {
			b.WriteByte(":,"[min(i, 1)])
			b.WriteString(strconv.Itoa(p))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// What a tsvector holds (PostgreSQL documentation, section 12.11).
const (
	lastPlace     = 16383
	mostPlaces    = 255
	largestVector = 1 << 19 // bytes of words; half of what is allowed
)

// longestWord is the longest that a tsvector holds, in bytes.
const longestWord = 2046

// query makes a tsquery of words that must all be there; what is several tokens ("evil.example") must stand together.
func query(words []string) string {
	var all []string
	for _, w := range words {
		if t := tokens(w); len(t) > 0 {
			all = append(all, "("+strings.Join(t, " <-> ")+")")
		}
	}
	return strings.Join(all, " & ")
}

// classify wraps PostgreSQL's errors (Appendix A) in those of package store, so that a user can be told what to do.
func classify(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "53100": // disk_full
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case "25006", "42501": // read_only_sql_transaction, insufficient_privilege
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	case "XX001", "XX002": // data_corrupted, index_corrupted
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return err
}

// lost tells whether the server went away, or asks to begin a transaction again.
func lost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case "57P01", "57P02", "57P03", "40001", "40P01": // shutdown, crash, starting up; serialization failure, deadlock
			return true
		}
		return strings.HasPrefix(e.Code, "08") // connection exceptions
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) ||
		errors.As(err, &connect) || errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed")
}

// A batch is a pipeline of statements on one connection.
type batch struct {
	conn  *sql.Conn
	queue pgx.Batch
}

func newBatch(conn *sql.Conn) relational.Batch { return &batch{conn: conn} }

// Add queues a statement.
func (b *batch) Add(q string, args ...any) { b.queue.Queue(q, args...) }

// Send sends the queue and waits for every answer.
func (b *batch) Send(ctx context.Context) error {
	if b.queue.Len() == 0 {
		return nil
	}
	return b.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(ctx, &b.queue).Close() })
}
