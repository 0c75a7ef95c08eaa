package main

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/coldwatch/coldwatch/analysis/payload"
	"github.com/coldwatch/coldwatch/message"
)

type limitsCmd struct{}

func (limitsCmd) Help() string {
	return "Past a limit, coldwatch stops there, keeps the raw message, records a finding with the limit's name and gives its verdict. " +
		"--limits NAME=VALUE sets one, as does a map named limits in the config file. Times are written as 2s or 500ms; a value of max takes the limit away. Flags replace the map of the file."
}

func (limitsCmd) Run(g *Globals) error {
	list := listLimits(&g.message, &g.payload)
	if g.JSON {
		return g.printJSON(list)
	}
	for _, l := range list {
		g.print("  %-18s %12s  %s", l.Name, l.Value, l.Meaning)
	}
	return nil
}

// A limit is one field of the limits of a room.
type limit struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Finding string `json:"finding"` // that says that it was reached
	Meaning string `json:"meaning"`

	field reflect.Value
}

// listLimits gives the limits of both rooms, as the tags of their fields describe them. A zero field shows its default.
func listLimits(m *message.Limits, p *payload.Limits) []limit {
	defaults := []any{message.Default(), payload.Default()}
	var out []limit
	for i, room := range []any{m, p} {
		v, d := reflect.ValueOf(room).Elem(), reflect.ValueOf(defaults[i])
		for k := range v.NumField() {
			tag := v.Type().Field(k).Tag
			name, ok := tag.Lookup("limit")
			if !ok {
				continue
			}
			l := limit{Name: name, field: v.Field(k), Default: limitText(d.Field(k)), Finding: cmp.Or(tag.Get("finding"), "limit."+name), Meaning: tag.Get("help")}
			if l.Value = limitText(l.field); l.field.IsZero() {
				l.Value = l.Default
			}
			out = append(out, l)
		}
	}
	return out
}

func limitText(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	return strconv.FormatInt(v.Int(), 10)
}

// maxLimit is what "max" means: more than any message has.
const maxLimit = 1 << 30

// setLimits takes the values of --limits over. Mail inside archives has the same limits as mail.
func (g *Globals) setLimits() error {
	list := listLimits(&g.message, &g.payload)
	for _, name := range slices.Sorted(maps.Keys(g.Limits)) {
		i := slices.IndexFunc(list, func(l limit) bool { return l.Name == name })
		if i < 0 {
			return hinted("coldwatch limits lists them", "--limits: there is no limit %s", name)
		}
		value := g.Limits[name]
		n, err := strconv.ParseInt(value, 10, 64)
		switch _, isTime := list[i].field.Interface().(time.Duration); {
		case isTime && value == "max":
			n, err = int64(time.Hour), nil
		case isTime:
			var d time.Duration
			d, err = time.ParseDuration(value)
			n = int64(d)
		case value == "max":
			n, err = maxLimit, nil
		}
		if err != nil || n <= 0 {
			return hinted("a limit is a whole number above 0 or max, that of a time is written as 2s or 500ms", "--limits %s: %q does not fit", name, value)
		}
		list[i].field.SetInt(n)
	}
	g.payload.Mail = g.message
	return nil
}
