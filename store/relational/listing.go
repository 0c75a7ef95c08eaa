package relational

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// manyFound is from how many messages on, that have the words that are searched for, the newest messages are looked through for those
// that have them, rather than those that have them for the newest.
const manyFound = 10_000

// LookThrough sets that number, for tests.
func (s *Store) LookThrough(from int) { s.many = from }

// List gives the messages that a query chooses, the newest first.
//
// Where words or a campaign leave few messages, those are looked up and sorted; the other conditions are then written so that no
// index offers itself for them. Else an index gives the newest in their order, of each class by its own stretch of it, until there
// are enough.
func (s *Store) List(ctx context.Context, q store.MessageQuery) ([]store.Row, error) {
	var where []string
	var args []any
	add := func(condition string, v ...any) { where, args = append(where, condition), append(args, v...) }
	few := q.Campaign != ""
	if few {
		add(`id IN (SELECT message_id FROM campaign_member WHERE campaign_id = ?)`, q.Campaign)
	}
	if words := strings.Fields(q.Words); len(words) > 0 {
		found := s.dialect.Query(words)
		var n int
		err := s.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+s.dialect.Found+` LIMIT ?) many`, found, s.many).Scan(&n)
		if err != nil {
			return nil, classify(err)
		}
		if n < s.many && !few {
			few = true
			add(`seq IN (`+s.dialect.Found+`)`, found)
		} else {
			add(`seq + 0 IN (`+s.dialect.Found+`)`, found)
		}
	}
	organisation, class, received := `organisation`, `class`, `received`
	if few {
		organisation, class, received = `organisation || ''`, `class || ''`, `received + 0`
	}
	if q.Fenced || q.Organisation != "" {
		add(organisation+` = ?`, q.Organisation)
	}
	if !q.Before.IsZero() {
		add(received+` <= ?`, q.Before.UnixMicro()) // for the index; the next line says it all
		add(`(received < ? OR (received = ? AND id > ?))`, q.Before.UnixMicro(), q.Before.UnixMicro(), q.AfterID)
	}
	classes := slices.Compact(slices.Sorted(slices.Values(q.Classes)))
	if few && len(classes) > 0 {
		var all []any
		for _, c := range classes {
			all = append(all, string(c))
		}
		add(class+` IN (?`+strings.Repeat(`, ?`, len(all)-1)+`)`, all...)
		classes = nil
	}
	query, args := newest(where, args, classes, q.Limit)
	rows, err := s.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Row, error) { return scanRow(r) })
}

// newest writes the query for the newest messages under some conditions, of any of the classes where there are some.
func newest(where []string, args []any, classes []coldwatch.Class, limit int) (string, []any) {
	order := ` ORDER BY received DESC, id`
	var bound []any
	if limit > 0 {
		order, bound = order+` LIMIT ?`, []any{limit}
	}
	conditions := func(all []string) string {
		if len(all) == 0 {
			return ``
		}
		return ` WHERE ` + strings.Join(all, ` AND `)
	}
	if len(classes) == 0 {
		return rowColumns + conditions(where) + order, append(args, bound...)
	}
	var parts []string
	var all []any
	for _, c := range classes {
		parts = append(parts, `SELECT * FROM (`+rowColumns+conditions(append(slices.Clone(where), `class = ?`))+order+`) part`)
		all = slices.Concat(all, args, []any{string(c)}, bound)
	}
	return strings.Join(parts, ` UNION ALL `) + order, append(all, bound...)
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

// RawTotals counts the raw messages that are stored, and their bytes. It reads all of them: not for every page.
func (s *Store) RawTotals(ctx context.Context) (n int, bytes int64, err error) {
	err = s.RawDB.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM raw`).Scan(&n, &bytes)
	return n, bytes, classify(err)
}
