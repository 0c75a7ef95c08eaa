package main

import (
	"context"
	"errors"
	"strings"

	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token; its secret is shown once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"Take a token away: its bearer is shut out at once."`
}

type tokenCreateCmd struct {
	Name  string   `arg:"" help:"Whose it is; also the user name of HTTP Basic."`
	Scope []string `help:"What it allows: taxii:read, taxii:write. Can be repeated." default:"taxii:read" placeholder:"SCOPE"`
}

func (c tokenCreateCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.keeper(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	secret, err := token.Create(ctx, e.Store, c.Name, c.Scope, e.Clock())
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
		}
		out := []shown{}
		for _, t := range all {
			out = append(out, shown{t.Name, t.Scopes, t.Created.Format("2006-01-02T15:04:05Z")})
		}
		return g.printJSON(out)
	}
	if len(all) == 0 {
		g.print("no tokens")
	}
	for _, t := range all {
		g.print("%-32s %-28s since %s", safe(t.Name), strings.Join(t.Scopes, " "), t.Created.Format("2006-01-02"))
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
	if err == nil && !g.JSON {
		g.print("%s: revoked", safe(c.Name))
	}
	return err
}
