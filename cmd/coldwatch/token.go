package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token; its secret is shown once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"Take a token away: its bearer is shut out at once."`
}

type tokenCreateCmd struct {
	Name  string        `arg:"" help:"Whose it is; also the user name of HTTP Basic."`
	Scope []string      `help:"What it allows: ${scopes}. Can be repeated." default:"taxii:read" placeholder:"SCOPE"`
	Org   string        `help:"Organisation whose mail alone it sees and hands in, by its id in the pack." placeholder:"ID"`
	For   time.Duration `help:"How long it holds, for example 2160h; without, until it is revoked." placeholder:"TIME"`
}

func (c tokenCreateCmd) Run(ctx context.Context, g *Globals) error {
	if c.For < 0 {
		return &userError{err: errors.New("--for must be longer than nothing"), hint: "for example --for 2160h, 90 days", code: 2}
	}
	open := g.keeper
	if c.Org != "" {
		open = g.opened // the pack knows the organisations
	}
	e, err := open(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	if c.Org != "" && e.Pack.Organisation(c.Org) == nil {
		return hinted("coldwatch pack show --organisations lists them", "the pack has no organisation %q", c.Org)
	}
	t := token.Token{Name: c.Name, Scopes: c.Scope, Organisation: c.Org, Created: e.Clock()}
	if c.For > 0 {
		t.Expires = t.Created.Add(c.For).UTC()
	}
	secret, err := token.Make(ctx, e.Store, t)
	if err == nil {
		err = written(ctx, e, audit.TokenCreate, c.Name, strings.Join(c.Scope, " ")+" "+c.Org)
	}
	switch {
	case errors.Is(err, token.ErrTaken):
		return hinted("coldwatch token revoke "+c.Name+" takes it away; or choose another name", "%w", err)
	case errors.Is(err, token.ErrScope):
		return hinted("there are: "+strings.Join(token.Scopes(), ", "), "%w", err)
	case err != nil:
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"name": c.Name, "scopes": c.Scope, "secret": secret})
	}
	g.print("%s", secret)
	g.note("this is shown once: give it to %s over a safe way; it is the password to the user name %s, or a bearer token", c.Name, c.Name)
	return nil
}

// keeper opens the database for commands that need no pack.
func (g *Globals) keeper(ctx context.Context, create bool) (*engine.Engine, error) {
	return g.engine(ctx, g.DB, nil, create)
}

type tokenListCmd struct{}

func (tokenListCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, false)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	all, err := token.All(ctx, e.Store)
	if err != nil {
		return err
	}
	if g.JSON {
		type shown struct {
			Name    string   `json:"name"`
			Scopes  []string `json:"scopes"`
			Created string   `json:"created"`
			Org     string   `json:"organisation,omitempty"`
			Expires string   `json:"expires,omitempty"`
		}
		out := []shown{}
		for _, t := range all {
			x := shown{t.Name, t.Scopes, t.Created.Format(time.RFC3339), t.Organisation, ""}
			if !t.Expires.IsZero() {
				x.Expires = t.Expires.Format(time.RFC3339)
			}
			out = append(out, x)
		}
		return g.printJSON(out)
	}
	if len(all) == 0 {
		g.print("no tokens")
	}
	for _, t := range all {
		until := ""
		if !t.Expires.IsZero() {
			until = " until " + t.Expires.Format("2006-01-02")
		}
		g.print("%-32s %-28s since %s%s%s", safe(t.Name), strings.Join(t.Scopes, " "), t.Created.Format("2006-01-02"), until, ofOrganisation(safe(t.Organisation)))
	}
	return nil
}

type tokenRevokeCmd struct {
	Name string `arg:"" help:"Its name."`
}

func (c tokenRevokeCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, false)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	err = token.Revoke(ctx, e.Store, c.Name)
	if errors.Is(err, token.ErrNone) {
		return hinted("coldwatch token list shows the names", "%w", err)
	}
	if err == nil {
		err = written(ctx, e, audit.TokenRevoke, c.Name, "")
	}
	if err == nil && !g.JSON {
		g.print("%s: revoked", safe(c.Name))
	}
	return err
}
