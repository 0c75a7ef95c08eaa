package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns a written name in the form that names are compared in: lower case, compatibility forms resolved, accents
// off, Cyrillic and Greek transliterated. Invisible characters vanish. Anything else stays.
func Fold(s string) string { return fold(s, translit) }

// Skeleton returns a name with every letter replaced by the one that it looks like (Unicode TR39 section 4, cut down to
// what passes for Latin letters and digits). Two names with one skeleton look alike.
func Skeleton(s string) string {
	s = fold(s, lookalike)
	if !strings.ContainsAny(s, "rv") {
		return s
	}
	return pairs.Replace(s)
}

var pairs = strings.NewReplacer("rn", "m", "vv", "w")

func fold(s string, other func(rune) string) string {
	if ascii(s) {
		return asciiFold(s, other)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteString(other(r))
		case unicode.Is(unicode.Mn, r) || Invisible(r):
		default:
			b.WriteString(other(unicode.ToLower(r)))
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func asciiFold(s string, other func(rune) string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, other(rune(c))...)
	}
	return string(b)
}

// Invisible tells whether a rune takes no place on the screen: zero-width and bidi controls, soft hyphen, tags,
// variation selectors.
func Invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x180E, r == 0x2800, r == 0x3164, r == 0xFEFF, r == 0xFFA0:
		return true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x206F, 0xFE00 <= r && r <= 0xFE0F, 0xE0000 <= r && r <= 0xE0FFF:
		return true
	}
	return false
}

var cyrillic = [...]string{"a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"}

var greek = [...]string{"a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o"}

// translit gives a lower-case letter's usual Latin spelling (ISO 9-like for Cyrillic, ELOT 743 for Greek).
func translit(r rune) string {
	if r < utf8.RuneSelf {
		return asciiStrings[r]
	}
	switch {
	case 'а' <= r && r <= 'я':
		return cyrillic[r-'а']
	case 'α' <= r && r <= 'ω':
		return greek[r-'α']
	}
	switch r {
	case 'ё':
		return "yo"
	case 'і':
		return "i"
	case 'ї':
		return "yi"
	case 'є':
		return "ye"
	case 'ґ':
		return "g"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return string(r)
}

var asciiStrings = func() (out [utf8.RuneSelf]string) {
	for i := range out {
		out[i] = string(rune(i))
	}
	return out
}()

// lookalike gives the Latin letter that a lower-case letter or digit passes for. Only shapes that a reader mistakes in
// running text are in it; the table is ours.
func lookalike(r rune) string {
	switch r {
	case '0', 'о', 'ο', 'օ', 'ჿ', '〇', 'ᴏ', 'ø':
		return "o"
	case '1', '|', '!', 'ӏ', 'і', 'ι', 'ı', 'ɩ', 'ⅼ', 'ǀ', 'ł', 'i', 'l', 'ї':
		return "l"
	case '5', 'ѕ', 'ꜱ', 'ʂ':
		return "s"
	case '3', 'е', 'ё', 'ε', 'є', 'ҽ', 'ɛ':
		return "e"
	case '4', '@', 'а', 'α', 'ɑ', 'ӕ':
		return "a"
	case '8', 'в', 'ь', 'β', 'Ь':
		return "b"
	case '6', 'ɡ', 'ց', '9':
		return "g"
	case '7', 'т', 'τ':
		return "t"
	case 'с', 'ϲ', 'ⅽ', 'ᴄ':
		return "c"
	case 'ԁ', 'ɗ', 'ⅾ', 'đ':
		return "d"
	case 'һ', 'հ', 'н':
		return "h"
	case 'ј', 'ϳ':
		return "j"
	case 'к', 'κ':
		return "k"
	case 'м', 'ⅿ', 'ʍ':
		return "m"
	case 'п', 'ո', 'η', 'ռ':
		return "n"
	case 'р', 'ρ', 'ϱ':
		return "p"
	case 'ԛ', 'զ':
		return "q"
	case 'г', 'ʀ':
		return "r"
	case 'υ', 'ս', 'ʋ', 'ц', 'μ':
		return "u"
	case 'ν', 'ѵ', 'ⅴ', 'ᴠ':
		return "v"
	case 'ԝ', 'ω', 'ѡ', 'ᴡ', 'ш', 'ɯ':
		return "w"
	case 'х', 'χ', 'ⅹ', '×':
		return "x"
	case 'у', 'γ', 'ү', 'ყ':
		return "y"
	case 'ʐ', 'ᴢ':
		return "z"
	}
	if r < utf8.RuneSelf {
		return asciiStrings[r]
	}
	return string(r)
}

// Mixed tells whether a word mixes Latin letters with Cyrillic, Greek or Armenian ones, which no language does.
func Mixed(word string) bool {
	latin, other := false, false
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
			latin = latin || 'a' <= r|0x20 && r|0x20 <= 'z'
		case 0x370 <= r && r <= 0x58F:
			other = other || unicode.IsLetter(r) && r != 'µ'
		case unicode.Is(unicode.Latin, r):
			latin = true
		}
	}
	return latin && other
}

// Words splits a folded text into its words. A word is a run of letters and digits; each character of a script written
// without spaces is a word of its own. Each call gets the byte offsets of the word; it returns false to stop.
func Words(s string, each func(start, end int) bool) {
	start := -1
	for i, r := range s {
		word, alone := r < utf8.RuneSelf && ('a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'), false
		if r >= utf8.RuneSelf {
			alone = unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
			word = !alone && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r))
		}
		if word {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			if !each(start, i) {
				return
			}
			start = -1
		}
		if alone && !each(i, i+utf8.RuneLen(r)) {
			return
		}
	}
	if start >= 0 {
		each(start, len(s))
	}
}
