package sender

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/message"
)

const records = `{"kind":"TXT","name":"a.example","values":["v=spf1 ip4:198.51.100.0/24 mx include:bulk.test -all"]}
{"kind":"MX","name":"a.example","values":["10 mx.a.example"]}
{"kind":"A","name":"mx.a.example","values":["192.0.2.80"]}
{"kind":"TXT","name":"bulk.test","values":["v=spf1 ip4:192.0.2.7 ~all"]}
{"kind":"TXT","name":"_dmarc.a.example","values":["v=DMARC1; p=reject; aspf=r"]}
{"kind":"TXT","name":"_dmarc.sub.a.example"}
{"kind":"TXT","name":"_dmarc.mild.example","values":["v=DMARC1; p=reject; sp=none"]}
{"kind":"TXT","name":"_dmarc.sub.mild.example"}
{"kind":"TXT","name":"open.example"}
{"kind":"TXT","name":"_dmarc.open.example"}
`

// Our own checks fill what no trusted receiver said, and what they cannot tell stays unknown.
func TestOwnChecks(t *testing.T) {
	r, err := dns.Read(strings.NewReader(records))
	if err != nil {
		t.Fatal(err)
	}
	const from = "From: Ana <ana@a.example>\n"
	trace := func(ip, mailFrom string) string {
		return "Return-Path: <" + mailFrom + ">\nReceived: from host.test (host.test [" + ip + "]) by mx.b.example with ESMTPS id 1 for <u@b.example>; Mon, 7 Sep 2020 10:00:00 +0200\n"
	}
	for _, c := range []struct {
		name, head       string
		hearsay          bool
		spf, dkim, dmarc coldwatch.Result
		aligned          bool
		source, kind     string
	}{
		{"sent from where it should", trace("198.51.100.9", "ana@a.example") + from, false, coldwatch.Pass, coldwatch.None, coldwatch.Pass, true, "own", "auth.aligned"},
		{"by its own exchanger", trace("192.0.2.80", "ana@a.example") + from, false, coldwatch.Pass, coldwatch.None, coldwatch.Pass, true, "own", "auth.aligned"},
		{"by the service it names", trace("192.0.2.7", "ana@a.example") + from, false, coldwatch.Pass, coldwatch.None, coldwatch.Pass, true, "own", "auth.aligned"},
		{"forged", trace("203.0.113.9", "ana@a.example") + from, false, coldwatch.Fail, coldwatch.None, coldwatch.Fail, false, "own", "auth.dmarc_fail_strict"},
		{"below a domain with a policy", trace("203.0.113.9", "ana@a.example") + "From: Ana <ana@sub.a.example>\n", false, coldwatch.Fail, coldwatch.None, coldwatch.Fail, false, "own", "auth.dmarc_fail_strict"},
		{"nothing published", trace("203.0.113.9", "ana@open.example") + "From: Ana <ana@open.example>\n", false, coldwatch.None, coldwatch.None, coldwatch.None, false, "own", "auth.none"},
		{"never asked", trace("203.0.113.9", "ana@new.example") + "From: Ana <ana@new.example>\n", false, coldwatch.Unknown, coldwatch.None, coldwatch.Unknown, false, "own", ""},
		{"a key that cannot be looked up", trace("198.51.100.9", "x@bounce.test") + "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k; h=from; bh=eA==; b=eA==\n" + from, false,
			coldwatch.Unknown, coldwatch.Fail, coldwatch.Unknown, false, "own", ""},
		{"the receiver's word comes first", "Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=a.example; dkim=none; dmarc=pass header.from=a.example\n" + trace("203.0.113.9", "ana@a.example") + from, false,
			coldwatch.Pass, coldwatch.None, coldwatch.Pass, true, "receiver mx.b.example", "auth.aligned"},
		{"hearsay has no trace", trace("198.51.100.9", "ana@a.example") + from, true, coldwatch.Unknown, coldwatch.None, coldwatch.Unknown, false, "own", ""},
	} {
		raw := []byte(strings.ReplaceAll(c.head, "\n", "\r\n") + "To: u@b.example\r\n\r\nHello.\r\n")
		a := &coldwatch.Analysis{Message: message.Parse(raw, message.Default()), Hearsay: c.hearsay}
		New(Options{Resolver: r}).Analyze(a)
		au := a.Authentication
		if au.SPF != c.spf || au.DKIM != c.dkim || au.DMARC != c.dmarc || au.Aligned != c.aligned || au.Source != c.source {
			t.Errorf("%s: %+v", c.name, au)
		}
		if k := kinds(a); c.kind != "" && !strings.Contains(k, c.kind) || c.kind == "" && strings.Contains(k, "auth.") {
			t.Errorf("%s: findings %s, want %q", c.name, k, c.kind)
		}
		for _, f := range a.Findings {
			if strings.HasPrefix(f.Kind, "auth.") && len(f.Evidence) == 0 {
				t.Errorf("%s: %s without evidence", c.name, f.Kind)
			}
		}
	}
}

// What is below a domain has the policy that its record states for that (RFC 7489 section 6.3, sp).
func TestPolicy(t *testing.T) {
	r, err := dns.Read(strings.NewReader(records))
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]string{"a.example": "reject", "sub.a.example": "reject", "mild.example": "reject", "sub.mild.example": "none"} {
		if p, known := dmarcPolicy(r, domain); !known || p["p"] != want {
			t.Errorf("%s: %v, want %s", domain, p, want)
		}
	}
}
