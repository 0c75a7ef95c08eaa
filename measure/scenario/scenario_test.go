package scenario

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/knowledge"
)

// tree reads a folder into memory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func generate(t *testing.T, o Options) (string, map[string]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "s")
	if err := Generate(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir, tree(t, dir)
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, f := range Families() {
		_, a := generate(t, Options{Family: f, Seed: 7, Messages: 300})
		_, b := generate(t, Options{Family: f, Seed: 7, Messages: 300})
		if len(a) != len(b) {
			t.Fatalf("%s: %d files, then %d", f, len(a), len(b))
		}
		for path, content := range a {
			if b[path] != content {
				t.Errorf("%s: %s differs", f, path)
			}
		}
		_, c := generate(t, Options{Family: f, Seed: 8, Messages: 300})
		if c["truth/messages.csv"] == a["truth/messages.csv"] {
			t.Errorf("%s: another seed makes the same scenario", f)
		}
	}
}

func TestScenario(t *testing.T) {
	for _, f := range Families() {
		t.Run(f, func(t *testing.T) { checkScenario(t, f) })
	}
}

func checkScenario(t *testing.T, family string) {
	dir, files := generate(t, Options{Family: family, Seed: 1, Messages: 700})
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pack.Check() {
		t.Errorf("pack: %+v", p)
	}
	rows, err := csv.NewReader(strings.NewReader(files["truth/messages.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	mails := 0
	for path, content := range files {
		if strings.HasPrefix(path, "mail/") {
			mails++
			parses(t, path, content)
		}
	}
	if len(rows)-1 != mails {
		t.Errorf("%d labels for %d messages", len(rows)-1, mails)
	}
	if mails < 690 || mails > 710 {
		t.Errorf("%d messages, wanted about 700", mails)
	}
	var campaigns []trueCampaign
	if err := json.Unmarshal([]byte(files["truth/campaigns.json"]), &campaigns); err != nil {
		t.Fatal(err)
	}
	count, hit := map[string]int{}, map[string]map[string]bool{}
	for _, r := range rows[1:] {
		if _, ok := files[r[0]]; !ok {
			t.Errorf("label of a message that is not there: %s", r[0])
		}
		if o := pack.Organisation(r[4]); o == nil || !o.Member {
			t.Errorf("%s: %q is no member", r[0], r[4])
		}
		if (r[1] == "campaign") != (r[2] != "") {
			t.Errorf("%s: label %s with campaign %q", r[0], r[1], r[2])
		}
		if r[5] != "" && pack.Organisation(r[5]) == nil {
			t.Errorf("%s impersonates %s, which the pack does not know", r[0], r[5])
		}
		count[r[2]]++
		if hit[r[2]] == nil {
			hit[r[2]] = map[string]bool{}
		}
		hit[r[2]][r[4]] = true
	}
	for _, c := range campaigns {
		if c.Messages != count[c.ID] || c.Messages < 2 {
			t.Errorf("%s: %d messages, %d labels", c.ID, c.Messages, count[c.ID])
		}
		if len(c.TargetsSeen) != len(hit[c.ID]) {
			t.Errorf("%s: targets_seen %v, labels %v", c.ID, c.TargetsSeen, hit[c.ID])
		}
		for _, id := range c.TargetsAll {
			o := pack.Organisation(id)
			if o == nil || o.Source != "invented" {
				t.Fatalf("%s targets %s, which is not invented", c.ID, id)
			}
			for _, d := range o.Domains {
				if !strings.HasSuffix(d, ".example") {
					t.Errorf("%s targets the domain %s", c.ID, d)
				}
			}
		}
		if c.First == "" || c.Last < c.First {
			t.Errorf("%s: from %s to %s", c.ID, c.First, c.Last)
		}
	}
}

// parses reads a message as strictly as the standard library can: header, MIME tree, line ends, line lengths.
func parses(t *testing.T, path, raw string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	for _, f := range []string{"From", "To"} {
		if _, err := m.Header.AddressList(f); err != nil {
			t.Errorf("%s: %s: %v", path, f, err)
		}
	}
	if _, err := m.Header.Date(); err != nil {
		t.Errorf("%s: Date: %v", path, err)
	}
	if to := m.Header.Get("To"); !strings.Contains(to, ".example") {
		t.Errorf("%s is addressed to %s", path, to)
	}
	for i, line := range strings.Split(raw, "\r\n") {
		if strings.ContainsAny(line, "\r\n") || len(line) > 998 {
			t.Errorf("%s: line %d is not a line of RFC 5322", path, i+1)
			break
		}
	}
	walk(t, path, m.Header.Get("Content-Type"), raw[strings.Index(raw, "\r\n\r\n")+4:])
}

func walk(t *testing.T, path, kind, body string) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Errorf("%s: %q: %v", path, kind, err)
		return
	}
	if !strings.HasPrefix(media, "multipart/") {
		return
	}
	r := multipart.NewReader(strings.NewReader(body), params["boundary"])
	n := 0
	for ; ; n++ {
		p, err := r.NextRawPart()
		if err != nil {
			break
		}
		var b bytes.Buffer
		b.ReadFrom(p)
		walk(t, path, p.Header.Get("Content-Type"), b.String())
	}
	if n == 0 {
		t.Errorf("%s: multipart without parts", path)
	}
}

func TestReplayIsTheCaseOf2020(t *testing.T) {
	_, files := generate(t, Options{Family: "replay2020", Seed: 1, Messages: 600})
	var campaigns []trueCampaign
	if err := json.Unmarshal([]byte(files["truth/campaigns.json"]), &campaigns); err != nil {
		t.Fatal(err)
	}
	if len(campaigns) != 1 {
		t.Fatalf("%d campaigns", len(campaigns))
	}
	c := campaigns[0]
	if c.Impersonates != "haier-biomedical" || !strings.HasPrefix(c.First, "2020-09-0") || len(c.TargetsSeen) != len(replayTargets) || c.Messages < 28 || c.Messages > 36 {
		t.Errorf("%+v", c)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	if err := Generate(dir, Options{Family: "nothing", Seed: 1}); err == nil || !strings.Contains(err.Error(), "replay2020") {
		t.Errorf("unknown family: %v", err)
	}
	if err := Generate(dir, Options{Family: "easy", Messages: 3}); err == nil {
		t.Error("three messages make no scenario")
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(dir, Options{Family: "easy"}); err == nil {
		t.Error("a folder with files in it was written into")
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		if err := Generate(filepath.Join(b.TempDir(), "s"), Options{Family: "replay2020", Seed: 1, Messages: 800}); err != nil {
			b.Fatal(err)
		}
	}
}
