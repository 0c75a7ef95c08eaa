package payload

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// recipients finds the recipients' addresses in content, plain or encoded. A page that already knows its victim was
// made for one person.
type recipients struct {
	plain   []string // lower case
	encoded []needle
}

type needle struct {
	text string
	how  string
}

// newRecipients takes the first eight recipients; more is a list, and nobody prefills a form for a list.
func newRecipients(boxes []coldwatch.Mailbox) *recipients {
	r := &recipients{}
	for _, m := range boxes[:min(len(boxes), 8)] {
		addr := m.Address
		at := strings.LastIndexByte(addr, '@')
		if at < 1 || len(addr) < 6 || len(addr) > 254 {
			continue
		}
		low := strings.ToLower(addr)
		r.plain = append(r.plain, low)
		for _, a := range []string{low, addr} {
			r.encoded = append(r.encoded, needle{hex.EncodeToString([]byte(a)), "hex"}, needle{strings.ReplaceAll(url.QueryEscape(a), "+", "%20"), "url-encoded"})
			r.encoded = append(r.encoded, needle{strings.Replace(a, "@", "&#64;", 1), "entity"}, needle{strings.Replace(a, "@", "&#x40;", 1), "entity"})
			r.encoded = append(r.encoded, needle{strings.Replace(a, "@", "\\u0040", 1), "escaped"}, needle{strings.Replace(a, "@", "\\x40", 1), "escaped"})
			for shift := range 3 {
				r.encoded = append(r.encoded, needle{base64At(a, shift), "base64"})
			}
			if low == addr {
				break
			}
		}
	}
	return r
}

// base64At is the part of the base64 form that does not depend on what stands around the text, when the text starts
// shift bytes into a group of three.
func base64At(s string, shift int) string {
	padded := append(make([]byte, shift, shift+len(s)), s...)
	enc := base64.RawStdEncoding.EncodeToString(padded)
	start := []int{0, 2, 3}[shift]
	return enc[start : len(padded)/3*4]
}

// find tells how a recipient's address stands in a text: "plain", "base64", "hex", "url-encoded", "" for not at all, and
// where.
func (r *recipients) find(s string) (how string, at, length int) {
	for _, p := range r.plain {
		if i := indexFold(s, p); i >= 0 {
			return "plain", i, len(p)
		}
	}
	for _, n := range r.encoded {
		if i := strings.Index(s, n.text); i >= 0 {
			return n.how, i, len(n.text)
		}
	}
	return "", -1, 0
}

// indexFold finds an address in any case. An address has an at sign: only what stands before one is compared.
func indexFold(s, lower string) int {
	sign := strings.LastIndexByte(lower, '@')
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return -1
		}
		start := from + i - sign
		if start >= 0 && start+len(lower) <= len(s) && strings.EqualFold(s[start:start+len(lower)], lower) {
			return start
		}
		from += i + 1
	}
}
