// Package store is persistence: what is kept of a message, and the errors that every engine of storage gives.
//
// Two things are kept. The raw messages, compressed and named by their SHA-256, are what was received; everything else is
// derived from them and can be made again. The database holds the derived state: analyses, sightings, campaigns,
// profiles, the analysts' words. Input is acknowledged after its commit, never before.
//
// Package sqlite is the store of one machine. Package conformance holds the one suite that every store passes.
package store

import (
	"errors"
	"time"

	"github.com/coldwatch/coldwatch"
)

// ErrNotFound says that nothing is stored under that id.
var ErrNotFound = errors.New("not found")

// ErrNewer says that the database was made by a newer version of the program.
var ErrNewer = errors.New("database made by a newer version")

// ErrFull says that the disk or the quota is full: nothing of the batch was kept.
var ErrFull = errors.New("disk full")

// ErrReadOnly says that the folder or the file cannot be written.
var ErrReadOnly = errors.New("read-only")

// ErrDamaged says that the file is no database or is damaged.
var ErrDamaged = errors.New("database damaged")

// A Record is one analysed message on its way into the store.
type Record struct {
	ID           string // Submission.ID
	RawSHA256    string // hex
	Raw          []byte // compressed by Compress; nil when that raw message is stored already
	Size         int    // of the raw message
	Organisation string
	Source       string
	Received     time.Time
	Class        coldwatch.Class
	Bits         float64
	Subject      string
	From         string
	Recipients   []string  // addresses, for purging by recipient; never exported
	Terms        string    // words and indicators for full-text search
	Analysis     []byte    // compressed JSON of the analysis
	Sighting     []byte    // bytes of the sighting, as they pass the wall
	Trusted      time.Time // receipt that the intake vouches for; zero: none
	Envelope     coldwatch.Envelope
	Queued       bool // it was claimed from the queue, and is taken off it with this
	Habit        *Habit
}

// A Habit is what a message says of its sender's habits, kept under the organisation that got it and the correspondent.
type Habit struct {
	Message       string // id
	Organisation  string
	Correspondent string
	Received      time.Time
	Note          []byte
	Said          string // the remarks on earlier habits that its analysis was made with
	Settled       bool   // it was held against everything that was stored when it was
}

// A Correspondence has messages that are not settled, the earliest received then.
type Correspondence struct {
	Organisation, Correspondent string
	From                        time.Time
}

// A Row is what a listing shows of a stored message.
type Row struct {
	ID, RawSHA256, Organisation, Source string
	Received                            time.Time
	Class                               coldwatch.Class
	Bits                                float64
	Subject, From                       string
	Size                                int
}

// A Checkpoint remembers how far a file was read, so that the next run goes on there.
type Checkpoint struct {
	Path     string
	Size     int64
	Modified time.Time
	Offset   int64
}

// A CampaignState is what is stored of a campaign: its members and its newest profile.
type CampaignState struct {
	Campaign coldwatch.Campaign
	Profile  coldwatch.Profile
}

// A CampaignUpdate is what changed of the campaigns, stored all or nothing.
type CampaignUpdate struct {
	All      bool            // States are all campaigns there are; else those that changed
	States   []CampaignState // with their newest profiles
	Events   []coldwatch.CampaignEvent
	Warnings []coldwatch.Warning
	Owner    string // who must hold the lease LinkerLease, else nothing is stored and the error is ErrLost; "" for no such condition
}

// LinkerLease is the lease of the one process that links.
const LinkerLease = "linker"

// ErrLost says that the lease under which something was to be stored is another's.
var ErrLost = errors.New("another process took over")

// Totals counts what is stored.
type Totals struct {
	Messages  int                     `json:"messages"`
	Classes   map[coldwatch.Class]int `json:"classes"`
	Campaigns int                     `json:"campaigns"`
	First     time.Time               `json:"first"` // earliest receipt of any message
	Last      time.Time               `json:"last"`
}
