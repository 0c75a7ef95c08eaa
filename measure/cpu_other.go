//go:build !linux

package measure

import "time"

// CPU is 0 where the system is not asked for processor time.
func CPU() time.Duration { return 0 }
