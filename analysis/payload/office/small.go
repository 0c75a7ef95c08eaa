package office

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// fileGUID marks an embedded file in OneNote: FileDataStoreObject ([MS-ONESTORE] section 2.6.13).
const fileGUID = "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"

// OneNote finds the files embedded in a section, with the names that stand nearby left out: they are display data.
func OneNote(data []byte) *Document {
	d := &Document{Kind: "onenote"}
	for at := 0; len(d.Files) < 50; {
		i := bytes.Index(data[at:], []byte(fileGUID))
		if i < 0 || at+i+36 > len(data) {
			break
		}
		at += i
		n := le.Uint64(data[at+16:])
		start := at + 36
		at = start
		if n > uint64(len(data)-start) {
			n = uint64(len(data) - start)
		}
		body := data[start : start+int(n)]
		if bytes.HasPrefix(body, []byte("\x89PNG")) || bytes.HasPrefix(body, []byte("\xff\xd8")) {
			d.Images = append(d.Images, File{"image", body})
			if len(d.Images) > 50 {
				break
			}
			continue
		}
		d.trait("embedded-object")
		d.Files = append(d.Files, File{"", body})
	}
	d.Text = wide(data)
	return d
}

// A Shortcut is what a shortcut would start.
type Shortcut struct {
	Target, Arguments, Name, Icon string
}

// LNK reads a shell link ([MS-SHLLINK] section 2).
func LNK(b []byte) (s Shortcut) {
	if len(b) < 76 {
		return s
	}
	flags := le.Uint32(b[20:])
	at := 76
	if flags&1 != 0 && at+2 <= len(b) {
		at += 2 + int(le.Uint16(b[at:]))
	}
	if flags&2 != 0 && at+4 <= len(b) {
		n := int(le.Uint32(b[at:]))
		if n >= 28 && n <= len(b)-at {
			if off := int(le.Uint32(b[at+16:])); off > 0 && off < n {
				p := b[at+off : at+n]
				if i := bytes.IndexByte(p, 0); i >= 0 {
					s.Target = string(p[:i])
				}
			}
		}
		at += max(n, 4)
	}
	read := func(flag uint32) string {
		if flags&flag == 0 || at < 0 || at+2 > len(b) {
			return ""
		}
		n := int(le.Uint16(b[at:]))
		at += 2
		if flags&0x80 == 0 {
			end := min(at+n, len(b))
			t := string(b[at:end])
			at = end
			return t
		}
		end := min(at+2*n, len(b))
		u := make([]uint16, 0, n)
		for ; at+1 < end; at += 2 {
			u = append(u, le.Uint16(b[at:]))
		}
		return string(utf16.Decode(u))
	}
	s.Name = read(4)
	if rel := read(8); s.Target == "" {
		s.Target = rel
	}
	read(16)
	s.Arguments = read(32)
	s.Icon = read(64)
	return s
}

// InternetShortcut reads the address of a .url or .webloc file.
func InternetShortcut(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if len(line) > 4 && strings.EqualFold(line[:4], "url=") {
			return line[4:]
		}
		if _, rest, ok := strings.Cut(line, "<string>"); ok {
			u, _, _ := strings.Cut(rest, "</string>")
			return entities(u)
		}
	}
	return ""
}

// Content reads the lines of iCalendar or vCard (RFC 5545 section 3.1): unfolded, with the values of the properties that
// a person reads as text, and the addresses of URL, ATTACH and the like.
func Content(text string) (shown string, urls []string, properties map[string]string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	properties = map[string]string{}
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		head, value, ok := strings.Cut(line, ":")
		if !ok || b.Len() > maxText {
			continue
		}
		key, _, _ := strings.Cut(strings.ToUpper(head), ";")
		switch key {
		case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "FN", "ORG", "TITLE", "NOTE", "X-ALT-DESC":
			v := strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
			b.WriteString(v)
			b.WriteByte('\n')
		case "URL", "ATTACH", "X-GOOGLE-CONFERENCE":
			if strings.Contains(value, "://") && len(urls) < 100 {
				urls = append(urls, strings.TrimSpace(value))
			}
		case "PRODID", "METHOD", "UID", "ORGANIZER":
			if _, had := properties[strings.ToLower(key)]; !had && len(value) < 200 {
				properties[strings.ToLower(key)] = strings.TrimSpace(value)
			}
		}
	}
	return b.String(), urls, properties
}
