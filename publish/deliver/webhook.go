package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/coldwatch/coldwatch"
)

// A webhook gets each warning as JSON in a POST of its own.
type webhook struct {
	url    *url.URL
	name   string
	secret string
	http   *http.Client
}

func openWebhook(u *url.URL, o Options) Channel {
	named := *u
	named.User, named.RawQuery, named.Fragment = nil, "", "" // what may be secret names nothing
	return webhook{url: u, name: "webhook " + named.String(), secret: o.Secret, http: &http.Client{Timeout: time.Minute,
		Transport:     &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: 20 * time.Second, TLSClientConfig: o.TLS},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (h webhook) Name(coldwatch.Warning) (string, error) { return h.name, nil }

// Send posts the warning with its id as Idempotency-Key and, where there is a secret, X-Coldwatch-Signature: sha256= and the
// HMAC-SHA-256 of the body in hex. 2xx is taken; 429 and 503 say that it was not, and to come again (RFC 9110 section 15.6.4, RFC 6585
// section 4); 401, 403,
// 404, 405, 410 and redirects mean that the destination is wrong; other errors of the server leave it open.
func (h webhook) Send(ctx context.Context, i Item) error {
	body, err := json.Marshal(i.Warning)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "coldwatch/"+coldwatch.Version)
	r.Header.Set("Idempotency-Key", i.Warning.ID)
	if h.secret != "" {
		m := hmac.New(sha256.New, []byte(h.secret))
		m.Write(body)
		r.Header.Set("X-Coldwatch-Signature", "sha256="+hex.EncodeToString(m.Sum(nil)))
	}
	resp, err := h.http.Do(r)
	if err != nil && connected {
		return fmt.Errorf("deliver: %w: %w", ErrUnsure, err)
	}
	if err != nil {
		return fmt.Errorf("deliver: %w: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // what it says beside the status is nothing to us
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return nil
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return fmt.Errorf("deliver: %s: %s", h.name, resp.Status)
	case code/100 == 3 || code == http.StatusUnauthorized || code >= http.StatusForbidden && code <= http.StatusMethodNotAllowed || code == http.StatusGone:
		return fmt.Errorf("deliver: %w: %s: %s", ErrUnreachable, h.name, resp.Status) // the address or the secret is wrong, not the warning
	case code >= 500:
		return fmt.Errorf("deliver: %w: %s: %s", ErrUnsure, h.name, resp.Status)
	}
	return fmt.Errorf("deliver: %w: %s: %s", ErrRefused, h.name, resp.Status)
}
