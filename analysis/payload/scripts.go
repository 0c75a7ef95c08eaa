package payload

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/html"
	"github.com/coldwatch/coldwatch/analysis/payload/script"
)

// scripts computes what a page's scripts come to: pages written become layers, addresses become destinations.
func (o *opener) scripts(p *coldwatch.Payload, it item, pg *html.Page) {
	var sources []script.Source
	for i := range pg.Scripts {
		s := &pg.Scripts[i]
		switch s.Kind {
		case "script", "handler", "url":
			if strings.TrimSpace(s.Text) != "" {
				sources = append(sources, script.Source{Text: s.Text, Offset: s.Span.Start, Handler: s.Kind == "handler", Element: s.Element})
			}
		case "vbscript":
			trait(p, "vbscript")
		}
	}
	if len(sources) == 0 {
		return
	}
	trait(p, "script")
	o.evaluate(p, it, sources, func(id string) (script.Element, bool) {
		e := pg.Elements[id]
		if e == nil {
			return script.Element{}, false
		}
		return script.Element{Tag: e.Tag, Text: e.Text, Attrs: e.Attrs}, true
	})
}

// scriptFile opens a script that is a file of its own.
func (o *opener) scriptFile(p *coldwatch.Payload, it item) {
	src := o.text(p, it)
	if p.MediaType != "text/javascript" || len(src) > o.lim.HTMLBytes {
		return
	}
	o.evaluate(p, it, []script.Source{{Text: view(src)}}, nil)
}

func (o *opener) evaluate(p *coldwatch.Payload, it item, sources []script.Source, elements func(string) (script.Element, bool)) {
	if o.steps < 1000 {
		o.limit(p.ID, "limit.script_steps")
		return
	}
	if joined, broken := unfold(sources); broken {
		trait(p, "folded-script")
		sources = joined
	}
	r := script.Run(sources, script.Options{Steps: min(o.steps, o.lim.Steps/2), Elements: elements})
	o.steps -= r.Steps
	if r.Shape != "" {
		p.Shapes = append(p.Shapes, "script:"+r.Shape)
	}
	p.Traits = append(p.Traits, r.Traits...)
	if r.Reason == "steps" {
		o.limit(p.ID, "limit.script_steps")
	}
	var inner []*coldwatch.Payload
	for _, w := range r.Writes {
		if c := o.written(p, it, w); c != nil {
			inner = append(inner, c)
		}
	}
	for _, f := range r.Files {
		kind, _ := sniff(f.Content, f.Name, f.Media)
		if kind == "html" || kind == "svg" {
			o.layer(p, it, f.Content, append(f.Layers, "blob"), "layer", f.Name)
			continue
		}
		o.smuggled(p, coldwatch.Span{Where: p.ID, Start: f.Pos, End: f.Pos}, kind, f.Name)
		o.layer(p, it, f.Content, f.Layers, "embedded", f.Name)
	}
	o.calls(p, r.Calls)
	if len(r.Calls)+len(r.Files) == 0 && !slices.ContainsFunc(inner, shows) {
		for _, w := range script.Carve(sources) {
			trait(p, "carved")
			if c := o.written(p, it, w); c != nil {
				inner = append(inner, c)
			}
		}
	}
	if r.Undecided && !p.Trait("carved") {
		o.sandbox(p, it, sources, len(r.Writes)+len(r.Calls) == 0)
	}
	// A script may sit beside the form that another layer of the same page shows: the form's fields feed its calls.
	for _, c := range inner {
		if c.Trait("password-field") {
			credentials(p)
		}
	}
}

// unfold joins lines that a mail server broke within a string because they were longer than SMTP allows (1000 bytes,
// RFC 5321 section 4.5.3.1.6). That makes nonsense of a script: the page is dead, but where it led is still of interest.
func unfold(sources []script.Source) (out []script.Source, broken bool) {
	out = slices.Clone(sources)
	for k := range out {
		var b strings.Builder
		open := byte(0) // the quotation mark of the string that the text so far ends in
		rest := out[k].Text
		for {
			i := strings.IndexByte(rest, '\n')
			if i < 0 || i+1 >= len(rest) {
				break
			}
			line := strings.TrimSuffix(rest[:i], "\r")
			open = quoted(line, open)
			if open != 0 && len(line) >= 900 && len(line) <= 1000 && rest[i+1] == ' ' {
				b.WriteString(strings.TrimSuffix(line, "!"))
				rest, broken = rest[i+2:], true
				continue
			}
			open = 0
			b.WriteString(rest[:i+1])
			rest = rest[i+1:]
		}
		if b.Len() > 0 {
			out[k].Text = b.String() + rest
		}
	}
	return out, broken
}

// quoted returns the quotation mark of the string that a line ends in, 0 if it ends in none.
func quoted(line string, open byte) byte {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case open == 0 && (c == '"' || c == '\''):
			open = c
		case c == open:
			open = 0
		}
	}
	return open
}

// shows tells whether an unwrapped page amounts to anything.
func shows(c *coldwatch.Payload) bool {
	return c.Structure != "" || len(c.Forms)+len(c.Links)+len(c.Destinations) > 0 || c.Trait("script")
}

// written opens what a script put into the page.
func (o *opener) written(p *coldwatch.Payload, it item, w script.Write) *coldwatch.Payload {
	if len(strings.TrimSpace(w.Text)) < 12 || !strings.Contains(w.Text, "<") {
		return nil
	}
	layers := w.Layers
	if len(layers) == 0 {
		if len(w.Text) < 400 && !interesting(w.Text) {
			return nil
		}
		layers = []string{"script"}
	}
	return o.layerOf(p, it, item{via: "layer", content: []byte(w.Text), page: true}, layers)
}

// interesting tells whether a small piece of markup holds more than words.
func interesting(s string) bool {
	low := strings.ToLower(s)
	for _, w := range [...]string{"<form", "<input", "<script", "<iframe", "http", "<meta", "<object", "<embed"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// calls takes the addresses that a script uses as destinations, or as links.
func (o *opener) calls(p *coldwatch.Payload, list []script.Call) {
	password := p.Trait("password-field")
	for _, c := range list {
		span := coldwatch.Span{Where: p.ID, Start: min(c.Pos, len(p.Content)), End: min(c.Pos+1, len(p.Content))}
		switch c.Kind {
		case "link", "image", "script", "frame":
			p.Links = append(p.Links, coldwatch.Hyperlink{URL: c.URL, Kind: map[string]string{"link": "anchor"}[c.Kind] + strings.TrimPrefix(c.Kind, "link"), Span: span})
			if len(c.Layers) > 0 && c.Kind != "link" {
				p.Destinations = append(p.Destinations, coldwatch.Destination{URL: c.URL, Kind: "download", Layer: len(p.Layers) + len(c.Layers), Span: span})
			}
			continue
		}
		d := coldwatch.Destination{URL: c.URL, Kind: destinationKind(c.URL, c.Kind), Layer: len(p.Layers) + len(c.Layers), Span: span}
		d.Credentials = password && c.Kind != "redirect"
		p.Destinations = append(p.Destinations, d)
		if len(c.Layers) > 0 && c.Kind != "redirect" {
			trait(p, "endpoint-encoded")
			if len(p.EndpointLayers) == 0 {
				p.EndpointLayers = c.Layers
			}
		}
		if c.Kind == "form" {
			for i := range p.Forms {
				if p.Forms[i].Action == "" {
					p.Forms[i].Action = c.URL
					break
				}
			}
		}
	}
}

// credentials marks a payload's script destinations as fed by a password form that stands in one of its layers.
func credentials(p *coldwatch.Payload) {
	for i := range p.Destinations {
		if p.Destinations[i].Kind != "redirect" {
			p.Destinations[i].Credentials = true
		}
	}
}

// sandboxBytes bounds what is given to the sandbox.
const sandboxBytes = 2 << 20

// sandbox gives an undecided page's scripts to the sandboxed interpreter, if there is one.
func (o *opener) sandbox(p *coldwatch.Payload, it item, sources []script.Source, nothing bool) {
	if nothing {
		trait(p, "opaque-script")
	}
	if o.z.Sandbox == nil || o.sandboxed >= 3 || o.patience <= 0 {
		return
	}
	o.sandboxed++
	var b strings.Builder
	for _, s := range sources {
		if s.Handler {
			continue
		}
		b.WriteString(s.Text)
		b.WriteString("\n;\n")
	}
	if b.Len() > sandboxBytes {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.patience)
	defer cancel()
	start := time.Now()
	writes, urls, err := o.z.Sandbox(ctx, []byte(b.String()))
	o.patience -= time.Since(start)
	if err != nil {
		trait(p, "sandbox-failed")
		return
	}
	found := false
	if w := strings.Join(writes, ""); w != "" {
		if c := o.written(p, it, script.Write{Text: w, Layers: []string{"sandbox"}, How: "write"}); c != nil {
			found = true
		}
	}
	var calls []script.Call
	for _, u := range urls {
		kind, addr, ok := strings.Cut(u, " ")
		if !ok {
			kind, addr = "fetch", u
		}
		dup := false
		for i := range p.Destinations {
			dup = dup || p.Destinations[i].URL == addr
		}
		if !dup {
			calls = append(calls, script.Call{URL: addr, Kind: kind, Layers: []string{"sandbox"}})
			found = true
		}
	}
	o.calls(p, calls)
	if found {
		p.Traits = removeString(p.Traits, "opaque-script")
	}
}

func removeString(list []string, s string) []string {
	out := list[:0]
	for _, x := range list {
		if x != s {
			out = append(out, x)
		}
	}
	return out
}
