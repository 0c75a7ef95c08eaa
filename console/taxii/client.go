package taxii

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/coldwatch/coldwatch/publish/stix"
)

// Bounds of what a client takes from a server in one go.
const (
	maxPages  = 100_000
	pushBytes = 4 << 20
	pushCount = 500
)

// Errors that a user can mend.
var (
	ErrCredentials = errors.New("the server does not let us in")
	ErrClear       = errors.New("a secret would cross the network in clear")
	ErrElsewhere   = errors.New("the server leads to an address that it has no business with")
	ErrChoose      = errors.New("the collection must be named")
)

// An answerError is an answer that says no.
type answerError struct {
	address, status string
	code            int
}

func (e *answerError) Error() string {
	return fmt.Sprintf("taxii: %s: the server answers %s", e.address, e.status)
}

// A Client reads and writes one collection of a server. Make it with Dial.
type Client struct {
	Collection string // its URL, with a final slash
	Title      string
	http       *http.Client
	origin     *url.URL
	user       string
	secret     string
	maxContent int // bytes that the server takes
}

// Dial finds a collection. The address is that of a server's discovery, of an API root or of a collection; the name is a
// collection's id, alias or title, and may be empty where there is only one that can be read, or written where write is set. With a
// user the secret is a password of HTTP Basic, without one a Bearer token, and with neither nothing is sent.
//
// Connections go to the host of the address. To any other, where a redirect leads, they go only if it has a public address, and
// never from HTTPS to HTTP; credentials go there never. Proxies are not used.
func Dial(ctx context.Context, address, name, user, secret string, write bool) (*Client, error) {
	return DialTLS(ctx, nil, address, name, user, secret, write)
}

// DialTLS is Dial with a configuration of TLS; nil is the usual one.
func DialTLS(ctx context.Context, cfg *tls.Config, address, name, user, secret string, write bool) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("taxii: %q is no http or https address", address)
	}
	if u.User != nil {
		user = u.User.Username()
		secret, _ = u.User.Password()
		u.User = nil
	}
	if secret != "" && u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("taxii: %s: %w", address, ErrClear)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	c := &Client{origin: u, user: user, secret: secret, maxContent: stix.MaxBytes}
	c.http = &http.Client{Timeout: 2 * time.Minute, CheckRedirect: c.redirect, Transport: &http.Transport{
		DialContext: c.dial, TLSClientConfig: cfg, TLSHandshakeTimeout: 20 * time.Second, ResponseHeaderTimeout: time.Minute, ForceAttemptHTTP2: true}}
	if parts := strings.Split(strings.Trim(u.Path, "/"), "/"); len(parts) > 1 && parts[len(parts)-2] == "collections" {
		c.Collection = u.String()
		return c, nil
	}
	roots, err := c.roots(ctx)
	if err != nil {
		return nil, err
	}
	return c, c.choose(ctx, roots, name, write)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// redirect lets a redirect pass that keeps the encryption.
func (c *Client) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || c.origin.Scheme == "https" && r.URL.Scheme != "https" {
		return ErrElsewhere
	}
	return nil
}

// dial connects to the host that the user named, and to others only where they are public.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 20 * time.Second}
	if host, _, err := net.SplitHostPort(address); err != nil || !strings.EqualFold(host, c.origin.Hostname()) {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !public(at.Addr().Unmap()) {
				return fmt.Errorf("%s: %w", address, ErrElsewhere)
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// public tells whether an address is reachable from everywhere (RFC 6890 lists those that are not).
func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"} {
		if netip.MustParsePrefix(p).Contains(ip) {
			return false
		}
	}
	return true
}

// do asks and gives the answer's header and body.
func (c *Client) do(ctx context.Context, method, address string, body []byte) (http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("taxii: %w", err)
	}
	r.Header.Set("Accept", MediaType)
	if body != nil {
		r.Header.Set("Content-Type", MediaType)
	}
	if r.URL.Host == c.origin.Host && r.URL.Scheme == c.origin.Scheme {
		switch {
		case c.user != "":
			r.SetBasicAuth(c.user, c.secret)
		case c.secret != "":
			r.Header.Set("Authorization", "Bearer "+c.secret)
		}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, nil, fmt.Errorf("taxii: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, stix.MaxBytes+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("taxii: %w", err)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, nil, fmt.Errorf("taxii: %s: %s: %w", address, resp.Status, ErrCredentials)
	case resp.StatusCode/100 != 2:
		return nil, nil, &answerError{address, resp.Status, resp.StatusCode}
	case len(raw) > stix.MaxBytes:
		return nil, nil, fmt.Errorf("taxii: %s: %w", address, stix.ErrTooLarge)
	}
	return resp.Header, raw, nil
}

func (c *Client) get(ctx context.Context, address string, into any) (http.Header, error) {
	h, raw, err := c.do(ctx, http.MethodGet, address, nil)
	if err == nil {
		if err = json.Unmarshal(raw, into); err != nil {
			err = fmt.Errorf("taxii: %s: %w", address, err)
		}
	}
	return h, err
}

// roots gives the API roots that the address leads to: it is one itself, or the discovery that lists them.
func (c *Client) roots(ctx context.Context) ([]string, error) {
	var d struct {
		Roots      []string `json:"api_roots"`
		MaxContent int      `json:"max_content_length"`
	}
	if _, err := c.get(ctx, c.origin.String(), &d); err != nil {
		return nil, err
	}
	if d.Roots == nil {
		c.limit(d.MaxContent)
		return []string{c.origin.String()}, nil
	}
	var out []string
	for _, r := range d.Roots {
		u, err := c.origin.Parse(r)
		if err != nil || u.Host != c.origin.Host || u.Scheme != c.origin.Scheme {
			continue // another server is for the user to name
		}
		out = append(out, strings.TrimSuffix(u.String(), "/")+"/")
	}
	return out, nil
}

func (c *Client) limit(n int) {
	if n > 0 {
		c.maxContent = n
	}
}

// choose finds the collection among those of the roots.
func (c *Client) choose(ctx context.Context, roots []string, name string, write bool) error {
	var seen []string
	found := 0
	for _, root := range roots {
		var list struct {
			Collections []struct {
				ID    string `json:"id"`
				Alias string `json:"alias"`
				Title string `json:"title"`
				Read  bool   `json:"can_read"`
				Write bool   `json:"can_write"`
			} `json:"collections"`
		}
		if _, err := c.get(ctx, root+"collections/", &list); err != nil {
			if len(roots) > 1 {
				continue // a root that we may not see
			}
			return err
		}
		for _, k := range list.Collections {
			if name == "" && (write && k.Write || !write && k.Read) || name != "" && (name == k.ID || name == k.Alias || name == k.Title) {
				found++
				c.Collection, c.Title = root+"collections/"+url.PathEscape(k.ID)+"/", k.Title
				var about struct {
					MaxContent int `json:"max_content_length"`
				}
				if _, err := c.get(ctx, root, &about); err == nil {
					c.limit(about.MaxContent)
				}
			}
			seen = append(seen, fmt.Sprintf("%q (%s)", k.Title, k.ID))
		}
	}
	if found != 1 {
		return fmt.Errorf("taxii: there are %d collections that fit, of these: %s: %w", found, strings.Join(seen, ", "), ErrChoose)
	}
	return nil
}

// Poll reads what was added after a time, page by page, and gives each page with the time of its last addition, from which to go on
// the next time; it is zero where the server does not tell. The zero time reads everything.
func (c *Client) Poll(ctx context.Context, after time.Time, page func(objects []stix.Object, problems []stix.Problem, last time.Time) error) error {
	q := url.Values{"limit": {fmt.Sprint(PageLimit)}}
	if !after.IsZero() {
		q.Set("added_after", stamp(after))
	}
	for range maxPages {
		h, raw, err := c.do(ctx, http.MethodGet, c.Collection+"objects/?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		var envelope struct {
			More    bool            `json:"more"`
			Next    string          `json:"next"`
			Objects json.RawMessage `json:"objects"`
		}
		if err := json.Unmarshal(raw, &envelope); err != nil {
			return fmt.Errorf("taxii: %w", err)
		}
		last, _ := time.Parse(time.RFC3339Nano, h.Get("X-TAXII-Date-Added-Last"))
		if len(envelope.Objects) > 0 {
			objects, problems, err := ParseEnvelope(raw)
			if err != nil {
				return fmt.Errorf("taxii: %w", err)
			}
			if err := page(objects, problems, last); err != nil {
				return err
			}
		}
		switch {
		case !envelope.More:
			return nil
		case envelope.Next != "" && envelope.Next != q.Get("next"):
			q.Set("next", envelope.Next)
		case envelope.Next == "" && last.After(after): // section 3.5: without next the client goes on by time
			after = last
			q.Del("next")
			q.Set("added_after", stamp(after))
		default:
			return errors.New("taxii: the server says that more follows, but not where")
		}
	}
	return fmt.Errorf("taxii: the server has not come to an end after %d pages", maxPages)
}

// Pushed counts what became of the objects that were pushed.
type Pushed struct {
	Taken   int      `json:"taken"`
	Pending int      `json:"pending"`
	Failed  int      `json:"failed"`
	Reasons []string `json:"reasons,omitempty"` // of the first failures
	refused []string // ids of all failures
}

// Push sends objects, as JSON each, in envelopes of a size that the server takes. After each envelope that was accepted, done is
// called with how many objects are through.
func (c *Client) Push(ctx context.Context, objects [][]byte, done func(n int) error) (Pushed, error) {
	var p Pushed
	for from := 0; from < len(objects); {
		body := []byte(`{"objects":[`)
		to := from
		for ; to < len(objects) && to-from < pushCount; to++ {
			if to > from && len(body)+len(objects[to])+3 > min(pushBytes, c.maxContent) {
				break
			}
			if to > from {
				body = append(body, ',')
			}
			body = append(body, objects[to]...)
		}
		_, raw, err := c.do(ctx, http.MethodPost, c.Collection+"objects/", append(body, "]}"...))
		if err != nil {
			return p, err
		}
		var st struct {
			Success  int `json:"success_count"`
			Failure  int `json:"failure_count"`
			Pending  int `json:"pending_count"`
			Failures []struct {
				ID      string `json:"id"`
				Message string `json:"message"`
			} `json:"failures"`
		}
		if err := json.Unmarshal(raw, &st); err != nil {
			return p, fmt.Errorf("taxii: the status cannot be read: %w", err)
		}
		p.Taken, p.Failed, p.Pending = p.Taken+st.Success, p.Failed+st.Failure, p.Pending+st.Pending
		for _, f := range st.Failures {
			p.refused = append(p.refused, f.ID)
			if len(p.Reasons) < 10 {
				p.Reasons = append(p.Reasons, f.ID+": "+f.Message)
			}
		}
		from = to
		if err := done(from); err != nil {
			return p, err
		}
	}
	return p, nil
}
