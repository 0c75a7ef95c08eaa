package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

func TestQuotedHead(t *testing.T) {
	for _, c := range []struct{ text, name, address, day string }{
		{"Thanks.\n\nOn Mon, Sep 7, 2020 at 3:04 PM Ana Example <ana@a.example> wrote:\n> Hello", "Ana Example", "ana@a.example", "2020-09-07"},
		{"Thanks.\n\nOn 2020-09-07 15:04, Ana Example <Ana@a.example> wrote:\n> Hello", "Ana Example", "ana@a.example", "2020-09-07"},
		{"Danke.\n\nAm 7. September 2020 um 15:04 schrieb Ana Example <ana@a.example>:\n", "", "", ""},
		{"Am 07.09.20 um 15:04 Ana Example <ana@a.example> schrieb:\n> Hallo", "Ana Example", "ana@a.example", ""},
		{"Yes.\n\nFrom: Ana Example <ana@a.example>\nSent: Monday, September 7, 2020 3:04 PM\nTo: Ben\nSubject: Seals\n", "Ana Example", "ana@a.example", "2020-09-07"},
		{"Ja.\n\nVon: Ana Example [mailto:ana@a.example]\nGesendet: Montag, 7. September 2020 15:04\nAn: Ben\n", "Ana Example", "ana@a.example", "2020-09-07"},
		{"是\n\n发件人: Ana Example <ana@a.example>\n发送时间: 2020-09-07 15:04\n", "Ana Example", "ana@a.example", "2020-09-07"},
		{"From: the office of ana@a.example\nwe write to you.\n", "", "", ""},
		{"She wrote:\n> Hello", "", "", ""},
		{"@ wrote:\nFrom: @\nSent: x", "", "", ""},
	} {
		q, _ := quotedHead(c.text)
		day := ""
		if !q.sent.IsZero() {
			day = q.sent.Format("2006-01-02")
		}
		if q.name != c.name || q.address != c.address || day != c.day {
			t.Errorf("%q: %+v", c.text, q)
		}
	}
}

func TestThread(t *testing.T) {
	const quote = "\n\nFrom: Ana Vogel <ana.vogel@northern-cold.example>\nSent: Monday, September 7, 2020 3:04 PM\nTo: Ben\nSubject: Seals\n\nThe seals are 40 euros each.\n"
	for _, c := range []struct{ name, from, text, want string }{
		{"goes on from a look-alike", "Ana Vogel <ana.vogel@northern-coId.test>", quote, "thread.moved_lookalike"},
		{"goes on from a domain with something added", "Ana Vogel <ana@northerncold-sales.test>", quote, "thread.moved_lookalike"},
		{"goes on from free mail", "Ana Vogel <ana.vogel77@gmail.com>", quote, "thread.moved"},
		{"goes on from the same domain", "Ana Vogel <ana.vogel@mail.northern-cold.example>", quote, ""},
		{"another person answers", "Ben Berg <ben@depot.example>", quote, ""},
		{"an office answers", "Sales <sales@northern-coId.test>", quote, ""},
		{"quotes mail of tomorrow", "Ben Berg <ben@depot.example>", "\n\nOn Mon, Sep 14, 2020 at 3:04 PM Ana Vogel <ana.vogel@northern-cold.example> wrote:\n> x\n", "thread.later"},
	} {
		raw := []byte("From: " + c.from + "\r\nTo: u@depot.example\r\n\r\nDear Ben, please see below." + strings.ReplaceAll(c.text, "\n", "\r\n"))
		m := message.Parse(raw, message.Default())
		a := &coldwatch.Analysis{Message: m, Received: time.Date(2020, 9, 8, 8, 0, 0, 0, time.UTC), Authentication: coldwatch.Authentication{Traced: true}}
		a.Sender.From = message.FieldAddresses(raw, m.Field("From"))
		New(testPack()).Analyze(a)
		got := ""
		for _, f := range a.Findings {
			if len(f.Kind) > 7 && f.Kind[:7] == "thread." {
				got = f.Kind
				if len(f.Evidence) == 0 || f.Evidence[0] == (coldwatch.Evidence{}) {
					t.Errorf("%s: no evidence", c.name)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
