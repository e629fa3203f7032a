package onnxval

import (
	"slices"
)

// picking is the operators that take elements by index. An index counts from
// the end if it is negative, and one out of range is an error.
var picking = []row{
	{"Gather", 13, "data:T indices:I", every, "axis:int=0", gather},
	{"GatherElements", 13, "data:T indices:I", every, "axis:int=0", gatherElements},
	{"GatherND", 13, "data:T indices:L", every, "batch_dims:int=0", gatherND},
	{"Compress", 13, "input:T condition:B", every, "axis:int", compress},
	{"NonZero", 13, "X:T", every, "", nonZero},
}

// gather replaces an axis by the axes of the indices.
func gather(c *call) {
	x, idx := c.in[0], c.in[1]
	ax := axis(c.int("axis"), len(x.Shape))
	shape := slices.Concat(x.Shape[:ax], idx.Shape, x.Shape[ax+1:])
	own, by := strides(x.Shape), strides(idx.Shape)
	n := len(idx.Shape)
	c.emit(c.pick(x, shape, func(at []int) int {
		i := place(idx.I[dot(at[ax:ax+n], by)], x.Shape[ax])
		return dot(at[:ax], own) + i*own[ax] + dot(at[ax+n:], own[ax+1:])
	}))
}

// gatherElements has the shape of the indices; each says where along the axis
// its element is.
func gatherElements(c *call) {
	x, idx := c.in[0], c.in[1]
	ax := axis(c.int("axis"), len(x.Shape))
	checkBeside(x, idx, ax)
	own, by := strides(x.Shape), strides(idx.Shape)
	c.emit(c.pick(x, idx.Shape, func(at []int) int {
		i := place(idx.I[dot(at, by)], x.Shape[ax])
		return dot(at, own) + (i-at[ax])*own[ax]
	}))
}

// checkBeside fails if indices do not lie within a tensor in every axis but one.
func checkBeside(x, idx *value, ax int) {
	if len(idx.Shape) != len(x.Shape) {
		failf("the indices are %s beside data %s, want the same rank", idx, x)
	}
	for i, d := range idx.Shape {
		if i != ax && d > x.Shape[i] {
			failf("the indices are %s beside data %s: axis %d is too long", idx, x, i)
		}
	}
}

// gatherND takes blocks: the last axis of the indices is a place in the data
// behind the batch axes, which both have.
func gatherND(c *call) {
	x, idx := c.in[0], c.in[1]
	b := c.int("batch_dims")
	if b < 0 || b >= int64(len(idx.Shape)) || b >= int64(len(x.Shape)) {
		failf("has batch_dims = %d for data %s and indices %s", b, x, idx)
	}
	batch, last := int(b), len(idx.Shape)-1
	if !slices.Equal(x.Shape[:batch], idx.Shape[:batch]) {
		failf("data %s and indices %s differ in the first %d extents", x, idx, batch)
	}
	depth := idx.Shape[last]
	if batch+depth > len(x.Shape) {
		failf("the indices %s have %d numbers each, data %s has %d axes for them", idx, depth, x, len(x.Shape)-batch)
	}
	block := batch + depth // the first axis of a block
	own, by := strides(x.Shape), strides(idx.Shape)
	shape := slices.Concat(idx.Shape[:last], x.Shape[block:])
	c.emit(c.pick(x, shape, func(at []int) int {
		k := dot(at[:batch], own) + dot(at[last:], own[block:])
		for i := range depth {
			k += place(idx.I[dot(at[:last], by)+i], x.Shape[batch+i]) * own[batch+i]
		}
		return k
	}))
}

// compress keeps the places along an axis (or of the elements in order) where
// the condition is true; where it is too short, it is false.
func compress(c *call) {
	x, cond := c.in[0], c.in[1]
	if len(cond.Shape) != 1 {
		failf("the condition is %s, want a list", cond)
	}
	ax := 0
	if a := c.attr("axis"); a != nil {
		ax = axis(a.i, len(x.Shape))
	} else {
		x = x.reshaped([]int{x.Len()})
	}
	if len(cond.B) > x.Shape[ax] {
		failf("the condition is %s for an extent of %d", cond, x.Shape[ax])
	}
	var kept []int
	for i, keep := range cond.B {
		if keep {
			kept = append(kept, i)
		}
	}
	own := strides(x.Shape)
	c.emit(c.pick(x, with(x.Shape, ax, len(kept)), func(at []int) int {
		return dot(at, own) + (kept[at[ax]]-at[ax])*own[ax]
	}))
}

// nonZero lists the places of the elements that are not zero, one in each
// column, in row-major order.
func nonZero(c *call) {
	x := c.in[0]
	if len(x.Shape) == 0 {
		failf("looks for places in a tensor of rank 0, which has none")
	}
	places := [][]int{}
	zero := c.make(x.elem, []int{1})
	walk(x.Shape, func(i int, at []int) {
		if !same(x, i, zero, 0) {
			places = append(places, slices.Clone(at))
		}
	})
	out := c.make(I64, []int{len(x.Shape), len(places)})
	for k, at := range places {
		for i, a := range at {
			out.I[i*len(places)+k] = int64(a)
		}
	}
	c.emit(out)
}
