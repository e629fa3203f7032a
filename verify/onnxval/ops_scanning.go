package onnxval

import (
	"fmt"
	"maps"
	"slices"

	"losscc/verify/tensor"
)

// scanning is the operator that repeats a body of its own.
var scanning = []row{
	{"Scan", 13, "inputs:A* -> *", every, "body:graph! num_scan_inputs:int! scan_input_axes:ints scan_input_directions:ints" +
		" scan_output_axes:ints scan_output_directions:ints", scanOver},
}

// scanOver runs the body once for each place along the axes scanned, in order:
// it takes the states as the run before left them and the slabs at that place,
// and gives the next states and a slab of each stacked output.
func scanOver(c *call) {
	s := c.step.scan
	states, scanned := slices.Clone(c.in[:s.states]), c.in[s.states:]
	axes, n := s.along(scanned)
	stacks := make([]stack, len(s.out)-s.states)
	if n == 0 {
		c.never(states, scanned, axes, stacks)
	}
	for t := range n {
		in := slices.Clone(states)
		for i, v := range scanned {
			in = append(in, c.slab(v, axes[i], turned(t, n, s.inBack[i])))
		}
		out := c.iterate(t, in)
		for i := range states {
			s.checkState(t, i, states[i], out[i])
			states[i] = out[i]
		}
		for k := range stacks {
			c.push(&stacks[k], k, t, n, out[s.states+k])
		}
	}
	for _, v := range states {
		c.emit(v)
	}
	for _, k := range stacks {
		c.emit(k.all)
	}
}

// along is the axes of the scan inputs, and the extent along them, which they
// must share.
func (s *scan) along(scanned []*value) (axes []int, n int) {
	for i, v := range scanned {
		p, a := s.in[s.states+i], s.inAxes[i]
		if rank := int64(len(v.Shape)); a < -rank || a >= rank {
			failf("the scan input %d (%s) is %s, which has no axis %d", i, p.name, v, a)
		}
		axes = append(axes, axis(a, len(v.Shape)))
		have := v.Shape[axes[i]]
		if i == 0 {
			n = have
		}
		if have != n {
			failf("the scan input %d (%s) is %s, with %d places along axis %d, and the scan input 0 (%s) has %d: want one number of iterations",
				i, p.name, v, have, axes[i], s.in[s.states].name, n)
		}
	}
	return axes, n
}

// turned is the place of iteration t of n.
func turned(t, n int, back bool) int {
	if back {
		return n - 1 - t
	}
	return t
}

// slab is v at a place of an axis, without that axis.
func (c *call) slab(v *value, ax, at int) *value {
	out := c.make(v.elem, without(v.Shape, ax))
	_, inner := around(v.Shape, ax)
	for i := range out.Len() {
		put(out, i, v, (i/inner*v.Shape[ax]+at)*inner+i%inner)
	}
	return out
}

// without is a shape less one axis.
func without(shape []int, ax int) []int {
	return slices.Delete(slices.Clone(shape), ax, ax+1)
}

// iterate runs the body once. It counts as a visit to a node, so that bodies
// with no nodes end too.
func (c *call) iterate(t int, in []*value) []*value {
	s := c.step.scan
	c.run.count()
	c.run.spend(int64(s.body.slots + len(c.frame.symbols)))
	f := c.inner()
	for _, k := range s.captures {
		f.values[k.to] = c.frame.values[k.from]
	}
	place := fmt.Sprintf("%s%s, iteration %d", c.place, c.step.label, t)
	out := make([]*value, len(s.out))
	within(InFile, func() string { return place }, func() {
		for i, v := range in {
			f.symbols.declared("body's input", s.in[i], "goes in", v)
			f.values[s.in[i].slot] = v
		}
		c.run.walk(f, place+", ")
		for i, p := range s.out {
			out[i] = f.values[p.slot]
			f.symbols.declared("body's output", p, "comes out", out[i])
		}
	})
	return out
}

// inner is a frame for the body. It knows the symbols that are known around it,
// and those that it meets first hold for one iteration.
func (c *call) inner() *frame {
	known := symbols{}
	maps.Copy(known, c.frame.symbols)
	return newFrame(c.step.scan.body, c.frame.attrs, known)
}

// checkState fails if an iteration left a state of another type or shape.
func (s *scan) checkState(t, i int, before, after *value) {
	if before.elem != after.elem || !slices.Equal(before.Shape, after.Shape) {
		failf("the state %d (%s) goes into iteration %d as %s and comes out as %s: a state keeps its type and shape",
			i, s.in[i].name, t, before, after)
	}
}

// stack is a scan output that is being made.
type stack struct {
	all *value // nil: before the first slab
	ax  int
	row *value // the first slab
}

// push puts the slab of iteration t into its place in the scan output k.
func (c *call) push(to *stack, k, t, n int, v *value) {
	s := c.step.scan
	if to.all == nil {
		to.ax, to.row = s.stackAxis(k, v), v
		to.all = c.make(v.elem, slices.Insert(slices.Clone(v.Shape), to.ax, n))
	}
	if v.elem != to.row.elem || !slices.Equal(v.Shape, to.row.Shape) {
		failf("the scan output %d (%s) is %s in iteration 0 and %s in iteration %d: want one type and shape to stack",
			k, s.out[s.states+k].name, to.row, v, t)
	}
	at := turned(t, n, s.outBack[k])
	_, inner := around(to.all.Shape, to.ax)
	c.run.spend(int64(v.Len()))
	for i := range v.Len() {
		put(to.all, (i/inner*n+at)*inner+i%inner, v, i)
	}
}

// stackAxis is the axis along which slabs like v are stacked.
func (s *scan) stackAxis(k int, v *value) int {
	rank := len(v.Shape) + 1
	if a := int64(rank); s.outAxes[k] < -a || s.outAxes[k] >= a {
		failf("the scan output %d (%s) is stacked along axis %d, which slabs of %s do not make", k, s.out[s.states+k].name, s.outAxes[k], v)
	}
	return axis(s.outAxes[k], rank)
}

// never makes the scan outputs of no iterations: their other extents are what
// the body declares, as far as that says a number.
func (c *call) never(states, scanned []*value, axes []int, stacks []stack) {
	s, known := c.step.scan, c.inner().symbols
	in := slices.Clone(states)
	for i, v := range scanned {
		in = append(in, hollow(v.elem, without(v.Shape, axes[i])))
	}
	within(InFile, func() string { return c.place + c.step.label + ", with no iterations" }, func() {
		for i, v := range in {
			known.declared("body's input", s.in[i], "goes in", v)
		}
		for k := range stacks {
			row := known.said(s.out[s.states+k])
			stacks[k].all = c.make(row.elem, slices.Insert(row.Shape, s.stackAxis(k, row), 0))
		}
	})
}

// hollow is a type and shape with no elements behind it.
func hollow(e Elem, shape []int) *value {
	return &value{e, &tensor.Tensor{Kind: e.Kind(), Shape: shape}}
}

// said is the type and shape that a declaration says.
func (s symbols) said(p port) *value {
	if !p.ranked {
		failf("the body's output %s declares no shape, and no iteration shows it", p.name)
	}
	shape := make([]int, len(p.dims))
	for i, d := range p.dims {
		b, bound := s[d.symbol]
		switch {
		case d.symbol == "" && d.size >= 0:
			shape[i] = d.size
		case d.symbol != "" && bound:
			shape[i] = b.size
		default:
			failf("the body's output %s is declared %s, and no iteration shows its extent %d", p.name, p.public(), i)
		}
	}
	return hollow(p.elem, shape)
}
