package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/measure"
	"github.com/coldwatch/coldwatch/message/hostile"
)

type tortureCmd struct {
	Dirs     []string `arg:"" name:"dir" help:"Folders of hostile, malformed or odd messages; every file is taken as one." type:"path"`
	Generate bool     `help:"Only fill the folder, which must not exist yet, with hostile messages of coldwatch's own."`
	Slow     int      `help:"List that many of the slowest." default:"10"`
	Defects  bool     `help:"List every kind of defect with how many messages have it."`
	Pages    bool     `help:"Count the attached pages (HTML, SVG, also within archives) whose destination is found, and list the others with what is in them."`
	Find     string   `help:"Tell in how many messages some reading of some part, or a layer of a payload, holds this text, and list the others." placeholder:"TEXT"`
}

func (tortureCmd) Help() string {
	return "Walks every file of the folders as one message, without storing anything, and prints panics, times, memory and verdicts. " +
		"The bars: no panic, no message over 2 s, 99 % under 50 ms, at most 256 MB above the start, a verdict for each. " +
		"Time is the processor's, with that of the children that evaluate scripts, where the system tells; the clock's otherwise."
}

// tortured is what --json prints.
type tortured struct {
	Messages  int                     `json:"messages"`
	Bytes     int64                   `json:"bytes"`
	Panics    []string                `json:"panics"`
	NoVerdict []string                `json:"no_verdict"`
	Over2s    int                     `json:"over_2s"`
	P50       float64                 `json:"p50_ms"`
	P99       float64                 `json:"p99_ms"`
	Max       float64                 `json:"max_ms"`
	AboveBase float64                 `json:"peak_above_base_mb"`
	Classes   map[coldwatch.Class]int `json:"classes"`
	Ambiguous int                     `json:"ambiguous"` // messages that can be read in more than one way
	Defects   int                     `json:"with_defects"`
	Kinds     map[string]int          `json:"defects"`           // messages by kind of defect
	Pages     pages                   `json:"pages"`             // attached pages
	Found     int                     `json:"found,omitempty"`   // with --find: messages that hold the text
	Missing   []string                `json:"missing,omitempty"` // and those that do not
	Slowest   []timed                 `json:"slowest"`
}

type timed struct {
	File  string  `json:"file"`
	MS    float64 `json:"ms"`       // processor time
	Clock float64 `json:"clock_ms"` // more than MS on a busy machine
}

func (c tortureCmd) Run(ctx context.Context, g *Globals) error {
	pack, err := g.pack("")
	if err != nil {
		return err
	}
	if c.Generate {
		// Walked by another process, for the peak of memory to be the walk's.
		return generate(g, c.Dirs[0])
	}
	e := g.walker(pack, nil)
	r := tortured{Panics: []string{}, NoVerdict: []string{}, Classes: map[coldwatch.Class]int{}, Kinds: map[string]int{}, Pages: pages{Others: []string{}}}
	e.Walk(coldwatch.Submission{Raw: []byte("From: a@b.example\nSubject: warm\n\nup\n")})
	base := measure.PeakRSS()
	p := g.progress("torturing")
	var times []timed
	for _, dir := range c.Dirs {
		if i, err := os.Stat(dir); err != nil || !i.IsDir() {
			return hinted("name a folder of messages, or make one with --generate", "%s is no folder", dir)
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			times = append(times, r.walk(e, path, raw, []byte(c.Find)))
			p.show(engine.Progress{Messages: r.Messages})
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	p.done()
	if len(times) == 0 {
		return hinted("every file below the folder is taken as a message", "there are no files in %s", c.Dirs)
	}
	r.AboveBase = measure.PeakRSS() - base
	slices.SortFunc(times, func(a, b timed) int { return int(1e6 * (b.MS - a.MS)) })
	r.Max, r.P99, r.P50 = times[0].MS, times[len(times)/100].MS, times[len(times)/2].MS
	for _, t := range times {
		if t.MS > 2000 {
			r.Over2s++
		}
	}
	r.Slowest = times[:min(max(c.Slow, 0), len(times))]
	if g.JSON {
		return g.printJSON(r)
	}
	g.print("%s, %.1f MB: %s", count(r.Messages, "message"), float64(r.Bytes)/1e6, verdicts(r.Classes))
	g.print("%s, %d without a verdict, %d over 2 s; median %.2f ms, 99 %% within %.1f ms, slowest %.0f ms; %.0f MB above the start", count(len(r.Panics), "panic"),
		len(r.NoVerdict), r.Over2s, r.P50, r.P99, r.Max, r.AboveBase)
	g.print("%d with defects, %d that can be read in more than one way", r.Defects, r.Ambiguous)
	if c.Defects {
		for _, k := range slices.Sorted(maps.Keys(r.Kinds)) {
			g.print("  %7.3f %%  %6d  %s", 100*float64(r.Kinds[k])/float64(r.Messages), r.Kinds[k], k)
		}
	}
	if c.Pages {
		g.print("%d attached pages: %d send or lead somewhere, %d only show links, %d do neither", r.Pages.All, r.Pages.Sends, r.Pages.Links, len(r.Pages.Others))
		for _, x := range r.Pages.Others {
			g.print("  neither: %s", safe(x))
		}
	}
	if c.Find != "" {
		g.print("%d hold the text, %d do not", r.Found, len(r.Missing))
		for _, x := range r.Missing {
			g.print("  without: %s", safe(x))
		}
	}
	for _, t := range r.Slowest {
		g.print("  %8.1f ms  %8.1f by the clock  %s", t.MS, t.Clock, safe(t.File))
	}
	for _, x := range r.Panics {
		g.print("  panic: %s", safe(x))
	}
	if len(r.Panics)+len(r.NoVerdict) > 0 {
		return hinted("each is a defect of coldwatch: please report it with the file", "%s and %d without a verdict", count(len(r.Panics), "panic"), len(r.NoVerdict))
	}
	return nil
}

// walk takes one message and returns what it took.
func (r *tortured) walk(e *engine.Engine, path string, raw, find []byte) timed {
	r.Messages++
	r.Bytes += int64(len(raw))
	start, cpu := time.Now(), measure.CPU()
	func() {
		defer func() {
			if v := recover(); v != nil {
				r.Panics = append(r.Panics, fmt.Sprintf("%s: %v\n%s", path, v, debug.Stack()))
			}
		}()
		w := e.Walk(coldwatch.Submission{Raw: raw, Source: path})
		r.Classes[w.Analysis.Verdict.Class]++
		if w.Analysis.Verdict.Class == "" {
			r.NoVerdict = append(r.NoVerdict, path)
		}
		kinds, ambiguous, held := map[string]bool{}, false, false
		for _, a := range append([]*coldwatch.Analysis{w.Analysis}, w.Carried...) {
			r.Pages.count(path, a)
			held = held || len(find) > 0 && holds(a, find)
			for _, d := range a.Message.Defects {
				kinds[d.Kind] = true
				ambiguous = ambiguous || d.Ambiguous
			}
		}
		if len(kinds) > 0 {
			r.Defects++
		}
		if ambiguous {
			r.Ambiguous++
		}
		for k := range kinds {
			r.Kinds[k]++
		}
		if held {
			r.Found++
		} else if len(find) > 0 {
			r.Missing = append(r.Missing, path)
		}
	}()
	t := timed{File: path, Clock: float64(time.Since(start).Microseconds()) / 1000}
	t.MS = float64((measure.CPU() - cpu).Microseconds()) / 1000
	if cpu == 0 {
		t.MS = t.Clock
	}
	return t
}

// pages counts what is known of attached pages.
type pages struct {
	All    int      `json:"all"`
	Sends  int      `json:"sends"`  // a form, a script or the page itself sends what is typed, or its reader, to an address
	Links  int      `json:"links"`  // no more than links
	Others []string `json:"others"` // neither, with their traits
}

func (c *pages) count(file string, a *coldwatch.Analysis) {
	for i := range a.Payloads {
		p := &a.Payloads[i]
		if p.Kind != "html" && p.Kind != "svg" || p.Via == "body" || p.Via == "layer" || p.Via == "inline" || p.Part != p.ID && p.Via != "archive" {
			continue
		}
		sends, links, traits := 0, 0, ""
		for k := range a.Payloads {
			q := &a.Payloads[k]
			if q.ID != p.ID && !strings.HasPrefix(q.ID, p.ID+"#") && !strings.HasPrefix(q.ID, p.ID+"/") {
				continue
			}
			sends += len(q.Destinations)
			for _, f := range q.Forms {
				if f.Action != "" {
					sends++
				}
			}
			links += len(q.Links)
			traits += fmt.Sprintf(" %s: %d bytes %v", q.ID, q.Size, q.Traits)
		}
		switch c.All++; {
		case sends > 0:
			c.Sends++
		case links > 0:
			c.Links++
		default:
			c.Others = append(c.Others, file+traits)
		}
	}
}

// holds tells whether a part or a payload shows the text.
func holds(a *coldwatch.Analysis, text []byte) bool {
	return slices.ContainsFunc(a.Message.Parts, func(p coldwatch.Part) bool { return bytes.Contains(p.Content, text) }) ||
		slices.ContainsFunc(a.Payloads, func(p coldwatch.Payload) bool { return bytes.Contains(p.Content, text) })
}

// generate writes the hostile messages of package hostile below a new folder, a folder a kind.
func generate(g *Globals, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return hinted("name a folder that does not exist yet, or leave --generate out to walk this one", "%s exists", dir)
	}
	write := func(kind string, c hostile.Case) error {
		if err := os.MkdirAll(filepath.Join(dir, kind), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, kind, c.Name+".eml"), c.Raw, 0o600)
	}
	var errs []error
	for _, c := range hostile.Ambiguous() {
		errs = append(errs, write("ambiguous", c))
	}
	for _, c := range hostile.Odd() {
		errs = append(errs, write("odd", c))
	}
	for _, f := range hostile.Floods() {
		errs = append(errs, write("floods", hostile.Case{Name: f.Name, Raw: f.Make(f.Size)}))
	}
	for _, b := range hostile.Bombs() {
		errs = append(errs, write("bombs", hostile.Case{Name: b.Name, Raw: b.Make()}))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	g.print("%s. Next: coldwatch torture %s", count(len(errs), "message"), safe(dir))
	return nil
}
