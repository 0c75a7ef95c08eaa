package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

var t0 = time.Date(2020, 9, 7, 2, 0, 0, 0, time.UTC)

func ptr(x float64) *float64 { return &x }

// testPack is a small chain: 6 roles, 10 countries, 120 organisations, every third of them a member, and 8 lanes.
func testPack() *knowledge.Pack {
	p := knowledge.Pack{Name: "test chain", Version: "1", Sector: "vaccine cold chain"}
	stages := []string{"supply", "manufacture", "storage", "transport", "border", "service"}
	for i, s := range stages {
		p.Roles = append(p.Roles, knowledge.Role{ID: "role-" + s, Name: "Role " + s, Stage: s})
		_ = i
	}
	countries := []string{"AA", "BB", "CC", "DD", "EE", "FF", "GG", "HH", "II", "JJ"}
	for i := range 120 {
		id := fmt.Sprintf("org-%03d", i)
		p.Organisations = append(p.Organisations, knowledge.Organisation{ID: id, Name: fmt.Sprintf("Organisation %03d", i), Roles: []string{p.Roles[i%6].ID},
			Country: countries[i/6%10], Region: "Region " + countries[i/6%10][:1], Domains: []string{id + ".example"}, Member: i%3 == 0})
	}
	p.Organisations = append(p.Organisations, knowledge.Organisation{ID: "partner", Name: "Partner Cooling", Roles: []string{"role-storage"}, Country: "AA", Region: "Region A",
		Domains: []string{"partner.example"}, Programmes: []string{"programme-x"}})
	p.Programmes = []knowledge.Programme{{ID: "programme-x", Name: "Programme X"}}
	p.Vaccines = []knowledge.Vaccine{{ID: "vx", Name: "Vaccine X", StorageMinC: ptr(-90), StorageMaxC: ptr(-60)}}
	for i := range 8 {
		l := knowledge.Lane{ID: fmt.Sprintf("lane-%d", i), VaccineID: "vx", ColdSource: "dry-ice", HoldoverHours: ptr(72), DosesLow: ptr(1000), DosesHigh: ptr(1500)}
		for j := range 5 {
			l.Stops = append(l.Stops, fmt.Sprintf("org-%03d", (i*13+j*7)%120))
		}
		p.Lanes = append(p.Lanes, l)
	}
	for i := range 40 {
		p.Relations = append(p.Relations, knowledge.Relation{FromOrg: "partner", ToOrg: fmt.Sprintf("org-%03d", i*3), Kind: "supplies"})
	}
	return knowledge.New(p)
}

// sightings makes a campaign of n messages to organisations chosen by a generator.
func sightings(n int, seed uint64) []coldwatch.Sighting {
	r := rand.New(rand.NewPCG(seed, 9))
	var out []coldwatch.Sighting
	for i := range n {
		org := fmt.Sprintf("org-%03d", r.IntN(40)*3)
		if r.IntN(20) == 0 {
			org = "stranger"
		}
		out = append(out, coldwatch.Sighting{
			ID: fmt.Sprintf("s%05d", i), Organisation: org, Received: t0.Add(time.Duration(r.IntN(80*24)) * time.Hour),
			Target: coldwatch.Target{Function: []string{"sales", "procurement", "it"}[r.IntN(3)]}, Class: coldwatch.Targeted,
			Impersonated: coldwatch.Impersonation{Organisation: "partner", Persona: "Q. Manager", Kind: "person"},
			Features: []coldwatch.Feature{{View: coldwatch.ViewHost, Value: fmt.Sprintf("host%d.example", r.IntN(3))},
				{View: coldwatch.ViewSender, Value: "partner-cooling.test"}, {View: coldwatch.ViewStructure, Value: "ab12"}},
			Lure: coldwatch.SightingLure{Theme: "quotation", Act: "sign-in", Fidelity: 70 + r.IntN(30), FidelityOf: 4, Models: []string{"Partner|PC-100"},
				Programmes: []string{"programme-x"}, Claims: map[string]int{"correct": 3, "wrong": r.IntN(2)}},
			Techniques: []string{"T1566.001"}, TTI: 4, Objective: "credentials", Layers: []string{"atob"}, Carrier: "html-attachment",
			Observables: []coldwatch.Observable{{Kind: coldwatch.DomainName, Value: fmt.Sprintf("host%d.example", r.IntN(3)), Role: "exfiltration", Owned: true},
				{Kind: coldwatch.IPv4Address, Value: fmt.Sprintf("192.0.2.%d", r.IntN(20)), Role: "sending-host"}},
		})
	}
	return out
}

func options() Options {
	seen := map[string]int{"outside": 400}
	for i := 0; i < 120; i += 3 {
		seen[fmt.Sprintf("org-%03d", i)] = 20 + i
	}
	return Options{Telemetry: t0.AddDate(0, 0, -90), Now: t0.AddDate(0, 3, 0), Seen: seen}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOrderRepeatsAndBatchesDoNotMatter(t *testing.T) {
	pack, all := testPack(), sightings(60, 1)
	c := coldwatch.Campaign{ID: "c-0000000001"}
	want := text(t, Build(c, all, pack, options()))
	for round := range 5 {
		mixed := append(slices.Clone(all), all[:20]...)
		rand.New(rand.NewPCG(uint64(round), 1)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := text(t, Build(c, mixed, pack, options())); got != want {
			t.Fatal("the order of sightings changed the profile")
		}
	}
	a, b := NewFold(), NewFold()
	for i := range all {
		if i%3 == 0 {
			a.Add(&all[i])
		} else {
			b.Add(&all[i])
		}
	}
	a.Profile(c.ID, pack, options()) // a memo in use changes nothing
	if !a.Merge(b) {
		t.Fatal("disjoint folds do not merge")
	}
	if got := text(t, a.Profile(c.ID, pack, options())); got != want {
		t.Error("merged folds differ from one fold")
	}
	if a.Merge(b) {
		t.Error("folds that overlap were merged")
	}
	f := NewFold()
	for i := range all {
		f.Add(&all[i])
		if i%10 == 0 {
			f.Profile(c.ID, pack, options())
		}
	}
	if got := text(t, f.Profile(c.ID, pack, options())); got != want {
		t.Error("a fold that grew differs from one that was built at once")
	}
}

// A profile that was handed out must not change when its fold grows.
func TestProfileIsACopy(t *testing.T) {
	pack, all := testPack(), sightings(30, 2)
	f := NewFold()
	for i := range all[:20] {
		f.Add(&all[i])
	}
	p := f.Profile("c", pack, options())
	before := text(t, p)
	for i := range all[20:] {
		f.Add(&all[20+i])
	}
	f.Profile("c", pack, options())
	if text(t, p) != before {
		t.Error("the profile changed after it was handed out")
	}
}

func TestAddingAMessageNeverRemovesATarget(t *testing.T) {
	pack, all := testPack(), sightings(120, 3)
	f, had := NewFold(), map[string]bool{}
	for i := range all {
		f.Add(&all[i])
		now := map[string]bool{}
		p := f.Profile("c", pack, Options{})
		for _, target := range p.Targets {
			now[target.Organisation] = true
		}
		for org := range had {
			if !now[org] {
				t.Fatalf("message %d removed %s", i, org)
			}
		}
		had = now
		if p.Size.AtLeast < len(p.Targets) {
			t.Fatal("the size is below the targets seen")
		}
	}
}

func TestFields(t *testing.T) {
	pack := testPack()
	p := Build(coldwatch.Campaign{ID: "c-00000000aa"}, sightings(60, 4), pack, options())
	if p.Impersonated[0].Value != "partner" || p.Impersonated[0].Name != "Partner Cooling" || p.Impersonated[0].Count != 60 {
		t.Errorf("impersonated %+v", p.Impersonated)
	}
	known := 0
	for _, target := range p.Targets {
		known += target.Messages
		if target.First.After(target.Last) || len(target.Sightings) != target.Messages {
			t.Errorf("target %+v", target)
		}
	}
	if known+p.Unknown != p.Messages || p.Unknown == 0 {
		t.Errorf("%d known and %d unknown of %d", known, p.Unknown, p.Messages)
	}
	if len(p.Stages) != len(knowledge.Stages) {
		t.Errorf("%d stages", len(p.Stages))
	}
	if !p.Size.Assessed || !p.Next.Assessed || !p.Doses.Assessed || !p.Specificity.Assessed {
		t.Errorf("not assessed: %v %v %v %v", p.Size.Reason, p.Next.Reason, p.Doses.Reason, p.Specificity.Reason)
	}
	if p.Specificity.Low > p.Specificity.Value || p.Specificity.Value > p.Specificity.High {
		t.Errorf("index %+v", p.Specificity)
	}
	if len(p.Summary) != 3 {
		t.Errorf("summary %q", p.Summary)
	}
	if len(Sentences(strings.Join(p.Summary, " "))) != 3 {
		t.Errorf("not three sentences: %q", p.Summary)
	}
	if p.Possible || p.Name != "Partner Cooling quotation lure" {
		t.Errorf("possible %v, name %q", p.Possible, p.Name)
	}
	if len(p.Timeline) == 0 || p.Timeline[0].From != p.First {
		t.Errorf("timeline %+v", p.Timeline)
	}
	if p.Attribution.Stated != "" || p.Attribution.Actor != "" || !strings.HasPrefix(p.Attribution.Statement, "The actor is unknown") {
		t.Errorf("attribution %q stated %q", p.Attribution.Statement, p.Attribution.Stated)
	}
	var months []string
	for _, m := range p.FidelityOverTime {
		months = append(months, m.From.Format("2006-01"))
	}
	if !slices.Equal(months, []string{"2020-09", "2020-10", "2020-11"}) {
		t.Errorf("months %v", months)
	}
}

func TestEmptyAndOneMessage(t *testing.T) {
	pack := testPack()
	p := Build(coldwatch.Campaign{ID: "c"}, nil, pack, Options{})
	if p.Doses.Assessed || p.Size.Assessed || p.Next.Assessed || p.Possible {
		t.Errorf("an empty campaign is assessed: %+v", p)
	}
	one := sightings(1, 1)
	one[0].Organisation = "org-003"
	p = Build(coldwatch.Campaign{ID: "c"}, one, pack, Options{})
	if !p.Possible || len(p.Targets) != 1 || !strings.HasPrefix(p.Gaps[0], "One message") {
		t.Errorf("possible %v, targets %v, gaps %v", p.Possible, p.Targets, p.Gaps)
	}
	one[0].Received = time.Time{}
	p = Build(coldwatch.Campaign{ID: "c"}, one, pack, Options{})
	if !p.First.IsZero() || p.Messages != 1 || len(p.Timeline) != 0 {
		t.Errorf("undated message: %+v", p)
	}
	Build(coldwatch.Campaign{ID: "c"}, one, knowledge.New(knowledge.Pack{}), Options{})
}

func TestDosesAreConserved(t *testing.T) {
	for round := range 200 {
		r := rand.New(rand.NewPCG(uint64(round), 5))
		rows := *testPack()
		rows.Lanes = slices.Clone(rows.Lanes)
		targets := map[string]bool{}
		for range 1 + r.IntN(20) {
			targets[fmt.Sprintf("org-%03d", r.IntN(120))] = true
		}
		rows.Lanes = append(rows.Lanes, rows.Lanes[0]) // a lane that stands twice counts once
		whole := doses(&rows, targets)
		low, high := 0.0, 0.0
		seen := map[string]bool{}
		for _, l := range rows.Lanes {
			if !seen[l.ID] && slices.ContainsFunc(l.Stops, func(s string) bool { return targets[s] }) {
				low, high = low+*l.DosesLow, high+*l.DosesHigh
			}
			seen[l.ID] = true
		}
		if whole.PerWeek.Low != low || whole.PerWeek.High != high {
			t.Fatalf("%v to %v, want %v to %v", whole.PerWeek.Low, whole.PerWeek.High, low, high)
		}
		if !whole.Assessed {
			continue
		}
		i := r.IntN(len(rows.Lanes))
		rows.Lanes[i].DosesLow = nil
		if r.IntN(2) == 0 {
			rows.Lanes[i].DosesHigh = nil
		}
		if i == 0 { // its copy too
			rows.Lanes[8] = rows.Lanes[0]
		}
		missing := doses(&rows, targets)
		if missing.PerWeek.Low > whole.PerWeek.Low || !missing.PerWeek.Open && missing.PerWeek.High < whole.PerWeek.High {
			t.Fatalf("a missing figure narrowed %+v to %+v", whole.PerWeek, missing.PerWeek)
		}
		if strings.HasPrefix(missing.Reason, "0 ") || strings.Contains(missing.Reason, " 0 doses") {
			t.Fatalf("a gap reads as zero: %s", missing.Reason)
		}
	}
	none := *testPack()
	none.Lanes = nil
	if d := doses(&none, map[string]bool{"org-001": true}); d.Assessed || !strings.HasPrefix(d.Reason, "Not assessed") {
		t.Errorf("without lanes: %+v", d)
	}
}

func TestExcursionsInTheCustodyOfATarget(t *testing.T) {
	o := options()
	o.Excursions = []coldwatch.Excursion{
		{At: t0.AddDate(0, 0, 9), Lane: "lane-1", Organisation: "org-000", Celsius: -40, Limit: -60},
		{At: t0.AddDate(0, 0, 3), Lane: "lane-1", Organisation: "org-001", Celsius: -40, Limit: -60}, // no member, never hit
		{At: t0.AddDate(0, 0, 2), Lane: "lane-2", Organisation: "org-003", Celsius: -50, Limit: -60},
	}
	all := sightings(40, 11)
	all[0].Organisation, all[1].Organisation = "org-000", "org-003"
	p := Build(coldwatch.Campaign{ID: "c"}, all, testPack(), o)
	if len(p.Excursions) != 2 || p.Excursions[0].Organisation != "org-003" {
		t.Errorf("%+v", p.Excursions)
	}
}

func TestPhasesFindAScheduledChange(t *testing.T) {
	found, alarms := 0, 0
	const rounds = 60
	for round := range rounds {
		all := sightings(80, uint64(100+round))
		change := t0.AddDate(0, 0, 40)
		for i := range all {
			s := &all[i]
			s.Features = []coldwatch.Feature{{View: coldwatch.ViewHost, Value: "a.example"}, {View: coldwatch.ViewSender, Value: "x.test"}, {View: coldwatch.ViewStructure, Value: "1"}}
			if s.Received.After(change) {
				s.Features = []coldwatch.Feature{{View: coldwatch.ViewHost, Value: "b.example"}, {View: coldwatch.ViewSender, Value: "x.test"}, {View: coldwatch.ViewStructure, Value: "2"}}
			}
		}
		f := NewFold()
		for i := range all {
			f.Add(&all[i])
		}
		hit := false
		for _, p := range f.phases(f.memo)[1:] {
			if math.Abs(p.From.Sub(change).Hours()) <= 24*windowDays*1.5 {
				hit = true
			} else {
				alarms++
			}
		}
		if hit {
			found++
		}
	}
	if found < rounds*95/100 || alarms > rounds/20 {
		t.Errorf("found %d of %d changes, %d false alarms", found, rounds, alarms)
	}
}

func TestNoPhaseWithoutChange(t *testing.T) {
	alarms := 0
	for round := range 60 {
		f := NewFold()
		for _, s := range sightings(100, uint64(500+round)) {
			f.Add(&s)
		}
		alarms += len(f.phases(f.memo)) - 1
	}
	if alarms > 3 {
		t.Errorf("%d phases in 60 campaigns that do not change", alarms)
	}
}

func TestStartAndActivity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	covered, n := 0, 400
	for range n {
		var first []int64
		for range 5 + r.IntN(20) {
			first = append(first, t0.Unix()+int64(r.Float64()*60*86400))
		}
		slices.Sort(first)
		if e := estimateStart(first, Options{}); !e.Earliest.After(t0) {
			covered++
		}
	}
	if c := float64(covered) / float64(n); c < .93 {
		t.Errorf("the bound covers %.2f under a steady rate", c)
	}
	e := estimateStart([]int64{t0.Unix(), t0.Unix() + 86400*10, t0.Unix() + 86400*12}, Options{Telemetry: t0.AddDate(0, 0, -2),
		Anchors: []Anchor{{At: t0.AddDate(0, 0, -80), Text: "A look-alike domain was registered on that day."}}})
	if !e.AtLeast || !e.Earliest.Equal(t0.AddDate(0, 0, -80)) || len(e.Anchors) != 1 {
		t.Errorf("%+v", e)
	}
	days := []int64{0, 2, 5, 7, 9, 12}
	if j := activity(days, time.Unix(14*86400, 0)); !strings.Contains(j.Text, "active") {
		t.Error(j.Text)
	}
	if j := activity(days, time.Unix(60*86400, 0)); !strings.Contains(j.Text, "dormant") {
		t.Error(j.Text)
	}
}

func TestHalfLife(t *testing.T) {
	var infra []coldwatch.Infrastructure
	for i := range 20 {
		infra = append(infra, coldwatch.Infrastructure{Observable: coldwatch.Observable{Kind: coldwatch.DomainName, Value: fmt.Sprint(i), Owned: true}, Messages: 3,
			First: t0, Last: t0.AddDate(0, 0, 1+i)})
	}
	r := halfLife(infra, t0.AddDate(0, 0, 200), 200*day)
	if r.N != 20 || r.Median < 9 || r.Median > 12 || r.Low > r.Median || r.High < r.Median {
		t.Errorf("%+v", r)
	}
	if r := halfLife(infra[:2], t0, day); r.N != 0 {
		t.Errorf("two hosts give a half-life: %+v", r)
	}
}

func TestSizeIsALowerBound(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	under, n := 0, 300
	pack := testPack()
	for range n {
		rate := .1 + .4*r.Float64()
		truth, targets := 0, map[string]bool{}
		for i := range pack.Organisations {
			o := &pack.Organisations[i]
			if r.Float64() < rate {
				truth++
				if o.Member {
					targets[o.ID] = true
				}
			}
		}
		s, _ := size(pack, targets, Options{})
		if s.AtLeast <= truth {
			under++
		}
		if s.AtLeast < len(targets) {
			t.Fatal("the bound is below what was seen")
		}
	}
	if f := float64(under) / float64(n); f < .95 {
		t.Errorf("the bound is at or under the truth in %.3f", f)
	}
}

func TestDiffAndRevise(t *testing.T) {
	pack, all := testPack(), sightings(60, 8)
	slices.SortFunc(all, func(a, b coldwatch.Sighting) int { return a.Received.Compare(b.Received) })
	old := Revise(coldwatch.Profile{}, Build(coldwatch.Campaign{ID: "c"}, all[:30], pack, options()))
	if old.Version != 1 {
		t.Fatalf("version %d", old.Version)
	}
	same := Revise(old, Build(coldwatch.Campaign{ID: "c"}, all[:30], pack, options()))
	if same.Version != 1 {
		t.Errorf("the same content became version %d", same.Version)
	}
	o := options()
	o.Now, o.Seen["org-000"] = o.Now.AddDate(0, 0, 1), 999
	if same := Revise(old, Build(coldwatch.Campaign{ID: "c"}, all[:30], pack, o)); same.Version != 1 {
		t.Errorf("other mail made version %d", same.Version)
	}
	new := Revise(old, Build(coldwatch.Campaign{ID: "c"}, all, pack, options()))
	d := Diff(old, new)
	if d.From != 1 || d.To != 2 || d.Messages != 30 {
		t.Errorf("%+v", d)
	}
	want := map[string]bool{}
	for _, target := range new.Targets {
		want[target.Organisation] = true
	}
	for _, target := range old.Targets {
		delete(want, target.Organisation)
	}
	if !slices.Equal(d.Organisations.Added, slices.Sorted(maps.Keys(want))) || len(d.Organisations.Removed) != 0 {
		t.Errorf("added %v, want %v", d.Organisations.Added, want)
	}
	for _, s := range d.Sentences {
		if p := Lint(s); len(p) > 0 {
			t.Errorf("%q: %+v", s, p)
		}
	}
	if e := Diff(new, new); len(e.Sentences) != 0 || !reflect.DeepEqual(e.Organisations, Change{Added: []string{}, Removed: []string{}}) {
		t.Errorf("no change reads %q", e.Sentences)
	}
}

func BenchmarkLargeCampaign(b *testing.B) {
	pack, all := testPack(), sightings(10000, 6)
	for b.Loop() {
		f := NewFold()
		for i := range all {
			f.Add(&all[i])
		}
		f.Profile("c", pack, options())
	}
}

func BenchmarkOneMore(b *testing.B) {
	pack, all := testPack(), sightings(10000+b.N, 6)
	f := NewFold()
	for i := range all[:10000] {
		f.Add(&all[i])
	}
	f.Profile("c", pack, options())
	b.ResetTimer()
	for i := range b.N {
		f.Add(&all[10000+i])
		f.Profile("c", pack, options())
	}
}
