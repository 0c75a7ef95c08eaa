// Package measure compares what coldwatch finds with what is true, on labelled scenarios (docs/formats/scenario.md).
//
// Verdicts are compared by recall and false-positive rate. Clusters are compared by B³ (Bagga and Baldwin 1998), the
// primary measure, and by pairs; campaigns by whom they impersonate, whom they hit, where and since when. The truth is
// read here and nowhere else: nothing that analyses mail sees it.
package measure

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Truth is the label side of a scenario.
type Truth struct {
	Name      string
	Family    string
	Messages  map[string]Label // by path below the scenario folder, with slashes
	Campaigns []TrueCampaign
}

// A Label is what is true of one message.
type Label struct {
	Label        string // "campaign", "phish", "spam", "benign"
	Campaign     string
	Recipient    string // organisation id
	Impersonated string
	Kind         string
}

// A TrueCampaign is one campaign as the scenario made it.
type TrueCampaign struct {
	ID           string    `json:"id"`
	ActorClass   string    `json:"actor_class"`
	First        time.Time `json:"first_sent"`
	Impersonates string    `json:"impersonates"`
	Persona      string    `json:"persona"`
	TargetsSeen  []string  `json:"targets_seen"`
	TargetsAll   []string  `json:"targets_all"`
	Roles        []string  `json:"roles"`
	Countries    []string  `json:"countries"`
	Messages     int       `json:"messages"`
}

// LoadTruth reads the truth of a scenario folder.
func LoadTruth(dir string) (*Truth, error) {
	var meta struct {
		Name   string `json:"name"`
		Family string `json:"family"`
	}
	if err := readJSON(filepath.Join(dir, "scenario.json"), &meta); err != nil {
		return nil, err
	}
	t := &Truth{Name: meta.Name, Family: meta.Family, Messages: map[string]Label{}}
	if err := readJSON(filepath.Join(dir, "truth", "campaigns.json"), &t.Campaigns); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, "truth", "messages.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("truth/messages.csv: %w", err)
	}
	col := func(row []string, name string) string {
		if i := slices.Index(head, name); i >= 0 && i < len(row) {
			return row[i]
		}
		return ""
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("truth/messages.csv: %w", err)
		}
		t.Messages[col(row, "path")] = Label{col(row, "label"), col(row, "campaign"), col(row, "recipient_org"), col(row, "impersonated_org"), col(row, "kind")}
	}
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Found is what coldwatch made of a scenario.
type Found struct {
	Classes   map[string]coldwatch.Class // by path
	Bits      map[string]float64         // by path
	Imperson  map[string]string          // impersonated organisation by path
	Kinds     map[string][]string        // kinds of finding by path, each once
	Campaigns []FoundCampaign
	Online    []Placed // each message in receipt order, with the campaign it was placed in as it came
}

// A FoundCampaign is one campaign found, its members by path.
type FoundCampaign struct {
	ID      string
	Paths   []string
	Profile coldwatch.Profile
}

// Placed is one step of the online state: after the message came, these are the campaigns of all before it.
type Placed struct {
	Path     string
	Campaign string   // "" for none
	Merged   []string // campaigns that became part of it
}
