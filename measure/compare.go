package measure

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// Result is the comparison of one scenario; the names in JSON are stable.
type Result struct {
	Scenario  string  `json:"scenario"`
	Messages  int     `json:"messages"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"messages_per_second"`
	PeakRSS   float64 `json:"peak_rss_mb"`

	Verdict   VerdictResult    `json:"verdict"`
	Clusters  ClusterResult    `json:"clusters"`
	Campaigns []CampaignResult `json:"campaigns"`

	Family     string     `json:"family"`
	Assessment Assessment `json:"assessment"` // by Assess
}

// VerdictResult compares verdicts. Phishing tests take no part in recall, campaign recall and fpr.
type VerdictResult struct {
	Recall         float64               `json:"recall"`          // campaign and phish found hostile or targeted
	CampaignRecall float64               `json:"campaign_recall"` // campaign messages found so
	FPR            float64               `json:"fpr"`             // benign called hostile or targeted
	FalseAlarms    int                   `json:"false_alarms"`
	Benign         int                   `json:"benign"`
	Precision      float64               `json:"precision"`          // spam left out
	Suspicious     float64               `json:"suspicious"`         // share of benign called suspicious
	SuspiciousRFQ  float64               `json:"suspicious_rfq"`     // the same of genuine requests for quotation
	Impersonated   float64               `json:"impersonated_right"` // share of campaign messages whose impersonated organisation is right
	ChainRecall    float64               `json:"chain_recall"`       // campaign messages and chain-themed one-offs
	Kinds          map[string]KindResult `json:"kinds"`
}

// KindResult counts verdicts of one kind of message.
type KindResult struct {
	Messages   int `json:"messages"`
	Bad        int `json:"bad"` // hostile or targeted
	Suspicious int `json:"suspicious"`
}

// ClusterResult compares the partition.
type ClusterResult struct {
	B3Precision       float64        `json:"b3_precision"`
	B3Recall          float64        `json:"b3_recall"`
	B3F1              float64        `json:"b3_f1"`
	PairwisePrecision float64        `json:"pairwise_precision"`
	PairwiseRecall    float64        `json:"pairwise_recall"`
	PairwiseF1        float64        `json:"pairwise_f1"`
	DiscoveryRate     float64        `json:"discovery_rate"`
	DiscoveredByThird float64        `json:"discovered_by_third"`
	LargestImpure     int            `json:"largest_impure"`
	PerCampaign       float64        `json:"per_campaign"` // found clusters per true campaign
	Sizes             map[string]int `json:"-"`
}

// CampaignResult compares one true campaign with its match.
type CampaignResult struct {
	ID                string  `json:"id"`
	Matched           string  `json:"matched"` // found campaign, "" for none
	Messages          int     `json:"messages"`
	Found             int     `json:"found"` // of its messages in the match
	ImpersonatesRight bool    `json:"impersonates_right"`
	TargetsPrecision  float64 `json:"targets_precision"`
	TargetsRecall     float64 `json:"targets_recall"`
	CountriesRight    bool    `json:"countries_right"`
	StartErrorDays    float64 `json:"start_error_days"`
	StartCovered      bool    `json:"start_covered"` // the interval holds the true first message
	SizeAtLeast       int     `json:"size_at_least"`
	SizeTrue          int     `json:"size_true"`
}

// Compare compares what was found with the truth. countryOf gives the pack's country of an organisation.
func Compare(t *Truth, f *Found, countryOf func(org string) string) Result {
	r := Result{Scenario: t.Name, Family: t.Family, Messages: len(t.Messages)}
	r.Verdict = compareVerdicts(t, f)
	items := clusterItems(t, f)
	r.Clusters = compareClusters(t, f, items)
	r.Campaigns = compareCampaigns(t, f, items, countryOf)
	return r
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func compareVerdicts(t *Truth, f *Found) VerdictResult {
	test := map[string]bool{}
	for _, c := range t.Campaigns {
		test[c.ID] = c.ActorClass == "test"
	}
	var hostile, caught, camp, campCaught, alarms, right, named, susp, rfq, rfqSusp, chain, chainCaught int
	v := VerdictResult{Kinds: map[string]KindResult{}}
	for path, l := range t.Messages {
		class := f.Classes[path]
		k := v.Kinds[l.Kind]
		k.Messages++
		if class.Bad() {
			k.Bad++
		}
		if class == coldwatch.Suspicious {
			k.Suspicious++
		}
		v.Kinds[l.Kind] = k
		if l.Campaign != "" && test[l.Campaign] {
			continue
		}
		switch l.Label {
		case "campaign", "phish":
			hostile++
			caught += one(class.Bad())
			if l.Label == "campaign" || strings.HasPrefix(strings.ReplaceAll(l.Kind, "-", ""), "oneoff") {
				chain++
				chainCaught += one(class.Bad())
			}
			if l.Label == "campaign" {
				camp++
				campCaught += one(class.Bad())
				if l.Impersonated != "" {
					named++
					right += one(f.Imperson[path] == l.Impersonated)
				}
			}
		case "benign":
			v.Benign++
			alarms += one(class.Bad())
			susp += one(class == coldwatch.Suspicious)
			if l.Kind == "genuine-rfq" || l.Kind == "background-benign-rfq" {
				rfq++
				rfqSusp += one(class != coldwatch.Unremarkable)
			}
		}
	}
	v.Recall, v.CampaignRecall, v.FPR, v.FalseAlarms = ratio(caught, hostile), ratio(campCaught, camp), ratio(alarms, v.Benign), alarms
	v.Precision, v.Suspicious, v.SuspiciousRFQ = ratio(caught, caught+alarms), ratio(susp, v.Benign), ratio(rfqSusp, rfq)
	v.Impersonated, v.ChainRecall = ratio(right, named), ratio(chainCaught, chain)
	return v
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// An item is a message that takes part in the comparison of clusters.
type item struct {
	path         string
	truth, found string
}

// clusterItems gives the messages labelled campaign, and every benign or spam message that stands in a found campaign
// together with one of them, each a true cluster of its own. A campaign message in no found campaign is a found cluster of
// its own. Sorted by path.
func clusterItems(t *Truth, f *Found) []item {
	var items []item
	in := map[string]bool{}
	for _, c := range f.Campaigns {
		has := slices.ContainsFunc(c.Paths, func(p string) bool { return t.Messages[p].Label == "campaign" })
		for _, p := range c.Paths {
			switch l := t.Messages[p]; {
			case l.Label == "campaign":
				items = append(items, item{p, l.Campaign, c.ID})
				in[p] = true
			case has && (l.Label == "benign" || l.Label == "spam"):
				items = append(items, item{p, "own:" + p, c.ID})
			}
		}
	}
	for p, l := range t.Messages {
		if l.Label == "campaign" && !in[p] {
			items = append(items, item{p, l.Campaign, "alone:" + p})
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		switch {
		case a.path < b.path:
			return -1
		case a.path > b.path:
			return 1
		}
		return 0
	})
	return items
}

func compareClusters(t *Truth, f *Found, items []item) ClusterResult {
	var c ClusterResult
	both := map[[2]string]int{}
	truth, found := map[string]int{}, map[string]int{}
	for _, i := range items {
		both[[2]string{i.truth, i.found}]++
		truth[i.truth]++
		found[i.found]++
	}
	var bp, br, tp, st, sf float64
	for _, k := range sortedPairs(both) {
		n := float64(both[k])
		bp += n * n / float64(found[k[1]])
		br += n * n / float64(truth[k[0]])
		tp += n * (n - 1) / 2
	}
	for _, n := range truth {
		st += float64(n*(n-1)) / 2
	}
	for _, n := range found {
		sf += float64(n*(n-1)) / 2
	}
	n := float64(len(items))
	if n > 0 {
		c.B3Precision, c.B3Recall = bp/n, br/n
	}
	c.B3F1 = f1(c.B3Precision, c.B3Recall)
	c.PairwisePrecision, c.PairwiseRecall = 1, 1
	if sf > 0 {
		c.PairwisePrecision = tp / sf
	}
	if st > 0 {
		c.PairwiseRecall = tp / st
	}
	c.PairwiseF1 = f1(c.PairwisePrecision, c.PairwiseRecall)
	best := map[string]int{}
	for k, n := range both {
		best[k[1]] = max(best[k[1]], n)
	}
	clusters := 0
	for id, n := range found {
		if float64(best[id]) < 0.95*float64(n) {
			c.LargestImpure = max(c.LargestImpure, n)
		}
	}
	for k := range both {
		if len(k[0]) < 4 || k[0][:4] != "own:" {
			clusters++
		}
	}
	discovered := 0
	for _, tc := range t.Campaigns {
		match, n := matchOf(tc.ID, both)
		if match != "" && 2*n > truth[tc.ID] && float64(n) >= 0.95*float64(found[match]) {
			discovered++
		}
	}
	c.DiscoveryRate = ratio(discovered, len(t.Campaigns))
	c.PerCampaign = ratio(clusters, len(t.Campaigns))
	c.DiscoveredByThird = discoveredByThird(t, f)
	return c
}

func f1(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

func sortedPairs(m map[[2]string]int) [][2]string {
	return slices.SortedFunc(maps.Keys(m), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// matchOf gives the found campaign that holds most of a true one. The lesser id wins a tie; a message alone is no match.
func matchOf(campaign string, both map[[2]string]int) (string, int) {
	match, most := "", 0
	for _, k := range sortedPairs(both) {
		if k[0] == campaign && both[k] > most && (len(k[1]) < 6 || k[1][:6] != "alone:") {
			match, most = k[1], both[k]
		}
	}
	return match, most
}

// discoveredByThird is the share of true campaigns for which, once their third message has come, one found campaign at
// least 95 % pure holds two of them: the online state in the order of receipt.
func discoveredByThird(t *Truth, f *Found) float64 {
	of := map[string]string{} // path → campaign as of now
	members := map[string][]string{}
	seen := map[string][]string{}
	discovered, eligible := 0, 0
	for _, p := range f.Online {
		if p.Campaign != "" {
			for _, old := range p.Merged {
				for _, m := range members[old] {
					of[m] = p.Campaign
				}
				members[p.Campaign] = append(members[p.Campaign], members[old]...)
				delete(members, old)
			}
			of[p.Path] = p.Campaign
			members[p.Campaign] = append(members[p.Campaign], p.Path)
		}
		l := t.Messages[p.Path]
		if l.Label != "campaign" {
			continue
		}
		seen[l.Campaign] = append(seen[l.Campaign], p.Path)
		if len(seen[l.Campaign]) != 3 {
			continue
		}
		eligible++
		discovered += one(holdsTwo(seen[l.Campaign], l.Campaign, of, members, t))
	}
	return ratio(discovered, eligible)
}

func holdsTwo(paths []string, campaign string, of map[string]string, members map[string][]string, t *Truth) bool {
	count := map[string]int{}
	for _, p := range paths {
		if c := of[p]; c != "" {
			count[c]++
		}
	}
	for c, n := range count {
		if n < 2 {
			continue
		}
		pure, all := 0, 0
		for _, m := range members[c] {
			switch t.Messages[m].Label {
			case "campaign":
				all++
				pure += one(t.Messages[m].Campaign == campaign)
			case "benign", "spam":
				all++
			}
		}
		if float64(pure) >= 0.95*float64(all) {
			return true
		}
	}
	return false
}

func compareCampaigns(t *Truth, f *Found, items []item, countryOf func(string) string) []CampaignResult {
	both := map[[2]string]int{}
	for _, i := range items {
		both[[2]string{i.truth, i.found}]++
	}
	byID := map[string]*FoundCampaign{}
	for i := range f.Campaigns {
		byID[f.Campaigns[i].ID] = &f.Campaigns[i]
	}
	var out []CampaignResult
	for _, tc := range t.Campaigns {
		r := CampaignResult{ID: tc.ID, Messages: tc.Messages, SizeTrue: len(tc.TargetsAll)}
		r.Matched, r.Found = matchOf(tc.ID, both)
		fc := byID[r.Matched]
		if fc == nil {
			out = append(out, r)
			continue
		}
		p := fc.Profile
		top := ""
		if len(p.Impersonated) > 0 {
			top = p.Impersonated[0].Value
		}
		r.ImpersonatesRight = top == tc.Impersonates
		var targets []string
		for _, e := range p.Targets {
			targets = append(targets, e.Organisation)
		}
		hit := 0
		for _, o := range targets {
			hit += one(slices.Contains(tc.TargetsSeen, o))
		}
		r.TargetsPrecision, r.TargetsRecall = ratio(hit, len(targets)), ratio(hit, len(tc.TargetsSeen))
		r.CountriesRight = slices.Equal(countries(targets, countryOf), countries(tc.TargetsSeen, countryOf))
		r.StartErrorDays = math.Abs(p.First.Sub(tc.First).Hours()) / 24
		r.StartCovered = !tc.First.Before(p.Start.Earliest) && !tc.First.After(p.First)
		r.SizeAtLeast = p.Size.AtLeast
		out = append(out, r)
	}
	return out
}

func countries(orgs []string, countryOf func(string) string) []string {
	set := map[string]bool{}
	for _, o := range orgs {
		if c := countryOf(o); c != "" {
			set[c] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}
