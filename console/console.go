// Package console is the server of the web console and its HTTP API: it puts the routes of its parts together and lets nothing past
// that their rules do not allow.
//
// What a request passes, in this order: the log and the recovery from a panic; the name that it asks for, for on the loopback a page of
// the web could otherwise reach us under a name of its own (DNS rebinding); the size of its body; the headers that every answer
// carries (a Content Security Policy that allows our own files only, W3C CSP Level 3; no framing, no sniffing, no referrer, no
// caching; HSTS under TLS, RFC 6797); who asks (session, token, or the open loopback) and how often; for what changes something, that a page of
// ours asks (Fetch Metadata and Origin, as net/http.CrossOriginProtection compares them, and a token in each form); the route's rule.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
)

// Config says what the console is made of.
type Config struct {
	Store  engine.Store
	People *account.People
	Clock  func() time.Time
	Routes []access.Route
	Local  bool     // only this machine reaches us: without accounts it is open
	TLS    bool     // we are served over TLS
	Hosts  []string // names that a request may ask for; none: any name off the loopback, on it only the loopback's
	// Proxies may say in X-Forwarded-For for whom they ask.
	Proxies []netip.Prefix
	// Refused answers a person's request that is not allowed or went wrong: a page. Calls of the API get problem details.
	Refused func(w http.ResponseWriter, r *http.Request, status int)
	// Answered is told of every request, where it is set.
	Answered func(status int, took time.Duration)
}

// usualBody bounds a request's body where its route says nothing else.
const usualBody = 1 << 20

// A server answers requests.
type server struct {
	Config
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
	tokens tokenCache
	pace   pacer
	form   string // CSRF token of the open loopback
}

// New makes the console's handler. It refuses a route without a rule, and two routes for the same path.
func New(c Config) (http.Handler, error) {
	if c.Refused == nil {
		c.Refused = plain
	}
	s := &server{Config: c, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), form: account.CSRF(token.Secret())}
	seen := map[string]bool{}
	for _, r := range c.Routes {
		name := r.Method + " " + r.Path
		switch {
		case r.Serve == nil || !strings.HasPrefix(r.Path, "/") || !slices.Contains(methods, r.Method):
			return nil, fmt.Errorf("route %q is incomplete", name)
		case !r.Rule.Decided():
			return nil, fmt.Errorf("route %q has no rule: nobody decided who may use it", name)
		case r.Rule.Public && (r.Rule.Own || r.Rule.Whole || r.Rule.Least > access.Nobody):
			return nil, fmt.Errorf("route %q is for anybody and for some: decide", name)
		case seen[name]:
			return nil, fmt.Errorf("route %q stands there twice", name)
		}
		seen[name] = true
		s.mux.Handle(name, s.guarded(r))
	}
	return s.outer(s.mux), nil
}

// methods are what a route may have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// guarded lets a request through to its route when the rule allows it.
func (s *server) guarded(route access.Route) http.Handler {
	most := route.Body
	if most == 0 {
		most = usualBody
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > most {
			s.refuse(w, r, http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		v, err := s.viewer(r)
		if err != nil {
			slog.Error("who asks", "error", err)
			s.refuse(w, r, http.StatusInternalServerError)
			return
		}
		r = r.WithContext(access.With(r.Context(), v))
		if !v.Open && route.Rule.Scope != token.WriteIntake && !s.pace.ask(whoAsks(v), s.Clock()) { // an intake says itself when it is full
			w.Header().Set("Retry-After", "1")
			s.refuse(w, r, http.StatusTooManyRequests)
			return
		}
		if !isSafe(r.Method) && v.CSRF != "" && !s.fromOurForm(r, v) {
			s.refuse(w, r, http.StatusForbidden)
			return
		}
		switch {
		case route.Rule.Allows(v):
			route.Serve(w, r)
		case v.Role == access.Nobody && len(v.Scopes) == 0:
			s.refuse(w, r, http.StatusUnauthorized)
		default:
			s.refuse(w, r, http.StatusForbidden)
		}
	})
}

// whoAsks names who is held to a number of requests: an account wherever it comes from, and a stranger by the address.
func whoAsks(v access.Viewer) string {
	if v.Account != "" {
		return "account " + v.Account
	}
	return "address " + v.Address
}

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// refuse answers what is not allowed or went wrong.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, status int) {
	if isCall(r) {
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="coldwatch"`)
		}
		Problem(w, status, "", "")
		return
	}
	if status == http.StatusUnauthorized && r.Method == http.MethodGet {
		target := SignInPath
		if r.URL.Path != "/" {
			target += "?next=" + escape(r.URL.RequestURI())
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
		return
	}
	s.Refused(w, r, status)
}

// SignInPath is where people sign in.
const SignInPath = "/sign-in"

// isCall tells a program's request from a person's.
func isCall(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

// plain is the refusal without a page.
func plain(w http.ResponseWriter, _ *http.Request, status int) {
	http.Error(w, http.StatusText(status), status)
}

// viewer says who asks.
func (s *server) viewer(r *http.Request) (access.Viewer, error) {
	v, err := s.bearer(r)
	if err == nil {
		v.Address = s.address(r)
	}
	return v, err
}

func (s *server) bearer(r *http.Request) (access.Viewer, error) {
	ctx := r.Context()
	if r.Header.Get("Authorization") != "" {
		all, err := s.tokens.all(ctx, s.Store, s.Clock())
		if err != nil {
			return access.Viewer{}, err
		}
		t, ok := token.Of(r, all)
		if !ok || t.Ended(s.Clock()) {
			return access.Viewer{}, nil
		}
		return machine(t), nil
	}
	if c, err := r.Cookie(CookieName(s.TLS)); err == nil {
		v, err := s.People.Viewer(ctx, c.Value)
		if err != nil || v.Role > access.Nobody {
			return v, err
		}
	}
	if !s.Local || len(s.Hosts)+len(s.Proxies) > 0 || !direct(r) { // under another name only a proxy reaches us, and strangers by it
		return access.Viewer{}, nil
	}
	there, err := s.People.Exist(ctx)
	if err != nil || there {
		return access.Viewer{}, err
	}
	return access.Viewer{Account: "local", Role: access.Administrator, CSRF: s.form, Open: true}, nil
}

// direct tells a request of this machine from one that a proxy on this machine passes on for a stranger: it asks for the loopback by
// name, and no proxy has left its mark. Only such a one is let in without an account.
func direct(r *http.Request) bool {
	for _, mark := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(mark) != "" {
			return false
		}
	}
	ip, err := netip.ParseAddr(remote(r))
	return err == nil && ip.Unmap().IsLoopback() && isLoopback(asked(r)) && r.ProtoAtLeast(1, 1) // proxies of old habit speak 1.0
}

// machine gives the viewer that a token stands for: the most that one of its scopes allows.
func machine(t token.Token) access.Viewer {
	v := access.Viewer{Account: "token " + t.Name, Organisation: t.Organisation, Scopes: t.Scopes}
	for _, grant := range []struct {
		scope string
		role  access.Role
	}{{token.ReadAPI, access.Reader}, {token.WriteAPI, access.Analyst}, {token.PublishAPI, access.Publisher}, {token.AdminAPI, access.Administrator}} {
		if t.May(grant.scope) {
			v.Role = grant.role
		}
	}
	return v
}

// CookieName is what the session's cookie is called: under TLS with the prefix that binds it to this host and to TLS (RFC 6265bis
// section 4.1.3.2).
func CookieName(tls bool) string {
	if tls {
		return "__Host-coldwatch"
	}
	return "coldwatch"
}

// fromOurForm tells whether what changes something carries the token of the viewer's session: in a field of the form or, from a
// script of ours, in a header. A call of the API from the open loopback needs none: it has no session that a stranger's page could
// ride on, and the check of origins has passed.
func (s *server) fromOurForm(r *http.Request, v access.Viewer) bool {
	given := r.Header.Get("X-CSRF-Token")
	if given == "" && isForm(r) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			if err := r.ParseMultipartForm(usualBody); err != nil {
				return false
			}
		}
		given = r.PostFormValue("csrf")
	}
	return same(given, v.CSRF) || given == "" && v.Open && isCall(r) && !isForm(r)
}

func isForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data"
}

// address is where a request came from: as a proxy of ours says, the last one of the list, for what stands before it anyone can write.
func (s *server) address(r *http.Request) string {
	host := remote(r)
	ip, err := netip.ParseAddr(host)
	if err != nil || !slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) }) {
		return host
	}
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if said, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
		return said.String()
	}
	return host
}

// remote is the address at the other end of the connection.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// asked is the name or address that a request asks for, without its port.
func asked(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// knownHost tells whether the request asks for a name of ours.
func (s *server) knownHost(r *http.Request) bool {
	host := asked(r)
	if slices.ContainsFunc(s.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return true
	}
	if s.Local {
		return isLoopback(host)
	}
	return len(s.Hosts) == 0
}

// outer is what every request passes, whatever its route.
func (s *server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Clock()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
					panic(p)
				}
				slog.Error("panic in a page", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", stack())
				if rec.status == 0 {
					s.refuse(rec, r, http.StatusInternalServerError)
				}
			}
			if s.Answered != nil {
				s.Answered(rec.status, s.Clock().Sub(began))
			}
			slog.Info("request", "method", r.Method, "path", r.URL.Path, "status", rec.status, "bytes", rec.bytes, "from", s.address(r),
				"took", s.Clock().Sub(began).Round(time.Microsecond))
		}()
		s.head(rec.Header())
		if !s.knownHost(r) {
			http.Error(rec, "this server has another name", http.StatusMisdirectedRequest)
			return
		}
		if err := s.cross.Check(r); err != nil {
			s.refuse(rec, r, http.StatusForbidden)
			return
		}
		if _, pattern := s.mux.Handler(r); pattern == "" {
			s.unrouted(rec, r)
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// unrouted answers what no route takes: a path that is not there, or a method that it does not take.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range methods {
		other := r.Clone(context.WithoutCancel(r.Context()))
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		s.refuse(w, r, http.StatusMethodNotAllowed)
		return
	}
	s.refuse(w, r, http.StatusNotFound)
}

// Policy is the Content Security Policy of every page: our own files and nothing else, no inline script or style, no frame around us.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// head sets the headers that every answer carries. A route may set stricter ones.
func (s *server) head(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if s.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
