package payload

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// magic is what a format's first bytes look like.
var magic = [...]struct{ prefix, kind, media string }{
	{"%PDF-", "pdf", "application/pdf"},
	{"PK\x03\x04", "archive", "application/zip"},
	{"PK\x05\x06", "archive", "application/zip"},
	{"Rar!\x1a\x07", "archive", "application/vnd.rar"},
	{"7z\xbc\xaf\x27\x1c", "archive", "application/x-7z-compressed"},
	{"\x1f\x8b", "archive", "application/gzip"},
	{"BZh", "archive", "application/x-bzip2"},
	{"\xfd7zXZ\x00", "archive", "application/x-xz"},
	{"MSCF", "archive", "application/vnd.ms-cab-compressed"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office", "application/x-ole-storage"},
	{"{\\rt", "office", "application/rtf"},
	{"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "office", "application/onenote"},
	{"\x89PNG\r\n\x1a\n", "image", "image/png"},
	{"\xff\xd8\xff", "image", "image/jpeg"},
	{"GIF8", "image", "image/gif"},
	{"BM", "image", "image/bmp"},
	{"II*\x00", "image", "image/tiff"},
	{"MM\x00*", "image", "image/tiff"},
	{"MZ", "executable", "application/vnd.microsoft.portable-executable"},
	{"\x7fELF", "executable", "application/x-elf"},
	{"\xca\xfe\xba\xbe", "executable", "application/java"},
	{"L\x00\x00\x00\x01\x14\x02\x00", "shortcut", "application/x-ms-shortcut"},
	{"[InternetShortcut]", "shortcut", "application/internet-shortcut"},
	{"ITSF", "executable", "application/vnd.ms-htmlhelp"},
	{"BEGIN:VCALENDAR", "calendar", "text/calendar"},
	{"BEGIN:VCARD", "contact", "text/vcard"},
}

// sniff finds out what content is: by its first bytes, then as markup, then by name and declared type.
func sniff(b []byte, fileName, declared string) (kind, media string) {
	ext := extension(fileName)
	head := b[:min(len(b), 1024)]
	if i := bytes.Index(head, []byte("%PDF-")); i > 0 && !strings.HasPrefix(declared, "text/") {
		return "pdf", "application/pdf" // readers take the header anywhere in the first KB
	}
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, m := range magic {
		if len(trimmed) >= len(m.prefix) && string(trimmed[:len(m.prefix)]) == m.prefix || len(head) >= len(m.prefix) && string(head[:len(m.prefix)]) == m.prefix {
			if m.prefix == "BM" && (ext != "bmp" && declared != "image/bmp" || utf8.Valid(head)) || m.prefix == "MZ" && len(b) < 64 {
				continue
			}
			if m.prefix == "MZ" && (strings.HasPrefix(declared, "text/") || ext == "txt") && utf8.Valid(head) {
				continue
			}
			return m.kind, m.media
		}
	}
	if len(head) > 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP" {
		return "image", "image/webp"
	}
	if len(b) > 262 && string(b[257:262]) == "ustar" {
		return "archive", "application/x-tar"
	}
	if len(b) > 32774 && string(b[32769:32774]) == "CD001" {
		return "archive", "application/x-iso9660-image"
	}
	return sniffText(b, trimmed, ext, declared)
}

// sniffText tells markup, script and text apart.
func sniffText(b, head []byte, ext, declared string) (kind, media string) {
	if isUTF16(b) {
		head = decodeText(b[:min(len(b), 2048)])
	}
	low := bytes.ToLower(head)
	switch ext {
	case "html", "htm", "shtml", "shtm", "xhtml", "xht", "dhtml", "phtml", "mht", "mhtml", "hta":
		if ext == "mht" || ext == "mhtml" {
			return "archive", "multipart/related"
		}
		if ext == "hta" {
			return "html", "application/hta"
		}
		return "html", "text/html"
	case "svg", "svgz":
		return "svg", "image/svg+xml"
	case "js", "jse", "vbs", "vbe", "wsf", "wsh", "ps1", "bat", "cmd", "hta_", "sct":
		return "script", "text/" + map[bool]string{true: "javascript", false: "x-script"}[ext == "js" || ext == "jse"]
	case "url", "webloc", "website":
		return "shortcut", "application/internet-shortcut"
	case "eml":
		return "message", "message/rfc822"
	}
	switch {
	case bytes.Contains(low, []byte("<svg")) && !bytes.Contains(low, []byte("<html")):
		return "svg", "image/svg+xml"
	case bytes.HasPrefix(low, []byte("<!doctype html")), bytes.Contains(low, []byte("<html")), bytes.HasPrefix(low, []byte("<script")),
		bytes.HasPrefix(low, []byte("<head")), bytes.HasPrefix(low, []byte("<body")), bytes.HasPrefix(low, []byte("<form")), bytes.HasPrefix(low, []byte("<meta http-equiv")):
		return "html", "text/html"
	case bytes.HasPrefix(low, []byte("mime-version:")) && bytes.Contains(low, []byte("multipart/related")):
		return "archive", "multipart/related"
	case bytes.HasPrefix(low, []byte("<iframe")), bytes.HasPrefix(low, []byte("<!--")), bytes.HasPrefix(low, []byte("<table")), bytes.HasPrefix(low, []byte("<div")),
		bytes.HasPrefix(low, []byte("<title")), bytes.HasPrefix(low, []byte("<center")), bytes.HasPrefix(low, []byte("<img")), bytes.HasPrefix(low, []byte("<style")):
		return "html", "text/html"
	}
	switch declared {
	case "text/html", "application/xhtml+xml":
		return "html", "text/html"
	case "text/calendar", "application/ics":
		return "calendar", "text/calendar"
	case "text/vcard", "text/x-vcard":
		return "contact", "text/vcard"
	case "text/javascript", "application/javascript", "application/x-javascript":
		return "script", "text/javascript"
	case "message/rfc822":
		return "message", "message/rfc822"
	case "image/svg+xml":
		return "svg", declared
	}
	if strings.HasPrefix(declared, "text/") {
		return "text", declared
	}
	if printable(b) {
		return "text", "text/plain"
	}
	switch ext {
	case "exe", "scr", "com", "dll", "msi", "jar", "pif", "cpl", "apk", "chm":
		return "executable", "application/octet-stream"
	}
	if declared == "" {
		declared = "application/octet-stream"
	}
	return "other", declared
}

// extension is a file name's last extension in lower case, without the dot and without what Windows drops at the end.
func extension(fileName string) string {
	fileName = strings.TrimRight(fileName, ". \u00a0\u2800\u200b")
	return strings.ToLower(strings.TrimPrefix(path.Ext(fileName), "."))
}

func isUTF16(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff)
}

// decodeText makes UTF-8 of text without a declared charset: by its byte order mark, else UTF-8 where it is valid, else
// windows-1252, as browsers do. The result is b itself where nothing changes.
func decodeText(b []byte) []byte {
	switch {
	case isUTF16(b):
		out, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(b)
		if err == nil {
			return out
		}
	case len(b) > 40 && b[1] == 0 && b[3] == 0 && b[0] == '<':
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(b)
		if err == nil {
			return out
		}
	case !utf8.Valid(b):
		if out, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			return out
		}
	}
	return b
}

func printable(b []byte) bool {
	b = b[:min(len(b), 4096)]
	if len(b) == 0 || !utf8.Valid(b[:max(0, len(b)-3)]) && !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			return false
		}
	}
	return true
}
