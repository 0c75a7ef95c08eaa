package knowledge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Limits on one file of a pack.
const (
	maxFile     = 64 << 20
	maxRows     = 1_000_000
	maxProblems = 1000 // a file; the rest is counted in one closing problem
	maxJoined   = 32   // lines that one quoted cell may span
)

// A table is one CSV file being read. RFC 4180, read leniently: any of "," ";" and tab separates, lines end in CRLF, LF
// or CR, a stray quote spoils its own line and no other, bytes that are no UTF-8 are read as Windows-1252.
type table struct {
	file     string
	delim    byte
	columns  map[string]int
	rows     []record
	problems []Problem
	dropped  int // problems beyond maxProblems
}

// A record is one row: its cells and the line on which it begins.
type record struct {
	line  int
	cells []string
}

func (t *table) problem(line int, fatal bool, reason, hint string) {
	if len(t.problems) >= maxProblems {
		t.dropped++
		return
	}
	t.problems = append(t.problems, Problem{File: t.file, Line: line, Reason: reason, Hint: hint, Fatal: fatal})
}

// parseTable reads a CSV file that must have the required columns. It always returns a table; what was wrong is in its
// problems.
func parseTable(file string, raw []byte, required ...string) *table {
	t := &table{file: file, delim: ',', columns: map[string]int{}}
	if len(raw) > maxFile {
		t.problem(0, true, fmt.Sprintf("the file is larger than %d MiB and was left out", maxFile>>20), "split it, or check that it is the right file")
		return t
	}
	text := t.decode(raw)
	lines := &lineReader{text: text}
	header, ok := t.header(lines)
	if !ok {
		t.problem(0, true, "the file is empty", "the first line names the columns: "+strings.Join(required, ","))
		return t
	}
	for i, name := range header.cells {
		name = columnName(name)
		if name == "" {
			continue
		}
		if _, twice := t.columns[name]; twice {
			t.problem(header.line, false, "the column "+name+" stands twice; the first one counts", "remove or rename the second")
			continue
		}
		t.columns[name] = i
	}
	var missing []string
	for _, name := range required {
		if _, ok := t.columns[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		t.problem(header.line, true, "missing column: "+strings.Join(missing, ", "), "the first line must name the columns "+strings.Join(required, ","))
		return t
	}
	for {
		rec, ok := t.record(lines)
		if !ok {
			break
		}
		if len(t.rows) == maxRows {
			t.problem(rec.line, true, fmt.Sprintf("more than %d rows; this one and the rest were left out", maxRows), "split the pack")
			break
		}
		if len(rec.cells) > len(header.cells) && t.beyond(rec, len(header.cells)) {
			t.problem(rec.line, false, fmt.Sprintf("%d cells where the header names %d columns; the last ones are ignored", len(rec.cells), len(header.cells)),
				"put a cell that holds the separator in double quotes")
		}
		t.rows = append(t.rows, rec)
	}
	return t
}

// beyond tells whether a row has text past the header's last column.
func (t *table) beyond(rec record, n int) bool {
	for _, c := range rec.cells[n:] {
		if strings.TrimSpace(c) != "" {
			return true
		}
	}
	return false
}

// decode gives UTF-8 without a byte order mark.
func (t *table) decode(raw []byte) string {
	raw, was := toUTF8(raw)
	if was != "" {
		t.problem(0, false, "not UTF-8; read as "+was, "save the file as CSV UTF-8")
	}
	return string(raw)
}

// toUTF8 mends a file's encoding; was names the encoding that it was read as, "" for proper UTF-8.
func toUTF8(raw []byte) (out []byte, was string) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if len(raw) >= 2 && (raw[0] == 0xff && raw[1] == 0xfe || raw[0] == 0xfe && raw[1] == 0xff) {
		var order binary.ByteOrder = binary.LittleEndian
		if raw[0] == 0xfe {
			order = binary.BigEndian
		}
		units := make([]uint16, 0, len(raw)/2)
		for i := 2; i+1 < len(raw); i += 2 {
			units = append(units, order.Uint16(raw[i:]))
		}
		return []byte(string(utf16.Decode(units))), "UTF-16"
	}
	if utf8.Valid(raw) {
		return raw, ""
	}
	var b bytes.Buffer
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(raw[0])
		}
		b.WriteRune(r)
		raw = raw[n:]
	}
	return b.Bytes(), "Windows-1252"
}

// header reads the first line that is not blank and finds the separator in it.
func (t *table) header(lines *lineReader) (record, bool) {
	mark := *lines
	for {
		line, _, ok := lines.next()
		if !ok {
			return record{}, false
		}
		if strings.TrimSpace(line) == "" {
			mark = *lines
			continue
		}
		best := strings.Count(line, ",")
		for _, d := range []byte{';', '\t'} {
			if n := strings.Count(line, string(d)); n > best {
				t.delim, best = d, n
			}
		}
		*lines = mark
		return t.record(lines)
	}
}

// record reads the next row that is not blank. A quoted cell may hold line breaks, but a quote that never closes
// spoils only its own line.
func (t *table) record(lines *lineReader) (record, bool) {
	for {
		line, number, ok := lines.next()
		if !ok {
			return record{}, false
		}
		cells, open, _ := splitRow(line, t.delim)
		if open {
			mark := *lines
			joined := line
			for i := 1; i < maxJoined && open; i++ {
				more, _, ok := lines.next()
				if !ok {
					break
				}
				joined += "\n" + more
				next, still, loose := splitRow(joined, t.delim)
				if loose { // the quote that closed it opens a cell of another row
					break
				}
				if open = still; !open {
					cells = next
				}
			}
			if open {
				*lines = mark
				t.problem(number, false, "a double quote opens a cell and never closes it; the row was read up to the end of the line", "close the quote, or double it where it is part of the text")
			}
		}
		blank := true
		for _, c := range cells {
			if strings.TrimSpace(c) != "" {
				blank = false
				break
			}
		}
		if blank {
			continue
		}
		return record{line: number, cells: cells}, true
	}
}

// splitRow cuts one row into its cells; open tells that a quoted cell does not end in it, loose that text follows a
// closing quote.
func splitRow(s string, delim byte) (cells []string, open, loose bool) {
	for {
		if strings.HasPrefix(s, `"`) {
			var b strings.Builder
			rest := s[1:]
			for {
				q := strings.IndexByte(rest, '"')
				if q < 0 {
					b.WriteString(rest)
					return append(cells, b.String()), true, loose
				}
				b.WriteString(rest[:q])
				rest = rest[q+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				b.WriteByte('"')
				rest = rest[1:]
			}
			// Text after the closing quote belongs to the cell: "Dulas" Ltd.
			end := strings.IndexByte(rest, delim)
			if end < 0 {
				b.WriteString(rest)
				return append(cells, b.String()), false, loose || rest != ""
			}
			loose = loose || end > 0
			b.WriteString(rest[:end])
			cells = append(cells, b.String())
			s = rest[end+1:]
			continue
		}
		end := strings.IndexByte(s, delim)
		if end < 0 {
			return append(cells, s), false, loose
		}
		cells = append(cells, s[:end])
		s = s[end+1:]
	}
}

// columnName folds a header cell: "Org ID" is org_id.
func columnName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	return strings.NewReplacer(" ", "_", "-", "_").Replace(s)
}

// A lineReader gives the lines of a text with their numbers; CRLF, LF and CR each end one.
type lineReader struct {
	text   string
	pos    int
	number int
}

func (r *lineReader) next() (line string, number int, ok bool) {
	if r.pos >= len(r.text) {
		return "", 0, false
	}
	r.number++
	rest := r.text[r.pos:]
	end := strings.IndexAny(rest, "\r\n")
	if end < 0 {
		r.pos = len(r.text)
		return rest, r.number, true
	}
	r.pos += end + 1
	if rest[end] == '\r' && strings.HasPrefix(rest[end+1:], "\n") {
		r.pos++
	}
	return rest[:end], r.number, true
}

// cell returns a cell without surrounding space, "" where the column or the cell is missing.
func (t *table) cell(rec record, column string) string {
	i, ok := t.columns[column]
	if !ok || i >= len(rec.cells) {
		return ""
	}
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(rec.cells[i], func(r rune) bool { return r == '\n' || r == '\r' }), " "))
}

// list returns the values of a cell that separates them with ";".
func (t *table) list(rec record, column string) []string {
	var out []string
	for _, v := range strings.Split(t.cell(rec, column), ";") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
