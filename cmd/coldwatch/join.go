package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/federation"
)

type joinCmd struct {
	URL    string `arg:"" help:"Address of the hub, as https://hub.example."`
	Token  string `help:"The invitation." required:"" placeholder:"TOKEN"`
	Key    string `help:"File with the community key that another member gave you; - reads it from standard input." placeholder:"FILE" type:"path"`
	NewKey bool   `help:"Begin a new community key: for the first member only."`
	CA     string `name:"ca" help:"Certificate (PEM) that vouches for the hub, where it made its own." placeholder:"FILE" type:"path"`
}

func (joinCmd) Help() string {
	return "The community key makes the tokens by which members compare what they may not show. It goes from member to member by hand, never over " +
		"the hub. What leaves this house from now on is said by the policy: coldwatch community policy prints it, coldwatch sighting show MESSAGE " +
		"shows it for one message."
}

func (c joinCmd) Run(ctx context.Context, g *Globals) error {
	if (c.Key == "") != c.NewKey {
		return &userError{err: errors.New("give --key FILE, or --new-key at the first member"), hint: "coldwatch community key prints it, at another member", code: 2}
	}
	var ring *federation.Ring
	if c.Key != "" {
		text, err := g.readSmall(c.Key)
		if err != nil {
			return err
		}
		if ring, err = federation.ParseRing(string(text)); err != nil {
			return explainFederation(err)
		}
	}
	var d federation.Dial
	if c.CA != "" {
		var err error
		if d.CA, err = g.readSmall(c.CA); err != nil {
			return err
		}
	}
	e, err := g.opened(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	n, err := federation.Join(ctx, e, c.URL, c.Token, ring, d)
	if err != nil {
		return explainFederation(err)
	}
	s, err := n.Status(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(s)
	}
	g.print("joined %s as %s (%s)", safe(s.Name), s.Member, safe(s.Organisation))
	if c.NewKey {
		g.note("you began the community key: coldwatch community key%s prints it; hand it to each new member over a safe way, never to the hub", g.dbFlag())
	}
	g.note("nothing has left yet. Look first: coldwatch sighting show MESSAGE%s; then coldwatch community sync%s", g.dbFlag(), g.dbFlag())
	return nil
}

// readSmall reads a small file, or standard input for "-".
func (g *Globals) readSmall(path string) ([]byte, error) {
	in := g.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, hinted("check the path", "%w", err)
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, 1<<20))
}

// member opens the member of the database.
func (g *Globals) member(ctx context.Context) (*federation.Node, *engine.Engine, error) {
	e, err := g.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	n, err := federation.OpenNode(ctx, e)
	if err != nil {
		e.Store.Close()
		return nil, nil, explainFederation(err)
	}
	return n, e, nil
}

type leaveCmd struct {
	Yes bool `help:"Leave without being asked."`
}

func (leaveCmd) Help() string {
	return "The hub deletes this member's sightings; what they showed stays as counts under a name that leads nowhere, until the quarter turns. " +
		"Your own mail, campaigns and warnings stay."
}

func (c leaveCmd) Run(ctx context.Context, g *Globals) error {
	if !c.Yes {
		return &userError{err: errors.New("leaving cannot be taken back"), hint: "coldwatch leave --yes does it", code: 2}
	}
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	told, err := n.Leave(ctx)
	if err != nil {
		return err
	}
	if !told {
		g.note("the hub could not be reached: ask its operator to run coldwatch hub revoke, and to delete what you sent")
	}
	if g.JSON {
		return g.printJSON(map[string]bool{"left": true, "told": told})
	}
	g.print("left")
	return nil
}

type communityCmd struct {
	Status    communityStatusCmd    `cmd:"" default:"1" help:"How this member stands."`
	Sync      communitySyncCmd      `cmd:"" help:"Send what is new, read what the hub says, warn."`
	Notices   communityNoticesCmd   `cmd:"" help:"List the campaigns that the hub tells of."`
	Ask       communityAskCmd       `cmd:"" help:"Was this seen at other members? Answered here, without asking anybody."`
	Directory communityDirectoryCmd `cmd:"" help:"The shared directory of partners: who vouches for what, and where they disagree."`
	Vouch     communityVouchCmd     `cmd:"" help:"Vouch for an organisation's domains in the shared directory."`
	Policy    communityPolicyCmd    `cmd:"" help:"Print what leaves this house, or replace it by a file."`
	Key       communityKeyCmd       `cmd:"" help:"Print the community key, for another member."`
	Renew     communityRenewCmd     `cmd:"" help:"Begin a new secret in the community key, after somebody left with the old."`
	Audit     auditLinesCmd         `cmd:"" help:"List who did what on this side."`
}

type communityStatusCmd struct{}

func (communityStatusCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	s, err := n.Status(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(s)
	}
	read := "nothing read yet"
	if !s.Read.IsZero() {
		read = "read up to " + s.Read.Format(time.RFC3339)
	}
	g.print("%s at %s, as %s (%s): %s waiting, %s", safe(s.Name), safe(s.Hub), s.Member, safe(s.Organisation), count(s.Waiting, "sighting"), read)
	return nil
}

type communitySyncCmd struct {
	Every time.Duration `help:"Go on, that often; once otherwise." placeholder:"TIME"`
}

func (c communitySyncCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	for {
		done, err := n.Sync(ctx)
		switch {
		case err != nil && c.Every <= 0:
			return hinted("nothing is lost: what waits goes with the next coldwatch community sync", "%w", explainTAXII(err))
		case err != nil && ctx.Err() == nil:
			slog.Warn("the hub was not reached; what waits goes the next time", "error", err)
		case err == nil && g.JSON:
			if err := g.printJSON(done); err != nil {
				return err
			}
		case err == nil && (c.Every <= 0 || done != federation.Sync{}):
			g.print("%s sent, %d heard, %s", count(done.Sent, "sighting"), done.Heard, count(done.Warnings, "new warning"))
		}
		if done.Refused > 0 {
			g.note("%d of what came was refused: not signed by the hub, or older than what it said before", done.Refused)
		}
		if c.Every <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

type communityNoticesCmd struct{}

func (communityNoticesCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := n.Notices(ctx)
	if err != nil {
		return err
	}
	opened, err := n.Opened(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		if all == nil {
			all = []federation.Notice{}
		}
		return g.printJSON(map[string]any{"notices": all, "opened": opened})
	}
	if len(all) == 0 {
		g.print("the hub tells of no campaign")
	}
	for _, x := range all {
		g.print("%s  %s", safe(x.Campaign), safe(x.Sentence()))
		for _, i := range x.Indicators {
			g.print("  %-12s %s (%s)", i.Kind, safe(i.Value), safe(i.Role))
		}
		for _, t := range x.Tokens {
			if v := opened[t.Token]; v != "" {
				g.print("  %-12s %s (opened by a member)", t.View, safe(v))
			}
		}
	}
	return nil
}

type communityAskCmd struct {
	Values []string `arg:"" help:"Hosts, mailboxes, web addresses, SHA-256."`
}

func (c communityAskCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	var all []federation.Answer
	for _, v := range c.Values {
		a, err := n.Ask(ctx, v)
		if err != nil {
			return explainFederation(err)
		}
		all = append(all, a...)
	}
	if g.JSON {
		return g.printJSON(all)
	}
	for _, a := range all {
		if a.Seen {
			g.print("%s: seen at %d members or more (wrong %d times in a million)", safe(a.As), a.Least, a.Wrong)
		} else {
			g.print("%s: not seen at %d members", safe(a.As), a.Least)
		}
	}
	return nil
}

type communityDirectoryCmd struct{}

func (communityDirectoryCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := n.Directory(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		if all == nil {
			all = []federation.Listing{}
		}
		return g.printJSON(all)
	}
	if len(all) == 0 {
		g.print("nobody has vouched for anybody yet: coldwatch community vouch ORG")
	}
	for _, l := range all {
		g.print("%s", safe(l.Organisation))
		for _, v := range l.Vouchers {
			g.print("  %s  vouched for by %s, confirmed %s%s", safe(strings.Join(v.Entry.Domains, " ")), safe(v.Organisation), safe(v.Entry.Confirmed),
				sending(v.Entry.MailServices))
		}
		for _, x := range l.Conflicts {
			g.print("  conflict: %s", safe(x))
		}
	}
	return nil
}

func sending(services []string) string {
	if len(services) == 0 {
		return ""
	}
	return "; mail by " + safe(strings.Join(services, " "))
}

type communityVouchCmd struct {
	Org      string   `arg:"" help:"The organisation, by its id in the pack; its domains are those of your pack unless --domain is given."`
	Domain   []string `help:"A domain that is truly its own. Can be repeated." placeholder:"DOMAIN"`
	Withdraw bool     `help:"Take the word back."`
}

func (c communityVouchCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	o := e.Pack.Organisation(c.Org)
	if o == nil {
		return hinted("coldwatch pack show --organisations lists them", "the pack has no organisation %q", c.Org)
	}
	entry := federation.Entry{Organisation: o.ID, Name: o.Name, Domains: o.Domains, MailServices: o.MailServices, Programmes: o.Programmes, Withdrawn: c.Withdraw}
	if len(c.Domain) > 0 {
		entry.Domains = c.Domain
	}
	if err := n.Vouch(ctx, entry); err != nil {
		return explainTAXII(err)
	}
	g.note("sent; it stands in the directory when the hub has taken it in")
	return nil
}

type communityPolicyCmd struct {
	File string `arg:"" optional:"" help:"A policy to use from now on." type:"path"`
}

func (c communityPolicyCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if c.File != "" {
		text, err := g.readSmall(c.File)
		if err != nil {
			return err
		}
		if err := n.SetPolicy(ctx, text); err != nil {
			return hinted("coldwatch community policy prints the one in use, with an explanation of each line", "%w", err)
		}
		g.note("in use from now on; what was sent already is not taken back")
		return nil
	}
	text, err := n.PolicyText(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]string{"policy": string(text)})
	}
	_, err = g.stdout.Write(text)
	return err
}

type communityKeyCmd struct{}

func (communityKeyCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	g.note("whoever has this reads the tokens of the community: hand it to members only, over a safe way, never to the hub")
	if g.JSON {
		return g.printJSON(map[string]string{"key": n.Ring().String()})
	}
	g.print("%s", n.Ring())
	return nil
}

type communityRenewCmd struct {
	From string `help:"Quarter from which it is in force, as 2027Q1; the next one otherwise." placeholder:"QUARTER"`
	Key  string `help:"Take over a key that another member renewed, instead of beginning one." placeholder:"FILE" type:"path"`
}

func (c communityRenewCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	ring, err := federation.ParseRing(n.Ring().String())
	if err != nil {
		return err
	}
	if c.Key != "" {
		text, err := g.readSmall(c.Key)
		if err != nil {
			return err
		}
		if ring, err = federation.ParseRing(string(text)); err != nil {
			return explainFederation(err)
		}
	} else {
		from := federation.Quarter(c.From)
		if from == "" {
			from = federation.QuarterOf(e.Clock()).Next()
		}
		if err := ring.Renew(from); err != nil {
			return &userError{err: err, hint: "for example --from 2027Q1", code: 2}
		}
	}
	if err := n.SetRing(ctx, ring); err != nil {
		return err
	}
	g.note("coldwatch community key prints it; every member takes it over with coldwatch community renew --key FILE")
	return nil
}

type sightingCmd struct {
	Show sightingShowCmd `cmd:"" help:"Print the exact bytes that would leave of a message, and why."`
}

type sightingShowCmd struct {
	Message string `arg:"" help:"A message: .eml, .msg, - for standard input, or the id of a stored one."`
	Org     string `help:"Reporting organisation, by its id in the pack." placeholder:"ID"`
	Bytes   bool   `help:"Only the bytes."`
}

func (c sightingShowCmd) Run(ctx context.Context, g *Globals) error {
	n, e, err := g.member(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	sub, err := explainCmd{File: c.Message, Org: c.Org}.submission(ctx, g, e)
	if err != nil {
		return err
	}
	p, err := n.Preview(e.Walk(sub).Sighting)
	if err != nil {
		return err
	}
	switch {
	case g.JSON:
		return g.printJSON(p)
	case !p.Shared:
		g.print("nothing leaves of this message: its verdict is not one that the policy shares")
		return nil
	case c.Bytes:
		_, err := fmt.Fprintln(g.stdout, string(p.Bytes))
		return err
	}
	for _, d := range p.Decisions {
		g.print("%-9s %-20s %s", d.Outcome, safe(d.Field), safe(d.Value))
		if d.Sent != "" && d.Sent != d.Value {
			g.print("%-9s %-20s → %s", "", "", safe(d.Sent))
		}
		g.print("%-9s %-20s %s", "", "", safe(d.Reason))
	}
	g.print("\n%s", p.Bytes)
	return nil
}
