package page

import (
	"fmt"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/worldmap"
)

// An atlas holds the outlines of the countries, read once.
type atlas struct{ countries []worldmap.Country }

func newAtlas() *atlas { return &atlas{worldmap.Countries()} }

// A mapView is the world with the targeted countries lit.
type mapView struct {
	Areas []mapArea
	Dots  []mapDot
	List  []countryCount
	Most  int
	Alt   string
}

type mapArea struct {
	Path, Title string
	Level       int // 0 not targeted, 1 to 4
}

type mapDot struct {
	X, Y, R     int
	Code, Title string
}

type countryCount struct {
	Code, Name string
	Count      int
}

// draw lights the countries. What is counted is said by one and many.
func (a *atlas) draw(list []countryCount, one, many string) mapView {
	v := mapView{List: list}
	hit := map[string]countryCount{}
	names := make([]string, 0, len(list))
	for _, c := range list {
		hit[c.Code] = c
		v.Most = max(v.Most, c.Count)
		names = append(names, fmt.Sprintf("%s (%d)", c.Name, c.Count))
	}
	v.Alt = "Map of the world: nothing is known to be targeted."
	if len(names) > 0 {
		v.Alt = "Map of the world. Targeted, with " + many + ": " + dossier.Join(names) + "."
	}
	for _, c := range a.countries {
		t, ok := hit[c.Code]
		area := mapArea{Path: c.Path}
		if ok && c.Code != "" {
			area.Level = dossier.Shade(t.Count, v.Most)
			area.Title = t.Name + ": " + dossier.Count(t.Count, one, many)
			v.Dots = append(v.Dots, mapDot{c.X, c.Y, 18 + 9*area.Level, c.Code, area.Title})
		}
		if c.Path != "" {
			v.Areas = append(v.Areas, area)
		}
	}
	return v
}

// Bar gives the width of a country's bar, of 100.
func (v mapView) Bar(n int) int { return bar(n, v.Most) }

func bar(n, most int) int {
	if most <= 0 {
		return 0
	}
	return max(2, n*100/most)
}

// A timeView is a campaign's time as it is drawn, 1000 units wide.
type timeView struct {
	Bars                []timeBar
	Ticks               []dossier.Tick
	Phases              []timePhase
	Start, Likely, Seen int // of the interval in which it may have begun; Start is -1 for none
	Alt                 string
}

type timeBar struct {
	X, Y, W, H, Mid, Count int
	Title                  string
}

type timePhase struct {
	X, W, Number int
	Odd          bool
}

const timeLeft, timeWide, timeBase, timeTall = 20, 960, 170, 120

// drawTime draws the waves and phases of a campaign.
func drawTime(p coldwatch.Profile) timeView {
	v := timeView{Start: -1, Alt: "No time is known."}
	if len(p.Timeline) == 0 {
		return v
	}
	from, to := p.First, p.Last
	if e := p.Start.Earliest; !e.IsZero() && e.Before(from) {
		from = e
	}
	for _, w := range p.Timeline {
		if w.From.Before(from) {
			from = w.From
		}
		if w.To.After(to) {
			to = w.To
		}
	}
	pad := max(to.Sub(from)/40, 12*time.Hour)
	from, to = from.Add(-pad), to.Add(pad)
	at := dossier.Scale(from, to, timeLeft, timeWide)
	most := 1
	for _, w := range p.Timeline {
		most = max(most, w.Messages)
	}
	for _, w := range p.Timeline {
		b := timeBar{X: at(w.From), W: max(7, at(w.To)-at(w.From)), Count: w.Messages, H: max(5, timeTall*w.Messages/most),
			Title: fmt.Sprintf("%s: %s to %s", dossier.Span(w.From, w.To), dossier.Count(w.Messages, "message", "messages"), dossier.Count(w.Organisations, "organisation", "organisations"))}
		b.Y, b.Mid = timeBase-b.H, b.X+b.W/2
		v.Bars = append(v.Bars, b)
	}
	for i, ph := range p.Phases {
		x := at(ph.From)
		v.Phases = append(v.Phases, timePhase{X: x, W: max(3, at(ph.To.Add(24*time.Hour))-x), Number: i + 1, Odd: i%2 == 1})
	}
	v.Ticks = dossier.Ticks(from, to, at)
	if e := p.Start.Earliest; !e.IsZero() && !p.Start.Likely.IsZero() && e.Before(p.First) {
		v.Start, v.Likely, v.Seen = at(e), at(p.Start.Likely), at(p.First)
	}
	v.Alt = fmt.Sprintf("Timeline from %s to %s: %s in %s.", dossier.Day(p.First), dossier.Day(p.Last), dossier.Count(p.Messages, "message", "messages"),
		dossier.Count(len(p.Timeline), "wave", "waves"))
	return v
}

// StartWide gives how wide the interval of the beginning is.
func (v timeView) StartWide() int { return max(2, v.Seen-v.Start) }

// A sparkView is a campaign's waves in a line of a table, 100 units wide and 24 high.
type sparkView struct {
	Bars []timeBar
	Alt  string
}

// spark draws waves between two times.
func spark(p coldwatch.Profile, from, to time.Time) sparkView {
	v := sparkView{Alt: fmt.Sprintf("%s between %s and %s", dossier.Count(p.Messages, "message", "messages"), day(p.First), day(p.Last))}
	at := dossier.Scale(from, to, 1, 96)
	most := 1
	for _, w := range p.Timeline {
		most = max(most, w.Messages)
	}
	for _, w := range p.Timeline {
		h := max(4, 22*w.Messages/most)
		v.Bars = append(v.Bars, timeBar{X: at(w.From), W: max(2, at(w.To)-at(w.From)), H: h, Y: 24 - h})
	}
	return v
}

// A stageLight is one stage of the chain, lit where it is hit.
type stageLight struct {
	Stage string
	Hit   int
	Of    int
	Roles []coldwatch.RoleHit // that are hit
}

// stages gives the chain of a profile.
func stages(p coldwatch.Profile) []stageLight {
	var out []stageLight
	for _, s := range p.Stages {
		l := stageLight{Stage: s.Stage}
		for _, r := range s.Roles {
			l.Of += r.Of
			if r.Hit > 0 {
				l.Hit += r.Hit
				l.Roles = append(l.Roles, r)
			}
		}
		out = append(out, l)
	}
	return out
}
