package markdown

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// Text is the plain-text format: what goes into a mail. Lines are at most 76 characters where words allow.
type Text struct{}

// Name returns "text".
func (Text) Name() string { return "text" }

// Extension returns ".txt".
func (Text) Extension() string { return ".txt" }

// Write writes the report.
func (Text) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	return DrawText(w, dossier.Build(r, pack))
}

// DrawText writes a document as plain text.
func DrawText(w io.Writer, d *dossier.Document) error {
	t := &textWriter{}
	mark := d.Marking.TLP + ": " + d.Meaning()
	t.para("", "", mark)
	if d.Synthetic {
		t.para("", "", strings.ToUpper(d.InventedWord())+d.Invented()[len(d.InventedWord()):])
	}
	t.para("", "", strings.ToUpper(d.Kicker))
	t.para("", "", d.Title)
	t.para("", "", d.Version+", "+d.Received())
	for _, s := range d.Summary {
		t.para("", "", s)
	}
	for _, f := range d.Facts {
		line := f.Value + " " + f.Label
		if f.Note != "" {
			line += " (" + f.Note + ")"
		}
		t.line("* ", "  ", line)
	}
	if len(d.Facts) > 0 {
		t.b.WriteByte('\n')
	}
	for _, s := range d.Sections {
		title := s.Title
		if d.Synthetic {
			title += " (" + d.InventedWord() + ")"
		}
		fmt.Fprintf(&t.b, "%s\n%s\n\n", title, strings.Repeat("-", utf8.RuneCountInString(title)))
		for _, bl := range s.Blocks {
			t.block(bl)
		}
	}
	t.para("", "", mark)
	_, err := io.WriteString(w, t.b.String())
	return err
}

type textWriter struct{ b strings.Builder }

func (t *textWriter) block(bl dossier.Block) {
	switch v := bl.(type) {
	case dossier.Paragraph:
		t.para("", "", v.Text)
	case dossier.Heading:
		t.para("", "", v.Text+":")
	case dossier.Note:
		t.para("! ", "  ", v.Text)
	case dossier.List:
		for i, it := range v.Items {
			mark := "* "
			if v.Ordered {
				mark = fmt.Sprintf("%d. ", i+1)
			}
			t.line(mark, strings.Repeat(" ", len(mark)), it)
		}
		t.b.WriteByte('\n')
	case dossier.Table:
		t.table(v)
	case dossier.Opinion:
		s := dossier.DefangText(v.Text)
		if v.Likelihood != "" {
			s += " (" + dossier.Visible(v.Likelihood) + ")"
		}
		t.para("", "", s)
		if v.Confidence != "" {
			t.para("  ", "  ", dossier.DefangText(v.Confidence))
		}
		for _, it := range v.Basis {
			t.line("  rests on: ", "    ", dossier.DefangText(it))
		}
		for _, it := range v.Gaps {
			t.line("  not known: ", "    ", dossier.DefangText(it))
		}
		for _, it := range v.Change {
			t.line("  would change it: ", "    ", dossier.DefangText(it))
		}
		t.b.WriteByte('\n')
	case dossier.Map:
		for _, c := range v.Countries {
			t.line("* ", "  ", c.Name+": "+dossier.Count(c.Messages, "message", "messages"))
		}
		t.b.WriteByte('\n')
	case dossier.Chain:
		for _, s := range v.Stages {
			state := "not hit"
			switch {
			case s.Hit > 0:
				state = "HIT"
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
			t.line("* ", "  ", s.Name+": "+state+suffix(" (", strings.Join(roles, ", "), ")"))
		}
		t.b.WriteByte('\n')
	case dossier.Bars:
		for _, r := range v.Rows {
			t.line("* ", "  ", fmt.Sprintf("%s: %s (%s to %s)%s", r.Label, dossier.Percent(r.Median), dossier.Percent(r.Low), dossier.Percent(r.High), suffix(", ", r.Note, "")))
		}
		t.b.WriteByte('\n')
	}
}

func suffix(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// table writes a table as one indented entry a row, since mail has no fixed width.
func (t *textWriter) table(v dossier.Table) {
	if v.Caption != "" {
		t.para("", "", v.Caption+":")
	}
	for _, row := range v.Rows {
		var parts []string
		if len(row) == 2 && row[0].Text != "" && row[1].Text != "" && !row[1].Number {
			t.line("* ", "  ", row[0].Text+": "+row[1].Text)
			continue
		}
		for i, c := range row {
			s := c.Text
			if s == "" {
				continue
			}
			if i > 0 && v.Head[i] != "" {
				s = strings.ToLower(v.Head[i][:1]) + v.Head[i][1:] + ": " + s
			}
			parts = append(parts, s)
		}
		t.line("* ", "  ", strings.Join(parts, "; "))
	}
	t.b.WriteByte('\n')
}

func (t *textWriter) para(first, rest, s string) {
	t.line(first, rest, s)
	t.b.WriteByte('\n')
}

// line wraps a paragraph at 76 characters.
func (t *textWriter) line(first, rest, s string) {
	col := 0
	t.b.WriteString(first)
	col = utf8.RuneCountInString(first)
	begin := true
	for _, w := range strings.Fields(dossier.Visible(s)) {
		n := utf8.RuneCountInString(w)
		if !begin && col+1+n > 76 {
			t.b.WriteString("\n" + rest)
			col, begin = utf8.RuneCountInString(rest), true
		}
		if !begin {
			t.b.WriteByte(' ')
			col++
		}
		t.b.WriteString(w)
		col += n
		begin = false
	}
	t.b.WriteByte('\n')
}
