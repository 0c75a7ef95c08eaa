package taxii_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	packs "github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

// bundle is the STIX bundle of a campaign with these hosts, as a pack holds it.
func bundle(t *testing.T, made time.Time, withdrawn bool, hosts ...string) []byte {
	t.Helper()
	r := coldwatch.Report{Made: made, Marking: coldwatch.Marking{TLP: "TLP:GREEN"},
		Profile: coldwatch.Profile{Campaign: "c-1", Name: "one", Messages: 2, First: noon.AddDate(0, -1, 0), Last: noon.AddDate(0, -1, 1)}}
	for _, h := range hosts {
		r.Profile.Infrastructure = append(r.Profile.Infrastructure, coldwatch.Infrastructure{Observable: coldwatch.Observable{Kind: coldwatch.DomainName, Value: h, Owned: true}, Messages: 2,
			First: r.Profile.First, Last: r.Profile.Last})
	}
	if withdrawn {
		r.Withdrawn = &coldwatch.Withdrawal{At: made, Reason: "wrong"}
	}
	raw, err := stix.Marshal(stix.Bundle(r, nil))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func itemOf(bundle []byte) deliver.Item {
	return deliver.Item{At: noon, Warning: coldwatch.Warning{ID: "w-1", Campaign: "c-1", Reader: "constituency"}, Files: func() (map[string][]byte, error) {
		if bundle == nil {
			return nil, nil
		}
		return map[string][]byte{packs.Path(stix.Format{}): bundle}, nil
	}}
}

// TestChannel: a warning's bundle goes into a collection of another node once; a change goes as a later version, and what was taken back
// is revoked there.
func TestChannel(t *testing.T) {
	here, there := newNode(t), newNode(t)
	there.clock = noon.AddDate(2, 0, 0) // after TLP 2.0, whose markings are of 2022
	client, err := taxii.Dial(t.Context(), there.url+"/taxii2/", "", "writer", there.secret["writer"], true)
	if err != nil {
		t.Fatal(err)
	}
	ch := taxii.NewChannel(here.st, client, "constituency")
	if name, err := ch.Name(itemOf(nil).Warning); err != nil || name != "taxii "+there.url+inbox {
		t.Errorf("the channel is %q, %v", name, err)
	}
	if _, err := ch.Name(coldwatch.Warning{Reader: "depot"}); !errors.Is(err, deliver.ErrNoAddress) {
		t.Errorf("a warning for somebody else: %v", err)
	}
	// holds gives the newest version of each object in the collection, and how many versions there are.
	holds := func() (map[string]map[string]any, int) {
		t.Helper()
		all, err := there.st.Objects(t.Context(), store.ObjectQuery{Collection: taxii.Inbox})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]map[string]any{}
		for _, o := range all {
			m := map[string]any{}
			if err := json.Unmarshal(o.JSON, &m); err != nil {
				t.Fatal(err)
			}
			out[o.ID] = m
		}
		return out, len(all)
	}
	send := func(bundle []byte) {
		t.Helper()
		if err := ch.Send(t.Context(), itemOf(bundle)); err != nil {
			t.Fatal(err)
		}
	}
	patterns := func() string {
		var out []string
		all, _ := holds()
		for _, o := range all {
			if o["type"] == "indicator" && o["revoked"] != true {
				out = append(out, o["pattern"].(string))
			}
		}
		return strings.Join(out, " ")
	}
	first := bundle(t, noon, false, "ice.example")
	send(first)
	objects, _, err := stix.Parse(strings.NewReader(string(first)))
	if err != nil {
		t.Fatal(err)
	}
	got, versions := holds()
	if len(got) != len(objects) || versions != len(objects) || !strings.Contains(patterns(), "ice.example") {
		t.Fatalf("of %d objects %d came, with the patterns %s", len(objects), len(got), patterns())
	}
	send(first)
	if _, n := holds(); n != versions {
		t.Errorf("it went twice: %d versions, were %d", n, versions)
	}
	// Late mail changes the campaign and not its newest receipt: the version is later all the same.
	send(bundle(t, noon, false, "ice.example", "frost.example"))
	later, n := holds()
	if n <= versions || !strings.Contains(patterns(), "frost.example") {
		t.Errorf("a change: %d versions, were %d, with the patterns %s", n, versions, patterns())
	}
	for id, o := range later {
		if o["type"] == "report" && o["modified"].(string) <= got[id]["modified"].(string) {
			t.Errorf("the report's version %s is not later than %s", o["modified"], got[id]["modified"])
		}
	}
	back := bundle(t, noon.Add(time.Hour), true, "ice.example", "frost.example")
	send(back)
	revoked, n := holds()
	for id, o := range revoked {
		switch o["type"] {
		case "campaign", "indicator", "report", "relationship":
			if o["revoked"] != true {
				t.Errorf("%s is not revoked", id)
			}
		}
	}
	send(back)
	if _, again := holds(); again != n {
		t.Errorf("it was taken back twice: %d versions, were %d", again, n)
	}
	if err := ch.Send(t.Context(), itemOf(nil)); !errors.Is(err, deliver.ErrRefused) {
		t.Errorf("a campaign without a bundle: %v", err)
	}
}

// TestChannelBesideOthers: what another brought there first is no reason to fail, unless it is of the campaign.
func TestChannelBesideOthers(t *testing.T) {
	there := newNode(t)
	there.clock = noon.AddDate(2, 0, 0)
	for _, who := range []string{"writer", "other"} {
		here := newNode(t)
		client, err := taxii.Dial(t.Context(), there.url+inbox, "", who, there.secret[who], true)
		if err != nil {
			t.Fatal(err)
		}
		if err := taxii.NewChannel(here.st, client, "constituency").Send(t.Context(), itemOf(bundle(t, noon, false, "ice.example"))); err != nil {
			t.Errorf("%s sends what all say alike: %v", who, err)
		}
	}
	client, err := taxii.Dial(t.Context(), there.url+inbox, "", "other", there.secret["other"], true)
	if err != nil {
		t.Fatal(err)
	}
	err = taxii.NewChannel(newNode(t).st, client, "constituency").Send(t.Context(), itemOf(bundle(t, noon.Add(time.Hour), false, "ice.example")))
	if !errors.Is(err, deliver.ErrUnsure) || !strings.Contains(err.Error(), "another source brought it") {
		t.Errorf("a campaign of another: %v", err)
	}
}

// TestChannelFailures: what may be tried again, what is refused, and what nobody can tell.
func TestChannelFailures(t *testing.T) {
	code, body := 0, ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code == 0 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		w.WriteHeader(code)
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	client, err := taxii.Dial(t.Context(), srv.URL+"/collections/x/", "", "", "", true)
	if err != nil {
		t.Fatal(err)
	}
	ch := taxii.NewChannel(newNode(t).st, client, "constituency")
	item := itemOf(bundle(t, noon, false, "ice.example"))
	again := errors.New("again")
	for _, c := range []struct {
		code int
		body string
		want error
	}{
		{429, "", again}, {503, "", again}, {401, "", deliver.ErrUnreachable}, {404, "", deliver.ErrUnreachable}, {413, "", deliver.ErrRefused}, {422, "", deliver.ErrRefused},
		{500, "", deliver.ErrUnsure}, {0, "", deliver.ErrUnsure}, {202, "<html>", deliver.ErrUnsure},
		{202, `{"success_count":0,"failure_count":1,"failures":[{"id":"` + uid("campaign", 1) + `","message":"no"}]}`, deliver.ErrRefused},
		{202, `{"success_count":3,"failure_count":1,"failures":[{"id":"` + uid("campaign", 1) + `","message":"no"}]}`, deliver.ErrUnsure},
		{202, `{"success_count":0,"failure_count":9}`, deliver.ErrRefused},
		{202, `{"success_count":3,"failure_count":1,"failures":[{"id":"` + uid("location", 1) + `","message":"no"}]}`, nil},
	} {
		code, body = c.code, c.body
		err := ch.Send(t.Context(), item)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%d %s: %v", c.code, c.body, err)
		}
		for _, e := range []error{deliver.ErrRefused, deliver.ErrUnsure, deliver.ErrUnreachable} {
			if errors.Is(err, e) != (e == c.want) {
				t.Errorf("%d %s: %v, want %v", c.code, c.body, err, c.want)
			}
		}
	}
	srv.Close()
	if err := taxii.NewChannel(newNode(t).st, client, "constituency").Send(t.Context(), item); !errors.Is(err, deliver.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
}
