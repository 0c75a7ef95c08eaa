package deliver

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// A Letter is an answer to somebody who wrote to us.
type Letter struct {
	To, Subject, Text string
	ID                string // its Message-ID is made of it
	InReplyTo         string // Message-ID of what is answered, with angle brackets; "" for none
	At                time.Time
}

// A Post sends letters through a mail relay.
type Post struct{ relay relay }

// OpenPost makes the post by a relay: "smtp://[USER@]HOST[:PORT]" or "smtps://…". Nothing is connected yet.
func OpenPost(destination string, o Options) (*Post, error) {
	u, err := url.Parse(destination)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("%q: %w", destination, ErrDestination)
	}
	ch, err := openMail(u, o)
	if err != nil {
		return nil, err
	}
	return &Post{ch.(relay)}, nil
}

// Send sends a letter with the null reverse-path, to which no program answers, and an error as of Channel.Send. ErrRefused when the
// address is none, or what it answers has no proper name.
func (p *Post) Send(ctx context.Context, l Letter) error {
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Name != "" || strings.ContainsFunc(l.To+l.InReplyTo, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("deliver: %w: the address %q is none that can be written to", ErrRefused, l.To)
	}
	return p.relay.hand(ctx, "", l.To, p.relay.compose(l, "auto-replied"))
}
