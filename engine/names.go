package engine

import (
	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/bulletin"
	"github.com/coldwatch/coldwatch/profile"
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
