package html

import "strings"

// A Found is an address found in text, with its place.
type Found struct {
	URL        string
	Start, End int
}

// FindURLs finds addresses in text as mail clients do: a scheme followed by "://", or "www.".
func FindURLs(s string) []Found {
	var out []Found
	for at := 0; at < len(s); {
		i := strings.Index(s[at:], "://")
		j := strings.Index(s[at:], "www.")
		var start int
		switch {
		case i < 0 && j < 0:
			return out
		case j >= 0 && (i < 0 || j < i):
			start = at + j
			if start > 0 && (wordByte(s[start-1]) || s[start-1] == '.' || s[start-1] == '@') {
				at = start + 4
				continue
			}
		default:
			start = at + i
			for start > at && letter(s[start-1]) && at+i-start < 10 {
				start--
			}
			switch strings.ToLower(s[start : at+i]) {
			case "http", "https", "hxxp", "hxxps", "ftp":
			default:
				k := strings.LastIndex(strings.ToLower(s[start:at+i]), "http")
				if k < 0 {
					at += i + 3
					continue
				}
				start += k
			}
		}
		end := start
		for end < len(s) && urlByte(s[end]) && end-start < 4096 {
			end++
		}
		u := strings.TrimRight(s[start:end], ".,;:!?'\")]}>*_")
		if open := strings.Count(u, "("); open > strings.Count(u, ")") && start+len(u) < len(s) && s[start+len(u)] == ')' {
			u = s[start : start+len(u)+1]
		}
		if len(u) > 8 {
			out = append(out, Found{u, start, start + len(u)})
		}
		at = max(end, at+4)
		if len(out) >= maxLinks {
			return out
		}
	}
	return out
}

func letter(c byte) bool   { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func wordByte(c byte) bool { return letter(c) || c >= '0' && c <= '9' || c == '_' || c >= 0x80 }
func urlByte(c byte) bool {
	return c > ' ' && c != '<' && c != '>' && c != '"' && c != '`' && c != '|' && c != 0x7f && c != '\\' && c != '{' && c != '}'
}
