package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// mailTime bounds one conversation with a relay (RFC 5321 section 4.5.3.2 allows ten minutes after the final dot alone).
const mailTime = 12 * time.Minute

// A relay sends mail through one SMTP server.
type relay struct {
	host, address  string
	implicit       bool // TLS from the beginning
	user, password string
	from           *mail.Address
	hostName       string
	tls            *tls.Config
}

func openMail(u *url.URL, o Options) (Channel, error) {
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", o.From, ErrSender)
	}
	r := relay{host: u.Hostname(), implicit: u.Scheme == "smtps", from: from, hostName: o.HostName, user: u.User.Username(), password: o.Password, tls: o.TLS}
	if p, ok := u.User.Password(); ok {
		r.password = p
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "25"}[r.implicit]
		if r.user != "" && !r.implicit {
			port = "587" // RFC 6409: a user submits there
		}
	}
	r.address = net.JoinHostPort(r.host, port)
	if r.hostName == "" {
		r.hostName = "localhost"
	}
	return r, nil
}

func (r relay) Name(w coldwatch.Warning) (string, error) {
	to, err := recipient(w)
	if err != nil {
		return "", err
	}
	return "mail " + strings.ToLower(to), nil
}

// recipient is the address of the security contact.
func recipient(w coldwatch.Warning) (string, error) {
	c := strings.TrimSpace(w.Contact)
	if len(c) > 7 && strings.EqualFold(c[:7], "mailto:") {
		c = c[7:]
	}
	a, err := mail.ParseAddress(c)
	if err != nil || strings.ContainsAny(a.Address, "\r\n") {
		return "", fmt.Errorf("%q: %w", w.Contact, ErrNoAddress)
	}
	return a.Address, nil
}

// Send hands the mail to the relay.
func (r relay) Send(ctx context.Context, i Item) error {
	to, err := recipient(i.Warning)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return r.hand(ctx, r.from.Address, to, r.message(i, to))
}

// hand hands a message to the relay. Until the final dot nothing has been taken (RFC 5321 section 4.1.1.4), so that every failure may
// be tried again; after it only an answer tells.
func (r relay) hand(ctx context.Context, from, to string, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	c, err := r.connect(ctx)
	if err == nil {
		defer c.Close()
		err = c.Mail(from)
	}
	if err != nil {
		return fmt.Errorf("deliver: %w: %w", ErrUnreachable, err)
	}
	if err := c.Rcpt(to); err != nil {
		return answer(err)
	}
	w, err := c.Data()
	if err != nil {
		return answer(err)
	}
	if _, err := w.Write(message); err != nil {
		return fmt.Errorf("deliver: %w", err) // the dot was not sent
	}
	if err := w.Close(); err != nil {
		var t *textproto.Error
		if errors.As(err, &t) {
			return answer(err)
		}
		return fmt.Errorf("deliver: %w: %w", ErrUnsure, err)
	}
	_ = c.Quit() // it was taken, whatever becomes of the connection
	return nil
}

// answer tells a refusal for good (5yz) from one for now.
func answer(err error) error {
	var t *textproto.Error
	if errors.As(err, &t) && t.Code >= 500 {
		return fmt.Errorf("deliver: %w: %w", ErrRefused, err)
	}
	return fmt.Errorf("deliver: %w", err)
}

// connect opens the conversation, encrypted unless the relay is on this machine.
func (r relay) connect(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			conn.Close()
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.tls != nil {
		cfg = r.tls.Clone()
	}
	cfg.ServerName = r.host
	if r.implicit {
		conn = tls.Client(conn, cfg)
	}
	c, err := smtp.NewClient(conn, r.host)
	if err == nil {
		err = r.greet(c, cfg)
	}
	if err != nil {
		stop()
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (r relay) greet(c *smtp.Client, cfg *tls.Config) error {
	if err := c.Hello(r.hostName); err != nil {
		return err
	}
	if !r.implicit {
		if ok, _ := c.Extension("STARTTLS"); ok {
			if err := c.StartTLS(cfg); err != nil {
				return err
			}
		} else if !loopback(r.host) {
			return errors.New("the relay offers no encryption, and warnings do not go in clear over a network")
		}
	}
	if r.user != "" {
		return c.Auth(smtp.PlainAuth("", r.user, r.password, r.host))
	}
	return nil
}

// message writes the mail. Its Message-ID follows from the warning, so that a relay or reader that sees it twice can tell.
func (r relay) message(i Item, to string) []byte {
	return r.compose(Letter{To: to, Subject: i.Warning.Subject, Text: Text(i.Warning), ID: i.Warning.ID, At: i.At}, "auto-generated")
}

// compose writes a message. auto says to programs that answer mail that nobody waits for theirs (RFC 3834 section 5).
func (r relay) compose(l Letter, auto string) []byte {
	domain := r.from.Address[strings.LastIndexByte(r.from.Address, '@')+1:]
	var b bytes.Buffer
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	line("From", r.from.String())
	line("To", (&mail.Address{Address: l.To}).String())
	line("Subject", mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(l.Subject), " ")))
	line("Date", l.At.UTC().Format(time.RFC1123Z))
	line("Message-ID", "<"+fileName(l.ID)+"@"+domain+">")
	if l.InReplyTo != "" {
		line("In-Reply-To", l.InReplyTo)
		line("References", l.InReplyTo)
	}
	line("Auto-Submitted", auto)
	line("MIME-Version", "1.0")
	line("Content-Type", "text/plain; charset=utf-8")
	line("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	_, _ = q.Write([]byte(strings.ReplaceAll(l.Text, "\n", "\r\n"))) // a buffer takes everything
	_ = q.Close()
	return b.Bytes()
}
