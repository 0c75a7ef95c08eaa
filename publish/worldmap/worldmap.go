// Package worldmap holds the outlines and English names of the world's countries for the maps of a report.
//
// The outlines are public domain: Natural Earth 1:110m, and 1:50m for the place of countries too small for it, as packed
// by the npm package world-atlas 2 (ISC). They are drawn in the Equal Earth projection (Šavrič, Patterson and Jenny 2018),
// which keeps areas true, on a sheet of Width × Height units. Names are those of Unicode CLDR. The file is made by
//
//	npm pack world-atlas@2 && tar xzf world-atlas-2*.tgz
//	go run ./publish/worldmap/generate package/countries-110m.json package/countries-50m.json > publish/worldmap/countries.tsv
//
// The outlines show where mail went; they take no side about borders.
package worldmap

import (
	_ "embed"
	"strconv"
	"strings"
)

// The sheet that outlines are drawn on, in SVG user units: x to the right, y down.
const (
	Width  = 4000
	Height = 1720
)

// A Country is one country or territory on the map.
type Country struct {
	Code string // ISO 3166-1 alpha-2, "" for areas that have none
	Name string
	X, Y int    // a point inside the largest part
	Size int    // extent of the largest part in units, 0 for one that is drawn as a dot only
	Path string // SVG path data, "" for one that is drawn as a dot only
}

//go:embed countries.tsv
var table string

// Countries returns all countries, sorted by code.
func Countries() []Country {
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	out := make([]Country, 0, len(lines))
	for _, line := range lines {
		f := strings.Split(line, "\t")
		if len(f) != 6 {
			continue
		}
		x, _ := strconv.Atoi(f[2])
		y, _ := strconv.Atoi(f[3])
		size, _ := strconv.Atoi(f[4])
		out = append(out, Country{Code: f[0], Name: f[1], X: x, Y: y, Size: size, Path: f[5]})
	}
	return out
}

// Name returns the English name of a country, the code itself when it is not known.
func Name(code string) string {
	for line := range strings.SplitSeq(table, "\n") {
		if rest, ok := strings.CutPrefix(line, code+"\t"); ok && code != "" {
			name, _, _ := strings.Cut(rest, "\t")
			return name
		}
	}
	return code
}
