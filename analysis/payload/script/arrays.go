package script

import (
	"math"
	"slices"
	"strconv"
)

// arrayMethod calls a method of an array (section 23.1.3).
func (in *interp) arrayMethod(name string, self value, args []value) value {
	if self.k == kString { // [].map.call("…")
		self = newArray(in.spread(self))
	}
	if self.k != kObject || self.o.cls != clsArray && self.o.cls != clsBytes {
		in.enqueue(args)
		return unknown()
	}
	o := self.o
	if !in.step(1) {
		return unknown()
	}
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "push":
		if len(o.arr) > 4<<20 {
			return unknown()
		}
		o.arr = append(o.arr, args...)
		return numberValue(float64(len(o.arr)))
	case "pop", "shift":
		if len(o.arr) == 0 {
			return value{}
		}
		if name == "pop" {
			v := o.arr[len(o.arr)-1]
			o.arr = o.arr[:len(o.arr)-1]
			return v
		}
		v := o.arr[0]
		o.arr = o.arr[1:]
		return v
	case "unshift":
		in.step(len(o.arr) / 8)
		o.arr = append(append([]value(nil), args...), o.arr...)
		return numberValue(float64(len(o.arr)))
	case "join", "toString":
		return in.join(self, args)
	case "reverse", "toReversed":
		in.step(len(o.arr) / 4)
		if name == "toReversed" {
			self = objectValue(&object{cls: o.cls, arr: slices.Clone(o.arr), table: o.table, lay: o.lay})
		}
		slices.Reverse(self.o.arr)
		self.o.lay = longer(self.o.lay, self.lay).with("reverse")
		self.lay = self.o.lay
		return self
	case "map", "forEach", "filter", "some", "every", "find", "findIndex", "flatMap":
		return in.each(name, self, a)
	case "reduce", "reduceRight":
		return in.reduce(name, self, args)
	case "slice", "subarray":
		from, to := span(args, len(o.arr))
		if !in.step((to - from) / 8) {
			return unknown()
		}
		r := objectValue(&object{cls: o.cls, arr: slices.Clone(o.arr[from:to]), table: o.table, lay: o.lay})
		r.lay = self.lay
		return r
	case "splice":
		return in.splice(o, args)
	case "concat":
		out := slices.Clone(o.arr)
		for _, x := range args {
			if x.k == kObject && x.o.cls == clsArray {
				out = append(out, x.o.arr...)
			} else {
				out = append(out, x)
			}
			if !in.step(len(out)/8) || len(out) > 4<<20 {
				return unknown()
			}
		}
		return newArray(out)
	}
	return in.arraySearch(name, self, args)
}

// arraySearch is the methods that look into an array, order it or set its elements.
func (in *interp) arraySearch(name string, self value, args []value) value {
	o := self.o
	var a value
	if len(args) > 0 {
		a = args[0]
	}
	switch name {
	case "indexOf", "includes", "lastIndexOf":
		in.step(len(o.arr) / 2)
		for i, e := range o.arr {
			eq, known := strictEqual(e, a)
			if !known {
				return unknown()
			}
			if eq {
				if name == "includes" {
					return boolValue(true)
				}
				return numberValue(float64(i))
			}
		}
		if name == "includes" {
			return boolValue(false)
		}
		return numberValue(-1)
	case "sort":
		in.sort(o, a)
		return self
	case "fill":
		for i := range o.arr {
			o.arr[i] = a
		}
		return self
	case "keys", "values", "entries":
		if name == "entries" {
			it := objectValue(&object{path: "Array Iterator"})
			return it
		}
		list := slices.Clone(o.arr)
		if name == "keys" {
			for i := range list {
				list[i] = numberValue(float64(i))
			}
		}
		return newArray(list)
	case "flat":
		var out []value
		for _, e := range o.arr {
			if e.k == kObject && e.o.cls == clsArray {
				out = append(out, e.o.arr...)
			} else {
				out = append(out, e)
			}
		}
		in.step(len(out))
		return newArray(out)
	case "at":
		i, ok := intArg(args, 0, 0)
		if i < 0 {
			i += len(o.arr)
		}
		if !ok || i < 0 || i >= len(o.arr) {
			return value{}
		}
		return o.arr[i]
	case "set":
		if a.k == kObject {
			at, _ := intArg(args, 1, 0)
			for i, e := range a.o.arr {
				if at+i >= 0 && at+i < len(o.arr) {
					o.arr[at+i] = e
				}
			}
		}
		return value{}
	}
	return unknown()
}

func span(args []value, n int) (from, to int) {
	from, _ = intArg(args, 0, 0)
	to, _ = intArg(args, 1, n)
	if from < 0 {
		from += n
	}
	if to < 0 {
		to += n
	}
	from, to = min(max(from, 0), n), min(max(to, 0), n)
	return from, max(from, to)
}

// join makes one string; that pieces were joined is a layer when they were literals of a list.
func (in *interp) join(self value, args []value) value {
	sep := []uint16{','}
	if len(args) > 0 && args[0].k != kUndefined {
		sep = args[0].units()
	}
	var out []uint16
	lay := longer(self.lay, self.o.lay)
	for i, e := range self.o.arr {
		if i > 0 {
			out = append(out, sep...)
		}
		if e.k != kUndefined && e.k != kNull {
			if e.k == kString {
				out = append(out, e.s.units()...)
			} else {
				out = append(out, e.units()...)
			}
		}
		lay = longer(lay, e.lay)
		if !in.step(1) || len(out) > 16<<20 {
			return unknown()
		}
	}
	in.step(len(out) / 16)
	if self.o.table && lay == nil && len(self.o.arr) >= 4 {
		lay = lay.with("concat")
	}
	return value{k: kString, s: newStr(out), lay: lay}
}

func (in *interp) each(name string, self value, fn value) value {
	var out []value
	list := self.o.arr
	for i := 0; i < len(list) && in.steps > 0; i++ {
		e := list[i]
		if e.lay == nil {
			e.lay = longer(self.lay, self.o.lay)
		}
		v := in.call(fn, value{}, []value{e, numberValue(float64(i)), self})
		if in.exc.k != kUndefined {
			return unknown()
		}
		yes, known := v.truth()
		switch name {
		case "map":
			out = append(out, v)
		case "flatMap":
			out = append(out, in.spread(v)...)
		case "filter":
			if yes || !known {
				out = append(out, list[i])
			}
		case "find", "findIndex", "some":
			if !known {
				return unknown()
			}
			if yes {
				switch name {
				case "find":
					return list[i]
				case "some":
					return boolValue(true)
				}
				return numberValue(float64(i))
			}
		case "every":
			if !known {
				return unknown()
			}
			if !yes {
				return boolValue(false)
			}
		}
	}
	switch name {
	case "map", "filter", "flatMap":
		r := newArray(out)
		r.o.cls = self.o.cls
		r.lay = longer(self.lay, self.o.lay)
		return r
	case "some":
		return boolValue(false)
	case "every":
		return boolValue(true)
	case "findIndex":
		return numberValue(-1)
	}
	return value{}
}

func (in *interp) reduce(name string, self value, args []value) value {
	list := self.o.arr
	if name == "reduceRight" {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	if len(args) == 0 {
		return unknown()
	}
	var acc value
	start := 0
	if len(args) > 1 {
		acc = args[1]
	} else if len(list) > 0 {
		acc, start = list[0], 1
	}
	for i := start; i < len(list) && in.steps > 0; i++ {
		acc = in.call(args[0], value{}, []value{acc, list[i], numberValue(float64(i)), self})
	}
	return acc
}

func (in *interp) splice(o *object, args []value) value {
	from, _ := intArg(args, 0, 0)
	if from < 0 {
		from += len(o.arr)
	}
	from = min(max(from, 0), len(o.arr))
	n, _ := intArg(args, 1, len(o.arr)-from)
	n = min(max(n, 0), len(o.arr)-from)
	if !in.step(len(o.arr) / 8) {
		return unknown()
	}
	cut := slices.Clone(o.arr[from : from+n])
	tail := slices.Clone(o.arr[from+n:])
	o.arr = o.arr[:from]
	if len(args) > 2 {
		o.arr = append(o.arr, args[2:]...)
	}
	o.arr = append(o.arr, tail...)
	return newArray(cut)
}

func (in *interp) sort(o *object, by value) {
	if !in.step(len(o.arr) * 4) {
		return
	}
	slices.SortStableFunc(o.arr, func(a, b value) int {
		if by.callable() {
			f, known := in.call(by, value{}, []value{a, b}).num()
			if !known || math.IsNaN(f) {
				return 0
			}
			switch {
			case f < 0:
				return -1
			case f > 0:
				return 1
			}
			return 0
		}
		return slices.Compare(a.units(), b.units())
	})
}

// numberMethod calls a method of a number or a boolean.
func numberMethod(name string, self value, args []value) value {
	base, ok := intArg(args, 0, 10)
	switch name {
	case "toString":
		if self.k == kNumber && ok && base >= 2 && base <= 36 && base != 10 && self.n == math.Trunc(self.n) && math.Abs(self.n) < 1<<53 {
			return value{k: kString, s: newStr(toUnits(strconv.FormatInt(int64(self.n), base))), lay: self.lay}
		}
	case "toFixed":
		d, _ := intArg(args, 0, 0)
		return goString(strconv.FormatFloat(self.n, 'f', min(max(d, 0), 20), 64))
	case "valueOf":
		return self
	}
	return value{k: kString, s: newStr(self.units()), lay: self.lay}
}
