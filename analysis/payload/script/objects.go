package script

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/coldwatch/coldwatch/analysis/payload/html"
)

// functionMethod is call, apply and bind.
func (in *interp) functionMethod(name string, self value, args []value) value {
	var this value
	if len(args) > 0 {
		this = args[0]
	}
	switch name {
	case "call":
		return in.call(self, this, args[min(1, len(args)):])
	case "apply":
		var list []value
		if len(args) > 1 {
			list = in.spread(args[1])
		}
		return in.call(self, this, list)
	case "bind":
		if self.k == kObject && self.o.cls == clsFunction {
			o := *self.o
			o.typ, o.this = "bound", this
			return objectValue(&o)
		}
		return self
	}
	v := goString(self.str())
	return v
}

// staticCall calls a function of a built-in object.
func (in *interp) staticCall(owner, name string, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch owner {
	case "String":
		return in.fromCodes(name, args)
	case "Math":
		return math0(name, args)
	case "Array", "Uint8Array":
		return in.arrayStatic(owner, name, args)
	case "Object":
		return in.objectStatic(name, args)
	case "Number":
		return in.global0(name, args)
	case "JSON":
		if name == "parse" && a.k == kString {
			return in.parseJSON(a)
		}
		if a.k == kString || a.k == kNumber {
			return goString(a.str())
		}
		return unknown()
	case "Promise":
		in.enqueue(args)
		return objectValue(&object{path: "promise"})
	case "URL":
		in.network("URL."+name, name, value{}, args)
		return goString("blob:")
	case "Reflect":
		if name == "apply" && len(args) > 2 {
			return in.call(a, args[1], in.spread(args[2]))
		}
		if name == "get" && len(args) > 1 {
			return in.member(a, args[1].str())
		}
	}
	return unknown()
}

func (in *interp) fromCodes(name string, args []value) value {
	if !in.step(len(args)) {
		return unknown()
	}
	out := make([]uint16, 0, len(args))
	var lay *layer
	for _, a := range args {
		f, known := primitive(a).num()
		switch {
		case !known:
			out = append(out, hole)
		case name == "fromCodePoint" && f >= 0 && f <= 0x10ffff:
			out = utf16.AppendRune(out, rune(f))
		default:
			out = append(out, uint16(toInt32(f)))
		}
		lay = longer(lay, a.lay)
	}
	if lay == nil || lay.name == "hex" {
		lay = lay.with("fromcharcode")
	}
	return value{k: kString, s: newStr(out), lay: lay}
}

func math0(name string, args []value) value {
	if name == "random" {
		return unknown()
	}
	var f []float64
	for _, a := range args {
		x, known := primitive(a).num()
		if !known {
			return unknown()
		}
		f = append(f, x)
	}
	if len(f) == 0 {
		return numberValue(math.NaN())
	}
	r := numberValue(f[0])
	r.lay = args[0].lay
	switch name {
	case "floor":
		r.n = math.Floor(f[0])
	case "ceil":
		r.n = math.Ceil(f[0])
	case "round":
		r.n = math.Floor(f[0] + .5)
	case "trunc":
		r.n = math.Trunc(f[0])
	case "abs":
		r.n = math.Abs(f[0])
	case "sqrt":
		r.n = math.Sqrt(f[0])
	case "log":
		r.n = math.Log(f[0])
	case "sign":
		if f[0] != 0 {
			r.n = math.Copysign(1, f[0])
		}
	case "min":
		r.n = slices.Min(f)
	case "max":
		r.n = slices.Max(f)
	case "pow":
		if len(f) > 1 {
			r.n = math.Pow(f[0], f[1])
		}
	case "imul":
		if len(f) > 1 {
			r.n = float64(toInt32(f[0]) * toInt32(f[1]))
		}
	}
	return r
}

func (in *interp) arrayStatic(owner, name string, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "isArray":
		return boolValue(a.k == kObject && a.o.cls == clsArray)
	case "fromBase64":
		v := in.coder("atob", a)
		return in.typed(newArray(codes(v)))
	case "of":
		return newArray(args)
	}
	if a.unknowable() {
		in.enqueue(args)
		return unknown()
	}
	var list []value
	if a.k == kObject && a.o.cls == clsPlain {
		if n, ok := a.o.get("length"); ok && n.k == kNumber && n.n >= 0 && n.n < 1<<20 && in.step(int(n.n)) {
			list = make([]value, int(n.n))
		}
	} else {
		list = slices.Clone(in.spread(a))
	}
	r := newArray(list)
	r.lay = a.lay
	if len(args) > 1 && args[1].callable() {
		r = in.each("map", r, args[1])
	}
	if owner != "Array" && r.k == kObject {
		r.o.cls = clsBytes
	}
	return r
}

// codes are the character codes of a string.
func codes(v value) []value {
	u := v.units()
	out := make([]value, len(u))
	for i, c := range u {
		out[i] = value{k: kNumber, n: float64(c), lay: v.lay}
	}
	return out
}

func (in *interp) objectStatic(name string, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "freeze", "seal", "create":
		if name == "create" {
			o := &object{}
			if a.k == kObject {
				o.proto = a.o
			}
			return objectValue(o)
		}
		return a
	case "assign":
		for _, src := range args[min(1, len(args)):] {
			if a.k == kObject && src.k == kObject {
				for _, k := range src.o.keys {
					a.o.set(k, src.o.props[k])
				}
			}
		}
		return a
	case "defineProperty":
		if len(args) > 2 && a.k == kObject && args[2].k == kObject {
			if v, ok := args[2].o.get("value"); ok {
				a.o.set(args[1].str(), v)
			}
		}
		return a
	}
	if a.k != kObject || a.o.cls == clsHost {
		return unknown()
	}
	var list []value
	add := func(k string, v value) {
		switch name {
		case "values":
			list = append(list, v)
		case "entries":
			list = append(list, newArray([]value{goString(k), v}))
		default:
			list = append(list, goString(k))
		}
	}
	in.step(len(a.o.arr) + len(a.o.keys))
	for i, e := range a.o.arr {
		add(formatNumber(float64(i)), e)
	}
	for _, k := range a.o.keys {
		if v, ok := a.o.props[k]; ok {
			add(k, v)
		}
	}
	return newArray(list)
}

// objectMethod calls a method of one of the small objects.
func (in *interp) objectMethod(kind, name string, self value, args []value) value {
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch kind {
	case "decoder":
		if a.k == kObject && (a.o.cls == clsBytes || a.o.cls == clsArray) && in.step(len(a.o.arr)/4) {
			v := decodeUTF8(a.bytes())
			v.lay = longer(a.lay, a.o.lay)
			for i := 0; i < len(a.o.arr) && i < 4; i++ {
				v.lay = longer(v.lay, a.o.arr[i].lay)
			}
			return v
		}
	case "encoder":
		if a.k == kString {
			b := fromUnits(a.units())
			list := make([]value, len(b))
			for i := range len(b) {
				list[i] = value{k: kNumber, n: float64(b[i]), lay: a.lay}
			}
			in.step(len(b))
			r := newArray(list)
			r.o.cls = clsBytes
			return r
		}
	case "map", "set":
		switch name {
		case "set", "add":
			if len(args) > 1 {
				self.o.set(a.str(), args[1])
			} else {
				self.o.set(a.str(), a)
			}
			return self
		case "get":
			v, _ := self.o.get(a.str())
			return v
		case "has":
			_, ok := self.o.get(a.str())
			return boolValue(ok)
		}
	case "promise":
		in.enqueue(args)
		return self
	case "words":
		if a.k == kObject && strings.HasSuffix(a.o.path, ".Utf8") || len(args) == 0 {
			if len(args) == 0 {
				return goString(hexString(self.o.bin))
			}
			v := decodeUTF8(self.o.bin)
			v.lay = self.lay
			return v
		}
		return goString(hexString(self.o.bin))
	case "url":
		if name == "toString" {
			v, _ := self.o.get("href")
			return v
		}
	case "blob":
		in.enqueue(args)
		if name == "text" {
			return decodeUTF8(self.o.bin)
		}
	case "object":
		switch name {
		case "hasOwnProperty":
			_, ok := self.o.get(a.str())
			return boolValue(ok)
		case "toString":
			return stringValue(self.units())
		case "valueOf":
			return self
		}
	}
	in.enqueue(args)
	return unknown()
}

// parseJSON reads JSON text (RFC 8259), with its decodings.
func (in *interp) parseJSON(a value) value {
	s := a.str()
	if !in.step(len(s) / 4) {
		return unknown()
	}
	dec := json.NewDecoder(strings.NewReader(s))
	var v any
	if len(s) > 4<<20 || strings.Count(s, "[")+strings.Count(s, "{") > 20_000 || dec.Decode(&v) != nil {
		return unknown()
	}
	return fromJSON(v, a.lay)
}

func fromJSON(v any, lay *layer) value {
	switch x := v.(type) {
	case string:
		r := goString(x)
		r.lay = lay
		return r
	case float64:
		return value{k: kNumber, n: x, lay: lay}
	case bool:
		return boolValue(x)
	case []any:
		list := make([]value, len(x))
		for i, e := range x {
			list[i] = fromJSON(e, lay)
		}
		return newArray(list)
	case map[string]any:
		o := &object{}
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			o.set(k, fromJSON(x[k], lay))
		}
		return objectValue(o)
	}
	return value{k: kNull}
}

// raw are the bytes of a base64 text.
func raw(v value) []byte { return html.Base64(v.str()) }
