package linkbench

// Quality compares a partition with the truth.
type Quality struct {
	B3Precision       float64 `json:"b3_precision"`
	B3Recall          float64 `json:"b3_recall"`
	B3F1              float64 `json:"b3_f1"`
	PairwisePrecision float64 `json:"pairwise_precision"`
	PairwiseRecall    float64 `json:"pairwise_recall"`
	PairwiseF1        float64 `json:"pairwise_f1"`
	ARI               float64 `json:"ari"`            // adjusted Rand index
	Discovery         float64 `json:"discovery_rate"` // campaigns with a cluster ≥ 95 % pure over half of them
	LargestImpure     int     `json:"largest_impure"` // size of the largest cluster under 95 % pure
	PerCampaign       float64 `json:"per_campaign"`   // clusters a campaign, mean
}

// judge compares labels with the truth; hidden messages take no part.
func judge(ms []message, labels []int32) Quality {
	type cell struct{ a, b int32 }
	both, truth, found := map[cell]int{}, map[int32]int{}, map[int32]int{}
	n := 0.0
	for i := range ms {
		if ms[i].hidden {
			continue
		}
		n++
		both[cell{ms[i].camp, labels[i]}]++
		truth[ms[i].camp]++
		found[labels[i]]++
	}
	var q Quality
	var tp, ta, tb, parts float64
	pairs := func(x int) float64 { return float64(x) * float64(x-1) / 2 }
	best := map[int32]int{}
	hit := map[int32]bool{}
	for k, c := range both {
		q.B3Precision += float64(c) * float64(c) / float64(found[k.b])
		q.B3Recall += float64(c) * float64(c) / float64(truth[k.a])
		tp += pairs(c)
		best[k.b] = max(best[k.b], c)
		if k.a > 0 {
			parts++
			if c >= 2 && float64(c) >= .95*float64(found[k.b]) && 2*c >= truth[k.a] {
				hit[k.a] = true
			}
		}
	}
	campaigns := 0.0
	for a, c := range truth {
		ta += pairs(c)
		if a > 0 {
			campaigns++
		}
	}
	for b, c := range found {
		tb += pairs(c)
		if float64(best[b]) < .95*float64(c) {
			q.LargestImpure = max(q.LargestImpure, c)
		}
	}
	q.B3Precision /= n
	q.B3Recall /= n
	q.B3F1 = f1(q.B3Precision, q.B3Recall)
	q.PairwisePrecision, q.PairwiseRecall = tp/max(1, tb), tp/max(1, ta)
	q.PairwiseF1 = f1(q.PairwisePrecision, q.PairwiseRecall)
	chance := ta * tb / max(1, n*(n-1)/2)
	if d := (ta+tb)/2 - chance; d > 0 {
		q.ARI = (tp - chance) / d
	}
	q.Discovery = float64(len(hit)) / max(1, campaigns)
	q.PerCampaign = parts / max(1, campaigns)
	return q
}

func f1(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
