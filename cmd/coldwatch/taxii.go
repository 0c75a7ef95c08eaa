package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

type taxiiCmd struct {
	Publish taxiiPublishCmd `cmd:"" help:"Put the campaigns as of now into the collection that serve serves."`
	Poll    taxiiPollCmd    `cmd:"" help:"Read what is new in a collection of a server, and hunt for it."`
	Push    taxiiPushCmd    `cmd:"" help:"Send what is published here to a collection of a server."`
}

type taxiiPublishCmd struct{}

func (taxiiPublishCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := g.notHub(ctx, e); err != nil {
		return err
	}
	done, err := taxii.Publish(ctx, e)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(done)
	}
	g.print("%s published: %s, %s", count(done.Campaigns, "campaign"), count(done.New-done.Revoked, "new version"), count(done.Revoked, "revocation"))
	for _, h := range done.Held {
		g.print("held up: %s", safe(h))
	}
	return nil
}

// A server is another's, with what lets us in.
type server struct {
	URL        string `arg:"" name:"url" help:"Of the discovery, an API root or a collection."`
	Collection string `help:"The collection's title, alias or id, where the address does not name it." placeholder:"NAME"`
	Token      string `help:"Bearer token; better in COLDWATCH_TOKEN or the config file than on the command line." placeholder:"SECRET" env:"COLDWATCH_TOKEN"`
	User       string `help:"User name of HTTP Basic; its password is in COLDWATCH_PASSWORD." placeholder:"NAME"`
}

func (s server) dial(ctx context.Context, write bool) (*taxii.Client, error) {
	secret := s.Token
	if s.User != "" {
		secret = os.Getenv("COLDWATCH_PASSWORD")
		if secret == "" {
			secret = s.Token
		}
	}
	c, err := taxii.Dial(ctx, s.URL, s.Collection, s.User, secret, write)
	return c, explainTAXII(err)
}

func explainTAXII(err error) error {
	switch {
	case errors.Is(err, taxii.ErrCredentials):
		return &userError{err: err, hint: "give --token, or --user and COLDWATCH_PASSWORD; ask the server's people whether it may do this"}
	case errors.Is(err, taxii.ErrClear):
		return &userError{err: err, hint: "use https://"}
	case errors.Is(err, taxii.ErrElsewhere):
		return &userError{err: err, hint: "if that address is right, name it yourself"}
	case errors.Is(err, taxii.ErrChoose):
		return &userError{err: err, hint: "--collection TITLE chooses one"}
	}
	var unreached *url.Error
	if errors.As(err, &unreached) {
		return &userError{err: err, hint: "check the address and the way to it; nothing was changed, the same command tries again"}
	}
	return err
}

type taxiiPollCmd struct {
	server
	All   bool   `help:"From the beginning, not from where the last poll ended."`
	Watch string `help:"Also hold new mail against the indicators, under this name." placeholder:"NAME"`
}

func (taxiiPollCmd) Help() string {
	return "What comes is kept apart, as it came: it changes no verdict and no campaign. Its indicators are hunted for in stored mail. " +
		"The next poll goes on where this one ended."
}

// polled is what --json prints.
type polled struct {
	Collection string         `json:"collection"`
	Objects    int            `json:"objects"`
	Problems   []stix.Problem `json:"problems"` // objects that were left out
	Hunt       *engine.Hunt   `json:"hunt,omitempty"`
}

func (c taxiiPollCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	cl, err := c.dial(ctx, false)
	if err != nil {
		return err
	}
	after, err := c.reached(ctx, e.Store, cl)
	if err != nil {
		return err
	}
	out := polled{Collection: cl.Collection, Problems: []stix.Problem{}}
	var indicators []bulletin.Indicator
	var marked []stix.Object // that gave indicators
	err = cl.Poll(ctx, after, func(objects []stix.Object, problems []stix.Problem, last time.Time) error {
		taken, refused, err := taxii.Take(ctx, e.Store, "from "+cl.Collection, cl.Collection, objects, e.Clock())
		if err != nil {
			return err
		}
		out.Objects += len(taken)
		out.Problems = append(append(out.Problems, problems...), refused...)
		for _, o := range taken {
			more, from, left := indicatorsOf(e.Pack, o)
			out.Problems = append(out.Problems, left...)
			if len(more) > 0 {
				indicators, marked = append(indicators, more...), append(marked, from)
			}
		}
		if last.IsZero() {
			return nil
		}
		return e.Store.PutSetting(ctx, "taxii.polled "+cl.Collection, []byte(last.UTC().Format(time.RFC3339Nano)))
	})
	if err != nil {
		return explainTAXII(err)
	}
	if !g.JSON {
		g.print("%s from %s", count(out.Objects, "new object"), safe(cl.Collection))
		for i, p := range out.Problems {
			if i == 5 {
				g.print("  … and %d more", len(out.Problems)-5)
				break
			}
			g.print("  left out: %s: %s", safe(p.ID), safe(p.Reason))
		}
	}
	indicators = distinct(indicators)
	if len(indicators) == 0 {
		if g.JSON {
			return g.printJSON(out)
		}
		g.print("no indicators among them")
		return nil
	}
	watch := engine.Watch{Name: c.Watch, Source: cl.Collection, TLP: stix.TLP(marked), Indicators: indicators}
	if !g.JSON {
		return g.hunt(ctx, e, watch, true)
	}
	h, err := e.Hunt(ctx, indicators)
	if err == nil && c.Watch != "" {
		err = e.Watch(ctx, watch, true)
	}
	if err != nil {
		return err
	}
	out.Hunt = &h
	return g.printJSON(out)
}

// reached is where the last poll of a collection ended.
func (c taxiiPollCmd) reached(ctx context.Context, st engine.Store, cl *taxii.Client) (time.Time, error) {
	if c.All {
		return time.Time{}, nil
	}
	b, err := st.Setting(ctx, "taxii.polled "+cl.Collection)
	if err != nil || b == nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, string(b))
}

// hunted are the types of objects whose values an adversary owns or used. Identities, locations and reports name others.
var hunted = map[string]bool{"indicator": true, "domain-name": true, "email-addr": true, "file": true, "ipv4-addr": true, "ipv6-addr": true, "url": true}

// indicatorsOf gives what to hunt for of one object that others gave, the object, and what is left out: whole domains that the pack says
// are an organisation's own, which honest mail names every day.
func indicatorsOf(pack *knowledge.Pack, o store.Object) (list []bulletin.Indicator, from stix.Object, left []stix.Problem) {
	if !hunted[o.Type] {
		return nil, nil, nil
	}
	objects, _, err := taxii.ParseEnvelope([]byte(`{"objects":[` + string(o.JSON) + `]}`))
	if err != nil || len(objects) == 0 || objects[0]["revoked"] == true {
		return nil, nil, nil
	}
	text := o.JSON
	if o.Type == "indicator" {
		pattern, _ := objects[0]["pattern"].(string)
		text = []byte(pattern)
	}
	for _, i := range bulletin.Extract(text) {
		if i.Kind == coldwatch.DomainName {
			if owner := pack.OwnerOf(i.Value); owner != nil {
				left = append(left, stix.Problem{ID: o.ID, Reason: i.Value + " is a domain of " + owner.Name + " in your pack: not hunted for"})
				continue
			}
		}
		list = append(list, i)
	}
	return list, objects[0], left
}

// distinct sorts indicators by kind and value and leaves each once.
func distinct(in []bulletin.Indicator) []bulletin.Indicator {
	order := func(a, b bulletin.Indicator) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	}
	slices.SortStableFunc(in, order)
	return slices.CompactFunc(in, func(a, b bulletin.Indicator) bool { return order(a, b) == 0 })
}

type taxiiPushCmd struct {
	server
	All bool `help:"Everything, not only what is new since the last push."`
}

func (taxiiPushCmd) Help() string {
	return "Publishes first, and sends the newest version of each object that the collection has not been sent. What goes is what " +
		"coldwatch serve would serve: TLP:AMBER, without the names of those who were hit."
}

func (c taxiiPushCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := g.notHub(ctx, e); err != nil {
		return err
	}
	if _, err := taxii.Publish(ctx, e); err != nil {
		return err
	}
	cl, err := c.dial(ctx, true)
	if err != nil {
		return err
	}
	q := store.ObjectQuery{Collection: taxii.Campaigns, Last: true}
	mark := "taxii.pushed " + cl.Collection
	if b, err := e.Store.Setting(ctx, mark); err != nil {
		return err
	} else if b != nil && !c.All {
		if q.After, err = time.Parse(time.RFC3339Nano, string(b)); err != nil {
			return err
		}
	}
	objects, err := e.Store.Objects(ctx, q)
	if err != nil {
		return err
	}
	var raw [][]byte
	for _, o := range objects {
		raw = append(raw, o.JSON)
	}
	sent, err := cl.Push(ctx, raw, func(n int) error {
		return e.Store.PutSetting(ctx, mark, []byte(objects[n-1].Added.Format(time.RFC3339Nano)))
	})
	if err != nil {
		return explainTAXII(err)
	}
	if g.JSON {
		return g.printJSON(sent)
	}
	g.print("%s sent to %s: %d taken, %d pending, %d refused", count(len(raw), "object"), safe(cl.Collection), sent.Taken, sent.Pending, sent.Failed)
	for _, r := range sent.Reasons {
		g.print("  %s", safe(r))
	}
	return nil
}
