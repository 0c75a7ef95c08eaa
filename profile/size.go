package profile

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

const sizeDraws = 400

// A stratum is a role in a region: of all organisations, members report, and hit of those were targeted.
type stratum struct {
	name              string
	all, members, hit int
}

// strata divides the pack's organisations by their first role and their region. Members are those that report to the
// hub, by the pack or by mail seen from them, and the targets themselves.
func strata(pack *knowledge.Pack, targets map[string]bool, o Options) []stratum {
	byName := map[string]*stratum{}
	for i := range pack.Organisations {
		org := &pack.Organisations[i]
		if len(org.Roles) == 0 {
			continue
		}
		name := org.Roles[0] + "/" + region(org)
		s := byName[name]
		if s == nil {
			s = &stratum{name: name}
			byName[name] = s
		}
		s.all++
		if targets[org.ID] {
			s.hit++
		}
		if targets[org.ID] || org.Member || o.Seen[org.ID] > 0 {
			s.members++
		}
	}
	out := make([]stratum, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out
}

func region(o *knowledge.Organisation) string {
	if o.Region != "" {
		return o.Region
	}
	return o.Country
}

const sizeAssumption = "Within a role and region, an organisation that does not report was hit at least half as often as one that does: " +
	"those that were hit are the readier to report."

// selection is that half. Where members join because they were hit, the plain scale-up overshoots.
const selection = .5

// size scales the targets up to the organisations that do not report. Every stratum's rate is Beta(½+n, ½+M−n) around
// what its neighbours show: the prior's two halves are divided by the rate over all strata, for a stratum of one member
// says little by itself. expected is the mean without the discount for selection; it
// serves predictions and is never published.
func size(pack *knowledge.Pack, targets map[string]bool, o Options) (s coldwatch.Size, expected float64) {
	hit := len(targets)
	s = coldwatch.Size{AtLeast: hit, Assumption: sizeAssumption}
	all := strata(pack, targets, o)
	members, known, sum := 0, 0, 0
	for _, t := range all {
		members, known, sum = members+t.members, known+t.hit, sum+t.all
	}
	switch {
	case hit == 0:
		s.Reason = "Not assessed: no targeted organisation is known to the directory."
		return s, 0
	case members <= known:
		s.Reason = fmt.Sprintf("Not scaled up: besides the %d targeted, no organisation of the directory reports here.", hit)
		return s, 0
	case hit < 3:
		s.Reason = "Not scaled up: fewer than three targeted organisations say too little."
		return s, 0
	}
	rate := (float64(known) + .5) / (float64(members) + 1)
	rng := rand.New(rand.NewPCG(seedOf("size"), 2))
	draws := make([]float64, sizeDraws)
	for i := range draws {
		// One draw of the rate over all, which every stratum shares: else errors of many strata would cancel out.
		common := beta(rng, float64(known)+.5, float64(members-known)+.5)
		for _, t := range all {
			hidden := t.all - t.members
			if hidden == 0 {
				continue
			}
			p := beta(rng, float64(t.hit)+priorWeight*common, float64(t.members-t.hit)+priorWeight*(1-common))
			for range hidden {
				if rng.Float64() < selection*p {
					draws[i]++
				}
			}
		}
	}
	slices.Sort(draws)
	for _, d := range draws {
		expected += d / sizeDraws / selection
	}
	s.Assessed = true
	s.AtLeast = hit + int(quantile(draws, .05))
	s.Reason = fmt.Sprintf("%d of the %d organisations that report were hit (%s); the directory knows %d. The figure is the 5 %% bound of a scale-up over %d strata of role and region.",
		known, members, percent(rate), sum, len(all))
	for _, t := range all {
		if t.hit > 0 {
			s.Strata = append(s.Strata, fmt.Sprintf("%s: %d hit of %d that report, %d known", strings.Replace(t.name, "/", ", ", 1), t.hit, t.members, t.all))
		}
	}
	return s, expected
}

// priorWeight is the number of members that the rate over all strata counts for in each stratum.
const priorWeight = 4.0
