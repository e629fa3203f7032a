package builders

import (
	"math"
	"slices"

	"losscc/ir"
)

// leastExponent is the least z at which a sum of e^z has the digits that it has
// beside larger ones: e^−80 is above the smallest normal float32.
const leastExponent = -80

// calm tells whether e^z and sums of it have all their digits for every z that
// there can be, so that none needs to be taken off first.
func calm(z *ir.Value) bool {
	low, high := span(z)
	return low >= leastExponent && high <= safeExponent
}

// span is between which numbers z is, as far as its formula tells: a product of
// unit vectors is a cosine, and what is made of bounded numbers is bounded.
func span(z *ir.Value) (low, high float64) {
	if c, ok := z.Const(); ok {
		return c, c
	}
	switch z.Op {
	case ir.OpMatMul:
		if unitary(z.Args[0]) && unitary(z.Args[1]) {
			return -1, 1
		}
	case ir.OpNeg:
		low, high = span(z.Args[0])
		return -high, -low
	case ir.OpStop, ir.OpTranspose, ir.OpUnsqueeze, ir.OpSqueeze, ir.OpExpand:
		return span(z.Args[0])
	case ir.OpAdd:
		a, b := spans(z)
		return a[0] + b[0], a[1] + b[1]
	case ir.OpSub:
		a, b := spans(z)
		return a[0] - b[1], a[1] - b[0]
	case ir.OpMul:
		a, b := spans(z)
		return ends(a[0]*b[0], a[0]*b[1], a[1]*b[0], a[1]*b[1])
	case ir.OpDiv:
		if c, ok := z.Args[1].Const(); ok && c != 0 {
			low, high = span(z.Args[0])
			return ends(low/c, high/c)
		}
	}
	return math.Inf(-1), math.Inf(1)
}

// spans are those of two operands.
func spans(z *ir.Value) (a, b [2]float64) {
	a[0], a[1] = span(z.Args[0])
	b[0], b[1] = span(z.Args[1])
	return a, b
}

// ends are the least and the largest of some numbers; of a number that is none
// nothing is known.
func ends(of ...float64) (low, high float64) {
	if slices.ContainsFunc(of, math.IsNaN) {
		return math.Inf(-1), math.Inf(1)
	}
	return slices.Min(of), slices.Max(of)
}

// unitary tells whether x is unit of something.
func unitary(x *ir.Value) bool {
	if x.Op != ir.OpMul {
		return false
	}
	length := x.Args[1]
	for _, op := range []*ir.Op{ir.OpUnsqueeze, ir.OpRecip} {
		if length.Op != op {
			return false
		}
		length = length.Args[0]
	}
	return length.Op == ir.OpNorm && length.Args[0] == x.Args[0]
}
