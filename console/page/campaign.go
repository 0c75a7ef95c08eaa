package page

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console"
	"github.com/coldwatch/coldwatch/console/desk"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/store"
)

// A campaignPage is everything about one campaign.
type campaignPage struct {
	P         coldwatch.Profile
	Newest    int // version
	Active    bool
	Facts     []dossier.Fact
	Sections  []dossier.Section
	Marking   coldwatch.Marking
	Countries []countryCount
	Chain     chainGraph
	Flow      flowView
	Evidence  evidenceView
	Messages  []store.Row
	Warnings  []coldwatch.Warning
	Answers   answersView
	Versions  []int
	Compared  *engine.Difference
	From      int
	History   []coldwatch.CampaignEvent
	Formats   []string
}

// Sections of the dossier that the page draws in its own way, or whose subject has a place of its own.
var ownSections = map[string]bool{"where": true, "chain": true, "timeline": true, "links": true, "messages": true, "warnings": true}

// campaignRows is how many messages the page lists.
const campaignRows = 50

func (p *Pages) campaign(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	id := r.PathValue("id")
	version := whole(q.Get("version"))
	d := campaignPage{Formats: desk.Formats(), From: whole(q.Get("from"))}
	newest, err := p.Desk.Campaign(ctx, id, 0)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	d.P, d.Newest = newest, newest.Version
	if version > 0 && version != newest.Version {
		if d.P, err = p.Desk.Campaign(ctx, id, version); err != nil {
			p.failed(w, r, err)
			return
		}
	}
	d.Active = isActive(d.P)
	doc := dossier.Build(coldwatch.Report{Profile: d.P, Marking: coldwatch.Marking{TLP: "TLP:AMBER"}, Made: d.P.Last}, p.Desk.Pack())
	d.Facts, d.Marking = doc.Facts, doc.Marking
	for _, s := range doc.Sections {
		if !ownSections[s.ID] {
			d.Sections = append(d.Sections, s)
		}
	}
	d.P.Summary = doc.Summary
	d.Countries = where([]coldwatch.Profile{d.P})
	d.Chain = p.chainOf(d.P)
	for v := newest.Version; v > 0 && len(d.Versions) < 30; v-- {
		d.Versions = append(d.Versions, v)
	}
	if err := p.campaignParts(r, id, &d); err != nil {
		p.failed(w, r, err)
		return
	}
	p.draw(w, r, http.StatusOK, "campaign.html", d.P.Name, "campaigns", d)
}

// campaignParts reads what stands beside the profile.
func (p *Pages) campaignParts(r *http.Request, id string, d *campaignPage) error {
	ctx := r.Context()
	sightings, err := p.Desk.Sightings(ctx, id)
	if err != nil {
		return err
	}
	d.Flow = flow(sightings)
	if d.Evidence, err = p.evidence(r, d.P, sightings); err != nil {
		return err
	}
	if d.Messages, err = p.Desk.Messages(ctx, store.MessageQuery{Campaign: id, Limit: campaignRows}); err != nil {
		return err
	}
	all, err := p.Desk.Warnings(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.Campaign == id {
			d.Warnings = append(d.Warnings, w)
		}
	}
	d.Answers = answersOf(d.Warnings, id)
	if d.History, err = p.Desk.History(ctx, id); err != nil {
		return err
	}
	if d.Newest < 2 {
		return nil
	}
	to := d.P.Version
	if to == 1 {
		to = 2
	}
	from := d.From
	if from <= 0 || from >= to {
		from = to - 1
	}
	diff, err := p.Desk.Difference(ctx, id, from, to)
	if err == nil {
		d.Compared, d.From = &diff, from
	}
	return err
}

// whole reads a number from 1, 0 for anything else.
func whole(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1e6 {
		return 0
	}
	return n
}

func (p *Pages) export(w http.ResponseWriter, r *http.Request) {
	content, name, err := p.Desk.Export(r.Context(), r.PathValue("id"), r.PathValue("format"))
	if err != nil {
		p.failed(w, r, err)
		return
	}
	console.Download(w, name, content)
}

// A chainGraph is the chain from maker to last mile with the organisations that the campaign impersonates and hits.
type chainGraph struct {
	Columns      []chainColumn
	Edges        []chainEdge
	Wide, Tall   int
	Alt          string
	Named        bool // some organisation is drawn
	Elsewhere    []chainNode
	Impersonates int
}

type chainColumn struct {
	X, W  int
	Stage string
	Hit   int
	Of    int
	Rest  string // what else the directory knows on that stage
	RestY int
	Nodes []chainNode
}

type chainNode struct {
	X, Y, W      int
	ID, Name     string
	Note         string
	Impersonated bool
	Hit          bool
	Messages     int
}

// Label is the name as it fits its box.
func (n chainNode) Label() string { return dossier.Cut(n.Name, 20) }

type chainEdge struct{ Path, Title string }

const (
	chainGap             = 18
	chainWide, chainThin = 164, 98 // a stage with organisations, and one without
	chainRow, chainTop   = 46, 54
	chainMost            = 7 // organisations drawn on one stage
)

// chainOf draws the chain of a profile.
func (p *Pages) chainOf(profile coldwatch.Profile) chainGraph {
	pack := p.Desk.Pack()
	g := chainGraph{}
	at := map[string]int{}
	for i, s := range stages(profile) {
		at[s.Stage] = i
		g.Columns = append(g.Columns, chainColumn{Stage: s.Stage, Hit: s.Hit, Of: s.Of})
	}
	place := func(n chainNode, roles []string) {
		for _, role := range roles {
			known := pack.Role(role)
			if known == nil {
				continue
			}
			if i, ok := at[known.Stage]; ok {
				n.Note = known.Name
				g.Columns[i].Nodes = append(g.Columns[i].Nodes, n)
				return
			}
		}
		g.Elsewhere = append(g.Elsewhere, n)
	}
	drawn := map[string]bool{}
	for _, s := range profile.Impersonated {
		n := chainNode{ID: s.Value, Name: s.Name, Impersonated: true, Messages: s.Count}
		if n.Name == "" {
			n.Name = p.orgName(s.Value)
		}
		var roles []string
		if o := pack.Organisation(s.Value); o != nil {
			roles = o.Roles
		} else {
			n.ID = ""
		}
		for _, t := range profile.Targets {
			n.Hit = n.Hit || t.Organisation != "" && t.Organisation == s.Value
		}
		place(n, roles)
		drawn[s.Value] = true
		g.Impersonates++
	}
	for _, t := range profile.Targets {
		if t.Organisation != "" && drawn[t.Organisation] {
			continue
		}
		n := chainNode{ID: t.Organisation, Name: t.Name, Hit: true, Messages: t.Messages}
		if n.Name == "" {
			n.Name = "organisation not named"
		}
		place(n, t.Roles)
	}
	g.lay()
	g.relate(p, profile)
	return g
}

// lay gives each organisation its place.
func (g *chainGraph) lay() {
	x := 6
	for i := range g.Columns {
		c := &g.Columns[i]
		c.X, c.W = x, chainThin
		if len(c.Nodes) > 0 {
			c.W = chainWide
		}
		x += c.W + chainGap
		more := 0
		if len(c.Nodes) > chainMost {
			more = len(c.Nodes) - chainMost
			c.Nodes = c.Nodes[:chainMost]
		}
		for k := range c.Nodes {
			c.Nodes[k].X, c.Nodes[k].Y, c.Nodes[k].W = c.X, chainTop+k*chainRow, c.W
			g.Named = true
		}
		c.RestY = chainTop + len(c.Nodes)*chainRow + 16
		if rest := c.Of - c.Hit; rest > 0 {
			c.Rest = fmt.Sprintf("%d not hit", rest)
		}
		if more > 0 {
			c.Rest = fmt.Sprintf("%d more hit", more)
		}
		g.Tall = max(g.Tall, c.RestY+14)
	}
	g.Wide = x
	hit := 0
	for _, c := range g.Columns {
		if c.Hit > 0 {
			hit++
		}
	}
	g.Alt = fmt.Sprintf("The chain in %s; %d of them hit. The list of targets names the organisations.", dossier.Count(len(g.Columns), "stage", "stages"), hit)
}

// relate draws what the directory knows to bind the organisations that are drawn.
func (g *chainGraph) relate(p *Pages, profile coldwatch.Profile) {
	nodes := map[string]chainNode{}
	for _, c := range g.Columns {
		for _, n := range c.Nodes {
			if n.ID != "" {
				nodes[n.ID] = n
			}
		}
	}
	for _, rel := range p.Desk.Pack().Relations {
		a, okA := nodes[rel.FromOrg]
		b, okB := nodes[rel.ToOrg]
		if !okA || !okB || rel.FromOrg == rel.ToOrg {
			continue
		}
		if a.X > b.X {
			a, b = b, a
		}
		x1, y1, x2, y2 := a.X+a.W, a.Y+17, b.X, b.Y+17
		path := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+34, y1, x2-34, y2, x2, y2)
		if a.X == b.X { // on one stage: around the right side
			x2 = b.X + b.W
			path = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+16, y1, x2+16, y2, x2, y2)
		}
		g.Edges = append(g.Edges, chainEdge{path, fmt.Sprintf("%s %s %s", p.orgName(rel.FromOrg), plainWords(rel.Kind), p.orgName(rel.ToOrg))})
		if len(g.Edges) == 60 {
			return
		}
	}
}

// link makes an address of the campaign's page with other choices.
func link(id string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	out := "/campaigns/" + url.PathEscape(id)
	if len(v) > 0 {
		out += "?" + v.Encode()
	}
	return out
}
