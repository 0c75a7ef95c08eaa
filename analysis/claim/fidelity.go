package claim

import "github.com/coldwatch/coldwatch"

// worth is what correct claims of a kind add to fidelity.
type worth struct{ first, further, most int }

var worths = map[string]worth{
	"model":       {20, 5, 30},
	"price":       {30, 5, 40},
	"programme":   {10, 5, 15},
	"certificate": {10, 0, 10},
	"capacity":    {10, 0, 10},
	"temperature": {10, 0, 10},
	"make":        {5, 0, 5},
	"vaccine":     {5, 0, 5},
	"total":       {5, 0, 5},
}

const (
	wrongCosts = 15
	enough     = 10 // claims of a kind after which no more count
	mediumFrom = 35
	highFrom   = 70
)

// Fidelity gives a lure's fidelity from 0 to 100, the number of verifiable claims behind it, and the word for it: "none",
// "low", "medium" or "high". The table stands in the package comment.
func Fidelity(claims []coldwatch.Claim) (fidelity, of int, word string) {
	correct, plausible := map[string]int{}, map[string]int{}
	wrong := 0
	for i := range claims {
		c := &claims[i]
		if _, ok := worths[c.Kind]; !ok {
			continue
		}
		switch c.Result {
		case coldwatch.Correct:
			correct[c.Kind]++
		case coldwatch.Plausible:
			plausible[c.Kind]++
		case coldwatch.Wrong:
			wrong++
		default:
			continue
		}
		of++
	}
	sum := 0 // in halves; the order of the map does not show in it
	for kind, w := range worths {
		points := 0
		for n := range min(correct[kind]+plausible[kind], enough) {
			step := w.further
			if n == 0 {
				step = w.first
			}
			if n < correct[kind] {
				step *= 2
			}
			points += step
		}
		sum += min(points, 2*w.most)
	}
	priced := correct["price"] > 0
	fidelity = max(0, min(100, sum/2)-wrong*wrongCosts)
	if !priced {
		fidelity = min(fidelity, highFrom-1)
	}
	switch {
	case of == 0:
		return fidelity, of, "none"
	case fidelity >= highFrom:
		return fidelity, of, "high"
	case fidelity >= mediumFrom:
		return fidelity, of, "medium"
	}
	return fidelity, of, "low"
}
