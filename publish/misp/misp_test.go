package misp_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/misp"
)

func load(t *testing.T, name string) coldwatch.Report {
	t.Helper()
	raw, err := os.ReadFile("../testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	// types with a category that MISP's describeTypes allows for each.
	categories = map[string]string{"domain": "Network activity", "url": "Network activity", "ip-src": "Network activity", "ip-dst": "Network activity",
		"email-src": "Payload delivery", "email-reply-to": "Payload delivery", "email-src-display-name": "Payload delivery", "sha256": "Payload delivery",
		"filename": "Payload delivery", "target-org": "Targeting data", "target-location": "Targeting data", "text": "External analysis Other", "comment": "External analysis"}
)

func TestEvent(t *testing.T) {
	for _, name := range []string{"rich", "possible", "empty"} {
		for _, tlp := range []string{"TLP:CLEAR", "TLP:AMBER", "TLP:RED"} {
			r := load(t, name)
			r.Marking.TLP = tlp
			e := misp.Build(r, nil)
			all := slices.Clone(e.Attributes)
			for _, o := range e.Objects {
				if len(o.Attributes) == 0 || o.TemplateUUID == "" {
					t.Errorf("%s: object %s is empty", name, o.Name)
				}
				all = append(all, o.Attributes...)
			}
			seen := map[string]bool{}
			for _, a := range all {
				if !uuidForm.MatchString(a.UUID) || seen[a.UUID] {
					t.Errorf("%s: uuid %s of %s twice or malformed", name, a.UUID, a.Value)
				}
				seen[a.UUID] = true
				if !strings.Contains(categories[a.Type], a.Category) || a.Value == "" {
					t.Errorf("%s: %s in %s with %q", name, a.Type, a.Category, a.Value)
				}
				if strings.HasPrefix(a.Type, "target-email") || strings.HasPrefix(a.Type, "target-user") || a.Type == "email-dst" {
					t.Errorf("%s: a person stands in the event", name)
				}
			}
			raw, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range r.Profile.Targets {
				if strings.Contains(string(raw), target.Name) != (dossier.Level(tlp) >= dossier.NamesInFeeds) {
					t.Errorf("%s under %s: %s", name, tlp, target.Name)
				}
			}
		}
	}
}

func TestFeed(t *testing.T) {
	r := load(t, "rich")
	e := misp.Build(r, nil)
	files, err := misp.Feed([]misp.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]struct {
		Info string
		Orgc struct{ Name string }
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest[e.UUID].Info != e.Info || manifest[e.UUID].Orgc.Name == "" {
		t.Error("the manifest lacks the event")
	}
	var event struct{ Event misp.Event }
	if err := json.Unmarshal(files[e.UUID+".json"], &event); err != nil || event.Event.UUID != e.UUID {
		t.Error("the event's file: ", err)
	}
	for line := range strings.Lines(string(files["hashes.csv"])) {
		if hash, id, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ","); !ok || len(hash) != 32 || id != e.UUID {
			t.Errorf("hashes.csv: %q", line)
		}
	}
}
