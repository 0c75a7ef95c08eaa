package main

import (
	"context"
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
	File string `arg:"" help:"A published report: text, CSV, STIX or MISP, defanged or not; - for standard input."`
}

func (huntCmd) Help() string {
	return "Shows the indicators that the report names, and searches all stored mail for them. Matches are exact; messages of the same campaigns " +
		"that carry no indicator stand apart. No verdict changes."
}

func (c huntCmd) Run(ctx context.Context, g *Globals) error {
	var report []byte
	var err error
	if c.File == "-" {
		report, err = io.ReadAll(io.LimitReader(g.stdin, 64<<20))
	} else {
		report, err = os.ReadFile(c.File)
	}
	if err != nil {
		return hinted("name the file of a published report, or paste it into - ", "read the report: %w", err)
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
	h, err := e.Hunt(ctx, indicators)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(h)
	}
	g.printHunt(&h)
	return nil
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
