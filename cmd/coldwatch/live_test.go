package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	smtpclient "github.com/emersion/go-smtp"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/measure/scenario"
	"github.com/coldwatch/coldwatch/store"
)

var (
	crashes = flag.Int("crashes", 4, "how often TestKilledServe kills the program")
	burst   = flag.Int("burst", 300, "how many messages TestBurst sends over LMTP at once, and TestKilledServe in all")
)

// crashing lets the program kill itself at a named point of the way to the disk: COLDWATCH_CRASH=POINT:N does at its N-th passing.
func crashing(ctx context.Context) context.Context {
	point, times, ok := strings.Cut(os.Getenv("COLDWATCH_CRASH"), ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if !ok || err != nil {
		return ctx
	}
	left := &atomic.Int64{}
	left.Store(n)
	die := func(here string) {
		if here == point && left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return context.WithValue(ctx, wrapKey{}, func(st engine.Store) engine.Store { return &fragile{st, die} })
}

// A fragile store dies on the way.
type fragile struct {
	engine.Store
	die func(point string)
}

// points are the names.
var points = []string{"before receive", "after receive", "after claim", "before put", "after put", "before campaigns", "after campaigns", "after setting"}

func (f *fragile) Receive(ctx context.Context, subs []coldwatch.Submission, at time.Time) (int, error) {
	f.die("before receive")
	n, err := f.Store.Receive(ctx, subs, at)
	f.die("after receive")
	return n, err
}

func (f *fragile) Claim(ctx context.Context, worker string, most int, bytes int64) ([]coldwatch.Submission, error) {
	subs, err := f.Store.Claim(ctx, worker, most, bytes)
	if len(subs) > 0 {
		f.die("after claim")
	}
	return subs, err
}

func (f *fragile) Put(ctx context.Context, batch []store.Record, reached []store.Checkpoint) (int, error) {
	f.die("before put")
	n, err := f.Store.Put(ctx, batch, reached)
	f.die("after put")
	return n, err
}

func (f *fragile) PutCampaigns(ctx context.Context, u store.CampaignUpdate) error {
	f.die("before campaigns")
	err := f.Store.PutCampaigns(ctx, u)
	f.die("after campaigns")
	return err
}

func (f *fragile) PutSetting(ctx context.Context, name string, value []byte) error {
	err := f.Store.PutSetting(ctx, name, value)
	f.die("after setting")
	return err
}

// served starts serve as a process of its own, which dies at a point if one is named, and gives its address.
func served(t *testing.T, crash string, args ...string) (cmd *exec.Cmd, url string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Args[0] = "coldwatch"
	cmd.Env = append(os.Environ(), "COLDWATCH_CRASH="+crash)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewReader(out)
	ready := 0
	var said strings.Builder
	for ready < 1+strings.Count(strings.Join(args, " "), "--intake") {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			if crash != "" {
				return cmd, "" // it died at once
			}
			t.Fatalf("serve: %v\n%s", err, said.String())
		}
		if at, ok := strings.CutPrefix(line, "listening on "); ok {
			url = strings.TrimSpace(at)
			ready++
		}
		if strings.HasPrefix(line, "taking mail in") {
			ready++
		}
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // ends with the process
	return cmd, url
}

// lmtp sends one message, and tells whether it was acknowledged.
func lmtp(socket string, raw []byte) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	c := smtpclient.NewClientLMTP(conn)
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = 10*time.Second, 20*time.Second
	if err := c.Mail("a@x.example", nil); err != nil {
		return err
	}
	if err := c.Rcpt("report@cold.example", nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

// loaded reads a scenario's mail with its organisations.
func loaded(t *testing.T, dir string) []coldwatch.Submission {
	t.Helper()
	src, err := intake.Open(t.Context(), []string{dir}, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var out []coldwatch.Submission
	for {
		item, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item.Submission)
	}
}

// The program is killed at random moments and at every named point, while mail comes in over LMTP, HTTP and a folder; senders try
// again until they are answered. In the end every message is there once, and the campaigns are those of a clean run.
func TestKilledServe(t *testing.T) {
	t.Parallel()
	dir := nearby(t)
	if err := scenario.Generate(filepath.Join(dir, "s"), scenario.Options{Family: "replay2020", Seed: 7, Messages: *burst}); err != nil {
		t.Fatal(err)
	}
	pack := filepath.Join(dir, "s", "pack")
	subs := loaded(t, filepath.Join(dir, "s"))
	clean := through(t, pack, subs, 0)
	if killed := through(t, pack, subs, *crashes); !slices.Equal(killed, clean) || len(clean) < 2 {
		t.Errorf("%d campaigns after the crashes, not those of a clean run: %v\n--- clean\n%v", len(killed), killed, clean)
	}
}

// through sends mail through the program, which is killed so often, and gives the campaigns.
func through(t *testing.T, pack string, subs []coldwatch.Submission, crashes int) []string {
	t.Helper()
	dir := nearby(t)
	db, socket, drops := filepath.Join(dir, "a.db"), filepath.Join(dir, "lmtp"), filepath.Join(dir, "drop")
	if err := os.MkdirAll(drops, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"--db", db, "--pack", pack, "--intake", "lmtp:" + socket, "--intake", "folder:" + drops + "?every=50ms"}
	var mu sync.Mutex
	var url string
	var acknowledged atomic.Int64
	var senders sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		senders.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(subs) || t.Context().Err() != nil {
					return
				}
				for t.Context().Err() == nil {
					mu.Lock()
					to := url
					mu.Unlock()
					if hand(i, subs[i].Raw, socket, to, drops) == nil {
						break
					}
				}
				acknowledged.Add(1)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range crashes {
		crash := ""
		if i%2 == 0 { // at a point; else at a moment
			crash = fmt.Sprintf("%s:%d", points[i/2%len(points)], 1+r.IntN(4))
		}
		cmd, at := served(t, crash, args...)
		mu.Lock()
		url = at
		mu.Unlock()
		died := make(chan struct{})
		go func() { _ = cmd.Wait(); close(died) }()
		moment := time.Duration(50+r.IntN(300)) * time.Millisecond
		if crash != "" {
			moment = 1500 * time.Millisecond // in case that it never comes there
		}
		select {
		case <-died:
		case <-time.After(moment):
			_ = cmd.Process.Kill()
			<-died
		}
	}
	last, at := served(t, "", args...)
	mu.Lock()
	url = at
	mu.Unlock()
	senders.Wait()
	st := opened(t, db)
	stored(t, st, len(subs))
	t.Logf("%d messages acknowledged over %d crashes", acknowledged.Load(), crashes)
	totals, err := st.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if totals.Messages != len(subs) || totals.Raw != len(subs) {
		t.Errorf("%d messages and %d raw stored, of %d acknowledged", totals.Messages, totals.Raw, len(subs))
	}
	if faults, err := st.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	if err := last.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	finish(t, last)
	finish(t, program(t, "worker", "--until-empty", "--quiet", "--db", db, "--pack", pack)) // the last pass
	return membersOf(t, st)
}

// hand hands one message in, by a way that depends on its number.
func hand(i int, raw []byte, socket, url, drops string) error {
	switch i % 3 {
	case 0:
		return lmtp(socket, raw)
	case 1:
		if url == "" {
			return errors.New("not there yet")
		}
		resp, err := http.Post(url+"v1/messages", "message/rfc822", bytes.NewReader(raw))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted {
			return errors.New(resp.Status)
		}
		return nil
	}
	half := filepath.Join(drops, fmt.Sprintf(".%05d", i))
	if err := os.WriteFile(half, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(half, filepath.Join(drops, fmt.Sprintf("%05d.eml", i)))
}

// A burst over LMTP loses nothing.
func TestBurst(t *testing.T) {
	t.Parallel()
	dir := nearby(t)
	db, socket := filepath.Join(dir, "a.db"), filepath.Join(dir, "lmtp")
	cmd, _ := served(t, "", "--db", db, "--intake", "lmtp:"+socket)
	defer func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }()
	all := mails(*burst)
	began := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return
				}
				if err := lmtp(socket, []byte(all[i])); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	taken := time.Since(began)
	st := opened(t, db)
	stored(t, st, len(all))
	t.Logf("%d messages acknowledged in %.1f s, %.0f a second; analysed after %.1f s", len(all), taken.Seconds(), float64(len(all))/taken.Seconds(), time.Since(began).Seconds())
}
