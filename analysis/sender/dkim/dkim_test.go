package dkim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
)

// The examples of RFC 6376 appendix A and RFC 8463 appendix A, with the keys published there.
const (
	rfc6376 = `DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
`
	rfc8463 = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`
	rsaKey = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v" +
		"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
	rsaKey2 = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ" +
		"/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
	edKey = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

// names is a resolver over a map; what is not in it does not exist, "!" cannot be told.
type names map[string]string

func (n names) Lookup(kind dns.Kind, name string) dns.Answer {
	switch v, ok := n[name]; {
	case !ok || kind != dns.TXT:
		return dns.Answer{}
	case v == "!":
		return dns.Answer{Failed: true}
	default:
		return dns.Answer{Values: []string{v}}
	}
}

var keys = names{"brisbane._domainkey.example.com": rsaKey, "test._domainkey.football.example.com": rsaKey2, "brisbane._domainkey.football.example.com": edKey}

func results(sigs []Signature) string {
	var out []string
	for _, s := range sigs {
		out = append(out, string(s.Result))
	}
	return strings.Join(out, " ")
}

func TestVerify(t *testing.T) {
	lines := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	change := func(s, old, with string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("the example has no %q", old)
		}
		return strings.Replace(s, old, with, 1)
	}
	for _, c := range []struct {
		name, raw string
		keys      names
		want      string
	}{
		{"RFC 6376", lines(rfc6376), keys, "pass"},
		{"with line feeds only, as from a file", rfc6376, keys, "pass"},
		{"RFC 8463", lines(rfc8463), keys, "pass pass"},
		{"another body", change(rfc8463, "lost", "won"), keys, "fail fail"},
		{"another subject", change(rfc8463, "dinner", "lunch"), keys, "fail fail"},
		{"white space at line ends, relaxed", change(rfc8463, "Hi.", "Hi. \t"), keys, "pass pass"},
		{"white space at line ends, simple", change(rfc6376, "Hi.", "Hi. "), keys, "fail"},
		{"empty lines at the end", rfc8463 + "\n\n\n", keys, "pass pass"},
		{"a field that is not covered", "X-Spam: no\n" + rfc8463, keys, "pass pass"},
		{"a second From over one that is covered once", change(rfc6376, "From:", "From: Boss <boss@example.net>\nFrom:"), keys, "neutral"},
		{"a second From that is covered as missing", "From: Boss <boss@example.net>\n" + rfc8463, keys, "fail fail"},
		{"no key", rfc6376, names{}, "permerror"},
		{"no answer", rfc6376, names{"brisbane._domainkey.example.com": "!"}, "temperror"},
		{"revoked", rfc6376, names{"brisbane._domainkey.example.com": "v=DKIM1; p="}, "permerror"},
		{"a key of another kind", rfc6376, names{"brisbane._domainkey.example.com": edKey}, "permerror"},
		{"a key for the domain itself only", rfc6376, names{"brisbane._domainkey.example.com": rsaKey + "; t=s"}, "permerror"},
		{"a key for something else", rfc6376, names{"brisbane._domainkey.example.com": rsaKey + "; s=chat"}, "permerror"},
		{"SHA-1", change(rfc6376, "rsa-sha256", "rsa-sha1"), keys, "permerror"},
		{"an identity of another domain", change(rfc6376, "i=joe@football.example.com", "i=joe@example.net"), keys, "permerror"},
		{"From is not covered", change(rfc6376, "Received : From", "Received"), keys, "permerror"},
		{"a tag twice", change(rfc6376, "s=brisbane;", "s=brisbane; s=other;"), keys, "permerror"},
		{"no signature", "From: a@b.example\n\nHello\n", keys, ""},
		{"hardly a field", "DKIM-Signature:", keys, "permerror"},
	} {
		if got := results(Verify([]byte(c.raw), c.keys, time.Unix(1528637999, 0))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

var seed = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func ownKeys() names {
	return names{"k._domainkey.list.example": "k=ed25519; p=" + base64.StdEncoding.EncodeToString(seed.Public().(ed25519.PublicKey))}
}

// sign signs the relaxed form of some fields and then the field itself, whose b tag is empty and last.
func sign(f string, covered ...field) field {
	h := sha256.New()
	for _, c := range covered {
		h.Write(canonical(c, "relaxed"))
	}
	h.Write([]byte(strings.TrimSuffix(string(canonical(field(f+"\r\n"), "relaxed")), "\r\n")))
	return field(f + base64.StdEncoding.EncodeToString(ed25519.Sign(seed, h.Sum(nil))) + "\r\n")
}

const (
	shownFrom = "From: Ana <ana@a.example>\r\n"
	shownBody = "Hello there, this is the list's footer.\r\n"
)

func signed(extra, body string) string {
	sum := sha256.Sum256([]byte(body))
	return string(sign("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=list.example; s=k; h=from;"+extra+" bh="+
		base64.StdEncoding.EncodeToString(sum[:])+"; b=", field(shownFrom)))
}

func TestPartsAndTimes(t *testing.T) {
	for _, c := range []struct{ name, extra, body, want string }{
		{"whole", "", shownBody, "pass"},
		{"a length that is the whole", fmt.Sprintf(" l=%d;", len(shownBody)), shownBody, "pass"},
		{"a part", " l=5;", shownBody[:5], "neutral"},
		{"a length past the end", " l=500;", shownBody, "fail"},
		{"expired", " x=1500000000;", shownBody, "neutral"},
		{"not expired", " x=1700000000;", shownBody, "pass"},
	} {
		raw := signed(c.extra, c.body) + shownFrom + "\r\n" + shownBody
		if got := results(Verify([]byte(raw), ownKeys(), time.Unix(1600000000, 0))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// hand adds a set of a chain on top of a message.
func hand(i int, cv string, raw string, below []field) (string, []field) {
	sum := sha256.Sum256([]byte(shownBody))
	results := field(fmt.Sprintf("ARC-Authentication-Results: i=%d; list.example; dkim=pass header.d=a.example\r\n", i))
	signature := sign(fmt.Sprintf("ARC-Message-Signature: i=%d; a=ed25519-sha256; c=relaxed/relaxed; d=list.example; s=k; h=from; bh=%s; b=", i,
		base64.StdEncoding.EncodeToString(sum[:])), field(shownFrom))
	below = append(below, results, signature)
	seal := sign(fmt.Sprintf("ARC-Seal: i=%d; a=ed25519-sha256; cv=%s; d=list.example; s=k; b=", i, cv), below...)
	return string(seal) + string(signature) + string(results) + raw, append(below, seal)
}

func TestChain(t *testing.T) {
	plain := shownFrom + "\r\n" + shownBody
	one, below := hand(1, "none", plain, nil)
	two, _ := hand(2, "pass", one, below)
	for _, c := range []struct {
		name, raw string
		keys      names
		want      coldwatch.Result
	}{
		{"none", plain, ownKeys(), coldwatch.None},
		{"one hand", one, ownKeys(), coldwatch.Pass},
		{"two hands", two, ownKeys(), coldwatch.Pass},
		{"changed results", strings.Replace(two, "i=1; list.example; dkim=pass", "i=1; list.example; dkim=fail", 1), ownKeys(), coldwatch.Fail},
		{"changed body", strings.Replace(two, "Hello", "Hallo", 1), ownKeys(), coldwatch.Fail},
		{"a set is missing", strings.Replace(two, "i=1;", "i=3;", 3), ownKeys(), coldwatch.Fail},
		{"a set twice", string(field("ARC-Seal: i=1; d=x\r\n")) + one, ownKeys(), coldwatch.Fail},
		{"a seal that says it failed", strings.Replace(two, "cv=pass", "cv=fail", 1), ownKeys(), coldwatch.Fail},
		{"no key", two, names{}, coldwatch.Fail},
		{"no answer", two, names{"k._domainkey.list.example": "!"}, coldwatch.TempError},
		{"too many hands", strings.Replace(one, "i=1;", "i=51;", 3), ownKeys(), coldwatch.Fail},
	} {
		got, sealer := Chain([]byte(c.raw), c.keys, time.Time{})
		if got != c.want || (sealer != "") != (got == coldwatch.Pass) {
			t.Errorf("%s: %s by %q, want %s", c.name, got, sealer, c.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	one, _ := hand(1, "none", shownFrom+"\r\n"+shownBody, nil)
	for _, s := range []string{rfc6376, rfc8463, one, signed(" l=5;", shownBody), "DKIM-Signature: b=\r\n\r\n", "a\r\n b\r\n\n"} {
		f.Add([]byte(s))
	}
	all := ownKeys()
	for k, v := range keys {
		all[k] = v
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		Verify(raw, all, time.Time{})
		Chain(raw, all, time.Time{})
	})
}
