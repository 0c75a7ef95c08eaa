// Package coldwatch is the vocabulary of coldwatch: the types that pass from room to room.
//
// coldwatch finds phishing campaigns against a supply chain and warns the organisations on it. A message walks
// through eight rooms, each a package, doors open one way:
//
//	mail ─▶ intake ─▶ message ─▶ analysis ─▶ sighting ─┃─▶ campaign ─▶ profile ─▶ warning ─▶ publish ─▶ reader
//
// The rooms take and give the types of this package and never import each other; package engine knows their order.
// Words are the field's: RFC 5322 and 2045 for mail, RFC 8601 for authentication results, STIX 2.1 for shared
// intelligence, the Diamond Model for campaigns, ICD 203 for likelihood, TLP 2.0 for markings.
//
// Three kinds of trouble are never mixed. An error means that our machine failed. A [Defect] means that the message is
// odd. A [Finding] is a conclusion with its evidence. Hostile input gives defects and findings, never errors.
package coldwatch

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Version is the version of the program, set by the release build.
var Version = "0.1.0-dev"

// A Submission is one message as it came in: what the intake room gives to the walk.
type Submission struct {
	Raw          []byte    // the message as received, RFC 5322 with its trace fields
	Source       string    // where it came from, for people: a path, or "path#offset" within an mbox
	Organisation string    // reporting organisation (pack id), "" when unknown
	Envelope     Envelope  // SMTP envelope where the intake saw one
	Received     time.Time // trusted receipt time where the intake knows it, else zero
}

// An Envelope is the SMTP envelope (RFC 5321) of a message, empty for mail read from files.
type Envelope struct {
	From string   // MAIL FROM reverse-path, without angle brackets
	To   []string // RCPT TO forward-paths
}

// ID names the message within coldwatch: SHA-256 over the raw message and the reporting organisation, in hex. The same
// mail reported by two organisations is two messages; the same mail reported twice is one.
func (s Submission) ID() string {
	h := sha256.New()
	h.Write([]byte(s.Organisation))
	h.Write([]byte{0})
	h.Write(s.Raw)
	return hex.EncodeToString(h.Sum(nil))
}
