package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store/postgres"
)

type explainCmd struct {
	File string `arg:"" help:"A message: .eml, .msg, - for standard input, or the id of a stored one."`
	Org  string `help:"Reporting organisation, by its id in the pack." placeholder:"ID"`
}

func (c explainCmd) Run(ctx context.Context, g *Globals) error {
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	e, err := g.reader(ctx, pack)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	sub, err := c.submission(ctx, g, e)
	if err != nil {
		return err
	}
	x, err := e.Explain(ctx, sub)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(x)
	}
	g.printExplanation(&x, pack)
	return nil
}

// reader opens the database, or an empty one in memory where there is none: a message can be explained without.
func (g *Globals) reader(ctx context.Context, pack *knowledge.Pack) (*engine.Engine, error) {
	if _, err := os.Stat(g.DB); errors.Is(err, fs.ErrNotExist) && !postgres.Is(g.DB) {
		dir, err := os.MkdirTemp("", "coldwatch-explain-")
		if err != nil {
			return nil, err
		}
		e, err := g.engine(ctx, dir+"/empty.db", pack, true)
		os.RemoveAll(dir) // the open files live until they are closed
		return e, err
	}
	return g.engine(ctx, g.DB, pack, false)
}

func (c explainCmd) submission(ctx context.Context, g *Globals, e *engine.Engine) (coldwatch.Submission, error) {
	_, statErr := os.Stat(c.File)
	if errors.Is(statErr, fs.ErrNotExist) && c.File != "-" && isHex(c.File) {
		if id, err := e.Store.Find(ctx, c.File); err == nil {
			row, err := e.Store.Row(ctx, id)
			if err != nil {
				return coldwatch.Submission{}, err
			}
			raw, err := e.Store.Raw(ctx, row.RawSHA256)
			return coldwatch.Submission{Raw: raw, Source: row.Source, Organisation: row.Organisation}, err
		}
	}
	src, err := intake.Open(ctx, []string{c.File}, intake.Options{Organisation: c.Org, Stdin: g.stdin})
	if err != nil {
		return coldwatch.Submission{}, err
	}
	defer src.Close()
	for {
		item, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return coldwatch.Submission{}, hinted("coldwatch explain takes one message", "%s holds no message", c.File)
		}
		if err != nil {
			return coldwatch.Submission{}, err
		}
		if item.Skipped == "" {
			return item.Submission, nil
		}
	}
}

func isHex(s string) bool {
	return len(s) >= 6 && strings.Trim(s, "0123456789abcdef") == ""
}

// printExplanation opens with three plain lines: verdict, why, what to do; the ledger follows.
func (g *Globals) printExplanation(x *engine.Explanation, pack *knowledge.Pack) {
	a := x.Analysis
	v := a.Verdict
	g.print("%s", wrap(fmt.Sprintf("Verdict: %s (%s).", v.Class, likelihood(v.Probability)), "", 110))
	g.print("%s", wrap("Why: "+safe(v.Summary), "", 110))
	g.print("%s", wrap("What to do: "+safe(v.Action), "", 110))
	g.section("message")
	g.print("  subject   %s", safe(a.Subject))
	for _, m := range a.Sender.From {
		g.print("  from      %s", mailbox(m))
	}
	for _, m := range a.Sender.ReplyTo {
		g.print("  reply-to  %s", mailbox(m))
	}
	g.print("  received  %s%s", a.Received.Format("2006-01-02 15:04:05 MST"), orNote(!a.Authentication.Traced, "by its own Date field: no trace to trust"))
	for _, p := range x.Parts {
		g.print("  part %-6s %s, %d bytes%s%s", p.ID, safe(p.MediaType), p.Size, optional(", ", p.Encoding), optional(", ", safe(p.Filename)))
	}
	for _, d := range x.Defects {
		g.print("  defect    %s: %s", d.Kind, safe(d.Detail))
	}
	g.printAuthentication(a)
	g.printPayloads(a)
	g.printLure(a)
	g.printLedger(a)
	for _, c := range x.Carried {
		g.section("also in this message")
		g.print("  %s from %s: %s (%+.1f bits)", safe(c.Subject), mailbox(c.Sender.Author()), c.Verdict.Class, c.Verdict.Bits)
	}
	g.section("sighting: what may leave the house")
	g.print("  target    %s, %s, %s", orWord(strings.Join(a.Target.Roles, ", "), "role unknown"), orWord(a.Target.Country, "country unknown"), a.Target.Function)
	g.print("  features  %s", viewCounts(x.Sighting))
	g.printPlacement(x, pack)
}

func (g *Globals) section(name string) { g.print("\n%s", name) }

func (g *Globals) printAuthentication(a *coldwatch.Analysis) {
	au := a.Authentication
	g.section("who is speaking")
	g.print("  SPF %s%s, DKIM %s%s, DMARC %s, ARC %s; source: %s", au.SPF, optional(" ", au.SPFDomain), au.DKIM,
		optional(" ", strings.Join(au.DKIMDomains, " ")), au.DMARC, au.ARC, orWord(safe(au.Source), "none"))
	if au.Hop != "" {
		g.print("  handed over by %s%s", safe(au.Hop), optional(" ", safe(au.HopName)))
	}
	for _, c := range a.Claimed {
		g.print("  claims to be %s%s (%s): %s", safe(c.Name), optional(", ", safe(c.Person)), c.From, yesNo(c.Authentic, "authenticates", "does not authenticate"))
	}
	if len(a.Gates) > 0 {
		g.print("  known kind of mail: %s", strings.Join(a.Gates, ", "))
	}
}

func (g *Globals) printPayloads(a *coldwatch.Analysis) {
	g.section("what is inside")
	for i := range a.Payloads {
		p := &a.Payloads[i]
		g.print("  %-8s %s%s%s, %d bytes%s", safe(p.ID), p.Via, optional(" ", p.Kind), optional(" ", safe(p.Name)), p.Size,
			optional(", unwrapped: ", strings.Join(p.Layers, " > ")))
		for _, f := range p.Forms {
			g.print("           form%s%s: %s", orNoteText(f.Password, " asking for a password"), orNoteText(f.Prefilled, " filled in with the recipient"), safe(strings.Join(f.Inputs, ", ")))
		}
		for _, d := range p.Destinations {
			g.print("           sends to %s (%s)", safe(d.URL), d.Kind)
		}
		for j, l := range p.Links {
			if j == 5 {
				g.print("           … and %d more links", len(p.Links)-5)
				break
			}
			g.print("           link %s%s", short(l.URL, 90), optional(" shown as ", short(l.Shown, 50)))
		}
		if p.Limit != "" {
			g.print("           opening stopped at %s", p.Limit)
		}
	}
}

func (g *Globals) printLure(a *coldwatch.Analysis) {
	l := a.Lure
	g.section("what it wants and what it knows")
	g.print("  theme %s, asks to %s%s", orWord(l.Theme, "other"), orWord(l.Act, "none"), optional(", language ", l.Language))
	for _, c := range l.Claims {
		g.print("  %-12s %-11s %s%s", c.Result, c.Kind, safe(c.Value), optional(" — ", safe(c.Reason)))
	}
	if l.FidelityOf > 0 {
		g.print("  lure fidelity %d of 100 (%s), from %s", l.Fidelity, l.Fidelities, count(l.FidelityOf, "verifiable claim"))
	}
}

func (g *Globals) printLedger(a *coldwatch.Analysis) {
	v := a.Verdict
	g.section("verdict ledger, in bits of evidence")
	g.print("  %+6.1f  prior", v.Prior)
	byReason := map[string]*coldwatch.Finding{}
	for i := range a.Findings {
		byReason[a.Findings[i].Kind+a.Findings[i].Reason] = &a.Findings[i]
	}
	for _, e := range v.Ledger {
		full := ""
		if diff := e.Weight - e.Bits; diff > 0.05 || diff < -0.05 {
			full = fmt.Sprintf(" (alone %+.1f)", e.Weight)
		}
		g.print("  %+6.1f  %s: %s%s", e.Bits, e.Kind, safe(e.Reason), full)
		if f := byReason[e.Kind+e.Reason]; f != nil {
			for i, ev := range f.Evidence {
				if i == 3 {
					break
				}
				g.print("          “%s” at %s %d–%d", short(ev.Quote, 90), safe(ev.Span.Where), ev.Span.Start, ev.Span.End)
			}
		}
	}
	g.print("  %+6.1f  sum%s", v.Bits, optional("; held down as ", v.Gate))
	if len(a.Techniques) > 0 {
		g.print("  ATT&CK %s; Targeted Threat Index %.2f", strings.Join(a.Techniques, ", "), a.TTI)
	}
}

func (g *Globals) printPlacement(x *engine.Explanation, pack *knowledge.Pack) {
	g.section("campaign")
	verb := "would join"
	if x.Known {
		verb = "belongs to"
	}
	switch {
	case x.Campaign != nil:
		g.print("  %s %s", verb, strings.Join(campaignLines(x.Campaign, pack), "\n  "))
	case x.Placement.Campaign != "" && !x.Placement.Opened:
		g.print("  %s %s", verb, x.Placement.Campaign)
	default:
		g.print("  stands alone: no other stored message shares enough with it")
		return
	}
	g.printLink(x.Placement.Link, "  ")
}

// printLink shows a link's ledger.
func (g *Globals) printLink(l coldwatch.Link, indent string) {
	if len(l.Terms) == 0 {
		return
	}
	g.print("%sbecause of what it shares with %s:", indent, shortID(l.B))
	for _, t := range l.Terms {
		g.print("%s  %+5.1f  %s", indent, t.Bits, safe(t.Note))
	}
	g.print("%s  %+5.1f  sum, of %.1f needed", indent, l.Bits, l.Threshold)
}

func shortID(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// likelihood puts a probability in the words of ICD 203.
func likelihood(p float64) string {
	words := []struct {
		under float64
		word  string
	}{{.05, "almost no chance that it is hostile"}, {.2, "very unlikely hostile"}, {.45, "unlikely hostile"}, {.55, "roughly even"}, {.8, "likely hostile"}, {.95, "very likely hostile"}}
	for _, w := range words {
		if p < w.under {
			return w.word
		}
	}
	return "almost certainly hostile"
}

func mailbox(m coldwatch.Mailbox) string {
	if m.Name == "" {
		return safe(m.Address)
	}
	return fmt.Sprintf("%s <%s>", safe(m.Name), safe(m.Address))
}

// viewCounts lists how many values a sighting gives in each view.
func viewCounts(s coldwatch.Sighting) string {
	var parts []string
	for i := 0; i < len(s.Features); {
		j := i
		for j < len(s.Features) && s.Features[j].View == s.Features[i].View {
			j++
		}
		parts = append(parts, fmt.Sprintf("%s %d", s.Features[i].View, j-i))
		i = j
	}
	return strings.Join(parts, ", ")
}

func optional(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func orNote(show bool, text string) string { return orNoteText(show, " ("+text+")") }

func orNoteText(show bool, text string) string {
	if show {
		return text
	}
	return ""
}

func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
