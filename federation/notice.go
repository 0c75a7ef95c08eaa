package federation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A Notice is what the hub says of one campaign, to every member alike: nobody can tell by who is told who was hit.
type Notice struct {
	Campaign   string        `json:"campaign"`
	Group      string        `json:"group,omitempty"` // sharing group that hears it; "" is everybody
	Quarter    Quarter       `json:"quarter"`         // of the key of the tokens
	Gone       bool          `json:"gone,omitempty"`  // it is no campaign any more: part of another, or taken back
	First      string        `json:"first,omitempty"`
	Last       string        `json:"last,omitempty"` // the hour
	Hit        Crowd         `json:"hit"`
	Imitated   string        `json:"imitated,omitempty"` // pack id
	Name       string        `json:"name,omitempty"`
	Themes     []string      `json:"themes,omitempty"`
	Carriers   []string      `json:"carriers,omitempty"`
	Objectives []string      `json:"objectives,omitempty"`
	Models     []string      `json:"models,omitempty"`
	Techniques []string      `json:"techniques,omitempty"`
	Targeted   bool          `json:"targeted,omitempty"`   // made for the chain
	Indicators []Indicator   `json:"indicators,omitempty"` // the attacker's own
	Tokens     []SharedToken `json:"tokens,omitempty"`     // that two members or more have: a member finds its own mail by them
	TLP        string        `json:"tlp,omitempty"`
}

// A SharedToken is a value that at least two members have.
type SharedToken struct {
	View  coldwatch.View `json:"view"`
	Token string         `json:"token"`
}

const (
	maxTokens     = 200
	maxIndicators = 200
)

// A Published counts what Publish did.
type Published struct {
	Campaigns int `json:"campaigns"`
	New       int `json:"new"`
	Gone      int `json:"gone"`
}

// Publish brings what members read up to date with the campaigns of two members or more. Doing it twice adds nothing.
func (h *Hub) Publish(ctx context.Context) (Published, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var done Published
	members, err := h.Members(ctx)
	if err != nil {
		return done, err
	}
	profiles, err := h.store.Campaigns(ctx)
	if err != nil {
		return done, err
	}
	docs, err := h.store.Documents(ctx, docNotice)
	if err != nil {
		return done, err
	}
	said := map[string][]byte{}
	for _, d := range docs {
		said[d.ID] = d.Body
	}
	may := counted(members)
	b := &bulletin{h: h, next: h.cfg.Next}
	current := map[string]bool{}
	for i := range profiles {
		p := &profiles[i]
		if p.Possible || len(p.Targets) < 2 {
			continue
		}
		if h.told[p.Campaign] == fmt.Sprintf("%d %d", p.Version, len(may)) { // nothing new
			for id := range said {
				if campaign, _, _ := strings.Cut(id, " "); campaign == p.Campaign {
					current[id] = true
				}
			}
			done.Campaigns++
			continue
		}
		all, err := h.sightings(ctx, p.Members)
		if err != nil {
			return done, err
		}
		for group, heard := range audiences(all) {
			n := h.notice(p.Campaign, group, heard, may)
			current[n.key()] = true
			done.Campaigns += one(group == "")
			fresh, err := b.say(ctx, n, said[n.key()], members)
			if err != nil {
				return done, err
			}
			done.New += one(fresh)
		}
		b.told = append(b.told, [2]string{p.Campaign, fmt.Sprintf("%d %d", p.Version, len(may))})
	}
	for _, id := range slices.Sorted(maps.Keys(said)) {
		if current[id] {
			continue
		}
		campaign, group, _ := strings.Cut(id, " ")
		delete(h.told, campaign)
		fresh, err := b.say(ctx, Notice{Campaign: campaign, Group: group, Gone: true, Hit: Crowd{Members: Community}}, said[id], members)
		if err != nil {
			return done, err
		}
		done.Gone += one(fresh)
	}
	if err := b.addDirectory(ctx, members); err != nil {
		return done, err
	}
	if err := b.addFilter(ctx, members); err != nil {
		return done, err
	}
	return done, b.send(ctx)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sightings gives those of a campaign.
func (h *Hub) sightings(ctx context.Context, ids []string) ([]coldwatch.Sighting, error) {
	var all []coldwatch.Sighting
	err := h.store.SightingsOf(ctx, ids, func(raw []byte) error {
		s, err := sighting.Unmarshal(raw)
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	return all, nil
}

// notice says what an audience may hear of a campaign, by the sightings that it may hear of and nothing else. They are in the
// order of their receipt.
func (h *Hub) notice(campaign, group string, all []coldwatch.Sighting, may map[string]bool) Notice {
	n := Notice{Campaign: campaign, Group: group, Quarter: h.quarter(), First: all[0].Received.Format(time.RFC3339),
		Last: all[len(all)-1].Received.Format(time.RFC3339), Hit: crowd(all, may, h.cfg.K, h.e.Pack), TLP: strictest(all)}
	n.Themes = frequent(all, func(s *coldwatch.Sighting) []string { return []string{s.Lure.Theme} })
	n.Carriers = frequent(all, func(s *coldwatch.Sighting) []string { return []string{s.Carrier} })
	n.Objectives = frequent(all, func(s *coldwatch.Sighting) []string { return []string{s.Objective} })
	n.Models = frequent(all, func(s *coldwatch.Sighting) []string { return s.Lure.Models })
	n.Techniques = frequent(all, func(s *coldwatch.Sighting) []string { return s.Techniques })
	if who := frequent(all, func(s *coldwatch.Sighting) []string { return []string{s.Impersonated.Organisation} }); len(who) > 0 {
		n.Imitated = who[0]
		if o := h.e.Pack.Organisation(who[0]); o != nil {
			n.Name = o.Name
		}
	}
	targeted := 0
	for _, s := range all {
		targeted += one(s.Class == coldwatch.Targeted)
	}
	n.Targeted = 3*targeted >= len(all)
	n.Indicators, n.Tokens = common(all)
	return n
}

// valid holds a notice against what may stand in a warning that is mailed and shown: the hub passes on members' words.
func (n *Notice) valid() bool {
	if tlpIDs[n.TLP] == "" && !n.Gone || len(n.Indicators) > maxIndicators || len(n.Tokens) > maxTokens {
		return false
	}
	for _, i := range n.Indicators {
		if !plainValue(i.Value) || !plain(i.Role) || !plain(string(i.Kind)) {
			return false
		}
	}
	for _, list := range [][]string{{n.Campaign, n.Group, n.Name, n.Imitated, n.First, n.Last, n.Hit.Members}, n.Themes, n.Carriers, n.Objectives, n.Models, n.Techniques,
		n.Hit.Countries, n.Hit.Regions, n.Hit.Roles, n.Hit.Stages, n.Hit.Functions} {
		if slices.ContainsFunc(list, func(s string) bool { return !plain(s) }) {
			return false
		}
	}
	return true
}

// plain tells a short text of one line without markup.
func plain(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || r == '<' || r == '"' || r == '`'
	})
}

// plainValue tells a host, mailbox, address or hash.
func plainValue(s string) bool {
	return s != "" && len(s) <= 320 && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("@.-_+:=~!#$%&*/?^{|}'", r)
	})
}

// key names a notice: a campaign, and who hears of it.
func (n *Notice) key() string {
	if n.Group == "" {
		return n.Campaign
	}
	return n.Campaign + " " + n.Group
}

// strictest is the marking of a whole made of sightings.
func strictest(all []coldwatch.Sighting) string {
	order := []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"}
	top := 0
	for _, s := range all {
		top = max(top, slices.Index(order, s.Marking.TLP))
	}
	return order[top]
}

// common gives the attacker's own of a campaign, and the tokens that sightings of two organisations share. Where there are too many,
// those stay that most organisations have: however much one of them sends, it crowds out nothing that two others saw.
func common(all []coldwatch.Sighting) ([]Indicator, []SharedToken) {
	who := map[SharedToken]map[string]bool{}
	own := map[Indicator]map[string]bool{}
	for _, s := range all {
		for _, f := range s.Features {
			if !f.Token || f.View == coldwatch.ViewTooling || f.View == coldwatch.ViewNet {
				continue
			}
			t := SharedToken{f.View, f.Value}
			if who[t] == nil {
				who[t] = map[string]bool{}
			}
			who[t][s.Organisation] = true
		}
		for _, o := range s.Observables {
			i := Indicator{o.Kind, o.Value, o.Role}
			if own[i] == nil {
				own[i] = map[string]bool{}
			}
			own[i][s.Organisation] = true
		}
	}
	maps.DeleteFunc(who, func(_ SharedToken, orgs map[string]bool) bool { return len(orgs) < 2 })
	tokens := slices.SortedFunc(maps.Keys(who), func(a, b SharedToken) int {
		return cmp.Or(len(who[b])-len(who[a]), cmp.Compare(a.View, b.View), cmp.Compare(a.Token, b.Token))
	})
	tokens = tokens[:min(len(tokens), maxTokens)]
	// How many have a token is not told, so their order may not tell it.
	slices.SortFunc(tokens, func(a, b SharedToken) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Token, b.Token))
	})
	order := func(a, b Indicator) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Role, b.Role))
	}
	indicators := slices.SortedFunc(maps.Keys(own), func(a, b Indicator) int { return cmp.Or(len(own[b])-len(own[a]), order(a, b)) })
	indicators = indicators[:min(len(indicators), maxIndicators)]
	slices.SortFunc(indicators, order)
	return indicators, tokens
}

// A bulletin is what the hub is about to say.
type bulletin struct {
	h       *Hub
	next    uint64
	objects []store.Object
	docs    []store.Document
	told    [][2]string // campaigns with the state that is said of them now
}

// say adds a notice, unless it says what was said.
func (b *bulletin) say(ctx context.Context, n Notice, before []byte, members []Member) (bool, error) {
	js, err := json.Marshal(n)
	if err != nil {
		return false, fmt.Errorf("notice: %w", err)
	}
	if string(js) == string(before) || n.Gone && isGone(before) {
		return false, nil
	}
	b.docs = append(b.docs, store.Document{Kind: docNotice, ID: n.key(), Body: js})
	if n.Group != "" {
		return true, b.addSealed(ctx, n, js, members)
	}
	if err := b.add(KindNotice, n.Campaign, n, n.Sentence(), n.TLP); err != nil {
		return false, err
	}
	return true, b.plain(&n)
}

func isGone(body []byte) bool {
	var n Notice
	return json.Unmarshal(body, &n) == nil && n.Gone
}

// add signs a body and makes its object.
func (b *bulletin) add(kind, about string, body any, content, tlp string) error {
	f, err := newFrame(b.h.community, HubName, b.next, kind, body, b.h.key)
	if err != nil {
		return err
	}
	b.next++
	return b.put(f.object(about, content, tlp, b.at()))
}

func (b *bulletin) put(o stix.Object) error {
	rec, err := taxii.Record(o, "")
	b.objects = append(b.objects, rec)
	return err
}

// at is the time of what is said: each later version of an object must have a later one.
func (b *bulletin) at() time.Time {
	return b.h.e.Clock().UTC().Truncate(time.Millisecond)
}

// plain says a notice again as a campaign and indicators of STIX, for readers that do not know the extension.
func (b *bulletin) plain(n *Notice) error {
	who := stixID("identity", b.h.community, HubName)
	at := stamp(b.at())
	base := func(kind, id string) stix.Object {
		o := stix.Object{"type": kind, "id": id, "spec_version": "2.1", "created": born, "modified": at, "created_by_ref": who}
		if m := tlpIDs[n.TLP]; m != "" {
			o["object_marking_refs"] = []any{m}
		}
		return o
	}
	c := base("campaign", stixID("campaign", b.h.community, n.Campaign))
	c["name"], c["description"] = b.h.cfg.Name+" "+n.Campaign, n.Sentence()
	if n.Gone {
		c["revoked"] = true
		return b.put(c)
	}
	c["first_seen"], c["last_seen"] = stampOf(n.First), stampOf(n.Last)
	if err := b.put(c); err != nil {
		return err
	}
	for _, i := range n.Indicators {
		id := stixID("indicator", b.h.community, n.Campaign, string(i.Kind), i.Value)
		o := base("indicator", id)
		o["pattern_type"], o["valid_from"], o["name"] = "stix", stampOf(n.First), i.Value
		o["pattern"] = stix.Pattern(coldwatch.Observable{Kind: i.Kind, Value: i.Value})
		o["indicator_types"] = []any{"malicious-activity"}
		if err := b.put(o); err != nil {
			return err
		}
		r := base("relationship", stixID("relationship", id, c.ID()))
		r["relationship_type"], r["source_ref"], r["target_ref"] = "indicates", id, c.ID()
		if err := b.put(r); err != nil {
			return err
		}
	}
	return nil
}

func stampOf(rfc3339 string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return born
	}
	return stamp(t)
}

// send publishes, and stores what was said with the number that comes next.
func (b *bulletin) send(ctx context.Context) error {
	if len(b.objects) == 0 {
		b.remember()
		return nil
	}
	h := b.h
	cfg := h.cfg
	cfg.Next = b.next
	js, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	// The numbers first: after a crash in between some are never used, and none is used twice.
	if err := h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Setting: hubSetting, Value: js}); err != nil {
		return err
	}
	h.cfg = cfg
	if _, err := h.store.PutObjects(ctx, taxii.Campaigns, h.e.Clock(), b.objects); err != nil {
		return err
	}
	if err := h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Documents: b.docs}); err != nil {
		return err
	}
	b.remember()
	return nil
}

// remember notes what was said, once it is stored.
func (b *bulletin) remember() {
	for _, t := range b.told {
		b.h.told[t[0]] = t[1]
	}
}

// Sentence says a notice to a person.
func (n *Notice) Sentence() string {
	if n.Gone {
		return "Campaign " + n.Campaign + " stands no longer by itself."
	}
	var b strings.Builder
	first := strings.Split(n.First, "T")[0]
	fmt.Fprintf(&b, "Since %s hostile mail", first)
	if n.Targeted {
		b.WriteString(" made for the supply chain")
	}
	if n.Name != "" {
		b.WriteString(" in the name of " + n.Name)
	}
	b.WriteString(" reaches " + n.Hit.Members)
	if len(n.Hit.Countries) > 0 {
		b.WriteString(", in " + strings.Join(n.Hit.Countries, ", "))
	}
	if len(n.Hit.Regions) > 0 {
		b.WriteString(", in " + strings.Join(n.Hit.Regions, ", "))
	}
	if len(n.Hit.Roles) > 0 {
		b.WriteString("; roles: " + strings.Join(n.Hit.Roles, ", "))
	}
	if len(n.Hit.Stages) > 0 {
		b.WriteString("; stages: " + strings.Join(n.Hit.Stages, ", "))
	}
	if len(n.Themes) > 0 {
		b.WriteString("; lure: " + strings.Join(n.Themes, ", "))
	}
	if len(n.Carriers) > 0 {
		b.WriteString("; carrier: " + strings.Join(n.Carriers, ", "))
	}
	b.WriteString(".")
	return b.String()
}
