package taxii

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/publish/audience"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/store"
)

// collectionTLP is the strictest marking that the readers of the campaigns collection may have.
const collectionTLP = "TLP:AMBER"

// Published is what Publish did.
type Published struct {
	Campaigns int      `json:"campaigns"` // that stand in the collection now
	New       int      `json:"new"`       // versions added, revocations included
	Revoked   int      `json:"revoked"`   // objects that no campaign has any more
	Held      []string `json:"held"`      // campaigns that may not go out, with the reason
}

// Publish brings the campaigns collection up to date with the campaigns: what is new or says something else gets a new version, and
// what no campaign says any more, or one that was withdrawn said, is revoked. A possible campaign of one message stays inside, one that is not mostly hostile, and what
// the audience check holds up. Doing it twice adds nothing.
//
// A version is made when anything but modified differs, and its time is later than the one before, since readers take the latest. An
// object that was revoked and is true again comes back under another id: STIX 2.1 section 3.6 lets no version follow a revocation.
func Publish(ctx context.Context, e *engine.Engine) (Published, error) {
	p, err := newPublisher(ctx, e.Store, Campaigns)
	if err != nil {
		return p.done, err
	}
	p.now = e.Clock().UTC().Truncate(time.Millisecond)
	profiles, err := e.Store.Campaigns(ctx)
	if err != nil {
		return p.done, err
	}
	back, err := e.Withdrawn(ctx)
	if err != nil {
		return p.done, err
	}
	for i := range profiles {
		if _, gone := back[profiles[i].Campaign]; gone || profiles[i].Possible || !hostile(&profiles[i]) {
			continue
		}
		r, err := e.Report(ctx, profiles[i].Campaign)
		if err != nil {
			return p.done, err
		}
		bundle := stix.Bundle(r, e.Pack)
		raw, err := stix.Marshal(bundle)
		if err != nil {
			return p.done, fmt.Errorf("taxii: %w", err)
		}
		leaks := audience.Check(audience.Content{Name: profiles[i].Campaign, Bytes: raw, Marking: r.Marking, Report: r, List: true},
			audience.Reader{ID: "constituency", TLP: collectionTLP}, e.Pack)
		if len(leaks) > 0 {
			p.done.Held = append(p.done.Held, fmt.Sprintf("%s: %s (%s)", profiles[i].Campaign, leaks[0].Reason, leaks[0].Kind))
			if err := p.keep(raw); err != nil {
				return p.done, err
			}
			continue
		}
		p.done.Campaigns++
		if err := p.add(raw); err != nil {
			return p.done, err
		}
	}
	if err := p.revoke(); err != nil {
		return p.done, err
	}
	added, err := e.Store.PutObjects(ctx, Campaigns, e.Clock(), p.out)
	p.done.New = len(added)
	return p.done, err
}

// hostile tells whether at least half of a campaign's messages are: below, it is for an analyst to look at and for nobody to block.
func hostile(p *coldwatch.Profile) bool {
	bad := 0
	for _, c := range p.Classes {
		if coldwatch.Class(c.Value).Bad() {
			bad += c.Count
		}
	}
	return len(p.Classes) == 0 || 2*bad >= p.Messages
}

type publisher struct {
	now     time.Time              // of a version that would else be older than the one before; zero: a millisecond after that one
	have    map[string]stix.Object // id → last version that was published
	current map[string]bool        // ids that a campaign says now
	out     []store.Object
	done    Published
}

// newPublisher knows what was published in a collection.
func newPublisher(ctx context.Context, st Store, collection string) (*publisher, error) {
	p := &publisher{done: Published{Held: []string{}}, have: map[string]stix.Object{}, current: map[string]bool{}}
	known, err := st.Objects(ctx, store.ObjectQuery{Collection: collection, Last: true})
	if err != nil {
		return p, err
	}
	for _, k := range known {
		if p.have[k.ID], err = decode(k.JSON); err != nil {
			return p, fmt.Errorf("taxii: %s: %w", k.ID, err)
		}
	}
	return p, nil
}

// add takes the objects of a bundle.
func (p *publisher) add(bundle []byte) error {
	objects, _, err := stix.Parse(bytes.NewReader(bundle))
	if err != nil {
		return fmt.Errorf("taxii: %w", err)
	}
	renamed, gone := map[string]string{}, map[string]bool{}
	for _, o := range objects {
		id := o.ID()
		for isRevoked(p.have[id]) {
			id = o.Type() + "--" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(id)).String()
		}
		switch {
		case id == o.ID():
		case isRevoked(o) && p.have[id] == nil:
			gone[o.ID()] = true // revoked before: nothing is left to take back
		default:
			renamed[o.ID()] = id
		}
	}
	for _, o := range objects {
		if gone[o.ID()] {
			continue
		}
		if len(renamed) > 0 {
			o = rename(map[string]any(o), renamed).(map[string]any)
		}
		if p.current[o.ID()] {
			continue // another campaign says the same
		}
		p.current[o.ID()] = true
		was := p.have[o.ID()]
		if was != nil && (was["modified"] == nil || same(was, o)) {
			continue
		}
		if err := p.put(was, o); err != nil {
			return err
		}
	}
	return nil
}

// keep leaves what was published of a campaign as it is.
func (p *publisher) keep(bundle []byte) error {
	objects, _, err := stix.Parse(bytes.NewReader(bundle))
	if err != nil {
		return fmt.Errorf("taxii: %w", err)
	}
	for _, o := range objects {
		p.current[o.ID()] = true
	}
	return nil
}

// put adds a version, later than the one before.
func (p *publisher) put(was, o stix.Object) error {
	if was != nil {
		before, at := modified(was), modified(o)
		if !at.After(before) {
			at = before.Add(time.Millisecond)
			if p.now.After(at) {
				at = p.now
			}
			o["modified"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	rec, err := Record(o, "")
	p.out = append(p.out, rec)
	return err
}

// own are the types of objects that belong to one campaign; the others are true by themselves.
var own = []string{"campaign", "indicator", "infrastructure", "intrusion-set", "note", "observed-data", "relationship", "report", "sighting"}

// revoke takes back what no campaign says any more.
func (p *publisher) revoke() error {
	for _, id := range slices.Sorted(maps.Keys(p.have)) {
		o := p.have[id]
		if p.current[id] || isRevoked(o) || !slices.Contains(own, o.Type()) {
			continue
		}
		was := maps.Clone(o)
		o["revoked"] = true
		if err := p.put(was, o); err != nil {
			return err
		}
		p.done.Revoked++
	}
	return nil
}

func isRevoked(o stix.Object) bool { b, _ := o["revoked"].(bool); return b }

func modified(o stix.Object) time.Time {
	s, _ := o["modified"].(string)
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}

// same tells whether two versions say the same.
func same(a, b stix.Object) bool {
	text := func(o stix.Object) string {
		o = maps.Clone(o)
		delete(o, "modified")
		raw, err := json.Marshal(o) // properties sorted
		if err != nil {
			return ""
		}
		return string(raw)
	}
	return text(a) == text(b)
}

// rename replaces ids wherever they stand as a whole value.
func rename(v any, ids map[string]string) any {
	switch v := v.(type) {
	case string:
		if to, ok := ids[v]; ok && strings.Contains(v, "--") {
			return to
		}
	case []any:
		for i := range v {
			v[i] = rename(v[i], ids)
		}
	case map[string]any:
		for k := range v {
			v[k] = rename(v[k], ids)
		}
	}
	return v
}
