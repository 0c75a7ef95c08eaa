package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/store"
)

// seenEvery is how often the use of a session is written down.
const seenEvery = 5 * time.Minute

// check compares a name and a password, as slowly for an unknown name as for a known one.
func (p *People) check(ctx context.Context, name, password, address string) (store.Account, error) {
	if err := p.slow.ask(name, address); err != nil {
		return store.Account{}, err
	}
	a, err := p.store.Account(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	stored := a.Secret
	if stored == "" {
		stored = p.decoy
	}
	release, err := p.slot(ctx)
	if err != nil {
		return a, err
	}
	right := len(password) <= 4*maxPassword && isPassword(stored, password) // in bytes
	release()
	if !right || a.Secret == "" || a.Disabled {
		p.slow.failed(name, address)
		return store.Account{}, ErrRefused
	}
	p.slow.passed(name, address)
	return a, nil
}

// SignIn begins a session and gives its secret, for the cookie.
func (p *People) SignIn(ctx context.Context, name, password, agent string) (string, error) {
	v := access.From(ctx)
	a, err := p.check(ctx, name, password, v.Address)
	if errors.Is(err, ErrRefused) {
		if err := p.log.AddBy(ctx, name, v.Address, audit.SignInRefused, name, ""); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", err
	}
	return p.begin(ctx, a, agent, "password")
}

func (p *People) begin(ctx context.Context, a store.Account, agent, how string) (string, error) {
	v := access.From(ctx)
	secret := token.Secret()
	now := p.clock()
	if len(agent) > 200 {
		agent = agent[:200]
	}
	if err := p.store.EndSessions(ctx, "", "", now); err != nil { // the expired ones go while we are at it
		return "", err
	}
	err := p.store.PutSession(ctx, store.Session{Hash: token.Hash(secret), Account: a.Name, Created: now, Seen: now, Expires: now.Add(p.policy.Idle), Address: v.Address, Agent: agent})
	if err != nil {
		return "", err
	}
	return secret, p.log.AddBy(ctx, a.Name, v.Address, audit.SignIn, a.Name, how)
}

// Viewer gives who a session's secret stands for; nobody when it is unknown, ended or its account may not sign in any more.
func (p *People) Viewer(ctx context.Context, secret string) (access.Viewer, error) {
	if secret == "" || len(secret) > 100 {
		return access.Viewer{}, nil
	}
	s, err := p.store.Session(ctx, token.Hash(secret))
	if errors.Is(err, store.ErrNotFound) {
		return access.Viewer{}, nil
	}
	if err != nil {
		return access.Viewer{}, err
	}
	now := p.clock()
	if !now.Before(s.Expires) || now.Sub(s.Created) > p.policy.Longest {
		return access.Viewer{}, nil
	}
	a, err := p.store.Account(ctx, s.Account)
	if errors.Is(err, store.ErrNotFound) || a.Disabled {
		return access.Viewer{}, nil
	}
	if err != nil {
		return access.Viewer{}, err
	}
	role, ok := access.ParseRole(a.Role)
	if !ok {
		return access.Viewer{}, nil
	}
	if now.Sub(s.Seen) > seenEvery {
		s.Seen, s.Expires = now, now.Add(p.policy.Idle)
		if err := p.store.PutSession(ctx, s); err != nil {
			return access.Viewer{}, err
		}
	}
	return access.Viewer{Account: a.Name, Role: role, Organisation: a.Organisation, CSRF: CSRF(secret)}, nil
}

// SignOut ends the session of a secret.
func (p *People) SignOut(ctx context.Context, secret string) error {
	if err := p.store.EndSessions(ctx, token.Hash(secret), "", time.Time{}); err != nil {
		return err
	}
	return p.log.Add(ctx, audit.SignOut, access.From(ctx).Account, "")
}

// Drop ends a session in whose place another begins.
func (p *People) Drop(ctx context.Context, secret string) error {
	return p.store.EndSessions(ctx, token.Hash(secret), "", time.Time{})
}

// EndAll ends every session of an account.
func (p *People) EndAll(ctx context.Context, name string) error {
	if err := p.store.EndSessions(ctx, "", name, time.Time{}); err != nil {
		return err
	}
	return p.log.Add(ctx, audit.SessionsEnd, name, "")
}

// Sessions gives the sessions of an account that hold still, the newest first.
func (p *People) Sessions(ctx context.Context, name string) ([]store.Session, error) {
	all, err := p.store.Sessions(ctx, name)
	now := p.clock()
	out := all[:0]
	for _, s := range all {
		if now.Before(s.Expires) && now.Sub(s.Created) <= p.policy.Longest {
			out = append(out, s)
		}
	}
	return out, err
}

// A limiter slows guessing down: after some failures in a row each next one costs twice the wait.
type limiter struct {
	clock func() time.Time
	free  int

	mu   sync.Mutex
	seen map[string]tries
}

type tries struct {
	failures int
	until    time.Time // nothing is looked at before
	last     time.Time
}

const (
	longestWait = 15 * time.Minute
	forget      = time.Hour // failures so long ago count no more
	maxTries    = 20_000    // addresses and names remembered
)

func newLimiter(clock func() time.Time, free int) *limiter {
	return &limiter{clock: clock, free: free, seen: map[string]tries{}}
}

// keys gives under what an attempt counts, and how many times the free attempts each allows: an address tries for several people
// behind one gateway, an account is tried from many addresses.
func keys(name, address string) map[string]int {
	return map[string]int{"both " + name + " " + address: 1, "from " + address: 6, "name " + name: 20}
}

func (l *limiter) ask(name, address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	for k := range keys(name, address) {
		if now.Before(l.seen[k].until) {
			return ErrSlow
		}
	}
	return nil
}

func (l *limiter) failed(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	if len(l.seen) > maxTries {
		for k, t := range l.seen {
			if now.Sub(t.last) > time.Minute && !now.Before(t.until) {
				delete(l.seen, k)
			}
		}
	}
	for k, times := range keys(name, address) {
		t := l.seen[k]
		if now.Sub(t.last) > forget {
			t = tries{}
		}
		t.failures++
		t.last = now
		if over := t.failures - l.free*times; over >= 0 {
			wait := longestWait
			if over < 10 {
				wait = min(longestWait, time.Second<<over)
			}
			t.until = now.Add(wait)
		}
		l.seen[k] = t
	}
}

func (l *limiter) passed(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, "both "+name+" "+address)
}
