package onnxval

import (
	"math"

	"losscc/verify/tensor"
)

// casting is the operators that change the type of elements.
var casting = []row{
	{"Cast", 13, "input:A", 0, "to:int! saturate:int=1@19 round_mode:string=up@24", func(c *call) {
		to, err := ElemOf(int32(max(-1, min(c.int("to"), math.MaxInt32))))
		if err != nil {
			failf("the attribute to: %w", err)
		}
		c.emit(c.cast(c.in[0], to))
	}},
	{"CastLike", 15, "input:A target_type:A", 0, "saturate:int=1@19 round_mode:string=up@24", func(c *call) {
		c.emit(c.cast(c.in[0], c.in[1].elem))
	}},
}

// cast is v with elements of another type. Between floating types the number
// stays as it is: rounding is the business of the run's option.
func (c *call) cast(v *value, to Elem) *value {
	out := c.make(to, v.Shape)
	for i := range out.F {
		out.F[i] = asFloat(v, i)
	}
	for i := range out.I {
		out.I[i] = asInt(v, i, to)
	}
	for i := range out.B {
		out.B[i] = asFloat(v, i) != 0
	}
	return out
}

// asFloat is an element as a float; true is 1.
func asFloat(v *value, i int) float64 {
	switch v.Kind {
	case tensor.Float:
		return v.F[i]
	case tensor.Int:
		return float64(v.I[i])
	}
	if v.B[i] {
		return 1
	}
	return 0
}

// asInt is an element as an integer: a float is cut towards zero, an int64 that
// becomes an int32 wraps around.
func asInt(v *value, i int, to Elem) int64 {
	switch v.Kind {
	case tensor.Int:
		return v.I[i]
	case tensor.Float:
		x := math.Trunc(v.F[i])
		if to == I32 && !(x >= math.MinInt32 && x <= math.MaxInt32) {
			return math.MinInt32
		}
		return truncate(x)
	}
	return int64(asFloat(v, i))
}

// truncate cuts towards zero. What no int64 holds, NaN too, becomes the least
// one: the standard leaves it open, and common processors do so.
func truncate(v float64) int64 {
	if !(v >= math.MinInt64 && v < math.MaxInt64) {
		return math.MinInt64
	}
	return int64(v)
}
