package desk

import (
	"context"
	"errors"
	"strings"

	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/store"
)

// MakeToken makes a token as of now and gives its secret. Whoever belongs to an organisation makes none.
func (d *Desk) MakeToken(ctx context.Context, t token.Token) (secret string, err error) {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return "", store.ErrNotFound
	}
	if len(t.Scopes) == 0 {
		return "", wrong("scopes: "+strings.Join(token.Scopes(), ", "), "a token has at least one scope")
	}
	if t.Organisation != "" && d.Pack().Organisation(t.Organisation) == nil {
		return "", wrong("choose one of the directory, or none", "the pack has no organisation %q", t.Organisation)
	}
	t.Created = d.clock()
	if secret, err = token.Make(ctx, d.st, t); err != nil {
		return "", err
	}
	if err := d.log.Add(ctx, audit.TokenCreate, t.Name, strings.TrimSpace(strings.Join(t.Scopes, " ")+" "+t.Organisation)); err != nil {
		return "", errors.Join(err, token.Revoke(context.WithoutCancel(ctx), d.st, t.Name)) // what is not logged must not hold
	}
	return secret, nil
}

// RevokeToken takes a token away.
func (d *Desk) RevokeToken(ctx context.Context, name string) error {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return store.ErrNotFound
	}
	if err := token.Revoke(ctx, d.st, name); err != nil {
		return err
	}
	return d.log.Add(ctx, audit.TokenRevoke, name, "")
}
