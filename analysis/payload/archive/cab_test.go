package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

const cabMedia = "application/vnd.ms-cab-compressed"

// A cabSpec is what makeCab writes.
type cabSpec struct {
	Method   uint16    `json:"method"`
	Flags    uint16    `json:"flags"`   // 1 and 2: a cabinet before and one behind, 4: reserved bytes
	Folders  []string  `json:"folders"` // what each holds; "*N text" is the text N times
	Block    int       `json:"block"`   // bytes in a block, 32768 unless told
	Files    []cabFile `json:"files"`   //
	CutAt    int       `json:"cut_at"`  // bytes that are kept, all unless told; from the end where negative
	Spoil    bool      `json:"spoil"`   // the first block is made unreadable
	Expected struct {  // what comes out
		Entries []string `json:"entries"` // "name: first bytes (size)", with "cut" where it is
		Broken  bool     `json:"broken"`
		Unread  string   `json:"unread"`
	} `json:"expected"`
}

type cabFile struct {
	Name   string `json:"name"`
	Folder uint16 `json:"folder"`
	From   uint32 `json:"from"`
	Size   uint32 `json:"size"`
}

func repeated(s string) []byte {
	var n int
	var text string
	if _, err := fmt.Sscanf(s, "*%d %s", &n, &text); err == nil {
		return bytes.Repeat([]byte(text), n)
	}
	return []byte(s)
}

// makeCab writes a cabinet ([MS-CAB] section 2).
func makeCab(t testing.TB, c cabSpec) []byte {
	t.Helper()
	head := make([]byte, 36)
	copy(head, "MSCF")
	head[24], head[25] = 3, 1
	le.PutUint16(head[26:], uint16(len(c.Folders)))
	le.PutUint16(head[28:], uint16(len(c.Files)))
	le.PutUint16(head[30:], c.Flags)
	folderReserve, dataReserve := 0, 0
	if c.Flags&4 != 0 {
		folderReserve, dataReserve = 3, 5
		head = append(head, 7, 0, 3, 5, 'r', 'e', 's', 'e', 'r', 'v', 'e')
	}
	for _, f := range []uint16{1, 2} {
		if c.Flags&f != 0 {
			head = append(head, "other.cab\x00disk\x00"...)
		}
	}
	var list, data []byte
	for _, f := range c.Files {
		e := make([]byte, 16)
		le.PutUint32(e, f.Size)
		le.PutUint32(e[4:], f.From)
		le.PutUint16(e[8:], f.Folder)
		list = append(append(append(list, e...), f.Name...), 0)
	}
	folders := len(head)
	files := folders + len(c.Folders)*(8+folderReserve)
	le.PutUint32(head[16:], uint32(files))
	for _, folder := range c.Folders {
		entry := make([]byte, 8+folderReserve)
		le.PutUint32(entry, uint32(files+len(list)+len(data)))
		le.PutUint16(entry[6:], c.Method)
		blocks := cabBlocks(t, repeated(folder), c)
		le.PutUint16(entry[4:], uint16(len(blocks)))
		for _, b := range blocks {
			h := make([]byte, 8+dataReserve)
			le.PutUint16(h[4:], uint16(len(b)))
			data = append(append(data, h...), b...)
		}
		head = append(head, entry...)
	}
	out := append(append(head, list...), data...)
	if c.CutAt < 0 {
		c.CutAt += len(out)
	}
	if c.CutAt > 0 {
		out = out[:c.CutAt]
	}
	return out
}

// cabBlocks packs what a folder holds, each block with what came before for a dictionary.
func cabBlocks(t testing.TB, content []byte, c cabSpec) (blocks [][]byte) {
	t.Helper()
	size := c.Block
	if size == 0 {
		size = cabBlock
	}
	for at := 0; at < len(content); at += size {
		block := content[at:min(at+size, len(content))]
		if c.Method == 1 {
			b := bytes.NewBufferString("CK")
			w, err := flate.NewWriterDict(b, 9, content[max(0, at-cabBlock):at])
			if err != nil {
				t.Fatal(err)
			}
			w.Write(block)
			w.Close()
			block = b.Bytes()
		}
		if c.Spoil && at == 0 {
			block = bytes.Repeat([]byte{0xFF}, len(block))
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// cabCases are the cases of testdata/cabinets.json by name.
func cabCases(t *testing.T) map[string]cabSpec {
	t.Helper()
	raw, err := os.ReadFile("testdata/cabinets.json")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]cabSpec{}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestCabinets(t *testing.T) {
	for name, c := range cabCases(t) {
		r := Open(makeCab(t, c), cabMedia, "", nil, budget())
		got := []string{}
		for _, e := range r.Entries {
			s := fmt.Sprintf("%s: %s (%d)", e.Name, e.Content[:min(len(e.Content), 10)], len(e.Content))
			if e.Cut {
				s += " cut"
			}
			got = append(got, s)
		}
		if strings.Join(got, "\n") != strings.Join(c.Expected.Entries, "\n") || r.Broken != c.Expected.Broken || r.Unread != c.Expected.Unread {
			t.Errorf("%s: %q, broken %v, unread %q", name, got, r.Broken, r.Unread)
		}
	}
}

// The cabinet was made by gcab 1.5: three blocks of MSZIP, two files.
func TestCabinetOfAnotherProgram(t *testing.T) {
	raw, err := os.ReadFile("testdata/mszip.cab")
	if err != nil {
		t.Fatal(err)
	}
	var offer strings.Builder
	offer.WriteString(`<html><form action="https://collect.example/in">`)
	for i := range 2200 {
		fmt.Fprintf(&offer, "<p>Offer %d of cold boxes, %d litres</p>\n", i, i*i%97)
	}
	offer.WriteString("</form></html>\n")
	r := Open(raw, cabMedia, "", nil, budget())
	if len(r.Entries) != 2 || r.Broken || string(r.Entries[0].Content) != offer.String() || string(r.Entries[1].Content) != "MZ, so to speak\n" || r.Entries[1].Name != "invoice.exe" {
		t.Errorf("%d entries, broken %v", len(r.Entries), r.Broken)
	}
}

func TestCabinetLimits(t *testing.T) {
	big := cabSpec{Method: 1, Folders: []string{"*3000000 x"}}
	for range 50 { // each is the whole folder
		big.Files = append(big.Files, cabFile{Name: "same", Size: 3000000})
	}
	raw := makeCab(t, big)
	for _, c := range []struct {
		limit   string
		set     func(b *Budget)
		entries int
	}{
		{"limit.archive_file", func(b *Budget) { b.FileBytes = 1 << 20 }, 50},
		{"limit.archive_total", func(b *Budget) { b.Bytes = 10 << 20 }, 4},
		{"limit.archive_entries", func(b *Budget) { b.Entries = 7 }, 7},
		{"limit.archive_time", func(b *Budget) { b.Expired = func() bool { return true } }, 0},
	} {
		b := budget()
		c.set(b)
		before := b.Bytes
		r := Open(raw, cabMedia, "", nil, b)
		var got int64
		for _, e := range r.Entries {
			got += int64(len(e.Content))
		}
		if r.Limit != c.limit || len(r.Entries) != c.entries || got > before-b.Bytes {
			t.Errorf("%s: %q after %d entries, %d bytes for %d", c.limit, r.Limit, len(r.Entries), got, before-b.Bytes)
		}
	}
	skipped := cabSpec{Method: 1, Folders: []string{"*3000000 x"}, Files: []cabFile{{Name: "last", From: 2999999, Size: 1}, {Name: "last", From: 2999998, Size: 1}}}
	b := budget()
	b.Bytes = 4 << 20
	if r := Open(makeCab(t, skipped), cabMedia, "", nil, b); r.Limit != "limit.archive_total" {
		t.Errorf("what is skipped is not paid for: %q, %d left", r.Limit, b.Bytes)
	}
}

func FuzzCabinet(f *testing.F) {
	raw, err := os.ReadFile("testdata/mszip.cab")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(makeCab(f, cabSpec{Folders: []string{"abc", "def"}, Flags: 7, Files: []cabFile{{"a", 0, 0, 3}, {"b", 1, 1, 2}, {"c", cabToNext, 0, 9}, {"d", cabBoth, 0, 9}}}))
	f.Add(makeCab(f, cabSpec{Method: 1, Block: 3, Folders: []string{"abcabcabc"}, Files: []cabFile{{"a", 0, 3, 3}, {"b", 0, 1, 8}}}))
	f.Add(makeCab(f, cabSpec{Method: 3, Folders: []string{"abc"}, Files: []cabFile{{"a", 0, 0, 3}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &Budget{FileBytes: 1 << 20, Bytes: 2 << 20, Entries: 50}
		var r Result
		openCab(data, b, &r) // not by Open, which would hide a panic
		var total int64
		for _, e := range r.Entries {
			total += int64(len(e.Content))
		}
		if len(r.Entries) > 50 || b.Bytes < 0 || total > 2<<20-b.Bytes {
			t.Fatalf("%d entries, %d bytes, %d left", len(r.Entries), total, b.Bytes)
		}
	})
}
