package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

// A Candidate is a domain that may be an organisation's though the pack does not say so: authenticated mail came from it in the
// organisation's name.
type Candidate struct {
	Domain       string    `json:"domain"`
	Organisation string    `json:"organisation"` // pack id
	Name         string    `json:"name"`
	Messages     int       `json:"messages"`
	Reporters    []string  `json:"reporters"` // organisations that got them
	Hostile      int       `json:"hostile"`   // of them, by their verdict
	Said         int       `json:"said"`      // of them, by an analyst's word that they are theirs
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Claims       []string  `json:"claims"`  // where the organisation is claimed
	Example      string    `json:"example"` // id of the newest message
}

// Candidates gives the domains of authenticated mail that claims to come from an organisation of the pack, and that nobody owns
// by the pack; those that analysts called theirs first, then those with the most mail.
func (e *Engine) Candidates(ctx context.Context) ([]Candidate, error) {
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	theirs := map[string]bool{}
	for _, w := range words {
		theirs[w.Message] = theirs[w.Message] || w.Kind == "theirs" && !w.Undone
	}
	found := map[string]*Candidate{}
	err = e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		js, err := e.Store.Analysis(ctx, s.ID)
		if err != nil {
			return err
		}
		var a coldwatch.Analysis
		if err := json.Unmarshal(js, &a); err != nil {
			return fmt.Errorf("analysis of %s: %w", s.ID, err)
		}
		e.candidate(found, &a, theirs[s.ID])
		return nil
	})
	out := make([]Candidate, 0, len(found))
	for _, k := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[k])
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return cmp.Or(b.Said-a.Said, b.Messages-a.Messages) })
	return out, err
}

// candidate counts one message.
func (e *Engine) candidate(found map[string]*Candidate, a *coldwatch.Analysis, said bool) {
	org, claims := Theirs(a)
	domain := a.Sender.Author().Domain
	if org == "" || !a.Authentication.Aligned || e.Pack.OwnerOf(domain) != nil || e.Pack.Organisation(org) == nil {
		return
	}
	c := found[domain+" "+org]
	if c == nil {
		c = &Candidate{Domain: domain, Organisation: org, Name: e.Pack.Organisation(org).Name, First: a.Received, Reporters: []string{}}
		found[domain+" "+org] = c
	}
	c.Messages++
	if a.Verdict.Class.Bad() {
		c.Hostile++
	}
	if said {
		c.Said++
	}
	if a.Received.Before(c.First) {
		c.First = a.Received
	}
	if !a.Received.Before(c.Last) {
		c.Last, c.Example = a.Received, a.ID
	}
	insert := func(list *[]string, s string) {
		if i, there := slices.BinarySearch(*list, s); !there && s != "" {
			*list = slices.Insert(*list, i, s)
		}
	}
	insert(&c.Reporters, a.Organisation)
	for _, from := range claims {
		insert(&c.Claims, from)
	}
}

// Theirs gives the organisation that a message most plainly claims to come from without its domain bearing that out, and where it
// claims so. A person's name alone claims no organisation.
func Theirs(a *coldwatch.Analysis) (organisation string, claims []string) {
	rank := map[string]int{"display-name": 4, "look-alike": 3, "signature": 2, "body": 2, "organization-field": 1}
	best := 0
	for i := range a.Claimed {
		c := &a.Claimed[i]
		if r := rank[c.From]; r > best && c.Organisation != "" && !c.Authentic && c.Kind != "person" && c.Organisation != a.Organisation {
			best, organisation = r, c.Organisation
		}
	}
	for i := range a.Claimed {
		if c := &a.Claimed[i]; c.Organisation == organisation && organisation != "" && rank[c.From] > 0 {
			claims = append(claims, c.From)
		}
	}
	return organisation, claims
}

// WalkAgain walks the stored messages that come from a domain again, for the pack says something else of it now, and brings the
// campaigns up to date. It returns how many walked.
func (e *Engine) WalkAgain(ctx context.Context, domain string) (int, error) {
	rows, err := e.Store.Search(ctx, domain, 100_000)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, row := range rows {
		if !strings.Contains(strings.ToLower(row.From), domain) {
			continue
		}
		sub, err := e.Store.Submission(ctx, row.ID)
		if err != nil {
			return n, err
		}
		r, err := e.record(e.Walk(sub))
		if err != nil {
			return n, err
		}
		r.Raw = nil // it is where it came from
		if _, err := e.Store.Put(ctx, []store.Record{r}, nil); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, nil
	}
	if err := e.forgetLinks(ctx); err != nil {
		return n, err
	}
	_, err = e.Update(ctx)
	return n, err
}
