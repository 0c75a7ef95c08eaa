package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/publish/stix"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

const (
	sendBatch = 500
	again     = 365 * 24 * time.Hour // what is older is not sent again at the turn of a quarter
	docHeard  = "heard"              // kind of document: what the hub said, as the member keeps it
)

// A Sync counts what one exchange with the hub brought.
type Sync struct {
	Sent     int `json:"sent"`     // sightings
	Heard    int `json:"heard"`    // what the hub said
	Refused  int `json:"refused"`  // of it, what its signature or number does not hold
	Warnings int `json:"warnings"` // new
}

// Sync sends what is new and reads what the hub says. Where the hub cannot be reached nothing is lost and nothing waits in memory: what
// is to be sent are the sightings of the store behind a mark, and the mark moves when the hub has them.
func (n *Node) Sync(ctx context.Context) (Sync, error) {
	var done Sync
	if err := n.reload(ctx); err != nil { // policy and key may have been replaced meanwhile
		return done, err
	}
	if err := n.send(ctx, &done); err != nil {
		return done, err
	}
	return done, n.hear(ctx, &done)
}

func (n *Node) dial(ctx context.Context, collection string, write bool) (*taxii.Client, error) {
	return taxii.DialTLS(ctx, n.tls, n.cfg.URL+taxii.Root+"collections/"+collection+"/", "", n.cfg.ID, n.cfg.Secret, write)
}

// send pushes sightings, each batch under numbers that were never used: the numbers are given up before they are used. So a batch that is
// sent again after a crash comes under other numbers, and the hub knows its sightings by their ids.
//
// At the turn of a quarter everything of the last year is sent again under the new key, so that the hub can let go of the old tokens.
func (n *Node) send(ctx context.Context, done *Sync) error {
	if q := QuarterOf(n.e.Clock()); n.cfg.Quarter != q {
		cfg := n.cfg
		cfg.Again = cfg.Sent
		cfg.Quarter, cfg.Sent = q, 0
		if err := n.save(ctx, cfg); err != nil {
			return err
		}
	}
	var c *taxii.Client
	for {
		page, err := n.store.SightingsInOrder(ctx, n.cfg.Sent, sendBatch)
		if err != nil || len(page) == 0 {
			return err
		}
		objects, err := n.frames(page)
		if err != nil {
			return err
		}
		if len(objects) > 0 {
			if c == nil { // before anything is numbered and signed: the hub may be away
				if c, err = n.dial(ctx, taxii.Inbox, true); err != nil {
					return err
				}
			}
			first, err := n.reserve(ctx, len(objects))
			if err != nil {
				return err
			}
			if objects, err = n.numbered(objects, first); err != nil {
				return err
			}
			through := 0
			sent, err := c.Push(ctx, raws(objects), func(k int) error { through = k; return nil })
			if err != nil {
				return err
			}
			if through != len(objects) || sent.Failed > 0 {
				return fmt.Errorf("the hub took %d of %d sightings: %s", sent.Taken, len(objects), strings.Join(sent.Reasons, "; "))
			}
			done.Sent += len(objects)
		}
		cfg := n.cfg
		cfg.Sent = page[len(page)-1].Number
		if err := n.save(ctx, cfg); err != nil {
			return err
		}
	}
}

// An outgoing sighting.
type outgoing struct {
	body SightingBody
	raw  []byte
}

func raws(out []outgoing) [][]byte {
	all := make([][]byte, len(out))
	for i := range out {
		all[i] = out[i].raw
	}
	return all
}

func (n *Node) frames(page []store.Numbered) ([]outgoing, error) {
	var out []outgoing
	now := n.e.Clock()
	for _, p := range page {
		s, err := sighting.Unmarshal(p.Sighting)
		if err != nil {
			return nil, err
		}
		if !n.wall.shares(s.Class) || p.Number <= n.cfg.Again && now.Sub(s.Received) > again {
			continue
		}
		body, _ := n.wall.pass(&s, now)
		out = append(out, outgoing{body: body})
	}
	return out, nil
}

func (n *Node) numbered(out []outgoing, last uint64) ([]outgoing, error) {
	for i := range out {
		var err error
		if out[i].raw, err = n.sighting(out[i].body, last+uint64(i)+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sighting gives the bytes of a sighting's object.
func (n *Node) sighting(body SightingBody, number uint64) ([]byte, error) {
	f, err := newFrame(n.community, n.cfg.ID, number, KindSighting, body, n.key)
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, body.Hour)
	if err != nil {
		return nil, fmt.Errorf("sighting: %w", err)
	}
	raw, err := stix.Marshal(f.object("", "", body.TLP, at))
	if err != nil {
		return nil, err
	}
	return canonical(raw) // what is shown is what is sent, to the byte
}

// reserve gives up the numbers after the one it returns. They follow the clock, so that another process of this member does not take
// the same.
func (n *Node) reserve(ctx context.Context, k int) (uint64, error) {
	if err := n.reload(ctx); err != nil {
		return 0, err
	}
	cfg := n.cfg
	first := max(cfg.Number, uint64(max(0, n.e.Clock().UnixMicro())))
	cfg.Number = first + uint64(k)
	return first, n.save(ctx, cfg)
}

// push sends one frame of another kind.
func (n *Node) push(ctx context.Context, kind, about, content, tlp string, body any) error {
	last, err := n.reserve(ctx, 1)
	if err != nil {
		return err
	}
	f, err := newFrame(n.community, n.cfg.ID, last+1, kind, body, n.key)
	if err != nil {
		return err
	}
	raw, err := stix.Marshal(f.object(about, content, tlp, n.e.Clock()))
	if err != nil {
		return err
	}
	c, err := n.dial(ctx, taxii.Inbox, true)
	if err != nil {
		return err
	}
	sent, err := c.Push(ctx, [][]byte{raw}, func(int) error { return nil })
	if err == nil && sent.Failed > 0 {
		err = fmt.Errorf("the hub refused it: %s", strings.Join(sent.Reasons, "; "))
	}
	return err
}

// hear reads what the hub says, and acts on it: each page is stored with how far it was read.
func (n *Node) hear(ctx context.Context, done *Sync) error {
	c, err := n.dial(ctx, taxii.Campaigns, false)
	if err != nil {
		return err
	}
	heard, err := n.heard(ctx)
	if err != nil {
		return err
	}
	return c.Poll(ctx, n.readMark(), func(objects []stix.Object, _ []stix.Problem, last time.Time) error {
		if last.IsZero() {
			return errors.New("the hub does not tell how far we have read")
		}
		var fresh []spoken
		for _, o := range objects {
			f, ours, err := frameOf(o)
			if !ours {
				continue // the same in plain STIX, for others
			}
			if err == nil {
				err = f.verify(n.community, n.cfg.Hub)
			}
			if err != nil || f.From != HubName {
				done.Refused++
				continue
			}
			id := o.ID()
			if was := heard[id]; f.Number <= was.Number {
				if f.Number < was.Number {
					done.Refused++ // an older word played again
				}
				continue
			}
			s := spoken{ID: id, Number: f.Number, Kind: f.Kind, Body: f.Body}
			if f.Kind == KindSealed {
				body, mine := n.unsealed(f.Body)
				if !mine {
					continue
				}
				s.Kind, s.Body = KindNotice, body
			}
			heard[id] = s
			fresh = append(fresh, s)
			done.Heard++
		}
		if err := n.act(ctx, heard, fresh, done); err != nil {
			return err
		}
		cfg := n.cfg
		cfg.Read = last.Format(time.RFC3339Nano)
		docs, err := documents(fresh)
		if err != nil {
			return err
		}
		if err := n.store.PutIntake(ctx, store.Intake{At: n.e.Clock(), Documents: docs}); err != nil {
			return err
		}
		return n.save(ctx, cfg)
	})
}

// A spoken word of the hub, as the member keeps it.
type spoken struct {
	ID     string          `json:"id"`
	Number uint64          `json:"number"`
	Kind   string          `json:"kind"`
	Body   json.RawMessage `json:"body"`
}

func documents(words []spoken) ([]store.Document, error) {
	var out []store.Document
	for _, w := range words {
		js, err := json.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("heard: %w", err)
		}
		out = append(out, store.Document{Kind: docHeard, ID: w.ID, Body: js})
	}
	return out, nil
}

// heard gives what the hub said so far, by id.
func (n *Node) heard(ctx context.Context) (map[string]spoken, error) {
	docs, err := n.store.Documents(ctx, docHeard)
	if err != nil {
		return nil, err
	}
	out := map[string]spoken{}
	for _, d := range docs {
		var s spoken
		if err := json.Unmarshal(d.Body, &s); err != nil {
			return nil, fmt.Errorf("heard: %w", err)
		}
		out[d.ID] = s
	}
	return out, nil
}

// Notices gives what the hub says of campaigns now, by campaign.
func (n *Node) Notices(ctx context.Context) ([]Notice, error) {
	heard, err := n.heard(ctx)
	if err != nil {
		return nil, err
	}
	var out []Notice
	for _, s := range heard {
		var x Notice
		if s.Kind == KindNotice && json.Unmarshal(s.Body, &x) == nil && !x.Gone {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Notice) int { return strings.Compare(a.key(), b.key()) })
	return out, nil
}

// act warns of what was heard just now; heard holds it with what was heard before.
func (n *Node) act(ctx context.Context, heard map[string]spoken, fresh []spoken, done *Sync) error {
	var due []coldwatch.Warning
	opened := openedTokens(heard)
	for _, s := range fresh {
		if s.Kind != KindNotice {
			continue
		}
		var notice Notice
		if err := strict(s.Body, &notice); err != nil || !notice.valid() {
			done.Refused++
			continue
		}
		if notice.Gone {
			continue
		}
		if err := n.index.catchUp(ctx, n, notice.Quarter); err != nil {
			return err
		}
		if err := n.offer(ctx, &notice, opened); err != nil {
			return err
		}
		due = append(due, n.warning(&notice, n.index.of(notice.Tokens)))
	}
	if len(due) == 0 {
		return nil
	}
	said, err := n.store.Warnings(ctx)
	if err != nil {
		return err
	}
	due = slices.DeleteFunc(due, func(w coldwatch.Warning) bool {
		return slices.ContainsFunc(said, func(o coldwatch.Warning) bool { return o.ID == w.ID })
	})
	done.Warnings += len(due)
	if len(due) == 0 {
		return nil
	}
	return n.store.PutWarnings(ctx, due)
}

// openedTokens gives the tokens that somebody opened.
func openedTokens(heard map[string]spoken) map[string]bool {
	out := map[string]bool{}
	for _, s := range heard {
		var o Opening
		if s.Kind == KindOpening && json.Unmarshal(s.Body, &o) == nil {
			out[o.Token] = true
		}
	}
	return out
}

// Reasons of a warning that a hub's notice gives.
const (
	reasonTargeted  = "targeted"
	reasonCommunity = "community"
)

// warning says a notice to the member's own house. What is new for it makes a new warning: the campaign, the step of its size, and
// whether it was hit itself.
func (n *Node) warning(x *Notice, own []string) coldwatch.Warning {
	w := coldwatch.Warning{Campaign: x.Campaign, Reader: n.cfg.Organisation, Reason: reasonCommunity, Messages: own, At: n.e.Clock(),
		Marking: coldwatch.Marking{TLP: x.TLP}}
	w.Reported, _ = time.Parse(time.RFC3339, x.Last)
	if o := n.e.Pack.Organisation(n.cfg.Organisation); o != nil {
		w.Name, w.Contact = o.Name, o.SecurityContact
	}
	what := "hostile mail"
	if x.Name != "" {
		what += " in the name of " + x.Name
	}
	w.Subject = fmt.Sprintf("[%s] Alert from %s: %s", x.TLP, n.cfg.Name, what)
	if len(own) > 0 {
		w.Reason = reasonTargeted
		w.Subject = fmt.Sprintf("[%s] Your organisation was targeted: %s", x.TLP, what)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{n.community, x.key(), w.Reader, w.Reason, x.Hit.Members}, "\x00")))
	w.ID = "w-" + hex.EncodeToString(sum[:8])
	w.Text = n.alert(x, own)
	w.Full = w.Text + "\n" + details(x)
	return w
}

func (n *Node) alert(x *Notice, own []string) string {
	var b strings.Builder
	b.WriteString(x.Sentence() + "\n\n")
	switch len(own) {
	case 0:
		b.WriteString("Your own mail shows none of it yet. ")
	case 1:
		b.WriteString("One message of your own is part of it. ")
	default:
		fmt.Fprintf(&b, "%d messages of your own are part of it. ", len(own))
	}
	b.WriteString("Block what is listed, look for it in your mail of the last 90 days, and report what you find. The names of those who were hit are not known to you, " +
		"and yours is not known to them.\n")
	return b.String()
}

func details(x *Notice) string {
	var b strings.Builder
	if len(x.Indicators) > 0 {
		b.WriteString("What to block and look for\n\n")
		for _, i := range x.Indicators {
			fmt.Fprintf(&b, "- %s (%s, %s)\n", i.Value, i.Kind, i.Role)
		}
	}
	if len(x.Techniques) > 0 {
		fmt.Fprintf(&b, "\nMethod in ATT&CK: %s\n", strings.Join(x.Techniques, ", "))
	}
	return b.String()
}

// Holdings tell which of the member's messages has a token.
type holdings struct {
	quarter Quarter // of the tokens
	upTo    int64
	ids     map[string][]string // token → message ids
	values  map[string]string   // token → what it stands for
}

// catchUp takes in the sightings that came since.
func (h *holdings) catchUp(ctx context.Context, n *Node, q Quarter) error {
	if h.quarter != q {
		*h = holdings{quarter: q, ids: map[string][]string{}, values: map[string]string{}}
	}
	tokens := n.ring.tokens(q)
	for {
		page, err := n.store.SightingsInOrder(ctx, h.upTo, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			s, err := sighting.Unmarshal(p.Sighting)
			if err != nil {
				return err
			}
			for _, f := range s.Features {
				t := tokens.of(f.View, f.Value)
				h.ids[t] = append(h.ids[t], s.ID)
				h.values[t] = f.Value
			}
			h.upTo = p.Number
		}
	}
}

// strong are the views of which two messages of one campaign share more than what strangers share.
var strong = map[coldwatch.View]bool{coldwatch.ViewHost: true, coldwatch.ViewAccount: true, coldwatch.ViewSender: true, coldwatch.ViewReplyTo: true,
	coldwatch.ViewAttachment: true, coldwatch.ViewSubject: true, coldwatch.ViewText: true, coldwatch.ViewLinkHost: true, coldwatch.ViewEnvelope: true}

// of gives the messages that share at least two of the tokens, one of them of a view that tells of an operator, sorted.
func (h *holdings) of(tokens []SharedToken) []string {
	n, good := map[string]int{}, map[string]bool{}
	for _, t := range tokens {
		for _, id := range h.ids[t.Token] {
			n[id]++
			good[id] = good[id] || strong[t.View]
		}
	}
	var out []string
	for id, k := range n {
		if k >= 2 && good[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Leave tells the hub that this member goes: the hub deletes its sightings and keeps what they showed as counts under a name that
// leads nowhere. Whether the hub can be told or not, this house sends nothing any more; its own mail, campaigns and warnings stay.
func (n *Node) Leave(ctx context.Context) (told bool, err error) {
	told = n.push(ctx, KindLeave, "", "Leave.", "TLP:AMBER", map[string]any{}) == nil
	docs, err := n.store.Documents(ctx, docHeard)
	if err != nil {
		return told, err
	}
	for i := range docs {
		docs[i].Body = nil // what the community told is not for who left it
	}
	if err := n.audit(ctx, "leave", n.cfg.Name); err != nil {
		return told, err
	}
	return told, n.store.PutIntake(ctx, store.Intake{At: n.e.Clock(), Documents: docs, Setting: memberSetting, Value: []byte{}})
}
