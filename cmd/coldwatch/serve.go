package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/api"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/desk"
	frontdoor "github.com/coldwatch/coldwatch/console/door"
	"github.com/coldwatch/coldwatch/console/health"
	"github.com/coldwatch/coldwatch/console/page"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
)

type serveCmd struct {
	Listen string        `help:"Address and port." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Cert   string        `help:"Certificate (PEM); off the loopback one is made where none is given." placeholder:"FILE" type:"path"`
	Key    string        `help:"Its private key (PEM)." placeholder:"FILE" type:"path"`
	Host   []string      `help:"Name under which the console is reached, as in its address; others are refused. Repeatable." placeholder:"NAME"`
	Intake []string      `help:"Way in for mail: an imaps, imap, lmtp, smtp, milter or folder address; coldwatch intake check --help describes them. Repeatable." placeholder:"URL" sep:"none"`
	Proxy  []string      `help:"Address or network of a reverse proxy that speaks TLS in our place; its X-Forwarded-For is believed. Repeatable." placeholder:"ADDR"`
	Reply  replyFlags    `embed:"" prefix:"reply-"`
	Every  time.Duration `help:"How often to look for changed campaigns to publish." default:"30s" placeholder:"TIME"`
	Work   bool          `help:"Analyse what comes in and link it; without, workers elsewhere do." default:"true" negatable:""`
	OIDC   oidcFlags     `embed:"" prefix:"oidc-"`
}

func (serveCmd) Help() string {
	return "Runs everything in one process: the web console and its HTTP API (/v1/openapi.json describes it), the analysis of what comes in, the links " +
		"between it, and TAXII 2.1 under /taxii2/. On the loopback no account is needed until the first is made; off it, the first administrator is made with " +
		"a token that is printed at the start; so behind a proxy on the same machine, named by --host and --proxy. Programs come with tokens: coldwatch token create NAME. Scans and workers may run beside it."
}

// Bounds of the server against slow and greedy clients.
const (
	maxConnections = 1024
	maxOfOne       = 64 // connections of one address, off the loopback
	maxHeader      = 64 << 10
)

func (c serveCmd) Run(ctx context.Context, g *Globals) error {
	if c.Every <= 0 {
		return &userError{err: errors.New("--every must be longer than nothing"), hint: "for example --every 30s", code: 2}
	}
	e, err := g.opened(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if err := g.notHub(ctx, e); err != nil {
		return err
	}
	var ways []*way
	for _, raw := range c.Intake {
		w, err := parseIntake(raw, e.Pack)
		if err != nil {
			return err
		}
		ways = append(ways, w)
	}
	post, err := c.Reply.post(ways)
	if err != nil {
		return err
	}
	cfg, err := c.security(g)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return hinted("choose another with --listen, for example 127.0.0.1:8081", "listen on %s: %w", c.Listen, err)
	}
	scheme := "http"
	each := maxOfOne
	if onLoopback(c.Listen) || len(c.Proxy) > 0 {
		each = 0 // all come from one
	}
	l = console.Limit(l, maxConnections, each)
	if cfg != nil {
		scheme = "https"
		l = tls.NewListener(l, cfg)
	}
	live, stop := context.WithCancel(context.WithoutCancel(ctx)) // what came in is finished after the server has ended
	defer stop()
	door := e.Door(live)
	handler, people, err := c.handler(g, e, door, cfg != nil)
	if err != nil {
		return err
	}
	g.note("listening on %s://%s/", scheme, l.Addr())
	if err := c.welcome(ctx, g, people, scheme+"://"+l.Addr().String()); err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	for _, w := range ways {
		run, err := w.run(running, e, door)
		if err != nil {
			return err
		}
		g.note("taking mail in: %s", safe(w.text))
		group.Go(run)
	}
	group.Go(func() error { return answer(running, l, handler) })
	if c.Work {
		group.Go(func() error { return e.Work(running, nil) })
		group.Go(func() error { return e.Follow(running) })
	}
	if post != nil {
		group.Go(func() error { return e.Answer(running, post.Send) })
	}
	group.Go(func() error { c.publish(running, e); return nil })
	err = group.Wait()
	stop()
	door.Close()
	return err
}

// answer serves HTTP on a listener until ctx ends, within the bounds of the server; what was begun then has ten seconds to end.
func answer(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute,
		WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelInfo)}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// handler puts the parts of the server together.
func (c serveCmd) handler(g *Globals, e *engine.Engine, door *engine.Door, secure bool) (http.Handler, *account.People, error) {
	log := audit.New(e.Store, e.Clock)
	people, err := account.New(e.Store, log, e.Clock, account.DefaultPolicy())
	if err != nil {
		return nil, nil, err
	}
	oidc, err := c.OIDC.provider(e.Pack, e.Clock)
	if err != nil {
		return nil, nil, err
	}
	proxies, err := prefixes(c.Proxy)
	if err != nil {
		return nil, nil, err
	}
	secure = secure || len(proxies) > 0
	local := onLoopback(c.Listen)
	now := func() *engine.Engine { return e }
	d := desk.New(desk.Config{Store: e.Store, Engine: now, Log: log, Clock: e.Clock})
	calls := api.New(api.Config{Desk: d, People: people, Taker: door, Store: e.Store, Engine: now, Clock: e.Clock})
	watch := &health.Watch{Store: e.Store, Clock: e.Clock, Local: local}
	entrance := &frontdoor.Door{People: people, OIDC: oidc, TLS: secure}
	pages, err := page.New(page.Config{Desk: d, People: people, Store: e.Store, TLS: secure, Bodies: []fs.FS{frontdoor.Templates()}})
	if err != nil {
		return nil, nil, err
	}
	entrance.Draw = pages.Draw
	routes := slices.Concat(pages.Routes(), calls.Routes(), watch.Routes(), entrance.Routes())
	h, err := console.New(console.Config{Store: e.Store, People: people, Clock: e.Clock, Routes: routes, Local: local, TLS: secure, Hosts: c.Host, Proxies: proxies,
		Answered: watch.Answered, Refused: pages.Refused})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/taxii2/", taxii.New(e.Store, e.Clock))
	mux.Handle("/", h)
	return mux, people, nil
}

// prefixes reads addresses and networks.
func prefixes(all []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range all {
		p, err := netip.ParsePrefix(s)
		if ip, alone := netip.ParseAddr(s); alone == nil {
			p, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return nil, &userError{err: fmt.Errorf("--proxy %s is no address", s), hint: "for example --proxy 127.0.0.1 or --proxy 10.0.0.0/28", code: 2}
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// welcome says how to come in.
func (c serveCmd) welcome(ctx context.Context, g *Globals, people *account.People, address string) error {
	there, err := people.Exist(ctx)
	if err != nil || there {
		return err
	}
	if onLoopback(c.Listen) && len(c.Host) == 0 && len(c.Proxy) == 0 { // under another name only a proxy reaches us, and strangers by it
		g.note("there is no account: whoever uses this machine is an administrator, and nobody else gets in; coldwatch account create NAME makes one")
		return nil
	}
	// Not a note: without it nobody could come in, however quiet the program was asked to be.
	fmt.Fprintf(g.stderr, "set-up token, for the first administrator, once: %s\nopen %s/set-up\n", people.SetUpToken(), address)
	return nil
}

// publish keeps the published campaigns up to date.
func (c serveCmd) publish(ctx context.Context, e *engine.Engine) {
	p := publisher{e: e}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			if _, err := p.publish(ctx); err != nil && ctx.Err() == nil {
				slog.Error("publish", "error", err) // the next time may go well: what was published stays
			}
			next.Reset(c.Every)
		}
	}
}

// security says how the server is secured: nil for plain HTTP on the loopback.
func (c serveCmd) security(g *Globals) (*tls.Config, error) {
	if (c.Cert == "") != (c.Key == "") {
		return nil, hinted("give both --cert and --key, or neither", "a certificate needs its key")
	}
	var pair tls.Certificate
	var err error
	switch {
	case c.Cert != "":
		if pair, err = tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
			return nil, hinted("both are PEM files, the certificate with its chain", "certificate: %w", err)
		}
	case onLoopback(c.Listen):
		return nil, nil
	default:
		file := filepath.Join(g.folder(), "coldwatch.tls.pem")
		if pair, err = selfMade(file, c.Listen, c.Host, time.Now()); err != nil {
			return nil, hinted("give --cert and --key", "a certificate of our own: %w", err)
		}
		sum := sha256.Sum256(pair.Certificate[0])
		fmt.Fprintf(g.stderr, "certificate made by this machine itself, %s; a browser asks about it once. SHA-256 fingerprint: %X\n", file, sum)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// onLoopback tells whether only this machine reaches an address.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// A publisher brings the campaigns collection up to date when campaigns have changed.
type publisher struct {
	e    *engine.Engine
	last string // what was published: campaigns with their versions
}

// publish does nothing where nothing has changed.
func (p *publisher) publish(ctx context.Context) (taxii.Published, error) {
	profiles, err := p.e.Store.Campaigns(ctx)
	if err != nil {
		return taxii.Published{}, err
	}
	var b strings.Builder
	for i := range profiles {
		fmt.Fprintf(&b, "%s %d\n", profiles[i].Campaign, profiles[i].Version)
	}
	if b.String() == p.last {
		return taxii.Published{}, nil
	}
	done, err := taxii.Publish(ctx, p.e)
	if err == nil {
		p.last = b.String()
		slog.Info("published", "campaigns", done.Campaigns, "new", done.New, "revoked", done.Revoked)
		for _, h := range done.Held {
			slog.Warn("not published", "campaign", h)
		}
	}
	return done, err
}
