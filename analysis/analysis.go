// Package analysis says what is hostile about a message, whom it pretends to come from, what it wants and what it knows.
//
// Analysers run one after another in one fixed order, each adding to the same [coldwatch.Analysis]:
//
//	sender    who handed it over, by the receiver's own trace (RFC 5321) and results (RFC 8601)
//	form      how it is made, where mail programs would read it differently
//	payload   what is inside, every wrapping taken off
//	lure      what it wants
//	identity  who it claims to be, and what contradicts it
//	link      where it leads
//	claim     what it knows, held against the pack
//	gate      what it is, where that explains oddities
//	history   what its sender did before, where that is known
//	verdict   the sum, as a ledger
//	observe   the infrastructure that it shows
//
// An analyser never fails: hostile input gives findings. Each finding quotes its evidence by byte offsets.
package analysis

import (
	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/claim"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/analysis/form"
	"github.com/coldwatch/coldwatch/analysis/gate"
	"github.com/coldwatch/coldwatch/analysis/history"
	"github.com/coldwatch/coldwatch/analysis/identity"
	"github.com/coldwatch/coldwatch/analysis/link"
	"github.com/coldwatch/coldwatch/analysis/lure"
	"github.com/coldwatch/coldwatch/analysis/observe"
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
	DNS     dns.Resolver     // for our own checks of authentication; nil: none are made
	Weights *verdict.Weights // nil: the shipped ones
	Sandbox payload.Sandbox  // evaluates scripts that could not be decided; nil: none does
	Limits  payload.Limits   // of what is opened; zero fields are the defaults
}

// A Room analyses messages. It is safe for concurrent use.
type Room struct {
	pack      *knowledge.Pack
	analyzers []Analyzer
	names     []string
	version   string
	targets   *targets
	reach     history.Reach
}

// New makes a room ready; the pack must not change afterwards.
func New(pack *knowledge.Pack, o Options) *Room {
	who := identity.New(pack)
	r := &Room{pack: pack, version: pack.Name + " " + pack.Version, targets: newTargets(pack)}
	open := payload.New(o.Limits)
	open.Sandbox = o.Sandbox
	r.analyzers = []Analyzer{
		sender.New(sender.Options{Trusted: o.Trusted, Resolver: o.DNS}),
		form.New(),
		open,
		lure.New(pack),
		who,
		link.New(pack, who.Imitated),
		claim.New(pack),
		gate.New(pack),
	}
	w := o.Weights
	if w == nil {
		w = verdict.Shipped()
	}
	r.reach = history.Reach{Suspicious: w.Suspicious, Hostile: w.Hostile}
	r.analyzers = append(r.analyzers, verdict.New(w), observe.New(pack))
	r.name()
	return r
}

func (r *Room) name() {
	r.names = nil
	for _, z := range r.analyzers {
		r.names = append(r.names, z.Name())
	}
}

// Knowing returns a room that also knows the past of a message's sender.
func (r *Room) Knowing(past history.Past) *Room {
	k := *r
	k.analyzers = nil
	for _, z := range r.analyzers {
		if z.Name() == verdict.Name {
			k.analyzers = append(k.analyzers, history.New(past))
		}
		k.analyzers = append(k.analyzers, z)
	}
	k.name()
	return &k
}

// Reach tells of which messages weak remarks on habits could change the verdict.
func (r *Room) Reach() history.Reach { return r.reach }

// Analyze says all that the room can say about one message as its receiver got it.
func (r *Room) Analyze(sub coldwatch.Submission, msg *coldwatch.Message) *coldwatch.Analysis {
	return r.run(r.prepare(sub, msg))
}

// AnalyzeCarried does the same for a message that another carried, given with the submission that carried it and how
// (Inner.Via). Its header came with a message and anybody could have written it: nothing in it counts as a receiver's
// word unless it is vouched for, as when a colleague forwards what the organisation's own servers received.
func (r *Room) AnalyzeCarried(sub coldwatch.Submission, msg *coldwatch.Message, via string, vouched bool) *coldwatch.Analysis {
	a := r.prepare(sub, msg)
	a.Via, a.Hearsay = via, !vouched
	return r.run(a)
}

func (r *Room) run(a *coldwatch.Analysis) *coldwatch.Analysis {
	for _, z := range r.analyzers {
		z.Analyze(a)
	}
	return a
}

// prepare fills what needs no analyser.
func (r *Room) prepare(sub coldwatch.Submission, msg *coldwatch.Message) *coldwatch.Analysis {
	a := &coldwatch.Analysis{Message: msg, ID: sub.ID(), Organisation: sub.Organisation, Source: sub.Source, Received: sub.Received, Analyzers: r.names, Pack: r.version}
	a.Subject = message.DecodeHeader(msg.Get("Subject"))
	if d, ok := message.Date(msg.Get("Date")); ok {
		a.Date = d.UTC()
	}
	a.Recipients = recipients(sub, msg)
	r.targets.set(a)
	return a
}
