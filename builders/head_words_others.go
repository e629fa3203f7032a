package builders

import (
	"math"

	"losscc/ir"
)

// Margins over the other classes. Such an op sees the table z = s·cos θ_j of
// all classes and, for each row, numbers that the target's cosine gave; the
// head overwrites the target's column afterwards, so that no mask has to spare
// it.

// cosines is the first argument of a margin over many classes.
func (m *marginOp) cosines() *ir.Value { return m.Param("cos", ir.F(N, C), "") }

// logits is the first argument of a margin over the others' s·cos θ_j.
func (m *marginOp) logits() *ir.Value { return m.Param("logits", ir.F(N, C), "") }

// eachRow is a further argument, a number for each row as a column.
func (m *marginOp) eachRow(name string) *ir.Value { return m.Param(name, ir.F(N, ir.One), "") }

// applyRows calls the finished op with further arguments that are a number
// for each row, [N], and held constant.
func (m *marginOp) applyRows(f, z *ir.Value, rows ...*ir.Value) *ir.Value {
	for i, r := range rows {
		rows[i] = ir.Stop(r).Col()
	}
	return m.apply(f, z, rows...)
}

// above is 1 where a logit exceeds its row's threshold, else 0.
func above(z, threshold *ir.Value) *ir.Value { return z.Greater(threshold).Float().Called("hard") }

// OthersSum is the sum over the other classes of a term for each class.
func (h *Head) OthersSum(terms *ir.Value) *ir.Value {
	return ir.Sum(h.Replace(terms, h.g.Num(0).Expand(N)), 1)
}

// turned is cos(θ + margin) of the cosine c = cos θ.
func turned(c *ir.Value, margin float64) *ir.Value {
	return c.Mul(math.Cos(margin)).Sub(sine(c).Mul(math.Sin(margin))).Called("turned")
}
