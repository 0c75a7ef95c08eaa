package profile

import (
	"cmp"
	"slices"

	"github.com/coldwatch/coldwatch"
)

// figures are the shares that a report shows as figures, with what they are called there.
var figures = [...]struct {
	kind int
	what string
}{{impersonated, "impersonated"}, {personas, "name shown"}, {functions, "function"}, {themes, "theme"}, {acts, "asked to"}, {carriers, "carrier"},
	{models, "equipment"}, {programmes, "programme"}, {layers, "wrapping"}, {techniques, "technique"}, {objectives, "objective"}, {classes, "verdict"}}

// Trace says which sightings stand behind each figure of their profile: the same counting as Build's, with the ids kept. The figures
// come in a fixed order, the ids sorted.
func Trace(sightings []coldwatch.Sighting) []coldwatch.Figure {
	type key struct{ what, value string }
	ids := map[key][]string{}
	add := func(id, what string, values ...string) {
		for i, v := range values {
			if v != "" && !slices.Contains(values[:i], v) {
				ids[key{what, v}] = append(ids[key{what, v}], id)
			}
		}
	}
	for i := range sightings {
		s := &sightings[i]
		values := shown(s)
		for _, f := range figures {
			add(s.ID, f.what, values[f.kind]...)
		}
		var indicators []string
		for _, o := range s.Observables {
			indicators = append(indicators, o.Value)
		}
		add(s.ID, "indicator", indicators...)
	}
	order := map[string]int{"indicator": len(figures)}
	for i, f := range figures {
		order[f.what] = i
	}
	out := make([]coldwatch.Figure, 0, len(ids))
	for k, list := range ids {
		slices.Sort(list)
		out = append(out, coldwatch.Figure{What: k.what, Value: k.value, Messages: slices.Compact(list)})
	}
	slices.SortFunc(out, func(a, b coldwatch.Figure) int {
		return cmp.Or(cmp.Compare(order[a.What], order[b.What]), cmp.Compare(len(b.Messages), len(a.Messages)), cmp.Compare(a.Value, b.Value))
	})
	return out
}
