package profile

import (
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
)

var themeWords = map[string]string{
	"quotation": "a request for quotation", "tender": "a tender", "order": "an order", "contract": "a contract", "invoice": "an invoice",
	"customs": "a customs matter", "programme": "a vaccine programme", "meeting": "a meeting", "document": "a shared document",
	"account": "a mail account", "delivery": "a delivery", "charity": "a donation", "job": "a job offer", "newsletter": "a newsletter",
}

var carrierWords = map[string]string{
	"html-attachment": "an HTML attachment", "archive": "an archive", "pdf": "a PDF file", "office": "an Office document", "link": "a link",
	"qr": "a QR code", "message": "an attached message", "text": "plain text", "other": "an attachment",
}

var objectiveWords = map[string]string{
	"credentials": "ask for credentials", "documents": "ask for documents", "payment": "ask for money", "reply": "ask for a reply",
	"run-file": "want a file to be run",
}

// gains says what each objective would give, for the inference that stands apart from the facts.
var gains = map[string]string{
	"credentials": "mailboxes were sought for later access; they would show orders, prices, partners and plans of distribution",
	"documents":   "documents were sought; they would show prices, partners and plans of distribution",
	"payment":     "money was sought",
	"reply":       "a conversation was sought, as a first step to something that the messages do not yet ask for",
	"run-file":    "a foothold on the recipients' computers was sought",
}

func describe(p *coldwatch.Profile, f *Fold, o Options) {
	p.Name = name(p)
	p.Summary = summary(p)
	p.Objective = objective(p)
	p.Judgements = judgements(p)
	p.Gaps = gaps(p, f, o)
}

// leading is the most frequent value that is not one of those without meaning.
func leading(shares []coldwatch.Share) string {
	for _, s := range shares {
		if s.Value != "unknown" && s.Value != "other" && s.Value != "none" {
			return s.Value
		}
	}
	return ""
}

// mostly tells whether at least half of the messages pretend to come from the most impersonated organisation.
func mostly(p *coldwatch.Profile) bool {
	return len(p.Impersonated) > 0 && p.Impersonated[0].Count*2 >= p.Messages
}

func pretended(p *coldwatch.Profile) string {
	if len(p.Impersonated) > 0 {
		if n := p.Impersonated[0].Name; n != "" {
			return n
		}
		return p.Impersonated[0].Value
	}
	return ""
}

func name(p *coldwatch.Profile) string {
	who := ""
	switch {
	case mostly(p):
		who = pretended(p)
	case len(p.Personas) > 0 && p.Personas[0].Count*2 >= p.Messages:
		who = oneLine(p.Personas[0].Value)
	}
	theme := leading(p.Themes)
	switch {
	case who != "" && theme != "":
		return who + " " + theme + " lure"
	case who != "":
		return who + " lure"
	case theme != "":
		return strings.ToUpper(theme[:1]) + theme[1:] + " lure"
	}
	return "Campaign " + p.Campaign
}

// summary says what happened in exactly three sentences, without the name of a victim.
func summary(p *coldwatch.Profile) []string {
	when := "At a time that is not known"
	if !p.First.IsZero() {
		when = "On " + date(p.First)
		if date(p.First) != date(p.Last) {
			when = "Between " + date(p.First) + " and " + date(p.Last)
		}
	}
	from := ""
	if mostly(p) {
		from = " in the name of " + pretended(p)
	}
	to := "organisations that the directory does not know"
	if n := len(p.Targets); n > 0 {
		to = counted(n, "organisation", "organisations") + " in " + counted(len(p.Countries), "country", "countries")
	}
	kind := "message"
	if bad(p) == p.Messages {
		kind = "hostile message"
	}
	first := fmt.Sprintf("%s, %s%s reached %s.", when, counted(p.Messages, kind, kind+"s"), from, to)
	second := "What the messages want is not known"
	if what := objectiveWords[leading(p.Objectives)]; what != "" {
		second = "They " + what
		if p.Messages == 1 {
			second = "It " + strings.NewReplacer("ask ", "asks ", "want ", "wants ").Replace(what)
		}
	}
	var means []string
	if theme := themeWords[leading(p.Themes)]; theme != "" {
		means = append(means, "the story is "+theme)
	}
	if carrier := carrierWords[leading(p.Carriers)]; carrier != "" {
		means = append(means, "the carrier is "+carrier)
	}
	if len(means) > 0 {
		second += "; " + strings.Join(means, ", ")
	}
	return []string{first, second + ".", chainSentence(p)}
}

// bad counts the messages that were found hostile or targeted.
func bad(p *coldwatch.Profile) int {
	n := 0
	for _, c := range p.Classes {
		if coldwatch.Class(c.Value).Bad() {
			n += c.Count
		}
	}
	return n
}

// end drops the full stop of a company's form where another follows or the sentence goes on.
func end(name string) string { return strings.TrimSuffix(name, ".") }

func chainSentence(p *coldwatch.Profile) string {
	var hit []string
	roles := 0
	for _, s := range p.Stages {
		any := false
		for _, r := range s.Roles {
			if r.Hit > 0 {
				any = true
				roles++
			}
		}
		if any {
			hit = append(hit, stageWords(s.Stage))
		}
	}
	if len(hit) == 0 {
		return "Where on the chain the recipients stand is not known."
	}
	s := "Hit on the chain: " + list(hit, len(hit)) + ", in " + counted(roles, "role", "roles")
	if p.Size.Assessed && p.Size.AtLeast > len(p.Targets) {
		s += fmt.Sprintf("; scaled up to those that do not report, at least %d organisations", p.Size.AtLeast)
	}
	return s + "."
}

func stageWords(stage string) string {
	switch stage {
	case "last-mile":
		return "the last mile"
	case "service":
		return "services to the chain"
	}
	return stage
}

func objective(p *coldwatch.Profile) coldwatch.Objective {
	var o coldwatch.Objective
	for _, s := range p.Objectives {
		if w := objectiveWords[s.Value]; w != "" {
			o.Observed = append(o.Observed, fmt.Sprintf("%d of %d messages %s.", s.Count, p.Messages, w))
		}
	}
	var whom []string
	for _, s := range p.Functions {
		if s.Value != "other" {
			whom = append(whom, fmt.Sprintf("%s (%d)", s.Value, s.Count))
		}
	}
	if len(whom) > 0 {
		o.Observed = append(o.Observed, "Functions of the people addressed: "+list(whom, 8)+".")
	}
	lead := leading(p.Objectives)
	if gains[lead] == "" {
		o.Inferred = coldwatch.Judgement{Text: "What was sought is not assessed: the messages do not show it.",
			Gaps: []string{"No message shows where its request leads."}}
		return o
	}
	j := coldwatch.Judgement{
		Text: "It is likely that " + gains[lead] + ".", Likelihood: "likely", Basis: o.Observed,
		Gaps:   []string{"The messages do not show what was done with what was sent or typed."},
		Change: []string{"Use of stolen accounts, or requests of another kind in the same campaign."},
	}
	level := "low"
	if len(p.Targets) >= 3 && p.Objectives[0].Value == lead && p.Objectives[0].Count*5 >= p.Messages*4 {
		level = "moderate"
	}
	j.Confidence = "Confidence in this judgement is " + level + "."
	o.Inferred = j
	return o
}

// judgements are the assessed statements of the whole profile, each with basis, gaps and what would change it.
func judgements(p *coldwatch.Profile) []coldwatch.Judgement {
	out := []coldwatch.Judgement{p.Objective.Inferred, p.Activity}
	if !p.Start.Observed.IsZero() {
		text := fmt.Sprintf("The campaign began between %s and %s.", date(p.Start.Earliest), date(p.Start.Observed))
		if p.Start.AtLeast {
			text = fmt.Sprintf("The campaign has been active since at least %s.", date(p.Start.Observed))
		} else if date(p.Start.Earliest) == date(p.Start.Observed) {
			text = fmt.Sprintf("The campaign began on %s.", date(p.Start.Observed))
		}
		out = append(out, coldwatch.Judgement{Text: text, Basis: append([]string{p.Start.Method}, p.Start.Anchors...),
			Gaps:   []string{"Messages to organisations that do not report, and messages from before the first mail seen."},
			Change: []string{"An earlier message, or an earlier registration of a domain that the campaign owns."}})
	}
	if j, ok := knowledgeOverTime(p); ok {
		out = append(out, j)
	}
	if p.Size.Assessed {
		out = append(out, coldwatch.Judgement{Text: fmt.Sprintf("At least %s were hit.", counted(p.Size.AtLeast, "organisation", "organisations")),
			Basis: append([]string{p.Size.Reason}, p.Size.Strata...), Gaps: []string{p.Size.Assumption},
			Change: []string{"Reports from organisations that do not report now."}})
	}
	if p.Next.Assessed && len(p.Next.Ranked) > 0 {
		top := p.Next.Ranked[0]
		out = append(out, coldwatch.Judgement{Text: fmt.Sprintf("Of the organisations not yet seen as targets, the first in rank is %s; that it is or becomes one: %s.", end(top.Name), top.Words),
			Likelihood: top.Words, Basis: append([]string{p.Next.Reason}, top.Reasons...),
			Gaps:   []string{"The directory does not hold every organisation and relation of the chain."},
			Change: []string{"New targets in other roles or countries."}})
	}
	if len(p.Attribution.Hypotheses) > 0 {
		best := p.Attribution.Hypotheses[0]
		j := coldwatch.Judgement{Text: p.Attribution.Statement, Confidence: "Confidence in this judgement is " + p.Attribution.Confidence + ".",
			Gaps:   []string{"Mail shows methods, and methods are shared, bought and imitated."},
			Change: p.Attribution.Change}
		if p.Attribution.Stated != "" || p.Attribution.Actor != "" {
			j.Likelihood = best.Words
		}
		for _, e := range p.Attribution.Evidence {
			j.Basis = append(j.Basis, fmt.Sprintf("%s (%s, grade %s, %s to fake)", strings.TrimSuffix(e.Text, "."), e.Author, e.Grade, e.Cost))
		}
		if len(j.Basis) == 0 {
			j.Basis = []string{"Only the shares of the classes before any evidence."}
		}
		out = append(out, j)
	}
	return out
}

// knowledgeOverTime says whether the lures came to know more, between the first and the last month with three messages
// or more that state something checkable.
func knowledgeOverTime(p *coldwatch.Profile) (coldwatch.Judgement, bool) {
	var months []coldwatch.FidelityPoint
	for _, m := range p.FidelityOverTime {
		if m.Fidelity.N >= 3 {
			months = append(months, m)
		}
	}
	if len(months) < 2 {
		return coldwatch.Judgement{}, false
	}
	a, b := months[0], months[len(months)-1]
	turn := "stayed about the same"
	switch { // ranges that do not overlap in their middle show a change
	case b.Fidelity.Median > a.Fidelity.High || b.Fidelity.Low > a.Fidelity.Median:
		turn = "grew"
	case b.Fidelity.Median < a.Fidelity.Low || b.Fidelity.High < a.Fidelity.Median:
		turn = "fell"
	}
	j := coldwatch.Judgement{Text: fmt.Sprintf("What the lures know of the trade %s: fidelity %.0f of 100 in %s, %.0f in %s.", turn,
		a.Fidelity.Median, a.From.Format("January 2006"), b.Fidelity.Median, b.From.Format("January 2006")),
		Gaps: []string{"Facts that the directory does not hold are not checked."}, Change: []string{"A fuller catalogue in the directory."}}
	for _, m := range months {
		j.Basis = append(j.Basis, fmt.Sprintf("%s: %d messages, %d facts correct, %d plausible, %d wrong.", m.From.Format("January 2006"), m.Messages,
			m.Claims[coldwatch.Correct], m.Claims[coldwatch.Plausible], m.Claims[coldwatch.Wrong]))
	}
	return j, true
}

func gaps(p *coldwatch.Profile, f *Fold, o Options) []string {
	var out []string
	add := func(is bool, text string) {
		if is {
			out = append(out, text)
		}
	}
	add(p.Possible, "One message at one organisation: a possible campaign, not yet a campaign.")
	add(p.Unknown > 0, fmt.Sprintf("For %s the organisation is not known to the directory.", counted(p.Unknown, "message", "messages")))
	undated := 0
	for _, e := range f.seen {
		if e.at == 0 {
			undated++
		}
	}
	add(undated > 0, fmt.Sprintf("%s without a trusted time of receipt.", counted(undated, "message", "messages")))
	add(len(p.Impersonated) == 0, "Whom the messages pretend to come from is not known.")
	add(o.Telemetry.IsZero(), "Since when mail was seen at all is not known, so a campaign older than it does not show.")
	add(!p.Size.Assessed, "Size: "+p.Size.Reason)
	add(!p.Doses.Assessed, "Doses: "+p.Doses.Reason)
	add(!p.Next.Assessed, "Who is next: "+p.Next.Reason)
	add(!p.Specificity.Assessed, "Targeting index: "+p.Specificity.Reason)
	add(p.HalfLife.N == 0, "Half-life of infrastructure: not assessed, fewer than three owned hosts or addresses were seen twice.")
	add(p.Fidelity.N == 0, "Knowledge of the lures: not assessed, no message states a fact that the directory can check.")
	return out
}
