package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/publish"
)

type demoCmd struct {
	Dir    string `help:"Folder to write to." default:"coldwatch-demo" type:"path"`
	Seed   int64  `help:"Seed of the scenario." default:"2020"`
	Family string `help:"Kind of scenario: replay2020, easy, kits or rotation." default:"replay2020"`
}

func (demoCmd) Help() string {
	return "Writes a labelled scenario: the public case of 2020 with invented people and organisations, among everyday mail that we wrote. " +
		"Scans it into a database of its own, prints the campaigns and the measured figures, and writes the report."
}

func (c demoCmd) Run(ctx context.Context, g *Globals) error {
	folder := filepath.Join(c.Dir, "scenario")
	if err := c.clear(); err != nil {
		return err
	}
	if err := scenario.Generate(folder, scenario.Options{Family: c.Family, Seed: c.Seed}); err != nil {
		return fmt.Errorf("write the scenario: %w", err)
	}
	pack, err := g.pack(folder)
	if err != nil {
		return err
	}
	own := *g
	own.DB = filepath.Join(c.Dir, "demo.db")
	e, err := own.engine(ctx, own.DB, pack, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := own.keepPack(ctx, e.Store, folder); err != nil {
		return err
	}
	if err := e.Store.PutSetting(ctx, engine.SyntheticSetting, []byte{1}); err != nil {
		return err
	}
	start := time.Now()
	sum, err := own.scan(ctx, e, []string{folder}, "")
	if err != nil {
		return err
	}
	if sum.Stopped {
		return context.Canceled
	}
	campaigns, err := e.Update(ctx)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	t, err := measure.LoadTruth(folder)
	if err != nil {
		return err
	}
	f, err := gather(ctx, e, folder, campaigns)
	if err != nil {
		return err
	}
	r := measure.Compare(t, f, countryOf(pack))
	if r.Assessment, err = assess(ctx, e, t, f, &r); err != nil {
		return err
	}
	r.Seconds, r.PerSecond, r.PeakRSS = seconds, float64(sum.Messages)/seconds, measure.PeakRSS()
	report := filepath.Join(c.Dir, "report.html")
	if len(campaigns) > 0 {
		if err := c.report(ctx, e, campaigns[0], report); err != nil {
			return err
		}
	}
	if g.JSON {
		return g.printJSON(map[string]any{"synthetic": true, "summary": sum, "campaigns": campaigns, "measured": r, "report": report, "database": own.DB, "scenario": folder})
	}
	g.print("synthetic: the public case of 2020 rebuilt with invented people and organisations\n")
	own.printSummary(sum, campaigns, pack)
	g.print("\nmeasured against the scenario's labels")
	own.printResult(&r)
	g.print("\nreport:   %s", report)
	g.print("scenario: %s", folder)
	g.print("database: %s", own.DB)
	return nil
}

// marker is in every folder that a demo wrote, so that the next one may clear it and nothing else is ever cleared.
const marker = ".coldwatch-demo"

func (c demoCmd) clear() error {
	entries, err := os.ReadDir(c.Dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(c.Dir, marker)); err != nil {
			return hinted("name another folder with --dir", "%s is there already and no demo wrote it", c.Dir)
		}
		for _, name := range []string{"scenario", "report.html", "demo.db", "demo.db-wal", "demo.db-shm", "demo.raw.db", "demo.raw.db-wal", "demo.raw.db-shm"} {
			if err := os.RemoveAll(filepath.Join(c.Dir, name)); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return hinted("name another folder with --dir", "%w", err)
	}
	return os.WriteFile(filepath.Join(c.Dir, marker), []byte("written by coldwatch demo\n"), 0o644)
}

func (c demoCmd) report(ctx context.Context, e *engine.Engine, p coldwatch.Profile, path string) error {
	r, err := e.Report(ctx, p.Campaign)
	if err != nil {
		return err
	}
	html, ok := publish.Lookup("html")
	if !ok {
		return fmt.Errorf("no html format")
	}
	return writeFile(path, func(w io.Writer) error { return html.Write(w, r, e.Pack) })
}
