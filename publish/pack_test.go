package publish_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
)

// A reader's pack holds its own messages, names no other organisation, and passes the audience check.
func TestPack(t *testing.T) {
	r := load(t, "rich")
	pack := &knowledge.Pack{Organisations: []knowledge.Organisation{{ID: "borealis-cold", Name: "Borealis Cold Stores", Domains: []string{"borealis-cold.example"}, SecurityContact: "security@borealis-cold.example"},
		{ID: "moravia-pharma", Name: "Moravia Pharma Logistics", Aliases: []string{"MPL"}, Domains: []string{"moravia.example"}}}}
	for _, w := range r.Warnings {
		w.Alerts = map[string]string{"de": "Warnung: In Ihrem Postfach liegen fünf Nachrichten.", "../evil": "x"}
		files, err := publish.Pack(r, w, pack)
		if err != nil {
			t.Fatal(err)
		}
		again, err := publish.Pack(r, w, pack)
		if err != nil || !maps.EqualFunc(files, again, bytes.Equal) {
			t.Error("two packs differ: ", err)
		}
		reader := audience.Reader{ID: w.Reader, TLP: w.Marking.TLP}
		for name, raw := range files {
			if strings.Contains(name, "..") {
				t.Errorf("file %s", name)
			}
			for _, leak := range audience.Check(audience.Content{Name: name, Bytes: raw, Marking: w.Marking, Report: r, List: publish.List(name)}, reader, pack) {
				t.Errorf("%s for %s: %v", name, w.Reader, leak)
			}
		}
		for _, want := range []string{"README.txt", "alert.html", "alert.txt", "alert.de.txt", "report.html", "machine/campaign.stix.json", "machine/campaign.csv", "block/campaign.rpz", "rules/campaign.yar", "queries.txt"} {
			if len(files[want]) == 0 {
				t.Errorf("%s is missing among %v", want, slices.Sorted(maps.Keys(files)))
			}
		}
		own := string(files["your-messages.csv"])
		if (len(w.Messages) > 0) != (own != "") || len(w.Messages) > 0 && !strings.Contains(own, w.Messages[0]) {
			t.Errorf("your-messages.csv: %q", own)
		}
	}
}
