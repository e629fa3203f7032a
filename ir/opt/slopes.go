package opt

import (
	"cmp"
	"math"
	"slices"

	"losscc/ir"
)

// slope is where a hinge [high − low]₊ rises: low < high, and where too.
type slope struct {
	where     *ir.Value // nil: everywhere
	low, high *ir.Value
}

// in tells whether f has the slope as floats.
func (s slope) in(f *ir.Func) bool {
	for _, v := range f.Values {
		if c := condition(v); c != nil && s.is(c) {
			return true
		}
	}
	return false
}

func (s slope) is(c *ir.Value) bool {
	if s.where != nil {
		return c.Op == ir.OpAnd && c.Args[0] == s.where && slope{low: s.low, high: s.high}.is(c.Args[1])
	}
	return c.Op == ir.OpLess && c.Args[1] == s.high && (c.Args[0] == s.low || s.low == nil && is(c.Args[0], 0))
}

// float is the slope as floats.
func (s slope) float() *ir.Value {
	rises := s.high.Greater(0)
	if s.low != nil {
		rises = s.low.Less(s.high)
	}
	if s.where != nil {
		rises = both(s.where, rises)
	}
	return rises.Float()
}

// both is c and d, a comparison last, so that equal ones are merged.
func both(c, d *ir.Value) *ir.Value {
	if c.Op == ir.OpLess && d.Op != ir.OpLess {
		c, d = d, c
	}
	return c.And(d)
}

// maskedHinge takes [x]₊·c apart, c a condition as floats: x, and the slope; x is
// nil if the factors are nothing of the kind. What cannot be below 0 is its own
// hinge.
func maskedHinge(op *ir.Op, a []*ir.Value) (x *ir.Value, s slope) {
	if op != ir.OpMul {
		return nil, s
	}
	for i, f := range a {
		c, h := condition(f), a[1-i]
		if c == nil || !h.Type.Equal(f.Type) {
			continue
		}
		high, low := hinge(h)
		switch {
		case mayBeFar(h):
			continue // infinity times 0 is no number
		case high != nil && eitherRepeats(h, high, low):
			return h.Args[0], slope{c, low, high}
		case high != nil:
			return h.Args[0], slope{c, nil, h}
		case notNegative(h) && !risesIn(c, h):
			return h, slope{c, nil, h}
		}
	}
	return nil, s
}

// risesIn tells whether c holds only where h is above 0.
func risesIn(c, h *ir.Value) bool {
	s := slope{high: h}
	return s.is(c) || c.Op == ir.OpAnd && s.is(c.Args[1])
}

// difference takes terms [high − low]₊, alone or times a condition as floats, or
// (high − low)·slope, apart, where one of the two repeats.
func difference(t *ir.Value) (s slope, ok bool) {
	if high, low := hinge(t); high != nil {
		return slope{nil, low, high}, eitherRepeats(t, high, low)
	}
	if t.Op != ir.OpMul {
		return s, false
	}
	for i, f := range t.Args {
		c, d := condition(f), t.Args[1-i]
		if c == nil || !d.Type.Equal(f.Type) || !d.Type.Equal(t.Type) {
			continue
		}
		if high, low := hinge(d); high != nil {
			return slope{c, low, high}, eitherRepeats(t, high, low)
		}
		if d.Op != ir.OpSub {
			continue
		}
		s = slope{nil, d.Args[1], d.Args[0]}
		if c.Op == ir.OpAnd {
			s.where = c.Args[0]
		}
		if s.is(c) {
			return s, eitherRepeats(t, s.high, s.low)
		}
	}
	return s, false
}

// weighable tells whether both sides are finite where the slope may be 0.
func (s slope) weighable() bool {
	finite := func(x *ir.Value, far float64) bool {
		if y := beside(x, far); y != nil {
			x = y
		}
		return !mayBeFar(x)
	}
	return finite(s.high, math.Inf(-1)) && finite(s.low, math.Inf(1))
}

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

// every tells whether something holds for all values that read x, and x is no
// result.
func every(f *ir.Func, x *ir.Value, holds func(reader *ir.Value) bool) bool {
	for _, r := range f.Results {
		if r.Value == x {
			return false
		}
	}
	for _, v := range f.Values {
		if slices.Contains(v.Args, x) && !holds(v) {
			return false
		}
	}
	return true
}

// summed is what v sums up over all axes, if nothing else reads it or its sums;
// else nil.
func summed(v *ir.Value, uses Uses) *ir.Value {
	if v.Op != ir.OpSum || len(v.Type.Shape) > 0 {
		return nil
	}
	for v.Op == ir.OpSum {
		v = v.Args[0]
		if uses.Of(v) != 1 {
			return nil
		}
	}
	return v
}

// weighed is the sum of x, as broadcast to n's shape, times n. Where x is far, n
// is 0: there x is what it was before it was put far off.
func weighed(x, n *ir.Value, far float64) *ir.Value {
	x = near(x, far)
	for len(n.Type.Shape) > len(x.Type.Shape) {
		n = ir.Sum(n, 0)
	}
	for axis := len(x.Type.Shape) - 1; axis >= 0; axis-- {
		if x.Type.Shape[axis] == ir.One && n.Type.Shape[axis] != ir.One {
			n, x = ir.Sum(n, axis), without(x, axis)
		}
	}
	return ir.Sum(n.Mul(x))
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

// without is x without an axis of extent 1.
func without(x *ir.Value, axis int) *ir.Value {
	switch x.Op {
	case ir.OpAdd, ir.OpSub:
		if _, number := x.Args[1].Const(); number {
			return x.Builder().Emit(x.Op, x.Attrs, without(x.Args[0], axis), x.Args[1])
		}
	case ir.OpUnsqueeze:
		if x.Attrs.Int("axis") == axis {
			return x.Args[0]
		}
	}
	return x.Squeeze(axis)
}

// finite tells whether x can be no infinity and no NaN: it is made of numbers and
// counts.
func finite(x *ir.Value) bool {
	switch x.Op {
	case ir.OpConst:
		c, _ := x.Const()
		return c-c == 0
	case ir.OpFloat:
		return true
	case ir.OpDiv:
		least, ok := last(x.Args[1]).Const()
		return x.Args[1].Op == ir.OpMax && ok && least > 0 && finite(x.Args[0]) && finite(x.Args[1])
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpNeg, ir.OpMax, ir.OpMin, ir.OpSum, ir.OpSelect,
		ir.OpUnsqueeze, ir.OpSqueeze, ir.OpReshape, ir.OpExpand, ir.OpTranspose,
		ir.OpScatterAdd, ir.OpGather, ir.OpPick, ir.OpPut, ir.OpTake, ir.OpAddAt:
		return !slices.ContainsFunc(x.Args, func(a *ir.Value) bool { return a.Type.Elem == ir.Float && !finite(a) })
	}
	return false
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
