package onnxval

import (
	"slices"

	"losscc/verify/tensor"
)

// scattering is the operators that write elements by index into a copy.
var scattering = []row{
	{"ScatterElements", 13, "data:T indices:I updates:T", every, "axis:int=0 reduction:string=none@16", scatterElements},
	{"ScatterND", 13, "data:T indices:L updates:T", every, "reduction:string=none@16", scatterND},
}

// writer writes into a copy of a tensor, and watches that without a reduction
// no place gets two different elements: which one stays is not defined.
type writer struct {
	out     *value
	written []bool
	f       func(a, b float64) float64
	i       func(a, b int64) int64
	plain   bool
}

func (c *call) writer() *writer {
	x := c.in[0]
	w := &writer{out: c.pick(x, []int{x.Len()}, func(at []int) int { return at[0] })}
	w.out = w.out.reshaped(x.Shape)
	switch name := c.attr("reduction").s; name {
	case "none":
		w.plain, w.written = true, make([]bool, x.Len())
	case "add":
		w.f, w.i = plus[float64], plus[int64]
	case "mul":
		w.f, w.i = times[float64], times[int64]
	case "max":
		w.f, w.i = larger[float64], larger[int64]
	case "min":
		w.f, w.i = smaller[float64], smaller[int64]
	default:
		failf("the attribute reduction is %q, want none, add, mul, max or min", name)
	}
	if name := c.attr("reduction").s; c.step.opset < 18 && (name == "max" || name == "min") {
		failf("the reduction %s came with opset 18; the file is written in %d", name, c.step.opset)
	}
	if !w.plain && x.Kind == tensor.Bool {
		failf("reduces truth values, want numbers")
	}
	return w
}

// write brings the element i of src to the place k.
func (w *writer) write(k int, src *value, i int) {
	switch {
	case w.plain:
		if w.written[k] && !same(w.out, k, src, i) {
			failf("writes two different elements to one place (offset %d): which one stays is not defined", k)
		}
		w.written[k] = true
		put(w.out, k, src, i)
	case src.Kind == tensor.Float:
		w.out.F[k] = w.f(w.out.F[k], src.F[i])
	default:
		w.out.I[k] = w.i(w.out.I[k], src.I[i])
	}
}

func scatterElements(c *call) {
	x, idx, src := c.in[0], c.in[1], c.in[2]
	ax := axis(c.int("axis"), len(x.Shape))
	checkBeside(x, idx, ax)
	if !slices.Equal(idx.Shape, src.Shape) {
		failf("the updates are %s and the indices %s, want the same shape", src, idx)
	}
	w, own := c.writer(), strides(x.Shape)
	walk(idx.Shape, func(i int, at []int) {
		to := place(idx.I[i], x.Shape[ax])
		w.write(dot(at, own)+(to-at[ax])*own[ax], src, i)
	})
	c.emit(w.out)
}

// scatterND writes blocks: the last axis of the indices is a place in the data,
// the rest of the data's axes are those of a block.
func scatterND(c *call) {
	x, idx, src := c.in[0], c.in[1], c.in[2]
	if len(idx.Shape) == 0 || len(x.Shape) == 0 {
		failf("the indices are %s for data %s, want at least rank 1", idx, x)
	}
	last := len(idx.Shape) - 1
	depth := idx.Shape[last]
	if depth > len(x.Shape) {
		failf("the indices %s have %d numbers each, data %s has %d axes", idx, depth, x, len(x.Shape))
	}
	if want := slices.Concat(idx.Shape[:last], x.Shape[depth:]); !slices.Equal(src.Shape, want) {
		failf("the updates are %s, want %s for indices %s into %s", src, tensor.ShapeString(want), idx, x)
	}
	w, own, by := c.writer(), strides(x.Shape), strides(idx.Shape)
	walk(src.Shape, func(i int, at []int) {
		k := dot(at[last:], own[depth:])
		for n := range depth {
			k += place(idx.I[dot(at[:last], by)+n], x.Shape[n]) * own[n]
		}
		w.write(k, src, i)
	})
	c.emit(w.out)
}
