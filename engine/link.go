package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

// The linker's state is kept with the number of the last message in it, so that a start need not place every sighting again.
const linkerSetting = "linker"

// links is linking in memory.
type links struct {
	*campaign.Linker
	placed  int64               // highest sequence number in it
	settled int64               // highest that may be placed, where this process links: what came later is not settled yet
	told    map[string]int      // events of each campaign that are stored
	base    *profile.Options    // what profiles have in common; nil until it is needed
	targets map[string][]string // members of the pack that each campaign hit
	memo    *profile.Memo       // simulations that need not run again
}

// Why gives the links that hold a campaign together, each with its ledger.
func (e *Engine) Why(ctx context.Context, id string) ([]coldwatch.Link, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, _, err := e.current(ctx)
	if err != nil {
		return nil, err
	}
	return l.Linker.Why(id), nil
}

// Without gives what a campaign falls into without a piece of evidence: the messages of each part.
func (e *Engine) Without(ctx context.Context, id string, v coldwatch.View, value string) ([][]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, _, err := e.current(ctx)
	if err != nil {
		return nil, err
	}
	return l.Linker.Without(id, v, value), nil
}

// Preview says where a sighting would go, without placing it.
func (e *Engine) Preview(ctx context.Context, s coldwatch.Sighting) (coldwatch.Placement, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, _, err := e.current(ctx)
	if err != nil {
		return coldwatch.Placement{}, err
	}
	return l.Linker.Preview(s), nil
}

// current gives linking up to date with the stored sightings and words, and what was placed just now.
func (e *Engine) current(ctx context.Context) (*links, []coldwatch.Sighting, error) {
	if e.links == nil {
		l, err := e.load(ctx)
		if err != nil {
			return nil, nil, err
		}
		e.links = l
	}
	fresh, err := e.catchUp(ctx, e.links)
	return e.links, fresh, err
}

// load takes up the kept state, or begins anew where none is kept or it does not fit: that is only lost time.
func (e *Engine) load(ctx context.Context) (*links, error) {
	var err error
	if e.Linking, err = e.linking(ctx); err != nil {
		return nil, err
	}
	kept, err := e.Store.Setting(ctx, linkerSetting)
	if err != nil {
		return nil, err
	}
	l := &links{targets: map[string][]string{}, memo: profile.NewMemo()}
	if len(kept) > 8 {
		if full, err := e.Store.Codec().Expand(kept[8:]); err == nil {
			if l.Linker, err = campaign.Restore(bytes.NewReader(full), e.Linking); err == nil {
				l.placed = int64(binary.BigEndian.Uint64(kept))
			}
		}
	}
	if l.Linker == nil {
		l.Linker = campaign.New(e.Linking)
	}
	l.SetClock(e.Clock)
	if l.told, err = e.Store.EventCounts(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// catchUp takes in the words and sightings that are not in it yet, and returns the sightings.
func (e *Engine) catchUp(ctx context.Context, l *links) ([]coldwatch.Sighting, error) {
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	said := map[string]bool{}
	for _, w := range l.Words() {
		said[w.ID] = w.Undone
	}
	for _, w := range words {
		if undone, ok := said[w.ID]; !ok || undone != w.Undone {
			l.Say(w)
		}
	}
	var fresh []coldwatch.Sighting
	err = e.Store.Sightings(ctx, l.placed, func(seq int64, b []byte) error {
		if e.leading != nil && seq > l.settled {
			return nil
		}
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		l.Place(s)
		l.placed = max(l.placed, seq)
		if l.base != nil { // else it is read from the store when it is needed
			l.base.Seen[s.Organisation]++
			if s.Received.After(l.base.Now) {
				l.base.Now = s.Received
			}
			fresh = append(fresh, s)
		}
		return nil
	})
	return fresh, err
}

// snapshot gives the linker's state, the number of the last message in it before it.
func (l *links) snapshot() ([]byte, error) {
	var buf bytes.Buffer
	buf.Write(binary.BigEndian.AppendUint64(nil, uint64(l.placed)))
	if err := l.Snapshot(&buf); err != nil {
		return nil, fmt.Errorf("keep linker: %w", err)
	}
	return buf.Bytes(), nil
}

func (e *Engine) keep(ctx context.Context, l *links) error {
	b, err := l.snapshot()
	if err != nil {
		return err
	}
	return e.Store.PutSetting(ctx, linkerSetting, append(b[:8:8], e.Store.Codec().Compress(b[8:])...))
}

// forgetLinks is for when what is in memory does not fit what is stored any more.
func (e *Engine) forgetLinks(ctx context.Context) error {
	e.mu.Lock()
	e.links = nil
	e.mu.Unlock()
	return e.Store.PutSetting(ctx, linkerSetting, nil)
}

// Update brings campaigns, profiles and warnings up to date with what is stored: the re-link pass over everything, then the
// profile of each campaign whose content changed, then the warnings due. It returns every campaign, the gravest first. Where
// another process links, that one does it: ErrElsewhere.
func (e *Engine) Update(ctx context.Context) ([]coldwatch.Profile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.leading == nil {
		h, err := e.take(ctx)
		if err != nil {
			return nil, err
		}
		e.leading = h
		defer func() {
			e.leading = nil
			h.leave()
		}()
	}
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	l, _, err := e.current(ctx)
	if err != nil {
		return nil, err
	}
	l.Relink()
	all, err := e.whole(ctx, l)
	if err == nil {
		all.Events = l.EventsSince(l.told)
		err = e.commit(ctx, &all)
	}
	if err == nil {
		err = e.keep(ctx, l)
	}
	if err != nil {
		e.links = nil // what was stored decides
		return nil, err
	}
	own := *l // a pass under way began from another state
	e.links = &own
	var profiles []coldwatch.Profile
	for i := range all.States {
		profiles = append(profiles, all.States[i].Profile)
	}
	return byGravity(profiles), nil
}

// commit stores an update, if this is still the process that links.
func (e *Engine) commit(ctx context.Context, u *store.CampaignUpdate) error {
	if e.leading != nil {
		u.Owner = e.Name
	}
	if err := e.Store.PutCampaigns(ctx, *u); err != nil {
		return err
	}
	if e.passes.between != nil {
		e.passes.between.add(u)
	}
	return nil
}

// whole makes the update that states every campaign.
func (e *Engine) whole(ctx context.Context, l *links) (store.CampaignUpdate, error) {
	campaigns := l.Campaigns()
	taken := map[string]bool{}
	for _, c := range campaigns {
		taken[c.ID] = true
	}
	for _, id := range l.Singles() {
		campaigns = append(campaigns, single(id, taken))
	}
	base, err := e.profileOptions(ctx)
	if err != nil {
		return store.CampaignUpdate{}, err
	}
	l.base, l.targets = &base, map[string][]string{}
	return e.state(ctx, l, campaigns, true)
}

// single is the possible campaign of one message.
func single(id string, taken map[string]bool) coldwatch.Campaign {
	name := "c-" + id[:10]
	if taken[name] { // by a campaign that began with this message and lost it
		name = "c-" + id[:16]
	}
	return coldwatch.Campaign{ID: name, Members: []string{id}}
}

// state builds the profiles of these campaigns, all that there are or those that changed, and the warnings due; one whose
// content is what was stored keeps its version.
func (e *Engine) state(ctx context.Context, l *links, campaigns []coldwatch.Campaign, all bool) (store.CampaignUpdate, error) {
	u := store.CampaignUpdate{All: all}
	members, received, err := e.members(ctx, campaigns, all)
	if err != nil {
		return u, err
	}
	for _, c := range campaigns {
		l.targets[c.ID] = e.targets(members[c.ID])
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return u, err
	}
	said := judgements(words, campaigns)
	hits := l.hits()
	var profiles []coldwatch.Profile
	for _, c := range campaigns {
		opts := *l.base
		opts.Memo = l.memo
		opts.Past = others(hits, c.ID)
		opts.Hypotheses, opts.Evidence = said[c.ID].hypotheses, said[c.ID].evidence
		p := profile.Build(c, members[c.ID], e.Pack, opts)
		old, err := e.Store.Profile(ctx, p.Campaign, 0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return u, err
		}
		p = profile.Revise(old, p)
		u.States = append(u.States, store.CampaignState{Campaign: c, Profile: p})
		profiles = append(profiles, p)
	}
	u.Warnings, err = e.due(ctx, profiles, received)
	return u, err
}

// members gives the sightings of each campaign, and when each was received.
func (e *Engine) members(ctx context.Context, campaigns []coldwatch.Campaign, all bool) (map[string][]coldwatch.Sighting, map[string]time.Time, error) {
	of := map[string]string{}
	for _, c := range campaigns {
		for _, m := range c.Members {
			of[m] = c.ID
		}
	}
	out := map[string][]coldwatch.Sighting{}
	received := map[string]time.Time{}
	take := func(b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err == nil && of[s.ID] != "" {
			out[of[s.ID]] = append(out[of[s.ID]], s)
			received[s.ID] = s.Received
		}
		return err
	}
	if all { // one pass over the table is faster than as many look-ups
		return out, received, e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error { return take(b) })
	}
	return out, received, e.Store.SightingsOf(ctx, slices.Sorted(maps.Keys(of)), take)
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

// others gives the lists of all campaigns but one.
func others(lists []hit, but string) [][]string {
	var out [][]string
	for _, l := range lists {
		if l.campaign != but {
			out = append(out, l.targets)
		}
	}
	return out
}

// A hit is the members of the pack that a campaign hit.
type hit struct {
	campaign string
	targets  []string
}

// hits gives those of two and more, in the order of the campaigns' ids.
func (l *links) hits() []hit {
	var out []hit
	for _, id := range slices.Sorted(maps.Keys(l.targets)) {
		if len(l.targets[id]) > 1 {
			out = append(out, hit{id, l.targets[id]})
		}
	}
	return out
}

// profileOptions is what the profiles of all campaigns have in common.
func (e *Engine) profileOptions(ctx context.Context) (profile.Options, error) {
	totals, err := e.Store.Totals(ctx)
	if err != nil {
		return profile.Options{}, err
	}
	counts, err := e.Store.OrganisationCounts(ctx)
	if err != nil {
		return profile.Options{}, err
	}
	return profile.Options{Telemetry: totals.First, Now: totals.Last, Seen: counts, Excursions: e.Pack.Excursions}, nil
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
	links, err := e.Why(ctx, id)
	if err != nil {
		return coldwatch.Report{}, err
	}
	r := coldwatch.Report{Profile: p, Links: links, Marking: coldwatch.Marking{TLP: "TLP:AMBER"}, Made: p.Last}
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
	back, err := e.Withdrawn(ctx)
	if err != nil {
		return r, err
	}
	synthetic, err := e.synthetic(ctx)
	if err != nil {
		return r, err
	}
	r.Synthetic = synthetic
	if w, ok := back[id]; ok {
		r.Withdrawn = &coldwatch.Withdrawal{At: w.At, Reason: w.Reason}
	}
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
