package dossier

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
)

// Visible makes text safe to show: control, bidirectional and zero-width characters, with which a mail can make text read
// other than it is stored (UTS 39, UTR 36), become visible as their code point; line breaks and tabs become spaces; bytes
// that are not UTF-8 become the replacement character.
func Visible(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case hidden(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) ||
		unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Co, r) || r == 0x2800 || r == 0x3164 || r == 0x115F || r == 0x1160
}

// Defang writes an indicator so that nobody clicks it by mistake: dots and at signs in brackets, http as hxxp.
func Defang(kind coldwatch.ObservableKind, value string) string {
	value = Visible(value)
	switch kind {
	case coldwatch.URL:
		scheme, rest, ok := strings.Cut(value, "://")
		if !ok {
			return strings.ReplaceAll(value, ".", "[.]")
		}
		host, path, cut := strings.Cut(rest, "/")
		out := strings.NewReplacer("http", "hxxp", "HTTP", "hxxp").Replace(scheme) + "://" + strings.ReplaceAll(host, ".", "[.]")
		if cut {
			out += "/" + path
		}
		return out
	case coldwatch.IPv6Address:
		return strings.Replace(value, ":", "[:]", 1)
	case coldwatch.FileHash:
		return value
	}
	return strings.NewReplacer(".", "[.]", "@", "[@]").Replace(value)
}

// DefangText takes the click out of web addresses, hosts and mail addresses that stand in running text. File names stay.
func DefangText(s string) string {
	s = Visible(s)
	if !strings.ContainsAny(s, ":.@") {
		return s
	}
	s = strings.NewReplacer("http://", "hxxp://", "https://", "hxxps://", "HTTP://", "hxxp://", "HTTPS://", "hxxps://", "ftp://", "fxp://").Replace(s)
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && (letter(s[j]) || strings.IndexByte("0123456789.-_@+", s[j]) >= 0) {
			j++
		}
		if j == i {
			b.WriteByte(s[i])
			i++
			continue
		}
		token := strings.TrimRight(s[i:j], ".-_@+") // without what ends a sentence
		if clickable(token) {
			b.WriteString(strings.NewReplacer(".", "[.]", "@", "[@]").Replace(token))
		} else {
			b.WriteString(token)
		}
		b.WriteString(s[i+len(token) : j])
		i = j
	}
	return b.String()
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// clickable tells whether a mail program would make a link of a word: it ends in what could be a top-level domain and is no file
// name, or is an IPv4 address.
func clickable(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 {
		return false
	}
	last := s[dot+1:]
	if strings.Contains(s, "@") {
		return true
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Is4()
	}
	if len(last) < 2 || strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	switch last {
	case "html", "htm", "pdf", "zip", "exe", "js", "doc", "docx", "xls", "xlsx", "eml", "msg", "svg", "png", "jpg", "gif", "txt", "csv", "iso", "img", "lnk", "rar", "gz", "ics", "json":
		return false
	}
	return true
}

// Cut shortens text to n characters, with an ellipsis.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:n-1]), " ") + "…"
}

// Count writes a number with its noun: "1 message", "12 messages".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Day writes a day in UTC: "7 September 2020"; "unknown" for the zero time.
func Day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2 January 2006")
}

// Minute writes a time in UTC: "2020-09-07 08:15 UTC"; "unknown" for the zero time.
func Minute(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// shortDay writes a day for tables: "7 Sep 2020".
func shortDay(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2\u00a0Jan\u00a02006")
}

// Span writes a stretch of days: "7 September 2020", "7 to 9 September 2020", "30 October to 2 November 2020".
func Span(from, to time.Time) string { return span(from, to, "January") }

func span(from, to time.Time, month string) string {
	from, to = from.UTC(), to.UTC()
	switch {
	case from.IsZero():
		return "unknown"
	case to.IsZero() || from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return from.Format("2 " + month + " 2006")
	case from.Year() == to.Year() && from.Month() == to.Month():
		return from.Format("2") + " to " + to.Format("2 "+month+" 2006")
	case from.Year() == to.Year():
		return from.Format("2 "+month) + " to " + to.Format("2 "+month+" 2006")
	}
	return from.Format("2 "+month+" 2006") + " to " + to.Format("2 "+month+" 2006")
}

// Join lists words: "a", "a and b", "a, b and c".
func Join(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Number writes a figure without needless digits: 0.25, 3.5, 12, 1,250,000.
func Number(f float64) string {
	s := strconv.FormatFloat(f, 'f', 2, 64)
	if f >= 100 || f <= -100 {
		s = strconv.FormatFloat(f, 'f', 0, 64)
	}
	whole, part, _ := strings.Cut(s, ".")
	part = strings.TrimRight(part, "0")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "−", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	if whole == "0" {
		sign = ""
	}
	return sign + whole
}

// Percent writes a probability: "7 %"; ends are kept apart from 0 and 1.
func Percent(p float64) string {
	switch {
	case p > 0 && p < 0.01:
		return "under 1\u00a0%"
	case p < 1 && p > 0.99:
		return "over 99\u00a0%"
	}
	return strconv.FormatFloat(p*100, 'f', 0, 64) + "\u00a0%"
}

// Interval writes a range: "10 to 20", "at least 10" where the upper end is not known, "not assessed" without observations.
func Interval(r coldwatch.Range) string {
	switch {
	case r.N == 0:
		return "not assessed"
	case r.Open:
		return "at least " + Number(r.Low)
	case r.Low == r.High:
		return Number(r.Low)
	}
	return Number(r.Low) + " to " + Number(r.High)
}
