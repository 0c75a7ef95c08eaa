//go:build linux || darwin

package sandbox

import "syscall"

// lower takes away what a script could use up: processor time, the growth of files, core files.
func lower() error {
	for _, l := range []struct {
		what int
		most uint64
	}{{syscall.RLIMIT_CPU, 3}, {syscall.RLIMIT_FSIZE, 0}, {syscall.RLIMIT_CORE, 0}} {
		r := syscall.Rlimit{Cur: l.most, Max: l.most}
		if err := syscall.Setrlimit(l.what, &r); err != nil {
			return err
		}
	}
	return nil
}
