package suites

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

// find returns the files below CW_SUITES whose path ends in one of the suffixes.
func find(t *testing.T, suffix string) []string {
	dir := os.Getenv("CW_SUITES")
	if dir == "" {
		t.Skip("CW_SUITES names no folder with test suites")
	}
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, suffix) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A node is a message, multipart or leaf as either side sees it.
type node struct {
	fields  []string // names
	kind    string   // "leaf", "multipart", "message"
	content []byte
	kids    []*node
}

func (n *node) shape() string {
	if n.kind == "leaf" {
		return "leaf"
	}
	var kids []string
	for _, k := range n.kids {
		kids = append(kids, k.shape())
	}
	return n.kind + "(" + strings.Join(kids, " ") + ")"
}

// ours makes the tree of the standard reading; a message carried inside is read in its turn.
func ours(m *coldwatch.Message, i int) *node {
	p := &m.Parts[i]
	n := &node{kind: "leaf", content: p.Content}
	for _, f := range p.Header {
		n.fields = append(n.fields, strings.ToLower(f.Name))
	}
	switch {
	case !p.Leaf():
		n.kind = "multipart"
		for k := range m.Parts {
			if q := &m.Parts[k]; q.Parent == i && q.Reading == 0 && k != i {
				n.kids = append(n.kids, ours(m, k))
			}
		}
	case p.MediaType == "message/rfc822":
		n.kind = "message"
		n.kids = []*node{ours(message.Parse(p.Content, message.Limits{}), 0)}
	}
	return n
}

// theirs reads mime4j's XML.
func theirs(d *xml.Decoder, dir string, n *node) error {
	text := ""
	for {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		switch x := tok.(type) {
		case xml.CharData:
			text += string(x)
		case xml.StartElement:
			switch text = ""; x.Name.Local {
			case "multipart":
				n.kind = "multipart"
				err = theirs(d, dir, n) // its parts are the entity's
			case "body-part":
				k := &node{kind: "leaf"}
				n.kids = append(n.kids, k)
				err = theirs(d, dir, k)
			case "message":
				k := &node{kind: "leaf"}
				n.kind, n.kids = "message", []*node{k}
				err = theirs(d, dir, k)
			case "text-body", "binary-body":
				n.content, err = os.ReadFile(filepath.Join(dir, x.Attr[0].Value))
			}
			if err != nil {
				return err
			}
		case xml.EndElement:
			switch x.Name.Local {
			case "field":
				name, _, _ := strings.Cut(text, ":")
				n.fields = append(n.fields, strings.ToLower(strings.TrimSpace(name)))
			case "multipart", "body-part", "message":
				return nil
			}
		}
	}
}

// differ says what is first different, "" if nothing is.
func differ(a, b *node, where string) string {
	if a.shape() != b.shape() {
		return fmt.Sprintf("%s: structure %s, theirs %s", where, a.shape(), b.shape())
	}
	if got, want := strings.Join(a.fields, " "), strings.Join(b.fields, " "); got != want {
		return fmt.Sprintf("%s: fields %q, theirs %q", where, got, want)
	}
	if x, y := lines(a.content), lines(b.content); a.kind == "leaf" && !bytes.Equal(x, y) {
		return fmt.Sprintf("%s: content of %d bytes, theirs %d", where, len(x), len(y))
	}
	for i := range a.kids {
		if d := differ(a.kids[i], b.kids[i], fmt.Sprintf("%s.%d", where, i+1)); d != "" {
			return d
		}
	}
	return ""
}

// lines makes all line ends alike, and takes those at the end off: whether the last belongs to the delimiter depends on how
// the suite stored its files.
func lines(b []byte) []byte {
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	return bytes.TrimRight(b, "\n")
}

// leaves adds the contents of the leaves below n.
func (n *node) leaves(list [][]byte) [][]byte {
	if n.kind == "leaf" {
		return append(list, lines(n.content))
	}
	for _, k := range n.kids {
		list = k.leaves(list)
	}
	return list
}

// held tells whether a part of some reading of the message, or of one inside it, is the leaf.
func held(raw, leaf []byte, depth int) bool {
	m := message.Parse(raw, message.Limits{})
	for i := range m.Parts {
		p := &m.Parts[i]
		if bytes.Equal(lines(p.Content), leaf) || p.MediaType == "message/rfc822" && depth < 8 && held(p.Content, leaf, depth+1) {
			return true
		}
	}
	return false
}

func TestMime4j(t *testing.T) {
	total, agreed, contained := 0, 0, 0
	for _, file := range find(t, "_decoded.xml") {
		raw, err := os.ReadFile(strings.TrimSuffix(file, "_decoded.xml") + ".msg")
		if err != nil {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(b))
		d.Strict = false
		d.CharsetReader = nil
		want := &node{kind: "leaf"}
		if tok, err := d.Token(); err != nil || tok.(xml.StartElement).Name.Local != "message" {
			t.Fatalf("%s: %v", file, err)
		}
		if err := theirs(d, filepath.Dir(file), want); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		total++
		if diff := differ(ours(message.Parse(raw, message.Limits{}), 0), want, "0"); diff != "" {
			missing := 0
			for _, leaf := range want.leaves(nil) {
				if !held(raw, leaf, 0) {
					missing++
				}
			}
			if missing == 0 {
				contained++
			}
			t.Logf("%s: %s; of their leaves %d stand in no reading", filepath.Base(file), diff, missing)
			continue
		}
		agreed++
	}
	t.Logf("mime4j: %d of %d messages read the same, in %d others all leaves stand in some reading", agreed, total, contained)
	if total > 0 && agreed*2 < total {
		t.Error("most are read differently")
	}
}
