package passage

import "unicode"

// foldLetter gives a letter's script and its plain form, one or two characters, 0 where there is none.
func foldLetter(r rune) (script int, plain [2]rune) {
	switch {
	case r < 0x250:
		if int(r-0xAA) >= 0 && r < 0x180 {
			if p := latinPlain(r); p[0] != 0 {
				return Latin, p
			}
		}
		return Latin, [2]rune{plainExtended(unicode.ToLower(r))}
	case r >= 0x1E00 && r < 0x1F00:
		return Latin, [2]rune{plainVietnamese(unicode.ToLower(r))}
	case r >= 0x370 && r < 0x400 || r >= 0x1F00 && r < 0x2000:
		return Greek, [2]rune{unicode.ToLower(r)}
	case r >= 0x400 && r < 0x530:
		r = unicode.ToLower(r)
		switch r {
		case 'ё':
			r = 'е'
		case 'й', 'ѝ':
			r = 'и' // as the decomposed form folds
		case 'ї':
			r = 'і'
		case 'ґ':
			r = 'г'
		}
		return Cyrillic, [2]rune{r}
	case r >= 0x600 && r < 0x780 || r >= 0xFB50 && r < 0xFF00 && unicode.Is(unicode.Arabic, r):
		return Arabic, [2]rune{plainArabic(r)}
	case r >= 0x3040 && r < 0x3100:
		return Kana, [2]rune{r}
	case r >= 0x3400 && r < 0xA000 || r >= 0xF900 && r < 0xFB00 || r >= 0x20000:
		return Han, [2]rune{r}
	case r >= 0xAC00 && r <= 0xD7A3:
		return Hangul, [2]rune{r}
	case r >= 0xFF10 && r <= 0xFF5A: // full width
		return Latin, [2]rune{unicode.ToLower(r - 0xFEE0)}
	case r >= 0x1D400 && r <= 0x1D6A3: // mathematical letters, thirteen alphabets of 52
		n := (r - 0x1D400) % 52
		return Latin, [2]rune{'a' + n%26}
	case r >= 0x1D7CE && r <= 0x1D7FF:
		return Latin, [2]rune{'0' + (r-0x1D7CE)%10}
	}
	return Latin, [2]rune{unicode.ToLower(r)}
}

// latinPlain folds U+00AA to U+017F: the letter without its accent; ß, æ and œ become two letters.
func latinPlain(r rune) [2]rune {
	switch r {
	case 'ª':
		return [2]rune{'a'}
	case 'º':
		return [2]rune{'o'}
	case 'µ':
		return [2]rune{'u'}
	case 'ß':
		return [2]rune{'s', 's'}
	case 'æ', 'Æ':
		return [2]rune{'a', 'e'}
	case 'œ', 'Œ':
		return [2]rune{'o', 'e'}
	case 'þ', 'Þ':
		return [2]rune{'t', 'h'}
	}
	const table = "aaaaaaaceeeeiiiidnooooo*ouuuuy**aaaaaaaceeeeiiiidnooooo*ouuuuy*y" + // U+00C0
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllllln" + // U+0100
		"nnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
	if i := int(r - 0xC0); i >= 0 && i < len(table) && table[i] != '*' {
		return [2]rune{rune(table[i])}
	}
	return [2]rune{}
}

func plainExtended(r rune) rune {
	switch r {
	case 'ș':
		return 's'
	case 'ț':
		return 't'
	case 'ơ', 'ǒ', 'ø':
		return 'o'
	case 'ư', 'ǔ':
		return 'u'
	case 'ǎ':
		return 'a'
	case 'ǐ':
		return 'i'
	}
	return r
}

// plainVietnamese folds U+1EA0 to U+1EF9, which go by base letter.
func plainVietnamese(r rune) rune {
	switch {
	case r >= 0x1EA0 && r <= 0x1EB7:
		return 'a'
	case r >= 0x1EB8 && r <= 0x1EC7:
		return 'e'
	case r >= 0x1EC8 && r <= 0x1ECB:
		return 'i'
	case r >= 0x1ECC && r <= 0x1EE3:
		return 'o'
	case r >= 0x1EE4 && r <= 0x1EF1:
		return 'u'
	case r >= 0x1EF2 && r <= 0x1EF9:
		return 'y'
	}
	return r
}

// plainArabic unites the forms of alef, yeh and teh marbuta that writers interchange, and maps digits to ASCII.
func plainArabic(r rune) rune {
	switch {
	case r == 'أ' || r == 'إ' || r == 'آ' || r == 'ٱ':
		return 'ا'
	case r == 'ى' || r == 'ی':
		return 'ي'
	case r == 'ة':
		return 'ه'
	case r == 'ک':
		return 'ك'
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	}
	return r
}

// lookAlike maps Cyrillic and Greek letters, in folded form, to the Latin ones they look like.
var lookAlike = map[rune]byte{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'н': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm',
	'о': 'o', 'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'т': 't', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y', 'ү': 'y',
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'ѡ': 'w', 'ω': 'w',
}
