package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
)

type scanCmd struct {
	Paths []string `arg:"" name:"path" help:"Messages (.eml, .msg), folders, Maildirs, mboxes, a scenario, or - for standard input."`
	Org   string   `help:"Reporting organisation, by its id in the pack." placeholder:"ID"`
	Keep  string   `help:"Retention: after the scan, forget messages received longer ago than this, as 90d; everything is kept otherwise." placeholder:"AGE"`
	Queue bool     `help:"Only take the mail in: coldwatch worker or serve analyses it, on this machine or others that share the database."`

	Weights string `help:"File of weights of the verdict to use in this database from now on (coldwatch measure --weights writes one), or shipped." placeholder:"FILE"`
}

func (scanCmd) Help() string {
	return "The reporting organisation comes from --org, the folder of a scenario, or the recipient's domain by the pack. " +
		"Scanning the same mail again changes nothing; a scan that was stopped goes on where it was."
}

// scanResult is what --json prints.
type scanResult struct {
	engine.Summary
	Campaigns []coldwatch.Profile `json:"campaigns"`
}

func (c scanCmd) Run(ctx context.Context, g *Globals) error {
	var keep time.Duration
	if c.Keep != "" {
		var err error
		if keep, err = parseAge(c.Keep); err != nil {
			return &userError{err: err, hint: "for example --keep 90d", code: 2}
		}
	}
	scenario := ""
	if len(c.Paths) == 1 && isScenario(c.Paths[0]) {
		scenario = c.Paths[0]
	}
	pack, err := g.pack(scenario)
	if err != nil {
		return err
	}
	if c.Org != "" && pack.Organisation(c.Org) == nil {
		return hinted("coldwatch pack show --organisations lists them; coldwatch init adds yours", "the pack has no organisation %q", c.Org)
	}
	g.weights = c.Weights
	e, err := g.engine(ctx, g.DB, pack, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := g.keepPack(ctx, e.Store, scenario); err != nil {
		return err
	}
	if c.Queue {
		return c.enqueue(ctx, g, e)
	}
	sum, err := g.scan(ctx, e, c.Paths, c.Org)
	if err != nil {
		return err
	}
	campaigns, err := e.Update(context.WithoutCancel(ctx))
	if errors.Is(err, engine.ErrElsewhere) {
		g.note("note: %v, in a moment; this is how they stand", err)
		campaigns, err = e.Campaigns(ctx)
	}
	if err != nil {
		return err
	}
	if keep > 0 {
		gone, err := e.Purge(context.WithoutCancel(ctx), "", time.Now().UTC().Add(-keep))
		if err != nil {
			return err
		}
		if gone > 0 {
			g.note("%s received longer than %s ago forgotten", count(gone, "message"), c.Keep)
			if campaigns, err = e.Campaigns(ctx); err != nil {
				return err
			}
		}
	}
	if g.JSON {
		if campaigns == nil {
			campaigns = []coldwatch.Profile{}
		}
		if err := g.printJSON(scanResult{sum, campaigns}); err != nil {
			return err
		}
	} else {
		g.printSummary(sum, campaigns, pack)
	}
	if sum.Stopped {
		return context.Canceled
	}
	return nil
}

// enqueue takes the mail in and leaves it to the workers.
func (c scanCmd) enqueue(ctx context.Context, g *Globals, e *engine.Engine) error {
	src, err := g.source(ctx, e, c.Paths, c.Org)
	if err != nil {
		return err
	}
	defer src.Close()
	p := g.progress("receiving")
	sum, err := e.Enqueue(ctx, src, p.show)
	p.done()
	if err != nil {
		return err
	}
	q, err := e.Store.Queued(ctx)
	if err != nil {
		return err
	}
	switch {
	case g.JSON:
		err = g.printJSON(map[string]any{"messages": sum.Messages, "queued": sum.New, "known": sum.Known, "not_mail": sum.NotMail, "skipped": sum.Skipped, "queue": q})
	default:
		g.print("%s received, %d new, in %.1f s; %s to be analysed", count(sum.Messages, "message"), sum.New, sum.Seconds, wait(q.Waiting+q.Claimed))
		g.note("next: coldwatch worker%s", g.dbFlag())
	}
	if err == nil && sum.Stopped {
		err = context.Canceled
	}
	return err
}

func wait(n int) string {
	if n == 1 {
		return "1 waits"
	}
	return fmt.Sprintf("%d wait", n)
}

// source opens the paths, each where the last scan came to.
func (g *Globals) source(ctx context.Context, e *engine.Engine, paths []string, org string) (intake.Source, error) {
	resume := func(path string, size int64, modified time.Time) int64 {
		cp, err := e.Store.Checkpoint(ctx, path)
		if err != nil || cp.Size > size || cp.Size == size && !cp.Modified.Equal(modified.Truncate(time.Microsecond).UTC()) {
			return 0 // never read, or another file by now: messages that are known are skipped one by one
		}
		return cp.Offset
	}
	return intake.Open(ctx, paths, intake.Options{Organisation: org, Stdin: g.stdin, Resume: resume})
}

// scan reads the paths into the engine's store.
func (g *Globals) scan(ctx context.Context, e *engine.Engine, paths []string, org string) (engine.Summary, error) {
	src, err := g.source(ctx, e, paths, org)
	if err != nil {
		return engine.Summary{}, err
	}
	defer src.Close()
	p := g.progress("reading")
	sum, err := e.Scan(ctx, src, p.show)
	p.done()
	return sum, err
}

func (g *Globals) printSummary(sum engine.Summary, campaigns []coldwatch.Profile, pack *knowledge.Pack) {
	rate := ""
	if sum.Seconds > 0 {
		rate = fmt.Sprintf(" in %.1f s, %.0f a second", sum.Seconds, float64(sum.Messages)/sum.Seconds)
	}
	known := ""
	if sum.Known > 0 {
		known = fmt.Sprintf(" (%d known already)", sum.Known)
	}
	if sum.Messages == 0 && sum.NotMail == 0 {
		g.print("nothing new: everything named was read to its end before")
	}
	g.print("%s read%s%s", count(sum.Messages, "message"), known, rate)
	if sum.New > 0 {
		g.print("verdicts: %s", verdicts(sum.Classes))
	}
	if sum.NotMail > 0 {
		g.print("%s not read: no mail", count(sum.NotMail, "file"))
		for i, s := range sum.Skipped {
			if i == 3 && len(sum.Skipped) > 4 {
				g.print("  … and %d more", sum.NotMail-3)
				break
			}
			g.print("  %s: %s", safe(s.Path), safe(s.Reason))
		}
	}
	g.printWatched(&sum)
	g.print("")
	g.printCampaigns(campaigns, pack, 5)
	if sum.Roles.Unknown > 0 {
		g.note("role unknown for %s: coldwatch init --domain YOUR.DOMAIN --role ROLE --country CC says who you are", count(sum.Roles.Unknown, "message"))
	}
}

// verdicts lists the classes, the gravest first.
func verdicts(classes map[coldwatch.Class]int) string {
	var parts []string
	for _, c := range []coldwatch.Class{coldwatch.Targeted, coldwatch.Hostile, coldwatch.Suspicious, coldwatch.Unremarkable} {
		parts = append(parts, fmt.Sprintf("%d %s", classes[c], c))
	}
	return strings.Join(parts, ", ")
}

// printCampaigns lists campaigns, at most that many in full, and ends with the next command to type.
func (g *Globals) printCampaigns(campaigns []coldwatch.Profile, pack *knowledge.Pack, most int) {
	if len(campaigns) == 0 {
		g.print("No campaign found. Checked: who speaks and whether it authenticates, look-alike domains, links, attachments and their")
		g.print("forms, lure and claims, and what any two messages share.")
		return
	}
	full, possible := 0, 0
	for i := range campaigns {
		if campaigns[i].Possible {
			possible++
		} else {
			full++
		}
	}
	g.print("%s found%s", count(full, "campaign"), also(possible))
	shown := 0
	for i := range campaigns {
		if shown == most {
			break
		}
		if campaigns[i].Possible && full > 0 && shown >= full {
			break
		}
		g.print("")
		for _, l := range campaignLines(&campaigns[i], pack) {
			g.print("%s", l)
		}
		shown++
	}
	g.print("")
	if rest := len(campaigns) - shown; rest > 0 {
		g.print("… and %d more: coldwatch campaigns%s", rest, g.dbFlag())
	}
	g.print("next: coldwatch campaign %s --why%s", campaigns[0].Campaign, g.dbFlag())
	g.print("      coldwatch report %s --format html -o report.html%s", campaigns[0].Campaign, g.dbFlag())
}

func also(possible int) string {
	if possible == 0 {
		return ""
	}
	return fmt.Sprintf(", and %s of one message", count(possible, "possible campaign"))
}

// dbFlag repeats --db in a command to type, where it is not the default.
func (g *Globals) dbFlag() string {
	if g.DB == "coldwatch.db" {
		return ""
	}
	return " --db " + shown(g.DB)
}

// findCampaign takes a campaign's id or its beginning.
func findCampaign(ctx context.Context, e *engine.Engine, id string) (coldwatch.Profile, error) {
	if p, err := e.Store.Profile(ctx, id, 0); err == nil || !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	all, err := e.Campaigns(ctx)
	if err != nil {
		return coldwatch.Profile{}, err
	}
	var found []coldwatch.Profile
	for _, p := range all {
		if strings.HasPrefix(p.Campaign, id) || strings.HasPrefix(p.Campaign, "c-"+id) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return coldwatch.Profile{}, hinted("coldwatch campaigns lists them", "there is no campaign %q", id)
	}
	return coldwatch.Profile{}, hinted("type more of it", "%d campaigns begin with %q", len(found), id)
}
