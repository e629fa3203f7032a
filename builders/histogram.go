package builders

import "losscc/ir"

// histogramLoss is the chance that a random negative pair is nearer than a random
// positive one, over histograms of cosines:
//
//	Σ_r h⁻_r·Σ_{q≤r} h⁺_q
//
// Ustinova, Lempitsky, "Learning Deep Embeddings with Histogram Loss", NeurIPS 2016.
var histogramLoss = Loss{
	Name:       "histogram",
	Aliases:    []string{"histogram-loss"},
	Family:     PairFamily,
	Title:      "the chance that a negative pair is nearer than a positive one",
	Formula:    "h_r = mean over unordered pairs of [1 − |cos_ij − t_r|/Δ]₊, t_r = −1 + rΔ, Δ = 2/bins;  Σ_r h⁻_r·Σ_{q≤r} h⁺_q",
	Paper:      "Ustinova, Lempitsky, Learning Deep Embeddings with Histogram Loss, NeurIPS 2016",
	Reductions: meanOnly,
	New:        func() Formula { return &Histogram{Bins: 100} },
}

// Histogram has the hyper-parameters of the loss histogram.
type Histogram struct {
	Bins int `range:">= 1, <= 100000" doc:"intervals of the histogram, which has a node more"`
}

// Build writes the loss. Each pair stands twice in the matrix, which leaves the
// means.
func (p *Histogram) Build(g *Graph) {
	b := g.Batch(N)
	nodes := spread(b.cosines().Add(1).Mul(float64(p.Bins)/2), p.Bins)
	mean := func(pairs *ir.Value) *ir.Value { return nodes.all(pairs.Float()).Div(count(pairs).Max(1)) }
	g.Output("loss", ir.Sum(mean(b.Other).Mul(mean(b.Same).CumSum(0))))
}
