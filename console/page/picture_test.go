package page

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"github.com/coldwatch/coldwatch"
)

// harmless reads a picture as a browser would and says what in it could run, load, submit or lead elsewhere.
func harmless(t *testing.T, picture []byte) []string {
	t.Helper()
	doc, err := nethtml.Parse(bytes.NewReader(picture))
	if err != nil {
		return nil // nested so deep that the parser gives up; browsers cut it as well
	}
	var faults []string
	for n := range doc.Descendants() {
		if n.Type != nethtml.ElementNode {
			continue
		}
		if n.Namespace != "" || !allowedElements[n.Data] && n.Data != "html" && n.Data != "head" && n.Data != "body" && n.Data != "meta" && n.Data != "title" {
			faults = append(faults, "element "+n.Namespace+" "+n.Data)
		}
		for _, a := range n.Attr {
			image := n.Data == "img" && a.Key == "src" && strings.HasPrefix(a.Val, "data:image/")
			ours := n.Data == "meta" || a.Key == "disabled"
			if !allowedAttributes[a.Key] && !image && !ours {
				faults = append(faults, n.Data+" "+a.Key+"="+a.Val)
			}
			if a.Key == "style" && !safeStyle(a.Val) {
				faults = append(faults, "style "+a.Val)
			}
		}
		if n.Data == "style" && n.FirstChild != nil && n.Parent.Data != "head" && !safeStyle(n.FirstChild.Data) {
			faults = append(faults, "style sheet "+n.FirstChild.Data)
		}
	}
	return faults
}

func TestPicture(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n0000IHDR")
	parts := &coldwatch.Message{Parts: []coldwatch.Part{{ContentID: "logo@x", MediaType: "image/png", Content: png}, {ContentID: "evil@x", MediaType: "image/png", Content: []byte("<svg onload=alert(1)>")}}}
	cases := []struct{ name, markup, want, not string }{
		{"text is escaped", `a < b & "c"`, `a &lt; b &amp; &#34;c&#34;`, `a < b`},
		{"a link says where it leads and leads nowhere", `<a href="https://evil.test/x" onclick="x()">go</a>`, `title="leads to hxxps://evil[.]test/x"`, `href`},
		{"a script is left out with its contents", `a<script>alert(1)</script>b`, "ab", "alert"},
		{"a form asks and sends nothing", `<form action="https://evil.test"><input type="password" name="p" value="v"><button>In</button></form>`, `<input type="password" value="v" disabled>`, "<form"},
		{"hidden fields are left out", `<input type=hidden value=secret>`, "", "secret"},
		{"a style that loads nothing stays", `<p style="color:red">x</p>`, `style="color:red"`, ""},
		{"a style that loads is left out", `<p style="background:URL(//evil.test/a)">x</p>`, `<p>x</p>`, "evil"},
		{"an escape in a style is left out", `<p style="background:u\72l(//evil.test/a)">x</p>`, `<p>x</p>`, "evil"},
		{"a style sheet that imports is left out", `<style>@import "//evil.test/a"</style>x`, `<style></style>x`, "evil"},
		{"a remote image is named", `<img src="https://pixel.evil.test/1.gif" width=1>`, "remote picture not loaded: pixel[.]evil[.]test", "src="},
		{"an image of the message's own is drawn", `<img src="cid:logo@x" width="40">`, `src="data:image/png;base64,`, "left out"},
		{"an image that is none is left out", `<img src="cid:evil@x">`, "picture left out", "svg"},
		{"SVG is left out", `<svg><script>alert(1)</script><circle/></svg>x`, "x", "circle"},
		{"what is open is closed", `<table><tr><td><b>x`, `<b>x</b></td></tr></table></body>`, ""},
		{"a stray end closes nothing of ours", `</body></html></div><p>x</p>`, `<p>x</p></body></html>`, "</div>"},
		{"plaintext does not swallow the end", `<plaintext><script>alert(1)`, `&lt;script&gt;`, "<script"},
	}
	for _, c := range cases {
		d := picture{parts: parts}
		got := string(d.page([]byte(c.markup)))
		_, body, _ := strings.Cut(got, "<body>")
		if !strings.Contains(body, c.want) || c.not != "" && strings.Contains(body, c.not) {
			t.Errorf("%s: %s", c.name, body)
		}
		if faults := harmless(t, []byte(got)); len(faults) > 0 {
			t.Errorf("%s: %v", c.name, faults)
		}
	}
}

func FuzzPicture(f *testing.F) {
	for _, s := range []string{`<p onclick=a>x</p>`, `<style>a{b:url(c)}</style>`, `<svg><style><img src=x onerror=y>`, `<a href=" javascript:x">`, `<textarea></textarea><script>`, `<img src="data:image/png;base64,AA==">`,
		`<math><mi><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, "<select><option><script>x</script>", "<noscript><p title=\"</noscript><img src=x>\">"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, markup []byte) {
		d := picture{}
		if faults := harmless(t, d.page(markup)); len(faults) > 0 {
			t.Errorf("%q: %v", markup, faults)
		}
	})
}

func TestLetters(t *testing.T) {
	cases := []struct{ text, want string }{
		{"paypal.example", "paypal.example"},
		{"p\u0430ypal", "p[а Cyrillic]ypal"},
		{"Привет, мир", "Привет, мир"}, // a language is no look-alike
		{"см. apple", "см. apple"},
		{"\u03b1pple.com", "[α Greek]pple.com"},
		{"東京office", "東京office"},
		{"a\u202eexe", "a⟨U+202E⟩exe"},
		{"one\r\ntwo\tthree", "one\ntwo\tthree"},
		{"\uff41dmin", "[ａ full-width]dmin"},
		{"bad \xff byte", "bad \uFFFD byte"},
	}
	for _, c := range cases {
		var b strings.Builder
		for _, p := range letters(c.text) {
			if p.Script != "" {
				b.WriteString("[" + p.Text + " " + p.Script + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		if b.String() != c.want {
			t.Errorf("%q: %q, want %q", c.text, b.String(), c.want)
		}
	}
}

func TestBack(t *testing.T) {
	for _, to := range []string{"//evil.test", "https://evil.test/", `/\evil.test`, "javascript:alert(1)", "\t//evil.test", ""} {
		w := httptest.NewRecorder()
		(&Pages{}).done(w, newRequest(t, to), back(newRequest(t, to)), "said")
		if at := w.Header().Get("Location"); !strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//") || strings.HasPrefix(at, `/\`) {
			t.Errorf("%q leads to %q", to, at)
		}
	}
}

func newRequest(t *testing.T, to string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/words", strings.NewReader(url.Values{"to": {to}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	return r
}
