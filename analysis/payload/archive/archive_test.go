package archive

import (
	"bytes"
	"crypto/aes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"hash/crc32"
	"strings"
	"testing"

	stdzip "archive/zip"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

func budget() *Budget { return &Budget{FileBytes: 32 << 20, Bytes: 128 << 20, Entries: 2000} }

func makeZip(t *testing.T, files map[string]string) []byte {
	var b bytes.Buffer
	z := stdzip.NewWriter(&b)
	for n, c := range files {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(c))
	}
	z.Close()
	return b.Bytes()
}

// local makes a local header for a single-entry archive without a directory.
func local(name string, flags, method uint16, crc uint32, body []byte, extra []byte) []byte {
	h := make([]byte, 30)
	copy(h, "PK\x03\x04")
	le.PutUint16(h[6:], flags)
	le.PutUint16(h[8:], method)
	le.PutUint32(h[14:], crc)
	le.PutUint32(h[18:], uint32(len(body)))
	le.PutUint16(h[26:], uint16(len(name)))
	le.PutUint16(h[28:], uint16(len(extra)))
	return append(append(append(h, name...), extra...), body...)
}

func TestZip(t *testing.T) {
	r := Open(makeZip(t, map[string]string{"a.html": "<html>"}), "application/zip", "", nil, budget())
	if len(r.Entries) != 1 || string(r.Entries[0].Content) != "<html>" {
		t.Fatalf("%+v", r)
	}
	cut := makeZip(t, map[string]string{"a.html": strings.Repeat("<html>", 50)})
	cut = cut[:bytes.Index(cut, []byte("PK\x01\x02"))]
	r = Open(cut, "application/zip", "", nil, budget())
	if len(r.Entries) != 1 || !strings.HasPrefix(string(r.Entries[0].Content), "<html>") || !r.Broken {
		t.Fatalf("without a directory: %+v", r)
	}
}

// zipCryptoEncrypt is the inverse of zipCrypto.
func zipCryptoEncrypt(plain []byte, password string) []byte {
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(c byte) {
		k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
		k[1] = (k[1]+k[0]&255)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for i := range len(password) {
		update(password[i])
	}
	out := make([]byte, len(plain))
	for i, c := range plain {
		t := k[2]&0xffff | 2
		out[i] = c ^ byte(t*(t^1)>>8)
		update(c)
	}
	return out
}

func TestEntryName(t *testing.T) {
	for in, want := range map[string]string{"a.html": "a.html", "\xc3\xbc.txt": "ü.txt", "r\x82sum\x82.doc": "résumé.doc", "\x8f\xe0\xa8\xa2\xa5\xe2.js": "Привет.js"} {
		if got := entryName([]byte(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestEncryptedZip(t *testing.T) {
	page := []byte("<html><form action=https://x.example></form></html>")
	crc := crc32.ChecksumIEEE(page)
	head := append(make([]byte, 11), byte(crc>>24))
	old := local("a.html", 1, 0, crc, zipCryptoEncrypt(append(head, page...), "Cold-70"), nil)
	r := Open(old, "application/zip", "", []string{"wrong", "Cold-70"}, budget())
	if len(r.Entries) != 1 || !bytes.Equal(r.Entries[0].Content, page) || r.Password != "Cold-70" {
		t.Errorf("ZipCrypto: %+v", r)
	}
	r = Open(old, "application/zip", "", []string{"wrong"}, budget())
	if !r.Locked || len(r.Entries) != 1 || !r.Entries[0].Locked {
		t.Errorf("ZipCrypto with a wrong password: %+v", r)
	}
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, 6)
	w.Write(page)
	w.Close()
	r = Open(local("a.html", 1, 99, 0, aesSeal(t, packed.Bytes(), "pin 4711"), []byte{1, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 8, 0}), "application/zip", "", []string{"x", "pin 4711"}, budget())
	if len(r.Entries) != 1 || !bytes.Equal(r.Entries[0].Content, page) {
		t.Errorf("AES: %+v", r)
	}
}

func aesSeal(t *testing.T, plain []byte, password string) []byte {
	salt := []byte("0123456789abcdef")
	keys, err := pbkdf2.Key(sha1.New, password, salt, 1000, 66)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		t.Fatal(err)
	}
	data := ctrLittleEndian(block, plain)
	h := hmac.New(sha1.New, keys[32:64])
	h.Write(data)
	out := append(append(append([]byte{}, salt...), keys[64:]...), data...)
	return append(out, h.Sum(nil)[:10]...)
}

func TestLimits(t *testing.T) {
	big := makeZip(t, map[string]string{"zeros": strings.Repeat("\x00", 3<<20)})
	b := budget()
	b.FileBytes = 1 << 20
	r := Open(big, "application/zip", "", nil, b)
	if r.Limit != "limit.archive_file" || len(r.Entries[0].Content) != 1<<20 {
		t.Errorf("file limit: %q %d", r.Limit, len(r.Entries[0].Content))
	}
	many := map[string]string{}
	for i := range 50 {
		many[strings.Repeat("x", i+1)] = "y"
	}
	b = budget()
	b.Entries = 10
	if r = Open(makeZip(t, many), "application/zip", "", nil, b); r.Limit != "limit.archive_entries" || len(r.Entries) != 10 {
		t.Errorf("entries limit: %q %d", r.Limit, len(r.Entries))
	}
	b = budget()
	b.Expired = func() bool { return true }
	if r = Open(big, "application/zip", "", nil, b); r.Limit != "limit.archive_time" {
		t.Errorf("time limit: %q", r.Limit)
	}
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte("hello"))
	z.Close()
	r := Open(b.Bytes(), "application/gzip", "x.html.gz", nil, budget())
	if len(r.Entries) != 1 || r.Entries[0].Name != "x.html" {
		t.Errorf("%+v", r)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("PK\x03\x04"), "application/zip")
	f.Add(local("a", 1, 99, 0, make([]byte, 40), []byte{1, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 8, 0}), "application/zip")
	f.Add([]byte("MSCF"), "application/vnd.ms-cab-compressed")
	f.Add(bytes.Repeat([]byte{1}, 40000), "application/x-iso9660-image")
	f.Fuzz(func(t *testing.T, data []byte, media string) {
		b := &Budget{FileBytes: 1 << 20, Bytes: 2 << 20, Entries: 50}
		r := Open(data, media, "n", []string{"a", "b"}, b)
		var total int64
		for _, e := range r.Entries {
			total += int64(len(e.Content))
		}
		if len(r.Entries) > 50 || total > 4<<20 {
			t.Fatalf("%d entries, %d bytes", len(r.Entries), total)
		}
	})
}

func TestUnreadMethod(t *testing.T) {
	r := Open(local("a.exe", 0, 98, 0, []byte("packed by PPMd"), nil), "application/zip", "", nil, budget())
	if len(r.Entries) != 1 || r.Entries[0].Name != "a.exe" || r.Unread != "zip method 98" {
		t.Errorf("%+v", r)
	}
}
