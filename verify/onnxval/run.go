package onnxval

import (
	"fmt"

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
	r := &runner{limits: m.limits, elements: m.limits.Elements, work: m.limits.Work}
	for _, o := range options {
		o(r)
	}
	s := symbols{}
	var given map[int]*value
	within(InInput, func() string { return "" }, func() { given = m.accept(in, s, r.rounded) })
	f := &frame{values: make([]*value, m.graph.slots)}
	for slot, v := range m.initial {
		f.values[slot] = v
	}
	for slot, v := range given {
		f.values[slot] = v
	}
	r.declared = func(st *step, slot int, v *value) {
		if p, ok := m.values[slot]; ok {
			s.declared("value", p, v)
		}
	}
	r.walk(m.graph, f, "")
	out = map[string]*tensor.Tensor{}
	for _, p := range m.outputs {
		v := f.values[p.slot]
		within(InFile, func() string { return "" }, func() { s.declared("output", p, v) })
		out[p.name] = v.Clone()
	}
	return out, nil
}

// declared fails if a value is not as the file declares it.
func (s symbols) declared(what string, p port, v *value) {
	if v.elem != p.elem {
		failf("the %s %s is declared %s and comes out as %s", what, p.name, p.public(), v)
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
	declared func(st *step, slot int, v *value) // checks a value of the graph
}

// frame is the values of a body that is being walked, and the attributes of the
// call that it belongs to.
type frame struct {
	values []*value
	attrs  map[string]*attr
}

// walk visits the nodes of a body. place says where the body is called from.
func (r *runner) walk(b *body, f *frame, place string) {
	for i := range b.steps {
		st := &b.steps[i]
		within(InRun, func() string { return place + st.label }, func() { r.visit(st, f, place) })
	}
}

// visit runs one node and puts its outputs in their slots.
func (r *runner) visit(st *step, f *frame, place string) {
	in := make([]*value, len(st.in))
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
		out = r.apply(st, f, in)
	}
	for i, slot := range st.out {
		if slot < 0 {
			continue
		}
		f.values[slot] = out[i]
		if place == "" {
			within(InFile, func() string { return "" }, func() { r.declared(st, slot, out[i]) })
		}
	}
}

// call walks the body of a function.
func (r *runner) call(st *step, f *frame, in []*value, place string) []*value {
	inner := &frame{values: make([]*value, st.fn.body.slots), attrs: map[string]*attr{}}
	for name, a := range st.fn.defaults {
		inner.attrs[name] = a
	}
	for name, a := range st.attrs {
		inner.attrs[name] = f.resolve(a)
	}
	for i, slot := range st.fn.body.inputs {
		inner.values[slot] = in[i]
	}
	r.walk(st.fn.body, inner, place+st.label+", ")
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
func (r *runner) apply(st *step, f *frame, in []*value) []*value {
	for len(in) < len(st.op.params) {
		in = append(in, nil)
	}
	c := &call{run: r, step: st, frame: f, in: in}
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

// spend takes steps off what the run may still do.
func (r *runner) spend(n int64) {
	if r.work -= n; r.work < 0 {
		failf("the run goes %w of %d steps", ErrLimit, r.limits.Work)
	}
}
