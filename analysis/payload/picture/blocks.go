package picture

import (
	"strings"
	"unicode/utf8"
)

// Blocks reads a code that is drawn with block characters (Unicode U+2580 to U+259F) in text. It returns the drawing as
// cells, two rows a line, nil if there is none of at least 21 by 21.
func Blocks(text string) [][]bool {
	if !strings.Contains(text, "\xe2\x96") {
		return nil
	}
	var rows [][]bool
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		blocks := strings.Count(line, "\xe2\x96")
		if blocks < 3 || utf8.RuneCountInString(line) < 19 || blocks*6 < utf8.RuneCountInString(line) {
			if len(rows) >= 21 {
				return rows
			}
			rows = nil
			continue
		}
		var up, down []bool
		for _, r := range line {
			u, d, ok := halves(r)
			if !ok || len(up) > 300 {
				continue
			}
			up, down = append(up, u), append(down, d)
		}
		rows = append(rows, up, down)
		if len(rows) > 400 {
			return nil
		}
	}
	if len(rows) < 21 {
		return nil
	}
	return rows
}

// halves tells which halves of a character are dark.
func halves(r rune) (up, down, ok bool) {
	switch r {
	case ' ', '\u00a0', '\u2591', '\u2800', '\u3000':
		return false, false, true
	case '\u2588', '\u2593', '\u2589', '\u258a', '\u25a0':
		return true, true, true
	case '\u2580':
		return true, false, true
	case '\u2584':
		return false, true, true
	}
	return false, false, r >= 0x2580 && r <= 0x259f
}
