package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
)

// The directory of partners is part of the user's own pack: organisations with their true domains, people, brands, products.

type directoryCmd struct {
	Import  directoryImportCmd  `cmd:"" help:"Read a list of partners (CSV) into your own pack."`
	Suggest directorySuggestCmd `cmd:"" help:"List domains that look like a partner's own, from authenticated mail."`
	Confirm directoryConfirmCmd `cmd:"" help:"Say that a message is truly a partner's: its domain is theirs from now on."`
}

type directoryImportCmd struct {
	File string `arg:"" help:"List of partners in CSV."`
}

func (directoryImportCmd) Help() string {
	return "The first line names the columns: name, and any of id, aliases, brands, roles, country, domains, dkim_domains, mail_services, programmes, products, website, " +
		"postal_address, security_contact, language; person, title, function and email name one contact a row, and further rows of the same partner add more. " +
		"Several values in a cell are separated by semicolons. A partner that is known keeps what is known; a new one needs roles and country."
}

func (c directoryImportCmd) Run(g *Globals) error {
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return hinted("name a CSV file with the columns name, domains, roles and country", "%w", err)
	}
	defer f.Close()
	partners, problems, err := knowledge.ReadPartners(filepath.Base(c.File), f, pack)
	if err != nil {
		return hintOf(err)
	}
	if err := knowledge.ImportPartners(g.ownDir(), partners); err != nil {
		return hintOf(err)
	}
	if g.JSON {
		return g.printJSON(map[string]any{"organisations": len(partners.Organisations), "people": len(partners.People), "products": len(partners.Equipment),
			"problems": orEmpty(problems), "pack": g.ownDir()})
	}
	for _, x := range problems {
		g.note("%s:%d: %s%s", safe(x.File), x.Line, safe(x.Reason), optional(" (", safe(x.Hint)+")"))
	}
	people := fmt.Sprintf("%d people", len(partners.People))
	if len(partners.People) == 1 {
		people = "1 person"
	}
	g.print("%s, %s and %s written to %s", count(len(partners.Organisations), "organisation"), people, count(len(partners.Equipment), "product"), g.ownDir())
	g.note("new mail is held against them; coldwatch doctor --rebuild walks what is stored again")
	return nil
}

type directorySuggestCmd struct {
	All bool `help:"Also domains from which hostile mail came."`
}

func (directorySuggestCmd) Help() string {
	return "Mail that authenticates for a domain which the pack does not know, in the name of an organisation that it knows: a new domain of a partner, a service that writes for it, " +
		"or an impostor with a domain of his own. Authentication proves the domain, never the name: ask the partner over a way that you know before you confirm one."
}

func (c directorySuggestCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := e.Candidates(ctx)
	if err != nil {
		return err
	}
	var list []engine.Candidate
	for _, x := range all {
		if c.All || x.Hostile == 0 || x.Said > 0 {
			list = append(list, x)
		}
	}
	if g.JSON {
		return g.printJSON(orEmpty(list))
	}
	if len(list) == 0 {
		g.print("no domain looks like a partner's own that is not in the directory%s", orNoteText(len(all) > 0, "; --all shows those from which hostile mail came"))
		return nil
	}
	for _, x := range list {
		g.print("%-34s %s", short(x.Domain, 34), safe(x.Name))
		g.print("    %s from %s to %s to %s; claimed in %s%s%s", count(x.Messages, "message"), x.First.Format(time.DateOnly), x.Last.Format(time.DateOnly),
			count(len(x.Reporters), "organisation"), strings.Join(x.Claims, ", "), orNoteText(x.Hostile > 0, fmt.Sprintf("; %d HOSTILE", x.Hostile)),
			orNoteText(x.Said > 0, fmt.Sprintf("; an analyst calls %d theirs", x.Said)))
		g.print("    coldwatch directory confirm %s%s", shortID(x.Example), g.dbFlag())
	}
	g.note("ask the partner before you confirm one: who authenticates proves a domain, not a name")
	return nil
}

type directoryConfirmCmd struct {
	Message      string `arg:"" help:"Message id, or its beginning."`
	Organisation string `help:"Organisation whose message it is, by its id in the pack; the one that the message claims otherwise." placeholder:"ID"`
	Anyway       bool   `help:"Even if nothing confirms the sender, or the message is hostile."`
	Author       string `help:"Who says so; the name you are logged in with otherwise." placeholder:"NAME"`
}

func (directoryConfirmCmd) Help() string {
	return "Writes the sender's domain into your own pack with the message as its evidence, and walks stored mail of that domain again. " +
		"A free-mail domain is nobody's own and is refused. To take it back, edit organisations.csv of your pack; coldwatch words lists who said what."
}

func (c directoryConfirmCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	id, err := findMessage(ctx, e, c.Message)
	if err != nil {
		return err
	}
	js, err := e.Store.Analysis(ctx, id)
	if err != nil {
		return err
	}
	var a coldwatch.Analysis
	if err := json.Unmarshal(js, &a); err != nil {
		return fmt.Errorf("analysis of %s: %w", id, err)
	}
	org, domain := c.Organisation, a.Sender.Author().Domain
	if org == "" {
		org, _ = engine.Theirs(&a)
	}
	au := &a.Authentication
	switch {
	case domain == "":
		return hinted("choose a message that names its sender", "message %s names no sender", shortID(id))
	case org == "":
		return hinted("--organisation ID says whose it is; coldwatch pack show --organisations lists them", "the message claims to come from no organisation of the pack")
	case !au.Aligned && !c.Anyway:
		return hinted("choose a message that authenticates, or give --anyway if you know it otherwise", "nothing confirms that %s sent the message: anybody could have written it", safe(domain))
	case a.Verdict.Class.Bad() && !c.Anyway:
		return hinted("ask the partner over a way that you know; --anyway says that you did", "the message is %s: %s", a.Verdict.Class, safe(a.Verdict.Summary))
	}
	author := authorOr(c.Author)
	evidence := fmt.Sprintf("%s by message %s (SPF %s, DKIM %s, DMARC %s) said %s", domain, shortID(id), au.SPF, au.DKIM, au.DMARC, author)
	o, err := knowledge.ConfirmDomain(g.ownDir(), e.Pack, org, domain, evidence)
	if err != nil {
		return hintOf(err)
	}
	w := coldwatch.Word{At: time.Now().UTC(), Author: author, Kind: "theirs", Message: id, Reason: domain + " is a domain of " + o.Name}
	w.ID = engine.WordID(w)
	if err := e.Store.PutWord(ctx, w); err != nil {
		return err
	}
	now, err := g.open(ctx) // with the pack as it is by now
	if err != nil {
		return err
	}
	defer now.Store.Close()
	n, err := now.WalkAgain(ctx, domain)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"domain": domain, "organisation": o.ID, "domains": o.Domains, "evidence": evidence, "word": w.ID, "walked": n, "pack": g.ownDir()})
	}
	g.print("%s is a domain of %s from now on, written to %s; %s walked again", safe(domain), safe(o.Name), g.ownDir(), count(n, "message"))
	return nil
}
