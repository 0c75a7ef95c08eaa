package page

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A searchPage is what was found, in messages, campaigns and organisations.
type searchPage struct {
	Q             string
	Class         string
	Organisation  string
	Campaign      string
	Rows          []store.Row
	Next          string
	Campaigns     []coldwatch.Profile
	Organisations []*knowledge.Organisation
	Members       []*knowledge.Organisation // whose messages the viewer may see
	Saved         []savedSearch
	Asked         bool
	Here          string // the query string, to keep
}

// A savedSearch is a search that a person kept.
type savedSearch struct {
	Name  string `json:"name"`
	Query string `json:"query"`
}

const (
	searchRows  = 50
	searchMost  = 8 // campaigns and organisations
	maxSaved    = 50
	maxQuery    = 1000
	maxNameWide = 60
)

func (p *Pages) search(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	d := searchPage{Q: dossier.Cut(strings.TrimSpace(q.Get("q")), maxQuery), Class: q.Get("class"), Organisation: q.Get("organisation"), Campaign: q.Get("campaign")}
	d.Asked = d.Q != "" || d.Class != "" || d.Organisation != "" || d.Campaign != ""
	v := access.From(ctx)
	if v.Organisation == "" {
		d.Members = p.Desk.Pack().Members()
	}
	find := store.MessageQuery{Words: refang(d.Q), Organisation: d.Organisation, Campaign: d.Campaign, AfterID: q.Get("after"), Limit: searchRows + 1}
	switch c := coldwatch.Class(d.Class); c {
	case coldwatch.Unremarkable, coldwatch.Suspicious, coldwatch.Hostile, coldwatch.Targeted:
		find.Classes = []coldwatch.Class{c}
	default:
		d.Class = ""
	}
	if micro, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil {
		find.Before = time.UnixMicro(micro).UTC()
	}
	var err error
	if d.Campaign != "" { // its members are told to those only who may see the campaign
		if _, err = p.Desk.Campaign(ctx, d.Campaign, 0); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	if d.Rows, err = p.Desk.Messages(ctx, find); err != nil {
		p.failed(w, r, err)
		return
	}
	keep := url.Values{}
	for key, value := range map[string]string{"q": d.Q, "class": d.Class, "organisation": d.Organisation, "campaign": d.Campaign} {
		if value != "" {
			keep.Set(key, value)
		}
	}
	d.Here = keep.Encode()
	if len(d.Rows) > searchRows {
		d.Rows = d.Rows[:searchRows]
		last := d.Rows[searchRows-1]
		keep.Set("before", strconv.FormatInt(last.Received.UnixMicro(), 10))
		keep.Set("after", last.ID)
		d.Next = "/search?" + keep.Encode()
	}
	if d.Q != "" && find.Before.IsZero() {
		if err := p.others(r, &d); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	if d.Saved, err = p.savedSearches(r); err != nil {
		p.failed(w, r, err)
		return
	}
	p.draw(w, r, http.StatusOK, "search.html", "Search", "search", d)
}

// refang reads an indicator as people write it so that nobody clicks it: hxxp, [.] and [at].
func refang(q string) string {
	return strings.NewReplacer("hxxp", "http", "[.]", ".", "[.", ".", "(.)", ".", "[at]", "@", "[@]", "@", "[:]", ":").Replace(q)
}

// others finds campaigns and organisations.
func (p *Pages) others(r *http.Request, d *searchPage) error {
	words := strings.Fields(strings.ToLower(refang(d.Q)))
	holds := func(text string) bool {
		text = strings.ToLower(text)
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	}
	all, err := p.Desk.Campaigns(r.Context(), true)
	if err != nil {
		return err
	}
	for i := range all {
		if len(d.Campaigns) < searchMost && holds(searchable(&all[i])) {
			d.Campaigns = append(d.Campaigns, all[i])
		}
	}
	orgs := p.Desk.Pack().Organisations
	v := access.From(r.Context())
	for i := range orgs {
		if len(d.Organisations) < searchMost && v.Knows(orgs[i].ID) && holds(orgWords(&orgs[i])) {
			d.Organisations = append(d.Organisations, &orgs[i])
		}
	}
	return nil
}

// orgWords gives the words by which an organisation is found.
func orgWords(o *knowledge.Organisation) string {
	return strings.Join(slices.Concat([]string{o.ID, o.Name, o.Country, dossier.CountryName(o.Country)}, o.Aliases, o.Domains, o.Roles), " ")
}

// savedSetting is where an account's searches are kept.
func savedSetting(r *http.Request) string { return "searches " + access.From(r.Context()).Account }

func (p *Pages) savedSearches(r *http.Request) ([]savedSearch, error) {
	b, err := p.Store.Setting(r.Context(), savedSetting(r))
	if err != nil || len(b) == 0 {
		return nil, err
	}
	var out []savedSearch
	if json.Unmarshal(b, &out) != nil {
		return nil, nil // a list that cannot be read is no reason not to search
	}
	return out, nil
}

func (p *Pages) putSearches(r *http.Request, list []savedSearch) error {
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return p.Store.PutSetting(r.Context(), savedSetting(r), b)
}

func (p *Pages) keepSearch(w http.ResponseWriter, r *http.Request) {
	name, query := strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("query")
	v, err := url.ParseQuery(query)
	if err != nil || name == "" || len(name) > maxNameWide || len(query) > 2*maxQuery {
		p.done(w, r, "/search", "The search was not kept: it needs a name of at most sixty letters.")
		return
	}
	list, err := p.savedSearches(r)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	list = slices.DeleteFunc(list, func(s savedSearch) bool { return s.Name == name })
	if len(list) >= maxSaved {
		p.done(w, r, "/search?"+v.Encode(), "The search was not kept: there are fifty already. Forget one first.")
		return
	}
	list = append(list, savedSearch{name, v.Encode()})
	slices.SortFunc(list, func(a, b savedSearch) int { return strings.Compare(a.Name, b.Name) })
	if err := p.putSearches(r, list); err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/search?"+v.Encode(), "The search is kept as “"+name+"”.")
}

func (p *Pages) forgetSearch(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	list, err := p.savedSearches(r)
	if err == nil {
		err = p.putSearches(r, slices.DeleteFunc(list, func(s savedSearch) bool { return s.Name == name }))
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.done(w, r, "/search", "The search “"+name+"” is forgotten.")
}
