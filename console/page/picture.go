package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

// A picture of an HTML body is drawn in four layers, each of which would do by itself:
//
//  1. the markup is written anew from an allow-list of elements and attributes: nothing that runs, loads, submits or navigates
//  2. its own answer carries a policy that allows inline style and data: images and nothing else (W3C CSP Level 3)
//  3. the policy's sandbox directive, and the sandbox attribute of the frame, give it an origin of its own without scripts and forms
//  4. a frame of ours is the only place where it may stand

// picturePolicy is the Content Security Policy of a picture.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"

// Bounds of a picture.
const (
	maxPicture = 2 << 20   // bytes of markup that are read
	maxInline  = 512 << 10 // of one inline image
	maxInlines = 4 << 20   // of all of them
	maxOpen    = 200       // elements open at a time
)

// allowedElements are drawn; of all others the contents only, and of the silent ones not even these.
var allowedElements = set("a abbr address article b big blockquote br button caption center cite code col colgroup dd del dfn div dl dt em fieldset figure figcaption " +
	"font footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd label legend li main mark nav ol optgroup option p pre q s samp section select small span strike " +
	"strong style sub sup table tbody td textarea tfoot th thead tr tt u ul var wbr")

var silentElements = set("script noscript template title iframe noembed noframes object applet audio video canvas xmp svg math")

var voidElements = set("br col hr img input wbr")

var allowedAttributes = set("align alt bgcolor border cellpadding cellspacing class color cols colspan dir face height id label lang placeholder rows rowspan size " +
	"style title type valign value width")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

func (p *Pages) picture(w http.ResponseWriter, r *http.Request) {
	walked, err := p.Desk.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	content := p.pictured(walked.Analysis, r.PathValue("payload"))
	if content == nil {
		p.Refused(w, r, http.StatusNotFound)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", picturePolicy)
	head.Set("X-Frame-Options", "SAMEORIGIN")
	draw := picture{parts: walked.Analysis.Message}
	w.Write(draw.page(content)) //nolint:errcheck // the reader is gone, or reads it
}

// pictured gives the markup of a payload that can be drawn, nil for another.
func (p *Pages) pictured(a *coldwatch.Analysis, id string) []byte {
	pl := a.Payload(id)
	if pl == nil || pl.Kind != "html" {
		return nil
	}
	if part := a.Message.Part(id); part != nil && part.Text != "" { // decoded from its charset
		return []byte(part.Text)
	}
	return pl.Content
}

// A picture writes markup anew.
type picture struct {
	parts   *coldwatch.Message
	out     bytes.Buffer
	open    []string
	inlines int
}

// page writes a whole document.
func (d *picture) page(markup []byte) []byte {
	d.out.WriteString(`<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Picture of a message</title>` +
		`<style>html{color-scheme:light;background:#fff;color:#000}body{margin:8px;font-family:sans-serif}a{color:#06c;text-decoration:underline;cursor:help}` +
		`.coldwatch-image{display:inline-block;border:1px dashed #888;background:#f2f2f2;color:#444;font:12px sans-serif;padding:2px 6px}</style></head><body>`)
	d.body(markup[:min(len(markup), maxPicture)])
	if len(markup) > maxPicture {
		d.out.WriteString("<p><b>The rest is not drawn: the body is too long.</b></p>")
	}
	d.out.WriteString("</body></html>")
	return d.out.Bytes()
}

func (d *picture) body(markup []byte) {
	z := nethtml.NewTokenizer(bytes.NewReader(markup))
	z.SetMaxBuf(maxPicture)
	silent := "" // the element whose contents are left out
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			if z.Err() != io.EOF {
				d.out.WriteString("<p><b>The rest cannot be read.</b></p>")
			}
			break
		}
		t := z.Token()
		name := strings.ToLower(t.Data)
		switch {
		case silent != "":
			if kind == nethtml.EndTagToken && name == silent {
				silent = ""
			}
		case kind == nethtml.TextToken:
			d.text(t.Data)
		case kind == nethtml.EndTagToken:
			d.close(name)
		case kind != nethtml.StartTagToken && kind != nethtml.SelfClosingTagToken: // comments and doctypes
		case silentElements[name]:
			if kind == nethtml.StartTagToken {
				silent = name
			}
		case allowedElements[name]:
			d.start(name, t.Attr)
		}
	}
	for len(d.open) > 0 {
		d.close(d.open[len(d.open)-1])
	}
}

func (d *picture) text(s string) {
	if n := len(d.open); n > 0 && d.open[n-1] == "style" {
		if safeStyle(s) {
			d.out.WriteString(s)
		}
		return
	}
	d.out.WriteString(html.EscapeString(strings.ToValidUTF8(s, "\uFFFD")))
}

// safeStyle tells whether a style can load nothing and hides nothing from this look at it. The policy says the same once more.
func safeStyle(s string) bool {
	low := strings.ToLower(s)
	for _, bad := range []string{"url", "image", "import", "@font-face", "@namespace", "expression", "binding", "behavior", "javascript", `\`, "<", "attr("} {
		if strings.Contains(low, bad) {
			return false
		}
	}
	return true
}

func (d *picture) start(name string, attributes []nethtml.Attribute) {
	if len(d.open) >= maxOpen && !voidElements[name] {
		return
	}
	value := map[string]string{}
	for _, a := range attributes {
		key := strings.ToLower(a.Key)
		if _, twice := value[key]; !twice && a.Namespace == "" {
			value[key] = a.Val
		}
	}
	if name == "img" {
		d.image(value)
		return
	}
	if name == "input" && (value["type"] == "hidden" || value["type"] == "image" || value["type"] == "file") {
		return
	}
	d.out.WriteString("<" + name)
	keys := make([]string, 0, len(value))
	for key := range value {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !allowedAttributes[key] || key == "title" && name == "a" || key == "style" && !safeStyle(value[key]) {
			continue
		}
		fmt.Fprintf(&d.out, ` %s="%s"`, key, html.EscapeString(strings.ToValidUTF8(value[key], "\uFFFD")))
	}
	switch name {
	case "a": // says where it would lead, and leads nowhere
		if href := strings.TrimSpace(value["href"]); href != "" {
			fmt.Fprintf(&d.out, ` title="%s"`, html.EscapeString("leads to "+dossier.DefangText(dossier.Cut(href, 300))))
		}
	case "input", "button", "select", "textarea":
		d.out.WriteString(" disabled")
	}
	d.out.WriteByte('>')
	if !voidElements[name] {
		d.open = append(d.open, name)
	}
}

func (d *picture) close(name string) {
	i := slices.Index(d.open, name)
	if i < 0 {
		return
	}
	i = len(d.open) - 1
	for d.open[i] != name {
		i--
	}
	for k := len(d.open) - 1; k >= i; k-- {
		d.out.WriteString("</" + d.open[k] + ">")
	}
	d.open = d.open[:i]
}

// image draws what came with the message; what would be fetched is named instead.
func (d *picture) image(value map[string]string) {
	src := strings.TrimSpace(value["src"])
	if data := d.inline(src); data != "" {
		fmt.Fprintf(&d.out, `<img src="%s" alt="%s"`, data, html.EscapeString(dossier.Visible(value["alt"])))
		for _, key := range []string{"width", "height"} {
			if v := value[key]; v != "" && len(v) < 6 {
				fmt.Fprintf(&d.out, ` %s="%s"`, key, html.EscapeString(v))
			}
		}
		d.out.WriteByte('>')
		return
	}
	what := "picture left out"
	if u, err := url.Parse(src); err == nil && u.Host != "" {
		what = "remote picture not loaded: " + dossier.DefangText(u.Host)
	}
	fmt.Fprintf(&d.out, `<span class="coldwatch-image">%s</span>`, html.EscapeString(dossier.Cut(what, 120)))
}

// pictureKinds are the images that a picture may show; SVG is markup and is none of them.
var pictureKinds = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// inline gives an image of the message's own as a data: address (RFC 2397), "" where there is none.
func (d *picture) inline(src string) string {
	var kind string
	var content []byte
	switch low := strings.ToLower(src); {
	case strings.HasPrefix(low, "cid:") && d.parts != nil:
		id, err := url.PathUnescape(src[4:])
		if err != nil {
			return ""
		}
		for i := range d.parts.Parts {
			if part := &d.parts.Parts[i]; part.ContentID != "" && part.ContentID == id {
				kind, content = part.MediaType, part.Content
				break
			}
		}
	case strings.HasPrefix(low, "data:") && len(src) < 2*maxInline:
		head, body, ok := strings.Cut(src[5:], ",")
		declared, coded := strings.CutSuffix(strings.ToLower(head), ";base64")
		if !ok || !coded {
			return ""
		}
		b, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return ""
		}
		kind, content = declared, b
	}
	if !slices.Contains(pictureKinds, kind) || len(content) == 0 || len(content) > maxInline || d.inlines+len(content) > maxInlines ||
		http.DetectContentType(content) != kind {
		return ""
	}
	d.inlines += len(content)
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
}
