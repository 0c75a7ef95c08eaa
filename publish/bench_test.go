package publish_test

import (
	"io"
	"testing"

	"github.com/coldwatch/coldwatch/publish"
)

func BenchmarkFormats(b *testing.B) {
	r := load(b, "rich")
	for _, f := range publish.Formats() {
		b.Run(f.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Write(io.Discard, r, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
