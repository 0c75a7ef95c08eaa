package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
)

// Words are an analyst's: stored as new input, honoured by every later pass, and taken back cleanly.

type sayCmd struct {
	Kind     string   `arg:"" enum:"${words}" help:"What to say: ${words}."`
	Messages []string `arg:"" name:"message" help:"Message ids, or their beginnings."`
	Reason   string   `help:"Why." required:"" placeholder:"TEXT"`
	Author   string   `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (sayCmd) Help() string {
	of := map[int][]string{}
	for _, k := range coldwatch.WordKinds() {
		of[k.Messages] = append(of[k.Messages], k.Name+" ("+k.Means+")")
	}
	return "Of one message: " + strings.Join(of[1], ", ") + ". Of two: " + strings.Join(of[2], ", ") + ". coldwatch unsay ID takes a word back."
}

func (c sayCmd) Run(ctx context.Context, g *Globals) error {
	kind, _ := coldwatch.WordKindOf(c.Kind)
	want := kind.Messages
	if len(c.Messages) != want {
		return &userError{err: fmt.Errorf("%s takes %s", c.Kind, count(want, "message")), hint: "coldwatch say --help", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	w := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(c.Author), Kind: c.Kind, Reason: c.Reason}
	if w.Message, err = findMessage(ctx, e, c.Messages[0]); err != nil {
		return err
	}
	if want == 2 {
		if w.Other, err = findMessage(ctx, e, c.Messages[1]); err != nil {
			return err
		}
	}
	if c.Kind == "not-part" {
		if w.Campaign, err = e.Store.CampaignOf(ctx, w.Message); err != nil {
			return err
		}
		if w.Campaign == "" {
			return hinted("coldwatch campaign ID lists the members", "message %s is in no campaign", shortID(w.Message))
		}
	}
	w.ID = engine.WordID(w)
	if err := written(ctx, e, audit.WordSay, w.ID, w.Kind+" "+shortID(w.Message)+" "+shortID(w.Other)+" "+w.Campaign); err != nil {
		return err
	}
	if err := e.Say(ctx, w); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(w)
	}
	g.print("%s: noted, and honoured from now on", w.ID)
	g.note("coldwatch unsay %s takes it back%s", w.ID, g.dbFlag())
	return nil
}

// authorOr is who speaks: the name given, else the one who is logged in.
func authorOr(given string) string {
	if given != "" {
		return given
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// written puts into the audit log what is done on the command line.
func written(ctx context.Context, e *engine.Engine, action, object, detail string) error {
	return audit.New(e.Store, e.Clock).AddBy(ctx, commandLine(), "", action, object, strings.TrimSpace(detail))
}

// commandLine is who did something there: whoever is logged in at the machine.
func commandLine() string { return "command line: " + authorOr("") }

// findMessage takes a message's id or its beginning.
func findMessage(ctx context.Context, e *engine.Engine, prefix string) (string, error) {
	id, err := e.Store.Find(ctx, prefix)
	if err != nil {
		return "", hinted("coldwatch search and campaign --why show ids; type enough of one to be unique", "no single message begins with %q: %w", prefix, err)
	}
	return id, nil
}

type unsayCmd struct {
	ID string `arg:"" help:"Id of the word; coldwatch words lists them."`
}

func (c unsayCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	words, err := e.Store.Words(ctx)
	if err != nil {
		return err
	}
	for _, w := range words {
		if w.ID == c.ID {
			w.Undone = true
			if err := written(ctx, e, audit.WordUnsay, w.ID, w.Kind+" "+shortID(w.Message)+" "+shortID(w.Other)+" "+w.Campaign); err != nil {
				return err
			}
			if err := e.Say(ctx, w); err != nil {
				return err
			}
			if g.JSON {
				return g.printJSON(w)
			}
			g.print("%s: taken back", w.ID)
			return nil
		}
	}
	return &userError{err: errors.New("there is no word " + c.ID), hint: "coldwatch words lists them"}
}

type wordsCmd struct{}

func (wordsCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	words, err := e.Store.Words(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(orEmpty(words))
	}
	if len(words) == 0 {
		g.print("nothing was said yet")
	}
	for _, w := range words {
		g.print("%s  %s  %-11s %s%s  by %s: %s%s", w.ID, w.At.Format("2006-01-02 15:04"), w.Kind, orWord(shortID(w.Message), w.Campaign), optional(" ", shortID(w.Other)),
			safe(w.Author), safe(w.Reason), orNoteText(w.Undone, " (taken back)"))
	}
	return nil
}
