package federation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

const (
	intakeBatch = 500
	intakeMark  = "federation.intake" // how far the inbox was read

	maxFeatures = 300
	maxList     = 64
	maxText     = 200
	maxAhead    = 24 * time.Hour // how far a member's clock may be ahead
)

// An Arrival counts what one look into the inbox brought.
type Arrival struct {
	Sightings int            `json:"sightings"`
	Others    int            `json:"others"` // entries, openings
	Known     int            `json:"known"`  // frames that were there already
	Bytes     int            `json:"bytes"`  // as they came
	Refused   map[string]int `json:"refused,omitempty"`
}

// TakeIn reads what members pushed since the last time, and stores what holds: each frame once, whatever the order, all or nothing
// for a batch with how far the inbox was read.
//
// A frame must be signed by the member whose token brought it, for this community, and its number must be new. What it says of who
// reports is the membership, never the frame.
func (h *Hub) TakeIn(ctx context.Context) (Arrival, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	total := Arrival{Refused: map[string]int{}}
	if err := h.turn(ctx); err != nil {
		return total, err
	}
	for {
		mark, err := h.store.Setting(ctx, intakeMark)
		if err != nil {
			return total, err
		}
		q := store.ObjectQuery{Collection: taxii.Inbox, Limit: intakeBatch}
		if len(mark) > 0 {
			if q.After, err = time.Parse(time.RFC3339Nano, string(mark)); err != nil {
				return total, fmt.Errorf("intake: %w", err)
			}
		}
		objects, err := h.store.Objects(ctx, q)
		if err != nil || len(objects) == 0 {
			return total, err
		}
		b, err := h.batch(ctx)
		if err != nil {
			return total, err
		}
		if err := b.read(ctx, objects); err != nil {
			return total, err
		}
		b.in.Setting, b.in.Value = intakeMark, []byte(objects[len(objects)-1].Added.Format(time.RFC3339Nano))
		if err := b.close(ctx); err != nil {
			return total, err
		}
		total.Sightings += len(b.in.Records)
		for _, o := range objects {
			total.Bytes += len(o.JSON)
		}
		total.Others += b.others
		total.Known += b.known
		for why, n := range b.refused {
			total.Refused[why.reason] += n
		}
	}
}

// turn begins to link by the tokens of the next quarter, when it is time: what members sent under the new key is read again from the
// inbox, in the place of what stood under the old.
func (h *Hub) turn(ctx context.Context) error {
	q := h.quarter()
	if h.cfg.Quarter == q {
		return nil
	}
	if err := h.prune(ctx, q.start()); err != nil {
		return err
	}
	cfg := h.cfg
	first := cfg.Quarter == ""
	cfg.Quarter = q
	in := store.Intake{At: h.e.Clock()}
	if !first {
		cfg.Again = h.e.Clock()
		if err := h.store.ForgetHeld(ctx); err != nil {
			return err
		}
		if err := h.e.Forget(ctx); err != nil {
			return err
		}
		in.Setting, in.Value = intakeMark, []byte(q.start().Format(time.RFC3339Nano))
		in.Audit = follow(in.At, note{"hub", "quarter.turn", "linking by the tokens of " + string(q)})
	}
	js, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	// The mark first: after a crash in between the turn is made again, where the other way round the inbox would not be read anew.
	if err := h.store.PutIntake(ctx, in); err != nil {
		return err
	}
	if err := h.store.PutSetting(ctx, hubSetting, js); err != nil {
		return err
	}
	h.cfg, h.told = cfg, map[string]string{}
	return nil
}

// prune deletes what came into the inbox before a time: nobody reads it again, and its tokens are of a key that is over.
func (h *Hub) prune(ctx context.Context, before time.Time) error {
	for {
		old, err := h.store.Objects(ctx, store.ObjectQuery{Collection: taxii.Inbox, Limit: intakeBatch})
		if err != nil {
			return err
		}
		var ids []string
		for _, o := range old {
			if o.Added.Before(before) {
				ids = append(ids, o.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		if _, err := h.store.DeleteObjects(ctx, store.ObjectQuery{Collection: taxii.Inbox, IDs: ids}); err != nil {
			return err
		}
	}
}

// A batch is frames on their way into the store.
type batch struct {
	h       *Hub
	in      store.Intake
	members map[string]Member
	refused map[refusal]int
	taken   map[string]map[uint64]string // frames of this batch, by member and number
	common  func(coldwatch.View, string) bool
	opened  map[string]Opening // by token; nil before the first is asked for
	others  int
	known   int
	leaving []Member
	quarter Quarter // whose tokens are linked
}

type refusal struct{ member, reason string }

func (h *Hub) batch(ctx context.Context) (*batch, error) {
	all, err := h.Members(ctx)
	if err != nil {
		return nil, err
	}
	b := &batch{h: h, in: store.Intake{At: h.e.Clock()}, members: map[string]Member{}, refused: map[refusal]int{},
		taken: map[string]map[uint64]string{}, common: campaign.Common(), quarter: h.quarter()}
	for _, m := range all {
		b.members[m.ID] = m
	}
	return b, nil
}

// An arrived frame is one whose sender is certain.
type arrived struct {
	frame  Frame
	member Member
	body   SightingBody
}

func (b *batch) read(ctx context.Context, objects []store.Object) error {
	var sightings []arrived
	for _, o := range objects {
		f, ours, err := open(o.JSON)
		if !ours {
			continue // somebody pushes STIX of his own; it stays in the inbox
		}
		if err == nil {
			err = b.check(ctx, o.Source, &f)
		}
		known := errors.Is(err, errKnown)
		if known && (f.Kind != KindSighting || o.Added.After(b.h.cfg.Again)) {
			b.known++
			continue
		}
		if known {
			err = nil
		}
		a := arrived{frame: f, member: b.members[f.From]}
		if err == nil {
			switch f.Kind {
			case KindSighting:
				if err = strict(f.Body, &a.body); err == nil {
					err = b.valid(&a.body, a.member)
				}
				if err == nil {
					sightings = append(sightings, a)
				}
			case KindEntry:
				if err = b.entry(a); err == nil {
					b.others++
				}
			case KindOpening:
				if err = b.opening(ctx, a); err == nil {
					b.others++
				}
			case KindLeave:
				b.leaving = append(b.leaving, a.member)
			default:
				err = errors.New("members do not send this kind")
			}
		}
		var broken *brokenError
		if errors.As(err, &broken) {
			return err
		}
		if err != nil {
			b.refused[refusal{o.Source, err.Error()}]++
			continue
		}
		if !known {
			b.take(&f)
		}
	}
	return b.sightings(sightings)
}

// open reads the frame of a stored object.
func open(raw []byte) (f Frame, ours bool, err error) {
	o := stix.Object{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return f, false, err
	}
	return frameOf(o)
}

var errKnown = errors.New("known")

// A brokenError is our own machine's: the frame is not to blame, and is read again the next time. Every other error refuses a frame, so
// that none can stand in the way of those behind it.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// check holds a frame against its sender: errKnown for one that was taken already.
func (b *batch) check(ctx context.Context, source string, f *Frame) error {
	m, ok := b.members[f.From]
	switch {
	case f.From != source:
		return errors.New("it was brought by another than its sender")
	case !ok:
		return errors.New("its sender is no member")
	case m.State != Active:
		return errors.New("its sender is no member any more")
	}
	if err := f.verify(b.h.community, m.Key); err != nil {
		return err
	}
	sum := f.Sum()
	was, known := b.taken[f.From][f.Number]
	if !known {
		frames, err := b.h.store.Frames(ctx, f.From, []uint64{f.Number})
		if err != nil {
			return &brokenError{err}
		}
		if known = len(frames) > 0; known {
			was = frames[0].Sum
		}
	}
	switch {
	case known && was == sum:
		return errKnown
	case known:
		return errors.New("its number was used for something else")
	}
	return nil
}

func (b *batch) take(f *Frame) {
	if b.taken[f.From] == nil {
		b.taken[f.From] = map[uint64]string{}
	}
	b.taken[f.From][f.Number] = f.Sum()
	b.in.Frames = append(b.in.Frames, store.Frame{Member: f.From, Number: f.Number, Sum: f.Sum()})
}

// close stores the batch, and lets those go that leave.
func (b *batch) close(ctx context.Context) error {
	keys := slices.SortedFunc(maps.Keys(b.refused), func(x, y refusal) int {
		return strings.Compare(x.member+"\x00"+x.reason, y.member+"\x00"+y.reason)
	})
	var notes []note
	for _, k := range keys {
		notes = append(notes, note{k.member, "frame.refused", fmt.Sprintf("%d: %s", b.refused[k], k.reason)})
	}
	if len(notes) > 0 {
		b.in.Audit = follow(b.in.At, notes...)
	}
	if err := b.h.store.PutIntake(ctx, b.in); err != nil {
		return err
	}
	for _, m := range b.leaving {
		if err := b.h.depart(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// valid holds a body against what a member may say, whoever wrote its program.
func (b *batch) valid(s *SightingBody, m Member) error {
	at, err := time.Parse(time.RFC3339, s.Hour)
	switch {
	case err != nil || !at.Equal(at.Truncate(time.Hour)) || at.Year() < 2000:
		return errors.New("its hour is none")
	case at.After(b.in.At.Add(maxAhead)):
		return errors.New("its hour lies in the future")
	case s.Quarter != b.quarter && (s.Quarter.start().IsZero() || s.Quarter.before() != b.quarter):
		return errors.New("its tokens are of another quarter")
	case len(s.ID) != 64 || strings.Trim(s.ID, "0123456789abcdef") != "":
		return errors.New("its id is none")
	case !slices.Contains([]coldwatch.Class{coldwatch.Suspicious, coldwatch.Hostile, coldwatch.Targeted}, s.Class):
		return errors.New("its class is none that leaves a house")
	case len(s.Features) > maxFeatures || len(s.Indicators) > maxList:
		return errors.New("it says too much")
	case tlpIDs[s.TLP] == "":
		return errors.New("its marking is none of TLP 2.0")
	case s.Group != "" && !slices.Contains(m.Groups, s.Group):
		return errors.New("its sender is not of that sharing group")
	case s.Bits > 1e7 || s.Bits < -1e7 || s.Threat < 0 || s.Threat > 100 || s.Fidelity < 0 || s.Fidelity > 100 || s.FidelityOf < 0 || s.FidelityOf > 1000:
		return errors.New("a figure is out of its range")
	}
	for _, list := range [][]string{s.Kinds, s.Models, s.Programmes, s.Techniques, s.Layers, {s.Imitated, s.As, s.Function, s.Theme, s.Act, s.Language,
		s.Objective, s.Carrier, s.Group}, slices.Collect(maps.Keys(s.Claims))} {
		if len(list) > maxList || slices.ContainsFunc(list, func(t string) bool { return !plain(t) }) {
			return errors.New("it says too much")
		}
	}
	for _, f := range s.Features {
		if err := b.validFeature(f, s.Quarter != b.quarter); err != nil {
			return err
		}
	}
	for _, i := range s.Indicators {
		if !plainValue(i.Value) || !plain(i.Role) {
			return errors.New("an indicator is none")
		}
	}
	return nil
}

// validFeature also keeps out what a member's program should not have let out: a readable value that is neither common nor a word.
func (b *batch) validFeature(f BodyFeature, older bool) error {
	switch {
	case !slices.Contains(views, f.View):
		return errors.New("a view is unknown")
	case (f.Token == "") == (f.Clear == ""), f.Clear != "" && f.Was != "":
		return errors.New("a value is neither token nor clear")
	case f.Token != "" && !isToken(f.Token), f.Token != "" && older && f.Was == "", f.Was != "" && !isToken(f.Was):
		return errors.New("a token is none")
	case f.Clear != "" && !clearViews[f.View] && f.View != coldwatch.ViewIdentity && !b.common(f.View, f.Clear), len(f.Clear) > 400:
		return errors.New("a value is clear that may not be")
	}
	return nil
}

// sightings makes records of bodies.
func (b *batch) sightings(in []arrived) error {
	held := map[store.Held]bool{}
	for _, a := range in {
		s := b.sighting(a)
		js, err := sighting.Marshal(s)
		if err != nil {
			return err
		}
		var terms []string
		for _, o := range s.Observables {
			terms = append(terms, o.Value)
		}
		b.in.Records = append(b.in.Records, store.Record{ID: s.ID, Organisation: s.Organisation, Source: a.member.ID, Received: s.Received, Class: s.Class,
			Bits: s.Bits, Terms: strings.Join(terms, " "), Analysis: b.h.store.Codec().Compress([]byte("{}")), Sighting: js})
		for _, f := range s.Features {
			if k := (store.Held{Token: f.Value, Member: a.member.ID}); f.Token && asked(f.View) && s.Marking.Group == "" && !held[k] {
				held[k] = true
				b.in.Held = append(b.in.Held, k)
			}
		}
	}
	return nil
}

// sighting reads a body as the campaign room knows a message.
func (b *batch) sighting(a arrived) coldwatch.Sighting {
	v, pack := &a.body, b.h.e.Pack
	at, _ := time.Parse(time.RFC3339, v.Hour) // valid saw it
	s := coldwatch.Sighting{ID: hubID(a.member.ID, v.ID), Organisation: a.member.Organisation, Received: at.UTC(), Class: v.Class, Bits: float64(v.Bits) / 10,
		Kinds: v.Kinds, Impersonated: coldwatch.Impersonation{Organisation: v.Imitated, Kind: v.As}, Techniques: v.Techniques, TTI: float64(v.Threat) / 10,
		Objective: v.Objective, Layers: v.Layers, Carrier: v.Carrier, Marking: coldwatch.Marking{TLP: v.TLP, Group: v.Group},
		Provenance: coldwatch.Provenance{Pack: pack.Name + " " + pack.Version, Node: a.member.ID, Number: a.frame.Number},
		Lure: coldwatch.SightingLure{Theme: v.Theme, Act: v.Act, Language: v.Language, Fidelity: v.Fidelity, FidelityOf: v.FidelityOf, Models: v.Models,
			Programmes: v.Programmes, Claims: v.Claims, Chain: v.Chain}}
	if o := pack.Organisation(v.Imitated); o != nil {
		s.Impersonated.Name = o.Name
	}
	s.Target = coldwatch.Target{Organisation: a.member.Organisation, Function: v.Function, Roles: []string{}}
	if o := pack.Organisation(a.member.Organisation); o != nil {
		s.Target.Roles, s.Target.Country = o.Roles, o.Country
	}
	for _, f := range v.Features {
		if f.Clear != "" {
			s.Features = append(s.Features, coldwatch.Feature{View: f.View, Value: f.Clear})
			continue
		}
		t := f.Token
		if v.Quarter != b.quarter {
			t = f.Was
		}
		s.Features = append(s.Features, coldwatch.Feature{View: f.View, Value: t, Token: true})
	}
	s.Features = sighting.Sort(s.Features)
	for _, i := range v.Indicators {
		if b.trusted(i) {
			s.Observables = append(s.Observables, coldwatch.Observable{Kind: i.Kind, Value: i.Value, Role: i.Role, Owned: true})
		}
	}
	return s
}

// trusted tells whether an indicator may be passed on: one that belongs to an organisation of the pack, or that many use, would
// make members block each other.
func (b *batch) trusted(i Indicator) bool {
	host := i.Value
	switch i.Kind {
	case coldwatch.DomainName:
		if b.common(coldwatch.ViewHost, host) || b.common(coldwatch.ViewDKIM, host) || b.common(coldwatch.ViewSender, host) {
			return false
		}
	case coldwatch.EmailAddress:
		_, host, _ = strings.Cut(i.Value, "@")
	case coldwatch.IPv4Address, coldwatch.IPv6Address, coldwatch.FileHash:
		return true
	default:
		return false
	}
	return !internal(host) && b.h.e.Pack.OwnerOf(host) == nil
}

// hubID names a sighting at the hub. The member is part of it, so that none can speak of another's.
func hubID(member, id string) string {
	sum := sha256.Sum256([]byte(member + "\x00" + id))
	return hex.EncodeToString(sum[:])
}
