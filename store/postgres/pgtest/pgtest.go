// Package pgtest starts a PostgreSQL server of a test's own: a real one, in a folder that goes with the test, on a Unix
// socket, so that no port is taken and nothing outside is touched.
package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// A Server is a running PostgreSQL.
type Server struct {
	dir, bin string
	owner    *owner // whom it runs as, for it refuses to run as root; nil: whoever runs the test
	n        int
}

// Start starts a server, or skips the test where none is installed.
func Start(t testing.TB) *Server {
	t.Helper()
	bin := binaries()
	if bin == "" {
		t.Skip("SKIPPED: no PostgreSQL server is installed here (initdb is neither on the path nor in /usr/lib/postgresql)")
	}
	// The path of a Unix socket is at most some hundred bytes, which a test's own folder may exceed.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{dir: dir, bin: bin}
	if os.Getuid() == 0 {
		if s.owner = unprivileged(t); s.owner == nil {
			t.Skip("SKIPPED: PostgreSQL does not run as root, and there is no user postgres or nobody")
		}
		if err := os.Chown(dir, s.owner.uid, s.owner.gid); err != nil {
			t.Fatal(err)
		}
	}
	s.run(t, "initdb", "-D", filepath.Join(dir, "data"), "-A", "trust", "-U", "coldwatch", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.Up(t)
	t.Cleanup(func() { s.Down(t) })
	return s
}

// Up starts the server and waits until it answers.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", filepath.Join(s.dir, "data"), "-w", "-l", filepath.Join(s.dir, "log"),
		"-o", "-k "+s.dir+" -c listen_addresses='' -c unix_socket_permissions=0777", "start")
}

// Down stops it at once, as a crash does: what was committed must be there afterwards.
func (s *Server) Down(t testing.TB) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", filepath.Join(s.dir, "data"), "-w", "-m", "immediate", "stop")
}

// Database makes an empty database and gives its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.n++
	name := fmt.Sprintf("t%d", s.n)
	s.run(t, "createdb", "-h", s.dir, "-U", "coldwatch", name)
	return "postgres://coldwatch@/" + name + "?host=" + s.dir
}

func (s *Server) run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	s.owner.run(cmd)
	out, err := os.Create(filepath.Join(s.dir, name+".out")) // not a pipe: the server would hold it open
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	out.Close()
	if err != nil {
		text, _ := os.ReadFile(out.Name()) // only to explain
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		t.Fatalf("%s: %v\n%s\n%s", name, err, text, log)
	}
}

// binaries finds the folder of the server's programs, the newest version first.
func binaries() string {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p)
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return ""
	}
	version := func(p string) int {
		n, err := strconv.Atoi(strings.Split(p, "/")[4])
		if err != nil {
			return 0
		}
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return filepath.Dir(found[0])
}

// An owner is whom a program runs as.
type owner struct{ uid, gid int }

func unprivileged(t testing.TB) *owner {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			t.Fatal(err)
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			t.Fatal(err)
		}
		return &owner{uid, gid}
	}
	return nil
}
