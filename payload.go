package coldwatch

// A Payload is something that was opened: a body, an attachment, or what was inside one. The tree of payloads is what
// the victim could open, with every wrapping taken off.
type Payload struct {
	ID             string            `json:"id"`                 // "2" for part 2; "2/a.html" inside an archive; "2#1" a layer unwrapped
	Part           string            `json:"part"`               // the body part that it came in
	Parent         string            `json:"parent,omitempty"`   // payload that held it
	Via            string            `json:"via"`                // "body", "attachment", "inline", "archive", "embedded", "layer", "qr"
	Kind           string            `json:"kind"`               // "text", "html", "script", "svg", "pdf", "office", "archive", "image", "calendar", "contact", "shortcut", "message", "executable", "other"
	MediaType      string            `json:"media_type"`         // as found by looking, not as declared
	Declared       string            `json:"declared,omitempty"` // declared type where it differs
	Name           string            `json:"name,omitempty"`
	Size           int               `json:"size"`
	SHA256         string            `json:"sha256"`
	Fuzzy          string            `json:"fuzzy,omitempty"`      // TLSH digest, "" for small or plain content
	ImageHash      string            `json:"image_hash,omitempty"` // perceptual hash of an image, hex
	Title          string            `json:"title,omitempty"`
	Text           string            `json:"-"`                         // visible text
	Content        []byte            `json:"-"`                         // decoded bytes; spans with Where = ID point into it
	Structure      string            `json:"structure,omitempty"`       // fingerprint of tags, attribute names and script shape; "" if too small to tell
	Shapes         []string          `json:"shapes,omitempty"`          // fingerprints of pieces that outlive a change of Structure: "fields:…" form fields, "classes:…" class names, "script:…" script tokens
	Layers         []string          `json:"layers,omitempty"`          // wrappings taken off, outermost first: "atob", "unescape", "fromcharcode", "xor", …
	EndpointLayers []string          `json:"endpoint_layers,omitempty"` // decodings that hid an endpoint within the page itself, outermost first
	Forms          []Form            `json:"forms,omitempty"`
	Destinations   []Destination     `json:"destinations,omitempty"`
	Links          []Hyperlink       `json:"links,omitempty"`
	Traits         []string          `json:"traits,omitempty"`   // sorted facts: "password-field", "recipient-prefilled", "hidden-text", "macro", "autoexec", "encrypted", "javascript", "meta-refresh", "external-template", …
	Metadata       map[string]string `json:"metadata,omitempty"` // "author", "producer", "created", …
	Password       bool              `json:"password,omitempty"` // opened with a password that stood in the message
	Limit          string            `json:"limit,omitempty"`    // the limit that stopped the opening: "limit.archive_total"
}

// Trait tells whether the payload has the trait.
func (p *Payload) Trait(name string) bool {
	for _, t := range p.Traits {
		if t == name {
			return true
		}
	}
	return false
}

// A Form is an HTML form, with or without a form element.
type Form struct {
	Action    string   `json:"action"` // resolved against base, "" when a script sends it
	Method    string   `json:"method"`
	Inputs    []string `json:"inputs"`    // names and types in order, "email:text", "pass:password"
	Password  bool     `json:"password"`  // asks for a password, by type or by what it is called
	Prefilled bool     `json:"prefilled"` // holds the recipient's address
	Span      Span     `json:"span"`
}

// A Destination is where what the victim types would go.
type Destination struct {
	URL         string `json:"url"`
	Kind        string `json:"kind"`        // "form", "fetch", "xhr", "beacon", "websocket", "telegram", "form-service", "mailto", "redirect", "download"
	Credentials bool   `json:"credentials"` // fed by a form that asks for a password
	Layer       int    `json:"layer"`       // number of wrappings that hid it
	Span        Span   `json:"span"`
}

// A Hyperlink is an address that the reader sees, clicks or loads without asking.
type Hyperlink struct {
	URL   string `json:"url"`
	Shown string `json:"shown,omitempty"` // text shown for it
	Kind  string `json:"kind"`            // "anchor", "text", "image", "style", "script", "refresh", "qr", "area", "form", "pdf", "office"
	Span  Span   `json:"span"`
}
