package sighting

import (
	_ "embed"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/coldwatch/coldwatch/knowledge"
)

//go:embed shared_hosts.txt
var sharedHostsFile string

// sharedHosts is read once and never changed.
var sharedHosts = domainSet(sharedHostsFile)

// domainSet reads one domain a line, '#' begins a comment.
func domainSet(file string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(file) {
		line, _, _ = strings.Cut(line, "#")
		if d := strings.TrimSpace(line); d != "" {
			set[d] = true
		}
	}
	return set
}

// inSet tells whether the domain or one above it is in the set.
func inSet(set map[string]bool, d string) bool {
	for d != "" {
		if set[d] {
			return true
		}
		dot := strings.IndexByte(d, '.')
		if dot < 0 {
			return false
		}
		d = d[dot+1:]
	}
	return false
}

func shared(host string) bool { return inSet(sharedHosts, host) }
func freeMail(d string) bool  { return knowledge.IsFreeMail(d) }

// organisational gives the organisational domain: one label more than the public suffix, private suffixes included, so
// that each customer of a hosting service is a domain of its own. A suffix itself stays as it is.
func organisational(host string) string {
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	if rest, ok := strings.CutSuffix(host, ".onmicrosoft.com"); ok {
		return rest[strings.LastIndexByte(rest, '.')+1:] + "." + d // each customer of Microsoft 365 has a label
	}
	for _, regional := range [...]string{".azurewebsites.net", ".web.core.windows.net"} {
		if rest, ok := strings.CutSuffix(host, "."+d); ok && strings.HasSuffix(d, regional) {
			return rest[strings.LastIndexByte(rest, '.')+1:] + "." + d // the label is a region, the customer's is before it
		}
	}
	return d
}

// token finds what names the customer on a shared host: the longest segment of the path or value of the query that looks
// made by a machine, else the only segment.
func token(u *url.URL) string {
	best := ""
	take := func(s string) {
		if looksMade(s) && len(s) > len(best) {
			best = s
		}
	}
	segs := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	for _, s := range segs {
		take(s)
	}
	for _, kv := range strings.Split(u.RawQuery, "&") {
		_, v, _ := strings.Cut(kv, "=")
		take(v)
	}
	if best == "" && len(segs) == 1 && !strings.Contains(segs[0], ".") {
		best = segs[0]
	}
	if colon := strings.IndexByte(best, ':'); colon > 0 && strings.HasPrefix(best, "bot") {
		best = best[:colon] // a bot's number; its secret may be renewed
	}
	return best
}

// looksMade tells a token from a word: at least six characters, with letters and digits or mixed case.
func looksMade(s string) bool {
	if len(s) < 6 {
		return false
	}
	var digit, lower, upper bool
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digit = true
		case r >= 'a' && r <= 'z':
			lower = true
		case r >= 'A' && r <= 'Z':
			upper = true
		}
	}
	return digit && (lower || upper) || lower && upper && !(unicode.IsUpper(rune(s[0])) && s[1:] == strings.ToLower(s[1:]))
}

// pathTemplate masks what changes from mail to mail: digits N, hexadecimal and base64 runs X, UUIDs U; the names of query
// parameters stay. "" for a bare host: that says nothing.
func pathTemplate(u *url.URL) string {
	var b strings.Builder
	segs := 0
	for seg := range strings.SplitSeq(u.EscapedPath(), "/") {
		if seg == "" {
			continue
		}
		if segs++; segs > 12 {
			break
		}
		b.WriteByte('/')
		b.WriteString(maskSegment(seg))
	}
	if b.Len() == 0 && u.RawQuery == "" {
		return ""
	}
	if u.RawQuery != "" {
		b.WriteByte('?')
		for i, kv := range strings.SplitN(u.RawQuery, "&", 9) {
			if i > 0 {
				b.WriteByte('&')
			}
			k, _, _ := strings.Cut(kv, "=")
			b.WriteString(maskSegment(k))
		}
	}
	return b.String()
}

func maskSegment(s string) string {
	if len(s) == 36 && strings.Count(s, "-") == 4 {
		return "U"
	}
	stem, ext := s, ""
	if dot := strings.LastIndexByte(s, '.'); dot > 0 && len(s)-dot <= 6 {
		stem, ext = s[:dot], s[dot:]
	}
	if len(stem) >= 12 && looksMade(stem) || strings.Contains(stem, "%40") || strings.Contains(stem, "@") {
		return "X" + ext
	}
	return maskDigits(strings.ToLower(stem)) + strings.ToLower(ext)
}

// maskDigits replaces each run of digits by N.
func maskDigits(s string) string {
	var b strings.Builder
	run := false
	for _, r := range s {
		if unicode.IsDigit(r) {
			if !run {
				b.WriteByte('N')
			}
			run = true
			continue
		}
		run = false
		b.WriteRune(r)
	}
	return b.String()
}

// fold lowers the case, joins white space and drops what is not printed.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}
