// Package dkim verifies the signatures of mail: DomainKeys Identified Mail (RFC 6376, with RFC 8301 on what is too weak and
// RFC 8463 on Ed25519) and the Authenticated Received Chain (RFC 8617), which signs in the same way.
//
// A signature names a domain (d=), a key below it (s=), the header fields that it covers (h=) and a hash of the body (bh=). It
// holds if the canonical form of those fields hashes to what the key signed. It says that the domain vouches for the message,
// not that the domain is the author's: that is for alignment (RFC 7489).
//
// What verifies here is stricter than the letter where the letter lets an attacker add to a signed message: a signature over a
// part of the body only (l=), or one that leaves a second From uncovered (RFC 6376 section 8), is neutral.
package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
)

// A Signature is a signature field and what came of it.
type Signature struct {
	Domain   string // d=, lower case
	Selector string
	Result   coldwatch.Result // pass, fail, neutral, permerror, temperror
	Reason   string           // why it is not a pass
}

// Bounds of a message's signatures.
const (
	mostSignatures = 8
	mostFields     = 1000
)

// Verify checks the signatures of a message, the topmost first. Now is the time of receipt: a signature may expire.
func Verify(raw []byte, r dns.Resolver, now time.Time) []Signature {
	m := read(raw)
	var out []Signature
	for i := range m.fields {
		if !m.fields[i].is("dkim-signature") {
			continue
		}
		if len(out) == mostSignatures {
			break
		}
		t, err := parse(m.fields[i].value())
		s := Signature{Domain: strings.ToLower(t["d"]), Selector: t["s"]}
		if err == nil && t["v"] != "1" {
			err = errors.New("it is of another version")
		}
		if err != nil {
			s.Result, s.Reason = coldwatch.PermError, err.Error()
		} else {
			s.Result, s.Reason = m.check(i, t, r, now)
		}
		out = append(out, s)
	}
	return out
}

// A mail is a message as it is signed: lines that end in CRLF.
type mail struct {
	fields []field
	body   []byte
	hashes map[string][]byte // of the body, by canonicalisation
}

// A field is one header field with its line ends.
type field []byte

func (f field) name() string {
	n, _, _ := bytes.Cut(f, []byte(":"))
	return strings.ToLower(strings.TrimRight(string(n), " \t"))
}

func (f field) is(name string) bool {
	return len(f) > len(name) && strings.EqualFold(string(f[:len(name)]), name) && (f[len(name)] == ':' || f[len(name)] == ' ' || f[len(name)] == '\t')
}

func (f field) value() string {
	_, v, _ := bytes.Cut(f, []byte(":"))
	return string(v)
}

// read takes a message apart. Mail that lay in a file may have bare line feeds; it was not signed so.
func read(raw []byte) *mail {
	m := &mail{hashes: map[string][]byte{}}
	raw = crlf(raw)
	for len(raw) > 0 && len(m.fields) < mostFields {
		if bytes.HasPrefix(raw, []byte("\r\n")) {
			m.body = raw[2:]
			break
		}
		end := 0
		for {
			nl := bytes.Index(raw[end:], []byte("\r\n"))
			if nl < 0 {
				end = len(raw)
				break
			}
			end += nl + 2
			if end >= len(raw) || raw[end] != ' ' && raw[end] != '\t' {
				break
			}
		}
		m.fields = append(m.fields, field(raw[:end]))
		raw = raw[end:]
	}
	return m
}

func crlf(raw []byte) []byte {
	n := bytes.Count(raw, []byte("\n"))
	if n == bytes.Count(raw, []byte("\r\n")) {
		return raw
	}
	out := make([]byte, 0, len(raw)+n)
	for i, c := range raw {
		if c == '\n' && (i == 0 || raw[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}

// parse reads a tag list (RFC 6376 section 3.2).
func parse(v string) (map[string]string, error) {
	t := map[string]string{}
	for part := range strings.SplitSeq(v, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		k, val, ok := strings.Cut(part, "=")
		k = strings.TrimSpace(k)
		if _, twice := t[k]; !ok || k == "" || twice {
			return t, errors.New("its tags cannot be read")
		}
		t[k] = strings.TrimSpace(val)
	}
	return t, nil
}

// compact drops all white space.
func compact(s string) string { return strings.Join(strings.Fields(s), "") }

// check verifies the signature in field i with those tags.
func (m *mail) check(i int, t map[string]string, r dns.Resolver, now time.Time) (coldwatch.Result, string) {
	for _, k := range [...]string{"a", "b", "bh", "d", "h", "s"} {
		if t[k] == "" {
			return coldwatch.PermError, "the tag " + k + " is missing"
		}
	}
	if x, err := strconv.ParseInt(t["x"], 10, 64); err == nil && !now.IsZero() && now.After(time.Unix(x, 0)) {
		return coldwatch.Neutral, "it had expired"
	}
	if id := strings.ToLower(t["i"]); id != "" {
		host := id[strings.LastIndexByte(id, '@')+1:]
		if d := strings.ToLower(t["d"]); host != d && !strings.HasSuffix(host, "."+d) {
			return coldwatch.PermError, "its identity is not below its domain"
		}
	}
	head, body, _ := strings.Cut(strings.ToLower(compact(t["c"])), "/")
	if head == "" {
		head = "simple"
	}
	if body == "" {
		body = "simple"
	}
	if head != "simple" && head != "relaxed" || body != "simple" && body != "relaxed" {
		return coldwatch.PermError, "its canonicalisation is not known"
	}
	names := strings.Split(strings.ToLower(compact(t["h"])), ":")
	if len(names) > mostFields {
		return coldwatch.PermError, "it covers too many fields"
	}
	from := 0
	for _, n := range names {
		if n == "from" {
			from++
		}
	}
	if from == 0 {
		return coldwatch.PermError, "it does not cover From"
	}
	whole, want := true, compact(t["bh"])
	got := m.bodyHash(body)
	if l, ok := t["l"]; ok {
		whole, got = m.partHash(body, l)
	}
	if base64.StdEncoding.EncodeToString(got) != want {
		return coldwatch.Fail, "the body is not the one that was signed"
	}
	h := sha256.New()
	for _, f := range m.covered(names) {
		h.Write(canonical(f, head))
	}
	h.Write(bytes.TrimSuffix(canonical(unsigned(m.fields[i]), head), []byte("\r\n")))
	if res, why := verify(h.Sum(nil), t, r); res != coldwatch.Pass {
		return res, why
	}
	shown := 0
	for _, f := range m.fields {
		if f.is("from") {
			shown++
		}
	}
	switch {
	case !whole:
		return coldwatch.Neutral, "it covers a part of the body only"
	case shown > from:
		return coldwatch.Neutral, "it leaves a second From uncovered"
	}
	return coldwatch.Pass, ""
}

// covered gives the fields that a signature names, each name the next one up from the bottom (RFC 6376 section 5.4.2).
func (m *mail) covered(names []string) []field {
	at := map[string][]int{}
	for i, f := range m.fields {
		n := f.name()
		at[n] = append(at[n], i)
	}
	var out []field
	for _, n := range names {
		list := at[n]
		if len(list) == 0 {
			continue
		}
		out = append(out, m.fields[list[len(list)-1]])
		at[n] = list[:len(list)-1]
	}
	return out
}

// unsigned empties the b tag of a signature field.
func unsigned(f field) field {
	colon := bytes.IndexByte(f, ':') + 1
	for i := colon; i < len(f); {
		end := bytes.IndexByte(f[i:], ';')
		if end < 0 {
			end = len(f)
		} else {
			end += i
		}
		if eq := bytes.IndexByte(f[i:end], '='); eq >= 0 && string(bytes.TrimSpace(f[i:i+eq])) == "b" {
			out := append([]byte{}, f[:i+eq+1]...)
			if end == len(f) {
				return append(out, '\r', '\n')
			}
			return append(out, f[end:]...)
		}
		i = end + 1
	}
	return f
}

// canonical gives a header field's form under a canonicalisation (RFC 6376 section 3.4).
func canonical(f field, how string) []byte {
	if how == "simple" {
		return f
	}
	name, value, _ := bytes.Cut(f, []byte(":"))
	out := append(bytes.ToLower(bytes.TrimRight(name, " \t")), ':')
	out = append(out, bytes.Join(bytes.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }), []byte(" "))...)
	return append(out, '\r', '\n')
}

func (m *mail) bodyHash(how string) []byte {
	if h, ok := m.hashes[how]; ok {
		return h
	}
	sum := sha256.Sum256(canonicalBody(m.body, how))
	m.hashes[how] = sum[:]
	return sum[:]
}

// partHash hashes the first bytes of a body only, and tells whether that is all of it.
func (m *mail) partHash(how, length string) (whole bool, hash []byte) {
	b := canonicalBody(m.body, how)
	n, err := strconv.Atoi(compact(length))
	if err != nil || n < 0 || n > len(b) {
		return false, nil
	}
	sum := sha256.Sum256(b[:n])
	return n == len(b), sum[:]
}

func canonicalBody(b []byte, how string) []byte {
	if how == "relaxed" {
		out := make([]byte, 0, len(b))
		for len(b) > 0 {
			line := b
			if nl := bytes.Index(b, []byte("\r\n")); nl >= 0 {
				line, b = b[:nl], b[nl+2:]
			} else {
				b = nil
			}
			space := false
			for _, c := range line {
				if c == ' ' || c == '\t' {
					space = true
					continue
				}
				if space {
					out = append(out, ' ')
					space = false
				}
				out = append(out, c)
			}
			out = append(out, '\r', '\n')
		}
		b = out
	}
	for bytes.HasSuffix(b, []byte("\r\n")) {
		b = b[:len(b)-2]
	}
	if len(b) == 0 && how == "relaxed" {
		return nil
	}
	return append(b[:len(b):len(b)], '\r', '\n')
}

// verify checks a hash of header fields against the key that the tags name.
func verify(hash []byte, t map[string]string, r dns.Resolver) (coldwatch.Result, string) {
	sig, err := base64.StdEncoding.DecodeString(compact(t["b"]))
	if err != nil {
		return coldwatch.PermError, "it cannot be read"
	}
	algorithm := strings.ToLower(compact(t["a"]))
	if algorithm != "rsa-sha256" && algorithm != "ed25519-sha256" {
		return coldwatch.PermError, "its algorithm is too weak or not known"
	}
	answer := r.Lookup(dns.TXT, t["s"]+"._domainkey."+t["d"])
	if answer.Failed {
		return coldwatch.TempError, "its key could not be looked up"
	}
	for _, txt := range answer.Values {
		k, err := parse(txt)
		if err != nil || k["v"] != "" && k["v"] != "DKIM1" {
			continue
		}
		return verifyWith(hash, sig, algorithm, k, t)
	}
	return coldwatch.PermError, "there is no such key"
}

func verifyWith(hash, sig []byte, algorithm string, k, t map[string]string) (coldwatch.Result, string) {
	key, err := base64.StdEncoding.DecodeString(compact(k["p"]))
	kind := strings.ToLower(k["k"])
	if kind == "" {
		kind = "rsa"
	}
	switch {
	case len(key) == 0:
		return coldwatch.PermError, "its key was revoked"
	case err != nil || !strings.HasPrefix(algorithm, kind+"-"):
		return coldwatch.PermError, "its key cannot be used"
	case k["h"] != "" && !listed(k["h"], "sha256"), k["s"] != "" && !listed(k["s"], "email") && !listed(k["s"], "*"):
		return coldwatch.PermError, "its key is for something else"
	}
	if id := strings.ToLower(t["i"]); listed(k["t"], "s") && id != "" && id[strings.LastIndexByte(id, '@')+1:] != strings.ToLower(t["d"]) {
		return coldwatch.PermError, "its key is for the domain itself only"
	}
	if kind == "ed25519" {
		if len(key) == ed25519.PublicKeySize && ed25519.Verify(key, hash, sig) {
			return coldwatch.Pass, ""
		}
		return coldwatch.Fail, "the header is not the one that was signed"
	}
	var pub *rsa.PublicKey
	if any, err := x509.ParsePKIXPublicKey(key); err == nil {
		pub, _ = any.(*rsa.PublicKey)
	} else if p, err := x509.ParsePKCS1PublicKey(key); err == nil {
		pub = p
	}
	if pub == nil || pub.N.BitLen() < 1024 || pub.N.BitLen() > 8192 {
		return coldwatch.PermError, "its key cannot be used"
	}
	if rsa.VerifyPKCS1v15(pub, crypto.SHA256, hash, sig) != nil {
		return coldwatch.Fail, "the header is not the one that was signed"
	}
	return coldwatch.Pass, ""
}

// listed tells whether a list with colons has a word.
func listed(list, word string) bool {
	for w := range strings.SplitSeq(list, ":") {
		if strings.EqualFold(strings.TrimSpace(w), word) {
			return true
		}
	}
	return false
}
