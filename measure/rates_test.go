package measure

import "testing"

func TestRates(t *testing.T) {
	truth := &Truth{Messages: map[string]Label{"a": {Label: "campaign"}, "b": {Label: "phish"}, "c": {Label: "benign"}, "d": {Label: "spam"}}}
	got := Rates(truth, &Found{Kinds: map[string][]string{"a": {"x", "y"}, "b": {"x"}, "c": {"y"}, "d": {"x", "z"}}})
	if len(got) != 2 || got["x"] != (Counts{2, 2, 0, 1}) || got["y"] != (Counts{1, 2, 1, 1}) {
		t.Errorf("%+v", got)
	}
}
