package builders

import "losscc/ir"

// vicregLoss draws two views together while each column keeps its spread and no two
// columns tell the same:
//
//	λ·mean (a − b)² + μ·½·(v(a) + v(b)) + ν·(c(a) + c(b)),
//	v(z) = mean_d [γ − √(var_d z + ε)]₊, c(z) = 1/D·Σ_{d≠e} cov_de²
//
// Bardes, Ponce, LeCun, "VICReg: Variance-Invariance-Covariance Regularization for
// Self-Supervised Learning", ICLR 2022.
var vicregLoss = Loss{
	Name:       "vicreg",
	Family:     PairFamily,
	Title:      "two views together, columns spread and uncorrelated",
	Formula:    "λ·mean (a − b)² + μ/2·(v(a) + v(b)) + ν·(c(a) + c(b)), v(z) = mean_d [γ − √(var_d z + ε)]₊, c(z) = 1/D·Σ_{d≠e} cov_de²",
	Paper:      "Bardes, Ponce, LeCun, VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning, ICLR 2022",
	Notes:      []string{"As the authors' code: the paper's text has no 1/D in the first term and no ½ in the second."},
	Reductions: meanOnly,
	New: func() Formula {
		return &VICReg{Lambda: 25, Mu: 25, Nu: 1, Gamma: 1, Epsilon: 0.0001, Variance: "unbiased"}
	},
}

// VICReg has the hyper-parameters of the loss vicreg.
type VICReg struct {
	Lambda   float64 `range:">= 0" doc:"λ, the weight of the distance between the views"`
	Mu       float64 `range:">= 0" doc:"μ, the weight of the columns' spread"`
	Nu       float64 `range:">= 0" doc:"ν, the weight of the columns' covariances"`
	Gamma    float64 `doc:"γ, the spread that a column is to have"`
	Epsilon  float64 `range:">= 0" doc:"ε, under the root of the spread"`
	Variance string  `enum:"unbiased|population" doc:"the spread's variance over N − 1 or over N"`
}

// Build writes the loss.
func (p *VICReg) Build(g *Graph) {
	a, b := g.Views()
	off := a.Sub(b)
	entries := g.Count(N).Mul(g.Count(D)).Max(1)
	loss := ir.Sum(off.Square()).Div(entries).Mul(p.Lambda)
	for _, z := range []*ir.Value{centred(a), centred(b)} {
		deviation := ir.Sqrt(variance(z, p.Variance).Add(p.Epsilon))
		v := ir.Sum(hinge(g.Num(p.Gamma).Sub(deviation))).Div(g.Count(D).Max(1))
		cov := ir.TMatMul(z, z).Div(g.Count(N).Sub(1).Max(1))
		c := ir.Sum(offDiagonal(cov).Square()).Div(g.Count(D).Max(1))
		loss = loss.Add(v.Mul(p.Mu / 2)).Add(c.Mul(p.Nu))
	}
	g.Output("loss", ir.Select(g.Extent(N).Greater(0), loss, 0.0))
}
