package fuzzy

import (
	"bytes"
	"strings"
	"testing"
)

// The digests are published test vectors of other implementations (ThreatExchange's tlsh signal, a Rust port); the
// distance is the one that the reference implementation's timing test prints.
func TestVectors(t *testing.T) {
	fox := strings.Repeat("The quick brown fox jumps over the lazy dog.", 5) + "The quick brown fox jumps over the lazy dog"
	for _, c := range []struct{ in, want string }{
		{fox, "T1F7D0024A251C5294648A1888438D98B292C8C51161211421643460022908221DCD8551"},
		{"", ""},
		{strings.Repeat("a", 1000), ""},
	} {
		if got := Hash([]byte(c.in)); got != c.want {
			t.Errorf("%.30q: got %s, want %s", c.in, got, c.want)
		}
	}
	a := "T1A12500088C838B0A0F0EC3C0ACAB82F3B8228B0308CFA302338C0F0AE2C24F28000008"
	b := "T129251210F4C18D0A5F0661C4F64D905B585253A3024F022323E5074CC5601904886D1C"
	if d := Distance(a, b); d != 138 {
		t.Errorf("distance %d, want 138", d)
	}
	if d := Distance(a, a); d != 0 {
		t.Errorf("distance to itself %d", d)
	}
	if d := Distance(a, "x"); d != -1 {
		t.Errorf("distance to none %d", d)
	}
}

func TestNear(t *testing.T) {
	page := strings.Repeat("<tr><td>item 17</td><td>0.5 litres of nothing in particular, kept cold</td></tr>\n", 40)
	other := strings.Replace(page, "nothing", "something", 2)
	if d := Distance(Hash([]byte(page)), Hash([]byte(other))); d < 0 || d > 30 {
		t.Errorf("a small change moves the digest by %d", d)
	}
}

func TestPermutation(t *testing.T) {
	seen := map[byte]bool{}
	for _, v := range pearson {
		seen[v] = true
	}
	if len(seen) != 256 {
		t.Fatal("not a permutation")
	}
}

func BenchmarkHash(b *testing.B) {
	data := bytes.Repeat([]byte("all sorts of words 12345 in a file\n"), 30000)
	b.SetBytes(int64(len(data)))
	for range b.N {
		Hash(data)
	}
}
