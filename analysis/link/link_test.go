package link

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lookalike"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

func TestLinks(t *testing.T) {
	pack := knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{{ID: "polar", Name: "Polar Parts", Domains: []string{"polar.example"}}}})
	imitated := func(host string) (*knowledge.Organisation, lookalike.Match) {
		if strings.Contains(host, "p0lar") {
			return pack.Organisation("polar"), lookalike.Match{Kind: lookalike.Homoglyph}
		}
		return nil, lookalike.Match{}
	}
	posed := []coldwatch.Finding{{Kind: "identity.contradiction"}}
	for _, c := range []struct {
		name, url, shown, kind string
		posed                  bool
		has, not               string
	}{
		{"own site", "https://www.sender.example/a", "our site", "anchor", false, "", "link."},
		{"elsewhere", "https://third.example/a", "a site", "anchor", false, "link.all_foreign", "link.shown link.free"},
		{"shows another", "https://third.example/a", "www.bank.example", "anchor", false, "link.shown_other", ""},
		{"shows another, own tracker", "https://click.sender.example/a", "www.bank.example", "anchor", false, "link.shown_tracked", "link.shown_other"},
		{"shows the same", "https://third.example/a", "https://www.third.example/", "anchor", false, "", "link.shown"},
		{"a file name is no site", "https://www.sender.example/a", "report.pdf", "anchor", false, "", "link.shown"},
		{"a file's name leads to a stranger", "https://third.example/a", "Invoice 12.pdf", "anchor", false, "link.file_shown", ""},
		{"a sentence is no file", "https://third.example/a", "see us at third.example/a.pdf", "anchor", false, "", "link.file_shown"},
		{"a file's name leads to the partner", "https://portal.polar.example/a", "Invoice 12.pdf", "anchor", false, "", "link.file_shown"},
		{"free host", "https://quiet.web.app/x", "x", "anchor", false, "link.free_host", ""},
		{"short link", "https://bit.ly/x", "x", "anchor", false, "link.shortener", ""},
		{"bare address", "http://203.0.113.5/x", "x", "anchor", false, "link.ip_host", ""},
		{"user part", "https://bank.example@third.example/", "x", "anchor", false, "link.userinfo", ""},
		{"reader in the fragment", "https://third.example/p#ben@depot.example", "x", "anchor", false, "link.recipient", ""},
		{"reader encoded", "https://third.example/p/YmVuQGRlcG90LmV4YW1wbGU=", "x", "anchor", false, "link.recipient", ""},
		{"reader in an unsubscribe link", "https://third.example/u?e=ben@depot.example", "x", "anchor", false, "link.recipient_plain", "link.recipient"},
		{"broken into", "https://third.example/wp-content/uploads/a/login.php?e=1", "x", "anchor", false, "link.compromised", "link.script_page"},
		{"a picture of a content system", "https://third.example/wp-content/uploads/a.png", "x", "anchor", false, "", "link.compromised"},
		{"a picture is not clicked", "https://quiet.web.app/x.png", "", "image", false, "", "link."},
		{"page in the link", "data:text/html;base64,PGI+", "x", "anchor", false, "link.data_page", ""},
		{"imitated partner", "https://p0lar.test/x", "x", "anchor", false, "link.lookalike", ""},
		{"a brand on another's host", "https://paypal-verify.test/x", "x", "anchor", false, "link.brand_host", ""},
		{"poses as a partner", "https://third.example/x", "x", "anchor", true, "link.not_partner", "link.all_foreign"},
		{"poses as a partner, leads to it", "https://portal.polar.example/x", "x", "anchor", true, "link.partner_only", "link.not_partner"},
		{"code in a picture", "https://third.example/x", "", "qr", false, "link.qr", ""},
	} {
		raw := []byte("From: a@sender.example\r\nTo: ben@depot.example\r\n\r\n")
		content := []byte(c.url)
		a := &coldwatch.Analysis{Message: message.Parse(raw, message.Default()), Recipients: message.Addresses("ben@depot.example")}
		a.Sender.From = message.Addresses("a@sender.example")
		a.Payloads = []coldwatch.Payload{{ID: "1", Via: "body", Kind: "html", Text: "Hello", Content: content, Links: []coldwatch.Hyperlink{{URL: c.url, Shown: c.shown, Kind: c.kind, Span: coldwatch.Span{Where: "1", End: len(content)}}}}}
		if c.posed {
			a.Impersonated.Organisation, a.Findings = "polar", posed
		}
		New(pack, imitated).Analyze(a)
		got := " "
		for _, f := range a.Findings {
			got += f.Kind + " "
		}
		for _, k := range strings.Fields(c.has) {
			if !strings.Contains(got, " "+k+" ") {
				t.Errorf("%s: %s missing in%s", c.name, k, got)
			}
		}
		for _, k := range strings.Fields(c.not) {
			if strings.HasSuffix(k, ".") && strings.Contains(got, " "+k) || strings.Contains(got, " "+k+" ") {
				t.Errorf("%s: %s found in%s", c.name, k, got)
			}
		}
	}
}

func TestDocuments(t *testing.T) {
	pack := knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{{ID: "polar", Name: "Polar Parts", Domains: []string{"polar.example"}}}})
	for _, c := range []struct {
		name, text, via string
		urls            []string
		want            bool
	}{
		{"only leads away", "Open the document", "attachment", []string{"https://third.example/v/1"}, true},
		{"leads to two places", "Open the document", "attachment", []string{"https://third.example/v/1", "https://fourth.example/"}, false},
		{"leads to the sender", "Our price list", "attachment", []string{"https://www.sender.example/prices"}, false},
		{"leads to a partner", "Data sheet", "attachment", []string{"https://polar.example/sheet"}, false},
		{"a long text", strings.Repeat("Terms and conditions. ", 100), "attachment", []string{"https://third.example/"}, false},
		{"a body", "Look", "body", []string{"https://third.example/"}, false},
	} {
		a := &coldwatch.Analysis{Message: message.Parse([]byte("From: a@sender.example\r\n\r\n"), message.Default())}
		a.Sender.From = message.Addresses("a@sender.example")
		p := coldwatch.Payload{ID: "1", Via: c.via, Kind: "pdf", Text: c.text, Content: []byte("%PDF")}
		for _, u := range c.urls {
			p.Links = append(p.Links, coldwatch.Hyperlink{URL: u, Kind: "pdf"})
		}
		a.Payloads = []coldwatch.Payload{p}
		New(pack, nil).Analyze(a)
		found := false
		for _, f := range a.Findings {
			found = found || f.Kind == "link.document_only"
		}
		if found != c.want {
			t.Errorf("%s: found %v", c.name, found)
		}
	}
}

func FuzzAddress(f *testing.F) {
	pack := knowledge.New(knowledge.Pack{})
	f.Add("https://user:pw@xn--a.test:80/?u=#x")
	f.Add("http://")
	f.Add("x://")
	f.Fuzz(func(t *testing.T, url string) {
		a := &coldwatch.Analysis{Message: &coldwatch.Message{}, Recipients: message.Addresses("ben@depot.example")}
		a.Payloads = []coldwatch.Payload{{ID: "1", Links: []coldwatch.Hyperlink{{URL: url, Shown: url, Kind: "anchor"}}, Destinations: []coldwatch.Destination{{URL: url, Credentials: true}}}}
		New(pack, nil).Analyze(a)
	})
}

func TestUnwrap(t *testing.T) {
	for link, want := range map[string]string{
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.test%2Fa%3Fb%3D1&data=05%7C&reserved=0":                                       "https://evil.test/a?b=1",
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.test%2Fa&amp;data=05":                                                         "https://evil.test/a",
		"https://urldefense.proofpoint.com/v1/url?u=https://evil.test/a&k=x":                                                                                  "https://evil.test/a",
		"https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.test_a-3Fb-3D1&d=x&c=y":                                                                    "https://evil.test/a?b=1",
		"https://urldefense.com/v3/__https://evil.test/a__;!!key$":                                                                                            "https://evil.test/a",
		"https://urldefense.com/v3/__https:/evil.test/a__;!!key$":                                                                                             "https://evil.test/a",
		"https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fevil.test%2fa&c=E":                                                                               "https://evil.test/a",
		"https://secure-web.cisco.com/1abc/https%3A%2F%2Fevil.test%2Fa":                                                                                       "https://evil.test/a",
		"https://a.safelinks.protection.outlook.com/?url=https%3A%2F%2Furldefense.com%2Fv3%2F__https%3A%2F%2Fevil.test%2Fa__%3B!!k%24&data=1":                 "https://evil.test/a",
		"https://urldefense.com/v3/__nothing":                                                                                                                 "",
		"https://a.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)":                                                                               "",
		"https://www.evil.test/?url=https%3A%2F%2Fgood.example%2F":                                                                                            "",
		"https://safelinks.protection.outlook.com.evil.test/?url=https%3A%2F%2Fgood.example%2F":                                                               "",
		"https://urldefense.com/v3/__https://urldefense.com/v3/__https://urldefense.com/v3/__https://urldefense.com/v3/__https://urldefense.com/v3/__x__;__;": "-",
	} {
		got := unwrap(link)
		if want == "" {
			want = link
		}
		if want != "-" && got != want {
			t.Errorf("%s: %s, want %s", link, got, want)
		}
	}
}
