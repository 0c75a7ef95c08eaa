package measure

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Two campaigns, of which one was found, and a predictor that ranks by a fixed list.
func TestAssess(t *testing.T) {
	var orgs []knowledge.Organisation
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"} {
		orgs = append(orgs, knowledge.Organisation{ID: id, Name: id, Roles: []string{"store"}})
	}
	pack := knowledge.New(knowledge.Pack{Organisations: orgs})
	day := time.Date(2021, 3, 1, 0, 0, 0, 0, time.UTC)
	truth := &Truth{Family: "x", Campaigns: []TrueCampaign{
		{ID: "C1", ActorClass: "crime", First: day, TargetsSeen: []string{"a", "b"}, TargetsAll: []string{"a", "b", "c", "d"}},
		{ID: "C2", ActorClass: "state", First: day, TargetsSeen: []string{"e"}, TargetsAll: []string{"e"}}}}
	found := &Found{Campaigns: []FoundCampaign{{ID: "c-1", Profile: coldwatch.Profile{Attribution: coldwatch.Attribution{Stated: "state"}}}}}
	r := Result{Family: "x", Campaigns: []CampaignResult{
		{ID: "C1", Matched: "c-1", TargetsPrecision: 1, TargetsRecall: .5, CountriesRight: true, StartErrorDays: 2, StartCovered: true, SizeAtLeast: 2, SizeTrue: 4},
		{ID: "C2"}}}
	predict := func(targets []string, _ string, _ [][]string) []coldwatch.Candidate {
		if len(targets) == 0 {
			return nil
		}
		var out []coldwatch.Candidate
		for _, id := range []string{"a", "x", "c"} {
			if !slices.Contains(targets, id) {
				out = append(out, coldwatch.Candidate{Organisation: id, Probability: .5})
			}
		}
		return out
	}
	a := Assess(truth, found, &r, pack, predict)
	if a.Campaigns != 2 || a.Found != 1 || a.TargetsPrecision != 1 || a.TargetsRecall != .25 || a.CountriesRight != 1 || a.StartErrorDays != 2 || a.SizeUnder != 1 ||
		a.SizeBound != .5 || a.StateWrong != 1 {
		t.Errorf("%+v", a)
	}
	n := a.Next // left out: a is found first; b is not ranked
	if n.Predictions != 2 || n.HitAt10 != .5 || n.MRR != .5 || math.Abs(n.Random-10./19) > 1e-9 || n.Brier != .25 || len(n.Calibration) != 1 || n.Calibration[0].Number != 5 {
		t.Errorf("%+v", n)
	}
	r.Assessment = a
	pooled := Families([]Result{r, r})["all"]
	if pooled.Campaigns != 4 || pooled.TargetsRecall != .25 || pooled.Next.Predictions != 4 || pooled.Next.HitAt10 != .5 || pooled.Next.Brier != .25 {
		t.Errorf("%+v", pooled)
	}
}
