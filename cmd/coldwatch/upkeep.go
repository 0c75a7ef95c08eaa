package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

type purgeCmd struct {
	Recipient string `help:"Forget messages to this address." placeholder:"ADDRESS"`
	OlderThan string `help:"Forget messages received longer ago than this: 90d, 12w, 1y." placeholder:"AGE"`
}

func (c purgeCmd) Run(ctx context.Context, g *Globals) error {
	var before time.Time
	if c.OlderThan != "" {
		age, err := parseAge(c.OlderThan)
		if err != nil {
			return &userError{err: err, hint: "for example --older-than 90d", code: 2}
		}
		before = time.Now().UTC().Add(-age)
	}
	if c.Recipient == "" && before.IsZero() {
		return &userError{err: errors.New("nothing to forget was named"), hint: "give --recipient ADDRESS or --older-than AGE", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	n, err := e.Purge(ctx, c.Recipient, before)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]int{"forgotten": n})
	}
	g.print("%s forgotten, with everything made of them", count(n, "message"))
	return nil
}

// parseAge reads a number of days, weeks or years.
func parseAge(s string) (time.Duration, error) {
	units := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}
	if len(s) > 1 {
		if n, err := strconv.ParseFloat(s[:len(s)-1], 64); err == nil && n >= 0 && n < 1e4 && units[s[len(s)-1]] != 0 {
			return time.Duration(n * float64(units[s[len(s)-1]])), nil
		}
	}
	return 0, fmt.Errorf("%q is no age", s)
}

type backupCmd struct {
	Dir string `arg:"" help:"Folder for the copy; it must not hold one yet."`
}

func (c backupCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	var paths []string
	if st, ok := e.Store.(*sqlite.Store); ok {
		paths, err = st.Backup(ctx, c.Dir)
	} else {
		paths, err = g.backupFiles(ctx, c.Dir)
	}
	if errors.Is(err, os.ErrExist) {
		return &userError{err: err, hint: "name an empty folder"}
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string][]string{"files": paths})
	}
	g.print("copied to %s", strings.Join(paths, " and "))
	return nil
}

type restoreCmd struct {
	Dir string `arg:"" help:"Folder that a backup was written to."`
}

func (c restoreCmd) Run(ctx context.Context, g *Globals) error {
	var err error
	if postgres.Is(g.DB) {
		err = g.restoreFiles(ctx, c.Dir)
	} else {
		err = sqlite.Restore(ctx, c.Dir, g.DB)
	}
	if errors.Is(err, os.ErrExist) {
		return &userError{err: err, hint: "nothing is overwritten: move the old files away, or name another database with --db FILE"}
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]string{"database": shown(g.DB)})
	}
	g.print("restored as %s", shown(g.DB))
	return nil
}

type doctorCmd struct {
	Rebuild bool `help:"Make everything again from the raw messages."`
}

func (c doctorCmd) Run(ctx context.Context, g *Globals) error {
	if c.Rebuild {
		if err := c.setAside(ctx, g); err != nil {
			return err
		}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	walked := 0
	if c.Rebuild {
		p := g.progress("walking again")
		walked, err = e.Replay(ctx, p.show)
		p.done()
		if err != nil {
			return err
		}
		if _, err := e.Update(ctx); err != nil {
			return err
		}
	}
	faults, err := e.Store.Check(ctx)
	if err != nil {
		return err
	}
	totals, err := e.Store.Totals(ctx)
	if err != nil {
		return err
	}
	raw, bytes, err := e.Store.RawTotals(ctx)
	if err != nil {
		return err
	}
	problems := e.Pack.Check()
	if g.JSON {
		err = g.printJSON(map[string]any{"faults": orEmpty(faults), "pack_problems": orEmpty(problems), "totals": totals, "raw": raw, "raw_bytes": bytes, "rebuilt": walked})
	} else {
		g.print("database: %s, %s, %.1f MB raw", count(totals.Messages, "message"), count(totals.Campaigns, "campaign"), float64(bytes)/1e6)
		if c.Rebuild {
			g.print("rebuilt from %s", count(walked, "raw message"))
		}
		for _, f := range faults {
			g.print("fault: %s", safe(f))
		}
		g.print("pack: %s %s, %s", e.Pack.Name, e.Pack.Version, count(len(problems), "problem"))
		for _, p := range problems {
			g.print("  %s:%d: %s", safe(p.File), p.Line, safe(p.Reason))
		}
	}
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return hinted("coldwatch doctor --rebuild makes everything again from the raw messages; a backup restores what is lost there", "%s found", count(len(faults), "fault"))
	}
	if !g.JSON {
		g.print("all is well")
	}
	return nil
}

// setAside moves a derived database that does not open out of the way: it is made again from the raw messages.
func (c doctorCmd) setAside(ctx context.Context, g *Globals) error {
	if postgres.Is(g.DB) {
		return nil // the server opens it or says why not
	}
	if _, err := os.Stat(sqlite.RawPath(g.DB)); err != nil {
		return hinted("restore a backup with coldwatch restore DIR", "there are no raw messages to rebuild from: %w", err)
	}
	st, err := sqlite.Open(ctx, g.DB)
	if err == nil {
		return st.Close()
	}
	aside := g.DB + ".damaged"
	for i := 1; ; i++ {
		if _, err := os.Stat(aside); err != nil {
			break
		}
		aside = fmt.Sprintf("%s.damaged.%d", g.DB, i)
	}
	g.note("%s does not open (%s); it is kept as %s", g.DB, safe(err.Error()), aside)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(g.DB+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	st, err = sqlite.Open(ctx, g.DB)
	if err != nil {
		return err
	}
	return st.Close()
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
