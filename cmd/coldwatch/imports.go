package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/coldwatch/coldwatch/knowledge"
)

// Figures of the user's own, read into the pack that lies on top of the embedded one.

type packLanesCmd struct {
	Import lanesImportCmd `cmd:"" help:"Read lanes and temperatures from EPCIS 2.0 events (JSON, JSON-LD) into your own pack."`
}

type packPricesCmd struct {
	Import pricesImportCmd `cmd:"" help:"Read a price list (CSV: make, model, price, currency) into your own pack."`
}

type lanesImportCmd struct {
	File         string            `arg:"" help:"File of events."`
	Party        map[string]string `help:"Organisation behind a GLN or another identifier; repeat for each." placeholder:"IDENTIFIER=ORGANISATION"`
	Product      map[string]string `help:"Vaccine behind a GTIN or another identifier; repeat for each." placeholder:"IDENTIFIER=VACCINE"`
	Vaccine      string            `help:"Vaccine of all other products." placeholder:"ID"`
	DosesPerUnit float64           `help:"Doses in one unit of the events' quantities; without it lanes have no dose figures." placeholder:"N"`
}

func (lanesImportCmd) Help() string {
	return "Who holds a product from event to event gives the lanes, sensor elements give temperatures. Importing the same events again changes nothing. " +
		"A lane without dose figures counts as not known, never as zero."
}

// ownDir is the folder of the pack that imports go to.
func (g *Globals) ownDir() string {
	if g.PackDir != "" {
		return g.PackDir
	}
	return filepath.Join(g.folder(), ownPack)
}

// hintOf gives an error of the knowledge room its hint.
func hintOf(err error) error {
	var in *knowledge.InputError
	if errors.As(err, &in) {
		return &userError{err: err, hint: in.Hint}
	}
	return err
}

func (c lanesImportCmd) Run(g *Globals) error {
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return hinted("name a file of EPCIS 2.0 events in JSON", "%w", err)
	}
	defer f.Close()
	t, err := knowledge.ReadEPCIS(f, pack, knowledge.EPCISOptions{Parties: c.Party, Products: c.Product, Vaccine: c.Vaccine, DosesPerUnit: c.DosesPerUnit})
	if err != nil {
		return hintOf(err)
	}
	if err := knowledge.ImportLanes(g.ownDir(), t); err != nil {
		return hintOf(err)
	}
	if g.JSON {
		return g.printJSON(t)
	}
	g.print("%s read: %s, %s past a limit, written to %s", count(t.Events, "event"), count(len(t.Lanes), "lane"), count(len(t.Excursions), "temperature"), g.ownDir())
	for _, id := range t.UnknownParties {
		g.note("note: no organisation is known for %s; --party %s=ORGANISATION says who it is", safe(id), safe(id))
	}
	for _, id := range t.UnknownProducts {
		g.note("note: no vaccine is known for %s; --product %s=VACCINE says which it is", safe(id), safe(id))
	}
	if t.Skipped > 0 {
		g.note("note: %s left out: not readable as events, or without a time", count(t.Skipped, "entry"))
	}
	g.note("next: coldwatch scan FOLDER brings the campaigns up to date with it")
	return nil
}

type pricesImportCmd struct {
	File string `arg:"" help:"Price list in CSV."`
}

func (c pricesImportCmd) Run(g *Globals) error {
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return hinted("name a CSV file with the columns make, model, price and currency", "%w", err)
	}
	defer f.Close()
	prices, problems, err := knowledge.ReadPrices(filepath.Base(c.File), f, pack)
	if err != nil {
		return hintOf(err)
	}
	if err := knowledge.ImportPrices(g.ownDir(), prices); err != nil {
		return hintOf(err)
	}
	if g.JSON {
		return g.printJSON(map[string]any{"models": len(prices), "problems": orEmpty(problems), "pack": g.ownDir()})
	}
	for _, x := range problems {
		g.note("%s:%d: %s%s", safe(x.File), x.Line, safe(x.Reason), optional(" (", safe(x.Hint)+")"))
	}
	g.print("price bands of %s, written to %s", count(len(prices), "model"), g.ownDir())
	return nil
}
