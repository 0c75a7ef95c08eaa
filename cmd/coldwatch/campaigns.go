package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/warning"
)

type campaignsCmd struct {
	Possible bool `help:"List possible campaigns of one message too."`
}

func (c campaignsCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := e.Campaigns(ctx)
	if err != nil {
		return err
	}
	list := []coldwatch.Profile{}
	for _, p := range all {
		if c.Possible || !p.Possible {
			list = append(list, p)
		}
	}
	if g.JSON {
		return g.printJSON(list)
	}
	if len(list) == 0 {
		g.print("no campaigns%s", orNoteText(len(all) > 0, fmt.Sprintf("; %s of one message: coldwatch campaigns --possible", count(len(all), "possible campaign"))))
		return nil
	}
	for i := range list {
		p := &list[i]
		g.print("%s  %4d messages  %3d organisations  %2d countries  %s – %s  %s", p.Campaign, p.Messages, len(p.Targets), len(p.Countries),
			p.First.Format("2006-01-02"), p.Last.Format("2006-01-02"), title(p))
	}
	return nil
}

type campaignShowCmd struct {
	ID      string `arg:"" help:"Campaign id, or its beginning."`
	Why     bool   `help:"Show each link with its evidence."`
	Without string `help:"Show what the campaign falls into without one piece of evidence." placeholder:"VIEW=VALUE"`
	History bool   `help:"Show what happened to the campaign."`
}

// campaignView is what --json prints.
type campaignView struct {
	coldwatch.Profile
	Why     []coldwatch.Link          `json:"why,omitempty"`
	Without [][]string                `json:"without,omitempty"`
	History []coldwatch.CampaignEvent `json:"history,omitempty"`
	Answers *answers                  `json:"answers,omitempty"`
}

// answers sums up what the readers of a campaign's warnings answered.
type answers struct {
	coldwatch.Answer
	Answered int `json:"answered"` // readers who did
	Told     int `json:"told"`     // whose warning is not held
}

func (c campaignShowCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := findCampaign(ctx, e, c.ID)
	if err != nil {
		return err
	}
	view := campaignView{Profile: p}
	if c.Why || c.Without != "" {
		if err := c.links(ctx, e, &view); err != nil {
			return err
		}
	}
	if c.History {
		if view.History, err = e.Store.Events(ctx, p.Campaign); err != nil {
			return err
		}
	}
	ws, err := e.Warnings(ctx)
	if err != nil {
		return err
	}
	if sum, answered, told := engine.Answers(ws, p.Campaign); answered > 0 {
		view.Answers = &answers{sum, answered, told}
	}
	if g.JSON {
		return g.printJSON(view)
	}
	for _, l := range campaignLines(&p, e.Pack) {
		g.print("%s", l)
	}
	g.print("")
	for _, s := range p.Summary {
		g.print("%s", wrap(safe(s), "", 110))
	}
	if a := view.Answers; a != nil {
		g.print("\n%d of %s answered: %s", a.Answered, count(a.Told, "reader"), warning.AnswerWords(a.Answer))
	}
	g.printDossier(&p)
	g.printWhy(c, view)
	if !c.Why {
		g.note("\nnext: coldwatch campaign %s --why%s", p.Campaign, g.dbFlag())
	}
	return nil
}

func (c campaignShowCmd) links(ctx context.Context, e *engine.Engine, view *campaignView) error {
	var err error
	if c.Why {
		if view.Why, err = e.Why(ctx, view.Campaign); err != nil {
			return err
		}
	}
	if c.Without != "" {
		v, value, ok := strings.Cut(c.Without, "=")
		if !ok {
			return hinted("for example --without host=secure-doc.example; --why lists the evidence", "--without takes VIEW=VALUE")
		}
		view.Without, err = e.Without(ctx, view.Campaign, coldwatch.View(v), value)
	}
	return err
}

func (g *Globals) printDossier(p *coldwatch.Profile) {
	if len(p.Targets) > 0 {
		g.section("targets")
		for _, t := range p.Targets {
			g.print("  %s  %-34s %-3s %s (%s)", t.First.Format("2006-01-02"), short(t.Name, 34), t.Country, safe(strings.Join(t.Roles, ", ")), count(t.Messages, "message"))
		}
	}
	if len(p.Infrastructure) > 0 {
		g.section("infrastructure")
		for i, x := range p.Infrastructure {
			if i == 15 {
				g.print("  … and %d more: coldwatch report %s", len(p.Infrastructure)-15, p.Campaign)
				break
			}
			g.print("  %-12s %-50s %s, %s", x.Kind, short(x.Value, 50), x.Role, count(x.Messages, "message"))
		}
	}
	if len(p.Timeline) > 0 {
		g.section("timeline")
		for _, l := range timeline(p) {
			g.print("%s", wrap(safe(l), "  ", 110))
		}
	}
	if len(p.Judgements) > 0 {
		g.section("assessment")
		for _, j := range p.Judgements {
			g.print("%s", wrap(safe(j.Text), "  ", 110))
		}
	}
	g.printReach(p)
	g.printHypotheses(&p.Attribution)
}

func (g *Globals) printWhy(c campaignShowCmd, view campaignView) {
	if c.Why {
		g.section("why these messages belong together")
		for _, l := range view.Why {
			g.print("  %s", shortID(l.A))
			g.printLink(l, "    ")
		}
	}
	if c.Without != "" {
		g.section("without " + safe(c.Without))
		for i, part := range view.Without {
			g.print("  part %d: %s", i+1, count(len(part), "message"))
		}
	}
	if c.History {
		g.section("history")
		for _, ev := range view.History {
			g.print("  %s  %-8s %s", ev.At.Format("2006-01-02 15:04"), ev.Kind, safe(ev.Reason))
		}
	}
}

type searchCmd struct {
	Query []string `arg:"" help:"Words, names, domains, addresses, file names: all must occur."`
	Limit int      `help:"At most that many." default:"50"`
}

// found is one line of a search.
type found struct {
	ID           string          `json:"id"`
	Received     string          `json:"received"`
	Organisation string          `json:"organisation"`
	Class        coldwatch.Class `json:"class"`
	Subject      string          `json:"subject"`
	From         string          `json:"from"`
	Source       string          `json:"source"`
}

func (c searchCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	rows, err := e.Store.Search(ctx, strings.Join(c.Query, " "), c.Limit)
	if err != nil {
		return err
	}
	out := []found{}
	for _, r := range rows {
		out = append(out, found{r.ID, r.Received.Format("2006-01-02T15:04:05Z"), r.Organisation, r.Class, r.Subject, r.From, r.Source})
	}
	if g.JSON {
		return g.printJSON(out)
	}
	if len(out) == 0 {
		g.print("nothing found")
	}
	for _, f := range out {
		g.print("%s  %s  %-12s %-40s  %s", shortID(f.ID), f.Received[:10], f.Class, short(f.Subject, 40), safe(f.From))
	}
	return nil
}
