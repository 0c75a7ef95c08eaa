package message

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message/hostile"
)

func seed(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, c := range hostile.Ambiguous() {
		f.Add(c.Raw)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a@one.example", "a@one.example"},
		{"Anna Berg <a@one.example>", "Anna Berg|a@one.example"},
		{`"Berg, Anna" <a@one.example>, b@two.example`, "Berg, Anna|a@one.example b@two.example"},
		{"a@one.example (Anna (the) Berg)", "Anna (the) Berg|a@one.example"},
		{"Team: a@one.example, B <b@two.example>;", "a@one.example B|b@two.example"},
		{"undisclosed-recipients:;", ""},
		{"<@route.example,@b.example:a@one.example>", "a@one.example"},
		{"Anna <a@one.example", "Anna|a@one.example"},
		{"Anna a@one.example>", "Anna|a@one.example"},
		{"Berg, Anna <a@one.example>", "Berg, Anna|a@one.example"},
		{"=?utf-8?q?J=C3=B6rg?= <j@one.example>", "Jörg|j@one.example"},
		{`"=?utf-8?q?J=C3=B6rg?=" <j@one.example>`, "Jörg|j@one.example"},
		{"=?utf-8?q?Anna_=3Ca=40one=2Eexample=3E?=", "Anna|a@one.example"},
		{`"ceo@bank.example" <a@one.example>`, "ceo@bank.example|a@one.example + ceo@bank.example"},
		{"ceo@bank.example <a@one.example>", "ceo@bank.example|a@one.example + ceo@bank.example"},
		{"ceo@bank.example, <a@one.example>", "ceo@bank.example a@one.example"},
		{"A <a@one.example> <b@two.example>", "A|a@one.example b@two.example"},
		{"a@one.example\x00@two.example", "a@one.example + a@one.example@two.example"},
		{"a@ONE.Example.", "a@one.example"},
		{"a@bücher.example", "a@xn--bcher-kva.example"},
		{"a @ one . example", "a@one.example"},
		{`"a b"@one.example`, `"a b"@one.example`},
		{"A [mailto:a@one.example]", "A|a@one.example"},
		{"Anna (b@two.example) <a@one.example>", "Anna|a@one.example + b@two.example"},
		{"No Address", "No Address|"},
		{"", ""},
		{"<>", ""},
		{"\"open <a@one.example>", "open|a@one.example"},
	} {
		std, other := AddressList(c.in)
		var out []string
		for _, m := range std {
			s := m.Address
			if m.Name != "" {
				s = m.Name + "|" + m.Address
			}
			out = append(out, s)
		}
		if len(other) > 0 {
			out = append(out, "+")
		}
		for _, m := range other {
			out = append(out, m.Address)
		}
		if got := strings.Join(out, " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFieldAddressesPoint(t *testing.T) {
	raw := []byte("X: y\r\nFrom: Anna\r\n <a@one.example>,\r\n b@two.example\r\n\r\n")
	m := Parse(raw, Limits{})
	list := FieldAddresses(m.Raw, m.Field("From"))
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	for i, want := range []string{"Anna\r\n <a@one.example>", "b@two.example"} {
		if got := string(raw[list[i].Span.Start:list[i].Span.End]); strings.TrimSpace(got) != want {
			t.Errorf("span %d: %q", i, got)
		}
	}
}

func TestDecodeHeader(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"},
		{"=?utf-8?q?a_b=C3=BC?=", "a bü"},
		{"=?utf-8?B?w7w=?= =?utf-8?B?w7w=?=", "üü"},
		{"=?utf-8?B?ww==?= =?utf-8?B?vA==?=", "ü"},
		{"=?utf-8?B?w7w?=", "ü"},
		{"=?iso-8859-1*de?Q?=FC?= x", "ü x"},
		{"a =?utf-8?q?b?= c", "a b c"},
		{"=?utf-8?q?a b c?=", "a b c"},
		{"=?utf-8?q?open", "open"},
		{"=?utf-8?x?a?=", "=?utf-8?x?a?="},
		{"=?unknown-charset?q?=FC?=", "ü"},
		{"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
		{"Gr\xfc\xdfe", "Grüße"},
		{"=?utf-8?b?QUJD?==?utf-8?b?REVG?=", "ABCDEF"},
		{"=??q?a?=", "=??q?a?="},
		{"=?utf-7?q?+APw-?=", "ü"},
	} {
		if got := DecodeHeader(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDate(t *testing.T) {
	want := time.Date(2020, 11, 25, 3, 0, 5, 0, time.UTC)
	for _, in := range []string{
		"Wed, 25 Nov 2020 04:00:05 +0100", "25 Nov 2020 04:00:05 +0100", "Wed, 25 Nov 2020 03:00:05 GMT", "Wed, 25 Nov 20 03:00:05 UT (comment (x))",
		"Wed Nov 25 03:00:05 2020", "Wednesday, 25-Nov-20 03:00:05 GMT", "2020-11-25T04:00:05+01:00", "Wed, 25 Nov 2020 04:00:05 CET", "2020-11-25 03:00:05",
		"Wed,25 Nov 2020 04:00:05+0100", "November 25, 2020 03:00:05", "from x by y; Wed, 25 Nov 2020 03:00:05 -0000", "2020/11/25 Wed 03:00:05 GMT", "mer. 25 nov. 2020 à 03:00:05", "mar. 25 nov. 2020 03:00:05",
	} {
		got, ok := Date(in)
		if !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "yesterday", "02-04-2020", "99 Nov 2020", strings.Repeat("1 ", 500)} {
		if got, ok := Date(in); ok {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestCharset(t *testing.T) {
	for _, c := range []struct{ in, declared, text, used string }{
		{"abc", "", "abc", "us-ascii"},
		{"\xc3\xbc", "iso-8859-1", "ü", "utf-8"},
		{"\xfc", "utf-8", "ü", "windows-1252"},
		{"\xfc", "iso-8859-1", "ü", "iso-8859-1"},
		{"\xfe", "windows-1254", "ş", "windows-1254"},
		{"\xef\xbb\xbfx", "iso-8859-1", "x", "utf-8"},
		{"\xff\xfea\x00b\x00", "", "ab", "utf-16le"},
		{"a\x00b\x00c\x00d\x00", "", "abcd", "utf-16le"},
		{"+ADw-p+AD4-", "utf-7", "<p>", "utf-7"},
		{"\x1b$BF|K\\\x1b(B", "iso-2022-jp", "日本", "iso-2022-jp"},
		{"\xb1\xb2", "gb2312", "北", "gb2312"},
		{"caf\xe9", "no-such", "café", "windows-1252"},
		{"\x82", "cp850", "é", "cp850"},
	} {
		text, used := Charset([]byte(c.in), c.declared)
		if text != c.text && !(c.declared == "gb2312") || used != c.used {
			t.Errorf("%q as %q: got %q in %q", c.in, c.declared, text, used)
		}
	}
}

func TestParams(t *testing.T) {
	lim := Default()
	for _, c := range []struct{ in, main, name, want string }{
		{"text/plain; charset=utf-8", "text/plain", "charset", "utf-8"},
		{"Text/HTML ; CharSet=\"a\\\"b\"", "text/html", "charset", `a"b`},
		{"a/b; name*=utf-8''%C3%BC.txt", "a/b", "name", "ü.txt"},
		{"a/b; name*1=c; name*0=\"a b\"", "a/b", "name", "a bc"},
		{"a/b; name*0*=iso-8859-1'de'%FC; name*1=x", "a/b", "name", "üx"},
		{"a/b; name=plain; name*=utf-8''ext", "a/b", "name", "ext"},
		{"a/b; name=my file.pdf; x=y", "a/b", "name", "my file.pdf"},
		{"a/b; name=\"open; x=y", "a/b", "name", "open"},
		{"a/b (c; d) ; name=x", "a/b", "name", "x"},
		{"a/b; x=1 name=y", "a/b", "x", "1 name=y"},
		{"; name=x", "", "name", "x"},
		{"attachment; filename=\"C:\\dir\\a.doc\"", "attachment", "filename", `C:\dir\a.doc`},
	} {
		v := parseStructured(c.in, &lim)
		if v.main != c.main || v.get(c.name) != c.want {
			t.Errorf("%q: %q, %q", c.in, v.main, v.get(c.name))
		}
	}
}

func TestTransfer(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"base64", string(decodeBase64([]byte("SGVs\r\nbG8="), base64Standard)), "Hello"},
		{"junk", string(decodeBase64([]byte("S!GV*sbG8"), base64Standard)), "Hello"},
		{"joined", string(decodeBase64([]byte("SGVsbG8=SGVsbG8="), base64Standard)), "HelloHello"},
		{"stop", string(decodeBase64([]byte("SGVsbG8=SGVsbG8="), base64Stop)), "Hello"},
		{"strict", string(decodeBase64([]byte("SGVs!bG8="), base64Strict)), "Hel"},
		{"one left", string(decodeBase64([]byte("SGVsb"), base64Standard)), "Hel"},
		{"quoted", string(decodeQuotedPrintable([]byte("a=3Db=\r\nc=3d =ZZ= \r\nd  \r\n"))), "a=bc= =ZZd\r\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q", c.name, c.got)
		}
	}
}

func TestZippedMail(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"b.eml", "a.eml", "c.txt"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("From: a@one.example\nSubject: " + name + "\n\nx\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	m := Parse(append([]byte("From: a@one.example\nContent-Type: application/zip; name=mail.zip\nContent-Transfer-Encoding: binary\n\n"), b.Bytes()...), Limits{})
	if len(m.Inner) != 2 || m.Inner[0].Via != "zip" || !bytes.Contains(m.Inner[0].Raw, []byte("a.eml")) {
		t.Errorf("%d inner messages", len(m.Inner))
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		kind string
		lim  Limits
		raw  string
	}{
		{"limit.mime_depth", Limits{Depth: 2}, strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 1) + "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: multipart/mixed; boundary=d\n\n--d\n\nx"},
		{"limit.mime_parts", Limits{Parts: 3}, "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 9)},
		{"limit.header_fields", Limits{HeaderFields: 3}, strings.Repeat("A: b\n", 9) + "\nx"},
		{"limit.header_bytes", Limits{HeaderBytes: 30}, strings.Repeat("A: b\n", 90) + "\nx"},
		{"limit.header_folds", Limits{Folds: 3}, "A: b\n" + strings.Repeat(" c\n", 9) + "\nx"},
		{"limit.params", Limits{Params: 3}, "Content-Type: a/b" + strings.Repeat("; x=y", 9) + "\n\nx"},
		{"limit.segments", Limits{Segments: 3}, "Content-Type: a/b" + strings.Repeat("; x*1=y", 9) + "\n\nx"},
		{"limit.decoded", Limits{Decoded: 10}, "A: b\n\n" + strings.Repeat("x", 20)},
		{"limit.inner", Limits{Inner: 1}, "Content-Type: multipart/digest; boundary=b\n\n" + strings.Repeat("--b\n\nFrom: a@one.example\nTo: b@one.example\n\nx\n", 3)},
	} {
		m := Parse([]byte(c.raw), c.lim)
		found := false
		for _, d := range m.Defects {
			found = found || d.Kind == c.kind
		}
		if !found {
			t.Errorf("%s: %+v", c.kind, m.Defects)
		}
	}
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{`"A, B" <a@one.example> (c), g: x@y, "z`, "=?utf-8?q?a?= <a@b>", "<<>>,;:\x00@("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range Addresses(s) {
			if m.Span.Start < 0 || m.Span.End > len(s) || m.Span.Start > m.Span.End {
				t.Fatalf("%+v of %d bytes", m, len(s))
			}
		}
		Date(s)
	})
}

// A delimiter behind a few other bytes is one only if nothing stands behind it: a longer word or a sentence is text.
func TestDelimiterInLine(t *testing.T) {
	for line, want := range map[string]bool{" --real": true, "x--real--": true, " --real     ": true, " --realistic": false, " --real-thing": false, "x --real options": false, "more than a few --real": false} {
		m := Parse([]byte("Content-Type: multipart/mixed; boundary=real\r\n\r\n--real\r\n\r\nHello\r\n"+line+"\r\nmore\r\n--real--\r\n"), Limits{})
		if got := slices.ContainsFunc(m.Defects, func(d coldwatch.Defect) bool { return d.Kind == "mime.boundary_in_line" }); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// FuzzHeader reads a header block at the top of a message and at the top of a part: fields stand where they say they do, in
// their order, and the body begins where the header ends.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"Subject: a\r\nFrom: b@one.example\r\n c\r\n", "A : b\n\tc\n \nD: e\n", " folded\nContent-Type: text/html\n", "Content-\x00Type: a/b\nno field\nX:\n",
		">From a Wed Nov 25 2020\nA:b\rC: d\r\n", ": x\n::\n", "From a@one.example Wed Nov 25 04:00:00 2020\nSubject: x\n", "A: b\n--b\nB: c\n", "\xff: \xfe\nK\xc3\xa4se: =?utf-8?q?=C3?=\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, raw := range []string{s + "\n\nbody\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + s + "\n\nbody\n--b--\n"} {
			m := Parse([]byte(raw), Limits{})
			checkMessage(t, m)
			list, end := m.Header, 0
			for _, h := range list {
				if h.Offset < end || h.Name == "" {
					t.Fatalf("field %+v begins before the one above it ends at %d", h, end)
				}
				end = h.Offset + h.Length
			}
		}
	})
}

// FuzzPieces holds that the pieces of a parameter come together the same in whatever order they stand (RFC 2231 section 3).
func FuzzPieces(f *testing.F) {
	for _, s := range []string{"utf-8''a%20b|c|%41", "iso-8859-1'de'%FC|x", "'|\"|\\|;", "a||b", "%|%4|''%00"} {
		f.Add(s)
	}
	lim := Default()
	f.Fuzz(func(t *testing.T, s string) {
		parseStructured(s, &lim)
		parseStructured("a/b; x*="+s+"; x*0*="+s+"; x*00=y; x*1*="+s, &lim)
		pieces := strings.Split(s, "|")
		if len(pieces) > 50 {
			return
		}
		forward, backward := "a/b", "a/b"
		for i := range pieces {
			quoted := func(i int) string {
				return fmt.Sprintf("; name*%d=\"%s\"", i, strings.NewReplacer("\\", "\\\\", "\"", "\\\"").Replace(pieces[i]))
			}
			forward += quoted(i)
			backward += quoted(len(pieces) - 1 - i)
		}
		a, b := parseStructured(forward, &lim), parseStructured(backward, &lim)
		if a.get("name") != b.get("name") {
			t.Fatalf("%q is %q, and backwards %q", forward, a.get("name"), b.get("name"))
		}
		if !strings.ContainsAny(s, "\r\n\x00") && utf8.ValidString(s) && a.get("name") != strings.Join(pieces, "") {
			t.Fatalf("%q is %q", forward, a.get("name"))
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"=?utf-8?q?a_b?= =?utf-8?b?QUJD?=", "=?a?b?=?a?q?", "a/b; name*0*=utf-8''%41; name*1=b; x=\"y"} {
		f.Add(s)
	}
	lim := Default()
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(DecodeHeader(s)) {
			t.Fatal("not UTF-8")
		}
		v := parseStructured(s, &lim)
		for _, p := range v.params {
			_ = v.get(p.name)
		}
		boundaries(v)
		encodings(s)
	})
}

func FuzzCharset(f *testing.F) {
	for _, cs := range []string{"", "utf-8", "utf-7", "utf-16", "utf-32", "iso-2022-jp", "gb18030", "x"} {
		f.Add([]byte("a\xfc\x00b+ADw-"), cs)
	}
	f.Fuzz(func(t *testing.T, b []byte, cs string) {
		if text, _ := Charset(b, cs); !utf8.ValidString(text) {
			t.Fatal("not UTF-8")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		b.Fatal(err)
	}
	var raws [][]byte
	size := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		raws = append(raws, raw)
		size += len(raw)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, raw := range raws {
			Parse(raw, Limits{})
		}
	}
}
