package irtest

import "losscc/ir"

// places is ints of a shape, each a place of an extent: a value known to be
// that, or any ints held to the extent, or zeros.
func (g *maker) places(shape ir.Shape, d ir.Dim) *ir.Value {
	in := bounds{0, float64(g.size(d)), d}
	sure := g.any(func(t ir.Type, in bounds) bool { return t.Equal(ir.Type{Elem: ir.Int, Shape: shape}) && in.place == d })
	if sure != nil && g.rng.IntN(4) > 0 {
		return sure
	}
	ints := g.any(func(t ir.Type, _ bounds) bool { return t.Equal(ir.Type{Elem: ir.Int, Shape: shape}) })
	if ints == nil {
		return g.keep(g.b.Whole(0).Expand(shape...), in)
	}
	return g.keep(ints.Max(0).Min(g.b.Extent(d).Sub(1)), in)
}

// along is a random value of rank 1 or more and one of its axes.
func (g *maker) along() (*ir.Value, int) {
	x := g.ranked(1)
	if g.smooth {
		x = g.float(1)
	}
	if x == nil {
		return nil, 0
	}
	return x, g.rng.IntN(len(x.Type.Shape))
}

func pick(g *maker) *ir.Value {
	x, axis := g.along()
	if x == nil {
		return nil
	}
	at := g.places(x.Type.Shape.Without(axis), x.Type.Shape[axis])
	return g.keep(x.Pick(axis, at), g.known[x])
}

func put(g *maker) *ir.Value {
	x, axis := g.along()
	if x == nil {
		return nil
	}
	left := x.Type.Shape.Without(axis)
	with := g.any(func(t ir.Type, _ bounds) bool { return t.Equal(ir.Type{Elem: x.Type.Elem, Shape: left}) })
	if with == nil {
		return nil
	}
	at := g.places(left, x.Type.Shape[axis])
	return g.keep(x.Put(axis, at, with), g.known[x].or(g.known[with]))
}

// rowPlaces is a matrix and places of each of its rows.
func (g *maker) rowPlaces() (x, at *ir.Value) {
	x = g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Float && len(t.Shape) == 2 })
	if x == nil {
		return nil, nil
	}
	shape := ir.Shape{x.Type.Shape[0], g.dim()}
	if !g.fits(shape) {
		return nil, nil
	}
	return x, g.places(shape, x.Type.Shape[1])
}

func take(g *maker) *ir.Value {
	x, at := g.rowPlaces()
	if x == nil {
		return nil
	}
	return g.keep(x.Take(at), g.known[x])
}

func addAt(g *maker) *ir.Value {
	x, at := g.rowPlaces()
	if x == nil {
		return nil
	}
	with := g.any(func(t ir.Type, _ bounds) bool { return t.Equal(ir.F(at.Type.Shape...)) })
	if with == nil {
		with = g.keep(x.Take(at), g.known[x])
	}
	most := g.known[with].times(g.size(at.Type.Shape[1])).or(between(0, 0))
	out, ok := binaryBounds(ir.OpAdd, ir.Float, g.known[x], most)
	if !ok || !g.ok(out) {
		return nil
	}
	return g.keep(x.AddAt(at, with), out)
}

func gather(g *maker) *ir.Value {
	x, _ := g.along()
	if x == nil {
		return nil
	}
	var shape ir.Shape
	for range g.rng.IntN(3) {
		shape = append(shape, g.dim())
	}
	if !g.fits(append(append(ir.Shape{}, shape...), x.Type.Shape[1:]...)) {
		return nil
	}
	return g.keep(x.Gather(g.places(shape, x.Type.Shape[0])), g.known[x])
}

func scatterAdd(g *maker) *ir.Value {
	rows := g.float(1)
	if rows == nil {
		return nil
	}
	d := g.dim()
	out := g.known[rows].times(g.size(rows.Type.Shape[0])).or(between(0, 0))
	if !g.ok(out) || !g.fits(append(ir.Shape{d}, rows.Type.Shape[1:]...)) {
		return nil
	}
	return g.keep(rows.ScatterAdd(g.places(rows.Type.Shape[:1], d), d), out)
}

// nonZero is the places of a condition that holds somewhere, and one of its
// columns.
func nonZero(g *maker) *ir.Value {
	c := g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Bool && len(t.Shape) > 0 })
	if c == nil || g.depth > 0 {
		return nil
	}
	s := c.Type.Shape
	size := 1
	for _, d := range s {
		size *= g.size(d)
	}
	somewhere := g.keep(c.Or(g.b.Iota(s[len(s)-1]).Eq(0)), between(0, 1))
	p := g.keep(somewhere.NonZero(g.fresh("T", size)), between(0, float64(size)))
	k := g.rng.IntN(len(s))
	return g.keep(p.Column(k), bounds{0, float64(g.size(s[k])), s[k]})
}

func concat(g *maker) *ir.Value {
	a, _ := g.along()
	if a == nil || g.depth > 0 {
		return nil
	}
	tail := a.Type.Shape[1:]
	w := g.any(func(t ir.Type, _ bounds) bool {
		return t.Elem == a.Type.Elem && len(t.Shape) == len(tail)+1 && ir.Shape(t.Shape[1:]).Equal(tail)
	})
	size := g.size(a.Type.Shape[0]) + g.size(w.Type.Shape[0])
	rows := size
	for _, d := range tail {
		rows *= g.size(d)
	}
	if rows > maxElements {
		return nil
	}
	return g.keep(a.Concat(w, g.fresh("M", size)), g.known[a].or(g.known[w]))
}
