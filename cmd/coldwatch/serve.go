package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
)

type serveCmd struct {
	Listen string        `help:"Address and port." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Cert   string        `help:"Certificate (PEM); needed off the loopback." placeholder:"FILE" type:"path"`
	Key    string        `help:"Its private key (PEM)." placeholder:"FILE" type:"path"`
	Every  time.Duration `help:"How often to look for changed campaigns to publish." default:"30s" placeholder:"TIME"`
}

func (serveCmd) Help() string {
	return "Serves the campaigns by TAXII 2.1 under /taxii2/, and takes what others push. Who may read and push is said by tokens: " +
		"coldwatch token create NAME. Off the loopback it wants a certificate and at least one token. Scans may run beside it."
}

// Bounds of the server against slow and greedy clients.
const (
	maxConnections = 256
	maxHeader      = 64 << 10
)

func (c serveCmd) Run(ctx context.Context, g *Globals) error {
	if c.Every <= 0 {
		return &userError{err: errors.New("--every must be longer than nothing"), hint: "for example --every 30s", code: 2}
	}
	e, err := g.keeper(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	tokens, err := token.All(ctx, e.Store)
	if err != nil {
		return err
	}
	cfg, err := c.security(len(tokens))
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return hinted("choose another with --listen, for example 127.0.0.1:8081", "listen on %s: %w", c.Listen, err)
	}
	scheme := "http"
	if cfg != nil {
		scheme = "https"
		l = tls.NewListener(netutil.LimitListener(l, maxConnections), cfg)
	} else {
		l = netutil.LimitListener(l, maxConnections)
	}
	mux := http.NewServeMux()
	mux.Handle("/taxii2/", taxii.New(e.Store, e.Clock))
	srv := &http.Server{Handler: mux, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute,
		WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelInfo)}
	g.note("listening on %s://%s/taxii2/", scheme, l.Addr())
	if len(tokens) == 0 {
		g.note("nobody can read yet: coldwatch token create NAME --scope %s%s", token.ReadTAXII, g.dbFlag())
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	p := publisher{g: g, st: e.Store}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			if err := srv.Shutdown(end); err != nil {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		case <-next.C:
			if _, err := p.publish(ctx); err != nil && ctx.Err() == nil {
				slog.Error("publish", "error", err) // the next time may go well: what was published stays
			}
			next.Reset(c.Every)
		}
	}
}

// security says how the server is secured: nil for plain HTTP on the loopback.
func (c serveCmd) security(tokens int) (*tls.Config, error) {
	if (c.Cert == "") != (c.Key == "") {
		return nil, hinted("give both --cert and --key, or neither", "a certificate needs its key")
	}
	local := onLoopback(c.Listen)
	if c.Cert == "" {
		if local {
			return nil, nil
		}
		return nil, hinted("give --cert and --key, or listen on 127.0.0.1 behind a proxy that has them",
			"%s can be reached from other machines, and that is served with a certificate only", c.Listen)
	}
	if !local && tokens == 0 {
		return nil, hinted("coldwatch token create NAME --scope "+token.ReadTAXII, "there is no token yet, so that nobody could be let in")
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, hinted("both are PEM files, the certificate with its chain", "certificate: %w", err)
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
	g    *Globals
	st   engine.Store
	last string // what was published: campaigns with their versions
}

// publish does nothing where nothing has changed. It takes a new engine each time: other processes scan into the same database,
// and an engine remembers the links that it has seen.
func (p *publisher) publish(ctx context.Context) (taxii.Published, error) {
	profiles, err := p.st.Campaigns(ctx)
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
	pack, err := p.g.packOf(ctx, p.st)
	if err != nil {
		return taxii.Published{}, err
	}
	e := p.g.walker(pack, nil)
	e.Store = p.st // publishing walks no mail: its weights do not matter
	done, err := taxii.Publish(ctx, e)
	if err == nil {
		p.last = b.String()
		slog.Info("published", "campaigns", done.Campaigns, "new", done.New, "revoked", done.Revoked)
		for _, h := range done.Held {
			slog.Warn("not published", "campaign", h)
		}
	}
	return done, err
}
