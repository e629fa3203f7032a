package builders

import (
	"math"

	"losscc/ir"
)

// What losses over the pairs of a batch share: the similarity s that goes with a
// distance d, sums of exponentials over the rows that a mask chooses, and the
// mean of a term for each anchor.

// similarities is s of each row of the batch to each other, [n,n]: −d, and x̂·ŷ
// for cosine.
func (b *Batch) similarities(distance string, normalize bool) *ir.Value {
	return nearness(distance, normalize, b.X, b.X)
}

// distances is d of each row of the batch to each other, [n,n]. Those of ignored
// rows are numbers, which masks leave out.
func (b *Batch) distances(distance string, normalize bool) *ir.Value {
	return betweenAll(distance, normalize, b.X)
}

// cosines is x̂_i·x̂_j, [n,n].
func (b *Batch) cosines() *ir.Value { return b.similarities("cosine", false).Called("cos") }

// nearness is s of each row of x to each row of y, [N,M].
func nearness(distance string, normalize bool, x, y *ir.Value) *ir.Value {
	switch {
	case distance == "dot" || distance == "cosine":
		return products(distance, normalize, x, y)
	case x == y:
		return betweenAll(distance, normalize, x).Neg()
	}
	return across(distance, normalize, x, y).Neg()
}

// across is d of each row of x to each row of y, [N,M]. Equal rows are at a
// distance of 0 but for what rounding leaves of ‖x‖² + ‖y‖² − 2·x·y.
func across(distance string, normalize bool, x, y *ir.Value) *ir.Value {
	switch distance {
	case "dot":
		return products(distance, normalize, x, y).Neg()
	case "cosine":
		return products(distance, normalize, x, y).Neg().Add(1)
	}
	if normalize {
		x, y = unit(x), unit(y)
	}
	return squares(distance, ir.MatMulT(x, y), dot(x, x), dot(y, y))
}

// negated is −∞ in place of what a mask leaves out.
func negated(mask, z *ir.Value) *ir.Value {
	return ir.Select(mask, z, z.Builder().Num(-inf))
}

// last is the number of z's last axis.
func last(z *ir.Value) int { return len(z.Type.Shape) - 1 }

// lseWhere is log Σ e^z over the places of the last axis that a mask chooses,
// shifted by the maximum, so that of one z it is that z; 0, with gradient 0, where
// it chooses none.
func lseWhere(mask, z *ir.Value) *ir.Value {
	sum, _ := logSumShifted(mask, z)
	return sum
}

// lseOrNone is log Σ e^z as lseWhere has it, but −∞ where the mask chooses none, and
// shifted only if some z may be too large or too small for its power of e.
func lseOrNone(mask, z *ir.Value) *ir.Value {
	var sum, none *ir.Value
	if calm(z) {
		sum, none = logSum(ir.Exp(z).Mul(mask.Float()), last(z))
	} else {
		sum, none = logSumShifted(mask, z)
	}
	return ir.Select(none, z.Builder().Num(-inf), sum)
}

// logSumShifted is log Σ e^z over the places that a mask chooses, shifted by the
// maximum, 0 where it chooses none, and where that is.
func logSumShifted(mask, z *ir.Value) (sum, none *ir.Value) {
	z = negated(mask, z)
	axis, top := last(z), lseTop(z)
	sum, none = logSum(ir.Exp(z.Sub(top.Unsqueeze(axis))), axis)
	return sum.Add(top), none
}

// logSum is the logarithm of a sum along an axis, 0 where the sum is none.
func logSum(terms *ir.Value, axis int) (sum, none *ir.Value) {
	total := ir.Sum(terms, axis)
	none = total.Eq(0.0)
	return ir.Log(ir.Select(none, 1.0, total)), none
}

// lseTop is the largest z along the last axis, held constant; 0 where all are −∞.
func lseTop(z *ir.Value) *ir.Value {
	top := ir.Stop(ir.ReduceMax(z, last(z)))
	return ir.Select(top.Eq(-inf), 0.0, top)
}

// lse1Where is log(1 + Σ e^z) over the places of the last axis that a mask
// chooses; as softplus of the log-sum-exp it keeps the digits of what is small
// beside 1.
func lse1Where(mask, z *ir.Value) *ir.Value { return ir.Softplus(lseOrNone(mask, z)) }

// logAddExp is log(e^a + e^b); either may be −∞, which has no gradient.
func logAddExp(a, b *ir.Value) *ir.Value {
	least := ir.Stop(a.Min(b)).Eq(-inf)
	apart := ir.Select(least, 0.0, a).Sub(ir.Select(least, 0.0, b))
	return ir.Select(least, a.Max(b), ir.Select(least, 0.0, b).Add(ir.Softplus(apart)))
}

// lead is log Σ_N e^z − log Σ_P e^z of each row, −∞ for one without negatives. Of it
// softplus is −log p, p the share of the positives in the sum of both, and keeps its
// digits where nearly all is theirs.
func (b *Batch) lead(z *ir.Value) *ir.Value {
	return lseOrNone(b.Other, z).Sub(lseWhere(b.Same, z))
}

// meanWhere is the mean of z over the places of the last axis that a mask chooses,
// 0 where it chooses none.
func meanWhere(mask, z *ir.Value) *ir.Value {
	axis := last(z)
	return ir.Sum(chosen(mask, z), axis).Div(ir.Sum(mask.Float(), axis).Max(1))
}

// chosen is z where a mask chooses, 0 elsewhere.
func chosen(mask, z *ir.Value) *ir.Value {
	if low, high := span(z); low >= -math.MaxFloat32 && high <= math.MaxFloat32 {
		return z.Mul(mask.Float())
	}
	return ir.Select(mask, z, 0.0)
}

// meanOf is the mean of z over all places that a mask chooses, 0 if it chooses
// none.
func meanOf(mask, z *ir.Value) *ir.Value {
	return ir.Sum(chosen(mask, z)).Div(count(mask).Max(1))
}

// Anchors is the output loss of a term for each row, where there is one: its mean
// divides by the terms that there are (average=all), by the kept rows (rows), or by
// the terms above 0 (nonzero).
func (r *Rows) Anchors(terms, there *ir.Value, average string) {
	r.AnchorsAbove(terms, there, terms.Greater(0), average)
}

// AnchorsAbove is Anchors of terms of which something else says better than their
// rounded values which are above 0.
func (r *Rows) AnchorsAbove(terms, there, above *ir.Value, average string) {
	terms = ir.Select(there, terms, 0.0).Called("terms")
	switch r.g.Reduction {
	case "none":
		r.g.Output("loss", terms)
		return
	case "sum":
		r.g.Output("loss", ir.Sum(terms))
		return
	}
	var n *ir.Value
	switch average {
	case "all":
		n = count(there)
	case "rows":
		n = r.Count()
	case "nonzero":
		n = count(there.And(above))
	}
	r.g.Output("loss", ir.Sum(terms).Div(n.Max(1)))
}
