package picture

import (
	"bytes"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// A Point is a point of a drawing, y downwards.
type Point struct{ X, Y float64 }

// A Shape is a filled area of a drawing: rings of points, where a ring within a ring is a hole.
type Shape struct {
	Rings [][]Point
	Dark  bool
}

// Box is the shape of a rectangle.
func Box(x, y, w, h float64, dark bool) Shape {
	return Shape{[][]Point{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}, dark}
}

const (
	canvas    = 1000     // pixels of a drawing's longer side
	maxShapes = 20_000   // of a drawing
	maxPoints = 400_000  // of a drawing
	maxWork   = 64 << 20 // pixels painted, the background and what lies over it
	crossing  = 32       // pixels that finding where an edge crosses a row is worth
)

// Draw paints shapes one over the other on white. It returns nil if there are too few to make a code, or nothing to see.
func Draw(shapes []Shape) *image.Gray {
	if len(shapes) > maxShapes {
		return nil
	}
	low, high := Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	points := 0
	for _, s := range shapes {
		for _, r := range s.Rings {
			points += len(r)
			for _, p := range r {
				if math.IsNaN(p.X+p.Y) || math.Abs(p.X)+math.Abs(p.Y) > 1e9 {
					return nil
				}
				low, high = Point{min(low.X, p.X), min(low.Y, p.Y)}, Point{max(high.X, p.X), max(high.Y, p.Y)}
			}
		}
	}
	w, h := high.X-low.X, high.Y-low.Y
	if points < 4*20 || points > maxPoints || !(w > 0) || !(h > 0) || w > 4*h || h > 4*w { // a code has three finders of several boxes each
		return nil
	}
	scale := canvas / max(w, h)
	const quiet = 40
	g := image.NewGray(image.Rect(0, 0, int(w*scale)+2*quiet, int(h*scale)+2*quiet))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	rows := make([][]float64, g.Rect.Dy())
	work := maxWork
	for _, s := range shapes {
		fill(g, s, func(p Point) Point {
			return Point{(p.X-low.X)*scale + quiet, (p.Y-low.Y)*scale + quiet}
		}, rows, &work)
	}
	return g
}

// fill paints the rows of a shape between pairs of edges. It stops when the work is used up. The rows are empty before and after.
func fill(g *image.Gray, s Shape, place func(Point) Point, rows [][]float64, work *int) {
	top, bottom := len(rows), 0
	for _, r := range s.Rings {
		for i := range r {
			a, b := place(r[i]), place(r[(i+1)%len(r)])
			if a.Y > b.Y {
				a, b = b, a
			}
			for y := max(0, int(math.Ceil(a.Y-0.5))); float64(y)+0.5 < b.Y && y < len(rows) && *work > 0; y++ {
				*work -= crossing
				rows[y] = append(rows[y], a.X+(float64(y)+0.5-a.Y)*(b.X-a.X)/(b.Y-a.Y))
				top, bottom = min(top, y), max(bottom, y+1)
			}
		}
	}
	shade := byte(255)
	if s.Dark {
		shade = 0
	}
	for y := top; y < bottom; y++ {
		xs := rows[y]
		slices.Sort(xs)
		for i := 0; i+1 < len(xs) && *work > 0; i += 2 {
			from, to := max(0, int(math.Round(xs[i]))), min(g.Rect.Dx(), int(math.Round(xs[i+1])))
			*work -= max(0, to-from)
			for x := from; x < to; x++ {
				g.Pix[y*g.Stride+x] = shade
			}
		}
		rows[y] = xs[:0]
	}
}

// SVG takes the filled areas out of a drawing (SVG 2): rectangles, polygons, paths of straight lines, copies made with use,
// and lines as wide as their stroke, which are the ways in which programs draw codes. Transformations of groups are left
// out, for they move all of a code alike.
func SVG(src []byte) (out []Shape) {
	z := html.NewTokenizer(bytes.NewReader(src))
	z.SetMaxBuf(1 << 20)
	fills := []string{"black"}
	named := map[string]map[string]string{} // rectangles by id, for use
	inDefs := 0
	for len(out) < maxShapes {
		t := z.Next()
		if t == html.ErrorToken {
			return out
		}
		if t != html.StartTagToken && t != html.SelfClosingTagToken && t != html.EndTagToken {
			continue
		}
		tok := z.Token()
		if t == html.EndTagToken {
			switch {
			case tok.Data == "g" && len(fills) > 1:
				fills = fills[:len(fills)-1]
			case tok.Data == "defs" && inDefs > 0:
				inDefs--
			}
			continue
		}
		attr := map[string]string{}
		for _, a := range tok.Attr {
			attr[a.Key] = strings.TrimSpace(a.Val)
		}
		style(attr)
		paint := attr["fill"]
		if paint == "" {
			paint = fills[len(fills)-1]
		}
		switch tok.Data {
		case "g":
			if t == html.StartTagToken && len(fills) < 100 {
				fills = append(fills, paint)
			}
		case "defs", "symbol":
			if t == html.StartTagToken && tok.Data == "defs" {
				inDefs++
			}
		case "rect":
			if attr["id"] != "" && len(named) < 100 {
				named[attr["id"]] = attr
			}
			if inDefs == 0 {
				out = box(out, attr, paint, 0, 0)
			}
		case "use":
			if r := named[strings.TrimPrefix(attr["href"]+attr["xlink:href"], "#")]; r != nil {
				if f := r["fill"]; f != "" {
					paint = f
				}
				out = box(out, r, paint, number(attr["x"]), number(attr["y"]))
			}
		case "polygon":
			if v := numbers(attr["points"]); len(v) >= 6 && paint != "none" {
				var ring []Point
				for i := 0; i+1 < len(v); i += 2 {
					ring = append(ring, Point{v[i], v[i+1]})
				}
				out = append(out, Shape{[][]Point{ring}, darkPaint(paint)})
			}
		case "path":
			stroke := attr["stroke"]
			width := number(attr["stroke-width"])
			if width == 0 {
				width = 1
			}
			rings, lines := trace(attr["d"])
			if stroke != "" && stroke != "none" {
				for _, l := range lines {
					if l[0].Y == l[1].Y && len(out) < maxShapes {
						out = append(out, Box(min(l[0].X, l[1].X), l[0].Y-width/2, math.Abs(l[1].X-l[0].X), width, darkPaint(stroke)))
					}
				}
			} else if paint != "none" && len(rings) > 0 {
				out = append(out, Shape{rings, darkPaint(paint)})
			}
		}
	}
	return out
}

func box(out []Shape, attr map[string]string, paint string, dx, dy float64) []Shape {
	w, h := number(attr["width"]), number(attr["height"])
	if w <= 0 || h <= 0 || paint == "none" || strings.HasSuffix(attr["width"], "%") {
		return out
	}
	if at, ok := strings.CutPrefix(attr["transform"], "translate("); ok {
		if v := numbers(strings.TrimSuffix(at, ")")); len(v) > 0 {
			dx += v[0]
			if len(v) > 1 {
				dy += v[1]
			}
		}
	}
	return append(out, Box(number(attr["x"])+dx, number(attr["y"])+dy, w, h, darkPaint(paint)))
}

// style puts the properties of a style attribute beside the attributes.
func style(attr map[string]string) {
	for p := range strings.SplitSeq(attr["style"], ";") {
		if k, v, ok := strings.Cut(p, ":"); ok {
			switch k = strings.TrimSpace(k); k {
			case "fill", "stroke", "stroke-width":
				attr[k] = strings.TrimSpace(v)
			}
		}
	}
}

// darkPaint tells whether a colour is dark: #rgb, #rrggbb, rgb(…) or a name.
func darkPaint(s string) bool {
	s = strings.ToLower(s)
	var v []float64
	switch {
	case strings.HasPrefix(s, "#") && len(s) == 4:
		for i := 1; i < 4; i++ {
			n, _ := strconv.ParseUint(s[i:i+1], 16, 8)
			v = append(v, float64(n*17))
		}
	case strings.HasPrefix(s, "#") && len(s) >= 7:
		for i := 1; i < 7; i += 2 {
			n, _ := strconv.ParseUint(s[i:i+2], 16, 8)
			v = append(v, float64(n))
		}
	case strings.HasPrefix(s, "rgb"):
		v = numbers(s[strings.IndexByte(s+"(", '(')+1:])
	default:
		return !strings.Contains(s, "white") && !strings.Contains(s, "light") && s != "transparent" && s != "yellow" && s != "ivory" && s != "snow"
	}
	return len(v) < 3 || v[0]*0.3+v[1]*0.59+v[2]*0.11 < 128
}

func number(s string) float64 {
	v := numbers(s)
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// numbers reads the numbers at the beginning of a list.
func numbers(s string) (out []float64) {
	for len(out) < maxPoints {
		s = strings.TrimLeft(s, " \t\r\n,")
		n := numeral(s)
		v, err := strconv.ParseFloat(s[:n], 64)
		if n == 0 || err != nil {
			return out
		}
		out, s = append(out, v), s[n:]
	}
	return out
}

// numeral returns how many bytes of s are a number as SVG writes them: "-1.5", ".5", "1e3".
func numeral(s string) int {
	n, dot, digits := 0, false, false
	for n < len(s) {
		switch c := s[n]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.' && !dot:
			dot = true
		case (c == '-' || c == '+') && n == 0:
		case (c == 'e' || c == 'E') && digits && n+1 < len(s) && (s[n+1] >= '0' && s[n+1] <= '9'):
			dot = true
		default:
			return n
		}
		n++
	}
	return n
}

// trace follows a path of straight lines. Curves are taken for the line to where they end.
func trace(d string) (rings [][]Point, lines [][2]Point) {
	var at, start Point
	var ring []Point
	end := func() {
		if len(ring) >= 3 {
			rings = append(rings, ring)
		}
		ring = nil
	}
	to := func(p Point) {
		if len(ring) == 0 {
			ring = append(ring, at)
		}
		lines = append(lines, [2]Point{at, p})
		ring, at = append(ring, p), p
	}
	for n := 0; len(d) > 0 && n < maxPoints; {
		op := d[0]
		d = d[1:]
		v := numbers(d)
		if i := strings.IndexAny(d, "MmLlHhVvZzCcSsQqTtAa"); i >= 0 {
			d = d[i:]
		} else {
			d = ""
		}
		n += len(v) + 1
		base := func() Point {
			if op >= 'a' {
				return at
			}
			return Point{}
		}
		step := map[byte]int{'m': 2, 'l': 2, 't': 2, 'h': 1, 'v': 1, 'c': 6, 's': 4, 'q': 4, 'a': 7}[op|0x20]
		if op|0x20 == 'z' {
			end()
			at = start
			continue
		}
		for i := 0; step > 0 && i+step <= len(v); i += step {
			b := base()
			last := v[i : i+step]
			switch op | 0x20 {
			case 'h':
				to(Point{b.X + last[0], at.Y})
			case 'v':
				to(Point{at.X, b.Y + last[0]})
			case 'm':
				p := Point{b.X + last[0], b.Y + last[1]}
				if i > 0 {
					to(p)
					continue
				}
				end()
				at, start = p, p
			default:
				to(Point{b.X + last[step-2], b.Y + last[step-1]})
			}
		}
	}
	end()
	return rings, lines
}
