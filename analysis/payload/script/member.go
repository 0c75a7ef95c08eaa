package script

import "strings"

// globalNames are the functions and objects of the language that are built in.
var globalNames = map[string]bool{
	"String": true, "Array": true, "Object": true, "Number": true, "Boolean": true, "Math": true, "JSON": true, "RegExp": true, "Function": true,
	"atob": true, "btoa": true, "escape": true, "unescape": true, "encodeURIComponent": true, "decodeURIComponent": true, "encodeURI": true,
	"decodeURI": true, "parseInt": true, "parseFloat": true, "isNaN": true, "isFinite": true, "eval": true, "execScript": true, "setTimeout": true,
	"setInterval": true, "setImmediate": true, "queueMicrotask": true, "requestAnimationFrame": true, "Uint8Array": true, "Uint16Array": true,
	"Int8Array": true, "Uint8ClampedArray": true, "ArrayBuffer": true, "TextDecoder": true, "TextEncoder": true, "Blob": true, "File": true,
	"Date": true, "Promise": true, "Symbol": true, "Map": true, "Set": true, "Error": true, "URL": true, "URLSearchParams": true, "CryptoJS": true,
	"Reflect": true,
}

// methods of each kind of value; membership makes a bound native.
var stringMethods = words("charAt charCodeAt codePointAt indexOf lastIndexOf includes slice substring substr split replace replaceAll toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase trim trimStart trimEnd trimLeft trimRight concat repeat padStart padEnd startsWith endsWith match matchAll search at normalize localeCompare toString valueOf italics bold big small fontcolor fontsize link anchor strike sub sup fixed blink")
var arrayMethods = words("join reverse map forEach filter reduce reduceRight push pop shift unshift splice slice concat indexOf lastIndexOf includes sort fill some every find findIndex keys values entries flat flatMap at toString set subarray copyWithin toReversed")
var functionMethods = words("call apply bind toString")
var numberMethods = words("toString toFixed valueOf toPrecision toLocaleString")
var objectMethods = words("hasOwnProperty toString valueOf")
var regexMethods = words("test exec toString")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

func method(kind, name string, self value) value {
	return objectValue(&object{cls: clsNative, native: kind + "." + name, self: self})
}

// member reads a property.
func (in *interp) member(v value, name string) value {
	switch v.k {
	case kString:
		return in.stringMember(v, name)
	case kNumber:
		if numberMethods[name] {
			return method("number", name, v)
		}
		return construct(name, "Number")
	case kBool:
		if name == "toString" {
			return method("number", name, v)
		}
		return construct(name, "Boolean")
	case kObject:
		return in.objectMember(v, name)
	case kUndefined, kNull:
		return unknown()
	}
	// Of something unknown: its methods may still be told apart by name.
	return objectValue(&object{cls: clsHost, path: "?." + name})
}

// construct is the constructor of a primitive, undefined for any other name.
func construct(name, class string) value {
	if name == "constructor" {
		return objectValue(&object{cls: clsNative, native: class})
	}
	return value{}
}

func (in *interp) stringMember(v value, name string) value {
	if name == "length" {
		if u := v.s.units(); holeAt(u[:min(len(u), 64)]) >= 0 { // a look at the start keeps loops over a long text linear
			return unknown()
		}
		return numberValue(float64(v.s.n))
	}
	if stringMethods[name] {
		return method("string", name, v)
	}
	if u := toUnits(name); allDigits(u) {
		return in.index(v, int(stringNumber(u)))
	}
	return construct(name, "String")
}

func (in *interp) objectMember(v value, name string) value {
	o := v.o
	if p, ok := o.get(name); ok {
		return p
	}
	switch o.cls {
	case clsArray, clsBytes:
		switch {
		case name == "length", name == "byteLength":
			return numberValue(float64(len(o.arr)))
		case name == "buffer":
			return v
		case arrayMethods[name]:
			return method("array", name, v)
		case allDigits(toUnits(name)):
			return in.index(v, int(stringNumber(toUnits(name))))
		}
		if name == "constructor" {
			return objectValue(&object{cls: clsNative, native: "Array"})
		}
	case clsFunction, clsNative:
		if o.cls == clsNative && !strings.Contains(o.native, ".") && globalNames[o.native] {
			if r, ok := in.static(o.native, name); ok {
				return r
			}
		}
		switch {
		case functionMethods[name]:
			return method("function", name, v)
		case name == "constructor":
			return objectValue(&object{cls: clsNative, native: "Function"})
		case name == "prototype":
			p := objectValue(&object{path: "prototype"})
			if o.cls == clsNative {
				p = host(o.native + ".prototype")
				switch o.native {
				case "String":
					p = stringValue(nil)
				case "Array":
					p = newArray(nil)
				}
			}
			o.set(name, p)
			return p
		case name == "name":
			if o.cls == clsNative {
				return goString(o.native[strings.LastIndexByte(o.native, '.')+1:])
			}
			return goString(o.fn.name)
		case name == "length" && o.cls == clsFunction:
			return numberValue(float64(len(o.fn.params)))
		}
	case clsHost:
		return in.hostGet(o, name)
	case clsRegex:
		if regexMethods[name] {
			return method("regex", name, v)
		}
		if name == "source" {
			return goString(o.typ)
		}
	case clsWords:
		if name == "toString" {
			return method("words", name, v)
		}
		if name == "ciphertext" {
			return v
		}
	case clsBlob:
		return method("blob", name, v)
	}
	if objectMethods[name] {
		return method("object", name, v)
	}
	if o.path == "promise" || o.path == "decoder" || o.path == "encoder" || o.path == "map" || o.path == "set" || o.path == "url" || o.path == "date" {
		return method(o.path, name, v)
	}
	return construct(name, "Object")
}
