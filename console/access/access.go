// Package access says who may do what in the console and its HTTP API: role-based access control (RBAC, as in INCITS 359-2012)
// with two more fences, the organisation whose mail it is and the Traffic Light Protocol (TLP 2.0).
//
// Every page and every call is a Route, and a Route has a Rule: the least role that may use it, or that anybody may. There is
// no route without one: the constructor of the console refuses it. Who asks is a Viewer, made once per request from the
// session, the token or, on the loopback before any account exists, the machine itself, and carried in the request's context.
//
// A viewer who belongs to an organisation sees that organisation's messages only, and of campaigns what their marking lets
// out of the house; one who belongs to none (the analysts of a community) sees all. These two fences hold on every row,
// count, edge, pin, search hit and error text, which is why what may not be seen is answered as what does not exist
// (404, RFC 9110 section 15.5.5), never as what is forbidden. Package desk holds them: pages and calls read through it.
package access

import (
	"context"
	"net/http"
	"slices"
)

// A Role is what a person is in the community; each may do all that those before it may.
type Role int

const (
	Nobody        Role = iota // not signed in
	Reader                    // reads
	Analyst                   // and judges: words, directory, links
	Publisher                 // and lets things leave the house: approves and withdraws warnings
	Administrator             // and manages accounts, intakes and settings
)

var roleNames = [...]string{"nobody", "viewer", "analyst", "publisher", "administrator"}

// String gives the role's name as settings and tokens spell it.
func (r Role) String() string {
	if r < 0 || int(r) >= len(roleNames) {
		return "nobody"
	}
	return roleNames[r]
}

// ParseRole reads a role's name; ok is false for another word.
func ParseRole(s string) (Role, bool) {
	for i, n := range roleNames {
		if i > 0 && n == s {
			return Role(i), true
		}
	}
	return Nobody, false
}

// Roles lists what a person may be, the least first.
func Roles() []Role { return []Role{Reader, Analyst, Publisher, Administrator} }

// A Viewer is who asks.
type Viewer struct {
	Account      string // "local" on the loopback without accounts, "token NAME" for a machine
	Role         Role
	Organisation string   // id in the chain pack; "" belongs to none and sees all
	CSRF         string   // token that forms carry back; "" for machines
	Scopes       []string // of a machine's token
	Address      string   // where the request came from, for the audit log
	Open         bool     // the loopback without accounts: the pages say so
}

// May tells whether the viewer has at least that role.
func (v Viewer) May(r Role) bool { return v.Role >= r }

// Knows tells whether the viewer may look an organisation up in the directory: its own, or any for who belongs to none. The directory
// says who reports to the community, whom to reach there and who works where, which is not for one member to read of another.
func (v Viewer) Knows(organisation string) bool {
	return v.Organisation == "" || v.Organisation == organisation
}

type key struct{}

// With puts the viewer into a request's context.
func With(ctx context.Context, v Viewer) context.Context { return context.WithValue(ctx, key{}, v) }

// From takes the viewer out of a request's context: nobody when there is none.
func From(ctx context.Context) Viewer {
	v, _ := ctx.Value(key{}).(Viewer)
	return v
}

// A Rule says who may use a route.
type Rule struct {
	Least  Role   // the least role; Nobody is refused unless Public is set
	Public bool   // anybody: sign-in, style sheets, health
	Own    bool   // what it answers is fenced by organisation: another's item does not exist for the viewer
	Whole  bool   // only those who belong to no organisation: what it changes or shows is everybody's
	Scope  string // a machine's token with this scope may use it too, whatever its role
}

// A Route is one page or call of the console.
type Route struct {
	Method, Path string // as http.ServeMux spells them: "GET", "/campaigns/{id}"
	Rule         Rule
	Summary      string // for the description of the API
	Body         int64  // most bytes of a request; 0 for the usual limit of forms
	Serve        http.HandlerFunc
}

// Decided tells whether a rule was written: the zero Rule is none.
func (r Rule) Decided() bool { return r.Public || r.Least > Nobody && r.Least <= Administrator }

// Allows tells whether the viewer may use what the rule stands for.
func (r Rule) Allows(v Viewer) bool {
	switch {
	case r.Public:
		return true
	case !r.Decided() || r.Whole && v.Organisation != "":
		return false
	case r.Scope != "" && slices.Contains(v.Scopes, r.Scope):
		return true
	}
	return v.Role >= r.Least
}
