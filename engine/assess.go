package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/profile"
)

// Kinds of word about a campaign's meaning.
const (
	WordHypothesis = "hypothesis" // Detail is a profile.Hypothesis
	WordEvidence   = "evidence"   // Detail is a coldwatch.GradedItem
)

// An entered is what analysts said about the meaning of one campaign.
type entered struct {
	hypotheses []profile.Hypothesis
	evidence   []coldwatch.GradedItem
}

// A judgementWord is a hypothesis or an item of evidence with the campaign that it is about as of now.
type judgementWord struct {
	word       coldwatch.Word
	hypothesis *profile.Hypothesis
	evidence   *coldwatch.GradedItem
}

// judgementWords gives the words in force about hypotheses and evidence, in the order of their saying. A word whose detail
// cannot be read says nothing.
func judgementWords(words []coldwatch.Word) []judgementWord {
	var out []judgementWord
	for _, w := range words {
		if w.Undone {
			continue
		}
		j := judgementWord{word: w}
		switch w.Kind {
		case WordHypothesis:
			h := profile.Hypothesis{}
			if json.Unmarshal(w.Detail, &h) != nil || h.Name == "" {
				continue
			}
			h.Reason = w.Reason
			j.hypothesis = &h
		case WordEvidence:
			it := coldwatch.GradedItem{}
			if json.Unmarshal(w.Detail, &it) != nil {
				continue
			}
			it.ID, it.Author = w.ID, w.Author
			j.evidence = &it
		default:
			continue
		}
		out = append(out, j)
	}
	return out
}

// judgements gives, by campaign, what analysts entered. A word is about the campaign that it names; when that one is gone,
// merged into another or made anew, it is about the campaign that now holds the message by which the word remembers it.
func judgements(words []coldwatch.Word, campaigns []coldwatch.Campaign) map[string]entered {
	said := judgementWords(words)
	if len(said) == 0 {
		return nil
	}
	there, holder := map[string]bool{}, map[string]string{}
	for _, c := range campaigns {
		there[c.ID] = true
		for _, m := range c.Members {
			holder[m] = c.ID
		}
	}
	out := map[string]entered{}
	for _, j := range said {
		id := j.word.Campaign
		if !there[id] {
			id = holder[j.word.Message]
		}
		if id == "" {
			continue
		}
		e := out[id]
		if j.hypothesis != nil {
			e.hypotheses = append(e.hypotheses, *j.hypothesis)
		} else {
			e.evidence = append(e.evidence, *j.evidence)
		}
		out[id] = e
	}
	return out
}

// Judge stores an analyst's hypothesis or item of evidence about a campaign, and brings the profiles up to date with it.
func (e *Engine) Judge(ctx context.Context, w coldwatch.Word) error {
	p, err := e.Store.Profile(ctx, w.Campaign, 0)
	if err != nil {
		return err
	}
	if w.Message == "" && len(p.Members) > 0 {
		w.Message = p.Members[0]
	}
	return e.Say(ctx, w)
}

// A JudgementError says what is wrong with a hypothesis or an item of evidence, and what to do.
type JudgementError struct{ Reason, Hint string }

func (e *JudgementError) Error() string { return e.Reason }

// CheckJudgement checks the detail of a word about who is behind a campaign.
func (e *Engine) CheckJudgement(ctx context.Context, w coldwatch.Word) error {
	p, err := e.Store.Profile(ctx, w.Campaign, 0)
	if err != nil {
		return err
	}
	reason, hint := "", ""
	switch w.Kind {
	case WordHypothesis:
		var h profile.Hypothesis
		if json.Unmarshal(w.Detail, &h) != nil {
			return &JudgementError{"the hypothesis cannot be read", "it has a name and a prior"}
		}
		h.Reason = w.Reason
		reason, hint = profile.CheckHypothesis(h)
	case WordEvidence:
		var it coldwatch.GradedItem
		if json.Unmarshal(w.Detail, &it) != nil {
			return &JudgementError{"the item of evidence cannot be read", "it has text, group, grade, cost and ranges"}
		}
		var entered []string
		for _, h := range p.Attribution.Hypotheses {
			entered = append(entered, h.Name)
		}
		reason, hint = profile.CheckEvidence(it, profile.Names(e.Pack, entered))
	default:
		reason, hint = "there is no such word about a campaign", "there are hypothesis and evidence"
	}
	if reason != "" {
		return &JudgementError{reason, hint}
	}
	return nil
}

// Diff tells what changed from one version of a campaign's profile to another. Version 0 stands for the newest as to, and
// for the one before to as from.
func (e *Engine) Diff(ctx context.Context, id string, from, to int) (profile.Difference, error) {
	after, err := e.Store.Profile(ctx, id, to)
	if err != nil {
		return profile.Difference{}, fmt.Errorf("version %d: %w", to, err)
	}
	if from == 0 {
		from = max(1, after.Version-1)
	}
	before, err := e.Store.Profile(ctx, id, from)
	if err != nil {
		return profile.Difference{}, fmt.Errorf("version %d: %w", from, err)
	}
	return profile.Diff(before, after), nil
}

// own gives the organisation that this node belongs to: the only member of the pack, "" where the pack has several or none.
func (e *Engine) own() string {
	own := ""
	for i := range e.Pack.Organisations {
		if e.Pack.Organisations[i].Member {
			if own != "" {
				return ""
			}
			own = e.Pack.Organisations[i].ID
		}
	}
	return own
}
