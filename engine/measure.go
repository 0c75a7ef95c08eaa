package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/sighting"
)

// An Outcome is what became of one stored message, by the place it was read from: what measuring compares with the truth.
type Outcome struct {
	ID           string
	Source       string
	Class        coldwatch.Class
	Bits         float64
	Impersonated string
	Campaign     string // after the re-link pass
	Kinds        []string
}

// Outcomes gives every stored message with its verdict and campaign, by source.
func (e *Engine) Outcomes(ctx context.Context) ([]Outcome, error) {
	var out []Outcome
	err := e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		row, err := e.Store.Row(ctx, s.ID)
		if err != nil {
			return err
		}
		c, err := e.Store.CampaignOf(ctx, s.ID)
		if err != nil {
			return err
		}
		out = append(out, Outcome{s.ID, row.Source, s.Class, s.Bits, s.Impersonated.Organisation, c, s.Kinds})
		return nil
	})
	slices.SortFunc(out, func(a, b Outcome) int { return strings.Compare(a.Source, b.Source) })
	return out, err
}

// A Step is one placement of the online state.
type Step struct {
	Source   string
	Campaign string
	Merged   []string
}

// Online places the stored sightings one by one in the order of their receipt, as if they came live, and tells where each
// went at once.
func (e *Engine) Online(ctx context.Context) ([]Step, error) {
	l := campaign.New(e.Linking)
	l.SetClock(e.Clock)
	var steps []Step
	err := e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		row, err := e.Store.Row(ctx, s.ID)
		if err != nil {
			return err
		}
		p := l.Place(s)
		steps = append(steps, Step{row.Source, p.Campaign, p.Merged})
		return nil
	})
	return steps, err
}

// ScenarioPath gives the path of a source below a scenario folder, with slashes, as the truth names it.
func ScenarioPath(scenario, source string) string {
	abs, err := filepath.Abs(scenario)
	if err != nil {
		abs = scenario
	}
	if s, err := filepath.Abs(source); err == nil {
		source = s
	}
	rel, err := filepath.Rel(abs, source)
	if err != nil {
		return source
	}
	return strings.ReplaceAll(rel, string(os.PathSeparator), "/")
}
