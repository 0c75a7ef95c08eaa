package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/federation"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure"
)

// federatedResult compares a community with the same mail in one place; the names in JSON are stable.
type federatedResult struct {
	Scenario   string  `json:"scenario"`
	Members    int     `json:"members"`
	Messages   int     `json:"messages"`
	Sightings  int     `json:"sightings"`   // that left a house
	Bytes      int     `json:"bytes"`       // of them, on the wire
	OnePlace   float64 `json:"b3_f1"`       // in one place
	Hub        float64 `json:"b3_f1_hub"`   // at the hub
	Difference float64 `json:"difference"`  // one place − hub
	Pairwise   float64 `json:"pairwise_f1"` // at the hub
	Campaigns  int     `json:"campaigns"`   // that the hub tells of
	Warnings   int     `json:"warnings"`    // that members gave
	Roles      recall  `json:"roles"`
	Countries  recall  `json:"countries"`
	Seconds    float64 `json:"seconds"`
}

// A recall is how much of what is true of those hit comes through the hub.
type recall struct {
	Named float64 `json:"named"` // role or country itself
	Wider float64 `json:"wider"` // it, or its stage or region
}

// A community is a scenario's members, each with a database of its own, and a hub that they reach over the loopback.
type community struct {
	g       *Globals
	dir     string // of the databases
	pack    *knowledge.Pack
	hub     *federation.Hub
	address string
	members []*communityMember
	close   []func()
}

type communityMember struct {
	org  string
	e    *engine.Engine
	node *federation.Node
}

// newCommunity starts a hub. What tap makes of its handler listens on the wire.
func (g *Globals) newCommunity(ctx context.Context, pack *knowledge.Pack, tap func(http.Handler) http.Handler) (*community, error) {
	dir, err := os.MkdirTemp("", "coldwatch-community-")
	if err != nil {
		return nil, err
	}
	c := &community{g: g, dir: dir, pack: pack, close: []func(){func() { os.RemoveAll(dir) }}}
	e, err := g.engine(ctx, filepath.Join(dir, "hub.db"), pack, true)
	if err != nil {
		c.end()
		return nil, err
	}
	c.close = append(c.close, func() { e.Store.Close() })
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		c.end()
		return nil, err
	}
	c.address = "http://" + l.Addr().String()
	if c.hub, err = federation.InitHub(ctx, e, "measured", c.address, federation.DefaultK); err != nil {
		l.Close()
		c.end()
		return nil, err
	}
	handler := c.hub.Handler()
	if tap != nil {
		handler = tap(handler)
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	c.close = append(c.close, func() { srv.Close() })
	return c, nil
}

func (c *community) end() {
	for _, f := range slices.Backward(c.close) {
		f()
	}
}

// join makes one member.
func (c *community) join(ctx context.Context, org string) (*communityMember, error) {
	e, err := c.g.engine(ctx, filepath.Join(c.dir, fmt.Sprintf("member-%d.db", len(c.members))), c.pack, true)
	if err != nil {
		return nil, err
	}
	c.close = append(c.close, func() { e.Store.Close() })
	invitation, err := c.hub.Invite(ctx, org, nil)
	if err != nil {
		return nil, err
	}
	var ring *federation.Ring
	if len(c.members) > 0 {
		ring = c.members[0].node.Ring()
	}
	n, err := federation.Join(ctx, e, c.address, invitation, ring, federation.Dial{})
	if err != nil {
		return nil, err
	}
	m := &communityMember{org, e, n}
	c.members = append(c.members, m)
	return m, nil
}

// each does something for every member, two at a time.
func (c *community) each(ctx context.Context, f func(ctx context.Context, m *communityMember) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, m := range c.members {
		group.Go(func() error { return f(ctx, m) })
	}
	return group.Wait()
}

// federated runs a scenario with a process's worth of state for each member and a hub, and compares it with the same mail in one place.
func (g *Globals) federated(ctx context.Context, dir string) (federatedResult, error) {
	r := federatedResult{}
	one, _, t, err := g.measureOne(ctx, dir)
	if err != nil {
		return r, err
	}
	pack, err := g.pack(dir)
	if err != nil {
		return r, err
	}
	begun := time.Now()
	c, err := g.newCommunity(ctx, pack, nil)
	if err != nil {
		return r, err
	}
	defer c.end()
	if err := c.settle(ctx, dir); err != nil {
		return r, err
	}
	if err := c.link(ctx, &r); err != nil {
		return r, err
	}
	f, err := c.found(ctx, dir)
	if err != nil {
		return r, err
	}
	hub := measure.Compare(t, f, countryOf(pack))
	r.Scenario, r.Members, r.Messages = t.Name, len(c.members), one.Messages
	r.OnePlace, r.Hub, r.Pairwise = one.Clusters.B3F1, hub.Clusters.B3F1, hub.Clusters.PairwiseF1
	r.Difference = r.OnePlace - r.Hub
	r.Seconds = time.Since(begun).Seconds()
	return r, c.told(ctx, &r)
}

// settle makes a member of each house of a scenario, lets it read its mail and send what leaves.
func (c *community) settle(ctx context.Context, dir string) error {
	houses, err := os.ReadDir(filepath.Join(dir, "mail"))
	if err != nil {
		return err
	}
	for _, h := range houses {
		if h.IsDir() && c.pack.Organisation(h.Name()) != nil {
			if _, err := c.join(ctx, h.Name()); err != nil {
				return err
			}
		}
	}
	quiet := *c.g
	quiet.Quiet = true
	return c.each(ctx, func(ctx context.Context, m *communityMember) error {
		if _, err := quiet.scan(ctx, m.e, []string{filepath.Join(dir, "mail", m.org)}, m.org); err != nil {
			return err
		}
		_, err := m.node.Sync(ctx)
		return err
	})
}

// link lets the hub take in, link and publish, and the members hear.
func (c *community) link(ctx context.Context, r *federatedResult) error {
	a, err := c.hub.TakeIn(ctx)
	if err != nil {
		return err
	}
	if len(a.Refused) > 0 {
		return fmt.Errorf("the hub refused what its members sent: %v", a.Refused)
	}
	r.Sightings, r.Bytes = a.Sightings, a.Bytes
	if _, err := c.hub.Engine().Update(ctx); err != nil {
		return err
	}
	p, err := c.hub.Publish(ctx)
	if err != nil {
		return err
	}
	r.Campaigns = p.Campaigns
	for _, m := range c.members {
		s, err := m.node.Sync(ctx)
		if err != nil {
			return err
		}
		r.Warnings += s.Warnings
	}
	return nil
}

// found gathers what the community made of the scenario, by path: verdicts from the members, campaigns from the hub.
func (c *community) found(ctx context.Context, dir string) (*measure.Found, error) {
	f := &measure.Found{Classes: map[string]coldwatch.Class{}, Bits: map[string]float64{}, Imperson: map[string]string{}, Kinds: map[string][]string{}}
	paths := map[string]string{}
	for _, m := range c.members {
		outcomes, err := m.e.Outcomes(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range outcomes {
			p := engine.ScenarioPath(dir, o.Source)
			f.Classes[p], f.Bits[p], f.Imperson[p], f.Kinds[p] = o.Class, o.Bits, o.Impersonated, o.Kinds
			paths[m.node.HubID(o.ID)] = p
		}
	}
	profiles, err := c.hub.Engine().Campaigns(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range profiles {
		fc := measure.FoundCampaign{ID: p.Campaign, Profile: p}
		for _, id := range p.Members {
			fc.Paths = append(fc.Paths, paths[id])
		}
		f.Campaigns = append(f.Campaigns, fc)
	}
	return f, nil
}

// told measures how much of the roles and countries of those hit members hear of.
func (c *community) told(ctx context.Context, r *federatedResult) error {
	notices, err := c.members[0].node.Notices(ctx)
	if err != nil {
		return err
	}
	var roles, countries, rolesNamed, rolesWider, countriesNamed, countriesWider int
	for _, n := range notices {
		p, err := c.hub.Engine().Store.Profile(ctx, n.Campaign, 0)
		if err != nil {
			return err
		}
		trueRoles, trueCountries := map[string]bool{}, map[string]string{}
		for _, target := range p.Targets {
			if o := c.pack.Organisation(target.Organisation); o != nil {
				trueCountries[o.Country] = o.Region
				for _, role := range o.Roles {
					trueRoles[role] = true
				}
			}
		}
		for country, region := range trueCountries {
			countries++
			named := slices.Contains(n.Hit.Countries, country)
			countriesNamed += btoi(named)
			countriesWider += btoi(named || slices.Contains(n.Hit.Regions, region))
		}
		for role := range trueRoles {
			roles++
			named := slices.Contains(n.Hit.Roles, role)
			stage := ""
			if x := c.pack.Role(role); x != nil {
				stage = x.Stage
			}
			rolesNamed += btoi(named)
			rolesWider += btoi(named || slices.Contains(n.Hit.Stages, stage))
		}
	}
	r.Roles = recall{part(rolesNamed, roles), part(rolesWider, roles)}
	r.Countries = recall{part(countriesNamed, countries), part(countriesWider, countries)}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func (g *Globals) printFederated(r *federatedResult) {
	g.print("%s: %d members, %d messages; %d sightings left their houses, %d bytes each (%.1f s)", r.Scenario, r.Members, r.Messages, r.Sightings,
		r.Bytes/max(1, r.Sightings), r.Seconds)
	g.print("  B³ F1 in one place %.4f, through the hub %.4f, difference %+.4f; pairs F1 %.4f", r.OnePlace, r.Hub, r.Difference, r.Pairwise)
	g.print("  %s told, %s; of those hit the members hear roles %.2f (with stages %.2f), countries %.2f (with regions %.2f)", count(r.Campaigns, "campaign"),
		count(r.Warnings, "warning"), r.Roles.Named, r.Roles.Wider, r.Countries.Named, r.Countries.Wider)
}
