package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A firstPage is what is new and what matters now.
type firstPage struct {
	Totals    store.Totals
	Bad       int // hostile and targeted messages
	Targeted  int
	Queue     store.Queue
	Campaigns []campaignLine
	More      int // campaigns that are not listed here
	Active    int
	Possible  int
	Stages    []stageLight
	Countries []countryCount
	Waiting   []store.Row
	Open      int // messages that wait for a word
	Clock     clockView
	News      []newsLine
}

// A newsLine is something that happened in the last mail.
type newsLine struct {
	At       time.Time
	Campaign string
	Name     string
	Text     string
}

// A campaignLine is a campaign in a listing.
type campaignLine struct {
	coldwatch.Profile
	Active    bool
	Stages    []stageLight
	Spark     sparkView
	Countries []string
}

// line makes the line of a campaign; the sparks of a listing share one axis.
func line(p coldwatch.Profile, from, to time.Time) campaignLine {
	l := campaignLine{Profile: p, Active: isActive(p), Stages: stages(p), Spark: spark(p, from, to)}
	for _, c := range p.Countries {
		l.Countries = append(l.Countries, c.Value)
	}
	return l
}

func isActive(p coldwatch.Profile) bool {
	return strings.HasPrefix(p.Activity.Text, "The campaign is active")
}

// axis gives the time that campaigns span together.
func axis(ps []coldwatch.Profile) (from, to time.Time) {
	for i := range ps {
		if from.IsZero() || ps[i].First.Before(from) {
			from = ps[i].First
		}
		if ps[i].Last.After(to) {
			to = ps[i].Last
		}
	}
	return from, to
}

const (
	firstCampaigns = 8
	firstWaiting   = 6
	firstNews      = 6
)

func (p *Pages) first(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	all, err := p.Desk.Campaigns(ctx, true)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	d := firstPage{}
	if d.Totals, err = p.Desk.Totals(ctx); err != nil {
		p.failed(w, r, err)
		return
	}
	d.Targeted = d.Totals.Classes[coldwatch.Targeted]
	d.Bad = d.Totals.Classes[coldwatch.Hostile] + d.Targeted
	firm := slices.DeleteFunc(slices.Clone(all), func(c coldwatch.Profile) bool { return c.Possible })
	d.Possible = len(all) - len(firm)
	from, to := axis(firm)
	for i := range firm {
		if isActive(firm[i]) {
			d.Active++
		}
		if i < firstCampaigns {
			d.Campaigns = append(d.Campaigns, line(firm[i], from, to))
		}
	}
	d.More = len(firm) - len(d.Campaigns)
	d.Stages = p.together(firm)
	d.Countries = where(firm)
	d.News = news(firm, to)
	if d.Waiting, d.Open, err = p.waiting(ctx, d.Totals, firstWaiting); err != nil {
		p.failed(w, r, err)
		return
	}
	if d.Clock, err = p.clock(ctx); err != nil {
		p.failed(w, r, err)
		return
	}
	if access.From(ctx).Organisation == "" { // the queue counts the mail of all organisations
		if d.Queue, err = p.Store.Queued(ctx); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	p.draw(w, r, http.StatusOK, "first.html", "Now", "first", d)
}

// together gives the chain over several campaigns: an organisation counts once in each of its roles.
func (p *Pages) together(ps []coldwatch.Profile) []stageLight {
	hit := map[string]map[string]bool{} // role → organisations
	for i := range ps {
		for _, t := range ps[i].Targets {
			for _, role := range t.Roles {
				if hit[role] == nil {
					hit[role] = map[string]bool{}
				}
				key := t.Organisation
				if key == "" {
					key = t.Name
				}
				hit[role][key] = true
			}
		}
	}
	known := map[string]int{}
	pack := p.Desk.Pack()
	for i := range pack.Organisations {
		for _, role := range pack.Organisations[i].Roles {
			known[role]++
		}
	}
	at := map[string]int{}
	var out []stageLight
	for _, name := range knowledge.Stages {
		at[name] = len(out)
		out = append(out, stageLight{Stage: name})
	}
	for _, role := range pack.Roles {
		i, ok := at[role.Stage]
		if !ok {
			continue
		}
		out[i].Of += known[role.ID]
		if n := len(hit[role.ID]); n > 0 {
			out[i].Hit += n
			out[i].Roles = append(out[i].Roles, coldwatch.RoleHit{Role: role.ID, Name: role.Name, Hit: n, Of: known[role.ID]})
		}
	}
	return out
}

// where counts the organisations hit by country.
func where(ps []coldwatch.Profile) []countryCount {
	orgs := map[string]map[string]bool{}
	for i := range ps {
		for n, t := range ps[i].Targets {
			if t.Country == "" {
				continue
			}
			if orgs[t.Country] == nil {
				orgs[t.Country] = map[string]bool{}
			}
			key := t.Organisation
			if key == "" {
				key = fmt.Sprint(ps[i].Campaign, n)
			}
			orgs[t.Country][key] = true
		}
	}
	out := make([]countryCount, 0, len(orgs))
	for code, who := range orgs {
		out = append(out, countryCount{code, dossier.CountryName(code), len(who)})
	}
	slices.SortFunc(out, func(a, b countryCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// news says what happened in the fortnight before the newest message of any campaign, the newest first.
func news(ps []coldwatch.Profile, newest time.Time) []newsLine {
	since := newest.AddDate(0, 0, -14)
	out := []newsLine{}
	for i := range ps {
		c := &ps[i]
		add := func(at time.Time, text string) {
			if at.After(since) {
				out = append(out, newsLine{at, c.Campaign, c.Name, text})
			}
		}
		if len(c.Phases) > 1 {
			last := c.Phases[len(c.Phases)-1]
			text := "changed its methods."
			if len(last.Changes) > 0 {
				text = "changed its methods. " + last.Changes[0]
			}
			add(last.From, text)
		}
		if n := len(c.Timeline); n > 0 {
			wave := c.Timeline[n-1]
			text := dossier.Count(wave.Messages, "message", "messages") + " to " + dossier.Count(wave.Organisations, "organisation", "organisations")
			if n == 1 {
				text = "began: " + text + "."
			} else {
				text = "sent a new wave: " + text
				if len(wave.New) > 0 {
					text += fmt.Sprintf(", %d of them for the first time", len(wave.New))
				}
				text += "."
			}
			add(wave.To, text)
		}
	}
	slices.SortStableFunc(out, func(a, b newsLine) int { return b.At.Compare(a.At) })
	return out[:min(len(out), firstNews)]
}

// waiting gives the suspicious messages about which nobody has said a word, the newest first, and how many there are.
func (p *Pages) waiting(ctx context.Context, t store.Totals, most int) ([]store.Row, int, error) {
	said, err := p.said(ctx)
	if err != nil {
		return nil, 0, err
	}
	rows, err := p.Desk.Messages(ctx, store.MessageQuery{Classes: []coldwatch.Class{coldwatch.Suspicious}, Limit: most + min(len(said), 400)})
	if err != nil {
		return nil, 0, err
	}
	open := t.Classes[coldwatch.Suspicious]
	kept := rows[:0]
	for _, row := range rows {
		if said[row.ID] {
			open--
			continue
		}
		kept = append(kept, row)
	}
	return kept[:min(len(kept), most)], max(open, len(kept[:min(len(kept), most)])), nil
}

// said gives the messages that an analyst's word in force is about.
func (p *Pages) said(ctx context.Context) (map[string]bool, error) {
	words, err := p.Desk.Words(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, w := range words {
		if w.Undone {
			continue
		}
		out[w.Message], out[w.Other] = true, true
	}
	delete(out, "")
	return out, nil
}

// A clockView is how long it takes from the report of a message to the warning about it.
type clockView struct {
	Counted int // warnings about fresh mail
	Old     int // about mail that was old when it was read
	Held    int // wait for a publisher's word
	Median  string
	Longest string
}

// fresh is how old mail may be when it is read for its warning to count: an archive read at once says nothing about us.
const fresh = 30 * 24 * time.Hour

// clock measures from report to warning. A warning that waits runs on.
func (p *Pages) clock(ctx context.Context) (clockView, error) {
	var c clockView
	ws, err := p.Desk.Warnings(ctx)
	if err != nil {
		return c, err
	}
	sent, err := p.Desk.Deliveries(ctx)
	if err != nil {
		return c, err
	}
	arrived := map[string]time.Time{}
	for _, d := range sent {
		if at, ok := arrived[d.Warning]; d.State == store.Sent && (!ok || d.Changed.Before(at)) {
			arrived[d.Warning] = d.Changed
		}
	}
	var took []time.Duration
	for _, w := range ws {
		if w.Held == engine.HeldApproval {
			c.Held++
		}
		end, ok := arrived[w.ID]
		if !ok {
			end = w.At
			if w.Held != "" {
				end = p.now()
			}
		}
		if w.Reported.IsZero() || w.At.Sub(w.Reported) > fresh {
			c.Old++
			continue
		}
		took = append(took, max(0, end.Sub(w.Reported)))
	}
	if c.Counted = len(took); c.Counted > 0 {
		slices.Sort(took)
		c.Median, c.Longest = span(took[len(took)/2]), span(took[len(took)-1])
	}
	return c, nil
}

// A campaignsPage lists the campaigns.
type campaignsPage struct {
	Lines    []campaignLine
	Possible bool
	Hidden   int // possible ones that are not shown
	Sort     string
	Find     string
	From, To time.Time
	Next     string // address of the campaigns after these
}

// linesOnPage bounds how many campaigns one page lists.
const linesOnPage = 50

func (p *Pages) campaigns(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	d := campaignsPage{Possible: q.Get("possible") != "", Sort: q.Get("sort"), Find: strings.TrimSpace(q.Get("find"))}
	all, err := p.Desk.Campaigns(r.Context(), true)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	var shown []coldwatch.Profile
	for i := range all {
		if all[i].Possible && !d.Possible {
			d.Hidden++
			continue
		}
		if d.Find == "" || strings.Contains(strings.ToLower(searchable(&all[i])), strings.ToLower(d.Find)) {
			shown = append(shown, all[i])
		}
	}
	switch d.Sort {
	case "last":
		slices.SortStableFunc(shown, func(a, b coldwatch.Profile) int { return b.Last.Compare(a.Last) })
	case "messages":
		slices.SortStableFunc(shown, func(a, b coldwatch.Profile) int { return b.Messages - a.Messages })
	case "targets":
		slices.SortStableFunc(shown, func(a, b coldwatch.Profile) int { return len(b.Targets) - len(a.Targets) })
	default:
		d.Sort = "gravity"
	}
	d.From, d.To = axis(shown)
	after, _ := strconv.Atoi(q.Get("after")) // what is no number is the beginning
	after = min(max(after, 0), len(shown))
	end := min(after+linesOnPage, len(shown))
	for i := after; i < end; i++ {
		d.Lines = append(d.Lines, line(shown[i], d.From, d.To))
	}
	if end < len(shown) {
		q.Set("after", strconv.Itoa(end))
		d.Next = "/campaigns?" + q.Encode()
	}
	p.draw(w, r, http.StatusOK, "campaigns.html", "Campaigns", "campaigns", d)
}

// searchable gives the words by which a campaign is found.
func searchable(c *coldwatch.Profile) string {
	var b strings.Builder
	b.WriteString(c.Campaign + " " + c.Name)
	for _, list := range [][]coldwatch.Share{c.Impersonated, c.Personas, c.Themes} {
		for _, s := range list {
			b.WriteString(" " + s.Value + " " + s.Name)
		}
	}
	for _, s := range c.Countries {
		b.WriteString(" " + s.Value + " " + dossier.CountryName(s.Value))
	}
	for _, t := range c.Targets {
		b.WriteString(" " + t.Organisation + " " + t.Name)
	}
	for _, i := range c.Infrastructure {
		b.WriteString(" " + i.Value)
	}
	return b.String()
}
