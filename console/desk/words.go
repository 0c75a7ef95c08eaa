package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// maxReason bounds what a reason may grow to.
const maxReason = 2000

// Words gives what analysts said, in the order of saying. Someone of an organisation sees words about that organisation's messages only.
func (d *Desk) Words(ctx context.Context) ([]coldwatch.Word, error) {
	_, whole, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	words, err := d.st.Words(ctx)
	if err != nil || whole {
		return words, err
	}
	out := []coldwatch.Word{}
	for _, w := range words {
		if ok, err := d.mayKnow(ctx, w); err != nil {
			return nil, err
		} else if ok {
			out = append(out, w)
		}
	}
	return out, nil
}

// mayKnow tells whether a word is about messages of the viewer's organisation alone.
func (d *Desk) mayKnow(ctx context.Context, w coldwatch.Word) (bool, error) {
	if _, ok := coldwatch.WordKindOf(w.Kind); !ok || w.Message == "" {
		return false, nil
	}
	for _, id := range []string{w.Message, w.Other} {
		if id == "" {
			continue
		}
		if _, err := d.Row(ctx, id); errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// Say stores words of the viewer about messages: all or none, in one pass over the campaigns. It gives them with their ids, by which
// Unsay takes them back.
func (d *Desk) Say(ctx context.Context, words ...coldwatch.Word) ([]coldwatch.Word, error) {
	v := access.From(ctx)
	for i := range words {
		w := &words[i]
		kind, ok := coldwatch.WordKindOf(w.Kind)
		n := kind.Messages
		if !ok {
			return nil, wrong("there are: "+strings.Join(coldwatch.WordNames(), ", "), "there is no word %q", w.Kind)
		}
		if (n == 2) != (w.Other != "") {
			return nil, wrong("", "%s takes %d, not another number of messages", w.Kind, n)
		}
		if w.Reason = strings.TrimSpace(w.Reason); w.Reason == "" || len(w.Reason) > maxReason {
			return nil, wrong("one sentence will do", "a word needs a reason of at most %d letters", maxReason)
		}
		for _, id := range []*string{&w.Message, &w.Other} {
			if *id == "" && (id == &w.Message || n == 2) {
				return nil, wrong("name the message by its id", "%s takes another number of messages", w.Kind)
			}
			if *id != "" {
				row, err := d.Row(ctx, *id)
				if err != nil {
					return nil, err
				}
				*id = row.ID
			}
		}
		if w.Message == w.Other {
			return nil, wrong("name two different ones", "both are the same message")
		}
		w.Campaign = ""
		if w.Kind == "not-part" {
			var err error
			if w.Campaign, err = d.st.CampaignOf(ctx, w.Message); err != nil {
				return nil, err
			}
			if w.Campaign == "" {
				return nil, wrong("", "the message is in no campaign")
			}
		}
		w.Author, w.At, w.Undone, w.Detail = v.Account, d.clock(), false, nil
		w.ID = engine.WordID(*w)
	}
	return words, d.say(ctx, words)
}

func (d *Desk) say(ctx context.Context, words []coldwatch.Word) error {
	for _, w := range words {
		action := audit.WordSay
		if w.Undone {
			action = audit.WordUnsay
		}
		if err := d.log.Add(ctx, action, w.ID, w.Kind+" "+short(w.Message)+" "+short(w.Other)+" "+w.Campaign); err != nil {
			return err
		}
	}
	return d.engine().SayAll(ctx, words)
}

func short(id string) string { return id[:min(12, len(id))] }

// Unsay takes words back. What a publisher said, a publisher takes back.
func (d *Desk) Unsay(ctx context.Context, ids ...string) error {
	words, err := d.st.Words(ctx)
	if err != nil {
		return err
	}
	_, whole, err := bound(ctx)
	if err != nil {
		return err
	}
	var back []coldwatch.Word
	for _, id := range ids {
		i := slices.IndexFunc(words, func(w coldwatch.Word) bool { return w.ID == id })
		if i < 0 {
			return store.ErrNotFound
		}
		w := words[i]
		if !whole {
			if ok, err := d.mayKnow(ctx, w); err != nil || !ok {
				return errors.Join(store.ErrNotFound, err)
			}
		}
		if engine.Publishers(w.Kind) && !access.From(ctx).May(access.Publisher) {
			return wrong("ask a publisher", "the word says what may go out, and only a publisher takes it back")
		}
		w.Undone = true
		back = append(back, w)
	}
	return d.say(ctx, back)
}

// Judge stores a hypothesis or an item of evidence about who is behind a campaign.
func (d *Desk) Judge(ctx context.Context, w coldwatch.Word) (coldwatch.Word, error) {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return w, store.ErrNotFound
	}
	if w.Reason = strings.TrimSpace(w.Reason); w.Reason == "" || len(w.Reason) > maxReason {
		return w, wrong("one sentence will do", "a word needs a reason of at most %d letters", maxReason)
	}
	w.Author, w.At, w.Undone = access.From(ctx).Account, d.clock(), false
	e := d.engine()
	if err := e.CheckJudgement(ctx, w); err != nil {
		if bad := (*engine.JudgementError)(nil); errors.As(err, &bad) {
			err = &InputError{bad.Reason, bad.Hint}
		}
		return w, err
	}
	w.ID = engine.WordID(w)
	if err := d.log.Add(ctx, audit.WordSay, w.ID, w.Kind+" "+w.Campaign); err != nil {
		return w, err
	}
	return w, e.Judge(ctx, w)
}
