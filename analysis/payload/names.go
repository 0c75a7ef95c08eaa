package payload

import (
	"strings"

	"github.com/coldwatch/coldwatch"
)

// names looks at what a file is called: names that show one type and are another.
func (o *opener) names(p *coldwatch.Payload, it item) {
	n := it.name
	if n == "" {
		if p.Kind == "executable" {
			o.executable(p, it)
		}
		return
	}
	where := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 16)}
	if strings.ContainsAny(n, "\u202e\u202d\u2066\u2067\u2068") {
		trait(p, "name-direction")
		o.fact("payload.name_direction", p, where, n, "The file name turns its reading direction around, which hides its real type.")
	}
	if strings.ContainsAny(n, "\u2800\u3164\u115f\u1160") || strings.Contains(n, strings.Repeat(" ", 8)) {
		trait(p, "name-blank")
		o.fact("payload.name_blank", p, where, n, "The file name pushes its real type out of sight with blanks.")
	}
	ext := extension(n)
	if inner := extension(strings.TrimSuffix(strings.TrimRight(n, ". \u2800"), "."+n[strings.LastIndexByte(n, '.')+1:])); ext != "" && document(inner) && active(ext) {
		trait(p, "name-double-extension")
		o.fact("payload.name_double_extension", p, where, n, "The file name shows a document's ending before its real one.")
	}
	if p.Kind == "executable" || executable(ext) {
		o.executable(p, it)
	}
	if want := kindOf(ext); want != "" && want != p.Kind && !(want == "office" && p.Kind == "archive") && p.Kind != "other" && p.Size > 0 {
		trait(p, "type-mismatch")
		if want != "image" || p.Kind != "image" {
			if p.Kind == "html" || p.Kind == "executable" || p.Kind == "script" || p.Kind == "svg" {
				o.fact("payload.type_mismatch", p, where, n+" is "+p.MediaType, "The file is called one type and is another that can act.")
			}
		}
	}
}

func (o *opener) executable(p *coldwatch.Payload, it item) {
	trait(p, "executable")
	where := coldwatch.Span{Where: p.ID, End: min(len(p.Content), 16)}
	switch {
	case p.Kind == "shortcut":
		return
	case it.via == "archive" || it.via == "embedded":
		o.fact("payload.executable_in_archive", p, where, it.name, "A program is packed inside an attachment.")
	default:
		o.fact("payload.executable", p, where, it.name, "A program is attached.")
	}
}

// document endings are those that people open without a thought.
func document(ext string) bool {
	switch ext {
	case "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "jpg", "jpeg", "png", "gif", "csv", "rtf", "mp3", "wav", "eml", "msg":
		return true
	}
	return false
}

// active endings are those that do something when they are opened.
func active(ext string) bool {
	switch ext {
	case "html", "htm", "shtml", "xhtml", "hta", "svg", "url", "lnk", "iso", "img", "vhd", "one":
		return true
	}
	return executable(ext)
}

func executable(ext string) bool {
	switch ext {
	case "exe", "scr", "com", "pif", "dll", "cpl", "msi", "msix", "jar", "js", "jse", "vbs", "vbe", "wsf", "wsh", "ps1", "bat", "cmd", "hta",
		"chm", "lnk", "scf", "reg", "msc", "apk", "gadget", "appref-ms", "settingcontent-ms", "xll", "ade", "inf":
		return true
	}
	return false
}

// kindOf is the payload kind that an ending promises, "" when it promises none.
func kindOf(ext string) string {
	switch ext {
	case "pdf":
		return "pdf"
	case "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp":
		return "image"
	case "doc", "docx", "docm", "xls", "xlsx", "xlsm", "xlsb", "ppt", "pptx", "rtf", "one", "dotm", "dot":
		return "office"
	case "zip", "rar", "7z", "gz", "tar", "iso", "img", "cab":
		return "archive"
	case "ics":
		return "calendar"
	case "txt", "csv", "log":
		return "text"
	}
	return ""
}
