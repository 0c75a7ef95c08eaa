package lure

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// A choice is a theme or an act with the section that it rests on.
type choice struct {
	name    string
	score   float64
	section section
}

// themeOfSign is the theme that a sign makes by itself.
var themeOfSign = map[string]string{
	"account-threat": "account", "account-notice": "account", "credentials": "account", "held-mail": "account", "wallet": "account", "payment-change": "invoice", "advance-fee": "advance-fee",
	"extortion": "extortion", "prize": "prize", "gambling": "prize", "investment": "investment", "gift-card": "gift-card",
	"payroll": "payroll", "subscription": "subscription", "delivery-fee": "delivery", "dating": "dating",
}

// actOfSign is the act that a sign asks for where the message names none.
var actOfSign = map[string]string{
	"account-threat": "click", "credentials": "sign-in", "held-mail": "click", "wallet": "click", "payment-change": "change-bank", "advance-fee": "reply",
	"extortion": "pay", "prize": "click", "gambling": "click", "gift-card": "reply", "payroll": "change-bank", "delivery-fee": "click", "dating": "click",
}

// themeFrom is the weight from which a theme is named.
const themeFrom = 1.5

func (r *reading) theme() choice {
	best := choice{name: "other", section: -1}
	for s := section(0); s < themeCount; s++ {
		if n := r.total[s]; n >= themeFrom && n > best.score {
			best = choice{strings.TrimPrefix(sections[s], "theme "), n, s}
		}
	}
	for s := signFrom; s < sectionCount; s++ {
		theme := themeOfSign[strings.TrimPrefix(sections[s], "sign ")]
		if theme == "" {
			continue
		}
		n := r.total[s]
		if own := sectionOf("theme " + theme); own >= 0 {
			n += r.total[own]
		}
		if r.total[s] >= themeFrom && n > best.score {
			best = choice{theme, n, s}
		}
	}
	return best
}

// actFrom is the weight from which an act is named.
const actFrom = 1

// act is what the wording asks for; where it asks for nothing, what the message holds.
func (r *reading) act(a *coldwatch.Analysis, theme string) choice {
	best := choice{name: "none", section: -1}
	attached, linked, password := holds(a)
	for s := themeCount; s < signFrom; s++ {
		n := r.total[s]
		name := strings.TrimPrefix(sections[s], "act ")
		if name == "open-attachment" && !attached {
			n *= 0.3
		}
		if (name == "click" || name == "sign-in") && !linked && !password {
			n *= 0.5
		}
		if n >= actFrom && n > best.score {
			best = choice{name, n, s}
		}
	}
	if best.section >= 0 {
		return best
	}
	for s := signFrom; s < sectionCount; s++ {
		if act := actOfSign[strings.TrimPrefix(sections[s], "sign ")]; act != "" && r.total[s] >= 2 && r.total[s] > best.score {
			best = choice{act, r.total[s], s}
		}
	}
	switch {
	case best.section >= 0:
	case password:
		best.name = "sign-in"
	case attached && theme != "other" && theme != "newsletter":
		best.name = "open-attachment"
	}
	return best
}

// holds tells what a message offers to act on: a file to open, a link to click, a form that asks for a password.
func holds(a *coldwatch.Analysis) (attached, linked, password bool) {
	for i := range a.Payloads {
		p := &a.Payloads[i]
		attached = attached || p.Via == "attachment"
		linked = linked || len(p.Links) > 0
		for _, f := range p.Forms {
			password = password || f.Password
		}
	}
	if len(a.Payloads) == 0 && a.Message != nil {
		for i := range a.Message.Parts {
			p := &a.Message.Parts[i]
			attached = attached || p.Disposition == "attachment" || p.Filename != ""
			linked = linked || strings.Contains(p.Text, "://")
		}
	}
	return attached, linked, password
}

const maxPhrases = 8

// quote gives the phrases that decided theme and act, strongest first.
func (r *reading) quote(a *coldwatch.Analysis, passages []passage.Passage, picks ...choice) []coldwatch.Evidence {
	var out []coldwatch.Evidence
	for _, c := range picks {
		if c.section >= 0 {
			out = append(out, r.evidence(a, passages, r.of(c.section), maxPhrases/2)...)
		}
	}
	return out
}

func (r *reading) evidence(a *coldwatch.Analysis, passages []passage.Passage, h []hit, most int) []coldwatch.Evidence {
	var out []coldwatch.Evidence
	for i := range h {
		if len(out) == most {
			break
		}
		out = append(out, passage.Quote(a, &passages[h[i].passage], h[i].start, h[i].end))
	}
	return out
}
