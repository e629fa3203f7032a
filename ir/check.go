package ir

import (
	"errors"
	"fmt"
)

// Check infers every type again and compares, sees that every value stands
// after its arguments, and does the same for every function that f calls. A
// function from a Builder always passes; passes and hand-made functions are
// checked in tests.
func Check(f *Func) error {
	c := checker{names: map[string]*Func{}, state: map[*Func]checkState{}}
	return c.function(f)
}

type checkState uint8

const (
	checking checkState = iota + 1
	checked
)

// checker goes through each function once.
type checker struct {
	names map[string]*Func
	state map[*Func]checkState
}

func (c *checker) function(f *Func) error {
	switch {
	case f == nil:
		return errors.New("no function")
	case c.state[f] == checked:
		return nil
	case c.state[f] == checking:
		return fmt.Errorf("@%s: the function calls itself", f.Name)
	}
	c.state[f] = checking
	if err := c.head(f); err != nil {
		return fmt.Errorf("@%s: %w", f.Name, err)
	}
	seen := make(map[*Value]bool, len(f.Values))
	known := carriers{}
	for i, v := range f.Values {
		if v == nil || v.Op == nil {
			return fmt.Errorf("@%s: value %d has no op", f.Name, i)
		}
		if v.index != i {
			return fmt.Errorf("@%s: value %d carries the number %d", f.Name, i, v.index)
		}
		if callee := v.Callee(); callee != nil {
			if err := c.function(callee); err != nil {
				return err
			}
		}
		if err := checkValue(f, i, seen); err != nil {
			return fmt.Errorf("@%s: value %d (%s) %w", f.Name, i, v.Op, err)
		}
		if d := known.unknown(v.needs()); d != "" {
			return fmt.Errorf("@%s: value %d (%s) %w", f.Name, i, v.Op, unknownExtent(d))
		}
		known.add(v)
		seen[v] = true
	}
	if err := checkResults(f, seen); err != nil {
		return fmt.Errorf("@%s: %w", f.Name, err)
	}
	c.state[f] = checked
	return nil
}

// head sees that the function's name is its own, and its attributes and
// parameters are declared as a Builder would let them.
func (c *checker) head(f *Func) error {
	if err := nameError("a function", f.Name); err != nil {
		return err
	}
	if c.names[f.Name] != nil {
		return errors.New("two functions have this name")
	}
	c.names[f.Name] = f
	names := map[string]bool{}
	for _, a := range f.Attrs {
		if err := checkAttribute(a); err != nil {
			return err
		}
		if names[a.Name] {
			return fmt.Errorf("attribute %q is declared twice", a.Name)
		}
		names[a.Name] = true
	}
	clear(names)
	for i, p := range f.Params {
		if i >= len(f.Values) || f.Values[i] != p || p == nil {
			return fmt.Errorf("parameter %d is not value %d", i, i)
		}
		if err := checkParam(p); err != nil {
			return err
		}
		if names[p.Name] {
			return fmt.Errorf("parameter %q is declared twice", p.Name)
		}
		names[p.Name] = true
	}
	return nil
}

// checkValue sees that a value's arguments stand before it and its op makes
// its type.
func checkValue(f *Func, i int, seen map[*Value]bool) error {
	v := f.Values[i]
	if v.Op == OpParam {
		if i >= len(f.Params) {
			return fmt.Errorf("is not in the list of parameters")
		}
		return nil
	}
	if i < len(f.Params) {
		return fmt.Errorf("stands in the list of parameters")
	}
	if v.Name != "" {
		if err := nameError("a value", v.Name); err != nil {
			return err
		}
	}
	types := make([]Type, len(v.Args))
	for k, a := range v.Args {
		if !seen[a] {
			return fmt.Errorf("uses a value that does not stand before it")
		}
		types[k] = a.Type
	}
	t, err := inferType(f, v.Op, types, v.Attrs)
	if err != nil {
		return err
	}
	if !t.Equal(v.Type) {
		return fmt.Errorf("says %v, its op makes %v", v.Type, t)
	}
	return nil
}

func checkResults(f *Func, seen map[*Value]bool) error {
	names := map[string]bool{}
	for _, r := range f.Results {
		if err := nameError("a result", r.Name); err != nil {
			return err
		}
		if !seen[r.Value] {
			return fmt.Errorf("result %q is no value of the function", r.Name)
		}
		if names[r.Name] {
			return fmt.Errorf("result %q is given twice", r.Name)
		}
		names[r.Name] = true
	}
	return nil
}
