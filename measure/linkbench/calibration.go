package linkbench

import (
	"math"
	"math/rand"

	"github.com/coldwatch/coldwatch/campaign"
)

// Calibration compares P(link) of candidate pairs with the truth.
type Calibration struct {
	Pairs int     `json:"pairs"`
	Brier float64 `json:"brier"`
	ECE   float64 `json:"ece"` // expected calibration error over ten bins of P
}

// calibrate draws pairs that share at least one value, any view alike.
func calibrate(l *campaign.Linker, ms []message, seed int64) Calibration {
	const draws = 20000
	r := rand.New(rand.NewSource(seed))
	idx := holders(ms, []int{host, path, kit, attachment, sender, network, text, subject})
	var c Calibration
	var n, sum, hit [10]float64
	for range draws {
		i := r.Intn(len(ms))
		x := ms[i].v[[]int{host, path, kit, sender, network, text, subject}[r.Intn(7)]]
		h := idx[x]
		if x == 0 || len(h) < 2 || ms[i].hidden {
			continue
		}
		j := int(h[r.Intn(len(h))])
		if j == i || ms[j].hidden {
			continue
		}
		p := l.Link(ms[i].id(i), ms[j].id(j)).Probability
		y := 0.0
		if ms[i].camp == ms[j].camp {
			y = 1
		}
		b := min(9, int(p*10))
		n[b]++
		sum[b] += p
		hit[b] += y
		c.Brier += (p - y) * (p - y)
		c.Pairs++
	}
	for b := range n {
		if n[b] > 0 {
			c.ECE += math.Abs(sum[b]-hit[b]) / float64(c.Pairs)
		}
	}
	c.Brier /= math.Max(1, float64(c.Pairs))
	return c
}
