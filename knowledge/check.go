package knowledge

import (
	"fmt"
	"strings"
)

// relationKinds are the kinds of relation that the profile understands.
var relationKinds = map[string]bool{"supplies": true, "transports-for": true, "stores-for": true, "clears": true, "services": true, "funds": true, "regulates": true}

// hypotheses are the classes of actor that a prior may be given for.
var hypotheses = map[string]bool{"state": true, "crime": true, "commodity": true, "competitor": true, "test": true, "other": true}

// Check returns all that is wrong with a pack: what the loader met in its rows, then what does not fit together, in the
// order of the files. None of it keeps the pack from being used.
func (p *Pack) Check() []Problem {
	c := &checker{pack: p, out: append([]Problem(nil), p.Problems...)}
	c.roles()
	c.organisations()
	c.domains()
	c.people()
	c.equipment()
	c.programmesAndVaccines()
	c.relations()
	c.priors()
	c.lanes()
	return c.out
}

type checker struct {
	pack *Pack
	out  []Problem
}

func (c *checker) add(table string, row int, reason, hint string) {
	at := c.pack.place(table, row)
	c.out = append(c.out, Problem{File: at.file, Line: at.line, Reason: reason, Hint: hint})
}

// unique tells whether an id is new; the loader has left doubles out, so this speaks of packs made in memory.
func (c *checker) unique(seen map[string]bool, table string, row int, id string) {
	if seen[id] {
		c.add(table, row, "the id "+id+" stands twice", "ids name one row each")
	}
	seen[id] = true
}

func (c *checker) roles() {
	seen := map[string]bool{}
	for i, r := range c.pack.Roles {
		c.unique(seen, "roles.csv", i, r.ID)
		if r.Stage == "" {
			c.add("roles.csv", i, "the role "+r.ID+" has no stage", "reports draw the chain by stage: "+strings.Join(Stages[:], ", "))
		}
	}
}

func (c *checker) organisations() {
	seen := map[string]bool{}
	mute, firstMute := 0, 0
	programmes := map[string]bool{}
	for _, g := range c.pack.Programmes {
		programmes[g.ID] = true
	}
	for i, o := range c.pack.Organisations {
		c.unique(seen, "organisations.csv", i, o.ID)
		for _, r := range o.Roles {
			if c.pack.Role(r) == nil {
				c.add("organisations.csv", i, o.ID+" has the unknown role "+r, "use an id of roles.csv, or add the role there")
			}
		}
		if o.Country != "" && !IsCountry(o.Country) {
			c.add("organisations.csv", i, o.ID+": "+o.Country+" is not a country of ISO 3166-1 alpha-2", "write two letters, such as DE")
		}
		for _, g := range o.Programmes {
			if !programmes[g] {
				c.add("organisations.csv", i, o.ID+" names the unknown programme "+g, "use an id of programmes.csv")
			}
		}
		if o.Member && o.SecurityContact == "" {
			if mute == 0 {
				firstMute = i
			}
			mute++
		}
	}
	if mute > 0 {
		c.add("organisations.csv", firstMute, fmt.Sprintf("%d members have no security_contact, %s first", mute, c.pack.Organisations[firstMute].ID),
			"warnings to them are held until one is set")
	}
}

func (c *checker) domains() {
	owner := map[string]string{}
	for i, o := range c.pack.Organisations {
		own := map[string]bool{}
		for _, d := range o.Domains {
			if own[d] {
				c.add("organisations.csv", i, o.ID+" names the domain "+d+" twice", "remove one")
				continue
			}
			own[d] = true
			if why := unsafeDomain(d); why != "" {
				c.add("organisations.csv", i, o.ID+": "+why+"; the domain is ignored", "list only domains that belong to the organisation alone")
				continue
			}
			if first, taken := owner[d]; taken && first != o.ID {
				c.add("organisations.csv", i, "the domain "+d+" of "+o.ID+" belongs to "+first+" already; mail from it counts as "+first, "give it to one of the two")
				continue
			}
			owner[d] = o.ID
		}
	}
}

func (c *checker) people() {
	emails := map[string]bool{}
	for i, h := range c.pack.People {
		if c.pack.Organisation(h.OrgID) == nil {
			c.add("people.csv", i, h.Name+" belongs to the unknown organisation "+h.OrgID, "use an id of organisations.csv")
		} else if o := c.pack.OwnerOfAddress(h.Email); h.Email != "" && o != nil && o.ID != h.OrgID {
			c.add("people.csv", i, "the address of "+h.Name+" is under a domain of "+o.ID+", not of "+h.OrgID, "check which organisation the person belongs to")
		}
		if h.Email != "" {
			emails[strings.ToLower(h.Email)] = true
		}
	}
	for i, o := range c.pack.Organisations {
		if emails[strings.ToLower(o.SecurityContact)] {
			c.add("organisations.csv", i, "the security_contact of "+o.ID+" is a person of people.csv, whom a campaign may be writing to", "name a mailbox of the security team")
		}
	}
}

// inverted tells whether both ends are known and stand the wrong way round.
func inverted(low, high *float64) bool { return low != nil && high != nil && *low > *high }

func (c *checker) equipment() {
	seen := map[string]bool{}
	for i, e := range c.pack.Equipment {
		name := e.Make + " " + e.Model
		if k := equipmentKey(&e); seen[k] {
			c.add("equipment.csv", i, name+" stands twice", "remove one")
		} else {
			seen[k] = true
		}
		if e.MakeOrgID != "" && c.pack.Organisation(e.MakeOrgID) == nil {
			c.add("equipment.csv", i, name+" names the unknown maker "+e.MakeOrgID, "use an id of organisations.csv, or leave it empty")
		}
		if inverted(e.TempMinC, e.TempMaxC) {
			c.add("equipment.csv", i, name+": temp_min_c is above temp_max_c", "the colder figure is the minimum")
		}
		if inverted(e.PriceLow, e.PriceHigh) {
			c.add("equipment.csv", i, name+": price_low is above price_high", "swap them")
		}
	}
}

func (c *checker) programmesAndVaccines() {
	seen := map[string]bool{}
	for i, g := range c.pack.Programmes {
		c.unique(seen, "programmes.csv", i, g.ID)
		if g.OperatorOrgID != "" && c.pack.Organisation(g.OperatorOrgID) == nil {
			c.add("programmes.csv", i, g.ID+" is operated by the unknown organisation "+g.OperatorOrgID, "use an id of organisations.csv, or leave it empty")
		}
	}
	seen = map[string]bool{}
	for i, v := range c.pack.Vaccines {
		c.unique(seen, "vaccines.csv", i, v.ID)
		if inverted(v.StorageMinC, v.StorageMaxC) {
			c.add("vaccines.csv", i, v.ID+": storage_min_c is above storage_max_c", "the colder figure is the minimum")
		}
	}
}

func (c *checker) relations() {
	for i, r := range c.pack.Relations {
		for _, end := range [2]string{r.FromOrg, r.ToOrg} {
			if c.pack.Organisation(end) == nil {
				c.add("relations.csv", i, "the relation ends at the unknown organisation "+end, "use an id of organisations.csv")
			}
		}
		if r.FromOrg == r.ToOrg {
			c.add("relations.csv", i, r.FromOrg+" stands at both ends of a relation", "a relation binds two organisations")
		}
		if !relationKinds[r.Kind] {
			c.add("relations.csv", i, "unknown kind of relation: "+r.Kind, "use supplies, transports-for, stores-for, clears, services, funds or regulates")
		}
	}
}

func (c *checker) priors() {
	sum := 0.0
	for i, h := range c.pack.Priors {
		sum += h.Prior
		if !hypotheses[h.Hypothesis] {
			c.add("priors.csv", i, "unknown hypothesis: "+h.Hypothesis, "use state, crime, commodity, competitor, test or other")
		}
		if h.Reason == "" {
			c.add("priors.csv", i, "the prior of "+h.Hypothesis+" has no reason", "readers ask where the share comes from")
		}
	}
	if len(c.pack.Priors) > 0 && (sum < 0.98 || sum > 1.02) {
		c.add("priors.csv", 0, fmt.Sprintf("the priors add up to %.2f", sum), "shares of all hypotheses together are 1; they are scaled to it")
	}
}

func (c *checker) lanes() {
	vaccines := map[string]bool{}
	for _, v := range c.pack.Vaccines {
		vaccines[v.ID] = true
	}
	seen := map[string]bool{}
	for i, l := range c.pack.Lanes {
		c.unique(seen, "lanes.csv", i, l.ID)
		if !vaccines[l.VaccineID] {
			c.add("lanes.csv", i, l.ID+" carries the unknown vaccine "+l.VaccineID, "use an id of vaccines.csv")
		}
		for _, s := range l.Stops {
			if c.pack.Organisation(s) == nil {
				c.add("lanes.csv", i, l.ID+" stops at the unknown organisation "+s, "use an id of organisations.csv")
			}
		}
		if inverted(l.DosesLow, l.DosesHigh) {
			c.add("lanes.csv", i, l.ID+": doses_per_week_low is above doses_per_week_high", "swap them")
		}
	}
}
