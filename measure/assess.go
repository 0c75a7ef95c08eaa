package measure

import (
	"maps"
	"math"
	"slices"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Assessment compares what was said about the campaigns with the truth: reach, start, size and who is next. Shares are over
// the true campaigns that were found, but recall, which is over all of them.
type Assessment struct {
	Campaigns        int     `json:"campaigns"`           // true ones
	Found            int     `json:"found"`               // of them, that a found campaign matches
	TargetsPrecision float64 `json:"targets_precision"`   // mean
	TargetsRecall    float64 `json:"targets_recall"`      // mean, 0 for a campaign that was not found
	CountriesRight   float64 `json:"countries_right"`     // share
	StartErrorDays   float64 `json:"start_error_days"`    // median
	StartCovered     float64 `json:"start_covered"`       // share whose interval holds the true first message
	SizeUnder        float64 `json:"size_at_or_under"`    // share whose "at least" is no more than the truth
	SizeBound        float64 `json:"size_bound_of_truth"` // median of "at least" over the truth
	StateWrong       int     `json:"state_wrong"`         // campaigns of another class that were stated as a state's
	ActorNamed       int     `json:"actor_named"`         // campaigns for which an actor was named from mail alone
	Next             Next    `json:"next"`

	errors, bounds                             []float64
	precision, recall, countries, cover, under float64 // sums
}

// Next compares predictions of who is hit next: each target in turn is left out and looked for among the ten ranked first
// of all organisations of the pack that are not among the others. Campaigns of fewer than six known targets give none.
type Next struct {
	Predictions int     `json:"predictions"`
	HitAt10     float64 `json:"hit_at_10"`
	Random      float64 `json:"random"`          // ten drawn by lot
	Popularity  float64 `json:"role_popularity"` // ranked by how many targets have the role
	Ratio       float64 `json:"ratio"`           // hit@10 over the better of the two
	MRR         float64 `json:"mrr"`             // mean of one over the rank; 0 beyond what is ranked
	Brier       float64 `json:"brier"`           // of the probabilities of those ranked; 0 is perfect
	BrierBase   float64 `json:"brier_base"`      // of one and the same probability for all, the true share
	Calibration []Bin   `json:"calibration,omitempty"`

	hits, random, popularity, reciprocal, squares float64
	said                                          [10]Bin
}

// A Bin is what came true of the probabilities in a tenth.
type Bin struct {
	From   float64 `json:"from"`
	Said   float64 `json:"said"` // mean
	True   float64 `json:"true"` // share
	Number int     `json:"number"`
}

// A Predictor ranks who is next after these targets of a campaign in the name of partner, given the targets of earlier
// campaigns.
type Predictor func(targets []string, partner string, past [][]string) []coldwatch.Candidate

// Assess compares what the profiles say with the truth of a scenario. r is the result of Compare.
func Assess(t *Truth, f *Found, r *Result, pack *knowledge.Pack, predict Predictor) Assessment {
	var a Assessment
	byID := map[string]*FoundCampaign{}
	for i := range f.Campaigns {
		byID[f.Campaigns[i].ID] = &f.Campaigns[i]
	}
	for i, c := range r.Campaigns {
		a.Campaigns++
		fc := byID[c.Matched]
		if fc == nil {
			continue
		}
		a.Found++
		a.precision += c.TargetsPrecision
		a.recall += c.TargetsRecall
		a.countries += float64(one(c.CountriesRight))
		a.cover += float64(one(c.StartCovered))
		a.under += float64(one(c.SizeAtLeast <= c.SizeTrue))
		a.errors = append(a.errors, c.StartErrorDays)
		a.bounds = append(a.bounds, ratio(c.SizeAtLeast, c.SizeTrue))
		at := fc.Profile.Attribution
		a.StateWrong += one(at.Stated == "state" && t.Campaigns[i].ActorClass != "state")
		a.ActorNamed += one(at.Actor != "")
	}
	a.Next.leaveOneOut(t, pack, predict)
	a.finish()
	return a
}

// Pool joins the assessments of several scenarios: shares over all their campaigns and predictions.
func Pool(as []Assessment) Assessment {
	var p Assessment
	for _, a := range as {
		p.Campaigns, p.Found = p.Campaigns+a.Campaigns, p.Found+a.Found
		p.StateWrong, p.ActorNamed = p.StateWrong+a.StateWrong, p.ActorNamed+a.ActorNamed
		p.precision, p.recall, p.countries = p.precision+a.precision, p.recall+a.recall, p.countries+a.countries
		p.cover, p.under = p.cover+a.cover, p.under+a.under
		p.errors, p.bounds = append(p.errors, a.errors...), append(p.bounds, a.bounds...)
		n, m := &p.Next, &a.Next
		n.Predictions += m.Predictions
		n.hits, n.random, n.popularity = n.hits+m.hits, n.random+m.random, n.popularity+m.popularity
		n.reciprocal, n.squares = n.reciprocal+m.reciprocal, n.squares+m.squares
		for i, b := range m.said {
			n.said[i].add(b)
		}
	}
	p.finish()
	return p
}

// Families pools results by the family of their scenario; "all" is every one.
func Families(rs []Result) map[string]Assessment {
	by := map[string][]Assessment{}
	for _, r := range rs {
		by[r.Family] = append(by[r.Family], r.Assessment)
		by["all"] = append(by["all"], r.Assessment)
	}
	out := map[string]Assessment{}
	for f, as := range by {
		out[f] = Pool(as)
	}
	return out
}

// finish works the shares out from the sums.
func (a *Assessment) finish() {
	found := math.Max(1, float64(a.Found))
	a.TargetsPrecision, a.TargetsRecall = a.precision/found, a.recall/math.Max(1, float64(a.Campaigns))
	a.CountriesRight, a.StartCovered, a.SizeUnder = a.countries/found, a.cover/found, a.under/found
	a.StartErrorDays, a.SizeBound = median(a.errors), median(a.bounds)
	n := &a.Next
	if n.Predictions == 0 {
		return
	}
	all := float64(n.Predictions)
	n.HitAt10, n.Random, n.Popularity, n.MRR = n.hits/all, n.random/all, n.popularity/all, n.reciprocal/all
	n.Ratio = n.HitAt10 / math.Max(n.Random, n.Popularity)
	said, truly := 0.0, 0.0
	n.Calibration = nil
	for i, b := range n.said {
		said, truly = said+float64(b.Number), truly+b.True
		if b.Number > 0 {
			n.Calibration = append(n.Calibration, Bin{float64(i) / 10, b.Said / float64(b.Number), b.True / float64(b.Number), b.Number})
		}
	}
	if said > 0 {
		share := truly / said
		n.Brier, n.BrierBase = n.squares/said, share*(1-share)
	}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// add sums a bin; until finish, Said and True are sums too.
func (b *Bin) add(o Bin) {
	b.Said, b.True, b.Number = b.Said+o.Said, b.True+o.True, b.Number+o.Number
}

func (n *Next) leaveOneOut(t *Truth, pack *knowledge.Pack, predict Predictor) {
	for i, c := range t.Campaigns {
		var past [][]string
		for j, o := range t.Campaigns {
			if j != i && o.First.Before(c.First) {
				past = append(past, o.TargetsSeen)
			}
		}
		for _, left := range c.TargetsSeen {
			if pack.Organisation(left) == nil {
				continue
			}
			known := map[string]bool{}
			for _, o := range c.TargetsSeen {
				if o != left && pack.Organisation(o) != nil {
					known[o] = true
				}
			}
			ranked := predict(slices.Sorted(maps.Keys(known)), c.Impersonates, past)
			if len(ranked) == 0 {
				continue // refused: too few targets
			}
			n.count(ranked, left, c.TargetsAll)
			random, popular := chances(pack, known, c.Impersonates, left)
			n.random, n.popularity = n.random+random, n.popularity+popular
		}
	}
}

func (n *Next) count(ranked []coldwatch.Candidate, left string, all []string) {
	n.Predictions++
	for i, x := range ranked {
		if x.Organisation == left {
			n.hits += float64(one(i < 10))
			n.reciprocal += 1 / float64(i+1)
		}
		y := float64(one(slices.Contains(all, x.Organisation)))
		n.squares += (x.Probability - y) * (x.Probability - y)
		n.said[min(9, int(10*x.Probability))].add(Bin{Said: x.Probability, True: y, Number: 1})
	}
}

// chances gives the chance that an organisation is among ten drawn by lot, and among ten ranked by how many of the known
// targets have its first role, ties by lot.
func chances(pack *knowledge.Pack, known map[string]bool, partner, left string) (random, popular float64) {
	count := map[string]int{}
	role := func(o *knowledge.Organisation) string {
		if o == nil || len(o.Roles) == 0 {
			return ""
		}
		return o.Roles[0]
	}
	for o := range known {
		count[role(pack.Organisation(o))]++
	}
	mine := count[role(pack.Organisation(left))]
	candidates, above, same := 0, 0, 0
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		if known[o.ID] || o.ID == partner || len(o.Roles) == 0 {
			continue
		}
		candidates++
		switch n := count[role(o)]; {
		case n > mine:
			above++
		case n == mine:
			same++
		}
	}
	return math.Min(1, 10/math.Max(1, float64(candidates))), math.Min(1, math.Max(0, float64(10-above))/math.Max(1, float64(same)))
}
