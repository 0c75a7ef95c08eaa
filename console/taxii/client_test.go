package taxii_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/publish/stix"
)

// TestClient: our client pushes to our server and polls what it pushed, in one go and by time.
func TestClient(t *testing.T) {
	n := newNode(t)
	c, err := taxii.Dial(t.Context(), n.url+"/taxii2/", "", "writer", n.secret["writer"], true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Collection != n.url+inbox {
		t.Fatalf("the only collection to write is %s, found %s", n.url+inbox, c.Collection)
	}
	var objects [][]byte
	for i := range 1201 {
		objects = append(objects, []byte(indicator(i+1, 1, "")))
	}
	var steps []int
	pushed, err := c.Push(t.Context(), objects, func(n int) error { steps = append(steps, n); return nil })
	if err != nil || pushed.Taken != 1201 || pushed.Failed != 0 || fmt.Sprint(steps) != "[500 1000 1201]" {
		t.Fatalf("pushed %+v in %v, %v", pushed, steps, err)
	}
	var last time.Time
	poll := func(after time.Time) (got int) {
		t.Helper()
		if err := c.Poll(t.Context(), after, func(objects []stix.Object, problems []stix.Problem, at time.Time) error {
			got += len(objects)
			if len(problems) > 0 || !at.After(last) {
				t.Errorf("problems %v at %v", problems, at)
			}
			last = at
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := poll(time.Time{}); got != 1201 {
		t.Errorf("polled %d", got)
	}
	if got := poll(last); got != 0 {
		t.Errorf("polled %d again", got)
	}
	n.push(indicator(9001, 1, ""))
	if got := poll(last); got != 1 {
		t.Errorf("polled %d, want what was added since", got)
	}
	for address, want := range map[string]string{n.url + taxii.Root: n.url + inbox, n.url + inbox: n.url + inbox, strings.TrimSuffix(n.url+inbox, "/"): n.url + inbox} {
		if c, err := taxii.Dial(t.Context(), address, "inbox", "", n.secret["writer"], false); err != nil || c.Collection != want {
			t.Errorf("%s leads to %+v, %v", address, c, err)
		}
	}
	if _, err := taxii.Dial(t.Context(), n.url+"/taxii2/", "", "", n.secret["writer"], false); !errors.Is(err, taxii.ErrChoose) || !strings.Contains(err.Error(), "Campaigns") {
		t.Errorf("two collections to read: %v", err)
	}
	if _, err := taxii.Dial(t.Context(), n.url+"/taxii2/", "", "reader", "wrong", false); !errors.Is(err, taxii.ErrCredentials) {
		t.Errorf("a wrong secret: %v", err)
	}
}

// TestClientBesideOddServers: what servers may and may not do to a client.
func TestClientBesideOddServers(t *testing.T) {
	secrets := 0
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			secrets++
		}
		fmt.Fprint(w, `{"title":"inner","versions":[],"max_content_length":1}`)
	}))
	defer inner.Close()
	other := strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)
	pages := 0
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/redirect/"):
			http.Redirect(w, r, other+"/", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/elsewhere/"):
			fmt.Fprintf(w, `{"title":"x","api_roots":[%q]}`, other+"/root/")
		case strings.Contains(r.URL.Path, "/circle/"):
			fmt.Fprint(w, `{"more":true,"next":"a","objects":[]}`)
		case strings.Contains(r.URL.Path, "/nowhere/"):
			fmt.Fprint(w, `{"more":true}`)
		case strings.Contains(r.URL.Path, "/bytime/"): // pages by time alone, as servers without next do
			pages++
			w.Header().Set("X-TAXII-Date-Added-Last", noon.Add(time.Duration(pages)*time.Second).Format(time.RFC3339Nano))
			fmt.Fprintf(w, `{"more":%v,"objects":[%s,{"type":"rubbish"}]}`, pages < 3, indicator(pages, 1, ""))
		case strings.Contains(r.URL.Path, "/html/"):
			fmt.Fprint(w, `<html>`)
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer odd.Close()
	if _, err := taxii.Dial(t.Context(), odd.URL+"/redirect/", "", "", "secret", false); !errors.Is(err, taxii.ErrElsewhere) || secrets > 0 {
		t.Errorf("a redirect to another host on a private address: %v, %d secrets sent", err, secrets)
	}
	if _, err := taxii.Dial(t.Context(), odd.URL+"/elsewhere/", "", "", "secret", false); err == nil || secrets > 0 {
		t.Errorf("a root on another server: %v, %d secrets sent", err, secrets)
	}
	if _, err := taxii.Dial(t.Context(), "http://taxii.example/", "", "", "secret", false); !errors.Is(err, taxii.ErrClear) {
		t.Errorf("a secret over plain HTTP: %v", err)
	}
	for _, path := range []string{"/html/", "/teapot/"} {
		if _, err := taxii.Dial(t.Context(), odd.URL+path, "", "", "", false); err == nil {
			t.Errorf("%s was taken for a server", path)
		}
	}
	for path, want := range map[string]int{"circle": -1, "nowhere": -1, "bytime": 3} {
		c, err := taxii.Dial(t.Context(), odd.URL+"/collections/"+path+"/", "", "", "", false)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		err = c.Poll(t.Context(), time.Time{}, func(objects []stix.Object, problems []stix.Problem, _ time.Time) error {
			got += len(objects)
			return nil
		})
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%s: %d objects, %v", path, got, err)
		}
	}
}
