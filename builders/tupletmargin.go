package builders

import (
	"math"

	"losscc/ir"
)

// tupletMarginLoss sets each positive pair, its angle made larger by a margin,
// against all negatives of its anchor:
//
//	ℓ_ij = log(1 + Σ_{N(i)} e^{s·(cos θ_ik − cos(θ_ij − m))})
//
// Yu, Tao, "Deep Metric Learning with Tuplet Margin Loss", ICCV 2019.
var tupletMarginLoss = Loss{
	Name:       "tuplet-margin",
	Aliases:    []string{"tuplet"},
	Family:     PairFamily,
	Title:      "each positive pair, slackened by an angle, against all negatives",
	Formula:    "ℓ_ij = log(1 + Σ_N e^{s·(cos θ_ik − cos(θ_ij − m))}), mean over ordered positive pairs",
	Paper:      "Yu, Tao, Deep Metric Learning with Tuplet Margin Loss, ICCV 2019",
	Notes:      []string{"The paper adds intra-pair-variance: a weighted sum of both losses is its whole objective."},
	Reductions: meanOnly,
	New:        func() Formula { return &TupletMargin{Margin: 0.1, Scale: 64} },
}

// TupletMargin has the hyper-parameters of the loss tuplet-margin.
type TupletMargin struct {
	Margin float64 `range:">= 0" doc:"m, in radians"`
	Scale  float64 `range:"> 0" doc:"s, what cosines are multiplied by"`
}

// Build writes the loss.
func (p *TupletMargin) Build(g *Graph) {
	b := g.Batch(N)
	c := b.cosines()
	some := has(b.Other)
	against := lseWhere(b.Other, c.Mul(p.Scale))
	pairs := b.Same.And(some.Col())
	own := ir.Select(pairs, c, 0.0) // a row's cosine with itself has no angle to slacken
	slack := own.Mul(math.Cos(p.Margin)).Add(p.sine(b, own).Mul(math.Sin(p.Margin))).Called("slack_cos")
	g.Output("loss", meanOf(pairs, ir.Softplus(against.Col().Sub(slack.Mul(p.Scale)))))
}

// sine is sin θ_ij. 1 − cos θ_ij is half the squared distance of the unit vectors,
// exactly 0 of equal rows, but 1 where a row is 0.
func (p *TupletMargin) sine(b *Batch, cos *ir.Value) *ir.Value {
	long := ir.Norm(b.X).Greater(0)
	half := b.distances("squared-euclidean", true).Mul(0.5)
	less := ir.Select(long.Col().And(long.Row()), half, 1.0)
	return ir.Sqrt(less.Mul(cos.Add(1)).Max(0.0)).Called("sin")
}
