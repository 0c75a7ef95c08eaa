package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/federation"
)

type hubCmd struct {
	Init    hubInitCmd    `cmd:"" help:"Make the database that --db names a hub's."`
	Invite  hubInviteCmd  `cmd:"" help:"Let an organisation join once: prints its invitation."`
	Members hubMembersCmd `cmd:"" help:"List the members."`
	Revoke  hubRevokeCmd  `cmd:"" help:"Shut a member out."`
	Serve   hubServeCmd   `cmd:"" help:"Take members' sightings in, link them, tell the members."`
	Audit   auditLinesCmd `cmd:"" help:"List who did what, and check that no line was changed."`
}

func (hubCmd) Help() string {
	return "A hub links what members send and tells all of them what it found, and nobody who was hit. It has no mail and no community key. " +
		"docs/federation.md describes it, docs/threat-model.md says against whom it holds."
}

// hub opens the hub of the database.
func (g *Globals) hub(ctx context.Context) (*federation.Hub, *engine.Engine, error) {
	e, err := g.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	h, err := federation.OpenHub(ctx, e)
	if err != nil {
		e.Store.Close()
		return nil, nil, explainFederation(err)
	}
	return h, e, nil
}

// notHub refuses to publish a hub's campaigns as those of one house are: that would tell who was hit.
func (g *Globals) notHub(ctx context.Context, e *engine.Engine) error {
	hub, err := federation.IsHub(ctx, e.Store)
	if err == nil && hub {
		err = hinted("coldwatch hub serve"+g.dbFlag()+" serves it: this would tell who was hit", "%s is a hub", safe(g.DB))
	}
	return err
}

// explainFederation gives the errors of a community a hint.
func explainFederation(err error) error {
	for _, x := range []struct {
		err  error
		hint string
	}{
		{federation.ErrNoHub, "coldwatch hub init NAME makes one; --db FILE names the database"},
		{federation.ErrHub, "one database is one hub; --db FILE names another"},
		{federation.ErrNoOrg, "coldwatch pack show --organisations lists them; coldwatch init adds one"},
		{federation.ErrNoMember, "coldwatch hub members lists them"},
		{federation.ErrInvite, "ask the hub's operator for a new one: coldwatch hub invite ORG"},
		{federation.ErrNotTheHub, "something between you and the hub may be reading along: compare the address with the operator"},
		{federation.ErrPlain, "give the hub's address, as https://hub.example"},
		{federation.ErrJoined, "coldwatch leave ends that first; --db FILE names another database"},
		{federation.ErrAlone, "coldwatch join URL --token … joins one"},
		{federation.ErrRing, "coldwatch community key prints it, at another member"},
		{federation.ErrNoFilter, "it comes once k members have joined and shown something"},
		{federation.ErrCA, "--ca wants a certificate in PEM"},
	} {
		if errors.Is(err, x.err) {
			return &userError{err: err, hint: x.hint}
		}
	}
	return err
}

type hubInitCmd struct {
	Name string `arg:"" help:"What the community is called."`
	URL  string `help:"Address at which members reach it, as https://hub.example." placeholder:"URL"`
	K    int    `help:"How many members must stand behind what is said of those who were hit." default:"3"`
}

func (c hubInitCmd) Run(ctx context.Context, g *Globals) error {
	if c.K < 2 || strings.ContainsAny(c.Name, "\n\r") || len(c.Name) > 100 {
		return &userError{err: errors.New("--k must be at least 2, and the name one line"), hint: "3 is the usual", code: 2}
	}
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	e, err := g.engine(ctx, g.DB, pack, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	totals, err := e.Store.Totals(ctx)
	if err != nil {
		return err
	}
	if totals.Messages > 0 {
		return hinted("--db FILE names a new one: a hub has no mail", "there is mail in %s", safe(g.DB))
	}
	h, err := federation.InitHub(ctx, e, c.Name, c.URL, c.K)
	if err != nil {
		return explainFederation(err)
	}
	if err := g.keepPack(ctx, e.Store, ""); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"name": h.Name(), "community": h.Community(), "k": c.K})
	}
	g.print("%s is hub %s", safe(g.DB), h.Community())
	g.note("next: coldwatch hub invite ORG%s, and coldwatch hub serve%s", g.dbFlag(), g.dbFlag())
	return nil
}

type hubInviteCmd struct {
	Org   string   `arg:"" help:"The organisation, by its id in the hub's pack."`
	Group []string `help:"Sharing group that it belongs to. Can be repeated." placeholder:"NAME"`
}

func (c hubInviteCmd) Run(ctx context.Context, g *Globals) error {
	h, e, err := g.hub(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	text, err := h.Invite(ctx, c.Org, c.Group)
	if err != nil {
		return explainFederation(err)
	}
	if g.JSON {
		return g.printJSON(map[string]string{"organisation": c.Org, "token": text, "url": h.URL()})
	}
	g.print("%s", text)
	g.note("good for 14 days and one use; give it to %s over a safe way: coldwatch join %s --token %s…", c.Org, orWord(h.URL(), "URL"), text[:8])
	return nil
}

type hubMembersCmd struct{}

func (hubMembersCmd) Run(ctx context.Context, g *Globals) error {
	h, e, err := g.hub(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := h.Members(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		if all == nil {
			all = []federation.Member{}
		}
		return g.printJSON(all)
	}
	if len(all) == 0 {
		g.print("no members")
	}
	for _, m := range all {
		g.print("%s  %-28s %-8s since %s%s", m.ID, safe(m.Organisation), m.State, m.Joined.Format(time.DateOnly), groups(m.Groups))
	}
	return nil
}

func groups(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "  groups: " + safe(strings.Join(names, ", "))
}

type hubRevokeCmd struct {
	Member string `arg:"" help:"Its id or organisation."`
	Reason string `help:"Why, for the audit." required:"" placeholder:"TEXT"`
}

func (c hubRevokeCmd) Run(ctx context.Context, g *Globals) error {
	h, e, err := g.hub(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := h.Revoke(ctx, c.Member, c.Reason); err != nil {
		return explainFederation(err)
	}
	g.note("it is shut out from now on. It still has the community key: a member should run coldwatch community renew and hand the new key round")
	return nil
}

type hubServeCmd struct {
	Listen string        `help:"Address and port." default:"127.0.0.1:8443" placeholder:"ADDR"`
	Cert   string        `help:"Certificate (PEM) with its chain; without one the hub makes its own." placeholder:"FILE" type:"path"`
	Key    string        `help:"Its private key (PEM)." placeholder:"FILE" type:"path"`
	Host   []string      `help:"Name by which members reach it, for a certificate of its own." placeholder:"NAME"`
	Every  time.Duration `help:"How often to look for what came." default:"2s" placeholder:"TIME"`
}

func (hubServeCmd) Help() string {
	return "Serves TAXII 2.1 over TLS 1.3: members push signed sightings into the inbox, and read what the hub found in the campaigns collection, " +
		"as any TAXII client with their token can. On the loopback it serves plain HTTP, for trying it out."
}

func (c hubServeCmd) Run(ctx context.Context, g *Globals) error {
	if c.Every <= 0 {
		return &userError{err: errors.New("--every must be longer than nothing"), hint: "for example --every 2s", code: 2}
	}
	h, e, err := g.hub(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	cfg, err := serveCmd{Listen: c.Listen, Cert: c.Cert, Key: c.Key, Host: c.Host}.security(g)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return hinted("choose another with --listen, for example 127.0.0.1:8444", "listen on %s: %w", c.Listen, err)
	}
	each := maxOfOne
	if onLoopback(c.Listen) {
		each = 0 // all come from one
	}
	l = console.Limit(l, maxConnections, each)
	scheme := "http"
	if cfg != nil {
		cfg.MinVersion = tls.VersionTLS13
		scheme, l = "https", tls.NewListener(l, cfg)
	}
	g.note("hub %s listening on %s://%s", safe(h.Name()), scheme, l.Addr())
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return answer(running, l, h.Handler()) })
	group.Go(func() error { return h.Run(running, c.Every) })
	return group.Wait()
}

type auditLinesCmd struct{}

func (auditLinesCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, false)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	st, ok := e.Store.(federation.Store)
	if !ok {
		return explainFederation(federation.ErrAlone)
	}
	lines, whole, err := federation.Audit(ctx, st)
	if err != nil {
		return err
	}
	if g.JSON {
		if lines == nil {
			lines = []federation.AuditLine{}
		}
		if err := g.printJSON(map[string]any{"whole": whole, "lines": lines}); err != nil {
			return err
		}
	} else {
		for _, l := range lines {
			g.print("%s  %-20s %-18s %s", l.At.Format(time.RFC3339), safe(l.Who), safe(l.What), safe(l.Detail))
		}
	}
	if !whole {
		return hinted("compare with a backup: somebody wrote to the database from outside", "the audit was changed: a line does not hold the hash of the one before")
	}
	return nil
}
