package form

import (
	"strconv"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/accept"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/message/hostile"
)

func before(raw []byte) *coldwatch.Analysis {
	return &coldwatch.Analysis{Message: message.Parse(raw, message.Limits{})}
}

func TestAccept(t *testing.T) { accept.Suite(t, New(), before) }

// TestHostile holds that each message which can be read in several ways, or which a limit stopped, says so in a finding.
func TestHostile(t *testing.T) {
	check := func(name string, raw []byte) {
		a := before(raw)
		New().Analyze(a)
		for i := range a.Findings {
			accept.Finding(t, name, a, &a.Findings[i])
		}
		for _, d := range a.Message.Defects {
			if (d.Ambiguous || strings.HasPrefix(d.Kind, "limit.")) && !has(a, d.Kind) {
				t.Errorf("%s: no finding of %s", name, d.Kind)
			}
		}
	}
	for _, c := range append(hostile.Ambiguous(), hostile.Odd()...) {
		check(c.Name, c.Raw)
	}
	for _, f := range hostile.Floods() {
		check(f.Name, f.Make(f.Size/10))
	}
}

func has(a *coldwatch.Analysis, kind string) bool {
	for _, f := range a.Findings {
		if f.Kind == kind {
			return true
		}
	}
	return false
}

func TestFindings(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"Subject: x\n\nHello\n", ""},
		{"Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b--\n", "mime.duplicate_type@raw:25-67"},
		{"Content-Type: multipart/mixed; boundary=a\nSubject: x\n\n--a\n\nx\n", ""}, // a missing end is no ambiguity
	} {
		a := before([]byte(c.raw))
		New().Analyze(a)
		got := ""
		for _, f := range a.Findings {
			if f.Kind != "mime.reading" && f.Kind != "mime.undeclared_boundary" {
				e := f.Evidence[0].Span
				got += f.Kind + "@" + e.Where + ":" + strconv.Itoa(e.Start) + "-" + strconv.Itoa(e.End)
			}
		}
		if got != c.want {
			t.Errorf("%q: %s", c.raw, got)
		}
	}
}
