package linkbench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"
)

// TestBars runs each family once, small. coldwatch measure --linkbench runs larger ones.
func TestBars(t *testing.T) {
	o := Options{N: 5000, Seeds: []int64{61}}
	rs, err := Run(t.Context(), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		least := map[Family]float64{Easy: .97, Rotation: .90, Kits: .95, Bridge: .95}[r.Family]
		if q := r.Relinked; q.B3F1 < least || q.B3Precision < .98 {
			t.Errorf("%s: B³ F1 %.3f, want %.2f; precision %.3f", r.Family, q.B3F1, least, q.B3Precision)
		}
		if r.Links.ECE > .05 {
			t.Errorf("%s: calibration error %.3f", r.Family, r.Links.ECE)
		}
	}
}

func TestJudge(t *testing.T) {
	ms := []message{{camp: 1}, {camp: 1}, {camp: 2}, {camp: -1}, {camp: 9, hidden: true}}
	if q := judge(ms, []int32{1, 1, 2, 3, 1}); q.B3F1 != 1 || q.PairwiseF1 != 1 || q.LargestImpure != 0 || q.ARI != 1 {
		t.Errorf("a perfect partition: %+v", q)
	}
	if q := judge(ms, []int32{1, 1, 1, 1, 1}); q.B3Recall != 1 || q.PairwisePrecision != 1./6 || q.LargestImpure != 4 {
		t.Errorf("all in one: %+v", q)
	}
}

// TestStopped: a run that is stopped returns at once, whatever it was doing, and prints no half results.
func TestStopped(t *testing.T) {
	const n = 300
	for what, at := range map[string]int{"placing": n, "the re-link pass": 2*n + 1} { // the clock is read twice a sighting
		ctx, stop := context.WithCancel(t.Context())
		returned := make(chan struct{})
		calls := 0
		o := Options{Families: []Family{Easy}, N: n, Clock: func() time.Duration {
			if calls++; calls == at {
				stop()
				<-returned // as long as it takes
			}
			return 0
		}}
		var out bytes.Buffer
		rs, err := Run(ctx, o, &out)
		close(returned)
		if !errors.Is(err, context.Canceled) || len(rs) != 0 || out.Len() != 0 {
			t.Errorf("stopped in %s: %d results, %q, %v", what, len(rs), &out, err)
		}
	}
}
