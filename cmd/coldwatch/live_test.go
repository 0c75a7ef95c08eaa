package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	"github.com/coldwatch/coldwatch/store"
)

var burst = flag.Int("burst", 300, "how many messages TestBurst sends over LMTP at once")

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

func (f *fragile) Receive(ctx context.Context, subs []coldwatch.Submission, at time.Time) ([]bool, error) {
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
