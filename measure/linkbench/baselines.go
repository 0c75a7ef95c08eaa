package linkbench

import (
	"math"

	"github.com/coldwatch/coldwatch/campaign"
)

// baselines runs the simpler methods: union over any shared indicator, as sharing platforms pivot; the same without
// values that more than 50 messages have; text alone; and plain Fellegi–Sunter with frequencies counted over messages.
func baselines(ms []message, p campaign.Parameters) map[string]Quality {
	indicators := []int{host, attachment, sender, network}
	return map[string]Quality{
		"indicator union":         judge(ms, union(ms, indicators, 0)),
		"indicator union, cap 50": judge(ms, union(ms, indicators, 50)),
		"text alone":              judge(ms, union(ms, []int{text}, 0)),
		"plain Fellegi-Sunter":    judge(ms, plain(ms, p)),
	}
}

type forest []int32

func (f forest) find(x int32) int32 {
	for f[x] != x {
		f[x] = f[f[x]]
		x = f[x]
	}
	return x
}

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) labels() []int32 {
	out := make([]int32, len(f))
	for i := range out {
		out[i] = f.find(int32(i))
	}
	return out
}

func holders(ms []message, vs []int) map[int32][]int32 {
	idx := map[int32][]int32{}
	for i := range ms {
		for _, v := range vs {
			if x := ms[i].v[v]; x != 0 {
				idx[x] = append(idx[x], int32(i))
			}
		}
	}
	return idx
}

func union(ms []message, vs []int, most int) []int32 {
	f := newForest(len(ms))
	for _, h := range holders(ms, vs) {
		if most > 0 && len(h) > most {
			continue
		}
		for _, i := range h[1:] {
			f[f.find(i)] = f.find(h[0])
		}
	}
	return f.labels()
}

// plain links pairs that share a blocking value by the sum of log2(m/u), u the value's share of messages, in one go.
func plain(ms []message, p campaign.Parameters) []int32 {
	var m [nviews]float64
	for v, name := range views {
		for _, q := range p.Views {
			if q.View == name {
				m[v] = q.M
			}
		}
	}
	count := map[int32]float64{}
	for i := range ms {
		for _, x := range ms[i].v {
			count[x]++
		}
	}
	n := float64(len(ms))
	need := 20 + math.Max(0, math.Log2(n/5000))
	f := newForest(len(ms))
	for _, h := range holders(ms, []int{host, path, kit, attachment, sender, network, text, subject}) {
		h = h[:min(len(h), 400)]
		for a := range h {
			for b := a + 1; b < min(len(h), a+40); b++ {
				i, j := h[a], h[b]
				s := 0.0
				for v := range m {
					x, y := ms[i].v[v], ms[j].v[v]
					switch {
					case x == 0 || y == 0:
					case x == y:
						s += math.Log2(m[v] / (count[x] / n))
					default:
						s += math.Max(-3, math.Log2(1-m[v]))
					}
				}
				if s >= need {
					f[f.find(i)] = f.find(j)
				}
			}
		}
	}
	return f.labels()
}
