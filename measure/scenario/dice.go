package scenario

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// dice are a stream of chance with a name. Each part of a scenario throws its own, so that a change in one part leaves
// the others as they were.
type dice struct{ *rand.Rand }

func newDice(seed int64, name ...string) dice {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s", seed, strings.Join(name, "/")))
	return dice{rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))}
}

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// some returns n different values in random order, all of them when there are fewer.
func some[T any](d dice, from []T, n int) []T {
	out := append([]T(nil), from...)
	d.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(n, len(out))]
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// between returns a whole number from low to high, both included.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

func (d dice) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[d.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	lowers = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
	alnum  = lowers + digits
	capnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b64set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

func (d dice) hex(n int) string {
	b := make([]byte, (n+1)/2)
	for i := range b {
		b[i] = byte(d.IntN(256))
	}
	return hex.EncodeToString(b)[:n]
}

func (d dice) uuid() string {
	h := d.hex(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// ip returns an address that is routed nowhere: of the benchmarking net (RFC 2544) or the documentation nets (RFC 5737).
func (d dice) ip() string {
	if d.chance(0.15) {
		return fmt.Sprintf("%s.%d", pick(d, []string{"192.0.2", "198.51.100", "203.0.113"}), d.between(2, 250))
	}
	return fmt.Sprintf("198.%d.%d.%d", d.between(18, 19), d.between(0, 255), d.between(2, 250))
}

// workTime returns a time on a working day near noon of the zone.
func (d dice) workTime(from, to time.Time) time.Time {
	for {
		t := from.Add(time.Duration(d.Int64N(int64(to.Sub(from))/int64(time.Second))) * time.Second)
		if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
			if !d.chance(0.05) {
				continue
			}
		}
		if h := t.Hour(); h < 5 || h > 18 {
			if !d.chance(0.1) {
				continue
			}
		}
		return t
	}
}
