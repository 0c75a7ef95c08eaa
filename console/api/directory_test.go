package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/console/access"
)

// The directory is the community's: the API and the pages give it to the same people, and a member its own entry.
func TestDirectoryRoles(t *testing.T) {
	s := newSite(t)
	id, orgs, _ := s.pick()
	s.admit(orgs[:]...)
	for role := access.Reader; role <= access.Administrator; role++ {
		for path, want := range map[string][2]int{ // for the community, and for a member
			"/v1/organisations":     {200, 403},
			"/directory":            {200, 403},
			"/directory/checks":     {200, 403},
			"/directory/" + orgs[0]: {200, 200},
			"/directory/" + orgs[1]: {200, 404},
			"/directory/nobody":     {404, 404},
		} {
			if w := s.ask(who(role, ""), "GET", path, ""); w.Code != want[0] {
				t.Errorf("%s as %s of the community: %d, want %d", path, role, w.Code, want[0])
			}
			if w := s.ask(who(role, orgs[0]), "GET", path, ""); w.Code != want[1] {
				t.Errorf("%s as %s of a member: %d, want %d", path, role, w.Code, want[1])
			}
		}
	}
	member := who(access.Administrator, orgs[0])
	for _, path := range []string{"/", "/campaigns/" + id, "/warnings", "/directory/" + orgs[0], "/search?q=" + url.QueryEscape(s.engine.Pack.Organisation(orgs[1]).Name)} {
		answer := s.ask(member, "GET", path, "").Body.String()
		for rest := answer; ; {
			_, after, ok := strings.Cut(rest, `href="/directory`)
			if !ok {
				break
			}
			if to, _, _ := strings.Cut(after, `"`); to != "/"+orgs[0] {
				t.Errorf("%s leads a member to /directory%s", path, to)
			}
			rest = after
		}
	}
	if w := s.ask(who(access.Reader, ""), "GET", "/search?q="+url.QueryEscape(s.engine.Pack.Organisation(orgs[1]).Name), ""); !strings.Contains(w.Body.String(), "/directory/"+orgs[1]) {
		t.Error("the search of the community does not find an organisation")
	}
}
