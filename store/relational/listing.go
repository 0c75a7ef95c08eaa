package relational

import (
	"context"
	"database/sql"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// List gives the messages that a query chooses, the newest first.
func (s *Store) List(ctx context.Context, q store.MessageQuery) ([]store.Row, error) {
	var where []string
	var args []any
	add := func(condition string, v ...any) { where, args = append(where, condition), append(args, v...) }
	if words := strings.Fields(q.Words); len(words) > 0 {
		add(`seq IN (`+s.dialect.Found+`)`, s.dialect.Query(words))
	}
	if q.Fenced || q.Organisation != "" {
		add(`organisation = ?`, q.Organisation)
	}
	if q.Campaign != "" {
		add(`id IN (SELECT message_id FROM campaign_member WHERE campaign_id = ?)`, q.Campaign)
	}
	if n := len(q.Classes); n > 0 {
		classes := make([]any, n)
		for i, c := range q.Classes {
			classes[i] = string(c)
		}
		add(`class IN (?`+strings.Repeat(`, ?`, n-1)+`)`, classes...)
	}
	if !q.Before.IsZero() {
		add(`(received < ? OR (received = ? AND id > ?))`, q.Before.UnixMicro(), q.Before.UnixMicro(), q.AfterID)
	}
	query := rowColumns
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	query += ` ORDER BY received DESC, id`
	if q.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, q.Limit)
	}
	rows, err := s.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Row, error) { return scanRow(r) })
}

// CampaignVersions gives every campaign with the version of its newest profile, by id.
func (s *Store) CampaignVersions(ctx context.Context) ([]store.CampaignVersion, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT id, version FROM campaign ORDER BY id`)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (v store.CampaignVersion, err error) {
		err = r.Scan(&v.Campaign, &v.Version)
		return v, err
	})
}

// TotalsOf counts what is stored of one organisation.
func (s *Store) TotalsOf(ctx context.Context, organisation string) (store.Totals, error) {
	t := store.Totals{Classes: map[coldwatch.Class]int{}}
	rows, err := s.Read.QueryContext(ctx, `SELECT class, COUNT(*), MIN(received), MAX(received) FROM message WHERE organisation = ? GROUP BY class ORDER BY class`, organisation)
	if err != nil {
		return t, classify(err)
	}
	return t, count(rows, &t)
}
