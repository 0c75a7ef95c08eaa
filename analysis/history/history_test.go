package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
)

var start = time.Date(2020, 9, 1, 8, 0, 0, 0, time.UTC)

// mail is an analysis of a message of the day since the start.
func mail(from, reply string, day int, tool, hop, zone string) *coldwatch.Analysis {
	raw := []byte("From: " + from + "\r\n\r\nHello\r\n")
	a := &coldwatch.Analysis{ID: fmt.Sprint(from, day, tool), Message: message.Parse(raw, message.Default()), Organisation: "depot", Received: start.AddDate(0, 0, day)}
	a.Sender.From = message.Addresses(from)
	if reply != "" {
		a.Sender.ReplyTo = message.Addresses(reply)
	}
	a.Authentication = coldwatch.Authentication{Aligned: true, Hop: hop, Traced: true}
	a.Tooling = coldwatch.Tooling{Fingerprint: tool, Zone: zone}
	a.Verdict.Class = coldwatch.Unremarkable
	return a
}

func note(t *testing.T, a *coldwatch.Analysis) Note {
	t.Helper()
	_, n, ok := NoteOf(a)
	if !ok {
		t.Fatalf("no note of %s", a.ID)
	}
	return n
}

func TestHabits(t *testing.T) {
	var past []Note
	for day := 0; day < 60; day += 10 {
		past = append(past, note(t, mail("ana@polar.example", "", day, "outlook", "198.51.100.7", "+0200")))
		past = append(past, note(t, mail(fmt.Sprintf("p%d@polar.example", day), "", day, "outlook", "198.51.100.7", "+0200")))
	}
	everything := Reach{-1, 1}
	for _, c := range []struct {
		name string
		a    *coldwatch.Analysis
		want string
	}{
		{"as always", mail("ana@polar.example", "", 70, "outlook", "198.51.100.9", "+0200"), "history.known"},
		{"another program only", mail("ana@polar.example", "", 70, "phone", "198.51.100.9", "+0200"), ""},
		{"another program, network and zone", mail("ana@polar.example", "", 70, "script", "203.0.113.9", "+0800"), "history.changed"},
		{"answers elsewhere", mail("ana@polar.example", "ana@gmail.com", 70, "outlook", "198.51.100.9", "+0200"), "history.known history.changed_reply_to"},
		{"silent for long", mail("ana@polar.example", "", 400, "outlook", "198.51.100.9", "+0200"), "history.dormant"},
		{"a colleague as colleagues write", mail("new@polar.example", "", 75, "outlook", "198.51.100.9", "+0200"), ""},
		{"a colleague from elsewhere", mail("new@polar.example", "", 75, "outlook", "203.0.113.9", "+0800"), "history.changed"},
	} {
		n := note(t, c.a)
		notes := append(past[:len(past):len(past)], n)
		var got []string
		for _, r := range Remarks(n, Of(notes, len(past)), everything) {
			got = append(got, r.Kind)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// Whoever takes an account over does not make its habits: what he sends first does not excuse what he sends next.
func TestIntruderMakesNoHabits(t *testing.T) {
	var notes []Note
	for day := 0; day < 60; day += 10 {
		notes = append(notes, note(t, mail("ana@polar.example", "", day, "outlook", "198.51.100.7", "+0200")))
	}
	for i := range 8 {
		n := note(t, mail("ana@polar.example", "", 70+i, "script", "203.0.113.9", "+0800"))
		notes = append(notes, n)
		if r := Remarks(n, Of(notes, len(notes)-1), Reach{5, 9}); len(r) != 1 || r[0].Kind != "history.changed" {
			t.Errorf("message %d of the intruder: %v", i, r)
		}
	}
	dirty := mail("ana@polar.example", "", 10, "script", "203.0.113.9", "+0800")
	dirty.Verdict.Class = coldwatch.Hostile
	for range 10 {
		notes = append([]Note{note(t, dirty)}, notes...)
	}
	if r := Remarks(notes[len(notes)-1], Of(notes, len(notes)-1), Reach{5, 9}); len(r) != 1 {
		t.Errorf("hostile mail made habits: %v", r)
	}
}

func TestFirstContact(t *testing.T) {
	n := note(t, mail("eve@new.example", "", 9, "x", "203.0.113.9", "+0000"))
	if r := Remarks(n, Of([]Note{n}, 0), Reach{1, 2}); len(r) != 1 || r[0].Kind != "history.first_contact" {
		t.Errorf("within reach: %v", r)
	}
	if r := Remarks(n, Of([]Note{n}, 0), Reach{2, 3}); r != nil {
		t.Errorf("out of reach: %v", r)
	}
}

func TestCorrespondent(t *testing.T) {
	for from, want := range map[string]string{"a@mail.polar.example": "polar.example", "Ana@Gmail.com": "ana@gmail.com"} {
		if got, _, _ := NoteOf(mail(from, "", 1, "", "", "")); got != want {
			t.Errorf("%s: correspondent %s, want %s", from, got, want)
		}
	}
	forged := mail("ana@polar.example", "", 1, "", "", "")
	forged.Authentication.Aligned, forged.Authentication.DMARC = false, coldwatch.Fail
	if note(t, forged).Clean {
		t.Error("forged mail makes habits")
	}
	hearsay := mail("ana@polar.example", "", 1, "", "", "")
	hearsay.Hearsay = true
	if _, _, ok := NoteOf(hearsay); ok {
		t.Error("hearsay gives a note")
	}
}
