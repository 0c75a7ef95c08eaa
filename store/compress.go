package store

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// maxRaw bounds what one stored value may grow to when it is read back.
const maxRaw = 1 << 30

// A Codec compresses what is stored (Zstandard, RFC 8878): it saves space, and no scanner takes a live sample in a
// database for an infection and the database apart. It is safe for concurrent use.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// NewCodec makes a codec that uses up to that many goroutines at once.
func NewCodec(concurrency int) (*Codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(concurrency),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(concurrency), zstd.WithDecoderMaxMemory(maxRaw))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &Codec{enc, dec}, nil
}

// Compress gives the compressed form.
func (c *Codec) Compress(b []byte) []byte { return c.enc.EncodeAll(b, make([]byte, 0, len(b)/3+64)) }

// Expand gives back what was compressed.
func (c *Codec) Expand(b []byte) ([]byte, error) {
	out, err := c.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return out, nil
}
