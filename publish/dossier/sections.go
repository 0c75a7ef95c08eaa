package dossier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

func (b *builder) where() []Block {
	c := b.mapCountries()
	if len(c) == 0 {
		return []Block{Note{"open", "No country is known: the organisations that were hit are not in the directory."}}
	}
	out := []Block{Map{c}}
	if b.p.Unknown > 0 {
		out = append(out, Paragraph{Count(b.p.Unknown, "message", "messages") + " went to organisations that are not in the directory; their country is not known."})
	}
	return out
}

func (b *builder) chain() []Block {
	st := b.stages()
	if len(st) == 0 {
		return nil
	}
	var hit []string
	for _, s := range st {
		if s.Hit > 0 {
			hit = append(hit, s.Name)
		}
	}
	lead := "No stage of the chain is known to be hit."
	if len(hit) > 0 {
		lead = "Mail reached " + Join(hit) + "."
	}
	return []Block{Paragraph{lead + " Each figure counts the organisations hit, out of those that the directory knows."}, Chain{st}}
}

func (b *builder) when() []Block {
	p := b.p
	var out []Block
	if len(p.Timeline) > 0 {
		t := Timeline{Waves: p.Timeline, Phases: p.Phases, Earliest: p.First, Last: p.Last, Likely: p.Start.Likely, First: p.First}
		if !p.Start.Earliest.IsZero() && p.Start.Earliest.Before(t.Earliest) {
			t.Earliest = p.Start.Earliest
		}
		out = append(out, t)
		w := Table{Caption: "Waves", Head: []string{"When", "Messages", "Organisations", "Hit for the first time"}}
		for _, v := range p.Timeline {
			w.Rows = append(w.Rows, []Cell{text(span(v.From, v.To, "Jan")), number(strconv.Itoa(v.Messages)), number(strconv.Itoa(v.Organisations)),
				text(Join(b.organisations(v.New)))})
		}
		out = append(out, w)
	}
	if s := p.Start; !s.Observed.IsZero() {
		l := "The first message was received on " + Day(s.Observed) + "."
		if !s.Likely.IsZero() {
			l += " The campaign probably began around " + Day(s.Likely)
			if !s.Earliest.IsZero() {
				l += ", and with 95 % confidence not before " + Day(s.Earliest)
			}
			l += "."
		}
		if s.AtLeast {
			l += " Mail before that was not seen by anybody here: read it as active since at least " + Day(s.Observed) + "."
		}
		if s.Method != "" {
			l += " Method: " + strings.TrimSuffix(DefangText(s.Method), ".") + "."
		}
		out = append(out, Paragraph{l})
		if len(s.Anchors) > 0 {
			out = append(out, List{Items: texts(s.Anchors)})
		}
	}
	if len(p.Phases) > 0 {
		out = append(out, Heading{"Phases of method"})
		var items []string
		for i, ph := range p.Phases {
			line := Span(ph.From, ph.To) + ": "
			switch {
			case len(ph.Changes) > 0:
				line += strings.Join(texts(ph.Changes), " ")
			case i == 0:
				line += "the first methods seen."
			default:
				line += "no change described."
			}
			if ph.P > 0 {
				line += fmt.Sprintf(" (Chance of such a change by accident: %s.)", Percent(ph.P))
			}
			items = append(items, line)
		}
		out = append(out, List{Items: items, Ordered: true})
	}
	if p.Activity.Text != "" {
		out = append(out, Opinion{p.Activity})
	}
	return out
}

func (b *builder) impersonated() []Block {
	p := b.p
	if len(p.Impersonated) == 0 && len(p.Personas) == 0 {
		return []Block{Note{"open", "No impersonated organisation was recognised."}}
	}
	var out []Block
	if len(p.Impersonated) > 0 {
		out = append(out, shares("Organisations whose name was abused", "Organisation", verbatim(p.Impersonated)),
			Paragraph{"Being impersonated is no fault of the organisation named here; it is a victim too."})
	}
	if len(p.Personas) > 0 {
		out = append(out, shares("Names shown as the sender", "Name shown", verbatim(p.Personas)))
	}
	return out
}

func (b *builder) lure() []Block {
	p := b.p
	t := Table{Caption: "What the messages said and asked for", Head: []string{"", ""}}
	row := func(name string, in []coldwatch.Share) {
		if len(in) == 0 {
			return
		}
		var parts []string
		for _, s := range in {
			parts = append(parts, fmt.Sprintf("%s (%d)", label(s), s.Count))
		}
		t.Rows = append(t.Rows, []Cell{text(name), text(strings.Join(parts, ", "))})
	}
	row("Theme", p.Themes)
	row("The text asks to", p.Acts)
	row("Carried by", p.Carriers)
	row("Programmes named", verbatim(p.Programmes))
	if m := models(p.Models); m != "" {
		t.Rows = append(t.Rows, []Cell{text("Equipment named"), text(m)})
	}
	row("Wrappings around the payload", p.Layers)
	var out []Block
	if len(t.Rows) > 0 {
		out = append(out, t)
	}
	out = append(out, Heading{"How much the lure knew"})
	if p.Fidelity.N == 0 {
		out = append(out, Note{"open", "Not assessed: the messages made no statement that the directory can check."})
	} else {
		out = append(out, Paragraph{"Share of checkable statements (makes, models, prices, programmes) that were right, from 0 to 100: " + Interval(p.Fidelity) +
			", median " + Number(p.Fidelity.Median) + ", over " + Count(p.Fidelity.N, "message", "messages") + ". The more a lure knows, the more preparation stands behind it."})
	}
	if len(p.Claims) > 0 {
		c := Table{Caption: "Statements checked", Head: []string{"Result", "Statements"}}
		for _, k := range []string{coldwatch.Correct, coldwatch.Plausible, coldwatch.Wrong, coldwatch.Unverifiable} {
			if n, ok := p.Claims[k]; ok {
				c.Rows = append(c.Rows, []Cell{text(k), number(strconv.Itoa(n))})
			}
		}
		out = append(out, c)
	}
	if len(p.FidelityOverTime) > 1 {
		c := Table{Caption: "By month", Head: []string{"Month", "Messages", "Knew (0 to 100)", "Correct", "Wrong"}}
		for _, f := range p.FidelityOverTime {
			c.Rows = append(c.Rows, []Cell{text(f.From.UTC().Format("January 2006")), number(strconv.Itoa(f.Messages)), text(Interval(f.Fidelity)),
				number(strconv.Itoa(f.Claims[coldwatch.Correct])), number(strconv.Itoa(f.Claims[coldwatch.Wrong]))})
		}
		out = append(out, c)
	}
	if p.TTI.N > 0 {
		out = append(out, Paragraph{"Targeted Threat Index (Citizen Lab, 0 to 10; social preparation times technical effort): " + Interval(p.TTI) + ", median " + Number(p.TTI.Median) + "."})
	}
	return out
}

// models lists equipment, a make at a time: "Make: A (3), B (1); Other: C (2)".
func models(in []coldwatch.Share) string {
	const most = 12 // of one make
	var makes []string
	of := map[string][]string{}
	for _, s := range in {
		name, model, ok := strings.Cut(s.Value, "|")
		if !ok {
			name, model = "", s.Value
		}
		if of[name] == nil {
			makes = append(makes, name)
		}
		of[name] = append(of[name], fmt.Sprintf("%s (%d)", Visible(model), s.Count))
	}
	var parts []string
	for _, name := range makes {
		list := of[name]
		if len(list) > most {
			list = append(slices.Clone(list[:most]), fmt.Sprintf("%d more", len(of[name])-most))
		}
		part := strings.Join(list, ", ")
		if name != "" {
			part = Visible(name) + ": " + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func (b *builder) targets() []Block {
	p := b.p
	var out []Block
	if slices.ContainsFunc(p.Targets, func(t coldwatch.TargetEntry) bool { return t.Organisation == "" }) {
		out = append(out, Note{"info", "Organisations that were hit are not named to others."})
	}
	if len(p.Targets) > 0 {
		t := Table{Caption: "Organisations", Head: []string{"Organisation", "Role on the chain", "Country", "Functions addressed", "Messages", "First"}}
		for _, e := range p.Targets {
			var roles []string
			for _, r := range e.Roles {
				roles = append(roles, Visible(RoleName(p, r)))
			}
			functions := make([]string, len(e.Functions))
			for i, f := range e.Functions {
				functions[i] = words(f)
			}
			name := e.Name
			if name == "" {
				name = b.organisation(e.Organisation)
			}
			t.Rows = append(t.Rows, []Cell{text(Visible(name)), text(strings.Join(roles, ", ")), text(CountryName(e.Country)),
				text(Visible(strings.Join(functions, ", "))), number(strconv.Itoa(e.Messages)), text(shortDay(e.First))})
		}
		out = append(out, t)
	}
	if p.Unknown > 0 {
		out = append(out, Paragraph{Count(p.Unknown, "message was", "messages were") + " reported by organisations that are not in the directory: role unknown."})
	}
	if len(p.Functions) > 0 {
		out = append(out, shares("Functions of the people addressed", "Function", p.Functions))
	}
	out = append(out, b.index("Was the chain chosen on purpose?", p.Specificity))
	if len(p.RoleIndexes) > 0 {
		t := Table{Caption: "Roles against all mail seen: 1 is what chance would give", Head: []string{"Role", "Times over chance", "Interval"}}
		none := 0
		for _, ri := range p.RoleIndexes {
			if ri.Assessed && ri.Value == 0 {
				none++
				continue
			}
			name := ri.Name
			if name == "" {
				name = words(ri.Role)
			}
			if !ri.Assessed {
				t.Rows = append(t.Rows, []Cell{text(Visible(name)), text("not assessed"), text(DefangText(ri.Reason))})
				continue
			}
			t.Rows = append(t.Rows, []Cell{text(Visible(name)), number(Number(ri.Value)), text(Number(ri.Low) + " to " + Number(ri.High))})
		}
		if len(t.Rows) > 0 {
			out = append(out, t)
		}
		if none > 0 {
			out = append(out, Paragraph{Count(none, "other role", "other roles") + " got none of the campaign's messages."})
		}
	}
	for _, j := range p.Relations {
		out = append(out, Opinion{j})
	}
	if len(p.NotTargeted) > 0 {
		out = append(out, Paragraph{"Organisations of the same role and country that report and were not hit: " + Join(b.organisations(p.NotTargeted)) + "."})
	}
	return out
}

func (b *builder) index(title string, i coldwatch.Index) Block {
	if !i.Assessed {
		return Note{"open", title + " Not assessed" + because(i.Reason)}
	}
	s := title + " " + strings.TrimSuffix(strings.TrimSpace(DefangText(i.Reason)), ".")
	return Paragraph{strings.TrimSpace(s) + fmt.Sprintf(" (index %s, interval %s to %s).", Number(i.Value), Number(i.Low), Number(i.High))}
}

// because appends a reason to "Not assessed".
func because(reason string) string {
	reason = strings.TrimSpace(DefangText(reason))
	reason = strings.TrimPrefix(strings.TrimPrefix(reason, "not assessed: "), "Not assessed: ")
	if reason == "" {
		return "."
	}
	return ": " + strings.TrimSuffix(reason, ".") + "."
}

func (b *builder) objective() []Block {
	o := b.p.Objective
	var out []Block
	if len(o.Observed) > 0 {
		out = append(out, List{Items: texts(o.Observed)})
	} else if len(b.p.Objectives) > 0 {
		out = append(out, Paragraph{"The messages asked for: " + Join(first(b.p.Objectives, 6)) + "."})
	}
	if o.Inferred.Text != "" {
		out = append(out, Opinion{o.Inferred})
	}
	if len(out) > 0 {
		out = append(out, Note{"info", "Whether anybody answered or typed a password cannot be seen in mail. Ask those who received it."})
	}
	return out
}

func (b *builder) infrastructure() []Block {
	p := b.p
	all := merged(Indicators(p, b.pack))
	if len(all) == 0 {
		return []Block{Note{"open", "No infrastructure of the attacker's was found in the messages."}}
	}
	var out []Block
	for _, own := range []bool{true, false} {
		t := Table{Caption: "Looks like the attacker's own; files came with the messages", Head: []string{"Indicator", "Kind", "Used as", "Messages", "First", "Last"}}
		if !own {
			t.Caption = "Shared or borrowed services: watch, but blocking them would hit others too"
		}
		files := 0
		for _, i := range all {
			if Blockable(i) != own {
				continue
			}
			if i.Kind == coldwatch.FileHash {
				if files++; files > maxFiles {
					continue
				}
			}
			v := code(Defang(i.Kind, i.Value))
			if i.Name != "" {
				v.Text += " (" + Visible(i.Name) + ")"
			}
			t.Rows = append(t.Rows, []Cell{v, text(KindName(i.Kind)), text(roleWords(i.Role)), number(strconv.Itoa(i.Messages)), text(shortDay(i.First)), text(shortDay(i.Last))})
		}
		if len(t.Rows) > 0 {
			out = append(out, t)
		}
		if files > maxFiles {
			out = append(out, Paragraph{fmt.Sprintf("Shown: %d of %d files; the machine-readable forms have them all.", maxFiles, files)})
		}
	}
	if h := p.HalfLife; h.N > 0 {
		out = append(out, Paragraph{"Half of the attacker's own addresses were out of use after " + Number(h.Median) + " days (interval " + Interval(h) + " days)."})
	}
	out = append(out, Paragraph{"Indicators are written so that nobody clicks them by mistake (hxxp, [.]). The machine-readable forms (STIX, MISP, CSV, block lists) hold them as they are."})
	return out
}

// roleWords puts the roles of an indicator into words.
func roleWords(roles string) string {
	parts := strings.Split(Visible(roles), ", ")
	for i := range parts {
		parts[i] = words(parts[i])
	}
	return strings.Join(parts, ", ")
}

// KindName names a kind of observable for people.
func KindName(k coldwatch.ObservableKind) string {
	switch k {
	case coldwatch.DomainName:
		return "domain"
	case coldwatch.URL:
		return "web address"
	case coldwatch.EmailAddress:
		return "mail address"
	case coldwatch.IPv4Address, coldwatch.IPv6Address:
		return "IP address"
	case coldwatch.FileHash:
		return "file (SHA-256)"
	}
	return Visible(string(k))
}

func (b *builder) techniques() []Block {
	t := Table{Head: []string{"Technique", "Name", "Tactic", "Messages"}}
	for _, s := range b.p.Techniques {
		name, tactic := Technique(s.Value)
		if parent, _ := Technique(s.Value[:min(5, len(s.Value))]); len(s.Value) == 9 && parent != s.Value[:5] && name != s.Value {
			name = parent + ": " + name
		}
		t.Rows = append(t.Rows, []Cell{code(Visible(s.Value)), text(Visible(name)), text(words(tactic)), number(strconv.Itoa(s.Count))})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []Block{t}
}

func (b *builder) judgements() []Block {
	var out []Block
	for _, j := range b.p.Judgements {
		out = append(out, Opinion{j})
	}
	return out
}

func (b *builder) method() []Block {
	p, r := b.p, b.r
	out := []Block{List{Items: []string{
		"Each message was read by coldwatch: who it claims to be from against who authenticated, what it carries, what it asks for, and what it states about equipment, prices and programmes against the directory.",
		"Messages stand together only where the evidence for one sender outweighs chance; the ledger above and in the JSON form gives each reason with its weight.",
		"Times are those of the trusted receiver, not those that the sender wrote. All times are UTC.",
		"Each message has an id, SHA-256 over the raw message and the organisation that reported it; its first twelve digits stand here. Whoever holds the messages can follow every figure to them.",
		"Likelihood words follow ICD 203: almost no chance 1–5 %, very unlikely 5–20, unlikely 20–45, roughly even 45–55, likely 55–80, very likely 80–95, almost certain 95–99.",
	}}}
	if len(p.Gaps) > 0 {
		out = append(out, Heading{"What is not known"}, List{Items: texts(p.Gaps)})
	}
	rev := Table{Caption: "Revision", Head: []string{"", ""}}
	add := func(k, v string) {
		if v != "" {
			rev.Rows = append(rev.Rows, []Cell{text(k), text(v)})
		}
	}
	add("Campaign", Visible(p.Campaign))
	add("Version", strconv.Itoa(p.Version))
	add("Last message of the campaign", Minute(r.Made))
	add("Directory", Visible(p.Pack))
	return append(out, rev)
}
