package profile

import (
	"fmt"
	"slices"
	"sort"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// stages lists the chain in its order, every role of the pack with how many of its organisations were hit.
func stages(pack *knowledge.Pack, targets map[string]bool) []coldwatch.StageHit {
	hit, of := map[string]int{}, map[string]int{}
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		for j, r := range o.Roles {
			if slices.Contains(o.Roles[:j], r) {
				continue
			}
			of[r]++
			if targets[o.ID] {
				hit[r]++
			}
		}
	}
	var out []coldwatch.StageHit
	for _, name := range knowledge.Stages {
		s := coldwatch.StageHit{Stage: name}
		for i := range pack.Roles {
			r := &pack.Roles[i]
			if r.Stage == name {
				s.Roles = append(s.Roles, coldwatch.RoleHit{Role: r.ID, Name: r.Name, Hit: hit[r.ID], Of: of[r.ID]})
			}
		}
		out = append(out, s)
	}
	return out
}

// specificity is the share of the campaign's messages that went to the chain over the same share of all mail seen.
func specificity(pack *knowledge.Pack, entries []entry, o Options) (coldwatch.Index, []coldwatch.RoleIndex) {
	all, chain := 0, 0
	seenRole := map[string]int{}
	for _, id := range sortedKeys(o.Seen) {
		n := o.Seen[id]
		all += n
		if org := pack.Organisation(id); org != nil && len(org.Roles) > 0 {
			chain += n
			seenRole[org.Roles[0]] += n
		}
	}
	if all == 0 {
		return coldwatch.Index{Reason: "Not assessed: how much mail was seen in all is not known."}, nil
	}
	hit, of := 0, 0
	hitRole := map[string]int{}
	for i := range entries {
		of++
		if org := pack.Organisation(entries[i].target); org != nil && len(org.Roles) > 0 {
			hit++
			hitRole[org.Roles[0]]++
		}
	}
	var roles []coldwatch.RoleIndex
	for _, r := range sortedKeys(seenRole) {
		share := float64(seenRole[r]) / float64(all)
		ix := index(hitRole[r], of, share)
		name := r
		if role := pack.Role(r); role != nil {
			name = role.Name
		}
		ix.Reason = fmt.Sprintf("%s: %d of %d messages against %s of all mail seen.", name, hitRole[r], of, percent(share))
		roles = append(roles, coldwatch.RoleIndex{Role: r, Name: name, Index: ix})
	}
	sort.SliceStable(roles, func(i, j int) bool { return roles[i].Low > roles[j].Low })
	if chain == all {
		return coldwatch.Index{Reason: "Not assessed: all mail seen is mail to the chain, so no share outside of it exists to compare with."}, roles
	}
	if chain == 0 {
		return coldwatch.Index{Reason: "Not assessed: no mail to an organisation of the directory was seen."}, roles
	}
	ix := index(hit, of, float64(chain)/float64(all))
	ix.Reason = fmt.Sprintf("%d of %d messages went to organisations of the chain, which get %s of all mail seen.", hit, of, percent(float64(chain)/float64(all)))
	return ix, roles
}

func index(hit, of int, expected float64) coldwatch.Index {
	low, high := wilson(hit, of)
	return coldwatch.Index{Assessed: true, Value: float64(hit) / float64(max(of, 1)) / expected, Low: low / expected, High: high / expected}
}

// notTargeted lists organisations that report, share a role and the country with a target, and were not hit.
func notTargeted(pack *knowledge.Pack, targets map[string]bool, o Options) []string {
	var out []string
	for i := range pack.Organisations {
		org := &pack.Organisations[i]
		if targets[org.ID] || !org.Member && o.Seen[org.ID] == 0 {
			continue
		}
		for t := range targets {
			if target := pack.Organisation(t); target.Country == org.Country && shareRole(target, org) {
				out = append(out, org.ID)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// relations tells what binds the targets, as facts: to the impersonated partner, to each other, by programme and lane.
func relations(pack *knowledge.Pack, targets map[string]bool, partner string) []coldwatch.Judgement {
	var out []coldwatch.Judgement
	n := len(targets)
	if n < 2 {
		return nil
	}
	add := func(hit, of int, what string, basis []string) {
		share := float64(of) / float64(max(len(pack.Organisations), 1))
		if hit < 2 || float64(hit)/float64(n) < 1.2*share {
			return
		}
		slices.Sort(basis)
		out = append(out, coldwatch.Judgement{
			Text:  fmt.Sprintf("%d of %d targeted organisations %s, against %d of the %d organisations of the directory.", hit, n, what, of, len(pack.Organisations)),
			Basis: basis, Gaps: []string{"Relations that the directory does not hold are not counted."},
		})
	}
	name := func(id string) string {
		if o := pack.Organisation(id); o != nil {
			return o.Name
		}
		return id
	}
	if org := pack.Organisation(partner); org != nil {
		with, all, basis := map[string]bool{}, map[string]bool{}, []string{}
		for _, r := range pack.RelationsOf(partner) {
			other := r.FromOrg
			if other == partner {
				other = r.ToOrg
			}
			all[other] = true
			if targets[other] && !with[other] {
				with[other] = true
				basis = append(basis, fmt.Sprintf("%s %s %s.", name(r.FromOrg), r.Kind, end(name(r.ToOrg))))
			}
		}
		add(len(with), len(all), "stand in a relation to "+org.Name, basis)
		for _, prog := range org.Programmes {
			with, all := 0, 0
			for i := range pack.Organisations {
				if o := &pack.Organisations[i]; slices.Contains(o.Programmes, prog) {
					all++
					if targets[o.ID] {
						with++
					}
				}
			}
			add(with, all, "take part in the programme "+programmeName(pack, prog), nil)
		}
	}
	bound, all, basis := map[string]bool{}, map[string]bool{}, []string{}
	for _, r := range pack.Relations {
		if r.FromOrg == r.ToOrg {
			continue
		}
		if targets[r.FromOrg] {
			all[r.ToOrg] = true
		}
		if targets[r.ToOrg] {
			all[r.FromOrg] = true
		}
		if targets[r.FromOrg] && targets[r.ToOrg] {
			bound[r.FromOrg], bound[r.ToOrg] = true, true
			basis = append(basis, fmt.Sprintf("%s %s %s.", name(r.FromOrg), r.Kind, end(name(r.ToOrg))))
		}
	}
	add(len(bound), len(all), "stand in a relation to another targeted one", basis)
	onLane := map[string]bool{}
	for _, l := range pack.Lanes {
		for _, s := range l.Stops {
			onLane[s] = true
		}
	}
	hit := 0
	for t := range targets {
		if onLane[t] {
			hit++
		}
	}
	add(hit, len(onLane), "are stops on the directory's lanes", nil)
	return out
}

func programmeName(pack *knowledge.Pack, id string) string {
	for i := range pack.Programmes {
		if pack.Programmes[i].ID == id {
			return pack.Programmes[i].Name
		}
	}
	return id
}
