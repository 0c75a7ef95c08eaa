package html

import (
	"cmp"
	"slices"
	"strconv"

	"golang.org/x/net/html/atom"
)

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

func fnvString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return (h ^ 0xff) * fnvPrime
}

func fnvWord(h, x uint64) uint64 {
	h = (h ^ x) * fnvPrime
	return h ^ h>>29
}

// transparent elements are left out of the structure: they come and go with the words, or with a release of a kit.
func transparent(tag atom.Atom) bool {
	switch tag {
	case atom.B, atom.I, atom.U, atom.Em, atom.Strong, atom.Font, atom.Span, atom.Br, atom.Wbr, atom.Small, atom.Big, atom.Sup, atom.Sub,
		atom.Meta, atom.Link, atom.Script, atom.Style, atom.Title, atom.Base, atom.Hr, atom.Html, atom.Head, atom.Body, atom.Tbody,
		atom.Noscript, atom.P, atom.Option:
		return true
	}
	return false
}

// shape hashes an element's name and the names of its telling attributes, whatever their order.
func (w *walker) shape(tag atom.Atom, name []byte) uint64 {
	h := fnvString(fnvBasis, unsafeString(name))
	var sum uint64
	for i := range w.attrs {
		switch k := w.attrs[i].key; k {
		case "style", "class", "id", "name", "width", "height", "align", "valign", "bgcolor", "border", "cellpadding", "cellspacing", "lang",
			"dir", "title", "alt", "role", "action", "method", "onsubmit", "value", "target", "rel", "readonly", "required", "color", "size", "face":
		default:
			sum += fnvString(fnvBasis, k)
		}
	}
	h = fnvWord(h, sum)
	if tag == atom.Input {
		h = fnvString(h, w.attr("type"))
	}
	return h
}

// fold adds a finished element to its parent, unless it repeats the element before it: ten rows are as good as two.
func (w *walker) fold(o open) {
	parent := &w.stack[len(w.stack)-1]
	if o.hash == 0 || transparent(o.tag) {
		if o.hash != 0 && o.hash != parent.last {
			parent.hash = fnvWord(parent.hash|1, o.hash)
		}
		return
	}
	if o.hash == parent.last {
		return
	}
	parent.last = o.hash
	parent.hash = fnvWord(parent.hash|1, o.hash)
}

// mask makes names comparable that differ in numbers or in a random tail only.
func mask(s string) string {
	digits := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	if digits == 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			if n := len(out); n == 0 || out[n-1] != '0' {
				out = append(out, '0')
			}
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

// finish writes the fingerprints.
func (w *walker) finish() {
	if w.count >= 6 {
		w.page.Structure = hex64(w.stack[0].hash)
	}
	if w.nfield > 0 {
		w.page.Fields = hex64(w.fields)
	}
	if len(w.class) >= 4 {
		names := make([]string, 0, len(w.class))
		for c := range w.class {
			names = append(names, c)
		}
		slices.SortFunc(names, cmp.Compare[string])
		h := uint64(fnvBasis)
		for _, c := range names {
			h = fnvString(h, c)
		}
		w.page.Classes = hex64(h)
	}
	if w.opt.Grid {
		w.page.Grid = w.grid.result()
	}
}

func hex64(h uint64) string {
	s := strconv.FormatUint(h, 16)
	for len(s) < 16 {
		s = "0" + s
	}
	return s
}
