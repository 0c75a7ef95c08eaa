package lure

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
)

// A want is one case of testdata/cases.json.
type want struct {
	Name       string
	Subject    string
	Body       string
	Attachment string // name of an attached PDF
	Theme, Act string
	Language   string
	Chain      bool
	Kinds      []string // findings
}

func message(subject, body, attachment string) *coldwatch.Analysis {
	raw := "Subject: " + subject + "\r\n\r\n" + body
	m := &coldwatch.Message{Raw: []byte(raw), Header: []coldwatch.Field{{Name: "Subject", Value: subject, Length: len("Subject: ") + len(subject) + 2}}}
	a := &coldwatch.Analysis{Message: m, Subject: subject}
	a.Payloads = append(a.Payloads, coldwatch.Payload{ID: "1", Part: "1", Via: "body", Kind: "text", Text: body, Content: []byte(body)})
	if strings.Contains(body, "://") {
		a.Payloads[0].Links = []coldwatch.Hyperlink{{URL: "https://link.example/"}}
	}
	if attachment != "" {
		a.Payloads = append(a.Payloads, coldwatch.Payload{ID: "2", Part: "2", Via: "attachment", Kind: "pdf", Name: attachment, Content: []byte("%PDF")})
	}
	return a
}

func TestCases(t *testing.T) {
	raw, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []want
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	an := New(nil)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			a := message(c.Subject, c.Body, c.Attachment)
			an.Analyze(a)
			if l := a.Lure; l.Theme != c.Theme || l.Act != c.Act || l.Language != c.Language || l.Chain != c.Chain {
				t.Errorf("theme %q act %q language %q chain %v (score %v, phrases %v)", l.Theme, l.Act, l.Language, l.Chain, l.Score, l.Phrases)
			}
			var kinds []string
			for _, f := range a.Findings {
				kinds = append(kinds, f.Kind)
				if len(f.Evidence) == 0 {
					t.Errorf("%s has no evidence", f.Kind)
				}
			}
			if strings.Join(kinds, " ") != strings.Join(c.Kinds, " ") {
				t.Errorf("findings %v, want %v", kinds, c.Kinds)
			}
			checkSpans(t, a)
		})
	}
}

// checkSpans holds every quotation against the bytes that it points at.
func checkSpans(t *testing.T, a *coldwatch.Analysis) {
	t.Helper()
	list := a.Lure.Phrases
	for _, f := range a.Findings {
		list = append(list, f.Evidence...)
	}
	for _, e := range list {
		c := a.Message.Raw
		if p := a.Payload(e.Span.Where); p != nil {
			c = p.Content
		} else if e.Span.Where != "raw" {
			t.Errorf("%+v points at nothing", e)
			continue
		}
		if e.Span.Start < 0 || e.Span.End > len(c) || e.Span.Start > e.Span.End {
			t.Errorf("%+v lies outside of %d bytes", e, len(c))
		}
	}
}

func TestQuotesStandInTheText(t *testing.T) {
	a := message("Request for quotation", "Dear Sir,\nplease find attached our request for\nquotation.", "rfq.pdf")
	New(nil).Analyze(a)
	for _, e := range a.Lure.Phrases {
		c := a.Message.Raw
		if p := a.Payload(e.Span.Where); p != nil {
			c = p.Content
		}
		if got := strings.Join(strings.Fields(string(c[e.Span.Start:e.Span.End])), " "); got != e.Quote && e.Span.Where != "2" {
			t.Errorf("span of %q holds %q", e.Quote, got)
		}
	}
}

func TestDisguises(t *testing.T) {
	an := New(nil)
	for _, body := range []string{
		"Your m\u0430ilbox is f\u0443ll and your acc\u043eunt will be susp\u0435nded",              // Cyrillic letters
		"Your mail\u200bbox is fu\u200bll, your acc\u200bount will be sus\u200bpend\u200bed today", // zero width
		"Your ｍａｉｌｂｏｘ ｉｓ ｆｕｌｌ, your 𝐚𝐜𝐜𝐨𝐮𝐧𝐭 𝐰𝐢𝐥𝐥 𝐛𝐞 𝐬𝐮𝐬𝐩𝐞𝐧𝐝𝐞𝐝",
	} {
		a := message("Notice", body, "")
		an.Analyze(a)
		if len(a.Findings) == 0 || a.Findings[0].Kind != "lure.account_threat" {
			t.Errorf("%q: %+v", body, a.Findings)
		}
	}
}

func BenchmarkAnalyze(b *testing.B) {
	an := New(nil)
	text := strings.Repeat("Dear Mr Okafor, we are preparing the next delivery and would like to invite your company to quote. "+
		"The list covers 12 solar units with spare parts, delivery included. Kindly see the attached file and answer before Friday. ", 23)
	a := message("Request for quotation 44/21", text[:5000], "rfq.pdf")
	b.ReportAllocs()
	for b.Loop() {
		a.Lure, a.Findings = coldwatch.Lure{}, a.Findings[:0]
		an.Analyze(a)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(nil)
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add("RFQ 12", "please open the attached file", "a.html")
	f.Add("見積依頼", "お見積もりをお願いします", "見積.xlsx")
	f.Add("\xff\xfe", "a\u0301 \u200b \u0430bc", "")
	an := New(nil)
	f.Fuzz(func(t *testing.T, subject, body, name string) {
		a := message(subject, body, name)
		an.Analyze(a)
		checkSpans(t, a)
		b := message(subject, body, name)
		an.Analyze(b)
		if x, y := toJSON(t, a), toJSON(t, b); x != y {
			t.Errorf("two runs differ:\n%s\n%s", x, y)
		}
	})
}

func toJSON(t *testing.T, a *coldwatch.Analysis) string {
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzFold(f *testing.F) {
	f.Add("Größe \u0430b\u0441 ４２ 見積\n書 \u200b")
	f.Fuzz(func(t *testing.T, s string) {
		var x passage.Folded
		passage.Fold(s, &x)
		if len(x.From) != len(x.B)+1 {
			t.Fatalf("%d offsets for %d bytes", len(x.From), len(x.B))
		}
		for i := 1; i < len(x.From); i++ {
			if x.From[i] < x.From[i-1] || int(x.From[i]) > len(s) {
				t.Fatalf("offset %d: %d after %d of %d", i, x.From[i], x.From[i-1], len(s))
			}
		}
		for _, st := range x.Starts {
			if int(st) > len(x.B) {
				t.Fatalf("start %d beyond %d", st, len(x.B))
			}
		}
	})
}

func TestLooseAndQuotedWording(t *testing.T) {
	an := New(nil)
	for _, c := range []struct {
		name, body, kind string
		want             bool
	}{
		{"a favour asked by a colleague", "Could you do me a favor and look at the patch?", "lure.gift_card", false},
		{"a favour and cards", "Do me a favor and purchase some gift cards, scratch the back and text me.", "lure.gift_card", true},
		{"a first password", "Welcome. Your password is 4711-polar.", "lure.extortion", false},
		{"won't", "You won't have to wait.", "lure.prize", false},
		{"quoted by an answer", "Thank you, we saw this one and blocked it. Please tell all colleagues.\n\nAm Montag schrieb Ana Vogel schrieb:\nYou have won, claim your reward now", "lure.prize", false},
		{"said by the writer", "You have won a lottery prize, claim your reward now", "lure.prize", true},
	} {
		a := message("Hello", c.body, "")
		an.Analyze(a)
		got := false
		for _, f := range a.Findings {
			got = got || f.Kind == c.kind
		}
		if got != c.want {
			t.Errorf("%s: %s found: %v", c.name, c.kind, got)
		}
	}
}
