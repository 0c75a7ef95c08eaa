package archive

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// A block of a cabinet holds at most 32 KB unpacked, which is also how far MSZIP looks back ([MS-CAB] section 2.4,
// [MS-MCI] section 3).
const cabBlock = 32 << 10

// Where a folder begins in an earlier cabinet of the set or goes on in a later one, a file gives one of these for it
// ([MS-CAB] section 2.3).
const (
	cabFromPrevious = 0xFFFD
	cabToNext       = 0xFFFE
	cabBoth         = 0xFFFF
)

// A cabFolder is a run of blocks that are packed in one way ([MS-CAB] section 2.2).
type cabFolder struct {
	at, blocks int
	method     uint16
}

// openCab reads a cabinet ([MS-CAB] section 2) whose folders are stored or MSZIP. Quantum and LZX are only named.
//
// The files of a folder are one stream, which is read once as long as they stand in order. A file that reaches back
// begins the stream anew; every byte that is unpacked is paid for, also those that are skipped.
func openCab(data []byte, b *Budget, r *Result) {
	folders, reserve, files, count := cabHeader(data, r)
	var stream *cabStream
	current := -1
	for range count {
		if files+16 > len(data) {
			r.Broken = true
			return
		}
		f := data[files:]
		size, from, folder := int64(le.Uint32(f)), int64(le.Uint32(f[4:])), int(le.Uint16(f[8:]))
		name, n := cabString(f[16:])
		if n < 0 {
			r.Broken = true
			return
		}
		if !b.entry(r) {
			return
		}
		files += 16 + n
		e := Entry{Name: entryName(name)}
		switch folder {
		case cabToNext:
			folder, e.Cut = len(folders)-1, true
		case cabFromPrevious, cabBoth: // its beginning is in another cabinet
			folder = len(folders)
		}
		switch {
		case folder < 0 || folder >= len(folders):
			e.Cut, r.Broken = true, true
		case folders[folder].method > 1:
			r.Unread = cabMethod(folders[folder].method)
		default:
			if folder != current || from < stream.pos {
				current, stream = folder, &cabStream{data: data, cabFolder: folders[folder], reserve: reserve}
			}
			var cut bool
			e.Content, cut = stream.file(from, size, b, r)
			e.Cut = e.Cut || cut
		}
		r.Entries = append(r.Entries, e)
		if r.Limit == "limit.archive_total" || r.Limit == "limit.archive_time" {
			return
		}
	}
}

// cabHeader reads what stands before the files: the folders, how many bytes of each block are reserved, where the files
// are listed and how many.
func cabHeader(data []byte, r *Result) (folders []cabFolder, reserve, files, count int) {
	if len(data) < 36 {
		r.Broken = true
		return nil, 0, 0, 0
	}
	flags, at, folderReserve := le.Uint16(data[30:]), 36, 0
	if flags&4 != 0 && len(data) >= 40 {
		at = 40 + int(le.Uint16(data[36:]))
		folderReserve, reserve = int(data[38]), int(data[39])
	}
	for _, neighbour := range [...]uint16{1, 2} { // the cabinet before and the one behind: its name and that of its disk
		for range 2 {
			if flags&neighbour != 0 && at < len(data) {
				_, n := cabString(data[at:])
				at += max(n, 0)
			}
		}
	}
	for range le.Uint16(data[26:]) {
		if at+8 > len(data) {
			r.Broken = true
			break
		}
		folders = append(folders, cabFolder{at: int(le.Uint32(data[at:])), blocks: int(le.Uint16(data[at+4:])), method: le.Uint16(data[at+6:]) & 15})
		at += 8 + folderReserve
	}
	return folders, reserve, int(le.Uint32(data[16:])), int(le.Uint16(data[28:]))
}

// cabString reads a string that ends with a NUL byte and tells how long it is with that, -1 where there is none. The
// standard allows 255 bytes.
func cabString(b []byte) ([]byte, int) {
	n := bytes.IndexByte(b[:min(len(b), 1024)], 0)
	if n < 0 {
		return nil, -1
	}
	return b[:n], n + 1
}

func cabMethod(m uint16) string {
	switch m {
	case 2:
		return "Quantum in a cabinet"
	case 3:
		return "LZX in a cabinet"
	}
	return "unknown in a cabinet"
}

var errCab = errors.New("damaged cabinet")

// A cabStream unpacks a folder.
type cabStream struct {
	cabFolder
	data    []byte
	reserve int
	pos     int64
	inflate io.ReadCloser
	window  []byte // what came before, which MSZIP refers to
	rest    []byte // of the block unpacked last
}

// file skips to where a file begins and reads it.
func (s *cabStream) file(from, size int64, b *Budget, r *Result) (content []byte, cut bool) {
	for s.pos < from {
		if len(s.rest) == 0 {
			if err := s.next(); err != nil {
				r.Broken = true
				return nil, true
			}
		}
		n := min(int64(len(s.rest)), from-s.pos, b.Bytes)
		s.rest, s.pos = s.rest[n:], s.pos+n
		if b.Bytes -= n; b.Bytes <= 0 {
			r.Limit = "limit.archive_total"
			return nil, true
		}
		if b.Expired != nil && b.Expired() {
			r.Limit = "limit.archive_time"
			return nil, true
		}
	}
	content, cut, err := b.read(io.LimitReader(s, size), r)
	if err != nil || !cut && int64(len(content)) < size {
		r.Broken, cut = true, true
	}
	return content, cut
}

func (s *cabStream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest, s.pos = s.rest[n:], s.pos+int64(n)
	return n, nil
}

// next unpacks the next block ([MS-CAB] section 2.4). Checksums are not looked at: a damaged file is still looked into.
// Behind a block that cannot be read nothing is, for MSZIP refers to it.
func (s *cabStream) next() error {
	if s.blocks == 0 {
		return io.EOF
	}
	s.blocks--
	if s.at+8+s.reserve <= len(s.data) {
		n := int(le.Uint16(s.data[s.at+4:]))
		s.at += 8 + s.reserve
		s.rest = s.data[s.at:min(s.at+n, len(s.data))]
		s.at += n
		if s.method == 1 {
			s.rest = s.unpack(s.rest)
		}
	}
	if len(s.rest) == 0 {
		s.blocks = 0
		return errCab
	}
	return nil
}

// unpack returns what a block of MSZIP holds ([MS-MCI] section 3): as much as could be read, nothing if it is none.
func (s *cabStream) unpack(block []byte) []byte {
	src, ok := bytes.CutPrefix(block, []byte("CK"))
	if !ok {
		return nil
	}
	if s.inflate == nil {
		s.inflate = flate.NewReader(nil)
	}
	s.inflate.(flate.Resetter).Reset(bytes.NewReader(src), s.window)
	out, err := io.ReadAll(io.LimitReader(s.inflate, cabBlock))
	if err != nil {
		s.blocks = 0
	}
	s.window = append(s.window, out...)
	s.window = s.window[max(0, len(s.window)-cabBlock):]
	return out
}
