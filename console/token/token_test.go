package token_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/console/token"
)

// settings keeps settings in memory.
type settings map[string][]byte

func (s settings) Setting(_ context.Context, name string) ([]byte, error) { return s[name], nil }

func (s settings) PutSetting(_ context.Context, name string, value []byte) error {
	s[name] = value
	return nil
}

func TestTokens(t *testing.T) {
	s := settings{}
	now := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	secret, err := token.Create(t.Context(), s, "isac", []string{token.ReadTAXII}, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range s {
		if strings.Contains(string(stored), secret) || strings.Contains(string(stored), strings.TrimPrefix(secret, "cw_")) {
			t.Errorf("the setting %s holds the secret itself", name)
		}
	}
	for want, try := range map[error]func() error{
		token.ErrTaken: func() error { _, err := token.Create(t.Context(), s, "isac", nil, now); return err },
		token.ErrScope: func() error { _, err := token.Create(t.Context(), s, "x", []string{"all"}, now); return err },
		token.ErrName:  func() error { _, err := token.Create(t.Context(), s, "a:b", nil, now); return err },
		token.ErrNone:  func() error { return token.Revoke(t.Context(), s, "x") },
	} {
		if err := try(); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	let := func(authorization string) (token.Token, bool) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", authorization)
		all, err := token.All(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return token.Of(r, all)
	}
	if got, ok := let("bearer " + secret); !ok || got.Name != "isac" || !got.May(token.ReadTAXII) || got.May(token.WriteTAXII) {
		t.Errorf("its bearer is let in as %+v, %v", got, ok)
	}
	for _, a := range []string{"", "Bearer", "Bearer " + secret[1:], "Basic " + secret, secret} {
		if _, ok := let(a); ok {
			t.Errorf("let in with %q", a)
		}
	}
	if err := token.Revoke(t.Context(), s, "isac"); err != nil {
		t.Fatal(err)
	}
	if _, ok := let("Bearer " + secret); ok {
		t.Error("let in with a revoked token")
	}
}
