package coldwatch

import (
	"encoding/json"
	"time"
)

// A Campaign is a set of sightings that the ledger holds for one operation.
type Campaign struct {
	ID      string          `json:"id"`      // "c-" and 10 hex digits; stays as the campaign grows, merges and splits
	Members []string        `json:"members"` // sighting ids, sorted
	Events  []CampaignEvent `json:"events,omitempty"`
}

// A CampaignEvent is one change in a campaign's life.
type CampaignEvent struct {
	At       time.Time `json:"at"`   // clock of the node
	Kind     string    `json:"kind"` // "opened", "joined", "left", "merged", "split", "renamed"
	Campaign string    `json:"campaign"`
	Other    string    `json:"other,omitempty"` // the other campaign of a merge or split
	Sighting string    `json:"sighting,omitempty"`
	Reason   string    `json:"reason"` // a sentence
}

// A Link is the evidence ledger between two sightings.
type Link struct {
	A           string  `json:"a"`
	B           string  `json:"b"`
	Bits        float64 `json:"bits"`        // sum of the terms
	Threshold   float64 `json:"threshold"`   // what it had to reach
	Probability float64 `json:"probability"` // P(same campaign)
	Terms       []Term  `json:"terms"`       // strongest first
}

// A Term is one line of a link's ledger.
type Term struct {
	Group   string  `json:"group"`
	View    View    `json:"view"`
	Value   string  `json:"value"`
	Bits    float64 `json:"bits"`
	Seen    int     `json:"seen"`              // other near-duplicate groups that have the value
	Of      int     `json:"of"`                // groups in all
	Implied string  `json:"implied,omitempty"` // the value that makes this one unsurprising, "" if none
	Note    string  `json:"note"`              // the line in words
}

// A Placement says where a sighting goes.
type Placement struct {
	Campaign string   `json:"campaign"`         // id, "" when it stands alone
	Opened   bool     `json:"opened"`           // the campaign begins with this sighting
	Link     Link     `json:"link"`             // strongest link into it
	Merged   []string `json:"merged,omitempty"` // campaigns that became part of it
}

// A Word is an analyst's word: new input that every later pass honours.
type Word struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Author   string    `json:"author"`
	Kind     string    `json:"kind"` // of WordKinds, "hypothesis", "evidence", or about warnings: "approve", "withdraw" …
	Message  string    `json:"message,omitempty"`
	Other    string    `json:"other,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	Reason   string    `json:"reason"`
	Undone   bool      `json:"undone,omitempty"`

	Detail json.RawMessage `json:"detail,omitempty"` // of a "hypothesis" or an item of "evidence": what was entered
}

// A WordKind is something that an analyst can say of messages.
type WordKind struct {
	Name     string
	Messages int    // that it is about: one or two
	Means    string // what it says of them
}

// WordKinds gives all that can be said of messages, wherever it is said: command line, API and console.
func WordKinds() []WordKind {
	return []WordKind{
		{"hostile", 1, "an attack on whoever got it"},
		{"benign", 1, "harmless"},
		{"theirs", 1, "really from whom it says"},
		{"not-part", 1, "not part of its campaign"},
		{"must-link", 2, "one campaign"},
		{"cannot-link", 2, "not one campaign"},
		{"same-look", 2, "alike, but not the same sender"},
	}
}

// WordKindOf finds a kind by its name; ok is false where nothing of that name can be said of messages.
func WordKindOf(name string) (k WordKind, ok bool) {
	for _, k := range WordKinds() {
		if k.Name == name {
			return k, true
		}
	}
	return WordKind{}, false
}

// WordNames gives the names of the kinds.
func WordNames() []string {
	var out []string
	for _, k := range WordKinds() {
		out = append(out, k.Name)
	}
	return out
}
