package warning

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/coldwatch/coldwatch"
)

// facts are what a warning says about its reader, and nobody else.
type facts struct {
	own       *coldwatch.TargetEntry // targeted
	share     *coldwatch.Share       // impersonated
	candidate *coldwatch.Candidate   // likely next
}

// write fills subject, alert, full text and translations.
func (d *due) write(w *coldwatch.Warning, about facts) {
	all := books()
	w.Subject = d.subject(w)
	w.Text = d.alert(all[0], w, about)
	w.Alerts = map[string]string{}
	for _, b := range all[1:] {
		w.Alerts[b.language] = d.alert(b, w, about)
	}
	w.Full = d.full(w, about)
	if d.o.Synthetic { // outside of the alert's words: the page that shows it has a line of its own
		w.Subject = "[SYNTHETIC] " + w.Subject
		w.Full = "Synthetic: invented data for a demonstration. No such mail was sent.\n\n" + w.Full
	}
}

func (d *due) subject(w *coldwatch.Warning) string {
	what := "hostile mail against " + d.chain(english())
	if who := d.partner(w); who != "" {
		what = "hostile mail in the name of " + who
	}
	switch w.Reason {
	case Targeted:
		return fmt.Sprintf("[%s] Your organisation was targeted: %s", w.Marking.TLP, what)
	case Impersonated:
		return fmt.Sprintf("[%s] The name of your organisation is misused in hostile mail", w.Marking.TLP)
	}
	return fmt.Sprintf("[%s] Alert: %s", w.Marking.TLP, what)
}

// partner names the impersonated organisation, "" when nobody, or the reader itself, is impersonated.
func (d *due) partner(w *coldwatch.Warning) string {
	if len(d.next.Impersonated) == 0 || d.next.Impersonated[0].Value == w.Reader || d.next.Impersonated[0].Count*2 < d.next.Messages {
		return ""
	}
	s := d.next.Impersonated[0]
	if s.Name != "" {
		return s.Name
	}
	return ""
}

func (d *due) chain(b phrasebook) string {
	if d.pack.Sector == "" || strings.Contains(strings.ToLower(d.pack.Sector), "vaccine") {
		return b.chain
	}
	return b.other
}

// alert is the short text, in the shape of CISA's: what, the lure, who, what to do, where to read on.
func (d *due) alert(b phrasebook, w *coldwatch.Warning, about facts) string {
	p := d.next
	var first, second []string
	since := b.date(p.First)
	if who := d.partner(w); who != "" {
		first = append(first, fmt.Sprintf(b.inName, since, who, d.chain(b)))
	} else {
		first = append(first, fmt.Sprintf(b.opening, since, d.chain(b)))
	}
	for _, f := range []struct {
		format, word string
	}{{b.story, b.themes[leading(p.Themes)]}, {b.carrier, b.carriers[leading(p.Carriers)]}, {b.aim, b.aims[leading(p.Objectives)]}} {
		if f.word != "" {
			first = append(first, fmt.Sprintf(f.format, f.word))
		}
	}
	if n := p.Size.AtLeast; n >= minShown && len(p.Targets) >= minShown && len(p.Countries) > 1 {
		first = append(first, fmt.Sprintf(b.size, n, len(p.Countries)))
	}
	switch {
	case about.own != nil && about.own.Messages == 1:
		second = append(second, fmt.Sprintf(b.one, b.date(about.own.First)))
	case about.own != nil:
		second = append(second, fmt.Sprintf(b.reader[Targeted], about.own.Messages, b.date(about.own.First)))
	default:
		second = append(second, b.reader[w.Reason])
	}
	if w.Reason != Impersonated { // the messages do not come to it
		second = append(second, b.act)
	}
	second = append(second, b.pointer)
	gap := " "
	if b.language == "zh-Hant" {
		gap = ""
	}
	for ; ; first = first[:len(first)-1] { // a long name costs the last facts of the first paragraph, never what to do
		text := strings.Join(first, gap) + "\n\n" + strings.Join(second, gap) + "\n"
		if len(first) == 1 || len(strings.Fields(text)) <= maxWords {
			return text
		}
	}
}

// maxWords is the length of an alert.
const maxWords = 120

func leading(shares []coldwatch.Share) string {
	for _, s := range shares {
		if s.Value != "unknown" && s.Value != "other" && s.Value != "none" {
			return s.Value
		}
	}
	return ""
}

// full is the longer text: the alert, then what concerns the reader, how it works, what to do and what to look for.
func (d *due) full(w *coldwatch.Warning, about facts) string {
	var b strings.Builder
	section := func(title string, lines ...string) {
		if len(lines) == 0 {
			return
		}
		b.WriteString(title + "\n\n")
		for _, l := range lines {
			b.WriteString("- " + l + "\n")
		}
		b.WriteString("\n")
	}
	b.WriteString(w.Text + "\n")
	section("Your organisation", d.yours(w, about)...)
	section("How it works", d.how(w)...)
	section("What to do within the hour", d.actions(w)...)
	section("What to look for", d.indicators(w)...)
	section("Method in ATT&CK", d.techniques()...)
	section("Answer", "Please send this mail back with a number after each colon that you can answer; leave the others empty.")
	b.WriteString(form(w) + "\n")
	fmt.Fprintf(&b, "Campaign %s, version %d. Marking: %s.\n", w.Campaign, w.Version, w.Marking.TLP)
	return b.String()
}

func (d *due) yours(w *coldwatch.Warning, about facts) []string {
	var out []string
	en := english()
	switch {
	case about.own != nil:
		o := about.own
		line := fmt.Sprintf("Messages: %d, the first on %s, the last on %s.", o.Messages, en.date(o.First), en.date(o.Last))
		if o.First.IsZero() {
			line = fmt.Sprintf("Messages: %d, at a time that is not known.", o.Messages)
		}
		out = append(out, line)
		if len(o.Functions) > 0 {
			out = append(out, "Functions of the people addressed: "+strings.Join(o.Functions, ", ")+".")
		}
		for i, id := range o.Sightings {
			if i == maxListed {
				out = append(out, fmt.Sprintf("%d more messages.", len(o.Sightings)-maxListed))
				break
			}
			out = append(out, "Message "+id)
		}
	case about.share != nil:
		out = append(out, fmt.Sprintf("%d of %d messages pretend to come from you.", about.share.Count, d.next.Messages))
	case about.candidate != nil:
		c := about.candidate
		why := strings.Join(kinds(c.Reasons), ", ")
		if why == "" {
			why = "what is known of the chain"
		}
		out = append(out, "Of the organisations not seen as targets, yours is among the first in rank, by "+why+".",
			fmt.Sprintf("That it is or becomes a target, on what is known now: %s.", c.Words))
		out = append(out, "What is missing: organisations that do not report are not seen. A message found in your own mail would change this.")
	}
	return out
}

// kinds names a candidate's reasons without their figures, for those speak of others.
func kinds(reasons []string) []string {
	var out []string
	for _, r := range reasons {
		for _, k := range [...][2]string{{"Its role", "your role on the chain"}, {"Its country", "your country"}, {"It stands in a recorded", "your relation to the impersonated organisation"},
			{"It stands close", "your place among partners"}, {"It is a stop", "the lanes that you serve"}, {"Earlier campaigns", "earlier campaigns"}} {
			if strings.HasPrefix(r, k[0]) {
				out = append(out, k[1])
			}
		}
	}
	return out
}

const maxListed = 20

func (d *due) how(w *coldwatch.Warning) []string {
	p, en := d.next, english()
	var out []string
	if len(p.Personas) > 0 && p.Personas[0].Count*2 >= p.Messages {
		if name := d.persona(p.Personas[0].Value, w); name != "" {
			out = append(out, "Name shown as the sender: "+name+".")
		}
	}
	if c := en.carriers[leading(p.Carriers)]; c != "" {
		out = append(out, "Carrier: "+c+".")
	}
	if len(p.Layers) > 0 {
		var names []string
		for _, l := range p.Layers {
			names = append(names, l.Value)
		}
		out = append(out, "The content is wrapped in: "+strings.Join(names, ", ")+".")
	}
	right := p.Claims[coldwatch.Correct] + p.Claims[coldwatch.Plausible]
	if checked := right + p.Claims[coldwatch.Wrong]; checked > 0 {
		out = append(out, fmt.Sprintf("Checkable facts of the trade in the messages: %d; right or plausible: %d.", checked, right))
	}
	return out
}

// persona is the name shown as the sender, "" where it would be a link or give a victim away: the sender chose the words.
func (d *due) persona(name string, w *coldwatch.Warning) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.C, r) }), " ")
	if len([]rune(name)) > 80 || strings.ContainsAny(name, "@/<>") || len(hostnames(refang(name))) > 0 {
		return ""
	}
	if len(Check(name, d.audience(w))) > 0 {
		return ""
	}
	return name
}

func (d *due) actions(w *coldwatch.Warning) []string {
	var out []string
	switch w.Reason {
	case Targeted:
		out = append(out, "Take the messages listed above out of the mailboxes, and keep a copy as evidence.",
			"Ask the people addressed whether they opened or typed anything; reset their passwords and end their sessions if so.")
	case Impersonated:
		out = append(out, "Publish which domains are yours, and set DMARC to reject for each of them.",
			"Ask the registrars and hosts of the look-alike domains below to take them down.")
	default:
		out = append(out, "Search your mail for the indicators below, back to the first date above.")
	}
	return append(out, "Block the indicators below at mail and web gateways.",
		"Require a second factor for mail accounts, and look for sign-ins from unusual places.",
		"Tell staff in procurement, sales, finance and IT to check such requests by a telephone number that they know.")
}

func (d *due) techniques() []string {
	var out []string
	for _, t := range d.next.Techniques {
		out = append(out, t.Value)
	}
	return out
}

// indicators are the adversary's own hosts, addresses and files, defanged. One that gives a victim away to this reader or
// belongs to the chain is left out, and so is a file or address of a page that only one of several messages had: made
// for one recipient, it helps nobody else and may hold who that was.
func (d *due) indicators(w *coldwatch.Warning) []string {
	var out []string
	a := d.audience(w)
	a.Indicators = true
	seen := map[string]bool{}
	for _, i := range d.next.Infrastructure {
		single := (i.Kind == coldwatch.FileHash || i.Kind == coldwatch.URL) && i.Messages == 1 && d.next.Messages > 1
		strange := strings.ContainsFunc(i.Value, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.C, r) })
		if !i.Owned || seen[i.Value] || single || strange || len(out) == maxListed {
			continue
		}
		seen[i.Value] = true
		if len(Check(i.Value+" "+i.Name, a)) > 0 {
			continue
		}
		line := fmt.Sprintf("%s %s", i.Kind, Defang(i.Kind, i.Value))
		if i.Role != "" {
			line += " (" + i.Role + ")"
		}
		out = append(out, line)
	}
	return out
}

// Defang writes an indicator so that no program makes a link of it.
func Defang(kind coldwatch.ObservableKind, value string) string {
	switch kind {
	case coldwatch.FileHash:
		return value
	case coldwatch.URL:
		value = strings.Replace(value, "http", "hxxp", 1)
		if at := strings.Index(value, "://"); at >= 0 {
			host, rest, found := strings.Cut(value[at+3:], "/")
			value = value[:at+3] + strings.ReplaceAll(host, ".", "[.]")
			if found {
				value += "/" + rest
			}
		}
		return value
	}
	return strings.NewReplacer(".", "[.]", "@", "[@]").Replace(value)
}
