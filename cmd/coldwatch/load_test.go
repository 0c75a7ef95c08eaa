package main

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// The load test runs small with the others, to hold its code and the answers; large it measures the console:
//
//	go test ./cmd/coldwatch -run TestLoad -v -timeout 2h -load.messages 1000000 -load.campaigns 1000 -load.time 60s -load.dir /var/tmp/load
//
// The folder keeps the store, so that a second run takes it as it is.
var (
	loadMessages  = flag.Int("load.messages", 3000, "messages in the store")
	loadCampaigns = flag.Int("load.campaigns", 30, "campaigns in the store")
	loadTime      = flag.Duration("load.time", 2*time.Second, "how long fifty read while messages come in")
	loadRate      = flag.Int("load.rate", 100, "messages a second that come in meanwhile")
	loadDir       = flag.String("load.dir", "", "folder that keeps the store")
)

const loadPassword = "a password for the load"

// TestLoad: every page and call answers while the store is full, first one by one, then fifty readers at once while messages come in.
func TestLoad(t *testing.T) {
	dir := *loadDir
	if dir == "" {
		dir = t.TempDir()
	}
	t.Setenv("HOME", dir)
	db := filepath.Join(dir, "load.db")
	if _, err := os.Stat(db); err != nil {
		fill(t, dir, db)
	}
	g := &Globals{DB: db, stderr: io.Discard, stdout: io.Discard}
	e, err := g.opened(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Store.Close()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	live, stop := context.WithCancel(t.Context())
	door := e.Door(live)
	defer door.Close()
	defer stop()
	handler, people, err := serveCmd{Listen: "127.0.0.1:0"}.handler(g, e, door, false)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	defer srv.Close()
	worked := make(chan error, 1)
	go func() { worked <- e.Work(live, nil) }()
	t.Cleanup(func() {
		if err := <-worked; err != nil {
			t.Error(err)
		}
	})
	l := &load{t: t, url: srv.URL, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	campaign, message, org := l.subjects(e.Store)
	whole, member := l.enter(people, "reader", ""), l.enter(people, "member", org)
	paths := loadPaths(campaign, message, org)
	for _, as := range []struct{ who, org string }{{"all", ""}, {"one organisation", org}} {
		var cookie string
		for i, p := range paths {
			if i%10 == 0 { // one after another they ask faster than a single visitor may
				cookie = l.enter(people, fmt.Sprintf("%s-%d", strings.ReplaceAll(as.who, " ", "-"), i), as.org)
			}
			first, times := l.once(p, cookie), []time.Duration{}
			cpu := measure.CPU()
			for range 20 {
				times = append(times, l.once(p, cookie))
			}
			cpu = (measure.CPU() - cpu) / 20
			t.Logf("%-17s %-60.60s first %7s  p50 %7s  p95 %7s  CPU %7s", as.who, p, round(first), round(quantile(times, 0.5)), round(quantile(times, 0.95)), round(cpu))
		}
	}
	l.together(paths, whole, member, l.token(e.Store))
}

// loadPaths is what readers ask for. A campaign's page is not among them: it shows the links, and the linker that serve keeps in memory
// does not know the copies; package measure/linkbench measures it.
func loadPaths(campaign, message, org string) []string {
	return []string{"/v1/totals", "/v1/campaigns?limit=50", "/v1/campaigns/" + campaign, "/v1/campaigns/" + campaign + "/history", "/v1/messages",
		"/v1/messages?class=targeted", "/v1/messages?campaign=" + campaign, "/v1/messages?q=vaccine", "/v1/messages?q=no-such-word-anywhere",
		"/v1/messages?before=2020-06-01T00:00:00Z", "/v1/messages/" + message, "/v1/words", "/v1/warnings", "/", "/campaigns", "/messages/" + message,
		"/triage", "/words", "/search?q=vaccine", "/search?q=no-such-word-anywhere", "/directory/" + org, "/warnings"}
}

func round(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// A load asks.
type load struct {
	t      *testing.T
	url    string
	client *http.Client
}

// subjects gives a campaign, a message of it and the organisation that reported that.
func (l *load) subjects(st interface {
	CampaignVersions(context.Context) ([]store.CampaignVersion, error)
	List(context.Context, store.MessageQuery) ([]store.Row, error)
}) (campaign, message, org string) {
	versions, err := st.CampaignVersions(l.t.Context())
	if err != nil || len(versions) == 0 {
		l.t.Fatal("no campaigns", err)
	}
	for _, v := range versions {
		rows, err := st.List(l.t.Context(), store.MessageQuery{Campaign: v.Campaign, Limit: 5})
		if err != nil {
			l.t.Fatal(err)
		}
		if len(rows) > 1 && rows[0].Organisation != "" {
			return v.Campaign, rows[0].ID, rows[0].Organisation
		}
	}
	l.t.Fatal("no campaign has messages")
	return
}

func (l *load) enter(people *account.People, name, org string) string {
	ctx := l.t.Context()
	if err := people.Create(ctx, account.Local(name, access.Administrator, org), loadPassword); err != nil && err != account.ErrTaken {
		l.t.Fatal(err)
	}
	secret, err := people.SignIn(ctx, name, loadPassword, "load")
	if err != nil {
		l.t.Fatal(err)
	}
	return secret
}

func (l *load) token(st token.Settings) string {
	_ = token.Revoke(l.t.Context(), st, "load") // of the run before
	secret, err := token.Make(l.t.Context(), st, token.Token{Name: "load", Scopes: []string{token.WriteIntake}, Created: time.Now()})
	if err != nil {
		l.t.Fatal(err)
	}
	return secret
}

func (l *load) do(r *http.Request) (int, error) {
	w, err := l.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer w.Body.Close()
	_, err = io.Copy(io.Discard, w.Body)
	return w.StatusCode, err
}

func (l *load) read(path, cookie string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.url+path, nil)
	if err != nil {
		return 0, err
	}
	r.AddCookie(&http.Cookie{Name: console.CookieName(false), Value: cookie})
	began := time.Now()
	status, err := l.do(r)
	took := time.Since(began)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d", path, status)
	}
	return took, err
}

func (l *load) once(path, cookie string) time.Duration {
	l.t.Helper()
	took, err := l.read(path, cookie)
	if err != nil {
		l.t.Error(err)
	}
	return took
}

// together lets fifty read, one page after another with a second to look at it, while messages come in.
func (l *load) together(paths []string, whole, member, secret string) {
	const readers = 50
	end := time.Now().Add(*loadTime)
	var mu sync.Mutex
	times := map[string][]time.Duration{}
	var all []time.Duration
	var taken, late atomic.Int64
	var group sync.WaitGroup
	for i := range readers {
		group.Go(func() {
			cookie := whole
			if i%2 == 1 {
				cookie = member
			}
			time.Sleep(time.Duration(i) * time.Second / readers) // they do not come at one moment
			for n := i; time.Now().Before(end); n++ {
				p := paths[n%len(paths)]
				took, err := l.read(p, cookie)
				if err != nil {
					l.t.Error(err)
					return
				}
				mu.Lock()
				times[p], all = append(times[p], took), append(all, took)
				mu.Unlock()
				time.Sleep(max(0, time.Second-took)) // a person reads
			}
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(*loadRate))
	defer tick.Stop()
	slots := make(chan struct{}, 64)
	for n := 0; time.Now().Before(end); n++ {
		<-tick.C
		select {
		case slots <- struct{}{}:
		default:
			late.Add(1)
			continue
		}
		group.Go(func() {
			defer func() { <-slots }()
			body := fmt.Sprintf("From: Somebody <s%d@example.org>\r\nTo: desk@example.net\r\nSubject: number %d of %d\r\nMessage-ID: <%d.%d@example.org>\r\n\r\nSee https://host%d.example/%d\r\n",
				n, n, end.UnixNano(), n, end.UnixNano(), n%1000, n)
			r, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/v1/messages", strings.NewReader(body))
			if err != nil {
				l.t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "message/rfc822")
			r.Header.Set("Authorization", "Bearer "+secret)
			if status, err := l.do(r); err != nil || status != http.StatusAccepted {
				l.t.Errorf("handed in: %d %v", status, err)
				return
			}
			taken.Add(1)
		})
	}
	group.Wait()
	for _, p := range slices.SortedFunc(maps.Keys(times), func(a, b string) int { return cmp.Compare(quantile(times[b], 0.95), quantile(times[a], 0.95)) }) {
		l.t.Logf("50 readers        %-60.60s %5d  p50 %7s  p95 %7s", p, len(times[p]), round(quantile(times[p], 0.5)), round(quantile(times[p], 0.95)))
	}
	l.t.Logf("50 readers, %d messages taken in (%.0f a second, %d not sent for lack of slots): %d pages, p50 %s, p95 %s, p99 %s", taken.Load(),
		float64(taken.Load())/loadTime.Seconds(), late.Load(), len(all), round(quantile(all, 0.5)), round(quantile(all, 0.95)), round(quantile(all, 0.99)))
}

// fill makes a store: a scenario is scanned and linked as ever, then its messages and campaigns are copied under other ids and
// times until there are as many as are asked for.
func fill(t *testing.T, dir, db string) {
	t.Helper()
	mail := filepath.Join(dir, "mail")
	if err := scenario.Generate(mail, scenario.Options{Family: "replay2020", Seed: 7, Messages: 1000}); err != nil {
		t.Fatal(err)
	}
	command(t, "scan", "--db", db, "-q", mail)
	st, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	began := time.Now()
	origin := originals(t, st)
	profiles, err := st.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := len(profiles)
	rounds := *loadMessages/len(origin) - 1
	for k := 1; k <= rounds; k++ {
		batch := make([]store.Record, len(origin))
		for i, r := range origin {
			r.ID, r.RawSHA256 = renamed(r.ID, k), renamed(r.RawSHA256, k)
			r.Received = r.Received.Add(-time.Duration(k) * 8 * time.Hour)
			batch[i] = r
		}
		if _, err := st.Put(t.Context(), batch, nil); err != nil {
			t.Fatal(err)
		}
		var u store.CampaignUpdate
		for _, p := range profiles {
			if p.Possible || made >= *loadCampaigns {
				continue
			}
			made++
			u.States = append(u.States, copied(t, p, k))
		}
		if err := st.PutCampaigns(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("a store of %d messages and %d campaigns, made in %s", len(origin)*(rounds+1), made, time.Since(began).Round(time.Second))
}

func renamed(id string, k int) string { return fmt.Sprintf("%08x%s", k, id[8:]) }

// copied gives a campaign under another id with other messages.
func copied(t *testing.T, p coldwatch.Profile, k int) store.CampaignState {
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.Members {
		b = bytes.ReplaceAll(b, []byte(m), []byte(renamed(m, k)))
	}
	var c coldwatch.Profile
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	c.Campaign = fmt.Sprintf("%s-%d", p.Campaign, k)
	return store.CampaignState{Campaign: coldwatch.Campaign{ID: c.Campaign, Members: c.Members}, Profile: c}
}

// originals reads the stored messages as they were put there.
func originals(t *testing.T, st *sqlite.Store) []store.Record {
	t.Helper()
	rows, err := st.Read.QueryContext(t.Context(), `SELECT id, raw_sha256, size, organisation, source, received, class, bits, subject, sender, terms, analysis, sighting FROM message`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []store.Record
	for rows.Next() {
		var r store.Record
		var received int64
		var terms []byte
		var class string
		if err := rows.Scan(&r.ID, &r.RawSHA256, &r.Size, &r.Organisation, &r.Source, &received, &class, &r.Bits, &r.Subject, &r.From, &terms, &r.Analysis, &r.Sighting); err != nil {
			t.Fatal(err)
		}
		full, err := st.Codec().Expand(terms)
		if err != nil {
			t.Fatal(err)
		}
		r.Received, r.Class, r.Terms = time.UnixMicro(received).UTC(), coldwatch.Class(class), string(full)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		if err := st.RawDB.QueryRowContext(t.Context(), `SELECT body FROM raw WHERE sha256 = ?`, out[i].RawSHA256).Scan(&out[i].Raw); err != nil && err != sql.ErrNoRows {
			t.Fatal(err)
		}
	}
	return out
}
