package knowledge

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chainOf3 knows a maker, a carrier and a store.
func chainOf3() *Pack {
	return Overlay(Default(), New(Pack{Name: "test", Version: "1",
		Organisations: []Organisation{
			{ID: "hoarfrost", Name: "Hoarfrost Vaccines", Roles: []string{"vaccine-maker"}, Country: "BE", Domains: []string{"hoarfrost.example"}},
			{ID: "sleet", Name: "Sleet Carriers", Roles: []string{"air-cargo"}, Country: "DE", Aliases: []string{"0614141000029"}, Domains: []string{"sleet.example"}},
			{ID: "igloo", Name: "Igloo Store", Roles: []string{"store"}, Country: "KE", Domains: []string{"igloo.example"}}},
		Vaccines: []Vaccine{{ID: "rimevax", Name: "Rimevax", StorageMinC: number2(2), StorageMaxC: number2(8)}}}))
}

func number2(f float64) *float64 { return &f }

func readLane(t *testing.T, o EPCISOptions) (Traced, error) {
	t.Helper()
	f, err := os.Open("testdata/epcis/lane.jsonld")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return ReadEPCIS(f, chainOf3(), o)
}

func options3() EPCISOptions {
	return EPCISOptions{Parties: map[string]string{"0614141000036": "igloo"}, Products: map[string]string{"10614141123459": "rimevax"}, DosesPerUnit: 100}
}

func TestEPCIS(t *testing.T) {
	got, err := readLane(t, options3())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Lanes) != 1 || got.Events != 6 || got.Skipped != 1 {
		t.Fatalf("%+v", got)
	}
	l := got.Lanes[0]
	if !slices.Equal(l.Stops, []string{"hoarfrost", "sleet", "igloo"}) || l.VaccineID != "rimevax" || *l.DosesLow != 1000 || *l.DosesHigh != 1000 {
		t.Errorf("%+v", l)
	}
	if len(got.Excursions) != 1 {
		t.Fatalf("%+v", got.Excursions)
	}
	if x := got.Excursions[0]; x.Organisation != "sleet" || x.Celsius != 13 || x.Limit != 8 || x.Lane != l.ID || x.At.Hour() != 5 {
		t.Errorf("%+v", x)
	}
}

func TestEPCISAsksForWhatItDoesNotKnow(t *testing.T) {
	o := options3()
	o.Products = nil
	_, err := readLane(t, o)
	var in *InputError
	if !errors.As(err, &in) || !strings.Contains(in.Hint, "--product") || !strings.Contains(in.Reason, "10614141123459") {
		t.Errorf("%v", err)
	}
	o.Vaccine = "rimevax"
	if got, err := readLane(t, o); err != nil || len(got.Lanes) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	for _, c := range []struct{ text, hint string }{
		{"<epcis:EPCISDocument/>", "XML"}, {"{", "JSON"}, {`{"a": 1}`, "EPCIS 2.0"}, {"", "EPCIS 2.0"}, {`[[[[{"type":"ObjectEvent","eventTime":"2021-02-01T08:00:00Z"}]]]]`, "EPCIS 2.0"},
		{`{"type":"ObjectEvent","eventTime":"2021-02-01T08:00:00Z","epcList":["x"],"readPoint":{"id":"urn:nobody"}}`, "--party"},
	} {
		if _, err := ReadEPCIS(strings.NewReader(c.text), chainOf3(), EPCISOptions{Vaccine: "rimevax"}); !errors.As(err, &in) || !strings.Contains(in.Hint, c.hint) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if _, err := readLane(t, EPCISOptions{Parties: map[string]string{"1": "nobody"}}); !errors.As(err, &in) {
		t.Errorf("%v", err)
	}
}

func TestEPCISKeys(t *testing.T) {
	for in, want := range map[string]string{
		"urn:epc:id:sgln:0614141.00002.0":            "gln:0614141000029",
		"https://id.gs1.org/414/0614141000029/254/1": "gln:0614141000029",
		"0614141000029":                                  "gln:0614141000029",
		"urn:epc:class:lgtin:0614141.112345.L1":          "gtin:10614141123459",
		"https://id.gs1.org/01/10614141123459/10/L1?x=1": "gtin:10614141123459",
		"urn:epc:id:sgtin:.":                             "urn:epc:id:sgtin:.",
		"Sleet Carriers":                                 "sleet carriers",
	} {
		if got := epcisKey(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// A part of a way belongs to the whole one, and a parcel within itself ends.
func TestEPCISParts(t *testing.T) {
	event := func(day, where string, more string) string {
		return `{"type":"ObjectEvent","eventTime":"2021-02-` + day + `T08:00:00Z","readPoint":{"id":"` + where + `"},` + more + `}` + "\n"
	}
	text := event("01", "hoarfrost", `"epcList":["a","b"]`) + event("02", "sleet", `"epcList":["a","b"]`) + event("03", "igloo", `"epcList":["a"]`) +
		`{"type":"AggregationEvent","action":"ADD","eventTime":"2021-02-04T08:00:00Z","parentID":"urn:epc:id:sscc:1.2","childEPCs":["urn:epc:id:sscc:1.2"]}`
	got, err := ReadEPCIS(strings.NewReader(text), chainOf3(), EPCISOptions{Vaccine: "rimevax", DosesPerUnit: 1})
	if err != nil || len(got.Lanes) != 1 || len(got.Lanes[0].Stops) != 3 || *got.Lanes[0].DosesHigh != 2 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestImportLanes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	if err := InitPack(dir, InitOptions{ID: "igloo", Name: "Igloo Store", Domains: []string{"igloo.example"}, Roles: []string{"store"}, Country: "KE"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lanes.csv"), []byte("id;vaccine_id;stops;note\nmine;vaxzevria;igloo;\"by hand; 2020\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	traced, err := readLane(t, options3())
	if err != nil {
		t.Fatal(err)
	}
	var before []byte
	for round := range 2 {
		if err := ImportLanes(dir, traced); err != nil {
			t.Fatal(err)
		}
		p, err := Load(dir)
		if err != nil || len(p.Lanes) != 2 || len(p.Excursions) != 1 || p.Excursions[0] != traced.Excursions[0] {
			t.Fatalf("%+v %+v %v", p.Lanes, p.Excursions, err)
		}
		raw, _ := os.ReadFile(filepath.Join(dir, "lanes.csv"))
		if !strings.Contains(string(raw), `"by hand; 2020"`) {
			t.Errorf("the user's own column is gone: %s", raw)
		}
		if round > 0 && string(raw) != string(before) {
			t.Errorf("importing again changed\n%s\nto\n%s", before, raw)
		}
		before = raw
	}
}

func TestImportPrices(t *testing.T) {
	known := Default()
	m := known.Equipment[0]
	list := "Make,Model,Price,Currency,Year\n" +
		m.Make + "," + m.Model + ",1200,usd,2020\n" +
		strings.ToLower(m.Make) + "," + m.Model + ",900,USD,2021\n" +
		m.Make + "," + m.Model + ",900,EUR,2021\n" +
		"Sleet,X-1,a lot,USD,\n" + ",X-2,1,USD,\nSleet,X-3,5,dollars,\nSleet,X-4,0,USD,\nSleet,X-5,70,KES,2019\n"
	prices, problems, err := ReadPrices("list.csv", strings.NewReader(list), known)
	if err != nil || len(prices) != 2 || len(problems) < 5 {
		t.Fatalf("%+v %+v %v", prices, problems, err)
	}
	dir := filepath.Join(t.TempDir(), "own")
	if err := ImportPrices(dir, prices); err != nil {
		t.Fatal(err)
	}
	p, err := Load(dir)
	if err != nil || len(p.Equipment) != len(known.Equipment)+1 {
		t.Fatalf("%d models after %d: %v", len(p.Equipment), len(known.Equipment), err)
	}
	got := p.Equipment[0]
	if *got.PriceLow != 900 || *got.PriceHigh != 1200 || got.Currency != "USD" || got.PriceYear != 2021 || got.Category != m.Category {
		t.Errorf("%+v", got)
	}
	var in *InputError
	for _, bad := range []string{"", "a,b\n1,2\n", "make,model,currency\nx,y,USD\n"} {
		if _, _, err := ReadPrices("list.csv", strings.NewReader(bad), known); !errors.As(err, &in) || in.Hint == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzEPCIS(f *testing.F) {
	raw, err := os.ReadFile("testdata/epcis/lane.jsonld")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"type":"ObjectEvent","eventTime":"2021-02-01T08:00:00Z","epcList":["a"],"readPoint":"igloo"}`))
	pack := chainOf3()
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := ReadEPCIS(strings.NewReader(string(raw)), pack, EPCISOptions{Vaccine: "rimevax", DosesPerUnit: 2})
		var in *InputError
		if err != nil && !errors.As(err, &in) {
			t.Fatal(err)
		}
		for _, l := range got.Lanes {
			if len(l.Stops) < 2 || *l.DosesLow > *l.DosesHigh {
				t.Fatalf("%+v", l)
			}
		}
	})
}
