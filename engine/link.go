package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
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

// The linker's state is kept so that a start need not place every sighting again.
const linkerSetting = "linker"

// errNoLinker marks that no kept state fits: the linker is made from the sightings.
var errNoLinker = errors.New("no linker state")

// Linker gives the linker over all stored sightings, loading it when it is first needed.
func (e *Engine) Linker(ctx context.Context) (*campaign.Linker, error) {
	if e.linker != nil {
		return e.linker, nil
	}
	l, err := e.restoreLinker(ctx)
	if errors.Is(err, errNoLinker) {
		l = campaign.New(e.Linking)
		l.SetClock(e.Clock)
	} else if err != nil {
		return nil, err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range words {
		l.Say(w)
	}
	err = e.Store.Sightings(ctx, func(b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		l.Place(s) // one that the kept state holds already changes nothing
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.linker = l
	return l, nil
}

func (e *Engine) restoreLinker(ctx context.Context) (*campaign.Linker, error) {
	b, err := e.Store.Setting(ctx, linkerSetting)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, errNoLinker
	}
	full, err := e.Store.Codec().Expand(b)
	if err != nil {
		return nil, errNoLinker // a damaged state is only lost time
	}
	l, err := campaign.Restore(bytes.NewReader(full), e.Linking)
	if err != nil {
		return nil, errNoLinker
	}
	l.SetClock(e.Clock)
	return l, nil
}

// Update brings campaigns, profiles and warnings up to date with what is stored: the re-link pass over everything, then the
// profile of each campaign whose content changed, then the warnings due. It returns every campaign, the gravest first.
func (e *Engine) Update(ctx context.Context) ([]coldwatch.Profile, error) {
	l, err := e.Linker(ctx)
	if err != nil {
		return nil, err
	}
	events := l.Relink()
	states, profiles, err := e.profiles(ctx, l)
	if err != nil {
		return nil, err
	}
	due, err := e.due(ctx, profiles)
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

func (e *Engine) keepLinker(ctx context.Context, l *campaign.Linker) error {
	var buf bytes.Buffer
	if err := l.Snapshot(&buf); err != nil {
		return fmt.Errorf("keep linker: %w", err)
	}
	return e.Store.PutSetting(ctx, linkerSetting, e.Store.Codec().Compress(buf.Bytes()))
}

// profiles builds the profile of every campaign; one whose content is what was stored keeps its version.
func (e *Engine) profiles(ctx context.Context, l *campaign.Linker) ([]store.CampaignState, []coldwatch.Profile, error) {
	opts, err := e.profileOptions(ctx)
	if err != nil {
		return nil, nil, err
	}
	campaigns := l.Campaigns()
	for _, id := range l.Singles() {
		campaigns = append(campaigns, coldwatch.Campaign{ID: "c-" + id[:10], Members: []string{id}})
	}
	members := map[string][]coldwatch.Sighting{}
	of := map[string]string{}
	for _, c := range campaigns {
		for _, m := range c.Members {
			of[m] = c.ID
		}
	}
	err = e.Store.Sightings(ctx, func(b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err == nil && of[s.ID] != "" {
			members[of[s.ID]] = append(members[of[s.ID]], s)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var states []store.CampaignState
	var profiles []coldwatch.Profile
	for _, c := range campaigns {
		p := profile.Build(c, members[c.ID], e.Pack, opts)
		if p.Version, err = e.version(ctx, p); err != nil {
			return nil, nil, err
		}
		states = append(states, store.CampaignState{Campaign: c, Profile: p})
		profiles = append(profiles, p)
	}
	return states, profiles, nil
}

// version is the stored version while the content is the same, else the next.
func (e *Engine) version(ctx context.Context, p coldwatch.Profile) (int, error) {
	old, err := e.Store.Profile(ctx, p.Campaign, 0)
	if errors.Is(err, store.ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	p.Version = old.Version
	// What storage does to a profile (nil and empty, time zones) is no change: compare as stored.
	if reflect.DeepEqual(throughJSON(p), throughJSON(old)) {
		return old.Version, nil
	}
	return old.Version + 1, nil
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
	return profile.Options{Telemetry: totals.First, Now: totals.Last, Seen: counts}, nil
}

// due gives the warnings that the change of each profile calls for.
func (e *Engine) due(ctx context.Context, profiles []coldwatch.Profile) ([]coldwatch.Warning, error) {
	said, err := e.Store.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	opts := warning.Options{Said: map[string]bool{}, Now: e.Clock()}
	for _, w := range said {
		opts.Said[w.ID] = true
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

// byGravity orders campaigns for a reader: those across organisations first, then by how many they hit, how specific they
// are to the chain, how many messages, the newest, the id.
func byGravity(ps []coldwatch.Profile) []coldwatch.Profile {
	slices.SortFunc(ps, func(a, b coldwatch.Profile) int {
		switch {
		case a.Possible != b.Possible:
			if b.Possible {
				return -1
			}
			return 1
		case chainHit(&a) != chainHit(&b):
			return chainHit(&b) - chainHit(&a)
		case len(a.Targets) != len(b.Targets):
			return len(b.Targets) - len(a.Targets)
		case a.Messages != b.Messages:
			return b.Messages - a.Messages
		case !a.Last.Equal(b.Last):
			return b.Last.Compare(a.Last)
		}
		return strings.Compare(a.Campaign, b.Campaign)
	})
	return ps
}

// chainHit is 1 for a campaign that impersonates or speaks of the chain, 0 for a bulk wave that also hit members.
func chainHit(p *coldwatch.Profile) int {
	if len(p.Impersonated) > 0 || len(p.Models) > 0 || len(p.Programmes) > 0 {
		return 1
	}
	return 0
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
	ws, err := e.Store.Warnings(ctx)
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
