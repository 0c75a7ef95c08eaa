// Package taxii serves collections of STIX objects over HTTP by TAXII 2.1 (OASIS Standard, 10 June 2021).
//
// A Server answers under /taxii2/: discovery (section 4.1), one API root (4.2), status (4.3), collections (5.1, 5.2), manifest
// (5.3), objects (5.4, 5.5), one object (5.6), its deletion (5.7) and its versions (5.8). Two collections stand in it:
//
//   - campaigns holds what this node publishes, see Publish; nobody writes to it over HTTP.
//   - inbox takes what others push. It stays apart: it changes no verdict and no campaign, and a token sees only what was pushed
//     with it.
//
// Everybody authenticates, by package token; what is published is TLP:AMBER. What a token may not use does not exist for it: 404,
// as section 3.6.1 allows. The caller brings TLS.
//
// Paging (section 3.5) goes by the time of addition, which the store makes rise strictly within a collection and in the order of its
// commits. So a reader that has seen a time has seen everything before it, and neither loses nor repeats anything while others
// write; a new version of an object that it has seen is a new thing to see.
package taxii

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

const (
	// MediaType is the media type of every answer (section 1.6.8).
	MediaType = "application/taxii+json;version=2.1"
	stixType  = "application/stix+json;version=2.1"
	// PageLimit is the most objects in one answer, and how many there are where none are asked for.
	PageLimit = 1000
	// Root is the path of the API root.
	Root = "/taxii2/coldwatch/"
)

// Collections. Their ids are what the store knows them by.
const (
	Campaigns = "0a5d3f0e-7f0b-4c52-9d7a-6a3f8f1c2b11"
	Inbox     = "5f1c9f3a-2f6d-4d0e-8a55-3f0f9b7f4c22"
)

// Store is what a server needs of the store.
type Store interface {
	token.Settings
	PutObjects(ctx context.Context, collection string, now time.Time, objects []store.Object) ([]store.Object, error)
	Objects(ctx context.Context, q store.ObjectQuery) ([]store.Object, error)
	DeleteObjects(ctx context.Context, q store.ObjectQuery) (int, error)
}

// A Server serves one API root. Make it with New.
type Server struct {
	store Store
	now   func() time.Time

	writing  sync.Mutex // what is asked of stored objects stays true until the new ones are stored
	mu       sync.Mutex
	statuses []status
}

// New makes a server over a store; now is the clock.
func New(s Store, now func() time.Time) *Server { return &Server{store: s, now: now} }

// A collection with what one token may do in it.
type collection struct {
	id, alias, title, description string
	read, write                   bool
	source                        string // the token sees only what it brought itself
}

// collections lists what there is for a token.
func collections(t token.Token) []collection {
	var out []collection
	if t.May(token.ReadTAXII) {
		out = append(out, collection{id: Campaigns, alias: "campaigns", title: "Campaigns", read: true,
			description: "Phishing campaigns against the chain, as of now. TLP:AMBER unless an object says less."})
	}
	if t.May(token.WriteTAXII) {
		out = append(out, collection{id: Inbox, alias: "inbox", title: "Inbox", read: true, write: true, source: t.Name,
			description: "Takes STIX 2.1 objects. You see what you pushed."})
	}
	return out
}

// A request is an HTTP request on its way through the server.
type request struct {
	s *Server
	w http.ResponseWriter
	*http.Request
	token token.Token
}

// ServeHTTP answers requests under /taxii2/.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &request{s: s, w: w, Request: hr}
	all, err := token.All(r.Context(), s.store)
	if err != nil {
		r.broken(err)
		return
	}
	var ok bool
	if r.token, ok = token.Of(hr, all); !ok {
		w.Header().Add("WWW-Authenticate", `Basic realm="taxii", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="taxii"`)
		r.fail(http.StatusUnauthorized, "authentication is needed")
		return
	}
	if !accepts(r.Header.Values("Accept")) {
		r.fail(http.StatusNotAcceptable, "this server gives "+MediaType)
		return
	}
	if r.URL.Path == "/taxii2/" || r.URL.Path == "/taxii2" {
		r.only(map[string]func(){http.MethodGet: r.discovery})
		return
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/")+"/", Root)
	if !ok {
		r.fail(http.StatusNotFound, "no such API root")
		return
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	switch {
	case rest == "":
		r.only(map[string]func(){http.MethodGet: r.root})
	case parts[0] == "status" && len(parts) == 2:
		r.only(map[string]func(){http.MethodGet: func() { r.status(parts[1]) }})
	case parts[0] == "collections" && len(parts) == 1:
		r.only(map[string]func(){http.MethodGet: r.list})
	case parts[0] == "collections":
		r.collection(parts[1], parts[2:])
	default:
		r.fail(http.StatusNotFound, "no such resource")
	}
}

// only answers a request by its method.
func (r *request) only(methods map[string]func()) {
	if f := methods[r.Method]; f != nil {
		f()
		return
	}
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if methods[m] != nil {
			allow = append(allow, m)
		}
	}
	r.w.Header().Set("Allow", strings.Join(allow, ", "))
	r.fail(http.StatusMethodNotAllowed, "only "+strings.Join(allow, ", ")+" here")
}

// accepts tells whether the client takes our media type (section 1.6.8.1); without a version it means the newest.
func accepts(headers []string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		fields := strings.Split(strings.ToLower(strings.ReplaceAll(part, " ", "")), ";")
		version, refused := "", false
		for _, f := range fields[1:] {
			if v, ok := strings.CutPrefix(f, "version="); ok {
				version = strings.Trim(v, `"`)
			}
			refused = refused || f == "q=0" || f == "q=0.0"
		}
		known := fields[0] == "*/*" || fields[0] == "application/*" || fields[0] == "application/taxii+json"
		if known && !refused && (version == "" || version == "2.1") {
			return true
		}
	}
	return false
}

func (r *request) discovery() {
	r.reply(http.StatusOK, map[string]any{"title": "coldwatch", "description": "Phishing campaigns against a supply chain",
		"default": Root, "api_roots": []string{Root}})
}

func (r *request) root() {
	r.reply(http.StatusOK, map[string]any{"title": "coldwatch", "versions": []string{MediaType}, "max_content_length": stix.MaxBytes})
}

func (r *request) list() {
	body := map[string]any{}
	var out []any
	for _, c := range collections(r.token) {
		out = append(out, c.describe())
	}
	if out != nil {
		body["collections"] = out
	}
	r.reply(http.StatusOK, body)
}

func (c *collection) describe() map[string]any {
	return map[string]any{"id": c.id, "alias": c.alias, "title": c.title, "description": c.description,
		"can_read": c.read, "can_write": c.write, "media_types": []string{stixType}}
}

// collection answers what is asked of one collection, by its id or alias (section 5.2).
func (r *request) collection(id string, rest []string) {
	var c *collection
	for _, have := range collections(r.token) {
		if have.id == id || have.alias == id {
			c = &have
		}
	}
	if c == nil {
		r.fail(http.StatusNotFound, "no such collection")
		return
	}
	what := strings.Join(rest, "/")
	all := []string{"id", "type", "version", "spec_version"}
	switch {
	case what == "":
		r.only(map[string]func(){http.MethodGet: func() { r.reply(http.StatusOK, c.describe()) }})
	case what == "manifest":
		r.only(map[string]func(){http.MethodGet: func() { r.page(c, all, "", "objects", manifest) }})
	case what == "objects":
		r.only(map[string]func(){
			http.MethodGet:  func() { r.page(c, all, "", "objects", object) },
			http.MethodPost: func() { r.post(c) },
		})
	case rest[0] == "objects" && len(rest) == 2:
		r.only(map[string]func(){
			http.MethodGet:    func() { r.page(c, []string{"version", "spec_version"}, rest[1], "objects", object) },
			http.MethodDelete: func() { r.delete(c, rest[1]) },
		})
	case rest[0] == "objects" && len(rest) == 3 && rest[2] == "versions":
		r.only(map[string]func(){http.MethodGet: func() { r.page(c, []string{"spec_version"}, rest[1], "versions", version) }})
	default:
		r.fail(http.StatusNotFound, "no such resource")
	}
}

func object(o store.Object) any { return json.RawMessage(o.JSON) }

func version(o store.Object) any { return stamp(o.Version) }

func manifest(o store.Object) any {
	return map[string]any{"id": o.ID, "date_added": stamp(o.Added), "version": stamp(o.Version), "media_type": stixType}
}

// page answers with one page of a collection (sections 3.5 and 3.7), or of one object in it.
func (r *request) page(c *collection, permitted []string, id, name string, show func(store.Object) any) {
	q, err := parseQuery(r.URL.Query(), permitted)
	if err != nil {
		r.fail(http.StatusBadRequest, err.Error())
		return
	}
	q.Collection, q.Source = c.id, c.source
	if id != "" {
		q.IDs = []string{id}
		if there, err := r.s.store.Objects(r.Context(), store.ObjectQuery{Collection: c.id, Source: c.source, IDs: q.IDs, Limit: 1}); err != nil || len(there) == 0 {
			r.missing(err)
			return
		}
	}
	if name == "versions" {
		q.Last = false // all of them
	}
	limit := q.Limit
	q.Limit++ // one more tells whether more follow
	objects, err := r.s.store.Objects(r.Context(), q)
	if err != nil {
		r.broken(err)
		return
	}
	body := map[string]any{}
	if len(objects) > limit {
		objects = objects[:limit]
		body["more"], body["next"] = true, strconv.FormatInt(objects[limit-1].Added.UnixMicro(), 36)
	}
	if len(objects) > 0 {
		list := make([]any, len(objects))
		for i, o := range objects {
			list[i] = show(o)
		}
		body[name] = list
		r.w.Header().Set("X-TAXII-Date-Added-First", stamp(objects[0].Added))
		r.w.Header().Set("X-TAXII-Date-Added-Last", stamp(objects[len(objects)-1].Added))
	}
	r.reply(http.StatusOK, body)
}

func (r *request) missing(err error) {
	if err != nil {
		r.broken(err)
		return
	}
	r.fail(http.StatusNotFound, "no such object")
}

// delete deletes versions of one object, the last one where no version is named (section 5.7 with 3.4.1).
func (r *request) delete(c *collection, id string) {
	if !c.write {
		r.fail(http.StatusForbidden, "this collection may be read only")
		return
	}
	q, err := parseQuery(r.URL.Query(), []string{"version", "spec_version"})
	if err != nil {
		r.fail(http.StatusBadRequest, err.Error())
		return
	}
	q.Collection, q.Source, q.IDs, q.After = c.id, c.source, []string{id}, time.Time{}
	r.s.writing.Lock()
	defer r.s.writing.Unlock()
	if n, err := r.s.store.DeleteObjects(r.Context(), q); err != nil || n == 0 {
		r.missing(err)
		return
	}
	r.reply(http.StatusOK, map[string]any{})
}

// stamp writes a time as TAXII does: UTC in microseconds (section 3.2).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (r *request) reply(code int, body any) {
	h := r.w.Header()
	h.Set("Content-Type", MediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	r.w.WriteHeader(code)
	e := json.NewEncoder(r.w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // the client went away: nobody to tell
}

// fail answers with an error message (section 3.6.1).
func (r *request) fail(code int, description string) {
	r.reply(code, map[string]any{"title": http.StatusText(code), "description": description, "http_status": strconv.Itoa(code)})
}

// broken answers when our machine failed: why is for our log only.
func (r *request) broken(err error) {
	slog.Error("taxii", "path", r.URL.Path, "error", err)
	r.fail(http.StatusServiceUnavailable, "the store does not answer; try again")
}
