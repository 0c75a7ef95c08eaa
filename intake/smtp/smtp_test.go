package smtp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/smtp"
)

// A taken remembers what was taken in; while it refuses, nothing is.
type taken struct {
	mu     sync.Mutex
	subs   []coldwatch.Submission
	refuse error
}

func (k *taken) take(_ context.Context, subs []coldwatch.Submission) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		return k.refuse
	}
	k.subs = append(k.subs, subs...)
	return nil
}

func noon() time.Time { return time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC) }

// dial starts a server and speaks to it line by line.
func dial(t *testing.T, c smtp.Config) func(send string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	c.Name, c.Clock = "test.example", noon
	go func() { ended <- smtp.Serve(ctx, l, c) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	r := bufio.NewReader(conn)
	answer := func() string {
		var all strings.Builder
		for {
			line, err := r.ReadString('\n')
			all.WriteString(line)
			if err != nil || len(line) < 4 || line[3] != '-' {
				return all.String()
			}
		}
	}
	answer() // the greeting
	return func(send string) string {
		if _, err := conn.Write([]byte(send)); err != nil {
			t.Fatal(err)
		}
		return answer()
	}
}

func begins(t *testing.T, got, want string) {
	t.Helper()
	if !strings.HasPrefix(got, want) {
		t.Errorf("answered %q, want %s", got, want)
	}
}

// A message is kept as it came, with its envelope, and acknowledged once for each recipient (RFC 2033 section 4.2).
func TestLMTP(t *testing.T) {
	k := &taken{}
	say := dial(t, smtp.Config{LMTP: true, Organisation: "org", Take: k.take})
	begins(t, say("LHLO mail.example\r\n"), "250")
	begins(t, say("MAIL FROM:<a@b.example>\r\n"), "250")
	begins(t, say("RCPT TO:<c@d.example>\r\n"), "250")
	begins(t, say("RCPT TO:<e@d.example>\r\n"), "250")
	begins(t, say("DATA\r\n"), "354")
	long := strings.Repeat("x", 100_000)
	begins(t, say("Subject: x\r\n\r\n..dot\r\nbare\nlf \r cr \x00\r\n"+long+"\r\n.\r\n"), "250")
	if len(k.subs) != 1 {
		t.Fatalf("%d messages taken in", len(k.subs))
	}
	s := k.subs[0]
	if want := "Subject: x\r\n\r\n.dot\r\nbare\nlf \r cr \x00\r\n" + long + "\r\n"; string(s.Raw) != want {
		t.Errorf("kept %.80q…, want %.80q…", s.Raw, want)
	}
	if s.Envelope.From != "a@b.example" || fmt.Sprint(s.Envelope.To) != "[c@d.example e@d.example]" || s.Organisation != "org" || !s.Received.IsZero() {
		t.Errorf("envelope %+v", s)
	}
}

// No second message comes out of a first one (SMTP smuggling).
func TestSmuggling(t *testing.T) {
	for name, end := range map[string]string{
		"LF dot LF": "\n.\n", "LF dot CR LF": "\n.\r\n", "CR LF dot LF": "\r\n.\n", "CR dot CR": "\r.\r", "CR LF dot CR": "\r\n.\r",
		"CR dot LF": "\r.\n", "CR CR LF dot CR LF": "\r\r\n.\n", "NUL dot": "\r\n\x00.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			k := &taken{}
			say := dial(t, smtp.Config{Take: k.take})
			begins(t, say("EHLO x\r\n"), "250")
			begins(t, say("MAIL FROM:<a@b.example>\r\n"), "250")
			begins(t, say("RCPT TO:<c@d.example>\r\n"), "250")
			begins(t, say("DATA\r\n"), "354")
			begins(t, say("Subject: one\r\n\r\nbody"+end+"MAIL FROM:<evil@x.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: two\r\n\r\nx\r\n.\r\n"), "250")
			begins(t, say("NOOP\r\n"), "250")
			if len(k.subs) != 1 || !strings.Contains(string(k.subs[0].Raw), "Subject: two") || k.subs[0].Envelope.From != "a@b.example" {
				t.Errorf("%d messages: %+v", len(k.subs), k.subs)
			}
		})
	}
}

// What cannot be kept is not acknowledged, and may come again.
func TestRefusals(t *testing.T) {
	k := &taken{refuse: errors.New("disk full")}
	say := dial(t, smtp.Config{Recipients: []string{"report@in.example", "@other.example"}, Take: k.take})
	begins(t, say("EHLO x\r\n"), "250")
	begins(t, say("MAIL FROM:<>\r\n"), "250")
	begins(t, say("RCPT TO:<root@in.example>\r\n"), "550")
	begins(t, say("RCPT TO:<REPORT@in.example>\r\n"), "250")
	begins(t, say("RCPT TO:<anybody@Other.example>\r\n"), "250")
	begins(t, say("DATA\r\n"), "354")
	begins(t, say("Subject: x\r\n\r\ny\r\n.\r\n"), "451")
	k.refuse = nil
	begins(t, say("MAIL FROM:<>\r\n"), "250")
	begins(t, say("RCPT TO:<report@in.example>\r\n"), "250")
	begins(t, say("DATA\r\n"), "354")
	begins(t, say(" \r\n.\r\n"), "550")
	begins(t, say("MAIL FROM:<> SIZE=999999999\r\n"), "552")
	if len(k.subs) != 0 {
		t.Errorf("%d messages taken in", len(k.subs))
	}
}
