package federation

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/publish/stix"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":[2,"x"]}`:         `{"a":[2,"x"],"b":1}`,
		` { "a" : "<&>" } `:           `{"a":"<&>"}`,
		`{"a":"\u2028\\u2028\u00e4"}`: "{\"a\":\"\u2028\\\\u2028ä\"}",
		`{"a":1.5}`:                   "",
		`{"a":-0}`:                    "",
		`{"a":1e3}`:                   "",
		`{"a":99999999999999999999}`:  "",
		`{"a":1}{}`:                   "",
		strings.Repeat("[", 40) + strings.Repeat("]", 40): "",
	} {
		got, err := canonical([]byte(in))
		if (err == nil) != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
		if err == nil {
			if again, err := canonical(got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("%s: not stable: %s", got, again)
			}
		}
	}
}

// A frame that went through STIX is the same frame; with any of its fields changed its signature does not hold.
func TestFrame(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFrame("cw-1", "m-1", 7, KindSighting, map[string]any{"b": 1, "a": "ä"}, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := stix.Marshal(f.object("", "", "TLP:AMBER", time.Date(2020, 9, 7, 4, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	objects, problems, err := stix.Parse(strings.NewReader(`{"type":"bundle","id":"bundle--6d1b7a52-2a3f-5b0c-8f53-2f6a4f1f9c10","objects":[` + string(raw) + `]}`))
	if err != nil || len(problems) > 0 || len(objects) != 1 {
		t.Fatalf("STIX does not take it: %v, %v", problems, err)
	}
	got, ours, err := frameOf(objects[0])
	if err != nil || !ours || got.verify("cw-1", pub) != nil || got.Sum() != f.Sum() {
		t.Fatalf("%+v, %t, %v", got, ours, err)
	}
	for name, change := range map[string]func(*Frame){
		"community": func(f *Frame) { f.Community = "cw-2" },
		"from":      func(f *Frame) { f.From = "m-2" },
		"number":    func(f *Frame) { f.Number++ },
		"kind":      func(f *Frame) { f.Kind = KindLeave },
		"body":      func(f *Frame) { f.Body = []byte(`{"a":"ä","b":2}`) },
		"signature": func(f *Frame) { f.Signature = append([]byte{f.Signature[0] ^ 1}, f.Signature[1:]...) },
		"cut":       func(f *Frame) { f.Signature = f.Signature[:63] },
		"moved":     func(f *Frame) { f.From, f.Kind = "m-1\n7", "" },
	} {
		g := got
		change(&g)
		if g.verify("cw-1", pub) == nil && g.verify(g.Community, pub) == nil {
			t.Errorf("%s changed, and the signature holds", name)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add(`{"b":1,"a":[2,"x\u2028"]}`)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := canonical([]byte(s))
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Errorf("%q became %q", s, got)
		}
		if again, err := canonical(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%q: %q, then %q, %v", s, got, again, err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(`{"extensions":{"` + extensionID + `":{"number":"1","body":{"a":1},"signature":"AA"}}}`)
	f.Fuzz(func(t *testing.T, s string) {
		o := stix.Object{}
		if json.Unmarshal([]byte(s), &o) == nil {
			if fr, ours, err := frameOf(o); ours && err == nil && len(fr.Body) > maxWord {
				t.Error("too long a body was taken")
			}
		}
	})
}
