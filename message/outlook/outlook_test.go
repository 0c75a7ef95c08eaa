package outlook

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/coldwatch/coldwatch/message/compound"
)

const magic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

func plain(b []byte, _ string) string { return strings.ToValidUTF8(string(b), "?") }

// The first example of [MS-OXRTFCP] section 4.1.
func TestDecompressRTF(t *testing.T) {
	b, err := hex.DecodeString("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(decompressRTF(b)), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestReadRTF(t *testing.T) {
	for _, c := range []struct {
		in, want string
		html     bool
	}{
		{`{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Hello\par World \{x\}}`, "Hello\nWorld {x}", false},
		{`{\rtf1\ansi\fromhtml1{\*\htmltag <p>}\htmlrtf hidden\htmlrtf0 Hello{\*\htmltag </p>}}`, "<p>Hello</p>", true},
		{`{\rtf1\uc1 \u252?x{\*\generator no}}`, "üx", false},
		{`{\rtf1 a\'41b`, "aAb", false},
	} {
		got := readRTF([]byte(c.in), plain)
		if got.text != c.want || got.html != c.html {
			t.Errorf("%q: %q %v", c.in, got.text, got.html)
		}
	}
}

// A dir is a storage to be written: streams and storages by name.
type dir struct {
	names   []string
	streams map[string][]byte
	dirs    map[string]*dir
}

func newDir() *dir { return &dir{streams: map[string][]byte{}, dirs: map[string]*dir{}} }

func (d *dir) put(name string, b []byte) { d.names, d.streams[name] = append(d.names, name), b }

func (d *dir) sub(name string) *dir {
	s := newDir()
	d.names, d.dirs[name] = append(d.names, name), s
	return s
}

func (d *dir) text(id, value string) {
	var b []byte
	for _, u := range utf16.Encode([]rune(value)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	d.put("__substg1.0_"+id+"001F", b)
}

// write makes a compound file with the smallest cutoff, so that every stream has sectors of its own, and with the
// directory's entries chained to the right instead of in a tree.
func (d *dir) write() []byte {
	var fat []uint32
	var body []byte
	store := func(b []byte) uint32 {
		if len(b) == 0 {
			return 0xFFFFFFFE
		}
		first := uint32(len(fat))
		for len(b) > 0 {
			n := min(512, len(b))
			body = append(body, append(append([]byte(nil), b[:n]...), make([]byte, 512-n)...)...)
			b = b[n:]
			fat = append(fat, uint32(len(fat)+1))
		}
		fat[len(fat)-1] = 0xFFFFFFFE
		return first
	}
	var entries [][]byte
	add := func(name string, kind byte, start uint32, size int) int {
		e := make([]byte, 128)
		for i, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(e[2*i:], u)
		}
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
		e[66] = kind
		for _, off := range []int{68, 72, 76} {
			binary.LittleEndian.PutUint32(e[off:], 0xFFFFFFFF)
		}
		binary.LittleEndian.PutUint32(e[116:], start)
		binary.LittleEndian.PutUint32(e[120:], uint32(size))
		entries = append(entries, e)
		return len(entries) - 1
	}
	var fill func(d *dir, at int)
	fill = func(d *dir, at int) {
		link := entries[at][76:]
		for _, name := range d.names {
			var n int
			if s, ok := d.dirs[name]; ok {
				n = add(name, compound.Storage, 0, 0)
				fill(s, n)
			} else {
				n = add(name, compound.Stream, store(d.streams[name]), len(d.streams[name]))
			}
			binary.LittleEndian.PutUint32(link, uint32(n))
			link = entries[n][72:]
		}
	}
	fill(d, add("Root Entry", 5, 0xFFFFFFFE, 0))
	start := store(bytes.Join(entries, nil))
	sectors := (len(fat)+1)*4/512 + 1
	var list []uint32
	for i := 0; i < sectors; i++ {
		list = append(list, uint32(len(fat)))
		fat = append(fat, 0xFFFFFFFD)
	}
	table := make([]byte, sectors*512)
	for i := range table {
		table[i] = 0xFF
	}
	for i, v := range fat {
		binary.LittleEndian.PutUint32(table[4*i:], v)
	}
	head := make([]byte, 512)
	copy(head, magic)
	binary.LittleEndian.PutUint16(head[30:], 9)
	binary.LittleEndian.PutUint32(head[48:], start)
	binary.LittleEndian.PutUint32(head[56:], 1)
	binary.LittleEndian.PutUint32(head[60:], 0xFFFFFFFE)
	binary.LittleEndian.PutUint32(head[68:], 0xFFFFFFFE)
	for i := 0; i < 109; i++ {
		binary.LittleEndian.PutUint32(head[76+4*i:], 0xFFFFFFFF)
	}
	for i, v := range list {
		binary.LittleEndian.PutUint32(head[76+4*i:], v)
	}
	return append(append(head, body...), table...)
}

// letter is a .msg file with a body, an HTML attachment and a message inside.
func letter() []byte {
	d := newDir()
	d.put("__properties_version1.0", make([]byte, 32))
	d.text("001A", "IPM.Note")
	d.text("0037", "Angebot für Kühlung")
	d.text("0C1A", "Lin Chen")
	d.text("0C1F", "lin@maker.example")
	d.text("1000", "Hello")
	d.text("007D", "Received: from a.example by b.example; Wed, 25 Nov 2020 04:00:00 +0000\r\nFrom: Lin <lin@maker.example>\r\nContent-Type: text/x-old\r\n\r\n")
	r := d.sub("__recip_version1.0_#00000000")
	r.text("3001", "Anna Berg")
	r.text("39FE", "anna@one.example")
	a := d.sub("__attach_version1.0_#00000000")
	a.text("3707", "Ü.html")
	a.text("370E", "text/html")
	a.put("__substg1.0_37010102", []byte("<form>"))
	m := d.sub("__attach_version1.0_#00000001").sub("__substg1.0_3701000D")
	m.put("__properties_version1.0", make([]byte, 24))
	m.text("0037", "inner")
	m.text("1000", "Inside")
	return d.write()
}

func TestFromMSG(t *testing.T) {
	got, err := FromMSG(letter(), plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Received: from a.example", "From: Lin <lin@maker.example>\r\n", "To: \"Anna Berg\" <anna@one.example>\r\n", "Subject: =?utf-8?b?", "filename*=utf-8''%C3%9C.html",
		base64.StdEncoding.EncodeToString([]byte("Hello")), base64.StdEncoding.EncodeToString([]byte("<form>")), "Content-Type: message/rfc822", "Subject: inner\r\n",
		base64.StdEncoding.EncodeToString([]byte("Inside")),
	} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if bytes.Contains(got, []byte("x-old")) {
		t.Error("the old Content-Type stands")
	}
}

func TestFromMSGRefuses(t *testing.T) {
	empty := newDir()
	empty.put("WordDocument", []byte("x"))
	for _, b := range [][]byte{nil, []byte("text"), []byte(magic), empty.write()} {
		if _, err := FromMSG(b, plain); err == nil {
			t.Errorf("%d bytes taken for a message", len(b))
		}
	}
}

// stream is a TNEF stream with a subject, a body and an attachment.
func stream() []byte {
	b := []byte{0x78, 0x9F, 0x3E, 0x22, 1, 0}
	attr := func(level byte, id, kind uint16, value []byte) {
		b = append(b, level)
		b = binary.LittleEndian.AppendUint16(b, id)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
		b = append(append(b, value...), 0, 0)
	}
	var props []byte
	props = binary.LittleEndian.AppendUint32(props, 1)
	props = binary.LittleEndian.AppendUint16(props, typeString8)
	props = binary.LittleEndian.AppendUint16(props, propBody)
	props = binary.LittleEndian.AppendUint32(props, 1)
	props = binary.LittleEndian.AppendUint32(props, 6)
	props = append(props, "Hello\x00\x00\x00"...)
	attr(1, attSubject, 1, []byte("quotation\x00"))
	attr(1, attMessageProps, 6, props)
	attr(2, attRenderData, 6, make([]byte, 14))
	attr(2, attAttachTitle, 1, []byte("a.html\x00"))
	attr(2, attAttachData, 6, []byte("<form>"))
	return b
}

func TestFromTNEF(t *testing.T) {
	got, err := FromTNEF(stream(), []byte("From: a@one.example\r\nSubject: outer\r\n"), plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"From: a@one.example", "Subject: outer", base64.StdEncoding.EncodeToString([]byte("Hello")), "filename=\"a.html\"", base64.StdEncoding.EncodeToString([]byte("<form>"))} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func FuzzMSG(f *testing.F) {
	f.Add(letter())
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := FromMSG(b, plain); err == nil && len(out) > 64*len(b)+1<<20 {
			t.Fatalf("%d bytes became %d", len(b), len(out))
		}
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add(stream())
	f.Add([]byte("\x78\x9f\x3e\x22\x00\x00\x01\x0f\x80\x06\x00\x02\x00\x00\x00ab\x00\x00")) // the content of an attachment that never began
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := FromTNEF(b, nil, plain); err == nil && len(out) > 64*len(b)+1<<20 {
			t.Fatalf("%d bytes became %d", len(b), len(out))
		}
	})
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\fromhtml1{\*\htmltag <p>}\u252?\'fc\bin3 xxx}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		readRTF(b, plain)
		decompressRTF(b)
	})
}
