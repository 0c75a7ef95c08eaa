package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/warning"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"coldwatch": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			os.Exit(run(crashing(ctx), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs the program as a user does: each file in testdata/script is a session with its files.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir) // no config file of whoever runs the test
			bin, _, _ := strings.Cut(e.Getenv("PATH"), string(os.PathListSeparator))
			e.Setenv("BIN", bin) // with coldwatch alone
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// newer makes a database look as if a later version had made it.
			"newer": func(ts *testscript.TestScript, neg bool, args []string) {
				db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
				ts.Check(err)
				defer db.Close()
				_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
				ts.Check(err)
			},
			// tamper changes an entry of the audit log.
			"tamper": func(ts *testscript.TestScript, neg bool, args []string) {
				db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
				ts.Check(err)
				defer db.Close()
				_, err = db.Exec(`UPDATE audit SET object = 'eve' WHERE seq = 2`)
				ts.Check(err)
			},
			// firstid puts the id of the gravest campaign of a database into a variable.
			"firstid": func(ts *testscript.TestScript, neg bool, args []string) {
				var out bytes.Buffer
				if code := run(context.Background(), []string{"campaigns", "--json", "--db", ts.MkAbs(args[0])}, nil, &out, io.Discard); code != 0 {
					ts.Fatalf("campaigns: exit code %d", code)
				}
				var list []struct{ ID string }
				ts.Check(json.Unmarshal(out.Bytes(), &list))
				ts.Setenv(args[1], list[0].ID)
			},
			// binary writes a file of bytes that are no mail.
			"binary": func(ts *testscript.TestScript, neg bool, args []string) {
				b := make([]byte, 4096)
				for i := range b {
					b[i] = byte(i * 7)
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
			},
			// approve lets the first warning go out that waits for approval, and sets ID to its id.
			"approve": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(ts.Exec("coldwatch", "warnings", "--held", "--json"))
				var ws []coldwatch.Warning
				ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &ws))
				for _, w := range ws {
					if w.Held == warning.HeldApproval {
						ts.Check(ts.Exec("coldwatch", "warnings", "approve", w.ID, "--reason", "read"))
						ts.Setenv("ID", w.ID)
						return
					}
				}
				ts.Fatalf("no warning waits for approval")
			},
			// freeport sets a variable to an address of the loopback that nobody listens on.
			"freeport": func(ts *testscript.TestScript, neg bool, args []string) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				ts.Check(err)
				ts.Setenv(args[0], l.Addr().String())
				ts.Check(l.Close())
			},
			// reachable waits until somebody listens on an address.
			"reachable": func(ts *testscript.TestScript, neg bool, args []string) {
				for range 1000 {
					if c, err := net.Dial("tcp", args[0]); err == nil {
						c.Close()
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				ts.Fatalf("nobody listens on %s", args[0])
			},
			// warned exchanges with the hub until it has told of a campaign, and prints the warnings in full.
			"warned": func(ts *testscript.TestScript, neg bool, args []string) {
				for range 100 {
					ts.Check(ts.Exec("coldwatch", "community", "sync", "--db", args[0]))
					ts.Check(ts.Exec("coldwatch", "warnings", "--json", "--db", args[0]))
					if strings.Contains(ts.ReadFile("stdout"), `"id"`) {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				ts.Fatalf("the hub told of nothing")
			},
			// capture sets a variable to what an expression finds in the last output: its first group, or all of it.
			"capture": func(ts *testscript.TestScript, neg bool, args []string) {
				m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
				if m == nil {
					ts.Fatalf("nothing in the output matches %s", args[1])
				}
				ts.Setenv(args[0], m[len(m)-1])
			},
			// replace puts one text in the place of another in a file.
			"replace": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(ts.ReadFile(args[0]), args[1], args[2])), 0o600))
			},
			// glob fails when no file is of the pattern.
			"glob": func(ts *testscript.TestScript, neg bool, args []string) {
				if found, err := filepath.Glob(ts.MkAbs(args[0])); err != nil || len(found) == 0 {
					ts.Fatalf("no file is of %s: %v", args[0], err)
				}
			},
			// truncate cuts a file to half.
			"truncate": func(ts *testscript.TestScript, neg bool, args []string) {
				p := ts.MkAbs(args[0])
				info, err := os.Stat(p)
				ts.Check(err)
				ts.Check(os.Truncate(p, info.Size()/2))
			},
		},
	})
}
