package imap_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/imap"
)

// A liar is a server that answers by a script: the text for the first word, or first two, of a command. "%s" is the command's tag.
type liar map[string]string

// serve answers one connection after the other, and tells of each command.
func (script liar) serve(t *testing.T, commands chan<- string) string {
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
			script.answer(c, commands)
		}
	}()
	return l.Addr().String()
}

func (script liar) answer(c net.Conn, commands chan<- string) {
	defer c.Close()
	fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1 MOVE] hello\r\n")
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			return
		}
		tag, name := words[0], words[1]
		if name == "UID" && len(words) > 2 {
			name += " " + words[2]
		}
		if name == "UID FETCH" && strings.Contains(line, "BODY.PEEK") {
			name = "BODY"
		}
		select {
		case commands <- strings.TrimSpace(strings.TrimPrefix(line, tag)):
		default:
		}
		text, ok := script[name]
		if !ok {
			text = "%s OK done\r\n"
		}
		fmt.Fprint(c, strings.ReplaceAll(text, "%s", tag))
	}
}

const selected = "* 3 EXISTS\r\n* FLAGS ($Coldwatch)\r\n* OK [PERMANENTFLAGS ($Coldwatch \\*)] x\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 9] x\r\n%s OK [READ-WRITE] done\r\n"

func body(seq, uid int, raw string) string {
	return fmt.Sprintf("* %d FETCH (UID %d INTERNALDATE \"01-Dec-2020 10:00:00 +0000\" BODY[] {%d}\r\n%s)\r\n", seq, uid, len(raw), raw)
}

func TestHostileServer(t *testing.T) {
	one := "Subject: one\r\n\r\n"
	for name, c := range map[string]struct {
		script liar
		want   []string // subjects taken in, in order
		marked string   // the command that marks, "" for none
	}{
		"honest": {liar{"UID SEARCH": "* SEARCH 5\r\n%s OK x\r\n", "UID FETCH": "* 1 FETCH (UID 5 RFC822.SIZE 16)\r\n%s OK x\r\n", "BODY": body(1, 5, one) + "%s OK x\r\n"},
			[]string{"one"}, "UID STORE 5 "},
		"messages that nobody asked for, and one twice": {liar{"UID SEARCH": "* SEARCH 5\r\n%s OK x\r\n", "UID FETCH": "* 1 FETCH (UID 5 RFC822.SIZE 16)\r\n%s OK x\r\n",
			"BODY": body(2, 7, "Subject: other\r\n\r\n") + body(1, 5, one) + body(1, 5, "Subject: again\r\n\r\n") + "%s OK x\r\n"}, []string{"one"}, "UID STORE 5 "},
		"a message that is gone": {liar{"UID SEARCH": "* SEARCH 5 6\r\n%s OK x\r\n", "UID FETCH": "* 1 FETCH (UID 6 RFC822.SIZE 16)\r\n%s OK x\r\n", "BODY": body(1, 6, one) + "%s OK x\r\n"},
			[]string{"one"}, "UID STORE 6 "},
		"a size that is not true": {liar{"UID SEARCH": "* SEARCH 5\r\n%s OK x\r\n", "UID FETCH": "* 1 FETCH (UID 5 RFC822.SIZE 16)\r\n%s OK x\r\n",
			"BODY": "* 1 FETCH (UID 5 BODY[] {4000000000}\r\nSubject: endless\r\n"}, nil, ""},
		"nothing in it":    {liar{"UID SEARCH": "* SEARCH 5\r\n%s OK x\r\n", "UID FETCH": "%s OK x\r\n", "BODY": "* 1 FETCH (UID 5 BODY[] NIL)\r\n%s OK x\r\n"}, nil, ""},
		"refused sign-in":  {liar{"LOGIN": "%s NO [AUTHENTICATIONFAILED] no\r\n"}, nil, ""},
		"nonsense":         {liar{"UID SEARCH": "* SEARCH x y z\r\n%s OK x\r\n"}, nil, ""},
		"a broken literal": {liar{"UID SEARCH": "* SEARCH 5\r\n%s OK x\r\n", "BODY": "* 1 FETCH (UID 5 BODY[] {-1}\r\n"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			commands := make(chan string, 100)
			c.script["SELECT"] = selected
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			taken := make(chan coldwatch.Submission, 100)
			conf := imap.Config{Address: c.script.serve(t, commands), Plain: true, User: "abuse", Mailbox: "INBOX", Every: time.Hour, Clock: time.Now,
				Password: func() (string, error) { return "secret", nil },
				Take: func(_ context.Context, subs []coldwatch.Submission) error {
					for _, s := range subs {
						taken <- s
					}
					return nil
				}}
			ended := make(chan error, 1)
			go func() { ended <- imap.Run(ctx, conf) }()
			for _, want := range c.want {
				select {
				case s := <-taken:
					if !strings.HasPrefix(string(s.Raw), "Subject: "+want) {
						t.Errorf("taken in: %q, want %q", s.Raw, want)
					}
				case <-t.Context().Done():
					t.Fatal("nothing came")
				}
			}
			for logins := 0; c.marked != "" || logins < 2; { // else until it comes again: nothing was marked
				select {
				case line := <-commands:
					if strings.HasPrefix(line, "UID STORE") && c.marked == "" {
						t.Fatalf("marked: %s", line)
					}
					if strings.HasPrefix(line, "LOGIN") {
						logins++
					}
					if c.marked != "" && strings.HasPrefix(line, c.marked) {
						c.marked, logins = "", 2
					}
					if name == "nothing in it" && strings.HasPrefix(line, "UID FETCH 5 (UID INTERNALDATE") {
						logins = 2 // it waits for an hour now
					}
				case <-t.Context().Done():
					t.Fatal("it did not come again")
				}
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if len(taken) > 0 {
				t.Errorf("%d more messages taken in", len(taken))
			}
		})
	}
}
