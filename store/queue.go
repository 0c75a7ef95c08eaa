package store

import "time"

// A Queue is how many messages were received and are not analysed yet.
type Queue struct {
	Waiting int       `json:"waiting"` // nobody works on them
	Claimed int       `json:"claimed"` // a worker has them
	Suspect int       `json:"suspect"` // of both, those that were claimed three times and more and never analysed
	Bytes   int64     `json:"bytes"`   // of raw messages, both together
	Oldest  time.Time `json:"oldest"`  // arrival of the one that waits longest; zero when the queue is empty
}

// A Lease is held by one process at a time. Its holder beats; who sees no beat for a while by its own clock may seize it, so
// that the clocks of several machines need not agree.
type Lease struct {
	Owner string `json:"owner"`
	Beat  int64  `json:"beat"`
}
