package sender

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// tooling notes the marks of the program that wrote a message. Fields that relays, receivers, lists and filters add are
// left out, and so are those that are there only in a reply.
func tooling(m *coldwatch.Message, from string) coldwatch.Tooling {
	var t coldwatch.Tooling
	order := fnv.New64a()
	n := 0
	for i := range m.Header {
		f := &m.Header[i]
		if added(f.Name) {
			continue
		}
		order.Write([]byte(f.Name))
		order.Write([]byte{0})
		if n++; n == 200 {
			break
		}
	}
	if n > 0 {
		t.HeaderOrder = strconv.FormatUint(order.Sum64(), 16)
	}
	t.Mailer = m.Get("X-Mailer")
	if t.Mailer == "" {
		t.Mailer = m.Get("User-Agent")
	}
	t.Mailer = maskDigits(t.Mailer)
	if id := strings.Trim(m.Get("Message-ID"), " <>\t"); id != "" {
		t.MessageID = shapeOfID(id, from)
	}
	if len(m.Parts) > 0 {
		t.Boundary = shape(m.Parts[0].Params["boundary"])
	}
	t.Zone = zone(m.Get("Date"))
	sum := fnv.New64a()
	for _, s := range [...]string{t.Mailer, t.HeaderOrder, t.MessageID, t.Boundary} {
		sum.Write([]byte(s))
		sum.Write([]byte{0})
	}
	if n > 0 {
		t.Fingerprint = strconv.FormatUint(sum.Sum64(), 16)
	}
	return t
}

// addedPrefixes are the beginnings of the names of fields that no sending program writes.
var addedPrefixes = [...]string{"x-ms-exchange-", "x-microsoft-antispam", "x-forefront-", "x-eop", "x-ms-office365-filtering", "x-ms-publictraffictype",
	"x-ms-traffictype", "x-ms-userlast", "x-incoming", "x-sid-", "x-message-", "x-spam", "x-rspamd", "x-virus", "x-barracuda", "x-proofpoint",
	"x-mimecast", "x-ironport", "x-amavis", "x-greylist", "x-scanned", "x-google-", "x-gm-", "arc-", "list-", "resent-", "x-mailman", "x-pm-", "x-envelope",
	"x-original", "x-sender-", "x-forwarded", "authentication-results", "x-authentication", "x-cmae", "x-ovh-", "x-sophos", "x-fe", "x-policy", "x-clx-", "x-mdaemon", "x-gnd-"}

var addedNames = map[string]bool{"received": true, "return-path": true, "delivered-to": true, "received-spf": true, "dkim-signature": true, "domainkey-signature": true,
	"x-received": true, "x-beenthere": true, "errors-to": true, "precedence": true, "mailing-list": true, "envelope-to": true, "delivery-date": true, "status": true,
	"x-status": true, "x-uid": true, "x-uidl": true, "x-keywords": true, "content-length": true, "lines": true, "x-loop": true, "sender": true, "autocrypt": true,
	"cc": true, "bcc": true, "in-reply-to": true, "references": true, "x-dkim": true, "x-filter": true, "x-csa-complaints": true, "x-tuid": true}

// added tells whether a field is written by someone on the way, or only in some of a program's messages.
func added(name string) bool {
	name = strings.ToLower(name)
	if addedNames[name] {
		return true
	}
	for _, p := range addedPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// maskDigits replaces each run of digits and dots by "#", so that versions of a program compare equal.
func maskDigits(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s) && i < 200; i++ {
		c := s[i]
		digit := '0' <= c && c <= '9' || c == '.' && len(b) > 0 && b[len(b)-1] == '#'
		switch {
		case digit && len(b) > 0 && b[len(b)-1] == '#':
		case digit:
			b = append(b, '#')
		default:
			b = append(b, c)
		}
	}
	return strings.ToValidUTF8(string(b), "?")
}

// shapeOfID masks a Message-ID; of its host it keeps only how it relates to the From domain, or the name where a large
// provider's program writes it.
func shapeOfID(id, from string) string {
	local, host := id, ""
	if at := strings.LastIndexByte(id, '@'); at >= 0 {
		local, host = id[:at], strings.ToLower(id[at+1:])
	}
	switch {
	case host == "":
		host = "none"
	case host == from:
		host = "from"
	case names.Aligned(host, from):
		host = "below"
	case names.FreeMail(names.Organisational(host)):
		host = names.Organisational(host)
	case strings.IndexByte(host, '.') < 0:
		host = "name"
	default:
		host = "other"
	}
	return shape(local) + "@" + host
}

// shape masks a string: each run of letters and digits becomes a class and its length ("d" digits, "h" and "H" hex, "w" others), the
// separators stay.
func shape(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < 120; {
		if !alnum(s[i]) {
			if s[i] >= ' ' && s[i] < 0x7F {
				b.WriteByte(s[i])
			}
			i++
			continue
		}
		start := i
		for i < len(s) && alnum(s[i]) {
			i++
		}
		run := s[start:i]
		b.WriteByte(class(run))
		b.WriteString(strconv.Itoa(len(run)))
	}
	return b.String()
}

func alnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func class(run string) byte {
	digits, lower, upper := true, true, true
	for i := 0; i < len(run); i++ {
		c := run[i]
		d := '0' <= c && c <= '9'
		digits = digits && d
		lower = lower && (d || 'a' <= c && c <= 'f')
		upper = upper && (d || 'A' <= c && c <= 'F')
	}
	switch {
	case digits && len(run) > 4:
		return 'd'
	case upper && !lower, upper && len(run) <= 4:
		return 'H'
	case lower:
		return 'h'
	}
	return 'w'
}

// zone returns the numeric zone of a Date value, "" if it has none.
func zone(date string) string {
	for i := len(date) - 5; i >= 0; i-- {
		if (date[i] == '+' || date[i] == '-') && i > 0 && date[i-1] == ' ' {
			z := date[i : i+5]
			for j := 1; j < 5; j++ {
				if z[j] < '0' || z[j] > '9' {
					return ""
				}
			}
			return z
		}
	}
	return ""
}
