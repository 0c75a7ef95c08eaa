//go:build !linux && !darwin

package sandbox

// lower does nothing where there are no resource limits: the deadline and the interpreter's own limits hold.
func lower() error { return nil }
