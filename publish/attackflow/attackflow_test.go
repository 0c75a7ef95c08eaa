package attackflow_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/attackflow"
	"github.com/coldwatch/coldwatch/publish/stix"
)

// The order of the actions can be read back from the bundle: reconnaissance, then the mail, then what hides in it, then the
// password.
func TestOrder(t *testing.T) {
	raw, err := os.ReadFile("../testdata/rich.json")
	if err != nil {
		t.Fatal(err)
	}
	var r coldwatch.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	bundle, err := stix.Marshal(attackflow.Bundle(r, nil))
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Objects []struct {
			Type, ID     string
			TechniqueID  string   `json:"technique_id"`
			EffectRefs   []string `json:"effect_refs"`
			StartRefs    []string `json:"start_refs"`
			TechniqueRef string   `json:"technique_ref"`
		}
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	effects, technique, ids := map[string][]string{}, map[string]string{}, map[string]bool{}
	var at []string
	flows := 0
	for _, o := range b.Objects {
		ids[o.ID] = true
		effects[o.ID], technique[o.ID] = o.EffectRefs, o.TechniqueID
		if o.Type == "attack-flow" {
			at = o.StartRefs
			flows++
		}
	}
	if flows != 1 {
		t.Fatalf("%d flows", flows)
	}
	var got [][]string
	for len(at) > 0 {
		var step []string
		for _, id := range at {
			if !ids[id] {
				t.Fatalf("%s is not there", id)
			}
			step = append(step, technique[id])
		}
		slices.Sort(step)
		got = append(got, step)
		at = effects[at[0]]
	}
	want := [][]string{{"T1591.002", "T1598.002"}, {"T1566.001"}, {"T1027.006", "T1656"}, {"T1056.003"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
