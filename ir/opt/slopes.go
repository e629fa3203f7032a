package opt

import (
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
	numbers := func(x *ir.Value, far float64) bool {
		if y := beside(x, far); y != nil {
			x = y
		}
		return !mayBeFar(x)
	}
	return numbers(s.high, math.Inf(-1)) && numbers(s.low, math.Inf(1))
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
		if x.Args[1].Op != ir.OpMax {
			return false
		}
		least, ok := last(x.Args[1]).Const()
		return ok && least > 0 && finite(x.Args[0]) && finite(x.Args[1])
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpNeg, ir.OpMax, ir.OpMin, ir.OpSum, ir.OpSelect,
		ir.OpUnsqueeze, ir.OpSqueeze, ir.OpReshape, ir.OpExpand, ir.OpTranspose,
		ir.OpScatterAdd, ir.OpGather, ir.OpPick, ir.OpPut, ir.OpTake, ir.OpAddAt:
		return !slices.ContainsFunc(x.Args, func(a *ir.Value) bool { return a.Type.Elem == ir.Float && !finite(a) })
	}
	return false
}
