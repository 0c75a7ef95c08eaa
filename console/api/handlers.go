package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

func wrong(text, hint string) error { return &desk.InputError{Text: text, Hint: hint} }

// number reads a parameter of the query; 0 where there is none.
func (r *request) number(name string) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, wrong(name+" is no number", "for example "+name+"=10")
	}
	return n, nil
}

// list gives an empty list for none, so that JSON says [] and not null.
func list[T any](all []T, err error) (any, error) {
	if all == nil {
		all = []T{}
	}
	return all, err
}

func (a *API) totals(r *request) (any, error) {
	t, err := a.Desk.Totals(r.Context())
	return Totals{t.Messages, t.Classes, t.Campaigns, t.First, t.Last}, err
}

func (a *API) queue(r *request) (any, error) { return a.Store.Queued(r.Context()) }

func (a *API) campaigns(r *request) (any, error) {
	possible, err := strconv.ParseBool(cmp.Or(r.URL.Query().Get("possible"), "false"))
	if err != nil {
		return nil, wrong("possible is true or false", "")
	}
	offset, err := r.number("offset")
	if err != nil {
		return nil, err
	}
	limit, err := r.number("limit")
	if err != nil {
		return nil, err
	}
	all, err := a.Desk.Campaigns(r.Context(), possible)
	all = all[min(offset, len(all)):]
	out := []Campaign{}
	for i := range all[:min(len(all), cmp.Or(min(limit, 500), 100))] {
		p := &all[i]
		out = append(out, Campaign{p.Campaign, p.Version, p.Name, p.Possible, p.Messages, p.First, p.Last, p.Impersonated, len(p.Targets), p.Countries, p.Classes,
			p.TTI, p.Activity, p.Summary})
	}
	return out, err
}

func (a *API) campaign(r *request) (any, error) {
	v, err := r.number("version")
	if err != nil {
		return nil, err
	}
	return a.Desk.Campaign(r.Context(), r.PathValue("id"), v)
}

func (a *API) history(r *request) (any, error) {
	return list(a.Desk.History(r.Context(), r.PathValue("id")))
}

func (a *API) difference(r *request) (any, error) {
	from, err := r.number("from")
	if err != nil {
		return nil, err
	}
	to, err := r.number("to")
	if err != nil {
		return nil, err
	}
	return a.Desk.Difference(r.Context(), r.PathValue("id"), from, to)
}

func (a *API) why(r *request) (any, error) { return list(a.Desk.Why(r.Context(), r.PathValue("id"))) }

func (a *API) without(r *request) (any, error) {
	q := r.URL.Query()
	if q.Get("view") == "" || q.Get("value") == "" {
		return nil, wrong("view and value name the evidence", "for example view=host&value=secure-doc.example")
	}
	return list(a.Desk.Without(r.Context(), r.PathValue("id"), coldwatch.View(q.Get("view")), q.Get("value")))
}

func (a *API) export(r *request) (any, error) {
	content, name, err := a.Desk.Export(r.Context(), r.PathValue("id"), r.PathValue("format"))
	if err != nil {
		return nil, err
	}
	console.Download(r.w, name, content)
	return answered, nil
}

func (a *API) judge(r *request) (any, error) {
	j := r.in.(Judgement)
	detail, err := json.Marshal(j.Detail)
	if err != nil {
		return nil, err
	}
	return a.Desk.Judge(r.Context(), coldwatch.Word{Kind: j.Kind, Campaign: r.PathValue("id"), Reason: j.Reason, Detail: detail})
}

func row(x store.Row) Row {
	return Row{x.ID, x.Organisation, x.Received, x.Class, x.Bits, x.Subject, x.From, x.Size, x.Source}
}

func rows(all []store.Row) []Row {
	out := []Row{}
	for _, x := range all {
		out = append(out, row(x))
	}
	return out
}

// messageQuery reads the parameters that choose messages.
func messageQuery(r *http.Request) (store.MessageQuery, error) {
	v := r.URL.Query()
	q := store.MessageQuery{Words: v.Get("q"), Organisation: v.Get("organisation"), Campaign: v.Get("campaign"), AfterID: v.Get("after_id")}
	for _, c := range v["class"] {
		if c == "" {
			continue
		}
		if !slices.Contains([]coldwatch.Class{coldwatch.Targeted, coldwatch.Hostile, coldwatch.Suspicious, coldwatch.Unremarkable}, coldwatch.Class(c)) {
			return q, wrong("there is no class "+strconv.Quote(c), "targeted, hostile, suspicious, unremarkable")
		}
		q.Classes = append(q.Classes, coldwatch.Class(c))
	}
	if s := v.Get("before"); s != "" {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return q, wrong("before is no time", "for example 2020-12-01T10:00:00Z")
		}
		q.Before = t
	}
	var err error
	q.Limit, err = (&request{Request: r}).number("limit")
	return q, err
}

func (a *API) messages(r *request) (any, error) {
	q, err := messageQuery(r.Request)
	if err != nil {
		return nil, err
	}
	all, err := a.Desk.Messages(r.Context(), q)
	return rows(all), err
}

func (a *API) message(r *request) (any, error) {
	m, err := a.Desk.Message(r.Context(), r.PathValue("id"))
	if m.Words == nil {
		m.Words = []coldwatch.Word{}
	}
	return Message{row(m.Row), m.Campaign, m.Analysis, m.Words}, err
}

func (a *API) raw(r *request) (any, error) {
	b, err := a.Desk.Raw(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	console.Download(r.w, r.PathValue("id")+".eml", b)
	return answered, nil
}

// take reads messages out of a request and takes them in.
func (a *API) take(r *request) (any, error) {
	v := access.From(r.Context())
	org := cmp.Or(r.URL.Query().Get("organisation"), v.Organisation)
	if v.Organisation != "" && org != v.Organisation {
		return nil, store.ErrNotFound
	}
	if org != "" && a.Desk.Pack().Organisation(org) == nil {
		return nil, wrong("the pack has no organisation "+strconv.Quote(org), "/v1/organisations lists them")
	}
	source := cmp.Or(r.URL.Query().Get("source"), "api/"+v.Account)
	if len(source) > 500 || strings.ContainsFunc(source, func(c rune) bool { return c < ' ' }) {
		return nil, wrong("the source is one line of at most 500 letters", "")
	}
	raws, err := readMessages(r.Request)
	if err != nil {
		return nil, err
	}
	var subs []coldwatch.Submission
	out := Taken{IDs: []string{}}
	for _, raw := range raws {
		sub := coldwatch.Submission{Raw: raw, Source: source, Organisation: org}
		subs = append(subs, sub)
		out.IDs = append(out.IDs, sub.ID())
	}
	if out.New, err = a.Taker.Take(r.Context(), subs); err != nil {
		return nil, err
	}
	reply(r.w, http.StatusAccepted, out)
	return answered, nil
}

// mostMessages bounds how many come in one request.
const mostMessages = 1000

func readMessages(r *http.Request) ([][]byte, error) {
	kind, params, err := mime.ParseMediaType(cmp.Or(r.Header.Get("Content-Type"), "message/rfc822"))
	if err != nil {
		return nil, wrong("the content type cannot be read", "message/rfc822, or multipart/form-data with messages as its parts")
	}
	one := func(body io.Reader) ([]byte, error) {
		raw, err := io.ReadAll(io.LimitReader(body, largestMessage+1))
		switch {
		case err != nil:
			return nil, err
		case len(raw) > largestMessage:
			return nil, &http.MaxBytesError{Limit: largestMessage}
		case len(raw) == 0:
			return nil, wrong("a message is empty", "")
		}
		return raw, nil
	}
	switch {
	case kind == "multipart/form-data" && params["boundary"] != "":
		parts, err := r.MultipartReader()
		if err != nil {
			return nil, wrong("the parts cannot be read", "")
		}
		var out [][]byte
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				var raw []byte
				if raw, err = one(part); err == nil {
					out = append(out, raw)
				}
			}
			if known := (*desk.InputError)(nil); err != nil && !errors.As(err, &known) && !isTooLarge(err) {
				return nil, wrong("the parts cannot be read to their end", "nothing was taken in; send it again")
			}
			if err != nil {
				return nil, err
			}
			if len(out) > mostMessages {
				return nil, wrong("too many messages in one request", "1000 at most")
			}
		}
		if len(out) == 0 {
			return nil, wrong("there is no message in it", "")
		}
		return out, nil
	case kind == "message/rfc822" || kind == "message/global" || kind == "application/octet-stream" || kind == "text/plain":
		raw, err := one(r.Body)
		return [][]byte{raw}, err
	}
	return nil, wrong("messages come as message/rfc822, not as "+kind, "several come as parts of multipart/form-data")
}

func isTooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}

func (a *API) hunt(r *request) (any, error) {
	indicators := engine.Indicators([]byte(r.in.(Report).Text))
	h, err := a.Engine().Hunt(r.Context(), indicators)
	if err != nil {
		return nil, err
	}
	out := Hunt{h.Searched, h.Since, h.Hits, rows(h.Messages), h.First, h.Functions, rows(h.Related), h.Campaigns}
	if out.Hits == nil {
		out.Hits = []engine.HuntHit{}
	}
	if out.Campaigns == nil {
		out.Campaigns = []string{}
	}
	return out, nil
}

func (a *API) words(r *request) (any, error) { return list(a.Desk.Words(r.Context())) }

func (a *API) say(r *request) (any, error) {
	var words []coldwatch.Word
	for _, w := range r.in.([]Word) {
		words = append(words, coldwatch.Word{Kind: w.Kind, Message: w.Message, Other: w.Other, Reason: w.Reason})
	}
	if len(words) == 0 || len(words) > mostMessages {
		return nil, wrong("one word at least, and 1000 at most", "")
	}
	return list(a.Desk.Say(r.Context(), words...))
}

func (a *API) unsay(r *request) (any, error) {
	return nil, a.Desk.Unsay(r.Context(), r.PathValue("id"))
}

func (a *API) warnings(r *request) (any, error) { return list(a.Desk.Warnings(r.Context())) }
func (a *API) warning(r *request) (any, error) {
	return a.Desk.Warning(r.Context(), r.PathValue("id"))
}
func (a *API) approve(r *request) (any, error) {
	return a.Desk.Approve(r.Context(), r.PathValue("id"), r.in.(Reason).Reason)
}
func (a *API) withdraw(r *request) (any, error) {
	return a.Desk.Withdraw(r.Context(), r.PathValue("id"), r.in.(Reason).Reason)
}
func (a *API) answer(r *request) (any, error) {
	in := r.in.(Answer)
	return a.Desk.Answer(r.Context(), r.PathValue("id"), coldwatch.Answer{Received: in.Received, Blocked: in.Blocked, Opened: in.Opened, Credentials: in.Credentials, Reset: in.Reset}, in.Reason)
}

func rule(x engine.StandingRule) Rule {
	return Rule{x.ID, NewRule{x.Reader, x.TLP, x.Organisations, x.Reason}, x.Author, x.At}
}

func (a *API) rules(r *request) (any, error) {
	all, err := a.Desk.Rules(r.Context())
	out := []Rule{}
	for _, x := range all {
		out = append(out, rule(x))
	}
	return out, err
}

func (a *API) makeRule(r *request) (any, error) {
	in := r.in.(NewRule)
	made, err := a.Desk.MakeRule(r.Context(), engine.Rule{Reader: in.Reader, TLP: in.TLP, Organisations: in.Organisations}, in.Reason)
	return rule(made), err
}

func (a *API) deliveries(r *request) (any, error) { return list(a.Desk.Deliveries(r.Context())) }

func (a *API) organisations(*request) (any, error) {
	out := []Organisation{}
	pack := a.Desk.Pack()
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		out = append(out, Organisation{o.ID, o.Name, o.Country, o.Roles, o.Domains, o.Member})
	}
	return out, nil
}

func person(x store.Account) Account {
	return Account{x.Name, x.Role, x.Organisation, x.Created, x.Disabled, x.Subject != ""}
}

func (a *API) accounts(r *request) (any, error) {
	all, err := a.People.All(r.Context())
	out := []Account{}
	for _, x := range all {
		out = append(out, person(x))
	}
	return out, err
}

// named gives an account by its name.
func (a *API) named(r *request, name string) (Account, error) {
	x, err := a.Store.Account(r.Context(), name)
	return person(x), err
}

func (a *API) member(org string) error {
	if org != "" && a.Desk.Pack().Organisation(org) == nil {
		return wrong("the pack has no organisation "+strconv.Quote(org), "/v1/organisations lists them")
	}
	return nil
}

func (a *API) createAccount(r *request) (any, error) {
	n := r.in.(NewAccount)
	if err := a.member(n.Organisation); err != nil {
		return nil, err
	}
	role, ok := access.ParseRole(n.Role)
	if !ok {
		return nil, account.ErrRole
	}
	if err := a.People.Create(r.Context(), account.Local(n.Name, role, n.Organisation), n.Password); err != nil {
		return nil, err
	}
	return a.named(r, strings.TrimSpace(n.Name))
}

func (a *API) changeAccount(r *request) (any, error) {
	c, name := r.in.(AccountChange), r.PathValue("name")
	if c.Role != nil {
		if _, ok := access.ParseRole(*c.Role); !ok {
			return nil, account.ErrRole
		}
	}
	if c.Organisation != nil {
		if err := a.member(*c.Organisation); err != nil {
			return nil, err
		}
	}
	if c.Role != nil || c.Organisation != nil || c.Disabled != nil {
		err := a.People.Change(r.Context(), name, func(x *store.Account) {
			if c.Role != nil {
				x.Role = *c.Role
			}
			if c.Organisation != nil {
				x.Organisation = *c.Organisation
			}
			if c.Disabled != nil {
				x.Disabled = *c.Disabled
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if c.Password != nil {
		if err := a.People.SetPassword(r.Context(), name, *c.Password); err != nil {
			return nil, err
		}
	}
	return a.named(r, name)
}

func (a *API) deleteAccount(r *request) (any, error) {
	return nil, a.People.Delete(r.Context(), r.PathValue("name"))
}

func (a *API) tokens(r *request) (any, error) {
	all, err := token.All(r.Context(), a.Store)
	out := []Token{}
	for _, t := range all {
		out = append(out, Token{t.Name, t.Scopes, t.Organisation, t.Created, t.Expires})
	}
	return out, err
}

func (a *API) createToken(r *request) (any, error) {
	n := r.in.(NewToken)
	if n.Secret != "" {
		return nil, wrong("a token's secret is made here", "leave it out")
	}
	var err error
	n.Secret, err = a.Desk.MakeToken(r.Context(), token.Token{Name: n.Name, Scopes: n.Scopes, Organisation: n.Organisation, Expires: n.Expires})
	return n, err
}

func (a *API) revokeToken(r *request) (any, error) {
	return nil, a.Desk.RevokeToken(r.Context(), r.PathValue("name"))
}

func (a *API) audit(r *request) (any, error) {
	before, err := r.number("before")
	if err != nil {
		return nil, err
	}
	limit, err := r.number("limit")
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = 100
	}
	v := r.URL.Query()
	return list(a.Desk.Log().List(r.Context(), store.AuditQuery{Before: int64(before), Actor: v.Get("actor"), Action: v.Get("action"), Limit: min(limit, 500)}))
}

func (a *API) verify(r *request) (any, error) {
	return a.Desk.Log().Verify(r.Context(), r.URL.Query().Get("head"))
}
