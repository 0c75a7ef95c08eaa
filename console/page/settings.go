package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A settingsPage has the accounts, the tokens and what else an administrator sets.
type settingsPage struct {
	Accounts []store.Account
	Tokens   []token.Token
	Roles    []access.Role
	Scopes   []string
	Members  []*knowledge.Organisation
	Secret   string // of a token that was just made, shown once
	Problem  string
	Now      time.Time
}

func (p *Pages) settings(w http.ResponseWriter, r *http.Request) {
	p.drawSettings(w, r, http.StatusOK, settingsPage{})
}

func (p *Pages) drawSettings(w http.ResponseWriter, r *http.Request, status int, d settingsPage) {
	var err error
	if d.Accounts, err = p.People.All(r.Context()); err != nil {
		p.failed(w, r, err)
		return
	}
	if d.Tokens, err = token.All(r.Context(), p.Store); err != nil {
		p.failed(w, r, err)
		return
	}
	d.Roles, d.Scopes, d.Members, d.Now = access.Roles(), token.Scopes(), p.Desk.Pack().Members(), p.now()
	p.draw(w, r, status, "settings.html", "Settings", "settings", d)
}

// refuse draws the settings with what was wrong.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	for _, known := range []error{account.ErrWeak, account.ErrName, account.ErrTaken, account.ErrFirst, account.ErrLast, token.ErrName, token.ErrScope, token.ErrTaken} {
		if errors.Is(err, known) {
			p.drawSettings(w, r, http.StatusBadRequest, settingsPage{Problem: sentence(known.Error())})
			return
		}
	}
	var bad *desk.InputError
	if errors.As(err, &bad) {
		p.drawSettings(w, r, http.StatusBadRequest, settingsPage{Problem: sentence(bad.Text)})
		return
	}
	p.failed(w, r, err)
}

func (p *Pages) makeAccount(w http.ResponseWriter, r *http.Request) {
	role, ok := access.ParseRole(r.PostFormValue("role"))
	organisation := r.PostFormValue("organisation")
	if !ok || organisation != "" && p.Desk.Pack().Organisation(organisation) == nil {
		p.drawSettings(w, r, http.StatusBadRequest, settingsPage{Problem: "Choose a role, and an organisation of the directory or none."})
		return
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	if err := p.People.Create(r.Context(), account.Local(name, role, organisation), r.PostFormValue("password")); err != nil {
		p.refuse(w, r, err)
		return
	}
	p.done(w, r, "/settings", "The account "+name+" is made. From now on people sign in.")
}

func (p *Pages) changeAccount(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	var err error
	said := ""
	switch r.PostFormValue("do") {
	case "role":
		role, ok := access.ParseRole(r.PostFormValue("role"))
		if !ok {
			p.drawSettings(w, r, http.StatusBadRequest, settingsPage{Problem: "There is no such role."})
			return
		}
		err, said = p.People.Change(r.Context(), name, func(a *store.Account) { a.Role = role.String() }), name+" is now "+role.String()+"."
	case "disable":
		err, said = p.People.Change(r.Context(), name, func(a *store.Account) { a.Disabled = true }), name+" cannot sign in any more."
	case "enable":
		err, said = p.People.Change(r.Context(), name, func(a *store.Account) { a.Disabled = false }), name+" can sign in again."
	case "delete":
		err, said = p.People.Delete(r.Context(), name), "The account "+name+" is gone."
	default:
		p.Refused(w, r, http.StatusBadRequest)
		return
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.done(w, r, "/settings", said)
}

func (p *Pages) makeToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.Refused(w, r, http.StatusBadRequest)
		return
	}
	t := token.Token{Name: strings.TrimSpace(r.PostForm.Get("name")), Scopes: r.PostForm["scope"], Organisation: r.PostForm.Get("organisation")}
	if days := whole(r.PostForm.Get("days")); days > 0 {
		t.Expires = p.now().AddDate(0, 0, days)
	}
	secret, err := p.Desk.MakeToken(r.Context(), t)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.drawSettings(w, r, http.StatusOK, settingsPage{Secret: secret})
}

func (p *Pages) revokeToken(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if err := p.Desk.RevokeToken(r.Context(), name); err != nil {
		if errors.Is(err, token.ErrNone) {
			err = store.ErrNotFound
		}
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/settings", "The token "+dossier.Visible(name)+" lets nobody in any more.")
}

// An auditPage is the audit log.
type auditPage struct {
	Entries []store.AuditEntry
	Actor   string
	Action  string
	Actions []string
	Next    string
	Checked *audit.Verdict
}

const auditRows = 100

func (p *Pages) audit(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	d := auditPage{Actor: strings.TrimSpace(q.Get("actor")), Action: q.Get("action"), Actions: audit.Actions()}
	find := store.AuditQuery{Actor: d.Actor, Action: d.Action, Limit: auditRows + 1}
	if n := whole(q.Get("before")); n > 0 {
		find.Before = int64(n)
	}
	var err error
	if d.Entries, err = p.Desk.Log().List(r.Context(), find); err != nil {
		p.failed(w, r, err)
		return
	}
	if len(d.Entries) > auditRows {
		d.Entries = d.Entries[:auditRows]
		keep := url.Values{"before": {itoa(d.Entries[auditRows-1].Seq)}}
		if d.Actor != "" {
			keep.Set("actor", d.Actor)
		}
		if d.Action != "" {
			keep.Set("action", d.Action)
		}
		d.Next = "/audit?" + keep.Encode()
	}
	if q.Get("verify") != "" {
		v, err := p.Desk.Log().Verify(r.Context(), "")
		if err != nil {
			p.failed(w, r, err)
			return
		}
		d.Checked = &v
	}
	p.draw(w, r, http.StatusOK, "audit.html", "Audit log", "audit", d)
}

// A healthPage says how the program fares.
type healthPage struct {
	Totals    store.Totals
	Queue     store.Queue
	QueueAge  string
	Leases    []leaseView
	Pack      *knowledge.Pack
	Problems  int
	Claimants []string
	Words     int
}

type leaseView struct{ Name, Owner string }

func (p *Pages) health(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	d := healthPage{Pack: p.Desk.Pack()}
	d.Problems = len(d.Pack.Check())
	var err error
	if d.Totals, err = p.Desk.Totals(ctx); err != nil {
		p.failed(w, r, err)
		return
	}
	if d.Queue, err = p.Store.Queued(ctx); err != nil {
		p.failed(w, r, err)
		return
	}
	if !d.Queue.Oldest.IsZero() {
		d.QueueAge = span(max(0, p.now().Sub(d.Queue.Oldest)))
	}
	if d.Claimants, err = p.Store.Claimants(ctx); err != nil {
		p.failed(w, r, err)
		return
	}
	leases, err := p.Store.Leases(ctx)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	for name, l := range leases {
		d.Leases = append(d.Leases, leaseView{name, l.Owner})
	}
	slices.SortFunc(d.Leases, func(a, b leaseView) int { return strings.Compare(a.Name, b.Name) })
	p.draw(w, r, http.StatusOK, "health.html", "Health", "health", d)
}
