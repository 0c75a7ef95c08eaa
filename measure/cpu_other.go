//go:build !linux

package measure

import "time"

// CPU is 0 where the system is not asked for processor time.
func CPU() time.Duration { return 0 }

// ThreadCPU is the time since the program began, where the system is not asked for processor time.
func ThreadCPU() time.Duration { return time.Since(begun) }

var begun = time.Now()
