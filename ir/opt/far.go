package opt

import (
	"cmp"
	"math"
	"slices"

	"losscc/ir"
)

// Far is what was put where it must not win: +∞ in place of a distance that must
// not be the smallest, −∞ of one that must not be the largest, as in
//
//	%1: float[] = const {value=inf}
//	%2: float[N,N] = select same, %1, d
//
// +∞ is less than nothing, and nothing is less than −∞: so what counts such
// comparisons is 0 where one side is far.

// mayBeFar tells whether x may be infinite because something was put far off.
func mayBeFar(x *ir.Value) bool {
	seen := map[*ir.Value]bool{}
	var far func(*ir.Value) bool
	far = func(x *ir.Value) bool {
		if c, number := x.Const(); number {
			return math.IsInf(c, 0)
		}
		if seen[x] || x.Type.Elem != ir.Float {
			return false
		}
		seen[x] = true
		return slices.ContainsFunc(x.Args, far)
	}
	return far(x)
}

// beside is what x holds where it was not put far off, numbers added to it and
// axes put into it aside; nil if it was not.
func beside(x *ir.Value, far float64) *ir.Value {
	switch x.Op {
	case ir.OpAdd, ir.OpSub:
		if k, number := x.Args[1].Const(); number && !math.IsInf(k, 0) {
			return beside(x.Args[0], far)
		}
	case ir.OpUnsqueeze:
		return beside(x.Args[0], far)
	case ir.OpSelect:
		if y, _, _ := orNumber(x.Args, func(c float64) bool { return c == far }); y != nil && y.Type.Equal(x.Type) {
			return y
		}
	}
	return nil
}

// near is x with what was put far off where it was.
func near(x *ir.Value, far float64) *ir.Value {
	y := beside(x, far)
	if y == nil || x.Op == ir.OpSelect {
		return cmp.Or(y, x)
	}
	return x.Builder().Emit(x.Op, x.Attrs, append([]*ir.Value{near(x.Args[0], far)}, x.Args[1:]...)...)
}

// lessThanNothing tells whether f reads x only to ask whether it is less than
// others, which neither infinity nor NaN is; whether others are less than it, only
// together with that.
func lessThanNothing(f *ir.Func, x *ir.Value) bool {
	return every(f, x, func(r *ir.Value) bool {
		switch {
		case r.Op == ir.OpUnsqueeze:
			return lessThanNothing(f, r)
		case isLess(r, x):
			return true
		case (r.Op == ir.OpLess || r.Op == ir.OpLessEqual) && r.Args[0] != x:
			return every(f, r, func(b *ir.Value) bool { return b.Op == ir.OpAnd && (isLess(b.Args[0], x) || isLess(b.Args[1], x)) })
		}
		return false
	})
}

// isLess tells whether c is x < y or x ≤ y.
func isLess(c, x *ir.Value) bool {
	return (c.Op == ir.OpLess || c.Op == ir.OpLessEqual) && c.Args[0] == x && c.Args[1] != x
}

// vanishes tells whether x is 0 wherever the condition, repeated to x's shape,
// fails: it counts what is less than something, where something else was put far
// off.
func vanishes(x, c *ir.Value) bool {
	axes := make([]int, len(c.Type.Shape))
	for i := range axes {
		axes[i] = i + len(x.Type.Shape) - len(axes)
	}
	return off{c, axes}.zero(x)
}

// off is where a condition fails whose axes lie at the given ones, in order, of
// what is looked at.
type off struct {
	c    *ir.Value
	axes []int
}

// moved is off where the axes from one on lie by so many further.
func (o off) moved(from, by int) off {
	axes := slices.Clone(o.axes)
	for i, a := range axes {
		if a >= from {
			axes[i] += by
		}
	}
	return off{o.c, axes}
}

// zero tells whether x, which is finite, is 0 there.
func (o off) zero(x *ir.Value) bool {
	switch x.Op {
	case ir.OpFloat:
		return o.fails(x.Args[0])
	case ir.OpMul:
		return slices.ContainsFunc(x.Args, func(a *ir.Value) bool { return sameRank(a, x) && o.zero(a) })
	case ir.OpNeg:
		return o.zero(x.Args[0])
	case ir.OpSum:
		return o.moved(x.Attrs.Int("axis"), 1).zero(x.Args[0])
	}
	return false
}

// fails tells whether x holds nowhere there.
func (o off) fails(x *ir.Value) bool {
	switch x.Op {
	case ir.OpAnd:
		return slices.ContainsFunc(x.Args, func(a *ir.Value) bool { return sameRank(a, x) && o.fails(a) })
	case ir.OpLess:
		// Infinity is less than nothing, nothing is less than −infinity, and NaN is neither.
		low, high := x.Args[0], x.Args[1]
		return sameRank(low, x) && o.far(low, math.Inf(1)) || sameRank(high, x) && o.far(high, math.Inf(-1))
	}
	return false
}

// far tells whether x is infinite or NaN there, because it was put far off.
func (o off) far(x *ir.Value, infinity float64) bool {
	switch x.Op {
	case ir.OpAdd, ir.OpSub:
		_, number := x.Args[1].Const()
		return number && o.far(x.Args[0], infinity)
	case ir.OpUnsqueeze:
		axis := x.Attrs.Int("axis")
		return !slices.Contains(o.axes, axis) && o.moved(axis, -1).far(x.Args[0], infinity)
	case ir.OpSelect:
		y, fails, _ := orNumber(x.Args, func(c float64) bool { return c == infinity })
		return y != nil && o.all(x) && stands(x.Args[0], fails, o.c)
	}
	return false
}

// all tells whether x has the axes of the condition and no more.
func (o off) all(x *ir.Value) bool {
	for i, a := range o.axes {
		if a != i {
			return false
		}
	}
	return len(x.Type.Shape) == len(o.axes)
}

// stands tells whether the condition of a choice, or its opposite, is c.
func stands(choice *ir.Value, fails bool, c *ir.Value) bool {
	if fails {
		return under(choice, ir.OpNot) == c || under(c, ir.OpNot) == choice
	}
	return choice == c
}
