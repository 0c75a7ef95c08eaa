package message

import (
	"bytes"
)

// A base64Mode says what a reader of base64 does with what should not be there. RFC 2045 section 6.8 lets it skip
// foreign characters; on data behind the padding it says nothing, and clients differ.
type base64Mode int

const (
	base64Standard base64Mode = iota // skip foreign bytes; padding ends a quantum, and the next begins behind it
	base64Stop                       // the first padding ends the data
	base64Ignore                     // padding is a foreign byte like others
	base64URL                        // "-" and "_" are 62 and 63 (RFC 4648 section 5)
	base64Strict                     // the first foreign byte ends the data
)

var base64Table, base64URLTable = makeBase64Tables()

func makeBase64Tables() (std, url [256]byte) {
	for i := range std {
		std[i] = 0xFF
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		std[c] = byte(i)
	}
	url = std
	url['-'], url['_'] = 62, 63
	return std, url
}

// decodeBase64 decodes as far as anything can be decoded.
func decodeBase64(src []byte, mode base64Mode) []byte {
	out, _ := decodeBase64Clean(src, mode)
	return out
}

// decodeBase64Clean also tells whether all was as it should be: base64, line breaks, and padding at the end only.
func decodeBase64Clean(src []byte, mode base64Mode) (dst []byte, clean bool) {
	table := &base64Table
	if mode == base64URL {
		table = &base64URLTable
	}
	dst = make([]byte, 0, len(src)/4*3+3)
	clean = true
	padded := false
	var acc uint32
	n := 0
	for i := 0; i < len(src); i++ {
		if n == 0 {
			for i+4 <= len(src) {
				a, b, c, d := table[src[i]], table[src[i+1]], table[src[i+2]], table[src[i+3]]
				if (a|b|c|d)&0xC0 != 0 {
					break
				}
				clean = clean && !padded
				v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(d)
				dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
				i += 4
			}
			if i >= len(src) {
				break
			}
		}
		c := src[i]
		v := table[c]
		if v == 0xFF {
			if c == '\n' || c == '\r' {
				continue
			}
			padded = padded || c == '='
			clean = clean && c == '='
			if c == '=' && mode != base64Ignore {
				dst = flushBase64(dst, acc, n)
				acc, n = 0, 0
				if mode == base64Stop && len(dst) > 0 {
					return dst, clean
				}
			} else if mode == base64Strict && c != ' ' && c != '\t' && c != '=' {
				break
			}
			continue
		}
		clean = clean && !padded
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			dst = append(dst, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	return flushBase64(dst, acc, n), clean
}

// flushBase64 writes the bytes of an unfinished quantum.
func flushBase64(dst []byte, acc uint32, n int) []byte {
	switch n {
	case 2:
		dst = append(dst, byte(acc>>4))
	case 3:
		dst = append(dst, byte(acc>>10), byte(acc>>2))
	}
	return dst
}

// A base64Shape says what in base64 text is read differently by different clients.
type base64Shape struct {
	junk   bool // foreign bytes within
	behind bool // data behind padding
	url    bool // characters of the URL alphabet
	any    bool // has base64 characters at all
	share  int  // percent of the bytes that are base64
}

func shapeOfBase64(src []byte) base64Shape {
	var s base64Shape
	good, foreign, padded := 0, 0, false
	for i, c := range src {
		switch {
		case base64Table[c] != 0xFF:
			good++
			if padded {
				s.behind = true
			}
		case c == '=':
			padded = true
		case c == '\r' || c == '\n':
		case c == ' ' || c == '\t':
			if i+1 < len(src) && src[i+1] > ' ' { // within a line; decoders differ here too
				s.junk = true
			}
		default:
			foreign++
			s.junk = true
			if c == '-' || c == '_' {
				s.url = true
			}
		}
	}
	s.any = good > 0
	if good+foreign > 0 {
		s.share = good * 100 / (good + foreign)
	}
	return s
}

// decodeQuotedPrintable decodes quoted-printable (RFC 2045 section 6.7). What is no valid escape stays as it is.
func decodeQuotedPrintable(src []byte) []byte {
	if bytes.IndexByte(src, '=') < 0 && !bytes.Contains(src, []byte(" \n")) && !bytes.Contains(src, []byte(" \r\n")) {
		return src
	}
	dst := make([]byte, 0, len(src))
	for len(src) > 0 {
		nl := bytes.IndexByte(src, '\n')
		line, eol := src, []byte(nil)
		if nl >= 0 {
			cut := nl
			if cut > 0 && src[cut-1] == '\r' {
				cut--
			}
			line, eol, src = src[:cut], src[cut:nl+1], src[nl+1:]
		} else {
			src = nil
		}
		line = bytes.TrimRight(line, " \t")
		soft := len(line) > 0 && line[len(line)-1] == '='
		if soft {
			line = line[:len(line)-1]
		}
		for {
			i := bytes.IndexByte(line, '=')
			if i < 0 {
				dst = append(dst, line...)
				break
			}
			dst = append(dst, line[:i]...)
			if i+2 < len(line) {
				if a, b := unhex(line[i+1]), unhex(line[i+2]); a >= 0 && b >= 0 {
					dst = append(dst, byte(a<<4|b))
					line = line[i+3:]
					continue
				}
			}
			dst = append(dst, '=')
			line = line[i+1:]
		}
		if !soft {
			dst = append(dst, eol...)
		}
	}
	return dst
}

// A quotedShape counts the equals signs of text.
type quotedShape struct {
	escapes int // with two hexadecimal digits behind
	sure    int // of those the ones that writers of quoted-printable make all the time: =3D, =20, =0D, =0A
	soft    int // at the end of a line
	ragged  int // of those the ones behind which stand CRs or LFs that make no whole line break, which lenient readers skip
	broken  int // others
}

func shapeOfQuoted(b []byte) (s quotedShape) {
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return s
		}
		b = b[i+1:]
		rest := bytes.TrimLeft(b[:min(len(b), 80)], " \t\r")
		switch {
		case len(b) >= 2 && unhex(b[0]) >= 0 && unhex(b[1]) >= 0:
			s.escapes++
			if b[0] == '3' && b[1]|0x20 == 'd' || b[0] == '2' && b[1] == '0' || b[0] == '0' && (b[1]|0x20 == 'd' || b[1]|0x20 == 'a') {
				s.sure++
			}
			b = b[2:]
		case len(rest) == 0 || rest[0] == '\n':
			s.soft++
			if mixedBreaks(b[:min(len(b), 80)]) {
				s.ragged++
			}
		default:
			s.broken++
		}
	}
}

// mixedBreaks tells whether b begins with line breaks that are not all CRLF or all LF.
func mixedBreaks(b []byte) bool {
	b = bytes.TrimLeft(b, " \t")
	run := b[:len(b)-len(bytes.TrimLeft(b, "\r\n"))]
	pairs := bytes.Count(run, []byte("\r\n"))
	return len(run) != 2*pairs && bytes.Count(run, []byte("\n")) != len(run)
}

// likely tells whether text of n bytes is quoted-printable, whatever it says: nearly every equals sign begins an escape, and
// some are of the usual ones or the escapes make up much of the text.
func (s quotedShape) likely(n int) bool {
	good := s.escapes + s.soft
	return s.escapes >= 3 && good >= 9*s.broken && (s.sure+s.soft >= 2 && s.sure > 0 || 3*s.escapes > n/4)
}

// decodeQuotedLoosely decodes as the most lenient readers do: any run of line breaks behind an equals sign is a soft line
// break, and what begins an escape but is none is dropped, up to the three bytes of one.
func decodeQuotedLoosely(src []byte) []byte {
	dst := make([]byte, 0, len(src))
	for i := 0; i < len(src); {
		c := src[i]
		if c != '=' {
			dst = append(dst, c)
			i++
			continue
		}
		i++
		if i+1 < len(src) && unhex(src[i]) >= 0 && unhex(src[i+1]) >= 0 {
			dst = append(dst, byte(unhex(src[i])<<4|unhex(src[i+1])))
			i += 2
			continue
		}
		if i < len(src) && (src[i] == '\r' || src[i] == '\n') {
			for i < len(src) && (src[i] == '\r' || src[i] == '\n') {
				i++
			}
			continue
		}
		for k := 0; k < 2 && i < len(src) && src[i] != '=' && src[i] != '\r' && src[i] != '\n'; k++ {
			i++
		}
	}
	return dst
}

// uuBegin finds the next "begin 644 name" line at or after pos and returns the name and where the data starts.
func uuBegin(src []byte, pos int) (at int, name string, data int, ok bool) {
	for pos < len(src) {
		i := bytes.Index(src[pos:], []byte("begin "))
		if i < 0 {
			return 0, "", 0, false
		}
		i += pos
		pos = i + 6
		if i > 0 && src[i-1] != '\n' && src[i-1] != '\r' {
			continue
		}
		nl := bytes.IndexByte(src[i:], '\n')
		if nl < 0 {
			return 0, "", 0, false
		}
		line := bytes.TrimRight(src[i+6:i+nl], "\r ")
		digits := 0
		for digits < len(line) && line[digits] >= '0' && line[digits] <= '7' {
			digits++
		}
		if digits < 3 || digits > 4 || digits >= len(line) || line[digits] != ' ' {
			continue
		}
		return i, string(bytes.TrimSpace(line[digits:])), i + nl + 1, true
	}
	return 0, "", 0, false
}

// decodeUU decodes uuencoded lines (IEEE Std 1003.1, uuencode) that start at data, and returns the offset behind them. It stops at
// "end" or at a line that can be none.
func decodeUU(src []byte, data int) (out []byte, end int) {
	pos := data
	for pos < len(src) {
		nl := bytes.IndexByte(src[pos:], '\n')
		next := len(src)
		line := src[pos:]
		if nl >= 0 {
			next = pos + nl + 1
			line = src[pos : pos+nl]
		}
		line = bytes.TrimRight(line, "\r")
		if string(bytes.TrimRight(line, " ")) == "end" {
			return out, next
		}
		if len(line) == 0 {
			pos = next
			continue
		}
		if line[0] < ' ' || line[0] > '`' {
			return out, pos
		}
		n := int(line[0]-' ') & 63
		body := line[1:]
		for _, c := range body {
			if c < ' ' || c > '`' {
				return out, pos
			}
		}
		for i := 0; n > 0; i += 4 {
			var q [4]byte
			for k := range q {
				if i+k < len(body) {
					q[k] = (body[i+k] - ' ') & 63
				}
			}
			three := [3]byte{q[0]<<2 | q[1]>>4, q[1]<<4 | q[2]>>2, q[2]<<6 | q[3]}
			out = append(out, three[:min(n, 3)]...)
			n -= 3
		}
		pos = next
	}
	return out, pos
}
