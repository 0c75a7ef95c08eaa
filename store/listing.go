package store

import (
	"time"

	"github.com/coldwatch/coldwatch"
)

// A MessageQuery chooses stored messages, the newest first; what is empty chooses all.
type MessageQuery struct {
	Words        string // all must occur
	Organisation string
	Fenced       bool // only messages of Organisation, even of ""
	Campaign     string
	Classes      []coldwatch.Class
	Before       time.Time // received earlier, or at that time with an id after AfterID
	AfterID      string
	Limit        int // 0: no limit
}

// A CampaignVersion is a campaign with the version of its newest profile.
type CampaignVersion struct {
	Campaign string
	Version  int
}
