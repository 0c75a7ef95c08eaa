package stix_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/publish/stix"
)

// Export, import, export again: identical.
func TestRoundTrip(t *testing.T) {
	for _, name := range []string{"rich", "possible", "empty"} {
		r := load(t, name)
		first := stix.Bundle(r, nil)
		raw := bundle(t, r)
		objects, problems, err := stix.Parse(bytes.NewReader(raw))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		list := make([]any, len(objects))
		for i, o := range objects {
			list[i] = o
		}
		again, err := stix.Marshal(stix.Object{"type": "bundle", "id": first["id"], "objects": list})
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("%s: another bundle came back: %v", name, err)
		}
		found := map[string]bool{}
		for _, o := range stix.Observables(objects) {
			found[o.Value] = o.Owned
		}
		if name == "rich" {
			for value, own := range map[string]bool{"polarhaus-biomed.example": true, "https://files.coldquote.test/collect/post.php": true, "203.0.113.77": true, "bigmail.example": false, "2001:db8:44::1a": false} {
				if got, ok := found[value]; !ok || got != own {
					t.Errorf("%s: found %v, owned %v", value, ok, got)
				}
			}
		}
	}
}

func TestParseHostile(t *testing.T) {
	ok := `{"type":"domain-name","id":"domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7","value":"a.example"}`
	in := func(objects ...string) string {
		return `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
	}
	for i, c := range []struct {
		raw            string
		kept, problems int
		err            bool
	}{
		{in(ok), 1, 0, false},
		{in(ok, ok), 1, 1, false},
		{in(`7`, `null`, `"x"`, `[]`, `{}`), 0, 5, false},
		{in(`{"type":"url","id":"domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"}`), 0, 1, false},
		{in(strings.Replace(ok, `"value"`, `"created":"yesterday","value"`, 1)), 0, 1, false},
		{in(strings.Replace(ok, `"value"`, `"x_custom":{"deep":[1.50,true]},"value"`, 1)), 1, 0, false},
		{in(strings.Replace(ok, `"value"`, `"resolves_to_refs":[],"value"`, 1)), 0, 1, false},
		{in(strings.Replace(ok, `"value"`, `"created_by_ref":7,"value"`, 1)), 0, 1, false},
		{`{"type":"campaign","objects":[]}`, 0, 0, true},
		{`{"type":"bundle","objects":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, 0, 0, true},
		{"", 0, 0, true},
		{"[", 0, 0, true},
	} {
		objects, problems, err := stix.Parse(strings.NewReader(c.raw))
		if len(objects) != c.kept || len(problems) != c.problems || (err != nil) != c.err {
			t.Errorf("case %d: %d objects, %v, %v", i, len(objects), problems, err)
		}
	}
	if _, _, err := stix.Parse(strings.NewReader(`{"x":"` + strings.Repeat("a", stix.MaxBytes) + `"}`)); !errors.Is(err, stix.ErrTooLarge) {
		t.Error(err)
	}
}

func TestReplaces(t *testing.T) {
	now := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	make := func(creator, modified, tlp string, revoked bool) stix.Object {
		return stix.Object{"id": "campaign--1", "created_by_ref": creator, "modified": modified, "revoked": revoked, "object_marking_refs": []any{"marking-definition--" + tlp}}
	}
	const green, amber, amber1 = "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "f88d31f6-486f-44da-b317-01333bde0b82"
	stored := make("identity--a", "2030-01-01T00:00:00.000Z", amber, false)
	for _, c := range []struct {
		stored, incoming stix.Object
		want             bool
	}{
		{stored, make("identity--a", "2030-02-01T00:00:00.000Z", amber, false), true},
		{stored, make("identity--a", "2030-02-01T00:00:00.000Z", amber1, true), true},
		{stored, make("identity--b", "2030-02-01T00:00:00.000Z", amber, false), false},
		{stored, make("identity--a", "2030-02-01T00:00:00.000Z", green, false), false},
		{stored, make("identity--a", "2030-01-01T00:00:00.000Z", amber, false), false},
		{stored, make("identity--a", "2099-01-01T00:00:00.000Z", amber, false), false},
		{make("identity--a", "2030-01-01T00:00:00.000Z", amber, true), make("identity--a", "2030-02-01T00:00:00.000Z", amber, false), false},
	} {
		if reason, got := stix.Replaces(c.stored, c.incoming, now); got != c.want {
			t.Errorf("%v: %v %s", c.incoming, got, reason)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"bundle","objects":[{"type":"indicator","id":"indicator--bedb4899-d24b-5401-bc86-8f6b4cc18ec7","valid_from":"2031-01-01T00:00:00Z","pattern":"[file:hashes.'SHA-256' = 'aa' AND NOT url:value = 'x\\'y'] OR [a:b"}]}`))
	f.Add([]byte(fmt.Sprintf(`{"type":"bundle","objects":[%s]}`, strings.Repeat("[", 100))))
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, _, err := stix.Parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		stix.Observables(objects)
		if _, err := stix.Marshal(stix.Object{"objects": objects}); err != nil {
			t.Error(err)
		}
	})
}

// TestTLP: the strictest marking counts, of whichever generation and wherever it stands.
func TestTLP(t *testing.T) {
	mark := func(refs ...any) stix.Object { return stix.Object{"object_marking_refs": refs} }
	for name, c := range map[string]struct {
		objects []stix.Object
		want    string
	}{
		"nothing":          {nil, ""},
		"not marked":       {[]stix.Object{{"type": "identity"}}, ""},
		"a statement only": {[]stix.Object{mark("marking-definition--00000000-0000-4000-8000-000000000001", 7)}, ""},
		"clear":            {[]stix.Object{mark("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487")}, "TLP:CLEAR"},
		"two":              {[]stix.Object{mark("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"), mark("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb")}, "TLP:AMBER+STRICT"},
		"TLP 1 white":      {[]stix.Object{mark("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9")}, "TLP:CLEAR"},
		"TLP 1 red":        {[]stix.Object{mark("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")}, "TLP:RED"},
		"a part of it": {[]stix.Object{{"object_marking_refs": []any{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"}, "granular_markings": []any{"x", map[string]any{"marking_ref": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
			"selectors": []any{"name"}}}}}, "TLP:RED"},
	} {
		if got := stix.TLP(c.objects); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
