package grad

import "losscc/ir"

// An op that works element by element has at a spot a derivative of its own:
// that of the same op on what its arguments have there. So a gradient that
// reaches a matrix at one element of each row stays a vector until it meets an
// op that needs the matrix.

// throughSpots passes on an adjoint that is nothing but spots, and tells
// whether it could.
func (w *walk) throughSpots(v *ir.Value) bool {
	a := w.adj[v]
	if a.dense != nil || len(a.spots) == 0 || !v.Op.Elementwise() || len(v.Type.Shape) != 2 {
		return false
	}
	for _, s := range a.spots {
		if !s.apart(v.Args) {
			return false
		}
	}
	for _, s := range a.spots {
		w.throughSpot(v, s)
	}
	return true
}

// apart tells whether different arguments have different values at the spot, so
// that it is known whose a contribution is.
func (s spot) apart(args []*ir.Value) bool {
	for i, x := range args {
		for _, y := range args[:i] {
			if x != y && s.of(x) == s.of(y) {
				return false
			}
		}
	}
	return true
}

// throughGram passes on the spots of X·Xᵀ, and tells whether it was one: where
// G is a few elements a row, G + Gᵀ has them and the same across.
func (w *walk) throughGram(v *ir.Value) bool {
	a := w.adj[v]
	if v.Op != ir.OpMatMul || v.Args[0] != v.Args[1] || v.Attrs.Bool("trans_a") || !v.Attrs.Bool("trans_b") || a.dense != nil || len(a.spots) == 0 {
		return false
	}
	both := &adjoint{}
	for _, s := range a.spots {
		if s.idx.Op == ir.OpIota { // the diagonal is across from itself
			both.spots = append(both.spots, spot{s.axis, s.idx, s.v.Add(s.v)})
			continue
		}
		both.spots = append(both.spots, s, spot{1 - s.axis, s.idx, s.v})
	}
	w.adj[v] = both
	w.add(v.Args[0], ir.MatMul(w.adjointOr0(v), v.Args[0]))
	return true
}

// throughSpot applies v's rule to what stands at a spot.
func (w *walk) throughSpot(v *ir.Value, s spot) {
	there := make([]*ir.Value, len(v.Args))
	for i, x := range v.Args {
		there[i] = s.of(x)
	}
	// What stands there may be a value of the body with an adjoint of its own.
	adj, active := w.adj, w.active
	w.adj, w.active = map[*ir.Value]*adjoint{}, map[*ir.Value]bool{}
	for i, x := range v.Args {
		w.active[there[i]] = w.active[there[i]] || active[x]
	}
	rules[v.Op](w, w.b.Emit(v.Op, v.Attrs, there...), s.v)
	found := w.adj
	w.adj, w.active = adj, active
	given := map[*ir.Value]bool{}
	for i, x := range v.Args {
		if a := found[there[i]]; a != nil && w.active[x] && !given[there[i]] {
			given[there[i]] = true
			s.give(w, x, a.dense)
		}
	}
}

// of is what an argument of an elementwise op has at the spot.
func (s spot) of(x *ir.Value) *ir.Value {
	shape := x.Type.Shape
	switch {
	case len(shape) == 0:
		return x
	case len(shape) == 1:
		x = x.Unsqueeze(0)
		shape = x.Type.Shape
	}
	switch {
	case shape[s.axis] == ir.One: // the same along the axis
		return x.Squeeze(s.axis)
	case shape[1-s.axis] == ir.One && s.idx.Type.Shape[0] != ir.One: // the same for each place
		return x.Squeeze(1 - s.axis).Gather(s.idx)
	}
	return x.Pick(s.axis, s.idx)
}

// give contributes to an argument what is the gradient of what it has at the
// spot.
func (s spot) give(w *walk, x, g *ir.Value) {
	shape := x.Type.Shape
	if len(shape) == 1 {
		shape = ir.Shape{ir.One, shape[0]}
	}
	switch {
	case len(shape) == 0:
		w.add(x, g)
	case shape[s.axis] == ir.One:
		w.add(x, g.Unsqueeze(s.axis))
	case shape[1-s.axis] == ir.One && s.idx.Type.Shape[0] != ir.One:
		w.add(x, g.ScatterAdd(s.idx, shape[s.axis]).Unsqueeze(1-s.axis))
	case len(x.Type.Shape) == 1: // one row, and x is it
		w.addAt(x, 0, s.idx.Squeeze(0), g.Squeeze(0))
	default:
		w.addAt(x, s.axis, s.idx, g)
	}
}
