// Package publish writes a campaign's report so that its reader can act on it: a page for a director, a bundle for a machine,
// lists and rules for a gateway.
//
// Every format takes the same Report and obeys its marking (TLP 2.0): package dossier decides what may be named and puts it into
// words once; the formats only draw. Output is deterministic: equal reports give equal bytes, times come from the report and ids
// from content. A recipient's address never stands in any of them.
package publish

import (
	"io"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/attackflow"
	"github.com/coldwatch/coldwatch/publish/blocklist"
	"github.com/coldwatch/coldwatch/publish/html"
	"github.com/coldwatch/coldwatch/publish/jsonreport"
	"github.com/coldwatch/coldwatch/publish/markdown"
	"github.com/coldwatch/coldwatch/publish/misp"
	"github.com/coldwatch/coldwatch/publish/rules"
	"github.com/coldwatch/coldwatch/publish/stix"
)

// A Format is one way of writing a report.
type Format interface {
	Name() string      // what --format takes: "html"
	Extension() string // with the dot: ".html"
	// Write writes the report. The pack gives names to ids and may be nil. The error is the writer's, or tells that a text
	// could not be encoded; a report that lacks something is still written, and says what it lacks.
	Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error
}

// Formats returns every format, in the order in which help shows them.
func Formats() []Format {
	out := []Format{html.Format{}, markdown.Format{}, markdown.Text{}, jsonreport.Format{}, stix.Format{}, misp.Format{}, attackflow.Format{}}
	for _, f := range blocklist.Formats() {
		out = append(out, f)
	}
	for _, f := range rules.Formats() {
		out = append(out, f)
	}
	return out
}

// Lookup returns the format of that name.
func Lookup(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}
