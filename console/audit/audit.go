// Package audit is the log of what people and machines did: who, what, to what, when, from where.
//
// It is a chain of hashes, after the idea of Certificate Transparency's logs (RFC 6962) in its simplest form: each entry's SHA-256
// covers all of its fields and the hash before it, so that an entry that is changed, taken out of the middle or slipped in breaks
// the chain at that place. How many entries were written is kept apart, so that a tail taken away is missed. Who can rewrite the
// whole database can make a new chain; against that the newest hash is noted elsewhere (coldwatch audit list prints it) and given
// to the check.
//
// Nothing secret goes in: no password, no token, no text of a message.
package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coldwatch/coldwatch/console/access"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// What is logged.
const (
	SignIn         = "sign-in"
	SignInRefused  = "sign-in refused"
	SignOut        = "sign-out"
	SetUp          = "set-up"
	AccountCreate  = "account create"
	AccountChange  = "account change"
	AccountDelete  = "account delete"
	SessionsEnd    = "sessions end"
	TokenCreate    = "token create"
	TokenRevoke    = "token revoke"
	WordSay        = "word say"
	WordUnsay      = "word unsay"
	WarningApprove = "warning approve"
	WarningRevoke  = "warning withdraw"
	WarningRule    = "warning rule"
	WarningAnswer  = "warning answer"
	Export         = "export"
	RawRead        = "raw message read"
	DirectoryEdit  = "directory edit"
	SettingChange  = "setting change"
)

// Actions lists them, for a page's choice.
func Actions() []string {
	return []string{SignIn, SignInRefused, SignOut, SetUp, AccountCreate, AccountChange, AccountDelete, SessionsEnd, TokenCreate, TokenRevoke,
		WordSay, WordUnsay, WarningApprove, WarningRevoke, WarningRule, WarningAnswer, Export, RawRead, DirectoryEdit, SettingChange}
}

// A Log writes and reads the audit log.
type Log struct {
	store engine.Store
	clock func() time.Time
}

// New makes a log over a store.
func New(st engine.Store, clock func() time.Time) *Log { return &Log{st, clock} }

// Add writes that the viewer of the context did something. What cannot be written is an error: what is not logged must not happen.
func (l *Log) Add(ctx context.Context, action, object, detail string) error {
	v := access.From(ctx)
	return l.AddBy(ctx, v.Account, v.Address, action, object, detail)
}

// AddBy writes what somebody did who is not the viewer of the context: on the command line, or at the door.
func (l *Log) AddBy(ctx context.Context, actor, address, action, object, detail string) error {
	e, err := l.store.Append(ctx, store.AuditEntry{At: l.clock(), Actor: clip(actor), Action: action, Object: clip(object), Detail: clip(detail), Address: address})
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	slog.Info("audit", "seq", e.Seq, "actor", e.Actor, "action", e.Action, "object", e.Object)
	return nil
}

// clip bounds what a stranger can make us keep.
func clip(s string) string {
	if len(s) > 1000 {
		return s[:1000]
	}
	return s
}

// List gives entries, the newest first.
func (l *Log) List(ctx context.Context, q store.AuditQuery) ([]store.AuditEntry, error) {
	return l.store.Audit(ctx, q)
}

// A Verdict is what the check of the chain found.
type Verdict struct {
	Entries int64    `json:"entries"`
	Head    string   `json:"head"`   // hash of the newest entry
	Faults  []string `json:"faults"` // sentences; none: the chain holds
}

// maxFaults bounds what a check tells: the first ones say where to look.
const maxFaults = 20

// Verify follows the chain from its beginning. A head that was noted before may be given: it must still stand in it.
func (l *Log) Verify(ctx context.Context, noted string) (Verdict, error) {
	v := Verdict{Faults: []string{}}
	fault := func(format string, args ...any) {
		if len(v.Faults) < maxFaults {
			v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
		}
	}
	var last int64
	found := noted == ""
	written, err := l.store.AuditTrail(ctx, func(e store.AuditEntry) error {
		if e.Seq < 1 {
			fault("entry %d was slipped in: numbers begin at 1", e.Seq)
		} else if e.Seq > last+1 {
			fault("entries %d to %d are missing", last+1, e.Seq-1)
		}
		if e.Previous != v.Head {
			fault("entry %d does not follow the one before it: one of them was changed, taken out or slipped in", e.Seq)
		}
		if e.Sum() != e.Hash {
			fault("entry %d was changed: its contents do not give its hash", e.Seq)
		}
		last, v.Head = e.Seq, e.Hash
		found = found || e.Hash == noted
		v.Entries++
		return nil
	})
	if err != nil {
		return v, err
	}
	if last > written {
		fault("entry %d was slipped in: only %d were written", last, written)
	}
	if last < written {
		fault("the newest entries are missing: %d were written, the last there is number %d", written, last)
	}
	if !found {
		fault("the hash that was noted, %s, stands nowhere in the log: it was written anew", noted)
	}
	return v, nil
}
