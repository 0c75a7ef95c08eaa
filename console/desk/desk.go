// Package desk is what a person at the console sees and does: pages and the HTTP API read and act through it, and nowhere else.
//
// It holds the fences of package access. Every method takes the viewer from the context: someone who belongs to an organisation gets
// that organisation's messages and nobody else's, and of a campaign what RedactFor leaves: who else was hit is covered, other
// members' messages and the ledger's ids of them are left out, a possible campaign of another's single message is not there at all.
// What may not be seen is answered by store.ErrNotFound, as what does not exist.
//
// It keeps the audit log: what is judged, let out or looked at in the raw is written down before it is answered.
//
// All that a page shows at once is read from the store; what needs the linker goes through the engine.
package desk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/console/audit"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
)

// A Desk gives viewers what they may see. Its methods may be called from any goroutine.
type Desk struct {
	st     engine.Store
	engine func() *engine.Engine
	log    *audit.Log
	clock  func() time.Time

	corrected atomic.Pointer[knowledge.Pack]
	editing   sync.Mutex
	campaigns campaignCache
	links     linkCache
	totals    totalsCache
}

// Config says what a desk works with.
type Config struct {
	Store  engine.Store
	Engine func() *engine.Engine // as of now: its pack may change
	Log    *audit.Log
	Clock  func() time.Time
}

// New makes a desk.
func New(c Config) *Desk {
	return &Desk{st: c.Store, engine: c.Engine, log: c.Log, clock: c.Clock}
}

// Pack is the chain pack as of now, with what was corrected in it since the program began.
func (d *Desk) Pack() *knowledge.Pack {
	if p := d.corrected.Load(); p != nil {
		return p
	}
	return d.engine().Pack
}

// Log is the audit log.
func (d *Desk) Log() *audit.Log { return d.log }

// Clock is the node's.
func (d *Desk) Clock() time.Time { return d.clock() }

// An InputError says what is wrong with what a person entered, and what to do.
type InputError struct{ Text, Hint string }

func (e *InputError) Error() string { return e.Text }

func wrong(hint, format string, args ...any) error {
	return &InputError{fmt.Sprintf(format, args...), hint}
}

// bound gives the organisation that the viewer belongs to; whole is set for who sees all. Nobody sees nothing.
func bound(ctx context.Context) (organisation string, whole bool, err error) {
	v := access.From(ctx)
	if v.Role < access.Reader {
		return "", false, store.ErrNotFound
	}
	return v.Organisation, v.Organisation == "", nil
}
