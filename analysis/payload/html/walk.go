package html

import (
	"bytes"
	"strings"
	"unsafe"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxDepth    = 1024    // open elements remembered; deeper ones are walked without a memory
	maxSearch   = 64      // open elements looked at for the start of an end tag
	maxLinks    = 2000    // addresses kept
	maxForms    = 64      // forms kept
	maxInputs   = 200     // fields kept in a form
	maxElements = 4000    // elements kept by id
	maxText     = 1 << 20 // bytes of visible text
	maxHidden   = 50      // hidden runs kept
)

// open is an element that is not closed yet.
type open struct {
	tag    atom.Atom
	hidden string // how it is hidden, "" if it is seen
	color  int32  // text colour, -1 when not said
	back   int32  // background, -1 when not said
	pre    bool
	hash   uint64 // running hash of the children
	last   uint64 // hash of the last child, to fold repeats
	el     *Element
	elText int
}

type walker struct {
	page   *Page
	opt    Options
	src    []byte
	z      *xhtml.Tokenizer
	stack  []open
	over   int // elements open beyond maxDepth
	text   []byte
	space  bool // the text ends with white space or nothing
	form   int  // index of the open form, -1 for none
	loose  int  // index of the form of fields outside of forms, -1 for none
	anchor int  // index of the open anchor's link, -1 for none
	from   int  // where the open anchor's text starts
	alt    string
	attrs  []attr
	count  int // structural elements seen
	fields uint64
	nfield int
	class  map[string]struct{}
	rules  []rule
	grid   grid
	urls   map[string]struct{}
}

type attr struct {
	key string
	val string
}

// Parse reads a page.
func Parse(src []byte, opt Options) *Page {
	if opt.Max <= 0 {
		opt.Max = 4 << 20
	}
	p := &Page{}
	if len(src) > opt.Max {
		src, p.Cut = src[:opt.Max], true
	}
	w := &walker{page: p, opt: opt, src: src, z: xhtml.NewTokenizer(bytes.NewReader(src)), form: -1, loose: -1, anchor: -1, space: true}
	w.stack = make([]open, 1, 64)
	w.stack[0] = open{color: -1, back: -1, hash: fnvBasis}
	if opt.Scripts {
		p.Elements = map[string]*Element{}
	}
	w.text = make([]byte, 0, len(src)/8+64)
	w.run()
	for len(w.stack) > 1 {
		w.pop()
	}
	w.endAnchor()
	p.Text = strings.TrimSpace(unsafeString(w.text))
	w.finish()
	return p
}

func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (w *walker) run() {
	at := 0
	raw := atom.Atom(0) // raw text element whose text comes next
	kind := ""          // of a script
	for {
		tt := w.z.Next()
		n := len(w.z.Raw())
		span := Span{at, at + n}
		at += n
		switch tt {
		case xhtml.ErrorToken:
			return
		case xhtml.TextToken:
			if raw != 0 {
				w.rawText(raw, kind, span)
				continue
			}
			w.addText(w.z.Text(), span)
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, more := w.z.TagName()
			tag := atom.Lookup(name)
			w.readAttrs(more)
			if tag == 0 && bytes.IndexByte(name, ':') >= 0 {
				if local := name[bytes.IndexByte(name, ':')+1:]; string(local) == "script" || string(local) == "a" || string(local) == "image" {
					tag = atom.Lookup(local) // <svg:script>
				}
			}
			raw = 0
			w.start(tag, name, span, tt == xhtml.SelfClosingTagToken)
			switch tag {
			case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe, atom.Xmp, atom.Noembed, atom.Noframes, atom.Plaintext:
				if tt == xhtml.StartTagToken {
					raw, kind = tag, w.scriptKind()
				}
			}
		case xhtml.EndTagToken:
			name, _ := w.z.TagName()
			raw = 0
			w.end(atom.Lookup(name))
		case xhtml.CommentToken:
			w.comment(w.z.Text(), span)
		}
	}
}

// readAttrs keeps the attributes of the current tag; a tag with a hundred thousand of them keeps the first 64. Values
// point into the tokenizer's buffer: they hold until its next token, and whoever keeps one clones it.
func (w *walker) readAttrs(more bool) {
	w.attrs = w.attrs[:0]
	for more {
		var k, v []byte
		k, v, more = w.z.TagAttr()
		if len(w.attrs) >= 64 {
			continue
		}
		key := attrName(k)
		if !wanted(key) && !w.opt.Scripts && len(v) > 0 {
			v = nil
		}
		w.attrs = append(w.attrs, attr{key, unsafeString(v)})
	}
}

// attrName interns the attribute names that mail is full of.
func attrName(k []byte) string {
	if a := atom.Lookup(k); a != 0 {
		return a.String()
	}
	return string(k)
}

// wanted tells which attributes' values are read in a body.
func wanted(k string) bool {
	switch k {
	case "href", "src", "action", "style", "id", "name", "type", "value", "content", "http-equiv", "alt", "background", "bgcolor",
		"color", "data", "srcset", "method", "formaction", "placeholder", "class", "download", "hidden", "xlink:href", "rel", "poster",
		"srcdoc", "ping", "target", "size", "width", "height", "lowsrc", "dynsrc", "code", "data-src", "data-href", "autocomplete":
		return true
	}
	return strings.HasPrefix(k, "on")
}

func (w *walker) attr(name string) string {
	for i := range w.attrs {
		if w.attrs[i].key == name {
			return w.attrs[i].val
		}
	}
	return ""
}

func (w *walker) has(name string) bool {
	for i := range w.attrs {
		if w.attrs[i].key == name {
			return true
		}
	}
	return false
}

// scriptKind tells what language a script element holds.
func (w *walker) scriptKind() string {
	kind := "script"
	for _, a := range w.attrs {
		if a.key == "type" || a.key == "language" {
			v := strings.ToLower(a.val)
			if strings.Contains(v, "vbs") {
				kind = "vbscript"
			} else if v != "" && !strings.Contains(v, "script") && v != "module" && v != "text/babel" {
				kind = "data"
			}
		}
	}
	return kind
}

// rawText takes the content of an element whose content is not markup.
func (w *walker) rawText(tag atom.Atom, kind string, span Span) {
	switch tag {
	case atom.Title:
		if w.page.Title == "" {
			w.page.Title = strings.Join(strings.Fields(string(w.z.Text())), " ")
		}
	case atom.Style:
		w.sheet(string(w.z.Raw()), span)
	case atom.Script:
		if w.opt.Scripts {
			w.page.Scripts = append(w.page.Scripts, Script{Text: string(w.z.Raw()), Kind: kind, Span: span})
		} else if len(w.page.Scripts) == 0 {
			w.page.Scripts = append(w.page.Scripts, Script{Kind: kind, Span: span})
		}
	case atom.Textarea, atom.Xmp, atom.Plaintext:
		w.addText(w.z.Text(), span)
	}
	if w.opt.Scripts && tag != atom.Title && tag != atom.Style {
		if top := &w.stack[len(w.stack)-1]; top.el != nil && top.tag == tag {
			top.el.Text = string(w.z.Raw())
		}
	}
}

// start opens an element.
func (w *walker) start(tag atom.Atom, name []byte, span Span, selfClosed bool) {
	if tag != 0 && block(tag) {
		w.breakLine(tag)
	}
	closeImplied(w, tag)
	top := &w.stack[len(w.stack)-1]
	o := open{tag: tag, hidden: top.hidden, color: top.color, back: top.back, pre: top.pre || tag == atom.Pre, hash: fnvBasis}
	w.style(&o, tag)
	w.element(tag, span)
	if w.opt.Scripts {
		w.keepElement(&o, name)
	}
	if w.opt.Grid {
		w.grid.start(tag, o.back)
	}
	if !transparent(tag) {
		o.hash = w.shape(tag, name)
		w.count++
	} else {
		o.hash = 0
	}
	if void(tag) || (selfClosed && !nonVoid(tag)) {
		w.fold(o)
		return
	}
	if len(w.stack) >= maxDepth {
		w.over++
		w.fold(o)
		return
	}
	o.elText = len(w.text)
	w.stack = append(w.stack, o)
}

// nonVoid elements ignore a self-closing slash in HTML (section 13.1.2.1).
func nonVoid(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Div, atom.Span, atom.P, atom.Table, atom.Tr, atom.Td, atom.Script, atom.Form, atom.Style, atom.Iframe:
		return true
	}
	return false
}

// closeImplied pops elements whose end tag is implied by this start tag (section 13.1.2.4).
func closeImplied(w *walker, tag atom.Atom) {
	top := w.stack[len(w.stack)-1].tag
	switch tag {
	case atom.Td, atom.Th:
		if top == atom.Td || top == atom.Th {
			w.pop()
		}
	case atom.Tr:
		if top == atom.Td || top == atom.Th {
			w.pop()
			top = w.stack[len(w.stack)-1].tag
		}
		if top == atom.Tr {
			w.pop()
		}
	case atom.Li, atom.Option, atom.P:
		if top == tag {
			w.pop()
		}
	case atom.A:
		w.endAnchor()
	}
}

// end closes an element.
func (w *walker) end(tag atom.Atom) {
	if tag == atom.A {
		w.endAnchor()
	}
	if tag == atom.Form {
		w.form = -1
	}
	if tag != 0 && block(tag) {
		w.breakLine(tag)
	}
	if w.opt.Grid {
		w.grid.end(tag)
	}
	if w.over > 0 {
		w.over--
		return
	}
	if tag == atom.Br || tag == 0 && len(w.stack) > 1 && w.stack[len(w.stack)-1].tag != 0 {
		return
	}
	low := max(1, len(w.stack)-maxSearch)
	for i := len(w.stack) - 1; i >= low; i-- {
		if w.stack[i].tag == tag {
			for len(w.stack) > i {
				w.pop()
			}
			return
		}
		// A cell does not close from within a table that it holds.
		if w.stack[i].tag == atom.Table && tag != atom.Body && tag != atom.Html && tag != atom.Div && tag != atom.Form && tag != atom.Center {
			return
		}
	}
}

func (w *walker) pop() {
	o := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	if o.el != nil && o.el.Text == "" && len(w.text) > o.elText {
		o.el.Text = strings.TrimSpace(string(w.text[o.elText:]))
	}
	w.fold(o)
}

func (w *walker) addText(b []byte, span Span) {
	top := &w.stack[len(w.stack)-1]
	if top.hidden != "" || (top.color >= 0 && top.color == top.back) {
		if len(w.page.Hidden) < maxHidden {
			if t := bytes.TrimSpace(b); len(t) > 0 {
				how := top.hidden
				if how == "" {
					how = "colour"
				}
				w.page.Hidden = append(w.page.Hidden, Hidden{string(t), how, span})
			}
		}
		if top.el != nil && w.opt.Scripts && len(top.el.Text) == 0 {
			top.el.Text = strings.TrimSpace(string(b))
		}
		return
	}
	if top.tag == atom.Head || top.tag == atom.Html {
		if len(bytes.TrimSpace(b)) == 0 {
			return
		}
	}
	if len(w.text) > maxText {
		return
	}
	start := len(w.text)
	if top.pre {
		w.text = append(w.text, b...)
		w.space = len(b) > 0 && b[len(b)-1] <= ' '
	} else {
		w.collapse(b)
	}
	if w.anchor < 0 {
		w.textURLs(start, span)
	}
}

// collapse appends text with runs of white space as one space. Invisible characters that only break up words (soft
// hyphen, zero width space and joiners, word joiner, byte order mark) are left out, as the reader does not see them.
func (w *walker) collapse(b []byte) {
	out := w.text
	space := w.space
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c <= ' ' || c == 0x7f:
			if !space {
				out = append(out, ' ')
				space = true
			}
			i++
			continue
		case c == 0xc2 && i+1 < len(b) && b[i+1] == 0xa0: // no-break space
			if !space {
				out = append(out, ' ')
				space = true
			}
			i += 2
			continue
		case c == 0xc2 && i+1 < len(b) && b[i+1] == 0xad:
			i += 2
			continue
		case c == 0xcd && i+1 < len(b) && b[i+1] == 0x8f: // combining grapheme joiner
			i += 2
			continue
		case c == 0xe2 && i+2 < len(b) && b[i+1] == 0x80 && (b[i+2] >= 0x8b && b[i+2] <= 0x8f):
			i += 3
			continue
		case c == 0xe2 && i+2 < len(b) && b[i+1] == 0x81 && b[i+2] >= 0xa0 && b[i+2] <= 0xa4:
			i += 3
			continue
		case c == 0xef && i+2 < len(b) && b[i+1] == 0xbb && b[i+2] == 0xbf:
			i += 3
			continue
		}
		j := i + 1
		for j < len(b) && b[j] > ' ' && b[j] < 0x7f {
			j++
		}
		out = append(out, b[i:j]...)
		space = false
		i = j
	}
	w.text, w.space = out, space
}

// breakLine ends the line for a block, or puts a tab between cells.
func (w *walker) breakLine(tag atom.Atom) {
	n := len(w.text)
	for n > 0 && w.text[n-1] == ' ' {
		n--
	}
	w.text = w.text[:n]
	if w.from > n {
		w.from = n
	}
	w.space = true
	if n == 0 || w.text[n-1] == '\n' {
		if tag == atom.P && n > 1 && w.text[n-2] != '\n' {
			w.text = append(w.text, '\n')
		}
		return
	}
	if tag == atom.Td || tag == atom.Th {
		if w.text[n-1] != '\t' {
			w.text = append(w.text, '\t')
		}
		return
	}
	if w.text[n-1] == '\t' {
		w.text[n-1] = '\n'
		return
	}
	w.text = append(w.text, '\n')
}

func block(tag atom.Atom) bool {
	switch tag {
	case atom.Br, atom.P, atom.Div, atom.Table, atom.Tr, atom.Td, atom.Th, atom.Ul, atom.Ol, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4,
		atom.H5, atom.H6, atom.Hr, atom.Pre, atom.Blockquote, atom.Form, atom.Center, atom.Section, atom.Article, atom.Header, atom.Footer,
		atom.Dl, atom.Dt, atom.Dd, atom.Option, atom.Fieldset, atom.Body, atom.Title, atom.Tbody, atom.Address, atom.Nav, atom.Main,
		atom.Aside, atom.Legend, atom.Button:
		return true
	}
	return false
}

func void(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param,
		atom.Source, atom.Track, atom.Wbr, atom.Keygen, atom.Frame:
		return true
	}
	return false
}
