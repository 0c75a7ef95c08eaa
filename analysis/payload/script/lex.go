package script

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// kinds of token (ECMA-262 section 12)
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdent
	tokNumber
	tokString
	tokTemplate
	tokRegex
	tokPunct
)

type token struct {
	kind  tokenKind
	text  string // identifier, operator, regular expression's body, raw template
	flags string // of a regular expression
	str   []uint16
	num   float64
	pos   int
	nl    bool // a line end stands before it
}

type lexer struct {
	src  string
	at   int
	prev token
}

// next reads a token. It never fails: bytes that fit nowhere are skipped.
func (l *lexer) next() token {
	nl := l.space()
	t := token{pos: l.at, nl: nl}
	if l.at >= len(l.src) {
		t.kind = tokEOF
		l.prev = t
		return t
	}
	c := l.src[l.at]
	switch {
	case c >= '0' && c <= '9' || c == '.' && l.at+1 < len(l.src) && l.src[l.at+1] >= '0' && l.src[l.at+1] <= '9':
		l.number(&t)
	case c == '"' || c == '\'':
		t.kind = tokString
		t.str = l.quoted(c)
	case c == '`':
		t.kind = tokTemplate
		t.text = l.template()
	case identStart(c) || c == '\\' || c == '#':
		t.kind = tokIdent
		t.text = l.ident()
		if t.text == "" {
			l.at++
			return l.next()
		}
	case c == '/' && l.regexAllowed():
		t.kind = tokRegex
		t.text, t.flags = l.regex()
	default:
		t.kind = tokPunct
		t.text = l.punct()
	}
	l.prev = t
	return t
}

// space skips white space and comments, <!-- and --> included (section B.1.1); it tells whether a line ended.
func (l *lexer) space() bool {
	nl := false
	for l.at < len(l.src) {
		c := l.src[l.at]
		rest := l.src[l.at:]
		switch {
		case c == '\n' || c == '\r':
			nl = true
			l.at++
		case c <= ' ':
			l.at++
		case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "<!--"), nl && strings.HasPrefix(rest, "-->"), l.at == 0 && strings.HasPrefix(rest, "#!"):
			if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.src)
			}
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest[2:], "*/")
			if i < 0 {
				l.at = len(l.src)
				return nl
			}
			nl = nl || strings.Contains(rest[:i+2], "\n")
			l.at += i + 4
		case strings.HasPrefix(rest, "<![CDATA["):
			l.at += 9
		case strings.HasPrefix(rest, "]]>"):
			l.at += 3
		case c == 0xc2 && strings.HasPrefix(rest, "\u00a0"):
			l.at += 2
		case c == 0xef && strings.HasPrefix(rest, "\ufeff"), c == 0xe2 && (strings.HasPrefix(rest, "\u2028") || strings.HasPrefix(rest, "\u2029")):
			l.at += 3
		default:
			return nl
		}
	}
	return nl
}

func identStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}

func (l *lexer) ident() string {
	start := l.at
	if l.src[l.at] == '#' {
		l.at++
	}
	for l.at < len(l.src) && (identStart(l.src[l.at]) || l.src[l.at] >= '0' && l.src[l.at] <= '9') {
		l.at++
	}
	if l.at >= len(l.src) || l.src[l.at] != '\\' {
		return l.src[start:l.at]
	}
	var b strings.Builder // \u0061tob
	b.WriteString(l.src[start:l.at])
	for l.at < len(l.src) {
		c := l.src[l.at]
		if c == '\\' && l.at+1 < len(l.src) && l.src[l.at+1] == 'u' {
			l.at++
			u := l.escape(nil)
			if len(u) == 0 {
				break
			}
			b.WriteString(string(utf16.Decode(u)))
			continue
		}
		if !identStart(c) && !(c >= '0' && c <= '9') {
			break
		}
		b.WriteByte(c)
		l.at++
	}
	return b.String()
}

func (l *lexer) number(t *token) {
	t.kind = tokNumber
	start := l.at
	s := l.src
	if s[l.at] == '0' && l.at+1 < len(s) {
		base := map[byte]int{'x': 16, 'X': 16, 'b': 2, 'B': 2, 'o': 8, 'O': 8}[s[l.at+1]]
		if base > 0 {
			l.at += 2
			for l.at < len(s) && (digit(s[l.at], base) >= 0 || s[l.at] == '_') {
				t.num = t.num*float64(base) + float64(max(0, digit(s[l.at], base)))
				l.at++
			}
			l.suffix()
			return
		}
		if s[l.at+1] >= '0' && s[l.at+1] <= '7' {
			end := l.at + 1
			for end < len(s) && s[end] >= '0' && s[end] <= '7' {
				end++
			}
			if end >= len(s) || s[end] != '8' && s[end] != '9' && s[end] != '.' {
				for ; l.at < end; l.at++ {
					t.num = t.num*8 + float64(s[l.at]-'0')
				}
				return
			}
		}
	}
	for l.at < len(s) && (s[l.at] >= '0' && s[l.at] <= '9' || s[l.at] == '_') {
		l.at++
	}
	if l.at < len(s) && s[l.at] == '.' {
		l.at++
		for l.at < len(s) && s[l.at] >= '0' && s[l.at] <= '9' {
			l.at++
		}
	}
	if l.at+1 < len(s) && s[l.at]|0x20 == 'e' {
		end := l.at + 1
		if s[end] == '+' || s[end] == '-' {
			end++
		}
		if end < len(s) && s[end] >= '0' && s[end] <= '9' {
			for end < len(s) && s[end] >= '0' && s[end] <= '9' {
				end++
			}
			l.at = end
		}
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s[start:l.at], "_", ""), 64)
	if err != nil && !math.IsInf(f, 0) {
		f = 0
	}
	t.num = f
	l.suffix()
}

func (l *lexer) suffix() {
	if l.at < len(l.src) && l.src[l.at] == 'n' {
		l.at++
	}
}

func digit(c byte, base int) int {
	d := -1
	switch {
	case c >= '0' && c <= '9':
		d = int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		d = int(c|0x20-'a') + 10
	}
	if d >= base {
		return -1
	}
	return d
}

// quoted reads a string literal; an unfinished one ends with the line, as a browser would stop there.
func (l *lexer) quoted(q byte) []uint16 {
	l.at++
	var out []uint16
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == q:
			l.at++
			return out
		case c == '\\':
			l.at++
			out = l.escape(out)
		case c == '\n' || c == '\r':
			return out
		case c < utf8.RuneSelf:
			if out == nil {
				n := strings.IndexByte(l.src[l.at:], q)
				out = make([]uint16, 0, max(8, min(n, 1<<20)))
			}
			out = append(out, uint16(c))
			l.at++
		default:
			r, n := utf8.DecodeRuneInString(l.src[l.at:])
			out = utf16.AppendRune(out, r)
			l.at += n
		}
	}
	return out
}

// escape reads what follows a backslash.
func (l *lexer) escape(out []uint16) []uint16 {
	if l.at >= len(l.src) {
		return out
	}
	c := l.src[l.at]
	l.at++
	switch c {
	case 'n':
		return append(out, '\n')
	case 't':
		return append(out, '\t')
	case 'r':
		return append(out, '\r')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'v':
		return append(out, '\v')
	case '\r':
		if l.at < len(l.src) && l.src[l.at] == '\n' {
			l.at++
		}
		return out
	case '\n':
		return out
	case 'x':
		return l.hex(out, 2, 'x')
	case 'u':
		if l.at < len(l.src) && l.src[l.at] == '{' {
			end := strings.IndexByte(l.src[l.at:], '}')
			if end > 0 && end < 10 {
				if r, err := strconv.ParseUint(l.src[l.at+1:l.at+end], 16, 32); err == nil && r <= unicode.MaxRune {
					l.at += end + 1
					return utf16.AppendRune(out, rune(r))
				}
			}
			return append(out, 'u')
		}
		return l.hex(out, 4, 'u')
	}
	if c >= '0' && c <= '7' {
		n := uint16(c - '0')
		for i := 0; i < 2 && l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '7' && n*8 < 256; i++ {
			n = n*8 + uint16(l.src[l.at]-'0')
			l.at++
		}
		return append(out, n)
	}
	if c < utf8.RuneSelf {
		return append(out, uint16(c))
	}
	l.at--
	r, n := utf8.DecodeRuneInString(l.src[l.at:])
	l.at += n
	return utf16.AppendRune(out, r)
}

func (l *lexer) hex(out []uint16, n int, letter uint16) []uint16 {
	if l.at+n > len(l.src) {
		return append(out, letter)
	}
	v := 0
	for i := range n {
		d := digit(l.src[l.at+i], 16)
		if d < 0 {
			return append(out, letter)
		}
		v = v*16 + d
	}
	l.at += n
	return append(out, uint16(v))
}

// template reads to the closing backquote and gives the raw text between.
func (l *lexer) template() string {
	l.at++
	start, depth := l.at, 0
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == '\\':
			l.at++
		case c == '`' && depth == 0:
			s := l.src[start:l.at]
			l.at++
			return s
		case c == '$' && l.at+1 < len(l.src) && l.src[l.at+1] == '{':
			depth++
			l.at++
		case c == '}' && depth > 0:
			depth--
		}
		l.at++
	}
	l.at = len(l.src)
	return l.src[min(start, l.at):]
}

// regexAllowed tells whether a slash starts a regular expression, by the token before it.
func (l *lexer) regexAllowed() bool {
	switch l.prev.kind {
	case tokNumber, tokString, tokTemplate, tokRegex:
		return false
	case tokIdent:
		switch l.prev.text {
		case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "instanceof":
			return true
		}
		return false
	case tokPunct:
		return l.prev.text != ")" && l.prev.text != "]" && l.prev.text != "}"
	}
	return true
}

func (l *lexer) regex() (body, flags string) {
	l.at++
	start, class := l.at, false
	for l.at < len(l.src) {
		c := l.src[l.at]
		if c == '\n' {
			break
		}
		if c == '\\' {
			l.at += 2
			continue
		}
		if c == '[' {
			class = true
		} else if c == ']' {
			class = false
		} else if c == '/' && !class {
			break
		}
		l.at++
	}
	l.at = min(l.at, len(l.src))
	body = l.src[start:l.at]
	if l.at < len(l.src) {
		l.at++
	}
	fs := l.at
	for l.at < len(l.src) && l.src[l.at] >= 'a' && l.src[l.at] <= 'z' {
		l.at++
	}
	return body, l.src[fs:l.at]
}

// puncts are the operators of more than one byte, longest first.
var puncts = [...]string{">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.",
	"++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**"}

func (l *lexer) punct() string {
	rest := l.src[l.at:]
	if len(rest) > 1 && strings.IndexByte(".=!*<>&|?+-/%^", rest[0]) >= 0 {
		for _, p := range puncts {
			if strings.HasPrefix(rest, p) {
				if p == "?." && len(rest) > 2 && rest[2] >= '0' && rest[2] <= '9' {
					continue
				}
				l.at += len(p)
				return p
			}
		}
	}
	l.at++
	return rest[:1]
}
