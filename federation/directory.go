package federation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/store"
)

// ErrNoFilter says that the hub published no filter yet.
var ErrNoFilter = errors.New("the hub has published no filter yet")

// An Entry is what one member vouches for of an organisation: its true domains, who sends its mail, and which programmes it serves.
type Entry struct {
	Organisation string   `json:"organisation"` // id of the shared pack
	Name         string   `json:"name"`
	Domains      []string `json:"domains"`
	MailServices []string `json:"mail_services,omitempty"`
	Programmes   []string `json:"programmes,omitempty"`
	Confirmed    string   `json:"confirmed"`       // day on which the member last made sure
	Opens        []string `json:"opens,omitempty"` // tokens of its own domains that may be opened
	Withdrawn    bool     `json:"withdrawn,omitempty"`
}

// A vouched frame is a member's own, as the hub passes it on: its signature shows who vouches, and that the hub changed nothing.
type vouched struct {
	From      string          `json:"from"`
	Number    string          `json:"number"`
	Kind      string          `json:"kind"`
	Body      json.RawMessage `json:"body"`
	Signature string          `json:"signature"`
}

func vouch(f *Frame) vouched {
	return vouched{f.From, itoa(int(f.Number)), f.Kind, f.Body, base64.RawURLEncoding.EncodeToString(f.Signature)}
}

// A roster lists the members with their keys. That somebody is a member is known to all; that it was hit to nobody.
type roster struct {
	Members []rosterLine `json:"members"`
}

type rosterLine struct {
	ID           string `json:"id"`
	Organisation string `json:"organisation"`
	Key          string `json:"key"`
	State        string `json:"state"`
}

func (e *Entry) valid(at time.Time) error {
	day, err := time.Parse(time.DateOnly, e.Confirmed)
	switch {
	case err != nil || day.After(at.Add(maxAhead)):
		return errors.New("the day of confirmation is none, or to come")
	case e.Organisation == "" || len(e.Organisation) > maxText || len(e.Name) > maxText:
		return errors.New("it names no organisation")
	case len(e.Domains) == 0 && !e.Withdrawn || len(e.Domains) > maxList || len(e.MailServices) > maxList || len(e.Programmes) > maxList || len(e.Opens) > maxList:
		return errors.New("it says too little or too much")
	}
	for _, d := range slices.Concat(e.Domains, e.MailServices) {
		if d != strings.ToLower(d) || len(d) > 253 || internal(d) {
			return fmt.Errorf("%.60q is no domain", d)
		}
	}
	if slices.ContainsFunc(e.Programmes, func(p string) bool { return len(p) > maxText }) || slices.ContainsFunc(e.Opens, func(t string) bool { return !isToken(t) }) {
		return errors.New("it says too much")
	}
	return nil
}

// entry takes a member's entry, in the place of its last about the same organisation.
func (b *batch) entry(a arrived) error {
	var e Entry
	if err := strict(a.frame.Body, &e); err != nil {
		return err
	}
	if err := e.valid(b.in.At); err != nil {
		return err
	}
	if b.h.e.Pack.Organisation(e.Organisation) == nil {
		return errors.New("the hub's pack has no such organisation")
	}
	js, err := json.Marshal(vouch(&a.frame))
	if err != nil {
		return fmt.Errorf("entry: %w", err)
	}
	b.in.Documents = append(b.in.Documents, store.Document{Kind: docEntry, ID: a.member.ID + " " + e.Organisation, Body: js})
	return nil
}

// Vouch sends an entry of the directory to the community. Confirmed is today where it is empty.
func (n *Node) Vouch(ctx context.Context, e Entry) error {
	if e.Confirmed == "" {
		e.Confirmed = n.e.Clock().Format(time.DateOnly)
	}
	if err := e.valid(n.e.Clock()); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	if err := n.push(ctx, KindEntry, e.Organisation, "An entry of the directory of partners.", "TLP:AMBER", e); err != nil {
		return err
	}
	return n.audit(ctx, "directory.vouch", e.Organisation)
}

// A Listing is what the community says of one organisation.
type Listing struct {
	Organisation string    `json:"organisation"`
	Vouchers     []Voucher `json:"vouchers"`
	Conflicts    []string  `json:"conflicts,omitempty"`
}

// A Voucher is one member's entry.
type Voucher struct {
	Member       string `json:"member"`
	Organisation string `json:"member_organisation"`
	Entry        Entry  `json:"entry"`
}

// Directory gives the community's directory by organisation. An entry counts when the signature is that of a member of the roster.
func (n *Node) Directory(ctx context.Context) ([]Listing, error) {
	heard, err := n.heard(ctx)
	if err != nil {
		return nil, err
	}
	members := map[string]rosterLine{}
	for _, s := range heard {
		var r roster
		if s.Kind == KindRoster && json.Unmarshal(s.Body, &r) == nil {
			for _, m := range r.Members {
				members[m.ID] = m
			}
		}
	}
	of := map[string][]Voucher{}
	for _, s := range heard {
		var v vouched
		if s.Kind != KindEntry || json.Unmarshal(s.Body, &v) != nil {
			continue
		}
		m := members[v.From]
		e, ok := n.vouchedFor(v, m)
		if ok && m.State == Active && !e.Withdrawn {
			of[e.Organisation] = append(of[e.Organisation], Voucher{m.ID, m.Organisation, e})
		}
	}
	var out []Listing
	owner := map[string]map[string]bool{} // domain → organisations
	for _, org := range slices.Sorted(maps.Keys(of)) {
		vs := of[org]
		slices.SortFunc(vs, func(a, b Voucher) int { return strings.Compare(b.Entry.Confirmed+b.Member, a.Entry.Confirmed+a.Member) })
		out = append(out, Listing{Organisation: org, Vouchers: vs, Conflicts: disagreements(vs)})
		for _, v := range vs {
			for _, d := range v.Entry.Domains {
				if owner[d] == nil {
					owner[d] = map[string]bool{}
				}
				owner[d][org] = true
			}
		}
	}
	for i := range out {
		for _, d := range slices.Sorted(maps.Keys(owner)) {
			if owner[d][out[i].Organisation] && len(owner[d]) > 1 {
				out[i].Conflicts = append(out[i].Conflicts, d+" is also said to be of "+strings.Join(slices.DeleteFunc(slices.Sorted(maps.Keys(owner[d])),
					func(o string) bool { return o == out[i].Organisation }), ", "))
			}
		}
	}
	return out, nil
}

// vouchedFor checks a frame that the hub passed on.
func (n *Node) vouchedFor(v vouched, m rosterLine) (e Entry, ok bool) {
	body, err := canonical(v.Body)
	if err != nil {
		return e, false
	}
	f := Frame{Community: n.community, From: v.From, Kind: v.Kind, Body: body}
	key, err1 := base64.RawURLEncoding.DecodeString(m.Key)
	sig, err2 := base64.RawURLEncoding.DecodeString(v.Signature)
	if _, err := fmt.Sscanf(v.Number, "%d", &f.Number); err != nil || err1 != nil || err2 != nil || v.Kind != KindEntry {
		return e, false
	}
	f.Signature = sig
	if f.verify(n.community, key) != nil || strict(f.Body, &e) != nil || e.valid(n.e.Clock()) != nil {
		return e, false
	}
	return e, true
}

// disagreements tells where vouchers differ about the domains.
func disagreements(vs []Voucher) []string {
	var out []string
	for i, a := range vs {
		for _, b := range vs[i+1:] {
			for _, d := range a.Entry.Domains {
				if !slices.Contains(b.Entry.Domains, d) {
					out = append(out, fmt.Sprintf("%s is vouched for by %s and not by %s", d, a.Organisation, b.Organisation))
				}
			}
			for _, d := range b.Entry.Domains {
				if !slices.Contains(a.Entry.Domains, d) {
					out = append(out, fmt.Sprintf("%s is vouched for by %s and not by %s", d, b.Organisation, a.Organisation))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// addDirectory publishes the members' keys and entries where they changed.
func (b *bulletin) addDirectory(ctx context.Context, members []Member) error {
	r := roster{Members: []rosterLine{}}
	for _, m := range members {
		r.Members = append(r.Members, rosterLine{m.ID, m.Organisation, base64.RawURLEncoding.EncodeToString(m.Key), m.State})
	}
	said, err := b.h.store.Documents(ctx, docSaid)
	if err != nil {
		return err
	}
	before := map[string]string{}
	for _, d := range said {
		before[d.ID] = string(d.Body)
	}
	once := func(kind, about string, body any, content string) error {
		js, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if before[kind+" "+about] == string(js) {
			return nil
		}
		b.docs = append(b.docs, store.Document{Kind: docSaid, ID: kind + " " + about, Body: js})
		return b.add(kind, about, body, content, "TLP:AMBER")
	}
	if err := once(KindRoster, "", r, "The members of this community and their keys."); err != nil {
		return err
	}
	for _, k := range []struct{ doc, kind, content string }{{docEntry, KindEntry, "An entry of the directory of partners, signed by the member that vouches."},
		{docOpening, KindOpening, "What a token stands for, sealed under the community key."}} {
		docs, err := b.h.store.Documents(ctx, k.doc)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := once(k.kind, d.ID, json.RawMessage(d.Body), k.content); err != nil {
				return err
			}
		}
	}
	return nil
}
