package engine

import (
	"context"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/sighting"
)

// Names under which those above the engine know what the rooms give.
type (
	Difference = profile.Difference
	Indicator  = bulletin.Indicator
)

// Compare tells what changed from one profile to another.
func Compare(before, after coldwatch.Profile) Difference { return profile.Diff(before, after) }

// Indicators reads the indicators out of a report of any kind.
func Indicators(report []byte) []Indicator { return bulletin.Extract(report) }

// Rank orders campaigns for a reader, the gravest first.
func Rank(ps []coldwatch.Profile) []coldwatch.Profile { return byGravity(ps) }

// SightingsOf gives the stored sightings of messages, by time received.
func SightingsOf(ctx context.Context, st Store, ids []string) ([]coldwatch.Sighting, error) {
	var out []coldwatch.Sighting
	err := st.SightingsOf(ctx, ids, func(b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err == nil {
			out = append(out, s)
		}
		return err
	})
	return out, err
}

// SyntheticSetting is set in a store whose mail was made up for a demonstration: what people read says so.
const SyntheticSetting = "synthetic"
