// Package account keeps the people who may sign in: their passwords, their sessions, and the first of them.
//
// Passwords are kept as argon2id (RFC 9106). A session is 256 random bits in a cookie, of which the database keeps the SHA-256; it
// ends when it was not used for half a day, after a week, when its account is changed, or when somebody ends it. Guessing is slowed
// for each account and address together, for each address, and at last for each account, so that one stranger does not lock an
// account's owner out who comes from elsewhere. Answers at the door do not tell whether an account exists.
//
// People of an organisation's own directory sign in by OpenID Connect (oidc.go); a local administrator stays possible beside it for
// the day on which that directory is down.
package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// Errors that a user can mend.
var (
	ErrRefused = errors.New("name or password is wrong")
	ErrSlow    = errors.New("too many attempts: wait a little")
	ErrName    = errors.New("a name has letters, digits, dots, hyphens, underscores and @, at most 64")
	ErrTaken   = errors.New("there is an account of that name already")
	ErrRole    = errors.New("a role is viewer, analyst, publisher or administrator")
	ErrFirst   = errors.New("the first account must be an administrator's who sees all, or nobody could make another")
	ErrLast    = errors.New("this is the last administrator who can sign in with a password; make another first")
	ErrSetUp   = errors.New("the set-up token is wrong, or was used already")
)

// A Policy says how strict the door is.
type Policy struct {
	Cost     Cost          // of passwords
	Idle     time.Duration // a session unused for so long ends
	Longest  time.Duration // a session ends after so long
	Attempts int           // failures that cost nothing yet
}

// DefaultPolicy is what the program runs with.
func DefaultPolicy() Policy {
	return Policy{Cost: usual, Idle: 12 * time.Hour, Longest: 7 * 24 * time.Hour, Attempts: 5}
}

// People are those who may sign in.
type People struct {
	store  engine.Store
	log    *audit.Log
	clock  func() time.Time
	policy Policy
	slots  chan struct{} // passwords hashed at once: each takes memory
	slow   *limiter
	decoy  string // hash that an unknown name is compared with, so that it takes as long

	changing sync.Mutex // held while an account, or who is left, is looked at and changed

	mu    sync.Mutex
	setUp string // hash of the one-time token; "" when it is used or was never made
	first bool   // whether an account exists: once true it stays
}

// New makes the door over a store.
func New(st engine.Store, log *audit.Log, clock func() time.Time, p Policy) (*People, error) {
	decoy, err := hashPassword(rand.Text(), p.Cost)
	if err != nil {
		return nil, err
	}
	return &People{store: st, log: log, clock: clock, policy: p, slots: make(chan struct{}, 2), slow: newLimiter(clock, p.Attempts), decoy: decoy}, nil
}

// Exist tells whether there is any account: without one the loopback is open.
func (p *People) Exist(ctx context.Context) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first {
		return true, nil
	}
	all, err := p.store.Accounts(ctx)
	p.first = len(all) > 0
	return p.first, err
}

// SetUpToken makes the one-time token by which the first administrator is made. It is kept nowhere: a restart makes another.
func (p *People) SetUpToken() string {
	made := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setUp = token.Hash(made)
	return made
}

// takeSetUp uses the set-up token up, if it is the right one: of two who come with it at once only one gets in. giveBack undoes that
// where no account was made.
func (p *People) takeSetUp(given string) (giveBack func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.setUp
	if kept == "" || subtle.ConstantTimeCompare([]byte(kept), []byte(token.Hash(given))) != 1 {
		return nil, false
	}
	p.setUp = ""
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.setUp = kept
	}, true
}

// SetUp makes the first administrator and uses the token up.
func (p *People) SetUp(ctx context.Context, given, name, password string) error {
	v := access.From(ctx)
	if err := p.slow.ask("", v.Address); err != nil {
		return err
	}
	giveBack, ok := p.takeSetUp(strings.TrimSpace(given))
	if !ok {
		p.slow.failed("", v.Address)
		return ErrSetUp
	}
	if there, err := p.Exist(ctx); err != nil || there {
		if err == nil {
			err = ErrSetUp
		}
		return err
	}
	if err := p.Create(ctx, Local(name, access.Administrator, ""), password); err != nil {
		giveBack()
		return err
	}
	return p.log.AddBy(ctx, name, v.Address, audit.SetUp, name, "first administrator")
}

// Local describes a new local account.
func Local(name string, role access.Role, organisation string) store.Account {
	return store.Account{Name: strings.TrimSpace(name), Role: role.String(), Organisation: organisation}
}

// Create makes an account with a password.
func (p *People) Create(ctx context.Context, a store.Account, password string) error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if _, ok := access.ParseRole(a.Role); !ok {
		return ErrRole
	}
	if there, err := p.Exist(ctx); err != nil {
		return err
	} else if !there && (a.Role != access.Administrator.String() || a.Organisation != "") {
		return ErrFirst
	}
	var err error
	if a.Secret, err = p.hash(ctx, a.Name, password); err != nil {
		return err
	}
	a.Created = p.clock()
	stored, err := p.store.PutAccount(ctx, a, true)
	if err != nil {
		return err
	}
	if !stored {
		return ErrTaken
	}
	return p.log.Add(ctx, audit.AccountCreate, a.Name, describe(a))
}

func describe(a store.Account) string {
	s := "role " + a.Role
	if a.Organisation != "" {
		s += ", organisation " + a.Organisation
	}
	if a.Disabled {
		s += ", disabled"
	}
	return s
}

func checkName(name string) error {
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._@") != "" || name == "local" {
		return ErrName
	}
	return nil
}

// hash hashes a new password, a few at once.
func (p *People) hash(ctx context.Context, name, password string) (string, error) {
	if err := checkPassword(name, password); err != nil {
		return "", err
	}
	release, err := p.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return hashPassword(password, p.policy.Cost)
}

func (p *People) slot(ctx context.Context) (release func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// All gives every account, by name; secrets are left out.
func (p *People) All(ctx context.Context) ([]store.Account, error) {
	all, err := p.store.Accounts(ctx)
	for i := range all {
		if all[i].Secret != "" {
			all[i].Secret = "set"
		}
	}
	return all, err
}

// Change gives an account another role, organisation or state, and ends its sessions: nobody goes on with rights that were taken.
func (p *People) Change(ctx context.Context, name string, change func(*store.Account)) error {
	p.changing.Lock()
	defer p.changing.Unlock()
	a, err := p.store.Account(ctx, name)
	if err != nil {
		return err
	}
	before := describe(a)
	was := a
	change(&a)
	a.Name, a.Secret, a.Created = was.Name, was.Secret, was.Created
	if _, ok := access.ParseRole(a.Role); !ok {
		return ErrRole
	}
	if isKey(was) && !isKey(a) {
		if err := p.notLast(ctx, name); err != nil {
			return err
		}
	}
	if _, err := p.store.PutAccount(ctx, a, false); err != nil {
		return err
	}
	if err := p.store.EndSessions(ctx, "", name, time.Time{}); err != nil {
		return err
	}
	return p.log.Add(ctx, audit.AccountChange, name, before+" → "+describe(a))
}

// isKey tells an account that opens the house when all else is down: a local administrator of the whole.
func isKey(a store.Account) bool {
	return a.Role == access.Administrator.String() && a.Secret != "" && !a.Disabled && a.Organisation == ""
}

func (p *People) notLast(ctx context.Context, name string) error {
	all, err := p.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Name != name && isKey(a) {
			return nil
		}
	}
	return ErrLast
}

// SetPassword gives an account a new password and ends its sessions.
func (p *People) SetPassword(ctx context.Context, name, password string) error {
	secret, err := p.hash(ctx, name, password)
	if err != nil {
		return err
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	a, err := p.store.Account(ctx, name)
	if err != nil {
		return err
	}
	a.Secret = secret
	if _, err := p.store.PutAccount(ctx, a, false); err != nil {
		return err
	}
	if err := p.store.EndSessions(ctx, "", name, time.Time{}); err != nil {
		return err
	}
	return p.log.Add(ctx, audit.AccountChange, name, "new password")
}

// ChangeOwn gives the viewer's own account a new password, against the old one.
func (p *People) ChangeOwn(ctx context.Context, old, password string) error {
	v := access.From(ctx)
	if _, err := p.check(ctx, v.Account, old, v.Address); err != nil {
		return err
	}
	return p.SetPassword(ctx, v.Account, password)
}

// Delete takes an account away with its sessions.
func (p *People) Delete(ctx context.Context, name string) error {
	p.changing.Lock()
	defer p.changing.Unlock()
	a, err := p.store.Account(ctx, name)
	if err != nil {
		return err
	}
	if isKey(a) {
		if err := p.notLast(ctx, name); err != nil {
			return err
		}
	}
	if err := p.store.DeleteAccount(ctx, name); err != nil {
		return err
	}
	return p.log.Add(ctx, audit.AccountDelete, name, describe(a))
}

// CSRF gives the token that forms of a session carry back. It tells nothing of the session's secret.
func CSRF(secret string) string {
	h := sha256.Sum256([]byte("coldwatch form\x00" + secret))
	return base64.RawURLEncoding.EncodeToString(h[:18])
}

// HasPassword tells whether an account signs in with a password.
func (p *People) HasPassword(ctx context.Context, name string) bool {
	a, err := p.store.Account(ctx, name)
	return err == nil && a.Secret != ""
}
