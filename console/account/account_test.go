package account_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

const password = "correct horse battery staple"

// A house has people, and a clock that the test turns.
type house struct {
	*account.People
	t     *testing.T
	store *sqlite.Store
	now   time.Time
}

func newHouse(t *testing.T, cost account.Cost) *house {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h := &house{t: t, store: st, now: time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	p := account.DefaultPolicy()
	p.Cost = cost
	if h.People, err = account.New(st, audit.New(st, clock), clock, p); err != nil {
		t.Fatal(err)
	}
	return h
}

var cheap = account.Cost{Memory: 64, Passes: 1, Lanes: 1}

// begin makes the first account, a disabled administrator's, for any other may be made only then.
func (h *house) begin() {
	h.t.Helper()
	if _, err := h.store.PutAccount(h.t.Context(), store.Account{Name: "zero", Role: access.Administrator.String(), Disabled: true}, true); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) create(name string, role access.Role, org string) {
	h.t.Helper()
	h.begin()
	if err := h.Create(h.t.Context(), account.Local(name, role, org), password); err != nil {
		h.t.Fatal(err)
	}
}

func from(ctx context.Context, address string) context.Context {
	return access.With(ctx, access.Viewer{Address: address})
}

func (h *house) signIn(name, password, address string) (string, error) {
	return h.SignIn(from(h.t.Context(), address), name, password, "agent")
}

func (h *house) mustSignIn(name string) string {
	h.t.Helper()
	secret, err := h.signIn(name, password, "192.0.2.1")
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func (h *house) viewer(secret string) access.Viewer {
	h.t.Helper()
	v, err := h.Viewer(h.t.Context(), secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func TestSignIn(t *testing.T) {
	h := newHouse(t, cheap)
	h.create("ana", access.Analyst, "acme")
	secret := h.mustSignIn("ana")
	if v := h.viewer(secret); v.Account != "ana" || v.Role != access.Analyst || v.Organisation != "acme" || v.CSRF == "" || strings.Contains(v.CSRF, secret) {
		t.Errorf("signed in as %+v", v)
	}
	if other := h.mustSignIn("ana"); other == secret {
		t.Error("two sessions have one secret")
	}
	// One answer for whatever is wrong.
	for _, c := range [][2]string{{"ana", "wrong"}, {"nobody", password}, {"ana", ""}, {"", ""}, {"ANA", password}, {"ana", strings.Repeat("x", 1<<20)}, {"ana\x00", password}} {
		if _, err := h.signIn(c[0], c[1], "192.0.2.2"); !errors.Is(err, account.ErrRefused) || err.Error() != account.ErrRefused.Error() {
			t.Errorf("%.20q with %.20q: %v", c[0], c[1], err)
		}
		h.now = h.now.Add(2 * time.Hour)
	}
	for _, s := range []string{"", "x", secret + "x", strings.Repeat("x", 1<<16), "' OR 1=1"} {
		if v := h.viewer(s); v.Role != access.Nobody {
			t.Errorf("secret %.20q is let in as %+v", s, v)
		}
	}
	// What the database holds opens nothing.
	sessions, err := h.store.Sessions(t.Context(), "ana")
	if err != nil || len(sessions) != 2 {
		t.Fatal(len(sessions), err)
	}
	for _, s := range sessions {
		if s.Hash == secret || h.viewer(s.Hash).Role != access.Nobody {
			t.Error("a stolen database opens a session")
		}
	}
	a, err := h.store.Account(t.Context(), "ana")
	if err != nil || !strings.HasPrefix(a.Secret, "$argon2id$v=19$") || strings.Contains(a.Secret, password) {
		t.Errorf("stored as %q, %v", a.Secret, err)
	}
}

// A session ends when it is idle, when it is old, when its account is changed, disabled, deleted or gets a new password, and when
// it is ended.
func TestSessionsEnd(t *testing.T) {
	for name, end := range map[string]func(*house, string) error{
		"idle": func(h *house, _ string) error { h.now = h.now.Add(12*time.Hour + time.Second); return nil },
		"old": func(h *house, secret string) error {
			for range 8 * 24 {
				h.now = h.now.Add(time.Hour)
				h.viewer(secret)
			}
			return nil
		},
		"signed out": func(h *house, s string) error { return h.SignOut(h.t.Context(), s) },
		"all ended":  func(h *house, _ string) error { return h.EndAll(h.t.Context(), "ana") },
		"replaced":   func(h *house, s string) error { return h.Drop(h.t.Context(), s) },
		"deleted":    func(h *house, _ string) error { return h.Delete(h.t.Context(), "ana") },
		"disabled": func(h *house, _ string) error {
			return h.Change(h.t.Context(), "ana", func(a *store.Account) { a.Disabled = true })
		},
		"another role": func(h *house, _ string) error {
			return h.Change(h.t.Context(), "ana", func(a *store.Account) { a.Role = "viewer" })
		},
		"password": func(h *house, _ string) error { return h.SetPassword(h.t.Context(), "ana", password+"2") },
		"own password": func(h *house, s string) error {
			ctx := access.With(h.t.Context(), access.Viewer{Account: "ana"})
			if err := h.ChangeOwn(ctx, "wrong", password+"2"); !errors.Is(err, account.ErrRefused) {
				return fmt.Errorf("against a wrong password: %w", err)
			}
			return h.ChangeOwn(ctx, password, password+"2")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, cheap)
			h.create("root", access.Administrator, "")
			h.create("ana", access.Analyst, "")
			secret := h.mustSignIn("ana")
			other := h.mustSignIn("root")
			if err := end(h, secret); err != nil {
				t.Fatal(err)
			}
			if v := h.viewer(secret); v.Role != access.Nobody {
				t.Errorf("still signed in as %+v", v)
			}
			if name != "idle" && name != "old" && h.viewer(other).Role == access.Nobody {
				t.Error("another's session ended too")
			}
		})
	}
}

// Guessing becomes slow for the guesser, not for the account's owner elsewhere; it tells nothing of which accounts there are; it
// ends when time passes.
func TestGuessing(t *testing.T) {
	for _, name := range []string{"ana", "nobody"} {
		h := newHouse(t, cheap)
		h.create("ana", access.Analyst, "")
		slow := 0
		for i := range 200 {
			h.now = h.now.Add(time.Second)
			if _, err := h.signIn(name, fmt.Sprint("guess ", i), "198.51.100.7"); errors.Is(err, account.ErrSlow) {
				slow++
			}
		}
		if slow < 180 {
			t.Errorf("guessing %s: %d of 200 attempts were held up", name, slow)
		}
		if _, err := h.signIn("ana", password, "198.51.100.7"); name == "ana" && !errors.Is(err, account.ErrSlow) {
			t.Errorf("the guesser's right guess: %v", err)
		}
		if _, err := h.signIn("ana", password, "192.0.2.1"); err != nil {
			t.Errorf("the owner from elsewhere: %v", err)
		}
		h.now = h.now.Add(time.Hour)
		if _, err := h.signIn("ana", password, "198.51.100.7"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	}
	// From many addresses at one account.
	h := newHouse(t, cheap)
	h.create("ana", access.Analyst, "")
	slow := 0
	for i := range 300 {
		if _, err := h.signIn("ana", "guess", fmt.Sprintf("198.51.%d.%d", i/200, i%200)); errors.Is(err, account.ErrSlow) {
			slow++
		}
	}
	if slow < 150 {
		t.Errorf("from 300 addresses: %d attempts were held up", slow)
	}
}

// A wrong name takes as long as a wrong password.
func TestTiming(t *testing.T) {
	h := newHouse(t, account.Cost{Memory: 8 << 10, Passes: 3, Lanes: 1})
	h.create("ana", access.Analyst, "")
	fastest := func(name string) time.Duration {
		var all []time.Duration
		for range 9 {
			h.now = h.now.Add(2 * time.Hour)
			began := time.Now()
			if _, err := h.signIn(name, "a wrong password", "192.0.2.9"); !errors.Is(err, account.ErrRefused) {
				t.Fatal(err)
			}
			all = append(all, time.Since(began))
		}
		return slices.Min(all)
	}
	known, unknown := fastest("ana"), fastest("nobody")
	apart := func() bool { return known > 2*unknown || unknown > 2*known }
	for range 5 { // the machine may have been busy with something else
		if !apart() {
			return
		}
		known, unknown = min(known, fastest("ana")), min(unknown, fastest("nobody"))
	}
	if apart() {
		t.Errorf("a known name takes %s, an unknown one %s", known, unknown)
	}
}

// The set-up token makes one administrator, however many come with it at once, and is used up; a weak password does not use it up.
func TestSetUp(t *testing.T) {
	h := newHouse(t, cheap)
	token := h.SetUpToken()
	ctx := from(t.Context(), "192.0.2.1")
	if err := h.SetUp(ctx, "wrong", "ana", password); !errors.Is(err, account.ErrSetUp) {
		t.Errorf("wrong token: %v", err)
	}
	if err := h.SetUp(ctx, token, "ana", "short"); !errors.Is(err, account.ErrWeak) {
		t.Errorf("weak password: %v", err)
	}
	var made atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if err := h.SetUp(from(t.Context(), fmt.Sprint("192.0.2.", i)), token, fmt.Sprint("ana", i), password); err == nil {
				made.Add(1)
			} else if !errors.Is(err, account.ErrSetUp) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	all, err := h.All(t.Context())
	if err != nil || made.Load() != 1 || len(all) != 1 || all[0].Role != "administrator" || all[0].Secret != "set" {
		t.Errorf("%d made, there are %+v, %v", made.Load(), all, err)
	}
	if err := h.SetUp(ctx, token, "eve", password); !errors.Is(err, account.ErrSetUp) {
		t.Errorf("the token again: %v", err)
	}
	if err := newHouse(t, cheap).SetUp(ctx, "", "eve", password); !errors.Is(err, account.ErrSetUp) {
		t.Errorf("no token where none was made: %v", err)
	}
}

// The last administrator with a password stays, even when two take each other's role at once.
func TestLastAdministrator(t *testing.T) {
	h := newHouse(t, cheap)
	h.create("ana", access.Administrator, "")
	h.create("ben", access.Administrator, "")
	h.create("cy", access.Administrator, "acme") // of one organisation only
	var group sync.WaitGroup
	for _, name := range []string{"ana", "ben"} {
		group.Go(func() {
			_ = h.Change(t.Context(), name, func(a *store.Account) { a.Role = "viewer" }) // one of the two must fail
		})
	}
	group.Wait()
	all, err := h.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, a := range all {
		if a.Role == "administrator" && a.Organisation == "" && !a.Disabled {
			left = append(left, a.Name)
		}
	}
	if len(left) != 1 {
		t.Fatalf("administrators left: %v", left)
	}
	for what, err := range map[string]error{
		"delete":       h.Delete(t.Context(), left[0]),
		"disable":      h.Change(t.Context(), left[0], func(a *store.Account) { a.Disabled = true }),
		"organisation": h.Change(t.Context(), left[0], func(a *store.Account) { a.Organisation = "acme" }),
	} {
		if !errors.Is(err, account.ErrLast) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNamesAndPasswords(t *testing.T) {
	h := newHouse(t, cheap)
	for _, a := range []store.Account{account.Local("ana", access.Publisher, ""), account.Local("ana", access.Administrator, "haier-biomedical")} {
		if err := h.Create(t.Context(), a, password); !errors.Is(err, account.ErrFirst) {
			t.Errorf("the first account is %s's of %q: %v", a.Role, a.Organisation, err)
		}
	}
	h.begin()
	for _, c := range []struct {
		name, password string
		want           error
	}{
		{"", password, account.ErrName}, {"a b", password, account.ErrName}, {"local", password, account.ErrName}, {"<script>", password, account.ErrName},
		{"a\nb", password, account.ErrName}, {strings.Repeat("a", 65), password, account.ErrName}, {"ana", "elevenchars", account.ErrWeak}, {"ana", "", account.ErrWeak},
		{"ana", strings.Repeat("a", 20), account.ErrWeak}, {"anastasia-long", "anastasia-long", account.ErrWeak}, {"ana", strings.Repeat("ä1", 129), account.ErrWeak},
		{"ana@example.org", password, nil}, {"ben", strings.Repeat("ä1", 128), nil}, {"ben", password, account.ErrTaken},
	} {
		if err := h.Create(t.Context(), account.Local(c.name, access.Reader, ""), c.password); !errors.Is(err, c.want) {
			t.Errorf("%.20q with %.20q: %v, want %v", c.name, c.password, err, c.want)
		}
	}
	if err := h.Create(t.Context(), store.Account{Name: "x", Role: "king"}, password); !errors.Is(err, account.ErrRole) {
		t.Errorf("role: %v", err)
	}
}

// A stored hash that cannot be read, or would take all memory, lets nobody in.
func TestSpoiltHash(t *testing.T) {
	h := newHouse(t, cheap)
	h.create("ana", access.Reader, "")
	for _, stored := range []string{"x", "$argon2id$", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$aGFzaA",
		"$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$", "$2a$10$abcdefghijklmnopqrstuv", password} {
		a, err := h.store.Account(t.Context(), "ana")
		if err != nil {
			t.Fatal(err)
		}
		a.Secret = stored
		if _, err := h.store.PutAccount(t.Context(), a, false); err != nil {
			t.Fatal(err)
		}
		h.now = h.now.Add(2 * time.Hour)
		if _, err := h.signIn("ana", password, "192.0.2.1"); !errors.Is(err, account.ErrRefused) {
			t.Errorf("%.30s: %v", stored, err)
		}
	}
}
