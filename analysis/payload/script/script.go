// Package script computes what a hostile page's script would write and where it would send things, without running it.
//
// It reads ECMAScript (ECMA-262, 2023 edition, with annex B) tolerantly and evaluates it over values that may be
// unknown. What is known is computed in full: the usual wrappings of phishing pages (atob, unescape, character codes,
// joined and reversed pieces, string tables with rotation, XOR and RC4 with the key at hand, eval of what came out) are
// ordinary programs over constants and fall out by themselves. What the browser or the reader would supply is unknown:
// both sides of a condition on it are taken, its loops run once, and it leaves a hole in the strings that it is joined
// to. Functions that nobody called, such as handlers of events, are called at the end with unknown arguments, so that
// the address in a submit handler comes to light without a click.
//
// Nothing of the host can be reached: the only effects are entries in the [Result]. The work is bounded by steps, which
// count memory too, and the outcome depends on nothing but the input.
package script

import "strings"

// A Source is a piece of script of a page, in the order of the page.
type Source struct {
	Text    string
	Offset  int    // where it stands in the page
	Handler bool   // the body of an event handler
	Element string // id of the element that a handler stands on
}

// An Element is what a script can read from its page by id.
type Element struct {
	Tag   string
	Text  string
	Attrs map[string]string
}

// Options bound and feed the evaluation.
type Options struct {
	Steps    int // default 3 million
	Elements func(id string) (Element, bool)
}

// A Write is content that a script puts into the page, or opens as one.
type Write struct {
	Text   string
	Layers []string // decodings that made it, outermost first
	How    string   // "write", "inner", "data-uri", "blob"
	Pos    int      // in the page
}

// A Call is an address that a script would use.
type Call struct {
	URL    string
	Kind   string // "form", "fetch", "xhr", "beacon", "websocket", "redirect", "script", "frame", "mailto", "link", "image"
	Layers []string
	Pos    int
}

// A File is a file that a script builds and offers.
type File struct {
	Name    string
	Media   string
	Content []byte
	Layers  []string
	Pos     int
}

// A Result is what the scripts of a page come to.
type Result struct {
	Writes    []Write
	Calls     []Call
	Files     []File
	Evals     int    // texts that were evaluated as code
	Undecided bool   // something that matters could not be computed
	Reason    string // why: "steps", "syntax", "unknown-write", "unknown-code"
	Broken    int    // syntax errors that were passed over
	Steps     int    // used
	Shape     string // fingerprint of the first script's tokens, "" when too small
	Traits    []string
}

// Run evaluates the scripts of one page in order.
func Run(sources []Source, opt Options) Result {
	if opt.Steps <= 0 {
		opt.Steps = 3_000_000
	}
	in := newInterp(opt)
	for _, s := range sources {
		in.source(s)
	}
	in.drain()
	in.finish()
	in.res.Shape = Shape(sources)
	for _, s := range sources {
		in.trait(s.Text)
	}
	return in.res
}

// source evaluates one piece of script.
func (in *interp) source(s Source) {
	text := s.Text
	f, errs := in.parse(text)
	in.res.Broken += errs
	if errs > 0 && len(f.body) < 3 && len(text) > 200 {
		in.undecided("syntax")
	}
	in.offset = s.Offset
	if s.Handler {
		in.call(objectValue(&object{cls: clsFunction, fn: f, env: in.global}), in.element(s.Element), []value{unknown()})
		return
	}
	in.program(f, in.global)
}

// trait notes what a script looks like.
func (in *interp) trait(text string) {
	add := func(t string) {
		for _, have := range in.res.Traits {
			if have == t {
				return
			}
		}
		in.res.Traits = append(in.res.Traits, t)
	}
	if strings.Count(text[:min(len(text), 100_000)], "_0x") > 20 {
		add("obfuscator-names")
	}
	if strings.Contains(text, "eval(function(p,a,c,k,e") {
		add("packer")
	}
	if len(text) > 500 {
		few, all := 0, 0
		for i := 0; i < len(text) && i < 20000; i++ {
			if text[i] > ' ' {
				all++
				if strings.IndexByte("[]()!+", text[i]) >= 0 {
					few++
				}
			}
		}
		if all > 300 && few*10 > all*9 {
			add("jsfuck")
		}
	}
	if strings.Contains(text, "debugger") {
		add("anti-debug")
	}
}
