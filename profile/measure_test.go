package profile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

type truth struct {
	ID          string    `json:"id"`
	Class       string    `json:"actor_class"`
	First       time.Time `json:"first_sent"`
	Impersonate string    `json:"impersonates"`
	Seen        []string  `json:"targets_seen"`
	All         []string  `json:"targets_all"`
}

type scenario struct {
	name      string
	family    string
	telemetry time.Time
	pack      *knowledge.Pack
	campaigns []truth
	sightings map[string][]coldwatch.Sighting // by campaign, of members within the window
	seen      map[string]int
}

// scenarios loads labelled scenarios from the folder that CW_CORPORA names. Only their tables are read, no mail.
func scenarios(t testing.TB) []scenario {
	root := os.Getenv("CW_CORPORA")
	if root == "" {
		t.Skip("CW_CORPORA is not set")
	}
	dirs, _ := filepath.Glob(filepath.Join(root, "*", "truth", "targets.csv"))
	var out []scenario
	for _, d := range dirs {
		dir := filepath.Dir(filepath.Dir(d))
		s := scenario{name: filepath.Base(dir), sightings: map[string][]coldwatch.Sighting{}, seen: map[string]int{}}
		var about struct {
			Family string `json:"family"`
			Window struct {
				From time.Time `json:"from"`
			} `json:"hub_window"`
		}
		read(t, filepath.Join(dir, "scenario.json"), &about)
		s.family, s.telemetry = about.Family, about.Window.From
		read(t, filepath.Join(dir, "truth", "campaigns.json"), &s.campaigns)
		var err error
		if s.pack, err = knowledge.Load(filepath.Join(dir, "pack")); err != nil {
			t.Fatal(err)
		}
		impersonates := map[string]string{}
		for _, c := range s.campaigns {
			impersonates[c.ID] = c.Impersonate
		}
		for _, r := range rows(t, d) {
			if r["member"] != "yes" || r["in_window"] != "yes" {
				continue
			}
			at, _ := time.Parse(time.RFC3339, r["first_sent"])
			s.sightings[r["campaign"]] = append(s.sightings[r["campaign"]], coldwatch.Sighting{ID: r["campaign"] + "/" + r["org"], Organisation: r["org"],
				Received: at.Add(time.Minute), Impersonated: coldwatch.Impersonation{Organisation: impersonates[r["campaign"]]}})
		}
		for _, r := range rows(t, filepath.Join(dir, "truth", "messages.csv")) {
			s.seen[r["recipient_org"]]++
		}
		out = append(out, s)
	}
	return out
}

func read(t testing.TB, file string, into any) {
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func rows(t testing.TB, file string) []map[string]string {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, c := range all[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func TestMeasureSizeAndStart(t *testing.T) {
	var under, cases, covered int
	var errors, ratio, width []float64
	for _, s := range scenarios(t) {
		for _, c := range s.campaigns {
			p := Build(coldwatch.Campaign{ID: c.ID}, s.sightings[c.ID], s.pack, Options{Telemetry: s.telemetry, Seen: s.seen})
			cases++
			if p.Size.AtLeast <= len(c.All) {
				under++
			}
			ratio = append(ratio, float64(p.Size.AtLeast)/float64(len(c.All)))
			cover := !p.Start.Earliest.After(c.First)
			if cover {
				covered++
			}
			errors = append(errors, math.Abs(p.Start.Observed.Sub(c.First).Hours()/24))
			width = append(width, p.Start.Observed.Sub(p.Start.Earliest).Hours()/24)
			if testing.Verbose() {
				fmt.Printf("%s %s seen %d size %d of %d observed %.1f d late bound %.1f cover %v %s\n", s.name, c.ID, len(p.Targets), p.Size.AtLeast, len(c.All),
					errors[len(errors)-1], width[len(width)-1], cover, p.Attribution.Stated)
			}
		}
	}
	sort.Float64s(errors)
	sort.Float64s(ratio)
	sort.Float64s(width)
	t.Logf("campaigns %d: size at or under the truth %.3f (median bound/truth %.2f), start covered %.3f, median error %.2f days, median interval %.1f days",
		cases, float64(under)/float64(cases), ratio[cases/2], float64(covered)/float64(cases), errors[cases/2], width[cases/2])
}

func TestMeasureNext(t *testing.T) {
	type score struct{ n, hit, random, popular float64 }
	families := map[string]*score{}
	total := &score{}
	var brier float64
	bins := map[int][2]float64{}
	for _, s := range scenarios(t) {
		if families[s.family] == nil {
			families[s.family] = &score{}
		}
		for ci, c := range s.campaigns {
			var past [][]string
			for cj, other := range s.campaigns {
				if cj != ci && other.First.Before(c.First) {
					past = append(past, other.Seen)
				}
			}
			for _, left := range c.Seen {
				targets := map[string]bool{}
				for _, o := range c.Seen {
					if o != left && s.pack.Organisation(o) != nil {
						targets[o] = true
					}
				}
				if len(targets) < minTargets {
					continue
				}
				p := Predict(s.pack, sortedKeys(targets), c.Impersonate, Options{Seen: s.seen, Past: past})
				top := p.Ranked[:min(10, len(p.Ranked))]
				candidates := 0
				for i := range s.pack.Organisations {
					o := &s.pack.Organisations[i]
					if !targets[o.ID] && o.ID != c.Impersonate && len(o.Roles) > 0 {
						candidates++
					}
				}
				for _, f := range []*score{families[s.family], total} {
					f.n++
					if slices.ContainsFunc(top, func(x coldwatch.Candidate) bool { return x.Organisation == left }) {
						f.hit++
					}
					f.random += 10 / float64(candidates)
					f.popular += popularity(s.pack, targets, c.Impersonate, left)
				}
				for _, x := range p.Ranked {
					y := 0.0
					if slices.Contains(c.All, x.Organisation) {
						y = 1
					}
					brier += (x.Probability - y) * (x.Probability - y) / float64(len(p.Ranked))
					b := int(x.Probability * 10)
					bins[b] = [2]float64{bins[b][0] + 1, bins[b][1] + y}
				}
			}
		}
	}
	for _, f := range append(sortedKeys(families), "all") {
		s := families[f]
		if f == "all" {
			s = total
		}
		t.Logf("%-10s %4.0f predictions: hit@10 %.3f, random %.3f, role popularity %.3f, ratio %.2f", f, s.n, s.hit/s.n, s.random/s.n, s.popular/s.n, s.hit/max(s.random, s.popular))
	}
	t.Logf("Brier %.3f", brier/total.n)
	for b := range 10 {
		if bins[b][0] > 0 {
			t.Logf("said %.1f–%.1f: %.0f, came true %.2f", float64(b)/10, float64(b+1)/10, bins[b][0], bins[b][1]/bins[b][0])
		}
	}
}

// popularity is the chance that the organisation is among ten ranked by how many targets have its role, ties by lot.
func popularity(pack *knowledge.Pack, targets map[string]bool, partner, left string) float64 {
	count := map[string]int{}
	for o := range targets {
		count[pack.Organisation(o).Roles[0]]++
	}
	mine := count[pack.Organisation(left).Roles[0]]
	above, same := 0, 0
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		if targets[o.ID] || o.ID == partner || len(o.Roles) == 0 {
			continue
		}
		switch n := count[o.Roles[0]]; {
		case n > mine:
			above++
		case n == mine:
			same++
		}
	}
	return min(1, max(0, float64(10-above))/float64(same))
}
