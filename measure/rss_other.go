//go:build !linux

package measure

import "runtime"

// PeakRSS is the memory that the process holds from the system, in MB; where the system's own peak cannot be asked.
func PeakRSS() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}
