package builders

import (
	"strconv"

	"losscc/ir"
)

// bins are numbers spread over the nodes 0, 1, … of a histogram: each is shared by
// the two nodes beside it, the nearer one having more.
type bins struct {
	nodes ir.Dim
	// below and above are the nodes beside each number, share what the one above has.
	below, above, share *ir.Value
}

// spread is a matrix of numbers from 0 to n over n + 1 nodes; which node is below is
// constant in the gradient, and a number on a node has none.
func spread(x *ir.Value, n int) bins {
	x = clamp(x, 0, float64(n))
	at := ir.Floor(ir.Stop(x))
	x = ir.Select(at.Eq(ir.Stop(x)), ir.Stop(x), x)
	below := at.Min(float64(n - 1))
	// What is no number has a place all the same.
	low := below.Int().Max(0).Min(n - 1)
	return bins{ir.Dim(strconv.Itoa(n + 1)), low, low.Add(1), x.Sub(below)}
}

// all is the histogram of all numbers, [nodes], each counting by its weight: rows
// first, for in float32 a sum that has become large takes no small number in. Its
// gradient is that of all at once, which need not be made for each row.
func (b bins) all(weight *ir.Value) *ir.Value {
	high := weight.Mul(b.share)
	return scattered(b.below, weight.Sub(high), b.nodes).Add(scattered(b.above, high, b.nodes)).Through(ir.Sum(b.rows(weight), 0))
}

// scattered is for each place the sum of the numbers sent there, from all over a
// matrix.
func scattered(at, numbers *ir.Value, places ir.Dim) *ir.Value {
	return flat(numbers).ScatterAdd(flat(at), places)
}

// rows is a histogram for each row, [N,nodes], its numbers counting by their weights.
func (b bins) rows(weight *ir.Value) *ir.Value {
	n := weight.Type.Shape[0]
	zero := weight.Builder().Num(0).Expand(n, b.nodes)
	high := weight.Mul(b.share)
	return zero.AddAt(b.below, weight.Sub(high)).AddAt(b.above, high)
}
