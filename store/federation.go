package store

import "time"

// An Intake is what a hub took in at once, stored all or nothing.
type Intake struct {
	Records   []Record // sightings of members: nothing else of them is known
	Frames    []Frame
	Held      []Held
	Documents []Document
	Audit     func(last []byte) ([][]byte, error) // gives the lines that follow the last, which is nil for none; nil: no lines
	Setting   string                              // a setting that moves with it; "" for none
	Value     []byte
	At        time.Time
}

// A Frame says that a member's frame of that number is known.
type Frame struct {
	Member string
	Number uint64
	Sum    string // SHA-256 of the frame, hex
}

// Held says that a member showed a token.
type Held struct{ Token, Member string }

// A Document is something small that a community keeps, by kind and id. An empty body takes it away.
type Document struct {
	Kind, ID string
	Body     []byte
}

// A Numbered is a sighting with its sequence number.
type Numbered struct {
	Number   int64
	Sighting []byte
}
