package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish/deliver"
)

// reports makes a report of a member, with further fields.
func reports(from, fields, body string) coldwatch.Submission {
	domain := from[strings.IndexByte(from, '@')+1:]
	raw := fmt.Sprintf("Return-Path: <%s>\r\nAuthentication-Results: mx.hub.example; dmarc=pass header.from=%s; spf=pass smtp.mailfrom=%s\r\n"+
		"Received: from mail.example (mail.example [192.0.2.7]) by mx.hub.example with ESMTPS id 1; Tue, 01 Dec 2020 10:00:00 +0000\r\n"+
		"From: Desk <%s>\r\nTo: report@hub.example\r\nDate: Tue, 01 Dec 2020 09:59:00 +0000\r\n%s\r\n%s\r\n", from, domain, domain, from, fields, body)
	return coldwatch.Submission{Raw: []byte(raw), Source: "lmtp", Envelope: coldwatch.Envelope{From: from}}
}

func memberDomain(t *testing.T, w world) string {
	t.Helper()
	for _, o := range w.pack.Organisations {
		if o.Member && len(o.Domains) > 0 {
			return o.Domains[0]
		}
	}
	t.Fatal("the pack has no member")
	return ""
}

// No program is answered, nor whoever has no path back.
func TestNoLoops(t *testing.T) {
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	domain := memberDomain(t, w)
	for name, c := range map[string]struct {
		from, fields, envelope string
		answered               bool
	}{
		"a person":                {"jo@" + domain, "", "", true},
		"says that it is none":    {"jo@" + domain, "Auto-Submitted: no\r\n", "", true},
		"an answer of a program":  {"jo@" + domain, "Auto-Submitted: auto-replied (vacation)\r\n", "", false},
		"a list":                  {"jo@" + domain, "List-Id: <x.example>\r\n", "", false},
		"bulk":                    {"jo@" + domain, "Precedence: Bulk\r\n", "", false},
		"Exchange says no":        {"jo@" + domain, "X-Auto-Response-Suppress: All\r\n", "", false},
		"the null path":           {"jo@" + domain, "", "null", false},
		"a daemon":                {"MAILER-DAEMON@" + domain, "", "", false},
		"a request address":       {"list-request@" + domain, "", "", false},
		"nobody reads the answer": {"no-reply@" + domain, "", "", false},
	} {
		sub := reports(c.from, c.fields, "We got this.")
		if c.envelope == "null" {
			sub.Envelope.From = ""
			sub.Raw = []byte(strings.Replace(string(sub.Raw), "Return-Path: <"+c.from+">", "Return-Path: <>", 1))
		}
		if got := e.Reporter(sub); got.Organisation == "" || (got.Address != "") != c.answered {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A reporter is answered once, from what is known when the time has come; one who sends very many is not, and what failed for now
// goes again.
func TestReplies(t *testing.T) {
	w := makeWorld(t)
	clock := noon()
	st := open(t, filepath.Join(t.TempDir(), "a.db"))
	e := process(st, w, "a")
	e.Clock = func() time.Time { return clock }
	jo := "jo@" + memberDomain(t, w)
	quiet := reports(jo, "Subject: =?utf-8?q?what_is_this=0D=0ABcc:_x=40evil.example?=\r\nMessage-ID: <1@x>\r\n", "See you at lunch.")
	quiet.Organisation = e.Reporter(quiet).Organisation
	scan(t, e, t.Context(), &list{subs: append([]coldwatch.Submission{quiet}, w.subs...)})
	if _, err := e.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	ps, err := st.Campaigns(t.Context())
	if err != nil || len(ps) == 0 {
		t.Fatal(ps, err)
	}
	part := ps[0].Members[0]
	ask := func(id, to string) {
		t.Helper()
		if err := e.Ask(t.Context(), id, to); err != nil {
			t.Fatal(err)
		}
	}
	ask(quiet.ID(), jo)
	ask(quiet.ID(), jo)
	ask(part, "Ann@other.example")
	ask("unknown", jo)
	var sent []deliver.Letter
	var trouble error
	due := func() int {
		t.Helper()
		before := len(sent)
		if err := e.AnswerDue(t.Context(), func(_ context.Context, l deliver.Letter) error { sent = append(sent, l); return trouble }); err != nil {
			t.Fatal(err)
		}
		return len(sent) - before
	}
	if n := due(); n != 0 {
		t.Errorf("%d answers at once", n)
	}
	clock, trouble = clock.Add(2*time.Minute), fmt.Errorf("greylisted")
	if n := due(); n != 2 {
		t.Errorf("%d answers tried, want 2", n)
	}
	trouble = nil
	if n := due(); n != 0 {
		t.Errorf("%d answers tried again at once", n)
	}
	clock = clock.Add(2 * time.Minute)
	if n := due(); n != 2 {
		t.Errorf("%d answers tried again, want 2", n)
	}
	if clock = clock.Add(time.Hour); due() != 0 {
		t.Error("an answer went twice")
	}
	texts := map[string]deliver.Letter{}
	for _, l := range sent[2:] {
		texts[l.To] = l
	}
	if l := texts["ann@other.example"]; !strings.Contains(l.Text, "part of a campaign that is known") {
		t.Errorf("of a campaign: %+v", l)
	}
	l := texts[jo]
	if !strings.Contains(l.Text, "nothing hostile") || l.InReplyTo != "<1@x>" || strings.ContainsAny(l.Subject, "\r\n") || !strings.HasPrefix(l.Subject, "Re: what is this") {
		t.Errorf("of a harmless one: %+v", l)
	}
	// An analyst's word goes before the program's.
	if err := e.Say(t.Context(), coldwatch.Word{ID: "w", Kind: "benign", Message: w.subs[0].ID()}); err != nil {
		t.Fatal(err)
	}
	ask(w.subs[0].ID(), "bo@other.example")
	clock = clock.Add(2 * time.Minute)
	if n := due(); n != 1 || !strings.Contains(sent[len(sent)-1].Text, "An analyst looked") {
		t.Errorf("%d answers after an analyst's word: %+v", n, sent[len(sent)-1])
	}
	for _, sub := range w.subs[1:60] {
		ask(sub.ID(), "many@other.example")
	}
	clock = clock.Add(2 * time.Minute)
	if n := due(); n != 20 {
		t.Errorf("%d answers to one address in a day, want 20", n)
	}
}
