package profile

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A view is one way of looking at the methods for drift.
type view int

const (
	viewHost view = iota
	viewPayload
	viewCarrier
	viewSender
	viewNet
	viewTooling
	viewSubject
	viewTheme
	views
)

// driftGroup puts views that change together into one group; a phase needs drift in two of them.
var driftGroup = [views]string{"infrastructure", "payload", "payload", "sender", "network", "tooling", "text", "text"}

var driftName = [views]string{"the host that receives what victims type", "the structure of the payload", "the carrier",
	"the sending domain", "the sending network", "the sending program", "the subject line", "the theme of the lure"}

const (
	windowDays     = 7
	windowMessages = 10
	permutations   = 999
	falseDiscovery = .05
	exactUpTo      = 200 // messages in two windows; above, the chi-square limit of the same statistic serves
	maxWindows     = 60  // windows of a very long or very large campaign grow instead
)

func (f *Fold) drift(day int64, v view) map[string]int {
	m := f.days[day]
	if m == nil {
		m = map[view]map[string]int{}
		f.days[day] = m
	}
	if m[v] == nil {
		m[v] = map[string]int{}
	}
	return m[v]
}

// addDrift counts one value a view and message: the first of the sorted values, so that a message weighs once.
func (f *Fold) addDrift(s *coldwatch.Sighting) {
	if s.Received.IsZero() {
		return
	}
	day := floorDay(s.Received.Unix())
	put := func(v view, value string) {
		if value != "" {
			f.drift(day, v)[value]++
		}
	}
	first := func(v coldwatch.View) string {
		for _, x := range s.Features {
			if x.View == v {
				return x.Value
			}
		}
		return ""
	}
	host := first(coldwatch.ViewHost)
	if host == "" {
		host = first(coldwatch.ViewLinkHost)
	}
	put(viewHost, host)
	put(viewPayload, first(coldwatch.ViewStructure)+"|"+strings.Join(s.Layers, ">"))
	put(viewCarrier, s.Carrier)
	put(viewSender, first(coldwatch.ViewSender))
	put(viewNet, first(coldwatch.ViewNet))
	put(viewTooling, first(coldwatch.ViewTooling))
	put(viewSubject, first(coldwatch.ViewSubject))
	put(viewTheme, s.Lure.Theme)
}

func floorDay(s int64) int64 {
	if s < 0 {
		return (s - 86399) / 86400
	}
	return s / 86400
}

// A window is a stretch of days with its counts a view.
type window struct {
	from, to int64 // days, inclusive
	n        int
	counts   [views]map[string]int
}

// windows cuts the days into windows of a week or of ten messages, whichever is reached first, at day borders.
func (f *Fold) windows() []window {
	days := slices.Sorted(maps.Keys(f.days))
	if len(days) == 0 {
		return nil
	}
	total := 0
	for _, d := range days {
		total += f.messagesOn(d)
	}
	enough := max(windowMessages, total/maxWindows)
	long := max(int64(windowDays), (days[len(days)-1]-days[0])/maxWindows)
	var out []window
	for _, d := range days {
		n := f.messagesOn(d)
		last := len(out) - 1
		if last < 0 || out[last].n >= enough || d-out[last].from >= long {
			out = append(out, window{from: d})
			last++
		}
		w := &out[last]
		w.to, w.n = d, w.n+n
		for v, counts := range f.days[d] {
			if w.counts[v] == nil {
				w.counts[v] = map[string]int{}
			}
			addCounts(w.counts[v], counts)
		}
	}
	return joinThin(out)
}

// joinThin adds windows of fewer than three messages to the one before: two messages show no distribution.
func joinThin(in []window) []window {
	var out []window
	for _, w := range in {
		if k := len(out) - 1; k >= 0 && (w.n < 3 || out[k].n < 3) {
			out[k].to, out[k].n = w.to, out[k].n+w.n
			for v := range w.counts {
				if w.counts[v] == nil {
					continue
				}
				if out[k].counts[v] == nil {
					out[k].counts[v] = map[string]int{}
				}
				addCounts(out[k].counts[v], w.counts[v])
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// messagesOn counts a day's messages: every message has a payload value, be it empty.
func (f *Fold) messagesOn(day int64) int {
	n := 0
	for _, c := range f.days[day][viewPayload] {
		n += c
	}
	return n
}

// A border is the edge between two windows with the views that differ across it.
type border struct {
	window int // the first window after it
	drifts []drift
	size   float64 // sum of the divergences
	p      float64 // the largest of the drifts
}

type drift struct {
	border int
	view   view
	p      float64
	size   float64
}

// reach is how many windows on either side of a border are compared: a change in the middle of a window would else hide.
const reach = 2

// phases tells the stretches in which the methods hold.
func (f *Fold) phases(memo *Memo) []coldwatch.Phase {
	ws := f.windows()
	if len(ws) == 0 {
		return nil
	}
	major, minor := borders(ws, memo)
	out := []coldwatch.Phase{{From: clock(ws[0].from * 86400), Changes: []string{"First methods seen."}}}
	for i, w := range ws {
		if b := major[i]; b != nil {
			next := coldwatch.Phase{From: clock(w.from * 86400), P: b.p}
			for _, d := range b.drifts {
				next.Changes = append(next.Changes, changeSentence(d.view, pooled(ws, i-reach, i, d.view), pooled(ws, i, i+reach, d.view)))
			}
			out = append(out, next)
		}
		if b := minor[i]; b != nil {
			for _, d := range b.drifts {
				sentence := changeSentence(d.view, pooled(ws, i-reach, i, d.view), pooled(ws, i, i+reach, d.view))
				out[len(out)-1].Changes = append(out[len(out)-1].Changes, "From "+date(clock(w.from*86400))+": "+sentence)
			}
		}
		out[len(out)-1].To = clock(w.to * 86400)
	}
	return out
}

// pooled adds the counts of windows from (inclusive) to (exclusive), as far as there are such windows.
func pooled(ws []window, from, to int, v view) map[string]int {
	out := map[string]int{}
	for _, w := range ws[max(0, from):min(len(ws), to)] {
		addCounts(out, w.counts[v])
	}
	return out
}

// borders gives the edges, by the window that follows, across which two groups of views drift, and apart from them the
// minor ones across which one group does. Of neighbouring edges that see the same change the one with the largest
// divergence stands.
func borders(ws []window, memo *Memo) (major, minor map[int]*border) {
	var tests []drift
	for i := 1; i < len(ws); i++ {
		for v := range views {
			a, b := pooled(ws, i-reach, i, v), pooled(ws, i, i+reach, v)
			if len(a) > 0 && len(b) > 0 {
				p, size := memo.drift(a, b)
				tests = append(tests, drift{i, v, p, size})
			}
		}
	}
	sort.SliceStable(tests, func(i, j int) bool { return tests[i].p < tests[j].p })
	passed := 0 // Benjamini–Hochberg: the largest rank whose p is under its share
	for i, t := range tests {
		if t.p <= falseDiscovery*float64(i+1)/float64(len(tests)) {
			passed = i + 1
		}
	}
	at := map[int]*border{}
	for _, t := range tests[:passed] {
		if at[t.border] == nil {
			at[t.border] = &border{window: t.border}
		}
		b := at[t.border]
		b.drifts, b.p, b.size = append(b.drifts, t), max(b.p, t.p), b.size+t.size
	}
	var strong, weak []*border
	for i := range ws {
		b := at[i]
		if b == nil {
			continue
		}
		sort.Slice(b.drifts, func(x, y int) bool { return b.drifts[x].view < b.drifts[y].view })
		first := driftGroup[b.drifts[0].view]
		if slices.ContainsFunc(b.drifts, func(d drift) bool { return driftGroup[d.view] != first }) {
			strong = append(strong, b)
		} else {
			weak = append(weak, b)
		}
	}
	major = apart(strong, map[int]*border{})
	return major, apart(weak, major)
}

// apart takes the borders by falling divergence and leaves out those beside one that stands.
func apart(bs []*border, standing map[int]*border) map[int]*border {
	sort.SliceStable(bs, func(i, j int) bool { return bs[i].size > bs[j].size })
	out := map[int]*border{}
	for _, b := range bs {
		free := true
		for _, i := range [3]int{b.window - 1, b.window, b.window + 1} {
			free = free && out[i] == nil && standing[i] == nil
		}
		if free {
			out[b.window] = b
		}
	}
	return out
}

func changeSentence(v view, before, after map[string]int) string {
	was, is := most(before), most(after)
	name := strings.ToUpper(driftName[v][:1]) + driftName[v][1:]
	if was == is || !readable(v) {
		return name + " changed."
	}
	return fmt.Sprintf("%s changed, mostly from %q to %q.", name, was, is)
}

// readable tells whether the view's values say something to a person; fingerprints do not.
func readable(v view) bool {
	return v == viewHost || v == viewCarrier || v == viewSender || v == viewTheme
}

func most(counts map[string]int) string {
	best := ""
	for v, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && v < best {
			best = v
		}
	}
	return best
}

// divergence is the Jensen–Shannon divergence in bits between two counted distributions, smoothed by a half (Dirichlet).
func divergence(a, b []int) float64 {
	na, nb := 0, 0
	for i := range a {
		na, nb = na+a[i], nb+b[i]
	}
	sum := 0.0
	for i := range a {
		sum += divergenceTerm(a[i], b[i], na, nb, len(a))
	}
	return sum
}

// divergenceTerm is what one of k values adds that x of na and y of nb messages hold.
func divergenceTerm(x, y, na, nb, k int) float64 {
	p := (float64(x) + .5) / (float64(na) + float64(k)/2)
	q := (float64(y) + .5) / (float64(nb) + float64(k)/2)
	m := (p + q) / 2
	return (p*math.Log2(p/m) + q*math.Log2(q/m)) / 2
}

// driftP is the probability of a divergence as large when both windows have one distribution. A permutation test by
// Monte Carlo that stops early (Besag and Clifford 1991) where the answer is plainly no; for large windows the chi-square
// limit of the likelihood ratio, which is the same divergence times the count.
func driftP(a, b []int, observed float64, seed uint64) float64 {
	na, nb := total(a), total(b)
	if len(a) < 2 {
		return 1
	}
	if na+nb > exactUpTo {
		return chiSquareTail(2*math.Ln2*weightedDivergence(a, b)*float64(na+nb), len(a)-1)
	}
	var pool []int
	terms := make([][]float64, len(a)) // by value and how many the first window draws of it: logarithms are the cost of a round
	for i := range a {
		n := a[i] + b[i]
		for range n {
			pool = append(pool, i)
		}
		terms[i] = make([]float64, min(n, na)+1)
		for x := range terms[i] {
			terms[i][x] = divergenceTerm(x, n-x, na, nb, len(a))
		}
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	left := make([]int, len(a))
	beyond := 0
	for round := 1; round <= permutations; round++ {
		clear(left)
		for i := range na { // a partial shuffle draws the first window
			j := i + rng.IntN(len(pool)-i)
			pool[i], pool[j] = pool[j], pool[i]
			left[pool[i]]++
		}
		size := 0.0
		for i, x := range left {
			size += terms[i][x]
		}
		if size >= observed-1e-12 {
			if beyond++; beyond >= 50 {
				return float64(beyond) / float64(round)
			}
		}
	}
	return float64(beyond+1) / float64(permutations+1)
}

func total(a []int) int {
	n := 0
	for _, x := range a {
		n += x
	}
	return n
}

// weightedDivergence weighs the windows by their counts: times twice the count and ln 2 it is the G statistic.
func weightedDivergence(a, b []int) float64 {
	na, nb := float64(total(a)), float64(total(b))
	n, sum := na+nb, 0.0
	for i := range a {
		m := float64(a[i]+b[i]) / n
		if a[i] > 0 {
			sum += float64(a[i]) / n * math.Log2(float64(a[i])/na/m)
		}
		if b[i] > 0 {
			sum += float64(b[i]) / n * math.Log2(float64(b[i])/nb/m)
		}
	}
	return sum
}
