package knowledge

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Partners is what a list of partners tells.
type Partners struct {
	Organisations []Organisation // with what is known of them already
	People        []Person
	Equipment     []Equipment // their products
}

// ReadPartners reads a list of partners: CSV with the columns of organisations.csv, of which only name is required, with brands
// beside aliases, products, and person, title, function and email for one contact a row; further rows of the same partner add to
// it. A partner that the pack knows, by id, domain or name, keeps what is known; one that is new needs roles and country. A row
// that is wrong is a problem, and the rest is read; an [InputError] says that nothing is left.
func ReadPartners(file string, r io.Reader, known *Pack) (Partners, []Problem, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Partners{}, nil, fmt.Errorf("list of partners: %w", err)
	}
	l := &loader{pack: &Pack{Roles: known.Roles}, t: parseTable(file, raw, "name")}
	var out Partners
	at := map[string]int{}
	for _, rec := range l.t.rows {
		o, reason, hint := l.partner(rec, known, out.Organisations)
		if reason != "" {
			l.t.problem(rec.line, true, reason, hint)
			continue
		}
		if i, again := at[o.ID]; again {
			out.Organisations[i].join(o)
		} else {
			at[o.ID] = len(out.Organisations)
			out.Organisations = append(out.Organisations, *o)
		}
		if name := l.t.cell(rec, "person"); name != "" {
			p := Person{OrgID: o.ID, Name: name, Title: l.t.cell(rec, "title"), Function: strings.ToLower(l.t.cell(rec, "function")),
				Email: strings.ToLower(l.t.cell(rec, "email")), Source: first(o.Source, file)}
			if p.Email != "" && (strings.Count(p.Email, "@") != 1 || strings.ContainsAny(p.Email, " <>,;")) {
				l.mended(rec, "email", p.Email, "not one mail address; left empty")
				p.Email = ""
			}
			out.People = append(out.People, p)
		}
		for _, model := range l.t.list(rec, "products") {
			out.Equipment = append(out.Equipment, Equipment{Make: o.Name, Model: model, MakeOrgID: o.ID, Source: first(o.Source, file)})
		}
	}
	if len(out.Organisations) == 0 {
		reason, hint := "the list of partners has no rows", "the first line names the columns, such as name,domains,roles,country"
		if len(l.t.problems) > 0 {
			p := l.t.problems[0]
			reason, hint = fmt.Sprintf("no row of the list can be used; line %d: %s", p.Line, p.Reason), first(p.Hint, hint)
		}
		return out, l.t.problems, &InputError{reason, hint}
	}
	return out, l.t.problems, nil
}

// partner reads one row; seen are the partners of the rows before.
func (l *loader) partner(rec record, known *Pack, seen []Organisation) (o *Organisation, reason, hint string) {
	name := l.t.cell(rec, "name")
	if name == "" {
		return nil, "name is empty; the row was left out", "name the partner"
	}
	row := Organisation{ID: l.id(rec, "id"), Name: name, Aliases: append(l.t.list(rec, "aliases"), l.t.list(rec, "brands")...), Roles: l.roles(rec),
		Region: l.t.cell(rec, "region"), Domains: l.domains(rec, "domains"), DKIMDomains: l.domains(rec, "dkim_domains"), MailServices: l.domains(rec, "mail_services"),
		PostalAddress: l.t.cell(rec, "postal_address"), Website: l.t.cell(rec, "website"), Programmes: lower(l.t.list(rec, "programmes")),
		SecurityContact: l.t.cell(rec, "security_contact"), Language: strings.ToLower(l.t.cell(rec, "language")), Source: l.t.cell(rec, "source")}
	for _, d := range row.Domains {
		if why := unsafeDomain(d); why != "" {
			return nil, why + "; the row was left out", "name a domain that belongs to the partner alone"
		}
	}
	if s := l.t.cell(rec, "country"); s != "" {
		code, _, ok := countryOf(s)
		if !ok {
			return nil, fmt.Sprintf("%q is not a country code; the row was left out", s), "write two letters of ISO 3166-1, such as DE"
		}
		row.Country = code
	}
	for _, r := range row.Roles {
		if known.Role(r) == nil {
			return nil, "unknown role: " + r + "; the row was left out", "coldwatch pack show --roles lists them"
		}
	}
	base := findPartner(&row, known, seen)
	if base != nil {
		for _, d := range row.Domains {
			if owner := known.OwnerOf(d); owner != nil && owner.ID != base.ID {
				return nil, "the domain " + d + " belongs to " + owner.Name + "; the row was left out", "correct one of the two"
			}
		}
		merged := base.clone()
		merged.join(&row)
		return &merged, "", ""
	}
	switch {
	case len(row.Roles) == 0:
		return nil, name + " is new and has no role; the row was left out", "say in the column roles what it does; coldwatch pack show --roles lists them"
	case row.Country == "":
		return nil, name + " is new and has no country; the row was left out", "the column country takes two letters of ISO 3166-1, such as DE"
	}
	if row.ID == "" {
		row.ID = idOf(name)
	}
	return &row, "", ""
}

// findPartner finds the organisation that a row is about: by id, by a name, by a domain.
func findPartner(row *Organisation, known *Pack, seen []Organisation) *Organisation {
	same := func(o Organisation) bool {
		if row.ID != "" {
			return o.ID == row.ID
		}
		return strings.EqualFold(o.Name, row.Name) || slices.ContainsFunc(o.Aliases, func(a string) bool { return strings.EqualFold(a, row.Name) })
	}
	for _, list := range [...][]Organisation{seen, known.Organisations} {
		if i := slices.IndexFunc(list, same); i >= 0 {
			return &list[i]
		}
	}
	if row.ID != "" {
		return nil
	}
	for _, d := range row.Domains {
		if o := known.OwnerOf(d); o != nil {
			return o
		}
	}
	return nil
}

func (o *Organisation) clone() Organisation {
	c := *o
	for _, l := range [...]*[]string{&c.Aliases, &c.Roles, &c.Domains, &c.DKIMDomains, &c.MailServices, &c.Programmes} {
		*l = slices.Clone(*l)
	}
	return c
}

// join adds what another row says: lists grow, what was empty is filled, nothing is overwritten.
func (o *Organisation) join(row *Organisation) {
	add := func(list *[]string, more []string) {
		for _, s := range more {
			if !slices.ContainsFunc(*list, func(have string) bool { return strings.EqualFold(have, s) }) {
				*list = append(*list, s)
			}
		}
	}
	if !strings.EqualFold(o.Name, row.Name) {
		add(&o.Aliases, []string{row.Name})
	}
	add(&o.Aliases, row.Aliases)
	add(&o.Roles, row.Roles)
	add(&o.Domains, row.Domains)
	add(&o.DKIMDomains, row.DKIMDomains)
	add(&o.MailServices, row.MailServices)
	add(&o.Programmes, row.Programmes)
	for _, f := range [...]struct {
		to   *string
		from string
	}{{&o.Country, row.Country}, {&o.Region, row.Region}, {&o.PostalAddress, row.PostalAddress}, {&o.Website, row.Website},
		{&o.SecurityContact, row.SecurityContact}, {&o.Language, row.Language}, {&o.Source, row.Source}} {
		*f.to = first(*f.to, f.from)
	}
}

// ImportPartners writes partners into the user's own pack. Rows of the same organisation, person or product are replaced, every
// other row and column stays.
func ImportPartners(dir string, p Partners) error {
	var organisations, people, equipment [][]string
	for i := range p.Organisations {
		organisations = append(organisations, organisationRow(&p.Organisations[i]))
	}
	for _, h := range p.People {
		people = append(people, []string{h.OrgID, h.Name, h.Title, h.Function, h.Email, h.Source})
	}
	for i := range p.Equipment {
		equipment = append(equipment, equipmentRow(&p.Equipment[i]))
	}
	if err := putRows(dir, "organisations.csv", organisationColumns, organisations, "id"); err != nil {
		return err
	}
	if err := putRows(dir, "people.csv", []string{"org_id", "name", "title", "function", "email", "source"}, people, "org_id", "name"); err != nil {
		return err
	}
	return putRows(dir, "equipment.csv", equipmentColumns, equipment, "make", "model")
}

// ConfirmDomain writes into the user's own pack that a domain is an organisation's, with where that is known from. It returns
// the organisation's row as it stands then. Who owns the domain already keeps it: an [InputError].
func ConfirmDomain(dir string, known *Pack, organisation, domain, source string) (*Organisation, error) {
	o := known.Organisation(organisation)
	if o == nil {
		return nil, &InputError{"the pack has no organisation " + organisation, "coldwatch pack show --organisations lists them; coldwatch directory import adds some"}
	}
	d, ok := domainOf(domain)
	if !ok {
		return nil, &InputError{fmt.Sprintf("%q is not a domain", domain), "write it like example.org"}
	}
	if why := unsafeDomain(d); why != "" {
		return nil, &InputError{why, "a domain that anyone can use is nobody's own"}
	}
	if owner := known.OwnerOf(d); owner != nil && owner.ID != o.ID {
		return nil, &InputError{"the domain " + d + " belongs to " + owner.Name + " already", "correct that row of the pack first"}
	}
	c := o.clone()
	c.join(&Organisation{Name: o.Name, Domains: []string{d}})
	if source != "" && !strings.Contains(c.Source, source) {
		c.Source = strings.TrimPrefix(c.Source+"; "+source, "; ")
	}
	return &c, putRows(dir, "organisations.csv", organisationColumns, [][]string{organisationRow(&c)}, "id")
}
