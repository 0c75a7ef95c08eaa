package page

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A messagePage is everything about one message.
type messagePage struct {
	ID       string
	Row      store.Row
	A        *coldwatch.Analysis // as it was stored
	Seen     *coldwatch.Analysis // as the message is read now, with its bytes
	Carried  []*coldwatch.Analysis
	Subject  []piece
	From     []addressView
	ReplyTo  []addressView
	Text     []piece
	TextCut  bool
	Pictures []pictureView
	Header   []fieldView
	Parts    []coldwatch.Part
	Layers   []layerView
	Findings []findingView
	Ledger   []ledgerLine
	Campaign *coldwatch.Profile
	Similar  []store.Row
	Words    []coldwatch.Word
	MaySay   bool
	Say      []wordButton
}

type addressView struct {
	Name    []piece
	Address []piece
	Decoded []piece // the domain as people would see it, where it is written in punycode
}

type pictureView struct{ Href, Name string }

type fieldView struct {
	Name   string
	Value  []piece
	Offset int
}

// A layerView is something that was opened, with how deep it was wrapped.
type layerView struct {
	coldwatch.Payload
	Depth   int
	Excerpt string
	More    int // bytes that the excerpt leaves out
	Binary  bool
}

type findingView struct {
	coldwatch.Finding
	Quotes []quoteView
}

// A quoteView is a quotation between what stands before and after it.
type quoteView struct {
	Where               string
	Start, End          int
	Before, Text, After string
	Readable            string // what it says, where the bytes are encoded
}

type ledgerLine struct {
	coldwatch.Entry
	Bar int
}

// Bounds of what one page shows of a message.
const (
	maxText    = 40_000
	maxExcerpt = 3_000
	maxQuote   = 600
	aroundIt   = 70 // bytes before and after a quotation
	maxFields  = 200
	maxParts   = 100
	maxQuotes  = 4 // of one finding
)

func (p *Pages) message(w http.ResponseWriter, r *http.Request) {
	d, err := p.messageOf(r, r.PathValue("id"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	title := d.Row.Subject
	if title == "" {
		title = "Message without a subject"
	}
	p.draw(w, r, http.StatusOK, "message.html", title, "search", d)
}

// messageOf reads a message and walks it once more, for its bytes are in the raw store only.
func (p *Pages) messageOf(r *http.Request, id string) (messagePage, error) {
	ctx := r.Context()
	m, err := p.Desk.Message(ctx, id)
	if err != nil {
		return messagePage{}, err
	}
	d := messagePage{ID: m.Row.ID, Row: m.Row, A: &m.Analysis, Words: m.Words, MaySay: access.From(ctx).May(access.Analyst), Say: wordButtons(1, m.Campaign != "")}
	walked, err := p.Desk.Open(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // the raw message may have been purged: the analysis stays
		return d, err
	}
	if err == nil {
		d.Seen, d.Carried = walked.Analysis, walked.Carried
	}
	d.Subject = letters(m.Analysis.Subject)
	d.From, d.ReplyTo = addresses(m.Analysis.Sender.From), addresses(m.Analysis.Sender.ReplyTo)
	d.Findings = findings(m.Analysis.Findings, d.Seen)
	d.Ledger = ledger(m.Analysis.Verdict)
	if d.Seen != nil {
		d.bytes()
	}
	return d, p.around(r, m.Campaign, &d)
}

// bytes shows what stands in the message itself.
func (d *messagePage) bytes() {
	text := bodyText(d.Seen)
	d.TextCut = len(text) > maxText
	d.Text = letters(text[:min(len(text), maxText)])
	msg := d.Seen.Message
	for _, f := range msg.Header[:min(len(msg.Header), maxFields)] {
		d.Header = append(d.Header, fieldView{f.Name, letters(dossier.Cut(f.Value, 2000)), f.Offset})
	}
	d.Parts = msg.Parts[:min(len(msg.Parts), maxParts)]
	depth := map[string]int{}
	for _, pl := range d.Seen.Payloads[:min(len(d.Seen.Payloads), maxParts)] {
		l := layerView{Payload: pl}
		if pl.Parent != "" {
			l.Depth = min(depth[pl.Parent]+1, 6)
		}
		depth[pl.ID] = l.Depth
		switch pl.Kind {
		case "text", "html", "script", "svg", "calendar", "contact", "shortcut":
			l.Excerpt = lines(strings.ToValidUTF8(string(pl.Content[:min(len(pl.Content), maxExcerpt)]), "\uFFFD"))
			l.More = max(0, len(pl.Content)-maxExcerpt)
		default:
			l.Binary = true
			if pl.Text != "" {
				l.Excerpt = lines(dossier.Cut(pl.Text, maxExcerpt))
			}
		}
		d.Layers = append(d.Layers, l)
		if pl.Kind == "html" && len(d.Pictures) < 8 {
			name := pl.Name
			switch {
			case name != "":
			case pl.Via == "body":
				name = "body"
			default:
				name = pl.Via + " " + pl.ID
			}
			d.Pictures = append(d.Pictures, pictureView{"/messages/" + d.ID + "/picture/" + url.PathEscape(pl.ID), name})
		}
	}
}

// bodyText gives what a reader of the message would see as text.
func bodyText(a *coldwatch.Analysis) string {
	best := ""
	for i := range a.Payloads {
		pl := &a.Payloads[i]
		if pl.Via != "body" || pl.Kind != "text" && pl.Kind != "html" {
			continue
		}
		if pl.Text != "" && (best == "" || pl.Kind == "text") {
			best = pl.Text
			if pl.Kind == "text" {
				break
			}
		}
	}
	return best
}

func addresses(in []coldwatch.Mailbox) []addressView {
	var out []addressView
	for _, m := range in[:min(len(in), 20)] {
		out = append(out, addressView{letters(m.Name), letters(dossier.Defang(coldwatch.EmailAddress, m.Address)), letters(decoded(m.Domain))})
	}
	return out
}

// findings sets each finding beside the bytes that it quotes.
func findings(list []coldwatch.Finding, seen *coldwatch.Analysis) []findingView {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b coldwatch.Finding) int {
		switch d := math.Abs(b.Bits) - math.Abs(a.Bits); {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	})
	out := make([]findingView, 0, len(list))
	for _, f := range list {
		v := findingView{Finding: f}
		for _, e := range f.Evidence[:min(len(f.Evidence), maxQuotes)] {
			v.Quotes = append(v.Quotes, quote(e, seen))
		}
		out = append(out, v)
	}
	return out
}

// quote finds the bytes of a piece of evidence.
func quote(e coldwatch.Evidence, seen *coldwatch.Analysis) quoteView {
	q := quoteView{Where: place(e.Span.Where), Start: e.Span.Start, End: e.Span.End, Readable: dossier.Visible(e.Quote)}
	content := bytesOf(seen, e.Span.Where)
	if e.Span.Start < 0 || e.Span.End <= e.Span.Start || e.Span.End > len(content) {
		return q
	}
	start, end := e.Span.Start, e.Span.End
	from, to := max(0, start-aroundIt), min(len(content), end+aroundIt)
	show := func(b []byte) string { return lines(strings.ToValidUTF8(string(b), "\uFFFD")) }
	q.Before, q.After = show(content[from:start]), show(content[end:to])
	if end-start > maxQuote {
		q.Text = show(content[start:start+maxQuote]) + "…"
		q.After = ""
	} else {
		q.Text = show(content[start:end])
	}
	if q.Text == q.Readable {
		q.Readable = ""
	}
	return q
}

func place(where string) string {
	switch {
	case where == "raw":
		return "raw message"
	case strings.ContainsAny(where, "#/"):
		return "payload " + dossier.Visible(where)
	}
	return "part " + dossier.Visible(where)
}

// bytesOf gives what a span points into.
func bytesOf(a *coldwatch.Analysis, where string) []byte {
	if a == nil {
		return nil
	}
	if where == "raw" {
		return a.Message.Raw
	}
	if pl := a.Payload(where); pl != nil && pl.Content != nil {
		return pl.Content
	}
	if part := a.Message.Part(where); part != nil {
		return part.Content
	}
	return nil
}

// ledger gives the lines of a verdict with their bars.
func ledger(v coldwatch.Verdict) []ledgerLine {
	most := 0.1
	for _, e := range v.Ledger {
		most = max(most, math.Abs(e.Bits))
	}
	var out []ledgerLine
	for _, e := range v.Ledger {
		out = append(out, ledgerLine{e, int(100 * math.Abs(e.Bits) / most)})
	}
	return out
}

// around reads what stands beside a message: its campaign, and messages like it.
func (p *Pages) around(r *http.Request, campaign string, d *messagePage) error {
	ctx := r.Context()
	if campaign != "" {
		c, err := p.Desk.Campaign(ctx, campaign, 0)
		if err == nil {
			d.Campaign = &c
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	const most = 8
	var q store.MessageQuery
	switch owned := ownIndicator(d.A); {
	case d.Campaign != nil && d.Campaign.Messages > 1:
		q = store.MessageQuery{Campaign: campaign, Limit: most + 1}
	case owned != "":
		q = store.MessageQuery{Words: owned, Limit: most + 1}
	default:
		return nil
	}
	rows, err := p.Desk.Messages(ctx, q)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.ID != d.ID && len(d.Similar) < most {
			d.Similar = append(d.Similar, row)
		}
	}
	return nil
}

// ownIndicator gives something that looks like the sender's own, by which messages like this one are found.
func ownIndicator(a *coldwatch.Analysis) string {
	for _, o := range a.Observables {
		if o.Owned && (o.Kind == coldwatch.DomainName || o.Kind == coldwatch.EmailAddress) {
			return o.Value
		}
	}
	return ""
}

// raw gives a message as a file to keep. The desk writes down who reads it.
func (p *Pages) raw(w http.ResponseWriter, r *http.Request) {
	b, err := p.Desk.Raw(r.Context(), r.PathValue("id"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	console.Download(w, short(r.PathValue("id"))+".eml", b)
}
