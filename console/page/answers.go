package page

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
)

// An answersView is what the readers of a campaign's warnings answered.
type answersView struct {
	Warnings       []coldwatch.Warning // that were answered
	Sum            coldwatch.Answer
	Answered, Told int
}

func answersOf(ws []coldwatch.Warning, campaign string) answersView {
	var v answersView
	v.Sum, v.Answered, v.Told = engine.Answers(ws, campaign)
	for _, w := range ws {
		if engine.Counts(&w) && w.Answer != nil {
			v.Warnings = append(v.Warnings, w)
		}
	}
	return v
}

// A figureOf is one figure of an answer, with its field in the form and the words that ask for it.
type figureOf struct {
	Field, Asks string
	Value       int
	Given       bool // an answer is there
}

// figures gives the figures of an answer in their order; a nil answer has none, only the questions.
func figures(a *coldwatch.Answer) []figureOf {
	var v coldwatch.Answer
	if a != nil {
		v = *a
	}
	out := []figureOf{{Field: "received", Asks: "Messages received", Value: v.Received}, {Field: "blocked", Asks: "Blocked before anybody saw them", Value: v.Blocked},
		{Field: "opened", Asks: "People who opened one", Value: v.Opened}, {Field: "credentials", Asks: "People who entered credentials", Value: v.Credentials},
		{Field: "reset", Asks: "Passwords reset", Value: v.Reset}}
	for i := range out {
		out[i].Given = a != nil
	}
	return out
}

func (p *Pages) answer(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var a coldwatch.Answer
	any := false
	for field, to := range map[string]*int{"received": &a.Received, "blocked": &a.Blocked, "opened": &a.Opened, "credentials": &a.Credentials, "reset": &a.Reset} {
		s := strings.TrimSpace(r.PostFormValue(field))
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			p.done(w, r, "/warnings/"+id, "Nothing was kept: what was found is said in numbers.")
			return
		}
		*to, any = n, true
	}
	if !any {
		p.done(w, r, "/warnings/"+id, "Nothing was kept: no number was given.")
		return
	}
	x, err := p.Desk.Answer(r.Context(), id, a, r.PostFormValue("reason"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/warnings/"+x.ID, "What "+x.Name+" found is kept.")
}

func (p *Pages) makeRule(w http.ResponseWriter, r *http.Request) {
	rule := engine.Rule{Reader: strings.TrimSpace(r.PostFormValue("reader")), TLP: r.PostFormValue("tlp"), Organisations: whole(r.PostFormValue("organisations"))}
	if _, err := p.Desk.MakeRule(r.Context(), rule, r.PostFormValue("reason")); err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/warnings", "The rule holds. What it covers goes out with the next delivery.")
}

func (p *Pages) endRule(w http.ResponseWriter, r *http.Request) {
	if err := p.Desk.EndRule(r.Context(), r.PostFormValue("id")); err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/warnings", "The rule holds no longer. What it let out and was not sent waits again.")
}
