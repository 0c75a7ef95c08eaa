// Package cputime measures what a function costs in processor time of its thread (clock_gettime of CLOCK_THREAD_CPUTIME_ID,
// POSIX.1-2017; getrusage counts in ticks, too coarse for what takes milliseconds): tests of growth compare such
// times, which do not depend on what else the machine does.
package cputime

import (
	"runtime"
	"time"
)

// Best runs f some times and gives the least processor time that it took, in the unit of time.Duration; where the system does not
// count per thread, the least time on the clock.
func Best(times int, f func()) (best time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := range times {
		start := now()
		f()
		if d := now() - start; i == 0 || d < best {
			best = d
		}
	}
	return best
}
