package names

import (
	"strings"
	"testing"
)

func TestOrganisational(t *testing.T) {
	for in, want := range map[string]string{
		"mail.polar-parts.example": "polar-parts.example", "polar-parts.example": "polar-parts.example", "a.b.co.uk": "b.co.uk", "co.uk": "co.uk", "example": "example",
		"x.y.unknowntld": "y.unknowntld", "foo.github.io": "foo.github.io", "": "", "192.0.2.1": "192.0.2.1", "[2001:db8::1]": "[2001:db8::1]", ".": ".", "a..example": ".example",
	} {
		if got := Organisational(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if !Aligned("a.x.example", "b.x.example") || Aligned("x.example", "y.example") || Aligned("", "") {
		t.Error("alignment")
	}
}

func TestLists(t *testing.T) {
	for host, want := range map[string][3]bool{
		"gmail.com": {true, false, false}, "mail.gmx.net": {true, false, false}, "notgmail.com": {}, "quiet-1.web.app": {false, true, false}, "bit.ly": {false, false, true}, "polar.example": {},
	} {
		if got := [3]bool{FreeMail(host), FreeHost(host), Shortener(host)}; got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"https://A.Example:8443/x?y#z": "a.example", "http://user:pw@evil.test/": "evil.test", "https://a.example\\@b.test": "a.example", "mailto:x@y": "", "/path": "", "ftp://f.example": "f.example", "https://[::1]/": "[::1]", "http://": "",
	} {
		if got := Host(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Kühlhaus MÜNCHEN": "kuhlhaus munchen", "Полярные": "polyarnye", "Ελλάδα": "ellada", "Straße": "strasse", "ﬁle": "file", "pass\u200bword": "password", "Łódź": "lodz", "日本": "日本"} {
		if got := Fold(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, pair := range [][2]string{{"paypal", "раураl"}, {"microsoft", "rnicr0soft"}, {"haier", "ha1er"}, {"haier", "haíer"}, {"vvhale", "whale"}} {
		if Skeleton(pair[0]) != Skeleton(pair[1]) {
			t.Errorf("%q %q: %q %q", pair[0], pair[1], Skeleton(pair[0]), Skeleton(pair[1]))
		}
	}
	if Mixed("Анна") || Mixed("Anna") || !Mixed("Аnna") || Mixed("5 µm") {
		t.Error("mixed")
	}
}

func TestWords(t *testing.T) {
	s := "Haier, Bio-Medical 海尔 x1"
	var out []string
	Words(s, func(i, j int) bool { out = append(out, s[i:j]); return true })
	if got := strings.Join(out, "|"); got != "Haier|Bio|Medical|海|尔|x1" {
		t.Error(got)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Kühl\u200b раураl rn")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		Fold(s)
		Skeleton(s)
		Words(s, func(i, j int) bool {
			if i < 0 || j > len(s) || i >= j {
				t.Fatal(i, j)
			}
			return true
		})
		Organisational(s)
		Host(s)
	})
}
