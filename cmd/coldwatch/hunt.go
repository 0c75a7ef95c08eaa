package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/store"
)

type huntCmd struct {
	File    string `arg:"" optional:"" help:"A published report: text, CSV, STIX or MISP, defanged or not; - for standard input."`
	Watch   string `help:"Also hold new mail against its indicators, under this name; scan lists what carries one." placeholder:"NAME" xor:"do"`
	List    bool   `help:"List what is watched for." xor:"do"`
	Unwatch string `help:"End a watch." placeholder:"NAME" xor:"do"`
}

func (huntCmd) Help() string {
	return "Shows the indicators that the report names, and searches all stored mail for them. Matches are exact; messages of the same campaigns " +
		"that carry no indicator stand apart. No verdict changes, with a watch neither."
}

func (c huntCmd) Run(ctx context.Context, g *Globals) error {
	switch {
	case (c.List || c.Unwatch != "") == (c.File != ""):
		return &userError{err: errors.New("name a report, or --list, or --unwatch NAME"), hint: "coldwatch hunt --help shows how it is called", code: 2}
	case c.List:
		return g.listWatches(ctx)
	case c.Unwatch != "":
		return g.unwatch(ctx, c.Unwatch)
	}
	var report []byte
	var err error
	if c.File == "-" {
		report, err = io.ReadAll(io.LimitReader(g.stdin, 64<<20))
	} else {
		report, err = os.ReadFile(c.File)
	}
	if err != nil {
		return hinted("name the file of a published report, or - to paste it", "read the report: %w", err)
	}
	indicators := bulletin.Extract(report)
	if len(indicators) == 0 {
		return hinted("indicators are domains, URLs, addresses, IP addresses and SHA-256 hashes", "no indicator was found in %s", c.File)
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	return g.hunt(ctx, e, engine.Watch{Name: c.Watch, Indicators: indicators}, false)
}

// hunt searches stored mail for the indicators, prints what it found, and watches new mail where the watch has a name.
func (g *Globals) hunt(ctx context.Context, e *engine.Engine, watch engine.Watch, more bool) error {
	h, err := e.Hunt(ctx, watch.Indicators)
	if err != nil {
		return err
	}
	if watch.Name != "" {
		if err := e.Watch(ctx, watch, more); err != nil {
			return err
		}
	}
	if g.JSON {
		return g.printJSON(h)
	}
	g.printHunt(&h)
	if watch.Name != "" {
		g.note("\nnew mail is watched for as %s; coldwatch hunt --unwatch %s%s ends it", safe(watch.Name), safe(watch.Name), g.dbFlag())
	}
	return nil
}

func (g *Globals) listWatches(ctx context.Context) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	ws, err := e.Watches(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		if ws == nil {
			ws = []engine.Watch{}
		}
		return g.printJSON(ws)
	}
	if len(ws) == 0 {
		g.print("nothing is watched for")
	}
	for _, w := range ws {
		g.print("%-24s %s since %s%s", safe(w.Name), count(len(w.Indicators), "indicator"), w.Since.Format("2006-01-02"), foreign(w.Source, w.TLP))
	}
	return nil
}

func (g *Globals) unwatch(ctx context.Context, name string) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	err = e.Unwatch(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return hinted("coldwatch hunt --list shows the names", "%w", err)
	}
	if err == nil && !g.JSON {
		g.print("%s: no longer watched for", safe(name))
	}
	return err
}

// printWatched lists new messages that carry a watched indicator.
func (g *Globals) printWatched(sum *engine.Summary) {
	if sum.OnWatch == 0 {
		return
	}
	g.print("\n%s of reports that are watched for:", carry(sum.OnWatch))
	for i, m := range sum.Watched {
		if i == 20 {
			g.print("  … and %d more: --json lists them", sum.OnWatch-20)
			break
		}
		g.print("  %s  %s  %-24s %-12s %s", m.Received.Format("2006-01-02 15:04"), shortID(m.Message), short(orWord(m.Organisation, "role unknown"), 24), m.Class, short(m.Subject, 50))
		g.print("      %s%s: %s", safe(m.Watch), foreign(m.Source, m.TLP), short(strings.Join(m.Indicators, ", "), 100))
	}
}

// foreign says where something came from that others gave, and under which marking.
func foreign(source, tlp string) string {
	if source == "" {
		return ""
	}
	return fmt.Sprintf(" (from %s, %s)", safe(source), orWord(tlp, "not marked"))
}

// carry is the beginning of a sentence on n messages.
func carry(n int) string {
	if n == 1 {
		return "1 new message carries an indicator"
	}
	return fmt.Sprintf("%d new messages carry indicators", n)
}

func (g *Globals) printHunt(h *engine.Hunt) {
	g.print("%s in the report", count(len(h.Hits), "indicator"))
	for _, x := range h.Hits {
		state := "not seen"
		if n := len(x.Messages); n > 0 {
			state = count(n, "message")
			if x.Benign > 0 {
				state += fmt.Sprintf(", %d of them unremarkable: perhaps common rather than hostile", x.Benign)
			}
		}
		g.print("  %-12s %-60s %s", x.Kind, short(x.Value, 60), state)
	}
	g.print("")
	if h.Searched == 0 {
		g.print("no mail is stored yet: coldwatch scan FOLDER reads some")
		return
	}
	if len(h.Messages) == 0 {
		g.print("none in %s since %s", count(h.Searched, "message"), h.Since.Format("2 January 2006"))
		return
	}
	var to []string
	for _, f := range slices.Sorted(maps.Keys(h.Functions)) {
		to = append(to, fmt.Sprintf("%s %d", orWord(f, "other"), h.Functions[f]))
	}
	g.print("you have %s, first seen %s, to these functions: %s", count(len(h.Messages), "message"), h.First.Format("2 January 2006 15:04 MST"), strings.Join(to, ", "))
	g.printRows(h.Messages)
	if len(h.Related) > 0 {
		g.print("\nby lure and structure, of the same campaigns (%s), without an indicator of the report:", strings.Join(h.Campaigns, ", "))
		g.printRows(h.Related)
	}
}

func (g *Globals) printRows(rows []store.Row) {
	for i, r := range rows {
		if i == 20 {
			g.print("  … and %d more: --json lists them", len(rows)-20)
			return
		}
		g.print("  %s  %s  %-24s %-12s %s", r.Received.Format("2006-01-02 15:04"), shortID(r.ID), short(orWord(r.Organisation, "role unknown"), 24), r.Class, short(r.Subject, 60))
	}
}
