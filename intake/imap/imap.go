// Package imap reads a mailbox that people report suspicious mail to (IMAP4rev1, RFC 3501, and rev2, RFC 9051).
//
// A message is marked only after its commit: moved into a mailbox of the operator's choice (MOVE, RFC 6851), or given the keyword
// $Coldwatch, or, where the server keeps no keywords, the flag \Seen. What is marked is not read again; what was read but not
// marked, because we or the server stopped in between, is read again and is no second message. Messages are fetched with PEEK, so
// that reading alone changes nothing. Between looks the connection idles (RFC 2177), where the server can.
//
// What we keep of UIDs does not outlive the connection, so that a mailbox made anew, with a new UIDVALIDITY, needs no care; and what
// a server sends that nobody asked for, or that is larger than it said, is not taken.
//
// The connection is encrypted, by TLS from the beginning or STARTTLS before anything else (RFC 8314); off the loopback there is no
// way without. Sign-in is by password or by an OAuth 2.0 token (OAUTHBEARER, RFC 7628, or XOAUTH2 where that is all there is), read
// from its file at each connection, so that a refreshed one is taken up.
package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
)

// Config says which mailbox is read and how.
type Config struct {
	Address      string // host:port
	StartTLS     bool   // else TLS from the beginning
	Plain        bool   // no encryption: on the loopback only
	TLS          *tls.Config
	User         string
	Password     func() (string, error) // read at each connection
	Token        bool                   // the password is an OAuth 2.0 access token
	Mailbox      string                 // "INBOX"
	Move         string                 // where read messages go; "": they are marked
	Organisation string                 // reporting organisation; "": by the recipient
	Every        time.Duration          // at most so long between looks
	Clock        func() time.Time
	Take         intake.Take
}

// Keyword marks what was read.
const Keyword = imap.Flag("$Coldwatch")

const (
	batchMessages = 50
	batchBytes    = 32 << 20
	longestPause  = 2 * time.Minute // between attempts to connect
)

// Run reads until ctx ends; a connection that breaks is made again.
func Run(ctx context.Context, c Config) error {
	pause := time.Second
	for ctx.Err() == nil {
		began := c.Clock()
		err := c.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if c.Clock().Sub(began) > time.Minute {
			pause = time.Second // it had worked
		}
		slog.Warn("the mailbox cannot be read; trying again", "server", c.Address, "mailbox", c.Mailbox, "in", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
	return nil
}

// Check connects, signs in, opens the mailbox and tells how many messages wait.
func Check(ctx context.Context, c Config) (waiting int, err error) {
	m, err := c.open(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer m.close()
	uids, err := m.unread()
	return len(uids), err
}

// A mailbox is an open one.
type mailbox struct {
	*Config
	client *imapclient.Client
	mark   imap.Flag
	stop   func() bool
}

func (m *mailbox) close() {
	m.stop()
	m.client.Close()
}

// open connects, signs in and selects the mailbox. news is told when something changed in it.
func (c *Config) open(ctx context.Context, news chan<- struct{}) (*mailbox, error) {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, err
	}
	if c.Plain && !loopback(host) {
		return nil, errors.New("without encryption the password would go over the network in clear")
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		conf = c.TLS.Clone()
		conf.ServerName = host
	}
	o := &imapclient.Options{TLSConfig: conf, Dialer: &net.Dialer{Timeout: 30 * time.Second}}
	if news != nil {
		o.UnilateralDataHandler = &imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) {
			select {
			case news <- struct{}{}:
			default:
			}
		}}
	}
	var client *imapclient.Client
	switch {
	case c.Plain:
		client, err = imapclient.DialInsecure(c.Address, o)
	case c.StartTLS:
		client, err = imapclient.DialStartTLS(c.Address, o)
	default:
		client, err = imapclient.DialTLS(c.Address, o)
	}
	if err != nil {
		return nil, err
	}
	m := &mailbox{Config: c, client: client, mark: Keyword, stop: context.AfterFunc(ctx, func() { client.Close() })}
	if err := m.begin(); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// begin signs in and selects the mailbox.
func (m *mailbox) begin() error {
	secret, err := m.Password()
	if err != nil {
		return err
	}
	if m.Token {
		err = m.client.Authenticate(m.bearer(secret))
	} else {
		err = m.client.Login(m.User, secret).Wait()
	}
	if err != nil {
		return fmt.Errorf("sign-in of %s: %w", m.User, err)
	}
	data, err := m.client.Select(m.Mailbox, nil).Wait()
	if err != nil {
		return fmt.Errorf("mailbox %s: %w", m.Mailbox, err)
	}
	if !slices.Contains(data.PermanentFlags, imap.FlagWildcard) && !slices.Contains(data.PermanentFlags, Keyword) {
		m.mark = imap.FlagSeen
	}
	if m.Move != "" {
		if err := m.client.Create(m.Move, nil).Wait(); err != nil && !isNo(err) { // it is there
			return fmt.Errorf("mailbox %s: %w", m.Move, err)
		}
	}
	return nil
}

func isNo(err error) bool {
	var e *imap.Error
	return errors.As(err, &e) && e.Type == imap.StatusResponseTypeNo
}

// bearer signs in with a token, as the server can.
func (m *mailbox) bearer(token string) sasl.Client {
	if m.client.Caps().Has(imap.AuthCap(sasl.OAuthBearer)) {
		host, _, _ := net.SplitHostPort(m.Address) // it was dialled
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: m.User, Token: token, Host: host})
	}
	return &xoauth2{m.User, token}
}

// An xoauth2 is Google's and Microsoft's forerunner of OAUTHBEARER.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the error that the server sends as a challenge, so that it ends the attempt.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// read takes in what is in the mailbox and what comes, until the connection ends.
func (c *Config) read(ctx context.Context) error {
	news := make(chan struct{}, 1)
	m, err := c.open(ctx, news)
	if err != nil {
		return err
	}
	defer m.close()
	for {
		if err := m.takeAll(ctx); err != nil {
			return err
		}
		if err := m.wait(ctx, news); err != nil {
			return err
		}
	}
}

// unread gives the messages that are not marked.
func (m *mailbox) unread() ([]imap.UID, error) {
	q := &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}
	if m.Move == "" {
		q.NotFlag = append(q.NotFlag, m.mark)
	}
	data, err := m.client.UIDSearch(q, nil).Wait()
	if err != nil {
		return nil, err
	}
	return data.AllUIDs(), nil
}

func (m *mailbox) takeAll(ctx context.Context) error {
	uids, err := m.unread()
	if err != nil {
		return err
	}
	for len(uids) > 0 {
		sizes, err := m.sizes(uids[:min(batchMessages, len(uids))])
		if err != nil {
			return err
		}
		n, total := 0, int64(0)
		for n < min(batchMessages, len(uids)) && (n == 0 || total+sizes[uids[n]] <= batchBytes) {
			total += sizes[uids[n]]
			n++
		}
		if err := m.take(ctx, uids[:n], sizes); err != nil {
			return err
		}
		uids = uids[n:]
	}
	return nil
}

func (m *mailbox) sizes(uids []imap.UID) (map[imap.UID]int64, error) {
	all, err := m.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil {
		return nil, err
	}
	out := map[imap.UID]int64{}
	for _, x := range all {
		out[x.UID] = x.RFC822Size
	}
	return out, nil
}

// take fetches, commits and marks some messages. One that is too large is marked and left where it is.
func (m *mailbox) take(ctx context.Context, uids []imap.UID, sizes map[imap.UID]int64) error {
	var fetch, large []imap.UID
	for _, u := range uids {
		if sizes[u] > intake.LargestMessage {
			slog.Warn("a message in the mailbox is too large and was left there", "mailbox", m.Mailbox, "uid", u, "bytes", sizes[u])
			large = append(large, u)
			continue
		}
		fetch = append(fetch, u)
	}
	if len(large) > 0 && m.Move == "" {
		if err := m.flag(large); err != nil {
			return err
		}
	}
	if len(fetch) == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	cmd := m.client.Fetch(imap.UIDSetNum(fetch...), &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}})
	var subs []coldwatch.Submission
	var got []imap.UID
	left := int64(batchBytes + intake.LargestMessage)
	for x := cmd.Next(); x != nil; x = cmd.Next() {
		f, err := content(x, left)
		if err != nil {
			var closing sync.WaitGroup
			closing.Go(func() { m.client.Close() }) // rather than read what is left of it
			cmd.Close()
			closing.Wait()
			return err
		}
		left -= int64(len(f.raw))
		if !slices.Contains(fetch, f.uid) || slices.Contains(got, f.uid) || len(f.raw) == 0 {
			continue // a server may send what nobody asked for
		}
		subs = append(subs, coldwatch.Submission{Raw: f.raw, Source: fmt.Sprintf("imap/%s/%s;uid=%d", m.User, m.Mailbox, f.uid), Organisation: m.Organisation, Received: f.at.UTC()})
		got = append(got, f.uid)
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	if len(subs) == 0 {
		return nil
	}
	if err := m.Take(ctx, subs); err != nil {
		return err
	}
	if m.Move != "" {
		_, err := m.client.Move(imap.UIDSetNum(got...), m.Move).Wait()
		return err
	}
	return m.flag(got)
}

// A fetched message is what a server gave of it.
type fetched struct {
	uid imap.UID
	at  time.Time
	raw []byte
}

// content reads a message that the server sends, if it is not larger than most: what the server said of its size binds nobody.
func content(x *imapclient.FetchMessageData, most int64) (f fetched, err error) {
	for item := x.Next(); item != nil; item = x.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			f.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			f.at = item.Time
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			if size := item.Literal.Size(); size > min(most-int64(len(f.raw)), intake.LargestMessage) {
				return f, fmt.Errorf("the server sends a message of %d bytes, which it said is smaller", size)
			}
			if f.raw, err = io.ReadAll(item.Literal); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

func (m *mailbox) flag(uids []imap.UID) error {
	return m.client.Store(imap.UIDSetNum(uids...), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{m.mark}}, nil).Close()
}

// wait idles until something changes, or it is time to look.
func (m *mailbox) wait(ctx context.Context, news <-chan struct{}) error {
	timer := time.NewTimer(m.Every)
	defer timer.Stop()
	if !m.client.Caps().Has(imap.CapIdle) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.client.Closed():
			return errors.New("the server closed the connection")
		case <-timer.C:
		}
		return nil
	}
	idle, err := m.client.Idle()
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-m.client.Closed():
	case <-news:
	case <-timer.C:
	}
	if err := idle.Close(); err != nil {
		return err
	}
	if err := idle.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}
