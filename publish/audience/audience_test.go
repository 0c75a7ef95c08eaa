package audience_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
	"github.com/coldwatch/coldwatch/publish/dossier"
)

func load(t testing.TB) coldwatch.Report {
	t.Helper()
	raw, err := os.ReadFile("../testdata/rich.json")
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

var pack = &knowledge.Pack{
	Organisations: []knowledge.Organisation{
		{ID: "borealis-cold", Name: "Borealis Cold Stores", Aliases: []string{"Boréalis Kühlhaus"}, Domains: []string{"borealis-cold.example"}, SecurityContact: "security@borealis-cold.example"},
		{ID: "haneul-air", Name: "Haneul Air Cargo", Domains: []string{"haneul-air.example"}},
		{ID: "polarhaus", Name: "Polarhaus Biomedical", Domains: []string{"polarhaus.example"}},
	},
	People: []knowledge.Person{{OrgID: "haneul-air", Name: "Min-jun Seo"}},
}

// wrappings are the ways in which a seeded leak may be written.
var wrappings = []struct {
	name string
	wrap func(string) string
}{
	{"plain", func(s string) string { return s }},
	{"upper", strings.ToUpper},
	{"entities", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#%d;", r)
		}
		return b.String()
	}},
	{"json", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		return b.String()
	}},
	{"percent", url.PathEscape},
	{"zero-width", func(s string) string { return s[:3] + "\u200b" + s[3:] }},
	{"line-break", func(s string) string { return strings.ReplaceAll(s, " ", "\n   ") }},
	{"defanged", func(s string) string { return strings.NewReplacer(".", "[.]", "@", "[@]").Replace(s) }},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user=" + s + "&x=1")) }},
	{"markdown", func(s string) string { return strings.NewReplacer("-", `\-`, ".", `\.`, "_", `\_`).Replace(s) }},
}

var seeds = []string{
	"Borealis Cold Stores", "borealis-cold", "Boréalis Kühlhaus", "Haneul Air Cargo", "Moravia Pharma Logistics",
	"Alpen Dry Ice", "j.doe@victim.example", "buyer.one@bigmail.example", "mail.borealis-cold.example", "Min-jun Seo",
	"RFQ: 40 units PH-340S, Cold Chain Expansion Programme", "we ask for your best quotation for transport and storage",
	"anna+rfq@haneul-air.example", "polarhaus.example", "login.microsoftonline.com", "Formosa Customs Brokers", "Straits Distribution Hub",
	"Lago Solar Freezers", "Nordfrost Logistics", "Kleinnet Hosting",
}

// documents are what a stranger may have: every format under TLP:CLEAR and TLP:GREEN, of reports that differ in what they lack.
func documents(t testing.TB) (docs []audience.Content) {
	for _, tlp := range []string{"TLP:CLEAR", "TLP:GREEN"} {
		for cut := range 5 {
			r := load(t)
			r.Marking = coldwatch.Marking{TLP: tlp}
			r.Profile.Version += cut
			switch cut {
			case 1:
				r.Links = nil
			case 2:
				r.Profile.Infrastructure = r.Profile.Infrastructure[:3]
			case 3:
				r.Profile.Timeline, r.Synthetic = nil, false
			case 4:
				r.Profile.Judgements, r.Profile.Doses = nil, coldwatch.Doses{}
			}
			for _, f := range publish.Formats() {
				var b bytes.Buffer
				if err := f.Write(&b, r, pack); err != nil {
					t.Fatal(err)
				}
				docs = append(docs, audience.Content{Name: f.Name(), Bytes: b.Bytes(), Marking: r.Marking, Report: r, List: publish.List(publish.Path(f))})
			}
		}
	}
	return docs
}

var stranger = audience.Reader{ID: "constituency", TLP: "TLP:GREEN"}

// 200 clean documents, at most 2 held up; 200 seeded ones, all caught.
func TestLeaks(t *testing.T) {
	docs := documents(t)
	held := 0
	for _, d := range docs[:200] {
		if leaks := audience.Check(d, stranger, pack); len(leaks) > 0 {
			held++
			t.Logf("%s: %v", d.Name, leaks)
		}
	}
	if held > 2 {
		t.Errorf("%d of 200 clean documents held up", held)
	}
	caught := 0
	for i := range 200 {
		seed, w := seeds[i%len(seeds)], wrappings[i/len(seeds)]
		d := docs[(i*7)%len(docs)]
		at := len(d.Bytes) / 2
		for at < len(d.Bytes) && d.Bytes[at] != '\n' {
			at++
		}
		d.Bytes = slices.Concat(d.Bytes[:at], []byte("\n"+w.wrap(seed)+"\n"), d.Bytes[at:])
		if len(audience.Check(d, stranger, pack)) > 0 {
			caught++
		} else {
			t.Errorf("missed: %q as %s in %s", seed, w.name, d.Name)
		}
	}
	t.Logf("held up %d of 200 clean documents, caught %d of 200 seeded leaks", held, caught)
}

func TestMarking(t *testing.T) {
	r := load(t)
	for _, c := range []struct {
		marking coldwatch.Marking
		reader  audience.Reader
		text    string
		want    string
	}{
		{coldwatch.Marking{TLP: "TLP:GREEN"}, audience.Reader{TLP: "TLP:GREEN"}, "x", ""},
		{coldwatch.Marking{TLP: "TLP:AMBER"}, audience.Reader{TLP: "TLP:GREEN"}, "x", "marking"},
		{coldwatch.Marking{TLP: "TLP:CLEAR"}, audience.Reader{}, "x", ""},
		{coldwatch.Marking{TLP: "TLP:GREEN"}, audience.Reader{}, "x", "marking"},
		{coldwatch.Marking{}, audience.Reader{TLP: "TLP:AMBER"}, "x", "marking"},
		{coldwatch.Marking{TLP: "TLP:AMBER", Group: "a"}, audience.Reader{TLP: "TLP:RED", Groups: []string{"b"}}, "x", "group"},
		{coldwatch.Marking{TLP: "TLP:AMBER", Group: "a"}, audience.Reader{TLP: "TLP:RED", Groups: []string{"b", "a"}}, "x", ""},
		{coldwatch.Marking{TLP: "TLP:GREEN"}, audience.Reader{TLP: "TLP:RED"}, "this part is TLP:RED", "marking"},
		{coldwatch.Marking{TLP: "TLP:AMBER"}, audience.Reader{ID: "haneul-air", TLP: "TLP:RED"}, "Haneul Air Cargo got two", ""},
		{coldwatch.Marking{TLP: "TLP:AMBER"}, audience.Reader{ID: "haneul-air", TLP: "TLP:RED"}, "Borealis Cold Stores got two", "victim"},
		{coldwatch.Marking{TLP: "TLP:AMBER"}, audience.Reader{Own: true, TLP: "TLP:RED"}, "Borealis Cold Stores got two", ""},
		{coldwatch.Marking{TLP: "TLP:AMBER"}, audience.Reader{ID: "borealis-cold", TLP: "TLP:RED"}, "To: security@borealis-cold.example", ""},
	} {
		got := audience.Check(audience.Content{Bytes: []byte(c.text), Marking: c.marking, Report: r}, c.reader, pack)
		if kind := kinds(got); kind != c.want {
			t.Errorf("%v to %v, %q: %v, want %q", c.marking, c.reader, c.text, got, c.want)
		}
	}
}

func kinds(leaks []audience.Leak) string {
	var out []string
	for _, l := range leaks {
		out = append(out, l.Kind)
	}
	return strings.Join(slices.Compact(out), " ")
}

// What one organisation gets names it alone.
func TestOneReader(t *testing.T) {
	r := load(t)
	r.Marking.Group = ""
	mine := dossier.RedactFor(r, pack, "haneul-air")
	reader := audience.Reader{ID: "haneul-air", TLP: "TLP:AMBER"}
	for _, f := range publish.Formats() {
		var b bytes.Buffer
		if err := f.Write(&b, mine, pack); err != nil {
			t.Fatal(err)
		}
		if leaks := audience.Check(audience.Content{Name: f.Name(), Bytes: b.Bytes(), Marking: r.Marking, Report: r, List: publish.List(publish.Path(f))}, reader, pack); len(leaks) > 0 {
			t.Errorf("%s: %v", f.Name(), leaks)
		}
		if f.Name() == "html" && !strings.Contains(b.String(), html.EscapeString("Haneul Air Cargo")) {
			t.Error("the reader's own name is missing")
		}
	}
}

func TestDecide(t *testing.T) {
	at := time.Date(2031, 11, 24, 0, 0, 0, 0, time.UTC)
	c := audience.Content{Name: "x", Bytes: []byte("Borealis Cold Stores"), Marking: coldwatch.Marking{TLP: "TLP:CLEAR"}, Report: load(t)}
	for _, o := range []audience.Override{{}, {Name: "A. Person"}, {Reason: "they agreed"}, {Name: " ", Reason: " "}} {
		if d := audience.Decide(c, stranger, pack, o, at); d.Released || d.Override != nil {
			t.Errorf("released with %v", o)
		}
	}
	d := audience.Decide(c, stranger, pack, audience.Override{Name: "A. Person", Reason: "they agreed"}, at)
	if !d.Released || d.Override == nil || len(d.Leaks) == 0 {
		t.Errorf("%+v", d)
	}
	c.Bytes = []byte("nothing")
	if d := audience.Decide(c, stranger, pack, audience.Override{Name: "A. Person", Reason: "they agreed"}, at); !d.Released || d.Override != nil {
		t.Errorf("%+v", d)
	}
}

func FuzzCheck(f *testing.F) {
	r := load(f)
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Add([]byte(`%4%%zz\u12 &#x; =\n [.] aGVsbG8gd29ybGQgaGVsbG8=`))
	f.Fuzz(func(t *testing.T, b []byte) {
		audience.Check(audience.Content{Bytes: b, Report: r}, stranger, pack)
	})
}
