package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/relational"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// now also moves on a little, as clocks do.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A town is a hub with members, all real but in one process.
type town struct {
	t     *testing.T
	dir   string
	pack  *knowledge.Pack
	clock *clock
	hub   *Hub
	url   string
	ca    []byte
	nodes []*Node
}

// chainPack has n members in a few countries and roles.
func chainPack(n int) *knowledge.Pack {
	p := knowledge.Pack{Name: "test", Version: "1"}
	for _, r := range []string{"forwarder", "carrier", "store", "maker", "customs"} {
		stage := "transport"
		if r == "store" || r == "maker" || r == "customs" {
			stage = "storage"
		}
		p.Roles = append(p.Roles, knowledge.Role{ID: r, Name: r, Stage: stage})
	}
	for i := range n {
		p.Organisations = append(p.Organisations, knowledge.Organisation{ID: fmt.Sprintf("org%d", i), Name: fmt.Sprintf("Organisation %d", i), Roles: []string{p.Roles[i%5].ID},
			Country: []string{"CZ", "DE", "IT", "FR"}[i%4], Region: "Europe", Domains: []string{fmt.Sprintf("orgnumber%d.example", i)}, Member: true,
			SecurityContact: fmt.Sprintf("soc@orgnumber%d.example", i)})
	}
	p.Organisations = append(p.Organisations, knowledge.Organisation{ID: "partner", Name: "Polar Makers", Roles: []string{"maker"}, Country: "CN", Region: "Asia", Domains: []string{"polarmakers.example"}})
	return knowledge.New(p)
}

func newTown(t *testing.T, members int) *town {
	t.Helper()
	w := &town{t: t, dir: t.TempDir(), pack: chainPack(max(members, 12)), clock: &clock{at: time.Date(2020, 10, 28, 8, 0, 0, 0, time.UTC)}}
	e := w.engine("hub")
	var err error
	if w.hub, err = InitHub(t.Context(), e, "Cold", "", DefaultK); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(w.hub.Handler())
	t.Cleanup(srv.Close)
	w.url = srv.URL
	for range members {
		w.join()
	}
	return w
}

func (w *town) engine(name string) *engine.Engine {
	w.t.Helper()
	st, err := sqlite.Open(w.t.Context(), filepath.Join(w.dir, name+".db"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { st.Close() })
	return engine.New(engine.Config{Store: st, Pack: w.pack, Linking: campaign.Default(), Clock: w.clock.now})
}

// join lets the next organisation in.
func (w *town) join(groups ...string) *Node {
	w.t.Helper()
	i := len(w.nodes)
	invitation, err := w.hub.Invite(w.t.Context(), fmt.Sprintf("org%d", i), groups)
	if err != nil {
		w.t.Fatal(err)
	}
	var ring *Ring
	if i > 0 {
		ring = w.nodes[0].Ring()
	}
	n, err := Join(w.t.Context(), w.engine(fmt.Sprintf("member%d", i)), w.url, invitation, ring, Dial{CA: w.ca})
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes = append(w.nodes, n)
	return n
}

// put stores a sighting at a member as if its mail had been analysed.
func put(ctx context.Context, n *Node, all ...coldwatch.Sighting) error {
	var batch []store.Record
	for _, s := range all {
		s.Organisation, s.Target.Organisation = n.cfg.Organisation, n.cfg.Organisation
		js, err := sighting.Marshal(s)
		if err != nil {
			return err
		}
		batch = append(batch, store.Record{ID: s.ID, RawSHA256: s.ID, Raw: n.store.Codec().Compress([]byte("x")), Organisation: s.Organisation, Source: "test", Received: s.Received,
			Class: s.Class, Bits: s.Bits, Analysis: n.store.Codec().Compress([]byte("{}")), Sighting: js})
	}
	_, err := n.store.Put(ctx, batch, nil)
	return err
}

func (w *town) put(n *Node, all ...coldwatch.Sighting) {
	w.t.Helper()
	if err := put(w.t.Context(), n, all...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) sync(nodes ...*Node) (total Sync) {
	w.t.Helper()
	for _, n := range nodes {
		s, err := n.Sync(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		total.Sent, total.Heard, total.Refused, total.Warnings = total.Sent+s.Sent, total.Heard+s.Heard, total.Refused+s.Refused, total.Warnings+s.Warnings
	}
	return total
}

// round lets the hub take in, link and publish.
func (w *town) round() Arrival {
	w.t.Helper()
	a, err := w.hub.TakeIn(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.hub.e.Update(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.hub.Publish(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// partition gives the campaigns at the hub: which sightings of these members are together.
func (w *town) partition(of func(id string) bool) map[string]string {
	w.t.Helper()
	all, err := w.hub.e.Campaigns(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range all {
		least := ""
		for _, m := range c.Members {
			if of(m) && (least == "" || m < least) {
				least = m
			}
		}
		for _, m := range c.Members {
			if of(m) {
				out[m] = least
			}
		}
	}
	return out
}

// mail is the i-th message of an operation, as its member sees it.
func mail(operation string, i int, class coldwatch.Class) coldwatch.Sighting {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s %d", operation, i)))
	s := coldwatch.Sighting{ID: hex.EncodeToString(sum[:]), Received: time.Date(2020, 10, 7+i%20, i%24, 51, 0, 0, time.UTC), Class: class, Bits: 12.3, TTI: 4.2,
		Kinds: []string{"identity.contradiction"}, Impersonated: coldwatch.Impersonation{Organisation: "partner", Name: "Polar Makers", Persona: "Wei Zhang", Kind: "person"},
		Lure:       coldwatch.SightingLure{Theme: "quotation", Act: "open-attachment", Language: "en", Fidelity: 80, FidelityOf: 3, Chain: true, Claims: map[string]int{"correct": 3}},
		Techniques: []string{"T1566.001"}, Objective: "credentials", Carrier: "html-attachment", Marking: coldwatch.Marking{TLP: "TLP:AMBER"},
		Target: coldwatch.Target{Function: "sales", Roles: []string{}}, Provenance: coldwatch.Provenance{Pack: "test 1"},
		Observables: []coldwatch.Observable{{Kind: coldwatch.DomainName, Value: operation + "-post.test", Role: "exfiltration", Owned: true}}}
	for v, value := range map[coldwatch.View]string{coldwatch.ViewHost: operation + "-post.test", coldwatch.ViewPath: "/c/N/" + operation + ".php", coldwatch.ViewSender: operation + "-mail.test",
		coldwatch.ViewSubject: "rfq N for " + operation, coldwatch.ViewStructure: "s-" + operation, coldwatch.ViewAccount: operation + "-post.test#0a0b0c" + operation,
		coldwatch.ViewIdentity: "partner", coldwatch.ViewTheme: "quotation", coldwatch.ViewTooling: "t-" + operation} {
		s.Features = append(s.Features, coldwatch.Feature{View: v, Value: value})
	}
	for b := range 32 {
		s.Features = append(s.Features, coldwatch.Feature{View: coldwatch.ViewText, Value: fmt.Sprintf("%02x%s", b, hex.EncodeToString([]byte(operation)))})
	}
	s.Features = sighting.Sort(s.Features)
	return s
}

// The second member's message warns the third, which got none; nobody hears who was hit.
func TestCommunity(t *testing.T) {
	w := newTown(t, 4)
	a, b, c := w.nodes[0], w.nodes[1], w.nodes[2]
	w.put(a, mail("evil", 1, coldwatch.Targeted), mail("calm", 1, coldwatch.Unremarkable))
	w.put(b, mail("evil", 2, coldwatch.Targeted))
	if s := w.sync(a); s.Sent != 1 {
		t.Fatalf("%d sightings sent, want 1: ordinary mail stays", s.Sent)
	}
	w.round()
	if s := w.sync(c); s.Warnings != 0 {
		t.Error("one member's message made a warning")
	}
	w.sync(b)
	w.round()
	if s := w.sync(c); s.Warnings != 1 || s.Refused != 0 {
		t.Fatalf("the third member: %+v", s)
	}
	ws, err := c.e.Warnings(t.Context())
	if err != nil || len(ws) != 1 || ws[0].Reason != reasonCommunity || len(ws[0].Messages) != 0 {
		t.Fatalf("%+v, %v", ws, err)
	}
	w.sync(a)
	if ws, err = a.e.Warnings(t.Context()); err != nil || len(ws) != 1 || ws[0].Reason != reasonTargeted || len(ws[0].Messages) != 1 {
		t.Fatalf("the member that was hit: %+v, %v", ws, err)
	}
	n, err := c.Notices(t.Context())
	if err != nil || len(n) != 1 || n[0].Hit.Members != Community || len(n[0].Hit.Countries)+len(n[0].Hit.Regions)+len(n[0].Hit.Roles)+len(n[0].Hit.Stages) > 0 {
		t.Fatalf("two members show: %+v, %v", n, err)
	}
	if len(n[0].Indicators) != 1 || n[0].Indicators[0].Value != "evil-post.test" {
		t.Errorf("indicators: %+v", n[0].Indicators)
	}

	// Both told what the tokens stand for; the third reads it, the hub does not.
	w.sync(b)
	w.round()
	w.sync(c)
	opened, err := c.Opened(t.Context())
	values := map[string]bool{}
	for _, v := range opened {
		values[v] = true
	}
	if err != nil || !values["rfq N for evil"] || !values["evil-mail.test"] {
		t.Errorf("opened: %v, %v", opened, err)
	}

	// A day without news brings none.
	if s := w.sync(c); s != (Sync{}) {
		t.Errorf("again: %+v", s)
	}
	if p, err := w.hub.Publish(t.Context()); err != nil || p.New != 0 {
		t.Errorf("published again: %+v, %v", p, err)
	}
}

// What is marked for a sharing group is told to the group, and to nobody else.
func TestSharingGroup(t *testing.T) {
	w := newTown(t, 0)
	for _, groups := range [][]string{{"makers"}, {"makers"}, {"makers"}, nil} {
		w.join(groups...)
	}
	for i, n := range w.nodes[:2] {
		if err := n.SetPolicy(t.Context(), []byte("group: makers")); err != nil {
			t.Fatal(err)
		}
		w.put(n, mail("evil", i, coldwatch.Targeted))
		w.sync(n)
	}
	w.round()
	w.sync(w.nodes...)
	for i, n := range w.nodes {
		notices, err := n.Notices(t.Context())
		if err != nil || len(notices) != one(i < 3) {
			t.Errorf("member %d hears of %d campaigns, %v", i, len(notices), err)
		}
		if ws, err := n.e.Warnings(t.Context()); err != nil || len(ws) != one(i < 3) {
			t.Errorf("member %d: %d warnings, %v", i, len(ws), err)
		}
	}
	// Who is not of the group cannot send into it.
	if err := w.nodes[3].SetPolicy(t.Context(), []byte("group: makers")); err != nil {
		t.Fatal(err)
	}
	w.put(w.nodes[3], mail("evil", 9, coldwatch.Targeted))
	w.sync(w.nodes[3])
	if a := w.round(); a.Sightings != 0 || a.Refused["its sender is not of that sharing group"] != 1 {
		t.Errorf("%+v", a)
	}
}

// While the hub is away the member's database holds what it would hold anyhow; then everything arrives once, and warnings of one's own
// mail never stopped.
func TestOutage(t *testing.T) {
	w := newTown(t, 2)
	n := w.nodes[0]
	sightings := 3000
	if k, err := strconv.Atoi(os.Getenv("COLDWATCH_OUTAGE")); err == nil {
		sightings = k
	}
	moveHub := func(url string) {
		cfg := n.cfg
		cfg.URL = url
		if err := n.save(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	moveHub("http://127.0.0.1:1") // nobody is there
	var batch []coldwatch.Sighting
	for i := range sightings {
		s := mail("evil", i, coldwatch.Suspicious)
		s.Features = s.Features[:3]
		batch = append(batch, s)
		if len(batch) == 1000 || i == sightings-1 {
			w.put(n, batch...)
			batch = nil
			before := size(t, n)
			w.clock.move(72 * time.Hour / time.Duration(sightings/1000+1))
			for range 3 {
				if _, err := n.Sync(t.Context()); err == nil {
					t.Fatal("a hub that is away took something")
				}
			}
			if after := size(t, n); after > before+1<<20 {
				t.Fatalf("waiting cost %d bytes", after-before)
			}
		}
	}
	if s, err := n.Status(t.Context()); err != nil || s.Waiting != min(sightings, 100_000) {
		t.Fatalf("%+v, %v", s, err)
	}
	asked := 0
	flaky := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked++; r.Method == http.MethodPost && asked%3 == 1 { // the hub has it, and the member does not hear so
			w.hub.Handler().ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		w.hub.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(flaky.Close)
	moveHub(flaky.URL)
	for range sightings {
		if _, err := n.Sync(t.Context()); err == nil {
			break
		}
	}
	w.round()
	totals, err := w.hub.store.Totals(t.Context())
	if err != nil || totals.Messages != sightings {
		t.Errorf("%d of %d sightings arrived, %v", totals.Messages, sightings, err)
	}
	for _, k := range []int{0, sightings / 2, sightings - 1} {
		if ok, err := w.hub.store.Have(t.Context(), n.HubID(mail("evil", k, coldwatch.Suspicious).ID)); err != nil || !ok {
			t.Errorf("sighting %d is not there, %v", k, err)
		}
	}
}

// size is what a member's database takes on the disk.
// size gives the bytes of a member's files, with nothing left in the logs that would move between them meanwhile.
func size(t *testing.T, n *Node) (bytes int64) {
	t.Helper()
	st := n.store.(*sqlite.Store)
	for _, db := range []*relational.DB{st.Write, st.RawDB} {
		if _, err := db.ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			t.Fatal(err)
		}
		var pages, each int64
		if err := db.QueryRowContext(t.Context(), `SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&pages, &each); err != nil {
			t.Fatal(err)
		}
		bytes += pages * each
	}
	return bytes
}

// The second quarter begins: everything links on, under new tokens.
func TestQuarterTurns(t *testing.T) {
	w := newTown(t, 3)
	w.clock.at = time.Date(2020, 12, 20, 8, 0, 0, 0, time.UTC)
	for i, n := range w.nodes[:2] {
		w.put(n, mail("evil", i, coldwatch.Targeted))
		w.sync(n)
	}
	w.round()
	before := tokensOf(w)
	for range 10 { // through the overlap and beyond
		w.clock.move(4 * 24 * time.Hour)
		w.sync(w.nodes[0])
		w.round()
		w.sync(w.nodes[1])
		w.round()
		if all, err := w.hub.e.Campaigns(t.Context()); err != nil || len(all) != 1 || all[0].Messages != 2 {
			t.Fatalf("%s: %d campaigns, %v", w.clock.now(), len(all), err)
		}
	}
	w.put(w.nodes[2], mail("evil", 3, coldwatch.Targeted))
	w.sync(w.nodes[2])
	w.round()
	if all, err := w.hub.e.Campaigns(t.Context()); err != nil || len(all) != 1 || all[0].Messages != 3 {
		t.Fatalf("after the turn: %d campaigns, %v", len(all), err)
	}
	for x := range tokensOf(w) {
		if before[x] {
			t.Errorf("token %s is still there", x)
		}
	}
}

// tokensOf gives the tokens of the sightings that the hub links.
func tokensOf(w *town) map[string]bool {
	out := map[string]bool{}
	err := w.hub.store.Sightings(w.t.Context(), 0, func(_ int64, raw []byte) error {
		var s coldwatch.Sighting
		err := json.Unmarshal(raw, &s)
		for _, f := range s.Features {
			if f.Token {
				out[f.Value] = true
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// Who leaves takes its sightings along; what they showed stays as a count, and nobody's campaigns name it.
func TestLeave(t *testing.T) {
	w := newTown(t, 6)
	for i, n := range w.nodes[:4] {
		w.put(n, mail("evil", i, coldwatch.Targeted))
		w.sync(n)
	}
	w.round()
	gone := w.nodes[0]
	if err := gone.Vouch(t.Context(), Entry{Organisation: "org0", Name: "Organisation 0", Domains: []string{"orgnumber0.example"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.nodes[1].Vouch(t.Context(), Entry{Organisation: "org0", Name: "Organisation 0", Domains: []string{"orgnumber0.example", "zero.example"}}); err != nil {
		t.Fatal(err)
	}
	w.round()
	w.sync(w.nodes[2])
	dir, err := w.nodes[2].Directory(t.Context())
	if err != nil || len(dir) != 1 || len(dir[0].Vouchers) != 2 || len(dir[0].Conflicts) != 1 {
		t.Fatalf("%+v, %v", dir, err)
	}
	if told, err := gone.Leave(t.Context()); err != nil || !told {
		t.Fatal(told, err)
	}
	w.clock.move(2 * filterPause)
	w.round()
	w.sync(w.nodes[2])
	if dir, err = w.nodes[2].Directory(t.Context()); err != nil || len(dir) != 1 || len(dir[0].Vouchers) != 1 {
		t.Errorf("directory: %+v, %v", dir, err)
	}
	left, err := w.hub.store.Objects(t.Context(), store.ObjectQuery{Collection: taxii.Inbox, Source: gone.cfg.ID})
	if err != nil || len(left) > 0 {
		t.Errorf("%d of its objects are still there, %v", len(left), err)
	}
	all, err := w.hub.e.Campaigns(t.Context())
	if err != nil || len(all) != 1 || all[0].Messages != 3 {
		t.Errorf("%d campaigns, %v", len(all), err)
	}
	a, err := w.nodes[2].Ask(t.Context(), "evil-post.test")
	if err != nil || !a[0].Seen {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := gone.Sync(t.Context()); err == nil {
		t.Error("it still exchanges")
	}
	if _, whole, err := Audit(t.Context(), gone.store); err != nil || !whole {
		t.Error("its own audit is broken", err)
	}
}

func TestPolicy(t *testing.T) {
	p := DefaultPolicy()
	if len(p.Share) != 3 || len(p.Clear) != 4 || p.TLP != "TLP:AMBER" || !p.Openings {
		t.Errorf("%+v", p)
	}
	for text, good := range map[string]bool{
		"":                     true,
		"share: [targeted]":    true,
		"withhold: [text]":     true,
		"never: [Project-X]":   true,
		"shere: [targeted]":    false,
		"share: [everything]":  false,
		"share: unremarkable":  false,
		"withhold: [body]":     false,
		"clear: [recipients]":  false,
		"tlp: TLP:PURPLE":      false,
		"never: ['']":          false,
		"share: [targeted":     false,
		"group: \"a\\nb\"":     false,
		"openings: no\nx: 1\n": false,
	} {
		if _, err := ParsePolicy([]byte(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Each line is a value of a message with what may become of it.
func TestPass(t *testing.T) {
	w := newTown(t, 1)
	n := w.nodes[0]
	s := mail("evil", 1, coldwatch.Hostile)
	observe := func(kind coldwatch.ObservableKind, value string, owned bool) {
		s.Observables = append(s.Observables, coldwatch.Observable{Kind: kind, Value: value, Role: "link", Owned: owned})
	}
	observe(coldwatch.DomainName, "polarmakers.example", true)
	observe(coldwatch.DomainName, "borrowed.test", false)
	observe(coldwatch.DomainName, "orgnumber0-login.test", true)
	observe(coldwatch.DomainName, "org-number0.evil.test", true)
	observe(coldwatch.DomainName, "mailserver", true)
	observe(coldwatch.DomainName, "mx.corp", true)
	observe(coldwatch.DomainName, "gmail.com", true)
	observe(coldwatch.EmailAddress, "jana@orgnumber0.example", true)
	observe(coldwatch.EmailAddress, "collector77@gmail.com", true)
	observe(coldwatch.URL, "https://evil-post.test/?e=jana@orgnumber0.example", true)
	observe(coldwatch.IPv4Address, "10.1.2.3", true)
	observe(coldwatch.IPv4Address, "203.0.113.9", true)
	check := func(want ...string) {
		t.Helper()
		body, _ := n.wall.pass(&s, w.clock.now())
		var got []string
		for _, i := range body.Indicators {
			got = append(got, i.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("readable: %q, want %q", got, want)
		}
	}
	check("evil-post.test", "collector77@gmail.com", "203.0.113.9")
	n.wall.policy.Never = []string{"collector"}
	n.wall.policy.Clear = []string{clearMailboxes, clearHosts}
	check("evil-post.test")
	s.Class = coldwatch.Suspicious
	check()
	n.wall.policy.Withhold = []coldwatch.View{coldwatch.ViewText}
	n.wall.policy.Details, n.wall.policy.Person, n.wall.policy.Imitated = false, false, false
	body, told := n.wall.pass(&s, w.clock.now())
	js, err := json.Marshal(body)
	if err != nil || strings.Contains(string(js), `"text"`) || strings.Contains(string(js), "quotation") || strings.Contains(string(js), "sales") || strings.Contains(string(js), "partner") {
		t.Errorf("%s, %v", js, err)
	}
	for _, d := range told {
		if d.Reason == "" || (d.Outcome == Withheld) != (d.Sent == "") && d.Field != "details" {
			t.Errorf("%+v", d)
		}
	}
}
