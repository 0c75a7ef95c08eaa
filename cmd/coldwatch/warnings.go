package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// Warnings are drafted by the program and let out by a person: a publisher approves, and may take back what went out.

type warningsCmd struct {
	List     warningsListCmd    `cmd:"" default:"withargs" help:"List who must be told what; the word list can be left out."`
	Show     warningShowCmd     `cmd:"" help:"Show the text of one warning."`
	Approve  warningApproveCmd  `cmd:"" help:"Let a warning go out that waits for approval."`
	Withdraw warningWithdrawCmd `cmd:"" help:"Take a warning back: tells its reader so, and why."`
}

type warningsListCmd struct {
	Held bool `help:"Only those that wait."`
}

func (c warningsListCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := e.Warnings(ctx)
	if err != nil {
		return err
	}
	ws := []coldwatch.Warning{}
	for _, w := range all {
		if !c.Held || w.Held != "" {
			ws = append(ws, w)
		}
	}
	if g.JSON {
		return g.printJSON(ws)
	}
	if len(ws) == 0 {
		g.print("no warnings")
		return nil
	}
	for _, w := range ws {
		g.print("%s  %s  %s  %-12s %s (%s)", w.ID, w.At.Format("2006-01-02"), w.Campaign, w.Reason, safe(w.Name), warningState(&w))
	}
	g.note("\nnext: coldwatch warnings show %s%s", ws[0].ID, g.dbFlag())
	return nil
}

func warningState(w *coldwatch.Warning) string {
	if w.Held != "" {
		return "held: " + safe(w.Held)
	}
	return "ready for " + orWord(safe(w.Contact), "its reader")
}

type warningShowCmd struct {
	ID string `arg:"" help:"Id of the warning, or its beginning."`
}

func (c warningShowCmd) Run(ctx context.Context, g *Globals) error {
	e, w, err := g.openWarning(ctx, c.ID)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if g.JSON {
		return g.printJSON(w)
	}
	g.print("%s  to %s, %s", w.ID, safe(w.Name), warningState(&w))
	g.print("%s\n", safe(w.Subject))
	g.print("%s", lines(orWord(w.Full, w.Text)))
	return nil
}

// openWarning opens the database and finds one warning in it; close the store after use.
func (g *Globals) openWarning(ctx context.Context, id string) (*engine.Engine, coldwatch.Warning, error) {
	e, err := g.open(ctx)
	if err != nil {
		return nil, coldwatch.Warning{}, err
	}
	w, err := e.Warning(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = hinted("coldwatch warnings lists them; type enough of the id to be unique", "there is no single warning %s: %w", safe(id), err)
	}
	if err != nil {
		e.Store.Close()
		return nil, w, err
	}
	return e, w, nil
}

type warningApproveCmd struct {
	ID     string `arg:"" help:"Id of the warning, or its beginning."`
	Reason string `help:"Why." placeholder:"TEXT"`
	Author string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (c warningApproveCmd) Run(ctx context.Context, g *Globals) error {
	e, w, err := g.openWarning(ctx, c.ID)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	switch w.Held {
	case warning.HeldApproval:
	case "":
		return hinted("coldwatch warnings show "+w.ID+" shows it", "the warning %s is ready already", w.ID)
	default:
		return hinted("mend that first, in the pack or the text; an approval does not lift it", "the warning %s is held for another reason: %s", w.ID, safe(w.Held))
	}
	word := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(c.Author), Kind: engine.WordApprove, Other: w.ID, Campaign: w.Campaign, Reason: c.Reason}
	word.ID = engine.WordID(word)
	if err := e.Approve(ctx, word); err != nil {
		return err
	}
	w.Held = ""
	if g.JSON {
		return g.printJSON(w)
	}
	g.print("%s: approved, ready for %s", w.ID, safe(w.Contact))
	g.note("coldwatch unsay %s takes the approval back%s", word.ID, g.dbFlag())
	return nil
}

type warningWithdrawCmd struct {
	ID     string `arg:"" help:"Id of the warning, or its beginning."`
	Reason string `help:"Why; the reader is told." required:"" placeholder:"TEXT"`
	Author string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (c warningWithdrawCmd) Run(ctx context.Context, g *Globals) error {
	e, w, err := g.openWarning(ctx, c.ID)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	word := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(c.Author), Kind: engine.WordWithdraw, Other: w.ID, Campaign: w.Campaign, Reason: c.Reason}
	word.ID = engine.WordID(word)
	out, err := e.Withdraw(ctx, word)
	if errors.Is(err, engine.ErrReachedNobody) {
		return hinted("leave it unapproved: it goes nowhere", "the warning %s: %w", w.ID, err)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(out)
	}
	g.print("%s: taken back; %s tells %s", w.ID, out.ID, safe(out.Name))
	return nil
}

// lines makes a text of several lines fit for a terminal.
func lines(text string) string {
	in := strings.Split(text, "\n")
	for i := range in {
		in[i] = safe(in[i])
	}
	return strings.Join(in, "\n")
}
