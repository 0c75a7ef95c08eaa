// Package pdf reads what a reader of a hostile PDF (ISO 32000-2) would see and what the file would do: text, links,
// forms, actions, scripts, embedded files, pictures and metadata.
//
// Files made to be missed by scanners are broken on purpose, and viewers repair them. So the cross-reference table is
// not used at all: the file is scanned for objects from start to end, as viewers do when they repair, and object streams
// (section 7.5.7) are opened on the way. Streams are decoded as far as they go. Files encrypted for an empty user
// password (section 7.6), which every viewer opens without asking, are decrypted.
package pdf

import (
	"sort"
	"strings"
)

// Limits bound the work.
type Limits struct {
	Bytes   int64 // decoded bytes of all streams; default 64 MiB
	Objects int   // default 50,000
	Text    int   // bytes of text; default 1 MiB
}

// A Document is what was found.
type Document struct {
	Text       string
	Pages      int
	Links      []Link
	Scripts    []string // JavaScript
	Forms      []string // "name:type"
	Password   bool     // a form field hides what is typed
	Files      []File
	Images     []Image
	Boxes      []Box             // filled rectangles, in order
	Info       map[string]string // author, producer, creator, created, modified, title
	Traits     []string          // "javascript", "open-action", "launch", "submit-form", "embedded-file", "encrypted", "form"
	Locked     bool              // a password is needed
	Limit      string
	Used       int64    // bytes taken out of streams
	Submit     []string // addresses that forms are sent to
	LaunchFile string
}

// A Link is an address in the document; Pos is where its object stands.
type Link struct {
	URL string
	Pos int
}

// A File is an embedded file.
type File struct {
	Name    string
	Content []byte
}

// A Box is a filled rectangle, in the space of its page.
type Box struct {
	X, Y, Width, Height float64
	Dark                bool
}

// An Image is a picture: a JPEG, or pixels of one or three bytes (section 8.9.5).
type Image struct {
	JPEG          []byte
	Width, Height int
	Components    int // bytes a pixel; 0 for one bit a pixel
	Pixels        []byte
}

type document struct {
	data    []byte
	objects map[int]*object
	order   []int
	budget  int64
	limit   string
	crypt   *crypt
	out     *Document
	fonts   map[int]*font
	lim     Limits
	steps   int
}

// An object is an indirect object.
type object struct {
	num, gen int
	val      any // dict, array, name, string (as bytesString), float64, bool, ref, nil
	stream   []byte
	pos      int
	inner    bool // came out of an object stream: its strings are not encrypted by themselves
	decoded  []byte
	done     bool
}

type (
	dict  map[string]any
	array []any
	name  string
	ref   int
)

// Read reads a document.
func Read(data []byte, lim Limits) *Document {
	if lim.Bytes <= 0 {
		lim.Bytes = 64 << 20
	}
	if lim.Objects <= 0 {
		lim.Objects = 50_000
	}
	if lim.Text <= 0 {
		lim.Text = 1 << 20
	}
	d := &document{data: data, objects: map[int]*object{}, budget: lim.Bytes, out: &Document{Info: map[string]string{}}, fonts: map[int]*font{}, lim: lim, steps: 4_000_000}
	trailers := d.scan()
	d.encryption(trailers)
	d.objectStreams()
	d.collect()
	d.info(trailers)
	d.pages()
	sort.Strings(d.out.Traits)
	d.out.Limit, d.out.Used = d.limit, lim.Bytes-d.budget
	return d.out
}

func (d *document) trait(t string) {
	for _, have := range d.out.Traits {
		if have == t {
			return
		}
	}
	d.out.Traits = append(d.out.Traits, t)
}

// resolve follows references.
func (d *document) resolve(v any) any {
	for range 16 {
		r, ok := v.(ref)
		if !ok {
			return v
		}
		o := d.objects[int(r)]
		if o == nil {
			return nil
		}
		v = o.val
	}
	return nil
}

func (d *document) dict(v any) dict {
	m, _ := d.resolve(v).(dict)
	return m
}

func (d *document) num(v any) (float64, bool) {
	f, ok := d.resolve(v).(float64)
	return f, ok
}

func (d *document) name(v any) string {
	n, _ := d.resolve(v).(name)
	return string(n)
}

// str is a text string (section 7.9.2.2), decoded.
func (d *document) str(v any) string {
	switch s := d.resolve(v).(type) {
	case string:
		return decodeText(s)
	case name:
		return string(s)
	}
	return ""
}

// collect looks at every object for what acts or holds something.
func (d *document) collect() {
	for _, n := range d.order {
		o := d.objects[n]
		if o == nil {
			continue
		}
		d.walk(o.val, o, 0)
		m, _ := o.val.(dict)
		if m == nil {
			continue
		}
		if d.name(m["Type"]) == "EmbeddedFile" && o.stream != nil && len(d.out.Files) < 50 {
			d.trait("embedded-file")
			d.out.Files = append(d.out.Files, File{Name: d.fileName(n), Content: d.decode(o)})
		}
		if d.name(m["Subtype"]) == "Image" && o.stream != nil {
			d.image(o, m)
		}
	}
}

// walk finds actions anywhere in a value.
func (d *document) walk(v any, o *object, depth int) {
	if depth > 32 || d.steps <= 0 {
		return
	}
	d.steps--
	switch x := v.(type) {
	case array:
		for _, e := range x {
			d.walk(e, o, depth+1)
		}
	case dict:
		d.action(x, o)
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			if k != "Parent" {
				d.walk(x[k], o, depth+1)
			}
		}
	}
}

// action reads an action (section 12.6) or a form field (section 12.7.4).
func (d *document) action(m dict, o *object) {
	if u := d.str(m["URI"]); u != "" && len(d.out.Links) < 2000 {
		d.out.Links = append(d.out.Links, Link{strings.TrimSpace(u), o.pos})
	}
	if js, ok := m["JS"]; ok {
		d.trait("javascript")
		text := d.str(js)
		if r, isRef := js.(ref); isRef {
			if s := d.objects[int(r)]; s != nil && s.stream != nil {
				text = decodeText(string(d.decode(s)))
			}
		}
		if text != "" && len(d.out.Scripts) < 50 {
			d.out.Scripts = append(d.out.Scripts, text)
		}
	}
	switch d.name(m["S"]) {
	case "Launch":
		d.trait("launch")
		if d.out.LaunchFile = d.file(m["F"]); d.out.LaunchFile == "" {
			d.out.LaunchFile = d.file(d.dict(m["Win"])["F"])
		}
	case "SubmitForm":
		d.trait("submit-form")
		if u := d.file(m["F"]); u != "" {
			d.out.Submit = append(d.out.Submit, u)
		}
	case "GoToR", "ImportData":
		if f := d.file(m["F"]); strings.Contains(f, "://") || strings.HasPrefix(f, `\\`) {
			d.out.Links = append(d.out.Links, Link{f, o.pos})
		}
	}
	if _, ok := m["OpenAction"]; ok {
		d.trait("open-action")
	}
	if ft := d.name(m["FT"]); ft != "" && len(d.out.Forms) < 500 {
		kind := map[string]string{"Tx": "text", "Btn": "button", "Ch": "select", "Sig": "signature"}[ft]
		if ff, _ := d.num(m["Ff"]); ft == "Tx" && int(ff)>>13&1 == 1 {
			kind, d.out.Password = "password", true
		}
		if ft != "Sig" {
			d.trait("form")
		}
		d.out.Forms = append(d.out.Forms, d.str(m["T"])+":"+kind)
	}
	if _, ok := m["XFA"]; ok {
		d.trait("xfa")
	}
}

// file is the name in a file specification (section 7.11).
func (d *document) file(v any) string {
	if m := d.dict(v); m != nil {
		for _, k := range [...]string{"UF", "F", "Unix", "DOS"} {
			if s := d.str(m[k]); s != "" {
				return s
			}
		}
		return ""
	}
	return d.str(v)
}

// fileName finds the file specification that points to an embedded file.
func (d *document) fileName(num int) string {
	for _, n := range d.order {
		m, _ := d.objects[n].val.(dict)
		if m == nil {
			continue
		}
		ef := d.dict(m["EF"])
		for _, v := range ef {
			if r, ok := v.(ref); ok && int(r) == num {
				return d.file(m)
			}
		}
	}
	return ""
}

func (d *document) info(trailers []dict) {
	keys := map[string]string{"Author": "author", "Producer": "producer", "Creator": "creator", "CreationDate": "created", "ModDate": "modified", "Title": "title"}
	for _, t := range trailers {
		m := d.dict(t["Info"])
		for k, to := range keys {
			if s := strings.TrimSpace(d.str(m[k])); s != "" && len(s) < 300 {
				d.out.Info[to] = s
			}
		}
	}
}

// image keeps a picture that may hold a code.
func (d *document) image(o *object, m dict) {
	w, _ := d.num(m["Width"])
	h, _ := d.num(m["Height"])
	if len(d.out.Images) >= 12 || w < 40 || h < 40 || w > 8000 || h > 8000 {
		return
	}
	img := Image{Width: int(w), Height: int(h)}
	filters := d.filters(m)
	if n := len(filters); n > 0 && filters[n-1] == "DCTDecode" {
		img.JPEG = d.decode(o)
	} else if n == 0 || filters[n-1] == "FlateDecode" || filters[n-1] == "ASCII85Decode" || filters[n-1] == "ASCIIHexDecode" || filters[n-1] == "LZWDecode" || filters[n-1] == "RunLengthDecode" {
		bpc, _ := d.num(m["BitsPerComponent"])
		mask, _ := d.resolve(m["ImageMask"]).(bool)
		px := d.decode(o)
		palette := d.palette(m["ColorSpace"])
		switch {
		case palette != nil && !mask || bpc == 2 || bpc == 4:
			if px = spread(px, int(w), int(h), int(bpc), palette); px == nil {
				return
			}
			img.Components = 1
		case bpc == 1 || mask:
			if len(px) < (int(w)+7)/8*int(h) {
				return
			}
		case bpc == 8 && len(px) >= int(w)*int(h)*3:
			img.Components = 3
		case bpc == 8 && len(px) >= int(w)*int(h):
			img.Components = 1
		default:
			return
		}
		img.Pixels = px
	} else {
		return
	}
	d.out.Images = append(d.out.Images, img)
}
