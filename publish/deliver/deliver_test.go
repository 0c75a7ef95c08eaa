package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/deliver"
)

var noon = time.Date(2021, 1, 1, 12, 0, 0, 0, time.UTC)

func item() deliver.Item {
	return deliver.Item{At: noon, Warning: coldwatch.Warning{ID: "w-1", Reader: "depot", Contact: "SOC@depot.example", Marking: coldwatch.Marking{TLP: "TLP:AMBER"},
		Subject: "[TLP:AMBER] Přišla pošta\r\nBcc: all@x.example", Text: "Kurz: ěšč.\n", Full: "Kurz: ěšč.\n\nLang.\n.\n" + strings.Repeat("long ", 300) + "\n"}}
}

// relay is an SMTP server of one machine (RFC 5321). say may give an answer of its own to a command: MAIL, RCPT, DATA, "." or none; an
// answer of "break" closes the connection.
type relay struct {
	mu    sync.Mutex
	mails []string
	to    []string
	says  map[string]string
	tls   *tls.Config // offers STARTTLS
	was   bool        // a mail came encrypted
}

func (s *relay) start(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return l.Addr().String()
}

func (s *relay) talk(c net.Conn) {
	defer func() { c.Close() }()
	r, secure := bufio.NewReader(c), false
	fmt.Fprint(c, "220 relay.example ESMTP\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		answer := "250 ok"
		switch verb {
		case "EHLO":
			if answer = "250 relay.example"; s.tls != nil && !secure {
				answer = "250-relay.example\r\n250 STARTTLS"
			}
		case "STARTTLS":
			fmt.Fprint(c, "220 go on\r\n")
			c = tls.Server(c, s.tls)
			r, secure = bufio.NewReader(c), true
			continue
		case "DATA":
			answer = "354 go on"
		case "QUIT":
			answer = "221 bye"
		}
		if said := s.says[verb]; said != "" {
			answer = said
		}
		if answer == "break" {
			return
		}
		fmt.Fprint(c, answer+"\r\n")
		if verb == "RCPT" && answer == "250 ok" {
			s.mu.Lock()
			s.to = append(s.to, strings.TrimSpace(line))
			s.mu.Unlock()
		}
		if verb != "DATA" || answer[0] != '3' {
			continue
		}
		var b strings.Builder
		for line, err = r.ReadString('\n'); err == nil && line != ".\r\n"; line, err = r.ReadString('\n') {
			b.WriteString(strings.TrimPrefix(line, "."))
		}
		said := s.says["."]
		if said == "" || said == "break" || said[0] == '2' {
			s.mu.Lock()
			s.mails, s.was = append(s.mails, b.String()), s.was || secure
			s.mu.Unlock()
		}
		if said == "break" {
			return
		}
		if said == "" {
			said = "250 taken"
		}
		fmt.Fprint(c, said+"\r\n")
	}
}

func openMail(t *testing.T, address string, o deliver.Options) deliver.Channel {
	t.Helper()
	o.From = "Coldwatch <warn@isac.example>"
	ch, err := deliver.Open("smtp://"+address, o)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestMail(t *testing.T) {
	s := &relay{}
	ch := openMail(t, s.start(t), deliver.Options{})
	if name, err := ch.Name(item().Warning); err != nil || name != "mail soc@depot.example" {
		t.Errorf("the channel is %q, %v", name, err)
	}
	if err := ch.Send(t.Context(), item()); err != nil {
		t.Fatal(err)
	}
	if len(s.mails) != 1 || len(s.to) != 1 || !strings.Contains(s.to[0], "<SOC@depot.example>") {
		t.Fatalf("%d mails to %v", len(s.mails), s.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(s.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"To": "<SOC@depot.example>", "From": `"Coldwatch" <warn@isac.example>`, "Date": "Fri, 01 Jan 2021 12:00:00 +0000",
		"Message-ID": "<w-1@isac.example>", "Auto-Submitted": "auto-generated", "Bcc": ""} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != "[TLP:AMBER] Přišla pošta Bcc: all@x.example" {
		t.Errorf("subject %q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != deliver.Text(item().Warning) {
		t.Errorf("body %v:\n%s", err, body)
	}
	for line := range strings.Lines(s.mails[0]) {
		if len(line) > 80 && !strings.HasPrefix(line, "Subject") || len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

// TestMailFailures: what may be tried again, what is refused, and what nobody can tell.
func TestMailFailures(t *testing.T) {
	for verb, cases := range map[string]map[string]error{
		"MAIL": {"451 later": deliver.ErrUnreachable, "530 who are you": deliver.ErrUnreachable, "break": deliver.ErrUnreachable},
		"RCPT": {"450 busy": nil, "550 no such user": deliver.ErrRefused, "break": nil},
		"DATA": {"451 later": nil, "554 no": deliver.ErrRefused, "break": nil},
		".":    {"452 full": nil, "550 spam": deliver.ErrRefused, "break": deliver.ErrUnsure},
	} {
		for says, want := range cases {
			s := &relay{says: map[string]string{verb: says}}
			err := openMail(t, s.start(t), deliver.Options{}).Send(t.Context(), item())
			if err == nil {
				t.Errorf("%s %s: sent", verb, says)
				continue
			}
			for _, e := range []error{deliver.ErrRefused, deliver.ErrUnsure, deliver.ErrUnreachable} {
				if errors.Is(err, e) != (e == want) {
					t.Errorf("%s %s: %v, want %v", verb, says, err, want)
				}
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := openMail(t, l.Addr().String(), deliver.Options{}).Send(t.Context(), item()); !errors.Is(err, deliver.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := openMail(t, silent.Addr().String(), deliver.Options{}).Send(ctx, item()); !errors.Is(err, deliver.ErrUnreachable) {
		t.Errorf("a server that says nothing: %v", err)
	}
	for _, contact := range []string{"", "https://depot.example/report", "+420 123 456", "a@x.example, b@x.example"} {
		if _, err := openMail(t, "127.0.0.1:1", deliver.Options{}).Name(coldwatch.Warning{Contact: contact}); !errors.Is(err, deliver.ErrNoAddress) {
			t.Errorf("the contact %q: %v", contact, err)
		}
	}
}

func TestMailEncrypted(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer web.Close()
	s := &relay{tls: &tls.Config{Certificates: web.TLS.Certificates}}
	address := s.start(t)
	if err := openMail(t, address, deliver.Options{}).Send(t.Context(), item()); !errors.Is(err, deliver.ErrUnreachable) || len(s.mails) != 0 {
		t.Errorf("a certificate of nobody: %v", err)
	}
	trust := web.Client().Transport.(*http.Transport).TLSClientConfig
	if err := openMail(t, address, deliver.Options{TLS: trust}).Send(t.Context(), item()); err != nil || !s.was {
		t.Errorf("STARTTLS: %v, encrypted %v", err, s.was)
	}
}

func TestWebhook(t *testing.T) {
	var mu sync.Mutex // between the server and the test
	code := http.StatusNoContent
	var got coldwatch.Warning
	var header http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		header = r.Header
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if code == 0 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(code)
	}))
	defer srv.Close()
	ch, err := deliver.Open(srv.URL+"/in?key=1", deliver.Options{Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	if name, _ := ch.Name(item().Warning); name != "webhook "+srv.URL+"/in" {
		t.Errorf("the channel is %q", name)
	}
	for _, c := range []struct {
		code int
		want error
	}{{204, nil}, {429, errors.New("again")}, {503, errors.New("again")}, {422, deliver.ErrRefused}, {500, deliver.ErrUnsure}, {0, deliver.ErrUnsure},
		{302, deliver.ErrUnreachable}, {401, deliver.ErrUnreachable}, {404, deliver.ErrUnreachable}} {
		mu.Lock()
		code = c.code
		mu.Unlock()
		err := ch.Send(t.Context(), item())
		if (err == nil) != (c.want == nil) {
			t.Errorf("%d: %v", c.code, err)
		}
		for _, e := range []error{deliver.ErrRefused, deliver.ErrUnsure, deliver.ErrUnreachable} {
			if errors.Is(err, e) != (e == c.want) {
				t.Errorf("%d: %v, want %v", c.code, err, c.want)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got.ID != "w-1" || header.Get("Idempotency-Key") != "w-1" || !strings.HasPrefix(header.Get("X-Coldwatch-Signature"), "sha256=") {
		t.Errorf("came with %v", header)
	}
	srv.Close()
	if err := ch.Send(t.Context(), item()); !errors.Is(err, deliver.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "out")
	ch, err := deliver.Open("folder:"+dir, deliver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := item()
	i.Files = func() (map[string][]byte, error) {
		return map[string][]byte{"machine/campaign.json": []byte("{}")}, nil
	}
	for range 2 {
		if err := ch.Send(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "w-1", "warning.txt"))
	if err != nil || !bytes.HasPrefix(text, []byte("TLP:AMBER\n")) {
		t.Errorf("text %v: %s", err, text)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "w-1", "machine", "campaign.json")); err != nil || string(b) != "{}" {
		t.Errorf("pack %v: %s", err, b)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("left over: %v, %v", all, err)
	}
	i.Warning.ID = "../../w-2"
	i.Files = func() (map[string][]byte, error) { return map[string][]byte{"../escape": nil}, nil }
	if err := ch.Send(t.Context(), i); err == nil {
		t.Error("a file outside the folder was written")
	}
	if all, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(all) != 1 {
		t.Errorf("outside: %v, %v", all, err)
	}
}

func TestOpen(t *testing.T) {
	for destination, want := range map[string]error{"": deliver.ErrDestination, "folder:": deliver.ErrDestination, "http://hook.example/": deliver.ErrDestination,
		"ftp://x.example/": deliver.ErrDestination, "smtp://": deliver.ErrDestination, "smtp://relay.example": deliver.ErrSender, "https://hook.example/x": nil} {
		if _, err := deliver.Open(destination, deliver.Options{}); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", destination, err, want)
		}
	}
}
