package html

import "golang.org/x/net/html/atom"

// grid collects the dark and light cells of a table: a code drawn without an image, so that image scanners see none.
type grid struct {
	rows  [][]bool
	row   []bool
	inRow bool
	best  [][]bool
}

func (g *grid) start(tag atom.Atom, back int32) {
	switch tag {
	case atom.Table:
		g.flush()
	case atom.Tr:
		g.endRow()
		g.inRow = true
	case atom.Td, atom.Th:
		if g.inRow && len(g.row) < 200 {
			g.row = append(g.row, back >= 0 && dark(back))
		}
	}
}

func (g *grid) end(tag atom.Atom) {
	switch tag {
	case atom.Tr:
		g.endRow()
	case atom.Table:
		g.flush()
	}
}

func (g *grid) endRow() {
	if len(g.row) >= 15 && len(g.rows) < 200 {
		g.rows = append(g.rows, g.row)
	}
	g.row, g.inRow = nil, false
}

func (g *grid) flush() {
	g.endRow()
	if len(g.rows) >= 15 && len(g.rows) > len(g.best) {
		g.best = g.rows
	}
	g.rows = nil
}

// result is the biggest table of at least 15 rows and columns that has both dark and light cells.
func (g *grid) result() [][]bool {
	g.flush()
	darkCells, all := 0, 0
	for _, r := range g.best {
		for _, c := range r {
			all++
			if c {
				darkCells++
			}
		}
	}
	if darkCells*5 < all || darkCells*5 > all*4 {
		return nil
	}
	return g.best
}

func dark(c int32) bool { return (c>>16&255)*3+(c>>8&255)*6+c&255 < 1280 }
