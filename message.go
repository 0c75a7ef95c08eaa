package coldwatch

// A Message is what the message room read from raw bytes. It never fails: whatever is odd is a [Defect].
//
// A message that can be read in more than one way has the parts of every reading in Parts; Part.Reading tells which.
// Reading 0 is the one that RFC 2045 gives.
type Message struct {
	Raw     []byte   // the bytes it was read from; shared, never changed
	Header  []Field  // top-level header fields in their order
	Parts   []Part   // every body part of every reading, depth first; Parts[0] is the root of reading 0
	Defects []Defect // in order of offset
	Inner   []Inner  // whole messages carried inside, which walk on by themselves
}

// A Field is one header field (RFC 5322 section 2.2).
type Field struct {
	Name   string // as written
	Value  string // unfolded, surrounding white space trimmed, not decoded (RFC 2047 words stand as they are)
	Offset int    // byte offset of the field name in Message.Raw
	Length int    // bytes from the name to the end of the field, line ends included
}

// A Part is one body part (RFC 2045), leaf or multipart.
type Part struct {
	ID          string            // IMAP-like number, "1", "1.2"; other readings carry a suffix, "1.2~1"
	Parent      int               // index in Message.Parts, -1 for a root
	Depth       int               // 0 for a root
	Reading     int               // 0 the standard reading; others as the message room explains in a Defect
	Header      []Field           // the part's own fields; for a root those of the message
	MediaType   string            // lower case, "text/html"; "" never: the default is filled in
	Params      map[string]string // Content-Type parameters, lower-case names, RFC 2231 decoded
	Disposition string            // "attachment", "inline" or ""
	Filename    string            // from filename or name, RFC 2231 and 2047 decoded; display data only, never a path
	ContentID   string            // without angle brackets
	Charset     string            // the charset that Text was decoded from
	Encoding    string            // transfer encoding that was applied: "7bit", "base64", "quoted-printable", "uuencode", …
	Offset      int               // where the encoded body starts in Message.Raw
	Length      int               // length of the encoded body
	Content     []byte            // decoded body of a leaf; nil for a multipart
	Text        string            // Content as UTF-8 for text/* leaves
}

// Leaf tells whether the part carries content rather than other parts.
func (p *Part) Leaf() bool { return p.Content != nil }

// An Inner is a message carried inside another: an attached message/rfc822, one forwarded inline, a zipped .eml, the
// message of an Outlook .msg or winmail.dat.
type Inner struct {
	Raw  []byte // RFC 5322 form; converted where the carrier held another form
	Via  string // "rfc822", "inline-forward", "zip", "msg", "tnef", "report-button"
	Part string // id of the part that carried it
}

// A Defect says that a message is odd, by a stable dotted kind ("mime.boundary_missing", "limit.mime_depth").
type Defect struct {
	Kind      string
	Detail    string // a sentence
	Offset    int    // byte offset in Message.Raw
	Length    int
	Ambiguous bool // a client could read the message differently because of it
}

// Get returns the value of the first field with that name (any case), "" if there is none.
func (m *Message) Get(name string) string {
	if f := m.Field(name); f != nil {
		return f.Value
	}
	return ""
}

// Field returns the first field with that name (any case), nil if there is none.
func (m *Message) Field(name string) *Field {
	for i := range m.Header {
		if equalFold(m.Header[i].Name, name) {
			return &m.Header[i]
		}
	}
	return nil
}

// Fields returns every field with that name (any case), in order.
func (m *Message) Fields(name string) []*Field {
	var out []*Field
	for i := range m.Header {
		if equalFold(m.Header[i].Name, name) {
			out = append(out, &m.Header[i])
		}
	}
	return out
}

// Part returns the part with that id, nil if there is none.
func (m *Message) Part(id string) *Part {
	for i := range m.Parts {
		if m.Parts[i].ID == id {
			return &m.Parts[i]
		}
	}
	return nil
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		if 'A' <= y && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return false
		}
	}
	return true
}
