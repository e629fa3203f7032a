package builders

import "losscc/ir"

// pnpLoss penalises the negatives that rank before each positive, and nothing else:
//
//	ℓ_i = mean_{j∈S} f(R_j),  R_j = Σ_{k∈N(i)} σ((s_ik − s_ij)/τ)
//
// Li, Min, Song, Zhu, Kang, Wei, Wei, Jiang, "Rethinking the Optimization of Average
// Precision: Only Penalizing Negative Instances before Positive Ones is Enough",
// AAAI 2022.
var pnpLoss = Loss{
	Name:       "pnp",
	Aliases:    []string{"pnp-loss"},
	Family:     PairFamily,
	Title:      "a penalty for the negatives that rank before each positive",
	Formula:    "R_j = Σ_N σ((s_ik − s_ij)/τ);  ℓ_i = mean_{j∈S} f(R_j), f = 1 − (1+R)^−α (dq), R (o), log(1+R) (ds), (1+R)·log(1+R) (iu), (bR − log(1+bR))/b² (ib)",
	Paper:      "Li, Min, Song, Zhu, Kang, Wei, Wei, Jiang, Rethinking the Optimization of Average Precision: Only Penalizing Negative Instances before Positive Ones is Enough, AAAI 2022",
	Notes:      smoothAPLoss.Notes,
	Reductions: perRow,
	New: func() Formula {
		return &PNP{Variant: "dq", Alpha: 8, B: 2, Ranking: Ranking{Temperature: 0.01, IncludeQuery: true, Distance: "cosine", Average: "all"}}
	},
}

// PNP has the hyper-parameters of the loss pnp.
type PNP struct {
	Variant string  `enum:"dq|o|ds|iu|ib" doc:"f, how the count of negatives is penalised"`
	Alpha   float64 `range:"> 0" doc:"α of dq"`
	B       float64 `range:"> 0" doc:"b of ib"`
	Ranking
}

// Build writes the loss.
func (p *PNP) Build(g *Graph) {
	b := g.Batch(N)
	r := p.ranks(b)
	before := r.over(b.Other)
	above := has(r.there.And(before.Greater(0))) // 1 + R may be 1, and f is above 0 still
	b.AnchorsAbove(meanWhere(r.there, p.penalty(before)), has(b.Same), above, p.Average)
}

func (p *PNP) penalty(r *ir.Value) *ir.Value {
	switch p.Variant {
	case "dq":
		return p.shortfall(r)
	case "ds":
		return ir.Log(r.Add(1))
	case "iu":
		return r.Add(1).Mul(ir.Log(r.Add(1)))
	case "ib":
		return r.Mul(p.B).Sub(ir.Log(r.Mul(p.B).Add(1))).Div(p.B * p.B)
	}
	return r
}

// shortfall is 1 − (1 + R)^−α. Its value is −expm1(−α·log1p(R)), both by Kahan's
// quotients, in which what rounding does to the logarithm cancels.
func (p *PNP) shortfall(r *ir.Value) *ir.Value {
	w := r.Add(1)
	plain := r.Builder().Num(1).Sub(w.Pow(-p.Alpha))
	same := w.Eq(1.0)
	y := ir.Select(same, r, ir.Log(w).Mul(r).Div(ir.Select(same, 1.0, w.Sub(1)))).Mul(p.Alpha)
	u := ir.Exp(y.Neg())
	still := u.Eq(1.0)
	return plain.Through(ir.Select(still, y, r.Builder().Num(1).Sub(u).Mul(y).Div(ir.Select(still, 1.0, ir.Log(u).Neg()))))
}
