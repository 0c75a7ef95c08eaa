package html

import (
	"bytes"
	"encoding/base64"
	"strings"

	"golang.org/x/net/html/atom"
)

// element takes what an element itself says: addresses, fields, handlers.
func (w *walker) element(tag atom.Atom, span Span) {
	switch tag {
	case atom.A, atom.Area:
		if href := firstOf(w.attr("href"), w.attr("xlink:href")); href != "" {
			kind := "anchor"
			if tag == atom.Area {
				kind = "area"
			}
			if i := w.address(href, kind, span, "a.href"); i >= 0 && tag == atom.A {
				w.anchor, w.from, w.alt = i, len(w.text), ""
			}
		}
	case atom.Img, atom.Image:
		w.address(firstOf(w.attr("src"), w.attr("href"), w.attr("xlink:href"), w.attr("data-src")), "image", span, "img.src")
		if s := w.attr("srcset"); s != "" {
			w.address(strings.TrimRight(strings.Fields(s + " ")[0], ","), "image", span, "img.srcset")
		}
		if w.anchor >= 0 && w.alt == "" {
			w.alt = strings.Clone(w.attr("alt"))
		}
	case atom.Link:
		kind := "style"
		if rel := strings.ToLower(w.attr("rel")); strings.Contains(rel, "icon") {
			kind = "image"
		}
		w.address(w.attr("href"), kind, span, "link.href")
	case atom.Script:
		w.address(firstOf(w.attr("src"), w.attr("href"), w.attr("xlink:href")), "script", span, "script.src")
	case atom.Iframe, atom.Frame:
		w.address(w.attr("src"), "frame", span, "iframe.src")
		if doc := w.attr("srcdoc"); doc != "" {
			w.page.Data = append(w.page.Data, Data{Media: "text/html", Content: []byte(doc), On: "iframe.srcdoc", Span: span})
		}
		if tag == atom.Frame {
			w.trait("frameset")
		}
	case atom.Embed, atom.Object, atom.Video, atom.Audio, atom.Source:
		w.address(firstOf(w.attr("src"), w.attr("data")), "frame", span, tag.String()+".src")
	case atom.Meta:
		w.meta(span)
	case atom.Base:
		if w.page.Base == "" {
			if w.page.Base = strings.Clone(w.attr("href")); w.page.Base != "" {
				w.trait("base-href")
			}
		}
	case atom.Form:
		w.openForm(span)
	case atom.Input, atom.Select, atom.Textarea, atom.Button:
		w.field(tag, span)
	}
	for i := range w.attrs {
		a := &w.attrs[i]
		switch {
		case a.key == "background" && a.val != "":
			w.address(a.val, "image", span, "background")
		case len(a.key) > 2 && a.key[0] == 'o' && a.key[1] == 'n' && w.opt.Scripts:
			w.page.Scripts = append(w.page.Scripts, Script{Text: strings.Clone(a.val), Kind: "handler", Element: strings.Clone(w.attr("id")), Span: span})
		case a.key == "style" && strings.Contains(a.val, "url("):
			w.cssURLs(a.val, span)
		}
	}
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// Clean takes out of an address what a browser takes out (URL Living Standard section 4.4): white space around it, and
// tabs and line ends anywhere.
func Clean(u string) string {
	u = strings.Trim(u, " \t\r\n\f\x00")
	if strings.ContainsAny(u, "\t\r\n") {
		u = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(u)
	}
	return u
}

// address records an address; it returns the index of the link, -1 if it is none that leads somewhere.
func (w *walker) address(u, kind string, span Span, on string) int {
	u = Clean(u)
	if u == "" || u[0] == '#' {
		return -1
	}
	if len(u) > 5 && u[4] == ':' || len(u) > 11 && (u[10] == ':' || u[8] == ':') {
		scheme := strings.ToLower(u[:strings.IndexByte(u, ':')])
		switch scheme {
		case "data":
			w.data(u, span, on)
			return -1
		case "javascript", "vbscript":
			if w.opt.Scripts {
				w.page.Scripts = append(w.page.Scripts, Script{Text: strings.Clone(unescapePercent(u[len(scheme)+1:])), Kind: "url", Span: span})
			}
			return -1
		}
	}
	if strings.HasPrefix(u, "cid:") || len(w.page.Links) >= maxLinks {
		return -1
	}
	if kind != "anchor" && kind != "area" {
		if w.urls == nil {
			w.urls = map[string]struct{}{}
		}
		key := kind + u // a copy
		if _, seen := w.urls[key]; seen {
			return -1
		}
		w.urls[key] = struct{}{}
	}
	if kind == "anchor" && w.has("download") {
		kind = "download"
	}
	w.page.Links = append(w.page.Links, Link{URL: strings.Clone(u), Kind: kind, Span: span})
	return len(w.page.Links) - 1
}

// endAnchor gives the open anchor the text that stands on it.
func (w *walker) endAnchor() {
	if w.anchor < 0 {
		return
	}
	shown := ""
	if w.from < len(w.text) {
		shown = strings.TrimSpace(string(w.text[w.from:min(len(w.text), w.from+400)]))
	}
	if shown == "" {
		shown = w.alt
	}
	w.page.Links[w.anchor].Shown = shown
	w.anchor = -1
}

// data takes a data: address apart.
func (w *walker) data(u string, span Span, on string) {
	media, body, b64, ok := DataURI(u)
	if !ok || len(w.page.Data) >= 200 {
		return
	}
	w.page.Data = append(w.page.Data, Data{Media: strings.Clone(media), Content: body, Base64: b64, On: on, Name: strings.Clone(w.attr("download")), Span: span})
}

// DataURI decodes a data: address (RFC 2397); media is "text/plain" when none is given.
func DataURI(u string) (media string, body []byte, b64, ok bool) {
	if len(u) < 5 || !strings.EqualFold(u[:5], "data:") {
		return "", nil, false, false
	}
	comma := strings.IndexByte(u, ',')
	if comma < 0 {
		return "", nil, false, false
	}
	head := strings.ToLower(strings.ReplaceAll(u[5:comma], " ", ""))
	b64 = strings.HasSuffix(head, ";base64")
	media, _, _ = strings.Cut(head, ";")
	if media == "" {
		media = "text/plain"
	}
	rest := u[comma+1:]
	if strings.IndexByte(rest, '%') >= 0 {
		rest = unescapePercent(rest)
	}
	if !b64 {
		return media, []byte(rest), false, true
	}
	return media, Base64(rest), true, true
}

// Base64 decodes as much as there is, in the standard or the URL alphabet, with or without padding or white space.
func Base64(s string) []byte {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/':
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}

func unescapePercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			h, l := unhex(s[i+1]), unhex(s[i+2])
			if h >= 0 && l >= 0 {
				out = append(out, byte(h<<4|l))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (w *walker) meta(span Span) {
	if !strings.EqualFold(w.attr("http-equiv"), "refresh") {
		return
	}
	content := w.attr("content")
	i := strings.IndexAny(content, ";,")
	if i < 0 {
		return
	}
	u := strings.TrimSpace(content[i+1:])
	if len(u) > 3 && strings.EqualFold(u[:3], "url") {
		if eq := strings.IndexByte(u, '='); eq >= 0 {
			u = strings.TrimSpace(u[eq+1:])
		}
	}
	u = strings.Trim(u, `'"`)
	w.trait("meta-refresh")
	w.address(u, "refresh", span, "meta.refresh")
}

func (w *walker) trait(t string) {
	for _, have := range w.page.Traits {
		if have == t {
			return
		}
	}
	w.page.Traits = append(w.page.Traits, t)
}

func (w *walker) openForm(span Span) {
	if len(w.page.Forms) >= maxForms {
		w.form = maxForms - 1
		return
	}
	method := strings.ToLower(w.attr("method"))
	if method == "" {
		method = "get"
	}
	action := strings.Clone(Clean(w.attr("action")))
	w.page.Forms = append(w.page.Forms, Form{Action: action, Method: strings.Clone(method), ID: strings.Clone(firstOf(w.attr("id"), w.attr("name"))), Span: span})
	w.form = len(w.page.Forms) - 1
}

// field adds a field to the open form, or to the form of loose fields.
func (w *walker) field(tag atom.Atom, span Span) {
	name, kind := firstOf(w.attr("name"), w.attr("id")), strings.ToLower(w.attr("type"))
	switch {
	case tag == atom.Select, tag == atom.Textarea:
		kind = tag.String()
	case kind == "" && tag == atom.Input:
		kind = "text"
	case tag == atom.Button:
		if fa := w.attr("formaction"); fa != "" && w.form >= 0 {
			w.page.Forms[w.form].Action = strings.Clone(Clean(fa))
		}
		return
	}
	if fa := w.attr("formaction"); fa != "" && w.form >= 0 {
		w.page.Forms[w.form].Action = strings.Clone(Clean(fa))
	}
	f := w.form
	if f < 0 {
		if w.loose < 0 {
			if len(w.page.Forms) >= maxForms {
				return
			}
			w.page.Forms = append(w.page.Forms, Form{Span: span})
			w.loose = len(w.page.Forms) - 1
		}
		f = w.loose
	}
	form := &w.page.Forms[f]
	form.Span.End = span.End
	if len(form.Inputs) >= maxInputs {
		return
	}
	form.Inputs = append(form.Inputs, name+":"+kind)
	form.Values = append(form.Values, strings.Clone(w.attr("value")))
	if kind == "password" || (kind == "text" && asksPassword(name, w.attr("placeholder"), w.attr("style"), w.attr("autocomplete"))) {
		form.Password = true
	}
	w.nfield++
	w.fields = fnvString(fnvString(w.fields^fnvBasis, mask(name)), kind)
}

// asksPassword tells whether a text field takes a password all the same.
func asksPassword(name, placeholder, style, autocomplete string) bool {
	if strings.Contains(style, "text-security") || strings.Contains(autocomplete, "password") {
		return true
	}
	for _, s := range [...]string{strings.ToLower(name), strings.ToLower(placeholder)} {
		if s == "" || len(s) > 40 {
			continue
		}
		for _, word := range [...]string{"passw", "passwd", "kennwort", "contraseña", "mot de passe", "senha", "wachtwoord", "parola", "пароль", "密码", "密碼", "パスワード", "비밀번호"} {
			if strings.Contains(s, word) {
				return true
			}
		}
		switch s {
		case "pass", "pwd", "psw", "pw", "pswd", "clave", "mdp":
			return true
		}
	}
	return false
}

// keepElement remembers an element for scripts that read their own page.
func (w *walker) keepElement(o *open, name []byte) {
	id := w.attr("id")
	if id == "" {
		id = w.attr("name")
	}
	if id == "" || len(w.page.Elements) >= maxElements {
		return
	}
	if _, taken := w.page.Elements[id]; taken {
		return
	}
	el := &Element{Tag: string(name), Attrs: make(map[string]string, len(w.attrs))}
	for _, a := range w.attrs {
		el.Attrs[a.key] = strings.Clone(a.val)
	}
	w.page.Elements[strings.Clone(id)] = el
	o.el = el
}

// comment looks into conditional comments, which Outlook shows ([MS-OE376]); others hide nothing from a reader.
func (w *walker) comment(b []byte, span Span) {
	if !bytes.HasPrefix(b, []byte("[if")) || bytes.Contains(b[:min(len(b), 40)], []byte("IE]")) {
		return
	}
	for {
		i := bytes.Index(b, []byte("href="))
		if i < 0 {
			return
		}
		b = b[i+5:]
		if len(b) < 2 || (b[0] != '"' && b[0] != '\'') {
			continue
		}
		j := bytes.IndexByte(b[1:], b[0])
		if j < 0 {
			return
		}
		w.address(string(b[1:1+j]), "area", span, "a.href")
		b = b[1+j:]
	}
}

// textURLs finds addresses in the text that was just added: clients make links of them.
func (w *walker) textURLs(start int, span Span) {
	for _, u := range FindURLs(unsafeString(w.text[start:])) {
		w.address(u.URL, "text", span, "text")
	}
}
