package onnxval

import (
	"fmt"
	"strings"

	"losscc/verify/tensor"
)

// Option changes how a model is run.
type Option func(*runner)

// Rounded rounds every input, and every value after the node that made it, to
// the precision of its declared type. Without it nothing is rounded.
var Rounded Option = func(r *runner) { r.rounded = true }

// Run computes the outputs from the inputs, both by name. Floats are given and
// come back as float64 whatever type the file declares. The tensors given are
// not changed, and those that come back are the caller's. The error is an
// *Error: InInput names the input with what came and what was wanted, InRun the
// node that met values it is not defined for, InFile what shows only now, as an
// output that is not of its declared type.
func (m *Model) Run(in map[string]*tensor.Tensor, options ...Option) (out map[string]*tensor.Tensor, err error) {
	defer rescue(InRun, &err)
	r := &runner{limits: m.limits, elements: m.limits.Elements, work: m.limits.Work, nodes: m.limits.Nodes}
	for _, o := range options {
		o(r)
	}
	s := symbols{}
	var given map[int]*value
	within(InInput, func() string { return "" }, func() { given = m.accept(in, s, r.rounded) })
	f := newFrame(m.graph, nil, s)
	for slot, v := range given {
		f.values[slot] = v
	}
	r.walk(f, "")
	out = map[string]*tensor.Tensor{}
	for _, p := range m.outputs {
		v := f.values[p.slot]
		within(InFile, func() string { return "" }, func() { s.declared("output", p, "comes out", v) })
		out[p.name] = v.Clone()
	}
	return out, nil
}

// declared fails if a value, which comes out or goes in, is not as the file
// declares it. What a body leaves undeclared may be anything.
func (s symbols) declared(what string, p port, comes string, v *value) {
	if p.elem == 0 {
		return
	}
	if v.elem != p.elem {
		failf("the %s %s is declared %s and %s as %s", what, p.name, p.public(), comes, v)
	}
	if err := s.check(p, v.Shape); err != nil {
		failf("the %s %s %w", what, p.name, err)
	}
}

// runner is one run: its options and what is left of its limits.
type runner struct {
	rounded  bool
	limits   Limits
	elements int64
	work     int64
	nodes    int64
}

// frame is the values of a body that is being walked, the attributes of the
// call that it belongs to, and the extents of the symbols that its declarations
// use: none in a function, which declares nothing.
type frame struct {
	body    *body
	values  []*value
	attrs   map[string]*attr
	symbols symbols
}

// newFrame is a frame that has the body's own constants and nothing else yet.
func newFrame(b *body, attrs map[string]*attr, s symbols) *frame {
	f := &frame{body: b, values: make([]*value, b.slots), attrs: attrs, symbols: s}
	for slot, v := range b.initial {
		f.values[slot] = v
	}
	return f
}

// walk visits the nodes of a body. place says where the body is called from.
func (r *runner) walk(f *frame, place string) {
	for i := range f.body.steps {
		st := &f.body.steps[i]
		within(InRun, func() string { return place + st.label }, func() { r.visit(st, f, place) })
	}
}

// visit runs one node and puts its outputs in their slots.
func (r *runner) visit(st *step, f *frame, place string) {
	in := make([]*value, len(st.in))
	r.count()
	r.spend(1)
	for i, slot := range st.in {
		if slot >= 0 {
			in[i] = f.values[slot]
			r.spend(int64(in[i].Len()))
		}
	}
	var out []*value
	if st.fn != nil {
		out = r.call(st, f, in, place)
	} else {
		out = r.apply(st, f, in, place)
	}
	for i, slot := range st.out {
		if slot < 0 {
			continue
		}
		f.values[slot] = out[i]
		if p, ok := f.body.values[slot]; ok {
			within(InFile, func() string { return strings.TrimSuffix(place, ", ") }, func() { f.symbols.declared("value", p, "comes out", out[i]) })
		}
	}
}

// call walks the body of a function.
func (r *runner) call(st *step, f *frame, in []*value, place string) []*value {
	inner := newFrame(st.fn.body, map[string]*attr{}, nil)
	for name, a := range st.fn.defaults {
		inner.attrs[name] = a
	}
	for name, a := range st.attrs {
		inner.attrs[name] = f.resolve(a)
	}
	for i, slot := range st.fn.body.inputs {
		inner.values[slot] = in[i]
	}
	r.walk(inner, place+st.label+", ")
	out := make([]*value, len(st.fn.body.outputs))
	for i, slot := range st.fn.body.outputs {
		out[i] = inner.values[slot]
	}
	return out
}

// resolve is the attribute that a reference stands for.
func (f *frame) resolve(a *attr) *attr {
	if a.ref == "" {
		return a
	}
	return f.attrs[a.ref]
}

// apply runs an operator.
func (r *runner) apply(st *step, f *frame, in []*value, place string) []*value {
	for len(in) < len(st.op.params) {
		in = append(in, nil)
	}
	c := &call{run: r, step: st, frame: f, place: place, in: in}
	c.checkTypes()
	st.op.run(c)
	if len(c.out) != len(st.out) {
		panic(fmt.Sprintf("%s gave %d outputs for %d", st.label, len(c.out), len(st.out)))
	}
	for _, v := range c.out {
		v.settle(r.rounded)
	}
	return c.out
}

// count takes a node off those that the run may still visit.
func (r *runner) count() {
	if r.nodes--; r.nodes < 0 {
		failf("the run goes %w of %d nodes", ErrLimit, r.limits.Nodes)
	}
}

// spend takes steps off what the run may still do.
func (r *runner) spend(n int64) {
	if r.work -= n; r.work < 0 {
		failf("the run goes %w of %d steps", ErrLimit, r.limits.Work)
	}
}
