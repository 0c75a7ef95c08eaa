package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// Retries: after a minute, then each time four times later, at most half a day; after ten tries, some three days, it is given up.
const (
	firstRetry  = time.Minute
	longestWait = 12 * time.Hour
	maxAttempts = 10
	// stuck is how long a delivery may be under way before it counts as broken off: longer than any channel takes.
	stuck = 30 * time.Minute
)

// A Delivered is what became of a warning.
type Delivered struct {
	store.Delivery
	Reader string `json:"reader"`
	Name   string `json:"name"`
}

// A DeliveryReport tells what a run did, and what is left.
type DeliveryReport struct {
	Tried     []Delivered         `json:"tried"`              // now, with what came of it
	Waiting   []Delivered         `json:"waiting"`            // to be tried later
	Before    int                 `json:"before"`             // sent in runs before this one
	Unreached []coldwatch.Warning `json:"unreached"`          // without an address for this channel
	Held      int                 `json:"held"`               // that may not go out
	Withheld  []Withheld          `json:"withheld,omitempty"` // files that the audience check left out
	Down      string              `json:"down,omitempty"`     // why nothing gets through: the rest was not tried
}

// A Withheld is a file that stays here, since it would give its reader what is not for it.
type Withheld struct {
	Warning string `json:"warning"`
	File    string `json:"file"`
	Kind    string `json:"kind"`
	Quote   string `json:"quote"` // what was found
	Reason  string `json:"reason"`
}

// Deliver sends the warnings that are due over a channel. A held warning stays, one that was taken back before it went out does not
// go, and what takes it back goes only where it went. Each warning goes at most once to each address: it is marked before it is
// sent, and what broke off in between is unsure and left to a person. What surely failed is tried again in a later run.
func (e *Engine) Deliver(ctx context.Context, ch deliver.Channel) (DeliveryReport, error) {
	r := DeliveryReport{Tried: []Delivered{}, Waiting: []Delivered{}, Unreached: []coldwatch.Warning{}}
	q, err := e.queue(ctx)
	if err != nil {
		return r, err
	}
	for i := range q.warnings {
		w := &q.warnings[i]
		if w.Held != "" {
			r.Held++
			continue
		}
		channel, err := ch.Name(*w)
		if err != nil {
			r.Unreached = append(r.Unreached, *w)
			continue
		}
		d, known := q.at(w.ID, channel)
		if !known {
			if !q.goes(w, channel) {
				continue
			}
			d = store.Delivery{Warning: w.ID, Channel: channel, State: store.Waiting, Next: e.Clock(), Changed: e.Clock()}
			if _, err := e.Store.PutDelivery(ctx, d, true); err != nil {
				return r, err
			}
			q.known[[2]string{d.Warning, d.Channel}] = d
		}
		if d, err = e.deliverOne(ctx, ch, w, q.takenBy[w.ID] != "", d, &r); err != nil {
			return r, err
		}
		q.known[[2]string{d.Warning, d.Channel}] = d
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
	}
	return r, nil
}

// A queue is what is known of warnings and their deliveries.
type queue struct {
	warnings []coldwatch.Warning
	known    map[[2]string]store.Delivery
	takenBy  map[string]string // warning → the one that takes it back
	takes    map[string]string // the reverse
}

func (e *Engine) queue(ctx context.Context) (*queue, error) {
	ws, err := e.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	ds, err := e.Store.Deliveries(ctx)
	if err != nil {
		return nil, err
	}
	q := &queue{warnings: ws, known: map[[2]string]store.Delivery{}, takenBy: map[string]string{}, takes: map[string]string{}}
	for _, d := range ds {
		q.known[[2]string{d.Warning, d.Channel}] = d
	}
	there := map[string]bool{}
	for _, w := range ws {
		there[w.ID] = true
	}
	for _, w := range ws {
		if back := warning.WithdrawalID(w.ID); there[back] {
			q.takenBy[w.ID], q.takes[back] = back, w.ID
		}
	}
	return q, nil
}

func (q *queue) at(warning, channel string) (store.Delivery, bool) {
	d, ok := q.known[[2]string{warning, channel}]
	return d, ok
}

// goes tells whether a warning that is new to the channel has a reason to go there.
func (q *queue) goes(w *coldwatch.Warning, channel string) bool {
	if q.takenBy[w.ID] != "" {
		return false
	}
	if first := q.takes[w.ID]; first != "" {
		d, ok := q.at(first, channel)
		return ok && went(d)
	}
	return true
}

// went tells whether a delivery may have reached its reader.
func went(d store.Delivery) bool {
	return d.State == store.Sent || d.State == store.Unsure || d.State == store.Sending
}

// deliverOne tries one delivery if it is due, and stores what came of it.
func (e *Engine) deliverOne(ctx context.Context, ch deliver.Channel, w *coldwatch.Warning, takenBack bool, d store.Delivery, r *DeliveryReport) (store.Delivery, error) {
	now := e.Clock()
	tell := func(list *[]Delivered) { *list = append(*list, Delivered{d, w.Reader, w.Name}) }
	keep := func(ctx context.Context) error {
		d.Changed = e.Clock()
		_, err := e.Store.PutDelivery(ctx, d, false)
		tell(&r.Tried)
		return err
	}
	switch d.State {
	case store.Sent:
		r.Before++
		return d, nil
	case store.Sending:
		if now.Sub(d.Changed) < stuck {
			tell(&r.Waiting) // another process is at it
			return d, nil
		}
		d.State, d.Problem = store.Unsure, "the program ended while it was being sent"
		return d, keep(ctx)
	case store.Waiting:
	default:
		tell(&r.Waiting)
		return d, nil
	}
	if takenBack {
		d.State, d.Problem = store.Failed, "it was taken back before it went out"
		return d, keep(ctx)
	}
	if now.Before(d.Next) || r.Down != "" {
		tell(&r.Waiting)
		return d, nil
	}
	begun, err := e.Store.BeginDelivery(ctx, d.Warning, d.Channel, now)
	if err != nil || !begun {
		return d, err
	}
	d.Attempts++
	err = ch.Send(ctx, deliver.Item{Warning: *w, At: now, Files: func() (map[string][]byte, error) { return e.files(ctx, *w, r) }})
	switch {
	case err == nil:
		d.State, d.Problem = store.Sent, ""
	case errors.Is(err, deliver.ErrUnsure):
		d.State, d.Problem = store.Unsure, err.Error()
	case errors.Is(err, deliver.ErrRefused) || d.Attempts >= maxAttempts:
		d.State, d.Problem = store.Failed, err.Error()
	default:
		d.State, d.Problem, d.Next = store.Waiting, err.Error(), e.Clock().Add(wait(d.Attempts))
	}
	if errors.Is(err, deliver.ErrUnreachable) {
		r.Down = err.Error()
	}
	return d, keep(context.WithoutCancel(ctx)) // what came of it is kept, whoever stops us
}

// wait is how long to wait after so many attempts.
func wait(attempts int) time.Duration {
	d := firstRetry
	for range attempts - 1 {
		if d *= 4; d >= longestWait {
			return longestWait
		}
	}
	return d
}

// files makes what goes with a warning: the pack for its reader, each file after the audience check; for one that takes another back,
// what takes back the machine-readable forms. A file that gives something away stays here, unless a person overrode the check.
func (e *Engine) files(ctx context.Context, w coldwatch.Warning, tell *DeliveryReport) (map[string][]byte, error) {
	r, err := e.Released(ctx, w.Campaign)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // the campaign is gone, merged into another: the text stands by itself
	}
	if err != nil {
		return nil, err
	}
	var files map[string][]byte
	if w.Reason == warning.Withdrawn {
		if then, err := e.Store.Profile(ctx, w.Campaign, w.Version); err == nil {
			r.Profile = then // what the reader was told
		}
		files, err = publish.Retraction(r, w, e.Pack)
	} else {
		if files, err = publish.Pack(r, w, e.Pack); err == nil {
			files["answer.txt"] = []byte(warning.Form(&w))
		}
	}
	if err != nil {
		return nil, err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return nil, err
	}
	if sayings(words).overridden[w.ID] {
		return files, nil
	}
	reader := audience.Reader{ID: w.Reader, TLP: w.Marking.TLP, Groups: []string{w.Marking.Group}, Own: w.Reader == e.own() && w.Reader != ""}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		leaks := audience.Check(audience.Content{Name: name, Bytes: files[name], Marking: w.Marking, Report: r, List: publish.List(name)}, reader, e.Pack)
		if len(leaks) > 0 {
			tell.Withheld = append(tell.Withheld, Withheld{w.ID, name, leaks[0].Kind, leaks[0].Quote, leaks[0].Reason})
			delete(files, name)
		}
	}
	return files, nil
}

// PackFor makes the pack of one reader of a campaign: the files that go with its warning, after the audience check, and those that
// the check left out. store.ErrNotFound when the campaign has no warning for the reader.
func (e *Engine) PackFor(ctx context.Context, campaign, reader string) (coldwatch.Warning, map[string][]byte, []Withheld, error) {
	ws, err := e.Warnings(ctx)
	if err != nil {
		return coldwatch.Warning{}, nil, nil, err
	}
	var w *coldwatch.Warning
	for i := range ws {
		if ws[i].Campaign == campaign && ws[i].Reader == reader && ws[i].Reason != warning.Withdrawn && (w == nil || ws[i].Version >= w.Version) {
			w = &ws[i]
		}
	}
	if w == nil {
		return coldwatch.Warning{}, nil, nil, fmt.Errorf("a warning of %s for %s: %w", campaign, reader, store.ErrNotFound)
	}
	var tell DeliveryReport
	files, err := e.files(ctx, *w, &tell)
	return *w, files, tell.Withheld, err
}

// Redeliver lets deliveries of a warning be tried again that failed or are unsure, on a person's word. It returns how many.
func (e *Engine) Redeliver(ctx context.Context, id string) (int, error) {
	ds, err := e.Store.Deliveries(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, d := range ds {
		if d.Warning != id || d.State != store.Failed && d.State != store.Unsure {
			continue
		}
		d.State, d.Attempts, d.Next, d.Changed, d.Problem = store.Waiting, 0, e.Clock(), e.Clock(), ""
		if _, err := e.Store.PutDelivery(ctx, d, false); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, fmt.Errorf("deliveries of %s that failed or are unsure: %w", id, store.ErrNotFound)
	}
	return n, nil
}
