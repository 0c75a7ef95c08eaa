package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/profile"
	"github.com/coldwatch/coldwatch/store"
)

// The linking of mail that comes in has two speeds. A refresh places what came and brings up to date the campaigns that this
// touched, within moments. A pass does all linking again, on a copy, while refreshes go on; it comes when something
// changed, and takes at most a part of the time.
const (
	refreshShare = 2               // a refresh is followed by a pause of this many times what it took
	passShare    = 8               // and a pass
	passPause    = 2 * time.Second // at least
	keepPause    = 10 * time.Minute
)

// passes are the re-link passes of a process that links.
type passes struct {
	waiting []chan struct{} // of those who said a word, for the next one
	between *between        // while one is under way
}

// between is what refreshes stored while a pass was under way.
type between struct {
	campaigns map[string]bool
	events    map[coldwatch.CampaignEvent]bool // without their times
}

func (b *between) add(u *store.CampaignUpdate) {
	for i := range u.States {
		b.campaigns[u.States[i].Campaign.ID] = true
	}
	for _, ev := range u.Events {
		b.events[timeless(ev)] = true
	}
}

func timeless(ev coldwatch.CampaignEvent) coldwatch.CampaignEvent {
	ev.At = time.Time{}
	return ev
}

// Follow keeps the campaigns up to date with what is stored until ctx ends. Of several processes one does this; the others
// stand by, and one takes over when it stops, or gives no sign of life for three beats.
func (e *Engine) Follow(ctx context.Context) error {
	var seen store.Lease
	n := 0
	for ctx.Err() == nil {
		h, err := e.attempt(ctx, store.LinkerLease, &seen, &n)
		switch {
		case err != nil && ctx.Err() == nil:
			slog.Warn("the database does not answer; trying again", "error", err)
		case h != nil:
			slog.Info("this process links", "process", e.Name)
			e.lead(ctx, h)
			n = 0
			continue
		}
		_ = pause(ctx, e.Beat) // the loop sees its end
	}
	return nil
}

// lead links until ctx ends or the lease is lost.
func (e *Engine) lead(ctx context.Context, h *hold) {
	e.mu.Lock()
	e.leading, e.links = h, nil // another may have linked meanwhile
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.leading = nil
		for _, w := range e.passes.waiting {
			close(w)
		}
		e.passes = passes{}
		e.mu.Unlock()
		h.leave()
	}()
	f := &follower{e: e, kept: time.Now(), done: make(chan passed, 1)}
	defer f.end(context.WithoutCancel(ctx), h)
	t := time.NewTicker(e.Beat / 2)
	defer t.Stop()
	for {
		if err := f.step(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, store.ErrLost) {
				return
			}
			slog.Warn("the campaigns could not be brought up to date; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.lost:
			slog.Warn("another process took over linking")
			return
		case p := <-f.done:
			if err := f.finish(ctx, p); err != nil && ctx.Err() == nil {
				slog.Warn("a re-link pass was lost; it comes again", "error", err)
			}
		case <-e.wake:
		case <-t.C:
		}
	}
}

// A follower is the state of one process that links.
type follower struct {
	e        *Engine
	dirty    bool          // something came since the last pass began
	running  bool          // a pass is under way
	next     time.Time     // for the next refresh
	trouble  time.Duration // pause after the last one, while they fail
	nextPass time.Time
	kept     time.Time // when the linker's state was last kept
	done     chan passed
}

// A passed is a pass that is over.
type passed struct {
	of     *links // that it began from
	l      *links
	update store.CampaignUpdate
	begun  time.Time
	served []chan struct{}
	err    error
}

// step refreshes and begins a pass, where it is time.
func (f *follower) step(ctx context.Context) error {
	if now := time.Now(); now.Before(f.next) {
		return nil
	}
	begun := time.Now()
	changed, err := f.e.Refresh(ctx)
	f.next = time.Now().Add(refreshShare * time.Since(begun))
	if err != nil {
		f.trouble = min(max(f.e.Beat, 2*f.trouble), retryPause)
		f.next = time.Now().Add(f.trouble)
		return err
	}
	f.trouble = 0
	f.dirty = f.dirty || changed
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	if f.running || len(f.e.passes.waiting) == 0 && (!f.dirty || time.Now().Before(f.nextPass)) {
		return nil
	}
	if f.e.links == nil { // what is stored was made anew meanwhile
		return nil
	}
	return f.begin(ctx)
}

// begin starts a pass on a copy.
func (f *follower) begin(ctx context.Context) error {
	e := f.e
	p := passed{of: e.links, begun: time.Now(), served: e.passes.waiting}
	state, err := e.links.snapshot()
	if err != nil {
		return err
	}
	p.l = &links{placed: e.links.placed, told: maps.Clone(e.links.told), memo: profile.NewMemo()}
	e.passes = passes{between: &between{map[string]bool{}, map[coldwatch.CampaignEvent]bool{}}}
	f.dirty, f.running = false, true
	linking := e.Linking
	go func() {
		defer func() { f.done <- p }()
		if p.l.Linker, p.err = campaign.Restore(bytes.NewReader(state[8:]), linking); p.err != nil {
			return
		}
		state = nil
		p.l.SetClock(e.Clock)
		p.l.Relink()
		p.update, p.err = e.whole(ctx, p.l)
	}()
	return nil
}

// finish puts a pass in the place of what it began from: what came meanwhile is placed, and all is stored.
func (f *follower) finish(ctx context.Context, p passed) (err error) {
	e := f.e
	f.running = false
	f.nextPass = time.Now().Add(max(passPause, passShare*time.Since(p.begun)))
	e.mu.Lock()
	defer e.mu.Unlock()
	since := e.passes.between
	e.passes.between = nil
	defer func() {
		f.dirty = f.dirty || err != nil || p.l.Stale()
		for _, w := range p.served {
			close(w)
		}
	}()
	if p.err != nil {
		return p.err
	}
	if err := e.ready(ctx); err != nil {
		return err
	}
	if e.links != p.of { // what is stored was made anew meanwhile
		f.dirty = true
		return nil
	}
	p.l.settled = e.links.settled
	fresh, err := e.catchUp(ctx, p.l)
	if err != nil {
		return err
	}
	u := p.update
	if len(fresh) > 0 {
		changed, err := e.state(ctx, p.l, p.l.touched(fresh), false)
		if err != nil {
			return err
		}
		u = merge(u, changed)
	}
	for i := range u.States { // what a refresh stored meanwhile is an earlier version
		s := &u.States[i]
		if !since.campaigns[s.Campaign.ID] {
			continue
		}
		old, err := e.Store.Profile(ctx, s.Campaign.ID, 0)
		if err == nil {
			s.Profile = profile.Revise(old, s.Profile)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	u.Events = slices.DeleteFunc(p.l.EventsSince(p.l.told), func(ev coldwatch.CampaignEvent) bool { return since.events[timeless(ev)] })
	if err := e.commit(ctx, &u); err != nil {
		e.links = nil
		return err
	}
	e.links = p.l
	if time.Since(f.kept) > keepPause {
		f.kept = time.Now()
		return e.keep(ctx, e.links)
	}
	return nil
}

// end waits for a pass under way and keeps the linker's state for the next start.
func (f *follower) end(ctx context.Context, h *hold) {
	if f.running {
		for _, w := range (<-f.done).served {
			close(w)
		}
	}
	select {
	case <-h.lost:
		return
	default:
	}
	e := f.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.links == nil {
		return
	}
	if err := e.keep(ctx, e.links); err != nil {
		slog.Warn("the linker's state was not kept; the next start takes longer", "error", err)
	}
}

// merge lays the campaigns that changed over all that there are.
func merge(all, changed store.CampaignUpdate) store.CampaignUpdate {
	holder := map[string]string{}
	for _, s := range changed.States {
		for _, m := range s.Campaign.Members {
			holder[m] = s.Campaign.ID
		}
	}
	states := changed.States
	for _, s := range all.States {
		gone := true // into a campaign that changed
		for _, m := range s.Campaign.Members {
			gone = gone && holder[m] != ""
		}
		if !gone {
			states = append(states, s)
		}
	}
	all.States = states
	all.Warnings = append(all.Warnings, changed.Warnings...)
	return all
}

// Refresh places what is stored and not linked yet, and brings up to date the campaigns that this touched: in time that
// grows with them, not with all that is stored. It tells whether anything came.
func (e *Engine) Refresh(ctx context.Context) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return false, err
	}
	if e.links == nil || e.links.base == nil {
		return true, e.restate(ctx)
	}
	l, fresh, err := e.current(ctx)
	if err != nil {
		e.links = nil
		return false, err
	}
	if len(fresh) == 0 {
		return l.Stale(), nil
	}
	u, err := e.state(ctx, l, l.touched(fresh), false)
	if err == nil {
		u.Events = l.EventsSince(l.told)
		err = e.commit(ctx, &u)
	}
	if err != nil {
		e.links = nil // what was stored decides
	}
	return true, err
}

// restate loads linking and states every campaign as it stands, without a pass.
func (e *Engine) restate(ctx context.Context) error {
	l, _, err := e.current(ctx)
	if err == nil {
		var u store.CampaignUpdate
		if u, err = e.whole(ctx, l); err == nil {
			u.Events = l.EventsSince(l.told)
			err = e.commit(ctx, &u)
		}
	}
	if err != nil {
		e.links = nil
	}
	return err
}

// touched gives the campaigns that sightings placed just now are in, possible campaigns of one message among them.
func (l *links) touched(fresh []coldwatch.Sighting) []coldwatch.Campaign {
	var out []coldwatch.Campaign
	seen := map[string]bool{}
	for _, s := range fresh {
		id := l.Place(s).Campaign // where it is by now
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		if c, ok := l.Campaign(id); ok {
			out = append(out, c)
		}
	}
	for _, s := range fresh {
		if l.Alone(s.ID) {
			_, taken := l.Campaign("c-" + s.ID[:10])
			out = append(out, single(s.ID, map[string]bool{"c-" + s.ID[:10]: taken}))
		}
	}
	return out
}

// wantPass asks for a pass over everything that is stored by now; the channel is closed when it is done. Nil when this is not
// the process that links.
func (e *Engine) wantPass() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.leading == nil {
		return nil
	}
	done := make(chan struct{})
	e.passes.waiting = append(e.passes.waiting, done)
	e.nudge()
	return done
}

// nudge tells the process that links, if it is this one, that something is stored.
func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
