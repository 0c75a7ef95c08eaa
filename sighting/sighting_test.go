package sighting

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

func pack() *knowledge.Pack {
	return knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{
		{ID: "maker", Name: "Polar Makers", Domains: []string{"polarmakers.example"}},
		{ID: "member", Name: "Dry Ice Member", Domains: []string{"dryice.example"}},
	}})
}

// analysed is a targeted message as the analysis room leaves it.
func analysed() *coldwatch.Analysis {
	return &coldwatch.Analysis{
		ID: "a1", Organisation: "member", Received: time.Date(2020, 9, 7, 4, 51, 0, 0, time.FixedZone("", 3600)),
		Subject:        "RFQ 2231 for Jana Novakova: freezers",
		Sender:         coldwatch.Sender{From: []coldwatch.Mailbox{{Name: "Wei Zhang", Address: "sales@polar-makers.test", Domain: "polar-makers.test"}}, ReplyTo: []coldwatch.Mailbox{{Address: "wei.zhang77@gmail.com", Domain: "gmail.com"}}, ReturnPath: "bounce@mail.polar-makers.test"},
		Recipients:     []coldwatch.Mailbox{{Name: "Jana Novakova", Address: "jana.novakova@dryice.example", Domain: "dryice.example"}},
		Authentication: coldwatch.Authentication{Hop: "198.51.100.23", Signed: []string{"mail.polar-makers.test", "polarmakers.example"}},
		Payloads: []coldwatch.Payload{
			{ID: "1", Part: "1", Via: "body", Kind: "text", Text: "Dear Jana, " + strings.Repeat("please quote forty units of the freezer named below and return the form ", 3)},
			{ID: "2", Part: "2", Via: "attachment", Kind: "html", Name: "RFQ_2231_Novakova.html", SHA256: "ab12", Structure: "f00d", Layers: []string{"atob"},
				Forms:        []coldwatch.Form{{Password: true}},
				Destinations: []coldwatch.Destination{{URL: "https://panel.evil.test/c/8812/post.php?id=9", Kind: "form", Credentials: true}},
				Links:        []coldwatch.Hyperlink{{URL: "https://polarmakers.example/logo", Kind: "anchor"}, {URL: "https://cdn.example.net/x.css", Kind: "style"}}},
		},
		Lure:         coldwatch.Lure{Theme: "quotation", Act: "open-attachment", Models: []string{"Polar|P-40"}, Claims: []coldwatch.Claim{{Result: coldwatch.Correct}, {Result: coldwatch.Correct}, {Result: coldwatch.Wrong}}},
		Tooling:      coldwatch.Tooling{Fingerprint: "t00l"},
		Impersonated: coldwatch.Impersonation{Organisation: "maker", Kind: "brand"},
		Verdict:      coldwatch.Verdict{Class: coldwatch.Targeted, Bits: 12},
		Findings:     []coldwatch.Finding{{Kind: "b.kind"}, {Kind: "a.kind"}, {Kind: "b.kind"}},
		Observables: []coldwatch.Observable{
			{Kind: coldwatch.DomainName, Value: "polar-makers.test", Role: "sender", Owned: true},
			{Kind: coldwatch.DomainName, Value: "polarmakers.example", Role: "link", Owned: true},
			{Kind: coldwatch.EmailAddress, Value: "jana.novakova@dryice.example", Role: "link", Owned: true},
			{Kind: coldwatch.DomainName, Value: "gmail.com", Role: "reply-to"},
		},
	}
}

func TestFeatures(t *testing.T) {
	s := From(analysed(), pack())
	for view, want := range map[coldwatch.View][]string{
		coldwatch.ViewHost:       {"evil.test"},
		coldwatch.ViewPath:       {"/c/N/post.php?id"},
		coldwatch.ViewStructure:  {"f00d"},
		coldwatch.ViewLayers:     {"atob"},
		coldwatch.ViewAttachment: {"ab12"},
		coldwatch.ViewFileName:   {"rfq_N_NAME.html"},
		coldwatch.ViewSender:     {"polar-makers.test"},
		coldwatch.ViewReplyTo:    {"wei.zhang77@gmail.com"},
		coldwatch.ViewEnvelope:   {"polar-makers.test"},
		coldwatch.ViewDKIM:       {"polar-makers.test"},
		coldwatch.ViewPersona:    {"wei zhang"},
		coldwatch.ViewNet:        {"198.51.100.0/24"},
		coldwatch.ViewTooling:    {"t00l"},
		coldwatch.ViewSubject:    {"rfq N for NAME freezers"},
		coldwatch.ViewIdentity:   {"maker"},
		coldwatch.ViewTheme:      {"quotation"},
		coldwatch.ViewModels:     {"Polar|P-40"},
		coldwatch.ViewLinkHost:   nil,
	} {
		if got := s.Values(view); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", view, got, want)
		}
	}
	if n := len(s.Values(coldwatch.ViewText)); n != bins/bandRows {
		t.Errorf("%d band tokens", n)
	}
	if s.Carrier != "html-attachment" || s.Objective != "credentials" || s.Lure.Claims[coldwatch.Correct] != 2 {
		t.Errorf("carrier %q, objective %q, claims %v", s.Carrier, s.Objective, s.Lure.Claims)
	}
	if want := []string{"a.kind", "b.kind"}; !reflect.DeepEqual(s.Kinds, want) {
		t.Errorf("kinds %q", s.Kinds)
	}
	if len(s.Observables) != 2 || s.Observables[0].Value != "gmail.com" || s.Observables[1].Value != "polar-makers.test" {
		t.Errorf("observables %v: partners' and recipients' values must be taken out", s.Observables)
	}
}

// What must not pass the wall does not: no recipient, no subject, no word of the body, no partner domain as a feature.
func TestWall(t *testing.T) {
	b, err := Marshal(From(analysed(), pack()))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"jana", "Novakova", "dryice.example", "RFQ 2231", "forty units", "freezer named", "polarmakers.example"} {
		if strings.Contains(strings.ToLower(string(b)), strings.ToLower(secret)) {
			t.Errorf("%q passed the wall: %s", secret, b)
		}
	}
}

func TestThroughBytes(t *testing.T) {
	s := From(analysed(), pack())
	b, err := Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != string(again) {
		t.Errorf("bytes differ after a round trip:\n%s\n%s", b, again)
	}
}

func TestPlace(t *testing.T) {
	f := features{pack: pack(), a: analysed()}
	for _, c := range []struct{ url, host, path string }{
		{"https://a.b.evil.test/login/Ab3dE9fGh1JkL2/index.php", "evil.test", "/login/X/index.php"},
		{"http://evil.test/", "evil.test", ""},
		{"http://evil.test/0f3c2b1a-0f3c-4b1a-8f3c-0f3c2b1a0f3c/go", "evil.test", "/U/go"},
		{"https://formspree.io/f/xknaQzWp1", "formspree.io/xknaQzWp1", "/f/xknaqzwpN"},
		{"https://api.telegram.org/bot123456:INVALIDtoken/sendMessage", "api.telegram.org/bot123456", "/X/sendmessage"},
		{"https://victim-login.web.app/x", "victim-login.web.app", "/x"},
		{"https://198.51.100.9:8443/a", "198.51.100.9", "/a"},
		{"mailto:Collector.One@gmail.com?subject=x", "collector.one@gmail.com", ""},
		{"https://www.polarmakers.example/freezers", "", ""},
		{"https://intranet.dryice.example/x", "", ""},
		{"javascript:void(0)", "", ""},
		{"http://[::1", "", ""},
		{"https://evil.test/?e=jana@dryice.example&t=1", "evil.test", "?e&t"},
	} {
		if host, path := f.place(c.url); host != c.host || path != c.path {
			t.Errorf("%s: got %q %q, want %q %q", c.url, host, path, c.host, c.path)
		}
	}
}

// The number of equal bands tells the similarity of texts: one pair of values in a band of r rows agrees with J^r.
func TestBandsEstimateSimilarity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := make([]string, 2000)
	for i := range vocabulary {
		vocabulary[i] = fmt.Sprintf("w%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676)
	}
	text := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = vocabulary[r.IntN(len(vocabulary))]
		}
		return out
	}
	for _, want := range []float64{0.3, 0.6, 0.9, 1} {
		var sum, expect float64
		const rounds = 60
		for range rounds {
			a := text(600)
			// b shares the first words of a: of n shingles each, s are common, J = s/(2n-s).
			keep := int(2*want/(1+want)*596) + 4
			if want == 1 {
				keep = 600
			}
			b := append(append([]string{}, a[:keep]...), text(600-keep)...)
			s := float64(keep - 4)
			expect += math.Pow(s/(2*596-s), bandRows)
			x, y := bands(a), bands(b)
			equal := 0
			for i := range x {
				if x[i] == y[i] {
					equal++
				}
			}
			sum += float64(equal) / float64(len(x))
		}
		if got := sum / rounds; math.Abs(got-expect/rounds) > 0.04 {
			t.Errorf("a similarity of %.1f should make %.3f of the bands equal, made %.3f", want, expect/rounds, got)
		}
	}
}

func TestShortTextHasNoBands(t *testing.T) {
	if b := bands([]string{"please", "see", "attached"}); b != nil {
		t.Errorf("three words gave %d bands", len(b))
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{"198.18.4.7": "198.18.4.0/24", "2001:db8:1:2::3": "2001:db8:1::/48", "10.1.2.3": "", "127.0.0.1": "",
		"::ffff:203.0.113.9": "203.0.113.0/24", "": "", "nonsense": ""} {
		if got := network(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func BenchmarkFrom(b *testing.B) {
	a, p := analysed(), pack()
	a.Payloads[0].Text = strings.Repeat("please quote forty units of the freezer that is named below and return the form in time ", 60)
	for b.Loop() {
		From(a, p)
	}
}

// TestTenant: who rents a place on a host that many share, by a made label or a made value of the query.
func TestTenant(t *testing.T) {
	f := features{}
	hosts := map[string]bool{}
	for _, c := range []struct {
		raw, host, full string
		accounts        int
	}{
		{"https://panel.example/excel.php?cid=e1a66ee7f6", "panel.example", "", 1},
		{"https://panel.example/excel.php?cid=7d645c9c42?e=0664e0", "panel.example", "", 1},
		{"https://ffee496c.rented.example/a/mail.php", "rented.example", "ffee496c.rented.example", 1},
		{"https://www.3bc867b9.rented.example/a/mail.php", "rented.example", "www.3bc867b9.rented.example", 1},
		{"https://secure.own.example/a/mail.php", "own.example", "", 0},
		{"https://secure.own.example/a?lang=en", "own.example", "", 0},
		{"https://xffee496c-own.example/", "own.example", "", 0},
	} {
		full, accounts := f.tenant(c.raw, c.host)
		if full != c.full || len(accounts) != c.accounts {
			t.Errorf("%s: %q %v", c.raw, full, accounts)
		}
		for _, a := range accounts {
			if hosts[a] {
				t.Errorf("%s: an account that another has", c.raw)
			}
			hosts[a] = true
		}
	}
}

func TestOrganisational(t *testing.T) {
	for host, want := range map[string]string{
		"a.b.shop.example.com":            "example.com",
		"mail.shop.onmicrosoft.com":       "shop.onmicrosoft.com",
		"onmicrosoft.com":                 "onmicrosoft.com",
		"shop.azurewebsites.net":          "shop.azurewebsites.net",
		"shop.east-01.azurewebsites.net":  "shop.east-01.azurewebsites.net",
		"x.shop.z22.web.core.windows.net": "shop.z22.web.core.windows.net",
	} {
		if got := organisational(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

func TestBorrowed(t *testing.T) {
	f := features{a: &coldwatch.Analysis{}}
	f.a.Impersonated.Name = "Polar Parts"
	for host, want := range map[string]bool{"polarparts.com": true, "polarparts.de": true, "polarparts.top": false, "polarparts.tk": false, "polarparts-login.com": false, "polar.com": false} {
		if f.borrowed(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
	if f.a.Impersonated.Name = ""; f.borrowed("polarparts.com") {
		t.Error("nobody is imitated")
	}
}
