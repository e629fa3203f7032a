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
	i    func([]int64) int64 // nil: not for integers, where the standard would cut the result
	b    func([]bool) bool   // nil: not for truth values
	// end makes the result of what f gave and of how many there were; nil: that
	// is the result. What it is made of is a number of its own, which may leave
	// the type where the result does not.
	end func(s float64, n int) float64
	// pure is true if the group of one element gives that element, so that to
	// reduce no axis is to do nothing; the standard's words differ on the rest.
	pure bool
}

// reductions is the operators that reduce axes. Of no elements the largest is
// −∞ or the least integer, and the smallest the opposite.
var reductions = reductionRows([]reducer{
	{"ReduceSum", total(0, plus[float64]), total(0, plus[int64]), nil, nil, true},
	{"ReduceProd", total(1, times[float64]), total(1, times[int64]), nil, nil, true},
	{"ReduceMax", total(math.Inf(-1), larger[float64]), total(math.MinInt64, larger[int64]), total(false, either), nil, true},
	{"ReduceMin", total(math.Inf(1), smaller[float64]), total(math.MaxInt64, smaller[int64]), total(true, both), nil, true},
	{"ReduceMean", sum, nil, nil, func(s float64, n int) float64 { return s / float64(n) }, true},
	{"ReduceSumSquare", total(0, plusSquare[float64]), total(0, plusSquare[int64]), nil, nil, false},
	{"ReduceL2", total(0, plusSquare[float64]), nil, nil, func(s float64, _ int) float64 { return math.Sqrt(s) }, false},
	{"ReduceLogSumExp", logSumExp, nil, nil, nil, true},
})

// reductionRows makes the rows of each reducer. The axes are an attribute below
// opset 18 and an input from there on; ReduceSum had them as input before.
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
			if out.F[i] = r.f(part.F); r.end != nil {
				out.F[i] = r.end(c.run.held(x.elem, out.F[i]), len(part.F))
			}
		case tensor.Int:
			if out.I[i] = r.i(part.I); x.elem == I32 && len(part.I) == 0 {
				out.I[i] = max(math.MinInt32, min(out.I[i], math.MaxInt32))
			}
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

// total folds a group from the left.
func total[T any](start T, f func(a, b T) T) func([]T) T {
	return func(xs []T) T {
		acc := start
		for _, x := range xs {
			acc = f(acc, x)
		}
		return acc
	}
}

// sum adds up floats.
func sum(xs []float64) float64 { return total(0, plus[float64])(xs) }

// logSumExp is log Σ eˣ, shifted by the largest x so that nothing overflows;
// of no elements it is −∞.
func logSumExp(xs []float64) float64 {
	m := total(math.Inf(-1), larger[float64])(xs)
	if math.IsInf(m, 0) || math.IsNaN(m) {
		return m
	}
	return m + math.Log(total(0, func(s, x float64) float64 { return s + math.Exp(x-m) })(xs))
}
