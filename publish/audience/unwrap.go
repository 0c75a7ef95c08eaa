package audience

import (
	"bytes"
	"encoding/base64"
	"html"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unwrap returns the text as it is and with the wrappings taken off that documents of ours, and people who paste into them, put
// around a name. Each view differs from those before.
func unwrap(s string) []string {
	out := []string{s}
	add := func(v string) {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	add(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s))
	last := out[len(out)-1]
	add(norm.NFKC.String(html.UnescapeString(unescapeJSON(last))))
	last = out[len(out)-1]
	add(refang(last))
	last = out[len(out)-1]
	if d, err := url.PathUnescape(keepPercent(last)); err == nil {
		add(d)
	}
	add(strings.ReplaceAll(last, `\`, ""))
	add(strings.Join(strings.Fields(strings.ReplaceAll(last, "=\n", "")), " "))
	add(decoded(last))
	return out
}

var jsonEscape = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)

func unescapeJSON(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	s = jsonEscape.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:], 16, 32)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\/`, "/").Replace(s)
}

// refang takes the defanging off addresses.
func refang(s string) string {
	return strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", " dot ", ".", "[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", " at ", "@",
		"[:]", ":", "hxxp", "http", "\\.", ".").Replace(s)
}

var badPercent = regexp.MustCompile(`%($|[^0-9a-fA-F]|[0-9a-fA-F]($|[^0-9a-fA-F]))`)

// keepPercent writes percent signs that begin no escape so that decoding leaves them alone.
func keepPercent(s string) string {
	for range 2 { // neighbours share a character
		s = badPercent.ReplaceAllString(s, "%25$1")
	}
	return s
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)

// decoded returns what stands in base64 in the text, a line a piece. Each piece is tried at its four offsets, for a name may begin
// amid a longer run.
func decoded(s string) string {
	var b strings.Builder
	for _, run := range base64Run.FindAllString(s, -1) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		for off := range 4 {
			piece := run[off:]
			if len(piece)%4 == 1 { // no text ends so
				piece = piece[:len(piece)-1]
			}
			d, err := base64.RawStdEncoding.DecodeString(piece)
			if err != nil {
				continue
			}
			if text := readableRun(d); text != "" {
				b.WriteString(text + "\n")
			}
		}
	}
	return b.String()
}

// readableRun returns all of it if it is text, else the longest run of printable ASCII if it is at least six long.
func readableRun(d []byte) string {
	if utf8.Valid(d) && !bytes.ContainsFunc(d, unicode.IsControl) {
		return string(d)
	}
	best, start := "", 0
	for i := 0; i <= len(d); i++ {
		if i == len(d) || d[i] < ' ' || d[i] >= 0x7f {
			if i-start > len(best) {
				best = string(d[start:i])
			}
			start = i + 1
		}
	}
	if len(best) < 6 {
		return ""
	}
	return best
}

// fold makes text into words: lower case, accents off, everything else a single space, with a space at both ends.
func fold(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	space := true
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	if !space {
		b.WriteByte(' ')
	}
	return b.String()
}

// word tells whether name stands in s with no letter or digit beside it.
func word(s, name string) bool {
	for at := 0; ; {
		i := strings.Index(s[at:], name)
		if i < 0 {
			return false
		}
		i += at
		before, after := ' ', ' '
		if i > 0 {
			before = rune(s[i-1])
		}
		if end := i + len(name); end < len(s) {
			after = rune(s[end])
		}
		if !unicode.IsLetter(before) && !unicode.IsDigit(before) && !unicode.IsLetter(after) && !unicode.IsDigit(after) {
			return true
		}
		at = i + len(name)
	}
}

// tokens yields the hosts and mail addresses in the text, in lower case, without the dots that end sentences.
func tokens(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		s = strings.ToLower(s)
		inside := func(c byte) bool {
			return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".-_@+%'=", c) >= 0 || c >= 0x80
		}
		for i := 0; i < len(s); {
			if !inside(s[i]) {
				i++
				continue
			}
			j := i
			for j < len(s) && inside(s[j]) {
				j++
			}
			t := s[i:j]
			if i > 0 && s[i-1] == '\\' && len(t) > 5 && t[0] == 'u' { // a JSON escape that another view has decoded
				t = t[5:]
			}
			t = strings.Trim(t, ".-_+%'=@")
			if k := strings.LastIndexAny(t, "='%"); k >= 0 { // an address's neighbour in a query or between quotes
				t = strings.Trim(t[k+1:], ".-_+@")
			}
			if strings.Contains(t, ".") && strings.ContainsAny(t, "abcdefghijklmnopqrstuvwxyz") && !yield(t) {
				return
			}
			i = j
		}
	}
}

// high-trust hosts: a list entry of one of these, or of what is under it, would take down what everybody uses. Hosts that let
// anybody put up pages are among them on purpose; a whole address on one may stand in a list, the bare host may not.
var highTrust = strings.Fields(`google.com gmail.com googleapis.com gstatic.com youtube.com microsoft.com office.com office365.com outlook.com live.com
	microsoftonline.com windows.net sharepoint.com azure.com apple.com icloud.com amazon.com amazonaws.com cloudflare.com akamai.net github.com
	githubusercontent.com facebook.com linkedin.com yahoo.com dropbox.com docusign.com docusign.net adobe.com wikipedia.org who.int un.org
	unicef.org europa.eu worldbank.org gavi.org cdc.gov nih.gov fda.gov dhl.com fedex.com ups.com maersk.com paypal.com visa.com mastercard.com
	salesforce.com zoom.us slack.com atlassian.com wetransfer.com sendgrid.net mailchimp.com letsencrypt.org digicert.com mozilla.org`)

// references are the hosts that our own documents name.
var references = strings.Fields(`attack.mitre.org github.com/coldwatch`)

func trusted(host string) bool {
	if slices.Contains(references, host) {
		return false
	}
	for _, h := range highTrust {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}
