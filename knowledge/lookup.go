package knowledge

import "strings"

// index holds the look-ups of a pack.
type index struct {
	org      map[string]*Organisation
	role     map[string]*Role
	domain   map[string]*Organisation // exact domain → organisation
	people   map[string][]*Person     // by organisation
	relation map[string][]*Relation   // by either end
}

func (p *Pack) build() {
	ix := &index{org: map[string]*Organisation{}, role: map[string]*Role{}, domain: map[string]*Organisation{},
		people: map[string][]*Person{}, relation: map[string][]*Relation{}}
	for i := range p.Organisations {
		o := &p.Organisations[i]
		ix.org[o.ID] = o
		for _, d := range o.Domains {
			if _, taken := ix.domain[d]; !taken && unsafeDomain(d) == "" {
				ix.domain[d] = o
			}
		}
	}
	for i := range p.Roles {
		ix.role[p.Roles[i].ID] = &p.Roles[i]
	}
	for i := range p.People {
		ix.people[p.People[i].OrgID] = append(ix.people[p.People[i].OrgID], &p.People[i])
	}
	for i := range p.Relations {
		r := &p.Relations[i]
		ix.relation[r.FromOrg] = append(ix.relation[r.FromOrg], r)
		if r.ToOrg != r.FromOrg {
			ix.relation[r.ToOrg] = append(ix.relation[r.ToOrg], r)
		}
	}
	p.index = ix
}

// Organisation returns the organisation with that id, nil if there is none.
func (p *Pack) Organisation(id string) *Organisation { return p.index.org[id] }

// Role returns the role with that id, nil if there is none.
func (p *Pack) Role(id string) *Role { return p.index.role[id] }

// PeopleOf returns the people of an organisation.
func (p *Pack) PeopleOf(id string) []*Person { return p.index.people[id] }

// RelationsOf returns the relations that an organisation stands at either end of.
func (p *Pack) RelationsOf(id string) []*Relation { return p.index.relation[id] }

// OwnerOf returns the organisation that a domain belongs to: it equals, or is a subdomain of, one of the
// organisation's domains. The domain is lower case without a trailing dot. Nil if nobody owns it.
func (p *Pack) OwnerOf(domain string) *Organisation {
	for d := domain; d != ""; {
		if o := p.index.domain[d]; o != nil {
			return o
		}
		dot := strings.IndexByte(d, '.')
		if dot < 0 {
			return nil
		}
		d = d[dot+1:]
	}
	return nil
}

// OwnerOfAddress returns the organisation that a mail address belongs to, nil if nobody owns its domain.
func (p *Pack) OwnerOfAddress(address string) *Organisation {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return nil
	}
	return p.OwnerOf(strings.ToLower(address[at+1:]))
}

// Members returns the organisations that report to this hub, in file order.
func (p *Pack) Members() []*Organisation {
	var out []*Organisation
	for i := range p.Organisations {
		if p.Organisations[i].Member {
			out = append(out, &p.Organisations[i])
		}
	}
	return out
}
