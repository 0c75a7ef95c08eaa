package profile

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

const (
	minTargets = 5  // fewer do not show whom a campaign chooses
	maxRanked  = 25 // candidates that a profile keeps
)

// Weights of the score's six terms, in the order of the formula.
type Weights struct{ Role, Country, Partner, Walk, Past, Lane float64 }

// DefaultWeights are the weights that a profile uses. They come from leave-one-out over labelled campaigns and are kept
// round: co-targeting told most, role and country next; nearness in the relations little, lanes next to nothing, and a
// recorded relation to the impersonated partner nothing that nearness did not.
func DefaultWeights() Weights { return Weights{.7, 1, 0, .3, 2, .1} }

// A term is one line of a candidate's score: its log odds and the reason in words.
type term struct {
	bits   float64
	reason string
}

// An outlook holds what scoring needs about the targets, worked out once a campaign.
type outlook struct {
	pack        *knowledge.Pack
	targets     map[string]bool
	partner     string
	n           int
	roles       map[string]int // targets by role
	countries   map[string]int
	roleShare   map[string]float64 // share of all organisations
	countryOf   map[string]float64
	rank        map[string]float64 // personalised PageRank
	past        map[string]float64 // cosine with earlier campaigns
	lanes       map[string]int     // lanes shared with a target
	w           Weights
	partnerEdge map[string]int
	members     int // organisations that report
}

// Predict ranks who is likely next after these targets of a campaign in the name of partner, "" for nobody. It is what
// Build does, for measuring by leaving one target out.
func Predict(pack *knowledge.Pack, targets []string, partner string, o Options) coldwatch.Prediction {
	known := map[string]bool{}
	for _, t := range targets {
		if pack.Organisation(t) != nil {
			known[t] = true
		}
	}
	_, expected := size(pack, known, o)
	return next(pack, known, partner, expected, o)
}

// next ranks who is likely next. expected is the number of organisations that were hit and do not report, by the
// scale-up, or 0; it sets the level of the probabilities, the score sets their order.
func next(pack *knowledge.Pack, targets map[string]bool, partner string, expected float64, o Options) coldwatch.Prediction {
	if n := len(targets); n < minTargets {
		return coldwatch.Prediction{Reason: fmt.Sprintf("Not assessed: %s known; at least %d are needed to see whom the campaign chooses.",
			counted(n, "targeted organisation is", "targeted organisations are"), minTargets)}
	}
	k := newOutlook(pack, targets, partner, o)
	type scored struct {
		org   *knowledge.Organisation
		score float64
		terms []term
	}
	var all []scored
	for i := range pack.Organisations {
		org := &pack.Organisations[i]
		if targets[org.ID] || org.ID == partner || len(org.Roles) == 0 {
			continue
		}
		terms := k.terms(org)
		s := scored{org: org, terms: terms}
		for _, t := range terms {
			s.score += t.bits
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return coldwatch.Prediction{Reason: "Not assessed: the directory knows no organisation that was not hit."}
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].score != all[j].score {
			return all[i].score > all[j].score
		}
		return all[i].org.ID < all[j].org.ID
	})
	if expected <= 0 {
		expected = math.Min(float64(k.n), float64(len(all))/5)
	}
	scores := make([]float64, len(all))
	for i := range all {
		scores[i] = all[i].score
	}
	rate := (expected/float64(len(all))*float64(k.members) + usualWeight*usualRate) / (float64(k.members) + usualWeight)
	level := levelFor(scores, math.Min(rate, .8)*float64(len(all)))
	p := coldwatch.Prediction{Assessed: true, Reason: fmt.Sprintf("Ranked by role, country, relations, lanes and earlier campaigns against %d targeted organisations; %d organisations of the directory were compared.", k.n, len(all))}
	for _, s := range all[:min(len(all), maxRanked)] {
		c := coldwatch.Candidate{Organisation: s.org.ID, Name: s.org.Name, Score: s.score, Probability: logistic(temper*s.score + level)}
		c.Words = Words(c.Probability)
		sort.SliceStable(s.terms, func(i, j int) bool { return s.terms[i].bits > s.terms[j].bits })
		for _, t := range s.terms {
			if t.bits > .05 && t.reason != "" {
				c.Reasons = append(c.Reasons, t.reason)
			}
		}
		p.Ranked = append(p.Ranked, c)
	}
	return p
}

// temper flattens the score into log odds: its terms overlap, and on labelled campaigns their
// plain sum was far too sure of itself.
const temper = .1

// usualRate is the share of a pack's organisations that a campaign on its chain hits, and usualWeight the number of members
// that it counts for: on labelled campaigns the scale-up alone was too sure of itself wherever many members were hit, for
// members join because they were hit.
const (
	usualRate   = .15
	usualWeight = 60
)

// levelFor finds the constant that makes the probabilities add up to the expected number.
func levelFor(scores []float64, expected float64) float64 {
	low, high := -30.0, 30.0
	for range 60 {
		mid, sum := (low+high)/2, 0.0
		for _, s := range scores {
			sum += logistic(temper*s + mid)
		}
		if sum > expected {
			high = mid
		} else {
			low = mid
		}
	}
	return (low + high) / 2
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func newOutlook(pack *knowledge.Pack, targets map[string]bool, partner string, o Options) *outlook {
	k := &outlook{pack: pack, targets: targets, partner: partner, roles: map[string]int{}, countries: map[string]int{},
		roleShare: map[string]float64{}, countryOf: map[string]float64{}, lanes: map[string]int{}, partnerEdge: map[string]int{}, w: DefaultWeights()}
	if o.Weights != (Weights{}) {
		k.w = o.Weights
	}
	all := 0.0
	for i := range pack.Organisations {
		org := &pack.Organisations[i]
		if len(org.Roles) == 0 {
			continue
		}
		all++
		if targets[org.ID] || org.Member || o.Seen[org.ID] > 0 {
			k.members++
		}
		for _, r := range org.Roles {
			k.roleShare[r]++
		}
		k.countryOf[org.Country]++
		if targets[org.ID] {
			k.n++
			for _, r := range org.Roles {
				k.roles[r]++
			}
			k.countries[org.Country]++
		}
	}
	for r := range k.roleShare {
		k.roleShare[r] /= all
	}
	for c := range k.countryOf {
		k.countryOf[c] /= all
	}
	for i := range pack.Lanes {
		hit := 0
		for _, s := range pack.Lanes[i].Stops {
			if targets[s] {
				hit = 1
			}
		}
		for _, s := range pack.Lanes[i].Stops {
			k.lanes[s] += hit
		}
	}
	for _, r := range pack.RelationsOf(partner) {
		k.partnerEdge[r.FromOrg]++
		k.partnerEdge[r.ToOrg]++
	}
	k.rank = walk(pack, targets)
	k.past = cotargeted(targets, o.Past)
	return k
}

// terms gives the six terms of an organisation's score.
func (k *outlook) terms(org *knowledge.Organisation) []term {
	n := float64(k.n)
	odds := func(hit int, share float64) float64 {
		return math.Log((float64(hit) + 3*share) / (n + 3) / share)
	}
	role := org.Roles[0]
	for _, r := range org.Roles {
		if odds(k.roles[r], k.roleShare[r]) > odds(k.roles[role], k.roleShare[role]) {
			role = r
		}
	}
	roleBits, countryBits := odds(k.roles[role], k.roleShare[role]), odds(k.countries[org.Country], k.countryOf[org.Country])
	name := role
	if r := k.pack.Role(role); r != nil {
		name = r.Name
	}
	out := []term{
		{k.w.Role * roleBits, "Its role, " + name + ", is " + k.ratio(k.roles[role], k.roleShare[role]) + "."},
		{k.w.Country * countryBits, "Its country, " + org.Country + ", is " + k.ratio(k.countries[org.Country], k.countryOf[org.Country]) + "."},
	}
	if e := k.partnerEdge[org.ID]; e > 0 && org.ID != k.partner {
		out = append(out, term{k.w.Partner * math.Log1p(float64(e)), "It stands in a recorded relation to the organisation that the campaign impersonates."})
	}
	if near := k.rank[org.ID]; near > 0 {
		out = append(out, term{k.w.Walk * math.Log1p(near), "It stands close to targeted organisations in the directory's relations and lanes."})
	}
	if c := k.past[org.ID]; c > 0 {
		out = append(out, term{k.w.Past * c, "Earlier campaigns hit it together with organisations that this one targets."})
	}
	if l := k.lanes[org.ID]; l > 0 {
		out = append(out, term{k.w.Lane * math.Log1p(float64(l)) / 2, fmt.Sprintf("It is a stop on %s with a targeted organisation.", counted(l, "lane", "lanes"))})
	}
	return out
}

// ratio writes an odds ratio with its 95 % interval: the odds among targets over the odds among all organisations.
func (k *outlook) ratio(hit int, share float64) string {
	odds := func(p float64) float64 {
		p = min(max(p, .001), .999)
		return p / (1 - p)
	}
	low, high := wilson(hit, k.n)
	base := odds(share)
	return fmt.Sprintf("%d of %d targets against %s of all organisations (odds ratio %.1f, 95 %% interval %.1f to %.1f)",
		hit, k.n, percent(share), odds((float64(hit)+3*share)/(float64(k.n)+3))/base, odds(low)/base, odds(high)/base)
}

// walk is the personalised PageRank from the targets over relations and neighbouring stops of lanes, damping .85,
// as a multiple of what an organisation would have if rank were spread evenly.
func walk(pack *knowledge.Pack, targets map[string]bool) map[string]float64 {
	edges := map[string]map[string]float64{}
	join := func(a, b string) {
		if a == b || pack.Organisation(a) == nil || pack.Organisation(b) == nil {
			return
		}
		for _, e := range [2][2]string{{a, b}, {b, a}} {
			if edges[e[0]] == nil {
				edges[e[0]] = map[string]float64{}
			}
			edges[e[0]][e[1]] = 1
		}
	}
	for _, r := range pack.Relations {
		join(r.FromOrg, r.ToOrg)
	}
	for _, l := range pack.Lanes {
		for i := 1; i < len(l.Stops); i++ {
			join(l.Stops[i-1], l.Stops[i])
		}
	}
	ids := make([]string, 0, len(pack.Organisations))
	for i := range pack.Organisations {
		ids = append(ids, pack.Organisations[i].ID)
	}
	slices.Sort(ids)
	index := make(map[string]int, len(ids))
	for i, id := range ids {
		index[id] = i
	}
	links := make([][]int, len(ids))
	for i, id := range ids {
		for _, to := range sortedKeys(edges[id]) {
			links[i] = append(links[i], index[to])
		}
	}
	start := make([]float64, len(ids))
	for t := range targets {
		if i, known := index[t]; known {
			start[i] = 1 / float64(len(targets))
		}
	}
	rank := slices.Clone(start)
	for range 30 {
		following, lost := make([]float64, len(ids)), 0.0
		for i, r := range rank {
			if len(links[i]) == 0 {
				lost += r
				continue
			}
			for _, to := range links[i] {
				following[to] += .85 * r / float64(len(links[i]))
			}
		}
		for i := range following {
			following[i] += (.15 + .85*lost) * start[i]
		}
		rank = following
	}
	out := map[string]float64{}
	for i, id := range ids {
		if rank[i] > 0 {
			out[id] = rank[i] * float64(len(ids))
		}
	}
	return out
}

// cotargeted is the cosine between the campaign and the earlier campaigns that hit an organisation, summed.
func cotargeted(targets map[string]bool, past [][]string) map[string]float64 {
	out := map[string]float64{}
	for _, p := range past {
		both := 0
		for _, t := range p {
			if targets[t] {
				both++
			}
		}
		if both == 0 || len(targets) == 0 {
			continue
		}
		c := float64(both) / math.Sqrt(float64(len(p))*float64(len(targets)))
		for _, t := range p {
			out[t] += c
		}
	}
	return out
}
