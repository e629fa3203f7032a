package ir

import "fmt"

// Check infers every type again and compares, and sees that every value stands
// after its arguments. A function from a Builder always passes; passes and
// hand-made functions are checked in tests.
func Check(f *Func) error {
	seen := map[*Value]bool{}
	params := 0
	for i, v := range f.Values {
		if v.index != i {
			return fmt.Errorf("@%s: value %d carries the number %d", f.Name, i, v.index)
		}
		if v.Op == OpParam {
			if params >= len(f.Params) || f.Params[params] != v {
				return fmt.Errorf("@%s: parameter %s is not in the list of parameters", f.Name, v.Name)
			}
			params++
			seen[v] = true
			continue
		}
		types := make([]Type, len(v.Args))
		for k, a := range v.Args {
			if !seen[a] {
				return fmt.Errorf("@%s: value %d (%s) uses a value that does not stand before it", f.Name, i, v.Op)
			}
			types[k] = a.Type
		}
		t, err := inferType(v.Op, types, v.Attrs)
		if err != nil {
			return fmt.Errorf("@%s: value %d: %s: %w", f.Name, i, v.Op, err)
		}
		if !t.Equal(v.Type) {
			return fmt.Errorf("@%s: value %d (%s) says %v, its op makes %v", f.Name, i, v.Op, v.Type, t)
		}
		if c := v.Callee(); c != nil {
			if err := Check(c); err != nil {
				return err
			}
		}
		seen[v] = true
	}
	if params != len(f.Params) {
		return fmt.Errorf("@%s: %d parameters declared, %d among the values", f.Name, len(f.Params), params)
	}
	for _, r := range f.Results {
		if !seen[r.Value] {
			return fmt.Errorf("@%s: result %s is no value of the function", f.Name, r.Name)
		}
	}
	return nil
}
