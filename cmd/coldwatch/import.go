package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

type importCmd struct {
	File   string `arg:"" help:"A STIX 2.1 bundle; - for standard input."`
	Source string `help:"Who gave it to you, for example isac. A later version of an object is taken from the same source only." placeholder:"NAME" required:""`
	Watch  string `help:"Also hold new mail against its indicators, under this name." placeholder:"NAME"`
}

func (importCmd) Help() string {
	return "The objects are kept apart, as they came, under their source and marking: they change no verdict and no campaign of yours, and nothing of them is published. " +
		"Their indicators are hunted for in stored mail. Left out, with the reason: what breaks STIX 2.1, a version by another creator, a time in the future, " +
		"a freer marking than was stored, what was revoked, and domains that your pack says are an organisation's own. At most 32 MiB, 100,000 objects and a depth of 64 are read."
}

// imported is what --json prints.
type imported struct {
	Source    string            `json:"source"`
	TLP       string            `json:"tlp,omitempty"` // the strictest marking in it
	Objects   int               `json:"objects"`
	Problems  []stix.Problem    `json:"problems"` // what was left out
	Campaigns []foreignCampaign `json:"campaigns"`
	Hunt      *engine.Hunt      `json:"hunt,omitempty"`
}

// A foreignCampaign is one that somebody else tells of.
type foreignCampaign struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	By         string   `json:"by,omitempty"` // its creator, by name where the bundle gives one
	TLP        string   `json:"tlp,omitempty"`
	Indicators int      `json:"indicators"` // that the bundle gives for it
	Messages   []string `json:"messages"`   // stored here that carry one of them
}

func (c importCmd) Run(ctx context.Context, g *Globals) error {
	if c.Source == "" || len(c.Source) > 100 || strings.ContainsFunc(c.Source, unicode.IsControl) {
		return &userError{err: errors.New("the source is no name"), hint: "--source isac", code: 2}
	}
	objects, problems, err := g.readBundle(c.File)
	if err != nil {
		return err
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	collection := "from file " + c.Source
	taken, refused, err := taxii.Take(ctx, e.Store, collection, c.Source, objects, e.Clock())
	if err != nil {
		return err
	}
	out := imported{Source: c.Source, Objects: len(taken), Problems: orEmpty(append(problems, refused...))}
	if len(taken) == 0 {
		reason := "it is empty"
		if len(out.Problems) > 0 {
			reason = safe(out.Problems[0].ID) + ": " + safe(out.Problems[0].Reason)
		}
		return hinted("a bundle of STIX 2.1 is wanted; coldwatch hunt FILE reads a report of any shape for its indicators", "nothing was taken of %s: %s", c.File, reason)
	}
	by := map[string][]bulletin.Indicator{} // id of an object → what it names
	now, kept, err := newest(ctx, e.Store, collection, taken)
	if err != nil {
		return err
	}
	watch := engine.Watch{Name: c.Watch, Source: c.Source}
	for _, o := range now {
		list, _, left := indicatorsOf(e.Pack, o)
		by[o.ID] = list
		watch.Indicators = append(watch.Indicators, list...)
		out.Problems = append(out.Problems, left...)
	}
	watch.Indicators = distinct(watch.Indicators)
	var all []stix.Object
	for _, o := range kept {
		all = append(all, o)
	}
	out.TLP = stix.TLP(all)
	watch.TLP = out.TLP
	h, err := e.Hunt(ctx, watch.Indicators)
	if err != nil {
		return err
	}
	out.Hunt, out.Campaigns = &h, campaignsOf(kept, by, &h)
	if watch.Name != "" && len(watch.Indicators) > 0 {
		if err := e.Watch(ctx, watch, true); err != nil {
			return err
		}
	}
	if g.JSON {
		return g.printJSON(out)
	}
	g.printImported(&out, watch)
	return nil
}

// readBundle reads a bundle from a file or standard input.
func (g *Globals) readBundle(file string) ([]stix.Object, []stix.Problem, error) {
	var in io.Reader = g.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, nil, hinted("name the file of a STIX 2.1 bundle, or - for standard input", "%w", err)
		}
		defer f.Close()
		in = f
	}
	objects, problems, err := stix.Parse(in)
	switch {
	case errors.Is(err, stix.ErrTooLarge):
		return nil, nil, hinted("ask its source for parts of at most 32 MiB and 100,000 objects", "%s: %w", file, err)
	case err != nil:
		return nil, nil, hinted("a bundle of STIX 2.1 is wanted; coldwatch hunt FILE reads a report of any shape for its indicators", "%s: %w", file, err)
	}
	return objects, problems, nil
}

// newest gives the stored version that holds now of each object that was taken: a file may bring back an old one.
func newest(ctx context.Context, st engine.Store, collection string, taken []store.Object) (list []store.Object, byID map[string]stix.Object, err error) {
	came := map[string]bool{}
	for _, t := range taken {
		came[t.ID] = true
	}
	all, err := st.Objects(ctx, store.ObjectQuery{Collection: collection, Last: true})
	if err != nil {
		return nil, nil, err
	}
	byID = map[string]stix.Object{}
	for _, o := range all {
		if !came[o.ID] {
			continue
		}
		v := stix.Object{}
		if err := json.Unmarshal(o.JSON, &v); err != nil {
			return nil, nil, err
		}
		list, byID[o.ID] = append(list, o), v
	}
	return list, byID, nil
}

func text(o stix.Object, property string) string { s, _ := o[property].(string); return s }

// campaignsOf gives the campaigns that are told of and not revoked, with the stored messages that carry an indicator related to them.
func campaignsOf(objects map[string]stix.Object, by map[string][]bulletin.Indicator, h *engine.Hunt) []foreignCampaign {
	hits := map[[2]string][]string{}
	for _, x := range h.Hits {
		hits[[2]string{string(x.Kind), x.Value}] = x.Messages
	}
	related := map[string]map[[2]string]bool{} // campaign → indicators
	for _, r := range objects {
		if r.Type() != "relationship" || text(r, "relationship_type") != "indicates" || r["revoked"] == true {
			continue
		}
		to := text(r, "target_ref")
		if related[to] == nil {
			related[to] = map[[2]string]bool{}
		}
		for _, i := range by[text(r, "source_ref")] {
			related[to][[2]string{string(i.Kind), i.Value}] = true
		}
	}
	out := []foreignCampaign{}
	for id, o := range objects {
		if o.Type() != "campaign" || o["revoked"] == true {
			continue
		}
		creator := text(o, "created_by_ref")
		c := foreignCampaign{ID: id, Name: text(o, "name"), By: cmp.Or(text(objects[creator], "name"), creator), TLP: stix.TLP([]stix.Object{o}), Indicators: len(related[id]), Messages: []string{}}
		for key := range related[id] {
			c.Messages = append(c.Messages, hits[key]...)
		}
		slices.Sort(c.Messages)
		c.Messages = slices.Compact(c.Messages)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b foreignCampaign) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (g *Globals) printImported(out *imported, watch engine.Watch) {
	g.print("%s taken%s; kept apart: no verdict and no campaign of yours changes", count(out.Objects, "object"), foreign(out.Source, out.TLP))
	for i, p := range out.Problems {
		if i == 5 {
			g.print("  … and %d more: --json lists them", len(out.Problems)-5)
			break
		}
		g.print("  left out: %s: %s", safe(p.ID), safe(p.Reason))
	}
	for i, c := range out.Campaigns {
		if i == 20 {
			g.print("  … and %d more campaigns: --json lists them", len(out.Campaigns)-20)
			break
		}
		g.print("  campaign %s of %s, %s: %s, %s here carry one", short(orWord(c.Name, c.ID), 60), short(orWord(c.By, "nobody named"), 60), orWord(c.TLP, "not marked"),
			count(c.Indicators, "indicator"), count(len(c.Messages), "message"))
	}
	g.print("")
	if len(watch.Indicators) == 0 {
		g.print("no indicators among them")
		return
	}
	g.printHunt(out.Hunt)
	if watch.Name != "" {
		g.note("\nnew mail is watched for as %s; coldwatch hunt --unwatch %s%s ends it", safe(watch.Name), safe(watch.Name), g.dbFlag())
	}
}
