package analysis

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/accept"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/analysis/history"
	"github.com/coldwatch/coldwatch/analysis/verdict"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

func testPack(testing.TB) *knowledge.Pack { return knowledge.Default() }

// Every analyser passes the same suite, each after those before it.
func TestAcceptance(t *testing.T) {
	answers, err := dns.Read(strings.NewReader(`{"kind":"TXT","name":"polar-parts.example","values":["v=spf1 -all"]}
{"kind":"TXT","name":"_dmarc.polar-parts.example","values":["v=DMARC1; p=reject"]}
{"kind":"TXT","name":"mailer77.test"}`))
	if err != nil {
		t.Fatal(err)
	}
	room := New(testPack(t), Options{DNS: answers}).Knowing(func(*coldwatch.Analysis) []history.Remark {
		return []history.Remark{{Kind: "history.changed", Reason: "The sender has written 9 times before, but never by this network."}}
	})
	for i, z := range room.analyzers {
		t.Run(z.Name(), func(t *testing.T) {
			accept.Suite(t, z, func(raw []byte) *coldwatch.Analysis {
				a := room.prepare(coldwatch.Submission{Raw: raw}, message.Parse(raw, message.Default()))
				for _, earlier := range room.analyzers[:i] {
					earlier.Analyze(a)
				}
				return a
			})
		})
	}
}

func TestVerdicts(t *testing.T) {
	room := New(testPack(t), Options{})
	want := map[string]coldwatch.Class{
		"01-plain.eml": coldwatch.Unremarkable, "02-credentials.eml": coldwatch.Targeted, "03-brand.eml": coldwatch.Hostile,
		"04-list.eml": coldwatch.Unremarkable, "05-advisory.eml": coldwatch.Unremarkable, "06-odd.eml": coldwatch.Hostile,
	}
	for name, raw := range accept.Mail() {
		a := room.Analyze(coldwatch.Submission{Raw: raw}, message.Parse(raw, message.Default()))
		if a.Verdict.Class != want[name] {
			t.Errorf("%s: %s (%.1f bits), want %s: %s", name, a.Verdict.Class, a.Verdict.Bits, want[name], a.Verdict.Summary)
			for _, e := range a.Verdict.Ledger {
				t.Logf("  %+.1f %s: %s", e.Bits, e.Kind, e.Reason)
			}
		}
	}
}

// Every kind of finding that the analysers give for the suite's mail has its weight in the table, or brings its own.
func TestWeightsKnown(t *testing.T) {
	w := verdict.Shipped()
	room := New(testPack(t), Options{})
	for name, raw := range accept.Mail() {
		a := room.Analyze(coldwatch.Submission{Raw: raw}, message.Parse(raw, message.Default()))
		for _, f := range a.Findings {
			if _, ok := w.Kinds[f.Kind]; !ok && f.Bits == 0 {
				t.Errorf("%s: %s has no weight", name, f.Kind)
			}
		}
	}
}

func TestTarget(t *testing.T) {
	for in, want := range map[string]string{"sales": "sales", "einkauf": "procurement", "it-support": "it", "Director of Finance": "executive", "invoices": "finance", "anna.schmidt": "", "info": "support"} {
		if got := function(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// A header that came inside another message proves nothing.
func TestHearsay(t *testing.T) {
	room := New(testPack(t), Options{})
	raw := accept.Mail()["01-plain.eml"]
	m := message.Parse(raw, message.Default())
	if a := room.Analyze(coldwatch.Submission{Raw: raw}, m); !a.Authentication.Aligned {
		t.Error("not aligned as received")
	}
	a := room.AnalyzeCarried(coldwatch.Submission{Raw: raw}, m, "rfc822", false)
	if a.Authentication.Aligned || a.Authentication.Traced || a.Authentication.SPF != coldwatch.Unknown {
		t.Errorf("believed a carried header: %+v", a.Authentication)
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, raw := range accept.Mail() {
		f.Add(raw)
	}
	room := New(testPack(f), Options{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := room.Analyze(coldwatch.Submission{Raw: raw}, message.Parse(raw, message.Default()))
		for i := range a.Findings {
			if len(a.Findings[i].Evidence) == 0 {
				t.Errorf("%s without evidence", a.Findings[i].Kind)
			}
		}
	})
}
