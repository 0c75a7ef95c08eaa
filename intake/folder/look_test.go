package folder

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldwatch/coldwatch"
)

// A file that grows is not read before it stood still from one look to the next.
func TestGrowing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.eml")
	var got []string
	w := &watcher{seen: map[string]state{}, Config: Config{Folder: filepath.Dir(path), Take: func(_ context.Context, subs []coldwatch.Submission) error {
		got = append(got, string(subs[0].Raw))
		return nil
	}}}
	content := ""
	for range 5 {
		content += "Subject: part\r\n"
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 0 {
		t.Fatalf("read while it grew: %q", got)
	}
	if err := w.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != content {
		t.Errorf("read %q, want %q", got, content)
	}
}
