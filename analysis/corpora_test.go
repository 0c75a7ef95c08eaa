package analysis

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/accept"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/message"
)

// The corpora are real mail that is no part of this repository. CW_CORPORA names the folder that holds them; CW_DUMP a
// file that gets one line a message, for reading errors by eye.

func corpora(t *testing.T) string {
	dir := os.Getenv("CW_CORPORA")
	if dir == "" {
		t.Skip("CW_CORPORA is not set: NOTHING WAS MEASURED")
	}
	return dir
}

// without takes the analysers out that CW_WITHOUT names ("link/1,lure/1"), to see what each is worth.
func without(r *Room) *Room {
	var kept []Analyzer
	for _, z := range r.analyzers {
		if !strings.Contains(","+os.Getenv("CW_WITHOUT")+",", ","+z.Name()+",") {
			kept = append(kept, z)
		}
	}
	r.analyzers = kept
	return r
}

type measured struct {
	path, label, kind, impersonated string
	a                               *coldwatch.Analysis
}

func walkFiles(t *testing.T, dir string) []string {
	var out []string
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, p)
		}
		return nil
	})
	sort.Strings(out)
	return out
}

func analyse(t *testing.T, room *Room, items []measured, org func(string) string) {
	var wg sync.WaitGroup
	next := make(chan int, 64)
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				raw, err := os.ReadFile(items[i].path)
				if err != nil {
					t.Error(err)
					continue
				}
				sub := coldwatch.Submission{Raw: raw, Source: items[i].path, Organisation: org(items[i].path)}
				m := message.Parse(raw, message.Default())
				a := room.Analyze(sub, m)
				for _, in := range m.Inner {
					sub.Raw = in.Raw
					c := room.AnalyzeCarried(sub, message.Parse(in.Raw, message.Default()), in.Via, a.Gate("internal"))
					if c.Verdict.Bits > a.Verdict.Bits {
						a.Verdict = c.Verdict
						if a.Impersonated.Organisation == "" {
							a.Impersonated = c.Impersonated
						}
					}
				}
				a.Message, a.Payloads = nil, nil
				items[i].a = a
			}
		}()
	}
	start := time.Now()
	for i := range items {
		next <- i
	}
	close(next)
	wg.Wait()
	if len(items) > 0 {
		t.Logf("%d messages, %v a message", len(items), time.Since(start)*2/time.Duration(len(items)))
	}
}

func dump(t *testing.T, name string, items []measured) {
	dir := os.Getenv("CW_DUMP")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, m := range items {
		var terms []string
		for _, e := range m.a.Verdict.Ledger {
			if e.Bits != 0 {
				terms = append(terms, fmt.Sprintf("%s=%.1f", e.Kind, e.Bits))
			}
		}
		fmt.Fprintf(f, "%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%q\t%s\n", m.path, m.label, m.kind, m.a.Verdict.Bits, m.a.Verdict.Class, m.impersonated, m.a.Impersonated.Organisation, m.a.Subject, strings.Join(terms, " "))
	}
}

func TestRealMail(t *testing.T) {
	dir := corpora(t)
	room := without(New(knowledge.Default(), Options{}))
	var bad, good []float64
	for _, c := range []struct {
		path string
		bad  bool
	}{{"phishing_pot", true}, {"lists", false}, {"enron_rfq", false}, {"spamassassin/easy-ham-1", false}, {"spamassassin/hard-ham-1", false}, {"list_spam", true}} {
		var items []measured
		for _, p := range walkFiles(t, filepath.Join(dir, c.path)) {
			items = append(items, measured{path: p, label: fmt.Sprint(c.bad)})
		}
		analyse(t, room, items, func(string) string { return "" })
		hostile, suspicious := 0, 0
		for _, m := range items {
			if m.a.Verdict.Class.Bad() {
				hostile++
			} else if m.a.Verdict.Class == coldwatch.Suspicious {
				suspicious++
			}
			if c.bad && c.path == "phishing_pot" {
				bad = append(bad, m.a.Verdict.Bits)
			} else if !c.bad {
				good = append(good, m.a.Verdict.Bits)
			}
		}
		t.Logf("%-26s %5d messages, hostile %5d (%.4f), suspicious %5d (%.4f)", c.path, len(items), hostile, float64(hostile)/float64(len(items)), suspicious, float64(suspicious)/float64(len(items)))
		dump(t, strings.ReplaceAll(c.path, "/", "-"), items)
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(good)))
	sort.Sort(sort.Reverse(sort.Float64Slice(bad)))
	for _, rate := range []float64{0.0003, 0.001, 0.003, 0.01, 0.03} {
		at := good[int(rate*float64(len(good)))]
		n := sort.Search(len(bad), func(i int) bool { return bad[i] <= at })
		t.Logf("false alarms %.4f: threshold %.2f bits, recall of phishing_pot %.4f", rate, at, float64(n)/float64(len(bad)))
	}
}

func TestScenarios(t *testing.T) {
	dir := filepath.Join(corpora(t), "scenarios")
	only := os.Getenv("CW_SCENARIO")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() || only != "" && !strings.Contains(e.Name(), only) || only == "" && strings.Contains(e.Name(), "medium") {
			continue
		}
		scenario(t, filepath.Join(dir, e.Name()))
	}
}

func scenario(t *testing.T, dir string) {
	pack, err := knowledge.Load(filepath.Join(dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "truth/messages.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var items []measured
	for _, r := range rows[1:] {
		items = append(items, measured{path: filepath.Join(dir, r[0]), label: r[1], impersonated: r[5], kind: r[6]})
	}
	analyse(t, without(New(pack, Options{})), items, func(p string) string { return filepath.Base(filepath.Dir(p)) })
	type tally struct{ n, bad, targeted, suspicious, right int }
	tallies := map[string]*tally{}
	for _, m := range items {
		for _, k := range []string{"= " + m.label, m.label + " " + m.kind} {
			x := tallies[k]
			if x == nil {
				x = &tally{}
				tallies[k] = x
			}
			x.n++
			switch m.a.Verdict.Class {
			case coldwatch.Targeted:
				x.targeted++
				x.bad++
			case coldwatch.Hostile:
				x.bad++
			case coldwatch.Suspicious:
				x.suspicious++
			}
			if m.a.Impersonated.Organisation == m.impersonated {
				x.right++
			}
		}
	}
	var keys []string
	for k := range tallies {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	t.Logf("== %s", filepath.Base(dir))
	for _, k := range keys {
		x := tallies[k]
		t.Logf("%-32s %5d  bad %.3f  targeted %.3f  suspicious %.3f  impersonated right %.3f", k, x.n, float64(x.bad)/float64(x.n), float64(x.targeted)/float64(x.n), float64(x.suspicious)/float64(x.n), float64(x.right)/float64(x.n))
	}
	dump(t, filepath.Base(dir), items)
}

// BenchmarkCorpora walks real messages, already read, through each analyser: run with -benchtime=1x and a CPU profile.
func BenchmarkCorpora(b *testing.B) {
	dir := os.Getenv("CW_CORPORA")
	if dir == "" {
		b.Skip("CW_CORPORA is not set")
	}
	pack, err := knowledge.Load(filepath.Join(dir, "scenarios/easy-small-s1/pack"))
	if err != nil {
		b.Fatal(err)
	}
	var raws [][]byte
	entries, _ := os.ReadDir(filepath.Join(dir, "phishing_pot"))
	for i, e := range entries {
		if i%3 == 0 {
			raw, _ := os.ReadFile(filepath.Join(dir, "phishing_pot", e.Name()))
			raws = append(raws, raw)
		}
	}
	room := New(pack, Options{})
	spent := make([]time.Duration, len(room.analyzers))
	var parse, prepare time.Duration
	for b.Loop() {
		for _, raw := range raws {
			t0 := time.Now()
			m := message.Parse(raw, message.Default())
			t1 := time.Now()
			a := room.prepare(coldwatch.Submission{Raw: raw}, m)
			t2 := time.Now()
			parse += t1.Sub(t0)
			prepare += t2.Sub(t1)
			for i, z := range room.analyzers {
				z.Analyze(a)
				t3 := time.Now()
				spent[i] += t3.Sub(t2)
				t2 = t3
			}
		}
	}
	n := time.Duration(b.N * len(raws))
	b.Logf("parse %v, prepare %v", parse/n, prepare/n)
	for i, z := range room.analyzers {
		b.Logf("%-12s %v a message", z.Name(), spent[i]/n)
	}
}

// TestHostileMail walks the test suites of other mail programs: nothing may panic or take long.
func TestHostileMail(t *testing.T) {
	dir := corpora(t)
	room := New(knowledge.Default(), Options{})
	slowest, where, n := map[string]time.Duration{}, map[string]string{}, 0
	for _, p := range walkFiles(t, filepath.Join(dir, "hostile")) {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		m := message.Parse(raw, message.Default())
		a := room.prepare(coldwatch.Submission{Raw: raw}, m)
		for _, z := range room.analyzers {
			start := time.Now()
			z.Analyze(a)
			if d := time.Since(start); d > slowest[z.Name()] {
				slowest[z.Name()], where[z.Name()] = d, p
			}
		}
		for i := range a.Findings {
			accept.Finding(t, p, a, &a.Findings[i])
		}
		n++
	}
	for _, z := range room.analyzers {
		t.Logf("%d messages, %s at most %v: %s", n, z.Name(), slowest[z.Name()], where[z.Name()])
	}
}
