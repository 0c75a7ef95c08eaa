package script

import (
	"math"
	"regexp"
	"strings"
	"unicode/utf16"
)

// stringMethod calls a method of a string (section 22.1.3).
func (in *interp) stringMethod(name string, self value, args []value) value {
	if self.unknowable() {
		return in.unknownString(name, args)
	}
	u := self.units()
	switch name {
	case "charAt", "at", "charCodeAt", "codePointAt", "slice", "substring", "substr":
	default:
		if !in.step(len(u) / 64) {
			return unknown()
		}
	}
	lay := self.lay
	made := func(u []uint16) value { return value{k: kString, s: newStr(u), lay: lay} }
	switch name {
	case "toString", "valueOf":
		return self
	case "charAt", "at", "charCodeAt", "codePointAt":
		i, ok := intArg(args, 0, 0)
		if !ok {
			return unknown()
		}
		if name == "at" && i < 0 {
			i += len(u)
		}
		if i < 0 || i >= len(u) {
			if name == "charAt" {
				return stringValue(nil)
			}
			return numberValue(math.NaN())
		}
		if name == "charAt" || name == "at" {
			return made(u[i : i+1 : i+1])
		}
		if u[i] == hole {
			return unknown()
		}
		n := float64(u[i])
		if name == "codePointAt" && utf16.IsSurrogate(rune(u[i])) && i+1 < len(u) {
			n = float64(utf16.DecodeRune(rune(u[i]), rune(u[i+1])))
		}
		return value{k: kNumber, n: n, lay: lay}
	case "slice", "substring", "substr":
		return in.sub(name, u, args, made)
	case "split":
		return in.split(self, args)
	case "replace", "replaceAll":
		return in.replace(self, args, name == "replaceAll")
	case "concat":
		v := self
		for _, a := range args {
			v = in.concat(v, a)
		}
		return v
	case "toLowerCase", "toLocaleLowerCase":
		return made(toUnits(strings.ToLower(fromUnits(u))))
	case "toUpperCase", "toLocaleUpperCase":
		return made(toUnits(strings.ToUpper(fromUnits(u))))
	case "trim", "trimStart", "trimEnd", "trimLeft", "trimRight", "normalize":
		return made(toUnits(strings.TrimSpace(fromUnits(u))))
	case "repeat":
		n, ok := intArg(args, 0, 0)
		if !ok || n < 0 || n > 1<<20 || !in.step(n*len(u)/16) {
			return unknown()
		}
		out := make([]uint16, 0, n*len(u))
		for range n {
			out = append(out, u...)
		}
		return made(out)
	case "padStart", "padEnd":
		return in.pad(name, u, args, made)
	case "match", "matchAll", "search":
		return in.match(name, self, args)
	case "italics":
		return made(toUnits("<i>" + fromUnits(u) + "</i>"))
	case "bold", "big", "small", "strike", "sub", "sup", "fixed", "blink":
		return made(toUnits("<" + name[:1] + ">" + fromUnits(u) + "</" + name[:1] + ">"))
	case "fontcolor", "fontsize", "link", "anchor":
		tag := map[string]string{"fontcolor": "font color", "fontsize": "font size", "link": "a href", "anchor": "a name"}[name]
		a := value{}
		if len(args) > 0 {
			a = args[0]
		}
		return made(toUnits("<" + tag + `="` + strings.ReplaceAll(a.str(), `"`, "&quot;") + `">` + fromUnits(u) + "</" + tag[:strings.IndexByte(tag, ' ')] + ">"))
	}
	return in.find(name, u, args)
}

// unknownString is a method of a text that is not known.
func (in *interp) unknownString(name string, args []value) value {
	in.enqueue(args)
	return unknown()
}

// find is the searches in a string.
func (in *interp) find(name string, u []uint16, args []value) value {
	if len(args) == 0 || args[0].unknowable() || holeAt(u) >= 0 {
		return unknown()
	}
	s, sub := fromUnits(u), args[0].str()
	switch name {
	case "indexOf", "lastIndexOf":
		if name == "lastIndexOf" {
			return numberValue(float64(strings.LastIndex(s, sub)))
		}
		from, _ := intArg(args, 1, 0)
		if len(s) == len(u) {
			from = min(max(from, 0), len(s))
			if i := strings.Index(s[from:], sub); i >= 0 {
				return numberValue(float64(from + i))
			}
			return numberValue(-1)
		}
		want := args[0].units()
		in.step(len(u) / 4)
		for i := max(from, 0); i+len(want) <= len(u); i++ {
			if eq, _ := equalUnits(u[i:i+len(want)], want); eq {
				return numberValue(float64(i))
			}
		}
		return numberValue(-1)
	case "includes":
		return boolValue(strings.Contains(s, sub))
	case "startsWith":
		return boolValue(strings.HasPrefix(s, sub))
	case "endsWith":
		return boolValue(strings.HasSuffix(s, sub))
	case "localeCompare":
		return numberValue(float64(strings.Compare(s, sub)))
	}
	return unknown()
}

// intArg reads an argument as an integer.
func intArg(args []value, i, missing int) (int, bool) {
	if i >= len(args) || args[i].k == kUndefined {
		return missing, true
	}
	f, known := primitive(args[i]).num()
	if !known {
		return 0, false
	}
	if math.IsNaN(f) {
		return 0, true
	}
	return int(max(min(f, 1<<30), -1<<30)), true
}

func (in *interp) sub(name string, u []uint16, args []value, made func([]uint16) value) value {
	from, ok1 := intArg(args, 0, 0)
	to, ok2 := intArg(args, 1, len(u))
	if !ok1 || !ok2 {
		return unknown()
	}
	n := len(u)
	clamp := func(i int) int { return min(max(i, 0), n) }
	switch name {
	case "slice":
		if from < 0 {
			from += n
		}
		if to < 0 {
			to += n
		}
	case "substring":
		from, to = clamp(from), clamp(to)
		if from > to {
			from, to = to, from
		}
	case "substr":
		if from < 0 {
			from = max(0, from+n)
		}
		if len(args) > 1 && args[1].k != kUndefined {
			to += from
		}
	}
	from, to = clamp(from), clamp(to)
	if from >= to {
		return made(nil)
	}
	return made(u[from:to:to])
}

func (in *interp) pad(name string, u []uint16, args []value, made func([]uint16) value) value {
	n, ok := intArg(args, 0, 0)
	if !ok || n > 1<<20 || !in.step(max(0, n)/16) {
		return unknown()
	}
	fill := []uint16{' '}
	if len(args) > 1 {
		fill = args[1].units()
	}
	if n <= len(u) || len(fill) == 0 {
		return made(u)
	}
	p := make([]uint16, n-len(u))
	for i := range p {
		p[i] = fill[i%len(fill)]
	}
	if name == "padStart" {
		return made(append(p, u...))
	}
	return made(append(append([]uint16(nil), u...), p...))
}

func (in *interp) split(self value, args []value) value {
	u := self.units()
	if !in.step(len(u) / 4) {
		return unknown()
	}
	o := &object{cls: clsArray, table: true, lay: self.lay}
	piece := func(p []uint16) {
		o.arr = append(o.arr, value{k: kString, s: newStr(p), lay: self.lay})
	}
	switch {
	case len(args) == 0 || args[0].k == kUndefined:
		piece(u)
	case args[0].unknowable():
		return unknown()
	case args[0].k == kObject && args[0].o.cls == clsRegex:
		if args[0].o.re == nil {
			return unknown()
		}
		for _, p := range args[0].o.re.Split(fromUnits(u), -1) {
			piece(toUnits(p))
		}
	default:
		sep := args[0].units()
		if len(sep) == 0 {
			for i := range u {
				piece(u[i : i+1 : i+1])
			}
			break
		}
		start := 0
		for i := 0; i+len(sep) <= len(u); {
			if eq, _ := equalUnits(u[i:i+len(sep)], sep); eq {
				piece(u[start:i:i])
				i += len(sep)
				start = i
				continue
			}
			i++
		}
		piece(u[start:len(u):len(u)])
	}
	if limit, ok := intArg(args, 1, len(o.arr)); ok && limit >= 0 && limit < len(o.arr) {
		o.arr = o.arr[:limit]
	}
	v := objectValue(o)
	v.lay = self.lay
	return v
}

// replace replaces text, by a string or a function.
func (in *interp) replace(self value, args []value, all bool) value {
	if len(args) < 2 || args[0].unknowable() {
		if len(args) > 1 {
			in.enqueue(args[1:])
		}
		return unknown()
	}
	s := self.str()
	if !in.step(len(s) / 8) {
		return unknown()
	}
	out := value{k: kString, lay: self.lay.with("replace")}
	if len(s) < 100 {
		out.lay = self.lay
	}
	by := func(groups []string) string {
		if args[1].callable() {
			var a []value
			for _, g := range groups {
				gv := goString(g)
				gv.lay = self.lay
				a = append(a, gv)
			}
			v := in.call(args[1], value{}, a)
			out.lay = longer(out.lay, v.lay)
			return v.str()
		}
		return expand(args[1].str(), groups)
	}
	pattern := args[0]
	if pattern.k != kObject || pattern.o.cls != clsRegex {
		sub := pattern.str()
		n := 1
		if all {
			n = -1
		}
		if args[1].callable() {
			if i := strings.Index(s, sub); i >= 0 {
				s = s[:i] + by([]string{sub}) + s[i+len(sub):]
			}
		} else {
			s = strings.Replace(s, sub, expand(args[1].str(), []string{sub}), n)
		}
		out.s = newStr(toUnits(s))
		return out
	}
	re := pattern.o.re
	if re == nil {
		return self
	}
	limit := 1
	if strings.Contains(pattern.o.path, "g") || all {
		limit = -1
	}
	var b strings.Builder
	at := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, limit) {
		if !in.step(2) {
			return unknown()
		}
		b.WriteString(s[at:m[0]])
		groups := make([]string, len(m)/2)
		for i := range groups {
			if m[2*i] >= 0 {
				groups[i] = s[m[2*i]:m[2*i+1]]
			}
		}
		b.WriteString(by(groups))
		at = m[1]
	}
	b.WriteString(s[at:])
	out.s = newStr(toUnits(b.String()))
	return out
}

// expand resolves $1 and $& in a replacement.
func expand(s string, groups []string) string {
	if !strings.Contains(s, "$") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '$' && i+1 < len(s) {
			switch c := s[i+1]; {
			case c == '$':
				b.WriteByte('$')
				i++
				continue
			case c == '&':
				b.WriteString(groups[0])
				i++
				continue
			case c >= '1' && c <= '9' && int(c-'0') < len(groups):
				b.WriteString(groups[c-'0'])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// regexValue compiles a regular expression; what RE2 does not have (look-around, back references) stays unknown.
func regexValue(pattern, flags string) value {
	o := &object{cls: clsRegex, typ: pattern, path: flags}
	prefix := ""
	if strings.Contains(flags, "i") {
		prefix += "i"
	}
	if strings.Contains(flags, "m") {
		prefix += "m"
	}
	if strings.Contains(flags, "s") {
		prefix += "s"
	}
	src := strings.NewReplacer(`[^]`, `[\s\S]`, `\/`, `/`, `\u0020`, ` `, `\-`, `\-`).Replace(pattern)
	if prefix != "" {
		src = "(?" + prefix + ")" + src
	}
	if len(src) < 2000 {
		o.re, _ = regexp.Compile(src)
	}
	return objectValue(o)
}

func (in *interp) match(name string, self value, args []value) value {
	if len(args) == 0 || args[0].unknowable() {
		return unknown()
	}
	p := args[0]
	if p.k == kString {
		p = regexValue(p.str(), "")
	}
	if p.k != kObject || p.o.re == nil || !in.step(self.s.n/4) {
		return unknown()
	}
	s := self.str()
	if strings.ContainsRune(s, hole) {
		return unknown()
	}
	if name == "search" {
		if m := p.o.re.FindStringIndex(s); m != nil {
			return numberValue(float64(len(toUnits(s[:m[0]]))))
		}
		return numberValue(-1)
	}
	piece := func(t string) value {
		v := goString(t)
		v.lay = self.lay
		return v
	}
	if strings.Contains(p.o.path, "g") {
		all := p.o.re.FindAllStringSubmatch(s, -1)
		if all == nil && name == "match" {
			return value{k: kNull}
		}
		in.step(len(all))
		list := make([]value, len(all))
		for i, m := range all {
			if name == "match" {
				list[i] = piece(m[0])
				continue
			}
			var groups []value
			for _, g := range m {
				groups = append(groups, piece(g))
			}
			list[i] = newArray(groups)
		}
		v := newArray(list)
		v.o.table = true
		return v
	}
	m := p.o.re.FindStringSubmatch(s)
	if m == nil {
		return value{k: kNull}
	}
	var list []value
	for _, g := range m {
		list = append(list, piece(g))
	}
	return newArray(list)
}

func (in *interp) regexMethod(name string, self value, args []value) value {
	if name == "toString" || len(args) == 0 {
		return goString(self.str())
	}
	if args[0].unknowable() || self.o.re == nil {
		return unknown()
	}
	if name == "test" {
		s := args[0].str()
		if !in.step(len(s)/4) || strings.ContainsRune(s, hole) {
			return unknown()
		}
		return boolValue(self.o.re.MatchString(s))
	}
	// exec walks on through the text when the expression is global.
	text := args[0]
	if text.k != kString {
		text = goString(text.str())
	}
	s := text.str()
	if !in.step(len(s) / 8) {
		return unknown()
	}
	from := 0
	if strings.Contains(self.o.path, "g") {
		if last, ok := self.o.get("\x00last"); ok {
			from = min(int(last.n), len(s))
		}
	}
	m := self.o.re.FindStringSubmatchIndex(s[from:])
	if m == nil {
		self.o.set("\x00last", numberValue(0))
		return value{k: kNull}
	}
	self.o.set("\x00last", numberValue(float64(from+max(m[1], 1))))
	var list []value
	for i := 0; i+1 < len(m); i += 2 {
		g := value{}
		if m[i] >= 0 {
			g = goString(s[from+m[i] : from+m[i+1]])
			g.lay = text.lay
		}
		list = append(list, g)
	}
	return newArray(list)
}
