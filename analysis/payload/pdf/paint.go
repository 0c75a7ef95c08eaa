package pdf

import "math"

// maxBoxes bounds the rectangles that are kept; a large code has some three thousand.
const maxBoxes = 10_000

// A painter follows what a content stream says of where and in which shade it fills (sections 8.4, 8.5), as far as
// rectangles go: programs draw codes with them.
type painter struct {
	d     *document
	state paintState
	saved []paintState
	path  []Box
}

type paintState struct {
	m     [6]float64 // the transformation to the page
	light bool       // fills are light
}

func newPainter(d *document) *painter {
	return &painter{d: d, state: paintState{m: [6]float64{1, 0, 0, 1, 0, 0}}}
}

// do takes one operator with its operands.
func (p *painter) do(op keyword, args []any) {
	switch op {
	case "q":
		if len(p.saved) < 64 {
			p.saved = append(p.saved, p.state)
		}
	case "Q":
		if n := len(p.saved); n > 0 {
			p.state, p.saved = p.saved[n-1], p.saved[:n-1]
		}
	case "cm":
		if v := floats(args, 6); v != nil {
			a, m := v, p.state.m
			p.state.m = [6]float64{a[0]*m[0] + a[1]*m[2], a[0]*m[1] + a[1]*m[3], a[2]*m[0] + a[3]*m[2], a[2]*m[1] + a[3]*m[3],
				a[4]*m[0] + a[5]*m[2] + m[4], a[4]*m[1] + a[5]*m[3] + m[5]}
		}
	case "g", "rg", "k", "sc", "scn":
		switch len(args) {
		case 1:
			if v := floats(args, 1); v != nil {
				p.state.light = v[0] > 0.5
			}
		case 3:
			if v := floats(args, 3); v != nil {
				p.state.light = v[0]*0.3+v[1]*0.59+v[2]*0.11 > 0.5
			}
		case 4:
			if v := floats(args, 4); v != nil {
				p.state.light = v[3] < 0.5 && v[0]*0.3+v[1]*0.59+v[2]*0.11 < 0.5
			}
		}
	case "re":
		if v := floats(args, 4); v != nil && len(p.path) < maxBoxes {
			m := p.state.m
			x, y := v[0]*m[0]+v[1]*m[2]+m[4], v[0]*m[1]+v[1]*m[3]+m[5]
			w, h := v[2]*m[0]+v[3]*m[2], v[2]*m[1]+v[3]*m[3]
			p.path = append(p.path, Box{min(x, x+w), min(y, y+h), math.Abs(w), math.Abs(h), false})
		}
	case "f", "F", "f*", "B", "B*", "b", "b*":
		for _, b := range p.path {
			b.Dark = !p.state.light
			if len(p.d.out.Boxes) < maxBoxes {
				p.d.out.Boxes = append(p.d.out.Boxes, b)
			}
		}
		p.path = p.path[:0]
	case "S", "s", "n":
		p.path = p.path[:0]
	}
}

// floats gives the operands if they are n numbers.
func floats(args []any, n int) []float64 {
	if len(args) != n {
		return nil
	}
	out := make([]float64, n)
	for i, a := range args {
		f, ok := a.(float64)
		if !ok {
			return nil
		}
		out[i] = f
	}
	return out
}
