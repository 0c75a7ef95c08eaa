package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/coldwatch/coldwatch/knowledge"
)

type packCmd struct {
	Check packCheckCmd `cmd:"" help:"Check a chain pack: every wrong row with file, line and reason."`
	Show  packShowCmd  `cmd:"" help:"Show what the pack in use knows."`

	Lanes  packLanesCmd  `cmd:"" help:"Ways that doses take, into your own pack."`
	Prices packPricesCmd `cmd:"" help:"Prices of equipment, into your own pack."`
}

type packCheckCmd struct {
	Dir string `arg:"" help:"Folder of the pack."`
}

func (c packCheckCmd) Run(g *Globals) error {
	p, err := knowledge.Load(c.Dir)
	if err != nil {
		return hinted("a pack is a folder with pack.yaml and CSV files; docs/formats/pack.md describes it", "%w", err)
	}
	problems := p.Check()
	if g.JSON {
		err = g.printJSON(map[string]any{"name": p.Name, "version": p.Version, "problems": orEmpty(problems), "counts": packCounts(p)})
	} else {
		for _, x := range problems {
			g.print("%s:%d: %s%s", safe(x.File), x.Line, safe(x.Reason), optional(" (", safe(x.Hint)+")"))
		}
		g.print("%s %s: %s", safe(p.Name), safe(p.Version), packLine(p))
	}
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return hinted("mend the rows named above; the others load", "%s", count(len(problems), "problem"))
	}
	return nil
}

type packShowCmd struct {
	Organisations bool `help:"List the organisations."`
	Roles         bool `help:"List the roles."`
	Equipment     bool `help:"List the equipment."`
	Vaccines      bool `help:"List the vaccines."`
}

func (c packShowCmd) Run(g *Globals) error {
	p, err := g.pack("")
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"name": p.Name, "version": p.Version, "description": p.Description, "counts": packCounts(p),
			"roles": p.Roles, "organisations": p.Organisations, "equipment": p.Equipment, "vaccines": p.Vaccines, "programmes": p.Programmes})
	}
	any := c.Organisations || c.Roles || c.Equipment || c.Vaccines
	if !any {
		g.print("%s %s", safe(p.Name), safe(p.Version))
		g.print("%s", wrap(safe(p.Description), "", 110))
		g.print("%s", packLine(p))
	}
	if c.Roles || !any {
		for _, stage := range knowledge.Stages {
			for _, r := range p.Roles {
				if r.Stage == stage {
					g.print("  %-13s %-22s %s", stage, safe(r.ID), safe(r.Name))
				}
			}
		}
	}
	if c.Organisations {
		for _, o := range p.Organisations {
			g.print("  %-34s %-3s %-30s %s", safe(o.ID), o.Country, safe(strings.Join(o.Roles, ", ")), safe(strings.Join(o.Domains, ", ")))
		}
	}
	if c.Equipment {
		for _, e := range p.Equipment {
			g.print("  %-34s %-24s %s %s", short(e.Make, 34), short(e.Model, 24), safe(e.Category), temperatures(e.TempMinC, e.TempMaxC))
		}
	}
	if c.Vaccines {
		for _, v := range p.Vaccines {
			g.print("  %-34s %s", safe(v.Name), temperatures(v.StorageMinC, v.StorageMaxC))
		}
	}
	return nil
}

func temperatures(low, high *float64) string {
	if low == nil || high == nil {
		return "temperature not known"
	}
	return fmt.Sprintf("%g to %g °C", *low, *high)
}

func packCounts(p *knowledge.Pack) map[string]int {
	return map[string]int{"roles": len(p.Roles), "organisations": len(p.Organisations), "people": len(p.People), "equipment": len(p.Equipment),
		"programmes": len(p.Programmes), "vaccines": len(p.Vaccines), "relations": len(p.Relations), "lanes": len(p.Lanes)}
}

func packLine(p *knowledge.Pack) string {
	return strings.Join([]string{count(len(p.Roles), "role"), count(len(p.Organisations), "organisation"), count(len(p.Equipment), "model"),
		count(len(p.Programmes), "programme"), count(len(p.Vaccines), "vaccine"), count(len(p.Relations), "relation"), count(len(p.Lanes), "lane")}, ", ")
}

type initCmd struct {
	Domain  []string `help:"Your mail domain; repeat for each." required:"" placeholder:"DOMAIN"`
	Role    []string `help:"Your role on the chain, by id (coldwatch pack show lists them); repeat for each." required:"" placeholder:"ROLE"`
	Country string   `help:"ISO 3166-1 alpha-2 code of your country." required:"" placeholder:"CC"`
	Name    string   `help:"Your organisation's name; the domain otherwise."`
	Contact string   `help:"Address that warnings go to." placeholder:"ADDRESS"`
}

func (c initCmd) Run(g *Globals) error {
	dir := filepath.Join(g.folder(), ownPack)
	err := knowledge.InitPack(dir, knowledge.InitOptions{Domains: c.Domain, Roles: c.Role, Country: c.Country, Name: c.Name, SecurityContact: c.Contact})
	var in *knowledge.InputError
	if errors.As(err, &in) {
		return &userError{err: err, hint: in.Hint, code: 2}
	}
	if err != nil {
		return hinted("edit the files in "+dir+" by hand, or name another database folder with --db", "%w", err)
	}
	p, err := knowledge.Load(dir)
	if err != nil {
		return err
	}
	id := ""
	if o := p.OwnerOf(strings.ToLower(c.Domain[0])); o != nil {
		id = o.ID
	}
	if g.JSON {
		return g.printJSON(map[string]string{"pack": dir, "organisation": id})
	}
	g.print("written: %s (organisation %s)", dir, id)
	g.note("it lies on top of the embedded pack from now on; next: coldwatch scan FOLDER")
	return nil
}
