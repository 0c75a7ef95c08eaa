package taxii_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/publish/taxii"
)

const (
	open   = "11111111-1111-4111-8111-111111111111" // all may read, alice may write
	closed = "22222222-2222-4222-8222-222222222222" // alice only
	inbox  = "33333333-3333-4333-8333-333333333333" // all may write, nobody but alice may read
)

// clock runs a second a call.
func clock() func() time.Time {
	var mu sync.Mutex
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
}

func server(t testing.TB) (*httptest.Server, *memory) {
	t.Helper()
	m := newMemory()
	s := taxii.New("coldwatch", "coldwatch", []taxii.Collection{{ID: open, Title: "Open"}, {ID: closed, Title: "Closed"}, {ID: inbox, Title: "Inbox"}}, []taxii.Account{
		{Name: "alice", Token: sha256.Sum256([]byte("token-a")), Read: []string{"*"}, Write: []string{"*"}},
		{Name: "bob", Token: sha256.Sum256([]byte("token-b")), Read: []string{open}, Write: []string{inbox}},
		{Name: "carol", Token: sha256.Sum256([]byte("token-c")), Read: []string{open}, Write: []string{open}},
	}, m, clock())
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h, m
}

type answer struct {
	code int
	head http.Header
	raw  string
	body map[string]any
}

func ask(t testing.TB, h *httptest.Server, method, path, token, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, h.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", taxii.MediaType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{code: resp.StatusCode, head: resp.Header, raw: string(raw)}
	if len(raw) > 0 {
		if got := resp.Header.Get("Content-Type"); got != taxii.MediaType {
			t.Errorf("%s %s: content type %q", method, path, got)
		}
		if err := json.Unmarshal(raw, &a.body); err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
	}
	if a.code >= 400 && (a.body["title"] == "" || a.body["http_status"] != fmt.Sprint(a.code)) {
		t.Errorf("%s %s: the error says %s", method, path, raw)
	}
	return a
}

func campaign(n, version int, creator string) string {
	id := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, n)).String()
	return fmt.Sprintf(`{"type":"campaign","spec_version":"2.1","id":"campaign--%s","created":"2030-01-01T00:00:00.000Z","modified":"2030-01-%02dT00:00:00.000Z","created_by_ref":"identity--%s","name":"n"}`,
		id, version, uuid.NewSHA1(uuid.NameSpaceURL, []byte(creator)))
}

func envelope(objects ...string) string { return `{"objects":[` + strings.Join(objects, ",") + `]}` }

const objects = "/taxii2/coldwatch/collections/" + open + "/objects/"

// The resources and their required properties (sections 4 and 5), and who may see what.
func TestResources(t *testing.T) {
	h, _ := server(t)
	if a := ask(t, h, "GET", "/taxii2/", "token-b", ""); a.code != 200 || a.body["title"] != "coldwatch" || fmt.Sprint(a.body["api_roots"]) != "[/taxii2/coldwatch/]" {
		t.Error(a.raw)
	}
	if a := ask(t, h, "GET", "/taxii2/coldwatch/", "token-b", ""); a.code != 200 || fmt.Sprint(a.body["versions"]) != "["+taxii.MediaType+"]" || a.body["max_content_length"].(float64) < 1 {
		t.Error(a.raw)
	}
	a := ask(t, h, "GET", "/taxii2/coldwatch/collections/", "token-b", "")
	if list := a.body["collections"].([]any); len(list) != 2 || strings.Contains(a.raw, closed) {
		t.Error(a.raw)
	}
	a = ask(t, h, "GET", "/taxii2/coldwatch/collections/"+inbox+"/", "token-b", "")
	if a.body["can_read"] != false || a.body["can_write"] != true || a.body["id"] != inbox {
		t.Error(a.raw)
	}
	for _, c := range []struct {
		method, path, token, body string
		headers                   []string
		want                      int
	}{
		{"GET", "/taxii2/", "", "", nil, 401},
		{"GET", "/taxii2/", "wrong", "", nil, 401},
		{"GET", "/taxii2/", "", "", []string{"Authorization", "Basic YWxpY2U6dG9rZW4tYQ=="}, 200}, // alice:token-a
		{"GET", "/taxii2/", "", "", []string{"Authorization", "Basic Ym9iOnRva2VuLWE="}, 401},     // bob:token-a
		{"GET", "/taxii2/", "token-b", "", []string{"Accept", "text/html"}, 406},
		{"GET", "/taxii2/", "token-b", "", []string{"Accept", "application/taxii+json;version=2.0"}, 406},
		{"GET", "/taxii2/", "token-b", "", []string{"Accept", "application/taxii+json"}, 200},
		{"GET", "/taxii2/", "token-b", "", []string{"Accept", "text/html, */*;q=0.1"}, 200},
		{"POST", "/taxii2/", "token-b", "{}", nil, 405},
		{"GET", "/taxii2/other/", "token-b", "", nil, 404},
		{"GET", "/taxii2/coldwatch/nothing/", "token-b", "", nil, 404},
		{"GET", "/taxii2/coldwatch/status/x/", "token-b", "", nil, 404},
		{"GET", "/taxii2/coldwatch/collections/" + closed + "/", "token-b", "", nil, 404},
		{"GET", "/taxii2/coldwatch/collections/" + closed + "/objects/", "token-b", "", nil, 404},
		{"GET", "/taxii2/coldwatch/collections/" + inbox + "/objects/", "token-b", "", nil, 403},
		{"POST", objects, "token-b", envelope(campaign(1, 1, "x")), nil, 403},
		{"POST", objects, "token-a", envelope(campaign(1, 1, "x")), []string{"Content-Type", "application/json"}, 415},
		{"POST", objects, "token-a", "{", nil, 422},
		{"POST", objects, "token-a", `{"objects":{}}`, nil, 422},
		{"POST", objects, "token-a", `{"objects":[` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `]}`, nil, 422},
		{"PUT", objects, "token-a", "{}", nil, 405},
		{"GET", objects + "?limit=0", "token-a", "", nil, 400},
		{"GET", objects + "?limit=x", "token-a", "", nil, 400},
		{"GET", objects + "?next=%21", "token-a", "", nil, 400},
		{"GET", objects + "?added_after=yesterday", "token-a", "", nil, 400},
		{"GET", objects + "?match[version]=newest", "token-a", "", nil, 400},
		{"GET", objects + "?match[colour]=red", "token-a", "", nil, 400},
		{"GET", objects + "?limit=1&limit=2", "token-a", "", nil, 400},
		{"GET", objects + "?%zz", "token-a", "", nil, 400},
		{"GET", objects + "campaign--none/", "token-a", "", nil, 404},
		{"GET", objects + "campaign--none/versions/", "token-a", "", nil, 404},
	} {
		a := ask(t, h, c.method, c.path, c.token, c.body, c.headers...)
		if a.code != c.want {
			t.Errorf("%s %s as %q: %d, want %d: %s", c.method, c.path, c.token, a.code, c.want, a.raw)
		}
		if a.code == 401 && len(a.head.Values("WWW-Authenticate")) == 0 {
			t.Error("no WWW-Authenticate")
		}
		if a.code == 405 && a.head.Get("Allow") == "" {
			t.Error("no Allow")
		}
	}
}

// Versions, filters, status and deletion.
func TestObjects(t *testing.T) {
	h, _ := server(t)
	domain := `{"type":"domain-name","spec_version":"2.1","id":"domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7","value":"a.example"}`
	a := ask(t, h, "POST", objects, "token-a", envelope(campaign(1, 1, "x"), campaign(1, 2, "x"), campaign(2, 1, "x"), domain, `{"type":"campaign"}`))
	if a.code != 202 || a.body["status"] != "complete" || a.body["success_count"] != 4.0 || a.body["failure_count"] != 1.0 || a.body["total_count"] != 5.0 || a.body["pending_count"] != 0.0 {
		t.Fatal(a.raw)
	}
	id := a.body["id"].(string)
	if got := ask(t, h, "GET", "/taxii2/coldwatch/status/"+id+"/", "token-a", ""); got.raw != a.raw {
		t.Error(got.raw)
	}
	if got := ask(t, h, "GET", "/taxii2/coldwatch/status/"+id+"/", "token-b", ""); got.code != 404 {
		t.Error("another account sees the status")
	}
	one := stixID(campaign(1, 1, "x"))
	count := func(query string, want int) answer {
		t.Helper()
		a := ask(t, h, "GET", objects+query, "token-b", "")
		list, _ := a.body["objects"].([]any)
		if len(list) != want {
			t.Errorf("%s: %d objects, want %d: %s", query, len(list), want, a.raw)
		}
		return a
	}
	all := count("", 3) // the last versions
	count("?match[version]=all", 4)
	count("?match[version]=first", 3)
	count("?match[version]=first,last", 4)
	count("?match[version]=2030-01-01T00:00:00Z", 2)
	count("?match[type]=campaign", 2)
	count("?match[type]=campaign,domain-name", 3)
	count("?match[id]="+one, 1)
	count("?match[spec_version]=2.0", 0)
	count("?added_after="+url.QueryEscape(all.head.Get("X-TAXII-Date-Added-Last")), 0) // strictly greater
	count("?added_after="+url.QueryEscape(all.head.Get("X-TAXII-Date-Added-First")), 2)
	count(one+"/", 1)
	count(one+"/?match[version]=all", 2)
	if a := ask(t, h, "GET", objects+one+"/versions/", "token-b", ""); fmt.Sprint(a.body["versions"]) != "[2030-01-01T00:00:00.000000Z 2030-01-02T00:00:00.000000Z]" {
		t.Error(a.raw)
	}
	a = ask(t, h, "GET", "/taxii2/coldwatch/collections/"+open+"/manifest/?match[version]=all&limit=2", "token-b", "")
	entry := a.body["objects"].([]any)[0].(map[string]any)
	if a.body["more"] != true || entry["id"] != one || entry["version"] != "2030-01-01T00:00:00.000000Z" || entry["media_type"] != "application/stix+json;version=2.1" || entry["date_added"] == nil {
		t.Error(a.raw)
	}
	// a second time changes nothing; another creator, a version from the future and a freer marking are refused
	before := ask(t, h, "GET", objects, "token-b", "").raw
	ask(t, h, "POST", objects, "token-a", envelope(campaign(1, 2, "x"), domain))
	future := strings.Replace(campaign(2, 1, "x"), `"modified":"2030`, `"modified":"2099`, 1)
	if a := ask(t, h, "POST", objects, "token-c", envelope(campaign(1, 9, "y"), future)); a.body["failure_count"] != 2.0 || a.body["success_count"] != 0.0 {
		t.Error(a.raw)
	}
	if after := ask(t, h, "GET", objects, "token-b", "").raw; after != before {
		t.Error("what is stored changed")
	}
	// an account deletes what it brought
	for _, c := range []struct {
		token string
		want  int
	}{{"token-b", 403}, {"token-c", 403}, {"token-a", 200}, {"token-a", 404}} {
		if a := ask(t, h, "DELETE", objects+one+"/?match[version]=all", c.token, ""); a.code != c.want {
			t.Errorf("delete as %s: %d, want %d", c.token, a.code, c.want)
		}
	}
	count("?match[version]=all", 2)
}

func stixID(object string) string {
	var o struct{ ID string }
	_ = json.Unmarshal([]byte(object), &o)
	return o.ID
}

// A client pulls all objects with any limit, none lost, none twice, while a writer adds.
func TestPaging(t *testing.T) {
	const n = 300
	for _, limit := range []int{1, 7, 1000} {
		h, _ := server(t)
		push := func(from, to int) {
			var list []string
			for i := from; i < to; i++ {
				list = append(list, campaign(i, 1, "x"))
			}
			if a := ask(t, h, "POST", objects, "token-a", envelope(list...)); a.code != 202 {
				t.Error(a.raw)
			}
		}
		push(0, n/2)
		var done sync.WaitGroup
		done.Go(func() {
			for i := n / 2; i < n; i += 10 {
				push(i, i+10)
			}
		})
		seen := map[string]int{}
		next, after := "", ""
		finished := false
		for {
			q := url.Values{"limit": {fmt.Sprint(limit)}}
			if next != "" {
				q.Set("next", next)
			}
			if after != "" {
				q.Set("added_after", after)
			}
			a := ask(t, h, "GET", objects+"?"+q.Encode(), "token-b", "")
			list, _ := a.body["objects"].([]any)
			if len(list) > limit {
				t.Fatalf("%d objects at limit %d", len(list), limit)
			}
			for _, o := range list {
				seen[o.(map[string]any)["id"].(string)]++
			}
			if last := a.head.Get("X-TAXII-Date-Added-Last"); last != "" {
				after = last
			}
			next, _ = a.body["next"].(string)
			if a.body["more"] == true {
				if next == "" {
					t.Fatal("more, but no next")
				}
				continue
			}
			if next = ""; finished {
				break
			}
			done.Wait() // one more pass after the writer has ended
			finished = true
		}
		if len(seen) != n {
			t.Errorf("limit %d: %d objects, want %d", limit, len(seen), n)
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("limit %d: %s came %d times", limit, id, times)
			}
		}
	}
}

func TestClient(t *testing.T) {
	h, _ := server(t)
	ctx := context.Background()
	c := taxii.Client{URL: h.URL + "/taxii2/coldwatch/collections/" + open, User: "alice", Token: "token-a", HTTP: h.Client()}
	poll := func(after time.Time) (got []stix.Object, last time.Time) {
		t.Helper()
		if err := c.Poll(ctx, after, func(o []stix.Object, _ []stix.Problem, at time.Time) error {
			got, last = append(got, o...), at
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got, last
	}
	if got, _ := poll(time.Time{}); len(got) != 0 {
		t.Error(got)
	}
	var all []stix.Object
	for i := range 2500 {
		o := stix.Object{}
		if err := json.Unmarshal([]byte(campaign(i, 1, "x")), &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	if n, err := c.Push(ctx, all); err != nil || n != len(all) {
		t.Fatal(n, err)
	}
	got, last := poll(time.Time{})
	if len(got) != len(all) {
		t.Errorf("%d objects, want %d", len(got), len(all))
	}
	if got, _ := poll(last); len(got) != 0 {
		t.Errorf("%d objects come twice", len(got))
	}
	c.Token = "wrong"
	if _, err := c.Push(ctx, all); err == nil {
		t.Error("pushed without leave")
	}
}

func FuzzQuery(f *testing.F) {
	h, _ := server(f)
	for _, q := range []string{"limit=1&next=zz", "added_after=2031-01-01T00:00:00.000001Z", "match[id]=a,b&match[type]=,", "next=-9223372036854775808", "next=zzzzzzzzzzzzz", "match[version]=all,first"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		r := httptest.NewRequest("GET", objects, nil)
		r.URL.RawQuery = q
		r.Header.Set("Accept", "*/*")
		r.Header.Set("Authorization", "Bearer token-a")
		w := httptest.NewRecorder()
		h.Config.Handler.ServeHTTP(w, r)
		if w.Code != 200 && w.Code/100 != 4 {
			t.Errorf("%q: %d", q, w.Code)
		}
	})
}
