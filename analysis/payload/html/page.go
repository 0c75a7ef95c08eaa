// Package html reads a hostile HTML page in one pass, the way a victim's client would show it.
//
// It walks the token stream of the WHATWG HTML tokenizer (HTML Living Standard section 13.2.5) instead of building a
// tree: a tree costs more than it gives here, and the tree builder of golang.org/x/net/html refuses pages with more
// than 512 open elements, which is an evasion for free. A small stack of open elements is enough to know what is
// hidden, which form a field belongs to and which words stand on a link. The cost is linear in the size of the page.
//
// What a page yields: its visible text with sensible line breaks (section 4 says which elements are blocks), forms and
// the fields in them (section 4.10), every address that is shown, clicked or loaded without asking (sections 4.6, 4.8
// and 4.2.4), meta refresh and base (sections 4.2.5.3 and 4.2.3), data: addresses (RFC 2397), scripts with their place,
// text that the reader cannot see, and a fingerprint of its structure.
package html

// A Span is a range of bytes in the page.
type Span struct{ Start, End int }

// A Page is what one pass over a page found. Strings are decoded (character references resolved).
type Page struct {
	Title   string
	Base    string // href of the first base element
	Text    string // visible text
	Forms   []Form
	Links   []Link
	Scripts []Script
	Data    []Data
	Hidden  []Hidden
	// Elements holds id → element, only with Options.Scripts: what a script can read from its own page.
	Elements map[string]*Element

	Structure string   // fingerprint of the element tree, "" when the page is too small to tell
	Fields    string   // fingerprint of names and types of the form fields, "" without fields
	Classes   string   // fingerprint of the class names, "" with less than four
	Traits    []string // facts that need no further thought: "meta-refresh", "base-href", "svg-script", "frameset"
	Grid      [][]bool // black and white cells of a table that may draw a two-dimensional code, nil if there is none
	Cut       bool     // the page was longer than Options.Max
}

// A Form is a form element, or the fields that stand outside of any.
type Form struct {
	Action   string // as written
	Method   string
	Inputs   []string // "name:type" in order
	Values   []string // values of the fields, in the order of Inputs
	Password bool     // asks for a password, by type or by what the field is called
	ID       string   // id or name
	Span     Span
}

// A Link is an address in the page.
type Link struct {
	URL   string
	Shown string
	Kind  string // "anchor", "text", "image", "style", "script", "refresh", "area", "form", "frame", "download"
	Span  Span
}

// A Script is inline script or a handler attribute.
type Script struct {
	Text    string
	Kind    string // "script", "handler", "url" (javascript:), "vbscript"
	Element string // id of the element that a handler stands on
	Span    Span
}

// Data is a data: address (RFC 2397), decoded.
type Data struct {
	Media   string
	Content []byte
	Base64  bool
	On      string // element and attribute: "iframe.src"
	Name    string // download attribute
	Span    Span
}

// Hidden is text that the reader cannot see.
type Hidden struct {
	Text string
	How  string // "display", "size", "colour", "visibility", "opacity"
	Span Span
}

// An Element is what a script can read from the page by id.
type Element struct {
	Tag   string
	Attrs map[string]string
	Text  string
}

// Options say how much to look for.
type Options struct {
	Max     int  // bytes of the page to read, 0 for 4 MiB
	Scripts bool // the page is opened in a browser: keep scripts and elements by id
	Grid    bool // look for two-dimensional codes drawn with table cells
}
