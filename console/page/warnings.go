package page

import (
	"net/http"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// A warningsPage lists who must be told what.
type warningsPage struct {
	Show  string
	Rows  []warningRow
	Count map[string]int
	May   bool
	Rules []engine.StandingRule // for the community's people only
}

type warningRow struct {
	coldwatch.Warning
	State string // "wait", "held", "ready", "sent", "trouble"
	Text  string
	Took  string // from report to now or to the delivery
	Sent  []store.Delivery
}

// stateWords says each state to people.
var stateWords = map[string]string{"wait": "waits for approval", "held": "held", "ready": "may go out", "sent": "sent", "trouble": "not delivered"}

func (p *Pages) warnings(w http.ResponseWriter, r *http.Request) {
	rows, err := p.warningRows(r)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	d := warningsPage{Show: r.URL.Query().Get("show"), Count: map[string]int{"": len(rows)}, May: mayPublish(r)}
	if d.Show == "held" { // as the first page links: those that wait
		d.Show = "wait"
	}
	for _, row := range rows {
		d.Count[row.State]++
		if d.Show == "" || row.State == d.Show {
			d.Rows = append(d.Rows, row)
		}
	}
	if access.From(r.Context()).Organisation == "" {
		if d.Rules, err = p.Desk.Rules(r.Context()); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	p.draw(w, r, http.StatusOK, "warnings.html", "Warnings", "warnings", d)
}

func mayPublish(r *http.Request) bool {
	v := access.From(r.Context())
	return v.May(access.Publisher) && v.Organisation == ""
}

// warningRows gives the warnings with how far they came, those that wait for somebody first, then the newest.
func (p *Pages) warningRows(r *http.Request) ([]warningRow, error) {
	ws, err := p.Desk.Warnings(r.Context())
	if err != nil {
		return nil, err
	}
	deliveries, err := p.Desk.Deliveries(r.Context())
	if err != nil {
		return nil, err
	}
	by := map[string][]store.Delivery{}
	for _, x := range deliveries {
		by[x.Warning] = append(by[x.Warning], x)
	}
	rows := make([]warningRow, 0, len(ws))
	for _, x := range ws {
		rows = append(rows, p.warningRow(x, by[x.ID]))
	}
	rank := map[string]int{"wait": 0, "trouble": 1, "held": 2, "ready": 3, "sent": 4}
	slices.SortStableFunc(rows, func(a, b warningRow) int {
		if d := rank[a.State] - rank[b.State]; d != 0 {
			return d
		}
		return b.At.Compare(a.At)
	})
	return rows, nil
}

func (p *Pages) warningRow(w coldwatch.Warning, sent []store.Delivery) warningRow {
	row := warningRow{Warning: w, Sent: sent, State: "ready"}
	end := p.now()
	for _, x := range sent {
		switch {
		case x.State == store.Sent:
			row.State = "sent"
			end = x.Changed
		case row.State != "sent" && (x.State == store.Failed || x.State == store.Unsure):
			row.State = "trouble"
		}
	}
	switch w.Held {
	case "":
	case engine.HeldApproval:
		row.State = "wait"
	default:
		row.State = "held"
	}
	row.Text = stateWords[row.State]
	if row.State == "held" {
		row.Text = "held: " + w.Held
	}
	if !w.Reported.IsZero() && w.At.Sub(w.Reported) <= fresh {
		row.Took = span(max(0, end.Sub(w.Reported)))
	}
	return row
}

// A warningPage is one warning.
type warningPage struct {
	warningRow
	Campaign string
	Name     string // of the campaign
	Alerts   []string
	May      bool
	MayTell  bool // what the reader found
	Figures  []figureOf
	Words    []coldwatch.Word
}

func (p *Pages) warning(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	x, err := p.Desk.Warning(ctx, r.PathValue("id"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	deliveries, err := p.Desk.Deliveries(ctx)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	deliveries = slices.DeleteFunc(deliveries, func(d store.Delivery) bool { return d.Warning != x.ID })
	d := warningPage{warningRow: p.warningRow(x, deliveries), Campaign: x.Campaign, May: mayPublish(r)}
	v := access.From(ctx)
	d.MayTell = engine.Counts(&x) && v.May(access.Analyst) && (v.Organisation == "" || v.Organisation == x.Reader)
	d.Figures = figures(x.Answer)
	if c, err := p.Desk.Campaign(ctx, x.Campaign, 0); err == nil {
		d.Name = c.Name
	}
	for tag := range x.Alerts {
		d.Alerts = append(d.Alerts, tag)
	}
	slices.Sort(d.Alerts)
	words, err := p.Desk.Words(ctx)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	for _, word := range words {
		if word.Other == x.ID {
			d.Words = append(d.Words, word)
		}
	}
	p.draw(w, r, http.StatusOK, "warning.html", "Warning to "+x.Name, "warnings", d)
}

func (p *Pages) approve(w http.ResponseWriter, r *http.Request) {
	x, err := p.Desk.Approve(r.Context(), r.PathValue("id"), r.PostFormValue("reason"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/warnings/"+x.ID, "The warning to "+x.Name+" may go out.")
}

func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request) {
	told, err := p.Desk.Withdraw(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/warnings/"+told.ID, "The warning is taken back: this is what tells its reader so.")
}
