package archive

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
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
