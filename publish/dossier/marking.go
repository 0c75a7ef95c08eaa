package dossier

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// The labels of TLP 2.0 (FIRST, August 2022), the freest first.
var labels = []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"}

// Level returns how strict a TLP label is: 0 for TLP:CLEAR to 4 for TLP:RED. A label that is unknown or missing counts as
// TLP:RED, since what nobody released stays.
func Level(tlp string) int {
	tlp = strings.ToUpper(strings.TrimSpace(tlp))
	if !strings.HasPrefix(tlp, "TLP:") {
		tlp = "TLP:" + tlp
	}
	if tlp == "TLP:WHITE" { // TLP 1
		tlp = "TLP:CLEAR"
	}
	if i := slices.Index(labels, tlp); i >= 0 {
		return i
	}
	return len(labels) - 1
}

// Label returns the label in the spelling of TLP 2.0.
func Label(tlp string) string { return labels[Level(tlp)] }

// Meaning returns what a TLP label lets the reader do, in one sentence.
func Meaning(tlp string) string {
	return phrasesIn("").meanings[Level(tlp)]
}

// Levels of marking from which a document may name the organisations that were hit. What people read on paper and screen may
// name them to an organisation and its clients; what machines pass on without looking may not leave the organisation.
const (
	NamesInReports = 2 // TLP:AMBER
	NamesInFeeds   = 3 // TLP:AMBER+STRICT
)

// Redact returns the report as it may stand under its marking. Under a level below names, the organisations that were hit
// become "an organisation (role, country)" wherever they stand, running text included; their own messages, the ranked list of
// who may be next and the warnings to others fall away. The report given is not changed. The pack may be nil.
func Redact(r coldwatch.Report, pack *knowledge.Pack, names int) coldwatch.Report {
	if Level(r.Marking.TLP) >= names {
		return r
	}
	return RedactFor(r, pack, "")
}

// RedactFor returns the report as one organisation may read it whatever the marking: all others that were hit are covered, it
// itself is not. Its own messages, its place among those who may be next and the warning to it stay. The report given is not
// changed. The pack may be nil; reader is a pack id, "" for nobody.
func RedactFor(r coldwatch.Report, pack *knowledge.Pack, reader string) coldwatch.Report {
	p := r.Profile
	cover := covers(p, pack, reader)
	next := nextCovers(p, pack, reader)
	text := func(s string) string { return next.replace(cover.replace(s)) }
	list := func(in []string) []string {
		if in == nil {
			return nil
		}
		out := make([]string, len(in))
		for i, s := range in {
			out[i] = text(s)
		}
		return out
	}
	judge := func(j coldwatch.Judgement) coldwatch.Judgement {
		j.Text, j.Confidence = text(j.Text), text(j.Confidence)
		j.Basis, j.Gaps, j.Change = list(j.Basis), list(j.Gaps), list(j.Change)
		return j
	}
	judges := func(in []coldwatch.Judgement) []coldwatch.Judgement {
		out := slices.Clone(in)
		for i := range out {
			out[i] = judge(out[i])
		}
		return out
	}
	p.Infrastructure = slices.DeleteFunc(slices.Clone(p.Infrastructure), func(i coldwatch.Infrastructure) bool { // made for one victim, it names it
		return cover.replace(i.Value) != i.Value || cover.replace(i.Name) != i.Name
	})
	p.Name, p.Summary, p.Gaps = text(p.Name), list(p.Summary), list(p.Gaps)
	p.Targets = redactTargets(p, reader)
	p.NotTargeted = nil
	p.Timeline = slices.Clone(p.Timeline)
	for i := range p.Timeline {
		p.Timeline[i].New = list(p.Timeline[i].New)
	}
	p.Phases = slices.Clone(p.Phases)
	for i := range p.Phases {
		p.Phases[i].Changes = list(p.Phases[i].Changes)
	}
	p.Start.Anchors, p.Start.Method = list(p.Start.Anchors), text(p.Start.Method)
	aboutNext := func(j coldwatch.Judgement) bool { return next.replace(j.Text) != j.Text } // what it rests on would give the organisation away
	p.Judgements = slices.DeleteFunc(slices.Clone(p.Judgements), aboutNext)
	p.Activity, p.Relations, p.Judgements = judge(p.Activity), judges(p.Relations), judges(p.Judgements)
	p.Specificity.Reason = text(p.Specificity.Reason)
	p.Objective.Observed, p.Objective.Inferred = list(p.Objective.Observed), judge(p.Objective.Inferred)
	p.Doses.Reason = text(p.Doses.Reason)
	p.Doses.Lanes = slices.Clone(p.Doses.Lanes)
	for i := range p.Doses.Lanes {
		l := &p.Doses.Lanes[i]
		l.Stops, l.Alternatives = list(l.Stops), nil
	}
	p.Excursions = slices.Clone(p.Excursions)
	for i := range p.Excursions {
		p.Excursions[i].Organisation = text(p.Excursions[i].Organisation)
	}
	p.Size.Strata, p.Size.Reason, p.Size.Assumption = list(p.Size.Strata), text(p.Size.Reason), text(p.Size.Assumption)
	if p.Next.Assessed {
		own := slices.DeleteFunc(slices.Clone(p.Next.Ranked), func(c coldwatch.Candidate) bool { return reader == "" || c.Organisation != reader })
		p.Next = coldwatch.Prediction{Assessed: len(own) > 0, Ranked: own, Reason: "Organisations that may be next are told about themselves only."}
		for i := range own {
			own[i].Reasons = list(own[i].Reasons)
		}
	}
	p.Attribution.Statement, p.Attribution.Linchpin = text(p.Attribution.Statement), text(p.Attribution.Linchpin)
	p.Attribution.Change = list(p.Attribution.Change)
	p.Attribution.Evidence = slices.Clone(p.Attribution.Evidence)
	for i := range p.Attribution.Evidence {
		p.Attribution.Evidence[i].Text = text(p.Attribution.Evidence[i].Text)
	}
	r.Profile = p
	r.Figures = nil // ids of others' messages, which the reader could not look up
	r.Warnings = slices.DeleteFunc(slices.Clone(r.Warnings), func(w coldwatch.Warning) bool { return reader == "" || w.Reader != reader })
	r.Local = slices.DeleteFunc(slices.Clone(r.Local), func(m coldwatch.LocalMessage) bool { return reader == "" || m.Organisation != reader })
	r.Links = redactLinks(r.Links, text)
	return r
}

func redactTargets(p coldwatch.Profile, reader string) []coldwatch.TargetEntry {
	out := slices.Clone(p.Targets)
	for i := range out {
		if reader != "" && out[i].Organisation == reader {
			continue
		}
		out[i].Organisation, out[i].Name, out[i].Sightings = "", coverName(p, out[i]), nil
	}
	return out
}

// redactLinks covers the names of those who were hit, and subject lines, which are text of a mail.
func redactLinks(in []coldwatch.Link, text func(string) string) []coldwatch.Link {
	const subject = "one subject line"
	out := slices.Clone(in)
	for i := range out {
		out[i].Terms = slices.Clone(out[i].Terms)
		subjects := map[string]bool{}
		for k := range out[i].Terms {
			if t := &out[i].Terms[k]; t.View == coldwatch.ViewSubject {
				subjects[t.Value] = true
				t.Value, t.Note = subject, ""
			}
		}
		for k := range out[i].Terms {
			t := &out[i].Terms[k]
			if subjects[t.Implied] {
				t.Implied = subject
			}
			t.Value, t.Note, t.Implied = text(t.Value), text(t.Note), text(t.Implied)
		}
	}
	return out
}

// coverName is what a target is called where it may not be named.
func coverName(p coldwatch.Profile, t coldwatch.TargetEntry) string {
	var marks []string
	for _, role := range t.Roles {
		marks = append(marks, RoleName(p, role))
	}
	if t.Country != "" {
		marks = append(marks, CountryName(t.Country))
	}
	if len(marks) == 0 {
		return "an organisation on the chain"
	}
	return "an organisation (" + strings.Join(marks, ", ") + ")"
}

// covers replaces ids, names, aliases and domains of the organisations hit, the longest first. Impersonated ones stand in the lure,
// which is no secret.
func covers(p coldwatch.Profile, pack *knowledge.Pack, reader string) cover {
	c := uncovered(p, pack, reader)
	for _, t := range p.Targets {
		if t.Organisation != reader && !impersonated(p, t.Organisation) {
			c.add(pack, t.Organisation, t.Name, coverName(p, t))
		}
	}
	return c.sorted()
}

// nextCovers does the same for the organisations that may be next.
func nextCovers(p coldwatch.Profile, pack *knowledge.Pack, reader string) cover {
	c := uncovered(p, pack, reader)
	for _, n := range p.Next.Ranked {
		if n.Organisation != reader && !impersonated(p, n.Organisation) {
			c.add(pack, n.Organisation, n.Name, "an organisation on the chain")
		}
	}
	return c.sorted()
}

// uncovered is a cover that leaves the names of those who may be named as they are: "Kaldera" is covered, in "Kaldera Gases" it is not.
func uncovered(p coldwatch.Profile, pack *knowledge.Pack, reader string) cover {
	c := cover{words: map[string]string{}}
	for _, s := range p.Impersonated {
		c.add(pack, s.Value, s.Name, asItIs)
	}
	if reader != "" {
		c.add(pack, reader, "", asItIs)
	}
	return c
}

// asItIs stands for a word that is left as it is.
const asItIs = "\x00"

func impersonated(p coldwatch.Profile, id string) bool {
	return slices.ContainsFunc(p.Impersonated, func(s coldwatch.Share) bool { return s.Value == id })
}

// add covers all that an organisation is called.
func (c *cover) add(pack *knowledge.Pack, id, name, by string) {
	all := []string{id, name}
	if pack != nil {
		for i := range pack.Organisations {
			if o := &pack.Organisations[i]; o.ID == id {
				all = slices.Concat(all, []string{o.Name}, o.Aliases, o.Domains)
			}
		}
	}
	for _, s := range slices.Clone(all) {
		all = append(all, strings.TrimRight(s, ".")) // "Ltd." before another stop
	}
	for _, s := range all {
		if s = strings.ToLower(s); len(s) > 2 && c.words[s] == "" {
			c.words[s] = by
			c.keys = append(c.keys, s)
		}
	}
}

func (c cover) sorted() cover {
	sort.Slice(c.keys, func(i, j int) bool {
		return len(c.keys[i]) > len(c.keys[j]) || len(c.keys[i]) == len(c.keys[j]) && c.keys[i] < c.keys[j]
	})
	return c
}

// A cover holds the words that may not stand and what stands for them.
type cover struct {
	keys  []string // lower case, longest first
	words map[string]string
}

// replace covers whole words, whatever their case.
func (c cover) replace(s string) string {
	if len(c.keys) == 0 {
		return s
	}
	lower := strings.ToLower(s)
	if len(lower) != len(s) { // a letter whose lower case is longer: give up the spelling, not the cover
		s = lower
	}
	var b strings.Builder
	letter := func(i int) bool {
		if i < 0 || i >= len(s) {
			return false
		}
		ch := lower[i]
		return ch >= 0x80 || ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9'
	}
next:
	for i := 0; i < len(s); {
		if !letter(i - 1) {
			for _, k := range c.keys {
				if strings.HasPrefix(lower[i:], k) && !letter(i+len(k)) {
					if by := c.words[k]; by != asItIs {
						b.WriteString(by)
					} else {
						b.WriteString(s[i : i+len(k)])
					}
					i += len(k)
					continue next
				}
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// Short shortens a sighting id (SHA-256 in hex) for people: twelve digits tell messages of a campaign apart.
func Short(id string) string {
	id = Visible(id)
	if len(id) == 64 {
		return id[:12]
	}
	return Cut(id, 40)
}

// ConfidenceNumber gives the STIX 2.1 figure (appendix A,
// None/Low/Med/High) of a confidence word.
func ConfidenceNumber(word string) int {
	switch word {
	case "high":
		return 85
	case "moderate", "medium":
		return 50
	case "low":
		return 15
	}
	return 0
}

// Version names a report: campaign and version.
func Version(p coldwatch.Profile) string {
	return Visible(p.Campaign) + " version " + strconv.Itoa(p.Version)
}
