package html_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/html"
)

func TestPDF(t *testing.T) {
	browser, err := html.Browser()
	if err != nil {
		t.Skip("SKIPPED: ", err)
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	var page bytes.Buffer
	d := &dossier.Document{Title: "Title", Kicker: "Warning", Summary: []string{"What happened."}}
	d.Sections = append(d.Sections, dossier.Section{ID: "where", Title: "Where", Blocks: []dossier.Block{dossier.Map{Countries: []dossier.MapCountry{{Code: "DE", Name: "Germany", Messages: 2}}}}})
	if err := html.Draw(&page, d); err != nil {
		t.Fatal(err)
	}
	made := time.Date(2031, 11, 24, 15, 3, 0, 0, time.UTC)
	one, err := html.PDF(context.Background(), browser, page.Bytes(), made)
	if err != nil {
		t.Fatal(err)
	}
	two, err := html.PDF(context.Background(), browser, page.Bytes(), made)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(one, []byte("%PDF-")) || !bytes.Contains(one, []byte("(D:20311124150300")) {
		t.Error("no PDF, or not the report's date")
	}
	if !bytes.Equal(one, two) {
		t.Error("two runs differ")
	}
}
