package store

import "time"

// An Object is one version of a STIX object in a TAXII collection (TAXII 2.1 section 3.4: id, type, version, spec_version).
type Object struct {
	ID, Type, Spec string
	Version        time.Time // modified, else created; zero for an object that has one version only: it becomes Added
	Added          time.Time // set by the store, strictly rising within a collection, in microseconds
	Source         string    // the account that brought it
	JSON           []byte    // as it came
}

// An ObjectQuery chooses versions of objects; what is empty chooses all. A version is chosen when it is the last or the first of
// its id in the collection, or one of Versions, as far as these are asked for.
type ObjectQuery struct {
	Collection        string
	After             time.Time // added strictly later
	IDs, Types, Specs []string
	Source            string // brought by that account
	Last, First       bool
	Versions          []time.Time
	Limit             int // 0: no limit
}

// A Delivery is a warning on its way over one channel. Warning and channel name it: no pair is sent twice.
type Delivery struct {
	Warning  string    `json:"warning"`
	Channel  string    `json:"channel"` // for example "mail soc@org.example"
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"`    // when it is tried again, while waiting
	Changed  time.Time `json:"changed"` // when it came into this state
	Problem  string    `json:"problem,omitempty"`
}

// States of a delivery.
const (
	Waiting = "waiting" // to be tried at Next
	Sending = "sending" // begun and not ended: what a crash leaves
	Sent    = "sent"
	Failed  = "failed" // given up
	Unsure  = "unsure" // it may have arrived: not tried again by itself
)
