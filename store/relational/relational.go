// Package relational is the store over SQL: every statement once, for SQLite and PostgreSQL alike.
//
// A Dialect says where the two part: how parameters are written, how errors are told apart, what a text may hold, how words
// are searched for. Everything else keeps to what both understand (SQL:2016 with INSERT … ON CONFLICT and RETURNING, which
// both took over from each other), and times are whole microseconds since 1970, so that neither engine's own types matter.
//
// The steps of a batch of messages (Put):
//
//  1. The raw messages and submissions commit first, in SQLite in a file of their own, in PostgreSQL in the same transaction.
//  2. The row that counts messages is locked, so that sequence numbers rise in the order of the commits: a reader that has
//     seen a number has seen all before it.
//  3. What is new gets the next numbers; what is known keeps its own and is replaced.
//  4. The commit is on the disk when Put returns.
package relational

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/coldwatch/coldwatch/store"
)

// A Dialect is where two engines of SQL part.
type Dialect struct {
	Goose    database.Dialect
	Dollar   bool                        // parameters are written $1, $2 … rather than ?
	Text     func(string) string         // makes a text what the engine can hold; nil: it holds everything
	Classify func(error) error           // wraps the engine's errors in those of package store
	Lost     func(error) bool            // tells whether the connection broke, so that trying again may go well; nil: never
	Batch    func(*sql.Conn) Batch       // sends many statements at once; nil: one after the other
	Terms    func(string) string         // makes the words of a message what PutTerms takes; nil: as they are
	Query    func(words []string) string // makes words that must all be there what Found takes

	// PutTerms (number, words), DropTerms (number) and Found (query; gives numbers) are the full-text search.
	PutTerms, DropTerms, Found string
	// Tables lists the names of the tables, partitions left out.
	Tables string
	// SkipLocked ends a SELECT of rows that others, who have them locked, shall keep.
	SkipLocked string
	// ByKey begins a transaction whose look-ups are all by key, whatever the statistics of a table say that grew just now.
	ByKey string
	// Short statements end faster than an interruption of them is prepared.
	Uninterrupted bool
}

// A Batch gathers statements and sends them together.
type Batch interface {
	Add(query string, args ...any)
	Send(ctx context.Context) error
}

// A Store keeps messages in a relational database. Its methods may be called from any goroutine; writes take their turn.
type Store struct {
	Write, Read, RawDB *DB // the same where one database holds all
	codec              *store.Codec
	dialect            *Dialect
	many               int // manyFound, except in tests

	have, checkpoint, profile *Stmt // asked once a message or campaign, parsed once
}

// New makes a store over databases whose schema is up to date.
func New(ctx context.Context, d *Dialect, write, read, raw *DB) (*Store, error) {
	codec, err := store.NewCodec(2)
	if err != nil {
		return nil, err
	}
	s := &Store{Write: write, Read: read, RawDB: raw, codec: codec, dialect: d, many: manyFound}
	for _, q := range []struct {
		at   **Stmt
		text string
	}{
		{&s.have, `SELECT 1 FROM message WHERE id = ?`},
		{&s.checkpoint, `SELECT size, modified, position FROM checkpoint WHERE path = ?`},
		{&s.profile, `SELECT profile FROM campaign WHERE id = ?`},
	} {
		if *q.at, err = s.Read.PrepareContext(ctx, q.text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close gives the databases back.
func (s *Store) Close() error {
	var errs []error
	seen := map[*DB]bool{nil: true}
	for _, db := range []*DB{s.Read, s.Write, s.RawDB} {
		if !seen[db] {
			errs = append(errs, db.Close())
		}
		seen[db] = true
	}
	return errors.Join(errs...)
}

// Codec is what the stored values are compressed with.
func (s *Store) Codec() *store.Codec { return s.codec }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps of the schema that both engines share. Those that are an engine's own stand in its package; a file
// of the same name there stands instead of the one here.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// Layers gives the files of several folders as one: of files with the same name, the first.
type Layers []fs.FS

// Open opens the first file of that name.
func (l Layers) Open(name string) (fs.File, error) {
	for _, f := range l {
		if file, err := f.Open(name); err == nil {
			return file, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the files of all, by name.
func (l Layers) ReadDir(name string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	seen := map[string]bool{}
	for _, f := range l {
		entries, err := fs.ReadDir(f, name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !seen[e.Name()] {
				out = append(out, e)
			}
			seen[e.Name()] = true
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// Migrate brings a schema up to this version and refuses a database from a later one.
func Migrate(ctx context.Context, d *Dialect, db *sql.DB, files fs.FS, options ...goose.ProviderOption) error {
	p, err := goose.NewProvider(d.Goose, db, files, append(options, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))...)
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return fmt.Errorf("%w: schema %d, this program knows up to %d", store.ErrNewer, have, want)
	}
	if pending, err := p.HasPending(ctx); err != nil || !pending {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// A DB is a database that is spoken to in a dialect.
type DB struct {
	*sql.DB
	*speech
}

// NewDB wraps a database.
func NewDB(db *sql.DB, d *Dialect) *DB { return &DB{db, &speech{d: d}} }

// A speech turns statements written for both engines into one's own.
type speech struct {
	d     *Dialect
	known sync.Map // statement → statement in the dialect
}

func (s *speech) text(q string) string {
	if !s.d.Dollar {
		return q
	}
	if t, ok := s.known.Load(q); ok {
		return t.(string)
	}
	var b strings.Builder
	for i, part := range strings.Split(q, "?") { // no statement of ours has a question mark in a literal
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	s.known.Store(q, b.String())
	return b.String()
}

func (s *speech) args(args []any) []any {
	if s.d.Text == nil {
		return args
	}
	for i, a := range args {
		if t, ok := a.(string); ok {
			args[i] = s.d.Text(t)
		}
	}
	return args
}

func (s *speech) err(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) || told(err) {
		return err
	}
	return s.d.Classify(err)
}

// told tells whether an error was told apart already.
func told(err error) bool {
	for _, e := range []error{store.ErrNotFound, store.ErrFull, store.ErrReadOnly, store.ErrDamaged, store.ErrNewer} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// patience is how long a statement is tried again while the server is away: as long as a restart with recovery takes.
const patience = 90 * time.Second

// again runs f until it does not fail for a broken connection.
func (s *speech) again(ctx context.Context, f func() error) error {
	err := f()
	if err == nil || s.d.Lost == nil || !s.d.Lost(err) {
		return err
	}
	left, pause := patience, 20*time.Millisecond
	for left > 0 && s.d.Lost(err) {
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		left -= pause
		pause = min(2*pause, time.Second)
		if err = f(); err == nil {
			return nil
		}
	}
	return err
}

// ExecContext, QueryContext, QueryRowContext and PrepareContext are those of sql.DB, in the dialect.
func (db *DB) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	r, err := db.DB.ExecContext(ctx, db.text(q), db.args(args)...)
	return r, db.err(err)
}

func (db *DB) QueryContext(ctx context.Context, q string, args ...any) (*Rows, error) {
	var r *sql.Rows
	err := db.again(ctx, func() (err error) {
		r, err = db.DB.QueryContext(ctx, db.text(q), db.args(args)...)
		return err
	})
	if err != nil {
		return nil, db.err(err)
	}
	return &Rows{r, db.speech}, nil
}

func (db *DB) QueryRowContext(ctx context.Context, q string, args ...any) *Row {
	return &Row{scan: func(to ...any) error {
		return db.again(ctx, func() error { return db.DB.QueryRowContext(ctx, db.text(q), db.args(args)...).Scan(to...) })
	}, s: db.speech}
}

func (db *DB) PrepareContext(ctx context.Context, q string) (*Stmt, error) {
	st, err := db.DB.PrepareContext(ctx, db.text(q))
	if err != nil {
		return nil, db.err(err)
	}
	return &Stmt{st, db.speech}, nil
}

// A Tx is a transaction in a dialect.
type Tx struct {
	*sql.Tx
	*speech
	conn *sql.Conn // nil where statements are not sent in batches
}

// ExecContext, QueryRowContext and PrepareContext are those of sql.Tx, in the dialect.
func (tx *Tx) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	r, err := tx.Tx.ExecContext(ctx, tx.text(q), tx.args(args)...)
	return r, tx.err(err)
}

func (tx *Tx) QueryContext(ctx context.Context, q string, args ...any) (*Rows, error) {
	r, err := tx.Tx.QueryContext(ctx, tx.text(q), tx.args(args)...)
	if err != nil {
		return nil, tx.err(err)
	}
	return &Rows{r, tx.speech}, nil
}

func (tx *Tx) QueryRowContext(ctx context.Context, q string, args ...any) *Row {
	return &Row{scan: tx.Tx.QueryRowContext(ctx, tx.text(q), tx.args(args)...).Scan, s: tx.speech}
}

func (tx *Tx) PrepareContext(ctx context.Context, q string) (*Stmt, error) {
	st, err := tx.Tx.PrepareContext(ctx, tx.text(q))
	if err != nil {
		return nil, tx.err(err)
	}
	return &Stmt{st, tx.speech}, nil
}

// A Stmt is a prepared statement in a dialect.
type Stmt struct {
	*sql.Stmt
	*speech
}

// ExecContext and QueryRowContext are those of sql.Stmt, in the dialect.
func (st *Stmt) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	r, err := st.Stmt.ExecContext(ctx, st.args(args)...)
	return r, st.err(err)
}

func (st *Stmt) QueryRowContext(ctx context.Context, args ...any) *Row {
	return &Row{scan: func(to ...any) error {
		return st.again(ctx, func() error { return st.Stmt.QueryRowContext(ctx, st.args(args)...).Scan(to...) })
	}, s: st.speech}
}

// Rows are the rows of an answer.
type Rows struct {
	*sql.Rows
	s *speech
}

// Err tells whether the answer broke off.
func (r *Rows) Err() error { return r.s.err(r.Rows.Err()) }

// A Row is an answer of one row: sql.ErrNoRows when there is none.
type Row struct {
	scan func(...any) error
	s    *speech
}

// Scan reads the row.
func (r *Row) Scan(to ...any) error { return r.s.err(r.scan(to...)) }

// classify makes "no rows" ErrNotFound; other errors were told apart where they came from.
func classify(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return err
}

// transact runs f in a transaction of the writer. Where the server went away before the commit, it runs again; a commit
// whose answer was lost may have happened, and is tried again only by those for whom twice is once (see transactTwice).
func transact(ctx context.Context, db *DB, f func(*Tx) error) error {
	return run(ctx, db, false, f)
}

// transactTwice is transact for what may happen twice without harm.
func transactTwice(ctx context.Context, db *DB, f func(*Tx) error) error {
	return run(ctx, db, true, f)
}

func run(ctx context.Context, db *DB, twice bool, f func(*Tx) error) error {
	var lost error
	err := db.again(ctx, func() error {
		lost = nil
		conn, err := db.DB.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		sqlTx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		tx := &Tx{sqlTx, db.speech, conn}
		if err := f(tx); err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return err
		}
		if err := tx.Commit(); err != nil && !twice {
			lost = err
			return nil
		} else if err != nil {
			return err
		}
		return nil
	})
	if err == nil {
		err = lost
	}
	return classify(db.err(err))
}

// batch gives what sends many statements of a transaction together, or one after the other.
func (tx *Tx) batch() Batch {
	if tx.d.Batch == nil {
		return &oneByOne{tx: tx, prepared: map[string]*Stmt{}}
	}
	return &spoken{tx.d.Batch(tx.conn), tx.speech}
}

// spoken puts statements into the dialect on their way into a batch.
type spoken struct {
	Batch
	s *speech
}

func (b *spoken) Add(q string, args ...any) { b.Batch.Add(b.s.text(q), b.s.args(args)...) }

func (b *spoken) Send(ctx context.Context) error { return b.s.err(b.Batch.Send(ctx)) }

// oneByOne runs statements at once, each text prepared once.
type oneByOne struct {
	tx       *Tx
	prepared map[string]*Stmt
	queue    []statement
}

type statement struct {
	text string
	args []any
}

func (b *oneByOne) Add(q string, args ...any) { b.queue = append(b.queue, statement{q, args}) }

func (b *oneByOne) Send(ctx context.Context) error {
	defer func() {
		for _, st := range b.prepared {
			st.Close()
		}
		clear(b.prepared)
		b.queue = nil
	}()
	for _, q := range b.queue {
		st := b.prepared[q.text]
		if st == nil {
			var err error
			if st, err = b.tx.PrepareContext(ctx, q.text); err != nil {
				return err
			}
			b.prepared[q.text] = st
		}
		if _, err := st.ExecContext(ctx, q.args...); err != nil {
			return err
		}
	}
	return nil
}
