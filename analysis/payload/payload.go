// Package payload opens what a message carries and says what a victim would meet there: the pages, the forms and where
// they would send what is typed, the archives and documents and what is inside them, the codes in the pictures.
//
// Opening is a walk over a tree with a budget. Every leaf part of every reading of the message (RFC 2045) is looked at
// by its content, not by its declared type; what is inside becomes a payload of its own, named after the one that held
// it: "2" for part 2, "2/a.html" for a file in an archive, "2#1" for a layer that was unwrapped. Sub-packages know the
// formats and nothing of mail: html (HTML Living Standard), script (ECMA-262, evaluated, never run), archive (ZIP
// APPNOTE, RAR, 7z, tar, ISO 9660), pdf (ISO 32000), office (ECMA-376, [MS-CFB], [MS-OVBA], RTF 1.9.1), picture
// (ISO/IEC 18004 codes), fuzzy (TLSH).
//
// Nothing is fetched, nothing is run and nothing touches the disk. Past a limit the opening stops there, the payload
// keeps what was found and names the limit, and the walk goes on with the next.
package payload

import (
	"context"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Limits bound the work for one message. A zero field takes its default.
type Limits struct {
	FileBytes  int64         // one file out of an archive or document; default 32 MiB
	TotalBytes int64         // everything unpacked for a message; default 128 MiB
	Entries    int           // entries of all archives of a message; default 2000
	Depth      int           // archives in archives; default 5
	Layers     int           // pages unwrapped from pages, one in the other; default 12
	Payloads   int           // payloads of a message; default 300
	Time       time.Duration // unpacking of a message by Analyzer.Clock; default 2 s
	HTMLBytes  int           // of a page that are read; default 4 MiB
	Steps      int           // of script evaluation for a message; default 6 million
	Pixels     int           // of an image that is decoded; default 40 million
	Images     int           // images of a message searched for codes; default 12
	Sandbox    time.Duration // of the clock for all scripts of a message that the sandbox gets, three at most; default 1 s
}

func (l Limits) filled() Limits {
	or := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.FileBytes <= 0 {
		l.FileBytes = 32 << 20
	}
	if l.TotalBytes <= 0 {
		l.TotalBytes = 128 << 20
	}
	if l.Time <= 0 {
		l.Time = 2 * time.Second
	}
	if l.Sandbox <= 0 {
		l.Sandbox = time.Second
	}
	or(&l.Entries, 2000)
	or(&l.Depth, 5)
	or(&l.Layers, 12)
	or(&l.Payloads, 300)
	or(&l.HTMLBytes, 4<<20)
	or(&l.Steps, 6_000_000)
	or(&l.Pixels, 40_000_000)
	or(&l.Images, 12)
	return l
}

// A Sandbox evaluates a script that the static evaluation could not decide, outside of this process: it returns the
// pages that the script wrote and the addresses that it would have called. Package sandbox has the child's side.
type Sandbox func(ctx context.Context, script []byte) (writes, urls []string, err error)

// An Analyzer opens payloads. It holds no state of a message: any number of goroutines may share one.
type Analyzer struct {
	limits Limits

	// Sandbox takes scripts of opened pages that the static evaluation left undecided; nil leaves them so.
	Sandbox Sandbox
	// Clock is asked for the time while archives are unpacked, so that Limits.Time holds; New sets time.Now.
	Clock func() time.Time
}

// New returns an analyser with these limits.
func New(l Limits) *Analyzer { return &Analyzer{limits: l.filled(), Clock: time.Now} }

// Name is the analyser's name and version.
func (*Analyzer) Name() string { return name }

const name = "payload/1"

// Analyze opens every part of a.Message into a.Payloads and adds the findings that belong to opening.
func (z *Analyzer) Analyze(a *coldwatch.Analysis) {
	if a.Message == nil {
		return
	}
	o := newOpener(z, a)
	for i := range a.Message.Parts {
		p := &a.Message.Parts[i]
		if p.Leaf() {
			o.part(p)
		}
	}
	o.secondLook()
	for _, p := range o.list {
		a.Payloads = append(a.Payloads, *p)
	}
	o.conclude()
}
