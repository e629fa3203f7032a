package runtime

import (
	"errors"
	"fmt"
	"strings"
)

// What can go wrong, for errors.Is. Every error of this package is one of
// these, or the context's own.
var (
	// ErrMissing says that no installed Python has the runtime.
	ErrMissing = errors.New("runtime is missing")
	// ErrRejected says that the runtime took neither harm nor the file: it
	// answered, with a complaint about the model or its inputs.
	ErrRejected = errors.New("rejected")
	// ErrMemory says that the job did not fit into the memory limit.
	ErrMemory = errors.New("out of memory")
	// ErrTimeout says that the job took longer than it may, and was ended.
	ErrTimeout = errors.New("timed out")
	// ErrCrashed says that the runtime died, or broke the protocol.
	ErrCrashed = errors.New("crashed")
)

// Error is a verdict of a runtime on one job.
type Error struct {
	Kind    error  // one of the Err values of this package
	Runtime string // name and version
	Stage   string // where in the job: start, load, inputs, run, checker, ...
	Detail  string // what the runtime or the system said
	Stderr  string // the last that the child wrote to its standard error
}

// Error is the verdict in one line, and the child's last words after it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s at %s", e.Runtime, e.Kind, e.Stage)
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if words := strings.TrimSpace(e.Stderr); words != "" {
		fmt.Fprintf(&b, "; its last words:\n%s", words)
	}
	return b.String()
}

// Unwrap is the kind, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Kind }
