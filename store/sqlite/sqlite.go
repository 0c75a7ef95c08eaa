// Package sqlite is the store of one machine: two SQLite files beside each other, no server.
//
// NAME.db holds what was derived, NAME.raw.db what was received. Both are in WAL mode with synchronous=FULL: a commit is on
// the disk when it returns. Raw messages commit first, so that a crash between the two leaves a raw message without its
// analysis, which the next scan or `doctor` puts right, and never an analysis without its message. Batches share a commit,
// for one commit a message would be bounded by the disk's flushes (a few hundred a second).
//
// The statements are those of package relational, which PostgreSQL shares; here is what is SQLite's own.
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

	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"

	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed rawmigrations/*.sql
var rawMigrations embed.FS

// A Store keeps messages in SQLite. Its methods may be called from any goroutine; writes take their turn.
type Store struct {
	*relational.Store
	path string
}

// RawPath is where the raw messages of the database at path are kept.
func RawPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".raw" + filepath.Ext(path)
}

// dialect is where SQLite parts from PostgreSQL: FTS5 for words.
var dialect = &relational.Dialect{
	Goose: database.DialectSQLite3, Classify: classify, Uninterrupted: true,
	PutTerms:  `INSERT INTO message_text (rowid, terms) VALUES (?, ?)`,
	DropTerms: `DELETE FROM message_text WHERE rowid = ?`,
	Found:     `SELECT rowid FROM message_text WHERE message_text MATCH ?`,
	Query:     phrases,
	Tables:    `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`,
}

// phrases makes each word a phrase of FTS5, so that its operators mean nothing.
func phrases(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(`"` + strings.NewReplacer(`"`, `""`, "\x00", " ").Replace(w) + `" `) // a NUL would end the query
	}
	return b.String()
}

// Open opens the database at path, makes it if it is not there, and brings it up to this version. The folder must exist.
// Errors wrap those of package store.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	var opened []*sql.DB
	defer func() {
		if err != nil {
			for _, db := range opened {
				db.Close()
			}
		}
	}()
	at := func(path string, connections int, files fs.FS) (*relational.DB, error) {
		db, err := open(path, connections)
		if err != nil {
			return nil, err
		}
		opened = append(opened, db)
		if files != nil {
			if err := relational.Migrate(ctx, dialect, db, files); err != nil {
				return nil, fmt.Errorf("%s: %w", path, classify(err))
			}
		}
		return relational.NewDB(db, dialect), nil
	}
	own, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	ownRaw, err := fs.Sub(rawMigrations, "rawmigrations")
	if err != nil {
		return nil, err
	}
	raw, err := at(RawPath(path), 1, ownRaw)
	if err != nil {
		return nil, err
	}
	write, err := at(path, 1, relational.Layers{own, relational.Migrations()})
	if err != nil {
		return nil, err
	}
	read, err := at(path, 4, nil)
	if err != nil {
		return nil, err
	}
	st, err := relational.New(ctx, dialect, write, read, raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Store{st, path}, nil
}

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

// classify wraps SQLite's errors in those of package store, so that a user can be told what to do.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	switch {
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
