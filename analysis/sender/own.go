package sender

import (
	"context"
	"net"
	"strconv"
	"strings"

	"blitiri.com.ar/go/spf"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/analysis/names"
	"github.com/coldwatch/coldwatch/analysis/sender/dkim"
)

// verify fills by our own checks what no trusted receiver said: SPF (RFC 7208) for the host that handed the mail to the border,
// the signatures (RFC 6376), the chain (RFC 8617), and DMARC (RFC 7489) over both. What cannot be told stays unknown.
func (h *header) verify(r dns.Resolver) {
	au := &h.a.Authentication
	before := [...]coldwatch.Result{au.SPF, au.DKIM, au.DMARC, au.ARC}
	if au.SPF == coldwatch.Unknown && h.border >= 0 {
		h.verifySPF(r)
	}
	if au.DKIM == coldwatch.Unknown {
		h.verifyDKIM(r)
	}
	if au.ARC == coldwatch.Unknown && h.m.Field("ARC-Seal") != nil {
		var sealer string
		if au.ARC, sealer = dkim.Chain(h.m.Raw, r, h.a.Received); au.ARC == coldwatch.Pass && names.Aligned(sealer, au.HopName) {
			au.Forwarded = au.Forwarded || !names.Aligned(sealer, h.a.Sender.Author().Domain)
		}
	}
	h.align("")
	if au.DMARC == coldwatch.Unknown {
		h.verifyDMARC(r)
	}
	if au.Source == "none" && before != [...]coldwatch.Result{au.SPF, au.DKIM, au.DMARC, au.ARC} {
		au.Source = "own"
	}
}

func (h *header) verifySPF(r dns.Resolver) {
	hop := &h.hops[h.border]
	if !hop.ip.IsValid() || hop.helo == "" && h.a.Sender.ReturnPath == "" {
		return
	}
	au := &h.a.Authentication
	res, _ := spf.CheckHostWithSender(hop.ip.AsSlice(), hop.helo, h.a.Sender.ReturnPath, spf.WithResolver(lookups{r}))
	au.SPF = result1(string(res))
	if au.SPF == coldwatch.TempError {
		au.SPF = coldwatch.Unknown // nobody could say
		return
	}
	if au.SPFDomain = names.Domain(h.a.Sender.ReturnPath); au.SPFDomain == "" {
		au.SPFDomain = hop.helo
	}
}

// verifyDKIM checks the message's signatures. A signature that does not hold in mail that somebody passed on as a part says
// nothing: parts are taken apart and put together on the way.
func (h *header) verifyDKIM(r dns.Resolver) {
	au := &h.a.Authentication
	if len(au.Signed) == 0 {
		au.DKIM = coldwatch.None
		return
	}
	for _, s := range dkim.Verify(h.m.Raw, r, h.a.Received) {
		switch {
		case s.Result == coldwatch.Pass:
			au.DKIM = coldwatch.Pass
			if !contains(au.DKIMDomains, s.Domain) {
				au.DKIMDomains = append(au.DKIMDomains, s.Domain)
			}
		case au.DKIM == coldwatch.Unknown && !h.a.Hearsay && s.Result != coldwatch.TempError:
			au.DKIM = s.Result
		}
	}
}

// verifyDMARC asks for the policy of the domain that the reader sees. It fails only where SPF and DKIM were both told, and no
// forwarder explains it.
func (h *header) verifyDMARC(r dns.Resolver) {
	au, from := &h.a.Authentication, h.a.Sender.Author().Domain
	if from == "" {
		return
	}
	policy, known := dmarcPolicy(r, from)
	switch {
	case !known:
	case policy == nil:
		au.DMARC = coldwatch.None
	case h.dmarcPasses(policy, from):
		au.DMARC = coldwatch.Pass
	case au.SPF != coldwatch.Unknown && au.DKIM != coldwatch.Unknown && au.ARC != coldwatch.Pass:
		au.DMARC, h.policy = coldwatch.Fail, policy["p"]
	}
}

func (h *header) dmarcPasses(policy map[string]string, from string) bool {
	au := &h.a.Authentication
	aligned := func(domain, mode string) bool {
		return domain == from || policy[mode] != "s" && names.Aligned(domain, from)
	}
	if au.SPF == coldwatch.Pass && aligned(au.SPFDomain, "aspf") {
		return true
	}
	for _, d := range au.DKIMDomains {
		if aligned(d, "adkim") {
			return true
		}
	}
	return false
}

// dmarcPolicy gives the tags of a domain's record or of its organisational domain's, nil for none; not known is what could
// not be looked up.
func dmarcPolicy(r dns.Resolver, domain string) (tags map[string]string, known bool) {
	for _, d := range [...]string{domain, names.Organisational(domain)} {
		a := r.Lookup(dns.TXT, "_dmarc."+d)
		if a.Failed {
			return nil, false
		}
		for _, txt := range a.Values {
			if tag(txt, "v") != "dmarc1" {
				continue
			}
			p := tag(txt, "p")
			if sp := tag(txt, "sp"); sp != "" && d != domain { // of what is below it
				p = sp
			}
			return map[string]string{"p": p, "aspf": tag(txt, "aspf"), "adkim": tag(txt, "adkim")}, true
		}
	}
	return nil, true
}

// lookups is a resolver as the SPF library asks it.
type lookups struct{ r dns.Resolver }

func (l lookups) values(kind dns.Kind, name string) ([]string, error) {
	a := l.r.Lookup(kind, name)
	switch {
	case a.Failed:
		return nil, &net.DNSError{Err: "no answer", Name: name, IsTemporary: true}
	case len(a.Values) == 0:
		return nil, &net.DNSError{Err: "no such record", Name: name, IsNotFound: true}
	}
	return a.Values, nil
}

func (l lookups) LookupTXT(_ context.Context, name string) ([]string, error) {
	return l.values(dns.TXT, name)
}

func (l lookups) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return l.values(dns.PTR, addr)
}

func (l lookups) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	values, err := l.values(dns.MX, name)
	var out []*net.MX
	for _, v := range values {
		pref, host, _ := strings.Cut(v, " ")
		if n, err := strconv.ParseUint(pref, 10, 16); err == nil {
			out = append(out, &net.MX{Pref: uint16(n), Host: host})
		}
	}
	return out, err
}

func (l lookups) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	values, err := l.values(dns.Address, host)
	var out []net.IPAddr
	for _, v := range values {
		if ip := net.ParseIP(v); ip != nil {
			out = append(out, net.IPAddr{IP: ip})
		}
	}
	return out, err
}
