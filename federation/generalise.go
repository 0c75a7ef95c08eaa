package federation

import (
	"maps"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Community is what stands in the place of a figure or a place that fewer than k members would stand behind.
const Community = "members of this community"

// A Crowd is what may be said of the members that a campaign hit.
type Crowd struct {
	Members   string   `json:"members"`             // "3 or more", "6 or more" …, or Community
	Countries []string `json:"countries,omitempty"` // ISO 3166-1 alpha-2, each with at least k members
	Regions   []string `json:"regions,omitempty"`   // of those whose country has fewer
	Roles     []string `json:"roles,omitempty"`
	Stages    []string `json:"stages,omitempty"` // of those whose role has fewer
	Functions []string `json:"functions,omitempty"`
}

// complete marks those members as counting whose group is complete: k organisations that joined one after the other and do not count
// yet. One that joins changes nothing of what is said of crowds until k have: so asking before and after tells nothing about it.
// Who counts, counts for good.
func complete(members []Member, k int) (changed []Member) {
	counts := map[string]bool{}
	for _, m := range members {
		counts[m.Organisation] = counts[m.Organisation] || m.Counted && m.State != Left
	}
	for _, m := range members {
		if m.State == Active && !counts[m.Organisation] {
			counts[m.Organisation] = true
			m.Counted = true
			changed = append(changed, m)
		}
	}
	if len(changed) < k {
		return nil
	}
	return changed
}

// counted gives the organisations that count.
func counted(members []Member) map[string]bool {
	out := map[string]bool{}
	for _, m := range members {
		if m.Counted && m.State != Left {
			out[m.Organisation] = true
		}
	}
	return out
}

// countedIDs gives whom a name counts as under which a token is kept: the organisation; itself where it left; "" for who does not count.
func countedIDs(members []Member) func(id string) string {
	org := map[string]string{}
	for _, m := range members {
		if m.Counted {
			org[m.ID] = m.Organisation
		}
	}
	return func(id string) string {
		if strings.HasPrefix(id, ghostMark) {
			return id
		}
		return org[id]
	}
}

// crowd says what k allows of the organisations that sightings came from.
func crowd(sightings []coldwatch.Sighting, may map[string]bool, k int, pack *knowledge.Pack) Crowd {
	orgs := map[string]bool{}
	functions := map[string]map[string]bool{}
	for _, s := range sightings {
		if !may[s.Organisation] {
			continue
		}
		orgs[s.Organisation] = true
		if f := s.Target.Function; f != "" {
			if functions[f] == nil {
				functions[f] = map[string]bool{}
			}
			functions[f][s.Organisation] = true
		}
	}
	c := Crowd{Members: atLeast(len(orgs), k)}
	if len(orgs) < k {
		return c
	}
	countries, roles := map[string][]string{}, map[string][]string{}
	for id := range orgs {
		o := pack.Organisation(id)
		if o == nil {
			continue
		}
		if o.Country != "" {
			countries[o.Country] = append(countries[o.Country], id)
		}
		for _, r := range o.Roles {
			roles[r] = append(roles[r], id)
		}
	}
	c.Countries, c.Regions = widen(countries, k, func(_, org string) string { return pack.Organisation(org).Region })
	c.Roles, c.Stages = widen(roles, k, func(role, _ string) string {
		if r := pack.Role(role); r != nil {
			return r.Stage
		}
		return ""
	})
	for f, who := range functions {
		if len(who) >= k {
			c.Functions = append(c.Functions, f)
		}
	}
	slices.Sort(c.Functions)
	return c
}

// widen names the cells with at least k organisations, and for the rest the wider cells that have as many of the rest.
func widen(cells map[string][]string, k int, wider func(cell, org string) string) (named, wide []string) {
	rest := map[string]map[string]bool{}
	for cell, orgs := range cells {
		if len(orgs) >= k {
			named = append(named, cell)
			continue
		}
		for _, o := range orgs {
			if w := wider(cell, o); w != "" {
				if rest[w] == nil {
					rest[w] = map[string]bool{}
				}
				rest[w][o] = true
			}
		}
	}
	for _, w := range slices.Sorted(maps.Keys(rest)) {
		if len(rest[w]) >= k {
			wide = append(wide, w)
		}
	}
	slices.Sort(named)
	return named, wide
}

// atLeast gives a count in steps of k, doubling.
func atLeast(n, k int) string {
	if n < k {
		return Community
	}
	for k*2 <= n {
		k *= 2
	}
	return itoa(k) + " or more members"
}
