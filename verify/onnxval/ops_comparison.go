package onnxval

import (
	"math"

	"losscc/verify/tensor"
)

// comparison is the operators that give truth values or take them. Every
// comparison with NaN is false.
var comparison = []row{
	{"Equal", 13, "A:T B:T", every, "", compare(equal[float64], equal[int64])},
	{"Less", 13, "A:T B:T", numbers, "", compare(less[float64], less[int64])},
	{"LessOrEqual", 13, "A:T B:T", numbers, "", compare(atMost[float64], atMost[int64])},
	{"Greater", 13, "A:T B:T", numbers, "", compare(greater[float64], greater[int64])},
	{"GreaterOrEqual", 13, "A:T B:T", numbers, "", compare(atLeast[float64], atLeast[int64])},

	{"And", 13, "A:T B:T", bools, "", logic(both)},
	{"Or", 13, "A:T B:T", bools, "", logic(either)},
	{"Xor", 13, "A:T B:T", bools, "", logic(oneOf)},
	{"Not", 13, "X:T", bools, "", func(c *call) {
		c.emit(c.test(func(i int) bool { return !c.in[0].B[i] }))
	}},
	{"IsNaN", 13, "X:T", floats, "", func(c *call) {
		c.emit(c.test(func(i int) bool { return math.IsNaN(c.in[0].F[i]) }))
	}},
	{"IsInf", 13, "X:T", setOf(F32, F64), "detect_negative:int=1 detect_positive:int=1", isInf},
	{"IsInf", 20, "X:T", floats, "detect_negative:int=1 detect_positive:int=1", isInf},
	{"Where", 13, "condition:B X:T Y:T", every, "", where},
}

func equal[T number](a, b T) bool   { return a == b }
func less[T number](a, b T) bool    { return a < b }
func atMost[T number](a, b T) bool  { return a <= b }
func greater[T number](a, b T) bool { return a > b }
func atLeast[T number](a, b T) bool { return a >= b }

func both(a, b bool) bool   { return a && b }
func either(a, b bool) bool { return a || b }
func oneOf(a, b bool) bool  { return a != b }

// compare tests the elements of two tensors, stretched to one shape.
func compare(f func(a, b float64) bool, i func(a, b int64) bool) func(*call) {
	return func(c *call) {
		a, b := c.in[0], c.in[1]
		out := c.make(Bool, broadcast(a.Shape, b.Shape))
		zip(a, b, out.Shape, func(k, ka, kb int) {
			switch a.Kind {
			case tensor.Float:
				out.B[k] = f(a.F[ka], b.F[kb])
			case tensor.Int:
				out.B[k] = i(a.I[ka], b.I[kb])
			case tensor.Bool: // only Equal takes them
				out.B[k] = a.B[ka] == b.B[kb]
			}
		})
		c.emit(out)
	}
}

func logic(f func(a, b bool) bool) func(*call) {
	return func(c *call) {
		a, b := c.in[0], c.in[1]
		out := c.make(Bool, broadcast(a.Shape, b.Shape))
		zip(a, b, out.Shape, func(k, ka, kb int) { out.B[k] = f(a.B[ka], b.B[kb]) })
		c.emit(out)
	}
}

// test is a truth value for every element of the first input.
func (c *call) test(f func(i int) bool) *value {
	out := c.make(Bool, c.in[0].Shape)
	for i := range out.B {
		out.B[i] = f(i)
	}
	return out
}

func isInf(c *call) {
	minus, plus := c.flag("detect_negative"), c.flag("detect_positive")
	c.emit(c.test(func(i int) bool {
		v := c.in[0].F[i]
		return plus && math.IsInf(v, 1) || minus && math.IsInf(v, -1)
	}))
}

func where(c *call) {
	cond, x, y := c.in[0], c.in[1], c.in[2]
	shape := broadcast(cond.Shape, x.Shape, y.Shape)
	out := c.make(x.elem, shape)
	sc, sx, sy := stretched(cond.Shape, shape), stretched(x.Shape, shape), stretched(y.Shape, shape)
	walk(shape, func(i int, at []int) {
		if cond.B[dot(at, sc)] {
			put(out, i, x, dot(at, sx))
		} else {
			put(out, i, y, dot(at, sy))
		}
	})
	c.emit(out)
}
