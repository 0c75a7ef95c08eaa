// Package jsonreport writes a campaign's report as JSON (RFC 8259): the Report itself under stable names, with the name of its
// schema. Map keys are sorted and times are RFC 3339 in UTC, so equal reports give equal bytes. What a
// web address says about its recipient is cut off here too.
package jsonreport

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// Schema names the format of the file; the number rises only when a name changes or falls away.
const Schema = "coldwatch/report/1"

// Format is the JSON format.
type Format struct{}

// Name returns "json".
func (Format) Name() string { return "json" }

// Extension returns ".json".
func (Format) Extension() string { return ".json" }

// Write writes the report as far as its marking allows, indented, with a final line break.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	r = dossier.Redact(r, pack, dossier.NamesInReports)
	r.Profile.Infrastructure = slices.Clone(r.Profile.Infrastructure)
	for i := range r.Profile.Infrastructure {
		if v := &r.Profile.Infrastructure[i]; v.Kind == coldwatch.URL {
			v.Value = dossier.WithoutRecipient(v.Value)
		}
	}
	r.Marking.TLP = dossier.Label(r.Marking.TLP)
	r.Made = r.Made.UTC().Truncate(time.Second)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Schema string `json:"schema"`
		coldwatch.Report
	}{Schema, r})
}
