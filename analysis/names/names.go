// Package names reads what a domain name or a written name says about who stands behind it.
//
// A domain's owner is its organisational domain (RFC 7489 section 3.2): one label below the public suffix. A suffix that
// the list does not know, such as .example or .test (RFC 2606), counts as one label. Under some names anybody may open a
// mailbox, a page or a short link; those say nothing about their user and stand in three embedded lists.
//
// Written names are compared in a folded form: lower case, accents off, other alphabets transliterated. A second form,
// the skeleton (Unicode TR39 section 4), maps letters that look alike to one, so that "раураl" and "paypal" meet.
package names

import (
	_ "embed"
	"strings"
	"sync"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Organisational returns the organisational domain of a host: the public suffix and one label. The host is lower case,
// without a trailing dot. A bare suffix, an address literal or an empty host comes back as it is.
func Organisational(host string) string {
	if host == "" || host[0] == '[' || isIPv4(host) || strings.HasPrefix(host, ".") {
		return host
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	if len(host) <= len(suffix) {
		return host
	}
	rest := host[:len(host)-len(suffix)-1]
	return host[strings.LastIndexByte(rest, '.')+1:]
}

// Delegated tells whether a host ends in a suffix that exists, or in one reserved for examples and tests (RFC 2606).
func Delegated(host string) bool {
	suffix, icann := publicsuffix.PublicSuffix(host)
	return icann || strings.IndexByte(suffix, '.') > 0 || suffix == "example" || suffix == "test"
}

// Label returns the label that an organisation chose: the first of its organisational domain, in Unicode form.
func Label(host string) string {
	org := Organisational(host)
	if dot := strings.IndexByte(org, '.'); dot >= 0 {
		org = org[:dot]
	}
	return Unicode(org)
}

// Unicode decodes the punycode labels of a host (RFC 5891); a host that does not decode comes back as it is.
func Unicode(host string) string {
	if !strings.Contains(host, "xn--") {
		return host
	}
	if u, err := idna.Punycode.ToUnicode(host); err == nil {
		return u
	}
	return host
}

// Aligned tells whether two hosts have one organisational domain (relaxed alignment, RFC 7489 section 3.1).
func Aligned(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	return a == b || Organisational(a) == Organisational(b)
}

// Domain returns the lower-case domain of a mail address, "" if it has none.
func Domain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(address[at+1:], " <>")), ".")
}

// Local returns the part of a mail address before its last @.
func Local(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return address[:at]
	}
	return address
}

func isIPv4(host string) bool {
	for i := 0; i < len(host); i++ {
		if c := host[i]; c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

//go:embed free_mail.txt
var freeMailText string

//go:embed free_hosts.txt
var freeHostsText string

//go:embed shorteners.txt
var shortenersText string

var (
	freeMail   = sync.OnceValue(func() map[string]bool { return set(freeMailText) })
	freeHosts  = sync.OnceValue(func() map[string]bool { return set(freeHostsText) })
	shorteners = sync.OnceValue(func() map[string]bool { return set(shortenersText) })
)

func set(text string) map[string]bool {
	out := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
}

// FreeMail tells whether anybody may open a mailbox under the domain.
func FreeMail(domain string) bool { return under(freeMail(), domain) }

// FreeHost tells whether anybody may publish a page or form under the host, without a name or money.
func FreeHost(host string) bool { return under(freeHosts(), host) }

// Shortener tells whether the host serves short links, which hide where they lead.
func Shortener(host string) bool { return under(shorteners(), host) }

// under tells whether the host or a domain above it is in the set.
func under(set map[string]bool, host string) bool {
	for host != "" {
		if set[host] {
			return true
		}
		dot := strings.IndexByte(host, '.')
		if dot < 0 {
			return false
		}
		host = host[dot+1:]
	}
	return false
}

// Host returns the lower-case host of an http, https or ftp URL without port and userinfo, "" for any other.
func Host(url string) string {
	i := strings.Index(url, "://")
	if i < 3 || i > 5 {
		return ""
	}
	rest := url[i+3:]
	if end := strings.IndexAny(rest, "/?#\\"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if len(rest) > 0 && rest[0] != '[' {
		if colon := strings.IndexByte(rest, ':'); colon >= 0 {
			rest = rest[:colon]
		}
	}
	return strings.TrimSuffix(strings.ToLower(rest), ".")
}
