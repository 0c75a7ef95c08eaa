package measure

import (
	"syscall"
	"time"
	"unsafe"
)

// ThreadCPU is the processor time that the calling thread has used (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID): what others do on
// the machine does not count.
func ThreadCPU() time.Duration {
	const threadClock = 3
	var t syscall.Timespec
	if _, _, err := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&t)), 0); err != 0 {
		return 0
	}
	return time.Duration(t.Nano())
}

// CPU is the processor time that this process and its finished children have used.
func CPU() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var ru syscall.Rusage
		if syscall.Getrusage(who, &ru) == nil {
			sum += time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		}
	}
	return sum
}
