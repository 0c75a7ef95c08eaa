package sender

import (
	"net/netip"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

// A hop is one Received field (RFC 5321 section 4.4), read as far as it can be.
type hop struct {
	field     *coldwatch.Field
	helo      string // what the client called itself, lower case
	rdns      string // what the receiver found for its address, lower case
	ip        netip.Addr
	by        string // host that wrote the field, lower case
	with      string
	recipient string // address of the "for" clause
	time      time.Time
}

// name is the client's name, the looked-up one before the claimed one.
func (h *hop) name() string {
	if h.rdns != "" {
		return h.rdns
	}
	return h.helo
}

// parseHop reads a Received field. Clauses are found by their word outside of comments; whatever is missing stays empty.
func parseHop(f *coldwatch.Field) hop {
	h := hop{field: f}
	v := f.Value
	if semi := strings.LastIndexByte(v, ';'); semi >= 0 {
		if t, ok := message.Date(strings.TrimSpace(v[semi+1:])); ok {
			h.time = t
		}
		v = v[:semi]
	}
	clause, first, start, depth := "", "", -1, 0
	word := func(w string) {
		switch l := strings.ToLower(w); {
		case l == "from" || l == "by" || l == "with" || l == "id" || l == "for" || l == "via":
			clause, first = l, ""
		case first == "":
			first = w
			h.clause(clause, w)
		}
	}
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '(':
			if depth == 0 && start >= 0 {
				word(v[start:i])
				start = -1
			}
			if depth == 0 && clause == "from" {
				h.comment(v[i:])
			}
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if start >= 0 {
				word(v[start:i])
				start = -1
			}
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		word(v[start:])
	}
	return h
}

// clause takes the first word of a clause.
func (h *hop) clause(clause, w string) {
	switch clause {
	case "from":
		if ip := parseIP(w); ip != "" {
			h.ip, _ = netip.ParseAddr(ip)
			return
		}
		h.helo = host(w)
	case "by":
		h.by = host(w)
	case "with":
		h.with = w
	case "for":
		h.recipient = strings.ToLower(strings.Trim(w, "<>;"))
	}
}

// comment reads the first comment of the from clause: "(rdns [ip])", "(ip)", "(port=1 helo=name)", "([ip])".
func (h *hop) comment(s string) {
	if end := strings.IndexByte(s, ')'); end >= 0 {
		s = s[:end]
	}
	s = s[1:]
	if open := strings.IndexByte(s, '('); open >= 0 {
		s = s[:open] + " " + s[open+1:]
	}
	for n := 0; s != "" && n < 8; n++ {
		s = strings.TrimLeft(s, " \t\r\n,")
		end := strings.IndexAny(s, " \t\r\n,")
		if end < 0 {
			end = len(s)
		}
		w := s[:end]
		s = s[end:]
		if v, ok := strings.CutPrefix(w, "helo="); ok {
			h.helo = host(v)
			continue
		}
		if ip := parseIP(w); ip != "" {
			h.ip, _ = netip.ParseAddr(ip)
			continue
		}
		if n == 0 && strings.IndexByte(w, '.') > 0 && !strings.ContainsAny(w, "=@") {
			h.rdns = host(w)
		}
	}
}

// parseIP reads an address as Received fields write it: bare, in brackets, with "IPv6:" before it. "" if it is none.
func parseIP(w string) string {
	w = strings.Trim(w, "[]()<>")
	w = strings.TrimPrefix(strings.TrimPrefix(w, "IPv6:"), "ipv6:")
	if w == "" || !strings.ContainsAny(w, ".:") {
		return ""
	}
	if c := w[0]; c != ':' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
		return ""
	}
	ip, err := netip.ParseAddr(w)
	if err != nil {
		return ""
	}
	return ip.Unmap().String()
}

func host(w string) string {
	return strings.TrimSuffix(strings.ToLower(strings.Trim(w, "[]<>();,")), ".")
}
