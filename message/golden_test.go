package message

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

var update = flag.Bool("update", false, "write the .want.json files anew")

// A wantPart is what a golden file says of a part.
type wantPart struct {
	ID, MediaType, Encoding                    string
	Disposition, Filename, Charset, Text, Body string `json:",omitempty"`
}

type wantMessage struct {
	Header  []string
	Parts   []wantPart
	Defects []string            `json:",omitempty"`
	Inner   []map[string]string `json:",omitempty"`
}

func summary(m *coldwatch.Message) wantMessage {
	var w wantMessage
	for _, f := range m.Header {
		w.Header = append(w.Header, f.Name+": "+DecodeHeader(f.Value))
	}
	for _, p := range m.Parts {
		x := wantPart{ID: p.ID, MediaType: p.MediaType, Encoding: p.Encoding, Disposition: p.Disposition, Filename: p.Filename, Charset: p.Charset, Text: p.Text}
		if p.Text == "" {
			x.Body = string(p.Content)
		}
		w.Parts = append(w.Parts, x)
	}
	for _, d := range m.Defects {
		s := d.Kind
		if d.Ambiguous {
			s += " (ambiguous): " + d.Detail
		}
		w.Defects = append(w.Defects, s)
	}
	for _, in := range m.Inner {
		w.Inner = append(w.Inner, map[string]string{"via": in.Via, "part": in.Part, "raw": string(in.Raw)})
	}
	return w
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := Parse(raw, Limits{})
			checkMessage(t, m)
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(summary(m)); err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(file, ".eml") + ".want.json"
			if *update {
				if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("got %s", b.Bytes())
			}
		})
	}
}

// checkMessage holds what every message must hold.
func checkMessage(t *testing.T, m *coldwatch.Message) {
	t.Helper()
	n := len(m.Raw)
	if len(m.Parts) == 0 {
		t.Fatal("no part")
	}
	ids := map[string]bool{}
	for i, p := range m.Parts {
		if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > n {
			t.Fatalf("part %s: %d+%d of %d bytes", p.ID, p.Offset, p.Length, n)
		}
		if p.Parent >= i || p.Parent < -1 || p.MediaType == "" || ids[p.ID] {
			t.Fatalf("part %d %s: parent %d, type %q", i, p.ID, p.Parent, p.MediaType)
		}
		ids[p.ID] = true
		if !p.Leaf() && !strings.HasPrefix(p.MediaType, "multipart/") {
			t.Fatalf("part %s of type %s has no content", p.ID, p.MediaType)
		}
		if p.Reading == 0 {
			checkFields(t, m.Raw, p.Header)
		}
	}
	if m.Parts[0].Reading != 0 || m.Parts[0].Parent != -1 {
		t.Fatal("the first part is no root of the standard reading")
	}
	last := 0
	for _, d := range m.Defects {
		if d.Kind == "" || d.Detail == "" || d.Offset < last || d.Offset > n {
			t.Fatalf("defect %+v", d)
		}
		last = d.Offset
	}
	for _, in := range m.Inner {
		if m.Part(in.Part) == nil || in.Via == "" {
			t.Fatalf("inner of part %q via %q", in.Part, in.Via)
		}
	}
}

func checkFields(t *testing.T, raw []byte, fields []coldwatch.Field) {
	t.Helper()
	for _, f := range fields {
		if f.Offset < 0 || f.Length <= 0 || f.Offset+f.Length > len(raw) {
			t.Fatalf("field %q at %d+%d", f.Name, f.Offset, f.Length)
		}
		if !bytes.HasPrefix(raw[f.Offset:], []byte(f.Name)) {
			t.Fatalf("field %q does not stand at %d", f.Name, f.Offset)
		}
	}
}

func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw, Limits{})
		checkMessage(t, m)
		again := Parse(raw, Limits{})
		a, _ := json.Marshal(summary(m))
		b, _ := json.Marshal(summary(again))
		if !bytes.Equal(a, b) {
			t.Fatal("two readings of the same bytes differ")
		}
	})
}
