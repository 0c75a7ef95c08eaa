package engine

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/store"
)

// huntLimit bounds how many messages one indicator may bring up; beyond it the indicator says too little to hunt for.
const huntLimit = 100_000

// A Hunt is what stored mail holds of a report's indicators.
type Hunt struct {
	Searched  int            `json:"searched"`  // messages stored
	Since     time.Time      `json:"since"`     // earliest of them
	Hits      []HuntHit      `json:"hits"`      // every indicator, found or not
	Messages  []store.Row    `json:"messages"`  // that carry one, by time received
	First     time.Time      `json:"first"`     // zero when none does
	Functions map[string]int `json:"functions"` // of the people addressed
	Related   []store.Row    `json:"related"`   // of the same campaigns by lure and structure: they carry no indicator of the report
	Campaigns []string       `json:"campaigns"`
}

// A HuntHit is one indicator with the messages that carry it.
type HuntHit struct {
	bulletin.Indicator
	Messages []string `json:"messages"` // ids
	Benign   int      `json:"benign"`   // of them unremarkable: many mean that the indicator is common, not hostile
}

// Hunt searches all stored mail for the indicators. It changes no verdict.
func (e *Engine) Hunt(ctx context.Context, indicators []bulletin.Indicator) (Hunt, error) {
	totals, err := e.Store.Totals(ctx)
	if err != nil {
		return Hunt{}, err
	}
	h := Hunt{Searched: totals.Messages, Since: totals.First, Functions: map[string]int{}}
	seen := map[string]bool{}
	analyses := map[string]*coldwatch.Analysis{}
	for _, ind := range indicators {
		hit := HuntHit{Indicator: ind}
		only := newLookout()
		only.add(ind, place{})
		rows, err := e.Store.Search(ctx, searchable(ind), huntLimit)
		if err != nil {
			return h, err
		}
		for _, row := range rows {
			a := analyses[row.ID]
			if a == nil {
				if a, err = e.again(ctx, row); err != nil {
					return h, err
				}
				analyses[row.ID] = a
			}
			if len(only.find(a)) == 0 {
				continue
			}
			hit.Messages = append(hit.Messages, row.ID)
			if row.Class == coldwatch.Unremarkable {
				hit.Benign++
			}
			if !seen[row.ID] {
				seen[row.ID] = true
				h.Messages = append(h.Messages, row)
				h.Functions[a.Target.Function]++
			}
		}
		slices.Sort(hit.Messages)
		h.Hits = append(h.Hits, hit)
	}
	slices.SortFunc(h.Messages, func(a, b store.Row) int { return cmpTime(a.Received, b.Received, a.ID, b.ID) })
	if len(h.Messages) > 0 {
		h.First = h.Messages[0].Received
	}
	return h, e.related(ctx, &h, seen)
}

// related adds the other members of the campaigns that the found messages belong to.
func (e *Engine) related(ctx context.Context, h *Hunt, seen map[string]bool) error {
	for _, row := range h.Messages {
		id, err := e.Store.CampaignOf(ctx, row.ID)
		if err != nil {
			return err
		}
		if id != "" && !slices.Contains(h.Campaigns, id) {
			h.Campaigns = append(h.Campaigns, id)
		}
	}
	slices.Sort(h.Campaigns)
	for _, id := range h.Campaigns {
		p, err := e.Store.Profile(ctx, id, 0)
		if err != nil {
			return err
		}
		for _, m := range p.Members {
			if seen[m] {
				continue
			}
			row, err := e.Store.Row(ctx, m)
			if err != nil {
				return err
			}
			h.Related = append(h.Related, row)
		}
	}
	slices.SortFunc(h.Related, func(a, b store.Row) int { return cmpTime(a.Received, b.Received, a.ID, b.ID) })
	return nil
}

// again walks a stored message once more: links are not kept with its analysis.
func (e *Engine) again(ctx context.Context, row store.Row) (*coldwatch.Analysis, error) {
	raw, err := e.Store.Raw(ctx, row.RawSHA256)
	if err != nil {
		return nil, err
	}
	return whole(e.Walk(coldwatch.Submission{Raw: raw, Organisation: row.Organisation, Source: row.Source})), nil
}

// searchable is what full-text search is asked: of a URL its host, for the rest is compared exactly afterwards.
func searchable(ind bulletin.Indicator) string {
	if ind.Kind == coldwatch.URL {
		if u, err := url.Parse(ind.Value); err == nil {
			return u.Hostname()
		}
	}
	return ind.Value
}

// addresses gives the addresses that a message shows as its own, not its recipients'.
func addresses(a *coldwatch.Analysis) []string {
	var out []string
	for _, list := range [][]coldwatch.Mailbox{a.Sender.From, a.Sender.ReplyTo, a.Sender.Sender} {
		for _, m := range list {
			out = append(out, m.Address)
		}
	}
	if a.Sender.ReturnPath != "" {
		out = append(out, a.Sender.ReturnPath)
	}
	for _, u := range urls(a) {
		if m, ok := strings.CutPrefix(u, "mailto:"); ok {
			m, _, _ = strings.Cut(m, "?")
			out = append(out, m)
		}
	}
	return out
}

// urls gives everywhere that a message leads to.
func urls(a *coldwatch.Analysis) []string {
	var out []string
	for i := range a.Payloads {
		for _, d := range a.Payloads[i].Destinations {
			out = append(out, d.URL)
		}
		for _, l := range a.Payloads[i].Links {
			out = append(out, l.URL)
		}
	}
	return out
}
