package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// An Explanation is one message through every room: what each added, and where the message would go.
type Explanation struct {
	Analysis  *coldwatch.Analysis   `json:"analysis"`
	Carried   []*coldwatch.Analysis `json:"carried,omitempty"`
	Parts     []PartLine            `json:"parts"`
	Defects   []coldwatch.Defect    `json:"defects,omitempty"`
	Sighting  coldwatch.Sighting    `json:"sighting"`
	Placement coldwatch.Placement   `json:"placement"`
	Campaign  *coldwatch.Profile    `json:"campaign,omitempty"` // the campaign it belongs to or would join
	Known     bool                  `json:"known"`              // the message is stored already
}

// PartLine shows one part of the message.
type PartLine struct {
	ID        string `json:"id"`
	Reading   int    `json:"reading"`
	MediaType string `json:"media_type"`
	Filename  string `json:"filename,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	Size      int    `json:"size"`
}

// Explain walks one message and says where it would go, without storing anything.
func (e *Engine) Explain(ctx context.Context, sub coldwatch.Submission) (Explanation, error) {
	w, err := e.withHabits(ctx, sub)
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Analysis: w.Analysis, Carried: w.Carried, Sighting: w.Sighting, Defects: w.Analysis.Message.Defects}
	for i := range w.Analysis.Message.Parts {
		p := &w.Analysis.Message.Parts[i]
		x.Parts = append(x.Parts, PartLine{p.ID, p.Reading, p.MediaType, p.Filename, p.Encoding, len(p.Content)})
	}
	if x.Placement, err = e.Preview(ctx, w.Sighting); err != nil {
		return x, err
	}
	if x.Known, err = e.Store.Have(ctx, w.Analysis.ID); err != nil {
		return x, err
	}
	id := x.Placement.Campaign
	if x.Known {
		if id, err = e.Store.CampaignOf(ctx, w.Analysis.ID); err != nil {
			return x, err
		}
	}
	if id != "" {
		if p, err := e.Store.Profile(ctx, id, 0); err == nil {
			x.Campaign = &p
		}
	}
	return x, nil
}

// local gives what this node can show of a stored message.
func (e *Engine) local(ctx context.Context, id string) (coldwatch.LocalMessage, error) {
	row, err := e.Store.Row(ctx, id)
	if err != nil {
		return coldwatch.LocalMessage{}, err
	}
	b, err := e.Store.Analysis(ctx, id)
	if err != nil {
		return coldwatch.LocalMessage{}, err
	}
	var a coldwatch.Analysis
	if err := json.Unmarshal(b, &a); err != nil {
		return coldwatch.LocalMessage{}, fmt.Errorf("analysis of %s: %w", id, err)
	}
	lm := coldwatch.LocalMessage{ID: id, Organisation: row.Organisation, Received: row.Received, Subject: row.Subject, From: row.From,
		Class: row.Class, Source: row.Source, Excerpt: excerpt(&a)}
	for _, entry := range a.Verdict.Ledger {
		if entry.Bits > 0 && len(lm.Reasons) < 8 {
			lm.Reasons = append(lm.Reasons, entry.Reason)
		}
	}
	return lm, nil
}

// excerpt shows the phrases that decided the lure, with every recipient's address masked.
func excerpt(a *coldwatch.Analysis) string {
	var quotes []string
	for _, p := range a.Lure.Phrases {
		quotes = append(quotes, p.Quote)
		if len(quotes) == 5 {
			break
		}
	}
	s := strings.Join(quotes, " … ")
	for _, r := range a.Recipients {
		if r.Address != "" {
			s = strings.ReplaceAll(s, r.Address, "[recipient]")
		}
	}
	return clip(s, 400)
}
