package dossier

import (
	"encoding/base64"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Indicators returns the infrastructure of a campaign that may leave the house, in a fixed order: well-formed values only, none
// that belongs to an organisation of the pack (a partner's domain on a block list would cut the chain), no value twice in one role.
// A value that is the attacker's own in one role is so in all. What a
// web address says about its recipient (an address in the path, the query or the fragment, plain or in base64) is cut off.
func Indicators(p coldwatch.Profile, pack *knowledge.Pack) []coldwatch.Infrastructure {
	theirs := map[string]bool{}
	if pack != nil {
		for i := range pack.Organisations {
			for _, d := range pack.Organisations[i].Domains {
				theirs[strings.ToLower(d)] = true
			}
		}
	}
	var out []coldwatch.Infrastructure
	for _, i := range p.Infrastructure {
		i.Value = strings.TrimSpace(i.Value)
		if i.Kind == coldwatch.URL {
			i.Value = WithoutRecipient(i.Value)
		}
		if !wellFormed(i.Observable) || owned(theirs, host(i.Observable)) {
			continue
		}
		out = append(out, i)
	}
	slices.SortStableFunc(out, func(x, y coldwatch.Infrastructure) int {
		if c := strings.Compare(string(x.Kind), string(y.Kind)); c != 0 {
			return c
		}
		return strings.Compare(x.Value+"\x00"+x.Role, y.Value+"\x00"+y.Role)
	})
	out = slices.CompactFunc(out, func(x, y coldwatch.Infrastructure) bool {
		return x.Kind == y.Kind && x.Value == y.Value && x.Role == y.Role
	})
	own := map[[2]string]bool{}
	for _, i := range out {
		own[[2]string{string(i.Kind), i.Value}] = own[[2]string{string(i.Kind), i.Value}] || i.Owned
	}
	for k := range out {
		out[k].Owned = own[[2]string{string(out[k].Kind), out[k].Value}]
	}
	return out
}

// merged makes one entry of each value, with all its roles: for people, who look for the value.
func merged(in []coldwatch.Infrastructure) []coldwatch.Infrastructure {
	var out []coldwatch.Infrastructure
	for _, i := range in { // values stand together
		last := len(out) - 1
		if last < 0 || out[last].Kind != i.Kind || out[last].Value != i.Value {
			out = append(out, i)
			continue
		}
		m := &out[last]
		m.Role += ", " + i.Role
		m.Messages = max(m.Messages, i.Messages) // the roles of one message overlap
		if !i.First.IsZero() && i.First.Before(m.First) {
			m.First = i.First
		}
		if i.Last.After(m.Last) {
			m.Last = i.Last
		}
	}
	return out
}

// Blockable tells whether an indicator may be blocked outright: the attacker's own, or the very file.
func Blockable(i coldwatch.Infrastructure) bool { return i.Owned || i.Kind == coldwatch.FileHash }

// ValidUntil returns until when an indicator is worth a look: twice the campaign's own half-life after it was last seen where
// that is known, else 90 days; a year for files, which do not change hands.
func ValidUntil(p coldwatch.Profile, i coldwatch.Infrastructure) time.Time {
	days := 90.0
	if p.HalfLife.N > 0 {
		days = max(30, min(365, 2*p.HalfLife.High))
	}
	if i.Kind == coldwatch.FileHash {
		days = 365
	}
	last := i.Last
	if last.Before(i.First) {
		last = i.First
	}
	return last.UTC().Add(time.Duration(days*24) * time.Hour)
}

func wellFormed(o coldwatch.Observable) bool {
	switch o.Kind {
	case coldwatch.DomainName:
		return isHost(o.Value)
	case coldwatch.EmailAddress:
		local, domain, ok := strings.Cut(o.Value, "@")
		return ok && local != "" && isHost(domain) && !strings.ContainsFunc(local, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),:;<>[]\`, r)
		})
	case coldwatch.IPv4Address:
		a, err := netip.ParseAddr(o.Value)
		return err == nil && a.Is4()
	case coldwatch.IPv6Address:
		a, err := netip.ParseAddr(o.Value)
		return err == nil && a.Is6() && a.Zone() == ""
	case coldwatch.URL:
		u, err := url.Parse(o.Value)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && (isHost(u.Hostname()) || isAddress(u.Hostname())) &&
			!strings.ContainsFunc(o.Value, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) })
	case coldwatch.FileHash:
		return len(o.Value) == 64 && strings.Trim(o.Value, "0123456789abcdef") == ""
	}
	return false
}

func isAddress(s string) bool { _, err := netip.ParseAddr(s); return err == nil }

// isHost tells whether s is a host name of at least two labels (RFC 1123 section 2.1, underscores allowed as in use).
func isHost(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") || isAddress(s) {
		return false
	}
	for l := range strings.SplitSeq(s, ".") {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return true
}

// host returns the host or domain of an observable, "" for a file.
func host(o coldwatch.Observable) string {
	switch o.Kind {
	case coldwatch.DomainName:
		return o.Value
	case coldwatch.EmailAddress:
		_, d, _ := strings.Cut(o.Value, "@")
		return d
	case coldwatch.URL:
		if u, err := url.Parse(o.Value); err == nil {
			return u.Hostname()
		}
	}
	return ""
}

func owned(theirs map[string]bool, name string) bool {
	for name != "" {
		if theirs[name] {
			return true
		}
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return false
		}
		name = rest
	}
	return false
}

// WithoutRecipient cuts off a web address what it says about its recipient: from the first piece of its path, query or fragment
// that holds a mail address, plain or coded, all the rest.
func WithoutRecipient(raw string) string {
	at := strings.Index(raw, "://")
	if at < 0 {
		return raw
	}
	rest := raw[at+3:]
	slash := strings.IndexAny(rest, "/?#")
	if slash < 0 {
		return raw
	}
	end := at + 3 + slash
	for i := end; i < len(raw); {
		n := strings.IndexAny(raw[i:], "/?#&=;,")
		if n == 0 {
			i++
			continue
		}
		if n < 0 {
			n = len(raw) - i
		}
		if personal(raw[i : i+n]) {
			if raw[i-1] == '=' { // its name goes with it
				i = strings.LastIndexAny(raw[:i-1], "/?#&;,") + 1
			}
			return strings.TrimRight(raw[:i], "?#&;,")
		}
		i += n
	}
	return raw
}

// personal tells whether a piece of a web address holds a mail address.
func personal(s string) bool {
	for range 2 { // once as it is, once percent-decoded
		if strings.Contains(s, "@") {
			return true
		}
		if d, err := url.QueryUnescape(s); err == nil {
			s = d
		}
	}
	if len(s) < 8 {
		return false
	}
	s = strings.TrimRight(s, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if d, err := enc.DecodeString(s); err == nil && strings.Contains(string(d), "@") && printable(d) {
			return true
		}
	}
	return false
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
