package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/warning"
)

// line is a channel that keeps what it is given, and fails as it is told.
type line struct {
	sent []string
	fail func(id string) error
}

func (l *line) Name(w coldwatch.Warning) (string, error) {
	if w.Contact == "" {
		return "", deliver.ErrNoAddress
	}
	return "line " + w.Contact, nil
}

func (l *line) Send(_ context.Context, i deliver.Item) error {
	if l.fail != nil {
		if err := l.fail(i.Warning.ID); err != nil {
			return err
		}
	}
	l.sent = append(l.sent, i.Warning.ID)
	return nil
}

// deliverer is an engine with a clock that is set, and warnings in its store.
type deliverer struct {
	*engine.Engine
	now time.Time
}

func newDeliverer(t *testing.T, ws ...coldwatch.Warning) *deliverer {
	t.Helper()
	d := &deliverer{Engine: newEngine(t, world{pack: &knowledge.Pack{}}, filepath.Join(t.TempDir(), "c.db")), now: noon()}
	d.Clock = func() time.Time { return d.now }
	for i := range ws {
		ws[i].At = noon().Add(time.Duration(i) * time.Second)
	}
	if err := d.Store.PutWarnings(t.Context(), ws); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *deliverer) deliver(t *testing.T, ch deliver.Channel) engine.DeliveryReport {
	t.Helper()
	r, err := d.Deliver(t.Context(), ch)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func warn(id, contact, held string) coldwatch.Warning {
	return coldwatch.Warning{ID: id, Campaign: "c-1", Reader: id, Contact: contact, Held: held, Marking: coldwatch.Marking{TLP: "TLP:AMBER"}}
}

func TestDeliver(t *testing.T) {
	d := newDeliverer(t, warn("a", "a@x.example", ""), warn("b", "b@x.example", "waits"), warn("c", "", ""), warn("d", "d@x.example", ""))
	l := &line{}
	r := d.deliver(t, l)
	if fmt.Sprint(l.sent) != "[a d]" || r.Held != 1 || len(r.Unreached) != 1 || len(r.Tried) != 2 {
		t.Errorf("sent %v: %+v", l.sent, r)
	}
	for range 3 {
		d.now = d.now.Add(24 * time.Hour)
		if r = d.deliver(t, l); r.Before != 2 {
			t.Errorf("afterwards: %+v", r)
		}
	}
	if len(l.sent) != 2 {
		t.Errorf("a warning went twice: %v", l.sent)
	}
}

// TestRetries: a failure is tried again at growing distances and given up after ten, and one that breaks the line stops the run.
func TestRetries(t *testing.T) {
	d := newDeliverer(t, warn("a", "a@x.example", ""), warn("b", "b@x.example", ""), warn("c", "c@x.example", ""))
	tries := map[string]int{}
	l := &line{fail: func(id string) error {
		tries[id]++
		switch {
		case id == "a":
			return errors.New("busy")
		case id == "b":
			return fmt.Errorf("no such user: %w", deliver.ErrRefused)
		case tries[id] == 1:
			return fmt.Errorf("broken: %w", deliver.ErrUnsure)
		}
		return nil
	}}
	start := d.now
	var waits []string
	for range 12 {
		r := d.deliver(t, l)
		if len(r.Tried) == 0 || r.Tried[0].State != store.Waiting {
			break
		}
		waits = append(waits, r.Tried[0].Next.Sub(d.now).String())
		d.now = r.Tried[0].Next.Add(-time.Second)
		if again := d.deliver(t, l); len(again.Tried) != 0 {
			t.Fatalf("tried before its time: %+v", again.Tried)
		}
		d.now = r.Tried[0].Next
	}
	if got := strings.Join(waits, " "); got != "1m0s 4m0s 16m0s 1h4m0s 4h16m0s 12h0m0s 12h0m0s 12h0m0s 12h0m0s" || tries["a"] != 10 {
		t.Errorf("waits %s, %d tries in %s", got, tries["a"], d.now.Sub(start))
	}
	if tries["b"] != 1 || tries["c"] != 1 {
		t.Errorf("refused and unsure were tried again: %v", tries)
	}
	if n, err := d.Redeliver(t.Context(), "c"); err != nil || n != 1 {
		t.Fatalf("redeliver: %d, %v", n, err)
	}
	if _, err := d.Redeliver(t.Context(), "c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("redeliver twice: %v", err)
	}
	d.deliver(t, l)
	if !slices.Equal(l.sent, []string{"c"}) {
		t.Errorf("sent on a person's word: %v", l.sent)
	}
	down := newDeliverer(t, warn("a", "a@x.example", ""), warn("b", "b@x.example", ""))
	n := 0
	r := down.deliver(t, &line{fail: func(string) error { n++; return deliver.ErrUnreachable }})
	if n != 1 || r.Down == "" || len(r.Waiting) != 1 {
		t.Errorf("a line that is down was tried %d times: %+v", n, r)
	}
}

// TestCrash: what was under way when the program ended is unsure, and not sent again.
func TestCrash(t *testing.T) {
	d := newDeliverer(t, warn("a", "a@x.example", ""))
	l := &line{}
	func() {
		defer func() { _ = recover() }()
		_, _ = d.Deliver(t.Context(), &line{fail: func(string) error { panic("power cut") }})
	}()
	if r := d.deliver(t, l); len(r.Waiting) != 1 || r.Waiting[0].State != store.Sending {
		t.Errorf("right after: %+v", r)
	}
	d.now = d.now.Add(time.Hour)
	if r := d.deliver(t, l); len(r.Tried) != 1 || r.Tried[0].State != store.Unsure || len(l.sent) != 0 {
		t.Errorf("an hour later: %+v, sent %v", r, l.sent)
	}
}

// TestTakenBack: what takes a warning back goes only to where the warning went, and a warning that was taken back goes nowhere.
func TestTakenBack(t *testing.T) {
	d := newDeliverer(t, warn("a", "a@x.example", ""), warn("b", "b@x.example", ""))
	l := &line{fail: func(id string) error {
		if id == "b" {
			return errors.New("busy")
		}
		return nil
	}}
	d.deliver(t, l)
	d.now = d.now.Add(time.Hour)
	var back []string
	for _, id := range []string{"a", "b"} {
		w, err := d.Withdraw(t.Context(), coldwatch.Word{ID: "word-" + id, At: d.now, Kind: engine.WordWithdraw, Other: id, Reason: "wrong"})
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, w[0].ID)
	}
	l.fail = nil
	d.deliver(t, l)
	if !slices.Equal(l.sent, []string{"a", back[0]}) {
		t.Errorf("sent %v, want a and %s", l.sent, back[0])
	}
	other := &line{}
	if d.deliver(t, other); len(other.sent) != 0 { // a line to the same addresses
		t.Errorf("went twice: %v", other.sent)
	}
}

// TestTakenBackAfterItsApproval: a warning whose approval was taken back after it went out reached its reader, who is told, and nobody
// else is.
func TestTakenBackAfterItsApproval(t *testing.T) {
	for _, first := range []string{"approval", "warning"} {
		d := newDeliverer(t, warn("a", "a@x.example", warning.HeldApproval))
		yes := coldwatch.Word{ID: "yes", At: d.now, Kind: engine.WordApprove, Other: "a"}
		if err := d.Approve(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		l := &line{}
		d.deliver(t, l)
		unsay := func() {
			yes.Undone = true
			if err := d.Store.PutWord(t.Context(), yes); err != nil {
				t.Fatal(err)
			}
		}
		if first == "approval" {
			unsay()
		}
		back, err := d.Withdraw(t.Context(), coldwatch.Word{ID: "back", At: d.now, Kind: engine.WordWithdraw, Other: "a", Reason: "wrong"})
		if err != nil {
			t.Fatalf("the %s first: %v", first, err)
		}
		if first == "warning" {
			unsay()
		}
		other := &elsewhere{}
		if d.deliver(t, other); len(other.sent) != 0 {
			t.Errorf("the %s first: told where the warning never went: %v", first, other.sent)
		}
		if d.deliver(t, l); !slices.Equal(l.sent, []string{"a", back[0].ID}) {
			t.Errorf("the %s first: sent %v", first, l.sent)
		}
	}
}

// elsewhere is another channel.
type elsewhere struct{ line }

func (*elsewhere) Name(w coldwatch.Warning) (string, error) { return "elsewhere " + w.Contact, nil }
