package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/intake/smtp"
)

// begun starts a server, and gives its address and what ends it.
func begun(t *testing.T, c smtp.Config) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	c.Name, c.Clock = "test.example", noon
	go func() { ended <- smtp.Serve(ctx, l, c) }()
	over := false
	stop = func() {
		cancel()
		if !over {
			over = true
			if err := <-ended; err != nil {
				t.Errorf("the server ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func connect(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, bufio.NewReader(c)
}

// codes reads n answers and gives their codes.
func codes(t *testing.T, r *bufio.Reader, n int) (out []string) {
	t.Helper()
	for len(out) < n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %v: %v", out, err)
		}
		if len(line) > 3 && line[3] == ' ' {
			out = append(out, line[:3])
		}
	}
	return out
}

// What stands behind STARTTLS in clear is no command under TLS (CVE-2011-0411), and what was said before is forgotten.
func TestStartTLSInjection(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	k := &taken{}
	address, _ := begun(t, smtp.Config{TLS: &tls.Config{Certificates: web.TLS.Certificates}, Take: k.take})
	conn, r := connect(t, address)
	fmt.Fprint(conn, "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
	codes(t, r, 4)
	fmt.Fprint(conn, "STARTTLS\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<c@d.example>\r\n")
	codes(t, r, 1)
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // the test's own
	if err := secure.Handshake(); err != nil {
		return // what was injected broke the handshake: just as well
	}
	fmt.Fprint(secure, "RCPT TO:<c@d.example>\r\n")
	if got := codes(t, bufio.NewReader(secure), 1); got[0] == "250" {
		t.Errorf("a recipient without a sender is accepted: %v", got)
	}
	if len(k.subs) > 0 {
		t.Errorf("taken in: %+v", k.subs)
	}
}

// Commands that come all at once are answered in their order; two messages in one packet are two messages.
func TestPipelining(t *testing.T) {
	k := &taken{}
	address, _ := begun(t, smtp.Config{Take: k.take})
	conn, r := connect(t, address)
	one := "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\n"
	fmt.Fprint(conn, "EHLO x\r\n"+one+strings.ReplaceAll(one, "Subject: x", "Subject: z")+"QUIT\r\n")
	want := "[220 250 250 250 354 250 250 250 354 250 221]"
	if got := fmt.Sprint(codes(t, r, 11)); got != want || len(k.subs) != 2 {
		t.Errorf("answered %s, %d messages", got, len(k.subs))
	}
}

// Too many recipients are asked to come later, too large a message is refused, and the others go on.
func TestBounds(t *testing.T) {
	k := &taken{}
	address, _ := begun(t, smtp.Config{Take: k.take})
	conn, r := connect(t, address)
	fmt.Fprint(conn, "EHLO x\r\nMAIL FROM:<a@b.example>\r\n")
	codes(t, r, 3)
	refused := 0
	for range 10 {
		fmt.Fprint(conn, strings.Repeat("RCPT TO:<c@d.example>\r\n", 1000))
		for _, code := range codes(t, r, 1000) {
			if code == "452" {
				refused++
			}
		}
	}
	if refused != 9000 {
		t.Errorf("%d of 10000 recipients refused for now", refused)
	}
	fmt.Fprint(conn, "DATA\r\n")
	codes(t, r, 1)
	line := strings.Repeat("x", 1022) + "\r\n"
	for range intake.LargestMessage/len(line) + 2 {
		if _, err := io.WriteString(conn, line); err != nil {
			break
		}
	}
	fmt.Fprint(conn, ".\r\n")
	if got := codes(t, r, 1); got[0] != "552" || len(k.subs) != 0 {
		t.Errorf("answered %v to too large a message, %d taken in", got, len(k.subs))
	}
}

// Who holds many connections and says nothing is turned away at once, and leaves room when they go.
func TestIdleClients(t *testing.T) {
	k := &taken{}
	address, _ := begun(t, smtp.Config{Take: k.take})
	var idle []net.Conn
	turned := 0
	for turned == 0 && len(idle) < 2*intake.MostConnections {
		c, r := connect(t, address)
		if codes(t, r, 1)[0] == "421" {
			turned++
			c.Close()
			continue
		}
		idle = append(idle, c)
	}
	if turned == 0 || len(idle) >= intake.MostConnections {
		t.Fatalf("%d idle connections from one address", len(idle))
	}
	for _, c := range idle {
		c.Close()
	}
	for { // the server sees it in a moment
		_, r := connect(t, address)
		if codes(t, r, 1)[0] == "220" {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("nobody comes in any more")
		}
	}
}

// A message whose content is under way when the server is told to end is kept and answered; a new one is not begun.
func TestDrain(t *testing.T) {
	inside, goOn := make(chan struct{}), make(chan struct{})
	kept := 0
	address, stop := begun(t, smtp.Config{Take: func(ctx context.Context, subs []coldwatch.Submission) error {
		close(inside)
		<-goOn
		kept += len(subs)
		return ctx.Err()
	}})
	conn, r := connect(t, address)
	other, rest := connect(t, address)
	fmt.Fprint(other, "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\n")
	codes(t, rest, 4)
	fmt.Fprint(conn, "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\ny\r\n.\r\n")
	<-inside
	go func() {
		for { // until nobody is let in any more: it is ending
			c, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				close(goOn)
				return
			}
			c.Close()
		}
	}()
	stop()
	if got := fmt.Sprint(codes(t, r, 6)); got != "[220 250 250 250 354 250]" || kept != 1 {
		t.Errorf("answered %s, %d kept", got, kept)
	}
}
