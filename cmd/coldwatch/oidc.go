package main

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/account"
	"github.com/coldwatch/coldwatch/knowledge"
)

// oidcFlags say how people sign in at their own organisation.
type oidcFlags struct {
	Issuer     string            `help:"OpenID Connect provider by which people sign in, beside local accounts." placeholder:"URL"`
	Client     string            `help:"Client id at the provider." placeholder:"ID"`
	SecretFile string            `help:"File with the client secret." placeholder:"FILE" type:"path"`
	Redirect   string            `help:"Our address as the provider knows it, ending in /sign-in/oidc/back." placeholder:"URL"`
	Groups     string            `help:"Claim that lists a person's groups." default:"groups" placeholder:"CLAIM"`
	Grant      map[string]string `help:"What a group may do: its name and a role, with @ and an organisation where it sees that one's mail only. Repeatable." placeholder:"GROUP=ROLE[@ORG]"`
}

// provider gives the way in, nil where none is set up.
func (f oidcFlags) provider(pack *knowledge.Pack, clock func() time.Time) (*account.OIDC, error) {
	if f.Issuer == "" {
		return nil, nil
	}
	if f.Client == "" || f.Redirect == "" || len(f.Grant) == 0 {
		return nil, &userError{err: errors.New("--oidc-issuer wants --oidc-client, --oidc-redirect and a --oidc-grant"),
			hint: "for example --oidc-grant analysts=analyst --oidc-grant acme-desk=viewer@acme", code: 2}
	}
	p := account.Provider{Issuer: f.Issuer, Client: f.Client, Redirect: f.Redirect, GroupsClaim: f.Groups, Grants: map[string]account.Grant{}}
	if f.SecretFile != "" {
		b, err := os.ReadFile(f.SecretFile)
		if err != nil {
			return nil, hinted("name a file that holds the secret and nothing else", "client secret: %w", err)
		}
		p.Secret = strings.TrimSpace(string(b))
	}
	for group, what := range f.Grant {
		name, org, _ := strings.Cut(what, "@")
		role, ok := access.ParseRole(name)
		if !ok {
			return nil, &userError{err: errors.New("--oidc-grant " + group + ": there is no role " + name), hint: "viewer, analyst, publisher, administrator", code: 2}
		}
		if org != "" && pack.Organisation(org) == nil {
			return nil, hinted("coldwatch pack show --organisations lists them", "--oidc-grant %s: the pack has no organisation %q", group, org)
		}
		p.Grants[group] = account.Grant{Role: role, Organisation: org}
	}
	return account.NewOIDC(p, clock), nil
}
