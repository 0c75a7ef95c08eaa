package verdict

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
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
	Voids       map[string][]string `json:"voids"` // kinds of finding that take a gate's word away
}

// A Weight is what one kind of finding counts: Bits, a prior that a person stated with its Reason, until rates are learnt.
type Weight struct {
	Bits   float64 `json:"bits"`
	Group  string  `json:"group"`
	Reason string  `json:"reason"`
	Seen   *Rates  `json:"seen,omitempty"` // how often labelled mail had it, nil if it was not looked at
}

// Rates say in how many labelled messages a kind of finding stood.
type Rates struct {
	Hostile   int `json:"hostile"`
	HostileOf int `json:"hostile_of"`
	Benign    int `json:"benign"`
	BenignOf  int `json:"benign_of"`
}

// Add sums two counts.
func (r Rates) Add(o Rates) Rates {
	return Rates{r.Hostile + o.Hostile, r.HostileOf + o.HostileOf, r.Benign + o.Benign, r.BenignOf + o.BenignOf}
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

// Bounds of learning from rates.
const (
	stated  = 40 // labelled messages of each side that the stated prior is worth
	mostOff = 2  // bits by which rates may move a weight
)

// WithRates returns the weights with the rates beside them.
func (w *Weights) WithRates(seen map[string]Rates) *Weights {
	out := *w
	out.Kinds = make(map[string]Weight, len(w.Kinds))
	for k, x := range w.Kinds {
		if r, ok := seen[k]; ok {
			x.Seen = &r
		} else {
			x.Seen = nil
		}
		out.Kinds[k] = x
	}
	return &out
}

// Learnt returns the weights moved from what was stated towards what the rates say: the stated prior counts as that many
// labelled messages more, so that rare findings keep it, and no weight moves far.
func (w *Weights) Learnt() *Weights {
	out := *w
	out.Kinds = make(map[string]Weight, len(w.Kinds))
	for k, x := range w.Kinds {
		if r := x.Seen; r != nil && r.HostileOf > 0 && r.BenignOf > 0 && x.Bits != 0 {
			common := float64(r.Hostile+r.Benign+1) / float64(r.HostileOf+r.BenignOf+2)
			ratio := math.Exp2(x.Bits)
			benign := min(2*common/(1+ratio), 1)
			hostile := min(benign*ratio, 1)
			k := stated / float64(min(r.HostileOf, r.BenignOf))
			moved := math.Log2((float64(r.Hostile)/float64(r.HostileOf) + k*hostile) / (float64(r.Benign)/float64(r.BenignOf) + k*benign))
			moved = max(x.Bits-mostOff, min(x.Bits+mostOff, moved))
			x.Bits = math.Round(moved*10) / 10
		}
		out.Kinds[k] = x
	}
	return &out
}

// Format writes weights as the file is kept: a line a kind, sorted within what stood together.
func (w *Weights) Format() ([]byte, error) {
	var b bytes.Buffer
	line := func(x any) (string, error) {
		var one bytes.Buffer
		e := json.NewEncoder(&one)
		e.SetEscapeHTML(false)
		err := e.Encode(x)
		return strings.TrimSpace(one.String()), err
	}
	head := *w
	head.Kinds, head.Gates, head.Voids = nil, nil, nil
	js, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write weights: %w", err)
	}
	top, _, _ := strings.Cut(string(js), ",\n  \"kinds\"")
	b.WriteString(top + ",\n  \"kinds\": {\n")
	for i, k := range w.Names() {
		s, err := line(w.Kinds[k])
		if err != nil {
			return nil, fmt.Errorf("write weights: %w", err)
		}
		fmt.Fprintf(&b, "    %q: %s%s\n", k, s, comma(i, len(w.Kinds)))
	}
	for _, t := range [...]struct {
		name string
		rows map[string][]string
	}{{"gates", w.Gates}, {"voids", w.Voids}} {
		fmt.Fprintf(&b, "  },\n  %q: {\n", t.name)
		for i, g := range slices.Sorted(maps.Keys(t.rows)) {
			s, err := line(t.rows[g])
			if err != nil {
				return nil, fmt.Errorf("write weights: %w", err)
			}
			fmt.Fprintf(&b, "    %q: %s%s\n", g, s, comma(i, len(t.rows)))
		}
	}
	b.WriteString("  }\n}\n")
	return b.Bytes(), nil
}

func comma(i, n int) string {
	if i+1 < n {
		return ","
	}
	return ""
}
