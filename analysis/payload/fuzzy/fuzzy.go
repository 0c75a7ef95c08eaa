// Package fuzzy makes and compares TLSH digests: hashes that stay near when content changes a little.
//
// TLSH (Oliver, Cheng, Chen: "TLSH – A Locality Sensitive Hash", CTC 2013) slides a window of five bytes over the
// content, counts six triplets of each window in 128 buckets by Pearson hashing, and writes for each bucket which
// quartile of all counts it falls into (two bits), after a checksum, the logarithm of the length and the ratios of the
// quartiles. The digest here is the 72-character form "T1…" with 128 buckets and a checksum of one byte, as the reference
// implementation 4 writes it.
//
// Distance is 0 for equal digests; up to 30 is near enough to say that two files come from one template.
package fuzzy

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
)

const (
	buckets = 128
	// MinLength is the shortest content that has a digest.
	MinLength = 256
	// MaxLength is the longest content that is hashed; files of this size are told apart by SHA-256.
	MaxLength = 8 << 20
)

// pearson is the permutation of Pearson's paper (CACM 33(6), 1990).
var pearson = [256]byte{
	1, 87, 49, 12, 176, 178, 102, 166, 121, 193, 6, 84, 249, 230, 44, 163,
	14, 197, 213, 181, 161, 85, 218, 80, 64, 239, 24, 226, 236, 142, 38, 200,
	110, 177, 104, 103, 141, 253, 255, 50, 77, 101, 81, 18, 45, 96, 31, 222,
	25, 107, 190, 70, 86, 237, 240, 34, 72, 242, 20, 214, 244, 227, 149, 235,
	97, 234, 57, 22, 60, 250, 82, 175, 208, 5, 127, 199, 111, 62, 135, 248,
	174, 169, 211, 58, 66, 154, 106, 195, 245, 171, 17, 187, 182, 179, 0, 243,
	132, 56, 148, 75, 128, 133, 158, 100, 130, 126, 91, 13, 153, 246, 216, 219,
	119, 68, 223, 78, 83, 88, 201, 99, 122, 11, 92, 32, 136, 114, 52, 10,
	138, 30, 48, 183, 156, 35, 61, 26, 143, 74, 251, 94, 129, 162, 63, 152,
	170, 7, 115, 167, 241, 206, 3, 150, 55, 59, 151, 220, 90, 53, 23, 131,
	125, 173, 15, 238, 79, 95, 89, 16, 105, 137, 225, 224, 217, 160, 37, 123,
	118, 73, 2, 157, 46, 116, 9, 145, 134, 228, 207, 212, 202, 215, 69, 229,
	27, 188, 67, 124, 168, 252, 42, 4, 29, 108, 21, 247, 19, 205, 39, 203,
	233, 40, 186, 147, 198, 192, 155, 33, 164, 191, 98, 204, 165, 180, 117, 76,
	140, 36, 210, 172, 41, 54, 159, 8, 185, 232, 113, 196, 231, 47, 146, 120,
	51, 65, 28, 144, 254, 221, 93, 189, 194, 139, 112, 43, 71, 109, 184, 209,
}

// first is the table of the first two steps of the hash for each salt: the salt, then a byte.
func first(salt byte) (t [256]byte) {
	h := pearson[salt]
	for i := range t {
		t[i] = pearson[h^byte(i)]
	}
	return t
}

// Hash returns the digest of content, "" when it is too short, too long or too plain to have one.
func Hash(b []byte) string {
	if len(b) < MinLength || len(b) > MaxLength {
		return ""
	}
	var count [256]uint32
	var sum byte
	s0, s2, s3, s5, s7, s11, s13 := first(0), first(2), first(3), first(5), first(7), first(11), first(13)
	for i := 4; i < len(b); i++ {
		e, d, c, p, a := b[i-4], b[i-3], b[i-2], b[i-1], b[i]
		sum = pearson[pearson[s0[a]^p]^sum]
		count[pearson[pearson[s2[a]^p]^c]]++
		count[pearson[pearson[s3[a]^p]^d]]++
		count[pearson[pearson[s5[a]^c]^d]]++
		count[pearson[pearson[s7[a]^c]^e]]++
		count[pearson[pearson[s11[a]^p]^e]]++
		count[pearson[pearson[s13[a]^d]^e]]++
	}
	sorted := count[:buckets:buckets]
	sorted = slices.Clone(sorted)
	slices.Sort(sorted)
	q1, q2, q3 := sorted[buckets/4-1], sorted[buckets/2-1], sorted[buckets*3/4-1]
	nonzero := 0
	for _, c := range sorted {
		if c > 0 {
			nonzero++
		}
	}
	if q3 == 0 || nonzero <= buckets/2 {
		return ""
	}
	var out [35]byte
	out[0] = sum<<4 | sum>>4
	l := length(len(b))
	out[1] = l<<4 | l>>4
	out[2] = ratio(q1, q3)<<4 | ratio(q2, q3)
	for i := range 32 {
		var h byte
		for j := range 4 {
			switch c := count[4*i+j]; {
			case c > q3:
				h |= 3 << (2 * j)
			case c > q2:
				h |= 2 << (2 * j)
			case c > q1:
				h |= 1 << (2 * j)
			}
		}
		out[34-i] = h
	}
	return "T1" + strings.ToUpper(hex.EncodeToString(out[:]))
}

func ratio(q, q3 uint32) byte { return byte(uint32(float32(q*100)/float32(q3)) % 16) }

// length is the logarithm of the content's length in one byte, in three sections.
func length(n int) byte {
	x := math.Log(float64(n))
	switch {
	case n <= 656:
		return byte(int(math.Floor(x/math.Log(1.5))) & 255)
	case n <= 3199:
		return byte(int(math.Floor(x/math.Log(1.3)-8.72777)) & 255)
	}
	return byte(int(math.Floor(x/math.Log(1.1)-62.5472)) & 255)
}

// Distance compares two digests; -1 when one of them is none.
func Distance(a, b string) int {
	x, y := parse(a), parse(b)
	if x == nil || y == nil {
		return -1
	}
	diff := 0
	if x[0] != y[0] {
		diff++
	}
	swap := func(v byte) int { return int(v<<4 | v>>4) }
	switch l := around(swap(x[1]), swap(y[1]), 256); l {
	case 0, 1:
		diff += l
	default:
		diff += l * 12
	}
	for shift := 0; shift <= 4; shift += 4 {
		if q := around(int(x[2]>>shift&15), int(y[2]>>shift&15), 16); q <= 1 {
			diff += q
		} else {
			diff += (q - 1) * 12
		}
	}
	for i := 3; i < 35; i++ {
		for p, q := x[i], y[i]; p != q; p, q = p>>2, q>>2 {
			d := int(p&3) - int(q&3)
			if d < 0 {
				d = -d
			}
			if d == 3 {
				d = 6
			}
			diff += d
		}
	}
	return diff
}

// around is the distance of two numbers on a ring.
func around(a, b, ring int) int {
	d := a - b
	if d < 0 {
		d = -d
	}
	return min(d, ring-d)
}

func parse(s string) []byte {
	if len(s) != 72 || s[:2] != "T1" {
		return nil
	}
	b, err := hex.DecodeString(s[2:])
	if err != nil {
		return nil
	}
	return b
}
