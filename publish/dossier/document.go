// Package dossier puts a campaign's report into words, once for all readers: the pages in HTML, Markdown and plain text say the
// same because they all draw the Document that Build makes.
//
// The words follow ICD 203 (a likelihood and a confidence never stand in one sentence; every judgement gives its basis, its gaps
// and what would change it) and TLP 2.0 (the marking decides whether the organisations that were hit are named, see Redact).
// What was not assessed says so. Text that an attacker may have written is made visible (Visible) and addresses are defanged
// (Defang); escaping for HTML or Markdown is the renderer's work.
package dossier

import (
	"time"

	"github.com/coldwatch/coldwatch"
)

// A Document is a report in words and figures, ready to be drawn.
type Document struct {
	Language  string // BCP 47, "" for English
	Title     string
	Kicker    string // what kind of document it is: "Campaign report", "Possible campaign"
	Marking   coldwatch.Marking
	Synthetic bool
	Made      time.Time
	Version   string   // "c-0123456789 version 3"
	Summary   []string // what happened, in about three sentences
	Facts     []Fact   // key figures
	Sections  []Section
}

// A Fact is one key figure: a large value, what it counts, and a remark.
type Fact struct{ Value, Label, Note string }

// A Section is a headed part of the document.
type Section struct {
	ID     string // stable, for links within the document
	Title  string
	Blocks []Block
}

// A Block is one of Paragraph, List, Table, Note, Judgement, Heading, Map, Chain, Timeline, Bars.
type Block interface{ block() }

// Blocks.
type (
	// Paragraph is running text.
	Paragraph struct{ Text string }
	// Heading opens a part within a section.
	Heading struct{ Text string }
	// List is a list of sentences, in order or not.
	List struct {
		Items   []string
		Ordered bool
	}
	// Table has as many cells a row as heads. Wide tables scroll.
	Table struct {
		Caption string
		Head    []string
		Rows    [][]Cell
	}
	// Note is set apart. Tone is "open" for what was not assessed, "warn" for what must not be missed, "info" otherwise.
	Note struct{ Tone, Text string }
	// Opinion is an assessed statement with what it rests on.
	Opinion struct{ coldwatch.Judgement }
	// Map is the world with the targeted countries.
	Map struct{ Countries []MapCountry }
	// Chain is the supply chain in its order with the links that were hit.
	Chain struct{ Stages []ChainStage }
	// Timeline is the waves over time.
	Timeline struct {
		Waves          []coldwatch.Wave
		Phases         []coldwatch.Phase
		Earliest, Last time.Time // bounds of the drawing
		Likely         time.Time // estimated start, zero if not estimated
		First          time.Time
	}
	// Bars is a set of intervals between 0 and 1, drawn with their middle.
	Bars struct {
		Caption string
		Rows    []Bar
	}
	// Bar is one interval.
	Bar struct {
		Label, Note            string
		Low, Median, High, Top float64
	}
	// MapCountry is one targeted country with its count of messages.
	MapCountry struct {
		Code, Name string
		Messages   int
	}
	// ChainStage is one stage of the chain.
	ChainStage struct {
		Name string
		Hit  int                 // organisations hit
		Of   int                 // organisations known
		Role []coldwatch.RoleHit // those hit; all of a stage that was not hit, if they are few
		Rest string              // the roles left out: "6 other roles: 0 of 62"
	}
	// Cell is a table cell; code cells hold values to copy, set in a fixed pitch.
	Cell struct {
		Text   string
		Code   bool
		Number bool
	}
)

func (Paragraph) block() {}
func (Heading) block()   {}
func (List) block()      {}
func (Table) block()     {}
func (Note) block()      {}
func (Opinion) block()   {}
func (Map) block()       {}
func (Chain) block()     {}
func (Timeline) block()  {}
func (Bars) block()      {}

func text(s string) Cell   { return Cell{Text: s} }
func code(s string) Cell   { return Cell{Text: s, Code: true} }
func number(s string) Cell { return Cell{Text: s, Number: true} }
