package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// A Hypothesis is one that an analyst entered besides the classes of the pack.
type Hypothesis struct {
	Name   string  `json:"name"`
	Actor  bool    `json:"actor"` // names an actor, not a class
	Prior  float64 `json:"prior"`
	Reason string  `json:"reason"`
}

const (
	draws   = 5000
	clear90 = .9 // P(top) from which a class is stated, given evidence from two groups at least
)

// reliability shrinks a likelihood to the mean over hypotheses by the Admiralty letter of its source.
var reliability = map[byte]float64{'A': .95, 'B': .8, 'C': .6, 'D': .3, 'E': .1, 'F': .5}

// fakery is the chance that the item was planted, by what it costs to fake.
var fakery = map[string]float64{"easy": .3, "moderate": .1, "hard": .02}

var className = map[string]string{
	"state": "a state-directed operation", "crime": "targeted crime", "commodity": "commodity crime",
	"competitor": "a competitor or insider", "test": "a phishing test", "other": "something else",
}

// BuiltinPriors serve a pack without priors.csv: those of the embedded pack, each with its reason.
func BuiltinPriors() []knowledge.Prior {
	return []knowledge.Prior{
		{Hypothesis: "commodity", Prior: .40, Reason: "Most hostile mail with a business theme is sent in bulk with kits for hire."},
		{Hypothesis: "crime", Prior: .33, Reason: "Payment fraud and credential theft against chosen companies are common."},
		{Hypothesis: "state", Prior: .12, Reason: "Health and vaccine logistics were state targets in 2020 and 2021; such operations are few against all phishing."},
		{Hypothesis: "test", Prior: .08, Reason: "Organisations send phishing tests to their own staff."},
		{Hypothesis: "competitor", Prior: .03, Reason: "Industrial espionage by mail is seldom reported."},
		{Hypothesis: "other", Prior: .04, Reason: "What none of the classes covers."},
	}
}

// attribute weighs the evidence over the hypotheses. organisations is the number of those whose own telemetry shows
// the campaign. The draws follow from the items' ids, so that equal evidence gives equal figures in every campaign.
func attribute(priors []knowledge.Prior, entered []Hypothesis, evidence []coldwatch.GradedItem, organisations int) coldwatch.Attribution {
	hyps := hypotheses(priors, entered)
	items := byID(evidence)
	var telling []ledgerItem
	for _, it := range items {
		if l, ok := newLedgerItem(it, hyps); ok {
			telling = append(telling, l)
		}
	}
	a := coldwatch.Attribution{Evidence: items, Hypotheses: posterior(hyps, telling, -1)}
	top, second := ranked(a.Hypotheses)
	groups := map[string]bool{}
	for _, it := range telling {
		groups[it.group] = true
	}
	for i, it := range telling {
		without := posterior(hyps, telling, i)
		again, _ := ranked(without)
		if without[again].Name != a.Hypotheses[top].Name || without[again].Words != a.Hypotheses[top].Words {
			if a.Linchpin == "" || it.spread > spreadOf(telling, a.Linchpin) {
				a.Linchpin = it.id
			}
		}
	}
	best := a.Hypotheses[top]
	runner := coldwatch.Hypothesis{}
	if second >= 0 {
		runner = a.Hypotheses[second]
	}
	if best.Top >= clear90 && best.Median >= 2*runner.Median && len(groups) >= 2 {
		a.Stated = best.Name
		if isActor(entered, best.Name) {
			a.Stated = ""
			if len(groups) >= 3 && a.Linchpin == "" && exclusive(items, best.Name) {
				a.Actor = best.Name
			}
		}
	}
	width := best.High - best.Low
	switch {
	case len(groups) >= 4 && organisations >= 2 && width <= .2 && a.Linchpin == "":
		a.Confidence = "high"
	case len(groups) >= 3 && width <= .35:
		a.Confidence = "moderate"
	default:
		a.Confidence = "low"
	}
	a.Statement = statement(a, best, runner, len(telling))
	a.Change = changes(a)
	return a
}

// byID sorts a copy of the items.
func byID(evidence []coldwatch.GradedItem) []coldwatch.GradedItem {
	items := slices.Clone(evidence)
	sort.SliceStable(items, func(i, j int) bool { return items[i].ID < items[j].ID })
	return items
}

// A prior with its name, in the order of the printed ledger.
type weighed struct {
	name  string
	prior float64
}

// hypotheses joins the classes with what analysts entered and scales the priors to one.
func hypotheses(priors []knowledge.Prior, entered []Hypothesis) []weighed {
	if len(priors) == 0 {
		priors = BuiltinPriors()
	}
	by := map[string]float64{}
	for _, p := range priors {
		if p.Hypothesis != "" && p.Prior > 0 {
			by[p.Hypothesis] = p.Prior
		}
	}
	for _, h := range entered {
		if h.Name != "" {
			by[h.Name] = min(max(h.Prior, .001), .99)
		}
	}
	sum := 0.0
	var out []weighed
	for _, name := range sortedKeys(by) {
		out = append(out, weighed{name, by[name]})
		sum += by[name]
	}
	for i := range out {
		out[i].prior /= sum
	}
	return out
}

// A ledgerItem is an item of evidence with its drawn log likelihoods: one row a draw, one column a hypothesis.
type ledgerItem struct {
	id, group string
	spread    float64
	logs      [][]float64
}

// newLedgerItem draws the item's likelihoods. An item that says the same for every hypothesis is not diagnostic and
// stays out of the sum, so that it can never change a ranking.
func newLedgerItem(it coldwatch.GradedItem, hyps []weighed) (ledgerItem, bool) {
	ranges := make([][2]float64, len(hyps))
	for i, h := range hyps {
		r, given := it.Ranges[h.name]
		if !given {
			r = [2]float64{.2, .8} // nothing said: anything goes
		}
		lo, hi := min(max(min(r[0], r[1]), .001), .999), min(max(max(r[0], r[1]), .001), .999)
		ranges[i] = [2]float64{lo, hi}
	}
	if !slices.ContainsFunc(ranges, func(r [2]float64) bool { return r != ranges[0] }) {
		return ledgerItem{}, false
	}
	r := reliability['F']
	if len(it.Grade) > 0 {
		if known, ok := reliability[it.Grade[0]]; ok {
			r = known
		}
	}
	q, ok := fakery[it.Cost]
	if !ok {
		q = fakery["easy"]
	}
	keep := r * (1 - q) // both steps shrink towards the same mean
	l := ledgerItem{id: it.ID, group: it.Group, logs: make([][]float64, draws)}
	rng := rand.New(rand.NewPCG(seedOf("attribution", it.ID), 3))
	p := make([]float64, len(hyps))
	sums := make([]float64, len(hyps))
	cells := make([]float64, draws*len(hyps))
	for d := range draws {
		mean := 0.0
		for i := range p {
			p[i] = ranges[i][0] + rng.Float64()*(ranges[i][1]-ranges[i][0])
			mean += p[i] / float64(len(p))
		}
		row := cells[d*len(hyps) : (d+1)*len(hyps)]
		for i := range p {
			row[i] = math.Log(keep*p[i] + (1-keep)*mean)
			sums[i] += row[i] / draws
		}
		l.logs[d] = row
	}
	l.spread = slices.Max(sums) - slices.Min(sums)
	return l, true
}

func spreadOf(items []ledgerItem, id string) float64 {
	for _, it := range items {
		if it.id == id {
			return it.spread
		}
	}
	return 0
}

// posterior sums priors and evidence: of each group the strongest item counts whole, the others a quarter. The item at
// index skip is left out.
func posterior(hyps []weighed, items []ledgerItem, skip int) []coldwatch.Hypothesis {
	weight := make([]float64, len(items))
	strongest := map[string]int{}
	for i, it := range items {
		if i == skip {
			continue
		}
		if s, any := strongest[it.group]; !any || it.spread > items[s].spread {
			strongest[it.group] = i
		}
	}
	for i, it := range items {
		switch {
		case i == skip:
		case strongest[it.group] == i:
			weight[i] = 1
		default:
			weight[i] = .25
		}
	}
	samples := make([][]float64, len(hyps))
	for i := range samples {
		samples[i] = make([]float64, draws)
	}
	wins := make([]int, len(hyps))
	logs := make([]float64, len(hyps))
	base := make([]float64, len(hyps))
	for i, h := range hyps {
		base[i] = math.Log(h.prior)
	}
	for d := range draws {
		copy(logs, base)
		for i, it := range items {
			if weight[i] == 0 {
				continue
			}
			for h, x := range it.logs[d] {
				logs[h] += weight[i] * x
			}
		}
		top, sum := 0, 0.0
		for h := range logs {
			if logs[h] > logs[top] {
				top = h
			}
		}
		wins[top]++
		highest := logs[top]
		for h := range logs {
			logs[h] = math.Exp(logs[h] - highest)
			sum += logs[h]
		}
		for h := range logs {
			samples[h][d] = logs[h] / sum
		}
	}
	out := make([]coldwatch.Hypothesis, len(hyps))
	for i, h := range hyps {
		for _, q := range [...]float64{.5, .05, .95} {
			settle(samples[i], q)
		}
		out[i] = coldwatch.Hypothesis{Name: h.name, Prior: h.prior, Low: quantile(samples[i], .05), Median: quantile(samples[i], .5),
			High: quantile(samples[i], .95), Top: float64(wins[i]) / draws}
		out[i].Words = Words(out[i].Median)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Median > out[j].Median })
	return out
}

// ranked gives the first and second place; the list is sorted.
func ranked(h []coldwatch.Hypothesis) (top, second int) {
	if len(h) < 2 {
		return 0, -1
	}
	return 0, 1
}

func isActor(entered []Hypothesis, name string) bool {
	return slices.ContainsFunc(entered, func(h Hypothesis) bool { return h.Name == name && h.Actor })
}

func exclusive(items []coldwatch.GradedItem, name string) bool {
	return slices.ContainsFunc(items, func(it coldwatch.GradedItem) bool { return it.Exclusive == name && it.Author != own })
}

func classWords(name string) string {
	if w := className[name]; w != "" {
		return w
	}
	return name
}

func statement(a coldwatch.Attribution, best, runner coldwatch.Hypothesis, telling int) string {
	if telling == 0 {
		return "The actor is unknown, and the class of actor is undetermined: no evidence tells the hypotheses apart."
	}
	if a.Actor != "" {
		return fmt.Sprintf("An analyst entered %s as a hypothesis, and it is %s that this actor is behind the campaign; the main alternative is %s.",
			a.Actor, best.Words, classWords(runner.Name))
	}
	if a.Stated != "" {
		return fmt.Sprintf("The actor is unknown. It is %s that this is %s; the main alternative is %s.", best.Words, classWords(best.Name), classWords(runner.Name))
	}
	return fmt.Sprintf("The actor is unknown, and the class of actor is undetermined: the evidence does not set %s far enough apart from %s.",
		classWords(best.Name), classWords(runner.Name))
}

func changes(a coldwatch.Attribution) []string {
	out := []string{"An artefact that only one actor is known to use, entered with its source."}
	if a.Linchpin != "" {
		for _, it := range a.Evidence {
			if it.ID == a.Linchpin {
				out = append(out, "The judgement hangs on one item; without it the words change: "+strings.TrimSuffix(it.Text, ".")+".")
			}
		}
	}
	return out
}
