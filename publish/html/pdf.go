package html

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrNoBrowser means that no browser is there to print with.
var ErrNoBrowser = errors.New("no browser found to print a PDF with (chromium or google-chrome)")

// Browser returns the first browser in the path that can print, ErrNoBrowser if there is none.
func Browser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

var pdfDate = regexp.MustCompile(`\(D:\d{14}[^)]{0,8}\)`)

// PDF prints a page of Draw's with a browser that has no network; the policy of the page keeps scripts out. The dates in the file are those of the report (made),
// so that equal pages give equal bytes from the same browser.
func PDF(ctx context.Context, browser string, page []byte, made time.Time) ([]byte, error) {
	dir, err := os.MkdirTemp("", "coldwatch-pdf-")
	if err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(in, page, 0o600); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	args := []string{"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-extensions", "--proxy-server=127.0.0.1:9", "--no-pdf-header-footer",
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--print-to-pdf=" + out, "file://" + in}
	if os.Geteuid() == 0 { // a browser refuses its sandbox to root
		args = append([]string{"--no-sandbox"}, args...)
	}
	c := exec.CommandContext(ctx, browser, args...)
	if msg, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pdf: %s: %w: %s", browser, err, strings.TrimSpace(string(msg)))
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("pdf: %s printed nothing: %w", browser, err)
	}
	stamp := made.UTC().Format("20060102150405")
	return pdfDate.ReplaceAllFunc(raw, func(d []byte) []byte { // as long as before, for the file counts its bytes
		return append(append([]byte("(D:"), stamp...), d[3+14:]...)
	}), nil
}
