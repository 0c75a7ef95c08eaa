package message

import (
	"fmt"
	"testing"

	"github.com/coldwatch/coldwatch/message/hostile"
)

// BenchmarkFloods reads floods of two sizes, one ten times the other, with the default limits and with none: time a
// message may grow at most twelvefold.
func BenchmarkFloods(b *testing.B) {
	for _, f := range hostile.Floods() {
		for _, lim := range []struct {
			name string
			Limits
		}{{"default", Limits{}}, {"wide", wide}} {
			for _, n := range []int{f.Size / 10, f.Size} {
				raw := f.Make(n)
				b.Run(fmt.Sprintf("%s/%s/%d", f.Name, lim.name, n), func(b *testing.B) {
					b.SetBytes(int64(len(raw)))
					b.ReportAllocs()
					for range b.N {
						Parse(raw, lim.Limits)
					}
				})
			}
		}
	}
}
