package dkim

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
)

// mostSets is how many hands a chain may have passed; RFC 8617 allows 50, mail in use has a few. What is sealed grows with the
// square of it.
const mostSets = 12

// set is what one hand added (RFC 8617 section 4): its results, its signature over the message, its seal over the chain.
type set struct{ results, signature, seal field }

// Chain verifies the Authenticated Received Chain of a message (RFC 8617 section 5.2). The result is none without one, pass or
// fail; sealer is the domain of the newest seal. A chain that passes says what each hand saw, as far as the hands are trusted.
func Chain(raw []byte, r dns.Resolver, now time.Time) (result coldwatch.Result, sealer string) {
	m := read(raw)
	sets := map[int]*set{}
	for _, f := range m.fields {
		var place func(*set) *field
		switch {
		case f.is("arc-seal"):
			place = func(s *set) *field { return &s.seal }
		case f.is("arc-message-signature"):
			place = func(s *set) *field { return &s.signature }
		case f.is("arc-authentication-results"):
			place = func(s *set) *field { return &s.results }
		default:
			continue
		}
		i := instance(f)
		if i < 1 || i > mostSets {
			return coldwatch.Fail, ""
		}
		if sets[i] == nil {
			sets[i] = &set{}
		}
		p := place(sets[i])
		if *p != nil {
			return coldwatch.Fail, "" // twice
		}
		*p = f
	}
	n := len(sets)
	if n == 0 {
		return coldwatch.None, ""
	}
	var sealed []byte
	for i := 1; i <= n; i++ {
		s := sets[i]
		if s == nil || s.results == nil || s.signature == nil || s.seal == nil {
			return coldwatch.Fail, ""
		}
		t, err := parse(s.seal.value())
		cv := strings.ToLower(t["cv"])
		if err != nil || i == 1 && cv != "none" || i > 1 && cv != "pass" || t["h"] != "" || t["d"] == "" || t["s"] == "" {
			return coldwatch.Fail, ""
		}
		sealed = append(append(sealed, canonical(s.results, "relaxed")...), canonical(s.signature, "relaxed")...)
		own := canonical(unsigned(s.seal), "relaxed")
		sum := sha256.Sum256(append(sealed[:len(sealed):len(sealed)], own[:len(own)-2]...))
		if res, _ := verify(sum[:], t, r); res != coldwatch.Pass {
			return failOr(res), ""
		}
		sealed = append(sealed, canonical(s.seal, "relaxed")...)
		sealer = strings.ToLower(t["d"])
	}
	// The newest signature must hold for the message as it is.
	last := sets[n].signature
	t, err := parse(last.value())
	if err != nil {
		return coldwatch.Fail, ""
	}
	delete(t, "i") // an instance here, not an identity
	for i := range m.fields {
		if &m.fields[i][0] == &last[0] {
			res, _ := m.check(i, t, r, now)
			if res != coldwatch.Pass {
				return failOr(res), ""
			}
		}
	}
	return coldwatch.Pass, sealer
}

// failOr keeps an answer that may be another one tomorrow apart from a failure.
func failOr(r coldwatch.Result) coldwatch.Result {
	if r == coldwatch.TempError {
		return r
	}
	return coldwatch.Fail
}

// instance gives the number of the set that a field belongs to, 0 if it has none.
func instance(f field) int {
	for part := range strings.SplitSeq(f.value(), ";") {
		if k, v, ok := strings.Cut(part, "="); ok && strings.TrimSpace(k) == "i" {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}
