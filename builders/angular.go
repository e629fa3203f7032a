package builders

import (
	"math"

	"losscc/ir"
)

// angularLoss bounds the angle at the negative of the triangle that it makes with a
// positive pair:
//
//	ℓ_ij = log(1 + Σ_{N(i)} e^{4t·(x_i + x_j)·x_k − 2(1 + t)·x_i·x_j}),  t = tan² α
//
// Wang, Zhou, Wen, Liu, Lin, "Deep Metric Learning with Angular Loss", ICCV 2017.
var angularLoss = Loss{
	Name:    "angular",
	Aliases: []string{"angular-loss"},
	Family:  PairFamily,
	Title:   "the angle at a negative, seen from a positive pair, at most α",
	Formula: "ℓ_ij = log(1 + Σ_N e^{4t·(x_i + x_j)·x_k − 2(1 + t)·x_i·x_j}), t = tan² α, mean over ordered positive pairs",
	Paper:   "Wang, Zhou, Wen, Liu, Lin, Deep Metric Learning with Angular Loss, ICCV 2017",
	Notes: []string{
		"The paper uses 36 to 55 degrees, pytorch-metric-learning 40.",
		"It sets the positives of an anchor against all rows: N² times the most positives of a row are held at once.",
	},
	Reductions: meanOnly,
	New:        func() Formula { return &Angular{Alpha: 45, Normalize: true} },
}

// Angular has the hyper-parameters of the loss angular.
type Angular struct {
	Alpha     float64 `range:"> 0, < 90" doc:"α, in degrees"`
	Normalize bool    `doc:"replace embeddings by their unit vectors first"`
}

// Build writes the loss.
func (p *Angular) Build(g *Graph) {
	b := g.Batch(N)
	tan := math.Tan(p.Alpha * math.Pi / 180)
	t := tan * tan
	dots := products("dot", p.Normalize, b.X, b.X)
	at, there, _ := b.positives()
	some := has(b.Other)
	sums := dots.Unsqueeze(1).Add(dots.Gather(at)).Mul(4 * t) // 4t·(x_i + x_j)·x_k over [N,R,N]
	against := lseWhere(b.Other.Unsqueeze(1).And(there.Unsqueeze(2)), sums)
	lead := against.Sub(dots.Take(at).Mul(2 * (1 + t)))
	g.Output("loss", meanOf(there.And(some.Col()), ir.Softplus(lead)))
}
