package engine_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/rules"
)

// A report's rules are run on stored mail: what hits the campaign and no unremarkable mail is released, and the trial is kept for
// these rules and this mail only.
func TestReleased(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, e, t.Context(), &list{subs: w.subs})
	ps, err := e.Update(t.Context())
	if err != nil || len(ps) == 0 {
		t.Fatal(err, len(ps))
	}
	r, err := e.Released(t.Context(), ps[0].Campaign)
	if err != nil {
		t.Fatal(err)
	}
	built := rules.Build(r, e.Pack)
	if len(built) < 5 || len(r.Rules) != len(built) {
		t.Fatalf("%d rules, %d trials", len(built), len(r.Rules))
	}
	tools := map[string]string{"yara": "yara", "postfix-checks": "postmap", "rspamd": "rspamd", "rspamd-regexp": "rspamd"}
	for _, b := range built {
		tool := tools[b.Engine]
		if _, err := exec.LookPath(tool); err != nil {
			if tool != "" {
				t.Logf("SKIPPED: %s is not installed, so that its rule is not executed", tool)
			}
			if !strings.HasPrefix(b.Status, rules.NotExecuted) {
				t.Errorf("%s: %s", b.Engine, b.Status)
			}
			continue
		}
		if b.Withheld || !strings.HasPrefix(b.Status, "executed") {
			t.Errorf("%s: %s", b.Engine, b.Status)
		}
	}
	again, err := e.Released(t.Context(), ps[0].Campaign)
	if err != nil || !slices.Equal(again.Rules, r.Rules) {
		t.Error("the trial was not kept: ", err)
	}
	// a status holds for the rule that was run, not for one that matches something else
	for _, role := range []string{"sender", "exfiltration"} {
		r.Profile.Infrastructure = append(slices.Clone(r.Profile.Infrastructure), coldwatch.Infrastructure{
			Observable: coldwatch.Observable{Kind: coldwatch.DomainName, Value: role + ".example", Role: role, Owned: true}, Messages: 1})
	}
	for _, b := range rules.Build(r, e.Pack) {
		if b.Status != rules.NotExecuted {
			t.Errorf("%s was changed and still says %q", b.Engine, b.Status)
		}
	}
}
