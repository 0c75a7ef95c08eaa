package taxii_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

var noon = time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC)

// node is a server with three tokens: reader, writer, other.
type node struct {
	t      *testing.T
	st     *sqlite.Store
	url    string
	secret map[string]string
	mu     sync.Mutex
	clock  time.Time
}

func (n *node) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clock
}

func newNode(t *testing.T) *node {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	n := &node{t: t, st: st, secret: map[string]string{}, clock: noon}
	for name, scopes := range map[string][]string{"reader": {token.ReadTAXII}, "writer": {token.WriteTAXII, token.ReadTAXII}, "other": {token.WriteTAXII}} {
		if n.secret[name], err = token.Create(t.Context(), st, name, scopes, noon); err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(taxii.New(st, n.now))
	t.Cleanup(srv.Close)
	n.url = srv.URL
	return n
}

const inbox, campaigns = taxii.Root + "collections/" + taxii.Inbox + "/", taxii.Root + "collections/" + taxii.Campaigns + "/"

// an answer is what a request brought back.
type answer struct {
	code   int
	header http.Header
	body   map[string]any
	raw    string
}

// ask sends a request as who does; changes may alter it first.
func (n *node) ask(who, method, path, body string, changes ...func(*http.Request)) answer {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), method, n.url+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Accept", taxii.MediaType)
	if body != "" {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	if who != "" {
		r.SetBasicAuth(who, n.secret[who])
	}
	for _, c := range changes {
		c(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	a := answer{code: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if err := json.Unmarshal(raw, &a.body); err != nil {
		n.t.Errorf("%s %s answers no JSON: %s", method, path, raw)
	}
	return a
}

func head(key, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(key)
		if value != "" {
			r.Header.Set(key, value)
		}
	}
}

func uid(kind string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", kind, n) }

func at(minutes int) string {
	return noon.Add(time.Duration(minutes-1000) * time.Minute).Format("2006-01-02T15:04:05.000Z")
}

// indicator is version v of the n-th indicator; more holds further properties, each with a comma before it.
func indicator(n, v int, more string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":%q,"created":%q,"modified":%q,"created_by_ref":%q,"pattern_type":"stix",
		"pattern":"[domain-name:value = 'evil%d.example']","valid_from":%q%s}`, uid("indicator", n), at(0), at(v), uid("identity", 1), n, at(0), more)
}

func envelope(objects ...string) string { return `{"objects":[` + strings.Join(objects, ",") + `]}` }

func (n *node) push(objects ...string) answer {
	n.t.Helper()
	a := n.ask("writer", "POST", inbox+"objects/", envelope(objects...))
	if a.code != http.StatusAccepted {
		n.t.Fatalf("push: %d %s", a.code, a.raw)
	}
	return a
}

// ids lists the objects of an answer as number.version.
func ids(a answer) string {
	var out []string
	objects, _ := a.body["objects"].([]any)
	for _, o := range objects {
		m := o.(map[string]any)
		id := strings.TrimLeft(m["id"].(string)[strings.LastIndexByte(m["id"].(string), '-')+1:], "0")
		when, _ := m["modified"].(string)
		if when == "" {
			when, _ = m["version"].(string)
		}
		if t, err := time.Parse(time.RFC3339Nano, when); err == nil {
			id += "." + strconv.Itoa(int(t.Sub(noon)/time.Minute)+1000)
		}
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

// TestRefused: every bad request is answered with its 4xx and an error message (sections 3.1, 3.6.1).
func TestRefused(t *testing.T) {
	n := newNode(t)
	n.push(indicator(1, 1, ""))
	good := envelope(indicator(2, 1, ""))
	for _, c := range []struct {
		name              string
		want              int
		who, method, path string
		body              string
		change            func(*http.Request)
	}{
		{"no credentials", 401, "", "GET", "/taxii2/", "", nil},
		{"wrong secret", 401, "reader", "GET", "/taxii2/", "", func(r *http.Request) { r.SetBasicAuth("reader", "cw_guess") }},
		{"another's name", 401, "reader", "GET", "/taxii2/", "", func(r *http.Request) { r.SetBasicAuth("writer", n.secret["reader"]) }},
		{"another scheme", 401, "", "GET", "/taxii2/", "", head("Authorization", "Digest x")},
		{"no Accept", 406, "reader", "GET", "/taxii2/", "", head("Accept", "")},
		{"Accept of TAXII 2.0", 406, "reader", "GET", "/taxii2/", "", head("Accept", "application/vnd.oasis.taxii+json; version=2.0")},
		{"Accept of another version", 406, "reader", "GET", campaigns + "objects/", "", head("Accept", "application/taxii+json;version=2.2")},
		{"Accept of JSON", 406, "reader", "GET", taxii.Root, "", head("Accept", "application/json")},
		{"Accept refused", 406, "reader", "GET", taxii.Root, "", head("Accept", taxii.MediaType+";q=0")},
		{"no such root", 404, "reader", "GET", "/taxii2/other/", "", nil},
		{"no such resource", 404, "reader", "GET", taxii.Root + "x/", "", nil},
		{"no such collection", 404, "reader", "GET", taxii.Root + "collections/00000000-0000-4000-8000-000000000000/", "", nil},
		{"a collection that one may not use", 404, "reader", "GET", inbox + "objects/", "", nil},
		{"post to one that one may not use", 404, "reader", "POST", inbox + "objects/", good, nil},
		{"post to one that is read only", 403, "reader", "POST", campaigns + "objects/", good, nil},
		{"delete in one that is read only", 403, "reader", "DELETE", campaigns + "objects/" + uid("indicator", 1) + "/", "", nil},
		{"no such object", 404, "writer", "GET", inbox + "objects/" + uid("indicator", 99) + "/", "", nil},
		{"no versions of no object", 404, "writer", "GET", inbox + "objects/" + uid("indicator", 99) + "/versions/", "", nil},
		{"delete no object", 404, "writer", "DELETE", inbox + "objects/" + uid("indicator", 99) + "/", "", nil},
		{"another's object", 404, "other", "GET", inbox + "objects/" + uid("indicator", 1) + "/", "", nil},
		{"delete another's object", 404, "other", "DELETE", inbox + "objects/" + uid("indicator", 1) + "/", "", nil},
		{"no such status", 404, "writer", "GET", taxii.Root + "status/" + uid("x", 1)[3:] + "/", "", nil},
		{"below versions", 404, "writer", "GET", inbox + "objects/" + uid("indicator", 1) + "/versions/x/", "", nil},
		{"limit 0", 400, "writer", "GET", inbox + "objects/?limit=0", "", nil},
		{"limit below 0", 400, "writer", "GET", inbox + "manifest/?limit=-1", "", nil},
		{"limit no number", 400, "writer", "GET", inbox + "objects/?limit=ten", "", nil},
		{"limit empty", 400, "writer", "GET", inbox + "objects/?limit=", "", nil},
		{"limit twice", 400, "writer", "GET", inbox + "objects/?limit=1&limit=2", "", nil},
		{"added_after no time", 400, "writer", "GET", inbox + "objects/?added_after=yesterday", "", nil},
		{"added_after a day", 400, "writer", "GET", inbox + "objects/?added_after=2021-01-01", "", nil},
		{"next of nobody", 400, "writer", "GET", inbox + "objects/?next=!!", "", nil},
		{"next below 0", 400, "writer", "GET", inbox + "objects/?next=-1", "", nil},
		{"unknown match", 400, "writer", "GET", inbox + "objects/?match[colour]=red", "", nil},
		{"match[type] of one object", 400, "writer", "GET", inbox + "objects/" + uid("indicator", 1) + "/?match[type]=x", "", nil},
		{"match[version] of versions", 400, "writer", "GET", inbox + "objects/" + uid("indicator", 1) + "/versions/?match[version]=last", "", nil},
		{"match[version] no time", 400, "writer", "GET", inbox + "objects/?match[version]=newest", "", nil},
		{"match[id] empty", 400, "writer", "GET", inbox + "objects/?match[id]=", "", nil},
		{"match[id] with a hole", 400, "writer", "GET", inbox + "objects/?match[id]=a,,b", "", nil},
		{"delete with a bad match", 400, "writer", "DELETE", inbox + "objects/" + uid("indicator", 1) + "/?match[version]=x", "", nil},
		{"post of another type", 415, "writer", "POST", inbox + "objects/", good, head("Content-Type", "application/json")},
		{"post of no type", 415, "writer", "POST", inbox + "objects/", good, head("Content-Type", "")},
		{"post of another version", 415, "writer", "POST", inbox + "objects/", good, head("Content-Type", "application/taxii+json;version=2.0")},
		{"post no JSON", 400, "writer", "POST", inbox + "objects/", "{", nil},
		{"post nested 20,000 deep", 400, "writer", "POST", inbox + "objects/", strings.Repeat("[", 20000) + strings.Repeat("]", 20000), nil},
		{"post nested 100 deep", 422, "writer", "POST", inbox + "objects/", envelope(indicator(2, 1, `,"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100))), nil},
		{"post a list", 422, "writer", "POST", inbox + "objects/", "[]", nil},
		{"post no objects", 422, "writer", "POST", inbox + "objects/", `{"objects":[]}`, nil},
		{"post objects that are no list", 422, "writer", "POST", inbox + "objects/", `{"objects":{}}`, nil},
		{"post nothing but rubbish", 422, "writer", "POST", inbox + "objects/", envelope(`{"type":"indicator"}`, `7`), nil},
		{"post too much", 413, "writer", "POST", inbox + "objects/", `{"objects":[],"x":"` + strings.Repeat("x", 32<<20) + `"}`, nil},
		{"put", 405, "writer", "PUT", inbox + "objects/", good, nil},
		{"post a manifest", 405, "writer", "POST", inbox + "manifest/", good, nil},
		{"post to discovery", 405, "writer", "POST", "/taxii2/", good, nil},
		{"delete a collection", 405, "writer", "DELETE", inbox, "", nil},
	} {
		var changes []func(*http.Request)
		if c.change != nil {
			changes = append(changes, c.change)
		}
		a := n.ask(c.who, c.method, c.path, c.body, changes...)
		if a.code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, a.code, c.want, a.raw)
		}
		if a.header.Get("Content-Type") != taxii.MediaType || a.body["title"] == nil || a.body["http_status"] != strconv.Itoa(a.code) {
			t.Errorf("%s: no error message of TAXII: %s %s", c.name, a.header.Get("Content-Type"), a.raw)
		}
		if c.want == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: WWW-Authenticate is %q", c.name, a.header.Get("WWW-Authenticate"))
		}
		if c.want == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", c.name)
		}
	}
	if a := n.ask("writer", "GET", inbox+"objects/", ""); ids(a) != "1.1" {
		t.Errorf("after all that the inbox holds %s", ids(a))
	}
}

// TestResources: discovery, roots and collections have the properties that sections 4 and 5 require.
func TestResources(t *testing.T) {
	n := newNode(t)
	for _, accept := range []string{taxii.MediaType, "application/taxii+json", "application/taxii+json; version=2.1", "*/*", "text/html, application/taxii+json;version=2.1"} {
		a := n.ask("reader", "GET", "/taxii2/", "", head("Accept", accept))
		if a.code != 200 || a.header.Get("Content-Type") != taxii.MediaType || a.body["title"] == nil || a.body["default"] != taxii.Root {
			t.Errorf("discovery for %s: %d %s", accept, a.code, a.raw)
		}
	}
	bearer := n.ask("", "GET", "/taxii2/", "", head("Authorization", "Bearer "+n.secret["reader"]))
	if bearer.code != 200 {
		t.Errorf("bearer: %d", bearer.code)
	}
	root := n.ask("reader", "GET", taxii.Root, "")
	if root.body["title"] == nil || root.body["max_content_length"].(float64) < 1 || fmt.Sprint(root.body["versions"]) != "["+taxii.MediaType+"]" {
		t.Errorf("root: %s", root.raw)
	}
	for who, want := range map[string]string{"reader": "campaigns:true:false", "writer": "campaigns:true:false inbox:true:true", "other": "inbox:true:true"} {
		var got []string
		list := n.ask(who, "GET", taxii.Root+"collections/", "").body["collections"].([]any)
		for _, v := range list {
			c := v.(map[string]any)
			got = append(got, fmt.Sprintf("%v:%v:%v", c["alias"], c["can_read"], c["can_write"]))
			for _, key := range []string{"id", "alias"} {
				one := n.ask(who, "GET", taxii.Root+"collections/"+c[key].(string)+"/", "")
				if fmt.Sprint(one.body) != fmt.Sprint(c) {
					t.Errorf("the collection by its %s is %v, in the list %v", key, one.body, c)
				}
			}
			if fmt.Sprint(c["media_types"]) != "[application/stix+json;version=2.1]" || c["title"] == "" {
				t.Errorf("collection %v", c)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s sees %v, want %s", who, got, want)
		}
	}
	if a := n.ask("reader", "GET", campaigns+"objects/", ""); a.raw != "{}\n" {
		t.Errorf("an empty collection gives %s", a.raw)
	}
}

// TestFilters: section 3.4 over objects, manifest, one object and versions.
func TestFilters(t *testing.T) {
	n := newNode(t)
	n.push(indicator(1, 1, ""), indicator(2, 1, ""), indicator(1, 2, ""))
	n.push(indicator(1, 3, ""), `{"type":"domain-name","spec_version":"2.1","id":"`+uid("domain-name", 4)+`","value":"evil4.example"}`,
		`{"type":"marking-definition","spec_version":"2.1","id":"`+uid("marking-definition", 5)+`","created":"`+at(7)+`","definition_type":"statement","definition":{"statement":"x"}}`)
	one := uid("indicator", 1)
	for _, c := range []struct{ path, want string }{
		{"", "2.1 4 5 1.3"},
		{"?match[version]=last", "2.1 4 5 1.3"},
		{"?match[version]=first", "1.1 2.1 4 5"},
		{"?match[version]=all", "1.1 2.1 1.2 4 5 1.3"},
		{"?match[version]=all,last", "1.1 2.1 1.2 4 5 1.3"},
		{"?match[version]=first,last", "1.1 2.1 4 5 1.3"},
		{"?match[version]=" + at(2), "1.2"},
		{"?match[version]=" + at(2) + "," + strings.Replace(at(3), ".000Z", "Z", 1), "1.2 1.3"},
		{"?match[version]=" + at(9), ""},
		{"?match[version]=" + at(7), "5"},
		{"?match[type]=indicator", "2.1 1.3"},
		{"?match[type]=domain-name,marking-definition", "4 5"},
		{"?match[id]=" + one, "1.3"},
		{"?match[id]=" + one + "," + uid("domain-name", 4), "4 1.3"},
		{"?match[id]=" + one + "&match[type]=domain-name", ""},
		{"?match[id]=" + one + "&match[version]=all", "1.1 1.2 1.3"},
		{"?match[spec_version]=2.1", "2.1 4 5 1.3"},
		{"?match[spec_version]=2.0", ""},
		{"?match[spec_version]=2.0,2.1&match[type]=indicator", "2.1 1.3"},
		{"?limit=1", "2.1"},
		{"?something=else", "2.1 4 5 1.3"},
		{one + "/", "1.3"},
		{one + "/?match[version]=all", "1.1 1.2 1.3"},
		{one + "/?match[version]=all&limit=2", "1.1 1.2"},
	} {
		a := n.ask("writer", "GET", inbox+"objects/"+c.path, "")
		if a.code != 200 || ids(a) != c.want {
			t.Errorf("objects/%s gives %q, want %q (%d)", c.path, ids(a), c.want, a.code)
		}
		if strings.HasPrefix(c.path, "?") || c.path == "" {
			m := n.ask("writer", "GET", inbox+"manifest/"+c.path, "")
			if got := strings.Fields(ids(m)); len(got) != len(strings.Fields(c.want)) {
				t.Errorf("manifest/%s gives %v, want %q", c.path, got, c.want)
			}
			for _, h := range []string{"X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"} {
				if a.header.Get(h) != m.header.Get(h) || (a.header.Get(h) == "") != (c.want == "") {
					t.Errorf("%s of objects is %q, of manifest %q", h, a.header.Get(h), m.header.Get(h))
				}
			}
		}
	}
	v := n.ask("writer", "GET", inbox+"objects/"+one+"/versions/", "")
	if len(v.body["versions"].([]any)) != 3 || v.header.Get("X-TAXII-Date-Added-First") == "" {
		t.Errorf("versions: %s", v.raw)
	}
	for _, m := range n.ask("writer", "GET", inbox+"manifest/?match[version]=all", "").body["objects"].([]any) {
		e := m.(map[string]any)
		for _, p := range []string{"date_added", "version"} {
			if _, err := time.Parse("2006-01-02T15:04:05.000000Z", e[p].(string)); err != nil {
				t.Errorf("%s is no timestamp of TAXII: %v", p, e)
			}
		}
		if e["media_type"] != "application/stix+json;version=2.1" {
			t.Errorf("media_type of %v", e)
		}
		// added_after is strict: the object itself does not come again.
		after := n.ask("writer", "GET", inbox+"manifest/?match[version]=all&added_after="+e["date_added"].(string), "")
		for _, o := range strings.Fields(ids(after)) {
			if o == ids(answer{body: map[string]any{"objects": []any{e}}}) {
				t.Errorf("%s comes after its own date_added", o)
			}
		}
	}
}

// TestDelete: section 5.7.
func TestDelete(t *testing.T) {
	n := newNode(t)
	n.push(indicator(1, 1, ""), indicator(1, 2, ""), indicator(1, 3, ""), indicator(2, 1, ""))
	path := inbox + "objects/" + uid("indicator", 1) + "/"
	for _, c := range []struct{ query, left string }{{"?match[version]=" + at(2), "1.1 1.3"}, {"", "1.1"}, {"?match[version]=all", ""}} {
		if a := n.ask("writer", "DELETE", path+c.query, ""); a.code != 200 {
			t.Fatalf("DELETE %s: %d %s", c.query, a.code, a.raw)
		}
		if got := ids(n.ask("writer", "GET", inbox+"objects/?match[version]=all&match[id]="+uid("indicator", 1), "")); got != c.left {
			t.Errorf("after DELETE %s there is %q, want %q", c.query, got, c.left)
		}
	}
	if got := ids(n.ask("writer", "GET", inbox+"objects/", "")); got != "2.1" {
		t.Errorf("the other object: %q", got)
	}
}

// TestPost: the status resource (section 4.3) and the rules of import.
func TestPost(t *testing.T) {
	n := newNode(t)
	amber := `,"object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]`
	a := n.push(indicator(1, 1, amber+`,"x_unknown":{"a":[1.50,"</script>"]}`), `{"type":"indicator"}`)
	if a.body["success_count"] != 1.0 || a.body["failure_count"] != 1.0 || a.body["total_count"] != 2.0 || a.body["pending_count"] != 0.0 || a.body["status"] != "complete" {
		t.Errorf("status %s", a.raw)
	}
	if again := n.ask("writer", "GET", taxii.Root+"status/"+a.body["id"].(string)+"/", ""); again.raw != a.raw {
		t.Errorf("status read again: %s", again.raw)
	}
	if other := n.ask("other", "GET", taxii.Root+"status/"+a.body["id"].(string)+"/", ""); other.code != 404 {
		t.Errorf("another's status: %d", other.code)
	}
	if raw := n.ask("writer", "GET", inbox+"objects/", "").raw; !strings.Contains(raw, `"x_unknown":{"a":[1.50,"</script>"]}`) {
		t.Errorf("an unknown property did not stay as it was: %s", raw)
	}
	future := func(s string) string {
		return strings.Replace(s, `"modified":"`+at(9), `"modified":"2031-01-01T00:00:00.000Z`, 1)
	}
	for _, c := range []struct{ name, object, reason string }{
		{"the same again", indicator(1, 1, amber), ""},
		{"a later version", indicator(1, 2, amber), ""},
		{"another creator", strings.Replace(indicator(1, 4, amber), uid("identity", 1), uid("identity", 2), 1), "another creator"},
		{"no creator", strings.Replace(indicator(1, 4, amber), `"created_by_ref":"`+uid("identity", 1)+`",`, "", 1), "another creator"},
		{"a freer marking", indicator(1, 4, ""), "its marking is freer than what is stored"},
		{"from the future", future(indicator(1, 9, amber)), "modified in the future"},
		{"new and from the future", future(indicator(7, 9, "")), "modified in the future"},
		{"STIX 2.0", strings.Replace(indicator(8, 1, ""), `"spec_version":"2.1",`, "", 1), "this collection takes STIX 2.1"},
		{"revoked", indicator(1, 5, amber+`,"revoked":true`), ""},
		{"after it was revoked", indicator(1, 6, amber), "what is stored was revoked"},
	} {
		a := n.push(c.object)
		got := ""
		if f, ok := a.body["failures"].([]any); ok {
			got = f[0].(map[string]any)["message"].(string)
		}
		if got != c.reason {
			t.Errorf("%s: %q, want %q", c.name, got, c.reason)
		}
	}
	b := n.ask("other", "POST", inbox+"objects/", envelope(indicator(1, 8, amber), indicator(3, 1, "")))
	if b.body["success_count"] != 1.0 || !strings.Contains(b.raw, "another source brought it") {
		t.Errorf("an object that another token brought: %s", b.raw)
	}
	if got := ids(n.ask("other", "GET", inbox+"objects/", "")); got != "3.1" {
		t.Errorf("other sees %q", got)
	}
	if got := ids(n.ask("writer", "GET", inbox+"objects/?match[version]=all", "")); got != "1.1 1.2 1.5" {
		t.Errorf("writer sees %q", got)
	}
}

// pull reads a collection as a stock client does: with next as long as there is more, by the time of the last addition afterwards.
// hook runs between pages.
func (n *node) pull(what string, limit int, hook func()) (got []string) {
	n.t.Helper()
	after, next := "", ""
	for range 100_000 {
		q := fmt.Sprintf("?match[version]=all&limit=%d", limit)
		if after != "" {
			q += "&added_after=" + after
		}
		if next != "" {
			q += "&next=" + next
		}
		a := n.ask("writer", "GET", inbox+what+q, "")
		if a.code != 200 {
			n.t.Fatalf("%s: %d %s", q, a.code, a.raw)
		}
		page := strings.Fields(ids(a))
		if len(page) > limit {
			n.t.Fatalf("%d objects for a limit of %d", len(page), limit)
		}
		got = append(got, page...)
		hook()
		next, _ = a.body["next"].(string)
		if more, _ := a.body["more"].(bool); more {
			continue
		}
		next = ""
		if len(page) == 0 {
			return got
		}
		after = a.header.Get("X-TAXII-Date-Added-Last")
	}
	n.t.Fatal("the server never comes to an end")
	return nil
}

// TestPaging: a client that pulls with limits of 1, 7 and 1000 loses and repeats nothing while a writer adds, and while the clock
// goes back.
func TestPaging(t *testing.T) {
	for _, what := range []string{"objects/", "manifest/"} {
		for _, limit := range []int{1, 7, 1000} {
			t.Run(fmt.Sprint(what, limit), func(t *testing.T) {
				n := newNode(t)
				total := 0
				add := func(k int) {
					var batch []store.Object
					for range k {
						total++
						batch = append(batch, store.Object{ID: uid("indicator", total), Type: "indicator", Spec: "2.1", Source: "writer", Version: noon, JSON: []byte(indicator(total, 1, ""))})
					}
					n.mu.Lock()
					n.clock = n.clock.Add(time.Duration(total%3-1) * time.Minute)
					n.mu.Unlock()
					if _, err := n.st.PutObjects(t.Context(), taxii.Inbox, n.now(), batch); err != nil {
						t.Fatal(err)
					}
				}
				size := map[int]int{1: 150, 7: 1500, 1000: 6500}[limit]
				add(size)
				calls := 0
				got := n.pull(what, limit, func() {
					if calls++; calls <= 40 {
						add(5)
					}
				})
				seen := map[string]bool{}
				for _, id := range got {
					if seen[id] {
						t.Fatalf("%s came twice", id)
					}
					seen[id] = true
				}
				if len(got) != total {
					t.Fatalf("%d of %d objects came", len(got), total)
				}
			})
		}
	}
}

// TestPagingNewVersions: with the last versions only, as asked by default, a reader comes to the last version of every object though
// objects change while it reads, and sees no version twice.
func TestPagingNewVersions(t *testing.T) {
	n := newNode(t)
	const objects = 60
	var all []string
	for i := range objects {
		all = append(all, indicator(i+1, 1, ""))
	}
	n.push(all...)
	last := map[string]int{}
	seen := map[string]bool{}
	next, calls := "", 0
	for more := true; more; calls++ {
		a := n.ask("writer", "GET", inbox+"objects/?limit=7"+next, "")
		for _, id := range strings.Fields(ids(a)) {
			if seen[id] {
				t.Errorf("%s came twice", id)
			}
			seen[id] = true
			object, v, _ := strings.Cut(id, ".")
			last[object], _ = strconv.Atoi(v)
		}
		more, _ = a.body["more"].(bool)
		if token, ok := a.body["next"].(string); ok {
			next = "&next=" + token
		}
		if calls < 10 { // one that was read, one that was not
			n.push(indicator(calls+1, calls+2, ""), indicator(objects-calls, calls+2, ""))
		}
	}
	for _, id := range strings.Fields(ids(n.ask("writer", "GET", inbox+"objects/", ""))) {
		object, v, _ := strings.Cut(id, ".")
		if want, _ := strconv.Atoi(v); last[object] != want {
			t.Errorf("object %s ended at version %d, the last is %d", object, last[object], want)
		}
	}
	if len(last) != objects {
		t.Errorf("%d of %d objects came", len(last), objects)
	}
}

// TestPagingBesideWriters does the same with writers that push over HTTP at the same time.
func TestPagingBesideWriters(t *testing.T) {
	n := newNode(t)
	n.push(indicator(1, 1, ""))
	var wg sync.WaitGroup
	const writers, each = 3, 40
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				n.ask("writer", "POST", inbox+"objects/", envelope(indicator(1000*(w+1)+i, 1, "")))
			}
		})
	}
	first := n.pull("objects/", 7, func() {})
	wg.Wait()
	seen := map[string]bool{}
	for _, id := range first {
		seen[id] = true
	}
	all := n.pull("objects/", 7, func() {})
	if len(seen) != len(first) || len(all) != writers*each+1 {
		t.Fatalf("%d of %d in the first pull were different; %d at the end, want %d", len(seen), len(first), len(all), writers*each+1)
	}
	for i, id := range first {
		if all[i] != id {
			t.Fatalf("what a reader saw at place %d was not final: %s, then %s", i, id, all[i])
		}
	}
}
