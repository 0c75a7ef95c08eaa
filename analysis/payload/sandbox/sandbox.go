// Package sandbox evaluates a hostile page's script in a JavaScript interpreter, in a process of its own.
//
// It is the last resort, for scripts that the static evaluation of package script could not decide. The interpreter
// (QuickJS, ECMA-262 2023) has no host objects at all: no files, no network, no timers. What a page expects of a browser
// is a stub in JavaScript that remembers what is written into the document and which addresses are used. The process
// that runs it is the same binary started again: it lowers its own limits (processor time, memory, no file may grow, no
// core) before it reads a byte of script, gets a deadline from outside, and speaks one JSON object over its pipes.
package sandbox

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"modernc.org/quickjs"
)

//go:embed browser.js
var browser string

const (
	maxScript = 4 << 20
	maxOutput = 16 << 20
	memory    = 64 << 20
	stack     = 1 << 20
	patience  = 600 * time.Millisecond
)

// An Outcome is what the child says.
type Outcome struct {
	Writes []string `json:"writes"`          // what was written into the page, in order
	URLs   []string `json:"urls"`            // "kind address"
	Error  string   `json:"error,omitempty"` // what ended the script, "" if it ran to its end
}

// Main is the child's side: it reads a script from stdin to its end, evaluates it and writes an Outcome to stdout. It
// returns the process's exit code.
func Main(stdin io.Reader, stdout io.Writer) int {
	if err := lower(); err != nil {
		return 3
	}
	src, err := io.ReadAll(io.LimitReader(stdin, maxScript))
	if err != nil {
		return 2
	}
	out, err := Evaluate(string(src))
	if err != nil {
		return 1
	}
	if json.NewEncoder(stdout).Encode(out) != nil {
		return 2
	}
	return 0
}

// Evaluate evaluates a script in this process, with limits on memory, stack and time but no protection against a fault
// of the interpreter: only the child calls it, and tests.
func Evaluate(src string) (*Outcome, error) {
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer vm.Close()
	vm.SetMemoryLimit(memory)
	vm.SetMaxStackSize(stack)
	if err := vm.SetEvalTimeout(patience); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if _, err := vm.Eval(browser, quickjs.EvalGlobal); err != nil {
		return nil, fmt.Errorf("sandbox: stub: %w", err)
	}
	out := &Outcome{}
	if _, err := vm.Eval(src, quickjs.EvalGlobal); err != nil {
		out.Error = clip(err.Error())
	}
	for range 50 {
		if n, err := vm.ExecutePendingJobs(); err != nil || n == 0 {
			break
		}
	}
	r, err := vm.Eval("__coldwatch()", quickjs.EvalGlobal)
	if err != nil {
		out.Error = clip(err.Error())
		return out, nil
	}
	s, _ := r.(string)
	if len(s) > maxOutput {
		return out, nil
	}
	said := Outcome{}
	if json.Unmarshal([]byte(s), &said) == nil { // what the script made of its own report is not believed further
		out.Writes, out.URLs = said.Writes, said.URLs
	}
	return out, nil
}

func clip(s string) string { return s[:min(len(s), 200)] }

var errOutput = errors.New("sandbox: too much output")

// limited is a buffer that refuses to grow past a size.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxOutput+1<<20 {
		return 0, errOutput
	}
	return l.Buffer.Write(p)
}

// Command returns the parent's side: a function that starts path with args for each script. The program started must
// call Main. It gets no environment.
func Command(path string, args ...string) func(ctx context.Context, script []byte) (writes, urls []string, err error) {
	return func(ctx context.Context, script []byte) ([]string, []string, error) {
		if len(script) > maxScript {
			return nil, nil, errors.New("sandbox: script too long")
		}
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = []string{"GOMAXPROCS=1", "GOGC=50"}
		cmd.Stdin = bytes.NewReader(script)
		var stdout limited
		cmd.Stdout = &stdout
		cmd.WaitDelay = 200 * time.Millisecond
		if err := cmd.Run(); err != nil {
			return nil, nil, fmt.Errorf("sandbox: %w", err)
		}
		var out Outcome
		if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
			return nil, nil, fmt.Errorf("sandbox: %w", err)
		}
		return out.Writes, out.URLs, nil
	}
}
