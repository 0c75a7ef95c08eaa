package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// An AuditLine says who did what. Each holds the hash of the line before, so that none can be changed or taken out unseen.
type AuditLine struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"` // "operator", "hub" or a member's id
	What   string    `json:"what"`
	Detail string    `json:"detail,omitempty"`
	Before string    `json:"before"` // SHA-256 of the line before, hex; "" for the first
}

// chain writes a line behind another.
func chain(before []byte, at time.Time, who, what, detail string) ([]byte, error) {
	l := AuditLine{At: at.UTC(), Who: who, What: what, Detail: detail}
	if before != nil {
		sum := sha256.Sum256(before)
		l.Before = hex.EncodeToString(sum[:])
	}
	b, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return b, nil
}

// A note is a line before its place in the chain is known.
type note struct{ who, what, detail string }

// follow gives the lines of notes behind a last one.
func follow(at time.Time, notes ...note) func(last []byte) ([][]byte, error) {
	return func(last []byte) (lines [][]byte, err error) {
		for _, n := range notes {
			if last, err = chain(last, at, n.who, n.what, n.detail); err != nil {
				return nil, err
			}
			lines = append(lines, last)
		}
		return lines, nil
	}
}

func (h *Hub) audit(ctx context.Context, n note) error {
	return h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Audit: follow(h.e.Clock(), n)})
}

// Audit gives the lines of a database's audit in order, and whether every line holds the hash of the one before.
func Audit(ctx context.Context, st Store) (lines []AuditLine, whole bool, err error) {
	whole = true
	var before []byte
	for {
		page, err := st.AuditLines(ctx, int64(len(lines)), 1000)
		if err != nil {
			return nil, false, err
		}
		for _, raw := range page {
			var l AuditLine
			if json.Unmarshal(raw, &l) != nil {
				whole = false
			}
			want := ""
			if before != nil {
				sum := sha256.Sum256(before)
				want = hex.EncodeToString(sum[:])
			}
			whole = whole && l.Before == want
			before = raw
			lines = append(lines, l)
		}
		if len(page) < 1000 {
			return lines, whole, nil
		}
	}
}
