package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/intake/folder"
	"github.com/coldwatch/coldwatch/intake/imap"
	"github.com/coldwatch/coldwatch/intake/milter"
	"github.com/coldwatch/coldwatch/intake/smtp"
	"github.com/coldwatch/coldwatch/knowledge"
)

type intakeCmd struct {
	Check intakeCheckCmd `cmd:"" help:"Try each way in: connect, sign in, look, and say what is wrong."`
}

type intakeCheckCmd struct {
	Intake []string `arg:"" name:"url" help:"Ways in, as serve --intake takes them."`
}

func (intakeCheckCmd) Help() string { return intakeHelp }

const intakeHelp = `Ways in, each an address with its settings behind a question mark:

  imaps://abuse@mail.example/INBOX?password-file=FILE      reads a mailbox; imap:// begins with STARTTLS
      move=Read           moves what was read there, rather than mark it
      password-env=NAME   takes the password from the environment
      token-file=FILE     signs in by OAuth 2.0 with the access token in the file
      every=1m            looks at least so often; with IDLE, at once
  lmtp://127.0.0.1:2424, lmtp:/run/coldwatch.sock          a copy that the mail server delivers
  smtp://0.0.0.0:2525?to=report@sector.example,@in.example a report address; to says which, cert= and key= give STARTTLS
  milter://127.0.0.1:7357, milter:/run/coldwatch.sock      marks mail as the mail server receives it
      quarantine=targeted,hostile   holds mail of these verdicts
      busy=pass           lets mail through when it cannot be taken in, rather than have it come again
  folder:/var/spool/coldwatch                              files that others put there
      delete=yes          deletes what was read, rather than move it into done

  Each: organisation=ID names the reporting organisation of all of it. reporters=yes takes the organisation of whoever sent
  the report, where the author's domain is a member's and authenticates; other reports wait in the triage without one.
  reply=yes answers such reporters, once, with what is known; serve --reply-via names the mail relay.`

func (c intakeCheckCmd) Run(ctx context.Context, g *Globals) error {
	e, err := g.opened(ctx, true)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	failed := 0
	type result struct {
		Intake  string `json:"intake"`
		OK      bool   `json:"ok"`
		Waiting *int   `json:"waiting,omitempty"`
		Problem string `json:"problem,omitempty"`
		Hint    string `json:"hint,omitempty"`
	}
	var results []result
	for _, raw := range c.Intake {
		r := result{Intake: redacted(raw), OK: true}
		w, err := parseIntake(raw, e.Pack)
		if err == nil {
			var n int
			if n, err = w.check(ctx); err == nil && w.kind == "imap" {
				r.Waiting = &n
			}
		}
		if err != nil {
			failed++
			r.OK, r.Problem = false, err.Error()
			var u *userError
			if errors.As(err, &u) {
				r.Hint = u.hint
			}
		}
		results = append(results, r)
		switch {
		case g.JSON:
		case !r.OK:
			g.print("%s: %s", safe(r.Intake), safe(r.Problem))
			if r.Hint != "" {
				g.print("  %s", r.Hint)
			}
		case r.Waiting != nil:
			g.print("%s: fine, %s in it", safe(r.Intake), count(*r.Waiting, "unread message"))
		default:
			g.print("%s: fine", safe(r.Intake))
		}
	}
	if g.JSON {
		if err := g.printJSON(results); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d ways in do not work", failed, len(results))
	}
	return nil
}

// A way is one way in.
type way struct {
	kind, text   string
	network, at  string // to listen on, or to connect to
	organisation string
	reporters    bool
	reply        bool // to reporters
	u            *url.URL
	q            url.Values
}

// settings that each kind takes beside organisation and reporters.
var settings = map[string][]string{
	"imap":   {"password-file", "password-env", "token-file", "move", "every", "ca", "plain"},
	"imaps":  {"password-file", "password-env", "token-file", "move", "every", "ca"},
	"lmtp":   {"to"},
	"smtp":   {"to", "cert", "key"},
	"milter": {"quarantine", "busy"},
	"folder": {"delete", "every"},
}

// redacted is a way in without the password that somebody wrote into it.
func redacted(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return raw
}

func parseIntake(raw string, pack *knowledge.Pack) (*way, error) {
	bad := func(hint, format string, args ...any) error {
		return &userError{err: fmt.Errorf("intake %s: %w", redacted(raw), fmt.Errorf(format, args...)), hint: hint, code: 2}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, bad("coldwatch intake check --help shows examples", "it cannot be read")
	}
	known, ok := settings[u.Scheme]
	if !ok {
		return nil, bad("imaps, imap, lmtp, smtp, milter or folder", "there is no way in %q", u.Scheme)
	}
	w := &way{kind: strings.TrimSuffix(u.Scheme, "s"), text: redacted(raw), u: u, q: u.Query()}
	for name, values := range w.q {
		if !slices.Contains(known, name) && name != "organisation" && name != "reporters" && name != "reply" {
			return nil, bad("it takes "+strings.Join(append(slices.Clone(known), "organisation", "reporters", "reply"), ", "), "it has no setting %q", name)
		}
		if len(values) != 1 {
			return nil, bad("", "%s stands there twice", name)
		}
	}
	if _, ok := u.User.Password(); ok {
		return nil, bad("put it into a file that only you can read, and name it with password-file=FILE", "a password on the command line is seen by everybody on the machine")
	}
	w.organisation, w.reporters = w.q.Get("organisation"), w.q.Get("reporters") == "yes"
	if w.reply = w.q.Get("reply") == "yes"; w.reply && (!w.reporters || w.organisation != "" || w.kind == "folder" || w.kind == "milter") {
		return nil, bad("set reporters=yes, and no organisation, on an imap, lmtp or smtp way", "reply=yes answers only reporters whose domain authenticated the report")
	}
	if w.organisation != "" && pack.Organisation(w.organisation) == nil {
		return nil, bad("coldwatch pack show --organisations lists them; coldwatch init adds yours", "the pack has no organisation %q", w.organisation)
	}
	if err := w.place(bad); err != nil {
		return nil, err
	}
	return w, w.values(bad)
}

// place reads where the way leads.
func (w *way) place(bad func(string, string, ...any) error) error {
	path := w.u.Path + w.u.Opaque
	switch w.kind {
	case "folder":
		if w.at = path; w.at == "" {
			return bad("for example folder:/var/spool/coldwatch", "no folder is named")
		}
	case "imap":
		if w.u.User == nil || w.u.Hostname() == "" {
			return bad("for example imaps://abuse@mail.example/INBOX?password-file=FILE", "a user and a server are needed")
		}
		port := w.u.Port()
		if port == "" {
			port = map[string]string{"imap": "143", "imaps": "993"}[w.u.Scheme]
		}
		w.at = net.JoinHostPort(w.u.Hostname(), port)
	default:
		w.network, w.at = "tcp", w.u.Host
		if w.at == "" {
			w.network, w.at = "unix", path
		} else if w.u.Port() == "" {
			return bad("for example "+w.kind+"://127.0.0.1:2424", "no port is named")
		}
		if w.at == "" {
			return bad("for example "+w.kind+"://127.0.0.1:2424 or "+w.kind+":/run/coldwatch.sock", "no address is named")
		}
	}
	return nil
}

// values checks settings that are not free text.
func (w *way) values(bad func(string, string, ...any) error) error {
	if s := w.q.Get("every"); s != "" {
		if d, err := time.ParseDuration(s); err != nil || d <= 0 {
			return bad("for example every=30s", "every=%s is no time", s)
		}
	}
	for _, c := range w.classes() {
		if !slices.Contains([]coldwatch.Class{coldwatch.Targeted, coldwatch.Hostile, coldwatch.Suspicious}, c) {
			return bad("targeted, hostile, suspicious", "quarantine: there is no verdict %q", c)
		}
	}
	for name, allowed := range map[string][]string{"reporters": {"yes", "no"}, "reply": {"yes", "no"}, "delete": {"yes", "no"}, "plain": {"yes", "no"}, "busy": {"pass", "wait"}} {
		if v := w.q.Get(name); v != "" && !slices.Contains(allowed, v) {
			return bad(strings.Join(allowed, " or "), "%s=%s", name, v)
		}
	}
	if w.kind == "imap" {
		n := 0
		for _, name := range []string{"password-file", "password-env", "token-file"} {
			if w.q.Get(name) != "" {
				n++
			}
		}
		if n != 1 {
			return bad("password-file=FILE, password-env=NAME or token-file=FILE", "one of a password and a token is needed")
		}
	}
	return nil
}

func (w *way) classes() []coldwatch.Class {
	var out []coldwatch.Class
	for _, s := range strings.Split(w.q.Get("quarantine"), ",") {
		if s != "" {
			out = append(out, coldwatch.Class(s))
		}
	}
	return out
}

func (w *way) every(otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(w.q.Get("every")); err == nil { // it was checked
		return d
	}
	return otherwise
}

// check tries a way without taking anything in.
func (w *way) check(ctx context.Context) (waiting int, err error) {
	switch w.kind {
	case "folder":
		if err := folder.Check(w.folder(nil)); err != nil {
			return 0, hinted("make the folder, and let the user of the program write there", "%w", err)
		}
	case "imap":
		c, err := w.imap(nil, nil)
		if err != nil {
			return 0, err
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		n, err := imap.Check(ctx, c)
		if err != nil {
			return 0, hinted("is the server reached from here, its certificate good, and are user and password right?", "%w", err)
		}
		return n, nil
	default:
		if _, err := w.certificate(); err != nil {
			return 0, err
		}
		l, err := w.listen(ctx)
		if err != nil {
			return 0, err
		}
		return 0, l.Close()
	}
	return 0, nil
}

// listen opens the address of a way that others connect to.
func (w *way) listen(ctx context.Context) (net.Listener, error) {
	if w.network == "unix" { // one that a crash left
		if info, err := os.Lstat(w.at); err == nil && info.Mode()&fs.ModeSocket != 0 {
			if c, err := net.Dial("unix", w.at); err == nil {
				c.Close()
				return nil, hinted("is coldwatch serve running already?", "%s is in use", w.at)
			}
			_ = os.Remove(w.at) // listening says what is wrong
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, w.network, w.at)
	if err != nil {
		return nil, hinted("choose another address, or stop what uses it", "%s: %w", w.text, err)
	}
	if w.network == "unix" { // the mail server is another user; who may come in is said by the folder that it lies in
		if err := os.Chmod(w.at, 0o666); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

func (w *way) folder(take intake.Take) folder.Config {
	return folder.Config{Folder: filepath.Clean(w.at), Organisation: w.organisation, Delete: w.q.Get("delete") == "yes", Every: w.every(time.Second), Take: take}
}

func (w *way) imap(clock func() time.Time, take intake.Take) (imap.Config, error) {
	file := w.q.Get("password-file") + w.q.Get("token-file")
	mailbox := strings.Trim(w.u.Path, "/")
	if mailbox == "" {
		mailbox = "INBOX"
	}
	c := imap.Config{Address: w.at, StartTLS: w.u.Scheme == "imap", Plain: w.q.Get("plain") == "yes", User: w.u.User.Username(), Token: w.q.Get("token-file") != "",
		Mailbox: mailbox, Move: w.q.Get("move"), Organisation: w.organisation, Every: w.every(time.Minute), Clock: clock, Take: take,
		Password: func() (string, error) {
			if name := w.q.Get("password-env"); name != "" {
				if s := os.Getenv(name); s != "" {
					return s, nil
				}
				return "", fmt.Errorf("password: %s is not set in the environment", name)
			}
			b, err := os.ReadFile(file)
			if err != nil {
				return "", fmt.Errorf("password: %w", err)
			}
			return strings.TrimRight(string(b), "\r\n"), nil
		}}
	if ca := w.q.Get("ca"); ca != "" {
		b, err := os.ReadFile(ca)
		if err != nil {
			return c, hinted("name the certificate of the authority that signed the server's, PEM", "ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(b) {
			return c, hinted("name the certificate of the authority that signed the server's, PEM", "ca: there is no certificate in %s", ca)
		}
		c.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return c, nil
}

// certificate is what a way offers STARTTLS with; nil without one.
func (w *way) certificate() (*tls.Config, error) {
	cert, key := w.q.Get("cert"), w.q.Get("key")
	if cert == "" && key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, hinted("cert= and key= name PEM files, both", "%s: %w", w.text, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

// run takes mail in by a way until ctx ends. It is ready when it returns; what runs on is given back.
func (w *way) run(ctx context.Context, e *engine.Engine, door *engine.Door) (func() error, error) {
	take := w.take(e, door)
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	switch w.kind {
	case "folder":
		c := w.folder(take)
		if err := folder.Check(c); err != nil {
			return nil, hinted("make the folder, and let the user of the program write there", "%s: %w", w.text, err)
		}
		return func() error { return folder.Run(ctx, c) }, nil
	case "imap":
		c, err := w.imap(e.Clock, take)
		return func() error { return imap.Run(ctx, c) }, err
	}
	secure, err := w.certificate()
	if err != nil {
		return nil, err
	}
	l, err := w.listen(ctx)
	if err != nil {
		return nil, err
	}
	if w.kind == "milter" {
		judge := func(ctx context.Context, sub coldwatch.Submission) (milter.Judgement, error) {
			a, campaign := e.Glance(ctx, sub)
			return milter.Judgement{Class: a.Verdict.Class, Bits: a.Verdict.Bits, Campaign: campaign}, take(ctx, []coldwatch.Submission{sub})
		}
		c := milter.Config{Name: name, Organisation: w.organisation, Quarantine: w.classes(), PassBusy: w.q.Get("busy") == "pass", Clock: e.Clock, Judge: judge}
		return func() error { return milter.Serve(ctx, l, c) }, nil
	}
	c := smtp.Config{LMTP: w.kind == "lmtp", Name: name, Organisation: w.organisation, TLS: secure, Clock: e.Clock, Take: take}
	if to := w.q.Get("to"); to != "" {
		c.Recipients = strings.Split(to, ",")
	}
	return func() error { return smtp.Serve(ctx, l, c) }, nil
}

// take keeps messages, each under the organisation that reports it.
func (w *way) take(e *engine.Engine, door *engine.Door) intake.Take {
	return func(ctx context.Context, subs []coldwatch.Submission) error {
		answer := map[string]string{} // message → reporter's address
		if w.reporters && w.organisation == "" {
			subs = slices.Clone(subs)
			for i := range subs {
				who := e.Reporter(subs[i])
				subs[i].Organisation = who.Organisation
				if w.reply && who.Address != "" {
					answer[subs[i].ID()] = who.Address
				}
			}
		}
		if _, err := door.Take(ctx, subs); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(answer)) {
			if err := e.Ask(ctx, id, answer[id]); err != nil {
				return err
			}
		}
		return nil
	}
}
