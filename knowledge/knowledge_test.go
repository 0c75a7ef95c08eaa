package knowledge

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite the expected files")

func TestEmbeddedPack(t *testing.T) {
	p := Default()
	for _, q := range p.Check() {
		t.Errorf("%s:%d: %s (%s)", q.File, q.Line, q.Reason, q.Hint)
	}
	if len(p.Equipment) != 204 || len(p.People) != 0 {
		t.Errorf("%d models, %d people", len(p.Equipment), len(p.People))
	}
	for _, e := range p.Equipment {
		if e.PriceLow != nil || e.PriceHigh != nil {
			t.Errorf("%s has a price; none is public", e.Model)
		}
	}
	for _, v := range p.Vaccines {
		if v.ID == "comirnaty" && (*v.StorageMinC != -90 || *v.StorageMaxC != -60) {
			t.Errorf("Comirnaty is stored at %g to %g", *v.StorageMinC, *v.StorageMaxC)
		}
	}
	for _, id := range []string{"solar", "dry-ice", "petrochem", "customs", "web", "it"} {
		if p.Role(id) == nil {
			t.Errorf("no role %s", id)
		}
	}
	if o := p.OwnerOfAddress("someone@mail.haiermedical.com"); o == nil || o.ID != "haier-biomedical" {
		t.Errorf("haiermedical.com belongs to %v", o)
	}
	for _, table := range []string{"organisations.csv", "equipment.csv", "programmes.csv", "vaccines.csv"} {
		tab := parseTable(table, must(embedded.ReadFile("packs/coldchain/"+table)))
		for _, r := range tab.rows {
			if tab.cell(r, "source") == "" {
				t.Errorf("%s:%d has no source", table, r.line)
			}
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestMessyPack loads a pack as spreadsheets and people make them; messy.want says what must be reported.
func TestMessyPack(t *testing.T) {
	p, err := Load("testdata/messy")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, q := range p.Check() {
		kind := "mended"
		if q.Fatal {
			kind = "left out"
		}
		fmt.Fprintf(&b, "%s:%d: %s: %s\n\t%s\n", q.File, q.Line, kind, q.Reason, q.Hint)
	}
	for _, o := range p.Organisations {
		fmt.Fprintf(&b, "%s | %s | %v | %s | %v | %v | %s\n", o.ID, o.Name, o.Roles, o.Country, o.Domains, o.Member, o.SecurityContact)
	}
	for _, e := range p.Equipment {
		fmt.Fprintf(&b, "%s %s | %s to %s °C | %s l | %s-%s %s %d\n", e.Make, e.Model, figure(e.TempMinC), figure(e.TempMaxC), figure(e.CapacityL), figure(e.PriceLow), figure(e.PriceHigh), e.Currency, e.PriceYear)
	}
	golden(t, "testdata/messy.want", b.String())
	if o := p.OwnerOf("gmail.com"); o != nil {
		t.Errorf("gmail.com belongs to %s", o.ID)
	}
	if o := p.OwnerOf("shop.co.uk"); o != nil {
		t.Errorf("shop.co.uk belongs to %s", o.ID)
	}
	if o := p.OwnerOf("ice.example"); o == nil || o.ID != "twin" && o.ID != "last" {
		t.Errorf("ice.example belongs to %v", o)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestNoPack(t *testing.T) {
	for _, dir := range []string{"testdata/absent", "testdata", "knowledge_test.go"} {
		if _, err := Load(dir); err == nil {
			t.Errorf("%s loaded as a pack", dir)
		}
	}
}

// TestWriteLoad: what is written loads back to the same rows, embedded and messy alike.
func TestWriteLoad(t *testing.T) {
	messy, err := Load("testdata/messy")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Pack{Default(), messy, Overlay(Default(), messy)} {
		dir := t.TempDir()
		for range 2 { // the second time over the first
			if err := p.Write(dir); err != nil {
				t.Fatal(err)
			}
		}
		q, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(rowsOf(p), rowsOf(q)) {
			a, b := rowsOf(p), rowsOf(q)
			for i := range reflect.TypeFor[Pack]().NumField() {
				if f := reflect.TypeFor[Pack]().Field(i); f.IsExported() && !reflect.DeepEqual(reflect.ValueOf(a).Field(i).Interface(), reflect.ValueOf(b).Field(i).Interface()) {
					t.Errorf("%s: %s changed on their way through the files", p.Name, f.Name)
				}
			}
		}
	}
}

// rowsOf is a pack without places, problems and look-ups.
func rowsOf(p *Pack) Pack {
	c := *p
	c.Problems, c.places, c.index = nil, nil, nil
	return c
}

func TestOverlay(t *testing.T) {
	base := New(Pack{Name: "base", Roles: []Role{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}}, Organisations: []Organisation{{ID: "x", Name: "X", Domains: []string{"x.example"}}}})
	top := New(Pack{Name: "top", Roles: []Role{{ID: "b", Name: "New B"}, {ID: "c", Name: "C"}}, Organisations: []Organisation{{ID: "x", Name: "X2", Domains: []string{"y.example"}}}})
	p := Overlay(base, top)
	if len(p.Roles) != 3 || p.Roles[1].Name != "New B" || p.Role("c") == nil {
		t.Errorf("roles %+v", p.Roles)
	}
	if p.OwnerOf("x.example") != nil || p.OwnerOf("mail.y.example") == nil {
		t.Error("the replaced row still owns its domain, or the new one does not")
	}
	if base.Roles[1].Name != "B" || base.OwnerOf("x.example") == nil {
		t.Error("the base was changed")
	}
}

func TestInitPack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	o := InitOptions{Domains: []string{"Plant.example"}, Name: "Plant One", Roles: []string{"dry-ice"}, Country: "cz", SecurityContact: "soc@plant.example"}
	for range 2 {
		if err := InitPack(dir, o); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "organisations.csv")
	once := must(os.ReadFile(path))
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := p.OwnerOf("plant.example")
	if got == nil || got.ID != "plant-one" || got.Country != "CZ" || !got.Member {
		t.Errorf("own organisation: %+v", got)
	}
	if p.Organisation("haier-biomedical") == nil {
		t.Error("the own pack hides the embedded one")
	}
	if problems := p.Check(); len(problems) > 0 {
		t.Errorf("%+v", problems)
	}
	var input *InputError
	o.Country = "DE"
	if err := InitPack(dir, o); !errors.As(err, &input) {
		t.Errorf("another row with the same id: %v", err)
	}
	if string(must(os.ReadFile(path))) != string(once) {
		t.Error("the file changed")
	}
	for _, bad := range []InitOptions{
		{Domains: []string{"gmail.com"}, Roles: []string{"it"}, Country: "DE"}, {Domains: []string{"co.uk"}, Roles: []string{"it"}, Country: "GB"}, {Domains: []string{"a.example"}, Roles: []string{"wizard"}, Country: "DE"},
		{Domains: []string{"a.example"}, Roles: []string{"it"}, Country: "XX"}, {Roles: []string{"it"}, Country: "DE"}, {Domains: []string{"haiermedical.com"}, Roles: []string{"it"}, Country: "CN"}, {Domains: []string{"a.example"}, Country: "DE"},
	} {
		if err := InitPack(filepath.Join(t.TempDir(), "x"), bad); !errors.As(err, &input) || input.Hint == "" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestInitKeepsTheFile: a spreadsheet with columns and rows of its own gets one more row and stays as it was.
func TestInitKeepsTheFile(t *testing.T) {
	dir := t.TempDir()
	before := "\xef\xbb\xbfname;id;Phone;country;roles;domains\r\n\"First; one\";first;+49;DE;it;first.example"
	for name, content := range map[string]string{"pack.yaml": "name: mine\nversion: 2\nextends: coldchain\n", "organisations.csv": before} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := InitPack(dir, InitOptions{Domains: []string{"second.example", "2nd.example"}, Roles: []string{"web"}, Country: "FR", ID: "second"}); err != nil {
		t.Fatal(err)
	}
	after := string(must(os.ReadFile(filepath.Join(dir, "organisations.csv"))))
	if !strings.HasPrefix(after, before) {
		t.Errorf("the file was rewritten:\n%s", after)
	}
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p.OwnerOf("2nd.example") == nil || p.OwnerOf("first.example") == nil || p.Organisation("first").Name != "First; one" {
		t.Errorf("%s\n%+v", after, p.Problems)
	}
}

func TestLimits(t *testing.T) {
	rows := strings.Repeat("a\n", maxRows+5)
	tab := parseTable("x.csv", []byte("id\n"+rows), "id")
	if len(tab.rows) != maxRows || len(tab.problems) != 1 {
		t.Errorf("%d rows, %d problems", len(tab.rows), len(tab.problems))
	}
	p, err := LoadFS(fstest.MapFS{"pack.yaml": {Data: []byte("name: a\nversion: 1\n")}, "roles.csv": {Data: make([]byte, maxFile+1)}})
	if err != nil || len(p.Roles) != 0 || len(p.Problems) != 1 || !p.Problems[0].Fatal {
		t.Errorf("%v %+v", err, p)
	}
	many := "id,name\n" + strings.Repeat("x,\n", maxProblems*2)
	p, err = LoadFS(fstest.MapFS{"pack.yaml": {Data: []byte("name: a\nversion: 1\n")}, "roles.csv": {Data: []byte(many)}})
	if err != nil || len(p.Problems) != maxProblems+1 {
		t.Errorf("%v, %d problems", err, len(p.Problems))
	}
}

func TestCountries(t *testing.T) {
	codes := strings.Fields(isoCountries)
	if len(codes) != 249 {
		t.Errorf("%d countries; ISO 3166-1 has 249", len(codes))
	}
	for i, c := range codes {
		if !IsCountry(c) || i > 0 && codes[i-1] >= c {
			t.Errorf("%s", c)
		}
	}
	for _, c := range []string{"", "D", "de", "UK", "E ", " D", "XX"} {
		if IsCountry(c) {
			t.Errorf("%q is no country", c)
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{"−70": "-70", "2,5": "2.5", "1,997": "1997", "12 500": "12500", "3": "3", "1,234,567.5": "1234567.5", "": "no", "NaN": "no", "0x10": "no", "1e400": "no", "12 l": "no", "Inf": "no"} {
		got := "no"
		if n, _, ok := number(in); ok {
			got = figure(&n)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, name := range []string{"roles.csv", "organisations.csv", "equipment.csv", "people.csv"} {
		f.Add(must(os.ReadFile("testdata/messy/" + name)))
	}
	f.Add([]byte("id,name\n\"a,b\n\"c\"\"d\",e\r\"\n"))
	f.Add([]byte("\xff\xfei\x00d\x00\n\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fsys := fstest.MapFS{"pack.yaml": {Data: []byte("name: f\nversion: 1\n")}}
		for _, name := range []string{"roles.csv", "organisations.csv", "people.csv", "equipment.csv", "programmes.csv", "vaccines.csv", "relations.csv", "priors.csv", "lanes.csv"} {
			fsys[name] = &fstest.MapFile{Data: raw}
		}
		p, err := LoadFS(fsys)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range p.Check() {
			if q.Reason == "" || q.File == "" {
				t.Errorf("%+v", q)
			}
		}
		p.OwnerOfAddress(string(raw))
		out := fstest.MapFS{"pack.yaml": {Data: []byte("name: f\nversion: 1\n")}}
		for _, w := range p.tables() {
			out[w.name] = &fstest.MapFile{Data: []byte(w.text())}
		}
		again, err := LoadFS(out)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := rowsOf(p), rowsOf(again); !reflect.DeepEqual(a, b) {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("name: a\nversion: \"1\"\nextends: coldchain\nsources:\n  - b\n"))
	f.Add([]byte("name: [a, {b: c}\n"))
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := LoadFS(fstest.MapFS{"pack.yaml": {Data: raw, Mode: fs.ModePerm}}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestHostileManifest: documents that expand or nest without end are refused in a moment.
func TestHostileManifest(t *testing.T) {
	bomb := "name: a\nx0: &x0 [a,a,a,a,a,a,a,a,a]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i-1), 9), ","))
	}
	for _, doc := range []string{bomb + "sources: *x11\n", "sources: " + strings.Repeat("[", 2000), "sources:\n !000 ", strings.Repeat("a", 65<<10)} {
		p, err := LoadFS(fstest.MapFS{"pack.yaml": {Data: []byte(doc)}})
		if err != nil || len(p.Problems) == 0 || p.Problems[0].Hint == "" {
			t.Errorf("%.40q: %v %+v", doc, err, p)
		}
	}
}
