package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// doses tells what passes through targeted organisations. Every lane counts once, however many of its stops were
// targeted; a lane without a figure adds nothing to the sum and leaves its upper end open.
func doses(pack *knowledge.Pack, targets map[string]bool) coldwatch.Doses {
	if len(pack.Lanes) == 0 {
		return coldwatch.Doses{Reason: "Not assessed: the directory has no lanes."}
	}
	d := coldwatch.Doses{}
	vaccines := map[string]*knowledge.Vaccine{}
	for i := range pack.Vaccines {
		vaccines[pack.Vaccines[i].ID] = &pack.Vaccines[i]
	}
	known, once := 0, map[string]bool{}
	for i := range pack.Lanes {
		l := &pack.Lanes[i]
		if once[l.ID] {
			continue
		}
		once[l.ID] = true
		e := coldwatch.LaneExposure{Lane: l.ID, Vaccine: l.VaccineID, ColdSource: l.ColdSource}
		for _, s := range l.Stops {
			if targets[s] && !slices.Contains(e.Stops, s) {
				e.Stops = append(e.Stops, s)
			}
		}
		if len(e.Stops) == 0 {
			continue
		}
		if v := vaccines[l.VaccineID]; v != nil {
			e.Vaccine = v.Name
			if v.StorageMinC != nil && v.StorageMaxC != nil {
				e.StorageMin, e.StorageMax, e.StorageKnown = *v.StorageMinC, *v.StorageMaxC, true
			}
		}
		if l.HoldoverHours != nil {
			e.HoldoverHours = coldwatch.Range{Low: *l.HoldoverHours, Median: *l.HoldoverHours, High: *l.HoldoverHours, N: 1}
		}
		e.PerWeek = perWeek(l)
		if e.PerWeek.N > 0 {
			known++
		}
		e.Alternatives = alternatives(pack, l, targets)
		d.PerWeek.Low += e.PerWeek.Low
		d.PerWeek.High += e.PerWeek.High
		d.PerWeek.Open = d.PerWeek.Open || e.PerWeek.Open
		d.Lanes = append(d.Lanes, e)
	}
	d.PerWeek.Median = math.Round((d.PerWeek.Low + d.PerWeek.High) / 2)
	d.PerWeek.N = known
	switch {
	case len(targets) == 0:
		d.Reason = "Not assessed: no targeted organisation is known to the directory."
	case len(d.Lanes) == 0:
		d.Reason = fmt.Sprintf("Not assessed: none of the %d lanes of the directory passes a targeted organisation, and lanes that the directory does not know are not counted.", len(once))
	case known == 0:
		d.Reason = "Not assessed: the lanes that pass targeted organisations have no dose figures."
	default:
		d.Assessed = true
		d.Reason = fmt.Sprintf("%s doses a week pass through targeted organisations, on %d of the directory's %d lanes; each lane counts once.",
			doseWords(d.PerWeek), len(d.Lanes), len(once))
		if d.PerWeek.Open {
			d.Reason += fmt.Sprintf(" %d of these lanes have no full figures, so the upper end is open.", openLanes(d.Lanes))
		}
	}
	return d
}

func openLanes(lanes []coldwatch.LaneExposure) int {
	n := 0
	for _, l := range lanes {
		if l.PerWeek.Open {
			n++
		}
	}
	return n
}

func perWeek(l *knowledge.Lane) coldwatch.Range {
	var r coldwatch.Range
	if l.DosesLow != nil {
		r.Low, r.High, r.N = *l.DosesLow, *l.DosesLow, 1
	}
	if l.DosesHigh != nil {
		r.High, r.N = max(*l.DosesHigh, r.Low), 1
	} else {
		r.Open = true
	}
	r.Median = math.Round((r.Low + r.High) / 2)
	return r
}

func doseWords(r coldwatch.Range) string {
	if r.Open || r.Low == r.High {
		if r.Low == 0 {
			return "An unknown number of"
		}
		return "At least " + thousands(r.Low)
	}
	return thousands(r.Low) + " to " + thousands(r.High)
}

// alternatives are organisations, not targeted themselves, that serve the same link as a targeted stop: they share a
// role with it, and a neighbour on the lane, by another lane or by a relation.
func alternatives(pack *knowledge.Pack, l *knowledge.Lane, targets map[string]bool) []string {
	found := map[string]bool{}
	for i, stop := range l.Stops {
		if !targets[stop] {
			continue
		}
		org := pack.Organisation(stop)
		if org == nil {
			continue
		}
		for _, n := range neighbours(l.Stops, i) {
			for _, other := range around(pack, n) {
				o := pack.Organisation(other)
				if o != nil && other != stop && !targets[other] && !slices.Contains(l.Stops, other) && shareRole(org, o) {
					found[other] = true
				}
			}
		}
	}
	return sortedKeys(found)
}

func neighbours(stops []string, i int) []string {
	var out []string
	if i > 0 {
		out = append(out, stops[i-1])
	}
	if i+1 < len(stops) {
		out = append(out, stops[i+1])
	}
	return out
}

// around lists who stands next to an organisation on any lane, or in a relation to it.
func around(pack *knowledge.Pack, id string) []string {
	var out []string
	for i := range pack.Lanes {
		for j, s := range pack.Lanes[i].Stops {
			if s == id {
				out = append(out, neighbours(pack.Lanes[i].Stops, j)...)
			}
		}
	}
	for _, r := range pack.RelationsOf(id) {
		if r.FromOrg == id {
			out = append(out, r.ToOrg)
		} else {
			out = append(out, r.FromOrg)
		}
	}
	return out
}

func shareRole(a, b *knowledge.Organisation) bool {
	return slices.ContainsFunc(a.Roles, func(r string) bool { return slices.Contains(b.Roles, r) })
}

// excursions keeps those that happened in the custody of a target.
func excursions(all []coldwatch.Excursion, targets map[string]bool) []coldwatch.Excursion {
	var out []coldwatch.Excursion
	for _, e := range all {
		if targets[e.Organisation] {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b coldwatch.Excursion) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Lane+a.Organisation, b.Lane+b.Organisation)
	})
	return out
}
