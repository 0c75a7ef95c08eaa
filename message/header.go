package message

import (
	"bytes"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A head is one header block as read, with what made it doubtful.
type head struct {
	fields []coldwatch.Field
	start  int // offset of the block
	body   int // offset of the body
	other  int // another offset where a client could see the body begin, -1 if none
	later  int // the same behind the line that ended the header, 0 if none
	bare   bool
	nul    bool
}

// readHeader reads the header block that starts at start and ends at an empty line, at a delimiter of an open
// multipart, at the first line that can be no header, or at end (RFC 5322 sections 2.2 and 4.5).
func (s *scan) readHeader(start, end int, root bool) head {
	h := head{start: start, body: end, other: -1}
	lim := &s.p.lim
	src := s.src
	var text strings.Builder
	size := 256
	if root { // finding the end first is cheaper than growing
		if size = bytes.Index(src[start:end], []byte("\n\r\n")); size < 0 {
			size = max(0, bytes.Index(src[start:min(end, start+64<<10)], []byte("\n\n")))
		}
		size = min(size+16, lim.HeaderBytes)
	}
	text.Grow(min(end-start, size))
	spans := s.p.spans[:0]
	folds, crlf := 0, 0
	full := false // a limit was hit: look for the end only
	pos := start
	for pos < end {
		next, line := s.line(pos, end)
		if next-pos-len(line) == 2 {
			crlf++
		}
		if len(line) == 0 {
			h.body = next
			break
		}
		if line[0] == '-' && len(s.open) > 0 && s.delimiterAt(line) {
			h.body = pos
			if pos > start {
				s.defect("mime.part_without_body", "a part ends within its header", pos, len(line), false)
			}
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if blank(line) {
				if !s.headerish(next, end) {
					h.body = next // many clients end the header here, and so did the writer
					s.defect("header.blank_separator", "the header ends with a line of white space", pos, len(line), false)
					break
				}
				if h.other < 0 {
					h.other = next
				}
			}
			if len(spans) == 0 && pos == start && !blank(line) {
				s.defect("header.folded_first", "the first line of a header is a continuation", pos, len(line), true)
			}
			if n := len(spans); n > 0 && !full {
				f := &spans[n-1]
				if folds++; folds > lim.Folds {
					s.limit("limit.header_folds", "a header field has too many lines", pos)
				} else {
					text.Write(line)
					f.valueEnd, f.end = text.Len(), next
				}
			}
			pos = next
			continue
		}
		colon := fieldName(line)
		if colon < 0 {
			at, ok := s.notAField(&h, pos, next, end, line, root, len(spans))
			if !ok {
				h.body = at
				break
			}
			pos = next
			continue
		}
		folds = 0
		if !full && (len(spans) >= lim.HeaderFields || pos-start > lim.HeaderBytes) {
			full = true
			kind := "limit.header_fields"
			if pos-start > lim.HeaderBytes {
				kind = "limit.header_bytes"
			}
			s.limit(kind, "the header is too large", pos)
		}
		if !full {
			value := line[colon+1:]
			if len(value) > lim.HeaderBytes {
				value = value[:lim.HeaderBytes]
				s.limit("limit.header_bytes", "a header field is too large", pos)
			}
			f := fieldSpan{start: pos, end: next, name: text.Len()}
			text.Write(bytes.TrimRight(line[:colon], " \t"))
			f.value = text.Len()
			text.Write(value)
			f.valueEnd = text.Len()
			spans = append(spans, f)
		}
		pos = next
	}
	s.p.spans = spans
	all := text.String()
	h.fields = make([]coldwatch.Field, len(spans))
	for i, f := range spans {
		h.fields[i] = coldwatch.Field{
			Name: all[f.name:f.value], Value: strings.Trim(all[f.value:f.valueEnd], " \t\r"),
			Offset: s.off(f.start), Length: s.length(f.start, f.end),
		}
	}
	block := src[start:h.body]
	h.nul = bytes.IndexByte(block, 0) >= 0
	if !s.cr {
		if n := bytes.Count(block, crByte); n > crlf {
			h.bare = true
		}
	}
	return h
}

var crByte = []byte{'\r'}

type fieldSpan struct{ start, end, name, value, valueEnd int }

// notAField deals with a header line that is no field. It tells where the body starts if the header ends there, and ok
// if the header goes on behind the line.
func (s *scan) notAField(h *head, pos, next, end int, line []byte, root bool, fields int) (body int, ok bool) {
	if fields == 0 && root && (bytes.HasPrefix(line, fromLine) || bytes.HasPrefix(line, gtFromLine)) {
		return 0, true // left over from an mbox
	}
	if fields == 0 && !root {
		if next < end {
			if _, after := s.line(next, end); hasContentName(after) {
				s.defect("header.junk_line", "a header line is no field", pos, len(line), true)
				if h.other < 0 {
					h.other = pos
				}
				return 0, true
			}
		}
		return pos, false
	}
	if fields == 0 {
		if next >= end {
			return pos, false
		}
		if _, after := s.line(next, end); fieldName(after) <= 0 {
			return pos, false // there is no header at all
		}
	}
	if s.headerish(next, end) {
		s.defect("header.junk_line", "a header line is no field", pos, len(line), fields > 0)
		if h.other < 0 {
			h.other = pos
		}
		return 0, true
	}
	s.defect("header.no_separator", "no empty line parts header and body", pos, len(line), fields > 0 && !root)
	h.later = next
	return pos, false
}

var fromLine, gtFromLine = []byte("From "), []byte(">From ")

// headerish tells whether the line at pos can belong to a header: a field, or an empty line.
func (s *scan) headerish(pos, end int) bool {
	if pos >= end {
		return false
	}
	_, line := s.line(pos, end)
	if len(line) == 0 {
		return true
	}
	if line[0] == ' ' || line[0] == '\t' {
		return !blank(line)
	}
	return fieldName(line) > 0
}

// fieldName returns the index of the colon that ends a field's name, -1 if the line is no field. Names are printable
// ASCII (RFC 5322 section 2.2); white space before the colon is the obsolete form (section 4.5). A name of the MIME
// fields is also taken with control bytes in it, since some readers drop those.
func fieldName(line []byte) int {
	limit := min(len(line), 1000)
	odd := false
	for i := 0; i < limit; i++ {
		c := line[i]
		switch {
		case c == ':':
			name := bytes.TrimRight(line[:i], " \t")
			if len(name) == 0 {
				return -1
			}
			if odd || bytes.ContainsAny(name, " \t") {
				if !hasContentName(line) {
					return -1
				}
			}
			return i
		case c < 33 || c > 126:
			odd = odd || (c != ' ' && c != '\t')
		}
	}
	return -1
}

// hasContentName tells whether the line begins with the name of a MIME field once odd bytes are dropped.
func hasContentName(line []byte) bool {
	var name [32]byte
	n := 0
	for _, c := range line {
		if c == ':' || n == len(name) {
			break
		}
		if c > 32 && c < 127 {
			name[n] = lower(c)
			n++
		}
	}
	switch string(name[:n]) {
	case "content-type", "content-transfer-encoding", "content-disposition":
		return true
	}
	return false
}

// cleanName returns a field's name in lower case with all but printable ASCII dropped, and whether any was dropped.
func cleanName(name string) (clean string, odd bool) {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < 33 || c > 126 {
			odd = true
		}
	}
	if !odd {
		return lowerASCII(name), false
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if c := name[i]; c > 32 && c < 127 {
			b.WriteByte(lower(c))
		}
	}
	return b.String(), true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lowerASCII lowers ASCII letters only, and copies nothing if there are none to lower.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
