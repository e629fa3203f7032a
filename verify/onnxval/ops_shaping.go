package onnxval

import (
	"slices"

	"losscc/verify/tensor"
)

// shaping is the operators that read extents or change them and leave the
// elements in their order.
var shaping = []row{
	{"Identity", 13, "input:T", every, "", func(c *call) { c.emit(c.in[0]) }},
	{"Reshape", 13, "data:T shape:L", every, "allowzero:int=0@14", reshape},
	{"Flatten", 13, "input:T", every, "axis:int=1", flatten},
	{"Squeeze", 13, "data:T axes:L?", every, "", squeeze},
	{"Unsqueeze", 13, "data:T axes:L", every, "", unsqueeze},
	{"Shape", 13, "data:T", every, "start:int=0@15 end:int@15", shapeOf},
	{"Size", 13, "data:T", every, "", func(c *call) {
		out := c.make(I64, nil)
		out.I[0] = int64(c.in[0].Len())
		c.emit(out)
	}},
}

// retake is the elements of the first input under other extents, as many.
func (c *call) retake(shape []int) {
	if n := count(shape); n != int64(c.in[0].Len()) {
		failf("makes %s of %s: %d elements of %d", tensor.ShapeString(shape), c.in[0], n, c.in[0].Len())
	}
	c.emit(c.in[0].reshaped(shape))
}

// reshape takes extents from a list: 0 keeps the extent at its place (unless
// allowzero), and one −1 takes what is left.
func reshape(c *call) {
	x, list := c.in[0], c.list(1)
	open, rest := -1, 1
	shape := make([]int, len(list))
	for i, d := range list {
		switch {
		case d == -1 && open >= 0:
			failf("the shape %v has more than one −1", list)
		case d == -1:
			open = i
			continue
		case d < -1 || d > maxExtent:
			failf("the shape %v has the extent %d", list, d)
		case d == 0 && !c.flag("allowzero"):
			if i >= len(x.Shape) {
				failf("the shape %v keeps extent %d of %s, which has none", list, i, x)
			}
			shape[i] = x.Shape[i]
		default:
			shape[i] = int(d)
		}
		if shape[i] != 0 && rest > maxExtent/shape[i] {
			failf("the shape %v is larger than any tensor", list)
		}
		rest *= shape[i]
	}
	if open >= 0 {
		if rest == 0 {
			failf("the shape %v leaves its −1 open: the other extents of %s make 0 elements", list, x)
		}
		if x.Len()%rest != 0 {
			failf("the shape %v does not divide %s", list, x)
		}
		shape[open] = x.Len() / rest
	}
	c.retake(shape)
}

func flatten(c *call) {
	x := c.in[0]
	a, rank := c.int("axis"), len(x.Shape)
	if a < -int64(rank) || a > int64(rank) {
		failf("axis %d does not split a tensor of rank %d", a, rank)
	}
	if a < 0 {
		a += int64(rank)
	}
	c.retake([]int{tensor.Len(x.Shape[:a]), tensor.Len(x.Shape[a:])})
}

// squeeze removes the named axes, which must have extent 1, or all such.
func squeeze(c *call) {
	x := c.in[0]
	var gone []int
	if c.in[1] != nil {
		gone = axes(c.list(1), len(x.Shape))
	}
	shape := []int{}
	for i, d := range x.Shape {
		switch {
		case c.in[1] == nil && d == 1:
		case slices.Contains(gone, i):
			if d != 1 {
				failf("removes axis %d of %s, want an extent of 1", i, x)
			}
		default:
			shape = append(shape, d)
		}
	}
	c.retake(shape)
}

// unsqueeze puts extents of 1 where the result is to have them.
func unsqueeze(c *call) {
	x := c.in[0]
	rank := len(x.Shape) + len(c.list(1))
	news := axes(c.list(1), rank)
	shape, next := make([]int, rank), 0
	for i := range shape {
		if slices.Contains(news, i) {
			shape[i] = 1
			continue
		}
		shape[i] = x.Shape[next]
		next++
	}
	c.retake(shape)
}

// shapeOf is the extents from start to before end, both cut to what there is.
func shapeOf(c *call) {
	shape := c.in[0].Shape
	rank := int64(len(shape))
	bound := func(v int64) int64 {
		if v < 0 {
			v += rank
		}
		return max(0, min(v, rank))
	}
	start, end := bound(c.int("start")), rank
	if a := c.attr("end"); a != nil {
		end = bound(a.i)
	}
	end = max(start, end)
	out := c.make(I64, []int{int(end - start)})
	for i := range out.I {
		out.I[i] = int64(shape[int(start)+i])
	}
	c.emit(out)
}
