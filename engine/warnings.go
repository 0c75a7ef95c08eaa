package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// Kinds of word about warnings. Each is a person's, with name, time and mostly a reason, and can be taken back.
const (
	WordApprove      = "approve"       // Other is the id of a warning that may go out
	WordRule         = "standing-rule" // Detail is a warning.Rule by which warnings go out
	WordOverride     = "override"      // Other is the id of a warning that may go out in spite of the audience check; Detail is what it found
	WordAnswer       = "answer"        // Other is the id of a warning, Detail the coldwatch.Answer of its reader
	WordWithdraw     = "withdraw"      // Other is the id of a warning that is taken back; without it, all of the Campaign's are
	WordConstituency = "constituency"  // Detail is the mail address that stands for everyone on the chain
)

// A heard is what publishers and readers said of warnings.
type heard struct {
	approved, overridden map[string]bool
	answers              map[string]coldwatch.Answer // the last one of each warning
	rules                []warning.Rule
	withdrawn            map[string]coldwatch.Word // campaign → the word that takes it back
	constituency         string
}

func sayings(words []coldwatch.Word) heard {
	s := heard{approved: map[string]bool{}, overridden: map[string]bool{}, answers: map[string]coldwatch.Answer{}, withdrawn: map[string]coldwatch.Word{}}
	for _, w := range words {
		if w.Undone {
			continue
		}
		switch w.Kind {
		case WordApprove:
			s.approved[w.Other] = true
		case WordOverride:
			s.overridden[w.Other] = true
		case WordAnswer:
			var a coldwatch.Answer
			if json.Unmarshal(w.Detail, &a) == nil {
				s.answers[w.Other] = a
			}
		case WordRule:
			var r warning.Rule
			if json.Unmarshal(w.Detail, &r) == nil {
				s.rules = append(s.rules, r)
			}
		case WordWithdraw:
			if w.Other == "" {
				s.withdrawn[w.Campaign] = w
			}
		case WordConstituency:
			if json.Unmarshal(w.Detail, &s.constituency) != nil {
				s.constituency = ""
			}
		}
	}
	return s
}

// Withdrawn gives the campaigns that were taken back, with the word that did.
func (e *Engine) Withdrawn(ctx context.Context) (map[string]coldwatch.Word, error) {
	words, err := e.Store.Words(ctx)
	return sayings(words).withdrawn, err
}

// Warnings gives every warning as it stands now, with its reader's answer: held until a publisher approves it or a standing rule
// covers it. Those that take others back are among them.
func (e *Engine) Warnings(ctx context.Context) ([]coldwatch.Warning, error) {
	return WarningsNow(ctx, e.Store)
}

// HeldApproval is why a warning is held that waits for a publisher.
const HeldApproval = warning.HeldApproval

// WarningsNow is Warnings, for who has no engine.
func WarningsNow(ctx context.Context, st Store) ([]coldwatch.Warning, error) {
	ws, err := st.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	words, err := st.Words(ctx)
	if err != nil {
		return nil, err
	}
	s := sayings(words)
	hit := map[string]int{} // organisations by campaign
	for i := range ws {
		w := &ws[i]
		if a, ok := s.answers[w.ID]; ok {
			w.Answer = &a
		}
		if w.Reader == warning.Constituency && w.Contact == "" {
			w.Contact = s.constituency
		}
		if strings.HasPrefix(w.Held, warning.HeldLeak) && s.overridden[w.ID] || w.Held == warning.HeldContact {
			w.Held = warning.HeldApproval
			if w.Contact == "" {
				w.Held = warning.HeldContact
			}
		}
		if w.Held != warning.HeldApproval {
			continue
		}
		if s.approved[w.ID] {
			w.Held = ""
			continue
		}
		if len(s.rules) == 0 {
			continue
		}
		n, known := hit[w.Campaign]
		if !known {
			p, err := st.Profile(ctx, w.Campaign, 0)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			n = len(p.Targets)
			hit[w.Campaign] = n
		}
		if slices.ContainsFunc(s.rules, func(r warning.Rule) bool { return r.Covers(w, n) }) {
			w.Held = ""
		}
	}
	return ws, nil
}

// Counts tells whether a warning is one whose reader was told of a campaign, and may answer.
func Counts(w *coldwatch.Warning) bool { return w.Reason != warning.Withdrawn && w.Held == "" }

// Answers sums up what the readers of a campaign's warnings answered, and how many of them did.
func Answers(ws []coldwatch.Warning, campaign string) (sum coldwatch.Answer, answered, told int) {
	for i := range ws {
		w := &ws[i]
		if w.Campaign != campaign || !Counts(w) {
			continue
		}
		told++
		if a := w.Answer; a != nil {
			answered++
			sum.Add(*a)
		}
	}
	return sum, answered, told
}

// Warning finds one warning by its id or the beginning of it. store.ErrNotFound when there is none or more than one.
func (e *Engine) Warning(ctx context.Context, prefix string) (coldwatch.Warning, error) {
	ws, err := e.Warnings(ctx)
	if err != nil {
		return coldwatch.Warning{}, err
	}
	var found []coldwatch.Warning
	for _, w := range ws {
		if w.ID == prefix {
			return w, nil
		}
		if len(prefix) > 2 && strings.HasPrefix(w.ID, prefix) {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		return coldwatch.Warning{}, fmt.Errorf("warning %s: %w", prefix, store.ErrNotFound)
	}
	return found[0], nil
}

// Approve lets a warning go out that waits for a publisher's word. One that is held for another reason stays held.
func (e *Engine) Approve(ctx context.Context, w coldwatch.Word) error {
	return e.Store.PutWord(ctx, w)
}

// ErrReachedNobody says that a warning is held, so that there is nobody to tell that it is taken back.
var ErrReachedNobody = errors.New("the warning is held and reached nobody")

// ErrReason says that the reason for taking a warning back tells its readers what is not for them.
var ErrReason = errors.New("the readers are told the reason, and it gives something away")

// Withdraw takes a warning back, or all of a campaign where the word names no warning: who received one is told so, and why. It
// returns the warnings that tell it. A campaign that was taken back gives no more warnings, and what is published of it is revoked.
func (e *Engine) Withdraw(ctx context.Context, w coldwatch.Word) ([]coldwatch.Warning, error) {
	var sent []coldwatch.Warning
	if w.Other != "" {
		one, err := e.Warning(ctx, w.Other)
		if err != nil {
			return nil, err
		}
		sent = append(sent, one)
	} else {
		all, err := e.Warnings(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range all {
			if one.Campaign == w.Campaign {
				sent = append(sent, one)
			}
		}
	}
	if err := e.asTheyWent(ctx, sent); err != nil {
		return nil, err
	}
	out := warning.Withdraw(sent, w.Reason, w.At)
	if len(out) == 0 && w.Other != "" {
		return nil, ErrReachedNobody
	}
	if len(out) > 0 {
		p, err := e.Store.Profile(ctx, out[0].Campaign, 0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if leaks := warning.CheckReason(w.Reason, out, &p, e.Pack); len(leaks) > 0 {
			return nil, fmt.Errorf("%w: %s: %s", ErrReason, leaks[0].Quote, leaks[0].Hint)
		}
	}
	if err := e.Store.PutWord(ctx, w); err != nil {
		return nil, err
	}
	return out, e.Store.PutWarnings(ctx, slices.Clone(out))
}

// asTheyWent takes the hold from warnings that went out before it came, because somebody took an approval or a rule back.
func (e *Engine) asTheyWent(ctx context.Context, ws []coldwatch.Warning) error {
	ds, err := e.Store.Deliveries(ctx)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for _, d := range ds {
		gone[d.Warning] = gone[d.Warning] || went(d)
	}
	for i := range ws {
		if gone[ws[i].ID] {
			ws[i].Held = ""
		}
	}
	return nil
}

// Override lets a warning and its pack go out although the audience check holds something of it up, on the word of a person who
// gives name and reason. What the check found is kept with the word.
func (e *Engine) Override(ctx context.Context, w coldwatch.Word) (Found, error) {
	var f Found
	one, err := e.Warning(ctx, w.Other)
	if err != nil {
		return f, err
	}
	if strings.HasPrefix(one.Held, warning.HeldLeak) {
		f.Held = one.Held
	}
	var tell DeliveryReport
	if _, err := e.files(ctx, one, &tell); err != nil {
		return f, err
	}
	f.Files = tell.Withheld
	if f.Held == "" && len(f.Files) == 0 {
		return f, ErrNothingHeld
	}
	if w.Detail, err = json.Marshal(f); err != nil {
		return f, fmt.Errorf("override of %s: %w", one.ID, err)
	}
	return f, e.Store.PutWord(ctx, w)
}

// A Found is what the audience check has against a warning.
type Found struct {
	Held  string     `json:"held,omitempty"`  // against its text
	Files []Withheld `json:"files,omitempty"` // against files of its pack
}

// ErrNothingHeld says that the audience check has nothing against a warning.
var ErrNothingHeld = errors.New("the audience check has nothing against it")

// due gives the warnings that the change of each profile calls for.
func (e *Engine) due(ctx context.Context, profiles []coldwatch.Profile, received map[string]time.Time) ([]coldwatch.Warning, error) {
	given, err := e.Store.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	synthetic, err := e.synthetic(ctx)
	if err != nil {
		return nil, err
	}
	s := sayings(words)
	opts := warning.Options{At: e.Clock(), Received: received, Own: e.own(), Constituency: s.constituency, Synthetic: synthetic}
	for _, w := range given {
		opts.Said = append(opts.Said, w.ID)
	}
	var out []coldwatch.Warning
	for i := range profiles {
		p := &profiles[i]
		if _, back := s.withdrawn[p.Campaign]; p.Possible || back {
			continue
		}
		var prev *coldwatch.Profile
		old, err := e.Store.Profile(ctx, p.Campaign, 0)
		if err == nil {
			prev = &old
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out = append(out, warning.Due(prev, p, e.Pack, opts)...)
	}
	return out, nil
}

func (e *Engine) synthetic(ctx context.Context) (bool, error) {
	b, err := e.Store.Setting(ctx, SyntheticSetting)
	return len(b) > 0, err
}
