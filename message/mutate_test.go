package message

import (
	"math/rand"
	"testing"

	"github.com/coldwatch/coldwatch/message/hostile"
)

// TestMutations reads the ambiguous messages spliced, cut, doubled and spoilt, which leads to readings of readings that no
// case of its own thought of. What it reads depends on its seed only.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	cases := hostile.Ambiguous()
	pieces := []string{"\r", "\n", "\r\n", "--real\r\n", "--", "\n\n", "Content-Type: multipart/mixed; boundary=real\r\n", "Content-Transfer-Encoding: base64\r\n", "=\r\n", "\x00"}
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	for range n {
		b := append([]byte(nil), cases[r.Intn(len(cases))].Raw...)
		for range 1 + r.Intn(4) {
			i := r.Intn(len(b) + 1)
			j := i + r.Intn(min(200, len(b)-i)+1)
			switch r.Intn(5) {
			case 0:
				other := cases[r.Intn(len(cases))].Raw
				b = append(b[:i:i], other[r.Intn(len(other)):]...)
			case 1:
				b = append(b[:i:i], b[j:]...)
			case 2:
				b = append(b[:j:j], b[i:]...)
			case 3:
				b = append(append(b[:i:i], pieces[r.Intn(len(pieces))]...), b[i:]...)
			case 4:
				if i < len(b) {
					b[i] = "\r\n-:= \x00;,\"()"[r.Intn(11)]
				}
			}
		}
		func() {
			defer func() {
				if v := recover(); v != nil {
					t.Fatalf("%v: %q", v, b)
				}
			}()
			checkMessage(t, Parse(b, Limits{}))
		}()
		if t.Failed() {
			t.Fatalf("%q", b)
		}
	}
}
