package knowledge

import (
	"fmt"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// mended notes that a cell was read although it is not as the format says. The note's second sentence is the hint; for
// "read as X" the hint is to write X.
func (l *loader) mended(rec record, column, value, note string) {
	what, hint, _ := strings.Cut(note, ". ")
	if right, ok := strings.CutPrefix(what, "read as "); ok && hint == "" {
		hint = "write " + right
	}
	hint = first(hint, "correct the cell, or leave it empty")
	l.t.problem(rec.line, false, fmt.Sprintf("%s %q: %s", column, value, what), hint)
}

func (l *loader) stage(rec record) string {
	s := l.t.cell(rec, "stage")
	if s == "" {
		return ""
	}
	stage, exact := stageOf(s)
	switch {
	case stage == "":
		l.mended(rec, "stage", s, "not a stage of the chain; left empty. The stages are "+strings.Join(Stages[:], ", "))
	case !exact:
		l.mended(rec, "stage", s, "read as "+stage)
	}
	return stage
}

func (l *loader) coldSource(rec record) string {
	s := l.t.cell(rec, "cold_source")
	if s == "" {
		return ""
	}
	source, exact := coldSourceOf(s)
	switch {
	case source == "":
		l.mended(rec, "cold_source", s, "not a cold source; left empty. They are "+strings.Join(coldSources[:], ", "))
	case !exact:
		l.mended(rec, "cold_source", s, "read as "+source)
	}
	return source
}

func (l *loader) number(rec record, column string) *float64 {
	s := l.t.cell(rec, column)
	if s == "" {
		return nil
	}
	n, exact, ok := number(s)
	if !ok {
		l.mended(rec, column, s, "not a number; left empty, which means not known")
		return nil
	}
	if !exact {
		l.mended(rec, column, s, fmt.Sprintf("read as %g", n))
	}
	return &n
}

// positive is a number that cannot be below zero.
func (l *loader) positive(rec record, column string) *float64 {
	n := l.number(rec, column)
	if n != nil && *n < 0 {
		l.mended(rec, column, l.t.cell(rec, column), "cannot be below zero; left empty, which means not known")
		return nil
	}
	return n
}

func (l *loader) domains(rec record, column string) []string {
	var out []string
	for _, s := range l.t.list(rec, column) {
		d, ok := domainOf(s)
		if !ok {
			l.mended(rec, column, s, "not a domain; left out")
			continue
		}
		if d != strings.TrimSuffix(strings.ToLower(s), ".") {
			l.mended(rec, column, s, "read as "+d)
		}
		out = append(out, d)
	}
	return out
}

func lower(in []string) []string {
	for i := range in {
		in[i] = strings.ToLower(in[i])
	}
	return in
}

func (l *loader) id(rec record, column string) string { return strings.ToLower(l.t.cell(rec, column)) }

func (l *loader) role(rec record) (reason, hint string) {
	l.pack.Roles = append(l.pack.Roles, Role{ID: l.id(rec, "id"), Name: l.t.cell(rec, "name"), Description: l.t.cell(rec, "description"),
		Stage: l.stage(rec), ColdSource: l.coldSource(rec)})
	return "", ""
}

func (l *loader) organisation(rec record) (reason, hint string) {
	t := l.t
	o := Organisation{ID: l.id(rec, "id"), Name: t.cell(rec, "name"), Aliases: t.list(rec, "aliases"), Roles: l.roles(rec), Region: t.cell(rec, "region"),
		Domains: l.domains(rec, "domains"), DKIMDomains: l.domains(rec, "dkim_domains"), MailServices: l.domains(rec, "mail_services"),
		PostalAddress: t.cell(rec, "postal_address"), Website: t.cell(rec, "website"), Programmes: lower(t.list(rec, "programmes")),
		SecurityContact: t.cell(rec, "security_contact"), Language: strings.ToLower(t.cell(rec, "language")), TLPMax: strings.ToUpper(t.cell(rec, "tlp_max")),
		Source: t.cell(rec, "source")}
	if s := t.cell(rec, "country"); s != "" {
		code, exact, ok := countryOf(s)
		switch {
		case !ok:
			l.mended(rec, "country", s, "not a country of ISO 3166-1 alpha-2; left empty. Write two letters, such as DE")
		case !exact:
			l.mended(rec, "country", s, "read as "+code)
			fallthrough
		default:
			o.Country = code
		}
	} else {
		l.mended(rec, "country", "", "empty: reports will show no country for "+o.Name)
	}
	if c := o.SecurityContact; c != "" && !strings.Contains(c, "@") && !strings.Contains(c, "://") {
		l.mended(rec, "security_contact", c, "not a mail address and not a web address; left empty")
		o.SecurityContact = ""
	}
	switch s := strings.ToLower(t.cell(rec, "member")); s {
	case "yes", "y", "true", "1", "x":
		o.Member = true
	case "no", "n", "false", "0", "":
	default:
		l.mended(rec, "member", s, "neither yes nor no; read as no")
	}
	l.pack.Organisations = append(l.pack.Organisations, o)
	return "", ""
}

// roles reads role ids; a role's name is taken for its id.
func (l *loader) roles(rec record) []string {
	in := lower(l.t.list(rec, "roles"))
	if l.roleNames == nil {
		l.roleNames = map[string]string{}
		for _, r := range l.pack.Roles {
			l.roleNames[strings.ToLower(r.Name)] = r.ID
		}
		for _, r := range l.pack.Roles { // an id goes before another role's name
			l.roleNames[r.ID] = r.ID
		}
	}
	for i, s := range in {
		if id := l.roleNames[s]; id != "" && id != s {
			l.mended(rec, "roles", s, "read as "+id)
			in[i] = id
		}
	}
	return in
}

func (l *loader) person(rec record) (reason, hint string) {
	t := l.t
	p := Person{OrgID: l.id(rec, "org_id"), Name: t.cell(rec, "name"), Title: t.cell(rec, "title"), Function: strings.ToLower(t.cell(rec, "function")),
		Email: strings.ToLower(t.cell(rec, "email")), Source: t.cell(rec, "source")}
	if p.Email != "" && (strings.Count(p.Email, "@") != 1 || strings.ContainsAny(p.Email, " <>,;")) {
		l.mended(rec, "email", p.Email, "not one mail address; left empty")
		p.Email = ""
	}
	l.pack.People = append(l.pack.People, p)
	return "", ""
}

func (l *loader) equipment(rec record) (reason, hint string) {
	t := l.t
	e := Equipment{Make: t.cell(rec, "make"), Model: t.cell(rec, "model"), MakeOrgID: l.id(rec, "make_org_id"), Category: t.cell(rec, "category"),
		PQSCode: t.cell(rec, "pqs_code"), TempMinC: l.number(rec, "temp_min_c"), TempMaxC: l.number(rec, "temp_max_c"), ColdSource: l.coldSource(rec),
		CapacityL: l.positive(rec, "capacity_l"), PriceLow: l.positive(rec, "price_low"), PriceHigh: l.positive(rec, "price_high"),
		Currency: strings.ToUpper(t.cell(rec, "currency")), Source: t.cell(rec, "source")}
	if y := l.number(rec, "price_year"); y != nil {
		if *y >= 1900 && *y < 2200 {
			e.PriceYear = int(*y)
		} else {
			l.mended(rec, "price_year", t.cell(rec, "price_year"), "not a year; left empty")
		}
	}
	if (e.PriceLow != nil || e.PriceHigh != nil) && e.Currency == "" {
		l.mended(rec, "currency", "", "a price without a currency cannot be compared; the price was left out")
		e.PriceLow, e.PriceHigh = nil, nil
	}
	l.pack.Equipment = append(l.pack.Equipment, e)
	return "", ""
}

func (l *loader) programme(rec record) (reason, hint string) {
	l.pack.Programmes = append(l.pack.Programmes, Programme{ID: l.id(rec, "id"), Name: l.t.cell(rec, "name"), Aliases: l.t.list(rec, "aliases"),
		OperatorOrgID: l.id(rec, "operator_org_id"), Source: l.t.cell(rec, "source")})
	return "", ""
}

func (l *loader) vaccine(rec record) (reason, hint string) {
	l.pack.Vaccines = append(l.pack.Vaccines, Vaccine{ID: l.id(rec, "id"), Name: l.t.cell(rec, "name"), Maker: l.t.cell(rec, "maker"),
		StorageMinC: l.number(rec, "storage_min_c"), StorageMaxC: l.number(rec, "storage_max_c"), ExcursionHours: l.positive(rec, "excursion_hours"),
		Source: l.t.cell(rec, "source")})
	return "", ""
}

func (l *loader) relation(rec record) (reason, hint string) {
	l.pack.Relations = append(l.pack.Relations, Relation{FromOrg: l.id(rec, "from_org"), ToOrg: l.id(rec, "to_org"), Kind: l.id(rec, "kind"), Detail: l.t.cell(rec, "detail")})
	return "", ""
}

func (l *loader) prior(rec record) (reason, hint string) {
	n := l.number(rec, "prior")
	if n == nil || *n <= 0 || *n > 1 {
		return fmt.Sprintf("prior: %q is not a share above 0 and up to 1; the row was left out", l.t.cell(rec, "prior")), "write a share such as 0.15"
	}
	l.pack.Priors = append(l.pack.Priors, Prior{Hypothesis: l.id(rec, "hypothesis"), Prior: *n, Reason: l.t.cell(rec, "reason")})
	return "", ""
}

func (l *loader) lane(rec record) (reason, hint string) {
	l.pack.Lanes = append(l.pack.Lanes, Lane{ID: l.id(rec, "id"), VaccineID: l.id(rec, "vaccine_id"), Stops: lower(l.t.list(rec, "stops")),
		ColdSource: l.coldSource(rec), HoldoverHours: l.positive(rec, "holdover_hours"),
		DosesLow: l.positive(rec, "doses_per_week_low"), DosesHigh: l.positive(rec, "doses_per_week_high")})
	return "", ""
}

func (l *loader) excursion(rec record) (reason, hint string) {
	at, err := time.Parse(time.RFC3339, l.t.cell(rec, "at"))
	celsius, limit := l.number(rec, "celsius"), l.number(rec, "limit_c")
	if err != nil || celsius == nil || limit == nil {
		return "an excursion needs a time, a temperature and a limit; the row was left out", "write the time as 2021-02-28T14:00:00Z and temperatures in degrees Celsius"
	}
	l.pack.Excursions = append(l.pack.Excursions, coldwatch.Excursion{At: at.UTC(), Lane: l.id(rec, "lane"), Organisation: l.id(rec, "organisation"), Celsius: *celsius, Limit: *limit})
	return "", ""
}
