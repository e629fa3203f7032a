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
	Name:    "pnp",
	Aliases: []string{"pnp-loss"},
	Family:  PairFamily,
	Title:   "a penalty for the negatives that rank before each positive",
	Formula: "R_j = Σ_N σ((s_ik − s_ij)/τ);  ℓ_i = mean_{j∈S} f(R_j), f = 1 − (1+R)^−α (dq), R (o), log(1+R) (ds), (1+R)·log(1+R) (iu), (bR − log(1+bR))/b² (ib)",
	Paper:   "Li, Min, Song, Zhu, Kang, Wei, Wei, Jiang, Rethinking the Optimization of Average Precision: Only Penalizing Negative Instances before Positive Ones is Enough, AAAI 2022",
	Notes: []string{
		"S is the query's class, with the query itself or without (include_query). pytorch-metric-learning has α = 1.",
		"It sets the rows of a class against all rows: N² times the most rows of a class are held at once.",
	},
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
		return log1p(r)
	case "iu":
		return r.Add(1).Mul(log1p(r))
	case "ib":
		return less1p(r.Mul(p.B)).Div(p.B * p.B)
	}
	return r
}

// log1p is log(1 + r), by Kahan's quotient: what rounding does to 1 + r cancels.
func log1p(r *ir.Value) *ir.Value {
	w := r.Add(1)
	same := w.Eq(1.0)
	log := ir.Log(w)
	return log.Through(ir.Select(same, r, log.Mul(r).Div(ir.Select(same, 1.0, w.Sub(1)))))
}

// less1p is x − log(1 + x), near 0 by its series x²/2 − x³/3 + …
func less1p(x *ir.Value) *ir.Value {
	near := x.Less(0.01)
	y := ir.Select(near, x, 0.0)
	series := y.Mul(1. / 8)
	for k := 7; k >= 2; k-- {
		series = x.Builder().Num(1 / float64(k)).Sub(series).Mul(y)
	}
	return ir.Select(near, series.Mul(y), x.Sub(log1p(x)))
}

// shortfall is 1 − (1 + R)^−α. Its value is −expm1(−α·log1p(R)), the former by
// Kahan's quotient too.
func (p *PNP) shortfall(r *ir.Value) *ir.Value {
	one := r.Builder().Num(1)
	plain := one.Sub(r.Add(1).Pow(-p.Alpha))
	y := log1p(r).Mul(p.Alpha)
	u := ir.Exp(y.Neg())
	still := u.Eq(1.0)
	return plain.Through(ir.Select(still, y, one.Sub(u).Mul(y).Div(ir.Select(still, 1.0, ir.Log(u).Neg()))))
}
