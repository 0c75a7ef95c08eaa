package desk

import (
	"context"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// maxRows bounds what one listing gives.
const maxRows = 500

// Messages gives the stored messages that a query chooses and the viewer may see, the newest first; 50 unless the query says how many.
func (d *Desk) Messages(ctx context.Context, q store.MessageQuery) ([]store.Row, error) {
	org, whole, err := bound(ctx)
	if err != nil {
		return nil, err
	}
	if !whole {
		if q.Organisation != "" && q.Organisation != org {
			return []store.Row{}, nil
		}
		q.Organisation, q.Fenced = org, true
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, maxRows)
	return d.st.List(ctx, q)
}

// Row gives the listing of one message, by its id or the beginning of it.
func (d *Desk) Row(ctx context.Context, id string) (store.Row, error) {
	_, _, err := bound(ctx)
	if err != nil {
		return store.Row{}, err
	}
	if len(id) < 64 {
		if len(id) < 8 {
			return store.Row{}, store.ErrNotFound
		}
		if id, err = d.st.Find(ctx, id); err != nil {
			return store.Row{}, err
		}
	}
	row, err := d.st.Row(ctx, id)
	if err != nil {
		return store.Row{}, err
	}
	if !d.sees(ctx, row.Organisation) {
		return store.Row{}, store.ErrNotFound
	}
	return row, nil
}

func (d *Desk) sees(ctx context.Context, organisation string) bool {
	org, whole, err := bound(ctx)
	return err == nil && (whole || org == organisation)
}

// A Message is what is known of one stored message.
type Message struct {
	Row      store.Row
	Analysis coldwatch.Analysis
	Campaign string // id, "" for none or one that the viewer may not see
	Words    []coldwatch.Word
}

// Message gives one message by its id or the beginning of it.
func (d *Desk) Message(ctx context.Context, id string) (Message, error) {
	row, err := d.Row(ctx, id)
	if err != nil {
		return Message{}, err
	}
	m := Message{Row: row}
	if m.Analysis, err = d.analysis(ctx, row.ID); err != nil {
		return m, err
	}
	if m.Campaign, err = d.st.CampaignOf(ctx, row.ID); err != nil {
		return m, err
	}
	words, err := d.Words(ctx)
	for _, w := range words {
		if w.Message == row.ID || w.Other == row.ID {
			m.Words = append(m.Words, w)
		}
	}
	return m, err
}

// Raw gives the bytes of a message as they came in. Who reads them is written down.
func (d *Desk) Raw(ctx context.Context, id string) ([]byte, error) {
	row, err := d.Row(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := d.log.Add(ctx, audit.RawRead, row.ID, ""); err != nil {
		return nil, err
	}
	return d.st.Raw(ctx, row.RawSHA256)
}

// Open walks a message once more and gives all that the rooms see in it: its parts, the messages that it carries, its payloads. It
// writes nothing down; Raw does.
func (d *Desk) Open(ctx context.Context, id string) (engine.Walked, error) {
	row, err := d.Row(ctx, id)
	if err != nil {
		return engine.Walked{}, err
	}
	raw, err := d.st.Raw(ctx, row.RawSHA256)
	if err != nil {
		return engine.Walked{}, err
	}
	return d.engine().Walk(coldwatch.Submission{Raw: raw, Organisation: row.Organisation, Source: row.Source}), nil
}

// Counting reads a whole index. Where that takes long, the counts shown are those of a moment ago, and one count at a time runs.
const (
	countLong = 20 * time.Millisecond
	countFor  = 10 * time.Second
)

// A totalsCache keeps counts, by organisation.
type totalsCache struct {
	mu   sync.Mutex
	of   map[string]counted
	once singleflight.Group
}

type counted struct {
	totals store.Totals
	at     time.Time
	took   time.Duration
}

// Totals counts the stored messages that the viewer may see.
func (d *Desk) Totals(ctx context.Context) (store.Totals, error) {
	org, whole, err := bound(ctx)
	if err != nil {
		return store.Totals{}, err
	}
	t, err := d.count(ctx, org, whole)
	if err != nil || whole {
		return t, err
	}
	seen, err := d.Campaigns(ctx, true)
	t.Campaigns = len(seen)
	return t, err
}

func (d *Desk) count(ctx context.Context, org string, whole bool) (store.Totals, error) {
	key := "one " + org
	if whole {
		key = "all"
	}
	c := &d.totals
	c.mu.Lock()
	kept, ok := c.of[key]
	c.mu.Unlock()
	now := time.Now()
	if ok && kept.took > countLong && now.Sub(kept.at) < countFor {
		return kept.copied(), nil
	}
	fresh := c.once.DoChan(key, func() (any, error) {
		ctx, began := context.WithoutCancel(ctx), time.Now()
		var t store.Totals
		var err error
		if whole {
			t, err = d.st.Totals(ctx)
		} else {
			t, err = d.st.TotalsOf(ctx, org)
		}
		if err != nil {
			return counted{}, err
		}
		n := counted{t, time.Now(), time.Since(began)}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.of == nil {
			c.of = map[string]counted{}
		}
		c.of[key] = n
		return n, nil
	})
	if ok && kept.took > countLong { // the next one sees the new count
		return kept.copied(), nil
	}
	select {
	case r := <-fresh:
		return r.Val.(counted).copied(), r.Err
	case <-ctx.Done():
		return store.Totals{}, ctx.Err()
	}
}

// copied gives counts that the reader may change.
func (c counted) copied() store.Totals {
	c.totals.Classes = maps.Clone(c.totals.Classes)
	return c.totals
}
