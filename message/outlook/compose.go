package outlook

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"
)

// A Decoder turns bytes of a charset ("" if unknown) into UTF-8.
type Decoder func(b []byte, charset string) string

// FromMSG returns the message of an Outlook .msg file as RFC 5322. Messages in its attachments become message/rfc822
// parts. It fails with ErrFormat if there is no message in it.
func FromMSG(raw []byte, decode Decoder) ([]byte, error) {
	x, err := readMSG(raw, decode)
	if err != nil {
		return nil, err
	}
	return compose(x, decode, 0), nil
}

// FromTNEF returns the message of a TNEF stream (winmail.dat) as RFC 5322. The header is that of the message that
// carried it, since TNEF leaves most of it there; fields are what to begin with.
func FromTNEF(raw []byte, fields []byte, decode Decoder) ([]byte, error) {
	x, err := readTNEF(raw, decode, 0)
	if err != nil {
		return nil, err
	}
	if x.text(propHeaders) == "" && len(fields) > 0 {
		x.props[propHeaders] = property{typeString8, fields}
		x.decode = func(b []byte) string { return decode(b, "") }
	}
	return compose(x, decode, 0), nil
}

// compose writes an item as a message.
func compose(x *item, decode Decoder, depth int) []byte {
	var out bytes.Buffer
	writeHeader(&out, x)
	bodies := bodiesOf(x, decode)
	if len(bodies) == 1 && len(x.attachments) == 0 {
		writeText(&out, bodies[0])
		return out.Bytes()
	}
	sum := sha256.New()
	fmt.Fprint(sum, depth, out.Len(), x.text(propSubject), len(x.attachments))
	for _, b := range bodies {
		sum.Write([]byte(b.text))
	}
	boundary := "=_coldwatch_" + hex.EncodeToString(sum.Sum(nil)[:12])
	fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n", boundary)
	if len(bodies) > 1 {
		inner := boundary + "_alt"
		fmt.Fprintf(&out, "--%s\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary, inner)
		for _, b := range bodies {
			fmt.Fprintf(&out, "--%s\r\n", inner)
			writeText(&out, b)
		}
		fmt.Fprintf(&out, "--%s--\r\n", inner)
	} else {
		for _, b := range bodies {
			fmt.Fprintf(&out, "--%s\r\n", boundary)
			writeText(&out, b)
		}
	}
	for _, a := range x.attachments {
		fmt.Fprintf(&out, "--%s\r\n", boundary)
		writeAttachment(&out, a, decode, depth)
	}
	fmt.Fprintf(&out, "--%s--\r\n", boundary)
	return out.Bytes()
}

// writeHeader writes the fields: those of the transport where they are there, else those that the properties give.
func writeHeader(out *bytes.Buffer, x *item) {
	have := map[string]bool{}
	skip := false
	for _, line := range strings.Split(x.text(propHeaders), "\n") {
		line = strings.TrimRight(line, "\r\x00")
		if line == "" {
			if out.Len() > 0 {
				break
			}
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if !skip && out.Len() > 0 {
				out.WriteString(line + "\r\n")
			}
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		// The body is written anew, so its old description must not stand.
		skip = !ok || strings.ContainsAny(name, " \t") || name == "content-type" || name == "content-transfer-encoding" || name == "content-disposition" || name == "content-length"
		if skip {
			continue
		}
		have[name] = true
		out.WriteString(line + "\r\n")
	}
	add := func(name, value string) {
		if value != "" && !have[strings.ToLower(name)] {
			out.WriteString(name + ": " + value + "\r\n")
		}
	}
	add("From", mailbox(x.first(propSentName, propSenderName), address(x, propSentSMTP, propSentAddress, propSenderSMTP, propSenderAddress)))
	var to, cc []string
	for _, r := range x.recipients {
		m := mailbox(r.text(propDisplayName), address(r, propSMTPAddress, propAddress))
		if m == "" {
			continue
		}
		if r.integer(propRecipientType) == 2 {
			cc = append(cc, m)
		} else if r.integer(propRecipientType) != 3 {
			to = append(to, m)
		}
	}
	if len(to) == 0 {
		to = append(to, word(x.text(propDisplayTo)))
	}
	add("To", strings.Join(to, ",\r\n\t"))
	add("Cc", strings.Join(cc, ",\r\n\t"))
	add("Subject", word(x.text(propSubject)))
	date := x.time(propSubmitTime)
	if date.IsZero() {
		date = x.time(propDeliveryTime)
	}
	if !date.IsZero() {
		add("Date", date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	}
	add("Message-ID", clean(x.text(propMessageID)))
	add("MIME-Version", "1.0")
	if out.Len() == 0 {
		out.WriteString("MIME-Version: 1.0\r\n")
	}
}

// address returns the first property that is an internet address.
func address(x *item, ids ...uint16) string {
	for _, id := range ids {
		if s := clean(x.text(id)); strings.Contains(s, "@") {
			return s
		}
	}
	return ""
}

func mailbox(name, addr string) string {
	name = clean(name)
	switch {
	case addr == "" && name == "":
		return ""
	case addr == "" && strings.Contains(name, "@"):
		return name
	case addr == "":
		return quote(name) + " <>"
	case name == "" || name == addr:
		return addr
	}
	return quote(name) + " <" + addr + ">"
}

func quote(s string) string {
	if isASCII(s) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return mime.BEncoding.Encode("utf-8", s)
}

func word(s string) string {
	s = clean(s)
	if isASCII(s) {
		return s
	}
	return mime.BEncoding.Encode("utf-8", s)
}

// clean drops what would end a field.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s))
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// A body is one form of the text.
type body struct{ media, text string }

// bodiesOf returns the forms of the text, plainest first.
func bodiesOf(x *item, decode Decoder) []body {
	var out []body
	if s := x.text(propBody); s != "" {
		out = append(out, body{"text/plain", s})
	}
	html := ""
	if p, ok := x.props[propHTML]; ok {
		if p.kind == typeBinary {
			html = decode(p.data, htmlCharset(p.data, codePage(x.integer(propInternetCodeP))))
		} else {
			html = x.text(propHTML)
		}
	}
	if html == "" {
		if rtf := decompressRTF(x.binary(propRTF)); rtf != nil {
			b := readRTF(rtf, decode)
			switch {
			case b.html:
				html = b.text
			case len(out) == 0 && strings.TrimSpace(b.text) != "":
				out = append(out, body{"text/plain", b.text})
			}
		}
	}
	if html != "" {
		out = append(out, body{"text/html", html})
	}
	if len(out) == 0 {
		out = append(out, body{"text/plain", ""})
	}
	return out
}

// htmlCharset returns the charset that an HTML page names, else the one given.
func htmlCharset(b []byte, fallback string) string {
	head := bytes.ToLower(b[:min(len(b), 2048)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return fallback
	}
	rest := bytes.TrimLeft(head[i+8:], `"' `)
	if j := bytes.IndexAny(rest, "\"'> ;/"); j > 0 {
		return string(rest[:j])
	}
	return fallback
}

func writeText(out *bytes.Buffer, b body) {
	fmt.Fprintf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", b.media)
	writeBase64(out, []byte(b.text))
}

func writeBase64(out *bytes.Buffer, b []byte) {
	for len(b) > 0 {
		n := min(len(b), 57)
		out.WriteString(base64.StdEncoding.EncodeToString(b[:n]))
		out.WriteString("\r\n")
		b = b[n:]
	}
}

func writeAttachment(out *bytes.Buffer, a *item, decode Decoder, depth int) {
	name := clean(a.first(propAttachLongName, propAttachName, propDisplayName))
	if a.message != nil && depth < maxNested {
		fmt.Fprintf(out, "Content-Type: message/rfc822\r\nContent-Disposition: attachment%s\r\n\r\n", param("filename", name))
		out.Write(compose(a.message, decode, depth+1))
		out.WriteString("\r\n")
		return
	}
	data := a.binary(propAttachData)
	if len(data) == 0 {
		data = a.transport
	}
	media := strings.ToLower(clean(a.text(propAttachMIME)))
	if media == "" || strings.ContainsAny(media, " ;\"") || !strings.Contains(media, "/") || strings.HasPrefix(media, "multipart/") {
		media = "application/octet-stream"
	}
	disposition := "attachment"
	if id := clean(a.text(propAttachContentID)); id != "" {
		fmt.Fprintf(out, "Content-ID: <%s>\r\n", id)
	}
	fmt.Fprintf(out, "Content-Type: %s%s\r\nContent-Disposition: %s%s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		media, param("name", name), disposition, param("filename", name))
	writeBase64(out, data)
}

// param writes a parameter, as RFC 2231 says if it is not ASCII.
func param(name, value string) string {
	if value == "" {
		return ""
	}
	if isASCII(value) {
		return fmt.Sprintf("; %s=\"%s\"", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value))
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return fmt.Sprintf("; %s*=utf-8''%s", name, b.String())
}
