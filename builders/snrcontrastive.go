package builders

import "losscc/ir"

// snrContrastiveLoss is a contrastive loss over the ratio of noise to signal:
//
//	d_ij = var(x_i − x_j)/var(x_i)
//
// Yuan, Deng, Tang, Tang, Chen, "Signal-to-Noise Ratio: A Robust Distance Metric for
// Deep Metric Learning", CVPR 2019.
var snrContrastiveLoss = Loss{
	Name:    "snr-contrastive",
	Aliases: []string{"snr", "signal-to-noise-ratio"},
	Family:  PairFamily,
	Title:   "a contrastive loss over the ratio of noise to signal",
	Formula: "d_ij = var(x_i − x_j)/var(x_i);  mean_P [d_ij − p]₊ + mean_N [m − d_ij]₊ + λ·mean_i |Σ_d x_id|",
	Paper:   "Yuan, Deng, Tang, Tang, Chen, Signal-to-Noise Ratio: A Robust Distance Metric for Deep Metric Learning, CVPR 2019",
	Notes: []string{
		"Variances are over the entries of a row; a row whose entries are equal has d = 0 and passes no gradient on.",
		"The form is pytorch-metric-learning's, which has normalize=true.",
	},
	Reductions: meanOnly,
	New: func() Formula {
		return &SNRContrastive{Margin: 1, Average: "nonzero"}
	},
}

// SNRContrastive has the hyper-parameters of the loss snr-contrastive.
type SNRContrastive struct {
	Margin         float64 `range:">= 0" doc:"m, how far pairs of two classes are pushed"`
	PositiveMargin float64 `doc:"p, how near pairs of one class need to be"`
	Lambda         float64 `range:">= 0" doc:"λ, the weight of the rows' sums"`
	Normalize      bool    `doc:"replace embeddings by their unit vectors first"`
	Average        string  `enum:"nonzero|all" doc:"means over the terms above 0 of each kind, or over all"`
}

// Build writes the loss. Of rows less their means, variances are squared lengths.
func (p *SNRContrastive) Build(g *Graph) {
	b := g.Batch(N)
	x := b.X
	if p.Normalize {
		x = unit(x)
	}
	off := x.Sub(ir.Stop(ir.ReduceMax(x, 1)).Col()) // equal numbers are exactly 0
	signal := off.Sub(ir.Sum(off, 1).Div(g.Count(D).Max(1)).Col())
	dots := ir.MatMulT(signal, signal)
	power := diagonal(dots)
	ratio := squares("squared-euclidean", dots, power, power).Div(nonzero(power).Col())
	d := ir.Select(power.Eq(0.0).Col(), 0.0, ratio).Called("d")
	pull, push := hinge(d.Sub(p.PositiveMargin)), hinge(g.Num(p.Margin).Sub(d))
	above := p.Average == "nonzero"
	loss := side{pull.Mul(b.Same.Float()), count(b.Same)}.mean(above).Add(side{push.Mul(b.Other.Float()), count(b.Other)}.mean(above))
	if p.Lambda > 0 {
		loss = loss.Add(b.Mean(ir.Abs(ir.Sum(b.X, 1))).Mul(p.Lambda))
	}
	g.Output("loss", loss)
}
