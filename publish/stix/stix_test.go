package stix_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/dossier"
	"github.com/coldwatch/coldwatch/publish/stix"
)

func load(t *testing.T, name string) coldwatch.Report {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func bundle(t *testing.T, r coldwatch.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (stix.Format{}).Write(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every bundle under every marking holds to the standard.
func TestValid(t *testing.T) {
	for _, name := range []string{"rich", "possible", "empty"} {
		for _, tlp := range []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED", ""} {
			r := load(t, name)
			r.Marking.TLP = tlp
			for _, p := range validate(bundle(t, r)) {
				t.Errorf("%s %s: %s", name, tlp, p)
			}
		}
	}
}

// An actor stands in the bundle only when one was entered.
func TestIntrusionSet(t *testing.T) {
	r := load(t, "rich")
	if strings.Contains(string(bundle(t, r)), "intrusion-set--") {
		t.Error("an intrusion-set that nobody entered")
	}
	r.Profile.Attribution.Actor = "Grey Heron"
	raw := bundle(t, r)
	if !strings.Contains(string(raw), "intrusion-set--") {
		t.Error("the actor is missing")
	}
	for _, p := range validate(raw) {
		t.Error(p)
	}
}

// Names of organisations that were hit stand in a bundle only from TLP:AMBER+STRICT on, and nothing of a message ever does.
func TestNames(t *testing.T) {
	for _, tlp := range []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"} {
		r := load(t, "rich")
		r.Marking.TLP = tlp
		raw := string(bundle(t, r))
		named := false
		for _, target := range r.Profile.Targets {
			named = named || strings.Contains(raw, target.Name) || strings.Contains(raw, target.Organisation)
		}
		if want := dossier.Level(tlp) >= dossier.NamesInFeeds; named != want {
			t.Errorf("%s: targets named: %v", tlp, named)
		}
		for _, secret := range []string{r.Local[0].Subject, r.Local[0].Excerpt, "ZXhhbXBsZS5wZXJzb25AdmljdGltLmV4YW1wbGU"} {
			if strings.Contains(raw, secret) {
				t.Errorf("%s: holds %q", tlp, secret)
			}
		}
	}
}

// The id of an observable is that of STIX 2.1 section 2.9, which other producers compute too. The first is the example of the
// standard (errata 01).
func TestObservableID(t *testing.T) {
	for id, o := range map[string]coldwatch.Observable{
		"domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7": {Kind: coldwatch.DomainName, Value: "example.com"},
		"ipv4-addr--6c83081b-13af-5e30-ba30-6f401772a083":   {Kind: coldwatch.IPv4Address, Value: "198.51.100.8"},
	} {
		r := coldwatch.Report{Profile: coldwatch.Profile{Campaign: "c-1", Infrastructure: []coldwatch.Infrastructure{{Observable: o, Messages: 1}}}}
		if raw := string(bundle(t, r)); !strings.Contains(raw, id) {
			t.Errorf("no %s", id)
		}
	}
}

// The check itself catches what it is there for.
func TestValidatorCatches(t *testing.T) {
	raw := string(bundle(t, load(t, "rich")))
	for _, change := range [][2]string{
		{`"spec_version": "2.1"`, `"spec_version": "2.2"`},
		{`"pattern_type": "stix",`, ``},
		{`"relationship_type": "indicates"`, `"relationship_type": "uses"`},
		{`"tlp_2_0": "amber"`, `"tlp_2_0": "green"`},
		{`[domain-name:value = '`, `[domain-name:value '`},
		{`"identity_class": "class"`, `"identity_class": "crowd"`},
		{`"modified": "2031`, `"modified": "2011`},
		{`"created_by_ref": "identity--`, `"created_by_ref": "campaign--`},
		{`.000Z`, `Z`},
		{`"confidence": 50`, `"certainty": 50`},
	} {
		broken := strings.Replace(raw, change[0], change[1], 1)
		if broken == raw {
			t.Errorf("%s is not in the bundle", change[0])
		} else if len(validate([]byte(broken))) == 0 {
			t.Errorf("%s for %s goes unseen", change[1], change[0])
		}
	}
}
