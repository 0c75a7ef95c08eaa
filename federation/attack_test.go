package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

// two gives a town with two campaigns at members 0 to 3, the hub's partition of them, and which sightings they are.
func two(t *testing.T, members int) (w *town, of func(string) bool, before map[string]string) {
	t.Helper()
	w = newTown(t, members)
	honest := map[string]bool{}
	for i, n := range w.nodes[:4] {
		for k := range 6 {
			for _, op := range []string{"evil", "dire"} {
				s := mail(op, i*10+k, coldwatch.Targeted)
				w.put(n, s)
				honest[n.HubID(s.ID)] = true
			}
		}
		w.sync(n)
	}
	w.round()
	of = func(id string) bool { return honest[id] }
	before = w.partition(of)
	if n := len(distinct(before)); n != 2 || len(before) != len(honest) {
		t.Fatalf("%d campaigns of %d sightings to begin with", n, len(before))
	}
	return w, of, before
}

func distinct(p map[string]string) map[string]bool {
	out := map[string]bool{}
	for _, c := range p {
		out[c] = true
	}
	return out
}

// inject puts objects into the hub's inbox as a member's token would.
func (w *town) inject(source string, objects ...stix.Object) {
	w.t.Helper()
	var recs []store.Object
	for _, o := range objects {
		r, err := taxii.Record(o, source)
		if err != nil {
			w.t.Fatal(err)
		}
		recs = append(recs, r)
	}
	if _, err := w.hub.store.PutObjects(w.t.Context(), taxii.Inbox, w.clock.now(), recs); err != nil {
		w.t.Fatal(err)
	}
}

// signed gives a sighting's object, changed by f before it is signed.
func (w *town) signed(n *Node, s coldwatch.Sighting, number uint64, f func(*SightingBody)) stix.Object {
	w.t.Helper()
	body, _ := n.wall.pass(&s, w.clock.now())
	if f != nil {
		f(&body)
	}
	fr, err := newFrame(n.community, n.cfg.ID, number, KindSighting, body, n.key)
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, body.Hour)
	if err != nil {
		at = w.clock.now()
	}
	return fr.object("", "", body.TLP, at)
}

// Each way of cheating is refused and noted; nothing of others' campaigns changes.
func TestHostileMember(t *testing.T) {
	w, of, before := two(t, 5)
	m := w.nodes[4]
	good := mail("evil", 900, coldwatch.Targeted)
	frame := func(o stix.Object) map[string]any {
		return o["extensions"].(map[string]any)[extensionID].(map[string]any)
	}
	next := uint64(1000)
	for name, make := range map[string]func() (source string, o stix.Object){
		"another's name": func() (string, stix.Object) {
			o := w.signed(m, good, next, nil)
			frame(o)["from"] = w.nodes[0].cfg.ID
			return m.cfg.ID, o
		},
		"another's frame": func() (string, stix.Object) { return m.cfg.ID, w.signed(w.nodes[0], good, next, nil) },
		"altered": func() (string, stix.Object) {
			o := w.signed(m, good, next, nil)
			frame(o)["body"].(map[string]any)["class"] = "hostile"
			return m.cfg.ID, o
		},
		"truncated": func() (string, stix.Object) {
			o := w.signed(m, good, next, nil)
			delete(frame(o)["body"].(map[string]any), "features")
			return m.cfg.ID, o
		},
		"no signature": func() (string, stix.Object) {
			o := w.signed(m, good, next, nil)
			frame(o)["signature"] = ""
			return m.cfg.ID, o
		},
		"other community": func() (string, stix.Object) {
			o := w.signed(m, good, next, nil)
			frame(o)["community"] = "cw-00000000000000000000"
			return m.cfg.ID, o
		},
		"used number": func() (string, stix.Object) {
			w.inject(m.cfg.ID, w.signed(m, mail("other", 1, coldwatch.Suspicious), 1, nil))
			o := w.signed(m, good, 1, nil)
			o["id"] = stixID("sighting", "again")
			return m.cfg.ID, o
		},
		"future": func() (string, stix.Object) {
			return m.cfg.ID, w.signed(m, good, next, func(b *SightingBody) { b.Hour = "2031-01-01T00:00:00Z" })
		},
		"clear value": func() (string, stix.Object) {
			return m.cfg.ID, w.signed(m, good, next, func(b *SightingBody) {
				b.Features = append(b.Features, BodyFeature{View: coldwatch.ViewSubject, Clear: "order for jana"})
			})
		},
		"token that is none": func() (string, stix.Object) {
			return m.cfg.ID, w.signed(m, good, next, func(b *SightingBody) { b.Features[0].Token, b.Features[0].Clear = "jana@org4.example", "" })
		},
		"too much": func() (string, stix.Object) {
			return m.cfg.ID, w.signed(m, good, next, func(b *SightingBody) { b.Kinds = slices.Repeat([]string{"x"}, 1000) })
		},
		"old quarter": func() (string, stix.Object) {
			return m.cfg.ID, w.signed(m, good, next, func(b *SightingBody) { b.Quarter = "2019Q1" })
		},
		"a hub's word": func() (string, stix.Object) {
			f, err := newFrame(m.community, m.cfg.ID, next, KindNotice, Notice{Campaign: "c-1"}, m.key)
			if err != nil {
				t.Fatal(err)
			}
			return m.cfg.ID, f.object("c-1", "x", "TLP:AMBER", w.clock.now())
		},
	} {
		next++
		w.inject(make())
		a := w.round()
		if n := len(a.Refused); n != 1 {
			t.Errorf("%s: refused %v", name, a.Refused)
		}
		if after := w.partition(of); !maps.Equal(before, after) {
			t.Errorf("%s: the campaigns of others changed", name)
		}
	}
	lines, whole, err := Audit(t.Context(), w.hub.store)
	refused := 0
	for _, l := range lines {
		if l.What == "frame.refused" && l.Who == m.cfg.ID {
			refused++
		}
	}
	if err != nil || !whole || refused != 13 {
		t.Errorf("%d refusals in the audit, whole %t, %v", refused, whole, err)
	}
}

// What was sent once changes nothing when it comes again, in whatever order.
func TestReplay(t *testing.T) {
	w, of, before := two(t, 4)
	first, err := w.hub.store.Objects(t.Context(), store.ObjectQuery{Collection: taxii.Inbox})
	if err != nil {
		t.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	for i, o := range first {
		x := stix.Object{}
		if err := json.Unmarshal(o.JSON, &x); err != nil {
			t.Fatal(err)
		}
		x["id"] = stixID("sighting", "replay", itoa(i)) // as if it were another object
		w.inject(o.Source, x)
	}
	lines := func() int {
		all, _, err := Audit(t.Context(), w.hub.store)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	had := lines()
	if a := w.round(); a.Sightings != 0 || a.Known != len(first) || len(a.Refused) > 0 {
		t.Errorf("%+v", a)
	}
	if after := w.partition(of); !maps.Equal(before, after) || lines() != had {
		t.Error("a replay changed something")
	}
}

// A flood of sightings that hold the marks of both campaigns, by one member, joins nothing and takes nothing away.
func TestFlood(t *testing.T) {
	flood := 1500
	if n, err := strconv.Atoi(os.Getenv("COLDWATCH_FLOOD")); err == nil {
		flood = n // 10,000 take a minute of work
	}
	for name, forge := range map[string]func(i int) coldwatch.Sighting{
		"both at once": func(i int) coldwatch.Sighting {
			s, d := mail("evil", 5000+i, coldwatch.Targeted), mail("dire", 0, coldwatch.Targeted)
			s.Features = append(s.Features, d.Features...)
			return s
		},
		"one or the other, with a bridge of its own": func(i int) coldwatch.Sighting {
			op := []string{"evil", "dire"}[i%2]
			s := mail(op, 5000+i, coldwatch.Targeted)
			return bridge(s, i)
		},
		"single marks, so that they look common": func(i int) coldwatch.Sighting {
			s := mail([]string{"evil", "dire"}[i%2], 5000+i, coldwatch.Targeted)
			keep := s.Features[i%len(s.Features)]
			for k := range s.Features {
				s.Features[k].Value = fmt.Sprintf("x%d-%d", i, k)
			}
			s.Features[0] = keep
			return s
		},
	} {
		w, of, before := two(t, 5)
		m := w.nodes[4]
		var batch []stix.Object
		for i := range flood {
			batch = append(batch, w.signed(m, forge(i), uint64(1000+i), nil))
			if len(batch) == 500 {
				w.inject(m.cfg.ID, batch...)
				batch = nil
			}
		}
		a := w.round()
		after := w.partition(of)
		if len(distinct(after)) != 2 || !maps.Equal(before, after) {
			t.Errorf("%s: %d sightings taken, others' campaigns are %d now, and had been 2", name, a.Sightings, len(distinct(after)))
		}
	}
}

// A member that sends much hides no campaign: not by calling it only suspicious, nor by values so many and so long that what is told
// would be too long to read, nor by crowding out what two others saw.
func TestFloodHidesNothing(t *testing.T) {
	w, _, _ := two(t, 5)
	m := w.nodes[4]
	var batch []stix.Object
	for i := range 200 {
		batch = append(batch, w.signed(m, mail("evil", 5000+i, coldwatch.Suspicious), uint64(1000+i), func(b *SightingBody) {
			b.Indicators = nil
			for k := range maxList {
				b.Indicators = append(b.Indicators, Indicator{coldwatch.FileHash, fmt.Sprintf("%0320d", i%8*maxList+k), strings.Repeat("r", maxText)})
			}
		}))
	}
	w.inject(m.cfg.ID, batch...)
	if a := w.round(); a.Sightings != len(batch) {
		t.Fatalf("%+v", a)
	}
	if s := w.sync(w.nodes[0]); s.Refused > 0 {
		t.Errorf("%d of the hub's words were refused", s.Refused)
	}
	all, err := w.nodes[0].Notices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, n := range all {
		for _, i := range n.Indicators {
			told[i.Value] = true
		}
	}
	if len(all) != 2 || !told["evil-post.test"] || !told["dire-post.test"] || !told[fmt.Sprintf("%0320d", 0)] {
		t.Errorf("%d campaigns are told, with %d values", len(all), len(told))
	}
}

// A failing store is a store that cannot be asked this for now.
type failing struct {
	Store
	frames, documents bool
}

var errAway = errors.New("the database is away")

func (f *failing) Frames(ctx context.Context, member string, numbers []uint64) ([]store.Frame, error) {
	if f.frames {
		return nil, errAway
	}
	return f.Store.Frames(ctx, member, numbers)
}

func (f *failing) Documents(ctx context.Context, kind string) ([]store.Document, error) {
	if f.documents && kind == docOpening {
		return nil, errAway
	}
	return f.Store.Documents(ctx, kind)
}

// What the hub's own database cannot do for now refuses nobody's frame: it is taken the next time.
func TestBrokenStoreLosesNothing(t *testing.T) {
	w := newTown(t, 3)
	st := &failing{Store: w.hub.store, frames: true}
	w.hub.store = st
	for i, n := range w.nodes[:2] {
		w.put(n, mail("evil", i, coldwatch.Targeted))
		w.sync(n)
	}
	if a, err := w.hub.TakeIn(t.Context()); !errors.Is(err, errAway) || len(a.Refused) > 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	st.frames = false
	if a := w.round(); a.Sightings != 2 || len(a.Refused) > 0 {
		t.Fatalf("%+v", a)
	}
	w.sync(w.nodes[0]) // opens what two have
	st.documents = true
	if a, err := w.hub.TakeIn(t.Context()); !errors.Is(err, errAway) || len(a.Refused) > 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	st.documents = false
	if a := w.round(); a.Others == 0 || len(a.Refused) > 0 {
		t.Errorf("%+v", a)
	}
}

func bridge(s coldwatch.Sighting, i int) coldwatch.Sighting {
	for k, f := range s.Features {
		if f.View == coldwatch.ViewHost || f.View == coldwatch.ViewSender {
			s.Features[k].Value = "bridge" + itoa(i%3) + ".test"
		}
	}
	return s
}

// k−1 members never show: not in a figure, a place, a role or a sentence.
func TestFewMembersDoNotShow(t *testing.T) {
	pack := chainPack(12)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		k := 2 + r.IntN(4)
		var members []Member
		for i := range 12 {
			members = append(members, Member{ID: fmt.Sprintf("m-%d", i), Organisation: fmt.Sprintf("org%d", i), Order: i, State: Active})
			members = append(members[:0:0], members...)
			for _, c := range complete(members, k) {
				members[c.Order] = c
			}
		}
		may := counted(members)
		var hit []coldwatch.Sighting
		orgs := map[string]bool{}
		for range r.IntN(30) {
			s := mail("evil", r.IntN(100), coldwatch.Targeted)
			s.Organisation = fmt.Sprintf("org%d", r.IntN(12))
			s.Target.Function = []string{"sales", "it"}[r.IntN(2)]
			orgs[s.Organisation] = true
			hit = append(hit, s)
		}
		c := crowd(hit, may, k, pack)
		behind := func(is func(org string) bool) int {
			n := 0
			for o := range orgs {
				if may[o] && is(o) {
					n++
				}
			}
			return n
		}
		if n := behind(func(string) bool { return true }); n < k && (c.Members != Community || len(c.Countries)+len(c.Regions)+len(c.Roles)+len(c.Stages)+len(c.Functions) > 0) {
			t.Fatalf("seed %d: %d of %d members show: %+v", seed, n, k, c)
		}
		for _, x := range c.Countries {
			if n := behind(func(o string) bool { return pack.Organisation(o).Country == x }); n < k {
				t.Errorf("seed %d: %d members of %s show", seed, n, x)
			}
		}
		for _, x := range c.Roles {
			if n := behind(func(o string) bool { return slices.Contains(pack.Organisation(o).Roles, x) }); n < k {
				t.Errorf("seed %d: %d members of role %s show", seed, n, x)
			}
		}
		for _, x := range c.Regions { // whoever takes the named countries off must not be left with fewer
			if n := behind(func(o string) bool {
				p := pack.Organisation(o)
				return p.Region == x && !slices.Contains(c.Countries, p.Country)
			}); n < k {
				t.Errorf("seed %d: %d members of region %s show", seed, n, x)
			}
		}
	}
}

// Asking before and after one member joins tells nothing about it, whatever it has seen; a third one that joins with it does.
func TestOneThatJoinsDoesNotShow(t *testing.T) {
	w := newTown(t, 6)
	for _, n := range w.nodes[:2] {
		w.put(n, mail("evil", int(n.cfg.ID[5]), coldwatch.Targeted))
		w.sync(n)
	}
	for _, n := range w.nodes[3:6] {
		w.put(n, mail("dire", int(n.cfg.ID[5])+500, coldwatch.Targeted))
		w.sync(n)
	}
	ask := func() string {
		w.clock.move(2 * filterPause)
		w.round()
		w.sync(w.nodes[0])
		a, err := w.nodes[0].Ask(t.Context(), "evil-post.test")
		b, err2 := w.nodes[0].Ask(t.Context(), "dire-post.test")
		notices, err3 := w.nodes[0].Notices(t.Context())
		if err != nil || err2 != nil || err3 != nil {
			t.Fatal(err, err2, err3)
		}
		var crowds []Crowd
		for _, n := range notices {
			crowds = append(crowds, n.Hit)
		}
		return fmt.Sprint(a[0].Seen, b[0].Seen, crowds)
	}
	before := ask()
	if !strings.HasPrefix(before, "false true") {
		t.Fatalf("before: %s", before)
	}
	for i := range 2 { // org6 and org7 join, with the message that would make three
		n := w.join()
		w.put(n, mail("evil", 700+i, coldwatch.Targeted))
		w.sync(n)
		if after := ask(); after != before {
			t.Errorf("member %d joined: %s, before %s", i, after, before)
		}
	}
	n := w.join()
	w.put(n, mail("calm", 900, coldwatch.Suspicious))
	w.sync(n)
	if after := ask(); !strings.HasPrefix(after, "true true") {
		t.Errorf("a group of three joined, two with the message: %s", after)
	}
}
