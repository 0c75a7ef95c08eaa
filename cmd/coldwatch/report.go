package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/audience"
	"github.com/coldwatch/coldwatch/publish/html"
	"github.com/coldwatch/coldwatch/publish/misp"
	"github.com/coldwatch/coldwatch/store"
)

// Formats that are made of others.
const (
	formatPDF  = "pdf"       // the HTML page, printed by a browser
	formatFeed = "misp-feed" // a folder
)

type reportCmd struct {
	ID       string `arg:"" help:"Campaign id, or its beginning."`
	Format   string `help:"One of: ${formats}." default:"html"`
	Output   string `short:"o" help:"File to write, standard output otherwise; for a pack or a feed a folder, or a .zip." placeholder:"FILE"`
	TLP      string `help:"Marking (TLP 2.0) of the report; below TLP:AMBER it names nobody who was hit." enum:"TLP:CLEAR,TLP:GREEN,TLP:AMBER,TLP:AMBER+STRICT,TLP:RED" default:"TLP:AMBER"`
	PackFor  string `help:"Write the pack of one reader of a warning instead: the alert in eight languages, the report, lists, rules, its own messages." placeholder:"ORG" xor:"what"`
	For      string `help:"Check the report against this reader first, and write nothing that gives away what is not for it." placeholder:"ORG" xor:"what"`
	Override string `help:"With --for: write it all the same, for this reason; the name and the reason are logged." placeholder:"REASON"`
	Author   string `help:"Who overrides; must be given with --override." placeholder:"NAME"`
}

func (reportCmd) Help() string {
	return "The report is for whoever holds the database: under TLP:AMBER and stricter it names the organisations that were hit. What goes to others " +
		"is a pack (--pack-for), in which the reader sees itself alone, or a report after the audience check (--for). pdf needs chromium or google-chrome."
}

func (c reportCmd) Run(ctx context.Context, g *Globals) error {
	_, known := publish.Lookup(c.Format)
	switch {
	case !known && c.Format != formatPDF && c.Format != formatFeed:
		return &userError{err: fmt.Errorf("there is no format %q", c.Format), hint: "formats: " + formatNames(), code: 2}
	case c.Override != "" && (c.For == "" || strings.TrimSpace(c.Author) == ""):
		return &userError{err: errors.New("an override needs --for and --author"), hint: "coldwatch report --help", code: 2}
	case (c.PackFor != "" || c.Format == formatFeed) && (c.Output == "" || c.Output == "-"):
		return &userError{err: errors.New("this is more than one file"), hint: "name a new folder or a .zip with -o", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	p, err := findCampaign(ctx, e, c.ID)
	if err != nil {
		return err
	}
	if c.PackFor != "" {
		return c.pack(ctx, g, e, p.Campaign)
	}
	r, err := e.Released(ctx, p.Campaign)
	if err != nil {
		return err
	}
	r.Marking.TLP = c.TLP
	files, err := c.files(ctx, e, r)
	if err != nil {
		return err
	}
	if c.For != "" {
		if err := c.check(ctx, g, e, r, files); err != nil {
			return err
		}
	}
	if c.Format == formatFeed {
		err = writeFolder(c.Output, files)
	} else if c.Output == "" || c.Output == "-" {
		_, err = g.stdout.Write(files[c.Format])
		return err
	} else {
		err = writeFile(c.Output, func(w io.Writer) error { _, err := w.Write(files[c.Format]); return err })
	}
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]string{"file": c.Output, "format": c.Format, "campaign": p.Campaign})
	}
	g.note("written: %s", c.Output)
	return nil
}

// files writes the report in its format: one file under the format's name, a feed under the names that it wants.
func (c reportCmd) files(ctx context.Context, e *engine.Engine, r coldwatch.Report) (map[string][]byte, error) {
	if c.Format == formatFeed {
		return misp.Feed([]misp.Event{misp.Build(r, e.Pack)})
	}
	name := c.Format
	if name == formatPDF {
		name = "html"
	}
	f, _ := publish.Lookup(name)
	var b bytes.Buffer
	if err := f.Write(&b, r, e.Pack); err != nil {
		return nil, err
	}
	if c.Format != formatPDF {
		return map[string][]byte{c.Format: b.Bytes()}, nil
	}
	browser, err := html.Browser()
	if err != nil {
		return nil, hinted("install chromium, or write --format html and print that", "%w", err)
	}
	pdf, err := html.PDF(ctx, browser, b.Bytes(), r.Made)
	return map[string][]byte{formatPDF: pdf}, err
}

// check holds the report against its reader. A PDF is checked as the page that it is printed from.
func (c reportCmd) check(ctx context.Context, g *Globals, e *engine.Engine, r coldwatch.Report, files map[string][]byte) error {
	reader := audience.Reader{ID: c.For, TLP: r.Marking.TLP}
	if c.For != "constituency" {
		o := e.Pack.Organisation(c.For)
		if o == nil {
			return hinted("an organisation's id in the pack, or constituency", "no organisation of the pack is %q", safe(c.For))
		}
		if o.TLPMax != "" {
			reader.TLP = o.TLPMax
		}
	}
	if c.Format == formatPDF {
		var b bytes.Buffer
		if err := (html.Format{}).Write(&b, r, e.Pack); err != nil {
			return err
		}
		files = map[string][]byte{formatPDF: b.Bytes()}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := audience.Content{Name: name, Bytes: files[name], Marking: r.Marking, Report: r, List: c.Format == formatFeed}
		if f, ok := publish.Lookup(c.Format); ok {
			content.List = publish.List(publish.Path(f))
		}
		d := audience.Decide(content, reader, e.Pack, audience.Override{Name: c.Author, Reason: c.Override}, time.Now())
		if !d.Released {
			var b strings.Builder
			for i, l := range d.Leaks {
				if i == 5 {
					fmt.Fprintf(&b, "; and %d more", len(d.Leaks)-5)
					break
				}
				fmt.Fprintf(&b, "; %s: %s (%s)", l.Kind, l.Quote, l.Reason)
			}
			return hinted("a freer --tlp names nobody; --pack-for shows a reader itself alone; --override REASON --author NAME writes it all the same",
				"not for %s: %s", safe(c.For), safe(strings.TrimPrefix(b.String(), "; ")))
		}
		if d.Override == nil {
			continue
		}
		detail, err := json.Marshal(d)
		if err != nil {
			return err
		}
		word := coldwatch.Word{At: d.At, Author: c.Author, Kind: engine.WordOverride, Campaign: r.Profile.Campaign, Reason: c.Override, Detail: detail}
		word.ID = engine.WordID(word)
		if err := e.Store.PutWord(ctx, word); err != nil {
			return err
		}
		g.note("%s overridden and logged as %s", count(len(d.Leaks), "leak"), word.ID)
	}
	return nil
}

// pack writes the pack of one reader.
func (c reportCmd) pack(ctx context.Context, g *Globals, e *engine.Engine, campaign string) error {
	w, files, withheld, err := e.PackFor(ctx, campaign, c.PackFor)
	if errors.Is(err, store.ErrNotFound) {
		return hinted("coldwatch warnings lists who is told about which campaign; --pack-for takes the id of an organisation", "%w", err)
	}
	if err != nil {
		return err
	}
	if browser, err := html.Browser(); err == nil {
		for _, name := range []string{"alert", "report"} {
			page, ok := files[name+".html"]
			if !ok {
				continue
			}
			if files[name+".pdf"], err = html.PDF(ctx, browser, page, w.Reported); err != nil {
				return err
			}
		}
	}
	if err := writeFolder(c.Output, files); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(map[string]any{"folder": c.Output, "warning": w.ID, "campaign": campaign, "reader": w.Reader, "files": slices.Sorted(maps.Keys(files)), "withheld": orEmpty(withheld)})
	}
	g.print("%s for %s in %s", count(len(files), "file"), safe(orWord(w.Name, w.Reader)), c.Output)
	for _, h := range withheld {
		g.print("left out by the audience check: %s: %s: %s", safe(h.File), safe(h.Quote), safe(h.Reason))
	}
	if w.Held != "" {
		g.note("the warning is held: %s", w.Held)
	}
	return nil
}

// writeFolder writes files under a folder that must be new or empty, or into a .zip.
func writeFolder(path string, files map[string][]byte) error {
	names := slices.Sorted(maps.Keys(files))
	if strings.HasSuffix(path, ".zip") {
		return writeFile(path, func(w io.Writer) error {
			z := zip.NewWriter(w)
			for _, name := range names {
				f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}) // no time: equal files give equal bytes
				if err == nil {
					_, err = f.Write(files[name])
				}
				if err != nil {
					return err
				}
			}
			return z.Close()
		})
	}
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return hinted("name a new folder with -o", "%s holds files already", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return hinted("name a folder that can be made with -o", "%w", err)
	}
	root, err := os.OpenRoot(path) // no name leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range names {
		n := filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(n), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(n, files[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// formatNames lists the report formats.
func formatNames() string {
	var names []string
	for _, f := range publish.Formats() {
		names = append(names, f.Name())
		if f.Name() == "html" {
			names = append(names, formatPDF)
		}
		if f.Name() == "misp" {
			names = append(names, formatFeed)
		}
	}
	return strings.Join(names, ", ")
}
