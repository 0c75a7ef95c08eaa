package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	smtpclient "github.com/emersion/go-smtp"

	"github.com/coldwatch/coldwatch/engine"
)

// mails gives n messages, each of its own.
func mails(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("From: a%d@x.example\r\nTo: report@cold.example\r\nSubject: offer %d\r\nDate: Tue, 01 Dec 2020 10:00:00 +0000\r\n\r\nnumber %d\r\n.\r\n..\r\n", i, i, i))
	}
	return out
}

// freePort gives a port of the loopback that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func wanted(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIPPED: %s is not installed here", p)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: mail servers are started as root")
	}
}

// nearby is a folder whose path is short enough for sockets, and that others may enter.
func nearby(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cw")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sh(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "MAIL_CONFIG=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// stored waits until n messages are analysed and nothing waits.
func stored(t *testing.T, st engine.Store, n int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		totals, err := st.Totals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		q, err := st.Queued(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if totals.Messages >= n && q.Waiting+q.Claimed == 0 {
			if totals.Messages > n {
				t.Errorf("%d messages stored, of %d", totals.Messages, n)
			}
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%d of %d messages stored", totals.Messages, n)
		}
	}
}

func opened(t *testing.T, db string) engine.Store {
	t.Helper()
	st, err := openStore(t.Context(), db, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// postfix starts a Postfix of the test's own that listens on a port and knows nothing but what main says.
func postfix(t *testing.T, port, main string) (config string) {
	t.Helper()
	wanted(t, "postfix")
	u, err := user.Lookup("postfix")
	if err != nil {
		t.Skip("SKIPPED: there is no user postfix")
	}
	dir := nearby(t)
	config = filepath.Join(dir, "etc")
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, "chown", u.Username, filepath.Join(dir, "data"))
	put(t, filepath.Join(config, "main.cf"), fmt.Sprintf("compatibility_level = 3.6\nqueue_directory = %s/queue\ndata_directory = %s/data\nmyhostname = mx.cold.example\n"+
		"mydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = loopback-only\ninet_protocols = ipv4\nvirtual_mailbox_domains = cold.example\n"+
		"smtpd_relay_restrictions = permit_mynetworks, reject\nmaillog_file = %s/log\nmaillog_file_prefixes = %s\nlocal_recipient_maps =\nalias_maps =\nminimal_backoff_time = 1s\n"+
		"queue_run_delay = 1s\ndisable_dns_lookups = yes\nsmtpd_peername_lookup = no\n%s\n", dir, dir, dir, dir, main))
	put(t, filepath.Join(config, "master.cf"), strings.ReplaceAll(`127.0.0.1:PORT inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`, "PORT", port))
	out, err := exec.Command("postfix", "-c", config, "start").CombinedOutput()
	if err != nil {
		t.Fatalf("postfix: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // only to explain
			t.Logf("postfix: %s", log)
		}
		_ = exec.Command("postfix", "-c", config, "stop").Run() // it may be down
	})
	return config
}

// send hands messages to a mail server.
func send(t *testing.T, address string, messages []string) {
	t.Helper()
	c, err := smtpclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, m := range messages {
		if err := c.SendMail("a@x.example", []string{"report@cold.example"}, strings.NewReader(m)); err != nil {
			t.Fatal(err)
		}
	}
}

// Postfix delivers over LMTP; while nobody listens it keeps the mail, and brings it when we are there again.
func TestPostfixLMTP(t *testing.T) {
	t.Parallel()
	wanted(t, "postfix")
	dir := nearby(t)
	socket, db, port := filepath.Join(dir, "lmtp"), filepath.Join(dir, "a.db"), freePort(t)
	config := postfix(t, port, "virtual_transport = lmtp:unix:"+socket)
	send(t, "127.0.0.1:"+port, mails(3)) // nobody is there yet
	serve(t, "--db", db, "--intake", "lmtp:"+socket)
	send(t, "127.0.0.1:"+port, mails(20)[3:])
	sh(t, "postqueue", "-c", config, "-f")
	st := opened(t, db)
	stored(t, st, 20)
	rows, err := st.Search(t.Context(), "offer", 1)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	raw, err := st.Raw(t.Context(), rows[0].RawSHA256)
	if err != nil || !strings.Contains(string(raw), "Return-Path: <a@x.example>") && !strings.Contains(string(raw), "by mx.cold.example (Postfix)") || !strings.Contains(string(raw), "\r\n.\r\n..\r\n") {
		t.Errorf("delivered: %q, %v", raw, err)
	}
}

// Postfix asks while it receives: the mail is marked, a stranger's marks are gone, and it is kept here once.
func TestPostfixMilter(t *testing.T) {
	t.Parallel()
	wanted(t, "postfix")
	dir := nearby(t)
	db, port, out, ours := filepath.Join(dir, "a.db"), freePort(t), freePort(t), freePort(t)
	delivered := make(chan string, 10)
	sink(t, "127.0.0.1:"+out, delivered)
	serve(t, "--db", db, "--intake", "milter://127.0.0.1:"+ours+"?busy=wait")
	postfix(t, port, "virtual_transport = smtp:[127.0.0.1]:"+out+"\nsmtpd_milters = inet:127.0.0.1:"+ours+"\nmilter_default_action = tempfail\nmilter_protocol = 6")
	forged := "X-Coldwatch-Verdict: unremarkable\r\nX-COLDWATCH-Verdict: fine\r\nX-Coldwatch-Campaign: none\r\n"
	send(t, "127.0.0.1:"+port, []string{mails(1)[0], forged + mails(2)[1]})
	for range 2 {
		m := <-delivered
		head, _, _ := strings.Cut(m, "\r\n\r\n")
		if n := strings.Count(strings.ToLower(head), "x-coldwatch-"); n != 1 || !strings.Contains(head, "X-Coldwatch-Verdict: ") || !strings.Contains(head, "; bits=") {
			t.Errorf("delivered with %d marks:\n%s", n, head)
		}
		if !strings.HasSuffix(m, "\r\n.\r\n..\r\n") {
			t.Errorf("the body was changed: %q", m)
		}
	}
	stored(t, opened(t, db), 2)
}

// sink takes mail in as the next server would.
func sink(t *testing.T, address string, got chan<- string) {
	t.Helper()
	s := smtpclient.NewServer(smtpclient.BackendFunc(func(*smtpclient.Conn) (smtpclient.Session, error) { return sinkSession{got}, nil }))
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l) //nolint:errcheck // ends with the test
	t.Cleanup(func() { s.Close() })
}

type sinkSession struct{ got chan<- string }

func (sinkSession) Reset()                                     {}
func (sinkSession) Logout() error                              { return nil }
func (sinkSession) Mail(string, *smtpclient.MailOptions) error { return nil }
func (sinkSession) Rcpt(string, *smtpclient.RcptOptions) error { return nil }
func (s sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.got <- string(b)
	return err
}

// dovecot starts a Dovecot of the test's own, with the user abuse, and gives its address and the file of its certificate.
func dovecot(t *testing.T) (address, ca string) {
	t.Helper()
	wanted(t, "dovecot")
	dir, port := nearby(t), freePort(t)
	pair, err := selfMade(filepath.Join(dir, "own.pem"), "127.0.0.1:"+port, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(dir, "ca.pem")
	put(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("SKIPPED: there is no user nobody")
	}
	put(t, filepath.Join(dir, "users"), "abuse:{PLAIN}secret\n")
	if err := os.MkdirAll(filepath.Join(dir, "mail"), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, "chown", "-R", u.Uid+":"+u.Gid, filepath.Join(dir, "mail"))
	config := filepath.Join(dir, "dovecot.conf")
	put(t, config, strings.NewReplacer("DIR", dir, "PORT", port, "UID", u.Uid, "GID", u.Gid).Replace(`base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
protocols = imap
ssl = required
ssl_cert = <DIR/own.pem
ssl_key = <DIR/own.pem
listen = 127.0.0.1
first_valid_uid = 1
default_internal_user = nobody
default_login_user = nobody
mail_location = maildir:DIR/mail
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = PORT
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
passdb {
  driver = passwd-file
  args = DIR/users
}
userdb {
  driver = static
  args = uid=UID gid=GID home=DIR/mail
}
`))
	cmd := exec.Command("dovecot", "-F", "-c", config)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // only to explain
			t.Logf("dovecot: %s%s", errs.String(), log)
		}
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // as it likes
	})
	return "127.0.0.1:" + port, ca
}

// connected gives a client of the server, which may take a moment to be there.
func connected(t *testing.T, address string) *imapclient.Client {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := imapclient.DialTLS(address, &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}) // the test's own server
		if err == nil {
			if err := c.Login("abuse", "secret").Wait(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}

func drop(t *testing.T, c *imapclient.Client, mailbox, m string) {
	t.Helper()
	a := c.Append(mailbox, int64(len(m)), nil)
	if _, err := io.WriteString(a, m); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A report mailbox of Dovecot is read: what is there, and at once what comes; what was read is marked or moved, and the same
// mailbox read anew gives nothing twice.
func TestDovecot(t *testing.T) {
	t.Parallel()
	address, ca := dovecot(t)
	c := connected(t, address)
	dir := nearby(t)
	secret := filepath.Join(dir, "secret")
	put(t, secret, "secret\n")
	all := mails(12)
	for _, m := range all[:5] {
		drop(t, c, "INBOX", m)
	}
	way := "imaps://abuse@" + address + "/INBOX?ca=" + ca + "&password-file=" + secret
	if out := command(t, "intake", "check", way, "--db", filepath.Join(dir, "x.db")); !strings.Contains(out, "fine, 5 unread messages in it") {
		t.Errorf("check: %s", out)
	}
	db := filepath.Join(dir, "a.db")
	st := opened(t, db)
	serve(t, "--db", db, "--intake", way+"&every=10m")
	stored(t, st, 5)
	for _, m := range all[5:9] { // it idles: no look is due for minutes
		drop(t, c, "INBOX", m)
	}
	stored(t, st, 9)
	marked(t, c, 9)
	// Read by another process into the same database, and moved.
	serve(t, "--db", db, "--no-work", "--intake", way+"&move=Read")
	for _, m := range all[9:] {
		drop(t, c, "INBOX", m)
	}
	stored(t, st, 12)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := c.Status("Read", &imap.StatusOptions{NumMessages: true}).Wait()
		if err == nil && s.NumMessages != nil && *s.NumMessages == 12 {
			break
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("moved: %+v, %v", s, err)
		}
	}
	var errs bytes.Buffer
	put(t, secret, "wrong\n")
	if code := run(context.WithoutCancel(t.Context()), []string{"intake", "check", way, "--db", filepath.Join(dir, "x.db")}, strings.NewReader(""), &errs, &errs); code != 1 || !strings.Contains(errs.String(), "sign-in of abuse") {
		t.Errorf("a wrong password: %d %s", code, errs.String())
	}
}

// marked waits until n messages of the mailbox carry our keyword.
func marked(t *testing.T, c *imapclient.Client, n int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			t.Fatal(err)
		}
		found, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{"$Coldwatch"}, NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if len(found.AllUIDs()) == n {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%d of %d messages are marked", len(found.AllUIDs()), n)
		}
	}
}
