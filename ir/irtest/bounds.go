package irtest

import (
	"math"

	"losscc/ir"
)

// The magnitude that no value exceeds: in a smooth function it is small, so
// that the function is smooth at the scale of a numeric derivative too.
const (
	limit       = 1e6
	smoothLimit = 10
)

// bounds is what the maker knows of a value: that every element is in [lo, hi],
// and for ints, which extent every element is a place of.
type bounds struct {
	lo, hi float64
	place  ir.Dim
}

func between(lo, hi float64) bounds { return bounds{lo: lo, hi: hi} }

// ok tells whether a value may have these bounds.
func (g *maker) ok(b bounds) bool {
	most := float64(limit)
	if g.smooth {
		most = smoothLimit
	}
	return b.lo >= -most && b.hi <= most
}

// or is the bounds of a value that is one or the other.
func (b bounds) or(c bounds) bounds {
	out := between(min(b.lo, c.lo), max(b.hi, c.hi))
	if b.place == c.place {
		out.place = b.place
	}
	return out
}

// times is the bounds of a sum of n terms, or fewer; a sum may round past them
// a little.
func (b bounds) times(n int) bounds {
	lo, hi := min(b.lo, b.lo*float64(n)), max(b.hi, b.hi*float64(n))
	return between(lo-math.Abs(lo)*1e-9, hi+math.Abs(hi)*1e-9)
}

func (b bounds) mul(c bounds) bounds {
	p := []float64{b.lo * c.lo, b.lo * c.hi, b.hi * c.lo, b.hi * c.hi}
	out := between(p[0], p[0])
	for _, x := range p[1:] {
		out = between(min(out.lo, x), max(out.hi, x))
	}
	return out
}

// away tells whether every element is at least d from 0, on one side.
func (b bounds) away(d float64) bool { return b.lo >= d || b.hi <= -d }

// unaryBounds is the bounds of an op of one float for operands in b, and
// whether b lies in the op's domain; smooth asks to stay away from points
// without a derivative too.
func unaryBounds(op *ir.Op, b bounds, smooth bool) (bounds, bool) {
	edge := 0.0
	if smooth {
		edge = 0.2
	}
	switch op {
	case ir.OpNeg:
		return between(-b.hi, -b.lo), true
	case ir.OpAbs:
		if b.lo <= 0 && b.hi >= 0 {
			return between(0, max(-b.lo, b.hi)), true
		}
		return between(min(math.Abs(b.lo), math.Abs(b.hi)), max(math.Abs(b.lo), math.Abs(b.hi))), true
	case ir.OpSin, ir.OpCos:
		return between(-1, 1), true
	case ir.OpAcos:
		return between(0, math.Pi), !smooth || b.lo >= -0.9 && b.hi <= 0.9
	case ir.OpLog:
		return monotone(op, b), b.lo >= 0.01 && b.lo >= edge
	case ir.OpSqrt:
		return monotone(op, b), b.lo >= edge
	case ir.OpExp:
		return monotone(op, b), b.hi <= 20
	}
	return monotone(op, b), true // floor, sigmoid, softplus, stop
}

func monotone(op *ir.Op, b bounds) bounds {
	if b.lo < 0 && (op == ir.OpLog || op == ir.OpSqrt) {
		return b
	}
	lo, hi := op.Scalar(b.lo), op.Scalar(b.hi)
	return between(lo-math.Abs(lo)*1e-9, hi+math.Abs(hi)*1e-9)
}

// binaryBounds is the bounds of arithmetic on operands in a and b, and whether
// they lie in the op's domain.
func binaryBounds(op *ir.Op, elem ir.Elem, a, b bounds) (bounds, bool) {
	switch op {
	case ir.OpAdd:
		return between(a.lo+b.lo, a.hi+b.hi), true
	case ir.OpSub:
		return between(a.lo-b.hi, a.hi-b.lo), true
	case ir.OpMul:
		return a.mul(b), true
	case ir.OpDiv:
		if elem == ir.Int {
			m := max(math.Abs(a.lo), math.Abs(a.hi))
			return between(-m, m), b.away(1)
		}
		if !b.away(0.2) {
			return a, false
		}
		return a.mul(between(1/b.hi, 1/b.lo)), true
	case ir.OpMax:
		return between(max(a.lo, b.lo), max(a.hi, b.hi)), true
	case ir.OpMin:
		return between(min(a.lo, b.lo), min(a.hi, b.hi)), true
	}
	return a, false
}
