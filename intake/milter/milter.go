// Package milter looks at mail while a mail server receives it (the milter protocol of Sendmail and Postfix), marks it with what is
// found, and holds it in quarantine where the operator's policy says so.
//
// The message is put together again from the fields and the body that the server sends, with a trace field of our own on top
// (after RFC 5321 section 4.4) for what the server knows of the connection and has not written into the message yet. Fields of
// our name that a stranger wrote are taken out: a reader's filter may trust them. When we cannot take the message in, the server
// is told to come again, or to go on without us, as the policy says; a message is never lost by us, for the server has it.
package milter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/d--j/go-milter"
	"golang.org/x/sync/semaphore"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
)

// A Judge says at once what is known of a message, and keeps it.
type Judge func(ctx context.Context, sub coldwatch.Submission) (Judgement, error)

// A Judgement is what the fields say.
type Judgement struct {
	Class    coldwatch.Class
	Bits     float64
	Campaign string // id, "" for none
}

// Config says how mail is judged.
type Config struct {
	Name         string // of this machine
	Organisation string // reporting organisation; "": by the recipient
	Quarantine   []coldwatch.Class
	PassBusy     bool // let mail through unmarked when we cannot take it in; else the sender comes again
	Clock        func() time.Time
	Judge        Judge
}

const (
	reading = 10 * time.Minute // a slow client keeps its server, and the server us, waiting that long
	writing = time.Minute
)

// Serve answers a mail server on a listener until ctx ends.
func Serve(ctx context.Context, l net.Listener, c Config) error {
	actions := milter.OptAddHeader | milter.OptChangeHeader | milter.OptQuarantine
	memory := semaphore.NewWeighted(intake.InFlight)
	s := milter.NewServer(milter.WithDynamicMilter(func(uint32, milter.OptAction, milter.OptProtocol, milter.DataSize) milter.Milter {
		return &session{ctx: context.WithoutCancel(ctx), c: &c, memory: memory}
	}), milter.WithActions(actions), milter.WithProtocols(milter.OptHeaderLeadingSpace|milter.OptNoUnknown|milter.OptNoData),
		milter.WithReadTimeout(reading), milter.WithWriteTimeout(writing))
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	err := s.Serve(intake.Guard(l, ""))
	if ctx.Err() != nil || errors.Is(err, milter.ErrServerClosed) {
		return nil
	}
	return err
}

// A session is one connection of the mail server.
type session struct {
	milter.NoOpMilter
	ctx context.Context
	c   *Config

	host, address, helo string
	env                 coldwatch.Envelope
	raw                 bytes.Buffer
	ours                map[string]int // fields of our name in the message
	large               bool
	full                bool // there was no memory for it beside the others
	memory              *semaphore.Weighted
	held                int64 // of it
}

func (s *session) Connect(host, _ string, _ uint16, address string, _ milter.Modifier) (*milter.Response, error) {
	s.host, s.address = host, address
	return milter.RespContinue, nil
}

func (s *session) Helo(name string, _ milter.Modifier) (*milter.Response, error) {
	s.helo = name
	return milter.RespContinue, nil
}

func (s *session) MailFrom(from, _ string, _ milter.Modifier) (*milter.Response, error) {
	s.begin()
	s.env.From = from
	return milter.RespContinue, nil
}

// begin forgets the message before.
func (s *session) begin() {
	s.env, s.ours, s.large, s.full = coldwatch.Envelope{}, map[string]int{}, false, false
	s.raw = bytes.Buffer{}
	s.memory.Release(s.held)
	s.held = 0
}

// Cleanup is called when the connection ends.
func (s *session) Cleanup(milter.Modifier) { s.begin() }

func (s *session) RcptTo(to, _ string, _ milter.Modifier) (*milter.Response, error) {
	s.env.To = append(s.env.To, to)
	return milter.RespContinue, nil
}

const verdictField, campaignField = "X-Coldwatch-Verdict", "X-Coldwatch-Campaign"

func (s *session) Header(name, value string, m milter.Modifier) (*milter.Response, error) {
	if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-coldwatch-") {
		s.ours[lower]++ // a stranger's: taken out at the end
	}
	if m.Protocol()&milter.OptHeaderLeadingSpace == 0 {
		value = " " + value
	}
	s.write(name, ":", strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", "\r\n"), "\r\n")
	return milter.RespContinue, nil
}

// piece is what the memory for a message grows by beyond what is needed.
const piece = 256 << 10

func (s *session) write(parts ...string) {
	for _, p := range parts {
		if s.raw.Len()+len(p) > intake.LargestMessage {
			s.large = true
			return
		}
		if need := int64(s.raw.Len() + len(p)); need > s.held {
			more := need - s.held + piece
			if s.full = s.full || !s.memory.TryAcquire(more); s.full {
				return
			}
			s.held += more
		}
		s.raw.WriteString(p)
	}
}

func (s *session) Headers(milter.Modifier) (*milter.Response, error) {
	s.write("\r\n")
	return milter.RespContinue, nil
}

func (s *session) BodyChunk(chunk []byte, _ milter.Modifier) (*milter.Response, error) {
	s.write(string(chunk))
	return milter.RespContinue, nil
}

func (s *session) Abort(milter.Modifier) error {
	s.begin()
	return nil
}

var errFull = errors.New("too much is received at once")

// trace is the field that the server will write only after us. It has no time, so that the same message brought again is the same.
func (s *session) trace(m milter.Modifier) string {
	clean := func(v string) string {
		return strings.Map(func(r rune) rune {
			if r <= ' ' || r == 0x7f || strings.ContainsRune("()[]", r) {
				return -1
			}
			return r
		}, v)
	}
	by := m.Get(milter.MacroMTAFQDN)
	if by == "" {
		by = s.c.Name
	}
	helo := clean(s.helo)
	if helo == "" {
		helo = "unknown"
	}
	return fmt.Sprintf("Received: from %s (%s [%s])\r\n\tby %s\r\n", helo, clean(s.host), clean(s.address), clean(by))
}

func (s *session) EndOfMessage(m milter.Modifier) (*milter.Response, error) {
	defer s.begin()
	for _, field := range slices.Sorted(maps.Keys(s.ours)) {
		for n := s.ours[field]; n > 0; n-- { // from the last, for those behind one that is gone move up
			if err := m.ChangeHeader(n, field, ""); err != nil {
				return nil, err
			}
		}
	}
	if s.large {
		slog.Warn("a message was too large to be looked at", "bytes", s.raw.Len())
		return milter.RespAccept, nil
	}
	sub := coldwatch.Submission{Raw: append([]byte(s.trace(m)), s.raw.Bytes()...), Source: "milter", Organisation: s.c.Organisation, Envelope: s.env, Received: s.c.Clock()}
	var j Judgement
	err := errFull
	if !s.full {
		j, err = s.c.Judge(s.ctx, sub)
	}
	if err != nil {
		slog.Warn("a message was not taken in", "error", err, "passed", s.c.PassBusy)
		if s.c.PassBusy {
			return milter.RespAccept, nil
		}
		return milter.RespTempFail, nil
	}
	space := "" // after the colon, which a server that sends it also expects
	if m.Protocol()&milter.OptHeaderLeadingSpace != 0 {
		space = " "
	}
	if err := m.AddHeader(verdictField, fmt.Sprintf("%s%s; bits=%.1f", space, j.Class, j.Bits)); err != nil {
		return nil, err
	}
	if j.Campaign != "" {
		if err := m.AddHeader(campaignField, space+j.Campaign); err != nil {
			return nil, err
		}
	}
	if slices.Contains(s.c.Quarantine, j.Class) {
		if err := m.Quarantine("coldwatch: " + string(j.Class)); err != nil {
			return nil, err
		}
	}
	return milter.RespAccept, nil
}
