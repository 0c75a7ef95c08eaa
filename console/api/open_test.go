package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/store"
)

// Without accounts whoever uses the machine comes in, and nobody whom a proxy on it brings.
func TestOpenLoopback(t *testing.T) {
	s := newSite(t)
	ask := func(h http.Handler, change func(*http.Request)) int {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/v1/totals", nil)
		r.RemoteAddr = "127.0.0.1:40000"
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	mark := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"this machine":       {func(*http.Request) {}, http.StatusOK},
		"by IPv6":            {func(r *http.Request) { r.Host, r.RemoteAddr = "[::1]:8080", "[::1]:40000" }, http.StatusOK},
		"by the name":        {func(r *http.Request) { r.Host = "localhost:8080" }, http.StatusOK},
		"X-Forwarded-For":    {mark("X-Forwarded-For", "127.0.0.1"), http.StatusUnauthorized},
		"X-Real-IP":          {mark("X-Real-IP", "127.0.0.1"), http.StatusUnauthorized},
		"Forwarded":          {mark("Forwarded", "for=127.0.0.1"), http.StatusUnauthorized},
		"Via":                {mark("Via", "1.1 proxy"), http.StatusUnauthorized},
		"HTTP/1.0":           {func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }, http.StatusUnauthorized},
		"from elsewhere":     {func(r *http.Request) { r.RemoteAddr = "192.0.2.1:40000" }, http.StatusUnauthorized},
		"under another name": {func(r *http.Request) { r.Host = "rebound.example" }, http.StatusMisdirectedRequest},
	} {
		if got := ask(s.handler, c.change); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	named, err := console.New(console.Config{Store: s.engine.Store, People: s.people, Clock: clock, Routes: s.routes, Local: true, Hosts: []string{"desk.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(named, func(*http.Request) {}); got != http.StatusUnauthorized {
		t.Errorf("behind a proxy that leaves no mark: %d, want 401", got)
	}
}

// The address in the audit log is that which a named proxy says, and nobody else is believed.
func TestProxies(t *testing.T) {
	s := newSite(t)
	h, err := console.New(console.Config{Store: s.engine.Store, People: s.people, Clock: clock, Routes: s.routes, Local: true, Hosts: []string{"desk.example"},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{"127.0.0.1:40000": "198.51.100.7", "192.0.2.1:40000": "192.0.2.1"} {
		r := httptest.NewRequest(http.MethodPost, "http://desk.example/sign-in", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", "127.0.0.1, 198.51.100.7")
		h.ServeHTTP(httptest.NewRecorder(), r)
		all, err := audit.New(s.engine.Store, clock).List(t.Context(), store.AuditQuery{Action: audit.SignInRefused, Limit: 1})
		if err != nil || len(all) != 1 || all[0].Address != want {
			t.Errorf("from %s: %+v, %v; want address %s", from, all, err, want)
		}
	}
}
