package gate

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

func TestGates(t *testing.T) {
	pack := knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{{ID: "polar", Name: "Polar Parts", Domains: []string{"polar.example"}}, {ID: "depot", Name: "Depot", Domains: []string{"depot.example"}}}})
	aligned := coldwatch.Authentication{Aligned: true, SPF: coldwatch.Pass, SPFDomain: "polar.example", Border: "mx.depot.example", Hop: "198.51.100.7", HopName: "mail.polar.example"}
	list := aligned
	list.HopName, list.Aligned = "lists.chain.example", false
	form := []coldwatch.Payload{{ID: "2", Kind: "html", Via: "attachment", Name: "page.html", Forms: []coldwatch.Form{{Action: "https://evil.test/a", Password: true}}}}
	for _, c := range []struct {
		name, head, from string
		auth             coldwatch.Authentication
		payloads         []coldwatch.Payload
		want             string
	}{
		{"partner", "Subject: x", "ana@polar.example", aligned, nil, "partner"},
		{"partner not proven", "Subject: x", "ana@polar.example", coldwatch.Authentication{}, nil, ""},
		{"inside", "Subject: x", "ben@depot.example", coldwatch.Authentication{Border: "mx.depot.example"}, nil, "internal"},
		{"list", "List-Id: <forum.lists.chain.example>\r\nList-Post: <mailto:f@lists.chain.example>\r\nSubject: x", "x@other.example", list, nil, "mailing-list"},
		{"a list's header without the list's host", "List-Id: <forum.lists.chain.example>\r\nList-Post: <mailto:f@lists.chain.example>\r\nSubject: x", "x@other.example", aligned, nil, ""},
		{"a list's header over a password form", "List-Id: <forum.lists.chain.example>\r\nList-Post: <mailto:f@lists.chain.example>\r\nSubject: x", "x@other.example", list, form, ""},
		{"newsletter", "List-Unsubscribe: <https://x.example/u>\r\nSubject: x", "news@other.example", aligned, nil, "newsletter"},
		{"bounce", "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b", "mailer-daemon@other.example", aligned, nil, "bounce"},
		{"automatic answer", "Auto-Submitted: auto-replied\r\nSubject: Away", "x@other.example", aligned, nil, "auto-reply"},
		{"exercise by its header alone", "X-PHISHTEST: 1\r\nSubject: x", "x@other.example", aligned, nil, ""},
		{"envelope", "Subject: x", "ana@polar.example", aligned, []coldwatch.Payload{{ID: "2", Kind: "html", Via: "attachment", Name: "securedoc.html", Forms: []coldwatch.Form{{Action: "https://keys.polar.example/open", Password: true}}}}, "secure-envelope partner"},
		{"an envelope that leads elsewhere", "Subject: x", "ana@polar.example", aligned, []coldwatch.Payload{{ID: "2", Kind: "html", Via: "attachment", Name: "securedoc.html", Forms: []coldwatch.Form{{Action: "https://evil.test/open", Password: true}}}}, "partner"},
		{"warning", "Subject: x", "x@other.example", coldwatch.Authentication{}, []coldwatch.Payload{{ID: "1", Kind: "text", Via: "body", Text: "Block hxxps://a[.]test/x and b[.]test"}}, "advisory"},
		{"forwarded", "Subject: x", "x@other.example", coldwatch.Authentication{Forwarded: true}, nil, "forwarded"},
	} {
		raw := []byte("From: " + c.from + "\r\nTo: ben@depot.example\r\n" + c.head + "\r\n\r\nHello\r\n")
		m := message.Parse(raw, message.Default())
		a := &coldwatch.Analysis{Message: m, Organisation: "depot", Authentication: c.auth, Payloads: c.payloads}
		a.Sender.From = message.Addresses(c.from)
		New(pack).Analyze(a)
		if got := strings.Join(a.Gates, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if len(a.Findings) != len(a.Gates) {
			t.Errorf("%s: %d findings for %d gates", c.name, len(a.Findings), len(a.Gates))
		}
	}
}
