package api_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/console/api"
	"github.com/coldwatch/coldwatch/console/token"
)

var update = flag.Bool("update", false, "write the list of calls into docs/api.md")

// The list of calls in docs/api.md is the table of routes; every scope is explained there.
func TestDocs(t *testing.T) {
	const name = "../../docs/api.md"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| call | what it does | who may |\n|---|---|---|\n"
	text, _, ok := strings.Cut(string(b), head)
	if !ok {
		t.Fatalf("%s has no list of calls", name)
	}
	for _, s := range token.Scopes() {
		if !strings.Contains(text, "`"+s+"`") {
			t.Errorf("scope %s is not explained", s)
		}
	}
	var list strings.Builder
	for _, r := range api.New(api.Config{}).Routes() {
		fmt.Fprintf(&list, "| `%s %s` | %s | %s |\n", r.Method, r.Path, r.Summary, api.Who(r.Rule))
	}
	want := text + head + list.String()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(b) != want {
		t.Errorf("the list in %s is not that of the routes; go test ./console/api -run TestDocs -update writes it", name)
	}
}
