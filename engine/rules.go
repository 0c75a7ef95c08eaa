package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/publish/rules"
	"github.com/coldwatch/coldwatch/sighting"
	"github.com/coldwatch/coldwatch/store"
)

// How many messages the rules of a report are run on.
const (
	mostCampaign = 400
	mostBenign   = 400
)

// Released is the report as it may leave: its detection rules were run in their engines, as far as those are at hand, on the
// campaign's messages and on unremarkable mail of the store, and each figure names its messages. What came of the rules is kept, so that it is done once for each set of
// rules and messages.
func (e *Engine) Released(ctx context.Context, id string) (coldwatch.Report, error) {
	r, err := e.Report(ctx, id)
	if err != nil {
		return r, err
	}
	members, benign, err := e.sortOut(ctx, r.Profile.Members, mostBenign)
	if err != nil {
		return r, err
	}
	r.Figures = profile.Trace(members)
	built := rules.Build(r, e.Pack)
	if len(built) == 0 || len(r.Local) == 0 {
		return r, nil
	}
	hostile := spread(r.Profile.Members, mostCampaign)
	key := trialKey(built, hostile, benign)
	if kept, ok := e.keptTrial(ctx, id, key); ok {
		r.Rules = kept
		return r, nil
	}
	samples := func(ids []string) ([]rules.Sample, error) {
		var out []rules.Sample
		for _, id := range ids {
			s, err := e.sample(ctx, id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	}
	bad, err := samples(hostile)
	if err != nil {
		return r, err
	}
	good, err := samples(benign)
	if err != nil {
		return r, err
	}
	if built, err = rules.Try(ctx, built, bad, good); err != nil {
		return r, err
	}
	r.Rules = rules.Trials(built)
	b, err := json.Marshal(trial{key, r.Rules})
	if err != nil {
		return r, fmt.Errorf("rules of %s: %w", id, err)
	}
	if err := e.Store.PutSetting(ctx, trialSetting+id, b); err != nil && !errors.Is(err, store.ErrReadOnly) {
		return r, err
	}
	return r, nil
}

const trialSetting = "rules.trial "

// A trial is what is kept of running a campaign's rules.
type trial struct {
	Key   string                `json:"key"`
	Rules []coldwatch.RuleTrial `json:"rules"`
}

func (e *Engine) keptTrial(ctx context.Context, id, key string) ([]coldwatch.RuleTrial, bool) {
	b, err := e.Store.Setting(ctx, trialSetting+id)
	if err != nil || b == nil {
		return nil, false
	}
	var t trial
	if json.Unmarshal(b, &t) != nil || t.Key != key {
		return nil, false // made of other rules or messages, or by another version: run them again
	}
	return t.Rules, true
}

// trialKey names what a trial rests on: the rules, the messages, and which engines are there.
func trialKey(built []rules.Rule, lists ...[]string) string {
	h := sha256.New()
	for _, r := range built {
		fmt.Fprintf(h, "%s\n", r.Sum)
	}
	for _, l := range lists {
		fmt.Fprintf(h, "%s\n", strings.Join(l, " "))
	}
	for _, tool := range rules.Tools() {
		if path, err := exec.LookPath(tool); err == nil {
			fmt.Fprintf(h, "%s\n", path)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sortOut gives the sightings of these ids, and the ids of unremarkable messages: those of the smallest ids, a choice that depends
// on nothing else.
func (e *Engine) sortOut(ctx context.Context, ids []string, most int) (members []coldwatch.Sighting, benign []string, err error) {
	err = e.Store.Sightings(ctx, 0, func(_ int64, b []byte) error {
		s, err := sighting.Unmarshal(b)
		if err != nil {
			return err
		}
		if _, found := slices.BinarySearch(ids, s.ID); found {
			members = append(members, s)
		}
		if s.Class == coldwatch.Unremarkable {
			benign = append(benign, s.ID)
		}
		return nil
	})
	slices.Sort(benign)
	return members, benign[:min(len(benign), most)], err
}

// spread gives at most so many of a sorted list, evenly.
func spread(ids []string, most int) []string {
	if len(ids) <= most {
		return ids
	}
	out := make([]string, most)
	for i := range out {
		out[i] = ids[i*len(ids)/most]
	}
	return out
}

// sample is a stored message as the engines of rules see it. The attachments of messages that it carries are its own.
func (e *Engine) sample(ctx context.Context, id string) (rules.Sample, error) {
	row, err := e.Store.Row(ctx, id)
	if err != nil {
		return rules.Sample{}, err
	}
	raw, err := e.Store.Raw(ctx, row.RawSHA256)
	if err != nil {
		return rules.Sample{}, err
	}
	s := rules.Sample{Name: id[:min(len(id), 12)], Raw: raw}
	head, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	s.Headers = append(head, '\n')
	todo := []*coldwatch.Message{message.Parse(raw, e.Limits)}
	for n := 0; n < len(todo) && n < maxCarried; n++ {
		for i := range todo[n].Parts {
			if p := &todo[n].Parts[i]; p.Leaf() && p.Reading == 0 && len(p.Content) > 0 && (p.Filename != "" || p.Disposition == "attachment") {
				s.Attachments = append(s.Attachments, p.Content)
			}
		}
		for _, in := range todo[n].Inner {
			todo = append(todo, message.Parse(in.Raw, e.Limits))
		}
	}
	return s, nil
}
