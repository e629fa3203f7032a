package builders

import (
	"math"

	"losscc/ir"
)

// inf is +∞.
var inf = math.Inf(1)

// unit is x̂ = x/‖x‖ for each row of a matrix, 0 for a zero row.
func unit(x *ir.Value) *ir.Value { return x.Mul(ir.Recip(ir.Norm(x)).Col()) }

// dot is x·y for each pair of rows.
func dot(x, y *ir.Value) *ir.Value { return ir.Sum(x.Mul(y), 1) }

// nonzero is length with 1 in place of 0, to divide by. A quotient of lengths
// passes its gradient on without a square of them, as a reciprocal would.
func nonzero(length *ir.Value) *ir.Value { return ir.Select(length.Eq(0.0), 1.0, length) }

// hinge is [z]₊ = max(z, 0).
func hinge(z *ir.Value) *ir.Value { return z.Max(0.0) }

// clamp is z held to [low, high].
func clamp(z *ir.Value, low, high float64) *ir.Value { return z.Max(low).Min(high) }

// lse is log Σ e^z over the last axis of a matrix, shifted by the maximum.
func lse(z *ir.Value) *ir.Value {
	top := ir.Stop(ir.ReduceMax(z, 1))
	return ir.Log(ir.Sum(ir.Exp(z.Sub(top.Col())), 1)).Add(top)
}

// sine is √(1−c²) for a cosine, 0 where rounding took it beyond ±1.
func sine(c *ir.Value) *ir.Value {
	one := c.Builder().Num(1)
	return ir.Sqrt(one.Sub(c).Mul(one.Add(c)).Max(0.0)).Called("sin")
}
