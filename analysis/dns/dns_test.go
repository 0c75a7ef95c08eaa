package dns

import (
	"slices"
	"strings"
	"testing"
)

func TestRecorded(t *testing.T) {
	r, err := Read(strings.NewReader(`{"kind":"TXT","name":"A.example.","values":["v=spf1 -all"]}

{"kind":"TXT","name":"none.example"}
{"kind":"MX","name":"down.example","failed":true}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind   Kind
		name   string
		values []string
		failed bool
	}{
		{TXT, "a.Example", []string{"v=spf1 -all"}, false},
		{TXT, "none.example", nil, false},
		{MX, "down.example", nil, true},
		{MX, "a.example", nil, true},
		{TXT, "never-asked.example", nil, true},
	} {
		if a := r.Lookup(c.kind, c.name); !slices.Equal(a.Values, c.values) || a.Failed != c.failed {
			t.Errorf("%s %s: %+v", c.kind, c.name, a)
		}
	}
	if _, err := Read(strings.NewReader("{}\nnonsense\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad line: %v", err)
	}
}

// A domain whose name servers never answer is left alone.
func TestLiveTires(t *testing.T) {
	l := NewLive(nil, nil)
	l.failed["slow.test"] = mostFails
	if a := l.Lookup(TXT, "a.b.slow.test"); !a.Failed || len(l.known) > 0 {
		t.Errorf("%+v", a)
	}
}

// What is known is not asked again, and needs no network.
func TestLiveKnows(t *testing.T) {
	r, err := Read(strings.NewReader(`{"kind":"TXT","name":"a.example","values":["x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var record strings.Builder
	if a := NewLive(r, &record).Lookup(TXT, "A.example."); !slices.Equal(a.Values, []string{"x"}) || record.Len() > 0 {
		t.Errorf("%+v, recorded %q", a, record.String())
	}
}
