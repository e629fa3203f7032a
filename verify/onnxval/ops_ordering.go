package onnxval

import (
	"cmp"
	"math"
	"slices"

	"losscc/verify/tensor"
)

// ordering is the operators that go along an axis in order, or look for an
// order.
var ordering = []row{
	{"ArgMax", 13, "data:T", numbers, "axis:int=0 keepdims:int=1 select_last_index:int=0", arg(order)},
	{"ArgMin", 13, "data:T", numbers, "axis:int=0 keepdims:int=1 select_last_index:int=0", arg(orderDown)},
	{"TopK", 13, "X:T K:L -> 2", numbers, "axis:int=-1 largest:int=1 sorted:int=1", topK},
	{"CumSum", 13, "x:T axis:I", numbers &^ setOf(F16), "exclusive:int=0 reverse:int=0", cumSum},
	{"CumSum", 14, "x:T axis:I", numbers, "exclusive:int=0 reverse:int=0", cumSum},
}

// order compares two elements of one value. A NaN is above every number, so
// that the order is total; the standard says nothing of it.
func order(v *value, a, b int) int {
	if v.Kind == tensor.Int {
		return cmp.Compare(v.I[a], v.I[b])
	}
	if na, nb := math.IsNaN(v.F[a]), math.IsNaN(v.F[b]); na || nb {
		return asBit(na) - asBit(nb)
	}
	return cmp.Compare(v.F[a], v.F[b])
}

func asBit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// orderDown is the order from above, with NaN on top again: numpy's argmin finds
// NaN first, as its argmax does.
func orderDown(v *value, a, b int) int {
	if v.Kind == tensor.Float && (math.IsNaN(v.F[a]) || math.IsNaN(v.F[b])) {
		return order(v, a, b)
	}
	return order(v, b, a)
}

// arg is the place of the element that is above all others along an axis: of
// equal ones the first, or with select_last_index the last.
func arg(order func(v *value, a, b int) int) func(*call) {
	return func(c *call) {
		x := c.in[0]
		ax := axis(c.int("axis"), len(x.Shape))
		last := c.flag("select_last_index")
		out := c.make(I64, with(x.Shape, ax, 1))
		if x.Shape[ax] == 0 && out.Len() > 0 {
			failf("looks for an element along axis %d of %s, which has none", ax, x)
		}
		i := 0
		lines(x.Shape, ax, func(at func(i int) int) {
			best := 0
			for k := range x.Shape[ax] {
				o := order(x, at(k), at(best))
				if o > 0 || last && o == 0 {
					best = k
				}
			}
			out.I[i] = int64(best)
			i++
		})
		if !c.flag("keepdims") {
			out = out.reshaped(slices.Delete(slices.Clone(out.Shape), ax, ax+1))
		}
		c.emit(out)
	}
}

// topK is the K largest (or smallest) elements along an axis and their places,
// in order, and of equal ones the first place first. With sorted=0 any order is
// right, and they come in the opposite one: whoever counts on an order is wrong.
func topK(c *call) {
	x, k := c.in[0], c.single(1).I[0]
	ax := axis(c.int("axis"), len(x.Shape))
	if k < 0 || k > int64(x.Shape[ax]) {
		failf("wants %d elements along axis %d of %s", k, ax, x)
	}
	shape := with(x.Shape, ax, int(k))
	values, indices := c.make(x.elem, shape), c.make(I64, shape)
	sign := 1
	if c.flag("largest") {
		sign = -1
	}
	var to []func(i int) int // lines of the outputs
	lines(shape, ax, func(at func(i int) int) { to = append(to, at) })
	n := 0
	lines(x.Shape, ax, func(at func(i int) int) {
		places := make([]int, x.Shape[ax])
		for i := range places {
			places[i] = i
		}
		slices.SortStableFunc(places, func(a, b int) int { return sign * order(x, at(a), at(b)) })
		if places = places[:k]; !c.flag("sorted") {
			slices.Reverse(places)
		}
		for i := range places {
			put(values, to[n](i), x, at(places[i]))
			indices.I[to[n](i)] = int64(places[i])
		}
		n++
	})
	c.emit(values)
	c.emit(indices)
}

// cumSum is the running sum along an axis: without the element itself if
// exclusive, from the end if reverse.
func cumSum(c *call) {
	x := c.in[0]
	ax := axis(c.single(1).I[0], len(x.Shape))
	exclusive, reverse := c.flag("exclusive"), c.flag("reverse")
	out := c.make(x.elem, x.Shape)
	n := x.Shape[ax]
	lines(x.Shape, ax, func(at func(i int) int) {
		var f float64
		var s int64
		for i := range n {
			k := at(i)
			if reverse {
				k = at(n - 1 - i)
			}
			if x.Kind == tensor.Float {
				before := f
				if f += x.F[k]; exclusive {
					out.F[k] = before
				} else {
					out.F[k] = f
				}
			} else {
				before := s
				if s += x.I[k]; exclusive {
					out.I[k] = before
				} else {
					out.I[k] = s
				}
			}
		}
	})
	c.emit(out)
}
