package irtest

import "losscc/ir"

// lane is a random number of rank 1 or more and one of its axes.
func (g *maker) lane() (*ir.Value, int) {
	x := g.any(func(t ir.Type, in bounds) bool {
		return (t.Elem == ir.Float || t.Elem == ir.Int && !g.smooth) && len(t.Shape) > 0
	})
	if x == nil {
		return nil, 0
	}
	return x, g.rng.IntN(len(x.Type.Shape))
}

func sum(g *maker) *ir.Value {
	x, axis := g.lane()
	if x == nil {
		return nil
	}
	out := g.known[x].times(g.size(x.Type.Shape[axis]))
	if !g.ok(out) {
		return nil
	}
	return g.keep(ir.Sum(x, axis), out)
}

func cumSum(g *maker) *ir.Value {
	x, axis := g.lane()
	if x == nil {
		return nil
	}
	out := g.known[x].times(g.size(x.Type.Shape[axis]))
	if !g.ok(out) {
		return nil
	}
	return g.keep(g.b.Emit(ir.OpCumSum, ir.Attrs{{Name: "axis", Val: int64(axis)}}, x), out)
}

// extreme is a recipe of ir.ReduceMax or ir.ReduceMin.
func extreme(of func(*ir.Value, ...int) *ir.Value) func(*maker) *ir.Value {
	return func(g *maker) *ir.Value {
		x, axis := g.lane()
		if x == nil {
			return nil
		}
		return g.keep(of(x, axis), g.known[x])
	}
}

func norm(g *maker) *ir.Value {
	x := g.any(func(t ir.Type, in bounds) bool {
		return t.Elem == ir.Float && len(t.Shape) > 0 && (in.away(0.2) || !g.smooth)
	})
	if x == nil {
		return nil
	}
	in, _ := unaryBounds(ir.OpAbs, g.known[x], false)
	out := between(in.lo*(1-1e-9), in.times(g.size(x.Type.Shape[len(x.Type.Shape)-1])).hi)
	if !g.ok(out) {
		return nil
	}
	switch g.rng.IntN(5) {
	case 0:
		return g.keep(ir.PlainNorm(x), out)
	case 1, 2, 3:
		return g.keep(g.b.Emit(ir.OpLongNorm, nil, x), out)
	}
	return g.keep(ir.Norm(x), out)
}

func argMin(g *maker) *ir.Value {
	x := argMax(g)
	if x == nil {
		return nil
	}
	return g.keep(g.b.Emit(ir.OpArgMin, x.Attrs, x.Args[0]), g.known[x])
}

func argMax(g *maker) *ir.Value {
	x, axis := g.lane()
	if x == nil {
		return nil
	}
	d := x.Type.Shape[axis]
	return g.keep(x.ArgMax(axis), bounds{0, float64(g.size(d)), d})
}

func argTop(g *maker) *ir.Value {
	x := g.float(1)
	if x == nil || g.depth > 0 {
		return nil
	}
	last := x.Type.Shape[len(x.Type.Shape)-1]
	k, size := g.b.Whole(1), 1
	if g.rng.IntN(2) == 0 {
		k, size = g.b.Extent(last), g.size(last)
	}
	r := g.fresh("R", size)
	top := x.ArgTop
	if g.rng.IntN(2) == 0 {
		top = x.ArgBottom
	}
	return g.keep(top(k, r), bounds{0, float64(g.size(last)), last})
}

func matMul(g *maker) *ir.Value {
	matrix := func(t ir.Type, _ bounds) bool { return t.Elem == ir.Float && len(t.Shape) == 2 }
	a := g.any(matrix)
	if a == nil {
		return nil
	}
	ta, tb := g.rng.IntN(2), g.rng.IntN(2)
	inner, m := a.Type.Shape[1-ta], a.Type.Shape[ta]
	w := g.any(func(t ir.Type, in bounds) bool {
		return matrix(t, in) && t.Shape[tb] == inner && g.fits(ir.Shape{m, t.Shape[1-tb]}) &&
			g.ok(in.mul(g.known[a]).times(g.size(inner)))
	})
	if w == nil {
		return nil
	}
	out := g.known[a].mul(g.known[w]).times(g.size(inner))
	attrs := ir.Attrs{{Name: "trans_a", Val: ta == 1}, {Name: "trans_b", Val: tb == 1}}
	return g.keep(g.b.Emit(ir.OpMatMul, attrs, a, w), out)
}

// matMulBy is twice a product.
func matMulBy(g *maker) *ir.Value {
	p := matMul(g)
	if p == nil {
		return nil
	}
	out := g.known[p].mul(between(2, 2))
	if !g.ok(out) {
		return nil
	}
	return g.keep(g.b.Emit(ir.OpMatMulBy, append(p.Attrs[:2:2], ir.Attr{Name: "factor", Val: 2.0}), p.Args...), out)
}

// matMulAdd adds a matrix to a product that there is.
func matMulAdd(g *maker) *ir.Value {
	p := matMul(g)
	if p == nil {
		return nil
	}
	sum := func(in bounds) (bounds, bool) { return binaryBounds(ir.OpAdd, ir.Float, g.known[p], in) }
	c := g.any(func(t ir.Type, in bounds) bool {
		out, ok := sum(in)
		return t.Equal(p.Type) && ok && g.ok(out)
	})
	if c == nil {
		return nil
	}
	out, _ := sum(g.known[c])
	return g.keep(g.b.Emit(ir.OpMatMulAdd, p.Attrs, p.Args[0], p.Args[1], c), out)
}

func transpose(g *maker) *ir.Value {
	x := g.any(func(t ir.Type, _ bounds) bool { return len(t.Shape) == 2 })
	if x == nil {
		return nil
	}
	return g.keep(x.T(), g.known[x])
}

func expand(g *maker) *ir.Value {
	x := g.ranked(0)
	to := append(ir.Shape{}, x.Type.Shape...)
	for i, d := range to {
		if d == ir.One && g.rng.IntN(2) == 0 {
			to[i] = g.dim()
		}
	}
	if g.rng.IntN(2) == 0 {
		to = to.With(0, g.dim())
	}
	if !g.fits(to) {
		return nil
	}
	return g.keep(x.Expand(to...), g.known[x])
}

// reshape joins two axes, takes a product apart, or puts in an axis of 1.
func reshape(g *maker) *ir.Value {
	x := g.ranked(1)
	if x == nil {
		return nil
	}
	s := x.Type.Shape
	axis := g.rng.IntN(len(s))
	to := append(ir.Shape{}, s[:axis]...)
	switch factors := s[axis].Factors(); {
	case len(factors) > 1:
		to = append(append(to, factors...), s[axis+1:]...)
	case axis+1 < len(s):
		to = append(append(to, s[axis].Times(s[axis+1])), s[axis+2:]...)
	default:
		to = append(append(to, ir.One), s[axis:]...)
	}
	if !g.fits(to) {
		return nil
	}
	return g.keep(x.Reshape(to...), g.known[x])
}

func unsqueeze(g *maker) *ir.Value {
	x := g.any(func(t ir.Type, _ bounds) bool { return len(t.Shape) < 3 })
	if x == nil {
		return nil
	}
	return g.keep(x.Unsqueeze(g.rng.IntN(len(x.Type.Shape)+1)), g.known[x])
}

func squeeze(g *maker) *ir.Value {
	x := g.ranked(1)
	if x == nil {
		return nil
	}
	for axis, d := range x.Type.Shape {
		if d == ir.One {
			return g.keep(x.Squeeze(axis), g.known[x])
		}
	}
	return nil
}
