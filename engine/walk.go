package engine

import (
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/sighting"
)

// maxCarried bounds how many messages inside one message walk on, whatever the depth.
const maxCarried = 32

// Walked is a submission after the walk.
type Walked struct {
	Submission coldwatch.Submission
	Analysis   *coldwatch.Analysis   // of the message that the submission is about
	Carried    []*coldwatch.Analysis // of the other messages: the one that carried it, or those it carries
	Sighting   coldwatch.Sighting
}

// Walk takes one submission through the rooms up to the privacy wall. It never fails: whatever is odd about the message is
// in its findings. It is safe for concurrent use.
//
//  1. message: the bytes are read, in every way that a client could read them
//  2. analysis: who is speaking, what is inside, what is wanted, what is known; then the verdict
//  3. messages carried inside walk the same way, one after another
//  4. one of them is what the submission is about: see subject
//  5. sighting: what may leave the house
func (e *Engine) Walk(sub coldwatch.Submission) Walked { return e.walk(e.room, sub) }

func (e *Engine) walk(room *analysis.Room, sub coldwatch.Submission) Walked {
	outer := room.Analyze(sub, message.Parse(sub.Raw, e.Limits))
	all := []*coldwatch.Analysis{outer}
	vouched := reportsOn(outer)
	for next := 0; next < len(all); next++ {
		for _, in := range all[next].Message.Inner {
			if len(all) > maxCarried {
				break
			}
			inner := sub
			inner.Raw, inner.Envelope = in.Raw, coldwatch.Envelope{}
			all = append(all, room.AnalyzeCarried(inner, message.Parse(in.Raw, e.Limits), in.Via, vouched))
		}
	}
	about := subject(all, outer)
	about.ID = outer.ID
	w := Walked{Submission: sub, Analysis: about}
	for _, a := range all {
		if a != about {
			w.Carried = append(w.Carried, a)
		}
	}
	w.Sighting = sighting.From(about, e.Pack)
	if about == outer {
		e.addCarried(&w)
	}
	return w
}

// subject chooses the message that the submission is about. A message that a colleague forwards is about what was
// forwarded; a message from outside that carries another is the attack itself, and what it carries is its payload.
func subject(all []*coldwatch.Analysis, outer *coldwatch.Analysis) *coldwatch.Analysis {
	if len(all) == 1 || !reportsOn(outer) {
		return outer
	}
	worst := all[1]
	for _, a := range all[2:] {
		if a.Verdict.Bits > worst.Verdict.Bits {
			worst = a
		}
	}
	worst.Organisation = outer.Organisation
	worst.Target = outer.Target
	return worst
}

// reportsOn tells whether the message is one that hands another on: its author is the reporting organisation's own, or it
// came from a "report phishing" button.
func reportsOn(a *coldwatch.Analysis) bool {
	for _, in := range a.Message.Inner {
		if in.Via == "report-button" {
			return true
		}
	}
	if a.Gate("internal") {
		return true
	}
	from := a.Sender.Author().Domain
	if from == "" {
		return false
	}
	for _, r := range a.Recipients {
		if r.Domain != from {
			return false
		}
	}
	return len(a.Recipients) > 0 && a.Authentication.DMARC != coldwatch.Fail && a.Authentication.SPF != coldwatch.Fail
}

// addCarried lets what a message carries speak for it: the worst verdict counts, and the features of every carried message
// are evidence of the operation that sent them.
func (e *Engine) addCarried(w *Walked) {
	for _, c := range w.Carried {
		if c.Verdict.Bits > w.Analysis.Verdict.Bits {
			v := c.Verdict
			v.Summary = "the message carries another: " + v.Summary
			w.Analysis.Verdict = v
			w.Analysis.TTI = max(w.Analysis.TTI, c.TTI)
			if w.Analysis.Impersonated == (coldwatch.Impersonation{}) {
				w.Analysis.Impersonated = c.Impersonated
			}
		}
		w.Analysis.Findings = append(w.Analysis.Findings, c.Findings...)
	}
	if len(w.Carried) == 0 {
		return
	}
	features := w.Sighting.Features
	for _, c := range w.Carried {
		features = append(features, sighting.From(c, e.Pack).Features...)
	}
	s := sighting.From(w.Analysis, e.Pack)
	s.Features = sighting.Sort(features)
	s.Carrier = "message"
	w.Sighting = s
}

// terms gives the words and indicators by which a message is found: what it is called, who sent it, where it leads.
func terms(w Walked) string {
	var b strings.Builder
	seen := map[string]bool{}
	put := func(s string) {
		if s != "" && b.Len() < 16<<10 {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	for _, a := range append([]*coldwatch.Analysis{w.Analysis}, w.Carried...) {
		put(a.Subject)
		for _, m := range a.Sender.From {
			put(m.Name)
			put(m.Address)
		}
		for _, m := range a.Sender.ReplyTo {
			put(m.Address)
		}
		put(a.Sender.ReturnPath)
		put(a.Authentication.Hop)
		put(a.Authentication.HopName)
		for _, d := range a.Authentication.Signed {
			put(d)
		}
		put(a.Impersonated.Name)
		for i := range a.Payloads {
			p := &a.Payloads[i]
			put(p.Name)
			put(p.SHA256)
			for _, d := range p.Destinations {
				put(d.URL)
			}
			for _, l := range p.Links {
				if host := hostOf(l.URL); host != "" && !seen[host] {
					seen[host] = true
					put(host)
				}
			}
		}
	}
	return b.String()
}

// hostOf gives what stands between scheme and path, without a parse: links are many.
func hostOf(u string) string {
	_, rest, ok := strings.Cut(u, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}
