package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/warning"
)

// A Rule is a publisher's standing word: warnings for a reader may go out by themselves.
type Rule = warning.Rule

// A StandingRule is a rule that holds, with who made it, when and why.
type StandingRule struct {
	ID string `json:"id"` // of the word; who takes that back ends the rule
	Rule
	Author string    `json:"author"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// StandingRules gives the rules that hold, in the order in which they were made.
func StandingRules(ctx context.Context, st Store) ([]StandingRule, error) {
	words, err := st.Words(ctx)
	out := []StandingRule{}
	for _, w := range words {
		var r Rule
		if w.Kind == WordRule && !w.Undone && json.Unmarshal(w.Detail, &r) == nil {
			out = append(out, StandingRule{w.ID, r, w.Author, w.At, w.Reason})
		}
	}
	return out, err
}

// RuleWord puts a rule into a word, to be stored; an error says what is wrong with the rule.
func (e *Engine) RuleWord(r Rule, author, reason string) (coldwatch.Word, error) {
	if err := r.Validate(e.Pack); err != nil {
		return coldwatch.Word{}, err
	}
	return e.detailed(coldwatch.Word{Author: author, Kind: WordRule, Reason: reason}, r)
}

// AnswerWord puts what the reader of a warning answered into a word, to be stored; an error says what is wrong with the answer.
func (e *Engine) AnswerWord(w *coldwatch.Warning, a coldwatch.Answer, author, reason string) (coldwatch.Word, error) {
	if err := warning.CheckAnswer(a); err != nil {
		return coldwatch.Word{}, err
	}
	return e.detailed(coldwatch.Word{Author: author, Kind: WordAnswer, Other: w.ID, Campaign: w.Campaign, Reason: reason}, a)
}

func (e *Engine) detailed(w coldwatch.Word, detail any) (coldwatch.Word, error) {
	var err error
	if w.Detail, err = json.Marshal(detail); err != nil {
		return w, fmt.Errorf("word %s: %w", w.Kind, err)
	}
	w.At = e.Clock()
	w.ID = WordID(w)
	return w, nil
}

// Publishers tells whether a kind of word says what may leave the house, so that only a publisher may say it or take it back.
func Publishers(kind string) bool {
	switch kind {
	case WordApprove, WordRule, WordOverride, WordWithdraw, WordConstituency:
		return true
	}
	return false
}
