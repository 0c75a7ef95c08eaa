package federation

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Members that poll over TLS 1.3 hear of a campaign soon after its second member's message. COLDWATCH_MEMBERS says how many there are.
func TestLatency(t *testing.T) {
	members, poll := 8, 500*time.Millisecond
	if n, err := strconv.Atoi(os.Getenv("COLDWATCH_MEMBERS")); err == nil {
		members, poll = n, 10*time.Second
	}
	w := newTown(t, 0)
	w.pack = chainPack(members)
	e := w.engine("hub-tls")
	var err error
	if w.hub, err = InitHub(t.Context(), e, "Cold", "", DefaultK); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(w.hub.Handler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for range members {
		w.join()
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { _ = w.hub.Run(ctx, 2*time.Second/time.Duration(1+8/members)) })
	w.put(w.nodes[0], mail("evil", 1, coldwatch.Targeted))
	w.sync(w.nodes[0])

	heard := make(chan time.Duration, members)
	w.put(w.nodes[1], mail("evil", 2, coldwatch.Targeted))
	begun := time.Now()
	for i, n := range w.nodes {
		running.Go(func() {
			next := time.NewTimer(time.Duration(rand.Float64() * float64(poll))) // they do not poll all at once
			defer next.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-next.C:
				}
				s, err := n.Sync(ctx)
				if err != nil && ctx.Err() == nil {
					t.Errorf("member %d: %v", i, err)
					return
				}
				if i > 1 && s.Warnings > 0 {
					heard <- time.Since(begun)
					return
				}
				next.Reset(poll)
			}
		})
	}
	var all []time.Duration
	limit := time.After(5 * time.Minute)
	for len(all) < members-2 {
		select {
		case d := <-heard:
			all = append(all, d)
		case <-limit:
			t.Fatalf("%d of %d members were warned in time", len(all), members-2)
		}
	}
	slices.Sort(all)
	p95 := all[len(all)*95/100]
	t.Logf("%d members polling every %s: warned after %s (median), %s (p95), %s (last)", members, poll, all[len(all)/2].Round(time.Millisecond),
		p95.Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	if p95 > time.Minute {
		t.Errorf("p95 is %s", p95)
	}
}

// A hub that speaks older TLS, or another hub in its place, gets nothing.
func TestNotTheHub(t *testing.T) {
	w := newTown(t, 1)
	old := httptest.NewUnstartedServer(w.hub.Handler())
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS12}
	old.StartTLS()
	t.Cleanup(old.Close)
	invitation, err := w.hub.Invite(t.Context(), "org1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: old.Certificate().Raw})
	if _, err := Join(t.Context(), w.engine("a"), old.URL, invitation, nil, Dial{CA: ca}); err == nil {
		t.Error("joined over TLS 1.2")
	}
	other := newTown(t, 0)
	fake, err := other.hub.Invite(t.Context(), "org1", nil)
	if err != nil {
		t.Fatal(err)
	}
	mixed := fake[:20] + invitation[20:] // the other hub's secret in part: no hub knows it
	for _, token := range []string{mixed, "cwi_", "", invitation + "AA"} {
		if _, err := Join(t.Context(), w.engine("b"), other.url, token, nil, Dial{}); err == nil {
			t.Errorf("joined with %q", token)
		}
	}
	if _, err := Join(t.Context(), w.engine("c"), w.url, invitation, nil, Dial{}); err != nil {
		t.Errorf("the invitation is used up by what failed: %v", err)
	}
	if _, err := Join(t.Context(), w.engine("d"), w.url, invitation, nil, Dial{}); err == nil {
		t.Error("an invitation was used twice")
	}
}
