// Package page is the pages of the console that people look at: server-rendered HTML (html/template, which escapes by context), one
// style sheet, and a few small scripts that make reading quicker and are needed for nothing.
//
// Everything shown is read through package desk, which holds the fences, and every form carries the session's token. Mail is hostile,
// so its text is shown with what is invisible made visible (dossier.Visible), its addresses cannot be clicked by mistake
// (dossier.Defang), and the picture of an HTML body is drawn from an allow-list of elements in a frame of its own that may run
// nothing and load nothing (HTML Living Standard, iframe sandbox; W3C CSP Level 3, sandbox directive). See picture.go.
//
// The pages keep to WCAG 2.2 at level AA: landmarks and headings in order (1.3.1), text beside every drawing (1.1.1), no meaning by
// colour alone (1.4.1), contrast (1.4.3), everything by keyboard (2.1.1) with a visible focus (2.4.7), and a layout that reflows at
// 320 CSS pixels (1.4.10).
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Config says what the pages are made of.
type Config struct {
	Desk   *desk.Desk
	People *account.People
	Store  engine.Store // for settings, tokens and the queue
	TLS    bool         // people come over TLS, to us or to a proxy of ours
	Bodies []fs.FS      // folders with more page bodies: those of package door
}

// Pages are the pages of the console.
type Pages struct {
	Config
	pages  map[string]*template.Template
	assets map[string]asset
	atlas  *atlas
}

type asset struct {
	content []byte
	kind    string
	version string
}

// New reads the templates. It fails on one that does not parse.
func New(c Config) (*Pages, error) {
	p := &Pages{Config: c, pages: map[string]*template.Template{}, assets: map[string]asset{}, atlas: newAtlas()}
	if err := p.loadAssets(); err != nil {
		return nil, err
	}
	base, err := template.New("base.html").Funcs(p.functions()).ParseFS(templateFiles, "templates/base.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	inner, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, folder := range append([]fs.FS{inner}, c.Bodies...) {
		names, err := fs.Glob(folder, "*.html")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		for _, name := range names {
			if name == "base.html" || name == "parts.html" {
				continue
			}
			body, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
			t, err := template.Must(base.Clone()).New("main").Parse(string(body))
			if err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
			p.pages[name] = t
		}
	}
	return p, nil
}

func (p *Pages) loadAssets() error {
	return fs.WalkDir(assetFiles, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
		sum := sha256.Sum256(b)
		p.assets[path.Base(name)] = asset{b, kinds[path.Ext(name)], hex.EncodeToString(sum[:6])}
		return nil
	})
}

// Routes gives the pages with their rules.
func (p *Pages) Routes() []access.Route {
	anybody := access.Rule{Public: true}
	reader := access.Rule{Least: access.Reader, Own: true}
	analyst := access.Rule{Least: access.Analyst, Own: true}
	publisher := access.Rule{Least: access.Publisher, Whole: true}
	community := access.Rule{Least: access.Reader, Whole: true}
	steward := access.Rule{Least: access.Analyst, Whole: true}
	admin := access.Rule{Least: access.Administrator, Whole: true}
	get := func(path string, rule access.Rule, summary string, f http.HandlerFunc) access.Route {
		return access.Route{Method: http.MethodGet, Path: path, Rule: rule, Summary: summary, Serve: f}
	}
	post := func(path string, rule access.Rule, summary string, f http.HandlerFunc) access.Route {
		return access.Route{Method: http.MethodPost, Path: path, Rule: rule, Summary: summary, Serve: f}
	}
	return []access.Route{
		get("/assets/{name}", anybody, "Style sheet, scripts and icon.", p.asset),
		get("/{$}", reader, "What is new and what matters now.", p.first),
		get("/campaigns", reader, "The campaigns, the gravest first.", p.campaigns),
		get("/campaigns/{id}", reader, "One campaign.", p.campaign),
		get("/campaigns/{id}/export/{format}", reader, "A campaign's report in a format.", p.export),
		get("/messages/{id}", reader, "One message.", p.message),
		get("/messages/{id}/picture/{payload...}", reader, "A picture of an HTML body, without scripts and remote content.", p.picture),
		get("/messages/{id}/raw", reader, "A message's bytes as they came in.", p.raw),
		get("/triage", reader, "Messages that wait for a word.", p.triage),
		get("/words", reader, "What analysts said.", p.words),
		post("/words", analyst, "Say something of messages.", p.say),
		post("/words/undo", analyst, "Take words back.", p.unsay),
		get("/search", reader, "Search messages, campaigns and organisations.", p.search),
		post("/search/saved", reader, "Keep a search.", p.keepSearch),
		post("/search/forget", reader, "Forget a kept search.", p.forgetSearch),
		get("/directory", community, "The organisations of the chain.", p.directory),
		get("/directory/checks", community, "What is wrong with the directory.", p.checks),
		get("/directory/new", steward, "A form for a new organisation.", p.newOrganisation),
		post("/directory", steward, "Change an organisation, or add one.", p.putOrganisation),
		get("/directory/{id}", reader, "One organisation.", p.organisation),
		get("/warnings", reader, "Who must be told what.", p.warnings),
		get("/warnings/{id}", reader, "One warning.", p.warning),
		post("/warnings/{id}/approve", publisher, "Let a warning go out.", p.approve),
		post("/warnings/{id}/answer", analyst, "Enter what a warning's reader found.", p.answer),
		post("/warnings/rules", publisher, "Make a standing rule.", p.makeRule),
		post("/warnings/rules/end", publisher, "End a standing rule.", p.endRule),
		post("/warnings/{id}/withdraw", publisher, "Take a warning back.", p.withdraw),
		get("/settings", admin, "Accounts, tokens and settings.", p.settings),
		post("/settings/accounts", admin, "Make an account.", p.makeAccount),
		post("/settings/accounts/{name}", admin, "Change an account.", p.changeAccount),
		post("/settings/tokens", admin, "Make a token.", p.makeToken),
		post("/settings/tokens/revoke", admin, "Revoke a token.", p.revokeToken),
		get("/audit", admin, "Who did what.", p.audit),
		get("/health", admin, "How the program fares.", p.health),
	}
}

// A view is what a page is drawn from.
type view struct {
	Title   string
	Nav     string // which entry of the navigation is lit
	V       access.Viewer
	Path    string // of the request, to come back to
	Flash   flash
	Data    any
	Bare    bool // nobody is signed in: no navigation
	Plain   bool // the body is one of package door's, which knows its data only
	Invents bool // the data is made up for a demonstration
}

// A flash is a sentence about what was just done, with the words that it can be undone by.
type flash struct {
	Text string
	Undo []string
}

// draw draws a page.
func (p *Pages) draw(w http.ResponseWriter, r *http.Request, status int, name, title, nav string, data any) {
	v := access.From(r.Context())
	page := view{Title: title, Nav: nav, V: v, Path: r.URL.RequestURI(), Data: data, Bare: v.Role == access.Nobody, Flash: p.takeFlash(w, r)}
	_, page.Plain = doorTitles[name]
	if made, err := p.Store.Setting(r.Context(), engine.SyntheticSetting); err == nil {
		page.Invents = len(made) > 0
	}
	t, ok := p.pages[name]
	if !ok {
		slog.Error("no such page", "name", name)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "base.html", page); err != nil {
		slog.Error("page", "name", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) //nolint:errcheck // the reader is gone, or reads it
}

// doorTitles are the titles of the pages of package door.
var doorTitles = map[string]string{"sign-in.html": "Sign in", "set-up.html": "Set up", "account.html": "Your account"}

// Draw draws a page of package door.
func (p *Pages) Draw(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	p.draw(w, r, status, name, doorTitles[name], "account", data)
}

// A refusal is what the page says when something was not to be had.
type refusal struct{ Status, Head, Text, Hint string }

// Refused answers what is not allowed, not there or went wrong.
func (p *Pages) Refused(w http.ResponseWriter, r *http.Request, status int) {
	said := refusal{Status: fmt.Sprint(status), Head: http.StatusText(status), Text: "The request was not done.", Hint: "Go back and try another way."}
	switch status {
	case http.StatusNotFound:
		said.Head, said.Text, said.Hint = "Not here", "There is nothing under this address, or it is not for you to see.", "Search for it, or begin at the first page."
	case http.StatusForbidden:
		said.Head, said.Text, said.Hint = "Not allowed", "Your role does not allow this, or the form was too old.", "Reload the page and try again; an administrator can change your role under Settings."
	case http.StatusUnauthorized:
		said.Head, said.Text, said.Hint = "Sign in first", "Your session has ended.", "Sign in, then do it again."
	case http.StatusMethodNotAllowed:
		said.Head, said.Text, said.Hint = "Not that way", "This address does not take what your browser sent.", "Begin at the first page."
	case http.StatusRequestEntityTooLarge:
		said.Head, said.Text, said.Hint = "Too much at once", "What was sent is larger than is taken here.", "Send less at a time."
	case http.StatusInternalServerError:
		said.Head, said.Text, said.Hint = "Something went wrong on our side", "It was written into the program's log.", "Try again; if it happens again, an administrator finds the reason in the log."
	}
	p.draw(w, r, status, "refused.html", said.Head, "", said)
}

// failed answers an error of the desk.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, err error) {
	var bad *desk.InputError
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.Refused(w, r, http.StatusNotFound)
	case errors.As(err, &bad):
		p.draw(w, r, http.StatusBadRequest, "refused.html", "Not done", "", refusal{"400", "Not done", sentence(bad.Text), sentence(bad.Hint)})
	case errors.Is(err, desk.ErrHeld):
		p.draw(w, r, http.StatusForbidden, "refused.html", "Not done", "", refusal{"403", "Held back", sentence(err.Error()), "Ask an analyst of the community for it."})
	case errors.Is(err, store.ErrFull):
		p.draw(w, r, http.StatusInsufficientStorage, "refused.html", "Disk full", "", refusal{"507", "Disk full", "The disk is full, so nothing could be written.", "Reading still works. An administrator must make room."})
	case r.Context().Err() != nil: // the reader has gone
	default:
		slog.Error("page", "path", r.URL.Path, "error", err)
		p.Refused(w, r, http.StatusInternalServerError)
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// asset serves a file of ours. Its address changes with its content, so that a browser may keep it.
func (p *Pages) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		p.Refused(w, r, http.StatusNotFound)
		return
	}
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(a.content)))
	w.Write(a.content) //nolint:errcheck // as above
}

// flashCookie carries a flash over the redirect after a form.
const flashCookie = "coldwatch-done"

// done sends the browser back to a page of ours with a sentence about what was done.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, to, text string, undo ...string) {
	value := hex.EncodeToString([]byte(text + "\x00" + strings.Join(undo, "\x00")))
	if len(value) > 3500 { // a browser keeps some four thousand bytes: the words page can undo as well
		value = hex.EncodeToString([]byte(text))
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Value: value, Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: p.TLS})
	http.Redirect(w, r, console.Local(to), http.StatusSeeOther)
}

func (p *Pages) takeFlash(w http.ResponseWriter, r *http.Request) flash {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return flash{}
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: p.TLS})
	b, err := hex.DecodeString(c.Value)
	if err != nil {
		return flash{}
	}
	parts := strings.Split(string(b), "\x00")
	f := flash{Text: parts[0]}
	for _, id := range parts[1:] {
		if id != "" {
			f.Undo = append(f.Undo, id)
		}
	}
	return f
}

// now is the clock of the node.
func (p *Pages) now() time.Time { return p.Desk.Clock() }
