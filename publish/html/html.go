// Package html writes a campaign's report as one HTML page that a director can read, print and pass on within its marking.
//
// The page is self-contained: its style and drawings stand in it, it needs no script, and its content security policy (CSP
// level 3, a hash for the one style sheet, everything else 'none') keeps a browser from loading anything even if a text of the
// attacker's got past the escaping. All text goes through html/template; dossier.Visible has made control and bidirectional
// characters visible before. It follows the reader's light or dark setting, fits a telephone, and prints. Drawings carry a text
// for screen readers (WCAG 2.2, 1.1.1), tables have captions and header cells (1.3.1).
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

//go:embed page.tmpl
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"kind":     dossier.Kind,
	"map":      drawMap,
	"timeline": drawTimeline,
	"bars":     dossier.Bars.Draw,
	"day":      dossier.Day,
	"count":    dossier.Count,
	"visible":  dossier.Visible,
	"defang":   dossier.DefangText,
}).Parse(pageText))

// Format is the HTML format.
type Format struct{}

// Name returns "html".
func (Format) Name() string { return "html" }

// Extension returns ".html".
func (Format) Extension() string { return ".html" }

// Write writes the page.
func (Format) Write(w io.Writer, r coldwatch.Report, pack *knowledge.Pack) error {
	return Draw(w, dossier.Build(r, pack))
}

// Draw writes a document as a page.
func Draw(w io.Writer, d *dossier.Document) error {
	// the marking on every printed page (CSS paged media, margin boxes); Label gives one of five fixed strings
	style := style + fmt.Sprintf("@page{@top-right{content:%[1]q;font:700 9pt sans-serif}@bottom-right{content:%[1]q;font:700 9pt sans-serif}"+
		"@bottom-left{content:counter(page) \" / \" counter(pages);font:9pt sans-serif}}\n", dossier.Label(d.Marking.TLP))
	sum := sha256.Sum256([]byte(style))
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		*dossier.Document
		Style  template.CSS
		Policy string
	}{
		d,
		template.CSS(style),
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	})
	if err != nil {
		return fmt.Errorf("html page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}
