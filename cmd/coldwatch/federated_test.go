package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/store"
)

// TestCommunityOfAScenario runs a made scenario as members and a hub: the campaigns are those of one place, and neither the wire nor
// the hub's database holds what may not leave.
func TestCommunityOfAScenario(t *testing.T) {
	if testing.Short() {
		t.Skip("a member's database for each organisation")
	}
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: 150}); err != nil {
		t.Fatal(err)
	}
	g := &Globals{Quiet: true, stdout: io.Discard, stderr: io.Discard}
	r, err := g.federated(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Difference) > .01 || r.Campaigns == 0 || r.Sightings == 0 {
		t.Errorf("%+v", r)
	}
	leaks(t, g, dir)
}

// leaks listens on the wire, and looks into the hub's database.
func leaks(t *testing.T, g *Globals, dir string) {
	pack, err := g.pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	var mu sync.Mutex
	c, err := g.newCommunity(t.Context(), pack, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			wire.WriteString(r.URL.String() + "\n")
			wire.Write(body)
			mu.Unlock()
			r.Body = io.NopCloser(bytes.NewReader(body))
			h.ServeHTTP(&tapped{w, &wire, &mu}, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.end()
	if err := c.settle(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time the openings travel
		if err := c.link(t.Context(), &federatedResult{}); err != nil {
			t.Fatal(err)
		}
	}
	secrets := secretsOf(t, dir)
	heard := strings.ToLower(wire.String())
	for s, what := range secrets {
		if strings.Contains(heard, s) {
			t.Errorf("%s %q crossed the wire", what, s)
		}
	}
	stored := strings.ToLower(everything(t, c.hub.Engine().Store))
	for s, what := range secrets {
		if strings.Contains(stored, s) {
			t.Errorf("%s %q lies at the hub", what, s)
		}
	}
	if len(secrets) < 100 || len(heard) < 10_000 || len(stored) < 10_000 {
		t.Fatalf("too little to look at: %d secrets, %d bytes on the wire, %d at the hub", len(secrets), len(heard), len(stored))
	}
	dictionary(t, c, stored, secrets)
}

// A tapped answer is heard too.
type tapped struct {
	http.ResponseWriter
	wire *bytes.Buffer
	mu   *sync.Mutex
}

func (w *tapped) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.wire.Write(b)
	w.mu.Unlock()
	return w.ResponseWriter.Write(b)
}

var internalHost = regexp.MustCompile(`(?i)\b(?:[a-z0-9-]+\.)+(?:local|internal|lan|corp|intranet)\b|\b(?:10|192\.168)\.\d+\.\d+(?:\.\d+)?\b`)

// secretsOf gives what may not leave of a scenario's mail, in lower case: recipients, subjects, internal hosts, bodies' first lines.
func secretsOf(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "mail"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return nil // made to be odd
		}
		for _, h := range []string{"To", "Cc", "Delivered-To"} {
			if list, err := m.Header.AddressList(h); err == nil {
				for _, a := range list {
					out[strings.ToLower(a.Address)] = "recipient"
				}
			}
		}
		if s := strings.ToLower(m.Header.Get("Subject")); len(s) > 12 {
			out[s] = "subject"
		}
		for _, h := range internalHost.FindAllString(strings.Join(m.Header["Received"], " "), -1) {
			out[strings.ToLower(h)] = "internal host"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everything gives what lies in a hub's database, read the way that its operator can.
func everything(t *testing.T, st engine.Store) string {
	t.Helper()
	var b strings.Builder
	if err := st.Sightings(t.Context(), 0, func(_ int64, s []byte) error { b.Write(s); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, collection := range []string{taxii.Campaigns, taxii.Inbox} {
		objects, err := st.Objects(t.Context(), store.ObjectQuery{Collection: collection})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			b.Write(o.JSON)
		}
	}
	profiles, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(profiles)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(js)
	hub, err := st.Setting(t.Context(), "federation.hub")
	if err != nil {
		t.Fatal(err)
	}
	b.Write(hub)
	return b.String()
}

// dictionary tries to open the hub's tokens with a million domains, every address of the scenario, and as keys all that the hub has.
// With the members' key the same attack opens many: so it could.
func dictionary(t *testing.T, c *community, stored string, secrets map[string]string) {
	tokens := map[string]bool{}
	err := c.hub.Engine().Store.Sightings(t.Context(), 0, func(_ int64, raw []byte) error {
		var s coldwatch.Sighting
		err := json.Unmarshal(raw, &s)
		for _, f := range s.Features {
			if f.Token {
				tokens[f.Value] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	words := maps.Clone(secrets)
	for _, o := range c.pack.Organisations {
		for _, d := range o.Domains {
			words[d] = "partner"
		}
	}
	for _, m := range c.members {
		err := m.e.Store.Sightings(t.Context(), 0, func(_ int64, raw []byte) error {
			var s coldwatch.Sighting
			err := json.Unmarshal(raw, &s)
			for _, f := range s.Features {
				words[f.Value] = "value" // the attacker guesses right, and cannot tell
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1_000_000 {
		words[fmt.Sprintf("%s%d.%s", []string{"cold", "vaccine", "freezer", "mail", "secure"}[i%5], i/5, []string{"example", "test", "com", "org"}[i%4])] = "domain"
	}
	opened := func(key []byte) (n int) {
		h := hmac.New(sha256.New, key)
		for w := range words {
			for _, kind := range []string{"name", "subject"} {
				h.Reset()
				h.Write([]byte(kind + "\x00" + w))
				if tokens[base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])] {
					n++
				}
			}
		}
		return n
	}
	var cfg struct{ Seed []byte }
	hub, err := c.hub.Engine().Store.Setting(t.Context(), "federation.hub")
	if err != nil || json.Unmarshal(hub, &cfg) != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{"no key": nil, "the hub's": cfg.Seed, "the community's name": []byte(c.hub.Community())} {
		if n := opened(key); n > 0 {
			t.Errorf("with %s %d tokens were opened", name, n)
		}
	}
	if n := opened(c.members[0].node.Ring().KeyOf(c.hub.Quarter())); n < 10 {
		t.Errorf("with the members' key only %d of %d tokens were opened: the attack is none", n, len(tokens))
	}
}
