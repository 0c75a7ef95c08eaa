package measure

import (
	"cmp"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// Worst gives the worst figure of each kind over several scenarios: the one to quote.
func Worst(rs []Result) Result {
	w := rs[0]
	w.Scenario, w.Campaigns = "worst", nil
	w.Verdict.Kinds = nil
	for _, r := range rs[1:] {
		w.Seconds = max(w.Seconds, r.Seconds)
		w.PerSecond = min(w.PerSecond, r.PerSecond)
		w.PeakRSS = max(w.PeakRSS, r.PeakRSS)
		w.Messages = max(w.Messages, r.Messages)
		worstVerdict(&w.Verdict, r.Verdict)
		worstClusters(&w.Clusters, r.Clusters)
		worstAssessment(&w.Assessment, r.Assessment)
	}
	return w
}

// worstAssessment leaves the counts of campaigns and predictions as they are in the first.
func worstAssessment(w *Assessment, a Assessment) {
	w.TargetsPrecision, w.TargetsRecall = min(w.TargetsPrecision, a.TargetsPrecision), min(w.TargetsRecall, a.TargetsRecall)
	w.CountriesRight, w.StartCovered, w.SizeUnder = min(w.CountriesRight, a.CountriesRight), min(w.StartCovered, a.StartCovered), min(w.SizeUnder, a.SizeUnder)
	w.StartErrorDays = max(w.StartErrorDays, a.StartErrorDays)
	w.StateWrong, w.ActorNamed = max(w.StateWrong, a.StateWrong), max(w.ActorNamed, a.ActorNamed)
	w.Next.Ratio, w.Next.HitAt10, w.Next.Brier = min(w.Next.Ratio, a.Next.Ratio), min(w.Next.HitAt10, a.Next.HitAt10), max(w.Next.Brier, a.Next.Brier)
}

func worstVerdict(w *VerdictResult, v VerdictResult) {
	w.Recall, w.CampaignRecall, w.ChainRecall = min(w.Recall, v.Recall), min(w.CampaignRecall, v.CampaignRecall), min(w.ChainRecall, v.ChainRecall)
	w.FPR, w.FalseAlarms, w.Benign = max(w.FPR, v.FPR), max(w.FalseAlarms, v.FalseAlarms), max(w.Benign, v.Benign)
	w.Precision, w.Impersonated = min(w.Precision, v.Precision), min(w.Impersonated, v.Impersonated)
	w.Suspicious, w.SuspiciousRFQ = max(w.Suspicious, v.Suspicious), max(w.SuspiciousRFQ, v.SuspiciousRFQ)
}

func worstClusters(w *ClusterResult, c ClusterResult) {
	w.B3Precision, w.B3Recall, w.B3F1 = min(w.B3Precision, c.B3Precision), min(w.B3Recall, c.B3Recall), min(w.B3F1, c.B3F1)
	w.PairwisePrecision, w.PairwiseRecall, w.PairwiseF1 = min(w.PairwisePrecision, c.PairwisePrecision), min(w.PairwiseRecall, c.PairwiseRecall), min(w.PairwiseF1, c.PairwiseF1)
	w.DiscoveryRate, w.DiscoveredByThird = min(w.DiscoveryRate, c.DiscoveryRate), min(w.DiscoveredByThird, c.DiscoveredByThird)
	w.LargestImpure, w.PerCampaign = max(w.LargestImpure, c.LargestImpure), max(w.PerCampaign, c.PerCampaign)
}

// An Error is one wrong verdict.
type Error struct {
	Path, Label, Kind string
	Class             coldwatch.Class
	Bits              float64
}

// Errors gives every wrong verdict: false alarms first, then what was missed, each by kind and path.
func Errors(t *Truth, f *Found) []Error {
	var out []Error
	for p, l := range t.Messages {
		bad := f.Classes[p].Bad()
		if l.Label == "benign" && bad || (l.Label == "campaign" || l.Label == "phish") && !bad {
			out = append(out, Error{p, l.Label, l.Kind, f.Classes[p], f.Bits[p]})
		}
	}
	slices.SortFunc(out, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Path, b.Path))
	})
	return out
}
