package office

import (
	"os"
	"strings"
	"testing"
)

func TestPackage(t *testing.T) {
	d := Package([]File{
		{"word/document.xml", []byte(`<w:document><w:p><w:r><w:t>Quotation &amp; price</w:t></w:r></w:p><w:p><w:instrText>HYPERLINK "https://a.example/x"</w:instrText></w:p></w:document>`)},
		{"word/_rels/settings.xml.rels", []byte(`<Relationships><Relationship Id="r1" Type="http://x/attachedTemplate" Target="https://t.example/a.dotm" TargetMode="External"/></Relationships>`)},
		{"docProps/core.xml", []byte(`<!DOCTYPE x [<!ENTITY a "b">]><cp:coreProperties><dc:creator>Ann</dc:creator><dc:title>RFQ</dc:title></cp:coreProperties>`)},
	})
	if !strings.HasPrefix(d.Text, "Quotation & price") || d.Metadata["author"] != "Ann" || d.Title != "RFQ" {
		t.Errorf("%+v", d)
	}
	if len(d.Links) != 2 || len(d.Traits) != 1 || d.Traits[0] != "external-template" {
		t.Errorf("%+v", d)
	}
}

func TestDecompressVBA(t *testing.T) {
	// The example of [MS-OVBA] section 3.2.2.
	in := []byte{0x01, 0x2F, 0xB0, 0x00, 0x23, 0x61, 0x61, 0x61, 0x62, 0x63, 0x64, 0x65, 0x82, 0x66, 0x00, 0x70, 0x61, 0x67, 0x68, 0x69, 0x6A, 0x01, 0x38, 0x08, 0x61, 0x6B, 0x6C, 0x00, 0x30, 0x6D, 0x6E, 0x6F, 0x70, 0x06, 0x71, 0x02, 0x70, 0x04, 0x10, 0x72, 0x73, 0x74, 0x75, 0x76, 0x10, 0x77, 0x78, 0x79, 0x7A, 0x00, 0x3C}
	if got, want := string(decompressVBA(in)), "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestOLE reads a document in the binary format: text, a macro that runs when it is opened, a program packed inside, and who
// wrote it.
func TestOLE(t *testing.T) {
	doc, err := os.ReadFile("testdata/macro.doc")
	if err != nil {
		t.Fatal(err)
	}
	d := OLE(doc)
	if d.Kind != "word" || !strings.Contains(d.Text, "Quotation for cold boxes") || strings.Join(d.AutoExec, ",") != "AutoOpen" || d.Metadata["author"] != "Ann" {
		t.Errorf("%+v", d)
	}
	if len(d.Files) != 1 || d.Files[0].Name != "price.exe" || string(d.Files[0].Content) != "MZ program" {
		t.Errorf("%+v", d.Files)
	}
	if got := strings.Join(d.Traits, ","); got != "autoexec,embedded-object,macro,macro-suspicious" {
		t.Error(got)
	}
}

func TestRTF(t *testing.T) {
	d := RTF([]byte(`{\rtf1{\fonttbl{\f0 Arial;}}Dear {\b Sir},\par see{\field{\*\fldinst HYPERLINK "https://l.example/q"}{\fldrslt here}}{\object\objupdate{\*\objdata 01050000020000000b0000004571756174696f6e2e3300d0cf11e0a1b11ae10000}}}`))
	if d.Text != "Dear Sir,\nseehere" || len(d.Links) != 1 || d.Links[0].URL != "https://l.example/q" || len(d.Files) != 1 {
		t.Errorf("%+v", d)
	}
	if strings.Join(d.Traits, ",") != "embedded-object,equation,object-update" {
		t.Errorf("%v", d.Traits)
	}
}

func TestContent(t *testing.T) {
	shown, urls, props := Content("BEGIN:VCALENDAR\r\nPRODID:-//x\r\nSUMMARY:Bid\\, final\r\nDESCRIPTION:Open htt\r\n ps://b.example\r\nURL:https://c.example/1\r\n")
	if shown != "Bid, final\nOpen https://b.example\n" || len(urls) != 1 || props["prodid"] != "-//x" {
		t.Errorf("%q %v %v", shown, urls, props)
	}
	if u := InternetShortcut("[InternetShortcut]\r\nURL=https://s.example/\r\n"); u != "https://s.example/" {
		t.Error(u)
	}
}

func FuzzOLE(f *testing.F) {
	f.Add([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	doc, err := os.ReadFile("testdata/macro.doc")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Fuzz(func(t *testing.T, b []byte) { OLE(b) })
}

// FuzzStreams reads what stands in the streams of a compound file, and the small formats beside it.
func FuzzStreams(f *testing.F) {
	f.Add([]byte("\x01\x19\xb0\x00abcdefgh\x08ijkl\x00\x70"))
	f.Add([]byte("\x20\x00\x00\x00\x02\x00a.exe\x00C:\\a.exe\x00\x00\x00\x03\x00\x02\x00\x00\x00b\x00\x02\x00\x00\x00MZ"))
	f.Add(append([]byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F\xaf\x00\x00\x00"), append(make([]byte, 52), "\x02\x00\x00\x00\x03\x00a\x00b\x00c\x00"...)...))
	f.Add([]byte(fileGUID + "\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00MZab"))
	f.Fuzz(func(t *testing.T, b []byte) {
		(&Document{}).stream("m", []string{"VBA"}, b)
		(&Document{}).stream("\x05SummaryInformation", nil, b)
		(&Document{}).stream("WordDocument", nil, b)
		decompressVBA(b)
		native(b)
		LNK(b)
		OneNote(b)
		Content(string(b))
		InternetShortcut(string(b))
	})
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1 \'41\u65?{\*\objdata 4142}}`))
	f.Fuzz(func(t *testing.T, b []byte) { RTF(b) })
}

func FuzzPackage(f *testing.F) {
	f.Add([]byte(`<a b="c">x</a>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		Package([]File{{"word/document.xml", b}, {"_rels/.rels", b}, {"docProps/core.xml", b}})
		Content(string(b))
	})
}

func TestMacro(t *testing.T) {
	src := "Attribute VB_Name = \"ThisDocument\"\r\nSub AutoOpen()\r\nShell \"x\"\r\nEnd Sub\r\n"
	var chunk []byte
	for i := 0; i < len(src); i += 8 {
		chunk = append(append(chunk, 0), src[i:min(i+8, len(src))]...)
	}
	body := append([]byte("compiled code\x01"), byte(len(chunk)-1), 0xb0|byte((len(chunk)-1)>>8))
	d := &Document{}
	d.stream("ThisDocument", []string{"Macros", "VBA"}, append(body, chunk...))
	if strings.TrimSpace(d.Macro) != strings.TrimSpace(src) || len(d.AutoExec) != 1 || strings.Join(d.Traits, ",") != "macro,autoexec,macro-suspicious" {
		t.Errorf("%+v", d)
	}
}
