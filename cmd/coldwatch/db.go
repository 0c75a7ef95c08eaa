package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/relational"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

type dbCmd struct {
	Copy dbCopyCmd `cmd:"" help:"Copy everything into another, empty database."`
}

type dbCopyCmd struct {
	From string `arg:"" help:"Database to read: a file, or postgres://USER@HOST/NAME."`
	To   string `arg:"" help:"Empty database to fill; a file is made."`
}

func (dbCopyCmd) Help() string {
	return "Copies messages, campaigns with their history, words, warnings, settings and what is exchanged, either way between SQLite and " +
		"PostgreSQL. Nothing else may write to either meanwhile. The rows are counted again in the copy. " +
		"A password belongs in ~/.pgpass or PGPASSWORD, not on the command line."
}

func (c dbCopyCmd) Run(ctx context.Context, g *Globals) error {
	if !postgres.Is(c.From) {
		if _, err := os.Stat(c.From); err != nil {
			return hinted("name the file of a database, or postgres://USER@HOST/NAME", "the database to copy: %w", err)
		}
	}
	counts, err := g.copyDatabase(ctx, c.From, c.To)
	if errors.Is(err, relational.ErrNotEmpty) {
		return &userError{err: fmt.Errorf("%s: %w", shown(c.To), err), hint: "copy into a new file or a new database (createdb NAME)"}
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"from": shown(c.From), "to": shown(c.To), "rows": counts})
	}
	g.print("copied %s, %s and %s to %s", count(counts["message"], "message"), count(counts["campaign"], "campaign"), count(counts["word"], "word"), shown(c.To))
	return nil
}

// copyDatabase opens both and copies.
func (g *Globals) copyDatabase(ctx context.Context, from, to string) (map[string]int, error) {
	a, err := openRelational(ctx, from)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := openRelational(ctx, to)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	p := g.progress("copying")
	defer p.done()
	return relational.Copy(ctx, a, b, p.rows)
}

func openRelational(ctx context.Context, name string) (*relational.Store, error) {
	if postgres.Is(name) {
		st, err := postgres.Open(ctx, name)
		if err != nil {
			return nil, &userError{err: err, hint: postgresHint}
		}
		return st.Store, nil
	}
	st, err := sqlite.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return st.Store, nil
}

const postgresHint = "the server must run and the database exist (createdb coldwatch); then --db postgres://USER@HOST/coldwatch"

// backupFiles writes a database that is on a server as the pair of files that SQLite would have: restore takes either.
func (g *Globals) backupFiles(ctx context.Context, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	path := filepath.Join(dir, "coldwatch.db")
	paths := []string{path, sqlite.RawPath(path)}
	for _, p := range paths {
		if _, err := os.Lstat(p); err == nil {
			return nil, fmt.Errorf("backup: %s: %w", p, os.ErrExist)
		}
	}
	if _, err := g.copyDatabase(ctx, g.DB, path); err != nil {
		for _, p := range paths {
			_ = os.Remove(p) // half a copy is none
		}
		return nil, fmt.Errorf("backup: %w", err)
	}
	return paths, nil
}

// restoreFiles fills the database on a server from a backup.
func (g *Globals) restoreFiles(ctx context.Context, dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(p string) bool { return filepath.Ext(p[:len(p)-len(".db")]) == ".raw" })
	if len(found) != 1 {
		return fmt.Errorf("restore: %s: %w: one pair of NAME.db and NAME.raw.db is looked for", dir, store.ErrNotFound)
	}
	_, err = g.copyDatabase(ctx, found[0], g.DB)
	if errors.Is(err, relational.ErrNotEmpty) {
		return fmt.Errorf("restore: %w: %w", os.ErrExist, err)
	}
	return err
}

// shown is the name of a database without its password.
func shown(name string) string {
	if u, err := url.Parse(name); err == nil && postgres.Is(name) {
		return u.Redacted()
	}
	return name
}
