package verdict

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sort"
)

//go:embed weights.json
var shipped []byte

// Weights are the numbers of a verdict. The shipped ones are embedded; an operator may measure and use others.
type Weights struct {
	Version     int                 `json:"version"`
	Note        string              `json:"note"`
	Prior       float64             `json:"prior"` // bits before any finding
	PriorReason string              `json:"prior_reason"`
	Hostile     float64             `json:"hostile"`    // bits from which a message is hostile
	Suspicious  float64             `json:"suspicious"` // bits from which it is worth a look
	Share       float64             `json:"share"`      // share that the weaker findings of one group count
	Kinds       map[string]Weight   `json:"kinds"`
	Gates       map[string][]string `json:"gates"` // what a gate explains: kinds, or beginnings of kinds that end in "." or are cut short
}

// A Weight is what one kind of finding counts.
type Weight struct {
	Bits   float64 `json:"bits"`
	Group  string  `json:"group"`
	Reason string  `json:"reason"`
}

// Shipped returns the embedded weights.
func Shipped() *Weights {
	w, err := Parse(shipped)
	if err != nil {
		panic("verdict: embedded weights: " + err.Error()) // a test reads them
	}
	return w
}

// Parse reads a weights file and checks that its numbers make sense.
func Parse(b []byte) (*Weights, error) {
	w := new(Weights)
	if err := json.Unmarshal(b, w); err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	if w.Share < 0 || w.Share > 1 || w.Hostile < w.Suspicious {
		return nil, fmt.Errorf("read weights: share must lie in 0…1 and hostile not below suspicious")
	}
	return w, nil
}

// Names returns the kinds that have a weight, sorted.
func (w *Weights) Names() []string {
	out := make([]string, 0, len(w.Kinds))
	for k := range w.Kinds {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
