package publish_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func load(t testing.TB, name string) coldwatch.Report {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(name, ": ", err)
	}
	return r
}

func write(t testing.TB, f publish.Format, r coldwatch.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, r, nil); err != nil {
		t.Fatal(f.Name(), ": ", err)
	}
	return b.Bytes()
}

// Every format of every report is what the golden file says, and the same bytes a second time.
func TestGolden(t *testing.T) {
	for _, name := range []string{"rich", "possible", "empty"} {
		for _, f := range publish.Formats() {
			t.Run(name+f.Extension(), func(t *testing.T) {
				got := write(t, f, load(t, name))
				if again := write(t, f, load(t, name)); !bytes.Equal(got, again) {
					t.Error("two runs differ")
				}
				file := filepath.Join("testdata", "golden", name+f.Extension())
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs from what is written; run go test ./publish -update and look at the difference", file)
				}
			})
		}
	}
}

func TestLookup(t *testing.T) {
	for _, f := range publish.Formats() {
		if got, ok := publish.Lookup(f.Name()); !ok || got.Name() != f.Name() {
			t.Errorf("Lookup(%q) = %v, %v", f.Name(), got, ok)
		}
	}
	if _, ok := publish.Lookup("nothing"); ok {
		t.Error("found a format that there is not")
	}
}
