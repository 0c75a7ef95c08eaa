package folder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/intake/folder"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// until waits until something holds; the test's own deadline ends it otherwise.
func until(t *testing.T, f func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never came")
		}
	}
}

func TestFolder(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.eml")
	write(t, outside, "Subject: secret\r\n\r\n")
	write(t, filepath.Join(dir, "a.eml"), "Subject: a\r\n\r\n")
	write(t, filepath.Join(dir, "new", "1.host"), "Subject: maildir\r\n\r\n")
	write(t, filepath.Join(dir, "tmp", "2.host"), "Subject: half\r\n")
	write(t, filepath.Join(dir, ".part"), "Subject: hidden\r\n")
	write(t, filepath.Join(dir, "empty.eml"), "")
	write(t, filepath.Join(dir, "done", "a.eml"), "an older one")
	if err := os.Symlink(outside, filepath.Join(dir, "link.eml")); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	refuse := errors.New("disk full")
	refused := 0
	take := func(_ context.Context, subs []coldwatch.Submission) error {
		mu.Lock()
		defer mu.Unlock()
		if refuse != nil {
			refused++
			return refuse
		}
		for _, s := range subs {
			if s.Organisation != "org" {
				t.Errorf("taken in: %+v", s)
			}
			got = append(got, string(s.Raw))
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- folder.Run(ctx, folder.Config{Folder: dir, Organisation: "org", Every: time.Millisecond, Take: take})
	}()
	until(t, func() bool { mu.Lock(); defer mu.Unlock(); return refused > 2 })
	if !there(filepath.Join(dir, "a.eml")) || !there(filepath.Join(dir, "new", "1.host")) {
		t.Error("a file went away that was not taken in")
	}
	mu.Lock()
	refuse = nil
	mu.Unlock()
	until(t, func() bool { return !there(filepath.Join(dir, "a.eml")) && !there(filepath.Join(dir, "new", "1.host")) })
	write(t, filepath.Join(dir, ".later"), "Subject: later\r\n\r\n")
	if err := os.Rename(filepath.Join(dir, ".later"), filepath.Join(dir, "later.eml")); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return there(filepath.Join(dir, "done", "later.eml")) })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	slices.Sort(got)
	if want := []string{"Subject: a\r\n\r\n", "Subject: later\r\n\r\n", "Subject: maildir\r\n\r\n"}; !slices.Equal(got, want) {
		t.Errorf("taken in %q, want %q", got, want)
	}
	for path, want := range map[string]bool{"done/2-a.eml": true, "done/1.host": true, "failed/empty.eml": true, "link.eml": true, ".part": true, "tmp/2.host": true, "empty.eml": false} {
		if there(filepath.Join(dir, path)) != want {
			t.Errorf("%s: there %v, want %v", path, !want, want)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := folder.Check(folder.Config{Folder: t.TempDir()}); err != nil {
		t.Error(err)
	}
	if err := folder.Check(folder.Config{Folder: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	if err := folder.Check(folder.Config{Folder: file}); err == nil {
		t.Error("a file passes for a folder")
	}
}
