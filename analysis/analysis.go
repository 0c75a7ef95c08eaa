// Package analysis says what is hostile about a message, whom it pretends to come from, what it wants and what it knows.
//
// Analysers run one after another in one fixed order, each adding to the same [coldwatch.Analysis]:
//
//	sender    who handed it over, by the receiver's own trace (RFC 5321) and results (RFC 8601)
//	payload   what is inside, every wrapping taken off
//	lure      what it wants
//	identity  who it claims to be, and what contradicts it
//	link      where it leads
//	claim     what it knows, held against the pack
//	gate      what it is, where that explains oddities
//	verdict   the sum, as a ledger
//
// An analyser never fails: hostile input gives findings. Each finding quotes its evidence by byte offsets.
package analysis

import (
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/gate"
	"github.com/coldwatch/coldwatch/analysis/identity"
	"github.com/coldwatch/coldwatch/analysis/link"
	"github.com/coldwatch/coldwatch/analysis/lure"
	"github.com/coldwatch/coldwatch/analysis/payload"
	"github.com/coldwatch/coldwatch/analysis/sender"
	"github.com/coldwatch/coldwatch/analysis/verdict"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

// An Analyzer adds to an analysis what it finds in a.Message. It is safe for concurrent use, deterministic, linear in
// the size of the message, and never panics.
type Analyzer interface {
	Name() string // name and version, "identity/1"
	Analyze(a *coldwatch.Analysis)
}

// Options are what an operator may set. The zero value is good.
type Options struct {
	Trusted []string         // authserv-ids of the operator's own receivers; empty: learnt from each message's trace
	Weights *verdict.Weights // nil: the shipped ones
}

// A Room analyses messages. It is safe for concurrent use.
type Room struct {
	pack      *knowledge.Pack
	analyzers []Analyzer
	names     []string
	version   string
	targets   *targets
}

// New makes a room ready; the pack must not change afterwards.
func New(pack *knowledge.Pack, o Options) *Room {
	who := identity.New(pack)
	r := &Room{pack: pack, version: pack.Name + " " + pack.Version, targets: newTargets(pack)}
	r.analyzers = []Analyzer{
		sender.New(sender.Options{Trusted: o.Trusted}),
		payload.New(payload.Limits{}),
		lure.New(pack),
		who,
		link.New(pack, who.Imitated),
		gate.New(pack),
		verdict.New(o.Weights),
	}
	for _, z := range r.analyzers {
		r.names = append(r.names, z.Name())
	}
	return r
}

// Analyze says all that the room can say about one message. A message carried inside another is given with the
// submission that carried it; the caller sets Via.
func (r *Room) Analyze(sub coldwatch.Submission, msg *coldwatch.Message) *coldwatch.Analysis {
	a := &coldwatch.Analysis{Message: msg, ID: sub.ID(), Organisation: sub.Organisation, Source: sub.Source, Received: sub.Received, Analyzers: r.names, Pack: r.version}
	a.Subject = message.DecodeHeader(msg.Get("Subject"))
	if d, ok := message.Date(msg.Get("Date")); ok {
		a.Date = d
	} else {
		a.Date = time.Time{}
	}
	a.Recipients = recipients(sub, msg)
	r.targets.set(a)
	for _, z := range r.analyzers {
		z.Analyze(a)
	}
	return a
}
