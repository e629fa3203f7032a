package onnxval

import (
	"losscc/verify/tensor"
)

// call is one visit to a node with an operator: what its kernel reads and
// writes.
type call struct {
	run   *runner
	step  *step
	frame *frame
	place string   // where the node's body is called from
	in    []*value // nil: left out
	out   []*value
}

// checkTypes fails if the inputs have types that the operator does not take, or
// types that differ where they must agree.
func (c *call) checkTypes() {
	bound := map[byte]int{} // letter → the first input that has it
	for i, v := range c.in {
		if v == nil {
			continue
		}
		p := c.step.op.param(i)
		may := map[byte]set{'T': c.step.op.t, 'I': ints, 'L': setOf(I64), 'B': bools, 'N': numbers, 'A': every}[p.letter]
		if !may.has(v.elem) {
			failf("the input %s is %s, want %s", p.name, v, may)
		}
		if p.letter != 'T' && p.letter != 'I' {
			continue
		}
		if first, ok := bound[p.letter]; !ok {
			bound[p.letter] = i
		} else if c.in[first].elem != v.elem {
			failf("the input %s is %s and the input %s is %s: want one type", c.step.op.param(first).name, c.in[first], p.name, v)
		}
	}
}

// attr is an attribute of the node: as it is written there, as the enclosing
// function got it, or the default. It is nil if there is none of these.
func (c *call) attr(name string) *attr {
	if a, ok := c.step.attrs[name]; ok {
		return c.frame.resolve(a)
	}
	return c.step.op.attrs[name].def
}

// int is an integer attribute that is required or has a default.
func (c *call) int(name string) int64 { return c.attr(name).i }

// flag is an integer attribute that stands for yes or no.
func (c *call) flag(name string) bool { return c.attr(name).i != 0 }

// list is the elements of the int64 or int32 input i, which must be a list.
func (c *call) list(i int) []int64 {
	v := c.in[i]
	if len(v.Shape) != 1 {
		failf("the input %s is %s, want a list", c.step.op.param(i).name, v)
	}
	return v.I
}

// single is the place of the only element of input i, which must be one number:
// of rank 0, or a list of one as many files have it.
func (c *call) single(i int) *value {
	v := c.in[i]
	if len(v.Shape) > 1 || v.Len() != 1 {
		failf("the input %s is %s, want one number", c.step.op.param(i).name, v)
	}
	return v
}

// make is a new tensor of zeros, if the limits of the run allow it.
func (c *call) make(e Elem, shape []int) *value {
	c.fits(shape)
	return &value{e, tensor.New(e.Kind(), shape...)}
}

// fits takes the elements of a shape off what the run may still hold.
func (c *call) fits(shape []int) {
	n := count(shape)
	if c.run.elements -= n; c.run.elements < 0 {
		failf("the result %s takes the run to %.4g elements, %w of %d", tensor.ShapeString(shape),
			float64(c.run.limits.Elements)-float64(c.run.elements), ErrLimit, c.run.limits.Elements)
	}
	c.run.spend(n)
}

// emit is the next output.
func (c *call) emit(v *value) { c.out = append(c.out, v) }

// pick makes a tensor of the given shape whose elements are elements of src:
// from says which, by its offset, for each place. A negative offset is a zero.
func (c *call) pick(src *value, shape []int, from func(at []int) int) *value {
	out := c.make(src.elem, shape)
	walk(shape, func(i int, at []int) {
		if k := from(at); k >= 0 {
			put(out, i, src, k)
		}
	})
	return out
}

// put copies one element.
func put(dst *value, i int, src *value, k int) {
	switch src.Kind {
	case tensor.Float:
		dst.F[i] = src.F[k]
	case tensor.Int:
		dst.I[i] = src.I[k]
	case tensor.Bool:
		dst.B[i] = src.B[k]
	}
}

// same tells whether two elements are equal, NaN to NaN too.
func same(a *value, i int, b *value, k int) bool {
	switch a.Kind {
	case tensor.Float:
		return a.F[i] == b.F[k] || a.F[i] != a.F[i] && b.F[k] != b.F[k]
	case tensor.Int:
		return a.I[i] == b.I[k]
	}
	return a.B[i] == b.B[k]
}
