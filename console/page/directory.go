package page

import (
	"net/http"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
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
	Sees     bool // the viewer may see its messages
}

type bind struct{ Text, ID, Name string }

func (p *Pages) organisation(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	pack := p.Desk.Pack()
	d := organisationPage{O: pack.Organisation(id)}
	if d.O == nil {
		p.Refused(w, r, http.StatusNotFound)
		return
	}
	for _, role := range d.O.Roles {
		d.Roles = append(d.Roles, p.roleName(role))
	}
	d.People = pack.PeopleOf(id)
	for _, rel := range pack.RelationsOf(id) {
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
	p.draw(w, r, http.StatusOK, "organisation.html", dossier.Visible(d.O.Name), "directory", d)
}
