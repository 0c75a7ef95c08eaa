package hostile

import (
	"bytes"
	"regexp"
	"testing"
)

// TestCases holds that names can be file names, that none comes twice and that the same call makes the same bytes.
func TestCases(t *testing.T) {
	seen := map[string]bool{}
	good := regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	check := func(name string, a, b []byte) {
		if seen[name] || !good.MatchString(name) {
			t.Errorf("%q is no name of its own", name)
		}
		seen[name] = true
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs from call to call", name)
		}
	}
	for _, make := range []func() []Case{Ambiguous, Odd} {
		again := make()
		for i, c := range make() {
			check(c.Name, c.Raw, again[i].Raw)
		}
	}
	for _, f := range Floods() {
		check(f.Name, f.Make(100), f.Make(100))
	}
	if testing.Short() {
		return
	}
	for _, b := range Bombs() {
		raw := b.Make()
		check(b.Name, raw, b.Make())
		if len(raw) > 40<<20 {
			t.Errorf("%s has %d bytes: a bomb is small", b.Name, len(raw))
		}
	}
}
