package warning

import (
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
)

func TestReadForm(t *testing.T) {
	full := coldwatch.Answer{Received: 5, Blocked: 2, Opened: 1, Credentials: 1, Reset: 3}
	for _, c := range []struct {
		name, text, id string
		want           coldwatch.Answer
		bad            bool
	}{
		{"as it was sent, filled in", "Warning: w-12ab\nMessages received: 5\nBlocked before anybody saw them: 2\nOpened by: 1\nCredentials entered by: 1\nPasswords reset: 3\n", "w-12ab", full, false},
		{"quoted, with remarks and in another case", "> > - WARNING: w-12ab\r\n>  messages received:  5 since Monday\r\n> opened by:\r\nThanks: 7", "w-12ab", coldwatch.Answer{Received: 5}, false},
		{"without the warning's line", "Opened by: 0", "", coldwatch.Answer{}, false},
		{"nothing filled in", Form(&coldwatch.Warning{ID: "w-12ab"}), "w-12ab", coldwatch.Answer{}, true},
		{"no number", "Messages received: many", "", coldwatch.Answer{}, true},
		{"below zero", "Messages received: -1", "", coldwatch.Answer{}, true},
		{"beyond all measure", "Messages received: 99999999999999999999", "", coldwatch.Answer{}, true},
		{"something else", "Dear colleagues,\nwe looked into it: nothing.\n", "", coldwatch.Answer{}, true},
	} {
		id, a, err := ReadForm(c.text)
		if (err != nil) != c.bad || id != c.id || err == nil && a != c.want {
			t.Errorf("%s: %q %+v %v", c.name, id, a, err)
		}
	}
}

// What a form gives is within its bounds, whatever came back.
func FuzzReadForm(f *testing.F) {
	f.Add("> Warning: w-1\n> Messages received: 3")
	f.Add("Messages received:: 1\n\x00Opened by: \xff")
	f.Fuzz(func(t *testing.T, text string) {
		id, a, err := ReadForm(text)
		if err != nil {
			return
		}
		for _, n := range []int{a.Received, a.Blocked, a.Opened, a.Credentials, a.Reset} {
			if n < 0 || n > most {
				t.Errorf("%d from %q", n, text)
			}
		}
		if id != "" && (!strings.HasPrefix(id, "w-") || strings.ContainsAny(id, "\r\n")) {
			t.Errorf("id %q", id)
		}
	})
}

// Governments and CERTs are told once the campaign is seen at three organisations, wherever they are, at TLP:GREEN, and only once.
func TestGovernments(t *testing.T) {
	pack := testPack()
	for i, role := range map[int]string{40: "ministry", 41: "cert", 42: "store"} {
		pack.Organisations[i].Roles = []string{role}
	}
	told := func(n int, said ...string) (out []string) {
		for _, w := range Due(nil, testProfile(pack, n), pack, Options{Said: said}) {
			if w.Reason != Government {
				continue
			}
			out = append(out, w.ID)
			if w.Marking.TLP != "TLP:GREEN" || w.Contact == "" || len(w.Messages) > 0 {
				t.Errorf("%+v", w)
			}
		}
		return out
	}
	if got := told(2); len(got) != 0 {
		t.Errorf("two organisations hit, and %v are told", got)
	}
	first := told(3)
	if len(first) != 2 {
		t.Errorf("told: %v", first)
	}
	if again := told(4, first...); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
	if doubled := told(6, first...); len(doubled) != 2 {
		t.Errorf("twice as many hit: %v", doubled)
	}
}
