package builders

// thresholdConsistentLoss holds the cosines of hard pairs to one threshold for all
// classes:
//
//	λ⁺·mean_{s ≤ m⁺} (m⁺ − s) + λ⁻·mean_{s ≥ m⁻} (s − m⁻)
//
// Zhang, Xu, Tang, Fang, Wu, Tighe, Xing, "Threshold-Consistent Margin Loss for
// Open-World Deep Metric Learning", ICLR 2024.
var thresholdConsistentLoss = Loss{
	Name:       "threshold-consistent-margin",
	Aliases:    []string{"tcm"},
	Family:     PairFamily,
	Title:      "hard pairs held to one threshold for all classes",
	Formula:    "λ⁺·mean_{P, s ≤ m⁺} (m⁺ − s) + λ⁻·mean_{N, s ≥ m⁻} (s − m⁻)",
	Paper:      "Zhang, Xu, Tang, Fang, Wu, Tighe, Xing, Threshold-Consistent Margin Loss for Open-World Deep Metric Learning, ICLR 2024",
	Notes:      []string{"It regularises another loss: add it to one as a weighted sum."},
	Reductions: meanOnly,
	New: func() Formula {
		return &ThresholdConsistent{PositiveMargin: 0.9, NegativeMargin: 0.5, PositiveWeight: 1, NegativeWeight: 1}
	},
}

// ThresholdConsistent has the hyper-parameters of the loss
// threshold-consistent-margin.
type ThresholdConsistent struct {
	PositiveMargin float64 `doc:"m⁺, the cosine that positive pairs are to have"`
	NegativeMargin float64 `doc:"m⁻, the cosine that negative pairs are to have at most"`
	PositiveWeight float64 `range:">= 0" doc:"λ⁺"`
	NegativeWeight float64 `range:">= 0" doc:"λ⁻"`
}

// Build writes the loss.
func (p *ThresholdConsistent) Build(g *Graph) {
	b := g.Batch(N)
	s := b.cosines()
	below, above := b.Same.And(s.LessEq(p.PositiveMargin)), b.Other.And(s.GreaterEq(p.NegativeMargin))
	pull := meanOf(below, g.Num(p.PositiveMargin).Sub(s)).Mul(p.PositiveWeight)
	push := meanOf(above, s.Sub(p.NegativeMargin)).Mul(p.NegativeWeight)
	g.Output("loss", pull.Add(push))
}
