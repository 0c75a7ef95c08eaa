package intake

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// An mbox is read as a stream of lines.
type mbox struct {
	r       *bufio.Reader
	closer  io.Closer
	file    file
	options Options
	pos     int64 // of the next byte of r in the file
	max     int64
	done    bool
}

func newMbox(in io.Reader, closer io.Closer, f file, offset int64, o Options) *mbox {
	return &mbox{r: bufio.NewReaderSize(in, 256<<10), closer: closer, file: f, options: o, pos: offset, max: o.MaxMessage}
}

func (m *mbox) close() error {
	if m.closer == nil {
		return nil
	}
	return m.closer.Close()
}

// next returns the next message: the bytes between two "From " lines, one quote taken off the quoted ones.
func (m *mbox) next(ctx context.Context) (Item, error) {
	if m.done {
		return Item{}, io.EOF
	}
	start := m.pos
	item := Item{Path: m.file.path, Offset: start, Size: m.file.size, Modified: m.file.modified}
	b := &builder{max: m.max, raw: make([]byte, 0, 32<<10)}
	first, blank, header := true, false, true
	length := int64(-1) // Content-Length
	for n := 0; ; n++ {
		if n&0xFFF == 0 && ctx.Err() != nil {
			return Item{}, ctx.Err()
		}
		if !first && (blank || header) && m.atMessage() {
			break
		}
		line, whole, err := m.line()
		if err != nil && err != io.EOF {
			return Item{}, pathError(m.file.path, err)
		}
		if len(line) == 0 {
			m.done = true
			break
		}
		if first {
			if isBlank(line) { // empty lines between messages
				continue
			}
			first = false
			if fromLine(line) {
				header = true
				m.skipRest(whole)
				continue
			}
		}
		if header {
			if isBlank(line) {
				header = false
				b.add(line)
				blank = true
				if length > 0 && m.lengthFits(length) {
					if err := m.take(b, length); err != nil {
						return Item{}, pathError(m.file.path, err)
					}
				}
				continue
			}
			if v, ok := contentLength(line); ok {
				length = v
			}
		} else if line[0] == '>' && quotedFrom(line) {
			line = line[1:]
		}
		blank = isBlank(line)
		b.add(line)
		for !whole && err == nil { // the rest of a long line
			line, whole, err = m.line()
			b.add(line)
		}
	}
	item.End = m.pos
	out := trimEnd(b.raw)
	if len(bytes.TrimSpace(out)) == 0 {
		if m.done {
			return Item{}, io.EOF
		}
		item.Skipped = "an empty message"
		return item, nil
	}
	if b.cut {
		item.Note = "cut at " + strconv.FormatInt(m.max, 10) + " bytes"
	} else if m.done && truncated(b.raw) {
		item.Note = "the mbox ends in the middle of this message"
	}
	item.Submission = coldwatch.Submission{Raw: out, Source: m.file.path + "#" + strconv.FormatInt(start, 10), Organisation: m.file.organisation}
	return item, nil
}

// A builder collects the bytes of a message up to a limit.
type builder struct {
	raw []byte
	max int64
	cut bool
}

func (b *builder) add(line []byte) {
	if int64(len(b.raw)+len(line)) > b.max {
		b.cut = true
		line = line[:max(0, b.max-int64(len(b.raw)))]
	}
	b.raw = append(b.raw, line...)
}

// line returns the next line with its line break. A line longer than the buffer comes in pieces, whole false for all
// but the last.
func (m *mbox) line() (line []byte, whole bool, err error) {
	line, err = m.r.ReadSlice('\n')
	m.pos += int64(len(line))
	if err == bufio.ErrBufferFull {
		return line, false, nil
	}
	return line, true, err
}

func (m *mbox) skipRest(whole bool) {
	for !whole {
		var err error
		if _, whole, err = m.line(); err != nil {
			return
		}
	}
}

// atMessage tells whether the next line starts a message.
func (m *mbox) atMessage() bool {
	head, _ := m.r.Peek(5)
	if string(head) != "From " {
		return false
	}
	head, _ = m.r.Peek(2048)
	return messageStart(head)
}

// messageStart tells whether b begins with a "From " line and a header field.
func messageStart(b []byte) bool {
	if !fromLine(b) {
		return false
	}
	nl := bytes.IndexByte(b, '\n')
	if nl < 0 {
		return true
	}
	next := b[nl+1:]
	if i := bytes.IndexByte(next, '\n'); i >= 0 {
		next = next[:i]
	}
	next = bytes.TrimRight(next, "\r")
	if len(next) == 0 || bytes.HasPrefix(next, []byte(">From ")) {
		return true // a message without a header, or one more envelope line
	}
	name, _, ok := bytes.Cut(next, []byte(":"))
	return ok && isName(name)
}

// fromLine tells whether b begins with "From ", a sender and a date (RFC 4155 appendix A); the date is what tells the
// line from prose. Line forms differ: the year is what all have.
func fromLine(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("From ")) {
		return false
	}
	line := b[:min(len(b), 1000)]
	if nl := bytes.IndexByte(line, '\n'); nl >= 0 {
		line = line[:nl]
	}
	fields := bytes.Fields(line[5:])
	clock, year := false, false
	for _, f := range fields {
		if n := bytes.Count(f, []byte(":")); n >= 1 && n <= 2 && f[0] >= '0' && f[0] <= '9' {
			clock = true
		}
		if len(f) == 4 {
			if y, err := strconv.Atoi(string(f)); err == nil && y >= 1970 && y < 2200 {
				year = true
			}
		}
	}
	return clock && year || len(fields) == 1 && (bytes.IndexByte(fields[0], '@') > 0 || string(fields[0]) == "-")
}

// quotedFrom tells whether a line is ">From " with any number of quotes.
func quotedFrom(line []byte) bool {
	i := 0
	for i < len(line) && line[i] == '>' {
		i++
	}
	return bytes.HasPrefix(line[i:], []byte("From "))
}

func contentLength(line []byte) (int64, bool) {
	if len(line) < 16 || line[0]|0x20 != 'c' || !strings.EqualFold(string(line[:15]), "content-length:") {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line[15:])), 10, 64)
	return n, err == nil && n >= 0
}

// lengthFits tells whether a Content-Length leads to the start of the next message or to the end of the file. It can
// look no further than the buffer reaches, or where the file can be read at any place.
func (m *mbox) lengthFits(n int64) bool {
	at, ok := m.closer.(io.ReaderAt)
	if !ok {
		return false
	}
	if m.pos+n > m.file.size {
		return false
	}
	b := make([]byte, 2048)
	k, _ := at.ReadAt(b, m.pos+n)
	b = bytes.TrimLeft(b[:k], "\r\n")
	return len(b) == 0 && m.pos+n+2 >= m.file.size || messageStart(b)
}

// take copies n bytes as they are.
func (m *mbox) take(b *builder, n int64) error {
	buf := make([]byte, 64<<10)
	for n > 0 {
		k, err := m.r.Read(buf[:min(n, int64(len(buf)))])
		m.pos += int64(k)
		n -= int64(k)
		b.add(buf[:k])
		if err != nil && err != io.EOF {
			return err
		}
		if err == io.EOF {
			return nil
		}
	}
	return nil
}

func isBlank(line []byte) bool { return string(line) == "\n" || string(line) == "\r\n" }

// trimEnd drops the empty line that an mbox adds behind a message.
func trimEnd(raw []byte) []byte {
	if bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		return raw[:len(raw)-2]
	}
	if bytes.HasSuffix(raw, []byte("\n\n")) {
		return raw[:len(raw)-1]
	}
	return raw
}

// truncated tells whether the last message of an mbox seems to lack its end: no line break, or a multipart without its
// closing delimiter.
func truncated(raw []byte) bool {
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		return true
	}
	head := raw[:min(len(raw), 64<<10)]
	if i := bytes.Index(head, []byte("\n\n")); i >= 0 {
		head = head[:i]
	}
	_, rest, ok := bytes.Cut(head, []byte("boundary=\""))
	boundary, _, closed := bytes.Cut(rest, []byte("\""))
	return ok && closed && !bytes.Contains(raw, append(append([]byte("\n--"), boundary...), "--"...))
}
