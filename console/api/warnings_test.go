package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/api"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/store"
)

// warningTo gives a warning of a campaign to a reader, as an account sees it.
func (s *site) warningTo(as, campaign, reader string) (found coldwatch.Warning) {
	s.t.Helper()
	for _, w := range decode[[]coldwatch.Warning](s.t, s.ask(as, "GET", "/v1/warnings", "")) {
		if w.Campaign == campaign && w.Reader == reader {
			found = w
		}
	}
	return found
}

// A publisher makes a standing rule and ends it; nobody below does, and nobody of an organisation knows of it.
func TestStandingRules(t *testing.T) {
	s := newSite(t)
	id, orgs, _ := s.pick()
	s.admit(orgs[:]...)
	publisher, analyst, reader, member := who(access.Publisher, ""), who(access.Analyst, ""), who(access.Reader, ""), who(access.Publisher, orgs[0])
	for name, body := range map[string]string{
		"a marking that no rule covers": `{"reader":"*","tlp":"TLP:RED","organisations":1,"reason":"x"}`,
		"a reader that is not":          `{"reader":"nobody","tlp":"TLP:AMBER","organisations":1,"reason":"x"}`,
		"no organisation hit":           `{"reader":"*","tlp":"TLP:AMBER","organisations":0,"reason":"x"}`,
		"no reason":                     `{"reader":"*","tlp":"TLP:AMBER","organisations":1,"reason":" "}`,
	} {
		if w := s.ask(publisher, "POST", "/v1/rules", body); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := s.warningTo(reader, id, orgs[0]); w.Held == "" {
		t.Fatalf("before there is a rule the warning is not held: %+v", w)
	}
	made := decode[api.Rule](t, s.ask(publisher, "POST", "/v1/rules", `{"reader":"`+orgs[0]+`","tlp":"TLP:AMBER","organisations":1,"reason":"<b>agreed</b>"}`))
	if w := s.warningTo(member, id, orgs[0]); w.ID == "" || w.Held != "" {
		t.Errorf("the rule does not let the warning out: %q %q", w.ID, w.Held)
	}
	rules := decode[[]api.Rule](t, s.ask(reader, "GET", "/v1/rules", ""))
	if len(rules) != 1 || rules[0].ID != made.ID || rules[0].Reader != orgs[0] || rules[0].Author != publisher {
		t.Errorf("rules: %+v", rules)
	}
	page := s.ask(reader, "GET", "/warnings", "").Body.String()
	if !strings.Contains(page, "&lt;b&gt;agreed") || strings.Contains(page, "Make a rule") || strings.Contains(page, "/warnings/rules/end") {
		t.Error("the page of a viewer does not list the rule, or offers to change it")
	}
	if page := s.ask(publisher, "GET", "/warnings", "").Body.String(); !strings.Contains(page, "Make a rule") || !strings.Contains(page, `value="`+made.ID+`"`) {
		t.Error("the page of a publisher does not offer to make and end rules")
	}
	if page := s.ask(member, "GET", "/warnings", "").Body.String(); strings.Contains(page, "Standing rules") || strings.Contains(page, "agreed") {
		t.Error("someone of an organisation reads the rules")
	}
	if w := s.ask(analyst, "DELETE", "/v1/words/"+made.ID, ""); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an analyst ends a publisher's rule: %d", w.Code)
	}
	if w := s.ask(publisher, "DELETE", "/v1/words/"+made.ID, ""); w.Code >= 300 {
		t.Errorf("a publisher cannot end a rule: %d %s", w.Code, w.Body)
	}
	if w := s.warningTo(reader, id, orgs[0]); w.Held == "" {
		t.Error("the rule is ended, and the warning goes out")
	}
	if rules := decode[[]api.Rule](t, s.ask(reader, "GET", "/v1/rules", "")); len(rules) != 0 {
		t.Errorf("an ended rule is listed: %+v", rules)
	}
}

// A reader answers its own warning; the campaign's page sums up, and no organisation reads the answer of another.
func TestAnswers(t *testing.T) {
	s := newSite(t)
	id, orgs, _ := s.pick()
	s.admit(orgs[:]...)
	publisher, analyst := who(access.Publisher, ""), who(access.Analyst, "")
	decode[api.Rule](t, s.ask(publisher, "POST", "/v1/rules", `{"reader":"*","tlp":"TLP:AMBER","organisations":1,"reason":"a test"}`))
	if err := s.everyone("alerts@isac.example"); err != nil {
		t.Fatal(err)
	}
	own, other := s.warningTo(analyst, id, orgs[0]), s.warningTo(analyst, id, orgs[1])
	all := s.warningTo(analyst, id, "constituency")
	if own.ID == "" || other.ID == "" || all.ID == "" || all.Held != "" {
		t.Fatalf("warnings %q, %q, %q %q", own.ID, other.ID, all.ID, all.Held)
	}
	const found = `{"received":41,"blocked":7,"opened":3,"credentials":2,"reset":5}`
	for name, c := range map[string]struct {
		as, id, body string
		want         int
	}{
		"own":                     {who(access.Analyst, orgs[0]), own.ID, found, 200},
		"another's":               {who(access.Analyst, orgs[0]), other.ID, found, 404},
		"everyone's by a member":  {who(access.Analyst, orgs[0]), all.ID, found, 404},
		"everyone's by the desk":  {analyst, all.ID, `{"received":977}`, 200},
		"the desk for a reader":   {analyst, other.ID, `{"received":1000,"opened":1}`, 200},
		"below zero":              {analyst, other.ID, `{"received":-1}`, 422},
		"more than there is mail": {analyst, other.ID, `{"received":1000001}`, 422},
		"by who only reads":       {who(access.Reader, orgs[0]), own.ID, found, 403},
	} {
		if w := s.ask(c.as, "POST", "/v1/warnings/"+c.id+"/answer", c.body); w.Code != c.want {
			t.Errorf("%s: %d, want %d\n%s", name, w.Code, c.want, w.Body)
		}
	}
	page := s.ask(analyst, "GET", "/campaigns/"+id, "").Body.String()
	for _, want := range []string{"What their readers found", "3 of ", `<td class="number">41</td><td class="number">7</td><td class="number">3</td><td class="number">2</td><td class="number">5</td>`,
		`<td class="number">2018</td><td class="number">7</td><td class="number">4</td><td class="number">2</td><td class="number">5</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the campaign's page has no %q", want)
		}
	}
	member := s.ask(who(access.Administrator, orgs[0]), "GET", "/campaigns/"+id, "").Body.String()
	if !strings.Contains(member, `<td class="number">41</td>`) || strings.Contains(member, `<td class="number">1000</td>`) || strings.Contains(member, `<td class="number">977</td>`) {
		t.Error("the campaign's page of a member has not its own answer, or has another's")
	}
	if w := s.ask(who(access.Administrator, orgs[0]), "GET", "/v1/warnings", ""); strings.Contains(w.Body.String(), "977") {
		t.Error("a member reads what another answered")
	}
	if w := s.ask(analyst, "GET", "/warnings/"+own.ID, "").Body.String(); !strings.Contains(w, "Messages received</dt><dd>41</dd>") {
		t.Error("the warning's page does not show the answer")
	}
	entries, err := s.engine.Store.Audit(t.Context(), store.AuditQuery{Action: audit.WarningAnswer, Limit: 10})
	if err != nil || len(entries) != 3 {
		t.Errorf("%d answers stand in the audit log, %v", len(entries), err)
	}
}

// everyone says which address stands for everyone on the chain.
func (s *site) everyone(address string) error {
	detail, err := json.Marshal(address)
	if err != nil {
		return err
	}
	return s.engine.Store.PutWord(s.t.Context(), coldwatch.Word{ID: "w-everyone", At: clock(), Kind: "constituency", Detail: detail})
}

// Whatever can be said of messages can be said by the API and in the triage, by a key of its own.
func TestEveryWord(t *testing.T) {
	s := newSite(t)
	_, _, messages := s.pick()
	triage := s.ask("", "GET", "/triage?show=targeted", "").Body.String()
	keys := map[string]string{}
	for _, k := range coldwatch.WordKinds() {
		word := api.Word{Kind: k.Name, Message: messages[0], Reason: "a test"}
		if k.Messages == 2 {
			word.Other = messages[1]
		}
		body, err := json.Marshal([]api.Word{word})
		if err != nil {
			t.Fatal(err)
		}
		said := decode[[]coldwatch.Word](t, s.ask("", "POST", "/v1/words", string(body)))
		if w := s.ask("", "DELETE", "/v1/words/"+said[0].ID, ""); w.Code != http.StatusNoContent {
			t.Errorf("%s is not taken back: %d %s", k.Name, w.Code, w.Body)
		}
		_, button, ok := strings.Cut(triage, `name="kind" value="`+k.Name+`" data-key="`)
		key, _, _ := strings.Cut(button, `"`)
		if !ok || len(key) != 1 || keys[key] != "" || strings.Contains("jkxugo/?", key) {
			t.Errorf("the triage says %s by key %q, which is also %q", k.Name, key, keys[key])
		}
		keys[key] = k.Name
	}
}
