// Package form says what is odd about how a message is made.
//
// The message room notes a Defect wherever a message breaks the form of RFC 5322 or RFC 2045, and takes every reading that
// some mail program could take. Most defects say no more than that software is bad. Two sorts are worth a finding. A message
// that can be read in more than one way shows one thing to the filter and another to its reader, which hardly happens by
// accident (Zhang et al., "Inbox Invasion", CCS 2024): of a thousand ordinary messages three can be.
// And a message that was not read to its end, because a limit was reached, must say so.
//
// Findings have the kinds of their defects: "mime.duplicate_type", "limit.mime_depth".
package form

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// Name is the analyser's name and version as findings quote it.
const Name = "form/1"

// An Analyzer turns defects into findings.
type Analyzer struct{}

// New returns an analyser.
func New() *Analyzer { return &Analyzer{} }

// Name returns the analyser's name and version.
func (*Analyzer) Name() string { return Name }

// Analyze needs Message.
func (*Analyzer) Analyze(a *coldwatch.Analysis) {
	at := map[string]int{} // kind → index of its finding
	first := len(a.Findings)
	for i := range a.Message.Defects {
		d := &a.Message.Defects[i]
		limit := strings.HasPrefix(d.Kind, "limit.")
		if !limit && !d.Ambiguous {
			continue
		}
		k, known := at[d.Kind]
		if !known {
			k = len(a.Findings)
			at[d.Kind] = k
			f := coldwatch.Finding{Kind: d.Kind, Bits: 0.5, Group: "limit", Reason: "Reading stopped at a limit: " + d.Detail + ".", Analyzer: Name}
			if !limit {
				f.Bits, f.Group, f.Techniques = bits(d.Kind), "form", []string{"T1027"}
				f.Reason = "Mail programs read this message in different ways: " + d.Detail + "."
			}
			a.Add(f)
		}
		if f := &a.Findings[k]; len(f.Evidence) < 3 {
			f.Evidence = append(f.Evidence, evidence(a.Message.Raw, d))
		}
	}
	slices.SortFunc(a.Findings[first:], func(x, y coldwatch.Finding) int { return strings.Compare(x.Kind, y.Kind) })
}

// bits is how much an ambiguity says. Header fields that are there twice and text that is encoded without a word about it
// come from old programs too; what delimits parts hardly does.
func bits(kind string) float64 {
	switch kind {
	case "mime.reading":
		return 1.5 // content that shows in one reading only
	case "mime.undeclared_quoted", "mime.inline_uuencode", "header.missing", "header.nul", "header.bare_cr":
		return 0.3
	}
	if strings.HasPrefix(kind, "header.") {
		return 0.5
	}
	return 1
}

// maxQuote bounds a quotation in bytes.
const maxQuote = 160

// evidence points at the bytes that the defect is about, or at the first line where it begins.
func evidence(raw []byte, d *coldwatch.Defect) coldwatch.Evidence {
	start := max(0, min(d.Offset, len(raw)))
	end := min(start+max(d.Length, 0), len(raw))
	if end == start {
		for end < len(raw) && raw[end] != '\n' && end-start < maxQuote {
			end++
		}
	}
	quote := raw[start:min(end, start+maxQuote)]
	return coldwatch.Evidence{Span: coldwatch.Span{Where: "raw", Start: start, End: end}, Quote: readable(quote)}
}

// readable makes a quotation of bytes that may be none: white space in one, and what cannot be shown as an escape.
func readable(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' && len(b) > 1 && b[1] == '\n':
			if s.Len() > 0 && !strings.HasSuffix(s.String(), " ") {
				s.WriteByte(' ')
			}
		case r == utf8.RuneError && n == 1, !strconv.IsPrint(r):
			q := strconv.QuoteToASCII(string(b[:n]))
			s.WriteString(q[1 : len(q)-1])
		default:
			s.WriteRune(r)
		}
		b = b[n:]
	}
	if out := strings.TrimSpace(s.String()); out != "" {
		return out
	}
	return "(empty)"
}
