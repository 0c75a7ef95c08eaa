package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/flate"
)

// openTar reads a tar archive; links are listed without content and never followed.
func openTar(src io.Reader, b *Budget, r *Result) {
	z := tar.NewReader(src)
	for {
		h, err := z.Next()
		if err != nil {
			r.Broken = !errors.Is(err, io.EOF)
			return
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if !b.entry(r) {
			return
		}
		e := Entry{Name: h.Name}
		e.Content, e.Cut, err = b.read(z, r)
		r.Broken = r.Broken || err != nil
		r.Entries = append(r.Entries, e)
		if r.Limit != "" && r.Limit != "limit.archive_file" {
			return
		}
	}
}

// isoSector is the logical sector of ECMA-119.
const isoSector = 2048

// openISO walks the directory records of a disk image (ECMA-119 section 9.1), of the Joliet tree where there is one.
func openISO(data []byte, b *Budget, r *Result) {
	var root []byte
	joliet := false
	for s := 16; s < 32 && (s+1)*isoSector <= len(data); s++ {
		d := data[s*isoSector:]
		if string(d[1:6]) != "CD001" || d[0] == 255 {
			break
		}
		if d[0] == 1 && root == nil {
			root = d[156:190]
		}
		if d[0] == 2 && d[88] == '%' && d[89] == '/' {
			root, joliet = d[156:190], true
		}
	}
	if root == nil {
		r.Broken = true
		return
	}
	seen := map[uint32]bool{}
	type dir struct {
		at, n uint32
		path  string
	}
	queue := []dir{{le.Uint32(root[2:]), le.Uint32(root[10:]), ""}}
	for i := 0; i < len(queue) && i < 200; i++ {
		d := queue[i]
		start := int64(d.at) * isoSector
		if seen[d.at] || start > int64(len(data)) {
			continue
		}
		seen[d.at] = true
		list := data[start:min(start+int64(d.n), int64(len(data)))]
		for len(list) > 33 {
			n := int(list[0])
			if n == 0 { // records do not cross a sector
				skip := isoSector - (int(d.n)-len(list))%isoSector
				if skip <= 0 || skip >= len(list) {
					break
				}
				list = list[skip:]
				continue
			}
			if n < 34 || n > len(list) || 33+int(list[32]) > n {
				r.Broken = true
				break
			}
			rec := list[:n]
			list = list[n:]
			name := isoName(rec[33:33+int(rec[32])], joliet)
			if name == "" {
				continue
			}
			at, size := le.Uint32(rec[2:]), le.Uint32(rec[10:])
			if rec[25]&2 != 0 {
				queue = append(queue, dir{at, size, d.path + name + "/"})
				continue
			}
			if !b.entry(r) {
				return
			}
			from := min(int64(at)*isoSector, int64(len(data)))
			body := data[from:min(from+int64(size), int64(len(data)))]
			if int64(len(body)) > min(b.FileBytes, b.Bytes) {
				r.Limit = "limit.archive_file"
				continue
			}
			b.Bytes -= int64(len(body))
			r.Entries = append(r.Entries, Entry{Name: d.path + name, Content: body})
		}
	}
}

func isoName(raw []byte, joliet bool) string {
	if len(raw) == 1 && raw[0] < 2 {
		return ""
	}
	s := string(raw)
	if joliet {
		u := make([]uint16, len(raw)/2)
		for i := range u {
			u[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		s = string(utf16.Decode(u))
	}
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSuffix(s, ".")
}

// openCab reads a cabinet whose folders are stored or MSZIP: blocks of deflate that share a window of 32 KB.
func openCab(data []byte, b *Budget, r *Result) {
	if len(data) < 36 {
		r.Broken = true
		return
	}
	files, folders, count := int(le.Uint32(data[16:])), int(le.Uint16(data[26:])), int(le.Uint16(data[28:]))
	flags, at, reserve := le.Uint16(data[30:]), 36, 0
	dataReserve := 0
	if flags&4 != 0 && len(data) >= 40 {
		at = 40 + int(le.Uint16(data[36:]))
		reserve, dataReserve = int(data[38]), int(data[39])
	}
	unpacked := make([][]byte, 0, folders)
	for i := 0; i < folders && i < 64; i++ {
		if at+8 > len(data) {
			r.Broken = true
			return
		}
		start, blocks, method := int(le.Uint32(data[at:])), int(le.Uint16(data[at+4:])), le.Uint16(data[at+6:])&15
		at += 8 + reserve
		unpacked = append(unpacked, cabFolder(data, start, blocks, dataReserve, method, b, r))
	}
	at = files
	for i := 0; i < count; i++ {
		if at < 0 || at+16 >= len(data) || !b.entry(r) {
			return
		}
		size, off, folder := int(le.Uint32(data[at:])), int(le.Uint32(data[at+4:])), int(le.Uint16(data[at+8:]))
		end := bytes.IndexByte(data[at+16:], 0)
		if end < 0 {
			return
		}
		name := string(data[at+16 : at+16+end])
		at += 17 + end
		if folder >= len(unpacked) || off > len(unpacked[folder]) {
			r.Broken = true
			continue
		}
		f := unpacked[folder]
		r.Entries = append(r.Entries, Entry{Name: name, Content: f[off:min(off+size, len(f))]})
	}
}

func cabFolder(data []byte, at, blocks, reserve int, method uint16, b *Budget, r *Result) []byte {
	var out []byte
	for range blocks {
		if at < 0 || at+8+reserve > len(data) {
			r.Broken = true
			return out
		}
		n := int(le.Uint16(data[at+4:]))
		at += 8 + reserve
		if at+n > len(data) {
			r.Broken = true
			return out
		}
		block := data[at : at+n]
		at += n
		switch {
		case method == 0:
			out = append(out, block...)
		case method == 1 && n > 2 && block[0] == 'C' && block[1] == 'K':
			z := flate.NewReaderDict(bytes.NewReader(block[2:]), out[max(0, len(out)-32768):])
			part, err := io.ReadAll(io.LimitReader(z, 33000))
			out = append(out, part...)
			if err != nil {
				r.Broken = true
				return out
			}
		default:
			r.Broken = true
			return out
		}
		if int64(len(out)) > min(b.FileBytes, b.Bytes) {
			r.Limit = "limit.archive_file"
			return out
		}
	}
	b.Bytes -= int64(len(out))
	return out
}
