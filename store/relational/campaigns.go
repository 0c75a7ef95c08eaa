package relational

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// PutCampaigns stores an update of the campaigns, their history, each profile version that is new, and the warnings that
// the update calls for, all or nothing. A campaign that has no member left is no more.
func (s *Store) PutCampaigns(ctx context.Context, u store.CampaignUpdate) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		if u.Owner != "" {
			r, err := tx.ExecContext(ctx, `UPDATE lease SET beat = beat + 1 WHERE name = ? AND owner = ?`, store.LinkerLease, u.Owner)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return errors.Join(store.ErrLost, err)
			}
		}
		b := tx.batch()
		if u.All {
			b.Add(`DELETE FROM campaign`)
			b.Add(`DELETE FROM campaign_member`)
		}
		for _, c := range u.States {
			profile, err := s.encode(c.Profile)
			if err != nil {
				return err
			}
			b.Add(`INSERT INTO campaign (id, version, profile) VALUES (?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET version = excluded.version, profile = excluded.profile`, c.Campaign.ID, c.Profile.Version, profile)
			b.Add(`INSERT INTO profile_version (campaign_id, version, profile) VALUES (?, ?, ?) ON CONFLICT (campaign_id, version) DO NOTHING`,
				c.Campaign.ID, c.Profile.Version, profile)
			for _, m := range c.Campaign.Members {
				b.Add(`INSERT INTO campaign_member (message_id, campaign_id) VALUES (?, ?) ON CONFLICT (message_id) DO UPDATE SET campaign_id = excluded.campaign_id`,
					m, c.Campaign.ID)
			}
		}
		if !u.All {
			b.Add(`DELETE FROM campaign WHERE NOT EXISTS (SELECT 1 FROM campaign_member m WHERE m.campaign_id = campaign.id)`)
		}
		var seq int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM campaign_event`).Scan(&seq); err != nil {
			return err
		}
		for _, e := range u.Events {
			seq++
			event, err := json.Marshal(e)
			if err != nil {
				return err
			}
			b.Add(`INSERT INTO campaign_event (seq, at, campaign_id, event) VALUES (?, ?, ?, ?)`, seq, e.At.UnixMicro(), e.Campaign, event)
		}
		if err := addWarnings(b, u.Warnings); err != nil {
			return err
		}
		return b.Send(ctx)
	})
}

// EventCounts gives how many events of each campaign are stored.
func (s *Store) EventCounts(ctx context.Context) (map[string]int, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT campaign_id, COUNT(*) FROM campaign_event GROUP BY campaign_id`)
	if err != nil {
		return nil, classify(err)
	}
	out := map[string]int{}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var id string
		var n int
		err := r.Scan(&id, &n)
		out[id] = n
		return struct{}{}, err
	})
	return out, err
}

// Campaigns gives the newest profile of every campaign, by id.
func (s *Store) Campaigns(ctx context.Context) ([]coldwatch.Profile, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT profile FROM campaign ORDER BY id`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (p coldwatch.Profile, err error) {
		var b []byte
		if err = r.Scan(&b); err == nil {
			err = s.decode(b, &p)
		}
		return p, err
	})
}

// Profile gives one version of a campaign's profile, the newest for version 0. ErrNotFound if there is none.
func (s *Store) Profile(ctx context.Context, id string, version int) (coldwatch.Profile, error) {
	var p coldwatch.Profile
	var b []byte
	var row *Row
	if version == 0 {
		row = s.profile.QueryRowContext(s.uninterrupted(ctx), id)
	} else {
		row = s.Read.QueryRowContext(ctx, `SELECT profile FROM profile_version WHERE campaign_id = ? AND version = ?`, id, version)
	}
	if err := row.Scan(&b); err != nil {
		return p, classify(err)
	}
	return p, s.decode(b, &p)
}

// CampaignOf gives the campaign that a message belongs to, "" for none.
func (s *Store) CampaignOf(ctx context.Context, message string) (string, error) {
	var id string
	err := s.Read.QueryRowContext(ctx, `SELECT campaign_id FROM campaign_member WHERE message_id = ?`, message).Scan(&id)
	if err == sql.ErrNoRows {
		return "", nil
	}
	return id, classify(err)
}

// Events gives a campaign's history, oldest first.
func (s *Store) Events(ctx context.Context, campaign string) ([]coldwatch.CampaignEvent, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT event FROM campaign_event WHERE campaign_id = ? ORDER BY seq`, campaign)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (e coldwatch.CampaignEvent, err error) {
		var b []byte
		if err = r.Scan(&b); err == nil {
			err = json.Unmarshal(b, &e)
		}
		return e, err
	})
}

// PutWord stores an analyst's word, or its undoing.
func (s *Store) PutWord(ctx context.Context, w coldwatch.Word) error {
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return transact(ctx, s.Write, func(tx *Tx) error {
		undone := 0
		if w.Undone {
			undone = 1
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO word (id, seq, undone, word) VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM word), ?, ?)
			ON CONFLICT (id) DO UPDATE SET undone = excluded.undone, word = excluded.word`, w.ID, undone, b)
		return err
	})
}

// Words gives every analyst's word in the order in which they were said.
func (s *Store) Words(ctx context.Context) ([]coldwatch.Word, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT word FROM word ORDER BY seq, id`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (w coldwatch.Word, err error) {
		var b []byte
		if err = r.Scan(&b); err == nil {
			err = json.Unmarshal(b, &w)
		}
		return w, err
	})
}

// PutWarnings adds warnings; one that is known already stays as it was first said.
func (s *Store) PutWarnings(ctx context.Context, ws []coldwatch.Warning) error {
	if len(ws) == 0 {
		return nil
	}
	return transactTwice(ctx, s.Write, func(tx *Tx) error {
		b := tx.batch()
		if err := addWarnings(b, ws); err != nil {
			return err
		}
		return b.Send(ctx)
	})
}

func addWarnings(b Batch, ws []coldwatch.Warning) error {
	for _, w := range ws {
		js, err := json.Marshal(w)
		if err != nil {
			return err
		}
		b.Add(`INSERT INTO warning (id, at, warning) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`, w.ID, w.At.UnixMicro(), js)
	}
	return nil
}

// Warnings gives every warning, oldest first.
func (s *Store) Warnings(ctx context.Context) ([]coldwatch.Warning, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT warning FROM warning ORDER BY at, id`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (w coldwatch.Warning, err error) {
		var b []byte
		if err = r.Scan(&b); err == nil {
			err = json.Unmarshal(b, &w)
		}
		return w, err
	})
}

// Setting gives a stored setting, nil if it was never set.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	var b []byte
	err := s.Read.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = ?`, name).Scan(&b)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	return b, classify(err)
}

// PutSetting stores a setting; nil takes it away.
func (s *Store) PutSetting(ctx context.Context, name string, value []byte) error {
	return transact(ctx, s.Write, func(tx *Tx) error {
		if value == nil {
			_, err := tx.ExecContext(ctx, `DELETE FROM setting WHERE name = ?`, name)
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
		return err
	})
}

func (s *Store) encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return s.codec.Compress(b), nil
}

func (s *Store) decode(b []byte, v any) error {
	b, err := s.codec.Expand(b)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
