package sighting

import (
	"slices"
	"strings"
	"testing"
)

func TestBandsOfNearDigests(t *testing.T) {
	digest := "T1" + "1A2B3C" + strings.Repeat("1b5e9c3d", 8)
	near := []byte(digest)
	near[8+20] = '7' // two of 128 buckets
	near[8+40] = '2'
	shared := func(a, b []string) (n int) {
		for _, x := range a {
			if slices.Contains(b, x) {
				n++
			}
		}
		return n
	}
	if n := shared(fuzzyBands(digest), fuzzyBands(string(near))); n != 14 {
		t.Errorf("near files share %d of 16 bands, want 14", n)
	}
	if n := shared(fuzzyBands(digest), fuzzyBands("T11A2B3C"+strings.Repeat("c0ffee42", 8))); n != 0 {
		t.Errorf("strangers share %d bands", n)
	}
	if n := shared(imageBands("80603467232b8880"), imageBands("80603467232b8881")); n != 3 {
		t.Errorf("near pictures share %d of 4 bands, want 3", n)
	}
	for _, s := range []string{"", "T1", strings.Repeat("0", 71), strings.Repeat("é", 36) + "1"} {
		if b := fuzzyBands(s); b != nil {
			t.Errorf("%q gave %v", s, b)
		}
	}
	if b := imageBands("0000ffff0000ffff"); len(b) != 0 {
		t.Errorf("a plain picture gave %v", b)
	}
}
