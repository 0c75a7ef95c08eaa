// Package folder takes mail in from a folder that others put messages into, one file each (RFC 5322, or Outlook's .msg), a Maildir
// included.
//
// A file is read when it is finished: its size and time stood still over one look, or it came by a rename (Maildir's tmp is never
// looked into, nor files that begin with a dot). After the commit it is moved into a folder "done" beside it, or deleted where
// that is asked; a file that is empty or too large is moved to "failed", with the reason in the log. Symbolic links and what is no
// regular file are not followed: who may write into the folder must not make us read others' files.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake"
)

// Config says what is watched.
type Config struct {
	Folder       string
	Organisation string // reporting organisation; "": by the recipient
	Delete       bool   // files that were taken in, rather than keep them in done
	Every        time.Duration
	Take         intake.Take
}

// What a look takes together.
const (
	mostFiles = 500
	mostBytes = 32 << 20
)

// The folders beside the mail.
const (
	done   = "done"
	failed = "failed"
)

type state struct {
	size     int64
	modified time.Time
}

// A watcher remembers how files looked the last time.
type watcher struct {
	Config
	seen map[string]state
}

// Run watches until ctx ends.
func Run(ctx context.Context, c Config) error {
	if c.Every <= 0 {
		c.Every = time.Second
	}
	w := &watcher{Config: c, seen: map[string]state{}}
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("the watched folder was not read to its end; trying again", "folder", c.Folder, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Check tells what keeps a folder from being watched.
func Check(c Config) error {
	info, err := os.Stat(c.Folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", c.Folder)
	}
	f, err := os.CreateTemp(c.Folder, ".coldwatch-")
	if err != nil {
		return fmt.Errorf("files cannot be moved away after they were read: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// look takes in what is finished.
func (w *watcher) look(ctx context.Context) error {
	there := map[string]state{}
	var batch []coldwatch.Submission
	var files []string
	size := 0
	var trouble error // of a file that was left where it is
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := w.Take(ctx, batch); err != nil {
			return err
		}
		for _, f := range files {
			if err := w.away(f, done); err != nil {
				return err
			}
			delete(there, f)
		}
		batch, files, size = nil, nil, 0
		return nil
	}
	for _, sub := range []string{"", "new", "cur"} {
		dir := filepath.Join(w.Folder, sub)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) && sub != "" {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			path := filepath.Join(dir, e.Name())
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			now := state{info.Size(), info.ModTime()}
			there[path] = now
			if last, ok := w.seen[path]; sub == "" && (!ok || last != now) {
				continue // it may grow still; in a Maildir it is whole
			}
			raw, err := read(path, info)
			if err != nil {
				slog.Warn("a file in the watched folder was not read", "file", path, "error", err)
				if errors.Is(err, errUnfit) { // else it may go well at the next look
					err = w.away(path, failed)
				}
				if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
					trouble = err
				}
				continue
			}
			batch = append(batch, coldwatch.Submission{Raw: raw, Source: path, Organisation: w.Organisation})
			files = append(files, path)
			if size += len(raw); len(batch) >= mostFiles || size >= mostBytes {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	w.seen = there
	return errors.Join(flush(), trouble)
}

// errUnfit says that a file is none that will ever be read.
var errUnfit = errors.New("it is no message")

// read reads a file that is still the one that was looked at.
func read(path string, was fs.FileInfo) ([]byte, error) {
	if was.Size() == 0 {
		return nil, fmt.Errorf("%w: it is empty", errUnfit)
	}
	if was.Size() > intake.LargestMessage {
		return nil, fmt.Errorf("%w: it has more than %d MB", errUnfit, intake.LargestMessage>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !os.SameFile(info, was) {
		return nil, errors.New("another file came in its place")
	}
	raw := make([]byte, info.Size())
	n, err := f.ReadAt(raw, 0)
	if n < len(raw) {
		return nil, err
	}
	return raw, nil
}

// away moves a file out of the way; one of the same name there is not written over.
func (w *watcher) away(path, where string) error {
	if where == done && w.Delete {
		return os.Remove(path)
	}
	dir := filepath.Join(w.Folder, where)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	to := filepath.Join(dir, filepath.Base(path))
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(path, to)
		} else if err != nil {
			return err
		}
		to = filepath.Join(dir, fmt.Sprintf("%d-%s", n, filepath.Base(path)))
	}
}
