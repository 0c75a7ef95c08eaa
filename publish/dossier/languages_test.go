package dossier_test

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
	page "github.com/coldwatch/coldwatch/publish/html"
	"github.com/coldwatch/coldwatch/publish/markdown"
)

var (
	tags = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)
	// english are words that none of the other languages has.
	english = regexp.MustCompile(`(?i)\b(the|of|with|your|this|from|which|nothing|received|reached|warning|share|sharing|made|shows|unknown|synthetic)\b`)
)

// TestAlertLanguages: around a translated alert no English is left, on the page or in the mail, whatever the reason and the marking.
func TestAlertLanguages(t *testing.T) {
	draw := func(d *dossier.Document) []string {
		t.Helper()
		var a, b bytes.Buffer
		if err := page.Draw(&a, d); err != nil {
			t.Fatal(err)
		}
		if err := markdown.DrawText(&b, d); err != nil {
			t.Fatal(err)
		}
		return strings.Split(html.UnescapeString(tags.ReplaceAllString(a.String(), "\n"))+"\n"+b.String(), "\n")
	}
	for _, language := range []string{"de", "fr", "es", "it", "cs", "ko", "zh-Hant"} {
		for _, reason := range []string{"targeted", "impersonated", "likely-next", "role", "constituency", "government"} {
			for _, tlp := range []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"} {
				w := coldwatch.Warning{Campaign: "c-1", Version: 2, Reason: reason, Subject: "[TLP] Your organisation was targeted", Text: "Do not open it.",
					Marking: coldwatch.Marking{TLP: tlp, Group: "G7"}, Messages: []string{strings.Repeat("ab", 32)}, Alerts: map[string]string{language: "123."}}
				was := map[string]bool{}
				for _, line := range draw(dossier.Alert(w, "", true)) {
					if strings.ContainsAny(strings.ToLower(line), "ghijklmnopqrstuvwxyz") { // no id, no rule
						was[strings.TrimSpace(line)] = true
					}
				}
				for _, line := range draw(dossier.Alert(w, language, true)) {
					line = strings.TrimSpace(line)
					if left := english.FindString(strings.ReplaceAll(line, "your-messages.csv", "")); left != "" || was[line] && line != tlp {
						t.Errorf("%s, %s, %s: English is left: %q in %q", language, reason, tlp, left, line)
					}
				}
			}
		}
	}
}
