package script

import (
	"math"
	"strings"
)

// binary evaluates a chain of binary operators; left-leaning chains of any length take no recursion.
func (in *interp) binary(n *node) value {
	var spine []*node
	for n.op == opBinary {
		spine = append(spine, n)
		n = n.a
	}
	v := in.eval(n)
	pieces := 0
	for i := len(spine) - 1; i >= 0; i-- {
		if !in.step(1) {
			return unknown()
		}
		s := spine[i]
		if s.text == "+" && s.b.op == opConst {
			pieces++
		}
		v = in.arith(s.text, v, in.eval(s.b))
	}
	if pieces >= 8 && v.k == kString && v.lay == nil {
		v.lay = v.lay.with("concat")
	}
	return v
}

// concat joins two values as strings. Appending to the newest string of a buffer costs only what is appended.
func (in *interp) concat(a, b value) value {
	au, bu := a, b
	if a.k != kString {
		au = stringValue(a.units())
	}
	right := b.units()
	if b.k == kString {
		right = bu.s.units()
	}
	left := au.s
	out := value{k: kString, lay: longer(a.lay, b.lay)}
	if left.buf != nil && left.n == len(*left.buf) && left.n > 0 {
		if !in.step(len(right) / 16) {
			return unknown()
		}
		*left.buf = append(*left.buf, right...)
		out.s = str{left.buf, left.n + len(right)}
	} else {
		if !in.step((left.n + len(right)) / 16) {
			return unknown()
		}
		buf := make([]uint16, 0, (left.n+len(right))*2)
		buf = append(append(buf, left.units()...), right...)
		out.s = newStr(buf)
	}
	return out
}

// primitive is what an object turns into for an operator (section 7.1.1).
func primitive(v value) value {
	if v.k != kObject || v.o.cls == clsHost {
		return v
	}
	p := stringValue(v.units())
	p.lay = v.lay
	return p
}

// arith applies a binary operator.
func (in *interp) arith(op string, a, b value) value {
	switch op {
	case "+":
		a, b = primitive(a), primitive(b)
		if a.k == kString || b.k == kString {
			return in.concat(a, b)
		}
	case "===", "!==":
		eq, known := strictEqual(a, b)
		if !known {
			return unknown()
		}
		return boolValue(eq == (op == "==="))
	case "==", "!=":
		eq, known := looseEqual(a, b)
		if !known {
			return unknown()
		}
		return boolValue(eq == (op == "=="))
	case "<", ">", "<=", ">=":
		return compare(op, primitive(a), primitive(b))
	case "in":
		if b.k == kObject && b.o.cls != clsHost && !a.unknowable() {
			_, ok := b.o.get(a.str())
			if f, isNum := a.num(); isNum && f >= 0 && int(f) < len(b.o.arr) {
				ok = true
			}
			return boolValue(ok)
		}
		return unknown()
	case "instanceof":
		return unknown()
	}
	x, k1 := primitive(a).num()
	y, k2 := primitive(b).num()
	if !k1 || !k2 {
		return unknown()
	}
	r := value{k: kNumber, lay: longer(a.lay, b.lay)}
	switch op {
	case "+":
		r.n = x + y
	case "-":
		r.n = x - y
	case "*":
		r.n = x * y
	case "/":
		r.n = x / y
	case "%":
		r.n = math.Mod(x, y)
	case "**":
		r.n = math.Pow(x, y)
	case "&":
		r.n = float64(toInt32(x) & toInt32(y))
	case "|":
		r.n = float64(toInt32(x) | toInt32(y))
	case "^":
		r.n = float64(toInt32(x) ^ toInt32(y))
		if r.lay != nil {
			r.lay = r.lay.with("xor")
		}
	case "<<":
		r.n = float64(toInt32(x) << (uint32(toInt32(y)) & 31))
	case ">>":
		r.n = float64(toInt32(x) >> (uint32(toInt32(y)) & 31))
	case ">>>":
		r.n = float64(uint32(toInt32(x)) >> (uint32(toInt32(y)) & 31))
	default:
		return unknown()
	}
	return r
}

func strictEqual(a, b value) (eq, known bool) {
	if a.unknowable() || b.unknowable() {
		if a.k == kObject && b.k == kObject && a.o == b.o {
			return true, true
		}
		if a.k == kObject && a.o.cls == clsHost && (b.k == kUndefined || b.k == kNull) && a.o.path == "window" {
			return false, true
		}
		return false, false
	}
	if a.k != b.k {
		return false, true
	}
	switch a.k {
	case kBool, kNumber:
		return a.n == b.n, true
	case kString:
		return equalUnits(a.s.units(), b.s.units())
	case kObject:
		return a.o == b.o, true
	}
	return true, true
}

func equalUnits(a, b []uint16) (eq, known bool) {
	eq, known = len(a) == len(b), true
	for i := range a {
		if a[i] == hole {
			return false, false
		}
		if eq && a[i] != b[i] {
			eq = false
		}
	}
	for _, c := range b {
		if c == hole {
			return false, false
		}
	}
	return eq, known
}

func looseEqual(a, b value) (eq, known bool) {
	if a.k == b.k || a.unknowable() || b.unknowable() {
		return strictEqual(a, b)
	}
	nullish := func(v value) bool { return v.k == kUndefined || v.k == kNull }
	if nullish(a) || nullish(b) {
		return nullish(a) && nullish(b), true
	}
	a, b = primitive(a), primitive(b)
	if a.k == kString && b.k == kString {
		return equalUnits(a.s.units(), b.s.units())
	}
	x, k1 := a.num()
	y, k2 := b.num()
	return x == y, k1 && k2
}

func compare(op string, a, b value) value {
	if a.k == kString && b.k == kString {
		x, y := a.str(), b.str()
		if strings.ContainsRune(x, hole) || strings.ContainsRune(y, hole) {
			return unknown()
		}
		switch op {
		case "<":
			return boolValue(x < y)
		case ">":
			return boolValue(x > y)
		case "<=":
			return boolValue(x <= y)
		}
		return boolValue(x >= y)
	}
	x, k1 := a.num()
	y, k2 := b.num()
	if !k1 || !k2 {
		return unknown()
	}
	switch op {
	case "<":
		return boolValue(x < y)
	case ">":
		return boolValue(x > y)
	case "<=":
		return boolValue(x <= y)
	}
	return boolValue(x >= y)
}
