package engine_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
)

// A document is a file of a reader's pack with what the check needs.
type document struct {
	content audience.Content
	reader  audience.Reader
}

// The packs of a scenario's warnings are clean: at most 1 in 100 of their files is held up. Into 200 of those files a generator puts
// what must not leave, in one of many guises: each is caught.
func TestNoPackLeaks(t *testing.T) {
	t.Setenv("PATH", "") // rules are not run: that has a test of its own
	w := makeWorld(t)
	e := newEngine(t, w, filepath.Join(t.TempDir(), "a.db"))
	scan(t, e, t.Context(), &list{subs: w.subs})
	if _, err := e.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	ws, err := e.Warnings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var docs []document
	held := 0
	packs := 0
	for i, x := range ws {
		if i%3 > 0 {
			continue // a third will do
		}
		packs++
		_, files, withheld, err := e.PackFor(t.Context(), x.Campaign, x.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range withheld {
			held++
			t.Logf("held up: %s of %s for %s: %s %q", h.File, x.Campaign, x.Reader, h.Kind, h.Quote)
		}
		r, err := e.Report(t.Context(), x.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		reader := audience.Reader{ID: x.Reader, TLP: x.Marking.TLP}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			docs = append(docs, document{audience.Content{Name: name, Bytes: files[name], Marking: x.Marking, Report: r, List: publish.List(name)}, reader})
		}
	}
	t.Logf("%d files in %d packs, %d held up", len(docs), packs, held)
	if len(docs) < 200 || held*100 > len(docs) {
		t.Errorf("of %d files %d are held up", len(docs), held)
	}
	rng := rand.New(rand.NewPCG(7, 11))
	for n := range 200 {
		d := docs[rng.IntN(len(docs))]
		what, secret := secretOf(rng, e.Pack, &d)
		guise := guises[rng.IntN(len(guises))]
		for guise.name == "base64" && len(secret) < 6 { // four letters in base64 are any four letters
			guise = guises[rng.IntN(len(guises))]
		}
		lines := strings.Split(string(d.content.Bytes), "\n")
		lines = slices.Insert(lines, rng.IntN(len(lines)+1), guise.write(secret))
		d.content.Bytes = []byte(strings.Join(lines, "\n"))
		if len(audience.Check(d.content, d.reader, e.Pack)) == 0 {
			t.Errorf("%d: %s %q as %s in %s for %s went through", n, what, secret, guise.name, d.content.Name, d.reader.ID)
		}
	}
}

// secretOf chooses something that the document's reader must not see.
func secretOf(rng *rand.Rand, pack *knowledge.Pack, d *document) (kind, secret string) {
	p := d.content.Report.Profile
	open := func(id string) bool {
		return id == d.reader.ID || slices.ContainsFunc(p.Impersonated, func(s coldwatch.Share) bool { return s.Value == id })
	}
	var victims, next []*knowledge.Organisation
	for _, x := range p.Targets {
		if o := pack.Organisation(x.Organisation); o != nil && !open(o.ID) {
			victims = append(victims, o)
		}
	}
	for _, x := range p.Next.Ranked {
		if o := pack.Organisation(x.Organisation); o != nil && !open(o.ID) {
			next = append(next, o)
		}
	}
	stranger := &pack.Organisations[rng.IntN(len(pack.Organisations))]
	for open(stranger.ID) || len(stranger.Domains) == 0 {
		stranger = &pack.Organisations[rng.IntN(len(pack.Organisations))]
	}
	switch k := rng.IntN(5); {
	case k == 0 && len(victims) > 0:
		return "a victim", victims[rng.IntN(len(victims))].Name
	case k == 1 && len(victims) > 0:
		return "a victim's id", victims[rng.IntN(len(victims))].ID
	case k == 2 && len(next) > 0:
		return "who may be next", next[rng.IntN(len(next))].Name
	case k == 3:
		return "a domain", stranger.Domains[0]
	}
	return "an address", fmt.Sprintf("r.%c.recipient@%s", 'a'+rune(rng.IntN(26)), stranger.Domains[0])
}

var guises = []struct {
	name  string
	write func(string) string
}{
	{"plain text", func(s string) string { return "as " + s + " says" }},
	{"capitals", strings.ToUpper},
	{"defanged text", func(s string) string { return strings.NewReplacer(".", "[.]", "@", "[@]").Replace(s) }},
	{"HTML entities", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "&#x%x;", r)
		}
		return "<td>" + b.String() + "</td>"
	}},
	{"JSON escapes", func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
		return `{"x": "` + b.String() + `"}`
	}},
	{"base64", func(s string) string { return "u=" + base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"zero-width characters", func(s string) string { return s[:2] + "\u200d" + s[2:] }},
	{"broken lines", func(s string) string { return strings.ReplaceAll(s, " ", " \n  ") }},
	{"Markdown escapes", func(s string) string { return strings.NewReplacer("-", `\-`, ".", `\.`, "_", `\_`).Replace(s) }},
	{"a link", func(s string) string {
		return "https://x.test/?q=" + strings.NewReplacer(" ", "%20", "@", "%40").Replace(s)
	}},
}
