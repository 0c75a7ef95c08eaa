package main

import (
	"slices"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/warning"
)

// The clock runs from the message of the second organisation to the first warnings that tell of two.
func TestDelays(t *testing.T) {
	t0 := time.Date(2031, 5, 6, 7, 8, 0, 0, time.UTC)
	s := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }
	at := map[string]time.Time{"a1": s(0), "a2": s(5), "b1": s(10), "c1": s(12), "x1": s(0), "x2": s(1), "y1": s(3), "z1": s(4)}
	told := func(campaign, reader, reason string, when time.Time, messages ...string) coldwatch.Warning {
		return coldwatch.Warning{Campaign: campaign, Reader: reader, Reason: reason, At: when, Messages: messages}
	}
	ws := []coldwatch.Warning{
		told("c-1", "b", warning.Targeted, s(14), "b1"),
		told("c-1", "a", warning.Targeted, s(6), "a1", "a2"), // alone: two messages of one organisation
		told("c-1", "c", warning.Targeted, s(60), "c1"),
		told("c-1", "partner", warning.Impersonated, s(6)),
		told("c-2", "z", warning.Targeted, s(5), "z1"), // one batch of three
		told("c-2", "y", warning.Targeted, s(5), "y1"),
		told("c-2", "x", warning.Targeted, s(5), "x1", "x2"),
		told("c-3", "a", warning.Targeted, s(5), "a1"), // never a second
	}
	if got := delays(ws, at); !slices.Equal(got, []float64{2, 4}) {
		t.Errorf("%v", got)
	}
}
