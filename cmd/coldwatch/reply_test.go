package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// Answers need a relay, a sender, and reporters that something vouches for; the command line says which is missing.
func TestReplyFlags(t *testing.T) {
	dir := nearby(t)
	way := "lmtp:" + filepath.Join(dir, "l")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no relay":           {[]string{"--intake", way + "?reporters=yes&reply=yes"}, "--reply-via smtp://HOST"},
		"no reporters":       {[]string{"--intake", way + "?reply=yes", "--reply-via", "smtp://127.0.0.1"}, "set reporters=yes"},
		"nobody is answered": {[]string{"--intake", way + "?reporters=yes", "--reply-via", "smtp://127.0.0.1"}, "put reply=yes"},
		"no sender":          {[]string{"--intake", way + "?reporters=yes&reply=yes", "--reply-via", "smtp://127.0.0.1"}, "--reply-from report@"},
		"no mail relay":      {[]string{"--intake", way + "?reporters=yes&reply=yes", "--reply-via", "https://x.example", "--reply-from", "a@b.example"}, "destinations are"},
		"a milter":           {[]string{"--intake", "milter://127.0.0.1:1?reporters=yes&reply=yes", "--reply-via", "smtp://127.0.0.1"}, "imap, lmtp or smtp"},
	} {
		var errs bytes.Buffer
		args := append([]string{"serve", "--listen", "127.0.0.1:0", "--db", filepath.Join(dir, "a.db")}, c.args...)
		if code := run(context.WithoutCancel(t.Context()), args, strings.NewReader(""), &errs, &errs); code == 0 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: %d %s", name, code, errs.String())
		}
	}
}
