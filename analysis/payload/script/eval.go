package script

import (
	"math"
	"strings"
)

// eval evaluates an expression.
func (in *interp) eval(n *node) value {
	if n == nil || !in.step(1) {
		return unknown()
	}
	switch n.op {
	case opConst:
		return n.val
	case opIdent:
		return in.ident(n)
	}
	if in.nest++; in.nest > 4000 {
		in.nest--
		in.undecided("steps")
		return unknown()
	}
	v := in.compute(n)
	in.nest--
	return v
}

func (in *interp) compute(n *node) value {
	switch n.op {
	case opThis:
		return in.this
	case opArray:
		return in.arrayLiteral(n)
	case opObject:
		return in.objectLiteral(n)
	case opFunc:
		return in.closure(n, in.env)
	case opMember:
		return in.memberExpr(n)
	case opCall:
		return in.callExpr(n)
	case opNew:
		return in.newExpr(n)
	case opUnary:
		return in.unary(n)
	case opUpdate:
		return in.update(n)
	case opBinary:
		return in.binary(n)
	case opLogic:
		return in.logic(n)
	case opAssign:
		return in.assign(n)
	case opCond:
		yes, known := in.eval(n.a).truth()
		if known {
			if yes {
				return in.eval(n.b)
			}
			return in.eval(n.c)
		}
		in.maybe++
		a, b := in.eval(n.b), in.eval(n.c)
		in.maybe--
		if a.k == kString || a.callable() {
			return a
		}
		if b.k == kString || b.callable() {
			return b
		}
		return unknown()
	case opSeq:
		var v value
		for _, e := range n.list {
			v = in.eval(e)
		}
		return v
	case opTemplate:
		v := n.list[0].val
		for _, e := range n.list[1:] {
			v = in.concat(v, in.eval(e))
		}
		return v
	case opRegex:
		return regexValue(n.text, n.val.str())
	case opAwait:
		return in.eval(n.a)
	case opSpread:
		return in.eval(n.a)
	}
	return value{}
}

func (in *interp) ident(n *node) value {
	if v := in.env.find(n.text); v != nil {
		return *v
	}
	switch n.text {
	case "undefined":
		return value{}
	case "NaN":
		return numberValue(math.NaN())
	case "Infinity":
		return numberValue(math.Inf(1))
	case "window", "self", "globalThis", "top", "parent", "frames":
		return host("window")
	}
	if globalNames[n.text] {
		return objectValue(&object{cls: clsNative, native: n.text})
	}
	return host(n.text)
}

func (in *interp) arrayLiteral(n *node) value {
	list := make([]value, 0, len(n.list))
	for _, e := range n.list {
		if e.op == opSpread {
			list = append(list, in.spread(in.eval(e.a))...)
			continue
		}
		list = append(list, in.eval(e))
	}
	v := newArray(list)
	v.o.table = len(list) >= 4
	return v
}

func (in *interp) spread(v value) []value {
	if v.k == kObject && (v.o.cls == clsArray || v.o.cls == clsBytes) {
		in.step(len(v.o.arr))
		return v.o.arr
	}
	if v.k == kString {
		u := v.s.units()
		in.step(len(u))
		out := make([]value, len(u))
		for i := range u {
			out[i] = stringValue(u[i : i+1 : i+1])
			out[i].lay = v.lay
		}
		return out
	}
	return []value{unknown()}
}

func (in *interp) objectLiteral(n *node) value {
	o := &object{}
	for i := 0; i+1 < len(n.list); i += 2 {
		if n.list[i] == nil {
			if v := in.eval(n.list[i+1]); v.k == kObject {
				for _, k := range v.o.keys {
					o.set(k, v.o.props[k])
				}
			}
			continue
		}
		o.set(in.eval(n.list[i]).str(), in.eval(n.list[i+1]))
	}
	return objectValue(o)
}

// key is the name of the property that a member expression reads.
func (in *interp) key(n *node) value {
	if n.b == nil {
		return goString(n.text)
	}
	return in.eval(n.b)
}

func (in *interp) memberExpr(n *node) value {
	obj := in.eval(n.a)
	if n.b == nil {
		return in.member(obj, n.text)
	}
	key := in.eval(n.b)
	if key.k == kNumber && key.n >= 0 && key.n == math.Trunc(key.n) && key.n < 1<<30 {
		switch {
		case obj.k == kString:
			u := obj.s.units()
			if int(key.n) < len(u) {
				v := stringValue(u[int(key.n) : int(key.n)+1 : int(key.n)+1])
				v.lay = obj.lay
				return v
			}
			return value{}
		case obj.k == kObject && (obj.o.cls == clsArray || obj.o.cls == clsBytes):
			if int(key.n) < len(obj.o.arr) {
				v := obj.o.arr[int(key.n)]
				if v.lay == nil {
					v.lay = obj.lay
				}
				return v
			}
			return value{}
		}
	}
	if key.unknowable() {
		if obj.k == kObject && obj.o.cls == clsHost {
			return host(obj.o.path + ".?")
		}
		return unknown()
	}
	return in.member(obj, key.str())
}

func (in *interp) callExpr(n *node) value {
	var this, fn value
	switch n.a.op {
	case opMember:
		this = in.eval(n.a.a)
		key := in.key(n.a)
		in.pos = n.pos
		if key.unknowable() {
			fn = unknown()
		} else {
			name := key.str()
			fn = in.member(this, name)
			if fn.k == kUndefined && n.a.optional {
				return value{}
			}
		}
	default:
		fn = in.eval(n.a)
		this = value{}
	}
	args := in.argList(n.list)
	in.pos = n.pos
	if fn.k == kUnknown || fn.k == kUndefined {
		in.enqueue(args)
		return unknown()
	}
	v := in.call(fn, this, args)
	return v
}

func (in *interp) argList(list []*node) []value {
	args := make([]value, 0, len(list))
	for _, a := range list {
		if a.op == opSpread {
			args = append(args, in.spread(in.eval(a.a))...)
			continue
		}
		args = append(args, in.eval(a))
	}
	return args
}

// enqueue remembers functions that went to something that we do not know: it may call them.
func (in *interp) enqueue(args []value) {
	for _, a := range args {
		if a.k == kObject && a.o.cls == clsFunction && !a.o.queued && len(in.queue) < 2000 {
			a.o.queued = true
			in.queue = append(in.queue, a)
		}
	}
}

func (in *interp) newExpr(n *node) value {
	fn := in.eval(n.a)
	args := in.argList(n.list)
	in.pos = n.pos
	if fn.k == kObject {
		switch {
		case fn.o.cls == clsFunction:
			o := &object{}
			if p, ok := fn.o.get("prototype"); ok && p.k == kObject {
				o.proto = p.o
			}
			v := in.call(fn, objectValue(o), args)
			if v.k == kObject {
				return v
			}
			return objectValue(o)
		case fn.o.cls == clsPlain: // a class
			o := &object{proto: fn.o}
			if c, ok := fn.o.get("constructor"); ok {
				in.call(c, objectValue(o), args)
			}
			return objectValue(o)
		case fn.o.cls == clsNative:
			return in.construct(fn.o.native, args)
		case fn.o.cls == clsHost:
			return in.hostNew(fn.o.path, args)
		}
	}
	in.enqueue(args)
	return unknown()
}

func (in *interp) unary(n *node) value {
	if n.text == "typeof" {
		return in.typeOf(in.eval(n.a))
	}
	v := in.eval(n.a)
	switch n.text {
	case "!":
		if yes, known := v.truth(); known {
			return boolValue(!yes)
		}
		return unknown()
	case "void":
		return value{}
	case "delete":
		if n.a.op == opMember {
			if o := in.eval(n.a.a); o.k == kObject && o.o.props != nil {
				delete(o.o.props, in.key(n.a).str())
			}
		}
		return boolValue(true)
	}
	f, known := v.num()
	if !known {
		return unknown()
	}
	r := numberValue(f)
	switch n.text {
	case "-":
		r.n = -f
	case "~":
		r.n = float64(^toInt32(f))
	}
	r.lay = v.lay
	return r
}

func (in *interp) typeOf(v value) value {
	switch v.k {
	case kUndefined:
		return goString("undefined")
	case kBool:
		return goString("boolean")
	case kNumber:
		return goString("number")
	case kString:
		return goString("string")
	case kNull:
		return goString("object")
	case kObject:
		switch v.o.cls {
		case clsFunction, clsNative:
			return goString("function")
		case clsHost:
			switch v.o.path {
			case "window", "document", "navigator", "location", "screen":
				return goString("object")
			case "require", "module", "process", "exports", "define", "global":
				return goString("undefined")
			}
			return unknown()
		}
		return goString("object")
	}
	return unknown()
}

func (in *interp) update(n *node) value {
	old := in.eval(n.a)
	f, known := old.num()
	if !known {
		in.assignTo(n.a, unknown())
		return unknown()
	}
	d := 1.0
	if n.text == "--" {
		d = -1
	}
	nv := numberValue(f + d)
	nv.lay = old.lay
	in.assignTo(n.a, nv)
	if n.prefix {
		return nv
	}
	return numberValue(f)
}

func (in *interp) logic(n *node) value {
	a := in.eval(n.a)
	yes, known := a.truth()
	switch n.text {
	case "??":
		if a.k == kUndefined || a.k == kNull {
			return in.eval(n.b)
		}
		return a
	case "&&":
		if known && !yes {
			return a
		}
	case "||":
		if known && yes {
			return a
		}
		if a.k == kString && yes { // partly known
			return a
		}
	}
	if known {
		return in.eval(n.b)
	}
	in.maybe++
	b := in.eval(n.b)
	in.maybe--
	if n.text == "||" && a.k == kObject {
		return a
	}
	return b
}

// assign evaluates an assignment.
func (in *interp) assign(n *node) value {
	if n.text == "=" {
		if n.a.op == opArray || n.a.op == opObject {
			v := in.eval(n.b)
			in.bindPattern(n.a, v)
			return v
		}
		v := in.eval(n.b)
		in.pos = n.pos
		in.assignTo(n.a, v)
		return v
	}
	old := in.eval(n.a)
	if n.text == "&&=" || n.text == "||=" || n.text == "??=" {
		yes, known := old.truth()
		nullish := old.k == kUndefined || old.k == kNull
		if known && (n.text == "&&=" && !yes || n.text == "||=" && yes || n.text == "??=" && !nullish) {
			return old
		}
		v := in.eval(n.b)
		in.assignTo(n.a, v)
		return v
	}
	v := in.arith(n.text[:len(n.text)-1], old, in.eval(n.b))
	in.pos = n.pos
	in.assignTo(n.a, v)
	return v
}

// bindPattern assigns to the parts of a pattern.
func (in *interp) bindPattern(p *node, v value) {
	for i, e := range p.list {
		if p.op == opObject {
			if i%2 == 1 && p.list[i-1] != nil {
				in.assignTo(unwrapDefault(e), in.member(v, in.eval(p.list[i-1]).str()))
			}
			continue
		}
		in.assignTo(unwrapDefault(e), in.index(v, i))
	}
}

func unwrapDefault(n *node) *node {
	if n.op == opAssign {
		return n.a
	}
	return n
}

// assignTo stores a value. Under a condition that is not known, a known text is kept rather than lost to an unknown.
func (in *interp) assignTo(target *node, v value) {
	switch target.op {
	case opIdent:
		ref := in.env.find(target.text)
		if ref == nil {
			if target.text == "location" {
				in.url(v, "redirect", "")
				return
			}
			if target.text == "onload" || strings.HasPrefix(target.text, "on") && v.callable() {
				in.enqueue([]value{v})
			}
			in.global.vars[target.text] = &v
			return
		}
		if in.maybe > 0 && v.k == kUnknown && ref.k == kString {
			return
		}
		*ref = v
	case opMember:
		obj := in.eval(target.a)
		key := in.key(target)
		if key.unknowable() {
			return
		}
		in.setMember(obj, key, v)
	}
}

func (in *interp) setMember(obj, key, v value) {
	if obj.k == kObject {
		o := obj.o
		switch o.cls {
		case clsArray, clsBytes:
			if f, ok := key.num(); ok && f >= 0 && f == math.Trunc(f) && f < 1<<22 && key.k != kString || key.k == kString && allDigits(key.s.units()) {
				f, _ = key.num()
				i := int(f)
				if i >= len(o.arr) {
					if i > len(o.arr)+1<<16 || !in.step((i-len(o.arr))/8) {
						return
					}
					for len(o.arr) <= i {
						o.arr = append(o.arr, value{})
					}
				}
				if o.cls == clsBytes && v.k == kNumber {
					v.n = float64(uint8(toInt32(v.n)))
				}
				if v.lay != nil {
					o.lay = longer(o.lay, v.lay)
				}
				o.arr[i] = v
				return
			}
			if name := key.str(); name == "length" {
				if f, ok := v.num(); ok && f >= 0 && int(f) < len(o.arr) {
					o.arr = o.arr[:int(f)]
				}
				return
			}
		case clsHost:
			in.hostSet(o, key.str(), v)
			return
		}
		o.set(key.str(), v)
		return
	}
	if obj.k == kUnknown {
		in.hostSet(&object{cls: clsHost, path: "?"}, key.str(), v)
	}
}

func allDigits(u []uint16) bool {
	if len(u) == 0 || len(u) > 7 {
		return false
	}
	for _, c := range u {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
