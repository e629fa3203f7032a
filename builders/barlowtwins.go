package builders

import "losscc/ir"

// barlowTwinsLoss makes the correlations of two views' columns the unit matrix:
//
//	Σ_d (1 − C_dd)² + λ·Σ_{d≠e} C_de²,  C = ãᵀb̃/N
//
// Zbontar, Jing, Misra, LeCun, Deny, "Barlow Twins: Self-Supervised Learning via
// Redundancy Reduction", ICML 2021.
var barlowTwinsLoss = Loss{
	Name:    "barlow-twins",
	Aliases: []string{"barlow"},
	Family:  PairFamily,
	Title:   "the correlations of two views' columns are the unit matrix",
	Formula: "z̃ = (z − mean z)/√(var z + ε) of each column, C = ãᵀb̃/N;  Σ_d (1 − C_dd)² + λ·Σ_{d≠e} C_de²",
	Paper:   "Zbontar, Jing, Misra, LeCun, Deny, Barlow Twins: Self-Supervised Learning via Redundancy Reduction, ICML 2021",
	Notes: []string{
		"A column without spread becomes 0. The authors' code has λ = 0.0051 and ε = 1e-5.",
		"variance=unbiased divides the variance by N − 1, as the paper's pseudocode does, and C by N all the same.",
	},
	Reductions: meanOnly,
	New:        func() Formula { return &BarlowTwins{Lambda: 0.005, Variance: "population"} },
}

// BarlowTwins has the hyper-parameters of the loss barlow-twins.
type BarlowTwins struct {
	Lambda   float64 `range:">= 0" doc:"λ, the weight of what is off the diagonal"`
	Epsilon  float64 `range:">= 0" doc:"ε, under the root of the spread"`
	Variance string  `enum:"population|unbiased" doc:"the variance over N or over N − 1"`
}

// Build writes the loss.
func (p *BarlowTwins) Build(g *Graph) {
	a, b := g.Views()
	c := ir.TMatMul(p.scaled(a), p.scaled(b)).Div(g.Count(N).Max(1)).Called("correlation")
	on := g.Num(1).Sub(diagonal(c)).Square()
	loss := ir.Sum(on).Add(ir.Sum(offDiagonal(c).Square()).Mul(p.Lambda))
	g.Output("loss", ir.Select(g.Extent(N).Greater(0), loss, 0.0))
}

// scaled is each column less its mean, over its spread.
func (p *BarlowTwins) scaled(z *ir.Value) *ir.Value {
	z = centred(z)
	return z.Mul(ir.Recip(ir.Sqrt(variance(z, p.Variance).Add(p.Epsilon))).Row())
}
