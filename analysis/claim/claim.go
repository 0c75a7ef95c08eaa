// Package claim finds the checkable statements of a message and holds each against the chain pack.
//
// The campaign of 2020 worked because the mail knew things: the right make, model and price of a real programme's
// equipment. What a message knows shows how much work went into it, and whether its author knows the trade. So each make,
// model, capacity, temperature, quantity, price, total, Incoterm (ICC Incoterms 2020), programme, vaccine, reference and
// certificate in subject, body, attachments and file names becomes a claim, and a claim is correct, plausible, wrong or
// unverifiable. A gap in the pack makes a claim unverifiable, never wrong.
//
// Lure fidelity sums, over the claims, up to 100:
//
//	                         first   each further     at most
//	model that exists          20         5              30
//	price within its band      30         5              40
//	programme that exists      10         5              15
//	PQS code that fits         10         0              10
//	capacity that fits         10         0              10
//	temperature that fits      10         0              10
//	make that fits its model    5         0               5
//	vaccine that exists         5         0               5
//	total that adds up          5         0               5
//	a plausible one counts half; a wrong one takes 15 away
//
// From 35 on fidelity is medium, from 70 on high; without one verifiable claim it is none. Where no price could be held
// against a band it stays below high, whatever else fits. A wrong claim adds nothing and takes something away, so making a
// claim wrong never raises fidelity. Fidelity is no sign of hostility: honest mail has it too. It speaks for a message
// made for the chain, and tells in a verdict that has found a contradiction how well the liar is informed.
package claim

import (
	"sync"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/lure/passage"
	"github.com/coldwatch/coldwatch/knowledge"
)

const name = "claim/1"

// An Analyzer fills the claims, models, programmes, vaccines and fidelity of [coldwatch.Analysis.Lure]. It may be used by
// any number of goroutines.
type Analyzer struct {
	ix   *index
	pool sync.Pool
}

// New builds an analyser over a pack.
func New(pack *knowledge.Pack) *Analyzer {
	an := &Analyzer{ix: newIndex(pack)}
	an.pool.New = func() any { return &reading{} }
	return an
}

// Name is the analyser's name and version.
func (an *Analyzer) Name() string { return name }

// maxClaims is how many claims of one message are kept.
const maxClaims = 80

// Analyze finds the claims of a message and checks them.
func (an *Analyzer) Analyze(a *coldwatch.Analysis) {
	r := an.pool.Get().(*reading)
	defer an.pool.Put(r)
	r.reset(an.ix, a, passage.Collect(a))
	for i := range r.passages {
		r.find(i)
	}
	r.check()
	l := &a.Lure
	l.Claims = r.claims
	l.Models, l.Programmes, l.Vaccines = r.names()
	l.Chain = l.Chain || len(l.Models) > 0 || len(l.Vaccines) > 0 || r.programmeByName
	l.Fidelity, l.FidelityOf, l.Fidelities = Fidelity(l.Claims)
	r.precise()
	r.claims = nil // they belong to the analysis now
}

// From what on a message counts as precise.
const (
	preciseFrom   = 50
	preciseClaims = 3
)

// precise reports that a message knows the chain well. It weighs next to nothing by itself.
func (r *reading) precise() {
	l := &r.a.Lure
	if l.Fidelity < preciseFrom || l.FidelityOf < preciseClaims {
		return
	}
	var ev []coldwatch.Evidence
	for _, c := range l.Claims {
		if c.Result == coldwatch.Correct && len(ev) < 5 {
			ev = append(ev, c.Evidence)
		}
	}
	r.a.Add(coldwatch.Finding{
		Kind: "claim.precise", Bits: 0.3, Group: "Claims", Chain: true,
		Reason:   "The message names equipment, programmes or prices of the chain that check out.",
		Evidence: ev, Analyzer: name,
	})
}

// reading is the work of one message; its memory is used again.
type reading struct {
	ix       *index
	a        *coldwatch.Analysis
	passages []passage.Passage
	folded   passage.Folded

	reading int    // the passage that is being read
	spots   []spot // in it
	claims  []coldwatch.Claim
	values  []number // by claim: what was read, for the checks

	makes           map[int]spot // makes named, by index, where first
	models          map[int]bool // models named, by index
	pending         []spot       // weak models and short programme names, which count only in the right company
	programmeByName bool
}

// A number is what a numeric claim says.
type number struct {
	low, high float64
	currency  string
	model     int // index of the model it is said of, -1
	vaccine   int
	passage   int
	at        int // place in the folded passage
	other     bool
}

// A spot is a named thing at a place of a passage.
type spot struct {
	kind       spotKind
	index      int // of the model, make, programme or vaccine
	start, end int // in the folded text
	from, to   int // in the passage's Text
	passage    int
}

type spotKind int

const (
	spotModel spotKind = iota
	spotMake
	spotProgramme
	spotVaccine
)

func (r *reading) reset(ix *index, a *coldwatch.Analysis, p []passage.Passage) {
	r.ix, r.a, r.passages = ix, a, p
	r.spots, r.claims, r.values, r.pending = r.spots[:0], nil, r.values[:0], r.pending[:0]
	r.programmeByName = false
	if r.makes == nil {
		r.makes, r.models = map[int]spot{}, map[int]bool{}
	}
	clear(r.makes)
	clear(r.models)
}

// add keeps a claim once.
func (r *reading) add(c coldwatch.Claim, n number, from, to int) {
	if len(r.claims) >= maxClaims {
		return
	}
	for i := range r.claims {
		if o := &r.claims[i]; o.Kind == c.Kind && o.Value == c.Value && o.Subject == c.Subject {
			return
		}
	}
	c.Evidence = passage.Quote(r.a, &r.passages[n.passage], from, to)
	r.claims = append(r.claims, c)
	r.values = append(r.values, n)
}
