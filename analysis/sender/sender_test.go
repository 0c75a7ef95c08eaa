package sender

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

// read gives the analysis of a header written with LF line ends and a dot for the body.
func read(head string) *coldwatch.Analysis {
	raw := []byte(strings.ReplaceAll(strings.TrimPrefix(head, "\n"), "\n", "\r\n") + "\r\n\r\nHello.\r\n")
	m := message.Parse(raw, message.Default())
	a := &coldwatch.Analysis{Message: m, Subject: message.DecodeHeader(m.Get("Subject"))}
	if d, ok := message.Date(m.Get("Date")); ok {
		a.Date = d
	}
	for _, n := range []string{"To", "Cc", "Delivered-To"} {
		if f := m.Field(n); f != nil {
			a.Recipients = append(a.Recipients, message.FieldAddresses(raw, f)...)
		}
	}
	New(Options{}).Analyze(a)
	return a
}

func kinds(a *coldwatch.Analysis) string {
	var out []string
	for _, f := range a.Findings {
		out = append(out, f.Kind)
	}
	return strings.Join(out, " ")
}

func TestHops(t *testing.T) {
	for _, c := range []struct{ value, helo, rdns, ip, by string }{
		{"from mail.a.example (mx1.a.example [198.51.100.7]) by mx.b.example (Postfix) with ESMTPS id 1 for <u@b.example>; Mon, 7 Sep 2020 10:00:00 +0200", "mail.a.example", "mx1.a.example", "198.51.100.7", "mx.b.example"},
		{"from mail.a.example (unknown [198.51.100.7]) by mx.b.example; Mon, 7 Sep 2020 10:00:00 +0200", "mail.a.example", "", "198.51.100.7", "mx.b.example"},
		{"from mail.a.example (198.51.100.7) by mx.b.example (10.0.0.3) with Microsoft SMTP Server id 15.20 via Frontend Transport; Mon, 7 Sep 2020 10:00:00 +0200", "mail.a.example", "", "198.51.100.7", "mx.b.example"},
		{"from [192.0.2.5] (port=4711 helo=laptop.a.example) by host.a.example with esmtpsa (Exim 4.94) (envelope-from <u@a.example>) id 1k", "laptop.a.example", "", "192.0.2.5", "host.a.example"},
		{"from mail.a.example (mail.a.example. [IPv6:2001:db8::7]) by mx.google.test with ESMTPS id x", "mail.a.example", "mail.a.example", "2001:db8::7", "mx.google.test"},
		{"from mail.a.example (mail.a.example [IPv6:2001:db8::7]\r\n (may be forged)) by mx.b.example", "mail.a.example", "mail.a.example", "2001:db8::7", "mx.b.example"},
		{"by 2002:a05:6e02:1234 with SMTP id s9; Mon, 6 Apr 2020 13:33:30 -0700 (PDT)", "", "", "", "2002:a05:6e02:1234"},
		{"(qmail 123 invoked by uid 89); 7 Sep 2020 10:00:00 -0000", "", "", "", ""},
		{"from ([", "", "", "", ""},
	} {
		h := parseHop(&coldwatch.Field{Name: "Received", Value: c.value})
		ip := ""
		if h.ip.IsValid() {
			ip = h.ip.String()
		}
		if h.helo != c.helo || h.rdns != c.rdns || ip != c.ip || h.by != c.by {
			t.Errorf("%s\n got %q %q %q %q", c.value, h.helo, h.rdns, ip, h.by)
		}
	}
}

func TestResults(t *testing.T) {
	r := parseResults(`mx.b.example 1; spf=pass (sender IP is 192.0.2.1; "odd" ;) smtp.mailfrom=a.example; dkim=fail reason="body; hash" header.d=a.example; dkim=pass header.i=@k.example;dmarc=bestguesspass action=none header.from=a.example;compauth=pass reason=109`)
	if r.id != "mx.b.example" || len(r.methods) != 5 {
		t.Fatalf("%+v", r)
	}
	if m := r.methods[0]; m.name != "spf" || m.result != coldwatch.Pass || m.prop("smtp.mailfrom") != "a.example" {
		t.Errorf("%+v", m)
	}
	if m := r.methods[2]; m.result != coldwatch.Pass || domainOf(m.prop("header.i")) != "k.example" {
		t.Errorf("%+v", m)
	}
	if r := parseResults("spf=none (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none"); r.id != "" || len(r.methods) != 2 {
		t.Errorf("without authserv-id: %+v", r)
	}
}

const border = `Received: from store.b.example (10.1.1.5) by imap.b.example with LMTP id 9; Mon, 7 Sep 2020 10:00:09 +0200
`

func TestAuthentication(t *testing.T) {
	for _, c := range []struct {
		name, head        string
		spf, dkim, dmarc  coldwatch.Result
		aligned           bool
		hop, border, forg string
	}{
		{"above the border", border + `Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=a.example; dkim=pass header.d=a.example; dmarc=pass header.from=a.example
Received: from mail.a.example (mail.a.example [198.51.100.7]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@a.example>`, coldwatch.Pass, coldwatch.Pass, coldwatch.Pass, true, "198.51.100.7", "store.b.example", ""},
		{"forged below the border", border + `Received: from mail.evil.test (mail.evil.test [203.0.113.9]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
Received: from x by y; Mon, 7 Sep 2020 09:00:00 +0200
Authentication-Results: store.b.example; spf=pass smtp.mailfrom=a.example; dkim=pass header.d=a.example; dmarc=pass header.from=a.example
From: A <u@a.example>`, coldwatch.Unknown, coldwatch.Unknown, coldwatch.Unknown, false, "203.0.113.9", "store.b.example", "store.b.example"},
		{"beside the border", `Delivered-To: u@b.example
Received: from mail.a.example (mail.a.example [198.51.100.7]) by mx.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
Received-SPF: softfail (mx.b.example: transitioning) client-ip=198.51.100.7; envelope-from=<u@a.example>
Authentication-Results: mx.b.example; dkim=none; dmarc=none
From: A <u@a.example>`, coldwatch.SoftFail, coldwatch.None, coldwatch.None, false, "198.51.100.7", "mx.b.example", ""},
		{"no authserv-id, address ranges of a provider", `Received: from in1.prod.mail.test (2001:db8:1::1) by box.prod.mail.test with HTTPS; Mon, 7 Sep 2020 10:00:03 +0200
Authentication-Results: spf=pass (sender IP is 192.0.2.44) smtp.mailfrom=a.example; dkim=none; dmarc=none header.from=a.example
Received: from out7.prod.mail.test (192.0.2.44) by in1.prod.mail.test (10.0.0.2) with SMTP; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@a.example>`, coldwatch.Pass, coldwatch.None, coldwatch.None, true, "192.0.2.44", "in1.prod.mail.test", ""},
		{"envelope of another domain", border + `Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=bulk.test; dkim=pass header.d=bulk.test; dmarc=none
Received: from m.bulk.test (m.bulk.test [198.51.100.9]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@a.example>`, coldwatch.Pass, coldwatch.Pass, coldwatch.None, false, "198.51.100.9", "store.b.example", ""},
		{"signed for a customer without a signature of its own", border + `Authentication-Results: mx.b.example; spf=softfail smtp.mailfrom=cold-chain.a.example; dkim=pass header.d=cold-chain-a-example.20150623.gappssmtp.com; dmarc=fail header.from=cold-chain.a.example
Received: from m.google.test (m.google.test [198.51.100.9]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@cold-chain.a.example>`, coldwatch.SoftFail, coldwatch.Pass, coldwatch.Fail, true, "198.51.100.9", "store.b.example", ""},
		{"signed for another customer", border + `Authentication-Results: mx.b.example; dkim=pass header.d=evil-test.20150623.gappssmtp.com; dmarc=fail header.from=a.example
Received: from m.google.test (m.google.test [198.51.100.9]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@a.example>`, coldwatch.Unknown, coldwatch.Pass, coldwatch.Fail, false, "198.51.100.9", "store.b.example", ""},
		{"two senders, one proven", border + `Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=a.example; dmarc=pass header.from=a.example
Received: from mail.a.example (mail.a.example [198.51.100.7]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
From: A <u@a.example>, B <boss@b.example>`, coldwatch.Pass, coldwatch.Unknown, coldwatch.Pass, false, "198.51.100.7", "store.b.example", ""},
		{"no trace", `Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=a.example
From: A <u@a.example>`, coldwatch.Unknown, coldwatch.Unknown, coldwatch.Unknown, false, "", "", ""},
	} {
		a := read(c.head)
		au := a.Authentication
		if au.SPF != c.spf || au.DKIM != c.dkim || au.DMARC != c.dmarc || au.Aligned != c.aligned || au.Hop != c.hop || au.Border != c.border || strings.Join(au.Forged, ",") != c.forg {
			t.Errorf("%s: got %+v", c.name, au)
		}
	}
}

func TestReceivedIsTheBordersTime(t *testing.T) {
	a := read(border + `Received: from mail.a.example (mail.a.example [198.51.100.7]) by store.b.example with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200
Received: from x.a.example by mail.a.example; Mon, 7 Sep 1998 10:00:00 +0200
Date: Fri, 1 Jan 2038 00:00:00 +0000
From: A <u@a.example>`)
	if got := a.Received.Format("2006-01-02 15:04"); got != "2020-09-07 08:00" || !a.Authentication.Traced {
		t.Error(got)
	}
	if !strings.Contains(kinds(a), "header.date_off") {
		t.Error(kinds(a))
	}
}

func TestFindings(t *testing.T) {
	const trace = `Received: from mail.a.example (mail.a.example [198.51.100.7]) by mx.b.example with ESMTPS id 1 for <u@b.example>; Mon, 7 Sep 2020 10:00:00 +0200
`
	for _, c := range []struct{ name, head, has, not string }{
		{"plain", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nSubject: Parts", "", "sender. script. header."},
		{"reply to free mail", trace + "From: Ana <ana@a.example>\nReply-To: ana77@gmail.com\nTo: u@b.example", "sender.reply_to_free", ""},
		{"reply to same organisation", trace + "From: Ana <ana@a.example>\nReply-To: ana@mail.a.example\nTo: u@b.example", "", "sender.reply"},
		{"address as name", trace + "From: \"boss@b.example\" <x@a.example>\nTo: u@b.example", "sender.name_address", "sender.several_from"},
		{"site as name", trace + "From: polar-parts.com <x@a.example>\nTo: u@b.example", "sender.name_domain", ""},
		{"cut by a comma", trace + "From: Prize Team, win <x@a.example>\nTo: u@b.example", "sender.malformed_from", "sender.no_address"},
		{"two fine senders", trace + "From: Ana <ana@a.example>, Ben <ben@a.example>\nTo: u@b.example", "", "sender.malformed_from sender.several_from"},
		{"quoted comma", trace + "From: \"Example, Ana\" <ana@a.example>\nTo: u@b.example", "", "sender.malformed_from"},
		{"comment", trace + "From: ana@a.example (Ana Example)\nTo: u@b.example", "", "sender.malformed_from"},
		{"no address at all", trace + "From: Example, Ana\nTo: u@b.example", "sender.no_address", "sender.malformed_from"},
		{"hidden recipients", trace + "From: Ana <ana@a.example>\nTo: undisclosed-recipients:;", "sender.undisclosed", ""},
		{"to its own sender", trace + "From: Ana <ana@a.example>\nTo: ana@a.example", "sender.to_is_from", ""},
		{"mixed alphabets", trace + "From: =?utf-8?q?P=D0=B0yments?= <ana@a.example>\nTo: u@b.example", "script.mixed", ""},
		{"one alphabet", trace + "From: =?utf-8?b?0JDQvdC90LA=?= <ana@a.example>\nTo: u@b.example", "", "script."},
		{"invisible", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nSubject: =?utf-8?q?pass=E2=80=8Bword?=", "script.invisible", ""},
		{"placeholder", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nSubject: Dear {firstname}", "script.placeholder", ""},
		{"brackets of a list", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nSubject: [forum] Parts", "", "script.placeholder"},
		{"answer to nothing", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nSubject: RE: Parts", "header.fake_reply", ""},
		{"answer", trace + "From: Ana <ana@a.example>\nTo: u@b.example\nIn-Reply-To: <1@b.example>\nSubject: RE: Parts", "", "header.fake_reply"},
		{"machine-made domain", trace + "From: Ana <ana@x7k2p9q4z1.test>\nTo: u@b.example", "sender.random_domain", ""},
		{"spoken domain", trace + "From: Ana <ana@northernvaccinestore24.test>\nTo: u@b.example", "", "sender.random"},
		{"own domain forged", "Authentication-Results: mx.b.example; spf=fail smtp.mailfrom=b.example\n" + trace + "From: Boss <boss@b.example>\nTo: u@b.example", "sender.own_domain_forged", ""},
		{"failed with a strict policy", "Authentication-Results: mx.b.example; dmarc=fail (p=reject) header.from=a.example\n" + trace + "From: Ana <ana@a.example>\nTo: u@b.example", "auth.dmarc_fail_strict", ""},
		{"another person's mailbox", trace + "From: Ana Vogel <thomas.baker@a.example>\nTo: u@b.example", "sender.name_other_person", ""},
		{"a person's own mailbox", trace + "From: Ana Vogel <anna.vogel@a.example>\nTo: u@b.example", "", "sender.name_other_person"},
		{"a short form", trace + "From: Tom Baker <thomas.baker-smith@a.example>\nTo: u@b.example", "", "sender.name_other_person"},
		{"a mailbox of an office", trace + "From: Ana Vogel <customer.service@a.example>\nTo: u@b.example", "", "sender.name_other_person"},
		{"a name of an office", trace + "From: Parts Sales <ana.vogel@a.example>\nTo: u@b.example", "", "sender.name_other_person"},
		{"failed by a list", "Authentication-Results: mx.b.example; dmarc=fail header.from=a.example\n" + trace + "From: Ana <ana@a.example>\nTo: u@b.example\nList-Id: <l.b.example>", "", "auth.dmarc"},
	} {
		got := " " + kinds(read(c.head))
		for _, k := range strings.Fields(c.has) {
			if !strings.Contains(got, " "+k) {
				t.Errorf("%s: %s missing in%s", c.name, k, got)
			}
		}
		for _, k := range strings.Fields(c.not) {
			if strings.Contains(got, " "+k) {
				t.Errorf("%s: %s found in%s", c.name, k, got)
			}
		}
	}
}

func TestTooling(t *testing.T) {
	one := read("Received: from a (b [192.0.2.1]) by c; Mon, 7 Sep 2020 10:00:00 +0200\nFrom: A <u@a.example>\nTo: u@b.example\nSubject: x\nDate: Mon, 7 Sep 2020 10:00:00 +0800\nMessage-ID: <20200907100000.AB12@a.example>\nX-Mailer: Foo 1.2.3\nX-Spam-Status: no").Tooling
	two := read("X-Spam-Flag: YES\nFrom: B <v@k.example>\nTo: w@b.example\nSubject: y\nDate: Tue, 8 Sep 2020 10:00:00 -0500\nMessage-ID: <20201001111111.CD34@k.example>\nX-Mailer: Foo 1.4.0").Tooling
	if one.Fingerprint == "" || one.Fingerprint != two.Fingerprint || one.Zone != "+0800" || two.Zone != "-0500" {
		t.Errorf("%+v\n%+v", one, two)
	}
	other := read("To: w@b.example\nFrom: B <v@k.example>\nSubject: y\nDate: Tue, 8 Sep 2020 10:00:00 -0500\nMessage-ID: <20201001111111.CD34@k.example>\nX-Mailer: Foo 1.4.0").Tooling
	if other.Fingerprint == one.Fingerprint {
		t.Error("another order, the same fingerprint")
	}
}

func FuzzResults(f *testing.F) {
	f.Add("mx.b.example; spf=pass (a; b) smtp.mailfrom=a.example; dkim=fail reason=\"x;\\\"y\" header.d=a")
	f.Add(";;;=;(((;\"")
	f.Fuzz(func(t *testing.T, s string) { parseResults(s) })
}

func FuzzHop(f *testing.F) {
	f.Add("from mail.a.example (mx1.a.example [198.51.100.7]) by mx.b.example (Postfix) with ESMTPS id 1; Mon, 7 Sep 2020 10:00:00 +0200")
	f.Add("from [::1] (((( by")
	f.Fuzz(func(t *testing.T, s string) { parseHop(&coldwatch.Field{Name: "Received", Value: s}) })
}
