package payload

import (
	"image"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/pdf"
	"github.com/coldwatch/coldwatch/analysis/payload/picture"
)

// image looks at a picture: its size first, then its hash and the code in it.
func (o *opener) image(p *coldwatch.Payload, it item) {
	w, h, ok := picture.Size(it.content)
	if !ok {
		return
	}
	p.Metadata = map[string]string{"width": itoa(w), "height": itoa(h)}
	if w <= 0 || h <= 0 || w > o.lim.Pixels/h {
		o.limit(p.ID, "limit.image_pixels")
		return
	}
	small := min(w, h) < 60 || max(w, h) > 5*min(w, h)
	if small && (it.inline || it.via == "embedded") {
		return
	}
	if o.images <= 0 {
		o.limit(p.ID, "limit.images")
		return
	}
	o.images--
	g := picture.Decode(it.content, o.lim.Pixels)
	if g == nil {
		trait(p, "damaged")
		return
	}
	p.ImageHash = picture.Hash(g)
	if small {
		return
	}
	o.code(p, it, picture.QR(g), coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}, false)
}

// code takes what a two-dimensional code says.
func (o *opener) code(p *coldwatch.Payload, it item, text string, span coldwatch.Span, drawn bool) {
	if text == "" {
		return
	}
	trait(p, "qr")
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	p.Metadata["qr"] = clip(text)
	low := strings.ToLower(text)
	if !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") {
		if !strings.Contains(low, "://") && !strings.HasPrefix(low, "www.") {
			return
		}
	}
	p.Links = append(p.Links, coldwatch.Hyperlink{URL: text, Kind: "qr", Span: span})
	how, _, _ := o.rcpt.find(text)
	switch {
	case how != "":
		trait(p, "recipient-in-link")
		o.fact("payload.qr_personal", p, span, text, "A QR code leads to an address that names the recipient.")
	case drawn:
		o.fact("payload.qr_drawn", p, span, text, "A QR code is drawn with characters, table cells or shapes, where picture scanners do not see it.")
	default:
		o.fact("payload.qr_link", p, span, text, "A QR code leads to a web address.")
	}
}

// vector reads a code that is drawn with shapes.
func (o *opener) vector(p *coldwatch.Payload, it item, shapes []picture.Shape) {
	if len(shapes) == 0 || o.images <= 0 || p.Trait("qr") {
		return
	}
	g := picture.Draw(shapes)
	if g == nil {
		return
	}
	o.images--
	o.code(p, it, picture.QR(g), coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}, true)
}

// drawn reads a code that is drawn with table cells.
func (o *opener) drawn(p *coldwatch.Payload, it item, cells [][]bool) {
	g := picture.Cells(cells, 4, 4)
	if g == nil {
		return
	}
	o.code(p, it, picture.QR(g), coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}, true)
}

// blocks reads a code that is drawn with block characters.
func (o *opener) blocks(p *coldwatch.Payload, it item) {
	rows := picture.Blocks(p.Text)
	if rows == nil {
		return
	}
	o.drawn(p, it, rows)
}

// pdf opens a PDF.
func (o *opener) pdf(p *coldwatch.Payload, it item) {
	if o.bytes <= 0 {
		o.limit(p.ID, "limit.archive_total")
		return
	}
	d := pdf.Read(it.content, pdf.Limits{Bytes: min(o.bytes, 64<<20)})
	o.bytes -= d.Used
	p.Text, p.Traits = d.Text, append(p.Traits, d.Traits...)
	p.Title = d.Info["title"]
	if len(d.Info) > 0 {
		p.Metadata = d.Info
	}
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	p.Metadata["pages"] = itoa(d.Pages)
	if d.Limit != "" {
		o.limit(p.ID, d.Limit)
	}
	whole := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 64)}
	seen := map[string]bool{}
	for _, l := range d.Links {
		if seen[l.URL] {
			continue
		}
		seen[l.URL] = true
		span := coldwatch.Span{Where: p.ID, Start: min(l.Pos, len(p.Content)), End: min(l.Pos+8, len(p.Content))}
		p.Links = append(p.Links, coldwatch.Hyperlink{URL: l.URL, Kind: "pdf", Span: span})
		if how, _, _ := o.rcpt.find(l.URL); how != "" && !strings.HasPrefix(l.URL, "mailto:") {
			trait(p, "recipient-in-link")
			o.fact("payload.personal_link", p, span, l.URL, "A link in the document names the recipient ("+how+").")
		}
	}
	o.textLinks(p, whole, seen)
	if len(d.Forms) > 0 || len(d.Submit) > 0 {
		f := coldwatch.Form{Inputs: d.Forms, Password: d.Password, Span: whole, Method: "post"}
		if len(d.Submit) > 0 {
			f.Action = d.Submit[0]
		}
		p.Forms = append(p.Forms, f)
		if d.Password {
			trait(p, "password-field")
		}
	}
	for _, u := range d.Submit {
		p.Destinations = append(p.Destinations, coldwatch.Destination{URL: u, Kind: destinationKind(u, "form"), Credentials: d.Password, Span: whole})
	}
	for _, s := range d.Scripts {
		o.fact("payload.pdf_javascript", p, whole, s, "The PDF carries JavaScript.")
		o.layer(p, it, []byte(s), []string{"pdf-javascript"}, "embedded", "script.js")
	}
	if d.LaunchFile != "" || p.Trait("launch") {
		o.fact("payload.pdf_launch", p, whole, d.LaunchFile, "The PDF starts a program or file when it is opened.")
	}
	for i, f := range d.Files {
		if it.depth+1 > o.lim.Depth {
			o.limit(p.ID, "limit.archive_depth")
			break
		}
		if f.Name == "" {
			f.Name = "embedded-" + itoa(i+1)
		}
		if c := o.open(item{id: it.id + "/" + f.Name, part: it.part, parent: p.ID, via: "embedded", name: f.Name, content: f.Content, depth: it.depth + 1}); c != nil && c.Kind != "text" && c.Kind != "other" {
			o.fact("payload.pdf_attachment", c, coldwatch.Span{Where: c.ID}, f.Name, "The PDF carries a file within.")
		}
	}
	if d.Locked {
		trait(p, "locked")
	}
	o.pdfCodes(p, it, d.Images, whole)
	shapes := make([]picture.Shape, 0, len(d.Boxes))
	for _, b := range d.Boxes {
		shapes = append(shapes, picture.Box(b.X, -b.Y-b.Height, b.Width, b.Height, b.Dark)) // y goes upwards in a PDF
	}
	o.vector(p, it, shapes)
	o.blocks(p, it)
}

// pdfCodes looks for codes in a document's pictures.
func (o *opener) pdfCodes(p *coldwatch.Payload, it item, images []pdf.Image, span coldwatch.Span) {
	for i := range images {
		m := &images[i]
		if o.images <= 0 || m.Width > 3*m.Height || m.Height > 3*m.Width && m.Height > 2000 {
			continue
		}
		o.images--
		var g *image.Gray
		if m.JPEG != nil {
			g = picture.Decode(m.JPEG, o.lim.Pixels/4)
		} else {
			g = picture.Raw(m.Pixels, m.Width, m.Height, m.Components)
		}
		if g == nil {
			continue
		}
		if p.ImageHash == "" {
			p.ImageHash = picture.Hash(g)
		}
		o.code(p, it, picture.QR(g), span, false)
	}
}
