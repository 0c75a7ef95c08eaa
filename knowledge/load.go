package knowledge

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

//go:embed packs/coldchain
var embedded embed.FS

// EmbeddedName is the name by which a pack.yaml says "extends:" of the embedded pack.
const EmbeddedName = "coldchain"

// Default returns the embedded pack: the vaccine cold chain.
func Default() *Pack {
	sub, err := fs.Sub(embedded, "packs/"+EmbeddedName)
	if err == nil {
		var p *Pack
		if p, err = LoadFS(sub); err == nil {
			return p
		}
	}
	panic("knowledge: the embedded pack does not load: " + err.Error()) // a broken build, caught by the package's tests
}

// Load reads the pack in a folder. It fails only when the folder is no pack: it cannot be read, or has no pack.yaml.
// Rows that are wrong are in Problems, with file, line, reason and hint, and the rest is loaded. A pack whose pack.yaml
// says "extends: coldchain" is laid over the embedded pack.
func Load(dir string) (*Pack, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("chain pack: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("chain pack: %s is a file; a pack is a folder with a pack.yaml in it", dir)
	}
	p, err := LoadFS(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("chain pack %s: %w", dir, err)
	}
	return p, nil
}

// LoadFS is Load over a file system whose root is the pack.
func LoadFS(fsys fs.FS) (*Pack, error) {
	p, extends, err := loadOwn(fsys)
	if err != nil {
		return nil, err
	}
	switch extends {
	case "":
		return p, nil
	case EmbeddedName:
		return Overlay(Default(), p), nil
	}
	p.Problems = append(p.Problems, Problem{File: "pack.yaml", Reason: "extends: no pack is called " + extends, Hint: "the embedded pack is called " + EmbeddedName})
	return p, nil
}

// loadOwn reads the folder's own rows, without the pack that it extends.
func loadOwn(fsys fs.FS) (p *Pack, extends string, err error) {
	raw, err := readFile(fsys, "pack.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("no pack.yaml: the folder is not a chain pack: %w", err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("pack.yaml: %w", err)
	}
	l := &loader{pack: &Pack{places: map[string][]place{}}}
	extends = l.manifest(raw)
	for _, f := range l.files() {
		raw, err := readFile(fsys, f.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", f.name, err)
		}
		l.load(f, raw)
	}
	l.pack.build()
	return l.pack, extends, nil
}

// readFile reads one byte past the limit at most, so that a huge file is told from a large one without being held.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// A loader fills a pack from its files.
type loader struct {
	pack *Pack
	t    *table

	roleNames map[string]string // id or name → id, in lower case
}

// A packFile is one CSV file of a pack: the columns that it must have, and what to do with a row. The function says
// why a row is no good, "" when it was added.
type packFile struct {
	name     string
	required []string
	row      func(rec record) (reason, hint string)
}

func (l *loader) files() []packFile {
	return []packFile{
		{"roles.csv", []string{"id", "name"}, l.role},
		{"organisations.csv", []string{"id", "name", "roles", "country"}, l.organisation},
		{"people.csv", []string{"org_id", "name"}, l.person},
		{"equipment.csv", []string{"make", "model"}, l.equipment},
		{"programmes.csv", []string{"id", "name"}, l.programme},
		{"vaccines.csv", []string{"id", "name"}, l.vaccine},
		{"relations.csv", []string{"from_org", "to_org", "kind"}, l.relation},
		{"priors.csv", []string{"hypothesis", "prior", "reason"}, l.prior},
		{"lanes.csv", []string{"id", "vaccine_id", "stops"}, l.lane},
		{"excursions.csv", []string{"at", "lane", "organisation", "celsius", "limit_c"}, l.excursion},
	}
}

func (l *loader) load(f packFile, raw []byte) {
	l.t = parseTable(f.name, raw, f.required...)
	seen := map[string]int{}
	for _, rec := range l.t.rows {
		key := strings.ToLower(l.t.cell(rec, "id"))
		if key != "" {
			if first, twice := seen[key]; twice {
				l.t.problem(rec.line, true, fmt.Sprintf("the id %s stands already on line %d; this row was left out", key, first), "give it an id of its own, or remove one of the two")
				continue
			}
			seen[key] = rec.line
		}
		if empty := l.firstEmpty(rec, f.required); empty != "" {
			l.t.problem(rec.line, true, "the cell "+empty+" is empty; the row was left out", "fill it in")
			continue
		}
		if reason, hint := f.row(rec); reason != "" {
			l.t.problem(rec.line, true, reason, hint)
			continue
		}
		l.pack.places[f.name] = append(l.pack.places[f.name], place{f.name, rec.line})
	}
	if l.t.dropped > 0 {
		l.t.problems = append(l.t.problems, Problem{File: f.name, Reason: fmt.Sprintf("%d more problems in this file", l.t.dropped), Hint: "mend the first ones and check again"})
	}
	l.pack.Problems = append(l.pack.Problems, l.t.problems...)
}

// firstEmpty names the first required cell of a row that is empty. Roles may be empty: such an organisation is known,
// its place in the chain is not.
func (l *loader) firstEmpty(rec record, required []string) string {
	for _, c := range required {
		if c != "roles" && c != "country" && c != "reason" && l.t.cell(rec, c) == "" {
			return c
		}
	}
	return ""
}

// A manifest is pack.yaml.
type manifest struct {
	Name        string   `yaml:"name"`
	Version     string   `yaml:"version"`
	Description string   `yaml:"description,omitempty"`
	Sector      string   `yaml:"sector,omitempty"`
	Licence     string   `yaml:"licence,omitempty"`
	Extends     string   `yaml:"extends,omitempty"`
	Sources     []string `yaml:"sources,omitempty"`
}

// read fills the manifest. The YAML library panics on some malformed documents ("sources: !000"); to us that is a
// document that does not parse.
func (m *manifest) read(text []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed document: %v", p)
		}
	}()
	// Aliases can make a small document expand without end and nesting costs the library stack; a manifest has neither.
	depth := 0
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.AliasType, token.AnchorType, token.MergeKeyType:
			return errors.New("anchors and aliases are not read here")
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > 8 || t.Position != nil && t.Position.IndentNum > 64 {
			return errors.New("nested too deeply")
		}
	}
	return yaml.Unmarshal(text, m)
}

func (l *loader) manifest(raw []byte) (extends string) {
	problem := func(reason, hint string) {
		l.pack.Problems = append(l.pack.Problems, Problem{File: "pack.yaml", Reason: reason, Hint: hint})
	}
	text, was := toUTF8(raw)
	if was != "" {
		problem("not UTF-8; read as "+was, "save the file as UTF-8")
	}
	var m manifest
	if len(raw) > 64<<10 {
		problem("larger than 64 KiB; it was not read", "pack.yaml holds a name, a version and a few lines more")
	} else if err := m.read(text); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		problem("not readable as YAML: "+first, "see docs/formats/pack.md")
	}
	if m.Name == "" {
		m.Name = "unnamed"
		problem("the pack has no name", "add a line: name: my-chain")
	}
	if m.Version == "" {
		m.Version = "0"
		problem("the pack has no version", `add a line: version: "1"`)
	}
	p := l.pack
	p.Name, p.Version, p.Description, p.Sector, p.Licence, p.Sources = m.Name, m.Version, m.Description, m.Sector, m.Licence, m.Sources
	return m.Extends
}

// New returns a pack over rows that are at hand, with its look-ups built. The rows are copied as they are; Check says
// what is wrong with them.
func New(rows Pack) *Pack {
	p := rows
	p.build()
	return &p
}
