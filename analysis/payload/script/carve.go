package script

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch/analysis/payload/html"
)

// Carve looks for pages in the texts of scripts that came to nothing: kits are often broken by those who rent them (a
// variable that is defined twice, a missing quote), and the page still tells whose they are. Each long text, and all of
// them joined in their order, is tried as base64, reversed base64, hexadecimal and percent encoding; each long list of
// numbers as character codes.
func Carve(sources []Source) []Write {
	var all []string
	var numbers []int
	var out []Write
	for _, s := range sources {
		l := lexer{src: s.Text}
		for n := 0; n < 200_000; n++ {
			t := l.next()
			if t.kind == tokNumber {
				numbers = append(numbers, int(t.num))
				continue
			}
			if !(t.kind == tokPunct && (t.text == "," || t.text == "-")) {
				if page := shifted(numbers); page != "" && len(out) < 5 {
					out = append(out, Write{Text: page, Layers: []string{"fromcharcode"}, How: "carved"})
				}
				numbers = numbers[:0]
			}
			if t.kind == tokEOF {
				break
			}
			if t.kind == tokString && len(t.str) >= 16 {
				all = append(all, fromUnits(t.str))
			}
		}
	}
	if len(all) == 0 || len(all) > 20_000 {
		return out
	}
	for _, text := range append([]string{strings.Join(all, "")}, all[:min(len(all), 50)]...) {
		if len(text) < 100 || len(text) > 4<<20 {
			continue
		}
		if page, layers := carve(text); page != "" && !slices.ContainsFunc(out, func(w Write) bool { return strings.Contains(w.Text, page) }) {
			out = append(out, Write{Text: page, Layers: layers, How: "carved"})
		}
		if len(out) >= 5 {
			break
		}
	}
	return out
}

// shifted reads a list of numbers as characters, all moved or XORed by one key that makes the first of them "<".
func shifted(numbers []int) string {
	if len(numbers) < 100 {
		return ""
	}
	for _, xor := range []bool{false, true} {
		b := make([]rune, len(numbers))
		for i, n := range numbers {
			if xor {
				b[i] = rune(n ^ numbers[0] ^ '<')
			} else {
				b[i] = rune(n - numbers[0] + '<')
			}
			if b[i] < 0 {
				return ""
			}
		}
		if s := string(b); markup([]byte(s)) {
			return s
		}
	}
	return ""
}

func carve(text string) (page string, layers []string) {
	for _, reverse := range []bool{false, true} {
		t := text
		if reverse {
			b := []byte(text)
			slices.Reverse(b)
			t, layers = string(b), []string{"reverse"}
		}
		if b, err := hex.DecodeString(t); err == nil && markup(b) {
			return string(b), append(layers, "hex")
		}
		if strings.Count(t, "%") > len(t)/12 {
			if s := percentDecode(t); markup([]byte(s)) {
				return s, append(layers, "unescape")
			}
		}
		if base64Like(t) {
			if b := html.Base64(t); markup(b) {
				return string(b), append(layers, "atob")
			}
		}
	}
	return "", nil
}

func base64Like(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '+' || c == '/' || c == '=' || c == '-' || c == '_' || c == '\n') {
			return false
		}
	}
	return true
}

func markup(b []byte) bool {
	low := strings.ToLower(string(b[:min(len(b), 1<<20)]))
	for _, w := range [...]string{"<html", "<form", "<script", "<body", "<input", "<!doctype", "<iframe"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}
