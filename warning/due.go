package warning

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
)

// Reasons for which a reader is warned, strongest first: one reader gets one warning a profile.
const (
	Targeted     = "targeted"
	Impersonated = "impersonated"
	LikelyNext   = "likely-next"
	Role         = "role"
	Government   = "government"
	Everyone     = "constituency"
)

// Constituency is the reader that stands for everyone on the chain.
const Constituency = "constituency"

// Why a warning is held.
const (
	HeldContact  = "no security contact in the pack"
	HeldApproval = "waits for a publisher's approval"
	HeldLeak     = "the audience check found " // then what
)

// Options are what Due needs besides profiles and pack.
type Options struct {
	Own          string               // organisation that this node belongs to; what it tells itself needs no approval
	Said         []string             // ids of warnings that were already given
	TLP          string               // marking of warnings to single readers; "" is TLP:AMBER
	Constituency string               // security contact of the constituency, "" for none
	Next         int                  // how many of the likely next are warned; 0 is ten, below 0 is none
	Synthetic    bool                 // the mail is invented: every text says so
	At           time.Time            // clock of the node
	Received     map[string]time.Time // sighting id → when it was received, for the reported-to-warned clock
}

// Due gives the warnings that a change of profile makes due, sorted by reader. A campaign of which less than half is
// hostile warns nobody, and one of which less than a third was made for the chain warns only whom it hit or impersonates. prev is nil for a new campaign. Members
// that report, and the impersonated organisation, are readers; what was already said is not said again.
func Due(prev, next *coldwatch.Profile, pack *knowledge.Pack, o Options) []coldwatch.Warning {
	if next == nil || next.Messages == 0 || share(next, coldwatch.Class.Bad) < .5 {
		return nil // most of it is not even hostile: a look for an analyst, no warning
	}
	d := &due{prev: prev, next: next, pack: pack, o: o, done: map[string]bool{}, said: map[string]bool{}}
	for _, id := range o.Said {
		d.said[id] = true
	}
	d.names, d.open = victims(next, pack), open(next)
	d.targeted()
	d.impersonated()
	if !next.Possible && share(next, func(c coldwatch.Class) bool { return c == coldwatch.Targeted }) >= 1./3 {
		d.likely()
		d.roles()
		d.everyone()
	}
	sort.Slice(d.out, func(i, j int) bool { return d.out[i].Reader < d.out[j].Reader })
	return d.out
}

// share is the part of the messages whose class is one of those; of a profile without classes all are.
func share(p *coldwatch.Profile, of func(coldwatch.Class) bool) float64 {
	all, n := 0, 0
	for _, c := range p.Classes {
		all += c.Count
		if of(coldwatch.Class(c.Value)) {
			n += c.Count
		}
	}
	if all == 0 {
		return 1
	}
	return float64(n) / float64(all)
}

type due struct {
	prev, next *coldwatch.Profile
	pack       *knowledge.Pack
	o          Options
	names      []Victim
	open       []string
	done       map[string]bool // readers that have a warning, or had reason for one
	said       map[string]bool
	out        []coldwatch.Warning
}

func victims(p *coldwatch.Profile, pack *knowledge.Pack) []Victim {
	var out []Victim
	for _, t := range p.Targets {
		out = append(out, VictimOf(pack, t.Organisation))
	}
	return out
}

func (d *due) audience(w *coldwatch.Warning) Audience {
	return Audience{Reader: w.Reader, Victims: d.names, Open: d.open, Pack: d.pack}
}

func (d *due) targeted() {
	before := map[string][]string{}
	if d.prev != nil {
		for _, t := range d.prev.Targets {
			before[t.Organisation] = t.Sightings
		}
	}
	for _, t := range d.next.Targets {
		d.done[t.Organisation] = true
		fresh := 0
		cause := time.Time{}
		for _, id := range t.Sightings {
			if !slices.Contains(before[t.Organisation], id) {
				fresh++
				if at := d.o.Received[id]; at.After(cause) {
					cause = at
				}
			}
		}
		if fresh == 0 {
			continue
		}
		if cause.IsZero() {
			cause = t.Last
		}
		d.add(t.Organisation, Targeted, strings.Join(t.Sightings, " "), t.Sightings, cause, func(w *coldwatch.Warning) {
			d.write(w, facts{own: &t})
		})
	}
}

func (d *due) impersonated() {
	for _, s := range d.next.Impersonated {
		if d.done[s.Value] || d.pack.Organisation(s.Value) == nil || s.Count*10 < d.next.Messages {
			continue
		}
		d.done[s.Value] = true
		d.add(s.Value, Impersonated, "", nil, s.Last, func(w *coldwatch.Warning) { d.write(w, facts{share: &s}) })
	}
}

func (d *due) likely() {
	limit := d.o.Next
	if limit == 0 {
		limit = 10
	}
	for i, c := range d.next.Next.Ranked {
		if i >= limit {
			break
		}
		if d.done[c.Organisation] {
			continue
		}
		d.done[c.Organisation] = true
		d.add(c.Organisation, LikelyNext, "", nil, d.next.Last, func(w *coldwatch.Warning) { d.write(w, facts{candidate: &c}) })
	}
}

// roles warns members that share both a role and the country with a target.
func (d *due) roles() {
	for _, id := range d.next.NotTargeted {
		org := d.pack.Organisation(id)
		if org == nil || !org.Member || d.done[id] {
			continue
		}
		d.done[id] = true
		d.add(id, Role, "", nil, d.next.Last, func(w *coldwatch.Warning) { d.write(w, facts{}) })
	}
}

// everyone tells governments and the constituency once the campaign is seen at three organisations or more, and again when that
// doubles: below three, a figure would point at a victim. All governments of the pack are told, wherever they are: who of them is
// told says nothing about where somebody was hit.
func (d *due) everyone() {
	n := len(d.next.Targets)
	if n < minShown {
		return
	}
	step := 0
	for size := minShown; size*2 <= n; size *= 2 {
		step++
	}
	about := strings.Repeat("+", step)
	d.add(Constituency, Everyone, about, nil, d.next.Last, func(w *coldwatch.Warning) { d.write(w, facts{}) })
	for i := range d.pack.Organisations {
		o := &d.pack.Organisations[i]
		if d.done[o.ID] || !slices.ContainsFunc(o.Roles, func(r string) bool { return slices.Contains(governments[:], r) }) {
			continue
		}
		d.done[o.ID] = true
		d.add(o.ID, Government, about, nil, d.next.Last, func(w *coldwatch.Warning) { d.write(w, facts{}) })
	}
}

// governments are the roles of those who are told for all that they look after.
var governments = [...]string{"ministry", "regulator", "cert"}

// minShown is the least number of organisations that a text for others may speak of.
const minShown = 3

// add makes a warning unless it was said. about is what is new for the reader: the id follows from campaign, reader,
// reason and that, so that another version of the profile does not repeat what the reader knows.
func (d *due) add(reader, reason, about string, messages []string, cause time.Time, write func(*coldwatch.Warning)) {
	h := sha256.Sum256([]byte(strings.Join([]string{d.next.Campaign, reader, reason, about}, "\x00")))
	w := coldwatch.Warning{ID: "w-" + hex.EncodeToString(h[:8]), Campaign: d.next.Campaign, Version: d.next.Version, Reader: reader,
		Reason: reason, Messages: messages, Reported: cause, At: d.o.At}
	if d.said[w.ID] {
		return
	}
	w.Marking.TLP = d.o.TLP
	if w.Marking.TLP == "" {
		w.Marking.TLP = "TLP:AMBER"
	}
	if reason == Government {
		w.Marking.TLP = "TLP:GREEN"
	}
	if reader == Constituency {
		w.Name, w.Contact, w.Marking.TLP = "Everyone on the chain", d.o.Constituency, "TLP:GREEN"
	} else if org := d.pack.Organisation(reader); org != nil {
		w.Name, w.Contact = org.Name, d.contact(org)
	}
	write(&w)
	w.Held = d.held(&w)
	d.out = append(d.out, w)
}

// contact is the security contact, unless it is an address of the directory of people.
func (d *due) contact(org *knowledge.Organisation) string {
	for _, p := range d.pack.PeopleOf(org.ID) {
		if strings.EqualFold(p.Email, org.SecurityContact) {
			return ""
		}
	}
	return org.SecurityContact
}

func (d *due) held(w *coldwatch.Warning) string {
	if org := d.pack.Organisation(w.Reader); org != nil && org.TLPMax != "" && strictness(w.Marking.TLP) > strictness(org.TLPMax) {
		return "the pack lets this reader have at most " + canonical(org.TLPMax)
	}
	if problems := Check(w.Subject+"\n"+w.Text+"\n"+w.Full, d.audience(w)); len(problems) > 0 {
		return HeldLeak + problems[0].Kind + ": " + problems[0].Hint
	}
	if w.Contact == "" {
		return HeldContact
	}
	if w.Reader == d.o.Own && d.o.Own != "" {
		return ""
	}
	return HeldApproval
}

// open lists the organisations whose names a text may hold although they were hit: those that the campaign impersonates.
func open(p *coldwatch.Profile) []string {
	var out []string
	for _, s := range p.Impersonated {
		out = append(out, s.Value)
	}
	return out
}

// strictness orders the labels of TLP 2.0; what is not known counts as the strictest.
func strictness(tlp string) int {
	switch canonical(tlp) {
	case "TLP:CLEAR":
		return 0
	case "TLP:GREEN":
		return 1
	case "TLP:AMBER":
		return 2
	case "TLP:AMBER+STRICT":
		return 3
	}
	return 4
}

// canonical writes a label as TLP 2.0 does; the WHITE of TLP 1 is CLEAR.
func canonical(tlp string) string {
	s := "TLP:" + strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(tlp)), "TLP:")
	if s == "TLP:WHITE" {
		return "TLP:CLEAR"
	}
	return s
}
