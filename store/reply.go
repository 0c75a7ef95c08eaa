package store

import "time"

// A Reply is an answer to whoever reported a message, with the states of a Delivery.
type Reply struct {
	Message  string // id
	Address  string // of the reporter
	Asked    time.Time
	State    string
	Attempts int
	Next     time.Time // not before
	Problem  string
}
