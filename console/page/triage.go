package page

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A triagePage is the queue of messages that wait for a word, with the one that is looked at beside it.
type triagePage struct {
	Show   string // which queue: suspicious, hostile, targeted or unknown
	Shows  []choice
	Rows   []queueRow
	At     *previewView
	Next   string // address of what comes after
	MaySay bool
	Say    []wordButton
	Open   int
}

type choice struct{ Value, Name string }

type queueRow struct {
	store.Row
	Why  string
	Href string // shows it beside the queue
}

// A previewView is a message in short.
type previewView struct {
	ID       string
	Row      store.Row
	A        coldwatch.Analysis
	Subject  []piece
	From     []addressView
	Text     []piece
	Findings []coldwatch.Finding
	Campaign string
}

// queueSize is how many messages one page of the queue shows.
const queueSize = 20

var queues = []choice{{"suspicious", "suspicious, no word yet"}, {"hostile", "hostile, no word yet"}, {"targeted", "made for the chain, no word yet"}, {"said", "already judged"}}

func (p *Pages) triage(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	d := triagePage{Show: q.Get("show"), Shows: queues, Say: wordButtons(2, true), MaySay: access.From(ctx).May(access.Analyst)}
	if !slices.ContainsFunc(queues, func(c choice) bool { return c.Value == d.Show }) {
		d.Show = "suspicious"
	}
	rows, more, err := p.queue(ctx, d.Show, q)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	for _, row := range rows {
		a, err := p.Desk.Analysis(ctx, row.ID)
		if err != nil {
			p.failed(w, r, err)
			return
		}
		d.Rows = append(d.Rows, queueRow{row, a.Verdict.Summary, queueHref(d.Show, q, "at", row.ID)})
	}
	if more {
		last := rows[len(rows)-1]
		d.Next = "/triage?" + url.Values{"show": {d.Show}, "before": {strconv.FormatInt(last.Received.UnixMicro(), 10)}, "after": {last.ID}}.Encode()
	}
	at := q.Get("at")
	if at == "" && len(rows) > 0 {
		at = rows[0].ID
	}
	if at != "" {
		preview, err := p.preview(ctx, at)
		if err != nil {
			p.failed(w, r, err)
			return
		}
		d.At = &preview
	}
	p.draw(w, r, http.StatusOK, "triage.html", "Triage", "triage", d)
}

func queueHref(show string, q url.Values, pairs ...string) string {
	v := url.Values{"show": {show}}
	for _, key := range []string{"before", "after"} {
		if q.Get(key) != "" {
			v.Set(key, q.Get(key))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "/triage?" + v.Encode() + "#preview"
}

// queue gives a page of messages with a word or without, the newest first, and whether there are more.
func (p *Pages) queue(ctx context.Context, show string, q url.Values) ([]store.Row, bool, error) {
	said, err := p.said(ctx)
	if err != nil {
		return nil, false, err
	}
	classes := []coldwatch.Class{coldwatch.Suspicious}
	switch show {
	case "hostile":
		classes = []coldwatch.Class{coldwatch.Hostile}
	case "targeted":
		classes = []coldwatch.Class{coldwatch.Targeted}
	case "said":
		classes = nil
	}
	find := store.MessageQuery{Classes: classes, AfterID: q.Get("after"), Limit: 200}
	if micro, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil {
		find.Before = time.UnixMicro(micro).UTC()
	}
	var out []store.Row
	for range 50 { // enough for ten thousand judged ones in a row
		rows, err := p.Desk.Messages(ctx, find)
		if err != nil {
			return nil, false, err
		}
		for _, row := range rows {
			if said[row.ID] != (show == "said") {
				continue
			}
			if len(out) == queueSize {
				return out, true, nil
			}
			out = append(out, row)
		}
		if len(rows) < find.Limit {
			break
		}
		find.Before, find.AfterID = rows[len(rows)-1].Received, rows[len(rows)-1].ID
	}
	return out, false, nil
}

func (p *Pages) preview(ctx context.Context, id string) (previewView, error) {
	m, err := p.Desk.Message(ctx, id)
	if err != nil {
		return previewView{}, err
	}
	v := previewView{ID: m.Row.ID, Row: m.Row, A: m.Analysis, Subject: letters(m.Analysis.Subject), From: addresses(m.Analysis.Sender.From), Campaign: m.Campaign}
	walked, err := p.Desk.Open(ctx, id)
	if err == nil {
		v.Text = letters(dossier.Cut(strings.TrimSpace(bodyText(walked.Analysis)), 1800))
	}
	for _, f := range findings(m.Analysis.Findings, nil)[:min(len(m.Analysis.Findings), 6)] {
		v.Findings = append(v.Findings, f.Finding)
	}
	return v, nil
}

// A wordButton says something of messages.
type wordButton struct{ Kind, Label, Key, Does string }

// wordKeys are the keys by which words are said. The rest are taken: see islands.js.
var wordKeys = map[string]string{"hostile": "c", "benign": "b", "theirs": "t", "not-part": "p", "must-link": "m", "cannot-link": "n", "same-look": "a"}

// wordButtons gives what can be said of so many messages: with two, what is said of each of them as well.
func wordButtons(messages int, inCampaign bool) []wordButton {
	var out []wordButton
	for _, k := range coldwatch.WordKinds() {
		if k.Messages > messages || k.Name == "not-part" && !inCampaign {
			continue
		}
		does := k.Means
		if k.Messages > 1 {
			does += " (two or more)"
		}
		out = append(out, wordButton{k.Name, strings.TrimSuffix(sentence(plainWords(k.Name)), "."), wordKeys[k.Name], does})
	}
	return out
}

// maxSaid bounds what one form may say at once.
const maxSaid = 200

// say stores one word about each of the chosen messages, or about each pair that the first makes with another.
func (p *Pages) say(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.Refused(w, r, http.StatusBadRequest)
		return
	}
	kind := r.PostForm.Get("kind")
	about, _ := coldwatch.WordKindOf(kind) // the desk refuses another
	ids := slices.Compact(slices.Clone(r.PostForm["id"]))
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	if reason == "" {
		reason = sentence(about.Means) // where an analyst gives none
	}
	if len(ids) == 0 || len(ids) > maxSaid {
		p.done(w, r, back(r), "Nothing was said: choose between one and two hundred messages.")
		return
	}
	var words []coldwatch.Word
	if about.Messages == 2 {
		for _, other := range ids[1:] {
			words = append(words, coldwatch.Word{Kind: kind, Message: ids[0], Other: other, Reason: reason})
		}
		if len(words) == 0 {
			p.done(w, r, back(r), "Nothing was said: that takes two messages or more.")
			return
		}
	} else {
		for _, id := range ids {
			words = append(words, coldwatch.Word{Kind: kind, Message: id, Reason: reason})
		}
	}
	said, err := p.Desk.Say(r.Context(), words...)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	undo := make([]string, len(said))
	for i := range said {
		undo[i] = said[i].ID
	}
	p.done(w, r, back(r), fmt.Sprintf("Said of %s: %s.", dossier.Count(len(ids), "message", "messages"), plainWords(kind)), undo...)
}

// back is where a form came from, without what it pointed at: that may have gone from the list.
func back(r *http.Request) string {
	u, err := url.Parse(r.PostForm.Get("to"))
	if err != nil || u.Path == "" {
		return "/"
	}
	q := u.Query()
	q.Del("at")
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

func (p *Pages) unsay(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.Refused(w, r, http.StatusBadRequest)
		return
	}
	ids := r.PostForm["id"]
	if len(ids) == 0 || len(ids) > maxSaid {
		p.done(w, r, back(r), "Nothing was taken back: no word was chosen.")
		return
	}
	if err := p.Desk.Unsay(r.Context(), ids...); err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, back(r), dossier.Count(len(ids), "word was", "words were")+" taken back.")
}

// A wordsPage lists what analysts said.
type wordsPage struct {
	Words  []coldwatch.Word
	More   int
	MaySay bool
}

const wordsShown = 200

func (p *Pages) words(w http.ResponseWriter, r *http.Request) {
	words, err := p.Desk.Words(r.Context())
	if err != nil {
		p.failed(w, r, err)
		return
	}
	slices.Reverse(words)
	d := wordsPage{Words: words, MaySay: access.From(r.Context()).May(access.Analyst)}
	if d.More = len(words) - wordsShown; d.More > 0 {
		d.Words = words[:wordsShown]
	}
	p.draw(w, r, http.StatusOK, "words.html", "Words", "words", d)
}
