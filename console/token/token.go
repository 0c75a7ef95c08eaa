// Package token keeps the secrets by which programs are let in over HTTP: random, shown once, kept as hashes, each with what it
// may do.
//
// A secret is 256 random bits, so that its SHA-256 needs no salt and no slow hash: there is nothing to guess. It comes as the
// password of HTTP Basic (RFC 7617), whose user name is then the token's name, or as a Bearer token (RFC 6750 section 2.1).
package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Scopes are what a token may allow.
const (
	ReadTAXII  = "taxii:read"  // read what is published
	WriteTAXII = "taxii:write" // push, and read back and delete what the same token pushed

	ReadAPI     = "api:read"     // what a viewer may
	WriteAPI    = "api:write"    // what an analyst may
	PublishAPI  = "api:publish"  // what a publisher may
	AdminAPI    = "api:admin"    // what an administrator may
	WriteIntake = "intake:write" // hand messages in, and nothing else
	ReadMetrics = "metrics:read" // the state of the program
)

// Scopes lists every scope, sorted.
func Scopes() []string {
	return []string{AdminAPI, PublishAPI, ReadAPI, WriteAPI, WriteIntake, ReadMetrics, ReadTAXII, WriteTAXII}
}

// A Token lets its bearer in.
type Token struct {
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Created time.Time `json:"created"`
	Hash    string    `json:"hash"` // SHA-256 of the secret, hex

	Organisation string    `json:"organisation,omitempty"` // sees and hands in that organisation's mail only
	Expires      time.Time `json:"expires,omitzero"`       // zero: never
}

// Ended tells whether the token has expired.
func (t Token) Ended(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// May tells whether the token allows the scope.
func (t Token) May(scope string) bool { return slices.Contains(t.Scopes, scope) }

// Settings is where tokens are kept.
type Settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) error
}

const setting = "tokens"

// Errors that a user can mend.
var (
	ErrTaken = errors.New("there is a token of that name already")
	ErrNone  = errors.New("there is no token of that name")
	ErrScope = errors.New("unknown scope")
	ErrName  = errors.New("a name has letters, digits, hyphens, dots and underscores, at most 64")
)

// All gives every token, by name.
func All(ctx context.Context, s Settings) ([]Token, error) {
	b, err := s.Setting(ctx, setting)
	if err != nil || b == nil {
		return nil, err
	}
	var out []Token
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return out, nil
}

func put(ctx context.Context, s Settings, all []Token) error {
	slices.SortFunc(all, func(a, b Token) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	return s.PutSetting(ctx, setting, b)
}

// Create makes a token and gives its secret, which is kept nowhere.
func Create(ctx context.Context, s Settings, name string, scopes []string, now time.Time) (secret string, err error) {
	return Make(ctx, s, Token{Name: name, Scopes: scopes, Created: now})
}

// Make is Create for a token with an organisation or an end.
func Make(ctx context.Context, s Settings, t Token) (secret string, err error) {
	name := t.Name
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "" {
		return "", fmt.Errorf("%q: %w", name, ErrName)
	}
	for _, sc := range t.Scopes {
		if !slices.Contains(Scopes(), sc) {
			return "", fmt.Errorf("%q: %w", sc, ErrScope)
		}
	}
	all, err := All(ctx, s)
	if err != nil {
		return "", err
	}
	for _, other := range all {
		if other.Name == name {
			return "", fmt.Errorf("%s: %w", name, ErrTaken)
		}
	}
	secret = "cw_" + Secret()
	t.Scopes = slices.Compact(slices.Sorted(slices.Values(t.Scopes)))
	t.Created, t.Hash = t.Created.UTC(), Hash(secret)
	return secret, put(ctx, s, append(all, t))
}

// Revoke takes a token away.
func Revoke(ctx context.Context, s Settings, name string) error {
	all, err := All(ctx, s)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(t Token) bool { return t.Name == name })
	if len(kept) == len(all) {
		return fmt.Errorf("%s: %w", name, ErrNone)
	}
	return put(ctx, s, kept)
}

// Secret gives 256 random bits.
func Secret() string {
	var b [32]byte
	rand.Read(b[:]) //nolint:errcheck // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash gives what is kept of a secret.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Of finds whose request it is. All tokens are compared, so that the time taken tells nothing.
func Of(r *http.Request, all []Token) (found Token, ok bool) {
	name, secret, basic := r.BasicAuth()
	if !basic {
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Token") { // Token is what OASIS's Python client sends
			return Token{}, false
		}
		secret = strings.TrimSpace(rest)
	}
	sum := []byte(Hash(secret))
	for _, t := range all {
		if subtle.ConstantTimeCompare(sum, []byte(t.Hash)) == 1 && (!basic || t.Name == name) {
			found, ok = t, true
		}
	}
	return found, ok
}
