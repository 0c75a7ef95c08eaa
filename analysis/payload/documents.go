package payload

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/archive"
	"github.com/coldwatch/coldwatch/analysis/payload/html"
	"github.com/coldwatch/coldwatch/analysis/payload/office"
)

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

// ooxml opens an office document that is a ZIP package.
func (o *opener) ooxml(p *coldwatch.Payload, it item) {
	p.Kind, p.MediaType = "office", "application/vnd.openxmlformats-officedocument"
	b, settle := o.budget()
	r := archive.Open(it.content, "application/zip", it.name, nil, b)
	settle()
	if r.Limit != "" {
		o.limit(p.ID, r.Limit)
	}
	var entries []office.File
	for _, e := range r.Entries {
		entries = append(entries, office.File{Name: e.Name, Content: e.Content})
	}
	o.document(p, it, office.Package(entries))
}

// office opens the other kinds of office document.
func (o *opener) office(p *coldwatch.Payload, it item) {
	switch p.MediaType {
	case "application/rtf":
		o.document(p, it, office.RTF(it.content))
	case "application/onenote":
		o.document(p, it, office.OneNote(it.content))
	default:
		d := office.OLE(it.content)
		if d.Kind == "message" {
			p.Kind, p.MediaType = "message", "application/vnd.ms-outlook"
			return // the message room carries it on
		}
		o.document(p, it, d)
	}
}

// document takes over what an office document holds.
func (o *opener) document(p *coldwatch.Payload, it item, d *office.Document) {
	p.Text, p.Title, p.Metadata = d.Text, d.Title, d.Metadata
	p.Traits = append(p.Traits, d.Traits...)
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	p.Metadata["format"] = d.Kind
	whole := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}
	seen := map[string]bool{}
	for _, l := range d.Links {
		if !seen[l.URL] {
			seen[l.URL] = true
			p.Links = append(p.Links, coldwatch.Hyperlink{URL: l.URL, Kind: "office", Span: whole})
		}
		if l.Kind == "template" && p.Trait("external-template") {
			p.Destinations = append(p.Destinations, coldwatch.Destination{URL: l.URL, Kind: "download", Span: whole})
			o.fact("payload.remote_template", p, whole, l.URL, "The document loads its template from elsewhere when it is opened.")
		}
	}
	o.textLinks(p, whole, seen)
	switch {
	case p.Trait("autoexec"):
		o.fact("payload.macro_autoexec", p, whole, strings.Join(d.AutoExec, ", "), "The document has a macro that runs when it is opened.")
	case p.Trait("macro"):
		o.fact("payload.macro", p, whole, it.name, "The document has macros.")
	}
	if p.Trait("dde") || p.Trait("equation") || p.Trait("external-object") {
		o.fact("payload.embedded_object", p, whole, it.name, "The document starts something outside of itself when it is opened.")
	}
	for _, f := range html.FindURLs(d.Macro) {
		p.Destinations = append(p.Destinations, coldwatch.Destination{URL: f.URL, Kind: "download", Span: whole})
	}
	for i, f := range d.Files {
		if it.depth+1 > o.lim.Depth {
			o.limit(p.ID, "limit.archive_depth")
			break
		}
		if f.Name == "" {
			f.Name = "object-" + itoa(i+1)
		}
		c := o.open(item{id: it.id + "/" + base(f.Name), part: it.part, parent: p.ID, via: "embedded", name: base(f.Name), content: f.Content, depth: it.depth + 1})
		if c != nil && (c.Kind == "executable" || c.Kind == "script" || c.Kind == "shortcut" || c.Kind == "html") {
			o.fact("payload.embedded_object", c, coldwatch.Span{Where: c.ID}, f.Name, "The document carries something that can act.")
		}
	}
	for i, f := range d.Images {
		if i >= 8 || o.images <= 0 {
			break
		}
		o.open(item{id: it.id + "/" + base(f.Name), part: it.part, parent: p.ID, via: "embedded", name: base(f.Name), content: f.Content, depth: it.depth + 1})
	}
}

// small opens calendars, contacts and shortcuts.
func (o *opener) small(p *coldwatch.Payload, it item) {
	whole := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 200)}
	if p.Kind == "shortcut" {
		o.shortcut(p, it, whole)
		return
	}
	src := o.text(p, it)
	src = src[:min(len(src), o.lim.HTMLBytes)]
	text, urls, props := office.Content(string(src))
	p.Text, p.Metadata = text, props
	seen := map[string]bool{}
	if strings.Contains(text, "<html") || strings.Contains(text, "<a ") {
		pg := html.Parse([]byte(text), html.Options{})
		p.Text = pg.Text
		for _, l := range pg.Links {
			if !seen[l.URL] {
				seen[l.URL] = true
				p.Links = append(p.Links, coldwatch.Hyperlink{URL: l.URL, Shown: l.Shown, Kind: "anchor", Span: whole})
			}
		}
	}
	for _, u := range urls {
		seen[u] = true
		p.Links = append(p.Links, coldwatch.Hyperlink{URL: u, Kind: "anchor", Span: whole})
	}
	o.textLinks(p, whole, seen)
}

func (o *opener) shortcut(p *coldwatch.Payload, it item, whole coldwatch.Span) {
	p.Metadata = map[string]string{}
	if p.MediaType == "application/x-ms-shortcut" {
		s := office.LNK(it.content)
		for k, v := range map[string]string{"target": s.Target, "arguments": s.Arguments, "description": s.Name, "icon": s.Icon} {
			if v != "" {
				p.Metadata[k] = clip(v)
			}
		}
		p.Text = strings.TrimSpace(s.Target + " " + s.Arguments)
		for _, f := range html.FindURLs(p.Text) {
			p.Destinations = append(p.Destinations, coldwatch.Destination{URL: f.URL, Kind: "download", Span: whole})
		}
		o.fact("payload.shortcut", p, whole, p.Text, "A shortcut is attached that starts a program.")
		return
	}
	u := office.InternetShortcut(string(bytes.ReplaceAll(o.text(p, it), []byte("\r"), nil)))
	if u == "" {
		return
	}
	p.Links = append(p.Links, coldwatch.Hyperlink{URL: u, Kind: "anchor", Span: whole})
	o.fact("payload.shortcut", p, whole, u, "An Internet shortcut is attached that opens an address.")
}
