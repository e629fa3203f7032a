package grad

import (
	"fmt"

	"losscc/ir"
)

// Semantics is what the derivative of a margin means.
type Semantics uint8

const (
	// Exact is the derivative of the value as it is written.
	Exact Semantics = iota
	// Detached gives every margin the derivative of the cosine it was made
	// from: f(c) counts as c + stop(f(c) − c).
	Detached
)

// String is the name that files and commands use.
func (s Semantics) String() string {
	if s == Detached {
		return "detached"
	}
	return "exact"
}

// Of is f with one more result grad_X for each name X in wrt: the derivative
// of the result called loss, summed if it is not a scalar, by the parameter X,
// of X's shape. It is an error if f has no such result or float parameter, or
// if the loss is not float.
func Of(f *ir.Func, loss string, wrt []string, sem Semantics) (*ir.Func, error) {
	l := f.Result(loss)
	if l == nil || l.Type.Elem != ir.Float {
		return nil, fmt.Errorf("@%s has no float result %q to differentiate", f.Name, loss)
	}
	w := newWalk(f, sem, f.Name, newDerivatives(f))
	for _, name := range wrt {
		p := f.Param(name)
		if p == nil || p.Type.Elem != ir.Float {
			return nil, fmt.Errorf("@%s has no float parameter %q to differentiate by", f.Name, name)
		}
		w.active[w.copies[p]] = true
	}
	w.copyBody()
	for _, r := range f.Results {
		w.b.Result(r.Name, w.copies[r.Value])
	}
	seed := w.b.Num(1)
	if len(l.Type.Shape) > 0 {
		seed = seed.Expand(l.Type.Shape...)
	}
	w.add(w.copies[l], seed)
	w.backward()
	for _, name := range wrt {
		w.b.Result("grad_"+name, w.adjointOr0(w.copies[f.Param(name)]).Called("grad_"+name))
	}
	return w.b.Func()
}

// spot is a contribution to one element along an axis at each place.
type spot struct {
	axis   int
	idx, v *ir.Value
}

// adjoint is what has been contributed to a value so far.
type adjoint struct {
	dense *ir.Value
	spots []spot
}

// walk is one differentiation: the body copied into b, and the adjoints of
// the copies.
type walk struct {
	f      *ir.Func
	b      *ir.Builder
	sem    Semantics
	copies map[*ir.Value]*ir.Value
	order  []*ir.Value // copies in the order of the body
	active map[*ir.Value]bool
	adj    map[*ir.Value]*adjoint
	made   *derivatives
}

// derivatives are the derivative functions made so far, by callee and active
// parameters, and the names that functions have: two derivatives of one
// function by different parameters are two functions.
type derivatives struct {
	by    map[string]*derivative
	taken map[string]bool
}

func newDerivatives(f *ir.Func) *derivatives {
	d := &derivatives{map[string]*derivative{}, map[string]bool{f.Name: true}}
	for _, c := range f.Callees() {
		d.taken[c.Name] = true
	}
	return d
}

// name is one that no other function has, for the derivative of f. A number
// stands at its end, as in the names of all functions.
func (d *derivatives) name(f *ir.Func) string {
	base := ir.Unnumbered(f.Name) + "Grad"
	name := base
	for n := 2; d.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	d.taken[name] = true
	return name
}

func newWalk(f *ir.Func, sem Semantics, name string, made *derivatives) *walk {
	w := &walk{
		f: f, b: ir.NewBuilder(name), sem: sem,
		copies: map[*ir.Value]*ir.Value{},
		active: map[*ir.Value]bool{},
		adj:    map[*ir.Value]*adjoint{},
		made:   made,
	}
	w.b.Reserve(f)
	for _, p := range f.Params {
		w.copies[p] = w.b.Param(p.Name, p.Type, p.Attrs.Text("role"))
	}
	return w
}

// copyBody emits the body again and marks what depends on an active value
// through an op that has a derivative.
func (w *walk) copyBody() {
	for _, v := range w.f.Values {
		if v.Op == ir.OpParam {
			continue
		}
		args := make([]*ir.Value, len(v.Args))
		on := false
		for i, a := range v.Args {
			args[i] = w.copies[a]
			on = on || w.active[args[i]]
		}
		c := w.b.Emit(v.Op, v.Attrs, args...)
		if v.Name != "" {
			c.Called(v.Name)
		}
		w.copies[v] = c
		if on && rules[v.Op] != nil && v.Type.Elem == ir.Float {
			w.active[c] = true
		}
		w.order = append(w.order, c)
	}
}

// backward visits the body from its end and lets each op's rule contribute.
func (w *walk) backward() {
	done := map[*ir.Value]bool{}
	for i := len(w.order) - 1; i >= 0; i-- {
		v := w.order[i]
		if done[v] || !w.active[v] || w.adj[v] == nil {
			continue
		}
		done[v] = true
		if !w.throughSpots(v) && !w.throughGram(v) {
			rules[v.Op](w, v, w.adjointOr0(v))
		}
	}
}

// adjointOr0 is everything contributed to v, as one value of v's shape.
func (w *walk) adjointOr0(v *ir.Value) *ir.Value {
	a := w.adj[v]
	if a == nil {
		a = &adjoint{}
	}
	d := a.dense
	if d == nil {
		d = w.b.Num(0).Expand(v.Type.Shape...)
		if len(a.spots) > 0 {
			s := a.spots[0]
			d, a.spots = d.Put(s.axis, s.idx, s.v), a.spots[1:]
		}
	}
	for _, s := range a.spots {
		d = d.Put(s.axis, s.idx, d.Pick(s.axis, s.idx).Add(s.v))
	}
	w.adj[v] = &adjoint{dense: d}
	return d
}

// add contributes g to v. Where v was broadcast to g's shape, g is summed over
// the axes that v lacks or has as 1; where g is of a smaller shape it is
// repeated.
func (w *walk) add(v, g *ir.Value) {
	if !w.active[v] {
		return
	}
	g = unbroadcast(g, v.Type.Shape)
	a := w.adj[v]
	if a == nil {
		a = &adjoint{}
		w.adj[v] = a
	}
	if a.dense == nil {
		a.dense = g
	} else {
		a.dense = a.dense.Add(g)
	}
}

// addAt contributes g to the elements of v at idx along an axis.
func (w *walk) addAt(v *ir.Value, axis int, idx, g *ir.Value) {
	if !w.active[v] {
		return
	}
	if w.adj[v] == nil {
		w.adj[v] = &adjoint{}
	}
	w.adj[v].spots = append(w.adj[v].spots, spot{axis, idx, g})
}

func unbroadcast(g *ir.Value, to ir.Shape) *ir.Value {
	for len(g.Type.Shape) > len(to) {
		g = ir.Sum(g, 0)
	}
	for a := range g.Type.Shape {
		t := a + len(to) - len(g.Type.Shape)
		if t >= 0 && to[t] == ir.One && g.Type.Shape[a] != ir.One {
			g = ir.Sum(g, a).Unsqueeze(a)
		}
	}
	if !g.Type.Shape.Equal(to) {
		g = g.Expand(to...)
	}
	return g
}

// derivative is the derivative function of a callee, and which of the
// callee's parameters it takes and which results belong to which.
type derivative struct {
	fn   *ir.Func
	uses []int       // parameters of the callee that the derivative reads
	out  map[int]int // parameter of the callee → result of fn
}

// derivativeOf differentiates a callee by the parameters that are active at
// the call.
func (w *walk) derivativeOf(f *ir.Func, active []bool) *derivative {
	key := fmt.Sprintf("%p%v", f, active)
	if d := w.made.by[key]; d != nil {
		return d
	}
	d, err := differentiate(f, active, w.sem, w.made)
	if err != nil {
		w.b.Fail("%w", err)
		return nil
	}
	w.made.by[key] = d
	return d
}

func differentiate(f *ir.Func, active []bool, sem Semantics, made *derivatives) (*derivative, error) {
	full := newWalk(f, sem, made.name(f), made)
	for _, a := range f.Attrs {
		// The body's own attr values are copied with it.
		if a.Kind != ir.NumberAttr {
			full.b.Attribute(a.Name, a.Kind)
		} else {
			full.b.DeclareNumber(a.Name)
		}
	}
	for i, p := range f.Params {
		full.active[full.copies[p]] = active[i]
	}
	full.copyBody()
	r := f.Results[0].Value
	name := "grad"
	for n := 2; f.Param(name) != nil; n++ {
		name = fmt.Sprintf("grad_%d", n)
	}
	g := full.b.Param(name, r.Type, "")
	full.add(full.copies[r], g)
	full.backward()
	d := &derivative{out: map[int]int{}}
	for i, p := range f.Params {
		if active[i] {
			d.out[i] = len(d.out)
			full.b.Result("grad_"+p.Name, full.adjointOr0(full.copies[p]))
		}
	}
	fn, err := full.b.Func()
	if err != nil {
		return nil, err
	}
	live := ir.Live(fn)
	if d.fn, err = ir.DropParams(fn, func(p *ir.Value) bool { return live.Has(p) || p.Name == name }); err != nil {
		return nil, err
	}
	for i := range f.Params {
		if live.Has(fn.Params[i]) {
			d.uses = append(d.uses, i)
		}
	}
	return d, nil
}
