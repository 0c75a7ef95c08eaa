package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	smtpclient "github.com/emersion/go-smtp"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// A full disk: senders are asked to come again, and once there is room everything goes on by itself, in the same process.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := nearby(t)
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=96m", "coldwatch-test", disk).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no small disk can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	db, socket := filepath.Join(disk, "a.db"), filepath.Join(dir, "lmtp")
	served(t, "", "--db", db, "--intake", "lmtp:"+socket)
	all := mails(200)
	for i := range all { // of some size, so that the room within the database's files is soon used up
		all[i] += strings.Repeat(fmt.Sprintf("%x\r\n", i*i*i*7919), 500)
	}
	for _, m := range all[:20] {
		if err := lmtp(socket, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	fill := func() {
		for err = nil; err == nil; {
			_, err = filler.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	next := 20
	var refusal *smtpclient.SMTPError
	for ; next < len(all); next++ {
		fill() // what analysis gave back too
		if err := lmtp(socket, []byte(all[next])); errors.As(err, &refusal) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refusal == nil || refusal.Code != 451 && refusal.Code != 452 {
		t.Fatalf("a full disk is answered by %v, after %d messages", refusal, next)
	}
	if err := errors.Join(filler.Truncate(0), filler.Close()); err != nil {
		t.Fatal(err)
	}
	for _, m := range all[next:] {
		for lmtp(socket, []byte(m)) != nil {
			if pauseFor(t.Context(), 5*time.Millisecond) != nil {
				t.Fatal("it does not go on")
			}
		}
	}
	st := opened(t, db)
	stored(t, st, len(all))
	if faults, err := st.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	t.Logf("refused with %d after %d messages, and all %d there afterwards", refusal.Code, next, len(all))
}

// An onlooker notes when each message was kept, analysed and put into a campaign.
type onlooker struct {
	engine.Store
	mu                     sync.Mutex
	arrived, judged, joins map[string]time.Time
}

func (o *onlooker) note(m map[string]time.Time, id string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := m[id]; !ok {
		m[id] = at
	}
}

func (o *onlooker) Receive(ctx context.Context, subs []coldwatch.Submission, at time.Time) ([]bool, error) {
	now := time.Now()
	for i := range subs {
		o.note(o.arrived, subs[i].ID(), now)
	}
	return o.Store.Receive(ctx, subs, at)
}

func (o *onlooker) Put(ctx context.Context, batch []store.Record, reached []store.Checkpoint) (int, error) {
	n, err := o.Store.Put(ctx, batch, reached)
	for i := range batch {
		if err == nil {
			o.note(o.judged, batch[i].ID, time.Now())
		}
	}
	return n, err
}

func (o *onlooker) PutCampaigns(ctx context.Context, u store.CampaignUpdate) error {
	err := o.Store.PutCampaigns(ctx, u)
	for i := range u.States {
		for _, id := range u.States[i].Profile.Members {
			if err == nil {
				o.note(o.joins, id, time.Now())
			}
		}
	}
	return err
}

// waits gives the times from arrival at which half and nearly all of the messages are through. A message that its campaign had to
// wait for counts from the one that made it one.
func (o *onlooker) waits(to map[string]time.Time) (n int, p50, p95 time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []time.Duration
	for id, at := range to {
		all = append(all, at.Sub(o.arrived[id]))
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0, 0, 0
	}
	return len(all), all[len(all)/2], all[len(all)*95/100]
}

// Every message gets its verdict, and campaigns stand, while mail comes in one by one; the log says how soon.
func TestArrivalToCampaign(t *testing.T) {
	t.Parallel()
	dir := nearby(t)
	o := &onlooker{arrived: map[string]time.Time{}, judged: map[string]time.Time{}, joins: map[string]time.Time{}}
	ctx := context.WithValue(context.WithoutCancel(t.Context()), wrapKey{}, func(st engine.Store) engine.Store { o.Store = st; return o })
	socket := filepath.Join(dir, "l")
	serveIn(t, ctx, "--db", filepath.Join(dir, "a.db"), "--intake", "lmtp:"+socket)
	all := numbered(t, *flood)
	for _, m := range all {
		if err := lmtp(socket, []byte(m)); err != nil {
			t.Fatal(err)
		}
		if err := pauseFor(t.Context(), *interval); err != nil {
			t.Fatal(err)
		}
	}
	stored(t, opened(t, filepath.Join(dir, "a.db")), len(all))
	for n := 0; n == 0; n, _, _ = o.waits(o.joins) {
		if err := pauseFor(t.Context(), 5*time.Millisecond); err != nil {
			t.Fatal("no campaign stands")
		}
	}
	n, p50, p95 := o.waits(o.judged)
	if n != len(all) {
		t.Errorf("%d of %d messages have a verdict", n, len(all))
	}
	m, c50, c95 := o.waits(o.joins)
	t.Logf("from arrival to verdict p50 %d ms, p95 %d ms (%d messages); to campaign p50 %d ms, p95 %d ms (%d)", p50.Milliseconds(), p95.Milliseconds(), n,
		c50.Milliseconds(), c95.Milliseconds(), m)
}
