package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"losscc/builders"
	"losscc/verify/onnxval"
	"losscc/verify/runtime"
)

// The exit codes.
const (
	codeDone    = 0
	codeDiffers = 1  // a check failed, or two things differ
	codeMisuse  = 2  // an unknown loss, parameter, flag or value
	codeFile    = 3  // a bad input file
	codeRuntime = 4  // a runtime is missing or crashed
	codeIO      = 5  // input or output failed
	codeDefect  = 70 // a mistake of losscc's own
)

// fault is an error with the exit code that it ends in. Without an error it
// ends the command in silence: everything was said already.
type fault struct {
	code int
	err  error
}

// Error is the message.
func (f *fault) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

// Unwrap is the error inside.
func (f *fault) Unwrap() error { return f.err }

// failure is an error that ends in the given exit code.
func failure(code int, format string, args ...any) error {
	return &fault{code, fmt.Errorf(format, args...)}
}

// misuse is an error in what was asked.
func misuse(format string, args ...any) error { return failure(codeMisuse, format, args...) }

// silent ends in an exit code without a message.
func silent(code int) error { return &fault{code: code} }

// codeOf is the exit code that an error ends in.
func codeOf(err error) int {
	var own *fault
	var usage *builders.UsageError
	var file *onnxval.Error
	var rt *runtime.Error
	var path *fs.PathError
	var errno syscall.Errno
	switch {
	case err == nil:
		return codeDone
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &usage):
		return codeMisuse
	case errors.As(err, &file):
		return codeFile
	case errors.Is(err, runtime.ErrRejected):
		return codeDiffers
	case errors.As(err, &rt):
		return codeRuntime
	case errors.As(err, &path), errors.As(err, &errno):
		return codeIO
	}
	return codeDefect
}
