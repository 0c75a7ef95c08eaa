package sighting

import (
	"encoding/hex"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// Sizes of the sketch. 128 bins in 32 bands of 4 meet with probability ½ at a Jaccard similarity of about 0.42; the
// campaign room reads the similarity off the number of equal bands.
const (
	shingleWords = 5
	bins         = 128
	bandRows     = 4
	minWords     = 12       // under this a text says too little to be a fingerprint
	maxText      = 64 << 10 // bytes of text that are read
)

// A masker hides what differs by victim: the recipient's names and domains, numbers, addresses and dates.
type masker struct {
	hide map[string]bool
}

func newMasker(a *coldwatch.Analysis) masker {
	m := masker{hide: map[string]bool{}}
	for _, r := range a.Recipients {
		local, domain, _ := strings.Cut(r.Address, "@")
		for _, s := range [...]string{r.Name, local, domain} {
			for _, w := range strings.FieldsFunc(strings.ToLower(s), notLetter) {
				if utf8.RuneCountInString(w) > 2 {
					m.hide[w] = true
				}
			}
		}
	}
	return m
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// words gives the text as masked lower-case words. Words of scripts without spaces are cut into single letters, so that
// five of them make a shingle.
func (m masker) words(text string) []string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	out := make([]string, 0, len(text)/6)
	for _, tok := range strings.Fields(text) {
		if w := m.word(tok); w != "" {
			if r, _ := utf8.DecodeRuneInString(w); spaceless(r) {
				for _, c := range w {
					out = append(out, string(c))
				}
				continue
			}
			out = append(out, w)
		}
	}
	return out
}

// word masks one token; "" when nothing of it is left.
func (m masker) word(tok string) string {
	switch {
	case strings.Contains(tok, "@"):
		return "\x01"
	case strings.Contains(tok, "://"), strings.HasPrefix(tok, "www."):
		return "\x02"
	case strings.IndexFunc(tok, unicode.IsDigit) >= 0:
		return "\x03"
	}
	w := strings.ToLower(strings.TrimFunc(tok, notLetter))
	if m.hide[w] {
		return "\x04"
	}
	return w
}

func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// subject gives the subject's template: reply marks off, masked.
func (m masker) subject(s string) string {
	for {
		head, rest, ok := strings.Cut(s, ":")
		if !ok || !replyMark(strings.ToLower(strings.TrimSpace(head))) {
			break
		}
		s = rest
	}
	words := m.words(s)
	var b strings.Builder
	last := ""
	for _, w := range words {
		switch w {
		case "\x01":
			w = "ADDR"
		case "\x02":
			w = "URL"
		case "\x03":
			w = "N"
		case "\x04":
			w = "NAME"
		}
		if w == last && len(w) < 5 && w == strings.ToUpper(w) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		last = w
	}
	return b.String()
}

func replyMark(s string) bool {
	switch s {
	case "re", "aw", "fw", "fwd", "wg", "sv", "vs", "tr", "rv", "ref", "antw", "odp", "回复", "转发", "答复":
		return true
	}
	return false
}

// bands gives the band tokens of a text's MinHash sketch, nil for a text that is too short.
func bands(words []string) []string {
	if len(words) < minWords {
		return nil
	}
	sketch := minHash(words)
	out := make([]string, 0, bins/bandRows)
	for b := 0; b < bins; b += bandRows {
		h := uint64(14695981039346656037) ^ uint64(b)
		for _, v := range sketch[b : b+bandRows] {
			h = mix(h ^ v)
		}
		var raw [7]byte
		raw[0] = byte(b / bandRows)
		for i := range 6 {
			raw[1+i] = byte(h >> (8 * i))
		}
		out = append(out, hex.EncodeToString(raw[:]))
	}
	return out
}

// minHash is one-permutation hashing: one hash a shingle, its low bits choose the bin, the least of a bin is kept. An empty
// bin takes the value of another that is chosen by hashing the bin's number, so that two sketches agree as often as
// independent permutations would.
func minHash(words []string) [bins]uint64 {
	var sketch [bins]uint64
	for i := range sketch {
		sketch[i] = math.MaxUint64
	}
	hashes := make([]uint64, len(words))
	for i, w := range words {
		h := uint64(14695981039346656037)
		for j := 0; j < len(w); j++ {
			h = (h ^ uint64(w[j])) * 1099511628211
		}
		hashes[i] = h
	}
	for i := 0; i+shingleWords <= len(hashes); i++ {
		h := uint64(i64seed)
		for _, w := range hashes[i : i+shingleWords] {
			h = mix(h + w)
		}
		if bin := h % bins; h < sketch[bin] {
			sketch[bin] = h
		}
	}
	full := sketch
	for i := range sketch {
		for try := uint64(1); sketch[i] == math.MaxUint64 && try < 4096; try++ {
			if from := mix(uint64(i)<<32|try) % bins; full[from] != math.MaxUint64 {
				sketch[i] = mix(full[from] + try)
			}
		}
	}
	return sketch
}

const i64seed = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64 (Steele 2014): every bit of the input reaches every bit of the output.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// maskName gives a file name's template.
func (f *features) maskName(name string) string {
	m := newMasker(f.a)
	stem, ext := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		stem, ext = name[:dot], strings.ToLower(name[dot:])
	}
	var b strings.Builder
	for _, w := range strings.FieldsFunc(stem, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if b.Len() > 0 {
			b.WriteByte('_')
		}
		switch {
		case m.hide[strings.ToLower(w)]:
			b.WriteString("NAME")
		case len(w) >= 12 && looksMade(w):
			b.WriteByte('X')
		default:
			b.WriteString(maskDigits(strings.ToLower(w)))
		}
	}
	return b.String() + ext
}
