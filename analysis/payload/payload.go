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
	"github.com/coldwatch/coldwatch/message"
)

// Limits bound the work for one message. Past a limit, opening stops there, what was found is kept, and a finding with
// the limit's name says so. A zero field takes its default. The tags are for whoever sets a limit, and for the table of
// limits in the documentation.
type Limits struct {
	FileBytes  int64         `limit:"archive_file" help:"bytes of one file out of an archive or document"`
	TotalBytes int64         `limit:"archive_total" help:"bytes of everything unpacked for a message"`
	Entries    int           `limit:"archive_entries" help:"entries of all archives of a message"`
	Depth      int           `limit:"archive_depth" help:"archives within archives"`
	Time       time.Duration `limit:"archive_time" help:"time for unpacking a message's archives"`
	Layers     int           `limit:"layers" help:"pages unwrapped from pages, one in the other"`
	Payloads   int           `limit:"payloads" help:"payloads of a message"`
	HTMLBytes  int           `limit:"html" help:"bytes of one page that are read"`
	Steps      int           `limit:"script_steps" help:"steps of script evaluation for a message"`
	Sandbox    time.Duration `limit:"sandbox_time" help:"time that the sandbox gets for all scripts of a message" finding:"payload.script_opaque"`
	Pixels     int           `limit:"image_pixels" help:"pixels of an image that is decoded"`
	Images     int           `limit:"images" help:"images of a message searched for codes"`

	Mail message.Limits // of mail inside archives and documents
}

// Default returns the limits that hold when nobody sets others.
func Default() Limits {
	return Limits{FileBytes: 32 << 20, TotalBytes: 128 << 20, Entries: 2000, Depth: 5, Time: 2 * time.Second, Layers: 12, Payloads: 300,
		HTMLBytes: 4 << 20, Steps: 6_000_000, Sandbox: time.Second, Pixels: 40_000_000, Images: 12, Mail: message.Default()}
}

func (l Limits) filled() Limits {
	d := Default()
	l.FileBytes, l.TotalBytes = or(l.FileBytes, d.FileBytes), or(l.TotalBytes, d.TotalBytes)
	l.Time, l.Sandbox = or(l.Time, d.Time), or(l.Sandbox, d.Sandbox)
	for _, f := range []struct{ have, def *int }{
		{&l.Entries, &d.Entries}, {&l.Depth, &d.Depth}, {&l.Layers, &d.Layers}, {&l.Payloads, &d.Payloads}, {&l.HTMLBytes, &d.HTMLBytes},
		{&l.Steps, &d.Steps}, {&l.Pixels, &d.Pixels}, {&l.Images, &d.Images},
	} {
		*f.have = or(*f.have, *f.def)
	}
	return l
}

func or[T ~int | ~int64](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
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
