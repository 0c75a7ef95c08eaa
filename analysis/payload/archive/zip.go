package archive

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/charmap"
)

// zipFile is an entry as the central directory or a local header tells it.
type zipFile struct {
	name       string
	flags      uint16
	method     uint16
	modTime    uint16
	crc        uint32
	packed     int64
	extra      []byte
	offset     int64 // of the local header
	descriptor bool  // sizes stand after the data
}

var le = binary.LittleEndian

// openZip reads a ZIP file.
func openZip(data []byte, passwords []string, b *Budget, r *Result) {
	files, central := zipDirectory(data, b.Entries+1)
	if !central {
		files = zipScan(data, b.Entries+1)
		r.Broken = true
	}
	var packed int64
	seen := map[int64]bool{}
	good := "" // password that opened one already
	for i := range files {
		f := &files[i]
		if len(f.name) > 0 && f.name[len(f.name)-1] == '/' && f.packed == 0 {
			continue
		}
		if !b.entry(r) {
			return
		}
		if packed += f.packed; seen[f.offset] || packed > 2*int64(len(data)) {
			r.Limit = "limit.archive_overlap" // entries share their bytes, as in an overlap bomb
			return
		}
		seen[f.offset] = true
		body, ok := zipBody(data, f)
		if !ok {
			r.Broken = true
			continue
		}
		e := Entry{Name: f.name, Encrypted: f.flags&1 != 0}
		if e.Encrypted {
			tries := passwords
			if good != "" {
				tries = append([]string{good}, passwords...)
			}
			var pw string
			e.Content, e.Cut, pw, ok = zipDecrypt(f, body, tries, b, r)
			if !ok {
				e.Locked, r.Locked = true, true
			} else {
				good, r.Password = pw, pw
			}
		} else {
			var err error
			e.Content, e.Cut, err = zipInflate(f.method, body, b, r)
			if errors.Is(err, errMethod) {
				r.Unread = fmt.Sprintf("zip method %d", f.method)
			} else if err != nil {
				r.Broken = true
			}
		}
		r.Entries = append(r.Entries, e)
		if r.Limit == "limit.archive_total" || r.Limit == "limit.archive_time" {
			return
		}
	}
}

// zipDirectory reads the central directory (section 4.3.12).
func zipDirectory(data []byte, most int) ([]zipFile, bool) {
	end := bytes.LastIndex(data[max(0, len(data)-66000):], []byte("PK\x05\x06"))
	if end < 0 {
		return nil, false
	}
	end += max(0, len(data)-66000)
	if end+22 > len(data) {
		return nil, false
	}
	size, at := int64(le.Uint32(data[end+12:])), int64(le.Uint32(data[end+16:]))
	shift := int64(0)
	if at != 0xffffffff && at+size < int64(end) {
		shift = int64(end) - at - size // something stands before the archive
		if shift < 0 || at+shift+4 > int64(len(data)) || string(data[at+shift:at+shift+4]) != "PK\x01\x02" {
			shift = 0
		}
	}
	at += shift
	if at+4 > int64(len(data)) || string(data[at:at+4]) != "PK\x01\x02" {
		return nil, false
	}
	var out []zipFile
	for at+46 <= int64(len(data)) && string(data[at:at+4]) == "PK\x01\x02" && len(out) < most {
		h := data[at:]
		n, m, c := int64(le.Uint16(h[28:])), int64(le.Uint16(h[30:])), int64(le.Uint16(h[32:]))
		if at+46+n+m > int64(len(data)) {
			break
		}
		f := zipFile{flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), modTime: le.Uint16(h[12:]), crc: le.Uint32(h[16:]),
			packed: int64(le.Uint32(h[20:])), name: entryName(h[46 : 46+n]), extra: h[46+n : 46+n+m], offset: int64(le.Uint32(h[42:])) + shift}
		if f.packed == 0xffffffff {
			if x := extraField(f.extra, 1); len(x) >= 16 {
				f.packed = int64(le.Uint64(x[8:]))
			}
		}
		if f.packed < 0 || f.packed > int64(len(data)) {
			f.packed = int64(len(data))
		}
		out = append(out, f)
		at += 46 + n + m + c
	}
	return out, len(out) > 0
}

// zipScan looks for local headers where the directory is missing.
func zipScan(data []byte, most int) []zipFile {
	var out []zipFile
	for at := 0; len(out) < most; {
		i := bytes.Index(data[at:], []byte("PK\x03\x04"))
		if i < 0 || at+i+30 > len(data) {
			return out
		}
		at += i
		h := data[at:]
		n, m := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
		if at+30+n+m > len(data) {
			at += 4
			continue
		}
		f := zipFile{flags: le.Uint16(h[6:]), method: le.Uint16(h[8:]), modTime: le.Uint16(h[10:]), crc: le.Uint32(h[14:]),
			packed: int64(le.Uint32(h[18:])), name: entryName(h[30 : 30+n]), extra: h[30+n : 30+n+m], offset: int64(at)}
		start := at + 30 + n + m
		if f.flags&8 != 0 || f.packed == 0 {
			f.descriptor = true
			f.packed = int64(len(data) - start)
			if j := bytes.Index(data[start:], []byte("PK")); j >= 0 {
				for k := j; k+4 <= len(data)-start; {
					if s := string(data[start+k : start+k+4]); s == "PK\x03\x04" || s == "PK\x07\x08" || s == "PK\x01\x02" {
						f.packed = int64(k)
						break
					}
					l := bytes.Index(data[start+k+2:], []byte("PK"))
					if l < 0 {
						break
					}
					k += 2 + l
				}
			}
		}
		f.packed = min(f.packed, int64(len(data)-start))
		out = append(out, f)
		at = start + int(f.packed)
	}
	return out
}

// zipBody is the packed data of an entry.
func zipBody(data []byte, f *zipFile) ([]byte, bool) {
	at := f.offset
	if at < 0 || at+30 > int64(len(data)) || string(data[at:at+4]) != "PK\x03\x04" {
		return nil, false
	}
	start := at + 30 + int64(le.Uint16(data[at+26:])) + int64(le.Uint16(data[at+28:]))
	if start > int64(len(data)) {
		return nil, false
	}
	return data[start:min(start+f.packed, int64(len(data)))], true
}

func extraField(extra []byte, id uint16) []byte {
	for len(extra) >= 4 {
		n := int(le.Uint16(extra[2:]))
		if 4+n > len(extra) {
			return nil
		}
		if le.Uint16(extra) == id {
			return extra[4 : 4+n]
		}
		extra = extra[4+n:]
	}
	return nil
}

var errMethod = errors.New("compression method not read")

// zipInflate unpacks the data of an entry.
func zipInflate(method uint16, body []byte, b *Budget, r *Result) ([]byte, bool, error) {
	switch method {
	case 0:
		return b.read(bytes.NewReader(body), r)
	case 8:
		return b.read(flate.NewReader(bytes.NewReader(body)), r)
	case 12:
		return b.read(bzip2.NewReader(bytes.NewReader(body)), r)
	case 93:
		z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, false, err
		}
		defer z.Close()
		return b.read(z, r)
	}
	return nil, false, errMethod
}

// zipDecrypt tries passwords on an encrypted entry.
func zipDecrypt(f *zipFile, body []byte, passwords []string, b *Budget, r *Result) (content []byte, cut bool, password string, ok bool) {
	aes := extraField(f.extra, 0x9901)
	for _, pw := range passwords {
		if b.Expired != nil && b.Expired() {
			r.Limit = "limit.archive_time"
			return nil, false, "", false
		}
		var plain []byte
		method := f.method
		if f.method == 99 && len(aes) >= 7 {
			plain, ok = aesOpen(aes, body, pw)
			method = le.Uint16(aes[5:])
		} else {
			check := byte(f.crc >> 24)
			if f.flags&8 != 0 {
				check = byte(f.modTime >> 8)
			}
			plain, ok = zipCrypto(body, pw, check)
		}
		if !ok {
			continue
		}
		before := *b
		data, cut, err := zipInflate(method, plain, b, r)
		if err != nil || !cut && f.method != 99 && crc32.ChecksumIEEE(data) != f.crc {
			b.Bytes = before.Bytes
			continue
		}
		return data, cut, pw, true
	}
	return nil, false, "", false
}

// zipCrypto is the traditional encryption (section 6.1). check is the last byte of the header when the password fits.
func zipCrypto(body []byte, password string, check byte) ([]byte, bool) {
	if len(body) < 12 {
		return nil, false
	}
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(c byte) {
		k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
		k[1] = (k[1]+k[0]&255)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for i := range len(password) {
		update(password[i])
	}
	next := func(c byte) byte {
		t := k[2]&0xffff | 2
		c ^= byte(t * (t ^ 1) >> 8)
		update(c)
		return c
	}
	var last byte
	for _, c := range body[:12] {
		last = next(c)
	}
	if last != check {
		return nil, false
	}
	out := make([]byte, len(body)-12)
	for i, c := range body[12:] {
		out[i] = next(c)
	}
	return out, true
}

// entryName reads a name. Without the mark for UTF-8 it is in the code page of the machine that packed it, by the
// standard code page 437 (APPNOTE appendix D); a run of bytes that are Cyrillic letters in code page 866 is taken for
// that.
func entryName(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	table, run := charmap.CodePage437, 0
	for _, c := range b {
		if c >= 0x80 && c <= 0xaf || c >= 0xe0 && c <= 0xf1 {
			if run++; run >= 3 {
				table = charmap.CodePage866
				break
			}
		} else {
			run = 0
		}
	}
	out, err := table.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "?")
	}
	return string(out)
}
