// Package linkbench measures package campaign without any mail: it makes sightings out of symbols, with the truth
// known, places and re-links them, and prints quality, speed and memory beside simpler methods on the same sightings.
//
// Campaigns rotate through pools of hosts, senders, texts and networks; a part of every pool are hubs that unrelated
// campaigns share. Four families make different trouble: "easy"; "rotation", where pools are longer and most values
// polymorphic; "kits", where campaigns of different customers share whole kits; and "bridge",
// where one organisation reports messages that carry two campaigns' marks. Sizes, rates and truth are synthetic: the
// figures compare methods and versions, and do not foretell quality on real mail.
package linkbench

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Family names a generator.
type Family string

// The families.
const (
	Easy     Family = "easy"
	Rotation Family = "rotation"
	Kits     Family = "kits"
	Bridge   Family = "bridge"
)

var views = [...]coldwatch.View{
	coldwatch.ViewHost, coldwatch.ViewPath, coldwatch.ViewStructure, coldwatch.ViewAttachment, coldwatch.ViewSender,
	coldwatch.ViewNet, coldwatch.ViewTooling, coldwatch.ViewText, coldwatch.ViewSubject, coldwatch.ViewIdentity, coldwatch.ViewTheme,
}

const (
	host = iota
	path
	kit
	attachment
	sender
	network
	tooling
	text
	subject
	identity
	theme
	nviews
)

// A message is a sighting in symbols: 0 is missing.
type message struct {
	v      [nviews]int32
	camp   int32 // true campaign, below 0 for a message of its own
	org    int32
	t      float64 // days
	mutate uint32  // seed of the text's small changes
	loose  float64 // chance that a text band changes
	hidden bool    // takes no part in the figures: made to bridge
}

type generator struct {
	r    *rand.Rand
	next int32
}

func (g *generator) fresh() int32 { g.next++; return g.next }

func (g *generator) many(n int) []int32 {
	a := make([]int32, n)
	for i := range a {
		a[i] = g.fresh()
	}
	return a
}

// zipf draws from 0..n-1 with weights 1/(i+1)^s.
func (g *generator) zipf(n int, s float64) int {
	h := 0.0
	for i := 1; i <= n; i++ {
		h += math.Pow(float64(i), -s)
	}
	u := g.r.Float64() * h
	for i := 1; i <= n; i++ {
		if u -= math.Pow(float64(i), -s); u <= 0 {
			return i - 1
		}
	}
	return n - 1
}

func (g *generator) pick(p float64, hub []int32) int32 {
	if len(hub) > 0 && g.r.Float64() < p {
		return hub[g.zipf(len(hub), 1.1)]
	}
	return g.fresh()
}

// hubs are the values that unrelated campaigns share; a kit bundle is what one phishing service sells.
type hubs struct {
	kits, nets, mailers, hosts, senders, identities, themes, paths, subjects []int32
	bundles                                                                  []bundle
}

type bundle struct{ kit, path, mailer, nets, subjects, identities []int32 }

type profile struct{ kit, net, mailer, host, sender, identity, drift, poly float64 }

func (f Family) profile() profile {
	if f == Rotation {
		return profile{.75, .75, .9, .45, .5, .9, 2, .85}
	}
	return profile{.5, .5, .75, .25, .3, .7, 1, .5}
}

// generate makes n messages or a few more, in order of receipt. About a third belong to campaigns of 2 to 400 messages with
// a median of 10; the rest are hostile messages of their own.
func generate(f Family, n int, seed int64) []message {
	g := &generator{r: rand.New(rand.NewSource(seed))}
	k := 1
	h := hubs{
		kits: g.many(25 * k), nets: g.many(60 * k), mailers: g.many(25), hosts: g.many(30 * k), senders: g.many(12 * k), identities: g.many(30),
		themes: g.many(12), paths: g.many(30), subjects: g.many(40 * k),
	}
	for range 8 * k {
		h.bundles = append(h.bundles, bundle{g.many(2), g.many(2), g.many(1), g.many(6), g.many(4), g.many(3)})
	}
	var ms []message
	for c := int32(1); len(ms) < n*2/5; c++ {
		ms = append(ms, g.campaign(f, &h, c)...)
	}
	for b := int32(1); len(ms) < n; b++ {
		ms = append(ms, g.stranger(f, &h, -b))
	}
	if f == Bridge {
		ms = append(ms, g.bridges(ms, max(30, n/250))...)
	}
	slices.SortStableFunc(ms, func(a, b message) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	return ms
}

// campaign makes the messages of one campaign: pools in order of rotation, a value drawn by the message's place in time.
func (g *generator) campaign(f Family, h *hubs, id int32) []message {
	pr, r := f.profile(), g.r
	size := min(400, max(2, int(math.Exp(r.NormFloat64()*1.1+2.3))))
	pool := func(mean, p float64, hub []int32) []int32 {
		a := make([]int32, min(size, 1+int(r.ExpFloat64()*mean*pr.drift)))
		for i := range a {
			a[i] = g.pick(p, hub)
		}
		return a
	}
	pools := [nviews][]int32{
		host: pool(2, pr.host, h.hosts), path: pool(.7, .4, h.paths), kit: pool(.7, pr.kit, h.kits), sender: pool(2.5, pr.sender, h.senders),
		network: pool(3, pr.net, h.nets), tooling: pool(.7, pr.mailer, h.mailers), text: pool(2, 0, nil), subject: pool(2, .3, h.subjects),
		identity: pool(.4, pr.identity, h.identities), theme: pool(.3, 1, h.themes),
	}
	if f == Kits && r.Float64() < .6 {
		g.rent(pools[:], h.bundles[g.zipf(len(h.bundles), .8)])
	}
	hasAttachment, hasLink := r.Float64() < .7, r.Float64() < .9
	files := map[int32]int32{}
	start, days := r.Float64()*300, 5+r.ExpFloat64()*40
	out := make([]message, 0, size)
	for i := range size {
		at := (float64(i) + r.NormFloat64()*.12*float64(size)) / float64(size)
		draw := func(a []int32) int32 {
			j := int(at * float64(len(a)))
			if r.Float64() < .2 {
				j = r.Intn(len(a))
			}
			return a[min(max(j, 0), len(a)-1)]
		}
		m := message{camp: id, t: start + at*days, org: int32(r.Intn(30)), mutate: r.Uint32(), loose: r.Float64() * .5}
		for v, p := range pools {
			if len(p) > 0 {
				m.v[v] = draw(p)
			}
		}
		if !hasLink {
			m.v[host], m.v[path] = 0, 0
		}
		if !hasAttachment {
			m.v[kit] = 0
		} else if r.Float64() < pr.poly {
			m.v[attachment] = g.fresh()
		} else {
			if files[m.v[kit]] == 0 {
				files[m.v[kit]] = g.fresh()
			}
			m.v[attachment] = files[m.v[kit]]
		}
		if r.Float64() < pr.poly*.3 {
			m.v[text] = g.fresh()
		}
		for v := range m.v {
			if r.Float64() < .07 {
				m.v[v] = 0
			}
		}
		out = append(out, m)
	}
	return out
}

// rent replaces pools by what a phishing service sells to many.
func (g *generator) rent(pools [][]int32, b bundle) {
	all := func(a, from []int32, p float64) {
		for i := range a {
			if g.r.Float64() < p {
				a[i] = from[g.r.Intn(len(from))]
			}
		}
	}
	all(pools[kit], b.kit, 1)
	all(pools[path], b.path, 1)
	all(pools[tooling], b.mailer, 1)
	all(pools[identity], b.identities, 1)
	all(pools[network], b.nets, .7)
	all(pools[subject], b.subjects, .7)
}

// stranger makes a hostile message of its own: hubs and fresh values only.
func (g *generator) stranger(f Family, h *hubs, id int32) message {
	r := g.r
	m := message{camp: id, t: r.Float64() * 340, org: int32(r.Intn(30)), mutate: r.Uint32()}
	if r.Float64() < .8 {
		m.v[host], m.v[path] = g.pick(.5, h.hosts), g.pick(.5, h.paths)
	}
	if r.Float64() < .5 {
		m.v[kit], m.v[attachment] = g.pick(.7, h.kits), g.fresh()
	}
	m.v[sender], m.v[network], m.v[tooling] = g.pick(.5, h.senders), g.pick(.6, h.nets), g.pick(.9, h.mailers)
	m.v[text], m.v[subject], m.v[identity], m.v[theme] = g.fresh(), g.pick(.4, h.subjects), g.pick(.8, h.identities), g.pick(1, h.themes)
	if f == Kits && r.Float64() < .4 {
		b := h.bundles[g.zipf(len(h.bundles), .8)]
		any := func(a []int32) int32 { return a[r.Intn(len(a))] }
		m.v[kit], m.v[attachment], m.v[path], m.v[tooling], m.v[identity] = any(b.kit), g.fresh(), any(b.path), b.mailer[0], any(b.identities)
		if r.Float64() < .7 {
			m.v[network] = any(b.nets)
		}
		if r.Float64() < .7 {
			m.v[subject] = any(b.subjects)
		}
	}
	return m
}

// bridges makes pairs of messages that carry the marks of two campaigns, all reported by one organisation.
func (g *generator) bridges(ms []message, n int) []message {
	by := map[int32][]int{}
	last := int32(0)
	for i := range ms {
		if ms[i].camp > 0 {
			by[ms[i].camp] = append(by[ms[i].camp], i)
			last = max(last, ms[i].camp)
		}
	}
	var out []message
	for k := range n {
		a, b := by[1+g.r.Int31n(last)], by[1+g.r.Int31n(last)]
		x, y := ms[a[g.r.Intn(len(a))]], ms[b[g.r.Intn(len(b))]]
		for range 2 {
			m := x
			m.camp, m.hidden, m.org = int32(-1e8)-int32(k), true, 0
			m.t = max(x.t, y.t) + .1
			m.mutate = g.r.Uint32()
			m.v[sender], m.v[text], m.v[network], m.v[subject] = y.v[sender], y.v[text], y.v[network], y.v[subject]
			out = append(out, m)
		}
	}
	return out
}

var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// id names message i of a run.
func (m *message) id(i int) string { return fmt.Sprintf("%064x", uint64(i)*0x9e3779b97f4a7c15) }

// sighting makes message i of a run a sighting.
func (m *message) sighting(i int) coldwatch.Sighting {
	s := coldwatch.Sighting{
		ID: m.id(i), Organisation: fmt.Sprintf("org-%d", m.org),
		Received: epoch.Add(time.Duration(m.t * 24 * float64(time.Hour))), Class: coldwatch.Hostile,
	}
	for v, x := range m.v {
		switch {
		case x == 0:
		case v == text:
			h := m.mutate
			for b := range 32 {
				h = h*1664525 + 1013904223
				if float64(h>>8)/(1<<24) < m.loose {
					s.Features = append(s.Features, coldwatch.Feature{View: views[v], Value: fmt.Sprintf("%d:%x.%x", b, x, h)})
				} else {
					s.Features = append(s.Features, coldwatch.Feature{View: views[v], Value: fmt.Sprintf("%d:%x", b, x)})
				}
			}
		default:
			s.Features = append(s.Features, coldwatch.Feature{View: views[v], Value: fmt.Sprintf("%s-%x", views[v], x)})
		}
	}
	return s
}
