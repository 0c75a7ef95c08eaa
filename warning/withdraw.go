package warning

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Withdrawn is the reason of a warning that takes another back.
const Withdrawn = "withdrawn"

// WithdrawalID is the id of the warning that takes the one of this id back.
func WithdrawalID(id string) string {
	h := sha256.Sum256([]byte(id + "\x00" + Withdrawn))
	return "w-" + hex.EncodeToString(h[:8])
}

// Withdraw takes warnings back: it tells exactly those who received them, once each, and says why. sent are the warnings
// that went out; held ones reached nobody and are passed over. The marking stays that of what is taken back.
func Withdraw(sent []coldwatch.Warning, why string, at time.Time) []coldwatch.Warning {
	var out []coldwatch.Warning
	for _, w := range sent {
		if w.Held != "" || w.Reason == Withdrawn {
			continue
		}
		text := fmt.Sprintf("We take back our warning %s about campaign %s.\n\nWhy: %s\n\nTake the indicators of that warning out of your block lists and rules. You need not answer.\n", w.ID, w.Campaign, why)
		out = append(out, coldwatch.Warning{ID: WithdrawalID(w.ID), Campaign: w.Campaign, Version: w.Version, Reader: w.Reader, Name: w.Name,
			Reason: Withdrawn, Contact: w.Contact, Marking: w.Marking, Subject: fmt.Sprintf("[%s] Withdrawn: warning %s", w.Marking.TLP, w.ID),
			Text: text, Full: text, Reported: w.Reported, At: at})
	}
	return out
}

// CheckReason finds what the reason for taking warnings of a campaign back would give away to those who are told it.
func CheckReason(why string, told []coldwatch.Warning, p *coldwatch.Profile, pack *knowledge.Pack) []Leak {
	names, free := victims(p, pack), open(p)
	for _, w := range told {
		if leaks := Check(why, Audience{Reader: w.Reader, Victims: names, Open: free, Pack: pack}); len(leaks) > 0 {
			return leaks
		}
	}
	return nil
}
