// Package taxii serves and reads collections of STIX objects over HTTPS by TAXII 2.1 (OASIS Standard, 10 June 2021).
//
// A Server is an http.Handler for the paths under /taxii2/: discovery (section 4.1), one API root (4.2), status (4.3), collections
// (5.1, 5.2), manifest (5.3), objects (5.4, 5.5), object (5.6, 5.7) and versions (5.8). An account deletes what it brought, no more.
// Everybody authenticates, with a token as the password of HTTP Basic or as a Bearer token; only hashes of tokens are kept. What an
// account may not read does not exist for it: 404, as section 3.6.1 allows. The caller brings TLS.
package taxii

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/publish/stix"
)

const (
	// MediaType is the media type of every answer.
	MediaType = "application/taxii+json;version=2.1"
	// PageLimit is the most objects in one answer.
	PageLimit = 1000
	// maxStatuses is how many status resources are kept.
	maxStatuses = 1000
)

// An Account may read and write collections.
type Account struct {
	Name        string
	Token       [sha256.Size]byte // SHA-256 of the token, which is long and random
	Read, Write []string          // collection ids; "*" is all
}

// A Server serves one API root. Make it with New.
type Server struct {
	title, root string
	collections []Collection
	accounts    []Account
	backend     Backend
	now         func() time.Time

	mu       sync.Mutex
	statuses []status
}

// New makes a server over a backend. The root is a path element ("coldwatch"); now is the clock.
func New(title, root string, collections []Collection, accounts []Account, backend Backend, now func() time.Time) *Server {
	return &Server{title: title, root: root, collections: collections, accounts: accounts, backend: backend, now: now}
}

// ServeHTTP answers requests under /taxii2/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	account, ok := s.account(r)
	if !ok {
		w.Header().Add("WWW-Authenticate", `Basic realm="taxii", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="taxii"`)
		fail(w, http.StatusUnauthorized, "authentication is needed")
		return
	}
	if !accepts(r.Header.Values("Accept")) {
		fail(w, http.StatusNotAcceptable, "this server gives "+MediaType)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/taxii2/")
	if !ok {
		fail(w, http.StatusNotFound, "no such resource")
		return
	}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	switch {
	case path == "":
		s.get(w, r, func() { s.discovery(w) })
	case parts[0] != s.root:
		fail(w, http.StatusNotFound, "no such API root")
	case len(parts) == 1:
		s.get(w, r, func() {
			reply(w, http.StatusOK, map[string]any{"title": s.title, "versions": []string{MediaType}, "max_content_length": stix.MaxBytes})
		})
	case len(parts) == 3 && parts[1] == "status":
		s.get(w, r, func() { s.status(w, account, parts[2]) })
	case len(parts) == 2 && parts[1] == "collections":
		s.get(w, r, func() { s.list(w, account) })
	case len(parts) >= 3 && len(parts) <= 6 && parts[1] == "collections":
		s.collection(w, r, account, parts[2], parts[3:])
	default:
		fail(w, http.StatusNotFound, "no such resource")
	}
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, answer func()) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		fail(w, http.StatusMethodNotAllowed, "only GET is allowed here")
		return
	}
	answer()
}

// account finds who asks. All accounts are compared, so that time tells nothing.
func (s *Server) account(r *http.Request) (found Account, ok bool) {
	name, token, basic := r.BasicAuth()
	if !basic {
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Account{}, false
		}
		token = strings.TrimSpace(rest)
	}
	sum := sha256.Sum256([]byte(token))
	for _, a := range s.accounts {
		if subtle.ConstantTimeCompare(sum[:], a.Token[:]) == 1 && (!basic || a.Name == name) {
			found, ok = a, true
		}
	}
	return found, ok
}

func allowed(ids []string, id string) bool {
	return slices.Contains(ids, id) || slices.Contains(ids, "*")
}

// accepts tells whether the client takes our media type (section 1.6.8.1).
func accepts(headers []string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		fields := strings.Split(strings.ToLower(strings.ReplaceAll(part, " ", "")), ";")
		switch fields[0] {
		case "*/*", "application/*":
			return true
		case "application/taxii+json":
			version := ""
			for _, f := range fields[1:] {
				if v, ok := strings.CutPrefix(f, "version="); ok {
					version = v
				}
			}
			if version == "" || version == "2.1" {
				return true
			}
		}
	}
	return false
}

func (s *Server) discovery(w http.ResponseWriter) {
	root := "/taxii2/" + s.root + "/"
	reply(w, http.StatusOK, map[string]any{"title": s.title, "default": root, "api_roots": []string{root}})
}

func (s *Server) list(w http.ResponseWriter, a Account) {
	var out []any
	for _, c := range s.collections {
		if allowed(a.Read, c.ID) || allowed(a.Write, c.ID) {
			out = append(out, describe(c, a))
		}
	}
	if out == nil {
		reply(w, http.StatusOK, map[string]any{})
		return
	}
	reply(w, http.StatusOK, map[string]any{"collections": out})
}

func describe(c Collection, a Account) map[string]any {
	d := map[string]any{"id": c.ID, "title": c.Title, "can_read": allowed(a.Read, c.ID), "can_write": allowed(a.Write, c.ID), "media_types": []string{"application/stix+json;version=2.1"}}
	if c.Description != "" {
		d["description"] = c.Description
	}
	return d
}

// collection answers below /collections/ID/. What follows the id is in rest.
func (s *Server) collection(w http.ResponseWriter, r *http.Request, a Account, id string, rest []string) {
	i := slices.IndexFunc(s.collections, func(c Collection) bool { return c.ID == id })
	if i < 0 || !allowed(a.Read, id) && !allowed(a.Write, id) {
		fail(w, http.StatusNotFound, "no such collection")
		return
	}
	if len(rest) == 0 {
		s.get(w, r, func() { reply(w, http.StatusOK, describe(s.collections[i], a)) })
		return
	}
	end := endpoint{permitted: []string{"id", "type", "version", "spec_version"}, allow: "GET", show: object, name: "objects"}
	switch {
	case len(rest) == 1 && rest[0] == "manifest":
		end.show = manifest
	case len(rest) == 1 && rest[0] == "objects":
		end.allow = "GET, POST"
	case len(rest) == 2 && rest[0] == "objects":
		end.object, end.permitted, end.allow = rest[1], []string{"version", "spec_version"}, "GET, DELETE"
	case len(rest) == 3 && rest[0] == "objects" && rest[2] == "versions":
		end.object, end.permitted, end.show, end.name, end.all = rest[1], []string{"spec_version"}, version, "versions", true
	default:
		fail(w, http.StatusNotFound, "no such resource")
		return
	}
	if !slices.Contains(strings.Split(end.allow, ", "), r.Method) {
		w.Header().Set("Allow", end.allow)
		fail(w, http.StatusMethodNotAllowed, "allowed here: "+end.allow)
		return
	}
	if r.Method != http.MethodPost && !allowed(a.Read, id) || r.Method != http.MethodGet && !allowed(a.Write, id) {
		fail(w, http.StatusForbidden, "the account may not do this in the collection")
		return
	}
	if r.Method == http.MethodPost {
		s.post(w, r, a, id)
		return
	}
	q, err := parseQuery(r, end)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	q.Collection = id
	if end.object != "" {
		q.IDs = []string{end.object}
		if found, err := s.backend.Objects(r.Context(), Query{Collection: id, IDs: q.IDs, Limit: 1}); err != nil || len(found) == 0 {
			s.missing(w, err)
			return
		}
	}
	if r.Method == http.MethodDelete {
		q.Source = a.Name
		n, err := s.backend.DeleteObjects(r.Context(), q)
		switch {
		case err != nil:
			s.missing(w, err)
		case n == 0:
			fail(w, http.StatusForbidden, "an account deletes what it brought")
		default:
			w.WriteHeader(http.StatusOK)
		}
		return
	}
	s.page(w, r, q, end)
}

// An endpoint is one resource of a collection.
type endpoint struct {
	object    string           // id of the one object
	permitted []string         // what match[…] may name
	allow     string           // methods
	show      func(Object) any // an object as the answer has it
	name      string           // of the list in the answer
	all       bool             // lists all versions
}

func (s *Server) missing(w http.ResponseWriter, err error) {
	if err != nil {
		fail(w, http.StatusServiceUnavailable, "the collection cannot be read now; try again")
		return
	}
	fail(w, http.StatusNotFound, "no such object")
}

// page writes one page (sections 3.5 and 3.7). It asks for one more than it shows, so as to know whether more follow.
func (s *Server) page(w http.ResponseWriter, r *http.Request, q Query, end endpoint) {
	limit := q.Limit
	q.Limit++
	found, err := s.backend.Objects(r.Context(), q)
	if err != nil {
		s.missing(w, err)
		return
	}
	body := map[string]any{}
	if len(found) > limit {
		found = found[:limit]
		body["more"], body["next"] = true, strconv.FormatInt(found[limit-1].Added.UnixMicro(), 36)
	}
	if len(found) > 0 {
		list := make([]any, len(found))
		for i, o := range found {
			list[i] = end.show(o)
		}
		body[end.name] = list
		w.Header().Set("X-TAXII-Date-Added-First", stamp(found[0].Added))
		w.Header().Set("X-TAXII-Date-Added-Last", stamp(found[len(found)-1].Added))
	}
	reply(w, http.StatusOK, body)
}

func object(o Object) any { return json.RawMessage(o.JSON) }

func version(o Object) any { return stamp(o.Version) }

func manifest(o Object) any {
	media := "application/stix+json;version="
	return map[string]any{"id": o.ID, "date_added": stamp(o.Added), "version": stamp(o.Version), "media_type": media + o.Spec}
}

var errQuery = errors.New("a parameter is malformed")

// parseQuery reads the filters (section 3.4); what the endpoint does not know or cannot read is refused. The next parameter is the
// time of addition to go on after, in base 36: times rise strictly, so that paging neither loses nor repeats while others write.
func parseQuery(r *http.Request, end endpoint) (Query, error) {
	q := Query{Limit: PageLimit, Last: !end.all}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, errQuery
	}
	for key, v := range values {
		if len(v) != 1 || v[0] == "" {
			return q, errQuery
		}
		match, isMatch := strings.CutPrefix(key, "match[")
		match, closed := strings.CutSuffix(match, "]")
		if isMatch && (!closed || !slices.Contains(end.permitted, match)) {
			return q, errors.New("this match is not known here")
		}
		if !isMatch {
			match = ""
		}
		if err := q.read(key, match, v[0]); err != nil {
			return q, errQuery
		}
	}
	return q, nil
}

// read takes one parameter into the query.
func (q *Query) read(key, match, v string) (err error) {
	switch {
	case key == "added_after":
		var t time.Time
		t, err = time.Parse(time.RFC3339Nano, v)
		q.later(t.UTC())
	case key == "next":
		var n int64
		n, err = strconv.ParseInt(v, 36, 64)
		q.later(time.UnixMicro(n).UTC())
	case key == "limit":
		if q.Limit, err = strconv.Atoi(v); err == nil && q.Limit < 1 {
			err = errQuery
		}
		q.Limit = min(q.Limit, PageLimit)
	case match == "id":
		q.IDs = strings.Split(v, ",")
	case match == "type":
		q.Types = strings.Split(v, ",")
	case match == "spec_version":
		q.Specs = strings.Split(v, ",")
	case match == "version":
		q.Last = false
		for word := range strings.SplitSeq(v, ",") {
			switch word {
			case "last":
				q.Last = true
			case "first":
				q.First = true
			case "all": // no choice at all
				q.Last, q.First, q.Versions = false, false, nil
				return nil
			default:
				t, err := time.Parse(time.RFC3339Nano, word)
				if err != nil {
					return err
				}
				q.Versions = append(q.Versions, t.UTC())
			}
		}
	}
	return err
}

func (q *Query) later(t time.Time) {
	if t.After(q.After) {
		q.After = t
	}
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // the client went away: nobody to tell
}

// fail answers with an error message (section 3.6.1).
func fail(w http.ResponseWriter, code int, description string) {
	reply(w, code, map[string]any{"title": http.StatusText(code), "description": description, "http_status": strconv.Itoa(code)})
}
