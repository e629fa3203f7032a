package irtest

import (
	"math"

	"losscc/ir"
)

// recipe makes a random value with a certain op, or nil if no operand fits.
type recipe struct {
	smooth bool
	make   func(g *maker) *ir.Value
}

// recipes is filled at start-up because a call makes functions by it.
var recipes []recipe

func init() {
	add := func(smooth bool, makes ...func(*maker) *ir.Value) {
		for _, m := range makes {
			recipes = append(recipes, recipe{smooth, m})
		}
	}
	for _, op := range []*ir.Op{ir.OpNeg, ir.OpExp, ir.OpLog, ir.OpSqrt, ir.OpSin, ir.OpCos, ir.OpAcos, ir.OpSigmoid, ir.OpSoftplus} {
		add(true, unary(op))
	}
	for _, op := range []*ir.Op{ir.OpAbs, ir.OpFloor, ir.OpStop} {
		add(false, unary(op))
	}
	for _, op := range []*ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpDiv} {
		add(true, binary(op), binary(op))
	}
	for _, op := range []*ir.Op{ir.OpMax, ir.OpMin} {
		add(false, binary(op))
	}
	for _, op := range []*ir.Op{ir.OpLess, ir.OpLessEqual, ir.OpEqual} {
		add(false, compare(op))
	}
	add(true, constant, whole, iota, extent, power, fromInt, sum, cumSum, matMul,
		matMul, matMulAdd, matMulAdd, matMulBy, matMulBy, matMulBy, recip, norm, norm, norm, transpose, expand, reshape, unsqueeze, squeeze, pick, put, take, addAt, gather, scatterAdd, concat, call, call, call)
	add(false, through, and, or, not, choose, fromBool, toInt, extreme(ir.ReduceMax), extreme(ir.ReduceMin), argMax, argMin, argTop, nonZero)
}

func constant(g *maker) *ir.Value {
	few := []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 2, 0.1, 3}
	x := few[g.rng.IntN(len(few))]
	return g.keep(g.b.Num(x), between(x, x))
}

func whole(g *maker) *ir.Value {
	n := g.rng.IntN(5) - 1
	return g.keep(g.b.Whole(n), between(float64(n), float64(n)))
}

func iota(g *maker) *ir.Value {
	d := g.dim()
	return g.keep(g.b.Iota(d), bounds{0, float64(g.size(d)), d})
}

func extent(g *maker) *ir.Value {
	d := g.dim()
	return g.keep(g.b.Extent(d), between(1, float64(g.size(d))))
}

func unary(op *ir.Op) func(*maker) *ir.Value {
	return func(g *maker) *ir.Value {
		x := g.any(func(t ir.Type, in bounds) bool {
			out, ok := unaryBounds(op, in, g.smooth)
			return t.Elem == ir.Float && ok && g.ok(out)
		})
		if x == nil {
			return nil
		}
		out, _ := unaryBounds(op, g.known[x], g.smooth)
		return g.keep(g.b.Emit(op, nil, x), out)
	}
}

func power(g *maker) *ir.Value {
	least := 0.0
	if g.smooth {
		least = 0.2
	}
	e := []float64{0.5, 1, 1.5, 2, 3}[g.rng.IntN(5)]
	raised := func(in bounds) bounds {
		return between(math.Pow(in.lo, e)*(1-1e-9), math.Pow(in.hi, e)*(1+1e-9))
	}
	x := g.any(func(t ir.Type, in bounds) bool {
		return t.Elem == ir.Float && in.lo >= least && g.ok(raised(in))
	})
	if x == nil {
		return nil
	}
	return g.keep(x.Pow(e), raised(g.known[x]))
}

// recip is of a value away from 0, or of whole numbers, 0 among them.
func recip(g *maker) *ir.Value {
	x := g.any(func(t ir.Type, in bounds) bool {
		return t.Elem == ir.Float && (in.away(0.2) || !g.smooth)
	})
	if x == nil {
		return nil
	}
	in := g.known[x]
	if in.away(0.2) {
		return g.keep(ir.Recip(x), between(1/in.hi, 1/in.lo))
	}
	return g.keep(ir.Recip(ir.Floor(x)), between(-1, 1))
}

// partner is a random value that an elementwise op can take beside x and that
// is of a certain kind.
func (g *maker) partner(x *ir.Value, elem ir.Elem, fits func(bounds) bool) *ir.Value {
	return g.any(func(t ir.Type, in bounds) bool {
		s, err := ir.Broadcast(x.Type.Shape, t.Shape)
		return t.Elem == elem && err == nil && g.fits(s) && fits(in)
	})
}

func anyBounds(bounds) bool { return true }

// number is a random float or int; a float where only those are smooth.
func (g *maker) number() *ir.Value {
	return g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Float || t.Elem == ir.Int && !g.smooth })
}

func binary(op *ir.Op) func(*maker) *ir.Value {
	return func(g *maker) *ir.Value {
		x := g.number()
		if x == nil {
			return nil
		}
		elem := x.Type.Elem
		y := g.partner(x, elem, func(in bounds) bool {
			out, ok := binaryBounds(op, elem, g.known[x], in)
			return ok && g.ok(out)
		})
		if y == nil {
			return nil
		}
		out, _ := binaryBounds(op, elem, g.known[x], g.known[y])
		return g.keep(g.b.Emit(op, nil, x, y), out)
	}
}

func compare(op *ir.Op) func(*maker) *ir.Value {
	return func(g *maker) *ir.Value {
		x := g.number()
		if x == nil {
			return nil
		}
		y := g.partner(x, x.Type.Elem, anyBounds)
		return g.keep(g.b.Emit(op, nil, x, y), between(0, 1))
	}
}

func (g *maker) condition() *ir.Value {
	return g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Bool })
}

func logic(op *ir.Op, g *maker) *ir.Value {
	x := g.condition()
	if x == nil {
		return nil
	}
	return g.keep(g.b.Emit(op, nil, x, g.partner(x, ir.Bool, anyBounds)), between(0, 1))
}

func and(g *maker) *ir.Value { return logic(ir.OpAnd, g) }
func or(g *maker) *ir.Value  { return logic(ir.OpOr, g) }

func not(g *maker) *ir.Value {
	x := g.condition()
	if x == nil {
		return nil
	}
	return g.keep(x.Not(), between(0, 1))
}

func choose(g *maker) *ir.Value {
	c := g.condition()
	if c == nil {
		return nil
	}
	elem := []ir.Elem{ir.Float, ir.Float, ir.Int, ir.Bool}[g.rng.IntN(4)]
	x := g.partner(c, elem, anyBounds)
	if x == nil {
		return nil
	}
	y := g.partner(x, elem, anyBounds)
	s, err := ir.Broadcast(x.Type.Shape, y.Type.Shape)
	if err == nil {
		s, err = ir.Broadcast(s, c.Type.Shape)
	}
	if err != nil || !g.fits(s) {
		return nil
	}
	return g.keep(ir.Select(c, x, y), g.known[x].or(g.known[y]))
}

func through(g *maker) *ir.Value {
	x := g.float(0)
	if x == nil {
		return nil
	}
	y := g.any(func(t ir.Type, _ bounds) bool { return t.Equal(x.Type) })
	return g.keep(x.Through(y), g.known[y])
}

func fromBool(g *maker) *ir.Value {
	c := g.condition()
	if c == nil {
		return nil
	}
	if g.rng.IntN(3) == 0 {
		return g.keep(c.Int(), between(0, 1))
	}
	return g.keep(c.Float(), between(0, 1))
}

func fromInt(g *maker) *ir.Value {
	i := g.any(func(t ir.Type, _ bounds) bool { return t.Elem == ir.Int })
	if i == nil {
		return nil
	}
	return g.keep(i.Float(), between(g.known[i].lo, g.known[i].hi))
}

func toInt(g *maker) *ir.Value {
	x := g.float(0)
	if x == nil {
		return nil
	}
	in := g.known[x]
	return g.keep(x.Int(), between(math.Floor(in.lo), math.Ceil(in.hi)))
}
