// Package health tells machines how the program is: alive, ready, and in numbers.
//
// The numbers are in the text format of Prometheus (exposition format 0.0.4, as OpenMetrics grew out of it). Profiles of net/http/pprof
// are there on the loopback only, for administrators.
package health

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// countFor is how long counts are kept: they are taken of whole tables.
const countFor = 15 * time.Second

// A Watch counts what the server does.
type Watch struct {
	Store engine.Store
	Clock func() time.Time
	Local bool // only this machine reaches us

	mu       sync.Mutex
	began    time.Time
	requests map[int]int64 // by status
	buckets  [len(bounds) + 1]int64
	seconds  float64

	counting sync.Mutex // apart, for counting takes long and requests go on meanwhile
	counted  time.Time
	totals   store.Totals
}

// bounds of the histogram of how long requests took, in seconds.
var bounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// Answered counts a request.
func (w *Watch) Answered(status int, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests == nil {
		w.requests = map[int]int64{}
	}
	w.requests[status]++
	w.seconds += took.Seconds()
	i := 0
	for i < len(bounds) && took.Seconds() > bounds[i] {
		i++
	}
	w.buckets[i]++
}

// Routes gives the routes with their rules.
func (w *Watch) Routes() []access.Route {
	w.began = w.Clock()
	anybody := access.Rule{Public: true}
	out := []access.Route{
		{Method: "GET", Path: "/healthz", Rule: anybody, Summary: "The program is alive.", Serve: w.alive},
		{Method: "GET", Path: "/readyz", Rule: anybody, Summary: "The database answers.", Serve: w.ready},
		{Method: "GET", Path: "/metrics", Rule: access.Rule{Least: access.Administrator, Whole: true, Scope: token.ReadMetrics}, Summary: "Numbers, for Prometheus.", Serve: w.metrics},
	}
	if w.Local {
		administrator := access.Rule{Least: access.Administrator, Whole: true}
		for path, f := range map[string]http.HandlerFunc{"/debug/pprof/": pprof.Index, "/debug/pprof/profile": pprof.Profile, "/debug/pprof/trace": pprof.Trace} {
			out = append(out, access.Route{Method: "GET", Path: path, Rule: administrator, Summary: "A profile of the program.", Serve: f})
		}
	}
	return out
}

func (w *Watch) alive(rw http.ResponseWriter, _ *http.Request) { say(rw, http.StatusOK, "ok\n") }

func (w *Watch) ready(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if _, err := w.Store.Queued(ctx); err != nil {
		say(rw, http.StatusServiceUnavailable, "the database does not answer\n")
		return
	}
	say(rw, http.StatusOK, "ready\n")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text)) //nolint:errcheck // the reader is gone, or reads it
}

// count gives the counts of what is stored, a little old.
func (w *Watch) count(ctx context.Context) (store.Totals, error) {
	w.counting.Lock()
	defer w.counting.Unlock()
	if now := w.Clock(); w.counted.IsZero() || now.Sub(w.counted) > countFor {
		t, err := w.Store.Totals(ctx)
		if err != nil {
			return t, err
		}
		w.totals, w.counted = t, now
	}
	return w.totals, nil
}

func (w *Watch) metrics(rw http.ResponseWriter, r *http.Request) {
	t, err := w.count(r.Context())
	if err == nil {
		var q store.Queue
		if q, err = w.Store.Queued(r.Context()); err == nil {
			w.write(rw, t, q)
			return
		}
	}
	say(rw, http.StatusServiceUnavailable, "the database does not answer\n")
}

func (w *Watch) write(rw http.ResponseWriter, t store.Totals, q store.Queue) {
	var b strings.Builder
	metric := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	metric("coldwatch_info", "gauge", "Version of the program.")
	fmt.Fprintf(&b, "coldwatch_info{version=%q} 1\n", coldwatch.Version)
	metric("coldwatch_uptime_seconds", "gauge", "Time since the program started.")
	fmt.Fprintf(&b, "coldwatch_uptime_seconds %.0f\n", w.Clock().Sub(w.began).Seconds())
	metric("coldwatch_messages", "gauge", "Messages stored, by verdict.")
	for _, c := range []coldwatch.Class{coldwatch.Targeted, coldwatch.Hostile, coldwatch.Suspicious, coldwatch.Unremarkable} {
		fmt.Fprintf(&b, "coldwatch_messages{class=%q} %d\n", c, t.Classes[c])
	}
	metric("coldwatch_campaigns", "gauge", "Campaigns, possible ones of one message among them.")
	fmt.Fprintf(&b, "coldwatch_campaigns %d\n", t.Campaigns)
	metric("coldwatch_queue_messages", "gauge", "Messages received and not analysed yet.")
	fmt.Fprintf(&b, "coldwatch_queue_messages{state=\"waiting\"} %d\ncoldwatch_queue_messages{state=\"claimed\"} %d\n", q.Waiting, q.Claimed)
	metric("coldwatch_queue_suspect_messages", "gauge", "Of them, claimed three times and more and never analysed.")
	fmt.Fprintf(&b, "coldwatch_queue_suspect_messages %d\n", q.Suspect)
	metric("coldwatch_queue_bytes", "gauge", "Raw mail in the queue, in bytes.")
	fmt.Fprintf(&b, "coldwatch_queue_bytes %d\n", q.Bytes)
	metric("coldwatch_queue_oldest_seconds", "gauge", "How long the oldest of the queue waits.")
	age := 0.0
	if !q.Oldest.IsZero() {
		age = max(0, w.Clock().Sub(q.Oldest).Seconds())
	}
	fmt.Fprintf(&b, "coldwatch_queue_oldest_seconds %.3f\n", age)
	w.writeRequests(&b, metric)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	metric("go_goroutines", "gauge", "Goroutines.")
	fmt.Fprintf(&b, "go_goroutines %d\n", runtime.NumGoroutine())
	metric("go_memstats_heap_inuse_bytes", "gauge", "Heap in use, in bytes.")
	fmt.Fprintf(&b, "go_memstats_heap_inuse_bytes %d\n", m.HeapInuse)
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	rw.Write([]byte(b.String())) //nolint:errcheck // the reader is gone, or reads it
}

func (w *Watch) writeRequests(b *strings.Builder, metric func(name, kind, help string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	metric("coldwatch_http_requests_total", "counter", "Requests answered, by status.")
	for status := 100; status < 600; status++ {
		if n := w.requests[status]; n > 0 {
			fmt.Fprintf(b, "coldwatch_http_requests_total{status=\"%d\"} %d\n", status, n)
		}
	}
	metric("coldwatch_http_request_seconds", "histogram", "How long requests took.")
	var sum int64
	for i, le := range bounds {
		sum += w.buckets[i]
		fmt.Fprintf(b, "coldwatch_http_request_seconds_bucket{le=\"%g\"} %d\n", le, sum)
	}
	sum += w.buckets[len(bounds)]
	fmt.Fprintf(b, "coldwatch_http_request_seconds_bucket{le=\"+Inf\"} %d\ncoldwatch_http_request_seconds_sum %g\ncoldwatch_http_request_seconds_count %d\n", sum, w.seconds, sum)
}
