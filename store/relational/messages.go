package relational

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/store"
)

// Put stores a batch and the checkpoint reached with it, all or nothing, and returns when it is on the disk. A record
// whose id is stored already is replaced: that is how a message that walks again gets its new analysis. It returns how many
// were new.
func (s *Store) Put(ctx context.Context, batch []store.Record, reached []store.Checkpoint) (int, error) {
	ctx = s.uninterrupted(ctx)
	apart := s.RawDB != s.Write
	if apart && len(batch) > 0 {
		err := transactTwice(ctx, s.RawDB, func(tx *Tx) error { return putRaw(ctx, tx, batch) })
		if err != nil {
			return 0, err
		}
	}
	var queued []string
	for i := range batch {
		if batch[i].Queued {
			queued = append(queued, batch[i].ID)
		}
	}
	fresh := 0
	err := transactTwice(ctx, s.Write, func(tx *Tx) error {
		if err := s.byKey(ctx, tx); err != nil {
			return err
		}
		if !apart {
			if err := putRaw(ctx, tx, batch); err != nil {
				return err
			}
			b := tx.batch()
			for _, id := range queued {
				b.Add(`DELETE FROM queue WHERE id = ?`, id)
			}
			if err := b.Send(ctx); err != nil {
				return err
			}
		}
		var err error
		if fresh, err = s.putMessages(ctx, tx, batch); err != nil {
			return err
		}
		for _, c := range reached {
			_, err := tx.ExecContext(ctx, `INSERT INTO checkpoint (path, size, modified, position) VALUES (?, ?, ?, ?)
				ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified = excluded.modified, position = excluded.position`,
				c.Path, c.Size, c.Modified.UnixMicro(), c.Offset)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && apart && len(queued) > 0 { // a crash in between: it is analysed again, to the same end
		err = s.dequeue(ctx, queued)
	}
	return fresh, err
}

func (s *Store) byKey(ctx context.Context, tx *Tx) error {
	if s.dialect.ByKey == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.dialect.ByKey)
	return err
}

// uninterrupted is for statements that are over in microseconds: to make one interruptible, the driver starts a goroutine,
// which costs as much as the statement. A context that has ended stays ended.
func (s *Store) uninterrupted(ctx context.Context) context.Context {
	if ctx.Err() != nil || !s.dialect.Uninterrupted {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func putRaw(ctx context.Context, tx *Tx, batch []store.Record) error {
	b := tx.batch()
	for i := range batch {
		r := &batch[i]
		if r.Raw != nil {
			b.Add(`INSERT INTO raw (sha256, size, body) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING`, r.RawSHA256, r.Size, r.Raw)
		}
		b.Add(putSubmission, r.ID, r.RawSHA256, r.Organisation, r.Source, r.Received.UnixMicro(), micros(r.Trusted), envelope(r.Envelope))
	}
	return b.Send(ctx)
}

const putSubmission = `INSERT INTO submission (id, raw_sha256, organisation, source, received, trusted, envelope) VALUES (?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO NOTHING`

// micros is a time as it is stored: 0 where there is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func envelope(e coldwatch.Envelope) string {
	if e.From == "" && len(e.To) == 0 {
		return ""
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}

const submissionColumns = `s.organisation, s.source, s.trusted, s.envelope, r.body FROM submission s JOIN raw r ON r.sha256 = s.raw_sha256`

// scanSubmission reads submissionColumns, and before them what is given.
func (s *Store) scanSubmission(scan func(...any) error, before ...any) (coldwatch.Submission, error) {
	var sub coldwatch.Submission
	var trusted int64
	var envelope string
	if err := scan(append(before, &sub.Organisation, &sub.Source, &trusted, &envelope, &sub.Raw)...); err != nil {
		return sub, err
	}
	if trusted != 0 {
		sub.Received = time.UnixMicro(trusted).UTC()
	}
	if envelope != "" {
		if err := json.Unmarshal([]byte(envelope), &sub.Envelope); err != nil {
			return sub, fmt.Errorf("envelope of %s: %w", sub.Source, err)
		}
	}
	var err error
	sub.Raw, err = s.codec.Expand(sub.Raw)
	return sub, err
}

// putMessages stores the analyses of a batch and returns how many messages are new.
func (s *Store) putMessages(ctx context.Context, tx *Tx, batch []store.Record) (fresh int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	var seq int64
	if err := tx.QueryRowContext(ctx, `UPDATE counter SET value = value + 0 WHERE name = 'message' RETURNING value`).Scan(&seq); err != nil {
		return 0, err
	}
	known, err := sequence(ctx, tx, batch)
	if err != nil {
		return 0, err
	}
	b := tx.batch()
	for i := range batch {
		r := &batch[i]
		n, ok := known[r.ID]
		if ok {
			b.Add(s.dialect.DropTerms, n)
		} else {
			seq++
			fresh++
			n = seq
			known[r.ID] = n
		}
		b.Add(`INSERT INTO message (id, seq, raw_sha256, organisation, source, received, class, bits, subject, sender, size, analysis, sighting, terms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET received = excluded.received, class = excluded.class, bits = excluded.bits, subject = excluded.subject,
			sender = excluded.sender, analysis = excluded.analysis, sighting = excluded.sighting, terms = excluded.terms`,
			r.ID, n, r.RawSHA256, r.Organisation, r.Source, r.Received.UnixMicro(), string(r.Class), r.Bits, r.Subject, r.From, r.Size,
			r.Analysis, r.Sighting, s.codec.Compress([]byte(r.Terms)))
		putRecipients(b, r)
		if r.Habit != nil {
			putHabit(b, r.Habit)
		}
		terms := r.Terms
		if s.dialect.Terms != nil {
			terms = s.dialect.Terms(terms)
		}
		b.Add(s.dialect.PutTerms, n, terms)
	}
	b.Add(`UPDATE counter SET value = ? WHERE name = 'message'`, seq)
	return fresh, b.Send(ctx)
}

// putRecipients stores the addresses of a message, many at once where there are many.
func putRecipients(b Batch, r *store.Record) {
	const many = 16
	left := r.Recipients
	for len(left) > 0 {
		n := 1
		if len(left) >= many {
			n = many
		}
		args := make([]any, 0, 2*n)
		for _, a := range left[:n] {
			args = append(args, strings.ToLower(a), r.ID)
		}
		left = left[n:]
		b.Add(`INSERT INTO recipient (address, message_id) VALUES (?, ?)`+strings.Repeat(`, (?, ?)`, n-1)+` ON CONFLICT (address, message_id) DO NOTHING`, args...)
	}
}

// sequence gives the numbers of those messages of a batch that are known.
func sequence(ctx context.Context, tx *Tx, batch []store.Record) (map[string]int64, error) {
	known := map[string]int64{}
	for len(batch) > 0 {
		const most = 64 // one text for all batches, so that it is parsed once
		ids := make([]any, most)
		n := min(most, len(batch))
		for i := range ids {
			ids[i] = batch[min(i, n-1)].ID
		}
		batch = batch[n:]
		rows, err := tx.QueryContext(ctx, `SELECT id, seq FROM message WHERE id IN (?`+strings.Repeat(`, ?`, most-1)+`)`, ids...)
		if err != nil {
			return nil, err
		}
		_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
			var id string
			var seq int64
			err := r.Scan(&id, &seq)
			known[id] = seq
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// Have tells which of the ids are stored.
func (s *Store) Have(ctx context.Context, id string) (bool, error) {
	var one int
	switch err := s.have.QueryRowContext(s.uninterrupted(ctx), id).Scan(&one); err {
	case nil:
		return true, nil
	case sql.ErrNoRows:
		return false, nil
	default:
		return false, classify(err)
	}
}

// Row gives the listing of one message. ErrNotFound if there is none.
func (s *Store) Row(ctx context.Context, id string) (store.Row, error) {
	r, err := scanRow(s.Read.QueryRowContext(ctx, rowColumns+` WHERE id = ?`, id))
	return r, classify(err)
}

// Find gives the id that begins so, when exactly one does. ErrNotFound otherwise.
func (s *Store) Find(ctx context.Context, prefix string) (string, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT id FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT 2`, prefix, prefix+"g")
	if err != nil {
		return "", classify(err)
	}
	ids, err := collect(rows, func(r *sql.Rows) (id string, err error) { err = r.Scan(&id); return })
	if err == nil && len(ids) != 1 {
		err = store.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

const rowColumns = `SELECT id, raw_sha256, organisation, source, received, class, bits, subject, sender, size FROM message`

func scanRow(sc interface{ Scan(...any) error }) (store.Row, error) {
	var r store.Row
	var us int64
	var class string
	err := sc.Scan(&r.ID, &r.RawSHA256, &r.Organisation, &r.Source, &us, &class, &r.Bits, &r.Subject, &r.From, &r.Size)
	r.Received, r.Class = time.UnixMicro(us).UTC(), coldwatch.Class(class)
	return r, err
}

// collect reads all rows.
func collect[T any](rows *Rows, one func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := one(rows.Rows)
		if err != nil {
			return nil, classify(err)
		}
		out = append(out, v)
	}
	return out, classify(rows.Err())
}

// Raw gives a raw message by its SHA-256. ErrNotFound if there is none.
func (s *Store) Raw(ctx context.Context, sha256 string) ([]byte, error) {
	var b []byte
	if err := s.RawDB.QueryRowContext(ctx, `SELECT body FROM raw WHERE sha256 = ?`, sha256).Scan(&b); err != nil {
		return nil, classify(err)
	}
	return s.codec.Expand(b)
}

// Analysis gives the JSON of a message's analysis. ErrNotFound if there is none.
func (s *Store) Analysis(ctx context.Context, id string) ([]byte, error) {
	var b []byte
	if err := s.Read.QueryRowContext(ctx, `SELECT analysis FROM message WHERE id = ?`, id).Scan(&b); err != nil {
		return nil, classify(err)
	}
	return s.codec.Expand(b)
}

// Sightings calls f with the bytes of every sighting that was stored after a sequence number (0: all), by time received, then
// id. Sequence numbers rise by one with each message stored.
func (s *Store) Sightings(ctx context.Context, after int64, f func(seq int64, sighting []byte) error) error {
	rows, err := s.Read.QueryContext(ctx, `SELECT seq, sighting FROM message WHERE seq > ? ORDER BY received, id`, after)
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var b []byte
		if err := rows.Scan(&seq, &b); err != nil {
			return classify(err)
		}
		if err := f(seq, b); err != nil {
			return err
		}
	}
	return classify(rows.Err())
}

// SightingsOf calls f with the sighting of each of these messages that is stored, by time received, then id.
func (s *Store) SightingsOf(ctx context.Context, ids []string, f func(sighting []byte) error) error {
	type row struct {
		received int64
		id       string
		sighting []byte
	}
	var all []row
	for len(ids) > 0 {
		const most = 64 // one text for all, so that it is parsed once
		args := make([]any, most)
		n := min(most, len(ids))
		for i := range args {
			args[i] = ids[min(i, n-1)]
		}
		ids = ids[n:]
		rows, err := s.Read.QueryContext(ctx, `SELECT received, id, sighting FROM message WHERE id IN (?`+strings.Repeat(`, ?`, most-1)+`)`, args...)
		if err != nil {
			return classify(err)
		}
		page, err := collect(rows, func(r *sql.Rows) (x row, err error) { err = r.Scan(&x.received, &x.id, &x.sighting); return })
		if err != nil {
			return err
		}
		all = append(all, page...)
	}
	slices.SortFunc(all, func(a, b row) int { return cmp.Or(cmp.Compare(a.received, b.received), cmp.Compare(a.id, b.id)) })
	for _, x := range all {
		if err := f(x.sighting); err != nil {
			return err
		}
	}
	return nil
}

// Submissions calls f with every submission that was ever accepted, by id: what everything else can be made again from.
func (s *Store) Submissions(ctx context.Context, f func(sub coldwatch.Submission) error) error {
	after := ""
	for {
		rows, err := s.RawDB.QueryContext(ctx, `SELECT s.id, `+submissionColumns+` WHERE s.id > ? ORDER BY s.id LIMIT 64`, after)
		if err != nil {
			return classify(err)
		}
		page, err := collect(rows, func(r *sql.Rows) (coldwatch.Submission, error) { return s.scanSubmission(r.Scan, &after) })
		if err != nil {
			return err
		}
		for _, sub := range page {
			if err := f(sub); err != nil {
				return err
			}
		}
		if len(page) < 64 {
			return nil
		}
	}
}

// Search gives the newest messages that hold every word of the query, at most limit.
func (s *Store) Search(ctx context.Context, query string, limit int) ([]store.Row, error) {
	words := strings.Fields(query)
	if len(words) == 0 {
		return nil, nil
	}
	rows, err := s.Read.QueryContext(ctx, rowColumns+` WHERE seq IN (`+s.dialect.Found+`)
		ORDER BY received DESC, id LIMIT ?`, s.dialect.Query(words), limit)
	if err != nil {
		return nil, classify(err)
	}
	return collect(rows, func(r *sql.Rows) (store.Row, error) { return scanRow(r) })
}

// Checkpoint gives how far a file was read. ErrNotFound if it never was.
func (s *Store) Checkpoint(ctx context.Context, path string) (store.Checkpoint, error) {
	c := store.Checkpoint{Path: path}
	var us int64
	err := s.checkpoint.QueryRowContext(s.uninterrupted(ctx), path).Scan(&c.Size, &us, &c.Offset)
	c.Modified = time.UnixMicro(us).UTC()
	return c, classify(err)
}

// Totals counts what is stored.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	t := store.Totals{Classes: map[coldwatch.Class]int{}}
	rows, err := s.Read.QueryContext(ctx, `SELECT class, COUNT(*), MIN(received), MAX(received) FROM message GROUP BY class ORDER BY class`)
	if err != nil {
		return t, classify(err)
	}
	if err := count(rows, &t); err != nil {
		return t, err
	}
	err = s.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM campaign`).Scan(&t.Campaigns)
	return t, classify(err)
}

// count adds up the counts of classes.
func count(rows *Rows, t *store.Totals) error {
	_, err := collect(rows, func(r *sql.Rows) (struct{}, error) {
		var class string
		var n int
		var first, last int64
		err := r.Scan(&class, &n, &first, &last)
		t.Classes[coldwatch.Class(class)] = n
		t.Messages += n
		if f := time.UnixMicro(first).UTC(); t.First.IsZero() || f.Before(t.First) {
			t.First = f
		}
		if l := time.UnixMicro(last).UTC(); l.After(t.Last) {
			t.Last = l
		}
		return struct{}{}, err
	})
	return err
}

// OrganisationCounts counts the messages of each reporting organisation, hostile or not: the denominator of targeting.
func (s *Store) OrganisationCounts(ctx context.Context) (map[string]int, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT organisation, COUNT(*) FROM message GROUP BY organisation ORDER BY organisation`)
	if err != nil {
		return nil, classify(err)
	}
	out := map[string]int{}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) {
		var org string
		var n int
		err := r.Scan(&org, &n)
		out[org] = n
		return struct{}{}, err
	})
	return out, err
}
