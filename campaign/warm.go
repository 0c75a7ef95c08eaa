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

// warmUp enters the warm table into the background counts.
func (l *Linker) warmUp() {
	l.warm = l.p.WarmWeight
	for line := range strings.Lines(warmTable) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		share, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			continue
		}
		for name := range strings.SplitSeq(f[0], ",") {
			if v, ok := l.number[coldwatch.View(name)]; ok {
				l.t.b[l.t.intern(v, f[1], true)] += float32(share * l.warm)
			}
		}
	}
}
