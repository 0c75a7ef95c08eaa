package dossier

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

func TestDefangText(t *testing.T) {
	for in, want := range map[string]string{
		"sends it to files.coldquote.test.":       "sends it to files[.]coldquote[.]test.",
		"https://a.example/x?y=1 and 203.0.113.7": "hxxps://a[.]example/x?y=1 and 203[.]0[.]113[.]7",
		"<l.a@b.example>":                         "<l[.]a[@]b[.]example>",
		"RFQ_PH-340S.html, e.g. 3.5 or Dr.Who":    "RFQ_PH-340S.html, e.g. 3.5 or Dr.Who",
		"plain":                                   "plain",
		"a\u202eb\n.":                             "a⟨U+202E⟩b .",
	} {
		if got := DefangText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWithoutRecipient(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?u=ZXhhbXBsZS5wZXJzb25AdmljdGltLmV4YW1wbGU": "https://a.example/x",
		"https://a.example/x?k=1&u=jo@victim.example&z=2":               "https://a.example/x?k=1",
		"https://a.example/#jo%40victim.example":                        "https://a.example/",
		"https://a.example/jo@victim.example/login":                     "https://a.example/",
		"https://a.example/x#am9AdmljdGltLmV4YW1wbGU=":                  "https://a.example/x",
		"https://a.example/p/q.php?id=12&t=abc":                         "https://a.example/p/q.php?id=12&t=abc",
		"https://a.example":                                             "https://a.example",
		"nothing":                                                       "nothing",
	} {
		if got := WithoutRecipient(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestIndicators(t *testing.T) {
	var p coldwatch.Profile
	for _, o := range []coldwatch.Observable{
		{Kind: coldwatch.DomainName, Value: "good.example"}, {Kind: coldwatch.DomainName, Value: "good.example"}, {Kind: coldwatch.DomainName, Value: "no dots"},
		{Kind: coldwatch.DomainName, Value: "Upper.example"}, {Kind: coldwatch.DomainName, Value: "x'; drop.example"}, {Kind: coldwatch.IPv4Address, Value: "1.2.3"},
		{Kind: coldwatch.IPv6Address, Value: "fe80::1%eth0"}, {Kind: coldwatch.URL, Value: "javascript:alert(1)"}, {Kind: coldwatch.URL, Value: "https://u:p@a.example/"},
		{Kind: coldwatch.EmailAddress, Value: "a b@c.example"}, {Kind: coldwatch.FileHash, Value: "abc"}, {Kind: "mutex", Value: "x"},
	} {
		p.Infrastructure = append(p.Infrastructure, coldwatch.Infrastructure{Observable: o})
	}
	if got := Indicators(p, nil); len(got) != 1 || got[0].Value != "good.example" {
		t.Errorf("%+v", got)
	}
}

func TestLevel(t *testing.T) {
	for in, want := range map[string]string{"TLP:AMBER": "TLP:AMBER", "amber+strict": "TLP:AMBER+STRICT", "TLP:WHITE": "TLP:CLEAR", "": "TLP:RED", "tlp:purple": "TLP:RED"} {
		if got := Label(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[float64]string{0: "0", 0.25: "0.25", 12: "12", 1250000: "1,250,000", 999.6: "1,000", -51.5: "−51.5", -60: "−60", -0.001: "0"} {
		if got := Number(in); got != want {
			t.Errorf("%v: got %q, want %q", in, got, want)
		}
	}
}

// A name that is part of another word stays, an id in the middle of a price too.
func TestCover(t *testing.T) {
	p := coldwatch.Profile{Targets: []coldwatch.TargetEntry{{Organisation: "ice", Name: "Ice"}, {Organisation: "north", Name: "North & Søn", Country: "DK"}}}
	c := covers(p, nil, "")
	for in, want := range map[string]string{
		"the price of ICE":      "the price of an organisation on the chain",
		"north & søn, Northern": "an organisation (Denmark), Northern",
	} {
		if got := c.replace(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := c.replace("İ North & Søn"); strings.Contains(strings.ToLower(got), "north") {
		t.Errorf("%q", got)
	}
}
