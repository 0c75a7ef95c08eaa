package sender

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/names"
)

// results is one Authentication-Results field (RFC 8601 section 2.2), read tolerantly: the authserv-id may be missing,
// as Exchange Online leaves it out, and property values may be anything.
type results struct {
	id      string
	methods []method
}

// A method is one resinfo of a results field.
type method struct {
	name   string // "spf", "dkim", "dmarc", "arc", …
	result coldwatch.Result
	props  [][2]string // ptype.property and value, lower case
}

func (m *method) prop(name string) string {
	for _, p := range m.props {
		if p[0] == name {
			return p[1]
		}
	}
	return ""
}

// parseResults reads the value of a results field.
func parseResults(v string) results {
	var r results
	for i, part := range splitResults(v) {
		words := resultWords(part)
		if len(words) == 0 {
			continue
		}
		name, result, ok := strings.Cut(words[0], "=")
		if !ok {
			if i == 0 {
				r.id = strings.ToLower(words[0])
			}
			continue
		}
		if slash := strings.IndexByte(name, '/'); slash >= 0 {
			name = name[:slash]
		}
		m := method{name: strings.ToLower(name), result: result1(result)}
		for _, w := range words[1:] {
			if k, v, ok := strings.Cut(w, "="); ok {
				m.props = append(m.props, [2]string{strings.ToLower(k), strings.ToLower(strings.Trim(v, "\"<>"))})
			}
		}
		r.methods = append(r.methods, m)
		if len(r.methods) == 64 {
			break
		}
	}
	return r
}

// splitResults cuts a field at the semicolons outside of comments and quotes.
func splitResults(v string) []string {
	var out []string
	start, depth, quoted := 0, 0, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			out = append(out, v[start:i])
			start = i + 1
		}
	}
	return append(out, v[start:])
}

// resultWords cuts a resinfo into words and drops the comments.
func resultWords(s string) []string {
	var out []string
	start, depth := -1, 0
	for i := 0; i <= len(s); i++ {
		c := byte(' ')
		if i < len(s) {
			c = s[i]
		}
		if depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '(' {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, s[start:i])
			start = -1
		}
		if c == '(' {
			depth++
		} else if c == ')' && depth > 0 {
			depth--
		}
	}
	return out
}

func result1(s string) coldwatch.Result {
	switch strings.ToLower(strings.Trim(s, "\";,")) {
	case "pass":
		return coldwatch.Pass
	case "fail", "hardfail", "reject", "permfail":
		return coldwatch.Fail
	case "softfail":
		return coldwatch.SoftFail
	case "neutral":
		return coldwatch.Neutral
	case "none", "bestguesspass":
		return coldwatch.None
	case "temperror", "error":
		return coldwatch.TempError
	case "permerror", "unknown":
		return coldwatch.PermError
	}
	return coldwatch.Unknown
}

// authenticate takes over what trusted results fields say and notes forged ones.
func (h *header) authenticate(trusted map[string]bool) {
	au := &h.a.Authentication
	au.SPF, au.DKIM, au.DMARC, au.ARC, au.Source = coldwatch.Unknown, coldwatch.Unknown, coldwatch.Unknown, coldwatch.Unknown, "none"
	dmarcFrom := ""
	var fields []*coldwatch.Field
	for i := range h.m.Header {
		f := &h.m.Header[i]
		switch {
		case strings.EqualFold(f.Name, "Authentication-Results"), strings.EqualFold(f.Name, "Received-SPF"):
			fields = append(fields, f)
		case strings.EqualFold(f.Name, "DKIM-Signature") && len(au.Signed) < 10:
			if d := tag(f.Value, "d"); d != "" && !contains(au.Signed, d) {
				au.Signed = append(au.Signed, d)
			}
		}
	}
	// From the border upwards: the host that saw the client knows best, hosts further inside only fill gaps.
	for i := len(fields) - 1; i >= 0 && len(fields)-i <= 100; i-- {
		f := fields[i]
		if strings.EqualFold(f.Name, "Received-SPF") {
			if h.above(f) || h.besideBorder(f) {
				h.takeSPF(f)
			}
			continue
		}
		r := parseResults(f.Value)
		if !h.trust(f, r.id, trusted) {
			if r.id != "" && len(au.Forged) < 10 && h.border >= 0 && !h.relayed(r.id) {
				au.Forged = append(au.Forged, r.id)
			}
			continue
		}
		if au.Source == "none" {
			who := r.id
			if who == "" || strings.ContainsAny(who, "= ") {
				who = au.Border
			}
			au.Source = "receiver " + who
		}
		if d := h.take(r); d != "" {
			dmarcFrom = d
		}
	}
	h.align(dmarcFrom)
	au.Forwarded = h.forwarded()
}

// above tells whether a field stands above the border's own trace field, where only the receiving side can write.
func (h *header) above(f *coldwatch.Field) bool {
	return h.border >= 0 && f.Offset < h.hops[h.border].field.Offset
}

// besideBorder tells whether a field stands between the border's trace field and the next one, where some receivers put
// their results.
func (h *header) besideBorder(f *coldwatch.Field) bool {
	if h.border < 0 || f.Offset < h.hops[h.border].field.Offset {
		return false
	}
	return h.border+1 >= len(h.hops) || f.Offset < h.hops[h.border+1].field.Offset
}

func (h *header) trust(f *coldwatch.Field, id string, trusted map[string]bool) bool {
	if len(trusted) > 0 {
		return trusted[id] && (h.above(f) || h.besideBorder(f) || h.border < 0)
	}
	if h.above(f) {
		return true
	}
	border := ""
	if h.border >= 0 {
		border = h.hops[h.border].by
	}
	return h.besideBorder(f) && id != "" && border != "" && names.Aligned(id, border)
}

// relayed tells whether a host in the untrusted part of the trace has that name: then the field is a relay's own
// result, not one forged in the receiver's name.
func (h *header) relayed(id string) bool {
	if h.ours(id) {
		return false
	}
	for i := h.border + 1; i < len(h.hops); i++ {
		if names.Aligned(h.hops[i].by, id) {
			return true
		}
	}
	return false
}

// take copies the results of one trusted field into the gaps and returns the domain that DMARC passed for.
func (h *header) take(r results) (dmarcFrom string) {
	au := &h.a.Authentication
	dkimKnown := au.DKIM != coldwatch.Unknown
	for i := range r.methods {
		m := &r.methods[i]
		switch m.name {
		case "spf":
			if au.SPF == coldwatch.Unknown {
				au.SPF = m.result
				au.SPFDomain = domainOf(m.prop("smtp.mailfrom"))
				if au.SPFDomain == "" {
					au.SPFDomain = domainOf(m.prop("smtp.helo"))
				}
			}
		case "dkim":
			if dkimKnown {
				continue
			}
			if m.result == coldwatch.Pass {
				d := domainOf(m.prop("header.d"))
				if d == "" {
					d = domainOf(m.prop("header.i"))
				}
				if d != "" && d != "none" && !contains(au.DKIMDomains, d) {
					au.DKIMDomains = append(au.DKIMDomains, d)
				}
			}
			if au.DKIM != coldwatch.Pass {
				au.DKIM = m.result
			}
		case "dmarc":
			if au.DMARC == coldwatch.Unknown {
				au.DMARC = m.result
				if m.result == coldwatch.Pass {
					dmarcFrom = domainOf(m.prop("header.from"))
				}
			}
		case "arc":
			if au.ARC == coldwatch.Unknown {
				au.ARC = m.result
			}
		}
	}
	return dmarcFrom
}

// takeSPF reads a Received-SPF field (RFC 7208 section 9.1).
func (h *header) takeSPF(f *coldwatch.Field) {
	au := &h.a.Authentication
	if au.SPF != coldwatch.Unknown {
		return
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(f.Value), " ")
	au.SPF = result1(word)
	if i := strings.Index(rest, "envelope-from="); i >= 0 {
		v := rest[i+len("envelope-from="):]
		if end := strings.IndexAny(v, "; \t\r\n"); end >= 0 {
			v = v[:end]
		}
		au.SPFDomain = domainOf(strings.Trim(v, "\"<>"))
	}
	if au.SPFDomain == "" {
		au.SPFDomain = names.Domain(h.a.Sender.ReturnPath)
	}
	if au.Source == "none" && au.SPF != coldwatch.Unknown {
		au.Source = "receiver " + au.Border
	}
}

// align decides whether what passed speaks for every From that some client could show.
func (h *header) align(dmarcFrom string) {
	au := &h.a.Authentication
	if len(h.a.Sender.From) == 0 {
		return
	}
	for _, from := range h.a.Sender.From {
		ok := au.SPF == coldwatch.Pass && names.Aligned(au.SPFDomain, from.Domain) || names.Aligned(dmarcFrom, from.Domain)
		for _, d := range au.DKIMDomains {
			ok = ok || names.Aligned(d, from.Domain) || tenant(d, from.Domain)
		}
		if !ok || from.Domain == "" {
			return
		}
	}
	au.Aligned = true
}

// tenant tells whether a signing domain is the one by which Google signs for the customer that proved to own a domain and
// set up no signature of its own: the domain with hyphens for dots, a date, gappssmtp.com.
func tenant(signer, domain string) bool {
	name, ok := strings.CutSuffix(signer, ".gappssmtp.com")
	if !ok || domain == "" {
		return false
	}
	name, date, ok := strings.Cut(name, ".")
	return ok && len(date) == 8 && strings.Trim(date, "0123456789") == "" && name == strings.ReplaceAll(domain, ".", "-")
}

// forwarded tells whether the mail came by a list or forwarder, which explains a failed SPF or a broken signature.
func (h *header) forwarded() bool {
	for _, name := range [...]string{"List-Id", "List-Post", "X-BeenThere", "Mailing-List", "Resent-From", "Resent-Sender", "X-Forwarded-To", "X-Forwarded-For"} {
		if h.m.Field(name) != nil {
			return true
		}
	}
	rp := strings.ToLower(h.a.Sender.ReturnPath)
	if strings.HasPrefix(rp, "srs0") || strings.HasPrefix(rp, "srs1") || strings.Contains(rp, "-bounces@") || strings.Contains(rp, "-bounces+") || strings.Contains(rp, "+caf_=") {
		return true
	}
	from := h.a.Sender.Author().Domain
	for i := h.border + 1; i < len(h.hops) && h.border >= 0; i++ {
		d := names.Domain(h.hops[i].recipient)
		if d != "" && !h.ours(d) && !names.Aligned(d, from) && names.Aligned(d, h.hops[i].by) {
			return true
		}
	}
	return false
}

func domainOf(v string) string {
	if strings.IndexByte(v, '@') >= 0 {
		return names.Domain(v)
	}
	return strings.TrimSuffix(strings.Trim(v, "\"<>;,"), ".")
}

// tag returns the value of a tag of a DKIM-like tag list (RFC 6376 section 3.2).
func tag(v, name string) string {
	for v != "" {
		part := v
		if semi := strings.IndexByte(v, ';'); semi >= 0 {
			part, v = v[:semi], v[semi+1:]
		} else {
			v = ""
		}
		if k, val, ok := strings.Cut(part, "="); ok && strings.TrimSpace(k) == name {
			return strings.ToLower(strings.TrimSpace(val))
		}
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
