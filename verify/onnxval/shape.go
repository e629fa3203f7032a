package onnxval

import (
	"slices"

	"losscc/verify/tensor"
)

// broadcast is the shape that the given shapes stretch to: aligned at the last
// extent, each extent equal or 1.
func broadcast(shapes ...[]int) []int {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			at := rank - len(s) + i
			switch {
			case out[at] == 1:
				out[at] = d
			case d != 1 && d != out[at]:
				failf("shapes %s do not broadcast: %d against %d", shapesText(shapes), out[at], d)
			}
		}
	}
	return out
}

// shapesText lists shapes: "[8,1] and [3]".
func shapesText(shapes [][]int) string {
	s := ""
	for i, shape := range shapes {
		if i > 0 {
			s += " and "
		}
		s += tensor.ShapeString(shape)
	}
	return s
}

// count is the number of elements of a shape, which must be one that a tensor
// may have.
func count(shape []int) int64 {
	n, err := checkExtents(wide(shape))
	if err != nil {
		failf("%w", err)
	}
	return n
}

// wide is a shape as a file has it.
func wide(shape []int) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// strides is how far apart neighbours along each axis of a row-major tensor
// stand.
func strides(shape []int) []int {
	out := make([]int, len(shape))
	s := 1
	for i := len(shape) - 1; i >= 0; i-- {
		out[i] = s
		s *= shape[i]
	}
	return out
}

// stretched is the strides by which a tensor of the given shape is read when it
// is broadcast to another: 0 along what repeats.
func stretched(shape, to []int) []int {
	out := make([]int, len(to))
	own := strides(shape)
	for i, d := range shape {
		if at := len(to) - len(shape) + i; d != 1 || to[at] == 1 {
			out[at] = own[i]
		}
	}
	return out
}

// walk visits every place of a shape in row-major order. at is the place, and
// is only valid during the call.
func walk(shape []int, visit func(i int, at []int)) {
	at := make([]int, len(shape))
	for i := range tensor.Len(shape) {
		visit(i, at)
		for k := len(at) - 1; k >= 0; k-- {
			if at[k]++; at[k] < shape[k] {
				break
			}
			at[k] = 0
		}
	}
}

// dot is the offset of a place under strides.
func dot(at, stride []int) int {
	n := 0
	for i, a := range at {
		n += a * stride[i]
	}
	return n
}

// axis is the axis a of a tensor of the given rank, counted from the end if it
// is negative.
func axis(a int64, rank int) int {
	if a < -int64(rank) || a >= int64(rank) {
		failf("axis %d does not exist in a tensor of rank %d", a, rank)
	}
	if a < 0 {
		a += int64(rank)
	}
	return int(a)
}

// axes is a set of axes, sorted; one that comes twice is an error.
func axes(as []int64, rank int) []int {
	out := make([]int, len(as))
	for i, a := range as {
		out[i] = axis(a, rank)
	}
	slices.Sort(out)
	for i := 1; i < len(out); i++ {
		if out[i] == out[i-1] {
			failf("axis %d is named twice", out[i])
		}
	}
	return out
}

// around splits a shape at an axis: how many blocks come before, and how many
// elements one step along the axis spans.
func around(shape []int, ax int) (outer, inner int) {
	return tensor.Len(shape[:ax]), tensor.Len(shape[ax+1:])
}

// with is a copy of shape with one extent changed.
func with(shape []int, ax, extent int) []int {
	out := slices.Clone(shape)
	out[ax] = extent
	return out
}

// place is the index i of an axis of extent d, counted from the end if it is
// negative.
func place(i int64, d int) int {
	if i < -int64(d) || i >= int64(d) {
		failf("the index %d is outside of [%d, %d)", i, -d, d)
	}
	if i < 0 {
		i += int64(d)
	}
	return int(i)
}
