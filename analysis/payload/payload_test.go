package payload

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

var update = flag.Bool("update", false, "write the .want.json files anew")

func analyse(raw []byte) *coldwatch.Analysis {
	a := &coldwatch.Analysis{Message: message.Parse(raw, message.Limits{}), Recipients: []coldwatch.Mailbox{{Address: "ann.smith@store.example", Domain: "store.example"}}}
	z := New(Limits{})
	z.Clock = nil
	z.Analyze(a)
	return a
}

// TestGolden opens each message of testdata and compares with what stands beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		a := analyse(raw)
		got, err := json.MarshalIndent(struct {
			Payloads []coldwatch.Payload
			Findings []coldwatch.Finding
		}{a.Payloads, a.Findings}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(f, ".eml") + ".want.json"
		if *update {
			if err := os.WriteFile(want, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		old, err := os.ReadFile(want)
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(old)) != string(got) {
			t.Errorf("%s: differs from %s:\n%s", f, want, got)
		}
		check(t, f, a)
		if b := analyse(raw); !reflect.DeepEqual(a.Payloads, b.Payloads) || !reflect.DeepEqual(a.Findings, b.Findings) {
			t.Errorf("%s: twice the same is not the same", f)
		}
	}
}

// check holds what must hold of every analysis: ids are unique, spans lie in what they point into, findings have
// evidence.
func check(t *testing.T, what string, a *coldwatch.Analysis) {
	t.Helper()
	content := map[string]int{}
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if _, twice := content[p.ID]; twice && p.Via != "archive" && p.Via != "embedded" {
			t.Errorf("%s: two payloads %q", what, p.ID)
		}
		content[p.ID] = max(content[p.ID], len(p.Content))
	}
	span := func(s coldwatch.Span) {
		n, ok := content[s.Where]
		if s.Where != "" && (!ok || s.Start < 0 || s.Start > s.End || s.End > n) {
			t.Errorf("%s: span %+v of %d", what, s, n)
		}
	}
	for i := range a.Payloads {
		p := &a.Payloads[i]
		for _, x := range p.Links {
			span(x.Span)
		}
		for _, x := range p.Forms {
			span(x.Span)
		}
		for _, x := range p.Destinations {
			span(x.Span)
		}
	}
	for _, f := range a.Findings {
		if len(f.Evidence) == 0 || f.Reason == "" || f.Group != "payload" || f.Bits == 0 {
			t.Errorf("%s: finding %+v", what, f)
		}
		for _, e := range f.Evidence {
			span(e.Span)
		}
	}
}

// TestHarmless holds that ordinary documents carry no weight.
func TestHarmless(t *testing.T) {
	raw, err := os.ReadFile("testdata/07-report.eml")
	if err != nil {
		t.Fatal(err)
	}
	if a := analyse(raw); len(a.Findings) > 0 {
		t.Errorf("%+v", a.Findings)
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add([]byte("<form action=x><input type=password>"), "a.html", "text/html")
	f.Add([]byte("%PDF-1.4 1 0 obj<</S/URI/URI(x://y)>>"), "a.pdf", "application/pdf")
	f.Add([]byte("<svg><script>location='x://y'</script></svg>"), "a.svg", "image/svg+xml")
	f.Add([]byte("PK\x03\x04"), "a.zip", "application/zip")
	f.Add([]byte("BEGIN:VCALENDAR\nURL:https://a.example"), "a.ics", "text/calendar")
	f.Add([]byte("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=a\n\n--a\n\n<a>"), "a.mht", "")
	f.Fuzz(func(t *testing.T, b []byte, name, media string) {
		a := &coldwatch.Analysis{Message: &coldwatch.Message{Parts: []coldwatch.Part{{ID: "1", MediaType: media, Filename: name, Disposition: "attachment", Content: b}}},
			Recipients: []coldwatch.Mailbox{{Address: "ann@store.example"}}}
		z := New(Limits{Steps: 200_000, TotalBytes: 2 << 20, FileBytes: 1 << 20, Pixels: 1 << 18})
		z.Analyze(a)
		check(t, name, a)
	})
}

// BenchmarkAnalyze opens the messages of testdata; parsing is left out.
func BenchmarkAnalyze(b *testing.B) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		b.Fatal(err)
	}
	var list []*coldwatch.Message
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, message.Parse(raw, message.Limits{}))
	}
	z := New(Limits{})
	b.ReportAllocs()
	for i := range b.N {
		z.Analyze(&coldwatch.Analysis{Message: list[i%len(list)]})
	}
}
