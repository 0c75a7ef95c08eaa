// Package markdown writes a campaign's report as Markdown (CommonMark 0.31 with the tables of GitHub Flavored Markdown) and as
// plain text for mail (RFC 5322 lines, RFC 3676 width).
//
// Text that an attacker may have written is escaped so that it stays text: no link, no image, no HTML, no table cell of its own
// (CommonMark 2.4, backslash escapes).
package markdown

import (
	"fmt"
	"io"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// Format is the Markdown format.
type Format struct{}

// Name returns "md".
func (Format) Name() string { return "md" }

// Extension returns ".md".
func (Format) Extension() string { return ".md" }

// Write writes the report.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	d := dossier.Build(r, pack)
	var b strings.Builder
	mark := fmt.Sprintf("**%s** %s", Escape(d.Marking.TLP), Escape(dossier.Meaning(d.Marking.TLP)))
	if d.Marking.Group != "" {
		mark += " Sharing group: " + Escape(d.Marking.Group) + "."
	}
	fmt.Fprintf(&b, "%s\n\n", mark)
	synthetic := func() {
		if d.Synthetic {
			b.WriteString("> **Synthetic**: invented data for a demonstration. No such mail was sent.\n\n")
		}
	}
	synthetic()
	fmt.Fprintf(&b, "# %s\n\n*%s · %s · last message received %s*\n\n", Escape(d.Title), Escape(d.Kicker), Escape(d.Version), dossier.Minute(d.Made))
	for _, s := range d.Summary {
		fmt.Fprintf(&b, "%s\n\n", Escape(s))
	}
	for _, f := range d.Facts {
		fmt.Fprintf(&b, "- **%s** %s", Escape(f.Value), Escape(f.Label))
		if f.Note != "" {
			fmt.Fprintf(&b, " (%s)", Escape(f.Note))
		}
		b.WriteByte('\n')
	}
	for _, s := range d.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n", Escape(s.Title))
		synthetic()
		for _, bl := range s.Blocks {
			block(&b, bl)
		}
	}
	fmt.Fprintf(&b, "\n---\n\n%s\n", mark)
	_, err := io.WriteString(w, b.String())
	return err
}

func block(b *strings.Builder, bl dossier.Block) {
	switch v := bl.(type) {
	case dossier.Paragraph:
		fmt.Fprintf(b, "%s\n\n", Escape(v.Text))
	case dossier.Heading:
		fmt.Fprintf(b, "### %s\n\n", Escape(v.Text))
	case dossier.Note:
		fmt.Fprintf(b, "> %s\n\n", Escape(v.Text))
	case dossier.List:
		list(b, v.Items, v.Ordered)
	case dossier.Table:
		table(b, v)
	case dossier.Opinion:
		opinion(b, v)
	case dossier.Map:
		t := dossier.Table{Head: []string{"Country", "Messages"}}
		for _, c := range v.Countries {
			t.Rows = append(t.Rows, []dossier.Cell{{Text: c.Name}, {Text: fmt.Sprint(c.Messages), Number: true}})
		}
		table(b, t)
	case dossier.Chain:
		t := dossier.Table{Head: []string{"Stage", "State", "Roles (hit of known)"}}
		for _, s := range v.Stages {
			state := "not hit"
			switch {
			case s.Hit > 0:
				state = "hit"
			case s.Of == 0:
				state = "not in the directory"
			}
			var roles []string
			for _, r := range s.Role {
				roles = append(roles, fmt.Sprintf("%s %d of %d", r.Name, r.Hit, r.Of))
			}
			if s.Rest != "" {
				roles = append(roles, s.Rest)
			}
			t.Rows = append(t.Rows, []dossier.Cell{{Text: s.Name}, {Text: state}, {Text: strings.Join(roles, ", ")}})
		}
		table(b, t)
	case dossier.Bars:
		t := dossier.Table{Caption: v.Caption, Head: []string{"Hypothesis", "Middle", "Interval", ""}}
		for _, r := range v.Rows {
			t.Rows = append(t.Rows, []dossier.Cell{{Text: r.Label}, {Text: dossier.Percent(r.Median)},
				{Text: dossier.Percent(r.Low) + " to " + dossier.Percent(r.High)}, {Text: r.Note}})
		}
		table(b, t)
	case dossier.Timeline: // the table of waves follows it
	}
}

func list(b *strings.Builder, items []string, ordered bool) {
	for i, it := range items {
		if ordered {
			fmt.Fprintf(b, "%d. %s\n", i+1, Escape(it))
		} else {
			fmt.Fprintf(b, "- %s\n", Escape(it))
		}
	}
	b.WriteByte('\n')
}

func table(b *strings.Builder, t dossier.Table) {
	if t.Caption != "" {
		fmt.Fprintf(b, "**%s**\n\n", Escape(t.Caption))
	}
	b.WriteByte('|')
	for _, h := range t.Head {
		fmt.Fprintf(b, " %s |", Escape(h))
	}
	b.WriteString("\n|")
	for range t.Head {
		b.WriteString(" --- |")
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		b.WriteByte('|')
		for _, c := range row {
			if c.Code {
				fmt.Fprintf(b, " %s |", codeSpan(c.Text))
			} else {
				fmt.Fprintf(b, " %s |", Escape(c.Text))
			}
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func opinion(b *strings.Builder, o dossier.Opinion) {
	fmt.Fprintf(b, "**%s**", Escape(dossier.DefangText(o.Text)))
	if o.Likelihood != "" {
		fmt.Fprintf(b, " (%s)", Escape(o.Likelihood))
	}
	b.WriteString("\n\n")
	if o.Confidence != "" {
		fmt.Fprintf(b, "%s\n\n", Escape(dossier.DefangText(o.Confidence)))
	}
	for _, part := range []struct {
		name  string
		items []string
	}{{"Rests on", o.Basis}, {"Not known", o.Gaps}, {"Would change it", o.Change}} {
		if len(part.items) == 0 {
			continue
		}
		fmt.Fprintf(b, "%s:\n\n", part.name)
		for _, it := range part.items {
			fmt.Fprintf(b, "- %s\n", Escape(dossier.DefangText(it)))
		}
		b.WriteByte('\n')
	}
}

// Escape makes a string plain text in Markdown: punctuation that could begin markup gets a backslash, angle brackets and
// ampersands become entities, hidden characters visible.
func Escape(s string) string {
	s = dossier.Visible(s)
	var b strings.Builder
	for i, r := range s {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '|', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '!':
			if strings.HasPrefix(s[i+1:], "[") {
				b.WriteByte('\\')
			}
			b.WriteByte('!')
		case '#', '+', '-', '=':
			if strings.TrimSpace(s[:i]) == "" { // would open a heading, a list or a rule
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '.', ')':
			if i > 0 && strings.Trim(s[:i], "0123456789 ") == "" { // would open an ordered list
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// codeSpan writes a code span (CommonMark 6.1); text that holds what could be markup to a sloppy reader is escaped instead.
func codeSpan(s string) string {
	s = dossier.Visible(s)
	if s == "" || strings.ContainsAny(s, "<>`|\\") || strings.Contains(s, "](") {
		return Escape(s)
	}
	return "`" + s + "`"
}
