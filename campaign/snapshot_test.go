package campaign

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"github.com/coldwatch/coldwatch"
)

func TestSnapshot(t *testing.T) {
	p := Default()
	l := New(p)
	ss := waves(7, 12)
	for _, s := range ss[:len(ss)/2] {
		l.Place(s)
	}
	l.Relink()
	l.Say(coldwatch.Word{ID: "w1", Kind: "cannot-link", Message: ss[0].ID, Other: ss[1].ID})
	var buf bytes.Buffer
	if err := l.Snapshot(&buf); err != nil {
		t.Fatal(err)
	}
	state := buf.Bytes()
	m, err := Restore(bytes.NewReader(state), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range ss {
		if a, b := l.Place(s), m.Place(s); !reflect.DeepEqual(a, b) {
			t.Fatalf("restored linker places %s differently:\n%+v\n%+v", s.ID, a, b)
		}
	}
	if a, b := fmt.Sprint(l.Relink()), fmt.Sprint(m.Relink()); a != b {
		t.Errorf("restored linker re-links differently:\n%s\n%s", a, b)
	}
	if !reflect.DeepEqual(l.Campaigns(), m.Campaigns()) {
		t.Error("restored linker has other campaigns")
	}
	for _, n := range []int{0, 5, 40, len(state) / 2, len(state) - 1} {
		if _, err := Restore(bytes.NewReader(state[:n]), p); err == nil {
			t.Errorf("a snapshot cut to %d bytes was accepted", n)
		}
	}
	q := p
	q.Relink++
	if _, err := Restore(bytes.NewReader(state), q); err == nil {
		t.Error("a snapshot of other parameters was accepted")
	}
}
