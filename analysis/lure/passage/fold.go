package passage

import (
	"unicode"
	"unicode/utf8"
)

// A Folded text is a passage in its plain form.
type Folded struct {
	B      []byte   // the folded bytes, UTF-8
	From   []uint32 // for each byte of B, and one past it, the offset in the source
	Starts []uint32 // offsets in B where a phrase may begin: words, and every character of scripts without spaces

	Counts [scripts]int // letters by script
	Mixed  int          // words of Latin and look-alike letters mixed
	Hidden int          // invisible characters between two letters
}

// Scripts that are told apart.
const (
	Latin = iota
	Cyrillic
	Greek
	Arabic
	Han
	Kana
	Hangul
	scripts
)

// Source gives the place in the source of bytes i to j of the folded text.
func (f *Folded) Source(i, j int) (start, end int) {
	start = int(f.From[i])
	for j < len(f.From)-1 && f.From[j] == f.From[j-1] { // a character that folded to several bytes
		j++
	}
	return start, int(f.From[j])
}

// lower maps ASCII: letters to lower case, white space to a space, controls to nothing (0).
var lower = func() (t [128]byte) {
	for i := range t {
		switch {
		case 'A' <= i && i <= 'Z':
			t[i] = byte(i) + 'a' - 'A'
		case i == '\t' || i == '\r' || i == '\n' || i == ' ' || i == '\v' || i == '\f':
			t[i] = ' '
		case i > ' ' && i < 127:
			t[i] = byte(i)
		}
	}
	return t
}()

func letter(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// folder is the state of Fold between characters.
type folder struct {
	f        *Folded
	inWord   bool
	space    bool // a space is owed
	lines    int  // line ends in it
	ideogram bool // the last letter was of a script without spaces
	hidden   bool // an invisible character since the last letter

	word            int // where in B the current word began
	latin, lookLike bool
}

// Fold brings text into its plain form, into f, whose memory is used again. Linear; any bytes are accepted.
func Fold(text string, f *Folded) {
	f.B, f.From, f.Starts = f.B[:0], f.From[:0], f.Starts[:0]
	f.Counts, f.Mixed, f.Hidden = [scripts]int{}, 0, 0
	s := folder{f: f}
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			l := lower[c]
			switch {
			case l == ' ':
				s.endWord()
				s.space = true
				if c == '\n' {
					s.lines++
				}
			case l == 0: // a control character stands between two words to nobody
			case letter(l):
				s.ascii(l, i)
			default:
				s.endWord()
				s.flush(i)
				s.ideogram = false
				f.B = append(f.B, l)
				f.From = append(f.From, uint32(i))
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		s.rune(r, i)
		i += n
	}
	s.endWord()
	f.From = append(f.From, uint32(len(text)))
}

// flush writes the space that is owed; an empty line becomes a line end, which no phrase crosses.
func (s *folder) flush(at int) {
	if !s.space {
		return
	}
	if len(s.f.B) > 0 {
		c := byte(' ')
		if s.lines > 1 {
			c = '\n'
		}
		s.f.B = append(s.f.B, c)
		s.f.From = append(s.f.From, uint32(at-1))
	}
	s.space, s.lines = false, 0
}

func (s *folder) ascii(c byte, at int) {
	if !s.inWord || s.ideogram {
		s.endWord()
		s.flush(at)
		s.begin()
	}
	if s.hidden {
		s.f.Hidden++
		s.hidden = false
	}
	if c >= 'a' {
		s.latin = true
		s.f.Counts[Latin]++
	}
	s.ideogram = false
	s.f.B = append(s.f.B, c)
	s.f.From = append(s.f.From, uint32(at))
}

func (s *folder) begin() {
	s.inWord, s.hidden = true, false
	s.word = len(s.f.B)
	s.latin, s.lookLike = false, false
	s.f.Starts = append(s.f.Starts, uint32(len(s.f.B)))
}

func (s *folder) endWord() {
	if s.inWord && s.latin && s.lookLike {
		s.unmix()
	}
	s.inWord, s.hidden = false, false
}

// unmix rewrites a word of Latin letters and their look-alikes as Latin.
func (s *folder) unmix() {
	f := s.f
	out := s.word
	changed := 0
	for i := s.word; i < len(f.B); {
		r, n := utf8.DecodeRune(f.B[i:])
		from := f.From[i]
		if l, ok := lookAlike[r]; ok {
			f.B[out], f.From[out] = l, from
			out++
			changed++
		} else {
			copy(f.B[out:], f.B[i:i+n])
			copy(f.From[out:], f.From[i:i+n])
			out += n
		}
		i += n
	}
	f.B, f.From = f.B[:out], f.From[:out]
	if changed > 0 {
		f.Mixed++
	}
}

func (s *folder) rune(r rune, at int) {
	kind := classify(r)
	switch kind {
	case invisible:
		s.hidden = s.inWord
		return
	case mark:
		return
	case blank:
		s.endWord()
		s.space = true
		return
	case symbol:
		s.endWord()
		s.flush(at)
		s.ideogram = false
		s.put(punctuation(r), at)
		return
	}
	script, plain := foldLetter(r)
	s.f.Counts[script]++
	solid := script == Han || script == Kana || script == Hangul
	switch {
	case solid:
		if !s.inWord || s.space {
			if s.ideogram && script != Hangul && s.lines < 2 {
				s.space, s.lines = false, 0 // a line end within a text without spaces
			}
			s.flush(at)
		}
		s.begin()
	case !s.inWord || s.ideogram:
		s.endWord()
		s.flush(at)
		s.begin()
	}
	if s.hidden {
		s.f.Hidden++
		s.hidden = false
	}
	if script == Latin {
		s.latin = true
	} else if script == Cyrillic || script == Greek {
		s.lookLike = true
	}
	s.ideogram = solid
	for _, p := range plain {
		if p != 0 {
			s.put(p, at)
		}
	}
	if script == Arabic {
		s.afterPrefix()
	}
}

func (s *folder) put(r rune, at int) {
	n := len(s.f.B)
	s.f.B = utf8.AppendRune(s.f.B, r)
	for ; n < len(s.f.B); n++ {
		s.f.From = append(s.f.From, uint32(at))
	}
}

// afterPrefix lets a phrase begin after the particles that Arabic writes together with the word: and, so, with, as, for, the.
func (s *folder) afterPrefix() {
	switch w := string(s.f.B[s.word:]); w {
	case "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "لل", "ولل":
		s.f.Starts = append(s.f.Starts, uint32(len(s.f.B)))
	}
}

type class int

const (
	word class = iota
	invisible
	mark
	blank
	symbol
)

func classify(r rune) class {
	switch {
	case r == utf8.RuneError:
		return blank
	case r < 0xC0:
		switch r {
		case 0xAA, 0xB5, 0xBA:
			return word
		case 0xAD:
			return invisible
		case 0xA0, 0x85:
			return blank
		}
		if r < 0xA0 {
			return mark
		}
		return symbol
	case r < 0x300:
		if r == 0xD7 || r == 0xF7 {
			return symbol
		}
		return word
	case r < 0x370:
		if r == 0x34F {
			return invisible
		}
		return mark
	case r >= 0x3040 && r <= 0x30FF || r >= 0x3400 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3:
		if r == 0x30FB || r == 0x3099 || r == 0x309A {
			return mark
		}
		return word
	case r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2060 && r <= 0x206F || r == 0xFEFF ||
		r == 0x180E || r == 0x061C || r >= 0xFE00 && r <= 0xFE0F || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0:
		return invisible
	case r == 0x640 || r >= 0x64B && r <= 0x65F || r == 0x670:
		return mark
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return word
	case r >= 0x2000 && r <= 0x200A || r == 0x202F || r == 0x3000 || r == 0x2028 || r == 0x2029:
		return blank
	case unicode.IsMark(r):
		return mark
	case r >= 0x2010 && r <= 0x20CF || r >= 0x2100 && r <= 0x214F || r == 0x2212 || r >= 0x3000 && r <= 0x303F || r >= 0xFF01 && r <= 0xFFEF ||
		r == 0x060C || r == 0x061B || r == 0x061F || r == 0xFDFC:
		return symbol
	}
	return blank // pictures and the like part words
}

// punctuation maps marks of other scripts to the ASCII one; currency and degree signs stay.
func punctuation(r rune) rune {
	switch r {
	case '‐', '‑', '‒', '–', '—', '―', '−', '－', '﹣':
		return '-'
	case '‘', '’', '‚', '‛', '′', '´', '`':
		return '\''
	case '“', '”', '„', '«', '»', '″', '「', '」', '『', '』', '《', '》', '〈', '〉':
		return '"'
	case '。', '．', '…', '・', '·':
		return '.'
	case '、', '，', '،':
		return ','
	case '：':
		return ':'
	case '；', '؛':
		return ';'
	case '？', '؟', '¿':
		return '?'
	case '！', '¡':
		return '!'
	case '（', '【', '〔', '［':
		return '('
	case '）', '】', '〕', '］':
		return ')'
	case '℃':
		return '℃'
	}
	if r >= 0xFF01 && r <= 0xFF5E {
		return r - 0xFEE0
	}
	return r
}
