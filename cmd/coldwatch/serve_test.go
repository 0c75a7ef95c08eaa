package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldwatch/coldwatch/measure/scenario"
)

// command runs a command to its end and gives what it printed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("coldwatch %v: %d\n%s", args, code, errs.String())
	}
	return out.String()
}

// serve starts a server and gives its address; it ends with the test, and fails it if it ends badly.
func serve(t *testing.T, args ...string) (url string) {
	t.Helper()
	return serveIn(t, context.WithoutCancel(t.Context()), args...)
}

func serveIn(t *testing.T, ctx context.Context, args ...string) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), strings.NewReader(""), io.Discard, w)
		w.Close()
	}()
	lines := bufio.NewReader(r)
	for !strings.HasPrefix(url, "http") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		url = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // ends with the pipe
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d", code)
		}
	})
	return url
}

// TestServe: two nodes. One finds campaigns and serves them; the other polls, finds them in its own mail, watches for more, and
// pushes what it publishes to the first.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	ours, theirs, mail := filepath.Join(dir, "ours.db"), filepath.Join(dir, "theirs.db"), filepath.Join(dir, "mail")
	if err := scenario.Generate(mail, scenario.Options{Family: "replay2020", Seed: 7, Messages: 260}); err != nil {
		t.Fatal(err)
	}
	command(t, "scan", mail, "--db", ours)
	command(t, "scan", mail, "--db", theirs)
	t.Setenv("COLDWATCH_TOKEN", strings.TrimSpace(command(t, "token", "create", "isac", "--scope", "taxii:read", "--scope", "taxii:write", "--db", ours)))
	command(t, "taxii", "publish", "--db", ours)
	url := serve(t, "--db", ours) + "taxii2/"

	var errs bytes.Buffer
	if code := run(t.Context(), []string{"taxii", "poll", url, "--db", theirs}, strings.NewReader(""), io.Discard, &errs); code == 0 || !strings.Contains(errs.String(), "hint: --collection TITLE") {
		t.Errorf("two collections to read: %d %s", code, errs.String())
	}
	var got polled
	if err := json.Unmarshal([]byte(command(t, "taxii", "poll", url, "--collection", "campaigns", "--watch", "isac", "--db", theirs, "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Objects == 0 || len(got.Problems) > 0 || got.Hunt == nil || len(got.Hunt.Messages) == 0 {
		t.Errorf("polled %d objects, %v, hunt %+v", got.Objects, got.Problems, got.Hunt)
	}
	if out := command(t, "hunt", "--list", "--db", theirs); !strings.HasPrefix(out, "isac") {
		t.Errorf("watches: %s", out)
	}
	if out := command(t, "taxii", "poll", url, "--collection", "campaigns", "--db", theirs); !strings.HasPrefix(out, "0 new objects") {
		t.Errorf("polled again: %s", out)
	}
	first := command(t, "taxii", "push", url, "--db", theirs)
	if !strings.Contains(first, ", 0 pending, 0 refused") || strings.HasPrefix(first, "0 objects") {
		t.Errorf("push: %s", first)
	}
	if again := command(t, "taxii", "push", url, "--db", theirs); !strings.HasPrefix(again, "0 objects") {
		t.Errorf("pushed again: %s", again)
	}
	if out := command(t, "taxii", "publish", "--db", ours); !strings.Contains(out, "0 new versions, 0 revocations") {
		t.Errorf("publish after serve did: %s", out)
	}
}
