package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/door"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// directory is the provider's, with groups as the test sets them.
type directory struct {
	*storage.Storage
	groups map[string][]string // by subject
}

func (d *directory) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	err := d.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
	info.AppendClaims("groups", d.groups[info.Subject])
	return err
}

// late lets a server be started before what it serves is known: the provider must know its own address.
type late struct{ http.Handler }

func (l *late) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.Handler.ServeHTTP(w, r) }

// A site is a console at which people sign in by the provider.
type site struct {
	t         *testing.T
	directory *directory
	provider  *httptest.Server
	console   *httptest.Server
	people    *account.People
	log       *audit.Log
}

const password = "correct horse battery staple"

func newSite(t *testing.T, change func(*account.Provider)) *site {
	t.Helper()
	s := &site{t: t}
	at := &late{}
	s.provider = httptest.NewServer(at)
	t.Cleanup(s.provider.Close)
	issuer := strings.Replace(s.provider.URL, "127.0.0.1", "localhost", 1)
	front := &late{}
	s.console = httptest.NewServer(front)
	t.Cleanup(s.console.Close)
	redirect := s.console.URL + "/sign-in/oidc/back"
	client := storage.WebClient("coldwatch", "secret", redirect)
	s.directory = &directory{storage.NewStorageWithClients(storage.NewUserStore(issuer), map[string]*storage.Client{"coldwatch": client}), map[string][]string{}}
	at.Handler = exampleop.SetupServer(issuer, s.directory, nil, false, op.WithAllowInsecure())

	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	s.log = audit.New(st, time.Now)
	policy := account.DefaultPolicy()
	policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1}
	if s.people, err = account.New(st, s.log, time.Now, policy); err != nil {
		t.Fatal(err)
	}
	if err := s.people.Create(t.Context(), account.Local("break-glass", access.Administrator, ""), password); err != nil {
		t.Fatal(err)
	}
	p := account.Provider{Issuer: issuer, Client: "coldwatch", Secret: "secret", Redirect: redirect, Grants: map[string]account.Grant{
		"analysts": {Role: access.Analyst}, "desk": {Role: access.Publisher, Organisation: "acme"}, "readers": {Role: access.Reader}}}
	if change != nil {
		change(&p)
	}
	d := &door.Door{People: s.people, OIDC: account.NewOIDC(p, time.Now)}
	routes := append(d.Routes(), access.Route{Method: "GET", Path: "/{$}", Rule: access.Rule{Least: access.Reader}, Serve: func(w http.ResponseWriter, r *http.Request) {
		v := access.From(r.Context())
		io.WriteString(w, "welcome "+v.Account+", "+v.Role.String()+" of "+v.Organisation+".")
	}})
	if front.Handler, err = console.New(console.Config{Store: st, People: s.people, Clock: time.Now, Routes: routes, Local: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// browser keeps cookies and follows redirects, as browsers do.
func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func (s *site) get(b *http.Client, at string) (string, *url.URL) {
	s.t.Helper()
	w, err := b.Get(at)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.body(w), w.Request.URL
}

func (s *site) body(w *http.Response) string {
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

var hidden = regexp.MustCompile(`name="id" value="([^"]+)"`)

// signIn goes to the provider, fills its form and comes back; it gives what the console shows then.
func (s *site) signIn(b *http.Client, user string) string {
	s.t.Helper()
	form, at := s.get(b, s.console.URL+"/sign-in/oidc")
	id := hidden.FindStringSubmatch(form)
	if id == nil {
		s.t.Fatalf("no form at %s:\n%s", at, form)
	}
	w, err := b.PostForm(s.provider.URL+"/login/username", url.Values{"username": {user}, "password": {"verysecure"}, "id": {id[1]}})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.body(w)
}

const ana, ben = "test-user@localhost", "test-user2"

// The role and the organisation are what the groups say at each sign-in; who is in none stays out.
func TestGroups(t *testing.T) {
	s := newSite(t, nil)
	s.directory.groups["id1"] = []string{"staff", "readers", "analysts"}
	if got := s.signIn(s.browser(), ana); got != "welcome test-user@localhost, analyst of ." {
		t.Errorf("signed in: %s", got)
	}
	old := s.browser()
	s.signIn(old, ana)
	s.directory.groups["id1"] = []string{"desk"}
	if got := s.signIn(s.browser(), ana); got != "welcome test-user@localhost, publisher of acme." {
		t.Errorf("after the groups changed: %s", got)
	}
	if _, at := s.get(old, s.console.URL+"/"); at.Path != "/sign-in" {
		t.Errorf("a session from before the groups changed still holds: at %s", at)
	}
	s.directory.groups["id2"] = []string{"staff"}
	b := s.browser()
	if got := s.signIn(b, ben); !strings.Contains(got, "in no group") {
		t.Errorf("without a group: %s", got)
	}
	if _, at := s.get(b, s.console.URL+"/"); at.Path != "/sign-in" {
		t.Errorf("without a group somebody is at %s", at)
	}
	entries, err := s.log.List(t.Context(), store.AuditQuery{Action: audit.SignIn})
	if err != nil || len(entries) != 3 || entries[0].Detail != "OpenID Connect" {
		t.Errorf("audit log: %+v, %v", entries, err)
	}
}

// A local account's name is not taken over by who has it at the provider, and a disabled person stays out.
func TestNames(t *testing.T) {
	s := newSite(t, nil)
	if err := s.people.Create(t.Context(), account.Local(ana, access.Administrator, ""), password); err != nil {
		t.Fatal(err)
	}
	s.directory.groups["id1"] = []string{"readers"}
	if got := s.signIn(s.browser(), ana); got != "welcome test-user@localhost-2, viewer of ." {
		t.Errorf("signed in: %s", got)
	}
	if err := s.people.Change(t.Context(), ana+"-2", func(a *store.Account) { a.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	if got := s.signIn(s.browser(), ana); !strings.Contains(got, "in no group") {
		t.Errorf("disabled: %s", got)
	}
}

// What comes back must belong to the trip that this browser began: a stranger's code, state or cookie opens nothing, and a code
// opens once.
func TestForged(t *testing.T) {
	s := newSite(t, nil)
	s.directory.groups["id1"] = []string{"analysts"}
	// The stranger signs in and stops before the console is told: the code is for the victim to redeem (log-in CSRF).
	stranger := s.browser()
	var caught *url.URL
	stranger.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/back") {
			caught = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	s.signIn(stranger, ana)
	if caught == nil {
		t.Fatal("the provider sent nobody back")
	}
	victim := s.browser()
	for name, prepare := range map[string]func(){
		"without a trip":         func() {},
		"with a trip of its own": func() { s.get(victim, s.console.URL+"/sign-in/oidc") },
		"with a cookie of no use": func() {
			victim.Jar.SetCookies(caught, []*http.Cookie{{Name: "coldwatch-oidc", Value: "a.b.c", Path: "/sign-in/oidc"}})
		},
	} {
		prepare()
		if got, at := s.get(victim, caught.String()); strings.Contains(got, "welcome") || at.Path != "/sign-in/oidc/back" {
			t.Errorf("%s: %s %s", name, at, got)
		}
	}
	stranger.CheckRedirect = nil
	if got, _ := s.get(stranger, caught.String()); !strings.Contains(got, "welcome") {
		t.Errorf("the trip itself: %s", got)
	}
	if got, _ := s.get(stranger, caught.String()); strings.Contains(got, "welcome") {
		t.Errorf("the same code again: %s", got)
	}
}

// Where the way back leads is a page of ours.
func TestNext(t *testing.T) {
	for next, want := range map[string]string{"/campaigns?x=1": "/campaigns", "https://evil.example/": "/", "//evil.example/": "/", `/\evil.example`: "/"} {
		s := newSite(t, nil)
		s.directory.groups["id1"] = []string{"analysts"}
		b := s.browser()
		form, _ := s.get(b, s.console.URL+"/sign-in/oidc?next="+url.QueryEscape(next))
		w, err := b.PostForm(s.provider.URL+"/login/username", url.Values{"username": {ana}, "password": {"verysecure"}, "id": {hidden.FindStringSubmatch(form)[1]}})
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		if at := w.Request.URL; "http://"+at.Host != s.console.URL || at.Path != want {
			t.Errorf("next=%s leads to %s", next, at)
		}
	}
}

// When the provider is down, or is reached by an unsafe way, or sends us elsewhere, the console says so, and local accounts work.
func TestDown(t *testing.T) {
	elsewhere := 0
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { elsewhere++ }))
	defer inner.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusFound))
	defer redirecting.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	for name, issuer := range map[string]string{"down": "http://127.0.0.1:1", "without TLS": "http://provider.example", "sends elsewhere": redirecting.URL, "answers without end": endless.URL} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(p *account.Provider) { p.Issuer = issuer })
			if got, _ := s.get(s.browser(), s.console.URL+"/sign-in/oidc"); !strings.Contains(got, "cannot be reached") {
				t.Errorf("says: %s", got)
			}
			ctx := access.With(t.Context(), access.Viewer{Address: "127.0.0.1"})
			if _, err := s.people.SignIn(ctx, "break-glass", password, ""); err != nil {
				t.Errorf("break-glass account: %v", err)
			}
			if err := s.people.Delete(ctx, "break-glass"); !errors.Is(err, account.ErrLast) {
				t.Errorf("the break-glass account can be deleted: %v", err)
			}
		})
	}
	if elsewhere > 0 {
		t.Errorf("an address within the house was asked %d times because the provider said so", elsewhere)
	}
}
