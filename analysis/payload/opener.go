package payload

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/payload/fuzzy"
)

// opener is the walk over one message.
type opener struct {
	z     *Analyzer
	a     *coldwatch.Analysis
	lim   Limits
	rcpt  *recipients
	list  []*coldwatch.Payload
	seen  map[[32]byte]string // content → payload id, so that readings and repeats are opened once
	facts []fact
	start time.Time

	bytes   int64 // left to unpack
	entries int   // left to list
	steps   int   // left to evaluate
	images  int   // left to search for codes
	layerNo map[string]int
	locked  []locked // encrypted containers that wait for the words of the message

	sandboxed int           // scripts given to the sandbox
	patience  time.Duration // left for the sandbox
}

// A fact is something found while opening that becomes a finding when all is open.
type fact struct {
	kind     string
	payload  string
	reason   string
	evidence coldwatch.Evidence
}

// item is content on its way to become a payload.
type item struct {
	id, part, parent, via string
	name, declared        string
	content               []byte
	text                  string // decoded text where the message room has it
	depth                 int    // containers around it
	layers                []string
	body                  bool // shown by the mail client, not opened in a browser
	inline                bool
	page                  bool // written into a page: markup whatever it looks like
	password              bool
}

func newOpener(z *Analyzer, a *coldwatch.Analysis) *opener {
	return &opener{z: z, a: a, lim: z.limits, rcpt: newRecipients(a.Recipients), seen: map[[32]byte]string{},
		bytes: z.limits.TotalBytes, entries: z.limits.Entries, steps: z.limits.Steps, images: z.limits.Images, layerNo: map[string]int{}, patience: z.limits.Sandbox}
}

// part opens one leaf of the message.
func (o *opener) part(p *coldwatch.Part) {
	it := item{id: p.ID, part: p.ID, via: "attachment", name: p.Filename, declared: p.MediaType, content: p.Content, text: p.Text}
	switch {
	case p.Disposition != "attachment" && p.Filename == "" && (p.MediaType == "text/plain" || p.MediaType == "text/html" || p.MediaType == "text/enriched"):
		it.via, it.body = "body", true
	case p.Disposition != "attachment" && (p.ContentID != "" || p.Disposition == "inline") && strings.HasPrefix(p.MediaType, "image/"):
		it.via, it.inline = "inline", true
	}
	o.open(it)
}

// open makes a payload of an item and opens what is inside. It returns nil when the same content was opened before or
// a limit is reached.
func (o *opener) open(it item) *coldwatch.Payload {
	if len(o.list) >= o.lim.Payloads {
		o.limit(cmp.Or(it.parent, it.part), "limit.payloads")
		return nil
	}
	sum := sha256.Sum256(it.content)
	if _, dup := o.seen[sum]; dup && len(it.content) > 0 {
		return nil
	}
	o.seen[sum] = it.id
	kind, media := sniff(it.content, it.name, it.declared)
	if it.body {
		kind, media = bodyKind(it, kind, media)
	}
	p := &coldwatch.Payload{ID: it.id, Part: it.part, Parent: it.parent, Via: it.via, Kind: kind, MediaType: media, Name: it.name,
		Size: len(it.content), SHA256: hex.EncodeToString(sum[:]), Content: it.content, Layers: it.layers, Password: it.password}
	if it.page && kind != "svg" {
		kind, media = "html", "text/html"
	}
	if it.declared != "" && it.declared != media {
		p.Declared = it.declared
	}
	o.list = append(o.list, p)
	if !it.body && !it.inline {
		p.Fuzzy = fuzzy.Hash(it.content)
	}
	o.look(p, it)
	slices.Sort(p.Traits)
	p.Traits = slices.Compact(p.Traits)
	return p
}

// bodyKind is the kind of a part that the mail client shows: what it is declared to be, unless a text is plainly a page.
func bodyKind(it item, kind, media string) (string, string) {
	if it.declared == "text/html" {
		return "html", "text/html"
	}
	if kind == "html" || kind == "text" {
		return kind, media
	}
	return "text", it.declared
}

// look opens a payload by its kind.
func (o *opener) look(p *coldwatch.Payload, it item) {
	o.names(p, it)
	switch p.Kind {
	case "html", "svg":
		o.page(p, it)
	case "text":
		o.plain(p, it)
	case "script":
		o.scriptFile(p, it)
	case "archive":
		o.archive(p, it)
	case "pdf":
		o.pdf(p, it)
	case "office":
		o.office(p, it)
	case "image":
		o.image(p, it)
	case "calendar", "contact", "shortcut":
		o.small(p, it)
	}
}

// text makes the item's content UTF-8 text, and the payload's Content with it, so that spans point into what was read.
func (o *opener) text(p *coldwatch.Payload, it item) []byte {
	if it.text != "" {
		if it.text != string(it.content) {
			p.Content = []byte(it.text)
		}
		return p.Content
	}
	if b := decodeText(it.content); len(b) != len(it.content) || (len(b) > 0 && &b[0] != &it.content[0]) {
		p.Content = b
	}
	return p.Content
}

// layer opens a page that was unwrapped from another payload.
func (o *opener) layer(p *coldwatch.Payload, it item, content []byte, layers []string, via, name string) *coldwatch.Payload {
	return o.layerOf(p, it, item{via: via, name: name, content: content}, layers)
}

func (o *opener) layerOf(p *coldwatch.Payload, it, c item, layers []string) *coldwatch.Payload {
	if len(p.Layers)+1 > o.lim.Layers*2 || strings.Count(it.id, "#") >= o.lim.Layers {
		o.limit(p.ID, "limit.layers")
		return nil
	}
	root := it.id
	o.layerNo[root]++
	all := append(slices.Clone(it.layers), layers...)
	c.id, c.part, c.parent, c.depth, c.layers = root+"#"+strconv.Itoa(o.layerNo[root]), it.part, p.ID, it.depth, all
	return o.open(c)
}

// limit names the limit that stopped the opening of a payload.
func (o *opener) limit(id, kind string) {
	for _, f := range o.facts {
		if f.kind == kind && f.payload == id {
			return
		}
	}
	if p := o.find(id); p != nil && p.Limit == "" {
		p.Limit = kind
	}
	o.facts = append(o.facts, fact{kind: kind, payload: id, reason: "Opening stopped at a limit: " + kind + "."})
}

func (o *opener) find(id string) *coldwatch.Payload {
	for _, p := range o.list {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (o *opener) fact(kind string, p *coldwatch.Payload, span coldwatch.Span, quote, reason string) {
	if len(o.facts) < 200 {
		o.facts = append(o.facts, fact{kind, p.ID, reason, coldwatch.Evidence{Span: span, Quote: clip(quote)}})
	}
}

// clip shortens a quotation to what a person reads.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= 160 {
		return s
	}
	return strings.ToValidUTF8(s[:157], "") + "…"
}

func trait(p *coldwatch.Payload, t string) {
	if !slices.Contains(p.Traits, t) {
		p.Traits = append(p.Traits, t)
	}
}
