package opt

import (
	"math"

	"losscc/ir"
)

// under is what op was applied to, if x is that op.
func under(x *ir.Value, op *ir.Op) *ir.Value {
	if x.Op == op {
		return x.Args[0]
	}
	return nil
}

// when is x if the condition holds.
func when(holds bool, x *ir.Value) *ir.Value {
	if holds {
		return x
	}
	return nil
}

// is tells whether x is the number c.
func is(x *ir.Value, c float64) bool {
	k, ok := x.Const()
	return ok && k == c
}

// other is the argument beside the constant c.
func other(a []*ir.Value, c float64) *ir.Value {
	switch {
	case is(a[0], c):
		return a[1]
	case is(a[1], c):
		return a[0]
	}
	return nil
}

func signbit(c float64) bool { return math.Signbit(c) }

// notNegative tells whether x cannot be below 0, nor be −0; it may be NaN.
func notNegative(x *ir.Value) bool {
	switch x.Op {
	case ir.OpExp, ir.OpAbs, ir.OpSigmoid, ir.OpSoftplus, ir.OpNorm, ir.OpLongNorm, ir.OpFloat:
		return x.Op != ir.OpFloat || x.Args[0].Type.Elem == ir.Bool
	case ir.OpSqrt:
		return notNegative(x.Args[0])
	case ir.OpMul:
		return x.Args[0] == x.Args[1]
	case ir.OpMax:
		c, ok := x.Args[1].Const()
		return ok && c == 0 && !signbit(c)
	}
	return false
}

// orNumber takes a choice between x and a wanted number c apart, and tells whether
// x stands where the condition fails; x is nil if there is no such number.
func orNumber(a []*ir.Value, wanted func(float64) bool) (x *ir.Value, fails bool, c float64) {
	for i := range 2 {
		if c, number := a[2-i].Const(); number && wanted(c) {
			return a[1+i], i == 1, c
		}
	}
	return nil, false, 0
}

func zero(c float64) bool     { return c == 0 }
func infinite(c float64) bool { return math.IsInf(c, 0) }

// stays is the condition of a choice, or its opposite.
func stays(c *ir.Value, fails bool) *ir.Value {
	if !fails {
		return c
	}
	if opposite := under(c, ir.OpNot); opposite != nil {
		return opposite
	}
	return c.Not()
}

// hinge takes max(a − b, 0) apart; nil if x is none.
func hinge(x *ir.Value) (a, b *ir.Value) {
	if x.Op != ir.OpMax || !is(x.Args[1], 0) || x.Args[0].Op != ir.OpSub || x.Type.Elem != ir.Float {
		return nil, nil
	}
	return x.Args[0].Args[0], x.Args[0].Args[1]
}

// eitherRepeats tells whether one of the two operands of v is smaller than v.
func eitherRepeats(v, a, b *ir.Value) bool { return !a.Type.Equal(v.Type) || !b.Type.Equal(v.Type) }

// condition is the condition that x is as a float, or nil.
func condition(x *ir.Value) *ir.Value {
	if c := under(x, ir.OpFloat); c != nil && c.Type.Elem == ir.Bool {
		return c
	}
	return nil
}

// maskedFactor takes x·c apart, where c is a condition as a float.
func maskedFactor(p *ir.Value) (x, c *ir.Value) {
	for i, f := range p.Args {
		if c := condition(f); c != nil {
			return p.Args[1-i], c
		}
	}
	return nil, nil
}

// numbered takes x·k apart, where k is a number; nil if none is.
func numbered(a []*ir.Value) (x *ir.Value, k float64) {
	for i := range a {
		if k, ok := a[i].Const(); ok {
			return a[1-i], k
		}
	}
	return nil, 0
}

// doubles tells whether k is ±1, ±2, ±4, …, a factor that rounds nothing.
func doubles(k float64) bool {
	frac, _ := math.Frexp(k)
	return math.Abs(frac) == 0.5 && math.Abs(k) >= 1
}

// symmetric tells whether x is a matrix that is its own transpose: it is made
// element by element of such matrices, of numbers, and of pairs q, qᵀ whose order
// does not matter.
func symmetric(x *ir.Value) bool {
	s := x.Type.Shape
	switch {
	case len(s) == 0:
		return true
	case len(s) != 2 || s[0] != s[1]:
		return false
	case s[0] == ir.One:
		return true
	case x.Op == ir.OpMatMul:
		return x.Args[0] == x.Args[1] && x.Attrs.Bool("trans_a") != x.Attrs.Bool("trans_b")
	case x.Op == ir.OpTranspose:
		return symmetric(x.Args[0])
	case x.Op == ir.OpPut:
		return symmetric(x.Args[0]) && x.Args[1].Op == ir.OpIota
	case !x.Op.Elementwise():
		return false
	case across(x):
		return true
	}
	for _, a := range x.Args {
		if !symmetric(a) {
			return false
		}
	}
	return true
}

// across tells whether x is q and qᵀ, a column and the row of the same, under an
// op for which their order does not matter.
func across(x *ir.Value) bool {
	switch x.Op {
	case ir.OpAdd, ir.OpMul, ir.OpMax, ir.OpMin, ir.OpEqual, ir.OpAnd, ir.OpOr:
	default:
		return false
	}
	a, b := x.Args[0], x.Args[1]
	return a.Op == ir.OpUnsqueeze && b.Op == ir.OpUnsqueeze && a.Args[0] == b.Args[0] && len(a.Args[0].Type.Shape) == 1
}

func sameRank(v, w *ir.Value) bool { return len(v.Type.Shape) == len(w.Type.Shape) }

func sameAxis(v, w *ir.Value) bool { return v.Attrs.Int("axis") == w.Attrs.Int("axis") }

// withTranspose is g if x is g + gᵀ, else nil.
func withTranspose(x *ir.Value) *ir.Value {
	if x.Op != ir.OpAdd {
		return nil
	}
	return when(under(x.Args[1], ir.OpTranspose) == x.Args[0], x.Args[0])
}

// first and last are arguments of v, nil if it has none.
func first(v *ir.Value) *ir.Value {
	if len(v.Args) == 0 {
		return nil
	}
	return v.Args[0]
}

func last(v *ir.Value) *ir.Value {
	if len(v.Args) == 0 {
		return nil
	}
	return v.Args[len(v.Args)-1]
}

// shapeOf is what values broadcast to, nil if they do not.
func shapeOf(args []*ir.Value) ir.Shape {
	s := ir.Shape{}
	for _, a := range args {
		var err error
		if s, err = ir.Broadcast(s, a.Type.Shape); err != nil {
			return nil
		}
	}
	return s
}

func concat(lists ...[]Rule) []Rule {
	var out []Rule
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}
