// Package door is the pages by which people come in and go: signing in and out, the set-up of the first administrator, one's own
// account.
//
// They hold what OWASP's cheat sheets on authentication and session management ask for: one answer for a wrong name and a wrong
// password, a new session at each sign-in, a cookie that no script reads (HttpOnly) and no other site sends along with a change
// (SameSite=Lax), and a way on to pages of ours only.
package door

import (
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/store"
)

// A Door has the pages.
type Door struct {
	People *account.People
	OIDC   *account.OIDC // nil: passwords only
	TLS    bool
	// Draw draws a page by the name of its template in Templates, whole: with head and navigation where there is one.
	Draw func(w http.ResponseWriter, r *http.Request, status int, name string, data any)
}

// cookie is what the session's cookie is called.
func (d *Door) cookie() string { return console.CookieName(d.TLS) }

//go:embed *.html
var templates embed.FS

// Templates are the bodies of the pages.
func Templates() embed.FS { return templates }

// plainly draws a page without any frame around it.
func plainly(w http.ResponseWriter, _ *http.Request, status int, name string, data any) {
	t, err := template.ParseFS(templates, name)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := t.Execute(w, data); err != nil {
		slog.Debug("page", "error", err)
	}
}

// Routes gives the pages with their rules.
func (d *Door) Routes() []access.Route {
	if d.Draw == nil {
		d.Draw = plainly
	}
	anybody, reader := access.Rule{Public: true}, access.Rule{Least: access.Reader}
	out := []access.Route{
		{Method: "GET", Path: "/sign-in", Rule: anybody, Summary: "Sign in.", Serve: d.signIn},
		{Method: "POST", Path: "/sign-in", Rule: anybody, Summary: "Sign in with name and password.", Serve: d.signedIn},
		{Method: "POST", Path: "/sign-out", Rule: reader, Summary: "End the session.", Serve: d.signOut},
		{Method: "GET", Path: "/set-up", Rule: anybody, Summary: "Make the first administrator.", Serve: d.setUp},
		{Method: "POST", Path: "/set-up", Rule: anybody, Summary: "Make the first administrator with the one-time token.", Serve: d.setUpDone},
		{Method: "GET", Path: "/account", Rule: reader, Summary: "One's own account and sessions.", Serve: d.account},
		{Method: "POST", Path: "/account/password", Rule: reader, Summary: "Change one's own password.", Serve: d.password},
		{Method: "POST", Path: "/account/sessions/end", Rule: reader, Summary: "End all of one's own sessions.", Serve: d.endAll},
	}
	if d.OIDC != nil {
		out = append(out,
			access.Route{Method: "GET", Path: "/sign-in/oidc", Rule: anybody, Summary: "Sign in by OpenID Connect.", Serve: d.away},
			access.Route{Method: "GET", Path: "/sign-in/oidc/back", Rule: anybody, Summary: "Where the provider sends people back to.", Serve: d.back})
	}
	return out
}

// A signInPage is what the sign-in page shows.
type signInPage struct {
	Name, Next, Problem string
	OIDC, SetUp         bool
}

func (d *Door) signInPage(r *http.Request, problem string) signInPage {
	there, err := d.People.Exist(r.Context())
	return signInPage{Name: r.PostFormValue("name"), Next: console.Local(r.FormValue("next")), Problem: problem, OIDC: d.OIDC != nil, SetUp: err == nil && !there}
}

func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	d.Draw(w, r, http.StatusOK, "sign-in.html", d.signInPage(r, ""))
}

func (d *Door) signedIn(w http.ResponseWriter, r *http.Request) {
	secret, err := d.People.SignIn(r.Context(), strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("password"), r.UserAgent())
	if err != nil {
		status, problem := explain(err)
		d.Draw(w, r, status, "sign-in.html", d.signInPage(r, problem))
		return
	}
	d.letIn(w, r, secret, r.PostFormValue("next"))
}

// letIn gives the browser its session and sends it on.
func (d *Door) letIn(w http.ResponseWriter, r *http.Request, secret, next string) {
	if c, err := r.Cookie(d.cookie()); err == nil { // whose session this was, or who planted it: it ends here
		if err := d.People.Drop(r.Context(), c.Value); err != nil {
			slog.Error("sign-in", "error", err)
		}
	}
	http.SetCookie(w, &http.Cookie{Name: d.cookie(), Value: secret, Path: "/", HttpOnly: true, Secure: d.TLS, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, console.Local(next), http.StatusSeeOther)
}

// explain says to a person why something was refused; what is our own fault is logged and not told.
func explain(err error) (status int, problem string) {
	for _, known := range []error{account.ErrRefused, account.ErrWeak, account.ErrName, account.ErrTaken, account.ErrSetUp, account.ErrGroup} {
		if errors.Is(err, known) {
			return http.StatusForbidden, sentence(known)
		}
	}
	if errors.Is(err, account.ErrSlow) {
		return http.StatusTooManyRequests, sentence(account.ErrSlow)
	}
	slog.Error("sign-in", "error", err)
	return http.StatusInternalServerError, "Something went wrong on our side. It was written into the log."
}

func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(d.cookie()); err == nil {
		if err := d.People.SignOut(r.Context(), c.Value); err != nil {
			slog.Error("sign-out", "error", err)
		}
	}
	d.forget(w)
	http.Redirect(w, r, console.SignInPath, http.StatusSeeOther)
}

func (d *Door) forget(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: d.cookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: d.TLS, SameSite: http.SameSiteLaxMode})
}

type setUpPage struct{ Token, Name, Problem string }

func (d *Door) setUp(w http.ResponseWriter, r *http.Request) {
	if there, err := d.People.Exist(r.Context()); err != nil || there {
		http.Redirect(w, r, console.SignInPath, http.StatusSeeOther)
		return
	}
	d.Draw(w, r, http.StatusOK, "set-up.html", setUpPage{Token: r.FormValue("token")})
}

func (d *Door) setUpDone(w http.ResponseWriter, r *http.Request) {
	name, password := strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("password")
	err := d.People.SetUp(r.Context(), r.PostFormValue("token"), name, password)
	if err == nil {
		var secret string
		if secret, err = d.People.SignIn(r.Context(), name, password, r.UserAgent()); err == nil {
			d.letIn(w, r, secret, "/")
			return
		}
	}
	status, problem := explain(err)
	d.Draw(w, r, status, "set-up.html", setUpPage{r.PostFormValue("token"), name, problem})
}

type accountPage struct {
	Viewer   access.Viewer
	Password bool // the account has one
	Sessions []store.Session
	Problem  string
}

func (d *Door) account(w http.ResponseWriter, r *http.Request) {
	d.drawAccount(w, r, http.StatusOK, "")
}

func (d *Door) drawAccount(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := access.From(r.Context())
	sessions, err := d.People.Sessions(r.Context(), v.Account)
	if err != nil {
		status, problem = explain(err)
	}
	d.Draw(w, r, status, "account.html", accountPage{Viewer: v, Password: d.People.HasPassword(r.Context(), v.Account), Sessions: sessions, Problem: problem})
}

func (d *Door) password(w http.ResponseWriter, r *http.Request) {
	if err := d.People.ChangeOwn(r.Context(), r.PostFormValue("old"), r.PostFormValue("password")); err != nil {
		status, problem := explain(err)
		d.drawAccount(w, r, status, problem)
		return
	}
	d.forget(w) // every session has ended: whoever knows the new password signs in
	http.Redirect(w, r, console.SignInPath, http.StatusSeeOther)
}

func (d *Door) endAll(w http.ResponseWriter, r *http.Request) {
	if err := d.People.EndAll(r.Context(), access.From(r.Context()).Account); err != nil {
		status, problem := explain(err)
		d.drawAccount(w, r, status, problem)
		return
	}
	d.forget(w)
	http.Redirect(w, r, console.SignInPath, http.StatusSeeOther)
}

// wayCookie remembers, for the minutes at the provider, what the answer must carry.
const (
	wayCookie = "coldwatch-oidc"
	wayFor    = 10 * time.Minute
)

// away sends people to the provider.
func (d *Door) away(w http.ResponseWriter, r *http.Request) {
	way := account.NewWay()
	target, err := d.OIDC.Away(r.Context(), way)
	if err != nil {
		slog.Error("OpenID Connect", "error", err)
		d.Draw(w, r, http.StatusBadGateway, "sign-in.html", d.signInPage(r, "Your organisation's sign-in cannot be reached. A local account still works."))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: wayCookie, Value: way.String() + "." + url.QueryEscape(console.Local(r.FormValue("next"))), Path: "/sign-in/oidc", MaxAge: int(wayFor.Seconds()),
		HttpOnly: true, Secure: d.TLS, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// back takes people from the provider.
func (d *Door) back(w http.ResponseWriter, r *http.Request) {
	var way, next string
	if c, err := r.Cookie(wayCookie); err == nil {
		i := strings.LastIndexByte(c.Value, '.')
		if i > 0 {
			way = c.Value[:i]
			next, _ = url.QueryUnescape(c.Value[i+1:])
		}
	}
	http.SetCookie(w, &http.Cookie{Name: wayCookie, Path: "/sign-in/oidc", MaxAge: -1, HttpOnly: true, Secure: d.TLS, SameSite: http.SameSiteLaxMode})
	secret, err := d.People.SignInBy(r.Context(), d.OIDC, way, r.URL.Query(), r.UserAgent())
	if err != nil {
		status, problem := explain(err)
		d.Draw(w, r, status, "sign-in.html", d.signInPage(r, problem))
		return
	}
	d.letIn(w, r, secret, next)
}
