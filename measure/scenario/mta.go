package scenario

import (
	"bytes"
	"crypto/sha256"
	stdbase64 "encoding/base64"
	"fmt"
	"strings"
	"time"
)

// A system sends mail for a domain: its host, its address and how its authentication is set up.
type system struct {
	kind     string // "cloud", "suite", "own", "hosting", "service", "freemail"
	host     string
	ip       string
	zone     string
	spf      bool   // the domain's SPF names this system
	dkim     string // d= of the signatures, "" for none
	broken   bool   // signatures do not verify
	selector string
	policy   string // DMARC: "none", "quarantine", "reject", "" for no record
	helo     string
	inner    string // host behind the sending one, "" for none
	envelope string // envelope domain other than that of From, "" for none
}

func newSystem(d dice, domain, zone string) *system {
	s := &system{zone: zone, ip: d.ip(), selector: pick(d, []string{"s1", "default", "mail", "k2", "dkim", "selector1"}), spf: d.chance(0.93), policy: pick(d, []string{"none", "none", "quarantine", "reject", "", ""})}
	switch n := d.IntN(10); {
	case n < 3:
		s.kind, s.host = "cloud", fmt.Sprintf("mail-%seur05on2%03d.outbound.protection.outlook.com", d.from(lowers, 2), d.between(40, 140))
		s.helo, s.selector = "EUR05-"+strings.ToUpper(d.from(lowers, 2))+"2-obe.outbound.protection.outlook.com", "selector1"
		s.inner = fmt.Sprintf("%s%dMB%04d.eurprd05.prod.outlook.com", strings.ToUpper(d.from(lowers, 3)), d.between(1, 9), d.between(1000, 9999))
		s.dkim = domain
		if d.chance(0.4) {
			s.dkim = strings.ReplaceAll(strings.TrimSuffix(domain, ".example"), ".", "") + ".onmicrosoft.com"
		}
	case n < 5:
		s.kind, s.host = "suite", fmt.Sprintf("mail-%s1-f%d.google.com", d.from(lowers, 2), d.between(41, 220))
		s.helo, s.selector, s.dkim = s.host, "google", domain
	case n < 8:
		s.kind, s.host = "own", pick(d, []string{"mail.", "smtp.", "mx.", "out1."})+domain
		s.helo = s.host
		if d.chance(0.75) {
			s.dkim = domain
		}
		s.inner = pick(d, []string{"", "localhost", "ex01.ad." + domain})
	default:
		s.kind, s.host = "hosting", fmt.Sprintf("web%02d.%s.example", d.between(1, 60), pick(d, []string{"hostfarm", "stackrent", "serverpark", "webfold"}))
		s.helo = s.host
		if d.chance(0.6) {
			s.dkim = domain
		}
	}
	return s
}

// freemail is the system of a public mail service.
func freemail(d dice, domain string) *system {
	s := newSystem(d, domain, "+0000")
	s.kind, s.spf, s.policy, s.dkim = "freemail", true, "none", domain
	switch domain {
	case "gmail.com":
		s.host, s.selector, s.inner = fmt.Sprintf("mail-%s1-f%d.google.com", d.from(lowers, 2), d.between(41, 220)), "20161025", ""
	case "outlook.com":
		s.host, s.selector, s.inner = fmt.Sprintf("mail-oln040092%03d%03d.outbound.protection.outlook.com", d.between(10, 99), d.between(1, 254)), "selector1", ""
	default:
		s.host, s.selector, s.inner = fmt.Sprintf("out%d.%s", d.between(1, 40), domain), "s2048", ""
	}
	s.helo = s.host
	return s
}

// A receiver is how an organisation's own border writes down what it received.
type receiver struct {
	kind   string // "exchange", "suite", "postfix", "milter", "exim", "gateway"
	host   string
	domain string
	inside string
}

func newReceiver(d dice, domain string) *receiver {
	r := &receiver{kind: pick(d, []string{"exchange", "exchange", "suite", "postfix", "milter", "exim", "gateway"}), domain: domain}
	switch r.kind {
	case "exchange":
		r.host = fmt.Sprintf("%sEUR0%dFT%03d.mail.protection.outlook.com", strings.ToUpper(d.from(lowers, 2)), d.between(1, 5), d.between(3, 70))
		r.inside = fmt.Sprintf("%sP%03dMB%04d.eurprd04.prod.outlook.com", strings.ToUpper(d.from(lowers, 2)), d.between(100, 250), d.between(100, 9999))
	case "suite":
		r.host = "mx.google.com"
	default:
		r.host = pick(d, []string{"mx1.", "mx.", "mailin.", "in01."}) + domain
		r.inside = pick(d, []string{"imap.", "store.", "mbx2."}) + domain
	}
	return r
}

// auth is what the receiver finds, in the words of RFC 8601.
type auth struct{ spf, dkim, dmarc string }

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// sameOwner tells whether two domains align in DMARC's relaxed mode; all domains here have two labels or belong to one.
func sameOwner(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

func (s *system) results(from, envelope string) auth {
	a := auth{spf: "none", dkim: "none", dmarc: "none"}
	if s.spf {
		a.spf = "pass"
	} else if s.policy != "" {
		a.spf = "softfail"
	}
	if s.dkim != "" {
		a.dkim = "pass"
		if s.broken {
			a.dkim = "fail"
		}
	}
	if s.policy != "" {
		a.dmarc = "fail"
		if a.spf == "pass" && sameOwner(envelope, from) || a.dkim == "pass" && sameOwner(s.dkim, from) {
			a.dmarc = "pass"
		}
	}
	return a
}

const stamp = "Mon, 02 Jan 2006 15:04:05 -0700"

func zoned(t time.Time, zone string) time.Time {
	h := int(zone[1]-'0')*10 + int(zone[2]-'0')
	m := int(zone[3]-'0')*10 + int(zone[4]-'0')
	off := h*3600 + m*60
	if zone[0] == '-' {
		off = -off
	}
	return t.In(time.FixedZone("", off))
}

// A route is the way of one message from its sender's system to its recipient.
type route struct {
	sys       *system
	in        *receiver
	sent      time.Time
	arrived   time.Time
	from      string // address of the From field
	envelope  string // address of MAIL FROM, "" for the null reverse-path
	rcpt      string
	id        string // Message-ID
	auth      auth
	forwarder *system // passed a forwarder or list that breaks SPF
	forged    string  // an Authentication-Results field that the sender put in
}

// trace returns the fields that stand above the author's: what the receiver wrote, then the sender's side.
func (rt *route) trace(d dice, author []byte, body []byte) []byte {
	var b bytes.Buffer
	rt.receiverFields(d, &b)
	t := zoned(rt.sent.Add(time.Second), rt.sys.zone)
	if f := rt.forwarder; f != nil {
		fmt.Fprintf(&b, "Received: from %s (%s [%s])\r\n\tby %s (Postfix) with ESMTPS id %s;\r\n\t%s\r\n", rt.sys.helo, rt.sys.host, rt.sys.ip, f.host, d.from(capnum, 10), zoned(rt.sent.Add(3*time.Second), f.zone).Format(stamp))
	}
	if rt.forged != "" {
		b.WriteString(rt.forged)
	}
	switch rt.sys.kind {
	case "cloud":
		in := rt.sys.inner
		fmt.Fprintf(&b, "Received: from %s (2603:10a6:%x:%x::%x)\r\n by %s (2603:10a6:%x:%x::%x) with Microsoft SMTP Server\r\n (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.%d.%d; %s\r\n",
			in, d.IntN(999), d.IntN(99), d.IntN(99), strings.Replace(in, "MB", "MR", 1), d.IntN(999), d.IntN(99), d.IntN(99), d.between(3000, 3900), d.between(10, 40), t.UTC().Format(stamp))
	case "suite":
		fmt.Fprintf(&b, "Received: by %s with SMTP id %s.%d.%d;\r\n        %s\r\n", rt.sys.host, d.from(lowers, 12), d.between(1, 40), t.Unix(), zoned(t, "-0700").Format(stamp)+" (PDT)")
	case "own":
		if rt.sys.inner == "localhost" {
			fmt.Fprintf(&b, "Received: from localhost (localhost [127.0.0.1])\r\n\tby %s (Postfix) with ESMTP id %s\r\n\tfor <%s>; %s\r\n", rt.sys.host, d.from(capnum, 11), rt.rcpt, t.Format(stamp))
		} else if rt.sys.inner != "" {
			fmt.Fprintf(&b, "Received: from %s (10.%d.%d.%d) by\r\n %s (10.%d.0.9) with Microsoft SMTP Server id 15.1.%d.5; %s\r\n", rt.sys.inner, d.IntN(250), d.IntN(250), d.IntN(250), rt.sys.host, d.IntN(250), d.between(1500, 2300), t.Format(stamp))
		}
		fmt.Fprintf(&b, "Received: from [192.168.%d.%d] (unknown [%s])\r\n\tby %s (Postfix) with ESMTPSA id %s;\r\n\t%s\r\n", d.IntN(60), d.between(2, 200), d.ip(), rt.sys.host, d.from(capnum, 10), t.Format(stamp))
	case "hosting":
		fmt.Fprintf(&b, "Received: from [127.0.0.1] (port=%d helo=localhost)\r\n\tby %s with esmtpa (Exim 4.94)\r\n\t(envelope-from <%s>)\r\n\tid %s-%s-%s; %s\r\n", d.between(30000, 60000), rt.sys.host, rt.envelope, "1k"+d.from(alnum, 4), d.from(alnum, 6), d.from(alnum, 2), t.Format(stamp))
	case "freemail":
		fmt.Fprintf(&b, "Received: by %s with HTTP; %s\r\n", rt.sys.host, t.Format(stamp))
	}
	if rt.sys.dkim != "" {
		b.WriteString(signature(d, rt.sys, t, body))
	}
	return b.Bytes()
}

// signature is a DKIM-Signature (RFC 6376) with the true body hash and an invented b=, for there are no keys.
func signature(d dice, s *system, t time.Time, body []byte) string {
	sum := sha256.Sum256(relaxed(body))
	if s.broken {
		sum[0] ^= 1
	}
	sig := d.from(b64set, 171) + "="
	var folded strings.Builder
	for len(sig) > 70 {
		folded.WriteString(sig[:70] + "\r\n\t ")
		sig = sig[70:]
	}
	folded.WriteString(sig)
	return fmt.Sprintf("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s;\r\n\tt=%d; h=from:to:subject:date:message-id:mime-version;\r\n\tbh=%s;\r\n\tb=%s\r\n",
		s.dkim, s.selector, t.Unix(), stdbase64.StdEncoding.EncodeToString(sum[:]), folded.String())
}

// relaxed is the body canonicalisation of RFC 6376 section 3.4.4.
func relaxed(body []byte) []byte {
	var out bytes.Buffer
	blank := 0
	for _, line := range bytes.Split(body, []byte("\r\n")) {
		line = bytes.TrimRight(line, " \t")
		if len(line) == 0 {
			blank++
			continue
		}
		for ; blank > 0; blank-- {
			out.WriteString("\r\n")
		}
		space := false
		for _, c := range line {
			if c == ' ' || c == '\t' {
				space = true
				continue
			}
			if space {
				out.WriteByte(' ')
				space = false
			}
			out.WriteByte(c)
		}
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// receiverFields writes what the border of the recipient writes; each kind in its own words and order.
func (rt *route) receiverFields(d dice, b *bytes.Buffer) {
	s, r, a := rt.sys, rt.in, rt.auth
	if rt.forwarder != nil {
		s = rt.forwarder
	}
	at := zoned(rt.arrived, placeZone(r))
	env, envDomain, fromDomain := rt.envelope, domainOf(rt.envelope), domainOf(rt.from)
	helo, host, ip := s.helo, s.host, s.ip
	switch r.kind {
	case "exchange":
		fmt.Fprintf(b, "Received: from %s (2603:10a6:%x::%x) by\r\n %s with HTTPS; %s\r\n", strings.Replace(r.inside, "MB", "MA", 1), d.IntN(999), d.IntN(99), r.inside, at.Add(2*time.Second).UTC().Format(stamp))
		fmt.Fprintf(b, "Received: from %s (%s) by\r\n %s (10.152.%d.%d) with Microsoft SMTP\r\n Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.%d.%d via Frontend Transport; %s\r\n", helo, ip, r.host, d.IntN(250), d.IntN(250), d.between(3000, 3900), d.between(10, 40), at.UTC().Format(stamp))
		dk := " header.d=" + first(s.dkim, "none")
		action, comp := "none", "compauth=pass reason=100"
		if a.dmarc == "fail" {
			action, comp = map[string]string{"quarantine": "quarantine", "reject": "oreject"}[s.policy], "compauth=fail reason=001"
			if action == "" {
				action = "none"
			}
		} else if a.dmarc == "none" && a.dkim != "pass" {
			comp = "compauth=none reason=405"
		}
		verified := map[string]string{"pass": "(signature was verified)", "fail": "(body hash did not verify)", "none": "(message not signed)"}[a.dkim]
		fmt.Fprintf(b, "Authentication-Results: spf=%s (sender IP is %s)\r\n smtp.mailfrom=%s; %s; dkim=%s %s\r\n%s;%s; dmarc=%s action=%s\r\n header.from=%s;%s\r\n", a.spf, ip, envDomain, r.domain, a.dkim, verified, dk, r.domain, a.dmarc, action, fromDomain, comp)
		fmt.Fprintf(b, "Received-SPF: %s (protection.outlook.com: domain of %s %s %s as permitted sender)\r\n receiver=protection.outlook.com; client-ip=%s; helo=%s;\r\n", strings.ToUpper(a.spf[:1])+a.spf[1:], envDomain, designates(a.spf), ip, ip, helo)
		fmt.Fprintf(b, "Return-Path: %s\r\nX-MS-Exchange-Organization-Network-Message-Id: %s\r\nX-EOPAttributedMessage: 0\r\nX-MS-Exchange-Organization-MessageDirectionality: Incoming\r\n", env, d.uuid())
	case "suite":
		fmt.Fprintf(b, "Delivered-To: %s\r\nReceived: by 2002:a05:%x:%x:0:0:0:0 with SMTP id %s;\r\n        %s\r\n", rt.rcpt, d.between(4096, 60000), d.between(40, 999), d.from(alnum, 14), at.Add(time.Second).Format(stamp))
		fmt.Fprintf(b, "X-Received: by 2002:a17:%x:%x:: with SMTP id %s.%d.%d;\r\n        %s\r\nReturn-Path: <%s>\r\n", d.between(100, 999), d.between(1000, 9999), d.from(alnum, 16), d.between(1, 99), at.Unix(), at.Format(stamp), env)
		fmt.Fprintf(b, "Received: from %s (%s. [%s])\r\n        by mx.google.com with ESMTPS id %s.%d.%d\r\n        for <%s>\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        %s\r\n", helo, host, ip, d.from(alnum, 18), d.between(10, 900), at.Unix(), rt.rcpt, at.Format(stamp))
		fmt.Fprintf(b, "Received-SPF: %s (google.com: domain of %s %s %s as permitted sender) client-ip=%s;\r\nAuthentication-Results: mx.google.com;\r\n", a.spf, env, designates(a.spf), ip, ip)
		if s.dkim != "" {
			fmt.Fprintf(b, "       dkim=%s header.i=@%s header.s=%s header.b=%s;\r\n", a.dkim, s.dkim, s.selector, d.from(b64set, 8))
		}
		fmt.Fprintf(b, "       spf=%s (google.com: domain of %s %s %s as permitted sender) smtp.mailfrom=%s", a.spf, env, designates(a.spf), ip, env)
		if s.policy != "" {
			p := strings.ToUpper(s.policy)
			fmt.Fprintf(b, ";\r\n       dmarc=%s (p=%s sp=%s dis=NONE) header.from=%s", a.dmarc, p, p, fromDomain)
		}
		b.WriteString("\r\n")
	default:
		rt.openReceiver(d, b, s, at)
	}
}

// openReceiver writes the fields of the receivers that run free software, or a gateway before a store.
func (rt *route) openReceiver(d dice, b *bytes.Buffer, s *system, at time.Time) {
	r, a := rt.in, rt.auth
	results := func(sep string) string {
		var parts []string
		switch {
		case s.dkim != "" && r.kind == "milter":
			parts = append(parts, fmt.Sprintf("dkim=%s header.d=%s header.s=%s header.b=%s", a.dkim, s.dkim, s.selector, d.from(b64set, 8)))
		case s.dkim != "":
			reason := map[string]string{"pass": "(2048-bit key; unprotected)", "fail": `reason="signature verification failed"`}[a.dkim]
			parts = append(parts, fmt.Sprintf("dkim=%s %s header.d=%s header.i=@%s", a.dkim, reason, s.dkim, s.dkim))
		}
		if rt.envelope == "" { // RFC 7208 section 2.4: the null reverse-path is checked by HELO
			parts = append(parts, "spf="+a.spf+" smtp.helo="+s.helo)
		} else {
			parts = append(parts, "spf="+a.spf+" smtp.mailfrom="+rt.envelope)
		}
		if s.policy != "" {
			parts = append(parts, fmt.Sprintf("dmarc=%s (policy=%s) header.from=%s", a.dmarc, s.policy, domainOf(rt.from)))
		} else if r.kind == "milter" {
			parts = append(parts, "dmarc=none")
		}
		return strings.Join(parts, ";"+sep)
	}
	id := d.from(capnum, 11)
	switch r.kind {
	case "postfix", "milter":
		fmt.Fprintf(b, "Return-Path: <%s>\r\nX-Original-To: %s\r\nDelivered-To: %s\r\n", rt.envelope, rt.rcpt, rt.rcpt)
		if r.kind == "milter" {
			fmt.Fprintf(b, "Received: from %s ([10.0.%d.3])\r\n\tby %s with LMTP\r\n\tid %s\r\n\t(envelope-from <%s>)\r\n\tfor <%s>; %s\r\n", r.host, d.IntN(20), r.inside, d.from(b64set[:62], 20), rt.envelope, rt.rcpt, at.Add(time.Second).Format(stamp))
			fmt.Fprintf(b, "Authentication-Results: %s;\r\n\t%s\r\n", r.host, results("\r\n\t"))
		}
		fmt.Fprintf(b, "Received: from %s (%s [%s])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\tby %s (Postfix) with ESMTPS id %s\r\n\tfor <%s>; %s\r\n", s.helo, s.host, s.ip, r.host, id, rt.rcpt, at.Format(stamp))
		if r.kind == "postfix" {
			fmt.Fprintf(b, "Authentication-Results: %s; %s\r\n", r.host, results("\r\n\t"))
		}
	case "exim":
		fmt.Fprintf(b, "Return-path: <%s>\r\nEnvelope-to: %s\r\nDelivery-date: %s\r\n", rt.envelope, rt.rcpt, at.Add(time.Second).Format(stamp))
		fmt.Fprintf(b, "Received: from %s ([%s])\r\n\tby %s with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.94.2)\r\n\t(envelope-from <%s>)\r\n\tid 1%s-%s-%s\r\n\tfor %s; %s\r\n", s.host, s.ip, r.host, rt.envelope, d.from(alnum, 5), d.from(alnum, 6), d.from(alnum, 2), rt.rcpt, at.Format(stamp))
		fmt.Fprintf(b, "Authentication-Results: %s;\r\n\tiprev=pass (%s) smtp.remote-ip=%s;\r\n\t%s\r\n", r.host, s.host, s.ip, results("\r\n\t"))
	case "gateway":
		fmt.Fprintf(b, "Received: from %s (10.1.%d.20) by %s\r\n (10.1.%d.31) with Microsoft SMTP Server (TLS) id 15.1.%d.4; %s\r\n", r.host, d.IntN(9), r.inside, d.IntN(9), d.between(1500, 2300), at.Add(2*time.Second).Format(stamp))
		fmt.Fprintf(b, "Authentication-Results: %s; %s\r\n", r.host, results(" "))
		fmt.Fprintf(b, "Received: from %s (%s [%s]) by %s with ESMTP id %s\r\n (version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NOT); %s\r\n", s.helo, s.host, s.ip, r.host, d.from(lowers, 10)+"-1", at.Format(stamp))
		fmt.Fprintf(b, "Return-Path: %s\r\n", rt.envelope)
	}
}

func designates(spf string) string {
	switch spf {
	case "pass":
		return "designates"
	case "softfail":
		return "does not designate"
	}
	return "has no record for"
}

// placeZone is the zone of a receiver: one per domain, so that its trace is of a piece.
func placeZone(r *receiver) string {
	return [...]string{"+0000", "+0100", "+0200", "-0500", "+0900"}[len(r.domain)%5]
}
