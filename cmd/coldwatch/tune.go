package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
)

type campaignTuneCmd struct {
	Apply bool  `help:"Link by the new parameters from now on."`
	Sure  bool  `help:"With --apply: also where a parameter moves by more than 0.1."`
	Reset bool  `help:"Go back to the parameters of the program."`
	Seed  int64 `help:"Of the random pairs." default:"1"`
}

func (campaignTuneCmd) Help() string {
	return "For each kind of evidence, m is how often two messages of one campaign agree in it. It is learnt without labels, by expectation and " +
		"maximisation over pairs of stored messages; what is older than 90 days counts half, and so on. The old and new m are shown with the campaigns " +
		"that would become others; nothing changes without --apply."
}

func (c campaignTuneCmd) Run(ctx context.Context, g *Globals) error {
	if c.Reset && c.Apply {
		return &userError{err: errors.New("--reset and --apply exclude each other"), hint: "coldwatch campaign tune --help", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if c.Reset {
		if err := g.retuned(e.Retune(ctx, nil)); err != nil {
			return err
		}
		g.print("linking by the parameters of the program again")
		return nil
	}
	t, err := e.Tune(ctx, c.Seed)
	if err != nil {
		return hinted("scan more mail first", "%w", err)
	}
	if g.JSON {
		if err := g.printJSON(t); err != nil {
			return err
		}
	} else {
		g.printTuning(&t)
	}
	switch {
	case !c.Apply || len(t.Views) == 0:
		return nil
	case t.Ask && !c.Sure:
		return hinted("look at what would change; then coldwatch campaign tune --apply --sure", "a parameter would move by more than 0.1: nothing was applied")
	}
	m := map[coldwatch.View]float64{}
	for _, v := range t.New.Views {
		m[v.View] = v.M
	}
	if err := g.retuned(e.Retune(ctx, m)); err != nil {
		return err
	}
	if !g.JSON {
		g.print("linking by %s from now on; coldwatch campaign tune --reset goes back", t.New.Version)
	}
	return nil
}

// retuned says what it means that another process links.
func (g *Globals) retuned(err error) error {
	if errors.Is(err, engine.ErrElsewhere) {
		g.note("another process links: it takes the parameters up when it is started again")
		return nil
	}
	return err
}

func (g *Globals) printTuning(t *engine.Tuning) {
	if len(t.Views) == 0 {
		g.print("the parameters fit the stored mail: nothing would change (%s learnt from)", count(t.Pairs, "pair"))
		return
	}
	g.print("%s → %s, learnt from %s", t.Old.Version, t.New.Version, count(t.Pairs, "pair"))
	for _, v := range t.Views {
		mark := ""
		if math.Abs(v.New-v.Old) > .1 {
			mark = "  more than 0.1"
		}
		g.print("  %-12s m %.2f → %.2f%s", v.View, v.Old, v.New, mark)
	}
	if len(t.Changes) == 0 {
		g.print("no campaign would change")
		return
	}
	g.print("%s would become others:", count(len(t.Changes), "campaign"))
	for i, ch := range t.Changes {
		if i == 20 {
			g.print("  … and %d more", len(t.Changes)-i)
			break
		}
		var parts []string
		for _, n := range ch.Becomes {
			parts = append(parts, fmt.Sprint(n))
		}
		g.print("  %s  %s → %s", ch.Campaign, count(ch.Members, "message"), strings.Join(parts, " + "))
	}
}
