package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

type accountCmd struct {
	Create   accountCreateCmd   `cmd:"" help:"Make an account; the password is asked for, or read from standard input."`
	List     accountListCmd     `cmd:"" help:"List the accounts."`
	Change   accountChangeCmd   `cmd:"" help:"Change an account's role or organisation, disable or enable it."`
	Password accountPasswordCmd `cmd:"" help:"Set an account's password; its sessions end."`
	Delete   accountDeleteCmd   `cmd:"" help:"Delete an account; its sessions end."`
}

type accountCreateCmd struct {
	Name string `arg:"" help:"Name to sign in with."`
	Role string `help:"viewer, analyst, publisher or administrator; the first account is an administrator's." default:"" placeholder:"ROLE"`
	Org  string `help:"Organisation whose mail alone it sees, by its id in the pack." placeholder:"ID"`
}

func (c accountCreateCmd) Run(ctx context.Context, g *Globals) error {
	return g.people(ctx, true, func(ctx context.Context, e *engine.Engine, p *account.People) error {
		there, err := p.Exist(ctx)
		if err != nil {
			return err
		}
		name := c.Role
		switch {
		case name == "" && there:
			name = access.Reader.String()
		case name == "":
			name = access.Administrator.String()
		}
		role, ok := access.ParseRole(name)
		if !ok {
			return account.ErrRole
		}
		if c.Org != "" && e.Pack.Organisation(c.Org) == nil {
			return hinted("coldwatch pack show --organisations lists them", "the pack has no organisation %q", c.Org)
		}
		if !there && (role != access.Administrator || c.Org != "") { // before a password is asked for
			return account.ErrFirst
		}
		password, err := g.askPassword()
		if err != nil {
			return err
		}
		if err := p.Create(ctx, account.Local(c.Name, role, c.Org), password); err != nil {
			return err
		}
		g.print("%s may sign in as %s%s", c.Name, role, ofOrganisation(c.Org))
		return nil
	})
}

func ofOrganisation(org string) string {
	if org == "" {
		return ""
	}
	return " of " + org
}

type accountListCmd struct{}

func (accountListCmd) Run(ctx context.Context, g *Globals) error {
	return g.people(ctx, false, func(ctx context.Context, _ *engine.Engine, p *account.People) error {
		all, err := p.All(ctx)
		if err != nil {
			return err
		}
		if g.JSON {
			type shown struct {
				Name         string    `json:"name"`
				Role         string    `json:"role"`
				Organisation string    `json:"organisation,omitempty"`
				Created      time.Time `json:"created"`
				Disabled     bool      `json:"disabled"`
				External     bool      `json:"external"`
			}
			out := []shown{}
			for _, a := range all {
				out = append(out, shown{a.Name, a.Role, a.Organisation, a.Created, a.Disabled, a.Subject != ""})
			}
			return g.printJSON(out)
		}
		if len(all) == 0 {
			g.print("no accounts: on the machine itself the console is open, off it nobody gets in")
			g.note("next: coldwatch account create NAME%s", g.dbFlag())
		}
		for _, a := range all {
			state := ""
			if a.Disabled {
				state = "  disabled"
			}
			if a.Subject != "" {
				state += "  by OpenID Connect"
			}
			g.print("%-24s %-14s %-24s since %s%s", safe(a.Name), a.Role, orWord(safe(a.Organisation), "all organisations"), a.Created.Format("2006-01-02"), state)
		}
		return nil
	})
}

type accountChangeCmd struct {
	Name    string  `arg:"" help:"Its name."`
	Role    string  `help:"New role." placeholder:"ROLE"`
	Org     *string `help:"New organisation; empty for none." placeholder:"ID"`
	Disable bool    `help:"Let nobody in by it." xor:"able"`
	Enable  bool    `help:"Let it in again." xor:"able"`
}

func (c accountChangeCmd) Run(ctx context.Context, g *Globals) error {
	if c.Role == "" && c.Org == nil && !c.Disable && !c.Enable {
		return &userError{err: errors.New("nothing to change"), hint: "--role, --org, --disable or --enable", code: 2}
	}
	return g.people(ctx, false, func(ctx context.Context, e *engine.Engine, p *account.People) error {
		if _, ok := access.ParseRole(c.Role); c.Role != "" && !ok {
			return account.ErrRole
		}
		if c.Org != nil && *c.Org != "" && e.Pack.Organisation(*c.Org) == nil {
			return hinted("coldwatch pack show --organisations lists them", "the pack has no organisation %q", *c.Org)
		}
		err := p.Change(ctx, c.Name, func(a *store.Account) {
			if c.Role != "" {
				a.Role = c.Role
			}
			if c.Org != nil {
				a.Organisation = *c.Org
			}
			if c.Disable || c.Enable {
				a.Disabled = c.Disable
			}
		})
		if err == nil {
			g.print("%s changed; its sessions have ended", c.Name)
		}
		return err
	})
}

type accountPasswordCmd struct {
	Name string `arg:"" help:"Its name."`
}

func (c accountPasswordCmd) Run(ctx context.Context, g *Globals) error {
	return g.people(ctx, false, func(ctx context.Context, _ *engine.Engine, p *account.People) error {
		password, err := g.askPassword()
		if err != nil {
			return err
		}
		if err := p.SetPassword(ctx, c.Name, password); err != nil {
			return err
		}
		g.print("%s has a new password; its sessions have ended", c.Name)
		return nil
	})
}

type accountDeleteCmd struct {
	Name string `arg:"" help:"Its name."`
}

func (c accountDeleteCmd) Run(ctx context.Context, g *Globals) error {
	return g.people(ctx, false, func(ctx context.Context, _ *engine.Engine, p *account.People) error {
		if err := p.Delete(ctx, c.Name); err != nil {
			return err
		}
		g.print("%s deleted", c.Name)
		return nil
	})
}

// people runs f with the accounts of the database; what it does is written down as done on the command line.
func (g *Globals) people(ctx context.Context, create bool, f func(context.Context, *engine.Engine, *account.People) error) error {
	e, err := g.opened(ctx, create)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := account.New(e.Store, audit.New(e.Store, e.Clock), e.Clock, account.DefaultPolicy())
	if err != nil {
		return err
	}
	err = f(access.With(ctx, access.Viewer{Account: commandLine()}), e, p)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return hinted("coldwatch account list", "there is no account of that name")
	case errors.Is(err, account.ErrFirst):
		return hinted("make that one first, without --role and --org", "%w", err)
	case errors.Is(err, account.ErrTaken):
		return hinted("coldwatch account list", "%w", err)
	}
	return err
}

// askPassword asks twice on a terminal, and otherwise reads the first line of standard input.
func (g *Globals) askPassword() (string, error) {
	f, ok := g.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(g.stdin).ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || line == "") {
			return "", hinted("echo it into standard input, or run the command on a terminal", "no password was given")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := func(what string) (string, error) {
		fmt.Fprint(g.stderr, what)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(g.stderr)
		return string(b), err
	}
	first, err := ask("Password, twelve characters at least: ")
	if err != nil {
		return "", err
	}
	again, err := ask("Once more: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two are not the same")
	}
	return first, nil
}

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"List what people and programs did, the newest first."`
	Verify auditVerifyCmd `cmd:"" help:"Check that nothing in the log was changed, taken out or slipped in."`
}

type auditListCmd struct {
	Actor  string `help:"Done by." placeholder:"NAME"`
	Action string `help:"Kind of what was done." placeholder:"ACTION"`
	Most   int    `help:"At most so many." default:"50" placeholder:"N"`
}

func (c auditListCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, false)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	entries, err := audit.New(e.Store, e.Clock).List(ctx, store.AuditQuery{Actor: c.Actor, Action: c.Action, Limit: c.Most})
	if err != nil {
		return err
	}
	if g.JSON {
		if entries == nil {
			entries = []store.AuditEntry{}
		}
		return g.printJSON(entries)
	}
	if len(entries) == 0 {
		g.print("nothing was written down")
	}
	for i, x := range entries {
		if i == 0 {
			g.note("newest hash, to be noted elsewhere: %s", x.Hash)
		}
		g.print("%6d  %s  %-20s %-18s %s %s", x.Seq, x.At.Format("2006-01-02 15:04:05"), safe(x.Actor), safe(x.Action), safe(x.Object), safe(x.Detail))
	}
	return nil
}

type auditVerifyCmd struct {
	Head string `help:"Hash that was noted before; it must still stand in the log." placeholder:"HASH"`
}

func (c auditVerifyCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, false)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	v, err := audit.New(e.Store, e.Clock).Verify(ctx, c.Head)
	if err != nil {
		return err
	}
	if g.JSON {
		err = g.printJSON(v)
	} else {
		for _, f := range v.Faults {
			g.print("%s", f)
		}
		if len(v.Faults) == 0 {
			g.print("%s, the chain of hashes holds", count(int(v.Entries), "entry"))
			g.print("newest hash: %s", orWord(v.Head, "none"))
		}
	}
	if err == nil && len(v.Faults) > 0 {
		return hinted("compare with a backup; coldwatch audit list shows the entries", "the audit log was tampered with, or is damaged")
	}
	return err
}
