package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

func build(objs ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for i, o := range objs {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer << /Root 1 0 R /Info 4 0 R >>\n%%EOF")
	return b.Bytes()
}

func flateStream(extra, s string) string {
	var b bytes.Buffer
	b.WriteString("\x78\x9c")
	w, _ := flate.NewWriter(&b, 6)
	w.Write([]byte(s))
	w.Close()
	return fmt.Sprintf("<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", extra, b.Len(), b.String())
}

func TestRead(t *testing.T) {
	data := build("<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.launchURL\\('https://js.example/a'\\)) >> >>",
		"<< /Type /Pages /Kids [3 0 R] /Resources << /Font << /F1 6 0 R >> >> >>",
		"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Annots [<< /Subtype /Link /A << /S /URI /URI (https://link.example/x) >> >>] >>",
		"<< /Producer (Maker \\(2\\)) /Author <FEFF00410042> >>",
		flateStream("", "BT /F1 12 Tf 60 700 Td (Request for quotation) Tj 0 -15 Td [(no)-20(. 7)-300(of May)] TJ ET"),
		"<< /Type /Font /Subtype /Type1 >>",
		flateStream("/Type /ObjStm /N 1 /First 4", "9 0 << /S /SubmitForm /F (https://submit.example/p) >>"),
		"<< /Type /EmbeddedFile /Length 5 >>\nstream\nhello\nendstream")
	d := Read(data, Limits{})
	if d.Text != "Request for quotation\nno. 7 of May" {
		t.Errorf("text %q", d.Text)
	}
	if len(d.Links) != 1 || d.Links[0].URL != "https://link.example/x" {
		t.Errorf("links %v", d.Links)
	}
	if len(d.Scripts) != 1 || len(d.Submit) != 1 || len(d.Files) != 1 {
		t.Errorf("%v %v %v", d.Scripts, d.Submit, d.Files)
	}
	if d.Info["producer"] != "Maker (2)" || d.Info["author"] != "AB" {
		t.Errorf("info %v", d.Info)
	}
	if got := strings.Join(d.Traits, ","); got != "embedded-file,javascript,open-action,submit-form" {
		t.Errorf("traits %s", got)
	}
}

func TestLZW(t *testing.T) {
	// The example of ISO 32000 section 7.4.4.2.
	got := make([]byte, 100)
	n, _ := newLZW([]byte{0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01}).Read(got)
	if want := []byte{45, 45, 45, 45, 45, 65, 45, 45, 45, 66}; !bytes.Equal(got[:n], want) {
		t.Errorf("%v", got[:n])
	}
}

func FuzzRead(f *testing.F) {
	f.Add(build("<< /Type /Page /Contents 2 0 R >>", flateStream("", "BT (x) Tj ET")))
	f.Add([]byte("1 0 obj << /A [ << /B (c"))
	f.Add([]byte("1 0 obj <</Length 9/Filter[/LZWDecode/ASCII85Decode]>>stream\n\x80\x0b endstream trailer<</Encrypt<</V 5/R 6/U(x)>>>>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Read(data, Limits{Bytes: 1 << 20, Objects: 500})
	})
}
