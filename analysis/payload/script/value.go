package script

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

type kind uint8

const (
	kUndefined kind = iota
	kNull
	kBool
	kNumber
	kString
	kObject
	kUnknown // not known before the page runs; text tells where it is from
)

// A value is a JavaScript value, or unknown. Strings and numbers remember the decodings that made them.
type value struct {
	k   kind
	n   float64 // number; 1 and 0 for booleans
	s   str
	o   *object
	lay *layer
}

// A layer is a chain of decodings, the last one first.
type layer struct {
	name string
	prev *layer
	n    int
}

func (l *layer) with(name string) *layer {
	// What works on one character at a time comes again for each; what decodes a whole text comes again when it is used again.
	whole := name == "atob" || name == "unescape"
	if l != nil && (l.name == name && !whole || l.n >= 16) {
		return l
	}
	n := 1
	if l != nil {
		n = l.n + 1
	}
	return &layer{name, l, n}
}

func (l *layer) names() []string {
	if l == nil {
		return nil
	}
	out := make([]string, l.n)
	for i := l.n - 1; i >= 0 && l != nil; i-- {
		out[i] = l.name
		l = l.prev
	}
	return out
}

// longer is the chain that a value made of two takes.
func longer(a, b *layer) *layer {
	if a == nil || b != nil && b.n > a.n {
		return b
	}
	return a
}

// str is a string of UTF-16 code units. Strings share their buffer: appending to the newest is cheap, as loops that
// build a page by one character want it.
type str struct {
	buf *[]uint16
	n   int
}

func (s str) units() []uint16 {
	if s.buf == nil {
		return nil
	}
	return (*s.buf)[:s.n]
}

func newStr(u []uint16) str { return str{&u, len(u)} }

// hole stands in a string where something is that is not known.
const hole = 0xfffc

func stringValue(u []uint16) value { return value{k: kString, s: newStr(u)} }
func numberValue(f float64) value  { return value{k: kNumber, n: f} }
func goString(s string) value      { return stringValue(toUnits(s)) }
func unknown() value               { return value{k: kUnknown} }
func boolValue(b bool) value {
	if b {
		return value{k: kBool, n: 1}
	}
	return value{k: kBool}
}
func objectValue(o *object) value { return value{k: kObject, o: o} }

func toUnits(s string) []uint16 {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return utf16.Encode([]rune(s))
		}
	}
	out := make([]uint16, len(s))
	for i := 0; i < len(s); i++ {
		out[i] = uint16(s[i])
	}
	return out
}

func fromUnits(u []uint16) string {
	for _, c := range u {
		if c >= 0x80 {
			return string(utf16.Decode(u))
		}
	}
	b := make([]byte, len(u))
	for i, c := range u {
		b[i] = byte(c)
	}
	return string(b)
}

type class uint8

const (
	clsPlain class = iota
	clsArray
	clsFunction
	clsNative
	clsHost // something of the browser: known by its path only
	clsRegex
	clsBlob
	clsBytes // typed array; array of numbers
	clsWords // CryptoJS WordArray, bytes in bin
)

type object struct {
	cls    class
	props  map[string]value
	keys   []string
	arr    []value
	fn     *function
	env    *scope
	this   value
	native string // name of a built-in function
	self   value  // what the built-in function is bound to
	path   string // of a host object
	elem   string // id of the page's element
	re     *regexp.Regexp
	bin    []byte
	typ    string
	lay    *layer
	base   *layer // decodings that unwrapped the code of a function
	called bool
	queued bool
	proto  *object
	table  bool // array made by splitting or of many literals
}

func (o *object) get(key string) (value, bool) {
	for depth := 0; o != nil && depth < 20; depth++ {
		if v, ok := o.props[key]; ok {
			return v, true
		}
		o = o.proto
	}
	return value{}, false
}

func (o *object) set(key string, v value) {
	if o.props == nil {
		o.props = map[string]value{}
	}
	if _, had := o.props[key]; !had {
		if len(o.keys) > 100_000 {
			return
		}
		o.keys = append(o.keys, key)
	}
	o.props[key] = v
}

func newArray(list []value) value { return objectValue(&object{cls: clsArray, arr: list}) }
func host(path string) value      { return objectValue(&object{cls: clsHost, path: path}) }

func (v value) callable() bool {
	return v.k == kObject && (v.o.cls == clsFunction || v.o.cls == clsNative)
}

func (v value) unknowable() bool { return v.k == kUnknown || v.k == kObject && v.o.cls == clsHost }

// truth tells whether a value is true; known is false if it cannot be told.
func (v value) truth() (yes, known bool) {
	switch v.k {
	case kUndefined, kNull:
		return false, true
	case kBool, kNumber:
		return v.n != 0 && !math.IsNaN(v.n), true
	case kString:
		for _, c := range v.s.units() {
			if c != hole {
				return true, true
			}
		}
		return v.s.n > 0, v.s.n == 0
	case kObject:
		if v.o.cls == clsHost {
			return true, false
		}
		return true, true
	}
	return false, false
}

func (v value) str() string { return fromUnits(v.units()) }

// units is the value as a string (ECMA-262 section 7.1.17), a hole where it is not known.
func (v value) units() []uint16 { return v.unitsDepth(0) }

func (v value) unitsDepth(depth int) []uint16 {
	switch v.k {
	case kString:
		return v.s.units()
	case kUndefined:
		return toUnits("undefined")
	case kNull:
		return toUnits("null")
	case kBool:
		return toUnits(strconv.FormatBool(v.n != 0))
	case kNumber:
		return toUnits(formatNumber(v.n))
	case kObject:
		if depth > 8 {
			return nil
		}
		switch v.o.cls {
		case clsArray, clsBytes:
			var out []uint16
			for i, e := range v.o.arr {
				if i > 0 {
					out = append(out, ',')
				}
				if e.k != kUndefined && e.k != kNull {
					out = append(out, e.unitsDepth(depth+1)...)
				}
				if len(out) > 1<<24 {
					break
				}
			}
			return out
		case clsFunction:
			return toUnits("function " + v.o.fn.name + "() {}")
		case clsNative:
			n := v.o.native[strings.LastIndexByte(v.o.native, '.')+1:]
			return toUnits("function " + n + "() { [native code] }")
		case clsRegex:
			return toUnits("/" + v.o.typ + "/")
		case clsWords:
			return toUnits(hexString(v.o.bin))
		case clsHost, clsBlob:
			return []uint16{hole}
		}
		if v.o.path != "" {
			return toUnits("[object " + v.o.path + "]")
		}
		return toUnits("[object Object]")
	}
	return []uint16{hole}
}

func hexString(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(b)*2)
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.FormatInt(int64(f), 10)
	}
	if a := math.Abs(f); a >= 1e21 || a < 1e-6 {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		s = strings.Replace(s, "e-0", "e-", 1)
		return strings.Replace(s, "e+0", "e+", 1)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// num is the value as a number (section 7.1.4); known is false where it cannot be told.
func (v value) num() (f float64, known bool) {
	switch v.k {
	case kNumber, kBool:
		return v.n, true
	case kNull:
		return 0, true
	case kUndefined:
		return math.NaN(), true
	case kString:
		u := v.s.units()
		for _, c := range u {
			if c == hole {
				return 0, false
			}
		}
		return stringNumber(u), true
	case kObject:
		if v.o.cls == clsArray && len(v.o.arr) < 2 {
			return stringNumber(v.units()), true
		}
		if v.o.cls == clsHost {
			return 0, false
		}
		return math.NaN(), true
	}
	return 0, false
}

func stringNumber(u []uint16) float64 {
	if len(u) > 400 {
		return math.NaN()
	}
	s := strings.TrimSpace(fromUnits(u))
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		if base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[s[1]]; base > 0 {
			n, err := strconv.ParseUint(s[2:], base, 64)
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c|0x20 == 'e') && s != "Infinity" && s != "-Infinity" {
			return math.NaN()
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// toInt32 wraps a number (section 7.1.6).
func toInt32(f float64) int32 {
	if f == math.Trunc(f) && math.Abs(f) < 1<<31 {
		return int32(f)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return int32(uint32(int64(math.Mod(math.Trunc(f), 4294967296))))
}
