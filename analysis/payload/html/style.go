package html

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// rule is a simple style sheet rule that hides a class or an id.
type rule struct {
	class bool
	name  string
	how   string
}

// style applies what the element's attributes say about its looks.
func (w *walker) style(o *open, tag atom.Atom) {
	for i := range w.attrs {
		a := &w.attrs[i]
		switch a.key {
		case "style":
			w.inline(o, a.val)
		case "bgcolor":
			if c := colour(a.val); c >= 0 {
				o.back = c
			}
		case "color":
			if c := colour(a.val); c >= 0 {
				o.color = c
			}
		case "hidden":
			if tag != atom.Input {
				o.hidden = "display"
			}
		case "class":
			w.classes(o, a.val)
		case "id":
			for _, r := range w.rules {
				if !r.class && r.name == a.val {
					o.hidden = r.how
				}
			}
		case "background":
			o.back = -1
		}
	}
	if tag == atom.Head || tag == atom.Template {
		o.hidden = "head"
		if tag == atom.Head {
			o.hidden = ""
		}
	}
}

func (w *walker) classes(o *open, val string) {
	if len(w.rules) == 0 && !w.opt.Scripts {
		return
	}
	for val != "" {
		var c string
		val = strings.TrimLeft(val, " \t\r\n")
		if i := strings.IndexAny(val, " \t\r\n"); i >= 0 {
			c, val = val[:i], val[i:]
		} else {
			c, val = val, ""
		}
		for _, r := range w.rules {
			if r.class && r.name == c {
				o.hidden = r.how
			}
		}
		if w.opt.Scripts && c != "" && len(w.class) < 500 {
			if w.class == nil {
				w.class = map[string]struct{}{}
			}
			w.class[strings.Clone(mask(c))] = struct{}{}
		}
	}
}

// inline reads a style attribute (CSS Syntax Module Level 3 section 5, declarations only).
func (w *walker) inline(o *open, s string) {
	for s != "" {
		var decl string
		if i := strings.IndexByte(s, ';'); i >= 0 {
			decl, s = s[:i], s[i+1:]
		} else {
			decl, s = s, ""
		}
		i := strings.IndexByte(decl, ':')
		if i < 0 {
			continue
		}
		prop, val := strings.TrimSpace(decl[:i]), strings.TrimSpace(decl[i+1:])
		if len(prop) < 5 || len(val) == 0 {
			continue
		}
		switch {
		case strings.EqualFold(prop, "background-color"), strings.EqualFold(prop, "background"):
			if c := colour(val); c >= 0 {
				o.back = c
			} else {
				o.back = -1
			}
		case strings.EqualFold(prop, "color"):
			if c := colour(val); c >= 0 {
				o.color = c
			}
		default:
			if how := hides(prop, val); how == "seen" {
				if o.hidden == "size" {
					o.hidden = ""
				}
			} else if how != "" {
				o.hidden = how
			}
		}
	}
}

// hides tells how a declaration hides its element, "" if it does not, "seen" if it undoes a size of nothing.
func hides(prop, val string) string {
	switch prop[0] | 0x20 {
	case 'd':
		if strings.EqualFold(prop, "display") && len(val) >= 4 && strings.EqualFold(val[:4], "none") {
			return "display"
		}
	case 'v':
		if strings.EqualFold(prop, "visibility") && len(val) >= 6 && strings.EqualFold(val[:6], "hidden") {
			return "visibility"
		}
	case 'f':
		if strings.EqualFold(prop, "font-size") {
			if n, ok := number(val); ok {
				if n < 1.5 && !strings.Contains(val, "em") && !strings.Contains(val, "%") || n == 0 {
					return "size"
				}
				return "seen"
			}
		}
	case 'o':
		if strings.EqualFold(prop, "opacity") {
			if n, ok := number(val); ok && n < 0.05 {
				return "opacity"
			}
		}
	case 'm':
		if strings.EqualFold(prop, "mso-hide") {
			return ""
		}
		if strings.EqualFold(prop, "max-height") {
			if n, ok := number(val); ok && n == 0 {
				return "size"
			}
		}
	}
	return ""
}

// number reads the number that a value starts with.
func number(v string) (float64, bool) {
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.') {
		i++
	}
	if i == 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(v[:i], 64)
	return n, err == nil
}

// colour reads a colour as 0xRRGGBB, -1 if it is none that we know.
func colour(v string) int32 {
	v = strings.TrimSpace(v)
	if i := strings.IndexAny(v, " !"); i >= 0 && !strings.HasPrefix(v, "rgb") {
		v = v[:i]
	}
	if v == "" {
		return -1
	}
	if v[0] == '#' {
		v = v[1:]
		if len(v) == 3 {
			v = string([]byte{v[0], v[0], v[1], v[1], v[2], v[2]})
		}
		if len(v) != 6 {
			return -1
		}
		n, err := strconv.ParseUint(v, 16, 32)
		if err != nil {
			return -1
		}
		return int32(n)
	}
	switch {
	case strings.EqualFold(v, "white"):
		return 0xffffff
	case strings.EqualFold(v, "black"):
		return 0
	case len(v) > 4 && strings.EqualFold(v[:4], "rgb("):
		var n int32
		rest := v[4:]
		for i := 0; i < 3; i++ {
			rest = strings.TrimLeft(rest, " ,")
			f, ok := number(rest)
			if !ok || f > 255 {
				return -1
			}
			n = n<<8 | int32(f)
			rest = strings.TrimLeft(rest, "0123456789.")
		}
		return n
	case len(v) == 6:
		if n, err := strconv.ParseUint(v, 16, 32); err == nil {
			return int32(n)
		}
	}
	return -1
}

// sheet reads a style element: addresses, and top-level rules that hide a single class or id.
func (w *walker) sheet(css string, span Span) {
	w.cssURLs(css, span)
	if !strings.Contains(css, "none") && !strings.Contains(css, "hidden") && !strings.Contains(css, "font-size") {
		return
	}
	depth, from := 0, 0
	for i := 0; i < len(css) && len(w.rules) < 200; i++ {
		switch css[i] {
		case '{':
			if depth == 0 {
				sel := strings.TrimSpace(css[from:i])
				if end := strings.IndexByte(css[i:], '}'); end > 0 && !strings.HasPrefix(sel, "@") {
					w.hiding(sel, css[i+1:i+end])
				}
			}
			depth++
		case '}':
			if depth > 0 {
				depth--
			}
			if depth == 0 {
				from = i + 1
			}
		}
	}
}

func (w *walker) hiding(sel, body string) {
	o := open{}
	w.inline(&o, body)
	if o.hidden == "" || len(sel) > 200 {
		return
	}
	for s := range strings.SplitSeq(sel, ",") {
		s = strings.TrimSpace(s)
		if len(s) > 1 && (s[0] == '.' || s[0] == '#') && !strings.ContainsAny(s[1:], " .#:>+~[") {
			w.rules = append(w.rules, rule{s[0] == '.', s[1:], o.hidden})
		}
	}
}

// cssURLs finds url(…) in style.
func (w *walker) cssURLs(css string, span Span) {
	for i := 0; i < 200; i++ {
		at := strings.Index(css, "url(")
		if at < 0 {
			return
		}
		css = css[at+4:]
		end := strings.IndexByte(css, ')')
		if end < 0 {
			return
		}
		u := strings.Trim(css[:end], " \t\r\n'\"")
		if len(u) < 4096 && !strings.HasPrefix(u, "data:") {
			w.address(u, "image", span, "css")
		}
		css = css[end:]
	}
}
