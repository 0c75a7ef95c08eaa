// Package sqlite is the store of one machine: two SQLite files beside each other, no server.
//
// NAME.db holds what was derived, NAME.raw.db what was received. Both are in WAL mode with synchronous=FULL: a commit is on
// the disk when it returns. Raw messages commit first, so that a crash between the two leaves a raw message without its
// analysis, which the next scan or `doctor` puts right, and never an analysis without its message. Batches share a commit,
// for one commit a message would be bounded by the disk's flushes (a few hundred a second).
//
// The SQL keeps to what PostgreSQL understands too; full-text search is each engine's own and stands behind Search.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"

	"github.com/coldwatch/coldwatch/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed rawmigrations/*.sql
var rawMigrations embed.FS

// A Store keeps messages in SQLite. Its methods may be called from any goroutine; writes take their turn.
type Store struct {
	path    string
	write   *sql.DB // one connection
	read    *sql.DB
	raw     *sql.DB // one connection
	codec   *store.Codec
	nextSeq int64

	have, checkpoint, profile *sql.Stmt // of read: asked once a message or campaign, parsed once
}

// RawPath is where the raw messages of the database at path are kept.
func RawPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".raw" + filepath.Ext(path)
}

// Open opens the database at path, makes it if it is not there, and brings it up to this version. The folder must exist.
// Errors wrap those of package store.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	s := &Store{path: path}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.codec, err = store.NewCodec(2); err != nil {
		return nil, err
	}
	if s.raw, err = open(RawPath(path), 1); err != nil {
		return nil, err
	}
	if err = migrate(ctx, s.raw, rawMigrations, "rawmigrations"); err != nil {
		return nil, fmt.Errorf("%s: %w", RawPath(path), classify(err))
	}
	if s.write, err = open(path, 1); err != nil {
		return nil, err
	}
	if err = migrate(ctx, s.write, migrations, "migrations"); err != nil {
		return nil, fmt.Errorf("%s: %w", path, classify(err))
	}
	if s.read, err = open(path, 4); err != nil {
		return nil, err
	}
	row := s.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM message")
	if err = row.Scan(&s.nextSeq); err != nil {
		return nil, fmt.Errorf("%s: %w", path, classify(err))
	}
	for _, q := range []struct {
		at   **sql.Stmt
		text string
	}{
		{&s.have, `SELECT 1 FROM message WHERE id = ?`},
		{&s.checkpoint, `SELECT size, modified, position FROM checkpoint WHERE path = ?`},
		{&s.profile, `SELECT profile FROM campaign WHERE id = ?`},
	} {
		if *q.at, err = s.read.PrepareContext(ctx, q.text); err != nil {
			return nil, fmt.Errorf("%s: %w", path, classify(err))
		}
	}
	return s, nil
}

// Close gives the files back.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write, s.raw} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Codec is what the stored values are compressed with.
func (s *Store) Codec() *store.Codec { return s.codec }

func open(path string, connections int) (*sql.DB, error) {
	dsn := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) +
		"?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=secure_delete(1)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(8000)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, classify(err))
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// migrate brings the schema up to this version and refuses a database from a later one.
func migrate(ctx context.Context, db *sql.DB, files embed.FS, dir string) error {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(database.DialectSQLite3, db, sub, goose.WithDisableGlobalRegistry(true))
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
	if have == want {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// classify wraps SQLite's errors in those of package store, so that a user can be told what to do.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	case errors.As(err, &e):
		switch e.Code() & 0xff {
		case sqlitecode.SQLITE_FULL:
			return fmt.Errorf("%w: %w", store.ErrFull, err)
		case sqlitecode.SQLITE_READONLY, sqlitecode.SQLITE_CANTOPEN, sqlitecode.SQLITE_PERM:
			return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
		case sqlitecode.SQLITE_CORRUPT, sqlitecode.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", store.ErrDamaged, err)
		case sqlitecode.SQLITE_IOERR:
			if strings.Contains(err.Error(), "no space") || strings.Contains(err.Error(), "disk I/O error") {
				return fmt.Errorf("%w: %w", store.ErrFull, err)
			}
		}
	}
	return err
}

// transact runs f in a transaction of the writer.
func transact(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error is the one to tell
		return classify(err)
	}
	return classify(tx.Commit())
}
