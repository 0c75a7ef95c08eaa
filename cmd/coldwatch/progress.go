package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch/engine"
)

// progress shows how far a scan is: a bar on a terminal, a line every few seconds otherwise.
type progress struct {
	w        io.Writer
	terminal bool
	start    time.Time
	last     time.Time
	verb     string
}

func (g *Globals) progress(verb string) *progress {
	if g.Quiet {
		return nil
	}
	return &progress{w: g.stderr, terminal: g.terminal, start: time.Now(), last: time.Now(), verb: verb}
}

// show takes what the engine reports; a nil progress shows nothing.
func (p *progress) show(at engine.Progress) {
	if p == nil {
		return
	}
	every := 5 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	now := time.Now()
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	rate := float64(at.Messages) / now.Sub(p.start).Seconds()
	if !p.terminal {
		fmt.Fprintf(p.w, "%s: %s, %.0f a second%s\n", p.verb, count(at.Messages, "message"), rate, percent(at))
		return
	}
	bar := ""
	if at.Total > 0 {
		const width = 28
		n := int(min(1, float64(at.Bytes)/float64(at.Total)) * width)
		bar = "[" + strings.Repeat("█", n) + strings.Repeat("·", width-n) + "]" + percent(at) + "  "
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s %s%s, %.0f a second", p.verb, bar, count(at.Messages, "message"), rate)
}

func percent(at engine.Progress) string {
	if at.Total <= 0 {
		return ""
	}
	return fmt.Sprintf(" %.0f %%", 100*min(1, float64(at.Bytes)/float64(at.Total)))
}

// done takes the bar away.
func (p *progress) done() {
	if p != nil && p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// rows is show for a copy of tables.
func (p *progress) rows(table string, n int) {
	if p == nil || time.Since(p.last) < time.Second {
		return
	}
	p.last = time.Now()
	start, end := "", "\n"
	if p.terminal {
		start, end = "\r\x1b[K", ""
	}
	fmt.Fprintf(p.w, "%s%s: table %s, %s%s", start, p.verb, table, count(n, "row"), end)
}
