package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/analysis/payload"
	"github.com/coldwatch/coldwatch/message"
)

var update = flag.Bool("update", false, "write the table of limits in docs/robustness.md anew")

// TestLimitsTable holds the documented table of limits against the code.
func TestLimitsTable(t *testing.T) {
	const doc = "../../docs/robustness.md"
	b, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), "<!-- limits -->\n")
	old, after, ok2 := strings.Cut(rest, "<!-- end of limits -->\n")
	if !ok || !ok2 {
		t.Fatal("the marks around the table are gone")
	}
	var want strings.Builder
	want.WriteString("| limit | default | bounds | finding past it |\n|---|---|---|---|\n")
	for _, l := range listLimits(&message.Limits{}, &payload.Limits{}) {
		fmt.Fprintf(&want, "| `%s` | %s | %s | `%s` |\n", l.Name, l.Default, l.Meaning, l.Finding)
	}
	if *update {
		if err := os.WriteFile(doc, []byte(before+"<!-- limits -->\n"+want.String()+"<!-- end of limits -->\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want.String() {
		t.Errorf("the table differs from the code; go test ./cmd/coldwatch -run LimitsTable -update writes it anew:\n%s", want.String())
	}
	// Limits that are not configurable stand in the text below.
	kinds := regexp.MustCompile(`"(limit\.[a-z_]+)"`)
	for _, room := range []string{"../../message", "../../analysis"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			for _, m := range kinds.FindAllStringSubmatch(string(src), -1) {
				if !strings.Contains(string(b), "`"+m[1]+"`") {
					t.Errorf("%s: %s is not documented", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
