package irval

import (
	"fmt"

	"losscc/ir"
	"losscc/verify/tensor"
)

// maxElements bounds a tensor, so that a wrong extent is an error and not the
// end of the process.
const maxElements = 1 << 28

// extents are the numbers that symbols stand for in one run of a function.
type extents map[ir.Dim]int

// of is the number that an extent stands for, if it is known: its own, or the
// product of those of its factors, or of shorter products. C*K*D is known from
// C*K and D.
func (e extents) of(d ir.Dim) (int, bool) {
	if n, ok := e.own(d); ok {
		return n, true
	}
	return e.product(d)
}

func (e extents) own(d ir.Dim) (int, bool) {
	if n, ok := d.Size(); ok {
		return n, true
	}
	n, ok := e[d]
	return n, ok
}

// product is the product of two or more known extents that d is spelled as.
func (e extents) product(d ir.Dim) (int, bool) {
	for i, c := range d {
		if c != '*' {
			continue
		}
		if head, ok := e.own(d[:i]); ok {
			if tail, ok := e.of(d[i+1:]); ok {
				return head * tail, true
			}
		}
	}
	return 0, false
}

// shape is the numbers that a shape stands for.
func (e extents) shape(s ir.Shape) ([]int, error) {
	out := make([]int, len(s))
	for i, d := range s {
		n, ok := e.of(d)
		if !ok {
			return nil, fmt.Errorf("the extent %s of %v is not known: no parameter and no value before has it", d, s)
		}
		out[i] = n
	}
	return out, fitsMemory(out)
}

// unify sees that a shape of numbers is what a shape of symbols stands for;
// symbols not known yet become known.
func (e extents) unify(s ir.Shape, got []int) error {
	if len(s) != len(got) {
		return fmt.Errorf("rank %d, want %d", len(got), len(s))
	}
	for i, d := range s {
		switch n, known := e.of(d); {
		case !known:
			e[d] = got[i]
		case n != got[i]:
			return fmt.Errorf("%s is %d here, but %d elsewhere", d, got[i], n)
		}
	}
	return nil
}

// fitsMemory refuses a shape of too many elements.
func fitsMemory(shape []int) error {
	n := 1
	for _, d := range shape {
		if d != 0 && n > maxElements/d {
			return fmt.Errorf("a tensor of shape %s is too large", tensor.ShapeString(shape))
		}
		n *= d
	}
	return nil
}
