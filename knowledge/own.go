package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// InitOptions describe the user's own organisation.
type InitOptions struct {
	ID              string   // "" takes it from the name, or else from the first domain
	Name            string   // "" takes the first domain
	Domains         []string // at least one
	Roles           []string // role ids of the embedded pack or of the user's own
	Country         string   // ISO 3166-1 alpha-2
	Region          string
	SecurityContact string // where warnings go; "" holds them
	Language        string
}

// An InputError is a wish that cannot be carried out as it was put; Hint says what would.
type InputError struct{ Reason, Hint string }

func (e *InputError) Error() string { return e.Reason }

// InitPack writes the user's organisation into a pack of the user's own, which extends the embedded one. The folder is
// made if it is not there; in an existing pack the organisation is added as one more row, and every other byte stays. An
// organisation that stands there already is never replaced: the same row again changes nothing, another row with its id
// is an [InputError].
func InitPack(dir string, o InitOptions) error {
	org, err := o.organisation()
	if err != nil {
		return err
	}
	own, _, err := loadOwn(os.DirFS(dir))
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return fmt.Errorf("chain pack %s: %w", dir, err)
	}
	known := Default()
	if !fresh {
		known = Overlay(known, own)
		if there := own.Organisation(org.ID); there != nil {
			if sameRow(organisationRow(there), organisationRow(org)) {
				return nil
			}
			return &InputError{"the organisation " + org.ID + " stands in " + filepath.Join(dir, "organisations.csv") + " already",
				"edit that row, or choose another id"}
		}
	}
	for _, r := range org.Roles {
		if known.Role(r) == nil {
			return &InputError{"unknown role: " + r, "the roles are " + strings.Join(roleIDs(known), ", ")}
		}
	}
	for _, d := range org.Domains {
		if owner := known.OwnerOf(d); owner != nil && owner.ID != org.ID {
			return &InputError{"the domain " + d + " belongs to " + owner.Name + " already", "use the id " + owner.ID + " to replace that organisation's row"}
		}
	}
	if fresh {
		head, err := yaml.Marshal(manifest{Name: "own", Version: "1", Description: "Our own organisation, over the embedded pack", Extends: EmbeddedName})
		if err != nil {
			return fmt.Errorf("chain pack: %w", err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("chain pack: %w", err)
		}
		// The rows first: a folder is a pack once pack.yaml stands in it.
		if err := appendOrganisation(dir, org); err != nil {
			return err
		}
		return writeFile(filepath.Join(dir, "pack.yaml"), head)
	}
	return appendOrganisation(dir, org)
}

func (o InitOptions) organisation() (*Organisation, error) {
	out := &Organisation{Name: strings.TrimSpace(o.Name), Region: o.Region, SecurityContact: o.SecurityContact, Language: strings.ToLower(o.Language), Member: true, Source: "own"}
	for _, s := range o.Domains {
		d, ok := domainOf(s)
		if !ok {
			return nil, &InputError{fmt.Sprintf("%q is not a domain", s), "write it like example.org"}
		}
		if why := unsafeDomain(d); why != "" {
			return nil, &InputError{why, "name a domain that belongs to your organisation alone"}
		}
		out.Domains = append(out.Domains, d)
	}
	if len(out.Domains) == 0 {
		return nil, &InputError{"no domain", "--domain names the domain of your mail addresses"}
	}
	code, _, ok := countryOf(strings.TrimSpace(o.Country))
	if !ok {
		return nil, &InputError{fmt.Sprintf("%q is not a country code", o.Country), "--country takes two letters of ISO 3166-1, such as DE"}
	}
	out.Country = code
	for _, r := range o.Roles {
		if r = strings.ToLower(strings.TrimSpace(r)); r != "" {
			out.Roles = append(out.Roles, r)
		}
	}
	if len(out.Roles) == 0 {
		return nil, &InputError{"no role", "--role says what your organisation does: " + strings.Join(roleIDs(Default()), ", ")}
	}
	if out.Name == "" {
		out.Name = out.Domains[0]
	}
	out.ID = idOf(first(o.ID, first(out.Name, out.Domains[0])))
	if out.ID == "" {
		out.ID = idOf(out.Domains[0])
	}
	return out, nil
}

func roleIDs(p *Pack) []string {
	var out []string
	for _, r := range p.Roles {
		out = append(out, r.ID)
	}
	return out
}

func sameRow(a, b []string) bool {
	return strings.Join(a, "\x00") == strings.Join(b, "\x00")
}

// appendOrganisation adds a row to organisations.csv in the columns and with the separator of that file.
func appendOrganisation(dir string, o *Organisation) error {
	path := filepath.Join(dir, "organisations.csv")
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("chain pack: %w", err)
	}
	var b bytes.Buffer
	columns, delim := organisationColumns, byte(',')
	text, was := toUTF8(raw)
	if strings.TrimSpace(string(text)) == "" {
		b.WriteString(strings.Join(columns, ",") + "\n")
	} else {
		if was == "UTF-16" {
			return &InputError{path + " is UTF-16", "save it as CSV UTF-8 and try again"}
		}
		t := &table{delim: ','}
		header, _ := t.header(&lineReader{text: string(text)})
		columns, delim = header.cells, t.delim
		b.Write(raw)
		if raw[len(raw)-1] != '\n' && raw[len(raw)-1] != '\r' {
			b.WriteByte('\n')
		}
	}
	values := map[string]string{}
	for i, c := range organisationRow(o) {
		values[organisationColumns[i]] = c
	}
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = values[columnName(c)]
		delete(values, columnName(c))
	}
	for _, c := range []string{"id", "name", "roles", "country", "domains"} {
		if _, left := values[c]; left {
			return &InputError{path + " has no column " + c, "add it to the first line"}
		}
	}
	writeRow(&b, row, delim)
	return writeFile(path, b.Bytes())
}
