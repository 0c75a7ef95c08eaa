package knowledge

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/coldwatch/coldwatch"
)

// Write writes the pack as a folder that Load reads back to the same rows. Tables without rows get no file. A file is
// complete or not there: each is written beside its place and renamed. Files of the folder that are no part of a pack
// are left alone.
func (p *Pack) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	head, err := yaml.Marshal(manifest{Name: p.Name, Version: p.Version, Description: p.Description, Sector: p.Sector, Licence: p.Licence, Sources: p.Sources})
	if err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "pack.yaml"), head); err != nil {
		return err
	}
	for _, f := range p.tables() {
		path := filepath.Join(dir, f.name)
		if len(f.rows) == 0 {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("chain pack: %w", err)
			}
			continue
		}
		if err := writeFile(path, []byte(f.text())); err != nil {
			return err
		}
	}
	return nil
}

// writeRow writes one record of RFC 4180, with LF.
func writeRow(b *bytes.Buffer, row []string, delim byte) {
	for i, c := range row {
		if i > 0 {
			b.WriteByte(delim)
		}
		if strings.ContainsAny(c, "\",;\t\r\n") {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		b.WriteString(c)
	}
	b.WriteByte('\n')
}

func writeFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone after the rename
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("chain pack: %w", err)
	}
	return nil
}

type tableOut struct {
	name    string
	columns []string
	rows    [][]string
}

func (f tableOut) text() string {
	var b bytes.Buffer
	b.WriteString(strings.Join(f.columns, ",") + "\n")
	for _, row := range f.rows {
		writeRow(&b, row, ',')
	}
	return b.String()
}

func list(v []string) string { return strings.Join(v, ";") }

func figure(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

var organisationColumns = []string{"id", "name", "aliases", "roles", "country", "region", "domains", "dkim_domains", "mail_services", "postal_address", "website",
	"programmes", "member", "security_contact", "language", "tlp_max", "source"}

func organisationRow(o *Organisation) []string {
	return []string{o.ID, o.Name, list(o.Aliases), list(o.Roles), o.Country, o.Region, list(o.Domains), list(o.DKIMDomains), list(o.MailServices), o.PostalAddress,
		o.Website, list(o.Programmes), yesNo(o.Member), o.SecurityContact, o.Language, o.TLPMax, o.Source}
}

var equipmentColumns = []string{"make", "model", "make_org_id", "category", "pqs_code", "temp_min_c", "temp_max_c", "cold_source",
	"capacity_l", "price_low", "price_high", "currency", "price_year", "source"}

func equipmentRow(e *Equipment) []string {
	year := ""
	if e.PriceYear != 0 {
		year = strconv.Itoa(e.PriceYear)
	}
	return []string{e.Make, e.Model, e.MakeOrgID, e.Category, e.PQSCode, figure(e.TempMinC), figure(e.TempMaxC), e.ColdSource,
		figure(e.CapacityL), figure(e.PriceLow), figure(e.PriceHigh), e.Currency, year, e.Source}
}

var laneColumns = []string{"id", "vaccine_id", "stops", "cold_source", "holdover_hours", "doses_per_week_low", "doses_per_week_high"}

func laneRow(l *Lane) []string {
	return []string{l.ID, l.VaccineID, list(l.Stops), l.ColdSource, figure(l.HoldoverHours), figure(l.DosesLow), figure(l.DosesHigh)}
}

var excursionColumns = []string{"at", "lane", "organisation", "celsius", "limit_c"}

func excursionRow(x *coldwatch.Excursion) []string {
	return []string{x.At.UTC().Format(time.RFC3339), x.Lane, x.Organisation, figure(&x.Celsius), figure(&x.Limit)}
}

func (p *Pack) tables() []tableOut {
	roles := tableOut{name: "roles.csv", columns: []string{"id", "name", "description", "stage", "cold_source"}}
	for _, r := range p.Roles {
		roles.rows = append(roles.rows, []string{r.ID, r.Name, r.Description, r.Stage, r.ColdSource})
	}
	orgs := tableOut{name: "organisations.csv", columns: organisationColumns}
	for i := range p.Organisations {
		orgs.rows = append(orgs.rows, organisationRow(&p.Organisations[i]))
	}
	people := tableOut{name: "people.csv", columns: []string{"org_id", "name", "title", "function", "email", "source"}}
	for _, h := range p.People {
		people.rows = append(people.rows, []string{h.OrgID, h.Name, h.Title, h.Function, h.Email, h.Source})
	}
	equipment := tableOut{name: "equipment.csv", columns: equipmentColumns}
	for i := range p.Equipment {
		equipment.rows = append(equipment.rows, equipmentRow(&p.Equipment[i]))
	}
	programmes := tableOut{name: "programmes.csv", columns: []string{"id", "name", "aliases", "operator_org_id", "source"}}
	for _, g := range p.Programmes {
		programmes.rows = append(programmes.rows, []string{g.ID, g.Name, list(g.Aliases), g.OperatorOrgID, g.Source})
	}
	vaccines := tableOut{name: "vaccines.csv", columns: []string{"id", "name", "maker", "storage_min_c", "storage_max_c", "excursion_hours", "source"}}
	for _, v := range p.Vaccines {
		vaccines.rows = append(vaccines.rows, []string{v.ID, v.Name, v.Maker, figure(v.StorageMinC), figure(v.StorageMaxC), figure(v.ExcursionHours), v.Source})
	}
	relations := tableOut{name: "relations.csv", columns: []string{"from_org", "to_org", "kind", "detail"}}
	for _, r := range p.Relations {
		relations.rows = append(relations.rows, []string{r.FromOrg, r.ToOrg, r.Kind, r.Detail})
	}
	priors := tableOut{name: "priors.csv", columns: []string{"hypothesis", "prior", "reason"}}
	for _, h := range p.Priors {
		priors.rows = append(priors.rows, []string{h.Hypothesis, figure(&h.Prior), h.Reason})
	}
	lanes := tableOut{name: "lanes.csv", columns: laneColumns}
	for i := range p.Lanes {
		lanes.rows = append(lanes.rows, laneRow(&p.Lanes[i]))
	}
	excursions := tableOut{name: "excursions.csv", columns: excursionColumns}
	for i := range p.Excursions {
		excursions.rows = append(excursions.rows, excursionRow(&p.Excursions[i]))
	}
	return []tableOut{roles, orgs, people, equipment, programmes, vaccines, relations, priors, lanes, excursions}
}
