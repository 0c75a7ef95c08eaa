package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// A folder takes a folder of its own for each warning: text, JSON and what goes with it.
type folder struct{ dir string }

func openFolder(dir string) (Channel, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("deliver: %w", err)
	}
	return folder{abs}, nil
}

func (f folder) Name(coldwatch.Warning) (string, error) { return "folder " + f.dir, nil }

// Send writes into a temporary folder beside the last place, then renames it: a reader never sees half of a warning.
func (f folder) Send(_ context.Context, i Item) error {
	name := fileName(i.Warning.ID)
	if name == "" {
		return fmt.Errorf("deliver: the warning has no id: %w", ErrRefused)
	}
	to := filepath.Join(f.dir, name)
	if _, err := os.Lstat(to); err == nil {
		return nil // it is there: a run before this one ended between the renaming and the database
	}
	raw, err := json.MarshalIndent(i.Warning, "", "  ")
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	files := map[string][]byte{}
	if i.Files != nil {
		more, err := i.Files()
		if err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
		maps.Copy(files, more)
	}
	files["warning.txt"], files["warning.json"] = []byte(Text(i.Warning)), append(raw, '\n')
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	tmp, err := os.MkdirTemp(f.dir, ".warning-*")
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	defer os.RemoveAll(tmp)
	root, err := os.OpenRoot(tmp) // no path of a file leads out of it
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	defer root.Close()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		p := filepath.FromSlash(path)
		if err := root.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
		if err := root.WriteFile(p, files[path], 0o600); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	if err := os.Rename(tmp, to); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

// fileName keeps of an id what may stand in a file name everywhere.
func fileName(id string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, id), "-")
}

// Text is the warning as plain text: the marking, then the longer text, which holds the short one.
func Text(w coldwatch.Warning) string {
	var b bytes.Buffer
	mark := w.Marking.TLP
	if w.Marking.Group != "" {
		mark += ", for the sharing group " + w.Marking.Group + " only"
	}
	fmt.Fprintf(&b, "%s\n\n%s\n", mark, strings.Join(strings.Fields(w.Subject), " "))
	body := w.Full
	if !strings.Contains(body, strings.TrimSpace(w.Text)) {
		body = w.Text + "\n" + w.Full
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n", strings.TrimSpace(strings.ReplaceAll(body, "\r", "")), mark)
	return b.String()
}
