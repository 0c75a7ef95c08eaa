// Package archive lists and unpacks archives that came by mail, in memory and within a budget.
//
// Formats: ZIP (PKWARE APPNOTE 6.3.10) with both of its encryptions (section 6.1, and WinZip's AE-1 and AE-2), RAR 1.5
// to 5, 7z, tar (POSIX.1 ustar and pax), gzip (RFC 1952), bzip2, xz, ISO 9660 (ECMA-119, Joliet) and cabinets,
// stored or with MSZIP ([MS-CAB], [MS-MCI]). ZIP is read by a reader of our own, because the interesting archives are the broken and
// the encrypted ones: the central directory is believed where there is one, and local headers are searched for where
// there is none.
//
// A name in an archive is display data and never a path. The declared size is never believed: what counts is what comes
// out, and the budget ends it.
package archive

import (
	"bytes"
	"compress/bzip2"
	"io"
	"strings"

	"github.com/bodgit/sevenzip"
	"github.com/klauspost/compress/gzip"
	"github.com/nwaples/rardecode/v2"
	"github.com/ulikunitz/xz"
)

// A Budget is what may still be spent on a message. Open takes from it.
type Budget struct {
	FileBytes int64       // limit for one file
	Bytes     int64       // left of all
	Entries   int         // left of all
	Expired   func() bool // tells whether the time is over

	pieces [][]byte // of the file being read
}

// An Entry is a file in an archive.
type Entry struct {
	Name      string
	Content   []byte
	Encrypted bool // it was stored encrypted
	Locked    bool // and no password opened it: Content is nil
	Cut       bool // Content is the start only: a limit was reached
}

// A Result is what an archive holds.
type Result struct {
	Entries  []Entry
	Limit    string // the limit that stopped the unpacking: "limit.archive_file", "limit.archive_total", "limit.archive_entries", "limit.archive_time"
	Locked   bool   // something needs a password that was not among those given
	Password string // the password that opened it
	Broken   bool   // the archive is damaged; what could be read was read
	Unread   string // a way of packing that is not read here; files packed in it are listed without content
}

// maxPasswords bounds the passwords tried; the slow formats try fewer.
const maxPasswords = 48

// Open unpacks an archive of a media type; name gives the name of what a plain compressor holds.
func Open(data []byte, media, name string, passwords []string, b *Budget) (r Result) {
	defer func() {
		if recover() != nil { // the decoders are not ours; a panic in one is a damaged archive
			r.Broken = true
		}
	}()
	if len(passwords) > maxPasswords {
		passwords = passwords[:maxPasswords]
	}
	switch media {
	case "application/zip":
		openZip(data, passwords, b, &r)
	case "application/vnd.rar":
		openRar(data, passwords, b, &r)
	case "application/x-7z-compressed":
		open7z(data, passwords, b, &r)
	case "application/x-tar":
		openTar(bytes.NewReader(data), b, &r)
	case "application/gzip":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			r.Broken = true
			return r
		}
		n := z.Name
		if n == "" {
			n = stem(name, ".gz", ".tgz")
		}
		single(z, n, b, &r)
	case "application/x-bzip2":
		single(bzip2.NewReader(bytes.NewReader(data)), stem(name, ".bz2", ".tbz"), b, &r)
	case "application/x-xz":
		z, err := xz.ReaderConfig{DictCap: 64 << 20}.NewReader(bytes.NewReader(data))
		if err != nil {
			r.Broken = true
			return r
		}
		single(z, stem(name, ".xz"), b, &r)
	case "application/x-iso9660-image":
		openISO(data, b, &r)
	case "application/vnd.ms-cab-compressed":
		openCab(data, b, &r)
	}
	return r
}

func stem(name string, endings ...string) string {
	low := strings.ToLower(name)
	for _, e := range endings {
		if strings.HasSuffix(low, e) {
			if e == ".tgz" || e == ".tbz" {
				return name[:len(name)-len(e)] + ".tar"
			}
			return name[:len(name)-len(e)]
		}
	}
	return name
}

// entry pays for one more entry.
func (b *Budget) entry(r *Result) bool {
	if b.Expired != nil && b.Expired() {
		r.Limit = "limit.archive_time"
		return false
	}
	if b.Entries <= 0 {
		r.Limit = "limit.archive_entries"
		return false
	}
	b.Entries--
	return true
}

// read reads what comes out of a decoder, within the budget. cut tells that there was more. It reads into pieces that
// the next file uses again, and keeps a copy of the right size: what is unpacked is held until the message is done, and
// a buffer that grows would hold three times that.
func (b *Budget) read(src io.Reader, r *Result) (data []byte, cut bool, err error) {
	limit := min(b.FileBytes, b.Bytes)
	if limit <= 0 {
		r.Limit = "limit.archive_total"
		return nil, true, nil
	}
	var size int64
	for i := 0; err == nil; i++ {
		if i == len(b.pieces) {
			b.pieces = append(b.pieces, make([]byte, min(64<<10<<i, 1<<20)))
		}
		piece := b.pieces[i][:min(int64(len(b.pieces[i])), limit+1-size)]
		for n := 0; n < len(piece) && err == nil; { // io.ReadFull would hide that the data broke off
			var m int
			m, err = src.Read(piece[n:])
			n, size = n+m, size+int64(m)
		}
		if size > limit {
			r.Limit, cut = "limit.archive_file", true
			if limit == b.Bytes {
				r.Limit = "limit.archive_total"
			}
			size = limit
			break
		}
		if err == nil && b.Expired != nil && b.Expired() {
			r.Limit, cut = "limit.archive_time", true
			break
		}
	}
	b.Bytes -= size
	if err == io.EOF {
		err = nil
	}
	data = make([]byte, 0, size)
	for i := 0; int64(len(data)) < size; i++ {
		data = append(data, b.pieces[i][:min(int64(len(b.pieces[i])), size-int64(len(data)))]...)
	}
	return data, cut, err
}

func single(src io.Reader, name string, b *Budget, r *Result) {
	if !b.entry(r) {
		return
	}
	data, cut, err := b.read(src, r)
	r.Broken = err != nil
	if len(data) > 0 {
		r.Entries = append(r.Entries, Entry{Name: name, Content: data, Cut: cut})
	}
}

// openRar reads a RAR archive; without a password first, then with each.
func openRar(data []byte, passwords []string, b *Budget, r *Result) {
	tries := append([]string{""}, passwords[:min(len(passwords), 10)]...)
	for _, pw := range tries {
		r.Entries, r.Locked = nil, false
		if rarOnce(data, pw, b, r) {
			if pw != "" && !r.Locked {
				r.Password = pw
			}
			if !r.Locked {
				return
			}
		}
		if r.Limit != "" {
			return
		}
	}
}

// rarOnce reads with one password; false when it is the wrong one.
func rarOnce(data []byte, pw string, b *Budget, r *Result) bool {
	opts := []rardecode.Option{rardecode.MaxDictionarySize(64 << 20)}
	if pw != "" {
		opts = append(opts, rardecode.Password(pw))
	}
	z, err := rardecode.NewReader(bytes.NewReader(data), opts...)
	if err != nil {
		r.Locked = locked(err)
		r.Broken = !r.Locked
		return false
	}
	for {
		h, err := z.Next()
		if err != nil {
			if locked(err) {
				r.Locked = true
				return false
			}
			r.Broken = err != io.EOF
			return true
		}
		if h.IsDir {
			continue
		}
		if !b.entry(r) {
			return true
		}
		e := Entry{Name: h.Name, Encrypted: h.Encrypted}
		if h.Encrypted && pw == "" {
			e.Locked, r.Locked = true, true
			r.Entries = append(r.Entries, e)
			continue
		}
		var readErr error
		e.Content, e.Cut, readErr = b.read(z, r)
		if readErr != nil {
			if h.Encrypted {
				e.Content, e.Locked, r.Locked = nil, true, true
			} else {
				r.Broken = true
			}
		}
		r.Entries = append(r.Entries, e)
		if e.Cut {
			return true
		}
	}
}

func locked(err error) bool {
	s := err.Error()
	return strings.Contains(s, "password") || strings.Contains(s, "encrypted")
}

// open7z reads a 7z archive. Its key derivation takes half a million hashes: three passwords are tried.
func open7z(data []byte, passwords []string, b *Budget, r *Result) {
	if dict := lzmaDictionary(data); dict > 256<<20 {
		r.Limit = "limit.archive_dictionary"
		return
	}
	tries := append([]string{""}, passwords[:min(len(passwords), 3)]...)
	for _, pw := range tries {
		r.Entries, r.Locked, r.Broken = nil, false, false
		z, err := sevenzip.NewReaderWithPassword(bytes.NewReader(data), int64(len(data)), pw)
		if err != nil {
			r.Broken = true
			if e, ok := err.(*sevenzip.ReadError); ok && e.Encrypted {
				r.Locked, r.Broken = true, false
			} else if strings.Contains(err.Error(), "password") || pw != "" {
				r.Locked = true
			}
			continue
		}
		wrong := false
		for _, f := range z.File {
			if f.FileInfo().IsDir() {
				continue
			}
			if !b.entry(r) {
				break
			}
			e := Entry{Name: f.Name}
			rc, err := f.Open()
			if err == nil {
				e.Content, e.Cut, err = b.read(rc, r)
				rc.Close()
			}
			if err != nil {
				wrong = true
				e.Content, e.Encrypted, e.Locked = nil, true, true
			}
			e.Encrypted = e.Encrypted || pw != ""
			r.Entries = append(r.Entries, e)
			if e.Cut {
				break
			}
		}
		r.Locked = wrong
		if !wrong {
			r.Password = pw
			return
		}
		if r.Limit != "" {
			return
		}
	}
}

// lzmaDictionary is the biggest LZMA dictionary that a 7z header in the clear asks for.
func lzmaDictionary(data []byte) (size int64) {
	tail := data[max(0, len(data)-64<<10):]
	for i := 0; ; {
		j := bytes.Index(tail[i:], []byte{0x03, 0x01, 0x01, 0x05})
		if j < 0 || i+j+9 > len(tail) {
			return size
		}
		p := tail[i+j+4:]
		size = max(size, int64(p[1])|int64(p[2])<<8|int64(p[3])<<16|int64(p[4])<<24)
		i += j + 4
	}
}
