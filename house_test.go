package coldwatch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/coldwatch/coldwatch"

// allowed says which packages of ours a folder may import, by prefix below the module; imports point down only. The rooms
// take and give the types of the root package and never import each other; analysis → message is the one exception.
var allowed = map[string][]string{
	"":           {},
	"knowledge":  {""},
	"intake":     {"", "knowledge", "message"},
	"message":    {"", "knowledge"},
	"internal":   {},
	"analysis":   {"", "knowledge", "message", "internal"},
	"sighting":   {"", "knowledge"},
	"campaign":   {"", "knowledge"},
	"profile":    {"", "knowledge"},
	"warning":    {"", "knowledge"},
	"publish":    {"", "knowledge"},
	"store":      {""},
	"engine":     {"", "knowledge", "store", "intake", "message", "analysis", "sighting", "campaign", "profile", "warning", "publish"},
	"measure":    {"", "knowledge", "campaign", "sighting", "message"},
	"console":    {"", "knowledge", "engine", "publish", "store"},
	"federation": {"", "knowledge", "engine", "publish", "store", "sighting", "campaign", "console"}, // of the console: TAXII and its tokens
	"cmd":        {"", "*"},
}

// timeless are the rooms whose results may not depend on the machine's clock.
var timeless = map[string]bool{"": true, "knowledge": true, "message": true, "analysis": true, "sighting": true, "campaign": true, "profile": true,
	"warning": true, "publish": true}

// maxLines is how long a file may grow before it is split by purpose.
const maxLines = 600

type source struct {
	path, dir, top string // slash paths below the repository
	file           *ast.File
	lines          int
	test           bool
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, p, src, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(p), file: f, lines: strings.Count(string(src), "\n"), test: strings.HasSuffix(p, "_test.go")}
		if s.dir = path.Dir(s.path); s.dir == "." {
			s.dir = ""
		}
		s.top, _, _ = strings.Cut(s.dir, "/")
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d Go files found: the test does not run at the root of the repository", len(out))
	}
	return out
}

func TestHouseImports(t *testing.T) {
	for _, s := range sources(t) {
		rules, known := allowed[s.top]
		if !known {
			t.Errorf("%s: no rule says what %s may import", s.path, s.top)
			continue
		}
		for _, im := range s.file.Imports {
			p := strings.Trim(im.Path.Value, `"`)
			below, ours := strings.CutPrefix(p, module)
			if !ours || s.test {
				continue
			}
			below = strings.TrimPrefix(below, "/")
			top, _, _ := strings.Cut(below, "/")
			if top == s.top || ok(rules, top) { // within a room any door is open
				continue
			}
			// The conformance suite names the interface that it tests.
			if s.dir == "store/conformance" && below == "engine" {
				continue
			}
			t.Errorf("%s imports %s: not a door that opens this way", s.path, p)
		}
	}
}

func ok(rules []string, top string) bool {
	for _, r := range rules {
		if r == "*" || r == top {
			return true
		}
	}
	return false
}

func TestHousePackageComments(t *testing.T) {
	comment := map[string]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if _, seen := comment[s.dir]; !seen {
			comment[s.dir] = ""
		}
		if s.file.Doc != nil {
			comment[s.dir] = s.file.Doc.Text()
		}
	}
	for dir, text := range comment {
		if !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command ") {
			t.Errorf("%s has no package comment that begins with its purpose", dir)
		}
	}
}

func TestHouseNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

func TestHouseNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !timeless[s.top] {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, is := n.(*ast.SelectorExpr); is && sel.Sel.Name == "Now" {
				if x, is := sel.X.(*ast.Ident); is && x.Name == "time" {
					// Budgets for hostile payloads are measured by the clock, and what they stop is a finding of its own; the
					// acceptance suite measures that analysers are linear.
					if !strings.HasPrefix(s.dir, "analysis/payload") && s.dir != "analysis/accept" {
						t.Errorf("%s asks the machine for the time", s.path)
					}
				}
			}
			return true
		})
	}
}

func TestHouseFileLength(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.lines > maxLines {
			t.Errorf("%s has %d lines: split it by purpose", s.path, s.lines)
		}
	}
}

// TestHouseDependencies holds docs/dependencies.md against go.mod: every direct dependency is listed, and nothing else is.
func TestHouseDependencies(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(line)
		if len(f) > 0 && f[0] == "require" {
			f = f[1:]
		}
		if len(f) == 2 && strings.HasPrefix(f[1], "v") && !strings.Contains(line, "// indirect") {
			direct[f[0]] = true
		}
	}
	if len(direct) < 10 {
		t.Fatalf("only %d direct dependencies found in go.mod: go mod tidy marks the others", len(direct))
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(doc)) {
		if cells := strings.Split(line, "|"); len(cells) > 4 && strings.Contains(cells[1], "/") {
			listed[strings.TrimSpace(cells[1])] = true
		}
	}
	for m := range direct {
		if !listed[m] {
			t.Errorf("docs/dependencies.md does not say why %s is needed", m)
		}
	}
	for m := range listed {
		if !direct[m] {
			t.Errorf("docs/dependencies.md lists %s, which go.mod does not need directly", m)
		}
	}
}
