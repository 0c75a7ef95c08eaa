package dossier

import (
	"math"
	"time"
)

// What follows is the geometry that the report in HTML and the console have in common.

// Shade grades a count, from 1 to 4, on a square-root scale, so that one is still seen beside a hundred.
func Shade(n, most int) int {
	if n <= 0 || most <= 0 {
		return 1
	}
	return 1 + int(math.Min(3, math.Floor(3.999*math.Sqrt(float64(n)/float64(most)))))
}

// A Tick is a mark on an axis of time.
type Tick struct {
	X     int
	Label string
}

// Scale gives where a time stands on an axis that wide.
func Scale(from, to time.Time, left, wide int) func(time.Time) int {
	length := to.Sub(from).Seconds()
	return func(t time.Time) int {
		if length <= 0 {
			return left
		}
		return left + int(math.Round(math.Max(0, math.Min(1, t.Sub(from).Seconds()/length))*float64(wide)))
	}
}

// Ticks marks days, months or years, so that at most about nine stand on the axis.
func Ticks(from, to time.Time, at func(time.Time) int) []Tick {
	from = from.UTC()
	days := to.Sub(from).Hours() / 24
	var out []Tick
	add := func(t time.Time, format string) {
		if !t.Before(from) && !t.After(to) {
			out = append(out, Tick{at(t), t.Format(format)})
		}
	}
	switch {
	case days <= 45:
		step := int(days/8) + 1
		for t := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC); !t.After(to); t = t.AddDate(0, 0, step) {
			add(t, "2 Jan")
		}
	case days <= 365*4:
		step := int(days/30.4/8) + 1
		for t := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC); !t.After(to); t = t.AddDate(0, step, 0) {
			add(t, "Jan 2006")
		}
	default:
		step := int(days/365/8) + 1
		for t := time.Date(from.Year(), 1, 1, 0, 0, 0, 0, time.UTC); !t.After(to); t = t.AddDate(step, 0, 0) {
			add(t, "2006")
		}
	}
	return out
}

// A DrawnBar is an interval between 0 and 1 as it is drawn, 1000 units wide.
type DrawnBar struct {
	Label, Note, Range string
	X, W, Mid          int
}

// Draw gives the bars as they are drawn.
func (b Bars) Draw() []DrawnBar {
	unit := func(f float64) int { return int(math.Round(math.Max(0, math.Min(1, f)) * 1000)) }
	var out []DrawnBar
	for _, r := range b.Rows {
		x := unit(r.Low)
		out = append(out, DrawnBar{Label: r.Label, Note: r.Note, X: x, W: max(4, unit(r.High)-x), Mid: unit(r.Median),
			Range: Percent(r.Median) + " (" + Percent(r.Low) + " to " + Percent(r.High) + ")"})
	}
	return out
}

// Kind tells a template what a block is.
func Kind(b Block) string {
	switch b.(type) {
	case Paragraph:
		return "paragraph"
	case Heading:
		return "heading"
	case List:
		return "list"
	case Table:
		return "table"
	case Note:
		return "note"
	case Opinion:
		return "opinion"
	case Map:
		return "map"
	case Chain:
		return "chain"
	case Timeline:
		return "timeline"
	case Bars:
		return "bars"
	}
	return ""
}
