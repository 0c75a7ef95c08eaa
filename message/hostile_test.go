package message

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/internal/cputime"
	"github.com/coldwatch/coldwatch/message/hostile"
)

// wide are limits that stop nothing.
var wide = Limits{Depth: 1 << 30, Parts: 1 << 30, HeaderBytes: 1 << 30, HeaderFields: 1 << 30, Folds: 1 << 30, Params: 1 << 30, Segments: 1 << 30, Decoded: 1 << 30, Inner: 1 << 30}

// finds tells whether any reading of the message, or of one that it carries, has the marker in a leaf.
func finds(m *coldwatch.Message, depth int) (found, ambiguous bool) {
	for i := range m.Parts {
		p := &m.Parts[i]
		// Text that shows the encoded form, or that swallows the attachment whole, is no find.
		if bytes.Contains(p.Content, []byte(hostile.Marker)) && p.MediaType != "message/rfc822" {
			found = true
		}
	}
	for _, d := range m.Defects {
		ambiguous = ambiguous || d.Ambiguous
	}
	if depth > 0 {
		for _, in := range m.Inner {
			f, a := finds(Parse(in.Raw, Limits{}), depth-1)
			found, ambiguous = found || f, ambiguous || a
		}
	}
	return found, ambiguous
}

func TestAmbiguous(t *testing.T) {
	var missed, silent []string
	cases := hostile.Ambiguous()
	for _, c := range cases {
		found, ambiguous := finds(Parse(c.Raw, Limits{}), 2)
		if !found {
			missed = append(missed, c.Name)
		}
		if !ambiguous {
			silent = append(silent, c.Name)
		}
	}
	t.Logf("%d cases: marker found in %d, ambiguity flagged in %d", len(cases), len(cases)-len(missed), len(cases)-len(silent))
	t.Logf("missed: %s", strings.Join(missed, " "))
	t.Logf("silent: %s", strings.Join(silent, " "))
	if len(missed)+len(silent) > 0 {
		t.Error("not every case is found and flagged")
	}
}

func TestFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, f := range hostile.Floods() {
		small, large := f.Make(f.Size/10), f.Make(f.Size)
		for _, lim := range []struct {
			name string
			Limits
		}{{"default", Limits{}}, {"wide", wide}} {
			// Ten small ones make as much garbage as one large one: collecting it counts on both sides.
			a, b := timed(small, lim.Limits, 10), timed(large, lim.Limits, 1)
			for again := 0; grows(a, b) && again < 5; again++ { // caches are shared with whatever else runs
				b = min(b, timed(large, lim.Limits, 1))
			}
			t.Logf("%-22s %-8s %8d bytes %8v, a tenth %8v, growth %.1f", f.Name, lim.name, len(large), b.Round(time.Microsecond), a.Round(time.Microsecond), float64(b)/float64(a))
			bar := 2 * time.Second
			switch f.Name {
			case "nested-multiparts":
				bar = 100 * time.Millisecond
			case "rfc2231-pieces":
				bar = 200 * time.Millisecond
			}
			if b > bar {
				t.Errorf("%s with %s limits: %v", f.Name, lim.name, b)
			}
			if grows(a, b) {
				t.Errorf("%s with %s limits grows from %v to %v", f.Name, lim.name, a, b)
			}
		}
	}
}

// grows tells whether ten times as much costs clearly more than ten times the time: a busy machine adds its share, quadratic would be 100.
func grows(a, b time.Duration) bool { return a > time.Millisecond && b > 25*a }

// timed returns the best time of five to read a message and its addresses, on average over a row of times.
func timed(raw []byte, lim Limits, row int) time.Duration {
	return cputime.Best(5, func() {
		for range row {
			m := Parse(raw, lim)
			for _, name := range []string{"From", "To"} {
				for _, f := range m.Fields(name) {
					FieldAddresses(m.Raw, f)
				}
			}
			DecodeHeader(m.Get("Subject"))
		}
	}) / time.Duration(row)
}
