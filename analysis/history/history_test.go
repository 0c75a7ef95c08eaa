package history

import (
	"fmt"
	"math/rand/v2"
	"reflect"
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
	a.Authentication = coldwatch.Authentication{Aligned: true, Hop: hop}
	a.Tooling = coldwatch.Tooling{Fingerprint: tool, Zone: zone}
	a.Verdict.Class = coldwatch.Unremarkable
	return a
}

func past() []*coldwatch.Analysis {
	var out []*coldwatch.Analysis
	for day := range 60 {
		out = append(out, mail(fmt.Sprintf("p%d@other%d.example", day, day), "", day, "x", "198.51.100.1", "+0000"))
		if day%10 == 0 {
			out = append(out, mail("ana@polar.example", "", day, "outlook", "198.51.100.7", "+0200"))
		}
	}
	return out
}

func TestHabits(t *testing.T) {
	book := NewBook()
	for _, a := range past() {
		book.Learn(a)
		book.Learn(a) // twice is once
	}
	z := New(book.Past)
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
		{"a stranger", mail("eve@new.example", "", 70, "x", "203.0.113.9", "+0000"), "history.first_contact"},
		{"a stranger while nothing is known yet", mail("eve@new.example", "", 5, "x", "203.0.113.9", "+0000"), ""},
		{"a colleague of a known one", mail("tom@polar.example", "", 70, "x", "203.0.113.9", "+0000"), ""},
	} {
		z.Analyze(c.a)
		var got []string
		for _, f := range c.a.Findings {
			got = append(got, f.Kind)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: got %q, want %q", c.name, g, c.want)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	all := past()
	r := rand.New(rand.NewPCG(1, 2))
	var want Habits
	for i := range 5 {
		book := NewBook()
		for _, a := range all {
			book.Learn(a)
		}
		h := book.Past("depot", "Ana@polar.example", start.AddDate(0, 0, 45))
		if i == 0 {
			want = h
		}
		if !reflect.DeepEqual(h, want) || h.Messages != 5 {
			t.Errorf("%+v, want %+v", h, want)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
}

func TestHostileMailIsNotLearnt(t *testing.T) {
	book := NewBook()
	a := mail("eve@polar.example", "", 1, "x", "203.0.113.9", "+0000")
	a.Verdict.Class = coldwatch.Suspicious
	book.Learn(a)
	if h := book.Past("depot", "eve@polar.example", start.AddDate(1, 0, 0)); h.Messages != 0 || h.Ever != 0 {
		t.Errorf("%+v", h)
	}
}
