// Package office reads office documents that came by mail for what they show and what they would do.
//
// Formats: the packages of ECMA-376 (docx, xlsx, pptx and their macro kinds) as ZIP entries, compound files ([MS-CFB])
// with macros compressed as [MS-OVBA] section 2.4.1 says, RTF 1.9.1 with embedded objects ([MS-OLEDS]), OneNote
// ([MS-ONESTORE], embedded files found by their GUID), shortcuts ([MS-SHLLINK]), Internet shortcuts, iCalendar
// (RFC 5545) and vCard (RFC 6350).
//
// XML is read by a scanner that knows tags and the five predefined entities, nothing else: no DTD, no entity is ever
// defined or fetched, so that neither a billion laughs nor an external entity means anything here.
package office

import (
	"slices"
	"strings"
)

// A File is a file within a document.
type File struct {
	Name    string
	Content []byte
}

// A Link is an address in a document.
type Link struct {
	URL  string
	Kind string // "hyperlink", "template", "object", "image", "frame"
}

// A Document is what was found.
type Document struct {
	Kind     string // "word", "excel", "powerpoint", "rtf", "onenote", "ole", "message", "encrypted"
	Text     string
	Title    string
	Links    []Link
	Files    []File            // embedded
	Images   []File            // pictures
	Metadata map[string]string // author, last_author, created, modified, application, company, template
	Traits   []string          // "macro", "autoexec", "macro-suspicious", "external-template", "embedded-object", "dde", "encrypted", "equation"
	AutoExec []string          // names of macros that run by themselves
	Macro    string            // source of the macros
}

const maxText = 1 << 20

func (d *Document) trait(t string) {
	if !slices.Contains(d.Traits, t) {
		d.Traits = append(d.Traits, t)
	}
}

func (d *Document) meta(k, v string) {
	v = strings.TrimSpace(strings.ToValidUTF8(v, "\ufffd"))
	if v == "" || len(v) > 300 {
		return
	}
	if d.Metadata == nil {
		d.Metadata = map[string]string{}
	}
	d.Metadata[k] = v
}

// Package reads the entries of an ECMA-376 package.
func Package(entries []File) *Document {
	d := &Document{Kind: "word"}
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name, "xl/"):
			d.Kind = "excel"
		case strings.HasPrefix(e.Name, "ppt/"):
			d.Kind = "powerpoint"
		}
	}
	var text strings.Builder
	for _, e := range entries {
		n := strings.ToLower(e.Name)
		switch {
		case strings.HasSuffix(n, ".rels"):
			d.relations(e.Content)
		case n == "docprops/core.xml" || n == "docprops/app.xml":
			d.properties(e.Content)
		case strings.HasSuffix(n, "vbaproject.bin"):
			d.trait("macro")
			o := OLE(e.Content)
			d.Macro += o.Macro
			d.AutoExec = append(d.AutoExec, o.AutoExec...)
			for _, t := range o.Traits {
				d.trait(t)
			}
		case strings.HasPrefix(n, "xl/macrosheets/"):
			d.trait("macro")
			d.trait("xlm-macro")
			d.xmlText(e.Content, &text)
		case strings.Contains(n, "/embeddings/") || strings.Contains(n, "/activex/") && strings.HasSuffix(n, ".bin"):
			d.trait("embedded-object")
			d.Files = append(d.Files, File{e.Name[strings.LastIndexByte(e.Name, '/')+1:], e.Content})
		case strings.HasPrefix(n, "xl/externallinks/externallink") && strings.Contains(string(e.Content), "ddeLink"):
			d.trait("dde")
		case strings.Contains(n, "/media/"):
			d.Images = append(d.Images, e)
		case n == "word/document.xml" || strings.HasPrefix(n, "word/header") || strings.HasPrefix(n, "word/footer") || n == "xl/sharedstrings.xml" ||
			strings.HasPrefix(n, "ppt/slides/slide") || strings.HasPrefix(n, "xl/worksheets/sheet") || strings.HasPrefix(n, "xl/drawings/"):
			d.xmlText(e.Content, &text)
		}
	}
	d.Text = strings.TrimSpace(text.String())
	slices.Sort(d.Traits)
	return d
}

// relations reads what a part points to (ECMA-376 part 2, section 9.3).
func (d *Document) relations(x []byte) {
	scanXML(x, func(name string, attrs func(string) string, _ string) {
		if name != "relationship" || len(d.Links) > 1000 {
			return
		}
		target, typ := attrs("Target"), strings.ToLower(attrs("Type"))
		external := strings.EqualFold(attrs("TargetMode"), "External")
		if !external && !strings.Contains(target, "://") {
			return
		}
		kind := "hyperlink"
		switch {
		case strings.Contains(typ, "attachedtemplate"):
			kind = "template"
			if remote(target) {
				d.trait("external-template")
			}
		case strings.Contains(typ, "oleobject"):
			kind = "object"
			if remote(target) {
				d.trait("external-object")
			}
		case strings.Contains(typ, "image"):
			kind = "image"
		case strings.Contains(typ, "frame"), strings.Contains(typ, "afchunk"), strings.Contains(typ, "subdocument"):
			kind = "frame"
		}
		if target != "" {
			d.Links = append(d.Links, Link{target, kind})
		}
	})
}

func remote(target string) bool {
	t := strings.ToLower(target)
	return strings.HasPrefix(t, "http:") || strings.HasPrefix(t, "https:") || strings.HasPrefix(t, "ftp:") || strings.HasPrefix(t, "mhtml:") || strings.HasPrefix(t, `\\`) ||
		strings.HasPrefix(t, "file://") && !strings.HasPrefix(t, "file:///")
}

func (d *Document) properties(x []byte) {
	keys := map[string]string{"creator": "author", "lastmodifiedby": "last_author", "created": "created", "modified": "modified", "application": "application", "company": "company", "template": "template", "title": "title"}
	var open string
	scanXML(x, func(name string, _ func(string) string, text string) {
		if name != "" {
			open = name
			return
		}
		if k := keys[open]; k != "" {
			d.meta(k, text)
			if k == "title" {
				d.Title = strings.TrimSpace(text)
			}
		}
	})
}

// xmlText takes the text of a part and its fields.
func (d *Document) xmlText(x []byte, b *strings.Builder) {
	scanXML(x, func(name string, attrs func(string) string, text string) {
		switch name {
		case "":
			if b.Len() < maxText {
				b.WriteString(text)
			}
			up := strings.ToUpper(text)
			if strings.Contains(up, "DDEAUTO") || strings.HasPrefix(strings.TrimSpace(up), "DDE ") {
				d.trait("dde")
			}
			if i := strings.Index(up, "HYPERLINK \""); i >= 0 {
				u, _, _ := strings.Cut(text[i+11:], `"`)
				if strings.Contains(u, ":") {
					d.Links = append(d.Links, Link{u, "hyperlink"})
				}
			}
		case "/p", "br", "/si", "/row":
			b.WriteByte('\n')
		case "tab", "/tc", "/c":
			b.WriteByte('\t')
		}
	})
}

// scanXML calls f for each tag with its local name in lower case ("/p" for an end tag) and for each text with no name.
func scanXML(x []byte, f func(name string, attr func(string) string, text string)) {
	s := string(x)
	none := func(string) string { return "" }
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return
		}
		if i > 0 {
			if t := entities(s[:i]); strings.TrimSpace(t) != "" {
				f("", none, t)
			}
		}
		s = s[i:]
		if strings.HasPrefix(s, "<!--") {
			j := strings.Index(s, "-->")
			if j < 0 {
				return
			}
			s = s[j+3:]
			continue
		}
		j := strings.IndexByte(s, '>')
		if j < 0 {
			return
		}
		tag := strings.TrimSuffix(s[1:j], "/")
		s = s[j+1:]
		if tag == "" || tag[0] == '?' || tag[0] == '!' {
			continue
		}
		name, rest, _ := strings.Cut(tag, " ")
		end := strings.HasPrefix(name, "/")
		if k := strings.IndexByte(name, ':'); k >= 0 {
			name = name[k+1:]
		}
		name = strings.ToLower(strings.TrimPrefix(name, "/"))
		if end {
			name = "/" + name
		}
		f(name, func(key string) string { return attribute(rest, key) }, "")
	}
}

func attribute(s, key string) string {
	for at := 0; ; {
		i := strings.Index(s[at:], key+"=")
		if i < 0 {
			return ""
		}
		at += i + len(key) + 1
		if i > 0 && s[at-len(key)-2] != ' ' && s[at-len(key)-2] != ':' && s[at-len(key)-2] != '\n' || at >= len(s) {
			continue
		}
		q := s[at]
		if q != '"' && q != '\'' {
			continue
		}
		end := strings.IndexByte(s[at+1:], q)
		if end < 0 {
			return ""
		}
		return entities(s[at+1 : at+1+end])
	}
}

func entities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&").Replace(s)
}
