package onnxval

import (
	"math"
	"slices"
)

// moving is the operators that put elements in other places by rule.
var moving = []row{
	{"Transpose", 13, "data:T", every, "perm:ints", transpose},
	{"Expand", 13, "input:T shape:L", every, "", expand},
	{"Tile", 13, "input:T repeats:L", every, "", tile},
	{"Slice", 13, "data:T starts:I ends:I axes:I? steps:I?", every, "", slice},
	{"Split", 13, "input:T split:L? -> *", every, "axis:int=0 num_outputs:int@18", split},
	{"Concat", 13, "inputs:T*", every, "axis:int!", concat},
	{"Trilu", 14, "input:T k:L?", every, "upper:int=1", trilu},
}

// transpose permutes the axes, by default to the reverse order.
func transpose(c *call) {
	x := c.in[0]
	rank := len(x.Shape)
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = rank - 1 - i
	}
	if a := c.attr("perm"); a != nil && (len(a.ints) > 0 || rank > 0) {
		if len(a.ints) != rank || len(axes(a.ints, rank)) != rank {
			failf("perm = %v does not order the axes of %s", a.ints, x)
		}
		for i, p := range a.ints {
			perm[i] = axis(p, rank)
		}
	}
	own, shape, by := strides(x.Shape), make([]int, rank), make([]int, rank)
	for i, p := range perm {
		shape[i], by[i] = x.Shape[p], own[p]
	}
	c.emit(c.pick(x, shape, func(at []int) int { return dot(at, by) }))
}

// expand stretches a tensor, and the given shape where it has ones.
func expand(c *call) {
	x := c.in[0]
	want := make([]int, len(c.list(1)))
	for i, d := range c.list(1) {
		if d < 0 || d > maxExtent {
			failf("stretches to the extent %d", d)
		}
		want[i] = int(d)
	}
	shape := broadcast(x.Shape, want)
	by := stretched(x.Shape, shape)
	c.emit(c.pick(x, shape, func(at []int) int { return dot(at, by) }))
}

func tile(c *call) {
	x, repeats := c.in[0], c.list(1)
	if len(repeats) != len(x.Shape) {
		failf("repeats %s %v times, want a number for each axis", x, repeats)
	}
	shape, own := make([]int, len(repeats)), strides(x.Shape)
	for i, r := range repeats {
		if r < 0 || x.Shape[i] > 0 && r > maxExtent/int64(x.Shape[i]) {
			failf("repeats %s %v times", x, repeats)
		}
		shape[i] = x.Shape[i] * int(min(r, maxExtent))
	}
	c.emit(c.pick(x, shape, func(at []int) int {
		k := 0
		for i, a := range at {
			k += a % x.Shape[i] * own[i]
		}
		return k
	}))
}

// slice takes every step-th element from start to before end along some axes;
// start and end are counted from the back if negative, and cut to the tensor.
func slice(c *call) {
	x, starts, ends := c.in[0], c.list(1), c.list(2)
	along := make([]int64, len(starts))
	steps := slices.Repeat([]int64{1}, len(starts))
	for i := range along {
		along[i] = int64(i)
	}
	if c.in[3] != nil {
		along = c.list(3)
	}
	if c.in[4] != nil {
		steps = c.list(4)
	}
	if len(ends) != len(starts) || len(along) != len(starts) || len(steps) != len(starts) {
		failf("has %d starts, %d ends, %d axes and %d steps, want as many of each", len(starts), len(ends), len(along), len(steps))
	}
	axes(along, len(x.Shape)) // none twice
	shape, by, base := slices.Clone(x.Shape), strides(x.Shape), 0
	for i, a := range along {
		ax := axis(a, len(x.Shape))
		first, n := sliceAxis(int64(x.Shape[ax]), starts[i], ends[i], steps[i])
		base += first * by[ax]
		shape[ax] = n
		if n > 1 { // else the step is never taken, and may be beyond any tensor
			by[ax] *= int(steps[i])
		}
	}
	c.emit(c.pick(x, shape, func(at []int) int { return base + dot(at, by) }))
}

// sliceAxis is the first place and the number of places of a slice along an
// axis of extent d.
func sliceAxis(d, start, end, step int64) (first, n int) {
	if step == 0 {
		failf("slices by steps of 0")
	}
	low, high := int64(0), d // where start and end may lie
	if step < 0 {
		low, high = -1, d-1
	}
	bound := func(v int64) int64 {
		if v < 0 {
			v += d
		}
		return max(low, min(v, high))
	}
	start, end = bound(start), bound(end)
	switch {
	case step > 0 && start < end:
		return int(start), int((end-start-1)/step) + 1
	case step < 0 && start > end:
		if step == math.MinInt64 {
			return int(start), 1
		}
		return int(start), int((start-end-1)/-step) + 1
	}
	return 0, 0
}

// split cuts a tensor along an axis: into the lengths given, or into as many
// equal parts as there are outputs, the last one shorter from opset 18 on.
func split(c *call) {
	x, parts := c.in[0], len(c.step.out)
	ax := axis(c.int("axis"), len(x.Shape))
	lengths := make([]int64, parts)
	num := c.attr("num_outputs")
	d := int64(x.Shape[ax])
	switch {
	case c.in[1] != nil && num != nil:
		failf("has both lengths and num_outputs, want one")
	case c.in[1] != nil:
		lengths = c.list(1)
	case num == nil && c.step.opset >= 18:
		failf("has neither lengths nor num_outputs, want one")
	case num != nil && num.i != int64(parts):
		failf("has %d outputs and num_outputs = %d", parts, num.i)
	case num == nil && d%int64(parts) != 0:
		failf("does not divide axis %d of %s into %d equal parts", ax, x, parts)
	default:
		each := (d + int64(parts) - 1) / int64(parts)
		for i := range lengths {
			lengths[i] = max(0, min(each, d-int64(i)*each))
		}
	}
	total := int64(0)
	for _, n := range lengths {
		if n < 0 || n > d {
			failf("splits axis %d of %s into %v", ax, x, lengths)
		}
		total += n
	}
	if len(lengths) != parts || total != d {
		failf("splits axis %d of %s into %v for %d outputs", ax, x, lengths, parts)
	}
	own, first := strides(x.Shape), 0
	for _, n := range lengths {
		base := first * own[ax]
		c.emit(c.pick(x, with(x.Shape, ax, int(n)), func(at []int) int { return base + dot(at, own) }))
		first += int(n)
	}
}

// concat puts tensors one behind the other along an axis.
func concat(c *call) {
	first := c.in[0]
	ax := axis(c.int("axis"), len(first.Shape))
	total := 0
	for _, v := range c.in {
		if len(v.Shape) != len(first.Shape) || !slices.Equal(with(v.Shape, ax, 0), with(first.Shape, ax, 0)) {
			failf("joins %s and %s along axis %d; all other extents must be equal", first, v, ax)
		}
		total += v.Shape[ax]
	}
	out := c.make(first.elem, with(first.Shape, ax, total))
	by, base := strides(out.Shape), 0
	for _, v := range c.in {
		walk(v.Shape, func(i int, at []int) { put(out, base+dot(at, by), v, i) })
		base += v.Shape[ax] * by[ax]
	}
	c.emit(out)
}

// trilu keeps the upper (or lower) triangle of the last two axes, from the k-th
// diagonal on, and makes the rest zero.
func trilu(c *call) {
	x, k := c.in[0], int64(0)
	n := len(x.Shape)
	if n < 2 {
		failf("takes a triangle of %s, want at least rank 2", x)
	}
	if c.in[1] != nil {
		k = c.single(1).I[0]
	}
	k = max(-maxExtent, min(k, maxExtent))
	upper, own := c.flag("upper"), strides(x.Shape)
	c.emit(c.pick(x, x.Shape, func(at []int) int {
		d := int64(at[n-1]) - int64(at[n-2])
		if upper && d >= k || !upper && d <= k {
			return dot(at, own)
		}
		return -1
	}))
}
