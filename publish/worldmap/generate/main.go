// Command generate makes countries.tsv from two TopoJSON files of world-atlas; the comment of package worldmap says how.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

const (
	width = 4000
	north = 84.0
)

type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Countries struct {
			Geometries []struct {
				Type       string
				ID         string
				Arcs       json.RawMessage
				Properties struct{ Name string }
			}
		}
	}
}

type country struct {
	code, name string
	x, y, size int
	path       string
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: generate countries-110m.json countries-50m.json")
	}
	shapes, dots := read(os.Args[1]), read(os.Args[2])
	seen := map[string]bool{}
	for _, c := range shapes {
		seen[c.code] = true
	}
	for _, c := range dots {
		if c.code != "" && !seen[c.code] {
			c.path, c.size = "", 0
			shapes = append(shapes, c)
			seen[c.code] = true
		}
	}
	sort.Slice(shapes, func(i, j int) bool {
		return shapes[i].code < shapes[j].code || shapes[i].code == shapes[j].code && shapes[i].name < shapes[j].name
	})
	w := bufio.NewWriter(os.Stdout)
	for _, c := range shapes {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", c.code, c.name, c.x, c.y, c.size, c.path)
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
}

func read(name string) []country {
	raw, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	var t topology
	if err := json.Unmarshal(raw, &t); err != nil {
		log.Fatal(err)
	}
	for _, arc := range t.Arcs { // delta-coded, quantised
		x, y := 0.0, 0.0
		for i, p := range arc {
			x, y = x+p[0], y+p[1]
			arc[i] = [2]float64{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]}
		}
	}
	var out []country
	for _, g := range t.Objects.Countries.Geometries {
		if g.ID == "010" { // Antarctica: no mail
			continue
		}
		var polygons [][][]int
		if g.Type == "Polygon" {
			polygons = make([][][]int, 1)
			err = json.Unmarshal(g.Arcs, &polygons[0])
		} else {
			err = json.Unmarshal(g.Arcs, &polygons)
		}
		if err != nil {
			log.Fatal(g.Properties.Name, ": ", err)
		}
		out = append(out, draw(g.ID, g.Properties.Name, t.Arcs, polygons))
	}
	return out
}

// draw projects the rings of a country to whole units and writes them as relative SVG path data.
func draw(id, name string, arcs [][][2]float64, polygons [][][]int) country {
	c := country{name: name}
	if n, err := strconv.Atoi(id); err == nil {
		if r, err := language.EncodeM49(n); err == nil && r.IsCountry() {
			c.code = r.String()
			if cldr := display.English.Regions().Name(r); cldr != "" {
				c.name = cldr
			}
		}
	}
	if name == "Kosovo" {
		c.code = "XK" // user-assigned, in common use
	}
	c.name = strings.NewReplacer("Hong Kong SAR China", "Hong Kong", "Macao SAR China", "Macao",
		"Congo - Kinshasa", "DR Congo", "Congo - Brazzaville", "Congo", "Myanmar (Burma)", "Myanmar",
		"Palestinian Territories", "Palestine").Replace(c.name)
	var path strings.Builder
	best := -1.0
	for _, rings := range polygons {
		for n, ring := range rings {
			pts := line(arcs, ring)
			if len(pts) < 3 {
				continue
			}
			if n == 0 {
				if a, x, y, size := centre(pts); a > best {
					best, c.x, c.y, c.size = a, x, y, size
				}
			}
			last := pts[0]
			fmt.Fprintf(&path, "M%d %dl", last[0], last[1])
			for i, p := range pts[1:] {
				if i > 0 && p[0]-last[0] >= 0 {
					path.WriteByte(' ')
				}
				fmt.Fprintf(&path, "%d", p[0]-last[0])
				if p[1]-last[1] >= 0 {
					path.WriteByte(' ')
				}
				fmt.Fprintf(&path, "%d", p[1]-last[1])
				last = p
			}
			path.WriteByte('z')
		}
	}
	c.path = path.String()
	return c
}

func line(arcs [][][2]float64, ring []int) [][2]int {
	var out [][2]int
	before := math.NaN()
	add := func(p [2]float64) {
		switch { // a ring that crosses the antimeridian runs on past the edge of the sheet
		case p[0]-before > 180:
			p[0] -= 360
		case before-p[0] > 180:
			p[0] += 360
		}
		before = p[0]
		q := project(p)
		if len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	for _, a := range ring {
		if a >= 0 {
			for _, p := range arcs[a] {
				add(p)
			}
			continue
		}
		arc := arcs[^a]
		for i := len(arc) - 1; i >= 0; i-- {
			add(arc[i])
		}
	}
	if len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// project is the Equal Earth projection onto the sheet.
func project(p [2]float64) [2]int {
	const a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
	m := math.Sqrt(3) / 2
	f := func(lat float64) (t, y, d float64) {
		t = math.Asin(m * math.Sin(lat))
		t2 := t * t
		t6 := t2 * t2 * t2
		return t, t * (a1 + a2*t2 + t6*(a3+a4*t2)), m * (a1 + 3*a2*t2 + t6*(7*a3+9*a4*t2))
	}
	t, y, d := f(p[1] * math.Pi / 180)
	x := p[0] * math.Pi / 180 * math.Cos(t) / d
	_, _, d0 := f(0)
	scale := width / 2 / (math.Pi / d0)
	_, top, _ := f(north * math.Pi / 180)
	return [2]int{int(math.Round(width/2 + x*scale)), int(math.Round((top - y) * scale))}
}

// centre gives the area, the centroid and the extent of a ring.
func centre(pts [][2]int) (area float64, x, y, size int) {
	var cx, cy float64
	lo, hi := pts[0], pts[0]
	for i, p := range pts {
		q := pts[(i+1)%len(pts)]
		cross := float64(p[0]*q[1] - q[0]*p[1])
		area += cross
		cx += float64(p[0]+q[0]) * cross
		cy += float64(p[1]+q[1]) * cross
		for k := range 2 {
			lo[k], hi[k] = min(lo[k], p[k]), max(hi[k], p[k])
		}
	}
	size = max(hi[0]-lo[0], hi[1]-lo[1])
	if area == 0 {
		return 0, (lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, size
	}
	return math.Abs(area / 2), int(cx / (3 * area)), int(cy / (3 * area)), size
}
