package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// DecodeHeader decodes the encoded words of a header value (RFC 2047) and returns UTF-8. It is tolerant: words may
// touch each other or other text, stand in quotes, hold spaces, lack padding or the closing "?=", and cut a character
// in two, as long as both halves say the same charset. Unencoded bytes above 127 are taken as UTF-8 (RFC 6532) or, where
// they are not, as Windows-1252.
func DecodeHeader(s string) string {
	if !strings.Contains(s, "=?") {
		return headerText(s)
	}
	var out strings.Builder
	var run []byte // decoded bytes of words that follow each other in one charset
	charset := ""
	flush := func() {
		if len(run) > 0 {
			text, _ := Charset(run, charset)
			out.WriteString(text)
			run = run[:0]
		}
	}
	closing := -1 // offset of the next "?=" at or after the place looked at; len(s) if there is none
	pos := 0
	for pos < len(s) {
		i := strings.Index(s[pos:], "=?")
		if i < 0 {
			break
		}
		i += pos
		cs, enc, text, end, ok := encodedWord(s, i, &closing)
		if !ok {
			flush()
			out.WriteString(headerText(s[pos : i+2]))
			pos = i + 2
			continue
		}
		if gap := s[pos:i]; gap != "" && (len(run) == 0 || strings.Trim(gap, " \t\r\n") != "") {
			flush()
			out.WriteString(headerText(gap))
		}
		if !strings.EqualFold(cs, charset) {
			flush()
			charset = cs
		}
		if enc == 'b' {
			run = append(run, decodeBase64([]byte(text), base64Standard)...)
		} else {
			run = appendQ(run, text)
		}
		if len(run) == 0 {
			run = append(run, 0)[:0]
		}
		pos = end
	}
	flush()
	out.WriteString(headerText(s[pos:]))
	return out.String()
}

// encodedWord reads the encoded word at s[i:], which begins with "=?".
func encodedWord(s string, i int, closing *int) (charset string, enc byte, text string, end int, ok bool) {
	j := i + 2
	for j < len(s) && s[j] != '?' {
		if s[j] <= ' ' || j-i > 64 {
			return
		}
		j++
	}
	if j+2 >= len(s) || j == i+2 || s[j+2] != '?' {
		return
	}
	charset = s[i+2 : j]
	if k := strings.IndexByte(charset, '*'); k >= 0 {
		charset = charset[:k] // RFC 2231 section 5: a language
	}
	enc = lower(s[j+1])
	if enc != 'b' && enc != 'q' {
		return
	}
	start := j + 3
	if *closing < start && *closing != len(s) {
		if k := strings.Index(s[start:], "?="); k >= 0 {
			*closing = start + k
		} else {
			*closing = len(s)
		}
	}
	stop := *closing
	if stop == len(s) { // never closed: the word ends where the next white space is
		k := strings.IndexAny(s[start:], " \t\r\n")
		if k < 0 {
			k = len(s) - start
		}
		return charset, enc, strings.TrimRight(s[start:start+k], "?"), start + k, true
	}
	if k := strings.Index(s[start:stop], "=?"); k >= 0 && enc == 'b' { // closed only by the next word
		word := s[start : start+k]
		return charset, enc, strings.TrimRight(word, "? \t\r\n"), start + len(strings.TrimRight(word, " \t\r\n")), true
	}
	return charset, enc, s[start:stop], stop + 2, true
}

// appendQ decodes the "Q" encoding (RFC 2047 section 4.2).
func appendQ(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			dst = append(dst, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// headerText returns unencoded header text as UTF-8.
func headerText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, _ := Charset([]byte(s), "")
	return text
}

func containsFold(b []byte, lowerWord string) bool {
	n := len(lowerWord)
	first := lowerWord[0]
	upper := first
	if 'a' <= first && first <= 'z' {
		upper = first - 'a' + 'A'
	}
	for len(b) >= n {
		i := bytes.IndexByte(b, first)
		if upper != first {
			limit := len(b)
			if i >= 0 {
				limit = i
			}
			if j := bytes.IndexByte(b[:limit], upper); j >= 0 {
				i = j
			}
		}
		if i < 0 || len(b)-i < n {
			return false
		}
		if hasPrefixFold(b[i:], lowerWord) {
			return true
		}
		b = b[i+1:]
	}
	return false
}

func hasPrefixFold(b []byte, lowerWord string) bool {
	if len(b) < len(lowerWord) {
		return false
	}
	for i := 0; i < len(lowerWord); i++ {
		if lower(b[i]) != lowerWord[i] {
			return false
		}
	}
	return true
}
