package message

import (
	"cmp"
	"slices"
	"strings"
)

// A structured is the value of a Content-Type or Content-Disposition field: a token and parameters (RFC 2045
// section 5.1), read with RFC 2231 put together.
type structured struct {
	main     string  // lower case, comments dropped
	params   []param // in order of first appearance, duplicates kept
	dirty    bool    // something in it is read differently by different clients
	overflow bool    // more parameters than the limit
	segments bool    // more RFC 2231 pieces than the limit
}

type param struct {
	name string // lower case, without the marks of RFC 2231
	val  string
	raw  string // as written behind the equals sign
	ext  bool   // written as RFC 2231 says
}

// get returns the value of a parameter. The form of RFC 2231 goes before the plain one, as section 4 has it, and of
// several equal ones the first.
func (v *structured) get(name string) string {
	plain := ""
	seen := false
	for i := range v.params {
		if p := &v.params[i]; p.name == name {
			if p.ext {
				return p.val
			}
			if !seen {
				plain, seen = p.val, true
			}
		}
	}
	return plain
}

// parseStructured reads a structured value. It never fails.
func parseStructured(s string, lim *Limits) structured {
	var v structured
	semi := strings.IndexByte(s, ';')
	if semi < 0 {
		semi = len(s)
	}
	head := s[:semi]
	if strings.IndexByte(head, '(') >= 0 {
		// A comment may hold the semicolon.
		var end int
		head, end = dropComments(s, ';')
		semi, v.dirty = end, true
	}
	main := strings.Trim(head, " \t\r\n")
	v.main = cleanToken(main, &v.dirty)
	if strings.IndexByte(v.main, '=') > 0 && !strings.Contains(s[:semi], ";") {
		// A parameter where the token should stand: "Content-Disposition: filename=x".
		v.main, v.dirty, semi = "", true, -1
	}
	var cont []segment
	pos := semi + 1
	count := 0
	for pos < len(s) {
		p, next := readParam(s, pos, &v.dirty)
		pos = next
		if p.name == "" {
			continue
		}
		name, index, encoded, isExt := splitExt(p.name)
		if isExt {
			if len(cont) >= lim.Segments {
				v.segments = true
				break
			}
			cont = append(cont, segment{name, index, encoded, p.val, len(cont)})
			continue
		}
		if count++; count > lim.Params {
			v.overflow = true
			break
		}
		v.params = append(v.params, p)
	}
	if len(cont) > 0 {
		v.join(cont)
	}
	return v
}

// cleanToken lowers a token and drops what cannot stand in one.
func cleanToken(s string, dirty *bool) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 127 || c == '"' || c == '\\' || c == ',' {
			*dirty = true
			var b strings.Builder
			for j := 0; j < len(s); j++ {
				if c := s[j]; c > ' ' && c < 127 && c != '"' && c != '\\' {
					b.WriteByte(lower(c))
				}
			}
			return b.String()
		}
	}
	return lowerASCII(s)
}

// dropComments copies s up to the byte stop, outside of comments, and returns what stood there and the offset of stop.
func dropComments(s string, stop byte) (string, int) {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == stop:
			return b.String(), i
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(s)
}

// readParam reads one parameter that starts at pos and returns where the next one starts.
func readParam(s string, pos int, dirty *bool) (p param, next int) {
	i := skipSpaceAndComments(s, pos, dirty)
	start := i
	for i < len(s) && s[i] != '=' && s[i] != ';' && s[i] != '"' {
		i++
	}
	name := strings.Trim(s[start:i], " \t\r\n")
	if j := strings.IndexByte(name, '('); j >= 0 {
		name, _ = dropComments(name, 0)
		name, *dirty = strings.Trim(name, " \t\r\n"), true
	}
	if i == len(s) || s[i] != '=' {
		if name != "" {
			*dirty = true
		}
		if i < len(s) && s[i] == '"' {
			return param{}, skipQuoted(s, i)
		}
		return param{}, i + 1
	}
	if j := strings.LastIndexAny(name, " \t"); j >= 0 {
		name, *dirty = name[j+1:], true // a semicolon is missing before this one
	}
	p.name = lowerASCII(name)
	i++
	rawStart := i
	i = skipSpaceAndComments(s, i, dirty)
	if i < len(s) && s[i] == '"' {
		end := skipQuoted(s, i)
		inner := s[i+1 : end]
		if strings.HasSuffix(inner, `"`) {
			inner = inner[:len(inner)-1]
		} else {
			*dirty = true // the quote never ends: read to the next parameter
			if j := strings.IndexByte(inner, ';'); j >= 0 {
				inner = inner[:j]
				end = i + 1 + j
			}
		}
		p.val = unquote(inner, dirty)
		if len(inner) > 9 && containsFold([]byte(inner), "boundary=") {
			*dirty = true
		}
		stop := end
		for stop < len(s) && s[stop] != ';' {
			if c := s[stop]; c == '=' {
				break
			}
			stop++
		}
		if stop < len(s) && s[stop] == '=' { // the semicolon is missing
			*dirty = true
			p.raw = s[rawStart:end]
			return p, end
		}
		if strings.Trim(s[end:stop], " \t\r\n") != "" {
			*dirty = true
		}
		p.raw = s[rawStart:stop]
		return p, stop + 1
	}
	end := i
	for end < len(s) && s[end] != ';' {
		end++
	}
	p.raw = s[rawStart:end]
	val := strings.Trim(s[i:end], " \t\r\n")
	for j := 0; j < len(val); j++ {
		switch c := val[j]; {
		case c == '(':
			val, _ = dropComments(val, 0)
			val, *dirty = strings.Trim(val, " \t\r\n"), true
		case c <= ' ' || c >= 127 || c == '"' || c == '\'' || c == '\\' || c == ',' || c == '?':
			*dirty = true
		}
	}
	p.val = val
	return p, end + 1
}

func skipSpaceAndComments(s string, i int, dirty *bool) int {
	depth := 0
	for i < len(s) {
		c := s[i]
		switch {
		case depth > 0 && c == '\\':
			i++
		case c == '(':
			depth++
			*dirty = true
		case c == ')' && depth > 0:
			depth--
		case depth > 0 || c == ' ' || c == '\t' || c == '\r' || c == '\n':
		default:
			return i
		}
		i++
	}
	return min(i, len(s))
}

// skipQuoted returns the offset behind the quoted string that starts at i.
func skipQuoted(s string, i int) int {
	for i++; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if s[i] == '"' {
			return i + 1
		}
	}
	return len(s)
}

// unquote takes the backslashes out of a quoted string, but keeps those of a Windows path, which some clients write
// unescaped.
func unquote(s string, dirty *bool) string {
	if strings.IndexByte(s, '\\') < 0 {
		if dirty != nil && (strings.IndexByte(s, 0) >= 0 || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "=?")) {
			*dirty = true
		}
		return s
	}
	if dirty != nil {
		*dirty = true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if n := s[i+1]; n == '"' || n == '\\' {
				i++
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// A segment is a piece of a parameter value as RFC 2231 section 3 cuts it: name*0, name*1*, name*.
type segment struct {
	name    string
	index   int
	encoded bool
	val     string
	order   int
}

// splitExt takes the marks of RFC 2231 off a parameter name.
func splitExt(name string) (base string, index int, encoded, ok bool) {
	star := strings.IndexByte(name, '*')
	if star <= 0 {
		return name, 0, false, false
	}
	base, rest := name[:star], name[star+1:]
	if strings.HasSuffix(rest, "*") {
		encoded, rest = true, rest[:len(rest)-1]
	} else if rest == "" {
		return base, 0, true, true
	}
	if rest == "" || len(rest) > 9 {
		return base, 0, encoded, true
	}
	for i := 0; i < len(rest); i++ {
		if rest[i] < '0' || rest[i] > '9' {
			return base, 0, encoded, true
		}
		index = index*10 + int(rest[i]-'0')
	}
	return base, index, encoded, true
}

// join puts the pieces together and adds the parameters they make.
func (v *structured) join(cont []segment) {
	slices.SortFunc(cont, func(a, b segment) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.index, b.index), cmp.Compare(a.order, b.order))
	})
	have := make(map[string]string, len(v.params))
	for _, p := range v.params {
		if _, dup := have[p.name]; !dup {
			have[p.name] = p.val
		}
	}
	for i := 0; i < len(cont); {
		j := i
		for j < len(cont) && cont[j].name == cont[i].name {
			j++
		}
		group := cont[i:j]
		var raw []byte
		var plain strings.Builder
		charset := ""
		for k, seg := range group {
			val := seg.val
			if k > 0 && seg.index == group[k-1].index || seg.index != group[0].index+k {
				v.dirty = true // a piece is there twice, or one is missing
			}
			if seg.encoded {
				if k == 0 {
					if a := strings.IndexByte(val, '\''); a >= 0 {
						if b := strings.IndexByte(val[a+1:], '\''); b >= 0 {
							charset, val = val[:a], val[a+b+2:]
						}
					}
				}
				raw = appendPercent(raw, val)
			} else {
				raw = append(raw, val...)
			}
			plain.WriteString(seg.val)
		}
		text, _ := Charset(raw, charset)
		if old, dup := have[group[0].name]; dup && old != text {
			v.dirty = true
		}
		v.params = append(v.params, param{name: group[0].name, val: text, raw: plain.String(), ext: true})
		i = j
	}
}

func (v *structured) has(name string) bool {
	for i := range v.params {
		if v.params[i].name == name {
			return true
		}
	}
	return false
}

func appendPercent(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if a, b := unhex(s[i+1]), unhex(s[i+2]); a >= 0 && b >= 0 {
				dst = append(dst, byte(a<<4|b))
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
