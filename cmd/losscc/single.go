package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// single is the value of a flag that has one: a second one would take the place of
// the first without a word. A switch may be given again if it says the same.
type single struct {
	pflag.Value
	set bool
}

var errTwice = errors.New("given twice")

// errDivided is the error of a whole number with _ between its digits, which
// pflag takes as Go's source does.
var errDivided = errors.New("_ in a number")

// Set takes the value from the command line.
func (s *single) Set(text string) error {
	before := s.Value.String()
	if s.set && s.Type() != "bool" {
		return errTwice
	}
	if strings.Contains(text, "_") && strings.Contains(s.Type(), "int") {
		return errDivided
	}
	if err := s.Value.Set(text); err != nil {
		return err
	}
	if s.set && s.Value.String() != before {
		return errTwice
	}
	s.set = true
	return nil
}

// onlyOnce refuses a second value for each flag that has one.
func onlyOnce(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if _, many := f.Value.(pflag.SliceValue); many {
			return
		}
		if _, done := f.Value.(*single); !done {
			f.Value = &single{Value: f.Value}
		}
	})
}
