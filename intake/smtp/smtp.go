// Package smtp takes mail in over LMTP (RFC 2033) and SMTP (RFC 5321): a copy of what a mail server delivers, what it journals, or
// what people send to a report address.
//
// It delivers nothing anywhere and relays nothing. A message is acknowledged after its commit; while the store refuses, the
// answer is a temporary failure (RFC 5321 section 4.2.1) and the sender keeps the message. A message ends with CR LF, dot, CR LF
// and nothing else: a bare LF around the dot is content, so that nobody can smuggle a second message in (CVE-2023-51764 and
// its kin). Lines may be longer than the standard's thousand octets, for hostile mail has such.
package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/sync/semaphore"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
)

// Config says how mail is taken in.
type Config struct {
	LMTP         bool
	Name         string   // of this machine, in its greeting
	Organisation string   // reporting organisation; "": by the recipient
	Recipients   []string // addresses, or @domain for all of a domain; none: whatever comes
	TLS          *tls.Config
	Source       string // where it comes from, for people; "lmtp" or "smtp" where it is empty
	Clock        func() time.Time
	Take         intake.Take
}

// Bounds of a server: who sends slowly, or holds connections, holds few.
const (
	maxRecipients = 1000
	maxLine       = 1 << 20
	timeout       = 5 * time.Minute // RFC 5321 section 4.5.3.2 asks for as long; all of a message's content in it
	drain         = 10 * time.Second
)

// Serve takes mail in on a listener until ctx ends. Messages whose content is under way by then are finished and answered, if
// they are soon; what is not answered comes again.
func Serve(ctx context.Context, l net.Listener, c Config) error {
	if c.Source == "" {
		c.Source = "smtp"
		if c.LMTP {
			c.Source = "lmtp"
		}
	}
	messages, memory := semaphore.NewWeighted(intake.MostConnections), semaphore.NewWeighted(intake.InFlight)
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{ctx: context.WithoutCancel(ctx), c: &c, conn: conn, peer: conn.Conn().RemoteAddr(), messages: messages, memory: memory}, nil
	}))
	s.LMTP, s.Domain, s.TLSConfig = c.LMTP, c.Name, c.TLS
	s.MaxRecipients, s.MaxMessageBytes, s.MaxLineLength = maxRecipients, intake.LargestMessage, maxLine
	s.ReadTimeout, s.WriteTimeout = timeout, timeout
	s.EnableSMTPUTF8, s.EnableBINARYMIME = true, true
	s.ErrorLog = logger{}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		l.Close()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		_ = messages.Acquire(end, intake.MostConnections) // or they come again
		s.Close()
	})
	err := s.Serve(intake.Guard(l, "421 4.3.2 too many connections, come again\r\n"))
	if !stop() {
		<-drained
		return nil
	}
	return err
}

// logger writes what a peer does wrong into our log.
type logger struct{}

func (logger) Printf(format string, v ...any) { slog.Debug("smtp", "peer", format, "values", v) }
func (logger) Println(v ...any)               { slog.Debug("smtp", "values", v) }

// A session is one connection.
type session struct {
	ctx  context.Context
	c    *Config
	conn *smtp.Conn
	peer net.Addr
	env  coldwatch.Envelope

	messages *semaphore.Weighted // those whose content is under way; all taken once the server ends
	memory   *semaphore.Weighted // bytes of them
}

func (s *session) Reset()        { s.env = coldwatch.Envelope{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.env = coldwatch.Envelope{From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !s.c.takes(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no mailbox of that name here"}
	}
	s.env.To = append(s.env.To, to)
	return nil
}

// takes tells whether mail to an address is for us.
func (c *Config) takes(to string) bool {
	_, domain, _ := strings.Cut(to, "@")
	return len(c.Recipients) == 0 || slices.ContainsFunc(c.Recipients, func(r string) bool {
		return strings.EqualFold(r, to) || strings.EqualFold(r, "@"+domain)
	})
}

// Data takes one message in.
func (s *session) Data(r io.Reader) error {
	if !s.messages.TryAcquire(1) {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "ending, come again"}
	}
	defer s.messages.Release(1)
	raw, held, err := s.read(r)
	defer s.memory.Release(held)
	if err != nil {
		return err // too large, or the connection broke: not acknowledged either way
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "the message is empty"}
	}
	sub := coldwatch.Submission{Raw: append([]byte(s.trace()), raw...), Source: s.c.Source, Organisation: s.c.Organisation, Envelope: s.env}
	if !s.c.LMTP { // what delivers over LMTP has written the time into the message, the same at each attempt
		sub.Received = s.c.Clock()
	}
	if err := s.c.Take(s.ctx, []coldwatch.Submission{sub}); err != nil {
		if !errors.Is(err, context.Canceled) {
			slog.Warn("a message was not taken in; its sender was asked to come again", "from", s.peer, "error", err)
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not now, come again"}
	}
	return nil
}

// trace is our own trace field (after RFC 5321 section 4.4) on mail from another machine over SMTP, without which whatever the
// sender wrote on top would pass for what our own mail server found. It has no date, which the submission has: a message that comes
// again, because our answer got lost, is the same message. Who delivers over LMTP or from this machine has written its own.
func (s *session) trace() string {
	a, ok := s.peer.(*net.TCPAddr)
	if s.c.LMTP || !ok || a.IP.IsLoopback() {
		return ""
	}
	return trace(s.conn.Hostname(), a.IP, s.c.Name)
}

// trace writes the trace field for a client that called itself helo.
func trace(helo string, ip net.IP, by string) string {
	helo = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("()[];", r) {
			return -1
		}
		return r
	}, helo)
	return fmt.Sprintf("Received: from %s ([%s])\r\n\tby %s with ESMTP\r\n", helo, ip, by)
}

// piece is what the memory for a message grows by.
const piece = 256 << 10

// read reads a message, as long as there is memory for it beside the others; held is what of it to give back.
func (s *session) read(r io.Reader) (raw []byte, held int64, err error) {
	var b bytes.Buffer
	for {
		if !s.memory.TryAcquire(piece) {
			return nil, held, &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "too much at once, come again"}
		}
		held += piece
		switch _, err := io.CopyN(&b, r, piece); {
		case errors.Is(err, io.EOF):
			return b.Bytes(), held, nil
		case err != nil:
			return nil, held, err
		}
	}
}
