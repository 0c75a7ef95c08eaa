package script

import (
	"encoding/base64"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch/analysis/payload/html"
)

// static reads a property of a built-in function: String.fromCharCode, Math.PI.
func (in *interp) static(owner, name string) (value, bool) {
	switch {
	case owner == "Math" && name == "PI":
		return numberValue(math.Pi), true
	case owner == "CryptoJS":
		return host("CryptoJS." + name), true
	case isStatic(owner, name):
		return objectValue(&object{cls: clsNative, native: owner + "." + name}), true
	}
	return value{}, false
}

// isStatic tells whether a built-in object has a function of that name that is known here. Scripts in string tables ask
// a million times.
func isStatic(owner, name string) bool {
	var names string
	switch owner {
	case "String":
		names = "fromCharCode fromCodePoint raw"
	case "Array":
		names = "from of isArray"
	case "Object":
		names = "keys values entries assign fromEntries freeze create defineProperty getOwnPropertyNames seal"
	case "Number":
		names = "parseInt parseFloat isNaN isInteger isFinite"
	case "Math":
		names = "floor ceil round abs min max pow sqrt random trunc sign log imul"
	case "JSON":
		names = "parse stringify"
	case "Date":
		names = "now"
	case "Promise":
		names = "resolve reject all"
	case "URL":
		names = "createObjectURL revokeObjectURL"
	case "Uint8Array":
		names = "from of fromBase64"
	case "Reflect":
		names = "apply get construct"
	}
	for n := range strings.FieldsSeq(names) {
		if n == name {
			return true
		}
	}
	return false
}

// native calls a built-in function.
func (in *interp) native(o *object, this value, args []value) value {
	kind, name, bound := strings.Cut(o.native, ".")
	if bound {
		self := o.self
		switch kind {
		case "string":
			if self.k != kString || this.k == kString {
				self = this
			}
			return in.stringMethod(name, self, args)
		case "array":
			if this.k == kObject && (this.o.cls == clsArray || this.o.cls == clsBytes) {
				self = this
			}
			return in.arrayMethod(name, self, args)
		case "function":
			return in.functionMethod(name, self, args)
		case "number":
			return numberMethod(name, self, args)
		case "regex":
			return in.regexMethod(name, self, args)
		case "object", "promise", "decoder", "encoder", "map", "set", "url", "date", "blob", "words":
			return in.objectMethod(kind, name, self, args)
		}
		return in.staticCall(kind, name, args)
	}
	return in.global0(o.native, args)
}

// global0 calls a global function.
func (in *interp) global0(name string, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "eval", "execScript":
		if a.k == kString || a.unknowable() {
			return in.codeIn(a, in.env)
		}
		return a
	case "setTimeout", "setInterval", "setImmediate", "requestAnimationFrame", "queueMicrotask":
		if a.k == kString {
			in.code(a)
		}
		in.enqueue(args)
		return numberValue(1)
	case "Function":
		return in.newFunction(args)
	case "String":
		if len(args) == 0 {
			return stringValue(nil)
		}
		v := stringValue(a.units())
		v.lay = a.lay
		return v
	case "Number", "parseFloat":
		if name == "parseFloat" && a.k == kString {
			return parseFloat(a)
		}
		f, known := primitive(a).num()
		if !known {
			return unknown()
		}
		return value{k: kNumber, n: f, lay: a.lay}
	case "parseInt":
		return parseInt(args)
	case "Boolean":
		if yes, known := a.truth(); known {
			return boolValue(yes)
		}
		return unknown()
	case "isNaN", "isFinite":
		f, known := primitive(a).num()
		if !known {
			return unknown()
		}
		if name == "isNaN" {
			return boolValue(math.IsNaN(f))
		}
		return boolValue(!math.IsNaN(f) && !math.IsInf(f, 0))
	case "atob", "btoa", "escape", "unescape", "encodeURIComponent", "decodeURIComponent", "encodeURI", "decodeURI":
		return in.coder(name, a)
	case "Date":
		return unknown()
	case "Object", "Array", "RegExp", "Error", "Map", "Set", "Symbol", "Promise":
		return in.construct(name, args)
	}
	return unknown()
}

// coder applies one of the codings of the web platform; what is partly unknown stays unknown.
func (in *interp) coder(name string, a value) value {
	if a.unknowable() {
		return unknown()
	}
	u := a.units()
	if !in.step(len(u) / 8) {
		return unknown()
	}
	if i := holeAt(u); i >= 0 {
		if name == "encodeURIComponent" || name == "encodeURI" {
			return value{k: kString, s: newStr(u), lay: a.lay}
		}
		return unknown()
	}
	out := value{k: kString, lay: a.lay}
	switch name {
	case "atob":
		b := html.Base64(fromUnits(u))
		w := make([]uint16, len(b))
		for i, c := range b {
			w[i] = uint16(c)
		}
		out.s = newStr(w)
		out.lay = a.lay.with("atob")
	case "btoa":
		b := make([]byte, len(u))
		for i, c := range u {
			b[i] = byte(c)
		}
		out.s = newStr(toUnits(base64.StdEncoding.EncodeToString(b)))
	case "escape":
		out.s = newStr(toUnits(escape(u)))
		out.lay = a.lay.with("escape")
	case "unescape":
		out.s = newStr(unescape(u))
		out.lay = a.lay.with("unescape")
	case "encodeURIComponent", "encodeURI":
		s := url.QueryEscape(fromUnits(u))
		out.s = newStr(toUnits(strings.ReplaceAll(s, "+", "%20")))
		if name == "encodeURI" {
			out.s = newStr(u)
		}
	default:
		s := percentDecode(fromUnits(u))
		out.s = newStr(toUnits(strings.ToValidUTF8(s, "\ufffd")))
		if a.lay != nil && a.lay.name == "escape" {
			out.lay = a.lay.prev // decodeURIComponent(escape(x)) only reads bytes as UTF-8
		} else if len(u) != out.s.n {
			out.lay = a.lay.with("decodeuri")
		}
	}
	return out
}

func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if h, l := digit(s[i+1], 16), digit(s[i+2], 16); h >= 0 && l >= 0 {
				b = append(b, byte(h<<4|l))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// escape and unescape are those of annex B.2.1.
func escape(u []uint16) string {
	var b strings.Builder
	const hexDigits = "0123456789ABCDEF"
	for _, c := range u {
		switch {
		case c < 0x80 && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("@*_+-./", byte(c)) >= 0):
			b.WriteByte(byte(c))
		case c < 256:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		default:
			b.WriteString("%u")
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hexDigits[c>>shift&15])
			}
		}
	}
	return b.String()
}

func unescape(u []uint16) []uint16 {
	out := make([]uint16, 0, len(u))
	hexAt := func(i, n int) int {
		if i+n > len(u) {
			return -1
		}
		v := 0
		for _, c := range u[i : i+n] {
			if c >= 0x80 {
				return -1
			}
			d := digit(byte(c), 16)
			if d < 0 {
				return -1
			}
			v = v*16 + d
		}
		return v
	}
	for i := 0; i < len(u); i++ {
		if u[i] == '%' {
			if i+1 < len(u) && u[i+1] == 'u' {
				if v := hexAt(i+2, 4); v >= 0 {
					out = append(out, uint16(v))
					i += 5
					continue
				}
			}
			if v := hexAt(i+1, 2); v >= 0 {
				out = append(out, uint16(v))
				i += 2
				continue
			}
		}
		out = append(out, u[i])
	}
	return out
}

func parseFloat(a value) value {
	s := strings.TrimSpace(a.str())
	end := 0
	for end < len(s) && end < 40 && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || (s[end] == '-' || s[end] == '+') && end == 0) {
		end++
	}
	f, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		f = math.NaN()
	}
	return value{k: kNumber, n: f, lay: a.lay}
}

func parseInt(args []value) value {
	if len(args) == 0 {
		return numberValue(math.NaN())
	}
	a := primitive(args[0])
	if a.unknowable() {
		return unknown()
	}
	u := a.units()
	if holeAt(u) >= 0 {
		return unknown()
	}
	if len(u) > 64 {
		u = u[:64]
	}
	s := strings.TrimSpace(fromUnits(u))
	base := 10
	if len(args) > 1 {
		if f, known := args[1].num(); known && f >= 2 && f <= 36 {
			base = int(f)
		}
	}
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	if (base == 16 || len(args) < 2) && len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		s, base = s[2:], 16
	}
	f, n := 0.0, 0
	for n < len(s) {
		d := digit(s[n], base)
		if d < 0 {
			break
		}
		f = f*float64(base) + float64(d)
		n++
	}
	if n == 0 {
		return numberValue(math.NaN())
	}
	if neg {
		f = -f
	}
	r := value{k: kNumber, n: f, lay: args[0].lay}
	if base == 16 && len(args) > 1 {
		r.lay = r.lay.with("hex")
	}
	return r
}

// newFunction is the Function constructor: its last argument is code.
func (in *interp) newFunction(args []value) value {
	if len(args) == 0 {
		return objectValue(&object{cls: clsFunction, fn: &function{}, env: in.global})
	}
	body := args[len(args)-1]
	if body.unknowable() {
		if in.maybe == 0 {
			in.undecided("unknown-code")
		}
		return unknown()
	}
	u := body.units()
	if !in.step(len(u)/4) || in.depth > 60 {
		return unknown()
	}
	in.res.Evals++
	f, _ := in.parse(string(utf16.Decode(u)))
	for _, a := range args[:len(args)-1] {
		for _, name := range strings.Split(a.str(), ",") {
			if name = strings.TrimSpace(name); name != "" {
				f.params = append(f.params, &node{op: opIdent, text: name})
			}
		}
	}
	o := &object{cls: clsFunction, fn: f, env: in.global, base: in.base}
	if l := in.chain(body); l != nil {
		o.base = l
	}
	if len(u) > 40 {
		o.base = o.base.with("eval")
	}
	if len(in.funcs) < 5000 {
		in.funcs = append(in.funcs, o)
	}
	return objectValue(o)
}

// construct is new X(…) for what is built in.
func (in *interp) construct(name string, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "Array":
		if len(args) == 1 && a.k == kNumber {
			if a.n < 0 || a.n > 1<<20 || !in.step(int(a.n)/8) {
				return newArray(nil)
			}
			return newArray(make([]value, int(a.n)))
		}
		return newArray(args)
	case "Uint8Array", "Uint16Array", "Int8Array", "Uint8ClampedArray", "ArrayBuffer":
		return in.typed(a)
	case "Object", "Error", "Symbol":
		if a.k == kObject {
			return a
		}
		o := &object{}
		if name == "Error" && a.k == kString {
			o.set("message", a)
		}
		return objectValue(o)
	case "String":
		return in.global0("String", args)
	case "RegExp":
		if a.k == kObject && a.o.cls == clsRegex {
			return a
		}
		flags := ""
		if len(args) > 1 && args[1].k == kString {
			flags = args[1].str()
		}
		return regexValue(a.str(), flags)
	case "Function":
		return in.newFunction(args)
	case "TextDecoder":
		return objectValue(&object{path: "decoder"})
	case "TextEncoder":
		return objectValue(&object{path: "encoder"})
	case "Blob", "File":
		return in.newBlob(args, name == "File")
	case "Map", "Set":
		return objectValue(&object{path: strings.ToLower(name)})
	case "URL":
		o := &object{path: "url"}
		o.set("href", a)
		return objectValue(o)
	case "Promise":
		in.enqueue(args)
		return objectValue(&object{path: "promise"})
	case "Date":
		return objectValue(&object{path: "date"})
	}
	return unknown()
}

// typed makes an array of bytes.
func (in *interp) typed(a value) value {
	o := &object{cls: clsBytes}
	switch {
	case a.k == kNumber && a.n >= 0 && a.n <= 1<<22 && in.step(int(a.n)/8):
		o.arr = make([]value, int(a.n))
		for i := range o.arr {
			o.arr[i] = numberValue(0)
		}
	case a.k == kObject && (a.o.cls == clsArray || a.o.cls == clsBytes):
		if in.step(len(a.o.arr) / 4) {
			o.arr = append([]value(nil), a.o.arr...)
			o.lay = a.lay
		}
	case a.unknowable():
		return unknown()
	}
	return objectValue(o)
}

// newBlob makes a Blob (File API section 3) of strings and byte arrays.
func (in *interp) newBlob(args []value, file bool) value {
	b := &object{cls: clsBlob}
	if len(args) == 0 {
		return objectValue(b)
	}
	parts := []value{args[0]}
	if args[0].k == kObject && args[0].o.cls == clsArray {
		parts = args[0].o.arr
	}
	for _, p := range parts {
		switch {
		case p.unknowable():
			if in.maybe == 0 {
				in.undecided("unknown-blob")
			}
		case p.k == kObject && p.o.cls == clsBytes:
			b.bin = append(b.bin, p.bytes()...)
			b.lay = longer(b.lay, longer(p.lay, p.o.lay))
		case p.k == kObject && p.o.cls == clsBlob:
			b.bin = append(b.bin, p.o.bin...)
		default:
			b.bin = append(b.bin, fromUnits(p.units())...)
			b.lay = longer(b.lay, p.lay)
		}
		if !in.step(len(b.bin) / 16) {
			break
		}
	}
	opt := args[len(args)-1]
	if file && len(args) > 1 {
		b.path = args[1].str()
	}
	if opt.k == kObject && opt.o.cls == clsPlain {
		if t, ok := opt.o.get("type"); ok {
			b.typ = strings.ToLower(t.str())
		}
	}
	return objectValue(b)
}

// bytes reads an array of numbers as bytes.
func (v value) bytes() []byte {
	if v.k != kObject {
		return nil
	}
	if v.o.cls == clsWords || v.o.cls == clsBlob {
		return v.o.bin
	}
	b := make([]byte, len(v.o.arr))
	for i, e := range v.o.arr {
		f, _ := e.num()
		b[i] = byte(toInt32(f))
	}
	return b
}

// decodeUTF8 is what TextDecoder gives.
func decodeUTF8(b []byte) value {
	if utf8.Valid(b) {
		return goString(string(b))
	}
	return goString(strings.ToValidUTF8(string(b), "\ufffd"))
}
