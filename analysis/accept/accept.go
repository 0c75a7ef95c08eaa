// Package accept is the acceptance suite that every analyser passes, whatever it looks for.
//
// It holds an analyser to what a reader of findings relies on: each finding quotes evidence that stands where its span
// points, gives its reason as a sentence and a stable kind; two runs agree to the byte; time grows no faster than the
// message; and no message, however made, makes it panic. The messages in mail/ are invented, domains under .example and
// .test (RFC 2606).
package accept

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/internal/cputime"
)

//go:embed mail/*.eml
var mail embed.FS

// Mail returns the suite's messages by name, lines ended by CRLF.
func Mail() map[string][]byte {
	out := map[string][]byte{}
	names, _ := fs.Glob(mail, "mail/*.eml")
	for _, n := range names {
		b, _ := mail.ReadFile(n)
		out[strings.TrimPrefix(n, "mail/")] = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	}
	return out
}

// An Analyzer is what the suite tests: analysis.Analyzer.
type Analyzer interface {
	Name() string
	Analyze(a *coldwatch.Analysis)
}

// Suite runs all checks. Before gives the analysis of a raw message as it stands when the analyser's turn comes, made
// anew at each call.
func Suite(t *testing.T, z Analyzer, before func(raw []byte) *coldwatch.Analysis) {
	t.Run("findings", func(t *testing.T) {
		for name, raw := range Mail() {
			a := before(raw)
			n := len(a.Findings)
			z.Analyze(a)
			for i := range a.Findings[n:] {
				Finding(t, name, a, &a.Findings[n+i])
			}
		}
	})
	t.Run("deterministic", func(t *testing.T) {
		for name, raw := range Mail() {
			var runs [3]string
			for i := range runs {
				a := before(raw)
				z.Analyze(a)
				b, err := json.Marshal(a)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				runs[i] = string(b)
			}
			if runs[0] != runs[1] || runs[1] != runs[2] {
				t.Errorf("%s: two runs of %s differ", name, z.Name())
			}
		}
	})
	t.Run("linear", func(t *testing.T) { linear(t, z, before) })
	t.Run("hostile", func(t *testing.T) {
		for _, raw := range hostile() {
			z.Analyze(before(raw))
		}
	})
}

// Finding checks one finding of an analysis.
func Finding(t *testing.T, name string, a *coldwatch.Analysis, f *coldwatch.Finding) {
	t.Helper()
	fail := func(what string) { t.Errorf("%s: %s: %s (%q)", name, f.Kind, what, f.Reason) }
	if f.Kind == "" || strings.ToLower(f.Kind) != f.Kind || strings.IndexByte(f.Kind, '.') <= 0 {
		fail("the kind is not lower case and dotted")
	}
	if f.Analyzer == "" || strings.IndexByte(f.Analyzer, '/') <= 0 {
		fail("no analyser with its version is named")
	}
	first, _ := utf8.DecodeRuneInString(f.Reason)
	if !unicode.IsUpper(first) && !unicode.IsTitle(first) || !strings.HasSuffix(f.Reason, ".") || strings.ContainsAny(f.Reason, "\r\n") {
		fail("the reason does not read as a sentence")
	}
	if len(f.Evidence) == 0 {
		fail("there is no evidence")
	}
	for _, e := range f.Evidence {
		n, ok := length(a, e.Span.Where)
		switch {
		case !ok:
			fail("evidence points at " + e.Span.Where + ", which is not there")
		case e.Span.Start < 0 || e.Span.Start > e.Span.End || e.Span.End > n:
			fail("evidence points outside of " + e.Span.Where)
		case !utf8.ValidString(e.Quote):
			fail("a quotation is not UTF-8")
		}
	}
}

func length(a *coldwatch.Analysis, where string) (int, bool) {
	if where == "raw" {
		return len(a.Message.Raw), true
	}
	// A part and the payload that it became share an id; the payload's content may be the part's in another charset.
	n, ok := 0, false
	if p := a.Message.Part(where); p != nil {
		n, ok = len(p.Content), true
	}
	if p := a.Payload(where); p != nil {
		n, ok = max(n, len(p.Content)), true
	}
	return n, ok
}

// linear grows messages in several directions by eight and allows sixteen times the time, above a floor of noise.
func linear(t *testing.T, z Analyzer, before func([]byte) *coldwatch.Analysis) {
	const n, times = 400, 8
	for name, grow := range growths {
		small, large := shortest(z, before, grow(n)), shortest(z, before, grow(n*times))
		slow := func() bool { return large > 20*time.Millisecond && large > 2*times*small }
		for again := 0; slow() && again < 5; again++ { // caches are shared with whatever else runs
			large = min(large, shortest(z, before, grow(n*times)))
		}
		if slow() {
			t.Errorf("%s: %v for one size, %v for %d times it", name, small, large, times)
		}
	}
}

func shortest(z Analyzer, before func([]byte) *coldwatch.Analysis, raw []byte) time.Duration {
	best := time.Hour
	for range 3 {
		a := before(raw)
		best = min(best, cputime.Best(1, func() { z.Analyze(a) }))
	}
	return best
}

const head = "From: Ana Example <ana@polar-parts.example>\r\nTo: Ben Example <ben@depot.example>\r\nSubject: Request\r\nDate: Mon, 7 Sep 2020 10:00:00 +0200\r\nMessage-ID: <1@polar-parts.example>\r\n"

var growths = map[string]func(n int) []byte{
	"text": func(n int) []byte {
		return []byte(head + "\r\n" + strings.Repeat("Please quote twelve refrigerators for the vaccine programme by Friday.\r\n", n))
	},
	"links": func(n int) []byte {
		return []byte(head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<a href=\"https://files-host.test/a?b=c\">www.polar-parts.example</a>\r\n", n))
	},
	"received": func(n int) []byte {
		return []byte(strings.Repeat("Received: from a.example (a.example [198.51.100.7]) by b.example with ESMTP id 1; Mon, 7 Sep 2020 10:00:00 +0200\r\n", n) + head + "\r\nHello.\r\n")
	},
	"recipients": func(n int) []byte {
		return []byte(strings.Replace(head, "To: ", "To: "+strings.Repeat("c@depot.example, ", n), 1) + "\r\nHello.\r\n")
	},
	"senders": func(n int) []byte {
		return []byte(strings.Replace(head, "From: ", "From: "+strings.Repeat("c@other.example, ", n), 1) + "\r\nHello.\r\n")
	},
	"results": func(n int) []byte {
		return []byte("Authentication-Results: mx.depot.example; " + strings.Repeat("dkim=pass header.d=a.example; ", n) + "spf=pass\r\n" + head + "\r\nHello.\r\n")
	},
	"line": func(n int) []byte {
		return []byte(head + "\r\n" + strings.Repeat("quotation ", 10*n) + "\r\n")
	},
}

// hostile returns messages that are hardly messages.
func hostile() [][]byte {
	out := [][]byte{nil, []byte("\r\n"), []byte("\x00"), []byte("From: \r\n\r\n"), []byte("From: <@>\r\nTo: @\r\nReply-To: ,;<>\r\n\r\n"),
		[]byte("From: \"a\" <b@\xff\xfe.example>\r\nSubject: =?utf-8?q?=FF?=\r\nReceived: from\r\nReceived: ; ; ;\r\nAuthentication-Results: ;;;=;==\r\n\r\n\xff"),
		[]byte("From: a <a@b@c>\r\nReceived: from [IPv6:::1] ([999.1.1.1]) by ([)\r\nList-Id: <>\r\n\r\n<a href='http://[::1'>x</a>")}
	for _, raw := range Mail() {
		for i := 0; i < len(raw); i += 1 + len(raw)/40 {
			out = append(out, raw[:i])
		}
	}
	return out
}
