package payload

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/coldwatch/coldwatch"
)

func pack(t *testing.T, names []string, content []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	z.Close()
	return b.Bytes()
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.Repeat("f", i%50+1) + itoa(i)
	}
	return out
}

// TestBombs holds that what is made to exhaust a reader ends soon, with its limit named.
func TestBombs(t *testing.T) {
	zeros := make([]byte, 40<<20)
	var gz bytes.Buffer
	g, _ := gzip.NewWriterLevel(&gz, flate.BestSpeed)
	for range 8 {
		g.Write(zeros)
	}
	g.Close()
	nested := pack(t, []string{"x"}, []byte("end"))
	for range 30 {
		nested = pack(t, []string{"n.zip"}, nested)
	}
	deep := []byte(strings.Repeat("<div><table><tr><td><form>", 150_000))
	layers := "<p>end</p>"
	for range 14 {
		layers = "<script>document.write(unescape('" + strings.NewReplacer("%", "%25", "'", "%27").Replace(layers) + "'))</script>"
	}
	// The clock is that of a machine that does other things too.
	for _, c := range []struct {
		name, file, limit string
		data              []byte
	}{
		{"flat", "a.zip", "limit.archive_file", pack(t, []string{"zeros"}, zeros)},
		{"many entries", "a.zip", "limit.archive_entries", pack(t, names(5000), []byte("x"))},
		{"nested", "a.zip", "limit.archive_depth", nested},
		{"gzip", "a.gz", "limit.archive_file", gz.Bytes()},
		{"deep page", "a.html", "", deep},
		{"layers", "a.html", "limit.layers", []byte(layers)},
		{"endless script", "a.html", "limit.script_steps", []byte("<script>for(;;){document.write('<p>'+Math.random())}</script>")},
		{"brackets", "a.html", "", []byte("<script>" + strings.Repeat("[", 200_000) + "</script>")},
		{"huge image", "a.png", "limit.image_pixels", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xc3\x50\x00\x00\xc3\x50\x08\x02\x00\x00\x00\xc4\xcd\xaa\x9d")},
		{"laughs", "a.docx", "", pack(t, []string{"[Content_Types].xml", "word/document.xml"}, []byte(`<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:t>&b;</w:t>`))},
	} {
		a := &coldwatch.Analysis{Message: &coldwatch.Message{Parts: []coldwatch.Part{{ID: "1", Filename: c.file, Disposition: "attachment", MediaType: "application/octet-stream", Content: c.data}}}}
		start := time.Now()
		New(Limits{}).Analyze(a)
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("%s: %v", c.name, d)
		}
		check(t, c.name, a)
		found := c.limit == ""
		for _, f := range a.Findings {
			found = found || f.Kind == c.limit
		}
		if !found {
			t.Errorf("%s: %s is not named: %+v", c.name, c.limit, a.Findings)
		}
	}
}

// TestManyParts holds that the limit on payloads is named with the part that it left unopened.
func TestManyParts(t *testing.T) {
	m := &coldwatch.Message{}
	for i := range 5 {
		m.Parts = append(m.Parts, coldwatch.Part{ID: itoa(i + 1), MediaType: "text/plain", Content: []byte(itoa(i))})
	}
	a := &coldwatch.Analysis{Message: m}
	New(Limits{Payloads: 3}).Analyze(a)
	if len(a.Payloads) != 3 || len(a.Findings) != 1 || a.Findings[0].Kind != "limit.payloads" || a.Findings[0].Evidence[0].Span.Where != "4" || a.Findings[0].Evidence[0].Quote == "" {
		t.Errorf("%d payloads, findings %+v", len(a.Payloads), a.Findings)
	}
}
