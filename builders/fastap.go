package builders

import "losscc/ir"

// fastAPLoss is one less the average precision of each row as a query, over
// histograms of distances:
//
//	ℓ_i = 1 − 1/|P(i)|·Σ_b h⁺_b·H⁺_b/H_b
//
// Cakir, He, Xia, Kulis, Sclaroff, "Deep Metric Learning to Rank", CVPR 2019.
var fastAPLoss = Loss{
	Name:       "fastap",
	Aliases:    []string{"fast-ap"},
	Family:     PairFamily,
	Title:      "average precision over histograms of distances",
	Formula:    "h_b = Σ_j [1 − |d_ij − bΔ|/Δ]₊, d = ‖x̂_i − x̂_j‖², Δ = 4/bins;  ℓ_i = 1 − 1/|P|·Σ_b h⁺_b·H⁺_b/H_b",
	Paper:      "Cakir, He, Xia, Kulis, Sclaroff, Deep Metric Learning to Rank, CVPR 2019",
	Reductions: perRow,
	New:        func() Formula { return &FastAP{Bins: 10, Average: "all"} },
}

// FastAP has the hyper-parameters of the loss fastap.
type FastAP struct {
	Bins    int    `range:">= 1, <= 100000" doc:"intervals of the histogram, which has a node more"`
	Average string `enum:"all|rows|nonzero" doc:"mean over rows with a positive, over kept rows, or over terms above 0"`
}

// Build writes the loss. The nodes' shares h⁺ add up to |P|, so that what is left of
// 1 is the mean of what precision is short of 1: where no negative stands before a
// positive it is 0, and so is its gradient.
func (p *FastAP) Build(g *Graph) {
	b := g.Batch(N)
	nodes := spread(b.distances("squared-euclidean", true).Mul(float64(p.Bins)/4), p.Bins)
	of, others := nodes.rows(b.Same.Float()), nodes.rows(b.Other.Float()).CumSum(1)
	total := of.CumSum(1).Add(others)
	missing := others.Div(nonzero(total))
	positives := ir.Sum(b.Same.Float(), 1)
	b.Anchors(ir.Sum(of.Mul(missing), 1).Div(positives.Max(1)), has(b.Same), p.Average)
}
