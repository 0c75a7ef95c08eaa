package campaign

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// warmTable lists values that ordinary mail is full of, so that a linker which has seen nothing yet does not take free
// mail, a mail service, a content network, a shortener or a form service for an attacker's mark. Columns, by tab: views
// (comma-separated), value, share of ordinary messages, source.
//
//go:embed warm.tsv
var warmTable string

// warmUp makes the table's values the first of the linker, and notes their shares.
func (l *Linker) warmUp() {
	for line := range strings.Lines(warmTable) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		share, err := strconv.ParseFloat(f[2], 32)
		if err != nil {
			continue
		}
		for name := range strings.SplitSeq(f[0], ",") {
			v, ok := l.number[coldwatch.View(name)]
			if !ok {
				continue
			}
			if x := l.t.intern(v, f[1], true); int(x) == len(l.s.share) {
				l.s.share = append(l.s.share, float32(share))
			} else {
				l.s.share[x] = max(l.s.share[x], float32(share))
			}
		}
	}
}

// Common gives a function that tells whether a value is of those that ordinary mail is full of: it says nothing about who sent a
// message, nor about who got it.
func Common() func(v coldwatch.View, value string) bool {
	type key struct {
		view  coldwatch.View
		value string
	}
	set := map[key]bool{}
	for line := range strings.Lines(warmTable) {
		if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(f) > 2 && !strings.HasPrefix(line, "#") {
			for name := range strings.SplitSeq(f[0], ",") {
				set[key{coldwatch.View(name), f[1]}] = true
			}
		}
	}
	return func(v coldwatch.View, value string) bool { return set[key{v, value}] }
}
