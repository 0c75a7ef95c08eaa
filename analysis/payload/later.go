package payload

import (
	"strconv"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/html"
)

func (o *opener) office(p *coldwatch.Payload, it item) {}
func (o *opener) small(p *coldwatch.Payload, it item)  {}
func (o *opener) ooxml(p *coldwatch.Payload, it item)  {}

func itoa(n int) string { return strconv.Itoa(n) }

// textLinks makes links of the addresses in a document's text.
func (o *opener) textLinks(p *coldwatch.Payload, span coldwatch.Span, seen map[string]bool) {
	for _, f := range html.FindURLs(p.Text) {
		if !seen[f.URL] {
			seen[f.URL] = true
			p.Links = append(p.Links, coldwatch.Hyperlink{URL: f.URL, Shown: f.URL, Kind: "text", Span: span})
		}
	}
}
