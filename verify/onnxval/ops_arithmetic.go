package onnxval

import (
	"math"
	"slices"

	"losscc/verify/tensor"
)

// arithmetic is the operators that work on each element by itself and stay
// within the numbers.
var arithmetic = []row{
	{"Add", 13, "A:T B:T", numbers, "", pairwise(plus[float64], plus[int64])},
	{"Sub", 13, "A:T B:T", numbers, "", pairwise(minus[float64], minus[int64])},
	{"Mul", 13, "A:T B:T", numbers, "", pairwise(times[float64], times[int64])},
	{"Div", 13, "A:T B:T", numbers, "", pairwise(over, quotient)},
	{"Mod", 13, "A:T B:T", numbers, "fmod:int=0", modulo},
	{"Pow", 13, "X:T Y:N", numbers, "", power},

	{"Max", 13, "data:T*", numbers, "", fold(larger[float64], larger[int64])},
	{"Min", 13, "data:T*", numbers, "", fold(smaller[float64], smaller[int64])},
	{"Sum", 13, "data:T*", floats, "", fold(plus[float64], nil)},
	{"Mean", 13, "data:T*", floats, "", mean},
	{"Clip", 13, "input:T min:T? max:T?", numbers, "", clip},

	{"Abs", 13, "X:T", numbers, "", unary(math.Abs, func(v int64) int64 { return max(v, -v) })},
	{"Neg", 13, "X:T", numbers, "", unary(negative[float64], negative[int64])},
	{"Sign", 13, "input:T", numbers, "", unary(sign, func(v int64) int64 { return max(-1, min(1, v)) })},
	{"Relu", 13, "X:T", floats, "", unary(positive[float64], nil)},
	{"Relu", 14, "X:T", numbers, "", unary(positive[float64], positive[int64])},
	{"Reciprocal", 13, "X:T", floats, "", unary(func(v float64) float64 { return 1 / v }, nil)},
	{"Floor", 13, "X:T", floats, "", unary(math.Floor, nil)},
	{"Ceil", 13, "X:T", floats, "", unary(math.Ceil, nil)},
	{"Round", 13, "X:T", floats, "", unary(math.RoundToEven, nil)},
	{"Sqrt", 13, "X:T", floats, "", unary(math.Sqrt, nil)},
	{"Exp", 13, "input:T", floats, "", unary(math.Exp, nil)},
	{"Log", 13, "input:T", floats, "", unary(logarithm, nil)},
	{"Sin", 13, "input:T", floats, "", unary(math.Sin, nil)},
	{"Cos", 13, "input:T", floats, "", unary(math.Cos, nil)},
	{"Tan", 13, "input:T", floats, "", unary(math.Tan, nil)},
	{"Asin", 13, "input:T", floats, "", unary(math.Asin, nil)},
	{"Acos", 13, "input:T", floats, "", unary(math.Acos, nil)},
	{"Atan", 13, "input:T", floats, "", unary(math.Atan, nil)},
	{"Tanh", 13, "input:T", floats, "", unary(math.Tanh, nil)},
	{"Sigmoid", 13, "X:T", floats, "", unary(sigmoid, nil)},
	{"Softplus", 13, "X:T", floats, "", unary(softplus, nil)},
}

// number is what elements are computed in.
type number interface{ float64 | int64 }

func plus[T number](a, b T) T   { return a + b }
func minus[T number](a, b T) T  { return a - b }
func times[T number](a, b T) T  { return a * b }
func positive[T number](v T) T  { return max(v, 0) }
func negative[T number](v T) T  { return -v }
func over(a, b float64) float64 { return a / b }

// logarithm is right below the smallest normal number too, where math.Log of Go
// 1.26 stays at −709 on amd64.
func logarithm(v float64) float64 {
	if !(v > 0 && v < 0x1p-1022) {
		return math.Log(v)
	}
	frac, exp := math.Frexp(v)
	return math.Log(frac) + float64(exp)*math.Ln2
}

// larger and smaller are NaN if either number is.
func larger[T number](a, b T) T  { return max(a, b) }
func smaller[T number](a, b T) T { return min(a, b) }

// plusSquare rounds the square, so that no processor fuses it into the sum.
func plusSquare[T number](a, b T) T { return a + T(b*b) }

// unary applies f, or i if the elements are integers, to every element.
func unary(f func(float64) float64, i func(int64) int64) func(*call) {
	return func(c *call) {
		x := c.in[0]
		y := c.make(x.elem, x.Shape)
		for k := range x.F {
			y.F[k] = f(x.F[k])
		}
		for k := range x.I {
			y.I[k] = i(x.I[k])
		}
		c.emit(y)
	}
}

// zip visits the places of two tensors stretched to one shape, with the offsets
// in each.
func zip(a, b *value, shape []int, visit func(i, ka, kb int)) {
	if slices.Equal(a.Shape, shape) && slices.Equal(b.Shape, shape) {
		for i := range tensor.Len(shape) {
			visit(i, i, i)
		}
		return
	}
	sa, sb := stretched(a.Shape, shape), stretched(b.Shape, shape)
	walk(shape, func(i int, at []int) { visit(i, dot(at, sa), dot(at, sb)) })
}

// combine is f (or i) of the elements of two tensors, stretched to one shape.
func (c *call) combine(a, b *value, f func(a, b float64) float64, i func(a, b int64) int64) *value {
	out := c.make(a.elem, broadcast(a.Shape, b.Shape))
	if out.Kind == tensor.Float {
		zip(a, b, out.Shape, func(k, ka, kb int) { out.F[k] = f(a.F[ka], b.F[kb]) })
	} else {
		zip(a, b, out.Shape, func(k, ka, kb int) { out.I[k] = i(a.I[ka], b.I[kb]) })
	}
	return out
}

// pairwise combines the elements of two tensors.
func pairwise(f func(a, b float64) float64, i func(a, b int64) int64) func(*call) {
	return func(c *call) { c.emit(c.combine(c.in[0], c.in[1], f, i)) }
}

// fold combines any number of tensors from the left.
func fold(f func(a, b float64) float64, i func(a, b int64) int64) func(*call) {
	return func(c *call) {
		acc := c.in[0]
		for _, v := range c.in[1:] {
			acc = c.combine(acc, v, f, i)
		}
		c.emit(acc)
	}
}

func mean(c *call) {
	acc := c.in[0]
	for _, v := range c.in[1:] {
		acc = c.combine(acc, v, plus[float64], nil)
	}
	out := c.make(acc.elem, acc.Shape)
	for i, v := range acc.F {
		out.F[i] = v / float64(len(c.in))
	}
	c.emit(out)
}

// clip is min(max(x, lo), hi): NaN stays, and where lo is above hi it is hi.
func clip(c *call) {
	x := c.in[0]
	if c.in[1] != nil {
		x = c.combine(x, c.single(1).reshaped(nil), larger[float64], larger[int64])
	}
	if c.in[2] != nil {
		x = c.combine(x, c.single(2).reshaped(nil), smaller[float64], smaller[int64])
	}
	c.emit(x)
}

// quotient is a/b cut towards zero.
func quotient(a, b int64) int64 {
	if b == 0 {
		failf("divides the integer %d by zero, which is not defined", a)
	}
	return a / b
}

// modulo has the sign of the divisor, or with fmod that of the dividend.
func modulo(c *call) {
	fmod := c.flag("fmod")
	if c.in[0].Kind == tensor.Float && !fmod {
		failf("takes the remainder of floats with fmod=0; only fmod=1 is defined for them")
	}
	c.emit(c.combine(c.in[0], c.in[1], math.Mod, func(a, b int64) int64 {
		if b == 0 {
			failf("takes the remainder of the integer %d by zero, which is not defined", a)
		}
		r := a % b
		if !fmod && r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r
	}))
}

// power has the type of the base, whatever that of the exponent.
func power(c *call) {
	x, y := c.in[0], c.in[1]
	out := c.make(x.elem, broadcast(x.Shape, y.Shape))
	zip(x, y, out.Shape, func(i, kx, ky int) {
		switch {
		case x.Kind == tensor.Float && y.Kind == tensor.Float:
			out.F[i] = math.Pow(x.F[kx], y.F[ky])
		case x.Kind == tensor.Float:
			out.F[i] = math.Pow(x.F[kx], float64(y.I[ky]))
		case y.Kind == tensor.Float:
			out.I[i] = truncate(math.Pow(float64(x.I[kx]), y.F[ky]))
		default:
			out.I[i] = intPower(x.I[kx], y.I[ky])
		}
	})
	c.emit(out)
}

// intPower is b to the n, wrapping around; a negative exponent gives the
// quotient cut towards zero.
func intPower(b, n int64) int64 {
	if n < 0 {
		switch b {
		case 0:
			failf("raises the integer 0 to the power %d, which is not defined", n)
		case 1:
			return 1
		case -1:
			return 1 - 2*(n&1)
		}
		return 0
	}
	p := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			p *= b
		}
		b *= b
	}
	return p
}

// sign is −1, 0 or 1; NaN stays.
func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	case v == 0:
		return 0
	}
	return v
}

// sigmoid is 1/(1+e⁻ˣ), written so that no exponential overflows.
func sigmoid(v float64) float64 {
	if v >= 0 {
		return 1 / (1 + math.Exp(-v))
	}
	e := math.Exp(v)
	return e / (1 + e)
}

// softplus is log(1+eˣ), written so that no exponential overflows.
func softplus(v float64) float64 { return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }
