// Package engine walks messages through the rooms: it is the one place that knows their order.
//
// walk.go is the walk of one message, without any storage: bytes in, analysis and sighting out. scan.go runs the walk on
// all cores over a source of mail and stores what comes out. link.go brings the campaigns up to date with what is stored;
// live.go does all this as mail comes in. replay.go walks stored mail again when the pack or an analyser changed. Memory stays bounded whatever the size of the input: what is in
// flight is counted in bytes, and the source waits.
package engine

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/store"
)

// A Store is where the engine keeps what it learns. Package store/conformance tests what is relied on. Errors wrap those of
// package store.
type Store interface {
	Put(ctx context.Context, batch []store.Record, reached []store.Checkpoint) (fresh int, err error)
	Have(ctx context.Context, id string) (bool, error)
	Find(ctx context.Context, prefix string) (id string, err error)
	Row(ctx context.Context, id string) (store.Row, error)
	Raw(ctx context.Context, sha256 string) ([]byte, error)
	Analysis(ctx context.Context, id string) ([]byte, error)
	Sightings(ctx context.Context, after int64, f func(seq int64, sighting []byte) error) error
	SightingsOf(ctx context.Context, ids []string, f func(sighting []byte) error) error
	Submissions(ctx context.Context, f func(coldwatch.Submission) error) error
	Search(ctx context.Context, query string, limit int) ([]store.Row, error)
	Checkpoint(ctx context.Context, path string) (store.Checkpoint, error)
	Totals(ctx context.Context) (store.Totals, error)
	RawTotals(ctx context.Context) (n int, bytes int64, err error)
	OrganisationCounts(ctx context.Context) (map[string]int, error)

	Receive(ctx context.Context, subs []coldwatch.Submission, at time.Time) (queued []bool, err error)
	Claim(ctx context.Context, worker string, most int, bytes int64) ([]coldwatch.Submission, error)
	Unclaim(ctx context.Context, worker string) error
	Claimants(ctx context.Context) ([]string, error)
	Queued(ctx context.Context) (store.Queue, error)
	Beat(ctx context.Context, name, owner string) (store.Lease, error)
	Seize(ctx context.Context, name, owner string, seen store.Lease) (bool, error)
	Leave(ctx context.Context, name, owner string) error
	Leases(ctx context.Context) (map[string]store.Lease, error)

	PutCampaigns(ctx context.Context, u store.CampaignUpdate) error
	EventCounts(ctx context.Context) (map[string]int, error)
	Campaigns(ctx context.Context) ([]coldwatch.Profile, error)
	Profile(ctx context.Context, id string, version int) (coldwatch.Profile, error)
	CampaignOf(ctx context.Context, message string) (string, error)
	Events(ctx context.Context, campaign string) ([]coldwatch.CampaignEvent, error)
	PutWord(ctx context.Context, w coldwatch.Word) error
	Words(ctx context.Context) ([]coldwatch.Word, error)
	PutWarnings(ctx context.Context, ws []coldwatch.Warning) error
	Warnings(ctx context.Context) ([]coldwatch.Warning, error)
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) error

	PutObjects(ctx context.Context, collection string, now time.Time, objects []store.Object) (added []store.Object, err error)
	Objects(ctx context.Context, q store.ObjectQuery) ([]store.Object, error)
	DeleteObjects(ctx context.Context, q store.ObjectQuery) (int, error)
	PutDelivery(ctx context.Context, d store.Delivery, fresh bool) (stored bool, err error)
	BeginDelivery(ctx context.Context, warning, channel string, now time.Time) (begun bool, err error)
	Deliveries(ctx context.Context) ([]store.Delivery, error)

	List(ctx context.Context, q store.MessageQuery) ([]store.Row, error)
	TotalsOf(ctx context.Context, organisation string) (store.Totals, error)
	CampaignVersions(ctx context.Context) ([]store.CampaignVersion, error)

	PutAccount(ctx context.Context, a store.Account, fresh bool) (stored bool, err error)
	Account(ctx context.Context, name string) (store.Account, error)
	Accounts(ctx context.Context) ([]store.Account, error)
	DeleteAccount(ctx context.Context, name string) error
	PutSession(ctx context.Context, s store.Session) error
	Session(ctx context.Context, hash string) (store.Session, error)
	Sessions(ctx context.Context, account string) ([]store.Session, error)
	EndSessions(ctx context.Context, hash, account string, expired time.Time) error
	Append(ctx context.Context, e store.AuditEntry) (store.AuditEntry, error)
	Audit(ctx context.Context, q store.AuditQuery) ([]store.AuditEntry, error)
	AuditTrail(ctx context.Context, f func(store.AuditEntry) error) (written int64, err error)

	PutReply(ctx context.Context, r store.Reply) error
	MoveReply(ctx context.Context, from string, r store.Reply) (moved bool, err error)
	DueReplies(ctx context.Context, state string, now time.Time, most int) ([]store.Reply, error)
	RepliesTo(ctx context.Context, address string, since time.Time) (int, error)

	Submission(ctx context.Context, id string) (coldwatch.Submission, error)
	Unsettled(ctx context.Context, limit int) ([]store.Correspondence, error)
	Habits(ctx context.Context, organisation, correspondent string, from time.Time, before int) ([]store.Habit, error)
	Settle(ctx context.Context, settled []store.Habit) error

	Purge(ctx context.Context, recipient string, before time.Time) (gone []string, err error)
	Check(ctx context.Context) (faults []string, err error)
	Codec() *store.Codec
	Close() error
}

// Config says how an engine works.
type Config struct {
	Store   Store
	Pack    *knowledge.Pack
	Options analysis.Options
	Limits  message.Limits
	Linking campaign.Parameters
	Clock   func() time.Time // for histories and warnings only; results never depend on it
	Workers int              // 0: one a core
	Name    string           // of this process among those that share the store; "": a random one
	Beat    time.Duration    // how often a process shows others that it lives; 0: every second
}

// An Engine walks mail through the rooms and keeps the results.
type Engine struct {
	Config
	room *analysis.Room

	mu      sync.Mutex          // guards what follows
	links   *links              // loaded when it is first needed
	shipped campaign.Parameters // of linking, as configured
	leading *hold               // while this process is the one that links
	passes  passes
	wake    chan struct{} // something is stored that is not linked yet
	arrived chan struct{} // something is received that is not analysed yet
}

// New makes an engine.
func New(c Config) *Engine {
	if c.Name == "" {
		c.Name = rand.Text()[:10]
	}
	if c.Beat == 0 {
		c.Beat = time.Second
	}
	return &Engine{Config: c, shipped: c.Linking, room: analysis.New(c.Pack, c.Options), wake: make(chan struct{}, 1), arrived: make(chan struct{}, hands)}
}
