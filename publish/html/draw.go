package html

import (
	"fmt"
	"time"

	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/worldmap"
)

// A mapView is the world as the template draws it.
type mapView struct {
	Height     int
	Countries  []mapArea
	Dots       []mapDot
	Inset      bool // several targets in Europe: it is drawn again, larger
	EuropeDots []mapDot
	List       []dossier.MapCountry
	Max        int
	Alt        string
}

type mapArea struct {
	Path, Title string
	Level       int // 0 not targeted, 1 to 4
}

type mapDot struct {
	X, Y, R int
	Title   string
}

// Europe's rectangle on the sheet.
const europeX, europeY, europeW, europeH = 1900, 130, 470, 360

func drawMap(m dossier.Map) mapView {
	v := mapView{Height: worldmap.Height - 130, List: m.Countries}
	hit := map[string]dossier.MapCountry{}
	var names []string
	for _, c := range m.Countries {
		hit[c.Code] = c
		v.Max = max(v.Max, c.Messages)
		names = append(names, fmt.Sprintf("%s (%d)", c.Name, c.Messages))
	}
	v.Alt = "Map of the world. Targeted, with messages: " + dossier.Join(names) + "."
	europe := 0
	for _, c := range worldmap.Countries() {
		t, ok := hit[c.Code]
		if c.Code == "" {
			ok = false
		}
		a := mapArea{Path: c.Path}
		if ok {
			a.Level = dossier.Shade(t.Messages, v.Max)
			a.Title = fmt.Sprintf("%s: %s", t.Name, dossier.Count(t.Messages, "message", "messages"))
			v.Dots = append(v.Dots, mapDot{c.X, c.Y, 26, a.Title})
			if c.X > europeX && c.X < europeX+europeW && c.Y > europeY && c.Y < europeY+europeH {
				europe++
				v.EuropeDots = append(v.EuropeDots, mapDot{c.X, c.Y, 6, a.Title})
			}
		}
		if c.Path != "" {
			v.Countries = append(v.Countries, a)
		}
	}
	v.Inset = europe >= 2
	return v
}

// Bar returns the width of a country's bar, of 100.
func (v mapView) Bar(n int) int {
	if v.Max == 0 {
		return 0
	}
	return max(3, n*100/v.Max)
}

// A timeView is the timeline as the template draws it, 1000 units wide.
type timeView struct {
	Bars   []timeBar
	Ticks  []dossier.Tick
	Phases []timePhase
	Start  *timeStart
	Alt    string
}

type timeBar struct {
	X, Y, W, H, Mid int
	Count           int
	Title           string
}

type timePhase struct {
	X, W  int
	Label string
	Odd   bool
}

type timeStart struct {
	X, W, Likely int
}

const timeLeft, timeWidth, timeBase, timeTall = 45, 910, 210, 130

func drawTimeline(t dossier.Timeline) timeView {
	from, to := t.Earliest, t.Last
	for _, w := range t.Waves {
		if w.To.After(to) {
			to = w.To
		}
		if w.From.Before(from) || from.IsZero() {
			from = w.From
		}
	}
	pad := max(to.Sub(from)/40, 12*time.Hour)
	from, to = from.Add(-pad), to.Add(pad)
	at := dossier.Scale(from, to, timeLeft, timeWidth)
	most := 1
	for _, w := range t.Waves {
		most = max(most, w.Messages)
	}
	var v timeView
	for _, w := range t.Waves {
		x := at(w.From)
		b := timeBar{X: x, W: max(6, at(w.To)-x), Count: w.Messages,
			Title: fmt.Sprintf("%s: %s to %s", dossier.Span(w.From, w.To), dossier.Count(w.Messages, "message", "messages"), dossier.Count(w.Organisations, "organisation", "organisations"))}
		b.H = max(6, timeTall*w.Messages/most)
		b.Y, b.Mid = timeBase-b.H, b.X+b.W/2
		v.Bars = append(v.Bars, b)
	}
	for i, p := range t.Phases {
		x := at(p.From)
		v.Phases = append(v.Phases, timePhase{X: x, W: max(2, at(p.To)-x), Label: fmt.Sprintf("Phase %d", i+1), Odd: i%2 == 1})
	}
	v.Ticks = dossier.Ticks(from, to, at)
	if !t.Likely.IsZero() && t.Earliest.Before(t.First) {
		x := at(t.Earliest)
		v.Start = &timeStart{X: x, W: max(2, at(t.First)-x), Likely: at(t.Likely)}
	}
	v.Alt = fmt.Sprintf("Timeline from %s to %s with %s; the table below has them.", dossier.Day(t.First), dossier.Day(t.Last), dossier.Count(len(t.Waves), "wave", "waves"))
	return v
}
