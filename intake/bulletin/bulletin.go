// Package bulletin reads published reports for the indicators in them, so that stored mail can be hunted for them.
//
// A report comes as pasted text, as a web page saved, as CSV, as a STIX 2.1 bundle (indicator patterns, STIX 2.1 section 9,
// and cyber-observables, section 6) or as a MISP event. Writers defang what they print, each in a way of their own:
// hxxps://evil[.]example, evil(dot)example, someone[at]evil[.]example. Everything is taken as text, whatever the format: the
// structured ones are read by their strings, so that one extractor serves all. Nothing that is found is ever fetched.
package bulletin

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/coldwatch/coldwatch"
)

// Limits: a report is a document, not a dump.
const (
	maxBytes      = 32 << 20
	maxIndicators = 100_000
	maxDepth      = 64
)

// An Indicator is one value that the report names, normalised as mail is: lower case, punycode.
type Indicator struct {
	Kind  coldwatch.ObservableKind `json:"kind"`
	Value string                   `json:"value"`
	As    string                   `json:"as"` // how it stood in the report
}

// Extract gives the indicators of a report, sorted by kind and value, each once. Domains need a known public suffix or one of
// those reserved for documentation; file names and version numbers are not taken for domains.
func Extract(report []byte) []Indicator {
	if len(report) > maxBytes {
		report = report[:maxBytes]
	}
	x := extractor{seen: map[Indicator]bool{}}
	var v any
	if json.Unmarshal(report, &v) == nil {
		x.json(v, 0)
	} else {
		x.text(string(report))
	}
	slices.SortFunc(x.out, func(a, b Indicator) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	return x.out
}

type extractor struct {
	out  []Indicator
	seen map[Indicator]bool
}

func (x *extractor) add(kind coldwatch.ObservableKind, value, as string) {
	key := Indicator{Kind: kind, Value: value}
	if value == "" || x.seen[key] || len(x.out) >= maxIndicators {
		return
	}
	x.seen[key] = true
	x.out = append(x.out, Indicator{kind, value, as})
}

// structural are the keys whose strings name the document's own parts, never the adversary's.
var structural = map[string]bool{"$schema": true, "schema": true, "id": true, "type": true, "spec_version": true, "created_by_ref": true,
	"object_marking_refs": true, "external_references": true, "uuid": true, "Orgc": true, "Org": true, "extensions": true, "name_space": true}

// json reads every string of a structured report but those that are structure.
func (x *extractor) json(v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case string:
		x.text(v)
	case []any:
		for _, e := range v {
			x.json(e, depth+1)
		}
	case map[string]any:
		for k, e := range v {
			if !structural[k] {
				x.json(e, depth+1)
			}
		}
	}
}

// text reads running text word by word.
func (x *extractor) text(s string) {
	s = refang(strings.ToValidUTF8(s, " "))
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`<>"'|,;{}()`+"`“”‘’«»", r) || unicode.IsControl(r)
	}) {
		x.word(strings.Trim(w, "[].:!?*=…"))
	}
}

// refang undoes the ways in which reports keep their readers from clicking.
func refang(s string) string {
	return strings.NewReplacer(
		"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", " [.] ", ".", `\.`, ".", "[.", ".", ".]", ".",
		"[:]", ":", "[://]", "://", "[:", ":", "[at]", "@", "(at)", "@", "{at}", "@", "[@]", "@", "[AT]", "@",
		"hxxp", "http", "hXXp", "http", "HXXP", "http", "h**p", "http", "meow://", "http://",
		"[/]", "/", "\u200b", "", "\u00ad", "",
	).Replace(s)
}

func (x *extractor) word(w string) {
	if len(w) < 4 || len(w) > 2048 {
		return
	}
	low := lower(w)
	if i := strings.Index(low, "://"); i > 0 {
		start := max(strings.LastIndex(low[:i], "http"), strings.LastIndex(low[:i], "ftp"))
		if start >= 0 {
			x.url(w[start:])
		}
		return
	}
	if at := strings.IndexByte(low, '@'); at > 0 {
		if d := domain(low[at+1:]); d != "" {
			local := low[:at]
			if i := strings.LastIndexAny(local, ":=/"); i >= 0 {
				local = local[i+1:]
			}
			x.add(coldwatch.EmailAddress, local+"@"+d, w)
		}
		return
	}
	if h := low[strings.LastIndexAny(low, "=:")+1:]; isHash(h) {
		x.add(coldwatch.FileHash, h, w)
		return
	}
	host, _, path := strings.Cut(low, "/")
	if ip, err := netip.ParseAddr(host); err == nil {
		if !path {
			x.address(ip, w)
		}
		return
	}
	if d := domain(host); d != "" {
		x.add(coldwatch.DomainName, d, w)
	}
}

func (x *extractor) url(w string) {
	rest := w[strings.Index(w, "://")+3:]
	host, tail := lower(rest), ""
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host, tail = host[:i], rest[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	bare := host
	if i := strings.LastIndexByte(bare, ':'); i >= 0 && !strings.HasSuffix(bare, "]") {
		bare = bare[:i]
	}
	if ip, err := netip.ParseAddr(strings.Trim(bare, "[]")); err == nil {
		x.address(ip, w)
	} else if d := domain(bare); d != "" {
		x.add(coldwatch.DomainName, d, w)
	} else {
		return
	}
	if len(tail) > 1 { // more than a bare host
		x.add(coldwatch.URL, lower(w[:strings.Index(w, "://")])+"://"+host+tail, w)
	}
}

func (x *extractor) address(ip netip.Addr, as string) {
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() {
		return
	}
	kind := coldwatch.IPv4Address
	if ip.Is6() {
		kind = coldwatch.IPv6Address
	}
	x.add(kind, ip.String(), as)
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// reserved are the suffixes of RFC 2606 and 6761 that documents use.
var reserved = map[string]bool{"example": true, "test": true, "invalid": true}

// fileNames are endings of files that are top-level domains too: in a report they are files.
var fileNames = map[string]bool{"zip": true, "py": true, "sh": true, "pl": true, "rs": true, "md": true, "ps": true, "so": true, "cab": true, "mov": true}

// domain gives the normalised domain, "" for what is none.
func domain(s string) string {
	s = strings.Trim(s, ".")
	if s == "" || !strings.Contains(s, ".") || len(s) > 253 {
		return ""
	}
	a, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(a)
	last := a[strings.LastIndexByte(a, '.')+1:]
	if !(icann || reserved[last] || strings.Contains(suffix, ".")) || fileNames[last] && strings.Count(a, ".") == 1 {
		return ""
	}
	if suffix == a {
		return ""
	}
	return a
}

// lower lowers ASCII letters only, so that offsets stay what they are.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
