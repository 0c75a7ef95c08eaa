package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const letter = "From: a@one.example\nTo: b@two.example\nSubject: %s\n\nBody of %s\n"

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// all reads everything that the paths hold.
func all(t *testing.T, o Options, paths ...string) []Item {
	t.Helper()
	s, err := Open(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out []Item
	for {
		item, err := s.Next(t.Context())
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item)
	}
}

func subjects(items []Item) string {
	var out []string
	for _, item := range items {
		if item.Skipped != "" {
			out = append(out, "-"+item.Skipped)
			continue
		}
		_, rest, _ := bytes.Cut(item.Submission.Raw, []byte("Subject: "))
		subject, _, _ := bytes.Cut(rest, []byte("\n"))
		out = append(out, strings.TrimSpace(string(subject)))
	}
	return strings.Join(out, ",")
}

func mail(subject string) string { return fmt.Sprintf(letter, subject, subject) }

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/b.eml", mail("b"))
	write(t, dir+"/a.eml", mail("a"))
	write(t, dir+"/sub/c", mail("c"))
	write(t, dir+"/sub/empty.eml", "")
	write(t, dir+"/sub/pic.png", "\x89PNG\r\n\x1a\n\x00\x00\x00")
	write(t, dir+"/sub/readme.txt", "This is only text.\n")
	write(t, dir+"/.hidden/x.eml", mail("hidden"))
	got := subjects(all(t, Options{}, dir))
	want := "a,b,c,-the file is empty,-a binary file, not mail,-not a mail message"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMaildir(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/cur/1.host:2,S", mail("seen"))
	write(t, dir+"/new/2.host", mail("new"))
	write(t, dir+"/tmp/3.host", mail("unfinished"))
	write(t, dir+"/.Junk/cur/4.host", mail("junk"))
	if got, want := subjects(all(t, Options{}, dir)), "junk,seen,new"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestScenario(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/scenario.json", "{}")
	write(t, dir+"/mail/org-a/1.eml", mail("one"))
	write(t, dir+"/mail/org-b/2.eml", mail("two"))
	write(t, dir+"/truth/3.eml", mail("truth"))
	items := all(t, Options{}, dir)
	if got := subjects(items); got != "one,two" {
		t.Errorf("got %s", got)
	}
	if a, b := items[0].Submission.Organisation, items[1].Submission.Organisation; a != "org-a" || b != "org-b" {
		t.Errorf("organisations %q, %q", a, b)
	}
	if items = all(t, Options{Organisation: "mine"}, dir); items[0].Submission.Organisation != "mine" {
		t.Error("the option does not go before the folder")
	}
}

func TestMbox(t *testing.T) {
	from := "From a@one.example Wed Nov 25 04:00:00 2020\n"
	for _, c := range []struct{ name, in, want string }{
		{"plain", from + mail("a") + "\n" + from + mail("b"), "a,b"},
		{"prose", from + mail("a") + "\nFrom what I know, no.\n\nFrom here to 2020 at 10:00 then\nnot a field\n\n" + from + mail("b"), "a,b"},
		{"crlf", strings.ReplaceAll(from+mail("a")+"\n"+from+mail("b"), "\n", "\r\n"), "a,b"},
		{"no-blank-at-end", from + mail("a") + "\n" + from + strings.TrimSuffix(mail("b"), "\n"), "a,b"},
		{"content-length", from + "Content-Length: " + fmt.Sprint(len(from)+len("\nSubject: x\n")) + "\nSubject: a\n\n\n" + from + "Subject: x\n\n" + from + mail("b"), "a,b"},
		{"wrong-content-length", from + "Content-Length: 4\nSubject: a\n\nlonger text\n\n" + from + mail("b"), "a,b"},
		{"blank-lines", "\n\n" + from + mail("a") + "\n\n\n" + from + mail("b"), "a,b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, t.TempDir()+"/box", c.in)
			items := all(t, Options{}, path)
			if got := subjects(items); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := subjects(all(t, Options{Stdin: strings.NewReader(c.in)}, "-")); c.name != "content-length" && got != c.want {
				t.Errorf("from standard input: got %s, want %s", got, c.want)
			}
			for i, item := range items { // going on at any message gives the rest
				o := Options{Resume: func(string, int64, time.Time) int64 { return item.End }}
				if rest := all(t, o, path); len(rest) != len(items)-i-1 {
					t.Errorf("resumed at %d: %d items", item.End, len(rest))
				}
			}
		})
	}
}

func TestMboxQuotes(t *testing.T) {
	from := "From a@one.example Wed Nov 25 04:00:00 2020\n"
	path := write(t, t.TempDir()+"/box", from+"Subject: a\n\n>From x\n>>From y\n> From z\n")
	raw := string(all(t, Options{}, path)[0].Submission.Raw)
	if want := "Subject: a\n\nFrom x\n>From y\n> From z\n"; raw != want {
		t.Errorf("got %q, want %q", raw, want)
	}
}

func TestMboxTruncated(t *testing.T) {
	from := "From a@one.example Wed Nov 25 04:00:00 2020\n"
	path := write(t, t.TempDir()+"/box", from+mail("a")+"\n"+from+"Subject: b\nContent-Type: multipart/mixed; boundary=\"q\"\n\n--q\n\ntex")
	items := all(t, Options{}, path)
	if len(items) != 2 || items[0].Note != "" || items[1].Note == "" || items[1].Skipped != "" {
		t.Errorf("%+v", items)
	}
}

func TestUserErrors(t *testing.T) {
	dir := t.TempDir()
	empty := t.TempDir()
	write(t, empty+"/note.txt", "only text\n")
	for _, c := range []struct {
		path string
		want error
	}{
		{dir + "/nothing", ErrNotFound},
		{empty, ErrNoMail},
		{t.TempDir(), ErrNoMail},
		{write(t, dir+"/zero.eml", ""), ErrEmpty},
		{write(t, dir+"/blank.eml", "\n\n  \n"), ErrEmpty},
		{write(t, dir+"/program", "\x7fELF\x02\x01\x00\x00"), ErrBinary},
		{write(t, dir+"/prose.txt", "Dear all,\n\nthis is no mail.\n"), ErrNotMail},
	} {
		_, err := Open(t.Context(), []string{c.path}, Options{})
		var user *UserError
		if !errors.As(err, &user) || !errors.Is(err, c.want) || user.Hint == "" {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}

func TestStdin(t *testing.T) {
	if got := subjects(all(t, Options{Stdin: strings.NewReader(mail("in"))}, "-")); got != "in" {
		t.Errorf("got %s", got)
	}
}

func TestCancel(t *testing.T) {
	path := write(t, t.TempDir()+"/a.eml", mail("a"))
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Open(ctx, []string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	path := write(t, t.TempDir()+"/a.eml", mail("a")+strings.Repeat("x", 5000))
	item := all(t, Options{MaxMessage: 1000}, path)[0]
	if len(item.Submission.Raw) != 1000 || item.Note == "" {
		t.Errorf("%d bytes, note %q", len(item.Submission.Raw), item.Note)
	}
}

// TestMboxMemory reads a long stream and holds that memory does not grow with it.
func TestMboxMemory(t *testing.T) {
	one := []byte("From a@one.example Wed Nov 25 04:00:00 2020\n" + mail("a") + strings.Repeat("line of text\n", 200) + "\n")
	in := &repeat{b: one, left: 20000}
	s, err := Open(t.Context(), []string{"-"}, Options{Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		_, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 20000 {
		t.Errorf("%d messages", n)
	}
}

type repeat struct {
	b    []byte
	off  int
	left int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[r.off:])
	if r.off += n; r.off == len(r.b) {
		r.off, r.left = 0, r.left-1
	}
	return n, nil
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte("From a@one.example Wed Nov 25 04:00:00 2020\nSubject: a\n\n>From x\n\nFrom b 10:00 2020\nSubject: b\n"))
	f.Add([]byte("Subject: a\n\nFrom - \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMbox(bytes.NewReader(b), nil, file{path: "x", size: int64(len(b))}, 0, Options{MaxMessage: 1 << 20})
		last := int64(0)
		for {
			item, err := m.next(t.Context())
			if err == io.EOF {
				return
			}
			if err != nil || item.Offset != last || item.End <= item.Offset || item.End > int64(len(b)) {
				t.Fatalf("%v %+v", err, item)
			}
			last = item.End
		}
	})
}
