package taxii

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/publish/stix"
)

// A Client polls and pushes one collection of a server.
type Client struct {
	URL         string // of the collection: https://host/taxii2/root/collections/ID/
	User, Token string // HTTP Basic; with no user, the token is a Bearer token
	HTTP        *http.Client
}

// Poll reads what was added after a time, page by page, and gives each page with the time of its last addition: where to go on the
// next time. The zero time reads all.
func (c Client) Poll(ctx context.Context, after time.Time, page func(objects []stix.Object, problems []stix.Problem, last time.Time) error) error {
	q := url.Values{"limit": {fmt.Sprint(PageLimit)}}
	if !after.IsZero() {
		q.Set("added_after", stamp(after))
	}
	for {
		resp, raw, err := c.do(ctx, http.MethodGet, "objects/?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		var envelope struct {
			More bool   `json:"more"`
			Next string `json:"next"`
		}
		if err := json.Unmarshal(raw, &envelope); err != nil {
			return fmt.Errorf("taxii: %w", err)
		}
		last, _ := time.Parse(time.RFC3339Nano, resp.Header.Get("X-TAXII-Date-Added-Last"))
		objects, problems, err := parseEnvelope(raw)
		if err == nil {
			if err := page(objects, problems, last); err != nil {
				return err
			}
		} else if envelope.More || bytes.Contains(raw, []byte(`"objects"`)) {
			return fmt.Errorf("taxii: %w", err)
		}
		switch {
		case !envelope.More:
			return nil
		case envelope.Next != "" && envelope.Next != q.Get("next"):
			q.Set("next", envelope.Next)
		case envelope.Next == "" && last.After(after): // a server may leave the client to go on by time
			after = last
			q.Set("added_after", stamp(after))
		default:
			return fmt.Errorf("taxii: the server says that more follows, but not where")
		}
	}
}

// Push sends objects and returns how many the server took at once.
func (c Client) Push(ctx context.Context, objects []stix.Object) (taken int, err error) {
	body, err := json.Marshal(map[string]any{"objects": objects})
	if err != nil {
		return 0, fmt.Errorf("taxii: %w", err)
	}
	_, raw, err := c.do(ctx, http.MethodPost, "objects/", body)
	if err != nil {
		return 0, err
	}
	var st struct {
		Success int `json:"success_count"`
	}
	if err := json.Unmarshal(raw, &st); err != nil {
		return 0, fmt.Errorf("taxii: %w", err)
	}
	return st.Success, nil
}

func (c Client) do(ctx context.Context, method, path string, body []byte) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+"/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("taxii: %w", err)
	}
	r.Header.Set("Accept", MediaType)
	if body != nil {
		r.Header.Set("Content-Type", MediaType)
	}
	switch {
	case c.User != "":
		r.SetBasicAuth(c.User, c.Token)
	case c.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return nil, nil, fmt.Errorf("taxii: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, stix.MaxBytes+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("taxii: %w", err)
	case len(raw) > stix.MaxBytes:
		return nil, nil, fmt.Errorf("taxii: %w", stix.ErrTooLarge)
	case resp.StatusCode/100 != 2:
		return nil, nil, fmt.Errorf("taxii: the server answers %s", resp.Status)
	}
	return resp, raw, nil
}
