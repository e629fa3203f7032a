package builders

import "losscc/ir"

// nowhere is below every logit, and e to it is 0 in every float type.
const nowhere = -1e30

// keptFirst is a cosine of each row (or of each row and class) with those of
// ignored rows moved below all others, for orders from the largest down.
func (h *Head) keptFirst(c *ir.Value) *ir.Value {
	down := h.Weight.Sub(1).Mul(4)
	if len(c.Type.Shape) == 2 {
		down = down.Col()
	}
	return ir.Stop(c).Add(down)
}

// upperMedian is, of the n largest elements of a vector, the one with as many
// or one fewer before it than after it: the lower median of angles read off
// their cosines. It is 0 where n is.
func upperMedian(v, n *ir.Value) *ir.Value {
	g := v.Builder()
	k := n.Add(1).Div(2)
	some := g.Fresh("R")
	top := v.Gather(v.ArgTop(k, some))
	return ir.Sum(ir.Select(g.Iota(some).Eq(k.Sub(1)), top, 0.0))
}

// lseOfKept is log Σ e^x over the kept rows, shifted by the maximum.
func (h *Head) lseOfKept(x *ir.Value) *ir.Value {
	guard := x.Builder().Num(nowhere)
	one := h.g.Fresh("M") // one more than rows, so that there is a maximum
	top := ir.Stop(ir.ReduceMax(ir.Select(h.Kept, x, guard).Concat(guard.Unsqueeze(0), one)))
	return ir.Log(h.Sum(ir.Exp(x.Sub(top)))).Add(top)
}

// largerToSmaller gives the kept rows' numbers in ascending order to the kept
// rows in descending order of c, ties by row.
func (h *Head) largerToSmaller(numbers, c *ir.Value) *ir.Value {
	all := h.g.Extent(N)
	rows := h.keptFirst(c).ArgTop(all, N)
	ascending := numbers.Gather(ir.Select(h.Kept, numbers, -nowhere).ArgBottom(all, N))
	return ascending.ScatterAdd(rows, N)
}
