package page

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/coldwatch/coldwatch/publish/dossier"
)

// A piece is a run of text; Script names the writing system of letters that stand among Latin ones, where they pass for them (UTS 39
// section 4, mixed scripts).
type piece struct{ Text, Script string }

// lookAlikes are the scripts whose letters pass for Latin ones. Han, Kana and Hangul do not, and mix with Latin every day.
var lookAlikes = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek}, {"Armenian", unicode.Armenian}, {"Cherokee", unicode.Cherokee},
	{"Coptic", unicode.Coptic}, {"Georgian", unicode.Georgian}, {"Lisu", unicode.Lisu}, {"Deseret", unicode.Deseret},
}

func scriptOf(r rune) string {
	if r < 0x250 {
		return ""
	}
	for _, s := range lookAlikes {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return "full-width"
	case r >= 0x1D400 && r <= 0x1D7FF:
		return "mathematical"
	}
	return ""
}

// isWord tells whether a letter belongs to a word, a host or an address.
func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(".-@_", r)
}

// letters cuts text into pieces, with the letters marked that pass for Latin ones in a word that has Latin letters too. What is
// invisible becomes visible.
func letters(text string) []piece {
	var out []piece
	add := func(s, script string) {
		if s == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].Script == script {
			out[n-1].Text += s
			return
		}
		out = append(out, piece{s, script})
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	for len(text) > 0 {
		end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
		switch end {
		case -1:
			end = len(text)
		case 0:
			_, n := utf8.DecodeRuneInString(text)
			add(lines(text[:n]), "")
			text = text[n:]
			continue
		}
		word := text[:end]
		text = text[end:]
		if !mixed(word) {
			add(dossier.Visible(word), "")
			continue
		}
		for _, r := range word {
			add(dossier.Visible(string(r)), scriptOf(r))
		}
	}
	return out
}

// mixed tells whether a word has Latin letters beside others that pass for them.
func mixed(word string) bool {
	latin, other := false, false
	for _, r := range word {
		if scriptOf(r) != "" {
			other = true
		} else if unicode.Is(unicode.Latin, r) {
			latin = true
		}
	}
	return latin && other
}

// lines is dossier.Visible for text of several lines.
func lines(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if !strings.ContainsAny(s, "\n\t") {
		return dossier.Visible(s)
	}
	parts := strings.Split(s, "\n")
	for i, line := range parts {
		fields := strings.Split(line, "\t")
		for k := range fields {
			fields[k] = dossier.Visible(fields[k])
		}
		parts[i] = strings.Join(fields, "\t")
	}
	return strings.Join(parts, "\n")
}

// decoded gives a host as people would see it where it is written in punycode (RFC 5890), "" elsewhere.
func decoded(host string) string {
	if !strings.Contains(host, "xn--") {
		return ""
	}
	u, err := idna.ToUnicode(host)
	if err != nil || u == host {
		return ""
	}
	return u
}
