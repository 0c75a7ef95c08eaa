package hostile

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const page = "<html><body>" + Marker + " and so on, a page that does nothing</body></html>\n"

// encoded is the page in base64, on lines of 60.
func encoded() string { return wrap(base64.StdEncoding.EncodeToString([]byte(page)), 60) }

func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\n")
		s = s[n:]
	}
	return b.String() + s + "\n"
}

// uuencoded is the page as uuencode writes it.
func uuencoded() string {
	var b strings.Builder
	b.WriteString("begin 644 page.html\n")
	for data := []byte(page); len(data) > 0; {
		n := min(45, len(data))
		line := append(append([]byte(nil), data[:n]...), 0, 0)
		b.WriteByte(byte(' ' + n))
		for i := 0; i < n; i += 3 {
			for _, v := range []byte{line[i] >> 2, line[i]<<4&63 | line[i+1]>>4, line[i+1]<<2&63 | line[i+2]>>6, line[i+2] & 63} {
				if v == 0 {
					v = 64
				}
				b.WriteByte(' ' + v)
			}
		}
		b.WriteByte('\n')
		data = data[n:]
	}
	return b.String() + "`\nend\n"
}

// crlf writes the line ends of the internet.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

const envelope = "From: Anna <anna@one.example>\nTo: bert@two.example\nSubject: quotation\nDate: Wed, 25 Nov 2020 04:00:00 +0000\nMessage-ID: <1@one.example>\n"

// attachment is a part with the page in base64.
func attachment() string {
	return "Content-Type: text/html; name=page.html\nContent-Disposition: attachment; filename=page.html\nContent-Transfer-Encoding: base64\n\n" + encoded()
}

// parts is a body of two parts, a text and the attachment, parted by the boundary.
func parts(boundary string) string {
	return "--" + boundary + "\nContent-Type: text/plain\n\nHello\n--" + boundary + "\n" + attachment() + "--" + boundary + "--\n"
}

// Ambiguous returns the messages that can be read in more than one way.
func Ambiguous() []Case {
	var out []Case
	for _, group := range [][]Case{typeCases(), boundaryCases(), nameCases(), structureCases(), encodingFieldCases(), base64Cases(), otherEncodingCases()} {
		out = append(out, group...)
	}
	return out
}

// typeCases play with Content-Type as a whole.
func typeCases() []Case {
	var out []Case
	add := func(name, fields string) {
		out = append(out, Case{"type-" + name, crlf(envelope + "MIME-Version: 1.0\n" + fields + "\n" + parts("real"))})
	}
	const multi, text = "Content-Type: multipart/mixed; boundary=real\n", "Content-Type: text/plain\n"
	add("twice-text-first", text+multi)
	add("twice-text-last", multi+text)
	add("twice-other-boundary-first", "Content-Type: multipart/mixed; boundary=decoy\n"+multi)
	add("twice-other-boundary-last", multi+"Content-Type: multipart/mixed; boundary=decoy\n")
	add("three-times", text+multi+text)
	add("comment-before", "Content-Type: (text/plain) multipart/mixed; boundary=real\n"+text)
	add("comment-hides", "Content-Type: text/plain; x=(; boundary=decoy) y; boundary=real\n")
	add("comma", "Content-Type: text/plain, multipart/mixed; boundary=real\n")
	add("quoted", "Content-Type: \"multipart/mixed\"; boundary=real\n"+text)
	add("encoded-word", "Content-Type: =?utf-8?q?multipart/mixed?=; boundary=real\n")
	add("text-with-boundary", "Content-Type: text/plain; boundary=real\n")
	add("octets-with-boundary", "Content-Type: application/octet-stream; boundary=real\n")
	add("unknown-with-boundary", "Content-Type: mixed; boundary=real\n")
	add("empty-then-boundary", "Content-Type: ; boundary=real\n")
	add("no-semicolon", "Content-Type: multipart/mixed boundary=real\n")
	add("colon-for-semicolon", "Content-Type: multipart/mixed: boundary=real\n")
	add("nul-in-type", "Content-Type: multi\x00part/mixed; boundary=real\n")
	add("missing", "")
	add("folded-type", "Content-Type:\n multipart/mixed;\n boundary=real\n"+text)
	add("split-over-fields", "Content-Type: multipart/mixed\nContent-Type: boundary=real\n")
	add("slash-less", "Content-Type: multipart; boundary=real\n"+text)
	return out
}

// boundaryCases play with the boundary parameter.
func boundaryCases() []Case {
	var out []Case
	add := func(name, params, boundary string) {
		out = append(out, Case{"boundary-" + name, crlf(envelope + "MIME-Version: 1.0\nContent-Type: multipart/mixed; " + params + "\n\n" + parts(boundary))})
	}
	add("twice-first", "boundary=real; boundary=decoy", "real")
	add("twice-last", "boundary=decoy; boundary=real", "real")
	add("case-of-name", "BOUNDARY=decoy; boundary=real", "real")
	add("extended-real", "boundary=decoy; boundary*=us-ascii''real", "real")
	add("extended-decoy", "boundary=real; boundary*=us-ascii''decoy", "real")
	add("pieces-real", "boundary=decoy; boundary*0=re; boundary*1=al", "real")
	add("pieces-decoy", "boundary=real; boundary*0=de; boundary*1=coy", "real")
	add("pieces-out-of-order", "boundary*1=al; boundary*0=re; boundary=decoy", "real")
	add("pieces-twice", "boundary*0=re; boundary*0=de; boundary*1=al; boundary=real", "real")
	add("percent", "boundary*=us-ascii''r%65al; boundary=r%65al", "real")
	add("percent-plain", "boundary=r%65al", "real")
	add("comment-after", "boundary=real(comment)", "real(comment)")
	add("comment-dropped", "boundary=real(comment); x=y", "real")
	add("comment-before", "boundary=(comment)real; x=(y)", "real")
	add("comment-in-quotes", "boundary=\"real(c)\"; boundary=real", "real")
	add("encoded-word", "boundary=\"=?utf-8?q?real?=\"", "real")
	add("encoded-word-literal", "boundary=\"=?utf-8?q?real?=\"", "=?utf-8?q?real?=")
	add("backslash-dropped", "boundary=\"re\\al\"", "real")
	add("backslash-kept", "boundary=\"re\\al\"", "re\\al")
	add("space-behind", "boundary=\"real \"; x=1; boundary=decoy", "real")
	add("space-before", "boundary=\" real\"", "real")
	add("space-within-cut", "boundary=real and more", "real")
	add("space-within-kept", "boundary=real and more", "real and more")
	add("single-quotes", "boundary='real'", "real")
	add("single-quotes-kept", "boundary='real'; x=()", "'real'")
	add("quote-open", "boundary=\"real", "real")
	add("quote-open-then-more", "boundary=\"real; charset=x", "real")
	add("quote-in-middle", "boundary=re\"al\"", "real")
	add("quote-then-text", "boundary=\"real\"decoy", "real")
	add("quote-then-text-kept", "boundary=\"real\"decoy", "realdecoy")
	add("comma-cut", "boundary=real,decoy", "real")
	add("semicolons", ";;; boundary=decoy;; boundary=real;", "real")
	add("equals-twice", "boundary==real; boundary=decoy", "=real")
	add("too-long", "boundary="+strings.Repeat("r", 90), strings.Repeat("r", 70))
	add("nul-cut", "boundary=real\x00decoy", "real")
	add("nul-dropped", "boundary=re\x00al", "real")
	add("nul-quoted", "boundary=\"re\x00al\"", "real")
	add("space-around-equals", "boundary = real; boundary=decoy", "real")
	add("name-in-quotes", "\"boundary\"=real; boundary=decoy", "real")
	add("missing", "charset=utf-8", "real")
	add("wrong", "boundary=other", "real")
	add("empty", "boundary=\"\"", "real")
	add("case-differs", "boundary=REAL", "real")
	add("folded-within", "boundary=\"re\n al\"; boundary=decoy", "re al")
	add("folded-joined", "boundary=re\n al", "real")
	add("hidden-by-comment", "x=(; boundary=decoy); boundary=real", "real")
	add("hidden-by-quote", "x=\"; boundary=decoy\"; boundary=real", "real")
	add("quote-escapes-end", "x=\"\\\"; boundary=decoy; y=\"; boundary=real", "real")
	return out
}

// nameCases play with field names and with where the header ends.
func nameCases() []Case {
	var out []Case
	add := func(name, header string) {
		out = append(out, Case{"name-" + name, crlf(header + "\n" + parts("real"))})
	}
	const multi = " multipart/mixed; boundary=real\n"
	add("space-before-colon", envelope+"Content-Type :"+multi+"Content-Type: text/plain\n")
	add("tab-before-colon", envelope+"Content-Type\t:"+multi+"Content-Type: text/plain\n")
	add("nul", envelope+"Content-Type\x00:"+multi)
	add("control", envelope+"Content-\x0bType:"+multi)
	add("eight-bit", envelope+"Content-Type\xa0:"+multi)
	add("space-within", envelope+"Content- Type:"+multi)
	add("behind-junk-line", envelope+"this line is no field\nContent-Type:"+multi)
	add("behind-blank-line", envelope+" \nContent-Type:"+multi)
	add("behind-tab-line", envelope+"\t\t\nContent-Type:"+multi)
	add("behind-from-line", envelope+"From anna Wed Nov 25 04:00:00 2020\nContent-Type:"+multi)
	add("behind-empty-name", envelope+": x\nContent-Type:"+multi)
	add("behind-bare-cr", envelope+"X-A: b\rContent-Type:"+multi)
	add("header-ends-with-cr", envelope+"Content-Type:"+strings.TrimSuffix(multi, "\n")+"\r\r")
	add("folded-first-line", " folded\n"+envelope+"Content-Type:"+multi)
	add("second-header", envelope+"\n"+envelope+"Content-Type:"+multi)
	add("no-mime-version", envelope+"Content-Type:"+multi+"Content-Type: text/html\n")
	out = append(out,
		Case{"name-lf-only", []byte(envelope + "Content-Type:" + multi + "Content-Type: text/plain\n\n" + parts("real"))},
		Case{"name-cr-only", []byte(strings.ReplaceAll(envelope+"Content-Type:"+multi+"\n"+parts("real"), "\n", "\r"))},
		Case{"name-mixed-line-ends", []byte(strings.ReplaceAll(envelope, "\n", "\r\n") + "Content-Type:" + multi + "\r\n" + strings.ReplaceAll(parts("real"), "\n", "\r"))},
		Case{"name-crcrlf", []byte(strings.ReplaceAll(envelope+"Content-Type:"+multi+"\n"+parts("real"), "\n", "\r\r\n"))},
	)
	return out
}

// structureCases play with the body.
func structureCases() []Case {
	var out []Case
	add := func(name, body string) {
		out = append(out, Case{"structure-" + name, crlf(envelope + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=real\n\n" + body)})
	}
	const hello = "--real\nContent-Type: text/plain\n\nHello\n"
	add("preamble", attachment()+hello+"--real--\n")
	add("epilogue", hello+"--real--\n"+attachment())
	add("after-close", hello+"--real--\n--real\n"+attachment()+"--real--\n")
	add("after-close-twice", hello+"--real--\n\n--real--\n--real\n"+attachment())
	add("prefix", hello+"--realer\n"+attachment()+"--real--\n")
	add("text-behind-boundary", hello+"--real and more\n"+attachment()+"--real--\n")
	add("close-with-text", hello+"--real--x\n"+attachment()+"--real--\n")
	add("close-with-space", hello+"--real --\n--real\n"+attachment())
	add("space-before-boundary", "  --real\n"+attachment()+"  --real--\n")
	add("text-before-boundary", "x --real\n"+attachment()+"--real--\n")
	add("three-dashes", hello+"---real\n"+attachment()+"--real--\n")
	add("one-dash", "-real\n"+attachment()+"-real--\n")
	add("nul-behind-boundary", "--real\x00\n"+attachment()+"--real--\x00\n")
	add("nul-before-boundary", hello+"\x00--real\n"+attachment()+"--real--\n")
	add("nul-in-boundary", hello+"--re\x00al\n"+attachment()+"--real--\n")
	add("cr-before-boundary", "--real\nContent-Type: text/plain\n\nHello\r--real\r"+attachment()+"--real--\n")
	add("same-boundary", "--real\nContent-Type: multipart/mixed; boundary=real\n\n--real\n"+attachment()+"--real--\n--real--\n")
	add("inner-extends-outer", "--real\nContent-Type: multipart/mixed; boundary=real-in\n\n--real-in\n"+attachment()+"--real-in--\n--real--\n--real\n"+hello)
	add("inner-is-close", "--real\nContent-Type: multipart/mixed; boundary=\"real--\"\n\n--real--\n"+attachment()+"--real----\n--real--\n")
	add("undeclared-in-text", "--real\nContent-Type: text/plain\n\n--other\n"+attachment()+"--other--\n--real--\n")
	add("multipart-in-octets", "--real\nContent-Type: application/octet-stream; boundary=other\n\n--other\n"+attachment()+"--other--\n--real--\n")
	add("no-empty-line", "--real\nContent-Type: text/html; name=page.html\nContent-Transfer-Encoding: base64\n"+encoded()+"--real--\n")
	add("part-junk-line", "--real\nnot a field\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("part-leading-space", "--real\n Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("part-blank-line-first", "--real\n\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("part-white-line-first", "--real\n \nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("encoded-multipart", "--real\nContent-Type: multipart/mixed; boundary=other\nContent-Transfer-Encoding: base64\n\n"+wrap(base64.StdEncoding.EncodeToString([]byte(parts("other"))), 76)+"--real--\n")
	add("quoted-multipart", "--real\nContent-Type: multipart/mixed; boundary=o-o\nContent-Transfer-Encoding: quoted-printable\n\n"+strings.ReplaceAll(parts("o-o"), "-", "=2D")+"--real--\n")
	add("encoded-message", "--real\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"+wrap(base64.StdEncoding.EncodeToString([]byte(envelope+"Content-Type: multipart/mixed; boundary=in\n\n"+parts("in"))), 76)+"--real--\n")
	add("message-as-octets", "--real\nContent-Type: application/octet-stream; name=x.eml\n\n"+envelope+"Content-Type: multipart/mixed; boundary=in\n\n"+parts("in")+"--real--\n")
	add("never-closed-inner", "--real\nContent-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: text/plain\n\nx\n--real\n--in\n"+attachment())
	add("header-only-then-body", "--real\n\n--real\n"+attachment()+"--real--\n--real\n")
	add("boundary-twice", "--real\n--real\n"+attachment()+"--real\n--real--\nx\n--real\n")
	add("digest", "--real\nContent-Type: multipart/digest; boundary=d\n\n--d\n\n"+envelope+"Content-Type: multipart/mixed; boundary=in\n\n"+parts("in")+"--d--\n--real--\n")
	add("stray-boundary", hello+"--real\nContent-Type: application/octet-stream; name=page.html; boundary=other\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("stray-boundary-with-parts", hello+"--real\nContent-Type: application/octet-stream; boundary=in\n\n"+parts("in")+"--real--\n")
	// Two tricks at once: what the second hides shows only in a reading that sees through the first.
	blank := "--%[1]s\nContent-Type: text/plain\n\nHello\n--%[1]s\n\n" + attachment() + "--%[1]s--\n"
	for _, c := range [][3]string{
		{"no-semicolon-and-blank", "multipart/mixed boundary=real", "real"}, {"cut-at-space-and-blank", "multipart/mixed; boundary=real more", "real"},
		{"semicolon-within-and-blank", "multipart/mixed; boundary=re;al", "re;al"}, {"behind-quote-and-blank", "multipart/mixed; boundary=\"decoy\"real", "real"},
		{"empty-quote-and-blank", "multipart/mixed; boundary=\"\"real", "real"}, {"lone-semicolon-and-blank", "multipart/mixed; boundary=;", ""},
	} {
		out = append(out, Case{"structure-" + c[0], crlf(envelope + "Content-Type: " + c[1] + "\n\n" + fmt.Sprintf(blank, c[2]))})
	}
	out = append(out, Case{"structure-comma-two-boundaries", crlf(envelope + "Content-Type: multipart/mixed; boundary=decoy, boundary=real\n\n--decoy\nContent-Type: text/plain\n\nHello\n--real\n" + attachment() + "--real--\n--decoy--\n")})
	add("space-before-second", hello+" --real\n"+attachment()+"--real--\n")
	add("cr-and-comma-before-second", "--real\nContent-Type: text/plain\n\nHello\r,--real\n"+attachment()+"--real--\n")
	add("header-goes-on-in-body", hello+"--real\nContent-Type: text/html; name=page.html\n\nA sentence.\nContent-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("header-goes-on-indented", hello+"--real\nContent-Type: text/html; name=page.html\n\n Content-Transfer-Encoding: base64\n\n"+encoded()+"--real--\n")
	add("junk-instead-of-empty-line", hello+"--real\nContent-Type: text/html; name=page.html\nContent-Transfer-Encoding: base64\nc\n"+encoded()+"--real--\n")
	out = append(out, Case{"structure-empty-boundary", crlf(envelope + "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n" + attachment() + "----\n")})
	return out
}

// part is a message of one part, the page in the encoding that fields name.
func part(name, fields, body string) Case {
	return Case{name, crlf(envelope + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=real\n\n--real\nContent-Type: text/html; name=page.html\n" + fields + "\n" + body + "--real--\n")}
}

// encodingFieldCases play with Content-Transfer-Encoding.
func encodingFieldCases() []Case {
	var out []Case
	const f = "Content-Transfer-Encoding: "
	add := func(name, fields string) { out = append(out, part("encoding-"+name, fields, encoded())) }
	for i, v := range []string{
		"\"base64\"", "base64 (comment)", "(comment) base64", "base64; x=y", "x-base64", "base 64", "base-64", "base64, 7bit", "7bit, base64", "base64 7bit",
		"=?utf-8?q?base64?=", "b64", "'base64'", "base64.", "\x00base64", "base64\x00", "ba\x00se64", "unknown", "bAsE64;", "8bit base64", "base64=",
	} {
		add(fmt.Sprintf("value-%02d", i), f+v+"\n")
	}
	add("twice-first", f+"base64\n"+f+"7bit\n")
	add("twice-last", f+"7bit\n"+f+"base64\n")
	add("twice-quoted-first", f+"quoted-printable\n"+f+"base64\n")
	add("twice-quoted-last", f+"base64\n"+f+"quoted-printable\n")
	add("missing", "")
	add("said-7bit", f+"7bit\n")
	add("said-binary", f+"binary\n")
	add("said-quoted", f+"quoted-printable\n")
	add("empty", f+"\n")
	add("space-before-colon", "Content-Transfer-Encoding : base64\n"+f+"8bit\n")
	add("nul-in-name", "Content-Transfer-Encoding\x00: base64\n")
	add("folded", "Content-Transfer-Encoding:\n base64\n"+f+"7bit\n")
	add("folded-within", "Content-Transfer-Encoding: base\n 64\n")
	add("typed", "Content-Encoding: base64\nContent-Transfer-Encoding: x-none\n")
	return out
}

// base64Cases play with base64 itself.
func base64Cases() []Case {
	var out []Case
	b := base64.StdEncoding
	whole := b.EncodeToString([]byte(page))
	add := func(name, body string) {
		out = append(out, part("base64-"+name, "Content-Transfer-Encoding: base64\n", body+"\n"))
	}
	half := len(page) / 2
	half -= half % 3
	add("junk-characters", strings.Join(strings.SplitAfter(whole, "a"), "!*"))
	add("junk-lines", "not base64 at all!\n"+whole)
	add("spaces", strings.Join(strings.Split(whole, ""), " "))
	add("nul", whole[:20]+"\x00"+whole[20:])
	add("eight-bit", whole[:20]+"\xe4\xf6"+whole[20:])
	add("padding-within", b.EncodeToString([]byte(page[:half-1]))+b.EncodeToString([]byte(page[half-1:])))
	add("padding-first", "====\n"+whole)
	add("padding-ignored", whole[:8]+"="+whole[8:])
	add("padding-then-data", b.EncodeToString([]byte("x"))+whole)
	add("padding-lines", b.EncodeToString([]byte("harmless t"))+"\n"+whole)
	add("no-padding", strings.TrimRight(b.EncodeToString([]byte(page+"x")), "=")+"-")
	add("long-line", whole+whole+"\n!")
	add("url-alphabet", base64.URLEncoding.EncodeToString([]byte("<\xff\xfe\xfb\xef>"+page)))
	add("cut-off", whole[:len(whole)-3]+"?")
	add("text-behind", whole+"\n\nThis message was checked.")
	add("comment-line", "# comment\n"+whole)
	add("dashes", "-----BEGIN-----\n"+whole+"\n-----END-----")
	add("not-encoded", page)
	add("quoted-inside", strings.ReplaceAll(whole, "P", "=50"))
	add("quoted-around", strings.ReplaceAll(wrap(strings.TrimRight(whole, "=")+"=3D", 40), "\n", "=\n"))
	return out
}

// otherEncodingCases play with quoted-printable, uuencode and charsets.
func otherEncodingCases() []Case {
	var out []Case
	qp := "Content-Transfer-Encoding: quoted-printable\n"
	hex := func(format string) string {
		var b strings.Builder
		for _, c := range []byte(page[:len(page)-1]) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	out = append(out,
		part("quoted-lower-case", qp+"Content-Transfer-Encoding: 8bit\n", wrap(hex("=%02x"), 10000)),
		part("quoted-soft-break-space", qp+qp+"Content-Transfer-Encoding: binary\n", strings.ReplaceAll(page, "HARMLESS", "HARM= \t\nLESS")),
		part("quoted-bad-escape", qp+"Content-Transfer-Encoding: x\n", "=ZZ"+page+"="),
		part("quoted-under-other-name", "Content-Transfer-Encoding: quoted printable\n", hex("=%02X")+"\n"),
		part("quoted-as-qp", "Content-Transfer-Encoding: qp\n", hex("=%02X")+"\n"),
		part("quoted-undeclared", "", wrap(hex("=%02X"), 10000)),
		part("quoted-name-in-comment", "Content-Transfe(r-Encoding: quoted-printable\n", wrap(hex("=%02X"), 10000)),
		part("quoted-broken-escape", qp, strings.ReplaceAll(page, "HARMLESS", "HARM=@=4CESS")),
		part("quoted-cut-escape", qp, strings.ReplaceAll(page, "HARMLESS", "HARM=4=4CESS")),
		part("quoted-soft-break-cr", qp, strings.ReplaceAll(page, "HARMLESS", "HARM=\rLESS")),
		part("quoted-soft-break-cr-crlf", qp, strings.ReplaceAll(page, "HARMLESS", "HARM=\r\r\nLESS")),
		part("quoted-soft-break-lf-crlf", qp, strings.ReplaceAll(page, "HARMLESS", "HARM=\n\r\nLESS")),
		part("quoted-soft-break-twice", qp, strings.ReplaceAll(page, "HARMLESS", "HARM==\nLESS")),
		part("uuencode", "Content-Transfer-Encoding: x-uuencode\nContent-Transfer-Encoding: 7bit\n", uuencoded()),
		part("uuencode-no-end", "Content-Transfer-Encoding: uuencode\nContent-Transfer-Encoding: 7bit\n", strings.Split(uuencoded(), "`")[0]),
		part("uuencode-undeclared", "", "See below.\n\n"+uuencoded()+"\nBye\n"),
		Case{"uuencode-whole-body", crlf(envelope + "\n" + "See below.\n\n" + uuencoded())},
		Case{"uuencode-in-preamble", crlf(envelope + "Content-Type: multipart/mixed; boundary=real\n\n" + uuencoded() + "--real\n\nHello\n--real--\n")},
		Case{"uuencode-in-epilogue", crlf(envelope + "Content-Type: multipart/mixed; boundary=real\n\n--real\n\nHello\n--real--\n" + uuencoded())},
		Case{"base64-whole-body", crlf(envelope + "\n" + encoded())},
	)
	return out
}
