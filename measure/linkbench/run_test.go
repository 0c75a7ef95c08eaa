package linkbench

import (
	"io"
	"testing"
)

// TestBars runs each family once, small. coldwatch measure --linkbench runs larger ones.
func TestBars(t *testing.T) {
	o := Options{N: 5000, Seeds: []int64{61}}
	rs, err := Run(o, io.Discard)
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
