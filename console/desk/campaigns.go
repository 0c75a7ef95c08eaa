package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// marking is that of a campaign within the community; publish writes nothing stricter than a reader may have.
var marking = coldwatch.Marking{TLP: "TLP:AMBER"}

// A campaignCache keeps the profiles as listings show them, by organisation of the viewer: decoding thousands for each page would
// take seconds. An entry holds as long as its campaign's version.
type campaignCache struct {
	mu   sync.Mutex
	of   map[string]*listing // by organisation
	pack *knowledge.Pack
}

// A listing is what one organisation sees.
type listing struct {
	profiles map[string]coldwatch.Profile
	ranked   []coldwatch.Profile // those of profiles that are for the viewer, the gravest first
}

// Campaigns gives the campaigns that the viewer may see, the gravest first, with possible ones of a single message or without. Ids of
// members and sightings are left out: Campaign has them.
func (d *Desk) Campaigns(ctx context.Context, possible bool) ([]coldwatch.Profile, error) {
	org, _, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := d.st.CampaignVersions(ctx)
	if err != nil {
		return nil, err
	}
	c := &d.campaigns
	c.mu.Lock()
	defer c.mu.Unlock()
	if pack := d.Pack(); c.pack != pack { // names that are covered come from the pack
		c.of, c.pack = map[string]*listing{}, pack
	}
	kept := c.of[org]
	if kept == nil {
		kept = &listing{}
	}
	fresh := &listing{profiles: make(map[string]coldwatch.Profile, len(versions))}
	changed := len(versions) != len(kept.profiles)
	for _, v := range versions {
		p, ok := kept.profiles[v.Campaign]
		if !ok || p.Version != v.Version {
			changed = true
			if p, err = d.listed(ctx, org, v.Campaign); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		fresh.profiles[v.Campaign] = p
	}
	if changed {
		for _, p := range fresh.profiles {
			if p.Campaign != "" {
				fresh.ranked = append(fresh.ranked, p)
			}
		}
		fresh.ranked = engine.Rank(fresh.ranked)
		c.of[org] = fresh
		kept = fresh
	}
	out := make([]coldwatch.Profile, 0, len(kept.ranked))
	for i := range kept.ranked {
		if possible || !kept.ranked[i].Possible {
			out = append(out, kept.ranked[i])
		}
	}
	return out, nil
}

// listed gives a profile as listings show it; one that is not for the viewer has no id but its version, so that it is not read again.
func (d *Desk) listed(ctx context.Context, org, id string) (coldwatch.Profile, error) {
	p, err := d.st.Profile(ctx, id, 0)
	if err != nil {
		return p, err
	}
	if p, err = d.fence(ctx, org, p); errors.Is(err, store.ErrNotFound) {
		return coldwatch.Profile{Version: p.Version}, nil
	}
	p.Members = nil
	p.Targets = slices.Clone(p.Targets)
	for i := range p.Targets {
		p.Targets[i].Sightings = nil
	}
	return p, err
}

// fence gives of a profile what someone of the organisation may see; "" sees all.
func (d *Desk) fence(ctx context.Context, org string, p coldwatch.Profile) (coldwatch.Profile, error) {
	if org == "" {
		return p, nil
	}
	r, err := d.fenceReport(ctx, org, coldwatch.Report{Profile: p, Marking: marking})
	return r.Profile, err
}

// fenceReport covers a report for a reader: who else was hit, whose messages they are, and the ids of those messages, for an id is
// a hash over the organisation and the mail and whoever has the mail could try organisations.
func (d *Desk) fenceReport(ctx context.Context, org string, r coldwatch.Report) (coldwatch.Report, error) {
	rows, err := d.st.List(ctx, store.MessageQuery{Organisation: org, Fenced: true, Campaign: r.Profile.Campaign})
	if err != nil {
		return coldwatch.Report{}, err
	}
	own := map[string]bool{}
	for _, row := range rows {
		own[row.ID] = true
	}
	if r.Profile.Possible && len(own) == 0 {
		return coldwatch.Report{Profile: coldwatch.Profile{Version: r.Profile.Version}}, store.ErrNotFound
	}
	r = dossier.RedactFor(r, d.Pack(), org)
	r.Profile.Targets = slices.Clone(r.Profile.Targets)
	for i := range r.Profile.Targets {
		t := &r.Profile.Targets[i]
		t.Sightings = slices.DeleteFunc(slices.Clone(t.Sightings), func(id string) bool { return !own[id] })
	}
	r.Profile.Members = slices.DeleteFunc(slices.Clone(r.Profile.Members), func(id string) bool { return !own[id] })
	for i := range r.Links {
		l := &r.Links[i]
		for _, end := range []*string{&l.A, &l.B} {
			if !own[*end] {
				*end = ""
			}
		}
	}
	return r, nil
}

// Campaign gives a version of a campaign's profile, the newest for version 0.
func (d *Desk) Campaign(ctx context.Context, id string, version int) (coldwatch.Profile, error) {
	org, _, err := bound(ctx)
	if err != nil {
		return coldwatch.Profile{}, err
	}
	p, err := d.st.Profile(ctx, id, version)
	if err != nil {
		return coldwatch.Profile{}, err
	}
	if p, err = d.fence(ctx, org, p); err != nil {
		return coldwatch.Profile{}, err
	}
	return p, nil
}

// Difference tells what changed from one version of a campaign to another; 0 stands for the newest as to, the one before as from.
func (d *Desk) Difference(ctx context.Context, id string, from, to int) (engine.Difference, error) {
	after, err := d.Campaign(ctx, id, to)
	if err != nil {
		return engine.Difference{}, err
	}
	if from == 0 {
		from = max(1, after.Version-1)
	}
	before, err := d.Campaign(ctx, id, from)
	if err != nil {
		return engine.Difference{}, err
	}
	return engine.Compare(before, after), nil
}

// History gives what happened to a campaign, oldest first. Who belongs to an organisation sees of the messages that came and went
// its own only, and no sentence about others'.
func (d *Desk) History(ctx context.Context, id string) ([]coldwatch.CampaignEvent, error) {
	p, err := d.Campaign(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	events, err := d.st.Events(ctx, id)
	if _, whole, _ := bound(ctx); whole || err != nil {
		return events, err
	}
	out := []coldwatch.CampaignEvent{}
	for _, e := range events {
		own := slices.Contains(p.Members, e.Sighting)
		if e.Sighting != "" && !own && e.Kind != "opened" {
			continue
		}
		if !own {
			e.Sighting, e.Reason, e.Other = "", "", ""
		}
		out = append(out, e)
	}
	return out, nil
}

// A linkCache keeps the ledgers of the campaigns looked at last: to find them takes the linker.
type linkCache struct {
	mu    sync.Mutex
	links map[string][]coldwatch.Link // campaign and version
	order []string
}

const maxLedgers = 64

func (d *Desk) why(ctx context.Context, p *coldwatch.Profile) ([]coldwatch.Link, error) {
	key := fmt.Sprintf("%s %d", p.Campaign, p.Version)
	c := &d.links
	c.mu.Lock()
	links, ok := c.links[key]
	c.mu.Unlock()
	if ok {
		return links, nil
	}
	links, err := d.engine().Why(ctx, p.Campaign)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.links == nil {
		c.links = map[string][]coldwatch.Link{}
	}
	if _, there := c.links[key]; !there {
		c.order = append(c.order, key)
	}
	c.links[key] = links
	if len(c.order) > maxLedgers {
		delete(c.links, c.order[0])
		c.order = c.order[1:]
	}
	return links, nil
}

// Why gives the links that hold a campaign together, each with its ledger. An end that is another's message has no id.
func (d *Desk) Why(ctx context.Context, id string) ([]coldwatch.Link, error) {
	org, whole, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	p, err := d.st.Profile(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	links, err := d.why(ctx, &p)
	if err != nil || whole {
		return slices.Clone(links), err
	}
	r, err := d.fenceReport(ctx, org, coldwatch.Report{Profile: p, Links: links, Marking: marking})
	return r.Links, err
}

// Without gives what a campaign falls into without one piece of evidence: lists of message ids. Of others' messages only how many
// there are is told: their ids are empty.
func (d *Desk) Without(ctx context.Context, id string, view coldwatch.View, value string) ([][]string, error) {
	p, err := d.Campaign(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	parts, err := d.engine().Without(ctx, id, view, value)
	if _, whole, _ := bound(ctx); !whole {
		own := map[string]bool{}
		for _, m := range p.Members {
			own[m] = true
		}
		for i := range parts {
			parts[i] = slices.Clone(parts[i])
			for k, m := range parts[i] {
				if !own[m] {
					parts[i][k] = ""
				}
			}
		}
	}
	return parts, err
}

// Report gathers a campaign's report as the viewer may read it.
func (d *Desk) Report(ctx context.Context, id string) (coldwatch.Report, error) {
	org, whole, err := bound(ctx)
	if err != nil {
		return coldwatch.Report{}, err
	}
	r, err := d.engine().Report(ctx, id)
	if err != nil || whole {
		return r, err
	}
	return d.fenceReport(ctx, org, r)
}

// ErrHeld says that a document gives away what the viewer may not have.
var ErrHeld = errors.New("the document would give away what is not for you")

// Export writes a campaign's report in a format, and gives it with its media type. A reader's goes through the audience check first.
func (d *Desk) Export(ctx context.Context, id, format string) (content []byte, name string, err error) {
	f, ok := publish.Lookup(format)
	if !ok {
		return nil, "", wrong("formats: "+strings.Join(Formats(), ", "), "there is no format %q", format)
	}
	r, err := d.Report(ctx, id)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	if err := f.Write(&b, r, d.Pack()); err != nil {
		return nil, "", err
	}
	if org, whole, _ := bound(ctx); !whole {
		full, err := d.engine().Report(ctx, id) // nothing covered
		if err != nil {
			return nil, "", err
		}
		reader := audience.Reader{ID: org, TLP: r.Marking.TLP, Groups: []string{r.Marking.Group}}
		if leaks := audience.Check(audience.Content{Name: format, Bytes: b.Bytes(), Marking: r.Marking, Report: full}, reader, d.Pack()); len(leaks) > 0 {
			return nil, "", ErrHeld
		}
	}
	if err := d.log.Add(ctx, audit.Export, id, format); err != nil {
		return nil, "", err
	}
	return b.Bytes(), id + f.Extension(), nil
}

// Formats lists the names of the export formats.
func Formats() []string {
	var names []string
	for _, f := range publish.Formats() {
		names = append(names, f.Name())
	}
	return names
}
