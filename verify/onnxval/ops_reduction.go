package onnxval

import (
	"math"
	"slices"

	"losscc/verify/tensor"
)

// reducer is an operator that makes one number of a group of elements.
type reducer struct {
	name string
	f    func([]float64) float64
	i    func([]int64, Elem) int64 // nil: not for integers, where the standard would have to cut the result
	b    func([]bool) bool         // nil: not for truth values
	// pure is true if the group of one element gives that element, so that to
	// reduce no axis is to do nothing; the standard's words differ on the rest.
	pure bool
}

// reductions is the operators that reduce axes. Of no elements the largest is
// −∞ or the least integer, and the smallest the opposite. The axes are an attribute below
// opset 18 and an input from there on; ReduceSum had them as input before.
var reductions = reductionRows([]reducer{
	{"ReduceSum", sum, func(xs []int64, _ Elem) int64 { return foldInts(xs, 0, func(a, b int64) int64 { return a + b }) }, nil, true},
	{"ReduceProd", func(xs []float64) float64 { return foldFloats(xs, 1, func(a, b float64) float64 { return a * b }) },
		func(xs []int64, _ Elem) int64 { return foldInts(xs, 1, func(a, b int64) int64 { return a * b }) }, nil, true},
	{"ReduceMax", func(xs []float64) float64 {
		return foldFloats(xs, math.Inf(-1), func(a, b float64) float64 { return max(a, b) })
	},
		func(xs []int64, e Elem) int64 {
			return foldInts(xs, e.least(), func(a, b int64) int64 { return max(a, b) })
		},
		func(xs []bool) bool { return slices.Contains(xs, true) }, true},
	{"ReduceMin", func(xs []float64) float64 {
		return foldFloats(xs, math.Inf(1), func(a, b float64) float64 { return min(a, b) })
	},
		func(xs []int64, e Elem) int64 {
			return foldInts(xs, e.greatest(), func(a, b int64) int64 { return min(a, b) })
		},
		func(xs []bool) bool { return !slices.Contains(xs, false) }, true},
	{"ReduceMean", func(xs []float64) float64 { return sum(xs) / float64(len(xs)) }, nil, nil, true},
	{"ReduceSumSquare", sumSquare, func(xs []int64, _ Elem) int64 { return foldInts(xs, 0, func(a, b int64) int64 { return a + b*b }) }, nil, false},
	{"ReduceL2", func(xs []float64) float64 { return math.Sqrt(sumSquare(xs)) }, nil, nil, false},
	{"ReduceLogSumExp", logSumExp, nil, nil, true},
})

// reductionRows makes the rows of each reducer.
func reductionRows(rs []reducer) []row {
	const attribute, input = "axes:ints keepdims:int=1", "keepdims:int=1 noop_with_empty_axes:int=0"
	var rows []row
	for _, r := range rs {
		run := func(c *call) { c.reduce(r) }
		t := floats
		if r.i != nil {
			t = numbers
		}
		since := 18
		if r.name == "ReduceSum" {
			since = 13
		} else {
			rows = append(rows, row{r.name, 13, "data:T", t, attribute, run})
		}
		rows = append(rows, row{r.name, since, "data:T axes:L?", t, input, run})
		if r.b != nil {
			rows = append(rows, row{r.name, 20, "data:T axes:L?", t | bools, input, run})
		}
	}
	return rows
}

// reduce walks the places that stay, and at each collects the group of elements
// that goes.
func (c *call) reduce(r reducer) {
	x := c.in[0]
	gone, noop := c.reducedAxes(len(x.Shape))
	if noop {
		if !r.pure {
			failf("reduces no axis (noop_with_empty_axes): whether elements are then changed is not defined")
		}
		c.emit(x)
		return
	}
	kept, group, final := slices.Clone(x.Shape), []int{}, []int{}
	step := []int{} // strides of the group
	for k, d := range x.Shape {
		if slices.Contains(gone, k) {
			kept[k] = 1
			group, step = append(group, d), append(step, strides(x.Shape)[k])
		} else {
			final = append(final, d)
		}
	}
	if c.flag("keepdims") {
		final = kept
	}
	out := c.make(x.elem, final)
	own := strides(x.Shape)
	part := c.make(x.elem, group)
	walk(kept, func(i int, at []int) {
		base := dot(at, own)
		walk(group, func(k int, at []int) { put(part, k, x, base+dot(at, step)) })
		switch x.Kind {
		case tensor.Float:
			out.F[i] = r.f(part.F)
		case tensor.Int:
			out.I[i] = r.i(part.I, x.elem)
		case tensor.Bool:
			out.B[i] = r.b(part.B)
		}
	})
	c.emit(out)
}

// reducedAxes is the axes that go: all, if none is named. noop is true if none
// is to go.
func (c *call) reducedAxes(rank int) (gone []int, noop bool) {
	var named []int64
	if len(c.in) > 1 && c.in[1] != nil {
		named = c.list(1)
	} else if a := c.attr("axes"); a != nil {
		named = a.ints
	}
	if len(named) > 0 {
		return axes(named, rank), false
	}
	if _, can := c.step.op.attrs["noop_with_empty_axes"]; can && c.flag("noop_with_empty_axes") {
		return nil, true
	}
	for k := range rank {
		gone = append(gone, k)
	}
	return gone, false
}

func foldFloats(xs []float64, acc float64, f func(a, b float64) float64) float64 {
	for _, x := range xs {
		acc = f(acc, x)
	}
	return acc
}

func foldInts(xs []int64, acc int64, f func(a, b int64) int64) int64 {
	for _, x := range xs {
		acc = f(acc, x)
	}
	return acc
}

func sum(xs []float64) float64 {
	return foldFloats(xs, 0, func(a, b float64) float64 { return a + b })
}

// sumSquare rounds each square, so that no processor fuses it into the sum.
func sumSquare(xs []float64) float64 {
	return foldFloats(xs, 0, func(a, b float64) float64 { return a + float64(b*b) })
}

// logSumExp is log Σ eˣ, shifted by the largest x so that nothing overflows;
// of no elements it is −∞.
func logSumExp(xs []float64) float64 {
	m := foldFloats(xs, math.Inf(-1), func(a, b float64) float64 { return max(a, b) })
	if math.IsInf(m, 0) || math.IsNaN(m) {
		return m
	}
	return m + math.Log(foldFloats(xs, 0, func(a, b float64) float64 { return a + math.Exp(b-m) }))
}
