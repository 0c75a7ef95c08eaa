package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/d--j/go-milter"
	smtpclient "github.com/emersion/go-smtp"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/measure/scenario"
)

var (
	crashes  = flag.Int("crashes", 8, "how often TestKilledServe kills the program")
	interval = flag.Duration("interval", 10*time.Millisecond, "time between the messages of TestArrivalToCampaign")
	flood    = flag.Int("flood", 240, "how many messages come in meanwhile")
)

// numbered gives n messages of a scenario, each with its number on top.
func numbered(t *testing.T, n int) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "scenario")
	if err := scenario.Generate(dir, scenario.Options{Family: "replay2020", Seed: 7, Messages: n}); err != nil {
		t.Fatal(err)
	}
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var out []string
	for {
		item, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		raw := strings.ReplaceAll(strings.ReplaceAll(string(item.Submission.Raw), "\r\n", "\n"), "\n", "\r\n")
		if !strings.HasSuffix(raw, "\r\n") {
			raw += "\r\n"
		}
		out = append(out, fmt.Sprintf("X-Number: %d\r\n%s", len(out), raw))
	}
	return out
}

// A feeder hands messages in by one way; it returns nil when the other side has acknowledged.
type feeder func(raw string) error

// smtpFeeder holds a connection and makes a new one after trouble.
func smtpFeeder(address string, lmtp bool) feeder {
	var c *smtpclient.Client
	return func(raw string) (err error) {
		if c == nil {
			network := "tcp"
			if filepath.IsAbs(address) {
				network = "unix"
			}
			conn, err := net.Dial(network, address)
			if err != nil {
				return err
			}
			if c = smtpclient.NewClient(conn); lmtp {
				c = smtpclient.NewClientLMTP(conn)
			}
		}
		if err = c.SendMail("a@x.example", []string{"report@cold.example"}, strings.NewReader(raw)); err != nil {
			c.Close()
			c = nil
		}
		return err
	}
}

// milterFeeder asks as a mail server does.
func milterFeeder(address string) feeder {
	return func(raw string) error {
		s, err := milter.NewClient("tcp", address).Session(nil)
		if err != nil {
			return err
		}
		defer s.Close()
		said := func(a *milter.Action, err error) error {
			if err == nil && a.Type != milter.ActionContinue && a.Type != milter.ActionAccept {
				err = fmt.Errorf("answered %s", a)
			}
			return err
		}
		head, body, _ := strings.Cut(raw, "\r\n\r\n")
		if err := errors.Join(said(s.Conn("mail.x.example", milter.FamilyInet, 25, "192.0.2.7")), said(s.Helo("mail.x.example")),
			said(s.Mail("a@x.example", "")), said(s.Rcpt("report@cold.example", "")), said(s.DataStart())); err != nil {
			return err
		}
		for _, f := range fields.FindAllString(head+"\r\n", -1) {
			name, value, _ := strings.Cut(strings.TrimSuffix(f, "\r\n"), ":")
			if err := said(s.HeaderField(name, value, nil)); err != nil {
				return err
			}
		}
		if err := said(s.HeaderEnd()); err != nil {
			return err
		}
		_, a, err := s.BodyReadFrom(strings.NewReader(body))
		return said(a, err)
	}
}

var fields = regexp.MustCompile(`(?s)[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*`)

func httpFeeder(url string) feeder {
	return func(raw string) error {
		r, err := http.Post(url, "message/rfc822", strings.NewReader(raw))
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if b, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusAccepted { // the text only explains
			return fmt.Errorf("%s: %s", r.Status, b)
		}
		return nil
	}
}

func folderFeeder(dir string) feeder {
	n := 0
	return func(raw string) error {
		n++
		part := filepath.Join(dir, fmt.Sprintf(".%d", n))
		if err := os.WriteFile(part, []byte(raw), 0o600); err != nil {
			return err
		}
		return os.Rename(part, filepath.Join(dir, fmt.Sprintf("%d.eml", n)))
	}
}

// A target is a server that is started and killed again and again; its addresses stay.
type target struct {
	args  []string
	feeds map[string]feeder
	db    string
	web   string
}

func newTarget(t *testing.T) *target {
	dir := nearby(t)
	lmtp, smtp, mil, web, box := filepath.Join(dir, "l"), freePort(t), freePort(t), freePort(t), filepath.Join(dir, "in")
	if err := os.Mkdir(box, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &target{db: filepath.Join(dir, "a.db"), web: "127.0.0.1:" + web}
	s.args = []string{"serve", "--db", s.db, "--listen", s.web, "--intake", "lmtp:" + lmtp, "--intake", "smtp://127.0.0.1:" + smtp,
		"--intake", "milter://127.0.0.1:" + mil, "--intake", "folder:" + box + "?every=20ms"}
	s.feeds = map[string]feeder{"lmtp": smtpFeeder(lmtp, true), "smtp": smtpFeeder("127.0.0.1:"+smtp, false), "milter": milterFeeder("127.0.0.1:" + mil),
		"http": httpFeeder("http://" + s.web + "/v1/messages"), "folder": folderFeeder(box)}
	if _, err := exec.LookPath("dovecot"); err == nil && os.Getuid() == 0 {
		address, ca := dovecot(t)
		secret := filepath.Join(dir, "secret")
		put(t, secret, "secret\n")
		s.args = append(s.args, "--intake", "imaps://abuse@"+address+"/INBOX?ca="+ca+"&password-file="+secret)
		c := connected(t, address)
		s.feeds["imap"] = func(raw string) error { drop(t, c, "INBOX", raw); return nil }
	} else {
		t.Log("SKIPPED in part: no Dovecot here, so nothing comes over IMAP")
	}
	return s
}

// The server is killed again and again, at random moments and before and after each commit, while mail comes in by every way:
// nothing that was acknowledged is lost, nothing is there twice, and the campaigns are those of a clean run over the same mail.
func TestKilledServe(t *testing.T) {
	t.Parallel()
	s := newTarget(t)
	all := numbered(t, *flood)
	may := make(chan struct{}, len(all)) // a token for each message that may be sent
	var wg sync.WaitGroup
	var acknowledged, again atomic.Int64
	ways := slices.Sorted(maps.Keys(s.feeds))
	for i, way := range ways {
		wg.Go(func() {
			for n := i; n < len(all); n += len(ways) {
				select {
				case <-may:
				case <-t.Context().Done():
					return
				}
				for s.feeds[way](all[n]) != nil {
					again.Add(1)
					if pauseFor(t.Context(), 5*time.Millisecond) != nil {
						return
					}
				}
				acknowledged.Add(1)
			}
		})
	}
	sent, died := 0, map[string]int{}
	for i := range *crashes {
		point := "random"
		if i%2 == 1 {
			point = points[i/2%len(points)]
		}
		s.killOnce(t, point, func() int64 {
			for ; sent < (i+1)*len(all)/(*crashes+1); sent++ {
				may <- struct{}{}
			}
			return acknowledged.Load()
		})
		died[point]++
	}
	for ; sent < len(all); sent++ {
		may <- struct{}{}
	}
	last := program(t, s.args...)
	wg.Wait()
	st := opened(t, s.db)
	stored(t, st, len(all))
	if err := last.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	finish(t, last)
	t.Logf("%d messages by %v, killed %d times %v, %d attempts came to nothing", len(all), ways, *crashes, died, again.Load())
	finish(t, program(t, "worker", "--until-empty", "--quiet", "--db", s.db))
	s.complete(t, st, all)
	if faults, err := st.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	if got, want := partition(t, s.db), s.clean(t, st); !slices.Equal(got, want) {
		t.Errorf("other campaigns than in a clean run:\n%v\n--- want\n%v", got, want)
	}
}

// killOnce runs the server until it was killed, while more is sent to it.
func (s *target) killOnce(t *testing.T, point string, more func() int64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, s.args...)
	cmd.Args[0] = "coldwatch"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if point != "random" {
		cmd.Env = append(os.Environ(), fmt.Sprintf("COLDWATCH_CRASH=%s:%d", point, 1+rand.IntN(3)))
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // it is killed
	before := more()
	patience := time.After(20 * time.Second)
	for more() == before {
		select {
		case <-ended:
			if cmd.ProcessState.Exited() {
				t.Fatalf("the server ended by itself: %s", &errs)
			}
			return
		case <-patience:
			before = -1
		case <-time.After(time.Millisecond):
		}
	}
	wait := time.Duration(rand.IntN(300)) * time.Millisecond
	if point != "random" {
		wait = 3 * time.Second // it may never come by there
	}
	select {
	case <-ended:
	case <-time.After(wait):
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		<-ended
	}
}

// complete tells whether each message is stored once, as it was sent.
func (s *target) complete(t *testing.T, st engine.Store, all []string) {
	t.Helper()
	times := make([]int, len(all))
	err := st.Submissions(t.Context(), func(sub coldwatch.Submission) error {
		_, rest, found := strings.Cut(string(sub.Raw), "X-Number: ")
		digits, _, _ := strings.Cut(rest, "\r\n")
		n, err := strconv.Atoi(digits)
		if !found || err != nil || n >= len(all) {
			return fmt.Errorf("stored: %.200q", sub.Raw)
		}
		times[n]++
		if raw := "X-Number: " + rest; raw != all[n] {
			t.Errorf("message %d by %s is stored otherwise than it was sent:\n%.300q\n%.300q", n, sub.Source, raw, all[n])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lost, twice := 0, 0
	for _, n := range times {
		if n == 0 {
			lost++
		} else if n > 1 {
			twice++
		}
	}
	if lost > 0 || twice > 0 {
		t.Errorf("%d of %d messages lost, %d there more than once", lost, len(all), twice)
	}
}

// clean gives the campaigns of the same mail when nobody is killed.
func (s *target) clean(t *testing.T, st engine.Store) []string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "clean.db")
	calm := opened(t, db)
	var subs []coldwatch.Submission
	if err := st.Submissions(t.Context(), func(sub coldwatch.Submission) error { subs = append(subs, sub); return nil }); err != nil {
		t.Fatal(err)
	}
	if queued, err := calm.Receive(t.Context(), subs, time.Now()); err != nil || slices.Contains(queued, false) {
		t.Fatalf("received %v, %v", queued, err)
	}
	finish(t, program(t, "worker", "--until-empty", "--quiet", "--db", db))
	return partition(t, db)
}

func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
