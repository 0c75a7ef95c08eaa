package intake

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
)

// Options say how paths are read.
type Options struct {
	// Organisation is the reporting organisation of everything read, "" to take the folder of a scenario.
	Organisation string
	// Stdin is read for the path "-".
	Stdin io.Reader
	// Resume tells from which byte of a file to go on, 0 for the start; size or more skips the file. It may be nil.
	Resume func(path string, size int64, modified time.Time) (offset int64)
	// MaxMessage is the size in bytes up to which a message is read, 0 for 64 MiB. What is larger is cut, with a note.
	MaxMessage int64
}

const defaultMaxMessage = 64 << 20

// An Item is one message, or one file that was no mail.
type Item struct {
	Submission  coldwatch.Submission
	Path        string    // the file
	Offset, End int64     // bytes of the file that the message takes up
	Size        int64     // of the file
	Modified    time.Time // of the file
	Skipped     string    // why there is no Submission, "" if there is one
	Note        string    // what is odd about the message as it was found: cut, truncated
}

// A Source gives messages one after another.
type Source interface {
	// Next returns the next item, io.EOF at the end. A UserError concerns one path; the next call goes on behind it.
	Next(ctx context.Context) (Item, error)
	// Total returns how many bytes there are in all, 0 when that is not known.
	Total() int64
	Close() error
}

// Open looks at the paths and returns their mail in the order of the paths, and within a folder in the order of names.
// It fails with a UserError if a path does not exist, cannot be read, or holds no mail.
func Open(ctx context.Context, paths []string, o Options) (Source, error) {
	if o.MaxMessage <= 0 {
		o.MaxMessage = defaultMaxMessage
	}
	s := &sequence{options: o}
	for _, path := range paths {
		if path == "-" {
			if o.Stdin == nil {
				return nil, &UserError{"-", ErrUnreadable, "there is no standard input"}
			}
			s.files = append(s.files, file{path: "-", named: true})
			s.unknown = true
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, pathError(path, err)
		}
		if !info.IsDir() {
			if err := check(path, info.Size()); err != nil {
				return nil, err
			}
			s.add(file{path: path, named: true, size: info.Size(), modified: info.ModTime(), organisation: o.Organisation})
			continue
		}
		before := len(s.files)
		if err := s.walk(ctx, path); err != nil {
			return nil, err
		}
		if len(s.files) == before {
			return nil, &UserError{path, ErrNoMail, "give a folder with .eml files, a Maildir, or an mbox file"}
		}
		if err := s.anyMail(path, s.files[before:]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A file is one file to be read.
type file struct {
	path         string
	organisation string
	named        bool // given by the user, so trouble with it is an error
	size         int64
	modified     time.Time
}

// A sequence reads files one after another.
type sequence struct {
	options Options
	files   []file
	next    int
	current opened
	head    []byte // buffer for the first bytes of a file
	total   int64
	unknown bool
}

func (s *sequence) add(f file) {
	s.files = append(s.files, f)
	s.total += f.size
}

// walk adds the files below a folder in the order of their names. A scenario gives its mail only, so that nothing that
// tells the truth about it is read.
func (s *sequence) walk(ctx context.Context, root string) error {
	mail := root
	scenario := isScenario(root)
	if scenario {
		mail = filepath.Join(root, "mail")
	} else if filepath.Base(root) == "mail" && isScenario(filepath.Dir(filepath.Clean(root))) {
		scenario = true
	}
	return filepath.WalkDir(mail, func(path string, d os.DirEntry, err error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			if path == mail {
				return pathError(path, err)
			}
			s.add(file{path: path}) // reading it says why not
			if d != nil && d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		name := d.Name()
		if d.IsDir() {
			if path != mail && (hidden(name) && !isMaildir(path) || name == "tmp" && isMaildir(filepath.Dir(path))) {
				return filepath.SkipDir
			}
			if path != mail && isScenario(path) { // a folder of scenarios
				if err := s.walk(ctx, path); err != nil {
					return err
				}
				return filepath.SkipDir
			}
			return nil
		}
		if hidden(name) || !d.Type().IsRegular() && d.Type()&os.ModeSymlink == 0 {
			return nil
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil // a dangling link, or one to a folder, which could lead round in a circle
		}
		f := file{path: path, size: info.Size(), modified: info.ModTime(), organisation: s.options.Organisation}
		if scenario && f.organisation == "" {
			if rel, err := filepath.Rel(mail, path); err == nil {
				if i := strings.IndexRune(rel, filepath.Separator); i > 0 {
					f.organisation = rel[:i]
				}
			}
		}
		s.add(f)
		return nil
	})
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

func isScenario(dir string) bool {
	if info, err := os.Stat(filepath.Join(dir, "scenario.json")); err != nil || info.IsDir() {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, "mail"))
	return err == nil && info.IsDir()
}

func isMaildir(dir string) bool {
	for _, sub := range [...]string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err == nil && info.IsDir() {
			return true
		}
	}
	return false
}

// anyMail fails if none of the files is mail.
func (s *sequence) anyMail(root string, files []file) error {
	for _, f := range files {
		if check(f.path, f.size) == nil {
			return nil
		}
	}
	return &UserError{root, ErrNoMail, "give a folder with .eml files, a Maildir, or an mbox file"}
}

// Total returns the bytes of all files, 0 when standard input is among them.
func (s *sequence) Total() int64 {
	if s.unknown {
		return 0
	}
	return s.total
}

// Next returns the next item.
func (s *sequence) Next(ctx context.Context) (Item, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Item{}, err
		}
		if s.current == nil {
			if s.next >= len(s.files) {
				return Item{}, io.EOF
			}
			f := s.files[s.next]
			s.next++
			r, skipped, err := s.open(f)
			if err != nil {
				if f.named {
					return Item{}, err
				}
				return Item{Path: f.path, Size: f.size, End: f.size, Modified: f.modified, Skipped: reason(err)}, nil
			}
			if skipped != "" {
				return Item{Path: f.path, Size: f.size, End: f.size, Modified: f.modified, Skipped: skipped}, nil
			}
			if r == nil {
				continue // read to its end in an earlier run
			}
			s.current = r
		}
		item, err := s.current.next(ctx)
		if err == io.EOF {
			s.current.close()
			s.current = nil
			continue
		}
		if err != nil {
			s.current.close()
			s.current = nil
		}
		return item, err
	}
}

// Close ends reading.
func (s *sequence) Close() error {
	if s.current == nil {
		return nil
	}
	err := s.current.close()
	s.current = nil
	return err
}

func reason(err error) string {
	if e, ok := err.(*UserError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
