package builders

import "losscc/ir"

// intraPairVarianceLoss keeps the pairs of one kind near their mean:
//
//	mean_P [(1 − ε⁺)μ⁺ − s_ij]₊² + mean_N [s_ij − (1 + ε⁻)μ⁻]₊²
//
// Yu, Tao, "Deep Metric Learning with Tuplet Margin Loss", ICCV 2019.
var intraPairVarianceLoss = Loss{
	Name:    "intra-pair-variance",
	Family:  PairFamily,
	Title:   "pairs of one kind near their mean",
	Formula: "mean_P [(1 − ε⁺)μ⁺ − s_ij]₊² + mean_N [s_ij − (1 + ε⁻)μ⁻]₊²; of distances mean_P [d_ij − (1 + ε⁺)μ⁺]₊² + mean_N [(1 − ε⁻)μ⁻ − d_ij]₊²",
	Paper:   "Yu, Tao, Deep Metric Learning with Tuplet Margin Loss, ICCV 2019",
	Notes: []string{
		"μ⁺ and μ⁻ are the means over the same pairs; detach=true holds them constant in the gradient.",
		"It regularises another loss, in the paper tuplet-margin: add it to one as a weighted sum.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &IntraPairVariance{PositiveEpsilon: 0.01, NegativeEpsilon: 0.01, Distance: "cosine"}
	},
}

// IntraPairVariance has the hyper-parameters of the loss intra-pair-variance.
type IntraPairVariance struct {
	PositiveEpsilon float64 `doc:"ε⁺, how far beyond their mean positive pairs may be"`
	NegativeEpsilon float64 `doc:"ε⁻, how far beyond their mean negative pairs may be"`
	Detach          bool    `doc:"hold the means constant in the gradient"`
	Distance        string  `enum:"cosine|euclidean|squared-euclidean|dot" doc:"similarities of cosine and dot, distances of the others"`
	Normalize       bool    `doc:"replace embeddings by their unit vectors first"`
}

// Build writes the loss. A distance is a similarity of the other sign, except that
// its mean is widened where a similarity's is narrowed.
func (p *IntraPairVariance) Build(g *Graph) {
	b := g.Batch(N)
	s := b.similarities(p.Distance, p.Normalize)
	positive, negative := 1-p.PositiveEpsilon, 1+p.NegativeEpsilon
	if p.Distance != "cosine" && p.Distance != "dot" {
		positive, negative = 1+p.PositiveEpsilon, 1-p.NegativeEpsilon
	}
	pull := hinge(p.mean(b.Same, s).Mul(positive).Sub(s)).Square()
	push := hinge(s.Sub(p.mean(b.Other, s).Mul(negative))).Square()
	g.Output("loss", meanOf(b.Same, pull).Add(meanOf(b.Other, push)))
}

func (p *IntraPairVariance) mean(pairs, s *ir.Value) *ir.Value {
	m := meanOf(pairs, s)
	if p.Detach {
		return ir.Stop(m)
	}
	return m
}
