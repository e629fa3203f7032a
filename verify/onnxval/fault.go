package onnxval

import (
	"errors"
	"fmt"
)

// Fault says where a mistake lies.
type Fault uint8

// The places.
const (
	InFile  Fault = iota + 1 // the file is damaged, foreign, or no valid model
	InInput                  // an input tensor does not fit what the file declares
	InRun                    // a node met values that it is not defined for
)

// Error is what Load and Run return: where the mistake lies, the node at fault
// ("" if it is none), and what was found and wanted.
type Error struct {
	Fault Fault
	Node  string
	Err   error
}

// Error is the message.
func (e *Error) Error() string {
	if e.Node == "" {
		return e.Err.Error()
	}
	return e.Node + ": " + e.Err.Error()
}

// Unwrap is the error without the node.
func (e *Error) Unwrap() error { return e.Err }

// ErrLimit is in the error of a run that one of its Limits has stopped.
var ErrLimit = errors.New("over the limit")

// failure carries an error out of the depths of a file or a kernel to the door
// of the package, where it becomes an Error.
type failure struct{ err error }

// failf stops what is being done to the current node.
func failf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// within names the node (or other part of the file) in which f fails. Innermost
// first: an Error passes through.
func within(fault Fault, node func() string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			fl, mine := p.(failure)
			if !mine {
				panic(p)
			}
			if _, named := fl.err.(*Error); !named {
				fl.err = &Error{Fault: fault, Node: node(), Err: fl.err}
			}
			panic(fl)
		}
	}()
	f()
}

// defect is a failure of this package and not of a file: a bug to report.
type defect struct{ cause any }

func (d defect) Error() string { return fmt.Sprintf("onnxval failed where it should not: %v", d.cause) }

// rescue turns a failure into the error that a public function returns, and
// anything else that panicked into one that says so.
func rescue(fault Fault, err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		e, named := p.err.(*Error)
		if !named {
			e = &Error{Fault: fault, Err: p.err}
		}
		*err = e
	default:
		*err = &Error{Fault: fault, Err: defect{p}}
	}
}
