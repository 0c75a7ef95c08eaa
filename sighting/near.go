package sighting

import "strings"

// What is nearly the same is found by bands, as texts are: a digest is cut into pieces that each become a value, so that near ones share
// some, and an index finds them.

// fuzzyBands cuts the body of a TLSH digest (Oliver, Cheng and Chen 2013: 128 buckets in 32 bytes after 4 bytes of version, checksum, length
// and quartiles) into 16 bands of 8 buckets. Files at a distance of 30 share about two of them, at 10 half.
func fuzzyBands(digest string) []string {
	const head, body = 8, 64
	if len(digest) != head+body {
		return nil
	}
	return cut(digest[head:], 16)
}

// imageBands cuts a perceptual hash of 64 bits into four: pictures that differ in three bits share one at least.
func imageBands(hash string) []string {
	if len(hash) != 16 {
		return nil
	}
	return cut(hash, 4)
}

// cut gives n pieces, each with its place. Pieces without any mark in them say nothing.
func cut(s string, n int) (out []string) {
	const places = "0123456789abcdef"
	w := len(s) / n
	for i := range n {
		piece := strings.ToLower(s[i*w : (i+1)*w])
		if strings.Trim(piece, "0") == "" || strings.Trim(piece, "f") == "" {
			continue
		}
		out = append(out, places[i:i+1]+":"+piece)
	}
	return out
}
