package script

import (
	"strings"
	"unicode/utf16"

	"github.com/coldwatch/coldwatch/analysis/payload/html"
)

// hostGet reads a property of something of the browser. What the page itself says is known; the rest has a name only.
func (in *interp) hostGet(o *object, name string) value {
	if o.path == "window" {
		if v, ok := in.global.vars[name]; ok {
			return *v
		}
		switch name {
		case "window", "self", "top", "parent", "globalThis", "frames":
			return objectValue(o)
		}
		if globalNames[name] {
			return objectValue(&object{cls: clsNative, native: name})
		}
		return host(name)
	}
	if o.elem != "" {
		if v, ok := in.elementGet(o.elem, name); ok {
			return v
		}
	}
	switch o.path {
	case "document":
		switch name {
		case "location":
			return host("location")
		case "defaultView":
			return host("window")
		}
		if in.opt.Elements != nil {
			if _, ok := in.opt.Elements(name); ok {
				return in.element(name)
			}
		}
	case "document.forms", "document.all":
		return in.element(name)
	case "document.embeds":
	}
	r := host(o.path + "." + name)
	r.o.elem = ""
	return r
}

// element is the page's element with that id.
func (in *interp) element(id string) value {
	v := host("element")
	v.o.elem = id
	return v
}

// elementGet reads what the page says of one of its elements.
func (in *interp) elementGet(id, name string) (value, bool) {
	if in.opt.Elements == nil {
		return value{}, false
	}
	el, ok := in.opt.Elements(id)
	if !ok {
		return value{}, false
	}
	switch name {
	case "innerHTML", "innerText", "textContent", "text":
		return goString(el.Text), el.Text != ""
	case "value", "href", "src", "title", "alt", "content", "action":
		a, ok := el.Attrs[name]
		if name == "value" && el.Text != "" && !ok {
			a, ok = el.Text, true
		}
		return goString(a), ok && a != ""
	case "dataset":
		o := &object{}
		for k, v := range el.Attrs {
			if strings.HasPrefix(k, "data-") {
				o.set(camel(k[5:]), goString(v))
			}
		}
		return objectValue(o), len(o.props) > 0
	}
	return value{}, false
}

func camel(s string) string {
	parts := strings.Split(s, "-")
	for i, p := range parts[1:] {
		if p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

// hostSet is where most of what a page does shows: assignments to things of the browser.
func (in *interp) hostSet(o *object, name string, v value) {
	switch name {
	case "innerHTML", "outerHTML", "srcdoc":
		in.html(v, "inner")
	case "action", "formAction":
		in.url(v, "form", "")
	case "location":
		in.url(v, "redirect", "")
	case "href":
		if strings.HasSuffix(o.path, "location") {
			in.url(v, "redirect", "")
		} else {
			in.url(v, "link", o.path)
		}
	case "src", "data":
		in.url(v, map[string]string{"SCRIPT": "script", "IMG": "image", "IFRAME": "frame", "EMBED": "frame", "OBJECT": "frame", "Image": "beacon"}[o.typ], o.path)
	case "text", "textContent", "innerText", "innerTEXT":
		if o.typ == "SCRIPT" {
			in.code(v)
		} else if v.k == kString && o.typ == "STYLE" {
			return
		}
	case "download":
		if v.k == kString && len(in.blobs) > 0 {
			in.blobs[len(in.blobs)-1].path = v.str()
		}
		if n := len(in.res.Files); n > 0 && in.res.Files[n-1].Name == "" {
			in.res.Files[n-1].Name = v.str()
		}
	}
	if strings.HasPrefix(name, "on") && v.callable() {
		in.enqueue([]value{v})
	}
	if o.path == "window" {
		in.global.vars[name] = &v
		return
	}
	if o.path != "?" {
		o.set(name, v)
	}
}

// hostCall is a call of something of the browser, or of a library that was not loaded.
func (in *interp) hostCall(o *object, this value, args []value) value {
	path := o.path
	name := path[strings.LastIndexByte(path, '.')+1:]
	if v, ok := in.library(path, args); ok {
		return v
	}
	arg := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	switch name {
	case "write", "writeln":
		if strings.HasSuffix(path, "document."+name) || strings.HasPrefix(path, "?") || strings.Contains(path, "document") {
			for _, a := range args {
				in.documentWrite(a)
			}
			return value{}
		}
	case "insertAdjacentHTML":
		in.html(arg(1), "inner")
	case "html", "append", "prepend", "replaceWith", "after", "before", "createContextualFragment", "parseFromString", "parseHTML", "appendTo", "setHTMLUnsafe":
		if a := arg(0); a.k == kString {
			in.html(a, "inner")
		}
	case "getElementById", "getElementsByName":
		return in.element(arg(0).str())
	case "querySelector", "querySelectorAll", "$", "jQuery":
		sel := arg(0)
		if sel.k == kString {
			s := sel.str()
			if strings.HasPrefix(s, "#") {
				return in.element(s[1:])
			}
			if strings.HasPrefix(s, "<") {
				in.html(sel, "inner")
			}
		}
		in.enqueue(args)
		if sel.callable() {
			in.enqueue(args)
		}
		return host("$()")
	case "createElement":
		e := host("new")
		e.o.typ = strings.ToUpper(arg(0).str())
		return e
	case "text", "val", "data", "attr", "prop", "getAttribute", "setAttribute", "setAttributeNS":
		return in.attribute(name, this, args)
	case "preventDefault", "log", "stopPropagation", "focus", "getTime":
		return value{}
	}
	in.network(path, name, this, args)
	in.enqueue(args)
	for _, a := range args {
		if a.k == kObject && a.o.cls == clsPlain {
			for _, k := range a.o.keys {
				in.enqueue([]value{a.o.props[k]})
			}
		}
	}
	r := host(path + "()")
	r.o.elem = elementOf(this)
	return r
}

func elementOf(v value) string {
	if v.k == kObject && v.o.cls == clsHost {
		return v.o.elem
	}
	return ""
}

// attribute is a read or write of an element's attribute by a method.
func (in *interp) attribute(name string, this value, args []value) value {
	el := elementOf(this)
	read := func(key string) value {
		if el != "" {
			if v, ok := in.elementGet(el, key); ok {
				return v
			}
			if in.opt.Elements != nil {
				if e, ok := in.opt.Elements(el); ok {
					if a, ok := e.Attrs[strings.ToLower(key)]; ok {
						return goString(a)
					}
				}
			}
		}
		return unknown()
	}
	switch {
	case (name == "text" || name == "val") && len(args) == 0:
		if name == "val" {
			return read("value")
		}
		return read("textContent")
	case (name == "data") && len(args) == 1:
		return read("data-" + args[0].str())
	case (name == "attr" || name == "prop" || name == "getAttribute") && len(args) == 1:
		return read(args[0].str())
	case len(args) >= 2:
		if name == "setAttributeNS" && len(args) >= 3 {
			args = args[1:]
		}
		if this.k == kObject {
			in.hostSet(this.o, args[0].str(), args[1])
			if key := args[0].str(); strings.HasPrefix(key, "on") && args[1].k == kString {
				in.code(args[1])
			}
		}
	}
	return this
}

// network notes the calls that send something.
func (in *interp) network(path, name string, this value, args []value) {
	arg := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	option := func(keys ...string) {
		for _, a := range args {
			if a.k == kObject && a.o.cls == clsPlain {
				for _, k := range keys {
					if v, ok := a.o.get(k); ok {
						in.url(v, "xhr", "")
					}
				}
			}
		}
	}
	library := strings.HasPrefix(path, "$") || strings.HasPrefix(path, "jQuery") || strings.HasPrefix(path, "axios") || strings.HasPrefix(path, "superagent") || strings.HasPrefix(path, "?.")
	switch name {
	case "fetch":
		in.url(arg(0), "fetch", "")
	case "io", "connect":
		if (path == "io" || strings.HasPrefix(path, "io.")) && arg(0).k == kString {
			in.url(arg(0), "websocket", "")
		}
	case "launchURL", "getURL", "submitForm": // of PDF readers; the field names of submitForm may stand in an object
		in.url(arg(0), map[bool]string{true: "form", false: "redirect"}[name == "submitForm"], "")
		if a := arg(0); a.k == kObject && a.o.cls == clsPlain {
			if u, ok := a.o.get("cURL"); ok {
				in.url(u, "form", "")
			}
		}
	case "open":
		if m := strings.ToUpper(arg(0).str()); m == "POST" || m == "GET" || m == "PUT" || len(args) > 1 && arg(0).unknowable() && arg(1).k == kString {
			in.url(arg(1), "xhr", "")
		} else if arg(0).k == kString {
			in.url(arg(0), "redirect", "")
		}
	case "ajax", "axios", "request":
		if arg(0).k == kString {
			in.url(arg(0), "xhr", "")
		}
		option("url")
	case "post", "get", "getJSON", "put", "getScript", "load":
		if (library || name == "getJSON" || name == "getScript") && arg(0).k == kString && (name != "get" && name != "load" || addressLike(arg(0).str())) {
			in.url(arg(0), "xhr", "")
		}
	case "sendBeacon":
		in.url(arg(0), "beacon", "")
	case "assign", "replace", "navigate":
		if strings.Contains(path, "location") || strings.Contains(path, "navigation") {
			in.url(arg(0), "redirect", "")
		}
	case "importScripts", "register":
		if arg(0).k == kString && addressLike(arg(0).str()) {
			in.url(arg(0), "script", "")
		}
	case "send":
		if path == "Email.send" && arg(0).k == kObject {
			if to, ok := arg(0).o.get("To"); ok && to.k == kString {
				in.emit(Call{URL: "mailto:" + to.str(), Kind: "mailto", Layers: to.lay.names()})
			}
		}
	case "createObjectURL", "msSaveBlob", "msSaveOrOpenBlob", "saveAs":
		if b := arg(0); b.k == kObject && b.o.cls == clsBlob {
			if len(args) > 1 {
				b.o.path = arg(1).str()
			}
			in.blob(b.o)
		}
	}
}

func addressLike(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "//") || strings.Contains(s, ".php") || strings.HasPrefix(s, "/")
}

// hostNew makes something of the browser.
func (in *interp) hostNew(path string, args []value) value {
	first := value{}
	if len(args) > 0 {
		first = args[0]
	}
	switch path {
	case "WebSocket":
		in.url(first, "websocket", "")
	case "EventSource", "Worker", "SharedWorker":
		in.url(first, "fetch", "")
	case "Request":
		in.url(first, "fetch", "")
	case "Image":
		v := host("new")
		v.o.typ = "Image"
		return v
	}
	in.enqueue(args)
	return host("new." + path)
}

// documentWrite collects what a page writes into itself piece by piece.
func (in *interp) documentWrite(v value) {
	if v.unknowable() {
		if in.maybe == 0 {
			in.undecided("unknown-write")
		}
		return
	}
	if len(in.write) > 8<<20 {
		return
	}
	if len(in.write) == 0 {
		in.wpos = in.place()
	}
	u := v.units()
	in.step(len(u) / 16)
	in.write = append(in.write, u...)
	in.wlay = longer(in.wlay, in.chain(v))
}

// chain is the decodings of a value, after those of the code that made it.
func (in *interp) chain(v value) *layer {
	if in.base == nil {
		return v.lay
	}
	l := in.base
	for _, n := range v.lay.names() {
		l = l.with(n)
	}
	return l
}

func (in *interp) place() int { return in.offset + in.pos }

// flush makes one page of what was written.
func (in *interp) flush() {
	if len(in.write) == 0 {
		return
	}
	in.res.Writes = append(in.res.Writes, Write{Text: strings.ReplaceAll(fromUnits(in.write), string(rune(hole)), ""), Layers: in.wlay.names(), How: "write", Pos: in.wpos})
	in.write, in.wlay = nil, nil
}

// html notes markup that goes into the page.
func (in *interp) html(v value, how string) {
	if v.k != kString {
		if v.unknowable() && in.maybe == 0 && v.k == kUnknown {
			in.undecided("unknown-write")
		}
		return
	}
	u := v.s.units()
	markup := false
	for _, c := range u {
		if c == '<' {
			markup = true
			break
		}
	}
	if !markup || len(in.res.Writes) > 200 || len(u) > 8<<20 {
		return
	}
	text := strings.ReplaceAll(fromUnits(u), string(rune(hole)), "")
	for _, w := range in.res.Writes {
		if w.Text == text {
			return
		}
	}
	in.res.Writes = append(in.res.Writes, Write{Text: text, Layers: in.chain(v).names(), How: how, Pos: in.place()})
}

// url notes an address that is used.
func (in *interp) url(v value, kind, name string) {
	if kind == "" {
		kind = "link"
	}
	if v.k == kObject && v.o.path == "url" {
		v, _ = v.o.get("href")
	}
	if v.k != kString {
		if in.maybe == 0 && kind != "link" && kind != "image" && kind != "redirect" && v.k == kUnknown {
			in.undecided("unknown-address")
		}
		return
	}
	u := v.s.units()
	if i := holeAt(u); i >= 0 {
		u = trimHole(u, i)
	}
	s := strings.TrimSpace(fromUnits(u))
	low := strings.ToLower(s[:min(len(s), 12)])
	switch {
	case s == "" || s[0] == '#':
		return
	case strings.HasPrefix(low, "javascript:"):
		c := goString(s[11:])
		c.lay = v.lay
		in.code(c)
		return
	case strings.HasPrefix(low, "blob:"):
		return
	case strings.HasPrefix(low, "data:"):
		in.dataURI(s, in.chain(v), kind)
		return
	case len(s) > 8000:
		return
	}
	in.emit(Call{URL: s, Kind: kind, Layers: in.chain(v).names()})
}

func holeAt(u []uint16) int {
	for i, c := range u {
		if c == hole {
			return i
		}
	}
	return -1
}

// trimHole ends an address before the first thing in it that is not known, unless what follows is its path.
func trimHole(u []uint16, i int) []uint16 {
	if i == 0 {
		return nil
	}
	return u[:i]
}

func (in *interp) emit(c Call) {
	c.Pos = in.place()
	for _, have := range in.res.Calls {
		if have.URL == c.URL && have.Kind == c.Kind {
			return
		}
	}
	if len(in.res.Calls) < 500 {
		in.res.Calls = append(in.res.Calls, c)
	}
}

// dataURI opens a data: address that a script uses.
func (in *interp) dataURI(s string, lay *layer, kind string) {
	media, body, _, ok := html.DataURI(s)
	if !ok {
		return
	}
	names := lay.with("data-uri").names()
	switch {
	case strings.Contains(media, "html") || strings.Contains(media, "svg") || strings.Contains(media, "xml"):
		in.res.Writes = append(in.res.Writes, Write{Text: string(body), Layers: names, How: "data-uri", Pos: in.place()})
	case strings.Contains(media, "javascript") || kind == "script":
		c := goString(string(body))
		c.lay = lay.with("data-uri")
		in.code(c)
	case !strings.HasPrefix(media, "image/") && !strings.HasPrefix(media, "font/") && len(in.res.Files) < 20:
		in.res.Files = append(in.res.Files, File{Media: media, Content: body, Layers: names, Pos: in.place()})
	}
}

// blob opens a Blob that a script makes an address of, or saves.
func (in *interp) blob(b *object) {
	if b.called {
		return
	}
	b.called = true
	in.blobs = append(in.blobs, b)
	if strings.Contains(b.typ, "html") || strings.Contains(b.typ, "svg") {
		in.res.Writes = append(in.res.Writes, Write{Text: string(b.bin), Layers: longer(in.base, b.lay).with("blob").names(), How: "blob", Pos: in.place()})
		return
	}
	if len(b.bin) > 0 && len(in.res.Files) < 20 && !strings.Contains(b.typ, "javascript") {
		in.res.Files = append(in.res.Files, File{Name: b.path, Media: b.typ, Content: b.bin, Layers: b.lay.names(), Pos: in.place()})
	}
}

// code evaluates text as a program, as eval does.
func (in *interp) code(v value) value { return in.codeIn(v, in.global) }

func (in *interp) codeIn(v value, env *scope) value {
	if v.k != kString {
		if v.unknowable() && in.maybe == 0 {
			in.undecided("unknown-code")
		}
		return v
	}
	u := v.s.units()
	if holeAt(u) >= 0 && in.maybe == 0 {
		in.undecided("unknown-code")
	}
	if in.depth > 60 || in.res.Evals > 2000 || !in.step(len(u)/4) {
		return unknown()
	}
	in.res.Evals++
	text := string(utf16.Decode(u))
	f, errs := in.parse(text)
	if errs > 0 && len(text) > 100 {
		in.res.Broken += errs
	}
	old := in.base
	if l := in.chain(v); l != nil {
		in.base = l
	}
	if len(u) > 40 {
		in.base = in.base.with("eval")
	}
	in.depth++
	r := in.program(f, env)
	in.depth--
	in.base = old
	return r
}

// finish writes out what is pending.
func (in *interp) finish() {
	in.flush()
	for _, b := range in.blobs {
		for i := range in.res.Files {
			if in.res.Files[i].Name == "" && len(in.res.Files[i].Content) == len(b.bin) {
				in.res.Files[i].Name = b.path
			}
		}
	}
	in.res.Steps = in.opt.Steps - in.steps
}
