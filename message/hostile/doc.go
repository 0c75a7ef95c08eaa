// Package hostile makes mail that readers stumble over: for tests, and for whoever wants to see what a mail filter
// stands.
//
// [Ambiguous] gives messages that clients read differently, one for each trick known from the literature ("Inbox
// Invasion", CCS 2024; draft-chen-email-mime-ambiguity-defense; RFC 2046 section 5.1.1 and RFC 2045 section 6 read
// against the grain). Each carries a harmless [Marker] where at least one plausible reader finds an attachment.
//
// [Floods] gives messages that cost much to read: deep nesting, many parts, huge headers, cut-up parameters. Each takes
// a size, so that growth can be measured.
//
// All of it is invented, deterministic and without effect.
package hostile

// Marker is what the ambiguous messages carry in place of a payload.
const Marker = "COLDWATCH-HARMLESS-MARKER-7f3a"

// A Case is one hostile message.
type Case struct {
	Name string
	Raw  []byte
}
