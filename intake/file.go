package intake

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// An opened is a file that gives items.
type opened interface {
	next(ctx context.Context) (Item, error)
	close() error
}

// A kind says what a file holds, as its first bytes tell.
type kind int

const (
	kindMail kind = iota
	kindMbox
	kindOutlook
)

const peek = 16 << 10

// sniff tells what a file holds from its first bytes, or why it is no mail.
func sniff(b []byte) (kind, error) {
	if len(b) == 0 {
		return 0, ErrEmpty
	}
	if bytes.HasPrefix(b, oleMagic) {
		return kindOutlook, nil
	}
	text := bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	text = bytes.TrimLeft(text, "\r\n \t")
	if len(text) == 0 {
		return 0, ErrEmpty
	}
	if fromLine(text) {
		return kindMbox, nil
	}
	if looksLikeHeader(text) {
		return kindMail, nil
	}
	if binary(b) {
		return 0, ErrBinary
	}
	return 0, ErrNotMail
}

var oleMagic = []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")

// looksLikeHeader tells whether text begins with what is plausibly a mail header. One field that mail alone has is
// enough; of other fields, which any text with colons seems to hold, it takes three.
func looksLikeHeader(text []byte) bool {
	known, others := 0, 0
	for i := 0; i < 100 && len(text) > 0; i++ {
		line := text
		if nl := bytes.IndexByte(text, '\n'); nl >= 0 {
			line, text = text[:nl], text[nl+1:]
		} else {
			text = nil
		}
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || !isName(name) {
			if bytes.HasPrefix(line, []byte(">From ")) || i > 0 && known > 0 {
				continue // a broken line among fields
			}
			break
		}
		if mailField(string(name)) {
			known++
		} else {
			others++
		}
	}
	return known >= 1 || others >= 3
}

func isName(b []byte) bool {
	b = bytes.TrimRight(b, " \t")
	if len(b) == 0 || len(b) > 100 {
		return false
	}
	for _, c := range b {
		if c < 33 || c > 126 {
			return false
		}
	}
	return true
}

func mailField(name string) bool {
	switch strings.ToLower(strings.TrimRight(name, " \t")) {
	case "received", "from", "to", "subject", "date", "message-id", "return-path", "delivered-to", "mime-version", "content-type",
		"sender", "reply-to", "x-mailer", "dkim-signature", "authentication-results", "cc", "x-original-to", "arc-seal",
		"received-spf", "in-reply-to", "references", "bcc", "content-transfer-encoding", "envelope-to", "x-received", "x-envelope-from":
		return true
	}
	return false
}

// binary tells whether bytes are no text.
func binary(b []byte) bool {
	if bytes.IndexByte(b, 0) >= 0 {
		return true
	}
	control, bad := 0, 0
	for i := 0; i < len(b); {
		if c := b[i]; c < 0x80 {
			if c < 32 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 27 {
				control++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		i += n
	}
	return control*20 > len(b) || bad*5 > len(b)
}

// check tells whether a file is mail by its first bytes.
func check(path string, size int64) error {
	if size == 0 {
		return &UserError{path, ErrEmpty, hintFor(ErrEmpty)}
	}
	f, err := os.Open(path)
	if err != nil {
		return pathError(path, err)
	}
	defer f.Close()
	b := make([]byte, min(size, peek))
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return pathError(path, err)
	}
	if _, err := sniff(b[:n]); err != nil {
		return &UserError{path, err, hintFor(err)}
	}
	return nil
}

// open opens a file for reading. It returns nil if the file was read to its end in an earlier run, and skipped if it is
// no mail and was not named by the user.
func (s *sequence) open(f file) (r opened, skipped string, err error) {
	if f.path == "-" {
		return s.openStdin(f)
	}
	var offset int64
	if s.options.Resume != nil {
		if offset = s.options.Resume(f.path, f.size, f.modified); offset >= f.size && f.size > 0 {
			return nil, "", nil
		}
	}
	in, err := os.Open(f.path)
	if err != nil {
		return nil, "", pathError(f.path, err)
	}
	if s.head == nil {
		s.head = make([]byte, peek)
	}
	n, err := io.ReadFull(in, s.head[:min(max(f.size, 1), peek)])
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		in.Close()
		return nil, "", pathError(f.path, err)
	}
	head := s.head[:n]
	k, err := sniff(head)
	if err != nil {
		in.Close()
		if f.named {
			return nil, "", &UserError{f.path, err, hintFor(err)}
		}
		return nil, err.Error(), nil
	}
	if k == kindMbox && oneMessage(f.path) {
		k = kindMail
	}
	if k == kindMbox {
		if _, err := in.Seek(offset, io.SeekStart); err != nil {
			in.Close()
			return nil, "", pathError(f.path, err)
		}
		return newMbox(in, in, f, offset, s.options), "", nil
	}
	return &single{head: head, in: in, closer: in, file: f, options: s.options, kind: k}, "", nil
}

// oneMessage tells whether a file's name says that it is one message, even if a "From " line begins it.
func oneMessage(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".eml"
}

func (s *sequence) openStdin(f file) (opened, string, error) {
	in := bufio.NewReaderSize(s.options.Stdin, 64<<10)
	b, err := in.Peek(peek)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, "", pathError("standard input", err)
	}
	k, err := sniff(b)
	if err != nil {
		return nil, "", &UserError{"standard input", err, hintFor(err)}
	}
	f.organisation = s.options.Organisation
	if k == kindMbox {
		return newMbox(in, nil, f, 0, s.options), "", nil
	}
	return &single{in: in, file: f, options: s.options, kind: k}, "", nil
}

// A single is a file with one message.
type single struct {
	head    []byte    // what was read already
	in      io.Reader // the rest
	closer  io.Closer
	file    file
	options Options
	kind    kind
	done    bool
}

func (r *single) next(context.Context) (Item, error) {
	if r.done {
		return Item{}, io.EOF
	}
	r.done = true
	raw, err := r.readAll(r.options.MaxMessage + 1)
	if err != nil {
		return Item{}, pathError(r.file.path, err)
	}
	item := Item{Path: r.file.path, End: max(r.file.size, int64(len(raw))), Size: r.file.size, Modified: r.file.modified}
	if int64(len(raw)) > r.options.MaxMessage {
		raw = raw[:r.options.MaxMessage]
		item.Note = "cut at " + strconv.FormatInt(r.options.MaxMessage, 10) + " bytes"
	}
	if r.kind == kindMail {
		raw = trimStart(raw)
	}
	item.Submission = coldwatch.Submission{Raw: raw, Source: r.file.path, Organisation: r.file.organisation}
	return item, nil
}

// readAll reads at most limit bytes into a buffer made to the file's size: a buffer that grows costs several times that.
func (r *single) readAll(limit int64) ([]byte, error) {
	raw := make([]byte, 0, max(min(r.file.size, limit)+1, int64(len(r.head))+512))
	raw = append(raw, r.head[:min(int64(len(r.head)), limit)]...)
	for int64(len(raw)) < limit {
		n, err := r.in.Read(raw[len(raw):min(int64(cap(raw)), limit)])
		raw = raw[:len(raw)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(raw) == cap(raw) {
			raw = append(raw, 0)[:len(raw)]
		}
	}
	return raw, nil
}

// trimStart drops what stands before the header: a byte order mark, empty lines, a "From " line.
func trimStart(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
	for len(raw) > 0 && (raw[0] == '\n' || raw[0] == '\r') {
		raw = raw[1:]
	}
	if fromLine(raw) {
		if nl := bytes.IndexByte(raw, '\n'); nl >= 0 {
			raw = raw[nl+1:]
		}
	}
	return raw
}

func (r *single) close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}
