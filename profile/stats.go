package profile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// seedOf derives the seed of a simulation from names, so that equal input gives equal figures.
func seedOf(names ...string) uint64 {
	h := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return binary.BigEndian.Uint64(h[:8])
}

// A Memo keeps the results of simulations by their input, so that what did not change is not drawn again. The results
// follow from the input alone; a memo only saves time. It is not safe for concurrent use.
type Memo struct {
	p            map[string][2]float64 // p value and divergence
	attributions map[string]coldwatch.Attribution
}

// maxMemo bounds what a memo holds of each kind: some megabytes.
const maxMemo = 10_000

// NewMemo returns an empty memo, to be shared by the profiles of many campaigns in [Options].
func NewMemo() *Memo {
	return &Memo{p: map[string][2]float64{}, attributions: map[string]coldwatch.Attribution{}}
}

// drift returns the p value of the difference between two counted distributions, and their divergence.
func (m *Memo) drift(a, b map[string]int) (p, size float64) {
	values := make([]string, 0, len(a)+len(b))
	for v := range a {
		values = append(values, v)
	}
	for v := range b {
		if _, both := a[v]; !both {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	left, right := make([]int, len(values)), make([]int, len(values))
	var key strings.Builder
	for i, v := range values {
		left[i], right[i] = a[v], b[v]
		key.WriteString(strconv.Itoa(a[v]))
		key.WriteByte(':')
		key.WriteString(strconv.Itoa(b[v]))
		key.WriteByte(' ')
	}
	k := key.String()
	if known, ok := m.p[k]; ok {
		return known[0], known[1]
	}
	if len(m.p) >= maxMemo {
		clear(m.p)
	}
	size = divergence(left, right)
	p = driftP(left, right, size, seedOf(k))
	m.p[k] = [2]float64{p, size}
	return p, size
}

// attribute weighs the evidence, once for all campaigns whose items differ in their words only.
func (m *Memo) attribute(priors []knowledge.Prior, entered []Hypothesis, evidence []coldwatch.GradedItem, organisations int) coldwatch.Attribution {
	items := byID(evidence)
	bare := slices.Clone(items)
	for i := range bare {
		bare[i].Text = ""
		if bare[i].Author != own {
			bare[i].Author = ""
		}
	}
	key := fmt.Sprint(priors, entered, bare, organisations >= 2) // fmt prints maps sorted
	a, known := m.attributions[key]
	if !known {
		if len(m.attributions) >= maxMemo {
			clear(m.attributions)
		}
		a = attribute(priors, entered, items, organisations)
		m.attributions[key] = a
	}
	a.Hypotheses, a.Evidence = slices.Clone(a.Hypotheses), items
	a.Change = changes(a)
	return a
}

// wilson is the Wilson score interval of a proportion at 95 %.
func wilson(hit, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	const z = 1.959964
	n, p := float64(of), float64(hit)/float64(of)
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (mid-half)/(1+z*z/n)), min(1, (mid+half)/(1+z*z/n))
}

// gamma draws from the gamma distribution with shape a and scale 1 (Marsaglia and Tsang 2000).
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(r.Float64(), 1/a)
	}
	d := a - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := r.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// beta draws from the beta distribution.
func beta(r *rand.Rand, a, b float64) float64 {
	x, y := gamma(r, a), gamma(r, b)
	if x+y == 0 {
		return 0
	}
	return x / (x + y)
}

// chiSquareTail is P(X ≥ x) for a chi-square with df degrees of freedom: the Wilson–Hilferty cube root.
func chiSquareTail(x float64, df int) float64 {
	if x <= 0 {
		return 1
	}
	k := float64(df)
	z := (math.Cbrt(x/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
	return math.Erfc(z/math.Sqrt2) / 2
}

// quantile gives a point of sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[quantileAt(len(sorted), q)]
}

func quantileAt(n int, q float64) int { return min(n-1, max(0, int(q*float64(n)))) }

// settle puts the value that stands at a quantile of the sorted values in its place, the smaller before it and the greater
// behind: a tenth of the cost of sorting (Hoare 1961). There must be no NaN.
func settle(values []float64, q float64) {
	k := quantileAt(len(values), q)
	for low, high := 0, len(values)-1; low < high; {
		pivot := middle(values[low], values[(low+high)/2], values[high])
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return
		}
	}
}

func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }
