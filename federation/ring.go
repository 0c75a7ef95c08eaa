package federation

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// overlap is how long into a quarter tokens of the quarter before come along with the new ones. The hub links by the old until then,
// and by the new from then on; meanwhile members send again, under the new key, what they sent.
const overlap = 21 * 24 * time.Hour

// A Quarter names three months, "2020Q4"; later quarters sort behind.
type Quarter string

// QuarterOf gives the quarter of a time, in UTC.
func QuarterOf(t time.Time) Quarter {
	t = t.UTC()
	return Quarter(fmt.Sprintf("%04dQ%d", t.Year(), (int(t.Month())-1)/3+1))
}

// start is the quarter's first moment.
func (q Quarter) start() time.Time {
	y, n, _ := strings.Cut(string(q), "Q")
	year, err1 := strconv.Atoi(y)
	part, err2 := strconv.Atoi(n)
	if err1 != nil || err2 != nil || part < 1 || part > 4 || len(y) != 4 {
		return time.Time{}
	}
	return time.Date(year, time.Month(part*3-2), 1, 0, 0, 0, 0, time.UTC)
}

// before is the quarter before.
func (q Quarter) before() Quarter { return QuarterOf(q.start().AddDate(0, 0, -1)) }

// Next is the quarter after.
func (q Quarter) Next() Quarter { return QuarterOf(q.start().AddDate(0, 3, 0)) }

// overlapping tells whether values of that time carry the token of the quarter before too.
func overlapping(t time.Time) bool { return t.Sub(QuarterOf(t).start()) < overlap }

// A Ring holds the community's secrets, each from its quarter on. The key of a quarter is derived from the secret that is in force
// then (HKDF, RFC 5869), so that one secret serves many quarters and a new one shuts out whoever left with the old.
type Ring struct {
	secrets []secret // by quarter
}

type secret struct {
	from Quarter
	key  [32]byte
}

// ErrRing says that a text is no community key.
var ErrRing = errors.New("this is no community key")

const ringMark = "cwk1"

// Renew adds a secret that is in force from a quarter on; the zero Ring becomes one that can be used.
func (r *Ring) Renew(from Quarter) error {
	s := secret{from: from}
	if from.start().IsZero() {
		return fmt.Errorf("%q is no quarter: %w", from, ErrRing)
	}
	if _, err := rand.Read(s.key[:]); err != nil {
		return fmt.Errorf("community key: %w", err)
	}
	r.secrets = slices.DeleteFunc(r.secrets, func(o secret) bool { return o.from == from })
	r.secrets = append(r.secrets, s)
	r.sort()
	return nil
}

func (r *Ring) sort() {
	slices.SortFunc(r.secrets, func(a, b secret) int { return strings.Compare(string(a.from), string(b.from)) })
}

// String writes the ring so that a member can hand it to another. It is a secret.
func (r *Ring) String() string {
	parts := []string{ringMark}
	for _, s := range r.secrets {
		parts = append(parts, string(s.from)+"="+base64.RawURLEncoding.EncodeToString(s.key[:]))
	}
	return strings.Join(parts, ":")
}

// ParseRing reads what String wrote.
func ParseRing(text string) (*Ring, error) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) < 2 || len(parts) > 200 || parts[0] != ringMark {
		return nil, ErrRing
	}
	r := &Ring{}
	for _, p := range parts[1:] {
		from, key, _ := strings.Cut(p, "=")
		raw, err := base64.RawURLEncoding.DecodeString(key)
		if err != nil || len(raw) != 32 || Quarter(from).start().IsZero() {
			return nil, ErrRing
		}
		r.secrets = append(r.secrets, secret{Quarter(from), [32]byte(raw)})
	}
	r.sort()
	return r, nil
}

// key derives what a quarter uses for a purpose. Before the first secret's quarter the first is in force.
func (r *Ring) key(q Quarter, purpose string) []byte {
	if len(r.secrets) == 0 {
		panic("federation: an empty ring was used")
	}
	s := r.secrets[0]
	for _, o := range r.secrets[1:] {
		if o.from <= q {
			s = o
		}
	}
	k, err := hkdf.Key(sha256.New, s.key[:], nil, "coldwatch "+purpose+" "+string(q), 32)
	if err != nil {
		panic(err) // only for lengths that are too great
	}
	return k
}

// A tokenizer makes the tokens of one quarter.
type tokenizer struct{ key []byte }

// KeyOf is the key of a quarter's tokens: who has it can try values against them.
func (r *Ring) KeyOf(q Quarter) []byte { return r.key(q, "tokens") }

func (r *Ring) tokens(q Quarter) tokenizer { return tokenizer{r.KeyOf(q)} }

// names are the views whose values are names of hosts and mailboxes. One name has one token in all of them: that a sender's domain
// is also where the answers go is one piece of evidence, and the linker must see it.
var names = map[coldwatch.View]bool{coldwatch.ViewHost: true, coldwatch.ViewLinkHost: true, coldwatch.ViewSender: true,
	coldwatch.ViewReplyTo: true, coldwatch.ViewEnvelope: true, coldwatch.ViewDKIM: true}

// of gives the token of a value. The token of an account begins with its host's, for the linker reads whose customer it is.
func (t tokenizer) of(v coldwatch.View, value string) string {
	if v == coldwatch.ViewAccount {
		if host, account, ok := strings.Cut(value, "#"); ok {
			return t.sum("name", host) + "#" + t.sum(string(v), account)
		}
	}
	if names[v] {
		return t.sum("name", value)
	}
	return t.sum(string(v), value)
}

// tokenBytes are kept of each HMAC: at 2^40 values two share a token with a chance of 2^-17.
const tokenBytes = 12

func (t tokenizer) sum(kind, value string) string {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:tokenBytes])
}

// isToken tells whether a text has the form of a token.
func isToken(s string) bool {
	host, account, both := strings.Cut(s, "#")
	return tokenForm(host) && (!both || tokenForm(account))
}

func tokenForm(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == tokenBytes
}

// seal hides a text from everybody without the community key, the hub included (AES-256-GCM, NIST SP 800-38D).
func (r *Ring) seal(q Quarter, about, text string) (string, error) {
	a, err := r.aead(q)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, a.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(a.Seal(nonce, nonce, []byte(text), []byte(about))), nil
}

// unseal gives back what seal hid; ok is false for what was not sealed about this with this community's key.
func (r *Ring) unseal(q Quarter, about, sealed string) (text string, ok bool) {
	a, err := r.aead(q)
	if err != nil {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < a.NonceSize() {
		return "", false
	}
	out, err := a.Open(nil, raw[:a.NonceSize()], raw[a.NonceSize():], []byte(about))
	return string(out), err == nil
}

func (r *Ring) aead(q Quarter) (cipher.AEAD, error) {
	b, err := aes.NewCipher(r.key(q, "openings"))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return cipher.NewGCM(b)
}
