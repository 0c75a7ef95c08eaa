package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// Warnings are drafted by the program and let out by a person: a publisher approves, and may take back what went out.

type warningsCmd struct {
	List     warningsListCmd    `cmd:"" default:"withargs" help:"List who must be told what; the word list can be left out."`
	Show     warningShowCmd     `cmd:"" help:"Show the text of one warning."`
	Approve  warningApproveCmd  `cmd:"" help:"Let a warning go out that waits for approval."`
	Withdraw warningWithdrawCmd `cmd:"" help:"Take a warning back, or all of a campaign: tells who received it so, and why."`
	Answer   warningAnswerCmd   `cmd:"" help:"Enter what a reader answered."`
	Override warningOverrideCmd `cmd:"" help:"Let out what the audience check holds up, with name and reason."`
	Rules    warningRulesCmd    `cmd:"" help:"List the standing rules by which warnings go out by themselves."`
	Rule     warningRuleCmd     `cmd:"" help:"Make a standing rule: reader, marking, threshold."`
	Everyone warningEveryoneCmd `cmd:"" help:"Say which address stands for everyone on the chain."`
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
	if !w.Reported.IsZero() {
		g.print("caused by mail received %s, warning drafted %s", w.Reported.Format("2006-01-02 15:04"), w.At.Format("2006-01-02 15:04"))
	}
	if w.Answer != nil {
		g.print("answered: %s", warning.AnswerWords(*w.Answer))
	}
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
	if err := written(ctx, e, audit.WarningApprove, w.ID, "to "+w.Reader); err != nil {
		return err
	}
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
	ID     string `arg:"" help:"Id of the warning, or its beginning; or of a campaign, for all its warnings."`
	Reason string `help:"Why; the readers are told." required:"" placeholder:"TEXT"`
	Author string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (warningWithdrawCmd) Help() string {
	return "Each reader to whom the warning went is told by the next coldwatch deliver, over the channel by which it went, with its objects revoked and the " +
		"entries to take out of block lists. A campaign taken back gives no more warnings; what coldwatch serve publishes of it is revoked, and its block lists are empty."
}

func (c warningWithdrawCmd) Run(ctx context.Context, g *Globals) error {
	word := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(c.Author), Kind: engine.WordWithdraw, Reason: c.Reason}
	var e *engine.Engine
	if strings.HasPrefix(c.ID, "c-") {
		var err error
		if e, err = g.open(ctx); err != nil {
			return err
		}
		defer e.Store.Close()
		p, err := findCampaign(ctx, e, c.ID)
		if err != nil {
			return err
		}
		word.Campaign = p.Campaign
	} else {
		var w coldwatch.Warning
		var err error
		if e, w, err = g.openWarning(ctx, c.ID); err != nil {
			return err
		}
		defer e.Store.Close()
		word.Other, word.Campaign = w.ID, w.Campaign
	}
	word.ID = engine.WordID(word)
	if err := written(ctx, e, audit.WarningRevoke, orWord(word.Other, word.Campaign), word.Reason); err != nil {
		return err
	}
	out, err := e.Withdraw(ctx, word)
	if errors.Is(err, engine.ErrReachedNobody) {
		return hinted("leave it unapproved: it goes nowhere", "the warning %s: %w", word.Other, err)
	}
	if errors.Is(err, engine.ErrReason) {
		return hinted("give a reason that names nobody", "%w", err)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(orEmpty(out))
	}
	g.print("%s: taken back", orWord(word.Other, word.Campaign))
	for _, o := range out {
		g.print("%s tells %s", o.ID, safe(o.Name))
	}
	g.note("coldwatch deliver sends it where the warning went; coldwatch serve revokes what it published of a campaign that was taken back")
	return nil
}

type warningAnswerCmd struct {
	ID          string `arg:"" help:"Id of the warning, or its beginning; - reads a filled-in form from standard input, which names it."`
	Received    *int   `help:"Messages received." placeholder:"N"`
	Blocked     *int   `help:"Of them, blocked before anybody saw them." placeholder:"N"`
	Opened      *int   `help:"People who opened one." placeholder:"N"`
	Credentials *int   `help:"People who entered credentials." placeholder:"N"`
	Reset       *int   `help:"Passwords reset." placeholder:"N"`
	Author      string `help:"Who enters it; the name you are logged in with otherwise." placeholder:"NAME"`
	Reason      string `help:"A note." placeholder:"TEXT"`
}

func (warningAnswerCmd) Help() string {
	return "Each warning ends with a form. Pipe the mail that comes back into coldwatch warnings answer -, or type the figures. A later answer takes the " +
		"place of an earlier one. The campaign and its report show the sums."
}

func (c warningAnswerCmd) Run(ctx context.Context, g *Globals) error {
	var a coldwatch.Answer
	given := false
	for _, f := range []struct {
		from *int
		to   *int
	}{{c.Received, &a.Received}, {c.Blocked, &a.Blocked}, {c.Opened, &a.Opened}, {c.Credentials, &a.Credentials}, {c.Reset, &a.Reset}} {
		if f.from != nil {
			*f.to, given = *f.from, true
		}
	}
	id := c.ID
	if id == "-" {
		text, err := io.ReadAll(io.LimitReader(g.stdin, 1<<20))
		if err != nil {
			return err
		}
		if id, a, err = warning.ReadForm(string(text)); err != nil {
			return hinted("the form stands at the end of each warning: lines as “Messages received: 3”", "the answer: %w", err)
		}
		if id == "" {
			return hinted("leave the line “Warning: w-…” in it, or give the id and the figures", "the answer names no warning")
		}
	} else if !given {
		return &userError{err: errors.New("there is no figure"), hint: "coldwatch warnings answer ID --received 3 --opened 1, or - to read a form", code: 2}
	}
	e, w, err := g.openWarning(ctx, id)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	word, err := e.AnswerWord(&w, a, authorOr(c.Author), c.Reason)
	if err != nil {
		return &userError{err: fmt.Errorf("the answer: %w", err), hint: "coldwatch warnings answer --help", code: 2}
	}
	if err := written(ctx, e, audit.WarningAnswer, w.ID, "of "+w.Reader); err != nil {
		return err
	}
	if err := e.Store.PutWord(ctx, word); err != nil {
		return err
	}
	if g.JSON {
		w.Answer = &a
		return g.printJSON(w)
	}
	g.print("%s, %s: %s", w.ID, safe(w.Name), warning.AnswerWords(a))
	return nil
}

type warningOverrideCmd struct {
	ID     string `arg:"" help:"Id of the warning, or its beginning."`
	Reason string `help:"Why it may go out all the same." required:"" placeholder:"TEXT"`
	Author string `help:"Who answers for it." required:"" placeholder:"NAME"`
}

func (c warningOverrideCmd) Run(ctx context.Context, g *Globals) error {
	e, w, err := g.openWarning(ctx, c.ID)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if strings.TrimSpace(c.Reason) == "" || strings.TrimSpace(c.Author) == "" {
		return &userError{err: errors.New("an override needs a name and a reason"), hint: "coldwatch warnings override ID --author NAME --reason TEXT", code: 2}
	}
	word := coldwatch.Word{At: time.Now().UTC(), Author: c.Author, Kind: engine.WordOverride, Other: w.ID, Campaign: w.Campaign, Reason: c.Reason}
	word.ID = engine.WordID(word)
	found, err := e.Override(ctx, word)
	if errors.Is(err, engine.ErrNothingHeld) {
		return hinted("coldwatch warnings show "+w.ID+" tells why it waits", "the warning %s: %w", w.ID, err)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(found)
	}
	if found.Held != "" {
		g.print("its text: %s", safe(found.Held))
	}
	for _, f := range found.Files {
		g.print("%s: %s: %s (%s)", safe(f.File), safe(f.Quote), safe(f.Reason), f.Kind)
	}
	g.print("%s: all of this may go out, on the word of %s", w.ID, safe(c.Author))
	g.note("coldwatch unsay %s takes that back%s", word.ID, g.dbFlag())
	return nil
}

type warningRulesCmd struct{}

func (warningRulesCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	out, err := engine.StandingRules(ctx, e.Store)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(out)
	}
	if len(out) == 0 {
		g.print("no standing rules: each warning waits for a publisher's approval")
	}
	for _, r := range out {
		g.print("%s  %s  up to %s, from %s on  by %s: %s", r.ID, safe(r.Reader), r.TLP, count(r.Organisations, "organisation"), safe(r.Author), safe(r.Reason))
	}
	return nil
}

type warningRuleCmd struct {
	Reader        string `help:"Whom it is for: an organisation's id in the pack, constituency, or * for everybody." required:"" placeholder:"ID"`
	TLP           string `help:"The strictest marking that goes out by it." required:"" enum:"TLP:CLEAR,TLP:GREEN,TLP:AMBER,TLP:AMBER+STRICT" placeholder:"TLP:…"`
	Organisations int    `help:"Only of campaigns that hit at least so many organisations." default:"2" placeholder:"N"`
	Reason        string `help:"Why." required:"" placeholder:"TEXT"`
	Author        string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (c warningRuleCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	r := engine.Rule{Reader: c.Reader, TLP: c.TLP, Organisations: c.Organisations}
	word, err := e.RuleWord(r, authorOr(c.Author), c.Reason)
	if err != nil {
		return hinted("coldwatch warnings rule --help shows how it is called", "the rule: %w", err)
	}
	if err := written(ctx, e, audit.WarningRule, word.ID, r.String()); err != nil {
		return err
	}
	if err := e.Store.PutWord(ctx, word); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(word)
	}
	g.print("%s: noted; what it covers goes out by the next coldwatch deliver", word.ID)
	g.note("coldwatch unsay %s takes it back%s", word.ID, g.dbFlag())
	return nil
}

type warningEveryoneCmd struct {
	Address string `arg:"" help:"Mail address of the list or office that reaches everyone on the chain."`
	Author  string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (c warningEveryoneCmd) Run(ctx context.Context, g *Globals) error {
	a, err := mail.ParseAddress(c.Address)
	if err != nil {
		return &userError{err: fmt.Errorf("%q is no mail address", c.Address), hint: "for example: coldwatch warnings everyone alerts@isac.example", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	detail, err := json.Marshal(a.Address)
	if err != nil {
		return err
	}
	word := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(c.Author), Kind: engine.WordConstituency, Reason: "contact of everyone on the chain", Detail: detail}
	word.ID = engine.WordID(word)
	if err := e.Store.PutWord(ctx, word); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(word)
	}
	g.print("%s: warnings for everyone on the chain go to %s", word.ID, safe(a.Address))
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
