package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/store"
)

// Commands under campaign that say what a campaign means: what changed between versions, and an analyst's hypotheses and
// evidence about who is behind it.

type campaignCmd struct {
	Show       campaignShowCmd `cmd:"" default:"withargs" help:"Show one campaign; the word show can be left out."`
	Diff       campaignDiffCmd `cmd:"" help:"Say what changed from one version of a campaign to another."`
	Hypothesis hypothesisCmd   `cmd:"" help:"List, add and remove hypotheses about who is behind a campaign."`
	Evidence   evidenceCmd     `cmd:"" help:"Add and remove graded evidence about who is behind a campaign."`
	Tune       campaignTuneCmd `cmd:"" help:"Learn from the stored mail how messages of one campaign agree, and show what that would change."`
}

// idFirst lets a campaign's id stand before the command too: "campaign c-12 diff 1 2" is "campaign diff c-12 1 2".
func idFirst(args []string) []string {
	start := slices.Index(args, "campaign")
	if start < 0 {
		return args
	}
	command := slices.IndexFunc(args, func(a string) bool { return a == "diff" || a == "hypothesis" || a == "evidence" })
	id := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "c-") })
	if id < start || command < id {
		return args
	}
	out := slices.Delete(slices.Clone(args), id, id+1) // the command stands one place further left now
	switch rest := out[command:]; {
	case len(rest) > 0 && rest[0] == "remove": // the word's id says which campaign it is about
		return out
	case len(rest) > 0 && (rest[0] == "add" || rest[0] == "list"):
		command++
	}
	return slices.Insert(out, command, args[id])
}

type campaignDiffCmd struct {
	ID   string `arg:"" help:"Campaign id, or its beginning."`
	From string `arg:"" optional:"" help:"Version to compare from, such as 1; the one before otherwise."`
	To   string `arg:"" optional:"" help:"Version to compare with; the newest otherwise."`
}

func (c campaignDiffCmd) Run(ctx context.Context, g *Globals) error {
	from, err := version(c.From)
	if err != nil {
		return err
	}
	to, err := version(c.To)
	if err != nil {
		return err
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := findCampaign(ctx, e, c.ID)
	if err != nil {
		return err
	}
	d, err := e.Diff(ctx, p.Campaign, from, to)
	if errors.Is(err, store.ErrNotFound) {
		return hinted(fmt.Sprintf("its versions are 1 to %d", p.Version), "campaign %s has no such version: %w", p.Campaign, err)
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(d)
	}
	g.print("%s, version %d to %d", p.Campaign, d.From, d.To)
	if len(d.Sentences) == 0 {
		g.print("nothing changed")
	}
	for _, s := range d.Sentences {
		g.print("%s", wrap(safe(s), "  ", 110))
	}
	return nil
}

// version reads "2" or "v2"; "" is 0.
func version(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(s, "v"))
	if err != nil || n < 1 {
		return 0, &userError{err: fmt.Errorf("%q is no version", s), hint: "a number from 1, such as: coldwatch campaign diff ID 1 2", code: 2}
	}
	return n, nil
}

type hypothesisCmd struct {
	List   hypothesisListCmd `cmd:"" default:"withargs" help:"Show the attribution ledger; the word list can be left out."`
	Add    hypothesisAddCmd  `cmd:"" help:"Add a hypothesis, a class or an actor, with its prior."`
	Remove unsayCmd          `cmd:"" help:"Take a hypothesis back."`
}

type evidenceCmd struct {
	List   hypothesisListCmd `cmd:"" default:"withargs" help:"Show the attribution ledger; the word list can be left out."`
	Add    evidenceAddCmd    `cmd:"" help:"Add a graded item of evidence."`
	Remove unsayCmd          `cmd:"" help:"Take an item of evidence back."`
}

type hypothesisListCmd struct {
	ID string `arg:"" help:"Campaign id, or its beginning."`
}

// ledgerView is what --json prints.
type ledgerView struct {
	Campaign string `json:"campaign"`
	coldwatch.Attribution
	Words []coldwatch.Word `json:"words"` // what analysts entered, with what was taken back
}

func (c hypothesisListCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := findCampaign(ctx, e, c.ID)
	if err != nil {
		return err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return err
	}
	view := ledgerView{Campaign: p.Campaign, Attribution: p.Attribution, Words: []coldwatch.Word{}}
	for _, w := range words {
		if (w.Kind == engine.WordHypothesis || w.Kind == engine.WordEvidence) && (w.Campaign == p.Campaign || slices.Contains(p.Members, w.Message)) {
			view.Words = append(view.Words, w)
		}
	}
	if g.JSON {
		return g.printJSON(view)
	}
	g.print("%s  %s", p.Campaign, title(&p))
	g.printHypotheses(&p.Attribution)
	for _, w := range view.Words {
		if w.Kind == engine.WordHypothesis {
			var h profile.Hypothesis
			if json.Unmarshal(w.Detail, &h) == nil {
				g.print("  %s  hypothesis %s, prior %g, by %s: %s%s", w.ID, safe(h.Name), h.Prior, safe(w.Author), safe(w.Reason), orNoteText(w.Undone, " (taken back)"))
			}
		}
	}
	return nil
}

// printHypotheses shows hypotheses and evidence about who is behind a campaign.
func (g *Globals) printHypotheses(a *coldwatch.Attribution) {
	if a.Statement == "" {
		return
	}
	g.section("who is behind it")
	g.print("%s", wrap(safe(a.Statement), "  ", 110))
	g.print("  Confidence in this statement is %s.", a.Confidence)
	for _, h := range a.Hypotheses {
		g.print("  %-24s %3.0f %%  (%.0f to %.0f %%, first in %.0f %% of the draws; before any evidence %.0f %%)  %s", short(h.Name, 24), 100*h.Median, 100*h.Low,
			100*h.High, 100*h.Top, 100*h.Prior, h.Words)
	}
	for _, it := range a.Evidence {
		g.print("  %-14s %s  %-8s to fake  %-14s by %s", safe(it.ID), safe(it.Grade), safe(it.Cost), short(it.Group, 14), safe(it.Author))
		g.print("%s", wrap(safe(it.Text), "      ", 110))
	}
	if a.Linchpin != "" {
		g.print("  The statement hangs on one item: %s", safe(a.Linchpin))
	}
	for _, c := range a.Change {
		g.print("%s", wrap("Would change it: "+safe(c), "  ", 110))
	}
}

type hypothesisAddCmd struct {
	ID     string  `arg:"" help:"Campaign id, or its beginning."`
	Name   string  `arg:"" help:"Name of the hypothesis."`
	Prior  float64 `help:"Its share before any evidence, between 0 and 1." required:""`
	Actor  bool    `help:"It names an actor, not a class. An actor is named only with an artefact exclusive to it, from three independent groups of evidence."`
	Reason string  `help:"Why." required:"" placeholder:"TEXT"`
	Author string  `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (c hypothesisAddCmd) Run(ctx context.Context, g *Globals) error {
	h := profile.Hypothesis{Name: strings.TrimSpace(c.Name), Actor: c.Actor, Prior: c.Prior, Reason: c.Reason}
	if reason, hint := profile.CheckHypothesis(h); reason != "" {
		return &userError{err: errors.New(reason), hint: hint, code: 2}
	}
	return g.judge(ctx, c.ID, engine.WordHypothesis, c.Author, c.Reason, func(*engine.Engine, *coldwatch.Profile) (any, error) { return h, nil })
}

type evidenceAddCmd struct {
	ID        string            `arg:"" help:"Campaign id, or its beginning."`
	Text      string            `arg:"" help:"What is known, in one sentence."`
	Group     string            `help:"Items of one group share a source or a cause; the strongest counts whole, the others a quarter." required:""`
	Grade     string            `help:"Admiralty grade: source A to F, item 1 to 6." required:"" placeholder:"B2"`
	Cost      string            `help:"What it costs to fake: easy, moderate or hard." required:"" placeholder:"COST"`
	Range     map[string]string `help:"How often it would be seen if a hypothesis were true; repeat for each." required:"" placeholder:"NAME=LOW-HIGH"`
	Exclusive string            `help:"Hypothesis that alone is known to have this artefact." placeholder:"NAME"`
	Reason    string            `help:"Why, or where it comes from." required:"" placeholder:"TEXT"`
	Author    string            `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (evidenceAddCmd) Help() string {
	return `For example: coldwatch campaign evidence add c-0123456789 "The first wave came before any approval." --group tempo --grade B2 --cost hard ` +
		"--range state=0.4-0.7 --range crime=0.15-0.35 --reason 'dates of approval, public'"
}

func (c evidenceAddCmd) Run(ctx context.Context, g *Globals) error {
	it := coldwatch.GradedItem{Group: strings.TrimSpace(c.Group), Text: strings.TrimSpace(c.Text), Grade: strings.ToUpper(c.Grade), Cost: c.Cost,
		Exclusive: c.Exclusive, Ranges: map[string][2]float64{}}
	for name, r := range c.Range {
		low, high, _ := strings.Cut(r, "-")
		if high == "" {
			high = low
		}
		l, err := strconv.ParseFloat(strings.TrimSpace(low), 64)
		h, err2 := strconv.ParseFloat(strings.TrimSpace(high), 64)
		if err != nil || err2 != nil {
			return &userError{err: fmt.Errorf("--range %s=%s is no range", name, r), hint: "for example --range state=0.5-0.8", code: 2}
		}
		it.Ranges[name] = [2]float64{l, h}
	}
	return g.judge(ctx, c.ID, engine.WordEvidence, c.Author, c.Reason, func(e *engine.Engine, p *coldwatch.Profile) (any, error) {
		var entered []string
		for _, h := range p.Attribution.Hypotheses {
			entered = append(entered, h.Name)
		}
		if reason, hint := profile.CheckEvidence(it, profile.Names(e.Pack, entered)); reason != "" {
			return nil, &userError{err: errors.New(reason), hint: hint, code: 2}
		}
		return it, nil
	})
}

// judge stores a hypothesis or an item of evidence about a campaign and shows what the ledger says now.
func (g *Globals) judge(ctx context.Context, id, kind, author, reason string, detail func(*engine.Engine, *coldwatch.Profile) (any, error)) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := findCampaign(ctx, e, id)
	if err != nil {
		return err
	}
	d, err := detail(e, &p)
	if err != nil {
		return err
	}
	w := coldwatch.Word{At: time.Now().UTC(), Author: authorOr(author), Kind: kind, Campaign: p.Campaign, Reason: reason}
	if w.Detail, err = json.Marshal(d); err != nil {
		return err
	}
	w.ID = engine.WordID(w)
	if err := e.Judge(ctx, w); err != nil {
		return err
	}
	if p, err = e.Store.Profile(ctx, p.Campaign, 0); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"word": w, "attribution": p.Attribution})
	}
	g.print("%s: noted, and honoured from now on", w.ID)
	g.print("%s", wrap(safe(p.Attribution.Statement), "", 110))
	g.note("coldwatch campaign %s remove %s takes it back%s", kind, w.ID, g.dbFlag())
	return nil
}

// assess compares what the profiles of a scenario say with its truth.
func assess(ctx context.Context, e *engine.Engine, t *measure.Truth, f *measure.Found, r *measure.Result) (measure.Assessment, error) {
	seen, err := e.Store.OrganisationCounts(ctx)
	if err != nil {
		return measure.Assessment{}, err
	}
	predict := func(targets []string, partner string, past [][]string) []coldwatch.Candidate {
		return profile.Predict(e.Pack, targets, partner, profile.Options{Seen: seen, Past: past}).Ranked
	}
	return measure.Assess(t, f, r, e.Pack, predict), nil
}

func (g *Globals) printAssessment(a *measure.Assessment) {
	g.print("  assessment targets P %.3f R %.3f  countries right %.3f  start median error %.1f d, covered %.3f  size at or under the truth %.3f (median bound %.2f of it)",
		a.TargetsPrecision, a.TargetsRecall, a.CountriesRight, a.StartErrorDays, a.StartCovered, a.SizeUnder, a.SizeBound)
	if a.StateWrong+a.ActorNamed > 0 {
		g.print("             %d campaigns of another class stated as a state's, %d actors named", a.StateWrong, a.ActorNamed)
	}
	n := &a.Next
	if n.Predictions == 0 {
		g.print("             next: no prediction, too few targets")
		return
	}
	g.print("             next: %d predictions, hit@10 %.3f against %.3f at random and %.3f by role (%.2f×), MRR %.3f, Brier %.3f (%.3f for one share for all)", n.Predictions,
		n.HitAt10, n.Random, n.Popularity, n.Ratio, n.MRR, n.Brier, n.BrierBase)
	for _, b := range n.Calibration {
		g.print("             said %.2f: came true %.2f of %d", b.Said, b.True, b.Number)
	}
}

// timeline lists waves, phases and excursions of temperature in the order of time.
func timeline(p *coldwatch.Profile) []string {
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	for _, w := range p.Timeline {
		lines = append(lines, line{w.From, fmt.Sprintf("%s to %s: %s to %s, %d for the first time", w.From.Format("2006-01-02"), w.To.Format("2006-01-02"),
			count(w.Messages, "message"), count(w.Organisations, "organisation"), len(w.New))})
	}
	for i, ph := range p.Phases {
		if i > 0 {
			lines = append(lines, line{ph.From, ph.From.Format("2006-01-02") + ": a new phase. " + strings.Join(ph.Changes, " ")})
		}
	}
	for _, x := range p.Excursions {
		lines = append(lines, line{x.At, fmt.Sprintf("%s: %g °C on lane %s in the custody of %s, past the vaccine's limit of %g °C", x.At.Format("2006-01-02 15:04"), x.Celsius,
			x.Lane, x.Organisation, x.Limit)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = lines[i].text
	}
	return out
}

// printReach shows what passes through the targets, how large the campaign is, how choosy, and who may be next; what was
// not assessed says why.
func (g *Globals) printReach(p *coldwatch.Profile) {
	g.section("doses")
	g.print("%s", wrap(safe(p.Doses.Reason), "  ", 110))
	for i, l := range p.Doses.Lanes {
		if i == 10 {
			g.print("  … and %d more", len(p.Doses.Lanes)-i)
			break
		}
		text := fmt.Sprintf("%s, %s: through %s", l.Lane, l.Vaccine, strings.Join(l.Stops, ", "))
		if l.StorageKnown {
			text += fmt.Sprintf("; stored at %g to %g °C", l.StorageMin, l.StorageMax)
		}
		if l.HoldoverHours.N > 0 {
			text += fmt.Sprintf("; %g hours of holdover", l.HoldoverHours.Median)
		}
		text += optional("; cold from ", l.ColdSource) + optional("; others on the link: ", strings.Join(l.Alternatives, ", "))
		g.print("%s", wrap(safe(text), "    ", 110))
	}
	g.section("size and choice")
	g.print("%s", wrap(fmt.Sprintf("At least %s. %s", count(p.Size.AtLeast, "organisation"), safe(p.Size.Reason)), "  ", 110))
	if p.Size.Assessed {
		g.print("%s", wrap("Assumed: "+safe(p.Size.Assumption), "  ", 110))
	}
	if ix := p.Specificity; ix.Assessed {
		g.print("  Chosen for the chain: %.1f times its share of all mail (%.1f to %.1f).", ix.Value, ix.Low, ix.High)
	}
	g.print("%s", wrap(safe(p.Specificity.Reason), "  ", 110))
	g.section("who may be next")
	g.print("%s", wrap(safe(p.Next.Reason), "  ", 110))
	for _, c := range p.Next.Ranked[:min(5, len(p.Next.Ranked))] {
		g.print("%s", wrap(fmt.Sprintf("%s: %s (%.0f %%). %s", safe(c.Name), c.Words, 100*c.Probability, safe(strings.Join(c.Reasons, " "))), "  ", 110))
	}
}
