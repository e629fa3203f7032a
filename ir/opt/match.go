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
	case ir.OpExp, ir.OpAbs, ir.OpSigmoid, ir.OpSoftplus, ir.OpNorm, ir.OpFloat:
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

func sameAxis(v, w *ir.Value) bool { return v.Attrs.Int("axis") == w.Attrs.Int("axis") }

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
