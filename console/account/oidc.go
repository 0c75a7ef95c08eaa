package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/store"
)

// ErrGroup says that somebody signed in at the provider who is in no group that may come in.
var ErrGroup = errors.New("you are known to your organisation, but in no group that may use this console")

// A Grant is what a group of the provider's may do here.
type Grant struct {
	Role         access.Role
	Organisation string
}

// Provider says how people sign in at their own organisation (OpenID Connect Core 1.0, authorisation code flow with PKCE, RFC 7636).
type Provider struct {
	Issuer, Client, Secret string
	Redirect               string            // our own address, to /sign-in/oidc/back
	GroupsClaim            string            // "groups" unless it says otherwise
	Grants                 map[string]Grant  // by group
	Transport              http.RoundTripper // nil: the usual one
}

// OIDC is the way in by a provider. It is asked for its keys when the first person comes, so that a provider that is down keeps
// nobody from starting the program, nor local accounts from signing in.
type OIDC struct {
	Provider
	clock func() time.Time
	http  *http.Client

	mu       sync.Mutex
	provider *oidc.Provider // nil until it was reached
	failed   time.Time      // when it could not be reached
	failure  error
}

const (
	providerTimeout = 10 * time.Second
	// againAfter is how long a provider that could not be reached is not asked again: strangers at the door must not make us wait.
	againAfter = 15 * time.Second
	// maxAnswer bounds what a provider answers.
	maxAnswer = 1 << 20
)

// ErrInsecure says that the provider is not reached over TLS.
var ErrInsecure = errors.New("a provider is reached by https, unless it is on this machine")

// A narrow transport asks over TLS alone, follows nobody elsewhere, and reads answers to a bound: the addresses of tokens and keys
// come from the provider's own description, and whoever can write that must not make us ask around within the house (server-side
// request forgery) or fill the memory.
type narrow struct{ next http.RoundTripper }

func (n narrow) RoundTrip(r *http.Request) (*http.Response, error) {
	if ip, err := netip.ParseAddr(r.URL.Hostname()); r.URL.Scheme != "https" && r.URL.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s: %w", r.URL.Redacted(), ErrInsecure)
	}
	w, err := n.next.RoundTrip(r)
	if err == nil {
		w.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(w.Body, maxAnswer), w.Body}
	}
	return w, err
}

// client makes what the provider is asked with.
func client(next http.RoundTripper) *http.Client {
	return &http.Client{Timeout: providerTimeout, Transport: narrow{next},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// NewOIDC makes the way in.
func NewOIDC(p Provider, clock func() time.Time) *OIDC {
	if p.GroupsClaim == "" {
		p.GroupsClaim = "groups"
	}
	if p.Transport == nil {
		p.Transport = http.DefaultTransport
	}
	return &OIDC{Provider: p, clock: clock, http: client(p.Transport)}
}

// A Way is one trip to the provider: what comes back must carry its state, the token its nonce, and the code its verifier.
type Way struct{ state, nonce, verifier string }

// NewWay begins a trip.
func NewWay() Way { return Way{rand.Text(), rand.Text(), oauth2.GenerateVerifier()} }

// String is what the browser keeps meanwhile.
func (w Way) String() string { return w.state + "." + w.nonce + "." + w.verifier }

func parseWay(s string) (Way, bool) {
	f := strings.Split(s, ".")
	if len(f) != 3 || f[0] == "" || f[1] == "" || f[2] == "" {
		return Way{}, false
	}
	return Way{f[0], f[1], f[2]}, true
}

// discover reads the provider's description (OpenID Connect Discovery 1.0) when it was not read yet.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		if now := o.clock(); o.failure != nil && now.Sub(o.failed) < againAfter {
			return nil, nil, o.failure
		}
		// The provider keeps the context for fetching keys later: it may not end with this request.
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.http), o.Issuer)
		if err != nil {
			o.failed, o.failure = o.clock(), fmt.Errorf("provider %s: %w", o.Issuer, err)
			return nil, nil, o.failure
		}
		o.provider = p
	}
	return o.provider, &oauth2.Config{ClientID: o.Client, ClientSecret: o.Secret, Endpoint: o.provider.Endpoint(), RedirectURL: o.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}, nil
}

// Away gives where to send the browser.
func (o *OIDC) Away(ctx context.Context, w Way) (string, error) {
	_, c, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	return c.AuthCodeURL(w.state, oidc.Nonce(w.nonce), oauth2.S256ChallengeOption(w.verifier)), nil
}

// claims are what is read of an ID token.
type claims struct {
	subject, name string
	groups        []string
}

// identify takes what the provider sent back and gives who came.
func (o *OIDC) identify(ctx context.Context, kept string, back url.Values) (claims, error) {
	way, ok := parseWay(kept)
	if !ok || subtle.ConstantTimeCompare([]byte(way.state), []byte(back.Get("state"))) != 1 || back.Get("code") == "" {
		return claims{}, ErrRefused
	}
	p, c, err := o.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx = oidc.ClientContext(ctx, o.http)
	answer, err := c.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(way.verifier))
	if err != nil {
		return claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	raw, _ := answer.Extra("id_token").(string)
	token, err := p.Verifier(&oidc.Config{ClientID: o.Client, Now: o.clock}).Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(way.nonce)) != 1 {
		return claims{}, ErrRefused
	}
	var all map[string]any
	if err := token.Claims(&all); err != nil {
		return claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if _, ok := all[o.GroupsClaim]; !ok && p.UserInfoEndpoint() != "" {
		// Who gives an access token may keep a person's claims for the UserInfo endpoint (OpenID Connect Core 1.0 section 5.4).
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(answer))
		if err != nil {
			return claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if info.Subject != token.Subject { // section 5.3.2: of another person it is not to be used
			return claims{}, ErrRefused
		}
		if err := info.Claims(&all); err != nil {
			return claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	who := claims{subject: token.Issuer + " " + token.Subject}
	for _, k := range []string{"preferred_username", "email", "sub"} {
		if s, _ := all[k].(string); who.name == "" {
			who.name = plainName(s)
		}
	}
	if list, ok := all[o.GroupsClaim].([]any); ok {
		for _, g := range list {
			if s, ok := g.(string); ok {
				who.groups = append(who.groups, s)
			}
		}
	}
	return who, nil
}

// plainName makes a name as accounts have them.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._@", r) {
			return r
		}
		return '-'
	}, s)
	return s[:min(len(s), 48)]
}

// grant gives the most that the groups allow. Of two organisations with the same role neither is taken at random: the first by
// name; one that sees all goes before.
func (o *OIDC) grant(groups []string) (Grant, bool) {
	var best Grant
	found := false
	for _, g := range groups {
		x, ok := o.Grants[g]
		if !ok {
			continue
		}
		if !found || x.Role > best.Role || x.Role == best.Role && x.Organisation < best.Organisation {
			best, found = x, true
		}
	}
	return best, found
}

// SignInBy begins a session for who comes back from the provider, with the role that the provider's groups give as of now.
func (p *People) SignInBy(ctx context.Context, o *OIDC, kept string, back url.Values, agent string) (string, error) {
	v := access.From(ctx)
	if err := p.slow.ask("", v.Address); err != nil {
		return "", err
	}
	who, err := o.identify(ctx, kept, back)
	if err != nil {
		p.slow.failed("", v.Address)
		return "", err
	}
	a, err := p.arrived(ctx, o, who)
	if err != nil {
		return "", err
	}
	return p.begin(ctx, a, agent, "OpenID Connect")
}

// arrived gives the account of somebody who comes from the provider, made or brought up to date.
func (p *People) arrived(ctx context.Context, o *OIDC, who claims) (store.Account, error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	v := access.From(ctx)
	a, err := p.bySubject(ctx, who)
	if err != nil {
		return a, err
	}
	g, ok := o.grant(who.groups)
	if !ok || a.Disabled {
		if err := p.log.AddBy(ctx, a.Name, v.Address, audit.SignInRefused, a.Name, "OpenID Connect: no group"); err != nil {
			return a, err
		}
		return a, ErrGroup
	}
	before := describe(a)
	fresh := a.Role == ""
	a.Role, a.Organisation = g.Role.String(), g.Organisation
	if after := describe(a); fresh || before != after {
		if _, err := p.store.PutAccount(ctx, a, false); err != nil {
			return a, err
		}
		action, detail := audit.AccountChange, before+" → "+after
		if fresh {
			action, detail = audit.AccountCreate, after
		} else if err := p.store.EndSessions(ctx, "", a.Name, time.Time{}); err != nil {
			return a, err
		}
		if err := p.log.AddBy(ctx, a.Name, v.Address, action, a.Name, detail+", by the provider's groups"); err != nil {
			return a, err
		}
	}
	return a, nil
}

// bySubject finds the account of somebody at the provider, or describes a new one, without a role yet, under a name that nobody has:
// never that of a local account, whoever claims it.
func (p *People) bySubject(ctx context.Context, who claims) (store.Account, error) {
	all, err := p.store.Accounts(ctx)
	if err != nil {
		return store.Account{}, err
	}
	taken := map[string]bool{"": true, "local": true}
	for _, a := range all {
		if a.Subject == who.subject {
			return a, nil
		}
		taken[a.Name] = true
	}
	name := who.name
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", who.name, n)
	}
	return store.Account{Name: name, Subject: who.subject, Created: p.clock()}, nil
}
