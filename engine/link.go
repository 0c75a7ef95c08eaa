package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// The linker's state is kept with the number of the last message in it, so that a start need not place every sighting again.
const linkerSetting = "linker"

// Linker gives the linker over all stored sightings, loading it when it is first needed and placing what came since.
func (e *Engine) Linker(ctx context.Context) (*campaign.Linker, error) {
	if e.linker == nil {
		if err := e.loadLinker(ctx); err != nil {
			return nil, err
		}
	}
	l := e.linker
	err := e.Store.Sightings(ctx, e.placed, func(seq int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		l.Place(s)
		e.placed = max(e.placed, seq)
		return nil
	})
	return l, err
}

// loadLinker takes up the kept state, or begins anew where none is kept or it does not fit: that is only lost time.
func (e *Engine) loadLinker(ctx context.Context) error {
	kept, err := e.Store.Setting(ctx, linkerSetting)
	if err != nil {
		return err
	}
	var l *campaign.Linker
	e.placed = 0
	if len(kept) > 8 {
		if full, err := e.Store.Codec().Expand(kept[8:]); err == nil {
			if l, err = campaign.Restore(bytes.NewReader(full), e.Linking); err == nil {
				e.placed = int64(binary.BigEndian.Uint64(kept))
			}
		}
	}
	if l == nil {
		l = campaign.New(e.Linking)
		words, err := e.Store.Words(ctx)
		if err != nil {
			return err
		}
		for _, w := range words {
			l.Say(w)
		}
	}
	l.SetClock(e.Clock)
	e.linker = l
	return nil
}

func (e *Engine) keepLinker(ctx context.Context, l *campaign.Linker) error {
	var buf bytes.Buffer
	if err := l.Snapshot(&buf); err != nil {
		return fmt.Errorf("keep linker: %w", err)
	}
	kept := binary.BigEndian.AppendUint64(nil, uint64(e.placed))
	return e.Store.PutSetting(ctx, linkerSetting, append(kept, e.Store.Codec().Compress(buf.Bytes())...))
}

// Update brings campaigns, profiles and warnings up to date with what is stored: the re-link pass over everything, then the
// profile of each campaign whose content changed, then the warnings due. It returns every campaign, the gravest first.
func (e *Engine) Update(ctx context.Context) ([]coldwatch.Profile, error) {
	l, err := e.Linker(ctx)
	if err != nil {
		return nil, err
	}
	events := l.Relink()
	states, profiles, received, err := e.profiles(ctx, l)
	if err != nil {
		return nil, err
	}
	due, err := e.due(ctx, profiles, received)
	if err != nil {
		return nil, err
	}
	if err := e.Store.PutCampaigns(ctx, states, events); err != nil {
		return nil, err
	}
	if err := e.Store.PutWarnings(ctx, due); err != nil {
		return nil, err
	}
	if err := e.keepLinker(ctx, l); err != nil {
		return nil, err
	}
	return byGravity(profiles), nil
}

// profiles builds the profile of every campaign; one whose content is what was stored keeps its version.
func (e *Engine) profiles(ctx context.Context, l *campaign.Linker) ([]store.CampaignState, []coldwatch.Profile, map[string]time.Time, error) {
	opts, err := e.profileOptions(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	campaigns := l.Campaigns()
	taken := map[string]bool{}
	for _, c := range campaigns {
		taken[c.ID] = true
	}
	for _, id := range l.Singles() {
		name := "c-" + id[:10]
		if taken[name] { // by a campaign that began with this message and lost it
			name = "c-" + id[:16]
		}
		campaigns = append(campaigns, coldwatch.Campaign{ID: name, Members: []string{id}})
	}
	members, received, err := e.members(ctx, campaigns)
	if err != nil {
		return nil, nil, nil, err
	}
	past := make([][]string, len(campaigns))
	for i, c := range campaigns {
		past[i] = e.targets(members[c.ID])
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	said := judgements(words, campaigns)
	var states []store.CampaignState
	var profiles []coldwatch.Profile
	for i, c := range campaigns {
		opts.Past = others(past, i)
		opts.Hypotheses, opts.Evidence = said[c.ID].hypotheses, said[c.ID].evidence
		p := profile.Build(c, members[c.ID], e.Pack, opts)
		old, err := e.Store.Profile(ctx, p.Campaign, 0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, nil, err
		}
		p = profile.Revise(old, p)
		states = append(states, store.CampaignState{Campaign: c, Profile: p})
		profiles = append(profiles, p)
	}
	return states, profiles, received, nil
}

// members gives the sightings of each campaign, and when each was received.
func (e *Engine) members(ctx context.Context, campaigns []coldwatch.Campaign) (map[string][]coldwatch.Sighting, map[string]time.Time, error) {
	of := map[string]string{}
	for _, c := range campaigns {
		for _, m := range c.Members {
			of[m] = c.ID
		}
	}
	out := map[string][]coldwatch.Sighting{}
	received := map[string]time.Time{}
	err := e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err == nil && of[s.ID] != "" {
			out[of[s.ID]] = append(out[of[s.ID]], s)
			received[s.ID] = s.Received
		}
		return err
	})
	return out, received, err
}

// targets gives the organisations of the pack that the sightings hit, sorted.
func (e *Engine) targets(sightings []coldwatch.Sighting) []string {
	var out []string
	for i := range sightings {
		if o := sightings[i].Organisation; e.Pack.Organisation(o) != nil {
			out = append(out, o)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// others gives all lists of two and more but the i-th.
func others(lists [][]string, i int) [][]string {
	var out [][]string
	for j, l := range lists {
		if j != i && len(l) > 1 {
			out = append(out, l)
		}
	}
	return out
}

func (e *Engine) profileOptions(ctx context.Context) (profile.Options, error) {
	totals, err := e.Store.Totals(ctx)
	if err != nil {
		return profile.Options{}, err
	}
	counts, err := e.Store.OrganisationCounts(ctx)
	if err != nil {
		return profile.Options{}, err
	}
	if e.memo == nil {
		e.memo = profile.NewMemo()
	}
	return profile.Options{Telemetry: totals.First, Now: totals.Last, Seen: counts, Memo: e.memo, Excursions: e.Pack.Excursions}, nil
}

// due gives the warnings that the change of each profile calls for.
func (e *Engine) due(ctx context.Context, profiles []coldwatch.Profile, received map[string]time.Time) ([]coldwatch.Warning, error) {
	said, err := e.Store.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	opts := warning.Options{At: e.Clock(), Received: received, Own: e.own(), Approved: approvals(words)}
	for _, w := range said {
		opts.Said = append(opts.Said, w.ID)
	}
	var out []coldwatch.Warning
	for i := range profiles {
		p := &profiles[i]
		if p.Possible {
			continue
		}
		var prev *coldwatch.Profile
		old, err := e.Store.Profile(ctx, p.Campaign, 0)
		if err == nil {
			prev = &old
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out = append(out, warning.Due(prev, p, e.Pack, opts)...)
	}
	return out, nil
}

// byGravity orders campaigns for a reader: by how well they are made for the chain (the median Targeted Threat Index) times
// how many organisations they hit, so that a bulk wave that also hit members ranks below; then by messages, the newest, the
// id. Possible campaigns of one message come last.
func byGravity(ps []coldwatch.Profile) []coldwatch.Profile {
	slices.SortFunc(ps, func(a, b coldwatch.Profile) int {
		switch ga, gb := gravity(&a), gravity(&b); {
		case a.Possible != b.Possible:
			if b.Possible {
				return -1
			}
			return 1
		case ga != gb:
			return cmp.Compare(gb, ga)
		case a.Messages != b.Messages:
			return b.Messages - a.Messages
		case !a.Last.Equal(b.Last):
			return b.Last.Compare(a.Last)
		}
		return strings.Compare(a.Campaign, b.Campaign)
	})
	return ps
}

func gravity(p *coldwatch.Profile) float64 {
	return p.TTI.Median * float64(max(1, len(p.Targets)))
}

// Campaigns gives the stored campaigns, the gravest first.
func (e *Engine) Campaigns(ctx context.Context) ([]coldwatch.Profile, error) {
	ps, err := e.Store.Campaigns(ctx)
	return byGravity(ps), err
}

// Report gathers what the publish room needs to write about a campaign.
func (e *Engine) Report(ctx context.Context, id string) (coldwatch.Report, error) {
	p, err := e.Store.Profile(ctx, id, 0)
	if err != nil {
		return coldwatch.Report{}, err
	}
	l, err := e.Linker(ctx)
	if err != nil {
		return coldwatch.Report{}, err
	}
	r := coldwatch.Report{Profile: p, Links: l.Why(id), Marking: coldwatch.Marking{TLP: "TLP:AMBER"}, Made: p.Last}
	for _, m := range p.Members {
		lm, err := e.local(ctx, m)
		if errors.Is(err, store.ErrNotFound) {
			continue // a sighting without its message: this node does not hold it
		}
		if err != nil {
			return r, err
		}
		r.Local = append(r.Local, lm)
	}
	slices.SortFunc(r.Local, func(a, b coldwatch.LocalMessage) int {
		return cmpTime(a.Received, b.Received, a.ID, b.ID)
	})
	ws, err := e.Warnings(ctx)
	if err != nil {
		return r, err
	}
	for _, w := range ws {
		if w.Campaign == id {
			r.Warnings = append(r.Warnings, w)
		}
	}
	return r, nil
}

func cmpTime(a, b time.Time, x, y string) int {
	if c := a.Compare(b); c != 0 {
		return c
	}
	return strings.Compare(x, y)
}
