package dossier

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// What the report shows of long lists; the JSON form has them whole.
const (
	maxLinks    = 25
	maxTerms    = 6
	maxMessages = 200
	maxLocal    = 100
	maxIDs      = 12
	maxNext     = 10
	maxFiles    = 12
)

func (b *builder) doses() []Block {
	d := b.p.Doses
	var out []Block
	if !d.Assessed {
		out = append(out, Note{"open", "Not assessed" + because(d.Reason)})
	} else {
		s := DefangText(d.Reason)
		if s == "" {
			s = "Doses that pass through the custody of organisations that were hit, a week: " + Interval(d.PerWeek) + "."
		}
		out = append(out, Paragraph{s}, Note{"info", "Exposed means that the organisation was addressed, not that anything happened to a dose."})
	}
	if len(d.Lanes) > 0 {
		t := Table{Caption: "Lanes", Head: []string{"Lane", "Vaccine", "Stored at", "Cooled by", "Holds for (hours)", "Doses a week", "Hit on it", "Also serves this link"}}
		for _, l := range d.Lanes {
			store := "not known"
			if l.StorageKnown {
				store = Number(l.StorageMin) + " to " + Number(l.StorageMax) + " °C"
			}
			other := Join(b.organisations(l.Alternatives))
			if other == "" {
				other = "no other known"
			}
			t.Rows = append(t.Rows, []Cell{text(Visible(l.Lane)), text(Visible(b.vaccine(l.Vaccine))), text(store), text(words(Visible(l.ColdSource))),
				text(Interval(l.HoldoverHours)), text(Interval(l.PerWeek)), text(Join(b.organisations(l.Stops))), text(other)})
		}
		out = append(out, t)
	}
	if len(b.p.Excursions) > 0 {
		t := Table{Caption: "Temperatures past the limit in the custody of an organisation that was hit", Head: []string{"When", "Lane", "Organisation", "Measured", "Limit"}}
		for _, e := range b.p.Excursions {
			t.Rows = append(t.Rows, []Cell{text(Minute(e.At)), text(Visible(e.Lane)), text(b.organisation(e.Organisation)), text(Number(e.Celsius) + " °C"), text(Number(e.Limit) + " °C")})
		}
		out = append(out, t, Note{"info", "A temperature past its limit at a place that was hit is a reason to look, not a proof that one caused the other."})
	}
	return out
}

func (b *builder) vaccine(id string) string {
	if b.pack != nil {
		for i := range b.pack.Vaccines {
			if v := &b.pack.Vaccines[i]; v.ID == id {
				return v.Name
			}
		}
	}
	return id
}

func (b *builder) size() []Block {
	s := b.p.Size
	if !s.Assessed {
		return []Block{Note{"open", "Not assessed" + because(s.Reason)}}
	}
	out := []Block{Paragraph{strings.TrimSpace("At least " + Count(s.AtLeast, "organisation", "organisations") + ", those included that do not report here. " + DefangText(s.Reason))}}
	if s.Assumption != "" {
		out = append(out, Paragraph{"This assumes: " + DefangText(s.Assumption)})
	}
	if len(s.Strata) > 0 {
		out = append(out, List{Items: texts(s.Strata)})
	}
	return out
}

func (b *builder) next() []Block {
	n := b.p.Next
	if !n.Assessed {
		return []Block{Note{"open", "Not assessed" + because(n.Reason)}}
	}
	var out []Block
	if n.Reason != "" {
		out = append(out, Paragraph{DefangText(n.Reason)})
	}
	t := Table{Head: []string{"Organisation", "Likelihood", "Why"}}
	for i, c := range n.Ranked {
		if i == maxNext {
			break
		}
		name := c.Name
		if name == "" {
			name = b.organisation(c.Organisation)
		}
		likely := Visible(c.Words)
		if c.Probability > 0 {
			likely = strings.TrimSpace(likely + " (" + Percent(c.Probability) + ")")
		}
		t.Rows = append(t.Rows, []Cell{text(Visible(name)), text(likely), text(sentences(c.Reasons))})
	}
	if len(t.Rows) > 0 {
		out = append(out, t)
	}
	if len(n.Ranked) > maxNext {
		out = append(out, Paragraph{fmt.Sprintf("Shown: the first %d of %d; the JSON form has them all.", maxNext, len(n.Ranked))})
	}
	return out
}

// sentences joins reasons, each with its full stop.
func sentences(in []string) string {
	out := texts(in)
	for i := range out {
		out[i] = strings.TrimRight(out[i], ".;") + "."
	}
	return strings.Join(out, " ")
}

func (b *builder) attribution() []Block {
	a := b.p.Attribution
	var out []Block
	statement := DefangText(a.Statement)
	if statement == "" && len(a.Hypotheses) == 0 {
		return []Block{Note{"open", "Not assessed: no hypothesis was weighed."}}
	}
	if statement == "" {
		statement = "Actor unknown."
	}
	out = append(out, Paragraph{statement})
	if a.Confidence != "" {
		out = append(out, Paragraph{"Confidence in this statement is " + Visible(a.Confidence) + "."})
	}
	if len(a.Hypotheses) > 0 {
		bars := Bars{Caption: "Kinds of actor, weighed against each other (middle, and the interval that holds nine draws in ten)"}
		for _, h := range a.Hypotheses {
			bars.Rows = append(bars.Rows, Bar{Label: words(Visible(h.Name)), Note: Visible(h.Words), Low: h.Low, Median: h.Median, High: h.High, Top: h.Top})
		}
		out = append(out, bars, Paragraph{"This is a ledger to read, not an oracle: it moves with the grades below."})
	}
	if len(a.Evidence) > 0 {
		t := Table{Caption: "Evidence, graded by the Admiralty system (source A–F, item 1–6)", Head: []string{"Evidence", "Group", "Grade", "To fake", "Entered by"}}
		for _, e := range a.Evidence {
			t.Rows = append(t.Rows, []Cell{text(DefangText(e.Text)), text(words(Visible(e.Group))), text(Visible(e.Grade)), text(Visible(e.Cost)), text(Visible(e.Author))})
		}
		out = append(out, t)
	}
	if a.Linchpin != "" {
		out = append(out, Note{"warn", "The statement hangs on one item: " + DefangText(a.Linchpin)})
	}
	if len(a.Change) > 0 {
		out = append(out, Heading{"What would change this"}, List{Items: texts(a.Change)})
	}
	return out
}

func (b *builder) links() []Block {
	links := append([]coldwatch.Link(nil), b.r.Links...)
	if len(links) == 0 {
		if b.p.Possible || b.p.Messages == 1 {
			return []Block{Note{"open", "There is one message only, so nothing is linked yet. A second one like it would open a campaign."}}
		}
		return []Block{Note{"open", "The ledger of links is not part of this report."}}
	}
	sort.SliceStable(links, func(i, j int) bool {
		x, y := links[i], links[j]
		if x.Bits != y.Bits {
			return x.Bits > y.Bits
		}
		return x.A+x.B < y.A+y.B
	})
	out := []Block{Paragraph{"What two messages share is evidence when it is rare elsewhere. It is counted in bits: each bit doubles the odds that the two are of one operation. " +
		"“In 0 of 90 others” says how many other groups of mail hold the same. The strongest links:"}}
	t := Table{Head: []string{"Messages", "Bits", "Needed", "What they share"}}
	for i, l := range links {
		if i == maxLinks {
			out = append(out, Paragraph{fmt.Sprintf("Shown: %d of %d links; the JSON form has them all.", maxLinks, len(links))})
			break
		}
		var why []string
		for k, term := range l.Terms {
			if k == maxTerms {
				why = append(why, fmt.Sprintf("and %d more", len(l.Terms)-maxTerms))
				break
			}
			why = append(why, strings.TrimSuffix(Cut(evidence(term), 300), ".")+" ("+signed(term.Bits)+")")
		}
		t.Rows = append(t.Rows, []Cell{code(Short(l.A) + " – " + Short(l.B)), number(Number(l.Bits)), number(Number(l.Threshold)), text(strings.Join(why, "; "))})
	}
	return append(out, t)
}

// views names what two messages may share.
var views = map[coldwatch.View]string{
	coldwatch.ViewHost: "host", coldwatch.ViewPath: "address on the host", coldwatch.ViewAccount: "customer of a shared host", coldwatch.ViewLinkHost: "host of a link",
	coldwatch.ViewStructure: "structure of the page", coldwatch.ViewLayers: "wrappings", coldwatch.ViewAttachment: "attachment", coldwatch.ViewFuzzy: "nearly the same attachment",
	coldwatch.ViewImage: "picture", coldwatch.ViewFileName: "form of the file name", coldwatch.ViewMetadata: "author or program of the document", coldwatch.ViewSender: "sending domain",
	coldwatch.ViewReplyTo: "address for answers", coldwatch.ViewEnvelope: "envelope sender", coldwatch.ViewDKIM: "signing domain", coldwatch.ViewPersona: "name shown",
	coldwatch.ViewNet: "sending network", coldwatch.ViewTooling: "sending program", coldwatch.ViewText: "wording", coldwatch.ViewSubject: "form of the subject",
	coldwatch.ViewIdentity: "who is impersonated", coldwatch.ViewTheme: "theme", coldwatch.ViewModels: "models named",
}

// evidence puts a term of a link into words; a value that is only a fingerprint is left out.
func evidence(t coldwatch.Term) string {
	name := views[t.View]
	if name == "" {
		name = words(string(t.View))
	}
	value := Visible(t.Value)
	rest := strings.TrimPrefix(t.Note, string(t.View)+" ")
	if value != "" {
		rest = strings.TrimPrefix(rest, t.Value)
	}
	if len(value) >= 12 && strings.Trim(value, "0123456789abcdef") == "" {
		value = ""
	}
	rest = strings.ReplaceAll(rest, "other clusters", "others")
	text := strings.Join(strings.Fields(name+" "+value+" "+rest), " ")
	return DefangText(strings.NewReplacer(" :", ":", " bands equal", " samples equal").Replace(text))
}

func signed(f float64) string {
	if f > 0 {
		return "+" + strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

func (b *builder) messages() []Block {
	members := b.p.Members
	if len(members) == 0 {
		return nil
	}
	var out []Block
	local := append([]coldwatch.LocalMessage(nil), b.r.Local...)
	sort.SliceStable(local, func(i, j int) bool {
		if !local[i].Received.Equal(local[j].Received) {
			return local[i].Received.Before(local[j].Received)
		}
		return local[i].ID < local[j].ID
	})
	if len(local) > 0 {
		t := Table{Caption: "At hand on this node", Head: []string{"Received", "Organisation", "From, as shown", "Subject", "What weighs most", "Id"}}
		for i, m := range local {
			if i == maxLocal {
				break
			}
			reasons := texts(m.Reasons)
			t.Rows = append(t.Rows, []Cell{text(Minute(m.Received)), text(b.organisation(m.Organisation)), text(Cut(DefangText(m.From), 120)),
				text(Cut(DefangText(m.Subject), 160)), text(Cut(strings.Join(reasons[:min(1, len(reasons))], " "), 300)), code(Short(m.ID))})
		}
		out = append(out, t)
		if e := local[0].Excerpt; e != "" {
			out = append(out, Paragraph{"Words that decided what the first one wants, recipient masked: “" + Cut(DefangText(e), 600) + "”"})
		}
		if len(local) > maxLocal {
			out = append(out, Paragraph{fmt.Sprintf("Shown: the first %d of %d messages at hand.", maxLocal, len(local))})
		}
	}
	out = append(out, Heading{"Ids of all " + Count(len(members), "message", "messages")})
	ids := make([]string, 0, min(len(members), maxMessages))
	for i, id := range members {
		if i == maxMessages {
			break
		}
		ids = append(ids, Visible(Short(id)))
	}
	out = append(out, Paragraph{strings.Join(ids, " ")})
	if len(members) > maxMessages {
		out = append(out, Paragraph{fmt.Sprintf("Shown: %d of %d; the JSON form has them all.", maxMessages, len(members))})
	}
	return out
}

// figures lists, for each figure of the report, the messages that it counts. A figure that counts all of them needs no list.
func (b *builder) figures() []Block {
	if len(b.r.Figures) == 0 {
		return nil
	}
	t := Table{Head: []string{"Figure", "Value", "Messages", "Ids"}}
	for _, f := range b.r.Figures {
		value := words(strings.ReplaceAll(Visible(f.Value), "|", " "))
		switch f.What {
		case "indicator":
			value = DefangText(Visible(f.Value))
		case "impersonated":
			value = b.organisation(f.Value)
		}
		if len(f.Value) == 64 && f.What == "indicator" {
			value = Short(f.Value)
		}
		ids := make([]string, 0, maxIDs)
		for i, id := range f.Messages {
			if i == maxIDs {
				ids = append(ids, fmt.Sprintf("and %d more: the JSON form has them", len(f.Messages)-maxIDs))
				break
			}
			ids = append(ids, Short(id))
		}
		if len(f.Messages) == b.p.Messages {
			ids = []string{"all"}
		}
		t.Rows = append(t.Rows, []Cell{text(words(f.What)), text(value), number(strconv.Itoa(len(f.Messages))), code(strings.Join(ids, " "))})
	}
	return []Block{t}
}

func (b *builder) warnings() []Block {
	if len(b.r.Warnings) == 0 {
		return nil
	}
	t := Table{Head: []string{"Reader", "Because", "Marking", "State", "From report to warning", "Answer"}}
	var sum coldwatch.Answer
	answered := 0
	for _, w := range b.r.Warnings {
		state := "ready to go out"
		if w.Held != "" {
			state = "held: " + DefangText(w.Held)
		}
		name := w.Name
		if name == "" {
			name = b.organisation(w.Reader)
		}
		answer := ""
		if a := w.Answer; a != nil {
			answered++
			answer = answerWords(*a)
			sum.Add(*a)
		}
		t.Rows = append(t.Rows, []Cell{text(Visible(name)), text(words(Visible(w.Reason))), text(Label(w.Marking.TLP)), text(state), text(clock(w)), text(answer)})
	}
	if answered == 0 { // no column for what nobody said yet
		t.Head = t.Head[:len(t.Head)-1]
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][:len(t.Head)]
		}
	}
	if answered > 0 {
		return []Block{t, Paragraph{Count(answered, "reader has answered", "readers have answered") + ", in all: " + answerWords(sum) + "."}}
	}
	return []Block{t}
}

func answerWords(a coldwatch.Answer) string {
	return fmt.Sprintf("%s received, %d blocked, opened by %s, credentials entered by %d, %d reset",
		Count(a.Received, "message", "messages"), a.Blocked, Count(a.Opened, "person", "people"), a.Credentials, a.Reset)
}

// clock is the time from the receipt of the message that caused a warning to the warning.
func clock(w coldwatch.Warning) string {
	if w.Reported.IsZero() || w.At.Before(w.Reported) {
		return ""
	}
	d := w.At.Sub(w.Reported)
	switch {
	case d < time.Minute:
		return Count(int(d/time.Second), "second", "seconds")
	case d < 2*time.Hour:
		return Count(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return Count(int(d/time.Hour), "hour", "hours")
	}
	return Count(int(d/(24*time.Hour)), "day", "days")
}
