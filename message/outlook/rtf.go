package outlook

import (
	"bytes"
	"strconv"
	"strings"
)

// An rtfBody is what an RTF body shows.
type rtfBody struct {
	html bool // the RTF wraps HTML ([MS-OXRTFEX] section 2.1.3.1)
	text string
}

// readRTF reads the text of an RTF body, or the HTML that it wraps: what stands in htmltag groups, and outside of them
// all but what htmlrtf switches off.
func readRTF(b []byte, decode Decoder) rtfBody {
	r := rtfReader{b: b, decode: decode, fonts: map[int]string{}, state: rtfState{uc: 1}}
	head := b[:min(len(b), 4096)]
	r.html = bytes.Contains(head, []byte("\\fromhtml"))
	r.charset = "windows-1252"
	r.run()
	r.flush()
	return rtfBody{r.html, r.out.String()}
}

type rtfState struct {
	skip    bool // a destination that shows nothing
	htmlTag bool // within an htmltag group
	off     bool // htmlrtf: only for RTF readers
	uc      int  // bytes that stand in for a Unicode character
	fonts   bool // within the font table
	charset string
}

type rtfReader struct {
	b       []byte
	decode  Decoder
	html    bool
	charset string         // of the document
	fonts   map[int]string // charset of a font, by number
	font    int            // font that the table describes
	state   rtfState
	stack   []rtfState
	out     strings.Builder
	pending []byte // bytes in the charset, not decoded yet
	skipped int    // stand-in bytes to be dropped
	high    rune   // first half of a surrogate pair
}

// maxGroups bounds the depth of groups; deeper ones keep the state of their parent.
const maxGroups = 1000

func (r *rtfReader) run() {
	b := r.b
	deep := 0
	for i := 0; i < len(b) && r.out.Len() < maxRTF; {
		switch c := b[i]; c {
		case '{':
			if len(r.stack) < maxGroups {
				r.stack = append(r.stack, r.state)
			} else {
				deep++
			}
			i++
			if bytes.HasPrefix(b[i:], []byte("\\*\\")) {
				if bytes.HasPrefix(b[i+3:], []byte("htmltag")) {
					r.state.htmlTag = true
				} else {
					r.state.skip = true
				}
				i += 2
			}
		case '}':
			if deep > 0 {
				deep--
			} else if n := len(r.stack); n > 0 {
				if r.stack[n-1].charset != r.state.charset {
					r.flush()
				}
				r.state = r.stack[n-1]
				r.stack = r.stack[:n-1]
			}
			i++
		case '\\':
			i = r.control(i + 1)
		case '\r', '\n':
			i++
		default:
			r.byte(c)
			i++
		}
	}
}

// control reads a control word or symbol whose backslash stands before i.
func (r *rtfReader) control(i int) int {
	b := r.b
	if i >= len(b) {
		return i
	}
	c := b[i]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		switch c {
		case '\'':
			if i+2 < len(b) {
				if v, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
					r.byte(byte(v))
				}
				return i + 3
			}
		case '\\', '{', '}':
			r.byte(c)
		case '~':
			r.write(" ")
		case '_':
			r.write("-")
		case '\n', '\r':
			r.write("\n")
		}
		return i + 1
	}
	start := i
	for i < len(b) && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z') && i-start < 40 {
		i++
	}
	word := string(b[start:i])
	numStart := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	for i < len(b) && b[i] >= '0' && b[i] <= '9' && i-numStart < 11 {
		i++
	}
	n, err := strconv.Atoi(string(b[numStart:i]))
	has := err == nil
	if i < len(b) && b[i] == ' ' {
		i++
	}
	if word == "bin" && has && n > 0 {
		return min(len(b), i+n)
	}
	r.word(word, n, has)
	return i
}

func (r *rtfReader) word(word string, n int, has bool) {
	switch word {
	case "htmlrtf":
		r.state.off = !has || n != 0
	case "par", "line", "row", "sect", "page":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "lquote":
		r.write("‘")
	case "rquote":
		r.write("’")
	case "ldblquote":
		r.write("“")
	case "rdblquote":
		r.write("”")
	case "bullet":
		r.write("•")
	case "endash":
		r.write("–")
	case "emdash":
		r.write("—")
	case "uc":
		r.state.uc = max(0, min(n, 8))
	case "u":
		v := rune(uint16(n))
		switch {
		case v >= 0xD800 && v < 0xDC00:
			r.high = v
		case v >= 0xDC00 && v < 0xE000 && r.high != 0:
			r.write(string((r.high-0xD800)<<10 + (v - 0xDC00) + 0x10000))
			r.high = 0
		default:
			r.write(string(v))
		}
		r.skipped = r.state.uc
	case "ansicpg":
		r.flush()
		r.charset = codePage(n)
	case "f":
		if r.state.fonts {
			r.font = n
		} else if cs := r.fonts[n]; cs != r.state.charset {
			r.flush()
			r.state.charset = cs
		}
	case "fcharset":
		if cs := fontCharset(n); r.state.fonts && len(r.fonts) < 1000 {
			r.fonts[r.font] = cs
		}
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "fldinst", "themedata", "datastore", "listtable", "generator":
		if word != "fldinst" || r.html {
			r.state.skip = true
		}
		r.state.fonts = word == "fonttbl"
	}
}

// fontCharset returns the charset of a font's character set number ([MS-WMF] section 2.1.1.5), "" for that of the document.
func fontCharset(n int) string {
	switch n {
	case 128:
		return "shift_jis"
	case 129:
		return "euc-kr"
	case 134:
		return "gbk"
	case 136:
		return "big5"
	case 161:
		return "windows-1253"
	case 162:
		return "windows-1254"
	case 163:
		return "windows-1258"
	case 177:
		return "windows-1255"
	case 178:
		return "windows-1256"
	case 186:
		return "windows-1257"
	case 204:
		return "windows-1251"
	case 222:
		return "windows-874"
	case 238:
		return "windows-1250"
	}
	return ""
}

// byte takes one byte of text in the current charset.
func (r *rtfReader) byte(c byte) {
	if r.skipped > 0 {
		r.skipped--
		return
	}
	if r.hidden() {
		return
	}
	r.pending = append(r.pending, c)
}

// write takes text in UTF-8.
func (r *rtfReader) write(s string) {
	if r.hidden() {
		return
	}
	r.flush()
	r.out.WriteString(s)
}

func (r *rtfReader) hidden() bool {
	return r.state.skip || r.html && r.state.off && !r.state.htmlTag
}

func (r *rtfReader) flush() {
	if len(r.pending) > 0 {
		charset := r.state.charset
		if charset == "" {
			charset = r.charset
		}
		r.out.WriteString(r.decode(r.pending, charset))
		r.pending = r.pending[:0]
	}
}
