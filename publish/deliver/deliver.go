// Package deliver carries warnings to their readers: into a folder, by mail to the reader's security contact (SMTP, RFC 5321; the
// message by RFC 5322), or to a webhook. The channel into a TAXII 2.1 collection stands beside the TAXII client (console/taxii).
//
// A warning that comes twice costs its reader an hour, so it is sent at most once. A Channel says of a failure whether the warning
// surely has not arrived, and may be tried again; whether it never will (ErrRefused); or whether nobody can tell (ErrUnsure): the
// connection broke after the text was sent and before the answer came. What is unsure is for a person to repeat. Queue, times and
// retries are the engine's.
package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// An Item is a warning to be sent.
type Item struct {
	Warning coldwatch.Warning
	At      time.Time                                   // now
	Files   func() (files map[string][]byte, err error) // what goes with it, by slash path; nil for nothing
}

// A Channel carries warnings.
type Channel interface {
	// Name tells where the warning would go, for example "mail soc@org.example". No warning is sent twice to one name. ErrNoAddress
	// when this channel does not reach its reader.
	Name(w coldwatch.Warning) (string, error)
	// Send sends it. An error that wraps neither ErrRefused nor ErrUnsure leaves it to be tried again.
	Send(ctx context.Context, i Item) error
}

var (
	// ErrNoAddress says that the warning has no address that the channel can use.
	ErrNoAddress = errors.New("no address for this channel")
	// ErrRefused says that the warning will never be taken.
	ErrRefused = errors.New("refused")
	// ErrUnsure says that the warning may have arrived.
	ErrUnsure = errors.New("it may have arrived")
	// ErrUnreachable says that nothing gets through at the moment: with the next warning it would be the same.
	ErrUnreachable = errors.New("nothing gets through")
	// ErrDestination says that a destination cannot be read.
	ErrDestination = errors.New("destinations are folder:DIR, smtp://HOST, smtps://HOST, https://HOST/PATH and taxii+https://HOST/PATH")
	// ErrSender says that mail needs a sender.
	ErrSender = errors.New("mail needs the sender's address")
)

// Options are what channels need besides the destination.
type Options struct {
	From     string      // sender of mail: an address, with or without a name
	Password string      // of the user in the destination, for SMTP
	Secret   string      // by which a webhook knows that it is us; "" signs nothing
	HostName string      // what we call ourselves in SMTP; "" is localhost
	TLS      *tls.Config // whom we trust; nil trusts whom the system trusts
}

// Open makes the channel to a destination: "folder:DIR", "smtp://[USER@]HOST[:PORT]" (STARTTLS off the loopback), "smtps://…" (TLS from
// the beginning) or "https://…" (a webhook; http only on the loopback). Nothing is connected yet.
func Open(destination string, o Options) (Channel, error) {
	if dir, ok := strings.CutPrefix(destination, "folder:"); ok && dir != "" {
		return openFolder(strings.TrimPrefix(dir, "//"))
	}
	u, err := url.Parse(destination)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("%q: %w", destination, ErrDestination)
	}
	switch {
	case u.Scheme == "smtp" || u.Scheme == "smtps":
		return openMail(u, o)
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return openWebhook(u, o), nil
	}
	return nil, fmt.Errorf("%q: %w", destination, ErrDestination)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
