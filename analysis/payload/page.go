package payload

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/html"
	"github.com/coldwatch/coldwatch/analysis/payload/picture"
)

// page opens a page: a body, an attached page, an unwrapped layer, an SVG.
func (o *opener) page(p *coldwatch.Payload, it item) {
	src := o.text(p, it)
	active := !it.body
	pg := html.Parse(src, html.Options{Max: o.lim.HTMLBytes, Scripts: active, Grid: true})
	if pg.Cut {
		o.limit(p.ID, "limit.html")
	}
	p.Title, p.Text, p.Structure = pg.Title, pg.Text, pg.Structure
	p.Traits = append(p.Traits, pg.Traits...)
	if active {
		for _, s := range []struct{ kind, hash string }{{"fields", pg.Fields}, {"classes", pg.Classes}} {
			if s.hash != "" {
				p.Shapes = append(p.Shapes, s.kind+":"+s.hash)
			}
		}
	}
	o.links(p, pg)
	o.forms(p, pg)
	o.hidden(p, pg)
	if active {
		o.embedded(p, it, pg)
		o.scripts(p, it, pg)
		if how, at, n := o.rcpt.find(view(src)); how != "" {
			trait(p, "recipient")
			if how != "plain" {
				trait(p, "recipient-encoded")
				o.fact("payload.recipient_encoded", p, coldwatch.Span{Where: p.ID, Start: at, End: at + n}, view(src[at:at+n]),
					"The page holds the recipient's address in encoded form ("+how+").")
			}
		}
	}
	if pg.Grid != nil {
		o.drawn(p, it, pg.Grid)
	}
	if bytes.Contains(src, []byte("<svg")) {
		o.vector(p, it, picture.SVG(src[:min(len(src), o.lim.HTMLBytes)]))
	}
	o.blocks(p, it)
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (o *opener) span(p *coldwatch.Payload, s html.Span) coldwatch.Span {
	return coldwatch.Span{Where: p.ID, Start: s.Start, End: s.End}
}

// links takes the addresses over, resolved against base.
func (o *opener) links(p *coldwatch.Payload, pg *html.Page) {
	if len(pg.Links) == 0 {
		return
	}
	p.Links = make([]coldwatch.Hyperlink, 0, len(pg.Links))
	for i := range pg.Links {
		l := &pg.Links[i]
		u := resolve(pg.Base, l.URL)
		p.Links = append(p.Links, coldwatch.Hyperlink{URL: u, Shown: l.Shown, Kind: l.Kind, Span: o.span(p, l.Span)})
		switch l.Kind {
		case "anchor", "area", "refresh", "frame":
			if how, _, _ := o.rcpt.find(u); how != "" && !strings.HasPrefix(u, "mailto:") {
				trait(p, "recipient-in-link")
				if how != "plain" && how != "url-encoded" {
					trait(p, "recipient-in-link-encoded")
				}
			}
		}
		if l.Kind == "refresh" {
			p.Destinations = append(p.Destinations, coldwatch.Destination{URL: u, Kind: "redirect", Layer: len(p.Layers), Span: o.span(p, l.Span)})
		}
	}
}

// forms takes forms over, and their actions as destinations.
func (o *opener) forms(p *coldwatch.Payload, pg *html.Page) {
	for i := range pg.Forms {
		f := &pg.Forms[i]
		form := coldwatch.Form{Action: f.Action, Method: f.Method, Inputs: f.Inputs, Password: f.Password, Span: o.span(p, f.Span)}
		if scripted(f.Action) {
			form.Action = ""
		} else {
			form.Action = resolve(pg.Base, f.Action)
		}
		for _, v := range f.Values {
			if v == "" {
				continue
			}
			if how, _, _ := o.rcpt.find(v); how != "" {
				form.Prefilled = true
			}
		}
		if form.Password {
			trait(p, "password-field")
		}
		if form.Prefilled {
			trait(p, "recipient-prefilled")
		}
		p.Forms = append(p.Forms, form)
		if form.Action != "" && (f.Method != "" || form.Password) {
			p.Destinations = append(p.Destinations, coldwatch.Destination{URL: form.Action, Kind: destinationKind(form.Action, "form"), Credentials: form.Password, Layer: len(p.Layers), Span: form.Span})
		}
	}
}

// scripted tells whether a form's action goes nowhere by itself.
func scripted(action string) bool {
	a := strings.ToLower(action)
	return a == "" || a[0] == '#' || a == "?" || strings.HasPrefix(a, "javascript:") || a == "about:blank"
}

// hidden records text that the reader cannot see.
func (o *opener) hidden(p *coldwatch.Payload, pg *html.Page) {
	total := 0
	for _, h := range pg.Hidden {
		if h.How == "display" && len(p.Layers) == 0 && p.Via != "body" {
			continue // a page that reacts hides its messages until they are needed
		}
		total += len(h.Text)
	}
	if total < 20 {
		return
	}
	trait(p, "hidden-text")
	worst := slices.MaxFunc(pg.Hidden, func(a, b html.Hidden) int { return len(a.Text) - len(b.Text) })
	if p.Via == "body" && worst.How != "display" && total > 400 {
		o.fact("payload.hidden_text", p, o.span(p, worst.Span), worst.Text, "The message holds text that the reader cannot see ("+worst.How+").")
	}
}

// embedded opens data: addresses that are pages, scripts, documents or archives; pictures are looked at for codes.
func (o *opener) embedded(p *coldwatch.Payload, it item, pg *html.Page) {
	for _, d := range pg.Data {
		kind, _ := sniff(d.Content, d.Name, d.Media)
		layer := "data-uri"
		if d.On == "iframe.srcdoc" {
			layer = "srcdoc"
		}
		switch {
		case len(d.Content) < 8:
		case kind == "html" || kind == "svg" && strings.Contains(view(d.Content), "script"):
			o.layer(p, it, d.Content, []string{layer}, "layer", d.Name)
		case d.On == "script.src":
			pg.Scripts = append(pg.Scripts, html.Script{Text: string(d.Content), Kind: "script", Span: d.Span})
		case kind == "image":
			o.layer(p, it, d.Content, nil, "embedded", d.Name)
		case kind == "archive" || kind == "executable" || kind == "office" || kind == "pdf" || kind == "shortcut":
			if d.On == "a.href" || d.Name != "" {
				o.smuggled(p, o.span(p, d.Span), kind, d.Name)
			}
			o.layer(p, it, d.Content, []string{layer}, "embedded", d.Name)
		}
	}
}

// smuggled notes that a page hands out a file of its own.
func (o *opener) smuggled(p *coldwatch.Payload, span coldwatch.Span, kind, fileName string) {
	trait(p, "html-smuggling")
	what := "a file (" + kind + ")"
	if fileName != "" {
		what = "the file " + fileName
	}
	o.fact("payload.html_smuggling", p, span, fileName+" "+kind, "The page builds "+what+" from its own content and offers it as a download.")
}

// plain reads a text body or file.
func (o *opener) plain(p *coldwatch.Payload, it item) {
	src := o.text(p, it)
	if len(src) > o.lim.HTMLBytes {
		src = src[:o.lim.HTMLBytes]
		o.limit(p.ID, "limit.text")
	}
	p.Text = view(src)
	for _, f := range html.FindURLs(p.Text) {
		p.Links = append(p.Links, coldwatch.Hyperlink{URL: f.URL, Shown: f.URL, Kind: "text", Span: coldwatch.Span{Where: p.ID, Start: f.Start, End: f.End}})
	}
	o.blocks(p, it)
}
