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

// Warnings gives the warnings, oldest first. Someone of an organisation sees those to it that may go out.
func (d *Desk) Warnings(ctx context.Context) ([]coldwatch.Warning, error) {
	org, whole, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	ws, err := engine.WarningsNow(ctx, d.st)
	if err != nil || whole {
		return ws, err
	}
	out := []coldwatch.Warning{}
	for _, w := range ws {
		if w.Held == "" && (w.Reader == org || w.Reader == "constituency") {
			if w.Reader != org { // what another found is its own affair
				w.Answer = nil
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// Warning gives one warning by its id or the beginning of it.
func (d *Desk) Warning(ctx context.Context, id string) (coldwatch.Warning, error) {
	ws, err := d.Warnings(ctx)
	if err != nil {
		return coldwatch.Warning{}, err
	}
	var found []coldwatch.Warning
	for _, w := range ws {
		if w.ID == id {
			return w, nil
		}
		if len(id) > 4 && strings.HasPrefix(w.ID, id) {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		return coldwatch.Warning{}, store.ErrNotFound
	}
	return found[0], nil
}

// Approve lets a warning go out that waits for a publisher.
func (d *Desk) Approve(ctx context.Context, id, reason string) (coldwatch.Warning, error) {
	w, err := d.Warning(ctx, id)
	if err != nil {
		return w, err
	}
	if len(reason) > maxReason {
		return w, wrong("one sentence will do", "the reason has more than %d letters", maxReason)
	}
	if w.Held != engine.HeldApproval {
		if w.Held == "" {
			return w, wrong("", "the warning is ready already")
		}
		return w, wrong("mend that first, in the pack or the text; an approval does not lift it", "the warning is held for another reason: %s", w.Held)
	}
	if err := d.log.Add(ctx, audit.WarningApprove, w.ID, "to "+w.Reader); err != nil {
		return w, err
	}
	word := coldwatch.Word{At: d.clock(), Author: access.From(ctx).Account, Kind: engine.WordApprove, Other: w.ID, Campaign: w.Campaign, Reason: strings.TrimSpace(reason)}
	word.ID = engine.WordID(word)
	if err := d.st.PutWord(ctx, word); err != nil {
		return w, err
	}
	w.Held = ""
	return w, nil
}

// Withdraw takes a warning back, and gives the one that tells its reader so.
func (d *Desk) Withdraw(ctx context.Context, id, reason string) (coldwatch.Warning, error) {
	w, err := d.Warning(ctx, id)
	if err != nil {
		return w, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return w, wrong("one sentence: its readers get it", "to take a warning back needs a reason of at most %d letters", maxReason)
	}
	if err := d.log.Add(ctx, audit.WarningRevoke, w.ID, "to "+w.Reader); err != nil {
		return w, err
	}
	word := coldwatch.Word{At: d.clock(), Author: access.From(ctx).Account, Kind: engine.WordWithdraw, Other: w.ID, Campaign: w.Campaign, Reason: reason}
	word.ID = engine.WordID(word)
	told, err := d.engine().Withdraw(ctx, word)
	if errors.Is(err, engine.ErrReachedNobody) {
		err = wrong("", "the warning is held and reached nobody")
	}
	if errors.Is(err, engine.ErrReason) {
		err = wrong("give a reason that names nobody", "%v", err)
	}
	if err != nil || len(told) == 0 {
		return w, err
	}
	return told[0], nil
}

// Deliveries gives how far the warnings that the viewer may see have come, by warning and channel.
func (d *Desk) Deliveries(ctx context.Context) ([]store.Delivery, error) {
	_, whole, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.st.Deliveries(ctx)
	if err != nil || whole {
		return all, err
	}
	ws, err := d.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, w := range ws {
		seen[w.ID] = true
	}
	out := []store.Delivery{}
	for _, x := range all {
		if seen[x.Warning] {
			x.Problem = "" // our own affair
			out = append(out, x)
		}
	}
	return out, nil
}

// Answer keeps what the reader of a warning found at its own place. Someone of an organisation answers what that organisation was
// told, an analyst of the community enters what any reader sent.
func (d *Desk) Answer(ctx context.Context, id string, a coldwatch.Answer, reason string) (coldwatch.Warning, error) {
	w, err := d.Warning(ctx, id)
	if err != nil {
		return w, err
	}
	if org, whole, err := bound(ctx); err != nil || !whole && w.Reader != org {
		return w, store.ErrNotFound
	}
	if reason = strings.TrimSpace(reason); len(reason) > maxReason {
		return w, wrong("one sentence will do", "the remark has more than %d letters", maxReason)
	}
	word, err := d.engine().AnswerWord(&w, a, access.From(ctx).Account, reason)
	if err != nil {
		return w, wrong("leave out what you do not know", "%v", err)
	}
	if err := d.log.Add(ctx, audit.WarningAnswer, w.ID, "of "+w.Reader); err != nil {
		return w, err
	}
	w.Answer = &a
	return w, d.st.PutWord(ctx, word)
}

// Rules gives the standing rules by which warnings go out. They tell who is told what, and are for the community only.
func (d *Desk) Rules(ctx context.Context) ([]engine.StandingRule, error) {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return nil, store.ErrNotFound
	}
	return engine.StandingRules(ctx, d.st)
}

// EndRule takes a standing rule back.
func (d *Desk) EndRule(ctx context.Context, id string) error {
	rules, err := d.Rules(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, func(r engine.StandingRule) bool { return r.ID == id }) {
		return store.ErrNotFound
	}
	return d.Unsay(ctx, id)
}

// MakeRule makes a standing rule.
func (d *Desk) MakeRule(ctx context.Context, r engine.Rule, reason string) (engine.StandingRule, error) {
	if _, whole, err := bound(ctx); err != nil || !whole {
		return engine.StandingRule{}, store.ErrNotFound
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return engine.StandingRule{}, wrong("one sentence will do", "a rule needs a reason of at most %d letters", maxReason)
	}
	word, err := d.engine().RuleWord(r, access.From(ctx).Account, reason)
	if err != nil {
		return engine.StandingRule{}, wrong("the reader is the id of an organisation in the directory, constituency, or * for everybody", "%v", err)
	}
	if err := d.log.Add(ctx, audit.WarningRule, word.ID, r.String()); err != nil {
		return engine.StandingRule{}, err
	}
	return engine.StandingRule{ID: word.ID, Rule: r, Author: word.Author, At: word.At, Reason: reason}, d.st.PutWord(ctx, word)
}
