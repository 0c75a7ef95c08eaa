package console

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
)

// Problem answers with problem details (RFC 9457). The detail names nothing that the viewer may not see.
func Problem(w http.ResponseWriter, status int, detail, hint string) {
	body := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status}
	if detail != "" {
		body["detail"] = detail
	}
	if hint != "" {
		body["hint"] = hint
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Del("ETag")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the reader is gone, or reads it
}

// Download answers with a file to keep: whatever it holds, no browser draws it in our name.
func Download(w http.ResponseWriter, name string, content []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	w.Write(content) //nolint:errcheck // the reader is gone, or reads it
}

// Local gives a path of ours to go on to, whatever a stranger wrote: "/" for anything else.
func Local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// A recorder remembers what was answered, for the log.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// tokensFor is how long a revoked token may still be let in.
const tokensFor = time.Second

// A tokenCache keeps the list of tokens for a moment: an intake asks a hundred times a second.
type tokenCache struct {
	mu   sync.Mutex
	list []token.Token
	at   time.Time
}

func (c *tokenCache) all(ctx context.Context, st engine.Store, now time.Time) ([]token.Token, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list != nil && now.Sub(c.at) < tokensFor && !now.Before(c.at) {
		return c.list, nil
	}
	list, err := token.All(ctx, st)
	if err == nil {
		c.list, c.at = list, now
	}
	return list, err
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func escape(s string) string { return url.QueryEscape(s) }

func stack() string { return string(debug.Stack()) }
