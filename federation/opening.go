package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// An Opening tells the members what a token stands for. It is sealed under the community key: the hub passes on what it cannot read.
type Opening struct {
	Quarter Quarter        `json:"quarter"`
	View    coldwatch.View `json:"view"`
	Token   string         `json:"token"`
	Sealed  []string       `json:"sealed"` // by different members: one that seals nonsense does not stand in the way of another
}

const (
	maxSealed   = 3
	maxOpenings = 50 // of one member in one exchange
)

// opening takes what a member says of a token: when two members have it, the sender among them, or when the sender's entry of the
// directory says that it is its own and may be opened.
func (b *batch) opening(ctx context.Context, a arrived) error {
	var o Opening
	if err := strict(a.frame.Body, &o); err != nil {
		return err
	}
	if len(o.Sealed) != 1 || len(o.Sealed[0]) > 2048 || !isToken(o.Token) || !slices.Contains(views, o.View) || o.Quarter != b.quarter {
		return errors.New("it opens nothing")
	}
	holders, err := b.h.store.Holders(ctx, []string{o.Token})
	if err != nil {
		return &brokenError{err}
	}
	has := slices.ContainsFunc(holders, func(h store.Held) bool { return h.Member == a.member.ID })
	if !has || len(holders) < 2 {
		own, err := b.owns(ctx, a.member.ID, o.Token)
		if err != nil {
			return err
		}
		if !own {
			return errors.New("it opens what two members do not have, and is not its owner's")
		}
	}
	if b.opened == nil {
		if err := b.loadOpenings(ctx); err != nil {
			return err
		}
	}
	if was := b.opened[o.Token]; was.Quarter == o.Quarter {
		o.Sealed = append(slices.DeleteFunc(slices.Clone(was.Sealed), func(s string) bool { return s == o.Sealed[0] }), o.Sealed[0])
	}
	if len(o.Sealed) > maxSealed {
		return nil // enough was said of it: taken, and not passed on
	}
	js, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	b.opened[o.Token] = o
	b.in.Documents = append(b.in.Documents, store.Document{Kind: docOpening, ID: o.Token, Body: js})
	return nil
}

// loadOpenings reads what was opened before this batch, once for all of its frames.
func (b *batch) loadOpenings(ctx context.Context) error {
	docs, err := b.h.store.Documents(ctx, docOpening)
	if err != nil {
		return &brokenError{err}
	}
	b.opened = map[string]Opening{}
	for _, d := range docs {
		var o Opening
		if json.Unmarshal(d.Body, &o) == nil {
			b.opened[d.ID] = o
		}
	}
	return nil
}

// owns tells whether a member's own entry of the directory lets a token be opened.
func (b *batch) owns(ctx context.Context, member, token string) (bool, error) {
	docs, err := b.h.store.Documents(ctx, docEntry)
	if err != nil {
		return false, &brokenError{err}
	}
	for _, d := range docs {
		var v vouched
		var e Entry
		if json.Unmarshal(d.Body, &v) == nil && v.From == member && json.Unmarshal(v.Body, &e) == nil &&
			e.Organisation == b.members[member].Organisation && slices.Contains(e.Opens, token) {
			return true, nil
		}
	}
	return false, nil
}

// offer opens the tokens of a notice that this member has, and that nobody opened yet.
func (n *Node) offer(ctx context.Context, x *Notice, opened map[string]bool) error {
	if !n.wall.policy.Openings {
		return nil
	}
	sent := 0
	for _, t := range x.Tokens {
		value, has := n.index.values[t.Token]
		if !has || opened[t.Token] || !asked(t.View) || sent >= maxOpenings || slices.Contains(n.wall.policy.Withhold, t.View) || n.wall.banned(value) {
			continue
		}
		sealed, err := n.ring.seal(x.Quarter, t.Token, value)
		if err != nil {
			return err
		}
		sent++
		opened[t.Token] = true
		if err := n.push(ctx, KindOpening, t.Token, "What a token stands for, sealed under the community key.", "TLP:AMBER",
			Opening{x.Quarter, t.View, t.Token, []string{sealed}}); err != nil {
			return err
		}
	}
	return nil
}

// Opened gives what members opened, by token. What does not come out as the token says is left out.
func (n *Node) Opened(ctx context.Context) (map[string]string, error) {
	heard, err := n.heard(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range heard {
		var o Opening
		if s.Kind != KindOpening || json.Unmarshal(s.Body, &o) != nil || o.Quarter.start().IsZero() {
			continue
		}
		for _, sealed := range o.Sealed {
			if v, ok := n.ring.unseal(o.Quarter, o.Token, sealed); ok && n.ring.tokens(o.Quarter).of(o.View, v) == o.Token {
				out[o.Token] = v
				break
			}
		}
	}
	return out, nil
}
