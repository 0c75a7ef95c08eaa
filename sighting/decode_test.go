package sighting

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/coldwatch/coldwatch"
)

// plain reads as encoding/json does.
func plain(b []byte) (s coldwatch.Sighting, err error) {
	err = json.Unmarshal(b, &s)
	return s, err
}

func TestRead(t *testing.T) {
	full := From(analysed(), pack())
	full.Marking.Group, full.Provenance.Node, full.Provenance.Number = "g", "n", 7
	full.Features[0].Token, full.Observables[0].Name = true, "größe.html"
	spare := full
	spare.Impersonated = coldwatch.Impersonation{Persona: "Wei Zhang"}
	spare.Provenance.Analyzers, spare.Features, spare.Bits = nil, []coldwatch.Feature{}, -1.5e-9
	for _, s := range []coldwatch.Sighting{full, spare, {}} {
		b, err := Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := read(string(b))
		want, err := plain(b)
		if !ok || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read %t: %s\n%+v\n%+v", ok, b, got, want)
		}
		for i := range b {
			if _, ok := read(string(b[:i])); ok {
				t.Errorf("cut at %d was read", i)
			}
		}
	}
	full.Impersonated.Name = `a "quoted" <name>`
	b, _ := Marshal(full)
	if got, err := Unmarshal(b); err != nil || got.Impersonated.Name != full.Impersonated.Name {
		t.Errorf("escapes: %+v, %v", got.Impersonated, err)
	}
}

// FuzzRead holds that what read takes, encoding/json takes and understands alike.
func FuzzRead(f *testing.F) {
	b, _ := Marshal(From(analysed(), pack()))
	f.Add(string(b))
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := read(s)
		if !ok {
			return
		}
		if want, err := plain([]byte(s)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n%+v\n%+v, %v", s, got, want, err)
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	js, err := Marshal(From(analysed(), pack()))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unmarshal(js); err != nil {
			b.Fatal(err)
		}
	}
}
