package milter_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/d--j/go-milter"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/intake/milter"
)

// A desk judges everything alike, and remembers it.
type desk struct {
	mu     sync.Mutex
	class  coldwatch.Class
	refuse error
	subs   []coldwatch.Submission
}

func (d *desk) judge(_ context.Context, sub coldwatch.Submission) (milter.Judgement, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse == nil {
		d.subs = append(d.subs, sub)
	}
	return milter.Judgement{Class: d.class, Bits: 2.5, Campaign: "cw-1"}, d.refuse
}

func session(t *testing.T, c milter.Config) *client.ClientSession {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	c.Name, c.Clock = "mx.example", func() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }
	go func() { ended <- milter.Serve(ctx, l, c) }()
	s, err := client.NewClient("tcp", l.Addr().String()).Session(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close() // it may be gone
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the milter ended with %v", err)
		}
	})
	if _, err := s.Conn("mail.x.example", client.FamilyInet, 25, "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Helo("evil\r\n(x)[y]"); err != nil {
		t.Fatal(err)
	}
	return s
}

// pass sends one message, and gives what is to be done with it.
func pass(t *testing.T, s *client.ClientSession, head []string, body string) (changes []string, end *client.Action) {
	t.Helper()
	steps := []func() (*client.Action, error){
		func() (*client.Action, error) { return s.Mail("a@x.example", "") },
		func() (*client.Action, error) { return s.Rcpt("c@d.example", "") },
		s.DataStart,
	}
	for _, f := range head {
		name, value, _ := strings.Cut(f, ":")
		steps = append(steps, func() (*client.Action, error) { return s.HeaderField(name, value, nil) })
	}
	for _, step := range append(steps, s.HeaderEnd) {
		if a, err := step(); err != nil || a.Type != client.ActionContinue {
			t.Fatal(a, err)
		}
	}
	mods, end, err := s.BodyReadFrom(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mods {
		changes = append(changes, strings.TrimSpace(fmt.Sprintf("%v %d %s:%s%s", m.Type, m.HeaderIndex, m.HeaderName, m.HeaderValue, m.Reason)))
	}
	return changes, end
}

// Mail is marked, held by policy, and a stranger's marks of any name that begins like ours are taken out; the next message of the
// connection knows nothing of the one before.
func TestMarks(t *testing.T) {
	d := &desk{class: coldwatch.Targeted}
	s := session(t, milter.Config{Quarantine: []coldwatch.Class{coldwatch.Targeted}, Judge: d.judge})
	got, end := pass(t, s, []string{"Subject: x", "X-Coldwatch-Verdict: fine", "x-coldwatch-VERDICT: fine", "X-Coldwatch-Other: y"}, "one\r\n")
	text := strings.Join(got, "\n")
	for _, want := range []string{"2 x-coldwatch-verdict:", "1 x-coldwatch-verdict:", "1 x-coldwatch-other:", "X-Coldwatch-Verdict: targeted; bits=2.5", "X-Coldwatch-Campaign: cw-1", "coldwatch: targeted"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in what is done:\n%s", want, text)
		}
	}
	if end.Type != client.ActionAccept {
		t.Errorf("in the end %v", end)
	}
	d.class = coldwatch.Unremarkable
	if got, _ := pass(t, s, []string{"Subject: y"}, "two\r\n"); len(got) != 2 {
		t.Errorf("done with the second: %q", got)
	}
	want := []string{"X-Coldwatch-Other: y\r\n\r\none\r\n", "by mx.example\r\nSubject: y\r\n\r\ntwo\r\n"}
	for i, sub := range d.subs {
		raw := string(sub.Raw)
		if !strings.HasPrefix(raw, "Received: from evilxy (mail.x.example [192.0.2.7])\r\n\tby mx.example\r\nSubject: ") || !strings.HasSuffix(raw, want[i]) ||
			sub.Envelope.From != "a@x.example" || !slices.Equal(sub.Envelope.To, []string{"c@d.example"}) {
			t.Errorf("kept: %+v %q", sub.Envelope, raw)
		}
	}
}

// When it cannot be taken in, the sender comes again, or it passes unmarked, as the policy says; a forged mark goes in any case.
func TestBusy(t *testing.T) {
	for passes, want := range map[bool]client.ActionType{false: client.ActionTempFail, true: client.ActionAccept} {
		d := &desk{refuse: errors.New("disk full")}
		s := session(t, milter.Config{PassBusy: passes, Judge: d.judge})
		got, end := pass(t, s, []string{"X-Coldwatch-Verdict: fine"}, "x\r\n")
		if end.Type != want || len(d.subs) != 0 || len(got) > 1 || passes && len(got) != 1 {
			t.Errorf("busy, passes %v: %v, %q", passes, end, got)
		}
	}
}

// A message that is too large passes unmarked, and the next one is judged.
func TestTooLarge(t *testing.T) {
	d := &desk{class: coldwatch.Hostile}
	s := session(t, milter.Config{Judge: d.judge})
	if got, end := pass(t, s, []string{"Subject: x"}, strings.Repeat("x", intake.LargestMessage)); len(got) != 0 || end.Type != client.ActionAccept {
		t.Errorf("too large: %v, %q", end, got)
	}
	if got, _ := pass(t, s, []string{"Subject: x"}, "y"); len(got) == 0 || len(d.subs) != 1 {
		t.Errorf("the next: %q", got)
	}
}
