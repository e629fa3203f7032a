package onnxval

import (
	"math"
	"slices"

	"losscc/onnxexport/onnxpb"
	"losscc/verify/tensor"
)

// making is the operators that make tensors of few numbers.
var making = []row{
	{"Constant", 13, "", 0, "value:tensor value_float:float value_floats:floats value_int:int value_ints:ints", constant},
	{"ConstantOfShape", 13, "input:L", 0, "value:tensor", constantOfShape},
	{"Range", 13, "start:T limit:T delta:T", numbers &^ setOf(F16), "", rangeOf},
	{"OneHot", 13, "indices:N depth:N values:T", every, "axis:int=-1", oneHot},
}

// constant is the value of the one attribute that is given.
func constant(c *call) {
	given := sortedKeys(c.step.attrs)
	if len(given) != 1 {
		failf("has %d values %v, want one", len(given), given)
	}
	a := c.attr(given[0])
	switch a.kind {
	case onnxpb.AttributeProto_TENSOR:
		c.emit(a.t)
	case onnxpb.AttributeProto_FLOAT:
		c.emit(&value{F32, tensor.Scalar(a.f)})
	case onnxpb.AttributeProto_FLOATS:
		c.emit(&value{F32, tensor.Floats(a.floats, len(a.floats))})
	case onnxpb.AttributeProto_INT:
		c.emit(&value{I64, tensor.Ints([]int64{a.i})})
	default:
		c.emit(&value{I64, tensor.Ints(a.ints, len(a.ints))})
	}
}

// constantOfShape repeats one element, by default a float 0.
func constantOfShape(c *call) {
	shape := make([]int, len(c.list(0)))
	for i, d := range c.list(0) {
		if d < 0 || d > maxExtent {
			failf("makes a tensor with the extent %d", d)
		}
		shape[i] = int(d)
	}
	of := &value{F32, tensor.Scalar(0)}
	if a := c.attr("value"); a != nil {
		if of = a.t; of.Len() != 1 {
			failf("repeats %s, want one element", of)
		}
	}
	out := c.make(of.elem, shape)
	for i := range out.Len() {
		put(out, i, of, 0)
	}
	c.emit(out)
}

// rangeOf counts from start by delta and stops before limit.
func rangeOf(c *call) {
	start, limit, delta := c.single(0), c.single(1), c.single(2)
	if start.Kind == tensor.Int {
		first, d := start.I[0], delta.I[0]
		out := c.make(start.elem, []int{countInts(first, limit.I[0], d)})
		for i := range out.I {
			out.I[i] = first + int64(i)*d
		}
		c.emit(out)
		return
	}
	first, d := start.F[0], delta.F[0]
	n := math.Ceil((limit.F[0] - first) / d)
	if !(n < maxExtent) || d == 0 {
		failf("counts from %v to %v by %v, which does not end", first, limit.F[0], d)
	}
	out := c.make(start.elem, []int{int(max(n, 0))})
	for i := range out.F {
		out.F[i] = first + float64(float64(i)*d)
	}
	c.emit(out)
}

// countInts is how many integers there are from first to before limit by delta.
func countInts(first, limit, delta int64) int {
	var span, step uint64 // both fit where a difference of int64 may not
	switch {
	case delta == 0:
		failf("counts by 0")
	case delta > 0 && first < limit:
		span, step = uint64(limit)-uint64(first), uint64(delta)
	case delta < 0 && first > limit:
		span, step = uint64(first)-uint64(limit), -uint64(delta)
	default:
		return 0
	}
	n := (span-1)/step + 1
	if n > maxExtent {
		failf("counts %d integers", n)
	}
	return int(n)
}

// oneHot puts a new axis in, along which the element at the index is on and all
// others are off; an index outside of the depth is nowhere.
func oneHot(c *call) {
	idx, values := c.in[0], c.in[2]
	if len(values.Shape) != 1 || values.Len() != 2 {
		failf("the values are %s, want off and on", values)
	}
	depth := asInt(c.single(1), 0, I64)
	if depth < 1 || depth > maxExtent {
		failf("the depth is %d, want at least 1", depth)
	}
	ax := axis(c.int("axis"), len(idx.Shape)+1)
	shape := slices.Insert(slices.Clone(idx.Shape), ax, int(depth))
	by := strides(idx.Shape)
	c.emit(c.pick(values, shape, func(at []int) int {
		i := asInt(idx, dot(at[:ax], by)+dot(at[ax+1:], by[ax:]), I64)
		if i < 0 && i >= -depth {
			i += depth
		}
		return asBit(i == int64(at[ax]))
	}))
}
