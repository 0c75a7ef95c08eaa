package coldwatch

import "time"

// A Warning is what one reader must be told about a campaign.
type Warning struct {
	ID       string    `json:"id"` // from campaign, version, reader
	Campaign string    `json:"campaign"`
	Version  int       `json:"version"` // of the profile
	Reader   string    `json:"reader"`  // pack id, or "constituency"
	Name     string    `json:"name"`
	Reason   string    `json:"reason"`         // "targeted", "likely-next", "impersonated", "role", "government", "constituency", "withdrawn"
	Contact  string    `json:"contact"`        // the pack's security_contact
	Held     string    `json:"held,omitempty"` // why it may not go out, "" when it may
	Marking  Marking   `json:"marking"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	Messages []string  `json:"messages,omitempty"` // the reader's own sighting ids
	Reported time.Time `json:"reported"`           // when the message that caused it was received
	At       time.Time `json:"at"`

	Full   string            `json:"full"`             // the longer text
	Alerts map[string]string `json:"alerts,omitempty"` // the alert in other languages, by BCP 47 tag: "de", "zh-Hant"
	Answer *Answer           `json:"answer,omitempty"` // what the reader answered, nil when nothing came yet
}

// An Answer is what a reader found of a warned-of campaign at its own place, in messages and people.
type Answer struct {
	Received    int `json:"received"`    // messages
	Blocked     int `json:"blocked"`     // of them, before anybody saw them
	Opened      int `json:"opened"`      // people who opened one
	Credentials int `json:"credentials"` // people who typed a password
	Reset       int `json:"reset"`       // passwords reset
}

// Add adds another reader's answer.
func (a *Answer) Add(b Answer) {
	a.Received += b.Received
	a.Blocked += b.Blocked
	a.Opened += b.Opened
	a.Credentials += b.Credentials
	a.Reset += b.Reset
}

// A Report is everything that the publish room needs to write about a campaign.
type Report struct {
	Profile   Profile        `json:"profile"`
	Warnings  []Warning      `json:"warnings,omitempty"`
	Links     []Link         `json:"links,omitempty"`
	Local     []LocalMessage `json:"local,omitempty"` // evidence at hand on this node; empty at a hub
	Marking   Marking        `json:"marking"`
	Made      time.Time      `json:"made"`              // clock of the data, not of the machine: last receipt
	Synthetic bool           `json:"synthetic"`         // demo data: every page says so
	Rules     []RuleTrial    `json:"rules,omitempty"`   // detection rules that were run, with what came of it
	Figures   []Figure       `json:"figures,omitempty"` // which messages stand behind each figure of the profile
	Withdrawn *Withdrawal    `json:"withdrawn,omitempty"`
}

// A Figure is a count of a report with the messages that it counts.
type Figure struct {
	What     string   `json:"what"` // "theme", "carrier", "technique", "indicator" …
	Value    string   `json:"value"`
	Messages []string `json:"messages"` // ids, sorted
}

// A Withdrawal says that a campaign was taken back: what was published of it does not hold.
type Withdrawal struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// A RuleTrial is what came of running a detection rule in its engine before it is released.
type RuleTrial struct {
	Engine   string `json:"engine"`
	Sum      string `json:"sum"`    // SHA-256 of the rule without the campaign's name and marking: the trial holds for no other
	Status   string `json:"status"` // "executed with …", "not executed" or "withheld: …"
	Withheld bool   `json:"withheld,omitempty"`
}

// A LocalMessage is what this node can show of a sighting.
type LocalMessage struct {
	ID           string    `json:"id"`
	Organisation string    `json:"organisation"`
	Received     time.Time `json:"received"`
	Subject      string    `json:"subject"`
	From         string    `json:"from"` // as shown
	Class        Class     `json:"class"`
	Reasons      []string  `json:"reasons"`
	Excerpt      string    `json:"excerpt"` // first lines of the body, recipient masked
	Source       string    `json:"source"`
}
