package observe

import (
	"fmt"
	"slices"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

func TestObservables(t *testing.T) {
	pack := knowledge.New(knowledge.Pack{Organisations: []knowledge.Organisation{{ID: "maker", Name: "Maker", Domains: []string{"maker.example"}}}})
	box := func(a, d string) coldwatch.Mailbox { return coldwatch.Mailbox{Address: a, Domain: d} }
	a := &coldwatch.Analysis{
		Verdict: coldwatch.Verdict{Class: coldwatch.Hostile},
		Sender: coldwatch.Sender{From: []coldwatch.Mailbox{box("sales@maker-intl.test", "maker-intl.test"), box("ceo@maker.example", "maker.example")},
			ReplyTo: []coldwatch.Mailbox{box("Maker.Sales@gmail.com", "gmail.com")}, ReturnPath: "x@bulk.test"},
		Recipients:     []coldwatch.Mailbox{box("jana@cold.example", "cold.example")},
		Authentication: coldwatch.Authentication{SPF: coldwatch.Fail, Aligned: true, Hop: "198.51.100.9"},
		Payloads: []coldwatch.Payload{
			{Via: "body", Links: []coldwatch.Hyperlink{{URL: "https://maker.example/about", Kind: "anchor"}, {URL: "https://bit.ly/3xAbC", Kind: "anchor"},
				{URL: "https://land.test/go?e=jana@cold.example", Kind: "anchor"}, {URL: "https://img.test/l.png", Kind: "image"}, {URL: "https://land.test/u/jana@cold.example", Kind: "anchor"}}},
			{Via: "attachment", SHA256: "ab", Name: "form.html", Destinations: []coldwatch.Destination{{URL: "https://panel.evil.test/p.php", Credentials: true}}},
		},
	}
	New(pack).Analyze(a)
	var got []string
	for _, o := range a.Observables {
		got = append(got, fmt.Sprintf("%s %s %s %v", o.Kind, o.Value, o.Role, o.Owned))
	}
	want := []string{
		"domain-name evil.test exfiltration true",
		"domain-name land.test link false",
		"domain-name maker-intl.test sender true",
		"email-addr maker.sales@gmail.com reply-to true",
		"email-addr sales@maker-intl.test sender true",
		"file ab attachment true",
		"ipv4-addr 198.51.100.9 sending-host false",
		"url https://bit.ly/3xAbC link false",
		"url https://land.test/go?e= link false",
		"url https://panel.evil.test/p.php exfiltration true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestUnremarkableHasNone(t *testing.T) {
	a := &coldwatch.Analysis{Verdict: coldwatch.Verdict{Class: coldwatch.Unremarkable}, Sender: coldwatch.Sender{From: []coldwatch.Mailbox{{Address: "a@b.test", Domain: "b.test"}}}}
	New(knowledge.New(knowledge.Pack{})).Analyze(a)
	if len(a.Observables) != 0 {
		t.Errorf("%v", a.Observables)
	}
}
