package claim

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

var update = flag.Bool("update", false, "write what is found to testdata")

func f(x float64) *float64 { return &x }

// pack is a small chain of invented makes.
func pack() *knowledge.Pack {
	return &knowledge.Pack{
		Organisations: []knowledge.Organisation{{ID: "nordfrost", Name: "Nordfrost Medical A/S", Aliases: []string{"Nordfrost"}}},
		Equipment: []knowledge.Equipment{
			{Make: "Nordfrost Medical A/S", Model: "NFX-160 SDD", MakeOrgID: "nordfrost", PQSCode: "E003/901", TempMinC: f(2), TempMaxC: f(8), CapacityL: f(102), PriceLow: f(4000), PriceHigh: f(5000), Currency: "USD"},
			{Make: "Nordfrost Medical A/S", Model: "NFX-160", MakeOrgID: "nordfrost", PQSCode: "E003/900", TempMinC: f(2), TempMaxC: f(8), CapacityL: f(140), PriceLow: f(2000), PriceHigh: f(2600), Currency: "USD"},
			{Make: "Nordfrost Medical A/S", Model: "NUL 528", MakeOrgID: "nordfrost", TempMinC: f(-86), TempMaxC: f(-40), CapacityL: f(528), PriceLow: f(8000), PriceHigh: f(9500), Currency: "EUR"},
			{Make: "Kelda Boxes Ltd", Model: "U7", PQSCode: "E004/950", TempMinC: f(2), TempMaxC: f(8)},
			{Make: "Kelda Boxes Ltd", Model: "Vaccine box XL", TempMinC: f(2), TempMaxC: f(8)},
			{Make: "Kelda Boxes Ltd", Model: "KB 12-CF", TempMinC: f(2), TempMaxC: f(8)},
		},
		Programmes: []knowledge.Programme{{ID: "lastmile", Name: "Last Mile Cold Initiative", Aliases: []string{"LMCI", "LMI"}}},
		Vaccines:   []knowledge.Vaccine{{ID: "polarvax", Name: "Polarvax (PVX-12)", StorageMinC: f(-90), StorageMaxC: f(-60)}},
	}
}

func message(subject, body, attached, file string) *coldwatch.Analysis {
	raw := "Subject: " + subject + "\r\n\r\n" + body
	m := &coldwatch.Message{Raw: []byte(raw), Header: []coldwatch.Field{{Name: "Subject", Value: subject, Length: len("Subject: ") + len(subject) + 2}}}
	a := &coldwatch.Analysis{Message: m, Subject: subject}
	a.Payloads = append(a.Payloads, coldwatch.Payload{ID: "1", Part: "1", Via: "body", Kind: "text", Text: body, Content: []byte(body)})
	if attached != "" || file != "" {
		a.Payloads = append(a.Payloads, coldwatch.Payload{ID: "2", Part: "2", Via: "attachment", Kind: "pdf", Name: file, Text: attached, Content: []byte("%PDF " + attached)})
	}
	return a
}

// A want is one case of testdata/cases.json. Claims are "kind value [subject's model] result".
type want struct {
	Name, Subject, Body, Attached, File string
	Claims                              []string
	Fidelity                            string // "60 of 4 medium"
}

func line(c coldwatch.Claim) string {
	_, model, _ := strings.Cut(c.Subject, "|")
	return strings.Join(strings.Fields(c.Kind+" "+c.Value+" "+bracket(model)+" "+c.Result), " ")
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "[" + s + "]"
}

func TestCases(t *testing.T) {
	raw, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []want
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	an := New(pack())
	for i := range cases {
		c := &cases[i]
		t.Run(c.Name, func(t *testing.T) {
			a := message(c.Subject, c.Body, c.Attached, c.File)
			an.Analyze(a)
			var got []string
			for _, cl := range a.Lure.Claims {
				got = append(got, line(cl))
				if cl.Reason == "" {
					t.Errorf("%v has no reason", line(cl))
				}
			}
			l := a.Lure
			fidelity := join(l.Fidelity, l.FidelityOf, l.Fidelities)
			if *update {
				c.Claims, c.Fidelity = got, fidelity
			}
			if !slices.Equal(got, c.Claims) {
				t.Errorf("claims\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.Claims, "\n\t"))
			}
			if fidelity != c.Fidelity {
				t.Errorf("fidelity %s, want %s", fidelity, c.Fidelity)
			}
			checkSpans(t, a)
		})
	}
	if *update {
		out, err := json.MarshalIndent(cases, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/cases.json", append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func join(n, of int, word string) string {
	b, _ := json.Marshal([]int{n, of})
	return strings.NewReplacer("[", "", "]", "", ",", " of ").Replace(string(b)) + " " + word
}

func checkSpans(t *testing.T, a *coldwatch.Analysis) {
	t.Helper()
	for _, cl := range a.Lure.Claims {
		e := cl.Evidence
		c := a.Message.Raw
		if p := a.Payload(e.Span.Where); p != nil {
			c = p.Content
		} else if e.Span.Where != "raw" {
			t.Errorf("%+v points at nothing", e)
			continue
		}
		if e.Span.Start < 0 || e.Span.End > len(c) || e.Span.Start > e.Span.End {
			t.Errorf("%+v lies outside of %d bytes", e, len(c))
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in   string
		want float64
		end  int
		ok   bool
	}{
		{"1234", 1234, 4, true}, {"1,234.50", 1234.5, 8, true}, {"1.234,50", 1234.5, 8, true}, {"1'234.50", 1234.5, 8, true},
		{"1,234,567", 1234567, 9, true}, {"12,34,567", 1234567, 9, true}, {"4.200", 4200, 5, true}, {"4,2", 4.2, 3, true},
		{"11.42", 11.42, 5, true}, {"12.05.2021", 0, 10, false}, {"10.0.0.1", 0, 8, false}, {"2.6", 2.6, 3, true}, {"1.234.567,8", 1234567.8, 11, true},
	} {
		v, end, ok := scanNumber([]byte(c.in), 0)
		if ok != c.ok || ok && (v != c.want || end != c.end) {
			t.Errorf("%s: %v %d %v", c.in, v, end, ok)
		}
	}
}

// A claim made wrong never raises fidelity.
func TestFidelityIsMonotone(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"model", "price", "programme", "certificate", "capacity", "temperature", "make", "vaccine", "total", "quantity", "incoterm", "reference"}
	results := []string{coldwatch.Correct, coldwatch.Plausible, coldwatch.Wrong, coldwatch.Unverifiable}
	for range 20000 {
		claims := make([]coldwatch.Claim, rnd.IntN(14)+1)
		priced := false
		for i := range claims {
			claims[i] = coldwatch.Claim{Kind: kinds[rnd.IntN(len(kinds))], Result: results[rnd.IntN(len(results))]}
			priced = priced || claims[i].Kind == "price" && claims[i].Result == coldwatch.Correct
		}
		before, _, word := Fidelity(claims)
		if word == "high" && !priced {
			t.Fatalf("high without a price: %+v", claims)
		}
		if before < 0 || before > 100 {
			t.Fatalf("%d: %+v", before, claims)
		}
		i := rnd.IntN(len(claims))
		was := claims[i].Result
		claims[i].Result = coldwatch.Wrong
		if after, _, _ := Fidelity(claims); after > before {
			t.Fatalf("%s → wrong raised fidelity from %d to %d: %+v", was, before, after, claims)
		}
	}
}

// The same over texts: a message whose price, model or capacity is made wrong.
func TestWrongTextNeverRaises(t *testing.T) {
	an := New(pack())
	text := "Nordfrost NFX-160 SDD, 12 pcs, USD 4,500 each, total USD 54,000, 102 l, +2 to +8 °C, under the Last Mile Cold Initiative."
	fidelity := func(s string) int {
		a := message("RFQ", s, "", "")
		an.Analyze(a)
		return a.Lure.Fidelity
	}
	right := fidelity(text)
	for _, swap := range [][2]string{{"4,500", "9,900"}, {"4,500", "450"}, {"NFX-160 SDD", "NXF-160 SDD"}, {"102 l", "400 l"}, {"+2 to +8", "-80 to -70"}, {"54,000", "55,500"}, {"Nordfrost", "Kelda Boxes"}} {
		if got := fidelity(strings.Replace(text, swap[0], swap[1], 1)); got > right {
			t.Errorf("%v raised fidelity from %d to %d", swap, right, got)
		}
	}
	if right < highFrom {
		t.Errorf("the right text has fidelity %d", right)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	an := New(knowledge.Default())
	text := strings.Repeat("Dear Mr Okafor, we are preparing the next delivery and would like to invite your company to quote. "+
		"The list covers 12 x HBC-80 at USD 1,700 per unit with spare parts. Kindly see the attached file and answer before Friday. ", 23)
	a := message("Request for quotation 44/21", text[:5000], "", "rfq.pdf")
	b.ReportAllocs()
	for b.Loop() {
		a.Lure, a.Findings = coldwatch.Lure{}, a.Findings[:0]
		an.Analyze(a)
	}
}

func BenchmarkNew(b *testing.B) {
	p := knowledge.Default()
	for b.Loop() {
		New(p)
	}
}

func FuzzAnalyze(fz *testing.F) {
	fz.Add("RFQ NFX-160", "12 x NFX-160 SDD at USD 4.500,00, -25 to -15 °C, CIP Oslo Incoterms 2020, AWB 020-12345675, E003/901", "a.pdf")
	fz.Add("Polarvax", "Polarvax −70℃, 528リットル, 12台 €8'500", "NUL528_12pcs.xlsx")
	fz.Add("", "1.2.3.4 9999999999999999999 ---5--6 c, 1,,2 $ $ $5 x x 3x", "")
	an := New(pack())
	fz.Fuzz(func(t *testing.T, subject, body, file string) {
		a, b := message(subject, body, body, file), message(subject, body, body, file)
		an.Analyze(a)
		checkSpans(t, a)
		an.Analyze(b)
		x, _ := json.Marshal(a.Lure)
		y, _ := json.Marshal(b.Lure)
		if string(x) != string(y) {
			t.Errorf("two runs differ:\n%s\n%s", x, y)
		}
		if a.Lure.Fidelity < 0 || a.Lure.Fidelity > 100 {
			t.Errorf("fidelity %d", a.Lure.Fidelity)
		}
	})
}
