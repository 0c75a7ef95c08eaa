package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// Charset returns content as valid UTF-8 and the charset that it was read in. The declared charset ("" if none) is
// believed unless the bytes speak against it: a byte order mark wins, bytes that are valid UTF-8 with letters above
// ASCII are UTF-8 whatever single-byte charset is declared, and what claims to be ASCII or UTF-8 but is not is read as
// Windows-1252, as browsers do (WHATWG Encoding section 4.2). No content makes it fail.
func Charset(content []byte, declared string) (text, used string) {
	if len(content) >= 2 {
		switch {
		case bytes.HasPrefix(content, []byte{0xEF, 0xBB, 0xBF}):
			return validUTF8(content[3:]), "utf-8"
		case content[0] == 0xFF && content[1] == 0xFE:
			return decodeUTF16(content[2:], false), "utf-16le"
		case content[0] == 0xFE && content[1] == 0xFF:
			return decodeUTF16(content[2:], true), "utf-16be"
		}
	}
	name := charsetName(declared)
	ascii := isASCII(content)
	switch name {
	case "utf-7", "unicode-1-1-utf-7":
		return decodeUTF7(content), "utf-7"
	case "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "ucs-2":
		if looksWide(content) {
			return decodeWide(content, name), name
		}
		if utf8.Valid(content) {
			return string(content), "utf-8" // declared wide, written narrow
		}
		return decodeWide(content, name), name
	}
	if ascii && !stateful(name) {
		if name == "" {
			name = "us-ascii"
		}
		if wide := wideOrder(content); wide != "" {
			return decodeWide(content, wide), wide
		}
		return string(content), name
	}
	if utf8.Valid(content) && !stateful(name) && !multiByte(name) {
		return string(content), "utf-8"
	}
	switch name {
	case "", "us-ascii", "utf-8", "unknown-8bit", "8bit", "x-unknown", "binary", "default":
		if mostlyUTF8(content) {
			return validUTF8(content), "utf-8"
		}
		return decodeWith(charmap.Windows1252, content), "windows-1252"
	}
	if enc := encodingOf(name); enc != nil {
		return decodeWith(enc, content), name
	}
	if mostlyUTF8(content) {
		return validUTF8(content), "utf-8"
	}
	return decodeWith(charmap.Windows1252, content), "windows-1252"
}

// charsetName returns the declared name in lower case without quotes and other dirt.
func charsetName(s string) string {
	s = lowerASCII(strings.Trim(s, " \t\r\n\"'<>;,"))
	switch s {
	case "utf8", "utf_8", "utf-8n", "unicode-1-1-utf-8", "cp65001":
		return "utf-8"
	case "ascii", "us_ascii", "ansi_x3.4-1968", "ascii-us", "usascii":
		return "us-ascii"
	}
	return s
}

func encodingOf(name string) encoding.Encoding {
	if e, err := htmlindex.Get(name); err == nil {
		return e
	}
	for _, try := range []string{strings.ReplaceAll(name, "_", "-"), "cp" + strings.TrimPrefix(strings.TrimPrefix(name, "windows-"), "cp-")} {
		if e, err := htmlindex.Get(try); err == nil {
			return e
		}
	}
	for _, try := range []string{name, strings.Replace(name, "cp", "ibm", 1), strings.Replace(name, "cp-", "ibm", 1)} {
		if e, err := ianaindex.MIME.Encoding(try); err == nil && e != nil {
			return e
		}
	}
	switch {
	case strings.HasPrefix(name, "iso-8859-1") || strings.HasPrefix(name, "iso8859"):
		return charmap.Windows1252
	case strings.HasPrefix(name, "ks_c_5601") || strings.HasPrefix(name, "euc-kr"):
		e, _ := htmlindex.Get("euc-kr")
		return e
	}
	return nil
}

func decodeWith(enc encoding.Encoding, content []byte) string {
	out, err := enc.NewDecoder().Bytes(content)
	if err != nil && len(out) == 0 {
		return validUTF8(content)
	}
	return string(out)
}

func stateful(name string) bool {
	return strings.HasPrefix(name, "iso-2022") || name == "hz-gb-2312" || name == "csiso2022jp"
}

func multiByte(name string) bool {
	switch name {
	case "gb2312", "gbk", "gb18030", "big5", "big5-hkscs", "euc-jp", "euc-kr", "shift_jis", "sjis", "shift-jis", "ks_c_5601-1987":
		return true
	}
	return false
}

func isASCII(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// mostlyUTF8 tells whether more of the bytes above 127 form UTF-8 than do not.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		if b[0] < 0x80 {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			bad++
			n = 1
		} else {
			good += n
		}
		b = b[n:]
	}
	return good > bad
}

func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "�")
}

// looksWide tells whether every second byte of text tends to be zero.
func looksWide(b []byte) bool { return wideOrder(b) != "" }

func wideOrder(b []byte) string {
	n := min(len(b), 256) &^ 1
	if n < 4 {
		return ""
	}
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	switch half := n / 2; {
	case odd*10 >= half*8 && even*10 < half:
		return "utf-16le"
	case even*10 >= half*8 && odd*10 < half:
		return "utf-16be"
	}
	return ""
}

func decodeWide(b []byte, name string) string {
	switch name {
	case "utf-16be":
		return decodeUTF16(b, true)
	case "utf-16le":
		return decodeUTF16(b, false)
	case "utf-32", "utf-32le", "utf-32be":
		var out strings.Builder
		for ; len(b) >= 4; b = b[4:] {
			r := rune(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
			if name == "utf-32le" || r > 0x10FFFF || r < 0 {
				r = rune(uint32(b[3])<<24 | uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0]))
			}
			if r == 0xFEFF {
				continue
			}
			out.WriteRune(r)
		}
		return out.String()
	}
	return decodeUTF16(b, wideOrder(b) != "utf-16le")
}

func decodeUTF16(b []byte, big bool) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		if big {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		} else {
			u[i] = uint16(b[2*i+1])<<8 | uint16(b[2*i])
		}
	}
	return string(utf16.Decode(u))
}

// decodeUTF7 decodes UTF-7 (RFC 2152), which hides ASCII from filters that do not know it.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	enc := base64.StdEncoding.WithPadding(base64.NoPadding)
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			if b[i] < 0x80 {
				out.WriteByte(b[i])
			} else {
				out.WriteRune(rune(b[i]))
			}
			continue
		}
		j := i + 1
		for j < len(b) && isBase64(b[j]) {
			j++
		}
		if j == i+1 {
			out.WriteByte('+')
		} else {
			buf := make([]byte, enc.DecodedLen(j-i-1)+4)
			n, _ := enc.Decode(buf, b[i+1:j])
			out.WriteString(decodeUTF16(buf[:n], true))
		}
		if j < len(b) && b[j] == '-' {
			j++
		}
		i = j - 1
	}
	return out.String()
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}
