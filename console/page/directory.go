package page

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A directoryPage lists the organisations of the chain.
type directoryPage struct {
	Pack     *knowledge.Pack
	Find     string
	Role     string
	Roles    []knowledge.Role
	Rows     []directoryRow
	Of       int
	Problems int
}

type directoryRow struct {
	*knowledge.Organisation
	Hit          int // campaigns that hit it
	Impersonated int // campaigns in its name
}

// directoryMost is how many organisations one page lists.
const directoryMost = 300

func (p *Pages) directory(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	pack := p.Desk.Pack()
	d := directoryPage{Pack: pack, Find: strings.TrimSpace(q.Get("find")), Role: q.Get("role"), Roles: pack.Roles, Problems: len(pack.Check())}
	hit, abused, err := p.touched(r)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	find := strings.ToLower(d.Find)
	for i := range pack.Organisations {
		o := &pack.Organisations[i]
		if find != "" && !strings.Contains(strings.ToLower(orgWords(o)), find) || d.Role != "" && !slices.Contains(o.Roles, d.Role) {
			continue
		}
		d.Of++
		if len(d.Rows) < directoryMost {
			d.Rows = append(d.Rows, directoryRow{o, len(hit[o.ID]), len(abused[o.ID])})
		}
	}
	slices.SortStableFunc(d.Rows, func(a, b directoryRow) int {
		if d := (b.Hit + b.Impersonated) - (a.Hit + a.Impersonated); d != 0 {
			return d
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	p.draw(w, r, http.StatusOK, "directory.html", "Directory", "directory", d)
}

// touched gives the campaigns that the viewer may see by the organisation that they hit and by the one in whose name they come.
func (p *Pages) touched(r *http.Request) (hit, abused map[string][]coldwatch.Profile, err error) {
	all, err := p.Desk.Campaigns(r.Context(), false)
	hit, abused = map[string][]coldwatch.Profile{}, map[string][]coldwatch.Profile{}
	for i := range all {
		for _, t := range all[i].Targets {
			hit[t.Organisation] = append(hit[t.Organisation], all[i])
		}
		for _, s := range all[i].Impersonated {
			abused[s.Value] = append(abused[s.Value], all[i])
		}
	}
	delete(hit, "")
	delete(abused, "")
	return hit, abused, err
}

// A checksPage says what is wrong with the directory.
type checksPage struct {
	Pack     *knowledge.Pack
	Problems []knowledge.Problem
	Fatal    int
}

func (p *Pages) checks(w http.ResponseWriter, r *http.Request) {
	d := checksPage{Pack: p.Desk.Pack(), Problems: p.Desk.Pack().Check()}
	for _, problem := range d.Problems {
		if problem.Fatal {
			d.Fatal++
		}
	}
	p.draw(w, r, http.StatusOK, "checks.html", "Checks of the directory", "directory", d)
}

// An organisationPage is one organisation with what came near it.
type organisationPage struct {
	O        *knowledge.Organisation
	Roles    []string
	People   []*knowledge.Person
	Binds    []bind
	Hit      []coldwatch.Profile
	Abused   []coldwatch.Profile
	Messages []store.Row
	Edit     editForm
}

type bind struct{ Text, ID, Name string }

func (p *Pages) organisation(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	pack := p.Desk.Pack()
	v := access.From(r.Context())
	d := organisationPage{O: pack.Organisation(id)}
	if d.O == nil || !v.Knows(id) {
		p.Refused(w, r, http.StatusNotFound)
		return
	}
	for _, role := range d.O.Roles {
		d.Roles = append(d.Roles, p.roleName(role))
	}
	d.People = pack.PeopleOf(id)
	for _, rel := range pack.RelationsOf(id) {
		if v.Organisation != "" {
			break // with whom the directory binds it is the community's knowledge
		}
		if rel.FromOrg == id {
			d.Binds = append(d.Binds, bind{plainWords(rel.Kind), rel.ToOrg, p.orgName(rel.ToOrg)})
		} else {
			d.Binds = append(d.Binds, bind{"is one that " + plainWords(rel.Kind) + ":", rel.FromOrg, p.orgName(rel.FromOrg)})
		}
	}
	hit, abused, err := p.touched(r)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	d.Hit, d.Abused = hit[id], abused[id]
	if d.Messages, err = p.Desk.Messages(r.Context(), store.MessageQuery{Organisation: id, Limit: 15,
		Classes: []coldwatch.Class{coldwatch.Suspicious, coldwatch.Hostile, coldwatch.Targeted}}); err != nil {
		p.failed(w, r, err)
		return
	}
	d.Edit = editForm{O: *d.O, All: pack.Roles}
	p.draw(w, r, http.StatusOK, "organisation.html", dossier.Visible(d.O.Name), "directory", d)
}

// An editForm is the form of an organisation.
type editForm struct {
	O       knowledge.Organisation
	All     []knowledge.Role
	New     bool
	Problem string
	Hint    string
}

func (p *Pages) newOrganisation(w http.ResponseWriter, r *http.Request) {
	p.draw(w, r, http.StatusOK, "edit.html", "New organisation", "directory", editForm{New: true, All: p.Desk.Pack().Roles})
}

// maxCell bounds one field of the form.
const maxCell = 4000

func (p *Pages) putOrganisation(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.Refused(w, r, http.StatusBadRequest)
		return
	}
	cell := func(name string) string { return strings.TrimSpace(dossier.Cut(r.PostForm.Get(name), maxCell)) }
	list := func(name string, lower bool) []string {
		var out []string
		for _, s := range strings.FieldsFunc(cell(name), func(c rune) bool { return c == ';' || c == '\n' || c == '\r' || lower && (c == ',' || c == ' ') }) {
			if s = strings.TrimSpace(s); lower {
				s = strings.ToLower(s)
			}
			if s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	pack := p.Desk.Pack()
	id := cell("id")
	isNew := r.PostForm.Get("new") != ""
	var o knowledge.Organisation
	if old := pack.Organisation(id); old != nil {
		if isNew {
			p.draw(w, r, http.StatusConflict, "edit.html", "New organisation", "directory", editForm{New: true, All: pack.Roles, Problem: "There is an organisation of that id already.", Hint: "Choose another id, or change that one."})
			return
		}
		o = *old // what the form does not have stays
	} else if !isNew {
		p.Refused(w, r, http.StatusNotFound)
		return
	}
	o.ID, o.Name, o.Aliases, o.Roles = id, cell("name"), list("aliases", false), r.PostForm["role"]
	o.Country, o.Domains, o.DKIMDomains, o.MailServices = strings.ToUpper(cell("country")), list("domains", true), list("dkim", true), list("services", true)
	o.PostalAddress, o.Website, o.SecurityContact, o.Language = cell("postal"), cell("website"), cell("contact"), cell("language")
	o.TLPMax, o.Source, o.Member = cell("tlp"), cell("source"), r.PostForm.Get("member") != ""
	err := p.Desk.Correct(r.Context(), o)
	var bad *desk.InputError
	if errors.As(err, &bad) {
		p.draw(w, r, http.StatusBadRequest, "edit.html", "Not kept", "directory", editForm{O: o, New: isNew, All: pack.Roles, Problem: sentence(bad.Text), Hint: sentence(bad.Hint)})
		return
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/directory/"+id, "The directory has it. Mail is read with it from the next start of the program on.")
}
