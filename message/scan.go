package message

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A source is bytes to be scanned: the raw message, or bytes derived from a piece of it.
type source struct {
	src     []byte
	derived bool
	off, n  int // of the piece in the raw message, if derived
}

// A scan reads one region in one way. It looks at each line once.
type scan struct {
	p *parser
	source
	reading   int
	cr        bool // a bare CR ends a line too
	prefix    bool // a line that begins with a delimiter is one, whatever follows
	noClose   bool // a closing delimiter is an ordinary one
	innermost bool // of equal boundaries the innermost wins

	pos, end int
	open     []frame
	at       map[string]int // boundary → index in open
	closed   []frame        // the last multiparts closed
	longest  int            // longest open boundary
	cur      int            // leaf being read, -1 if none
	epilogue int            // multipart whose epilogue is being read, -1 if none
	text     int            // where the current leaf or epilogue starts
	salvaged bool
	jobs     []job
}

// A frame is an open multipart.
type frame struct {
	part     int
	boundary string
	shadows  int // index in open of the frame with the same boundary that this one took the place of, -1 if none
	children int
	prefixed bool // a line began with the delimiter but went on
}

// An origin is an entity to be read: its fields, where its body is and where in the tree it stands.
type origin struct {
	fields []coldwatch.Field
	sense  sense
	body   int
	end    int
	parent int
	depth  int
	path   string // "" for a root
	outer  string // media type of the multipart around it
}

// meta is what the parser knows of a part beside what it tells.
type meta struct {
	path      string
	body, end int // in the source that it was read from
	sense     sense
	outer     string
}

func (s *scan) line(pos, end int) (next int, line []byte) {
	b := s.src[pos:end]
	if s.cr {
		n := bytes.IndexAny(b, "\r\n")
		if n < 0 {
			return end, b
		}
		if b[n] == '\r' && n+1 < len(b) && b[n+1] == '\n' {
			return pos + n + 2, b[:n]
		}
		return pos + n + 1, b[:n]
	}
	n := bytes.IndexByte(b, '\n')
	next = end
	if n >= 0 {
		next = pos + n + 1
		b = b[:n]
		if n > 0 && b[n-1] == '\r' {
			b = b[:n-1]
		}
	} else if len(b) > 0 && b[len(b)-1] == '\r' {
		b = b[:len(b)-1]
	}
	return next, b
}

// run reads the entity and all that is below it.
func (s *scan) run(o origin) {
	s.cur, s.epilogue = -1, -1
	s.pos, s.end = o.body, o.end
	s.entity(o)
	for s.pos < s.end {
		i := s.nextDashes(s.pos)
		if i < 0 {
			break
		}
		next, line := s.line(i, s.end)
		level, closing, ok := s.match(line)
		if !ok {
			s.unmatched(i, next, line)
			s.pos = next
			continue
		}
		if !closing && len(s.p.msg.Parts) >= s.p.lim.Parts {
			s.limit("limit.mime_parts", "the message has too many parts", i)
			break
		}
		s.closeTo(level+1, i)
		f := &s.open[level]
		if f.children == 0 {
			s.preamble(f, i)
		}
		f.children++
		s.pos = next
		if closing && !s.noClose {
			if f.children == 1 && level == len(s.open)-1 {
				s.defect("mime.no_parts", "a multipart has no part", i, len(line), false)
			}
			part := f.part
			s.pop(next)
			s.epilogue, s.text = part, next
			continue
		}
		if closing {
			s.defect("mime.after_close", "parts follow a closing delimiter", i, len(line), true)
		}
		s.child(f, next)
	}
	s.closeTo(0, s.end)
}

// child reads the header of the part that starts at start and begins the part.
func (s *scan) child(f *frame, start int) {
	h := s.readHeader(start, s.end, false)
	s.noteHead(h)
	parent := f.part
	m := &s.p.meta[parent]
	depth := s.p.msg.Parts[parent].Depth + 1
	path := ""
	if depth > 64 {
		path = "p" + strconv.Itoa(len(s.p.msg.Parts)) // long paths would cost the square of the depth
	} else {
		path = strconv.Itoa(f.children)
		if m.path != "" {
			path = m.path + "." + path
		}
	}
	media := s.p.msg.Parts[parent].MediaType
	o := origin{fields: h.fields, body: h.body, end: s.end, parent: parent, depth: depth, path: path, outer: media}
	s.pos = h.body
	senses := s.senses(h.fields, media, start, s.src[h.body:s.end])
	o.sense = senses[0]
	i := s.entity(o)
	s.alternatives(i, o, senses, h)
	if len(h.fields) == 0 && h.body < s.end && s.p.salvages < 8 {
		if _, line := s.line(h.body, s.end); hasContentName(line) {
			s.p.salvages++
			s.defect("mime.header_in_body", "a part begins with an empty line and then fields", start, 0, true)
			s.jobs = append(s.jobs, job{why: "the header follows an empty line", part: i, entity: true, start: h.body})
		}
	}
}

// entity adds the part for an entity whose header is read, and opens it.
func (s *scan) entity(o origin) int {
	p := s.p
	i := len(p.msg.Parts)
	x := &o.sense
	multi := strings.HasPrefix(x.media, "multipart/")
	part := coldwatch.Part{
		Parent: o.parent, Depth: o.depth, Reading: s.reading, Header: o.fields, MediaType: x.media, Params: x.params,
		Disposition: x.disposition, Filename: x.filename, ContentID: x.contentID, Encoding: x.encoding, Offset: s.off(o.body),
	}
	if part.Encoding == "" {
		part.Encoding = "7bit"
	}
	part.ID = o.path
	if o.path == "" {
		part.ID = "1"
		if multi {
			part.ID = "0"
		}
	}
	if s.reading > 0 {
		part.ID += "~" + strconv.Itoa(s.reading)
	}
	p.msg.Parts = append(roomy(p.msg.Parts), part)
	p.meta = append(roomy(p.meta), meta{path: o.path, body: o.body, sense: *x, outer: o.outer})
	if multi && x.boundary != "" {
		if o.depth < p.lim.Depth {
			s.push(i, x.boundary)
			return i
		}
		s.limit("limit.mime_depth", "multiparts are nested too deep", o.body)
	}
	s.cur, s.text = i, o.body
	return i
}

// roomy doubles a full slice. What append adds, a quarter, would copy the parts of a large message five times over.
func roomy[T any](s []T) []T {
	if len(s) == cap(s) {
		return slices.Grow(s, max(8, len(s)))
	}
	return s
}

func (s *scan) push(part int, boundary string) {
	f := frame{part: part, boundary: boundary, shadows: -1}
	if s.at == nil {
		s.at = map[string]int{}
	}
	k := len(s.open)
	if old, dup := s.at[boundary]; dup {
		s.defect("mime.same_boundary", "nested multiparts have the same boundary", s.p.meta[part].body, 0, true)
		if s.innermost {
			f.shadows = old
			s.at[boundary] = k
		} else if !s.p.sameTried {
			s.p.sameTried = true
			s.jobs = append(s.jobs, job{why: "the innermost of equal boundaries wins", part: 0, whole: true, innermost: true})
		}
	} else {
		s.at[boundary] = k
	}
	s.open = append(roomy(s.open), f)
	s.longest = max(s.longest, len(boundary))
	if shorter, ok := strings.CutSuffix(boundary, "--"); ok && s.isOpen(shorter) { // its delimiter closes the multipart around it, too
		s.defect("mime.boundary_is_close", "a boundary ends like a closing delimiter", s.p.meta[part].body, 0, true)
	}
}

func (s *scan) isOpen(boundary string) bool {
	_, ok := s.at[boundary]
	return ok
}

// pop closes the innermost multipart, whose bytes end at end.
func (s *scan) pop(end int) {
	k := len(s.open) - 1
	f := s.open[k]
	s.open = s.open[:k]
	if s.at[f.boundary] == k {
		if f.shadows >= 0 {
			s.at[f.boundary] = f.shadows
		} else {
			delete(s.at, f.boundary)
		}
	}
	if len(s.closed) == maxClosed {
		s.closed = s.closed[:copy(s.closed, s.closed[1:])]
	}
	s.closed = append(s.closed, f)
	part := &s.p.msg.Parts[f.part]
	part.Length = s.length(s.p.meta[f.part].body, end)
	s.p.meta[f.part].end = end
	if f.prefixed && !s.prefix {
		s.jobs = append(s.jobs, job{why: "a delimiter may go on behind its boundary", part: f.part, prefix: true},
			job{why: "a delimiter may go on behind its boundary, also a closing one", part: f.part, prefix: true, noClose: true})
	}
}

// closeTo ends the current leaf or epilogue at the line that starts at at, and all multiparts from level on.
func (s *scan) closeTo(level, at int) {
	stop := s.beforeLine(at)
	if s.cur >= 0 {
		s.leaf(s.cur, s.text, max(s.text, stop))
		s.inLine(s.text, stop)
		s.cur = -1
	} else if s.epilogue >= 0 {
		s.between("epilogue", s.epilogue, s.text, at)
		s.epilogue = -1
	}
	for len(s.open) > level {
		f := &s.open[len(s.open)-1]
		if f.children == 0 {
			s.empty(f, max(s.p.meta[f.part].body, stop))
		} else {
			s.defect("mime.boundary_unclosed", "a multipart has no closing delimiter", s.p.meta[f.part].body, 0, false)
		}
		s.pop(at)
	}
}

// inLine looks within a leaf for the innermost delimiter behind a few other bytes on its line, where some readers find it.
func (s *scan) inLine(start, end int) {
	n := len(s.open)
	if s.reading > 0 || n == 0 || s.p.salvages >= 8 || start >= end {
		return
	}
	f := &s.open[n-1]
	at := bytes.Index(s.src[start:end], []byte("--"+f.boundary))
	if at <= 0 {
		return
	}
	at += start
	line := s.src[max(start, at-9):at]
	line = line[bytes.LastIndexAny(line, "\r\n")+1:]
	_, rest := s.line(at+2+len(f.boundary), len(s.src))
	if len(line) > 8 || len(line) == 0 && s.src[at-1] == '\n' || !blank(bytes.TrimPrefix(rest, newlineDashes[1:])) {
		return
	}
	s.p.salvages++
	s.defect("mime.boundary_in_line", "a delimiter stands behind other text on its line", at, 2+len(f.boundary), true)
	s.jobs = append(s.jobs, job{why: "a line that holds the boundary is a delimiter", part: f.part, boundary: f.boundary, loose: true})
}

// beforeLine returns where the line break before the line at pos begins; it belongs to the delimiter (RFC 2046
// section 5.1.1).
func (s *scan) beforeLine(pos int) int {
	if pos == s.end {
		return pos
	}
	if pos > 0 && s.src[pos-1] == '\n' {
		pos--
		if pos > 0 && s.src[pos-1] == '\r' {
			pos--
		}
	} else if s.cr && pos > 0 && s.src[pos-1] == '\r' {
		pos--
	}
	return pos
}

// empty turns a multipart within which its delimiter never came into a leaf.
func (s *scan) empty(f *frame, end int) {
	start := s.p.meta[f.part].body
	text := len(bytes.TrimSpace(s.src[start:end])) > 0
	s.defect("mime.boundary_missing", "the boundary of a multipart stands nowhere in it", start, 0, text)
	if text && s.p.salvages < 8 && containsFold(s.src[start:min(end, start+1<<20)], lowerASCII(f.boundary)) {
		s.p.salvages++
		s.jobs = append(s.jobs, job{why: "a line that holds the boundary is a delimiter", part: f.part, boundary: f.boundary, loose: true})
	}
	s.p.msg.Parts[f.part].MediaType = "text/plain"
	s.leaf(f.part, start, end)
}

// nextDashes returns the offset of the next line at or after pos that begins with "--", -1 if there is none. pos is the
// start of a line.
func (s *scan) nextDashes(pos int) int {
	if pos+2 <= s.end && s.src[pos] == '-' && s.src[pos+1] == '-' {
		return pos
	}
	if !s.cr {
		if i := bytes.Index(s.src[pos:s.end], newlineDashes); i >= 0 {
			return pos + i + 1
		}
		return -1
	}
	for pos < s.end {
		i := bytes.Index(s.src[pos:s.end], newlineDashes[1:])
		if i < 0 {
			return -1
		}
		pos += i
		if pos > 0 && (s.src[pos-1] == '\n' || s.src[pos-1] == '\r') {
			return pos
		}
		for pos < s.end && s.src[pos] == '-' {
			pos++
		}
	}
	return -1
}

var newlineDashes = []byte("\n--")

// delimiterAt tells whether a line is a delimiter of an open multipart.
func (s *scan) delimiterAt(line []byte) bool {
	if len(line) < 2 || line[1] != '-' {
		return false
	}
	_, _, ok := s.match(line)
	return ok
}

// match finds the open multipart whose delimiter the line is.
func (s *scan) match(line []byte) (level int, closing, ok bool) {
	if len(s.open) == 0 {
		return
	}
	key := line[2:]
	for len(key) > 0 {
		if c := key[len(key)-1]; c != ' ' && c != '\t' && c != '\r' && c != 0 {
			break
		}
		key = key[:len(key)-1]
	}
	if len(key) <= s.longest+16 {
		if level, ok = s.at[string(key)]; ok {
			return level, false, true
		}
		if n := len(key); n > 2 && key[n-1] == '-' && key[n-2] == '-' {
			if level, ok = s.at[string(bytes.TrimRight(key[:n-2], " \t"))]; ok {
				return level, true, true
			}
		}
	}
	if s.prefix {
		for k := len(s.open) - 1; k >= max(0, len(s.open)-8); k-- {
			if b := s.open[k].boundary; len(key) > len(b) && string(key[:len(b)]) == b {
				return k, bytes.HasPrefix(key[len(b):], newlineDashes[1:]), true
			}
		}
	}
	return 0, false, false
}

// maxClosed is how many closed multiparts are remembered.
const maxClosed = 16

// closedPart returns the part of the closed multipart with that boundary, and forgets it.
func (s *scan) closedPart(boundary []byte) (int, bool) {
	for k := range s.closed {
		if f := &s.closed[k]; len(boundary) > 0 && f.boundary == string(boundary) {
			f.boundary = ""
			return f.part, true
		}
	}
	return 0, false
}

// unmatched looks at a line that begins with "--" but delimits nothing: some readers may take it for a delimiter.
func (s *scan) unmatched(at, next int, line []byte) {
	if n := len(s.open); n > 0 && len(line) > 2 {
		f := &s.open[n-1]
		if len(line) > 2+len(f.boundary) && string(line[2:2+len(f.boundary)]) == f.boundary && !f.prefixed {
			f.prefixed = true
			s.defect("mime.boundary_prefix", "a line begins with a delimiter but goes on", at, len(line), true)
			return
		}
	}
	key := bytes.TrimRight(line[2:], " \t\r\x00")
	if len(key) > 200 {
		return
	}
	if part, ok := s.closedPart(key); ok && !s.noClose {
		s.defect("mime.after_close", "a delimiter follows the closing one", at, len(line), true)
		s.jobs = append(s.jobs, job{why: "parts go on behind the closing delimiter", part: part, noClose: true, extend: true})
		return
	}
	if s.salvaged || next >= s.end || s.p.salvages > 8 {
		return
	}
	if s.cur >= 0 && strings.HasPrefix(s.p.msg.Parts[s.cur].MediaType, "message/") {
		return // a message carried inside parts itself when it is read
	}
	if _, l := s.line(next, s.end); !hasContentName(l) {
		return
	}
	s.salvaged = true
	s.p.salvages++
	s.defect("mime.undeclared_boundary", "a delimiter that no field declares parts the text", at, len(line), true)
	from := 0
	if s.cur >= 0 {
		from = s.cur
	} else if s.epilogue >= 0 {
		from = s.epilogue
	} else if n := len(s.open); n > 0 {
		from = s.open[n-1].part
	}
	s.jobs = append(s.jobs, job{why: "a boundary that no field declares", part: from, boundary: string(key), start: at, loose: len(key) == 0})
}

func (s *scan) off(i int) int {
	if s.derived {
		return s.source.off
	}
	return i
}

func (s *scan) length(a, b int) int {
	if s.derived {
		return s.n
	}
	return b - a
}

func (s *scan) defect(kind, detail string, at, n int, ambiguous bool) {
	s.rawDefect(kind, detail, s.off(at), n, ambiguous)
}

func (s *scan) rawDefect(kind, detail string, off, n int, ambiguous bool) {
	if s.reading > 0 {
		return // said when the reading is kept
	}
	s.p.defect(kind, detail, off, n, ambiguous)
}

func (s *scan) limit(kind, detail string, at int) { s.p.limit(kind, detail, s.off(at)) }
