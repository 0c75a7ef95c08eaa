package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/api"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/console/door"
	"github.com/coldwatch/coldwatch/console/health"
	"github.com/coldwatch/coldwatch/console/page"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// A site is a console over a scenario.
type site struct {
	t       *testing.T
	engine  *engine.Engine
	people  *account.People
	routes  []access.Route
	handler http.Handler
	api     *api.API

	cookies map[string]*http.Cookie
}

func clock() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }

const password = "correct horse battery staple"

func newSite(t *testing.T) *site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	e := engine.New(engine.Config{Store: st, Pack: pack, Limits: message.Default(), Linking: campaign.Default(), Clock: clock})
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := e.Scan(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, engine: e, cookies: map[string]*http.Cookie{}}
	log := audit.New(st, clock)
	policy := account.DefaultPolicy()
	policy.Cost = account.Cost{Memory: 64, Passes: 1, Lanes: 1} // a test signs in a dozen times
	if s.people, err = account.New(st, log, clock, policy); err != nil {
		t.Fatal(err)
	}
	now := func() *engine.Engine { return e }
	d := desk.New(desk.Config{Store: st, Engine: now, Log: log, Clock: clock})
	way := e.Door(t.Context())
	s.api = api.New(api.Config{Desk: d, People: s.people, Taker: way, Store: st, Engine: now, Clock: clock})
	watch := &health.Watch{Store: st, Clock: clock, Local: true}
	entrance := &door.Door{People: s.people}
	pages, err := page.New(page.Config{Desk: d, People: s.people, Store: st, Bodies: []fs.FS{door.Templates()}})
	if err != nil {
		t.Fatal(err)
	}
	entrance.Draw = pages.Draw
	s.routes = slices.Concat(s.api.Routes(), watch.Routes(), entrance.Routes(), pages.Routes())
	if s.handler, err = console.New(console.Config{Store: st, People: s.people, Clock: clock, Routes: s.routes, Local: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// who names an account of the test: a role and an organisation.
func who(role access.Role, org string) string { return role.String() + "-" + orAll(org) }

func orAll(org string) string {
	if org == "" {
		return "all"
	}
	return org
}

// admit makes the accounts of every role, for each organisation and for none, and signs them in.
func (s *site) admit(orgs ...string) {
	s.t.Helper()
	for _, org := range append([]string{""}, orgs...) {
		for _, role := range slices.Backward(access.Roles()) { // the first is an administrator's
			name := who(role, org)
			if err := s.people.Create(s.t.Context(), account.Local(name, role, org), password); err != nil {
				s.t.Fatal(err)
			}
			secret, err := s.people.SignIn(s.t.Context(), name, password, "test")
			if err != nil {
				s.t.Fatal(err)
			}
			s.cookies[name] = &http.Cookie{Name: console.CookieName(false), Value: secret}
		}
	}
}

// ask sends a request as an account of the test, "" for nobody.
func (s *site) ask(as, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c := s.cookies[as]; c != nil {
		r.AddCookie(c)
		r.Header.Set("X-CSRF-Token", account.CSRF(c.Value))
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r.RemoteAddr = "127.0.0.1:40000"
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// pick gives two organisations that a campaign hit, and a message of it at each: such that are impersonated nowhere, for who is
// impersonated is told to every reader.
func (s *site) pick() (id string, orgs [2]string, messages [2]string) {
	s.t.Helper()
	ps, err := s.engine.Campaigns(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	impersonated := map[string]bool{}
	for i := range ps {
		for _, x := range ps[i].Impersonated {
			impersonated[x.Value] = true
		}
	}
	for i := range ps {
		var found []coldwatch.TargetEntry
		for _, t := range ps[i].Targets {
			if t.Organisation != "" && len(t.Sightings) > 0 && !impersonated[t.Organisation] {
				found = append(found, t)
			}
		}
		if len(found) > 1 {
			return ps[i].Campaign, [2]string{found[0].Organisation, found[1].Organisation}, [2]string{found[0].Sightings[0], found[1].Sightings[0]}
		}
	}
	s.t.Fatal("no campaign hit two organisations")
	return
}

// bodies are what calls take; a call without one here takes none.
func bodies(message string) map[string]string {
	return map[string]string{
		"POST /v1/campaigns/{id}/judgements": `{"kind":"hypothesis","reason":"a test","detail":{"name":"x","prior":0.1}}`,
		"POST /v1/messages":                  "From: a@b.example\r\nSubject: x\r\n\r\ny\r\n",
		"POST /v1/hunts":                     `{"text":"evil.example"}`,
		"POST /v1/words":                     `[{"kind":"benign","message":"` + message + `","reason":"a test"}]`,
		"POST /v1/warnings/{id}/approval":    `{"reason":"read"}`,
		"POST /v1/warnings/{id}/withdrawal":  `{"reason":"a mistake"}`,
		"POST /v1/warnings/{id}/answer":      `{"received":1}`,
		"POST /v1/rules":                     `{"reader":"*","tlp":"TLP:GREEN","organisations":2,"reason":"a test"}`,
		"POST /v1/accounts":                  `{"name":"new","role":"viewer","password":"` + password + `"}`,
		"PATCH /v1/accounts/{name}":          `{"role":"viewer"}`,
		"POST /v1/tokens":                    `{"name":"new","scopes":["api:read"]}`,
	}
}

// Every route answers every role, of every organisation, as its rule says: who may not gets 401 or 403 and nothing else, and who
// may belongs to those to whom it is answered.
func TestEveryRouteEveryRole(t *testing.T) {
	s := newSite(t)
	id, orgs, messages := s.pick()
	s.admit(orgs[:]...)
	checked := 0
	for _, route := range s.routes {
		if strings.HasPrefix(route.Path, "/debug/") || route.Path == "/sign-out" || strings.HasPrefix(route.Path, "/account/") {
			continue // they take seconds, or end the sessions of this test; TestDoor has them
		}
		path := strings.NewReplacer("{id}", id, "{format}", "markdown", "{name}", "nobody-at-all", "{payload...}", "0", "{$}", "").Replace(route.Path)
		if strings.Contains(route.Path, "/messages/{id}") {
			path = strings.NewReplacer("{id}", messages[0], "{payload...}", "0").Replace(route.Path)
		}
		body := bodies(messages[0])[route.Method+" "+route.Path]
		for _, org := range []string{"", orgs[0], orgs[1]} {
			for role := access.Nobody; role <= access.Administrator; role++ {
				as, v := "", access.Viewer{Role: role, Organisation: org}
				if role > access.Nobody {
					as = who(role, org)
				}
				w := s.ask(as, route.Method, path, body)
				allowed := route.Rule.Public || role >= route.Rule.Least && !(route.Rule.Whole && org != "")
				name := fmt.Sprintf("%s %s as %s of %s", route.Method, route.Path, role, orAll(org))
				switch {
				case allowed && (w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden):
					if !route.Rule.Public { // the door refuses for reasons of its own
						t.Errorf("%s: %d, though the rule allows it\n%s", name, w.Code, w.Body)
					}
				case !allowed && role == access.Nobody && w.Code != http.StatusUnauthorized && w.Code != http.StatusSeeOther:
					t.Errorf("%s: %d, want 401", name, w.Code)
				case !allowed && role > access.Nobody && w.Code != http.StatusForbidden:
					t.Errorf("%s: %d, want 403\n%s", name, w.Code, w.Body)
				case w.Code >= 500:
					t.Errorf("%s: %d\n%s", name, w.Code, w.Body)
				}
				if allowed != route.Rule.Allows(v) {
					t.Errorf("%s: the rule and this test disagree", name)
				}
				checked++
			}
		}
	}
	if checked < 400 {
		t.Errorf("only %d combinations were tried", checked)
	}
}

// Whoever belongs to an organisation finds nothing of another: not its name, domain or id, no message of it or id of one, by no
// call, in no header and no error text.
func TestFences(t *testing.T) {
	s := newSite(t)
	id, orgs, messages := s.pick()
	s.admit(orgs[:]...)
	secret := s.engine.Pack.Organisation(orgs[1])
	secrets := []string{orgs[1], secret.Name}
	secrets = append(secrets, secret.Domains...)
	rows, err := s.engine.Store.List(t.Context(), store.MessageQuery{Organisation: orgs[1], Fenced: true})
	if err != nil || len(rows) == 0 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		secrets = append(secrets, r.ID)
	}
	as := who(access.Administrator, orgs[0])
	for _, path := range []string{"/v1/totals", "/v1/campaigns?possible=true", "/v1/campaigns/" + id, "/v1/campaigns/" + id + "/history", "/v1/campaigns/" + id + "/why",
		"/v1/campaigns/" + id + "/difference", "/v1/campaigns/" + id + "/without?view=host&value=x", "/v1/campaigns/" + id + "/export/markdown", "/v1/campaigns/" + id + "/export/stix",
		"/v1/campaigns/" + id + "/export/json", "/v1/messages", "/v1/messages?limit=500&organisation=" + orgs[1], "/v1/messages?q=" + secret.Domains[0], "/v1/messages?campaign=" + id,
		"/v1/messages/" + messages[1], "/v1/messages/" + messages[1][:12], "/v1/messages/" + messages[1] + "/raw", "/v1/words", "/v1/warnings", "/v1/deliveries", "/v1/queue",
		"/v1/organisations", "/v1/rules", "/v1/accounts", "/v1/audit",
		"/", "/campaigns", "/campaigns?possible=on", "/campaigns/" + id, "/campaigns/" + id + "/export/markdown", "/messages/" + messages[1], "/messages/" + messages[1] + "/raw",
		"/messages/" + messages[1] + "/picture/0", "/triage", "/words", "/search?q=" + messages[1][:12], "/search?campaign=" + id, "/warnings", "/account", "/directory", "/directory/checks", "/directory/" + orgs[0], "/directory/" + orgs[1],
		"/audit", "/settings", "/health"} {
		w := s.ask(as, "GET", path, "")
		answer := w.Body.String() + fmt.Sprint(w.Header())
		for _, x := range secrets {
			if strings.Contains(strings.ToLower(answer), strings.ToLower(x)) && !strings.Contains(path, x) {
				i := strings.Index(strings.ToLower(answer), strings.ToLower(x))
				t.Errorf("%s (%d) gives %q away: …%s…", path, w.Code, x, answer[max(0, i-80):min(len(answer), i+80)])
			}
		}
		if strings.Contains(path, "/messages/"+messages[1][:12]) && w.Code != http.StatusNotFound {
			t.Errorf("%s: another's message is answered with %d, want 404 as what is not there", path, w.Code)
		}
	}
	// Not to be judged either.
	if w := s.ask(as, "POST", "/v1/words", `[{"kind":"benign","message":"`+messages[1]+`","reason":"x"}]`); w.Code != http.StatusNotFound {
		t.Errorf("a word about another's message: %d %s", w.Code, w.Body)
	}
	if w := s.ask(as, "POST", "/v1/messages?organisation="+orgs[1], "From: a@b\r\n\r\nx", "Content-Type", "message/rfc822"); w.Code != http.StatusNotFound {
		t.Errorf("handing in in another's name: %d", w.Code)
	}
	// And the analysts of the community see it all.
	if w := s.ask(who(access.Reader, ""), "GET", "/v1/messages/"+messages[1], ""); w.Code != http.StatusOK {
		t.Errorf("an analyst of the community: %d", w.Code)
	}
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if w.Code >= 300 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

// A program hands messages in with a token for nothing else, one by one or many; they are there when it is answered, and once.
func TestHandIn(t *testing.T) {
	s := newSite(t)
	secret, err := token.Make(t.Context(), s.engine.Store, token.Token{Name: "mta", Scopes: []string{token.WriteIntake}, Created: clock()})
	if err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization", "Bearer " + secret}
	post := func(kind, body string) *httptest.ResponseRecorder {
		return s.ask("", "POST", "/v1/messages?source=test", body, append(bearer, "Content-Type", kind)...)
	}
	const mail = "From: a@b.example\r\nTo: c@d.example\r\nSubject: hello\r\n\r\nbody\r\n"
	one := decode[api.Taken](t, post("message/rfc822", mail))
	if len(one.IDs) != 1 || one.New != 1 {
		t.Errorf("handed in: %+v", one)
	}
	var parts bytes.Buffer
	parts.WriteString("--b\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\n" + mail + "\r\n--b\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\nSubject: other\r\n\r\nx\r\n--b--\r\n")
	if many := decode[api.Taken](t, post("multipart/form-data; boundary=b", parts.String())); len(many.IDs) != 2 || many.IDs[0] != one.IDs[0] || many.New != 1 {
		t.Errorf("handed in as parts: %+v, the first before: %+v", many, one)
	}
	if q, err := s.engine.Store.Queued(t.Context()); err != nil || q.Waiting != 2 {
		t.Errorf("queue %+v, %v", q, err)
	}
	for _, c := range []struct {
		kind, body string
		status     int
	}{
		{"application/json", "{}", http.StatusUnprocessableEntity},
		{"message/rfc822", "", http.StatusUnprocessableEntity},
		{"multipart/form-data; boundary=b", "--b--\r\n", http.StatusUnprocessableEntity},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Dis", http.StatusUnprocessableEntity},
		{"multipart/form-data", "x", http.StatusUnprocessableEntity},
		{";;;", "x", http.StatusUnprocessableEntity},
	} {
		if w := post(c.kind, c.body); w.Code != c.status {
			t.Errorf("%q as %q: %d, want %d\n%s", c.body, c.kind, w.Code, c.status, w.Body)
		}
	}
	if w := s.ask("", "GET", "/v1/messages", "", bearer...); w.Code != http.StatusForbidden {
		t.Errorf("the token reads: %d", w.Code)
	}
	if w := s.ask("", "POST", "/v1/messages", mail, "Authorization", "Bearer cw_wrong", "Content-Type", "message/rfc822"); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", w.Code)
	}
}

// A word said by the API holds, and taken back holds no more.
func TestWords(t *testing.T) {
	s := newSite(t)
	id, _, messages := s.pick()
	body := `[{"kind":"not-part","message":"` + messages[0] + `","reason":"another sender"}]`
	said := decode[[]coldwatch.Word](t, s.ask("", "POST", "/v1/words", body))
	if len(said) != 1 || said[0].ID == "" || said[0].Author != "local" {
		t.Fatalf("said %+v", said)
	}
	if m := decode[api.Message](t, s.ask("", "GET", "/v1/messages/"+messages[0], "")); m.Campaign == id || len(m.Words) != 1 {
		t.Errorf("after the word the message is in %q with %d words", m.Campaign, len(m.Words))
	}
	if w := s.ask("", "DELETE", "/v1/words/"+said[0].ID, ""); w.Code != http.StatusNoContent {
		t.Errorf("taken back: %d %s", w.Code, w.Body)
	}
	if m := decode[api.Message](t, s.ask("", "GET", "/v1/messages/"+messages[0], "")); m.Campaign != id {
		t.Errorf("after the word was taken back the message is in %q", m.Campaign)
	}
	for _, c := range []string{`[]`, `{}`, `[{"kind":"x","message":"y","reason":"z"}]`, `[{"kind":"benign","message":"` + messages[0] + `","reason":""}]`, `[{"kind":"benign","unknown":1}]`, `[] []`, ``} {
		if w := s.ask("", "POST", "/v1/words", c); w.Code < 400 || w.Code >= 500 || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("words %s: %d %s", c, w.Code, w.Body)
		}
	}
}

// The description names every route of the API and no other, refers to nothing that it does not define, and says who may.
func TestOpenAPI(t *testing.T) {
	s := newSite(t)
	w := s.ask("", "GET", "/v1/openapi.json", "")
	d := decode[map[string]any](t, w)
	paths := d["paths"].(map[string]any)
	there := map[string]bool{}
	for _, r := range s.api.Routes() {
		there[r.Method+" "+r.Path] = true
		item, _ := paths[r.Path].(map[string]any)
		op, _ := item[strings.ToLower(r.Method)].(map[string]any)
		if op == nil || op["summary"] != r.Summary || op["x-coldwatch-rule"] == "" {
			t.Errorf("%s %s is not described: %v", r.Method, r.Path, op)
		}
	}
	n := 0
	for _, item := range paths {
		n += len(item.(map[string]any))
	}
	if n != len(there) {
		t.Errorf("%d operations described, %d routes", n, len(there))
	}
	schemas := d["components"].(map[string]any)["schemas"].(map[string]any)
	for _, part := range strings.Split(w.Body.String(), `"$ref": "#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if _, ok := schemas[name]; !ok {
			t.Errorf("schema %s is referred to and not defined", name)
		}
	}
}

// Strangers' tricks.
func TestRefused(t *testing.T) {
	s := newSite(t)
	s.admit()
	admin := who(access.Administrator, "")
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
	}{
		"another name of this server":     {"GET", "/v1/totals", "", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		"a change from another site":      {"POST", "/v1/words", `[]`, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"a change from another origin":    {"POST", "/v1/words", `[]`, []string{"Origin", "http://evil.example"}, http.StatusForbidden},
		"a change without the form token": {"POST", "/v1/words", `[]`, []string{"X-CSRF-Token", "wrong"}, http.StatusForbidden},
		"a method that is not taken":      {"PUT", "/v1/words", `[]`, nil, http.StatusMethodNotAllowed},
		"a path that is not there":        {"GET", "/v1/nothing", "", nil, http.StatusNotFound},
		"an id with a path in it":         {"GET", "/v1/messages/..%2f..%2fetc%2fpasswd", "", nil, http.StatusNotFound},
		"a body beyond the limit":         {"POST", "/v1/words", strings.Repeat(" ", 2<<20), nil, http.StatusRequestEntityTooLarge},
		"a number that is none":           {"GET", "/v1/messages?limit=x", "", nil, http.StatusUnprocessableEntity},
		"a time that is none":             {"GET", "/v1/messages?before=x", "", nil, http.StatusUnprocessableEntity},
		"a class that is none":            {"GET", "/v1/messages?class=x", "", nil, http.StatusUnprocessableEntity},
		"quotes in a search":              {"GET", "/v1/messages?q=%22%00'--%20OR", "", nil, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://127.0.0.1"+c.path, io.NopCloser(strings.NewReader(c.body)))
			r.AddCookie(s.cookies[admin])
			r.Header.Set("X-CSRF-Token", account.CSRF(s.cookies[admin].Value))
			for i := 0; i+1 < len(c.header); i += 2 {
				r.Header.Set(c.header[i], c.header[i+1])
				if c.header[i] == "Host" {
					r.Host = c.header[i+1]
				}
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("%d, want %d\n%s", w.Code, c.status, w.Body)
			}
			if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers: %v", w.Header())
			}
		})
	}
}

// A route without a rule is refused when the console is made.
func TestNoRouteWithoutRule(t *testing.T) {
	s := newSite(t)
	bad := append(slices.Clone(s.routes), access.Route{Method: "GET", Path: "/new", Serve: func(http.ResponseWriter, *http.Request) {}})
	_, err := console.New(console.Config{Store: s.engine.Store, People: s.people, Clock: clock, Routes: bad, Local: true})
	if err == nil || !strings.Contains(err.Error(), "has no rule") {
		t.Errorf("a route without a rule: %v", err)
	}
}
